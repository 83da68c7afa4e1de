package handlers

import (
	"context"
	"log/slog"
	"net/http"

	"hookwall/handlers/middleware"
)

// How much an unknown client can write into the log, in bytes.
const (
	maxLoggedShop = 80
	maxLoggedHost = 100
)

// clip returns at most limit bytes of a client's text, for the log.
func clip(text string, limit int) string { return middleware.Clip(text, limit) }

// statusLeft is the status in the log of a response that nobody waited for, as
// nginx has it.
const statusLeft = middleware.StatusClientLeft

// hasLeft reports whether the client closed the connection before the response.
func hasLeft(r *http.Request) bool { return middleware.HasLeft(r) }

// logFailure logs what failed beside a page. If the client has left, that may be
// the cause, so it is no error.
func logFailure(r *http.Request, message string, err error) {
	if hasLeft(r) {
		stateOf(r).log.Info(message, "error", err)
		return
	}
	stateOf(r).log.Error(message, "error", err)
}

// LogTo returns a handler that writes to h in UTC. To each line that any
// package writes on behalf of a request, it adds the request ID of the
// response.
func LogTo(h slog.Handler) slog.Handler { return requestLog{h} }

type requestLog struct{ slog.Handler }

// Handle adds what is known about the request.
func (l requestLog) Handle(ctx context.Context, line slog.Record) error {
	line.Time = line.Time.UTC()
	if id := middleware.RequestIDOf(ctx); id != "" {
		line.AddAttrs(slog.String("request", id))
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
