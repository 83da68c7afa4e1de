// Package jobs does what no page waits for. Its engine is River, on Postgres for all replicas together, and on SQLite
// for the only process.
//
// The truth is in the store's own rows. A job only says that something is due, so one may be lost or done twice: each
// process looks for what is due and was not enqueued. Arguments of jobs are not encrypted, so they hold no secrets.
//
// # When a replica is killed
//
// Its jobs stay marked as running. The leader, a replica that all elect, looks every 30 seconds for jobs that have run
// for longer than rescueAfter, and makes them ready 5 seconds later. If the leader itself was killed, another replica
// is the leader after 15 to 21 seconds and looks immediately. So a job with the usual timeout continues within 45
// seconds. One with a longer timeout continues after that timeout. Looking for what is due needs no leader.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
)

const (
	workers      = 8                     // jobs of one process at a time; more would make pages wait on SQLite
	cooldown     = 20 * time.Millisecond // between two fetches, which a worker that is free waits for
	pollSQLite   = time.Second
	pollPostgres = 10 * time.Second // where a new job wakes a replica, unless that got lost
	keptFor      = 10 * time.Minute
	jobTimeout   = 6 * time.Second // unless a job has its own
	rescueAfter  = 7 * time.Second // more than jobTimeout
	softStop     = 10 * time.Second

	firstRetry = time.Second // after a start that failed; doubles from one to the next
	lastRetry  = 30 * time.Second
)

// Work is what the jobs do.
type Work struct {
	Sweep     func(context.Context) error // deletes what has expired
	Reconcile func(context.Context) error // finds out how interrupted attempts ended
	KeepAlive func(context.Context) error // renews unused access

	EnqueueDue func(context.Context) error // enqueues visits of shops that are due; nil if no shop is to be visited
	Visit      func(ctx context.Context, shop string, next fleet.Next) (wait time.Duration, err error)
}

// Client enqueues jobs and works on them. Jobs can be enqueued while it doesn't run, and are ignored until the tables
// for them exist.
type Client struct {
	store  *store.Store
	logger *slog.Logger
	river  atomic.Pointer[river.Client[*sql.Tx]]
	failed atomic.Pointer[error] // why it isn't running; nil if it is, or hasn't tried yet
	misses atomic.Int64          // fetches of jobs in a row that failed
}

// New returns a Client that isn't running yet.
func New(st *store.Store, logger *slog.Logger) *Client {
	return &Client{store: st, logger: logger}
}

