package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// The files run on every engine. On Postgres they run while the previous version of Hookwall still
// uses the tables. So they add tables, indexes, and columns that may be NULL or have a default.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

// engine is an open database of one kind. The rest of the package is the same for every kind.
type engine struct {
	read, write pool // the same one, unless the database has a single writer

	// now returns the time by the clock of the database; nil if that is the machine's.
	now func() time.Time

	tx *sql.TxOptions // nil if transactions run one after another

	// namesIndexes is whether a query should say by which index it reads. SQLite has no statistics, and might read
	// all that ever happened in a shop.
	namesIndexes bool

	lockOwner string // statement for Store.lockOwner; "" if there is a single writer

	queue func() (Queue, error) // opens the connections of the queue of jobs

	// ended is called when the connections are closed.
	ended func() error

	// collided reports whether a statement failed because of another transaction. It had no effect, and
	// may succeed when it is run again.
	collided func(error) bool
}

// openEngine opens the database that databaseURL names and migrates its tables.
func openEngine(ctx context.Context, databaseURL string, t trace) (engine, error) {
	if IsPostgres(databaseURL) {
		return openPostgres(ctx, databaseURL, t)
	}
	path, err := sqlitePath(databaseURL)
	if err != nil {
		return engine{}, err
	}
	return openSQLite(ctx, path, t)
}

// IsPostgres reports whether databaseURL is, for Open, the address of a Postgres database.
func IsPostgres(databaseURL string) bool {
	scheme, _, named := strings.Cut(databaseURL, ":")
	return named && (scheme == "postgres" || scheme == "postgresql")
}

// by returns what comes after a table that is to be read by an index.
func (e engine) by(index string) string {
	if !e.namesIndexes || index == "" {
		return ""
	}
	return " INDEXED BY " + index
}

func (e engine) close() error {
	err := e.read.Close()
	if e.write.DB != e.read.DB {
		err = errors.Join(err, e.write.Close())
	}
	return errors.Join(err, e.ended())
}

func newMigrations(db *sql.DB, dialect goose.Dialect, more ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files,
		append(more, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))...)
}

// upToDate returns the version of the tables and reports whether all migrations have run. It fails if
// more have run than there are.
func upToDate(ctx context.Context, p *goose.Provider) (version int64, done bool, err error) {
	current, known, err := p.GetVersions(ctx)
	if err == nil && current > known {
		err = fmt.Errorf("the tables are at version %d, and this Hookwall knows %d. "+
			"Start the newer Hookwall that made them, or restore a backup from before", current, known)
	}
	return current, err == nil && current == known, err
}

func notMigrated(err error) error {
	return fmt.Errorf("the database could not be brought up to date: %w", err)
}
