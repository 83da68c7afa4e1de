package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// Inspection is the state of a database.
type Inspection struct {
	Current, Known int           // versions of the tables: in the database, 0 if there are none, and in this program
	Ahead          time.Duration // of the database's clock before this machine's; 0 on SQLite
	Keys           []KeyUse      // nil without tables, and if there are more than this program knows
	NotWritable    error         // why rows can't be changed
}

// Inspect returns the state of a database, which others may use. It changes nothing. It calls queue with the database,
// to inspect the tables of the queue. If a SQLite file doesn't exist, the error is fs.ErrNotExist.
func Inspect(
	ctx context.Context, databaseURL string, keys Keys, queue func(context.Context, *sql.DB) error,
) (found Inspection, err error) {
	if found.Known, err = knownVersion(); err != nil {
		return found, err
	}
	if IsPostgres(databaseURL) {
		err = found.readPostgres(ctx, databaseURL, keys, queue)
	} else {
		err = found.readSQLite(ctx, databaseURL, keys, queue)
	}
	if err != nil {
		return found, fmt.Errorf("HOOKWALL_DATABASE_URL: %w", err)
	}
	return found, nil
}

func (i *Inspection) readPostgres(
	ctx context.Context, databaseURL string, keys Keys, queue func(context.Context, *sql.DB) error,
) error {
	config, _, err := parsePostgres(databaseURL)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	db.SetMaxOpenConns(1)
	hide := secretsOf(databaseURL, config)
	var begun bool
	var clock time.Time
	asked := time.Now()
	err = db.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL, clock_timestamp()`).
		Scan(&begun, &clock)
	i.Ahead = clock.Sub(asked.Add(time.Since(asked) / 2))
	if err == nil {
		err = i.read(ctx, db, begun, keys, queue)
	}
	if err != nil {
		return hide.in(explainPostgres(err))
	}
	if i.Current > 0 {
		if err := canWrite(ctx, db); err != nil {
			i.NotWritable = hide.in(explainPostgres(err))
		}
	}
	return nil
}

func (i *Inspection) readSQLite(
	ctx context.Context, databaseURL string, keys Keys, queue func(context.Context, *sql.DB) error,
) error {
	path, err := sqlitePath(databaseURL)
	if err != nil {
		return err
	}
	if err := checkFile(path); err != nil {
		return err
	}
	err = besideSQLite(path, func(db *sql.DB) error {
		var begun bool
		err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'goose_db_version')`).
			Scan(&begun)
		if err != nil {
			return err
		}
		return i.read(ctx, db, begun, keys, queue)
	})
	if err != nil || i.Current == 0 {
		return err
	}
	connector, err := sqliteConnector(path, url.Values{"_pragma": {busyTimeout, "wal_autocheckpoint(0)"}})
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	i.NotWritable = explainSQLite(path, errors.Join(canWrite(ctx, db), db.Close()))
	return nil
}

// read reads the version of the tables, and what is in them. Unlike goose, it makes no table for it.
func (i *Inspection) read(
	ctx context.Context, db *sql.DB, begun bool, keys Keys, queue func(context.Context, *sql.DB) error,
) error {
	if begun {
		err := db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).
			Scan(&i.Current)
		if err != nil {
			return err
		}
	}
	if err := queue(ctx, db); err != nil {
		return err
	}
	if i.Current != i.Known {
		return nil // columns may be missing
	}
	var err error
	i.Keys, err = keyUses(ctx, db, keys)
	return err
}

// canWrite returns an error if rows can't be changed. It changes none.
func canWrite(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE leases SET holder = holder WHERE 1 = 0`)
	return errors.Join(err, tx.Rollback())
}

// knownVersion returns the number of the last migration.
func knownVersion() (int, error) {
	files, err := migrationFiles.ReadDir("migrations") // sorted
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(files[len(files)-1].Name(), "_")
	return strconv.Atoi(number)
}