// Err returns why the client can't start or can't fetch jobs, or nil if it runs or is about to.
func (c *Client) Err() error {
	if err := c.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Running reports whether the client works on jobs.
func (c *Client) Running() bool { return c.river.Load() != nil && c.Err() == nil }

// Run works on jobs until ctx ends. Then it waits for running jobs, and cancels them after softStop. If it can't start,
// it tries again and again, and Err says why.
func (c *Client) Run(ctx context.Context, work Work) {
	for wait := firstRetry; ctx.Err() == nil; wait = min(2*wait, lastRetry) {
		err := c.runOnce(ctx, work)
		if ctx.Err() != nil {
			return
		}
		c.failed.Store(&err)
		c.logger.ErrorContext(ctx, "background work is not running", "error", err, "retryIn", wait.String())
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// errStopped is why a client that has started isn't running.
var errStopped = errors.New("it has stopped by itself")

// runOnce starts the client, and returns when it has stopped.
func (c *Client) runOnce(ctx context.Context, work Work) (err error) {
	queue, err := c.store.Queue()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, queue.Close()) }()
	if err := migrate(ctx, queue); err != nil {
		return fmt.Errorf("its tables could not be brought up to date: %w", err)
	}
	client, err := river.NewClient(watched{driverOf(queue), c}, c.config(queue, work))
	if err != nil {
		return err
	}
	c.river.Store(client)
	if err := client.Start(ctx); err != nil {
		return err
	}
	c.works(ctx)
	enqueuing, stop := context.WithCancel(ctx)
	var enqueuer sync.WaitGroup
	enqueuer.Go(func() { c.keepEnqueuing(enqueuing, work.EnqueueDue) })
	<-client.Stopped()
	stop()
	enqueuer.Wait()
	return errStopped
}

func driverOf(queue store.Queue) riverdriver.Driver[*sql.Tx] {
	if queue.Listener == nil {
		return riversqlite.New(queue.DB)
	}
	return riverdatabasesql.NewWithPgxListener(queue.DB, queue.Listener)
}

func (c *Client) config(queue store.Queue, work Work) *river.Config {
	all := river.NewWorkers()
	river.AddWorker(all, &worker[sweepArgs]{run: c.logged("sweep", work.Sweep), timeout: sweepTimeout})
	river.AddWorker(all, &worker[keepAliveArgs]{
		run: c.logged("renewing access", work.KeepAlive), timeout: keepAliveTimeout,
	})
	river.AddWorker(all, &worker[reconcileArgs]{run: c.logged("reconciling", work.Reconcile), timeout: reconcileTimeout})
	onSQLite := queue.Listener == nil
	poll, complete, rebuilt := pollPostgres, completeOnPostgres, river.ReindexerIndexNamesDefault()
	if onSQLite {
		poll, complete = pollSQLite, completeOnSQLite
		rebuilt = []string{} // it has others, and River would warn each night that migrations are missing
	}
	river.AddWorker(all, &visitShopWorker{client: c, visit: work.Visit, done: complete})
	return &river.Config{
		Workers:      all,
		Middleware:   []rivertype.Middleware{ofJob},
		Queues:       map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		PeriodicJobs: []*river.PeriodicJob{every(sweepInterval, sweepArgs{}), every(keepAliveInterval, keepAliveArgs{})},

		PollOnly: onSQLite, FetchCooldown: cooldown, FetchPollInterval: poll,
		FetchOnlyKnownKinds: true, // a replica with a newer version may have others
		JobTimeout:          jobTimeout, RescueStuckJobsAfter: rescueAfter, RetryPolicy: soon{}, SoftStopTimeout: softStop,
		CompletedJobRetentionPeriod: keptFor, ReindexerIndexNames: rebuilt,
		Logger: quiet(c.logger),
	}
}

// unfinished are the states in which a job keeps others like it from being enqueued.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning,
	rivertype.JobStateScheduled,
}

// soon is when a job is tried again that was interrupted.
type soon struct{}

// NextRetry returns now after the first attempt, and a second more after each of the others.
func (soon) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(time.Duration(max(job.Attempt-1, 0)) * time.Second)
}

// enqueue enqueues jobs in a transaction, for a time; the zero Time is now. The transaction continues if they can't be
// enqueued, since what is due is found later.
func (c *Client) enqueue(ctx context.Context, tx *sql.Tx, at time.Time, jobs ...river.JobArgs) error {
	client := c.river.Load()
	if client == nil {
		return nil
	}
	from, err := originOf(ctx)
	if err != nil {
		return err
	}
	all := make([]river.InsertManyParams, len(jobs))
	for i, args := range jobs {
		all[i] = river.InsertManyParams{Args: args, InsertOpts: &river.InsertOpts{ScheduledAt: at, Metadata: from}}
	}
	if _, err := tx.ExecContext(ctx, `SAVEPOINT enqueue`); err != nil {
		return err
	}
	if _, err := client.InsertManyTx(ctx, tx, all); err != nil {
		c.logger.WarnContext(ctx, "jobs could not be enqueued", "kind", jobs[0].Kind(), "count", len(jobs), "error", err)
		_, err = tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT enqueue`)
		return err
	}
	_, err = tx.ExecContext(ctx, `RELEASE SAVEPOINT enqueue`)
	return err
}

// logged returns do with its errors logged under the name what, since what failed stays due. If ctx has ended, it
// returns an error instead, so that a job is done again immediately.
func (c *Client) logged(what string, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := do(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			c.logger.ErrorContext(ctx, what+" failed", "error", err)
		}
		return nil
	}
}
