package fourthwall

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// ErrHeldBack says that a request was not sent because the function of BeforeSending said so.
var ErrHeldBack error = &localError{"held back before it was sent"}

type beforeKey struct{}

// gate is asked before each request of a context.
type gate struct {
	allowed func(ctx context.Context, again bool) error
	sent    atomic.Bool // one request
}

// BeforeSending returns a context whose calls ask allowed right before each request that they send, every try included.
// Again reports whether a request with this context was sent before, which may have had an effect whatever the response
// says. An error holds the request back. Then the call returns the error of the last response, or if there is none, an
// Error with NotSent that has both ErrHeldBack and the error of allowed in its chain.
func BeforeSending(ctx context.Context, allowed func(ctx context.Context, again bool) error) context.Context {
	return context.WithValue(ctx, beforeKey{}, &gate{allowed: allowed})
}

// mayStart returns why a try must not be made, nil if it may.
func mayStart(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g, ok := ctx.Value(beforeKey{}).(*gate)
	if !ok {
		return nil
	}
	if err := g.allowed(ctx, g.sent.Load()); err != nil {
		return fmt.Errorf("%w: %w", ErrHeldBack, err)
	}
	return nil
}

// markSent records that a request was sent.
func markSent(ctx context.Context) {
	if g, ok := ctx.Value(beforeKey{}).(*gate); ok {
		g.sent.Store(true)
	}
}

// isHeldBack reports whether nothing was sent because of the function of BeforeSending.
func (o outcome) isHeldBack() bool { return errors.Is(o.err, ErrHeldBack) }
