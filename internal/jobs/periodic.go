package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"
)

const (
	sweepInterval = 10 * time.Minute
	sweepTimeout  = 5 * time.Minute

	keepAliveInterval = time.Hour
	keepAliveTimeout  = 10 * time.Minute
)

// sweepArgs is a job that deletes what has expired.
type sweepArgs struct{}

func (sweepArgs) Kind() string { return "sweep" }

func (sweepArgs) InsertOpts() river.InsertOpts { return oneAtATime() }

// keepAliveArgs is a job that renews access that nobody has used.
type keepAliveArgs struct{}

func (keepAliveArgs) Kind() string { return "keep_alive" }

func (keepAliveArgs) InsertOpts() river.InsertOpts { return oneAtATime() }

// oneAtATime keeps a job from being enqueued while one of its kind is unfinished.
func oneAtATime() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByQueue: true, ByState: unfinished}}
}

// every returns a job that the leader enqueues when it's elected, and then at each interval.
func every(interval time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) { return args, nil }, &river.PeriodicJobOpts{RunOnStart: true})
}

// worker works on jobs that have no arguments.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	timeout time.Duration
	run     func(context.Context) error
}

func (w *worker[T]) Work(ctx context.Context, _ *river.Job[T]) error { return w.run(ctx) }

func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return w.timeout }
