package jobs

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"hookwall/internal/store"
)

const (
	// reconcileEvery is how far apart the jobs are at least: attempts that are due between two share the later one.
	reconcileEvery = 2 * time.Second
	// reconcileTimeout is longer than a shop takes to respond. What isn't done by then stays due.
	reconcileTimeout = 15 * time.Second
	// reconcileCheck is how often a job runs although none was enqueued.
	reconcileCheck = time.Minute
)

// reconcileArgs is a job that finds out how interrupted attempts ended. Each attempt enqueues one for when it's due, in
// the transaction that records the attempt, and each job the next one. So an idle database has next to none.
type reconcileArgs struct {
	At int64 `json:"at"` // a multiple of reconcileEvery, in Unix seconds
}

func (reconcileArgs) Kind() string { return "reconcile" }

func (reconcileArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

// reconcileAfter returns the first job after a time, and when it runs.
func reconcileAfter(due time.Time) (reconcileArgs, time.Time) {
	at := due.Truncate(reconcileEvery).Add(reconcileEvery)
	return reconcileArgs{at.Unix()}, at
}

// reconciling enqueues a job for now. It's not the first one after now, which may be due to run next.
func reconciling(now func() time.Time) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(reconcileCheck), func() (river.JobArgs, *river.InsertOpts) {
		return reconcileArgs{now().Truncate(reconcileEvery).Unix()}, nil
	}, &river.PeriodicJobOpts{RunOnStart: true})
}

// EnqueueRecheck enqueues a job that reconciles soon after a time.
func (c *Client) EnqueueRecheck(ctx context.Context, tx *sql.Tx, due time.Time) error {
	args, at := reconcileAfter(due)
	return c.InsertTx(ctx, tx, args, at)
}

type reconcileWorker struct {
	river.WorkerDefaults[reconcileArgs]
	client *Client
	run    func(context.Context) error
}

func (*reconcileWorker) Timeout(*river.Job[reconcileArgs]) time.Duration { return reconcileTimeout }

// Work reconciles, and enqueues the next job for when something is due again.
func (w *reconcileWorker) Work(ctx context.Context, _ *river.Job[reconcileArgs]) error {
	if err := w.run(ctx); err != nil {
		return err
	}
	st := w.client.store
	due, err := st.NextRecheck(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if now := st.Now(); due.Before(now) {
		due = now
	}
	return st.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return w.client.EnqueueRecheck(ctx, tx, due) })
}
