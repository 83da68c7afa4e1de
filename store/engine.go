package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// engine is an open database of one kind. Statements elsewhere in the package are the same for all.
type engine struct {
	read, write *sql.DB // one and the same where the database has no single writer
}

// openEngine opens the database that databaseURL names, with its tables up to date.
func openEngine(ctx context.Context, databaseURL string) (engine, error) {
	scheme, _, named := strings.Cut(databaseURL, ":")
	if named && (scheme == "postgres" || scheme == "postgresql") {
		return engine{}, errors.New("a Postgres database is not supported by this version: " +
			"name a SQLite file, for example sqlite:/var/lib/hookwall/hookwall.db")
	}
	path, err := sqlitePath(databaseURL)
	if err != nil {
		return engine{}, err
	}
	return openSQLite(ctx, path)
}

func (e engine) close() error {
	err := e.read.Close()
	if e.write != e.read {
		err = errors.Join(err, e.write.Close())
	}
	return err
}

// migrate brings the tables up to date. Several processes may start at once.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect) error {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	before := int64(-1)
	for {
		current, known, err := p.GetVersions(ctx)
		if err != nil {
			return err
		}
		if current > known {
			return fmt.Errorf("the database is at schema %d and this version of Hookwall knows %d: "+
				"start the newer version that made it, or use another database", current, known)
		}
		if current == known {
			return nil
		}
		_, err = p.Up(ctx)
		// Each migration is a transaction of its own. Who loses a race for one fails on it and
		// goes on from where the winner got; no progress means that the failure is real.
		if err != nil && current == before {
			return fmt.Errorf("the database could not be brought up to date: %w", err)
		}
		before = current
	}
}
