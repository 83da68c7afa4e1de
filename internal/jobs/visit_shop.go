package jobs

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
)

const (
	// dueCheck is how often each process looks for shops that are due. It costs one query by an index where none is,
	// which is less than a periodic job.
	dueCheck = 5 * time.Second

	// dueSoon is for when a visit enqueues the next one itself. Later ones are found by looking, so that a person who
	// asks for a visit isn't kept waiting by a job for later.
	dueSoon = 30 * time.Second

	behind = 2 // priority: other jobs don't wait for 1,000 visits
)

// visitShopArgs is a job that visits a shop. There is one at most for each shop, those that are running included.
type visitShopArgs struct {
	Shop string `json:"shop" river:"unique"`
}

func (visitShopArgs) Kind() string { return "visit_shop" }

func (visitShopArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Priority: behind, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

// EnqueueVisits enqueues visits of shops for now.
func (c *Client) EnqueueVisits(ctx context.Context, tx *sql.Tx, shops []string) error {
	all := make([]river.InsertManyParams, len(shops))
	for i, shop := range shops {
		all[i] = river.InsertManyParams{Args: visitShopArgs{shop}}
	}
	return c.insert(ctx, tx, visitShopArgs{}.Kind(), func(client *river.Client[*sql.Tx]) error {
		_, err := client.InsertManyTx(ctx, tx, all)
		return err
	})
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
	wait, err := w.visit(ctx, shop, func(ctx context.Context, tx *sql.Tx, at time.Time) error {
		if err := w.done(ctx, tx, job); err != nil {
			return err
		}
		if at.Sub(w.client.store.Now()) > dueSoon {
			return nil
		}
		return w.client.InsertTx(ctx, tx, visitShopArgs{shop}, at)
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

// keepEnqueuing enqueues what is due until ctx ends.
func keepEnqueuing(ctx context.Context, enqueue func(context.Context) error) {
	tick := time.NewTicker(dueCheck)
	defer tick.Stop()
	for ctx.Err() == nil {
		_ = enqueue(ctx) // it's logged, and tried again
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
