package jobs

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

const (
	// dueInterval is how often each process looks for what is due. If nothing is, that costs one query by indexes. A
	// periodic job would cost more, and wait for an election after the leader died.
	dueInterval = 5 * time.Second

	// reconcileInterval is how soon a job is enqueued beside an unfinished one, whose process may have died.
	reconcileInterval = 10 * time.Second
	// reconcileTimeout is longer than a shop takes to respond. What isn't done by then stays due.
	reconcileTimeout = 15 * time.Second
)

// reconcileArgs is a job that finds out how interrupted attempts ended.
type reconcileArgs struct{}

func (reconcileArgs) Kind() string { return "reconcile" }

func (reconcileArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: reconcileInterval, ByState: unfinished}}
}

// keepEnqueuing enqueues what is due, until ctx ends.
func (c *Client) keepEnqueuing(ctx context.Context, visits func(context.Context) error) {
	enqueue := c.logged("enqueuing due work", func(ctx context.Context) error { return c.enqueueDue(ctx, visits) })
	tick := time.NewTicker(dueInterval)
	defer tick.Stop()
	for ctx.Err() == nil {
		_ = enqueue(ctx) // it's tried again
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// enqueueDue enqueues a job that reconciles if an attempt is due. If a visit is due, it calls visits, unless it's nil.
func (c *Client) enqueueDue(ctx context.Context, visits func(context.Context) error) error {
	visit, recheck, err := c.store.NextDue(ctx)
	if err != nil {
		return err
	}
	now := c.store.Now()
	isDue := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	if isDue(recheck) {
		err = c.store.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return c.enqueue(ctx, tx, time.Time{}, reconcileArgs{})
		})
	}
	if visits != nil && isDue(visit) {
		err = errors.Join(err, visits(ctx))
	}
	return err
}
