package fourthwall

import "context"

type backgroundKey struct{}

// InBackground returns a context for work that nobody waits for. Its calls return a 429 (too many requests) immediately
// instead of waiting inside the call, and request the pages of a list one after another.
func InBackground(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

func isInBackground(ctx context.Context) bool { return ctx.Value(backgroundKey{}) != nil }
