package fleet

import (
	"context"
	"time"

	"hookwall/internal/store"
)

// dueAtOnce are enqueued in one transaction.
const dueAtOnce = 1000

// Refresh makes shops of an owner due at once and enqueues their visits, in one transaction: those that are named, or
// all. It returns how many. A shop whose connection has ended is left out.
func (s *Service) Refresh(ctx context.Context, owner store.Owner, shops ...string) (int, error) {
	asked, err := s.store.AskVisits(ctx, owner, shops, s.queue.EnqueueVisits)
	return len(asked), err
}

// EnqueueDue enqueues visits of the shops that are due and were not enqueued.
func (s *Service) EnqueueDue(ctx context.Context) error {
	for {
		due, err := s.store.TakeDueVisits(ctx, dueAtOnce, s.queue.EnqueueVisits)
		if err != nil || len(due) < dueAtOnce {
			return err
		}
	}
}

// Paused returns until when no shop is visited, since many shops in a row gave no answer. It returns the zero time if
// shops are visited.
func (s *Service) Paused(ctx context.Context) (time.Time, error) { return s.store.VisitsPaused(ctx) }
