package handlers

import (
	"context"
	"log/slog"
)

// LogTo writes to h in UTC, and with the request id that the answer carries
// where a line is written on behalf of a request, whichever package writes it.
func LogTo(h slog.Handler) slog.Handler { return requestLog{h} }

type requestLog struct{ slog.Handler }

// Handle adds what is known of the request.
func (l requestLog) Handle(ctx context.Context, line slog.Record) error {
	line.Time = line.Time.UTC()
	if v, ok := ctx.Value(stateKey{}).(*requestState); ok {
		line.AddAttrs(slog.String("request", v.requestID))
	}
	return l.Handler.Handle(ctx, line)
}

// WithAttrs is LogTo of a handler that has attrs.
func (l requestLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestLog{l.Handler.WithAttrs(attrs)}
}

// WithGroup is LogTo of a handler that has a group.
func (l requestLog) WithGroup(name string) slog.Handler {
	return requestLog{l.Handler.WithGroup(name)}
}
