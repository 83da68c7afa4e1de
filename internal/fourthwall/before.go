package fourthwall

import (
	"context"
	"fmt"
)

// ErrHeldBack says that a request was not sent because the function of BeforeSending said so.
var ErrHeldBack error = &localError{"held back before it was sent"}

type beforeKey struct{}

// BeforeSending returns a context whose calls ask allowed right before each request that they send, every try included.
// An error holds the request back: it is in the chain of the Error that the call returns, beside ErrHeldBack, and its
// NotSent is true.
func BeforeSending(ctx context.Context, allowed func(context.Context) error) context.Context {
	return context.WithValue(ctx, beforeKey{}, allowed)
}

// mayStart returns why a try must not be made, nil if it may.
func mayStart(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	allowed, ok := ctx.Value(beforeKey{}).(func(context.Context) error)
	if !ok {
		return nil
	}
	if err := allowed(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrHeldBack, err)
	}
	return nil
}
