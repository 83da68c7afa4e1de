package jobs

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"hookwall/internal/store"
)

// migrate brings River's tables up to date. Most starts have nothing to migrate and need no lock.
func migrate(ctx context.Context, queue store.Queue) error {
	if done, err := isMigrated(ctx, driverOf(queue)); done || err != nil {
		return err
	}
	return queue.Migrate(ctx, func(ctx context.Context, db *sql.DB) error {
		var driver riverdriver.Driver[*sql.Tx] = riversqlite.New(db)
		if queue.Listener != nil {
			driver = riverdatabasesql.New(db)
		}
		tables, err := migrator(driver)
		if err != nil {
			return err
		}
		_, err = tables.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
}

func isMigrated(ctx context.Context, driver riverdriver.Driver[*sql.Tx]) (bool, error) {
	tables, err := migrator(driver)
	if err != nil {
		return false, err
	}
	found, err := tables.Validate(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("reading their version: %w", err)
	}
	return found.OK, nil
}

func migrator(driver riverdriver.Driver[*sql.Tx]) (*rivermigrate.Migrator[*sql.Tx], error) {
	return rivermigrate.New(driver, &rivermigrate.Config{Logger: silent})
}

// Tables says how the tables in a Postgres database compare with those that this program needs.
type Tables struct {
	Current, Known int  // versions of the store's tables; 0 if there are none
	Jobs           bool // the tables of jobs are up to date
}

// Inspect inspects the tables in a Postgres database, and changes nothing.
func Inspect(ctx context.Context, databaseURL string) (found Tables, err error) {
	found.Current, found.Known, err = store.Inspect(ctx, databaseURL, func(ctx context.Context, db *sql.DB) (err error) {
		found.Jobs, err = isMigrated(ctx, riverdatabasesql.New(db))
		return err
	})
	return found, err
}
