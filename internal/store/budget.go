package store

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"
)

// budgetTime is how long one request may wait for the database, all its statements together. Then they fail with
// ErrUnavailable. It is longer than one statement waits, so a database that is silent is noticed as such.
const budgetTime = 12 * time.Second

// budget is the time that a request has spent with the database. Time in which several statements run counts once.
type budget struct {
	mu      sync.Mutex
	spent   time.Duration // before since
	running int
	since   time.Time // while statements run

	wrote atomic.Bool // something, or tried to
}

type budgetKey struct{}

// WithBudget returns the context of a request whose statements may take 12 s together, waiting for a connection
// included. What a request does besides, such as a call of the API, costs nothing.
func WithBudget(ctx context.Context) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{})
}

// markWritten notes that a request writes.
func markWritten(ctx context.Context) {
	if b, ok := ctx.Value(budgetKey{}).(*budget); ok {
		b.wrote.Store(true)
	}
}

// hasWritten reports whether a request has written, or tried to.
func hasWritten(ctx context.Context) bool {
	b, ok := ctx.Value(budgetKey{}).(*budget)
	return ok && b.wrote.Load()
}

// spend returns a context that ends when the budget of ctx is spent. The caller calls done when the statement has
// ended. Without a budget the context is ctx.
func spend(ctx context.Context) (bound context.Context, done func()) {
	b, ok := ctx.Value(budgetKey{}).(*budget)
	if !ok {
		return ctx, func() {}
	}
	bound, cancel := context.WithDeadline(ctx, b.begin())
	return bound, sync.OnceFunc(func() {
		cancel()
		b.end()
	})
}

// begin returns when the budget will be spent.
func (b *budget) begin() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == 0 {
		b.since = time.Now()
	}
	b.running++
	return b.since.Add(budgetTime - b.spent)
}

func (b *budget) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	if b.running == 0 {
		b.spent += time.Since(b.since)
	}
}

// pool is a pool of connections whose reading statements spend the budget of their context.
type pool struct{ *sql.DB }

// QueryContext spends the budget until the rows are closed.
func (p pool) QueryContext(ctx context.Context, query string, args ...any) (budgetRows, error) {
	bound, done := spend(ctx)
	rows, err := p.DB.QueryContext(bound, query, args...) //nolint:rowserrcheck // the caller reads them, and checks Err
	if err != nil {
		done()
	}
	return budgetRows{rows, done}, err
}

// QueryRowContext spends the budget until the row is scanned, which the caller must do.
func (p pool) QueryRowContext(ctx context.Context, query string, args ...any) scanner {
	bound, done := spend(ctx)
	return budgetRow{p.DB.QueryRowContext(bound, query, args...), done}
}

type budgetRows struct {
	*sql.Rows
	done func()
}

// Close closes the rows.
func (r budgetRows) Close() error {
	defer r.done()
	return r.Rows.Close()
}

type budgetRow struct {
	*sql.Row
	done func()
}

// Scan reads the row.
func (r budgetRow) Scan(dest ...any) error {
	defer r.done()
	return r.Row.Scan(dest...)
}
