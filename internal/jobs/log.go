package jobs

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"hookwall/internal/logs"
)

// origin is what a job remembers of the request that enqueued it, in its metadata.
type origin struct {
	Request string `json:"request,omitempty"`
	Trace   string `json:"trace,omitempty"`
}

// originOf returns the metadata of jobs that are enqueued with ctx; nil if no request did it. A job passes on what it
// has to those that it enqueues.
func originOf(ctx context.Context) ([]byte, error) {
	from := origin{logs.Value(ctx, logs.Request), logs.Value(ctx, logs.Trace)}
	if from == (origin{}) {
		return nil, nil
	}
	return json.Marshal(from)
}

// ofJob adds to each line in the log that a job causes the job's ID and kind, and what the job remembers of a request.
var ofJob = river.WorkerMiddlewareFunc(func(
	ctx context.Context, job *rivertype.JobRow, work func(context.Context) error,
) error {
	ctx = logs.With(ctx, slog.Int64("job", job.ID), slog.String("kind", job.Kind))
	var from origin
	_ = json.Unmarshal(job.Metadata, &from) // without it, the job does the same
	if from.Request != "" {
		ctx = logs.With(ctx, slog.String(logs.Request, from.Request))
	}
	if from.Trace != "" {
		ctx = logs.With(ctx, slog.String(logs.Trace, from.Trace))
	}
	return work(ctx)
})

// silent drops what River says about migrations. Their errors are returned.
var silent = slog.New(slog.DiscardHandler)

// quiet returns a logger for River, which tells much about its own affairs. Only warnings and errors are for us.
func quiet(logger *slog.Logger) *slog.Logger { return slog.New(warnings{logger.Handler()}) }

type warnings struct{ slog.Handler }

// Enabled reports whether a level is at least that of a warning.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the limit.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the limit.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
