package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"
)

const (
	keepAliveInterval = time.Hour
	keepAliveTimeout  = 10 * time.Minute
)

// keepAliveArgs is a job that renews access that nobody has used.
type keepAliveArgs struct{}

func (keepAliveArgs) Kind() string { return "keep_alive" }

func (keepAliveArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByQueue: true, ByState: unfinished}}
}

func keepingAlive() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(keepAliveInterval),
		func() (river.JobArgs, *river.InsertOpts) { return keepAliveArgs{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})
}

type keepAliveWorker struct {
	river.WorkerDefaults[keepAliveArgs]
	run func(context.Context) error
}

func (w *keepAliveWorker) Work(ctx context.Context, _ *river.Job[keepAliveArgs]) error {
	return w.run(ctx)
}

func (*keepAliveWorker) Timeout(*river.Job[keepAliveArgs]) time.Duration { return keepAliveTimeout }
