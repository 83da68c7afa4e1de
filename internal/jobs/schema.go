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

// Inspection is the state of a database and of its tables of jobs.
type Inspection struct {
	store.Inspection

	Jobs bool // the tables of jobs are up to date
}

// Inspect returns the state of a database, and changes nothing.
func Inspect(ctx context.Context, databaseURL string, keys store.Keys) (found Inspection, err error) {
	found.Inspection, err = store.Inspect(ctx, databaseURL, keys, func(ctx context.Context, db *sql.DB) (err error) {
		var driver riverdriver.Driver[*sql.Tx] = riversqlite.New(db)
		if store.IsPostgres(databaseURL) {
			driver = riverdatabasesql.New(db)
		}
		found.Jobs, err = isMigrated(ctx, driver)
		return err
	})
	return found, err
}
