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

// The files run on every engine, and on Postgres while the previous version of Hookwall still works
// with the tables: they add tables, columns that have a default or may be NULL, and indexes.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

// engine is an open database of one kind. Statements elsewhere in the package are the same for all.
type engine struct {
	read, write *sql.DB // one and the same where the database has no single writer

	// now is the clock that everybody who uses the database goes by, nil where that is the machine's.
	now func() time.Time

	tx *sql.TxOptions // nil where transactions run one after another

	lockOwner string // statement for Store.lockOwner, "" where there is one writer

	// ours fails when what is written would be lost, because the database's file is not at its place
	// any more.
	ours func() error

	// collided tells errors of statements that met another transaction: they had no effect, and may
	// have one when they are run again.
	collided func(error) bool
}

// openEngine opens the database that databaseURL names, with its tables up to date.
func openEngine(ctx context.Context, databaseURL string) (engine, error) {
	if IsPostgres(databaseURL) {
		return openPostgres(ctx, databaseURL)
	}
	path, err := sqlitePath(databaseURL)
	if err != nil {
		return engine{}, err
	}
	return openSQLite(ctx, path)
}

// IsPostgres reports whether Open takes databaseURL for the address of a Postgres database.
func IsPostgres(databaseURL string) bool {
	scheme, _, named := strings.Cut(databaseURL, ":")
	return named && (scheme == "postgres" || scheme == "postgresql")
}

func (e engine) close() error {
	err := e.read.Close()
	if e.write != e.read {
		err = errors.Join(err, e.write.Close())
	}
	return err
}

func newMigrations(db *sql.DB, dialect goose.Dialect, more ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files,
		append(more, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))...)
}

// upToDate reports whether all migrations have run. It fails when more have run than there are.
func upToDate(ctx context.Context, p *goose.Provider) (version int64, done bool, err error) {
	current, known, err := p.GetVersions(ctx)
	if err == nil && current > known {
		err = fmt.Errorf("the database is at schema %d and this version of Hookwall knows %d: "+
			"start the newer version that made it, or use another database", current, known)
	}
	return current, err == nil && current == known, err
}

func notMigrated(err error) error {
	return fmt.Errorf("the database could not be brought up to date: %w", err)
}
