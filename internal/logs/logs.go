// Package logs adds to each log line what its context knows: the request, the trace or the job that it belongs to.
package logs

import (
	"context"
	"log/slog"
	"slices"
)

// Keys of attributes that jobs inherit from the request that enqueued them.
const (
	Request = "request" // ID of the request
	Trace   = "trace"   // ID of the trace that the request belongs to, see TraceID
)

type attrsKey struct{}

// With returns a context whose log lines have these attributes too.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	before, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	return context.WithValue(ctx, attrsKey{}, append(slices.Clip(before), attrs...))
}

// Value returns the value of an attribute of the context, or "" if it has none.
func Value(ctx context.Context, key string) string {
	attrs, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	for _, a := range slices.Backward(attrs) {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

// To returns a handler that writes to h in UTC. It adds the attributes of the context to each line that lacks them.
func To(h slog.Handler) slog.Handler { return handler{h} }

type handler struct{ slog.Handler }

// Handle writes a line.
func (h handler) Handle(ctx context.Context, line slog.Record) error {
	line.Time = line.Time.UTC()
	attrs, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	for _, a := range attrs {
		if !has(line, a.Key) {
			line.AddAttrs(a)
		}
	}
	return h.Handler.Handle(ctx, line)
}

func has(line slog.Record, key string) (found bool) {
	line.Attrs(func(a slog.Attr) bool {
		found = a.Key == key
		return !found
	})
	return found
}

// WithAttrs is To of a handler that has attrs.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup is To of a handler that has a group.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
