package jobs

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"hookwall/internal/fleet"
	"hookwall/internal/logs"
	"hookwall/internal/store"
)

const (
	// dueSoon is for when a visit enqueues the next one itself. Later ones are found by looking, so that a person who
	// asks for a visit isn't kept waiting by a job for later.
	dueSoon = 30 * time.Second

	behind = 2 // priority: other jobs don't wait for 1,000 visits
)

// visitShopArgs is a job that visits a shop. There is one at most for each shop, those that are running included.
type visitShopArgs struct {
	Shop string `json:"shop" river:"unique"`
}

// VisitKind is the kind of jobs that visit a shop.
const VisitKind = "visit_shop"

func (visitShopArgs) Kind() string { return VisitKind }

func (visitShopArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Priority: behind, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

// EnqueueVisits enqueues visits of shops for now.
func (c *Client) EnqueueVisits(ctx context.Context, tx *sql.Tx, shops []string) error {
	visits := make([]river.JobArgs, len(shops))
	for i, shop := range shops {
		visits[i] = visitShopArgs{shop}
	}
	return c.enqueue(ctx, tx, time.Time{}, visits...)
}

type visitShopWorker struct {
	river.WorkerDefaults[visitShopArgs]
	client *Client
	visit  func(ctx context.Context, shop string, next fleet.Next) (wait time.Duration, err error)
	done   func(ctx context.Context, tx *sql.Tx, job *river.Job[visitShopArgs]) error
}

// Work visits a shop. The transaction that stores what was seen also completes the job, and enqueues the next one if
// that is soon, so that nobody who asks for a visit in between is forgotten.
func (w *visitShopWorker) Work(ctx context.Context, job *river.Job[visitShopArgs]) error {
	shop := job.Args.Shop
	ctx = logs.With(ctx, slog.String("shop", shop))
	wait, err := w.visit(ctx, shop, func(ctx context.Context, tx *sql.Tx, at time.Time) error {
		if err := w.done(ctx, tx, job); err != nil {
			return err
		}
		if at.Sub(w.client.store.Now()) > dueSoon {
			return nil
		}
		return w.client.enqueue(ctx, tx, at, visitShopArgs{shop})
	})
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrLeaseLost):
		return nil // nobody has the shop any longer, or somebody else visits it
	case err != nil:
		return err
	case wait > 0:
		return river.JobSnooze(wait)
	}
	return nil
}

func completeOnSQLite(ctx context.Context, tx *sql.Tx, job *river.Job[visitShopArgs]) error {
	_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx, job)
	return err
}

func completeOnPostgres(ctx context.Context, tx *sql.Tx, job *river.Job[visitShopArgs]) error {
	_, err := river.JobCompleteTx[*riverdatabasesql.Driver](ctx, tx, job)
	return err
}
