package jobs

import (
	"context"
	"database/sql"
	"errors"

	"github.com/riverqueue/river/riverdriver"
)

// failedFetches is how many fetches in a row fail until a client counts as not running. A single one may have met a
// lock, or a server that restarts.
const failedFetches = 2

// watched is a driver that tells its client whether jobs can be fetched, which River only logs. So it costs no
// statement to know that a table is gone.
type watched struct {
	riverdriver.Driver[*sql.Tx]

	client *Client
}

// GetExecutor returns what River runs statements with.
func (w watched) GetExecutor() riverdriver.Executor {
	return watchedExecutor{w.Driver.GetExecutor(), w.client}
}

type watchedExecutor struct {
	riverdriver.Executor

	client *Client
}

// JobGetAvailable fetches jobs.
func (e watchedExecutor) JobGetAvailable(
	ctx context.Context, params *riverdriver.JobGetAvailableParams,
) (*riverdriver.JobGetAvailableResult, error) {
	result, err := e.Executor.JobGetAvailable(ctx, params)
	if !errors.Is(ctx.Err(), context.Canceled) { // the client stops
		e.client.fetched(ctx, err)
	}
	return result, err
}

// fetched notes how a fetch ended, and logs when that changes whether the client works on jobs.
func (c *Client) fetched(ctx context.Context, err error) {
	if err == nil {
		c.works(ctx)
		return
	}
	if c.misses.Add(1) == failedFetches {
		c.failed.Store(&err)
		c.logger.ErrorContext(ctx, "background work is not running", "error", err)
	}
}

// works notes that the client works on jobs.
func (c *Client) works(ctx context.Context) {
	c.misses.Store(0)
	if c.failed.Swap(nil) != nil {
		c.logger.InfoContext(ctx, "background work is running")
	}
}
