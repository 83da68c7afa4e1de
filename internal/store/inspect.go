package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
)

// Inspect returns the version of the tables in a Postgres database and the version that this program knows. It changes
// nothing. 0 means that there are none yet. It calls queue with the database, to inspect the tables of the queue.
func Inspect(
	ctx context.Context, databaseURL string, queue func(context.Context, *sql.DB) error,
) (current, known int, err error) {
	config, _, err := parsePostgres(databaseURL)
	if err != nil {
		return 0, 0, err
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	db.SetMaxOpenConns(1)
	if current, err = tablesVersion(ctx, db); err == nil {
		err = queue(ctx, db)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("HOOKWALL_DATABASE_URL: %w", secretsOf(databaseURL, config).in(explainPostgres(err)))
	}
	known, err = knownVersion()
	return current, known, err
}

// tablesVersion returns the version of the tables. Unlike goose, it makes no table for it.
func tablesVersion(ctx context.Context, db *sql.DB) (version int, err error) {
	var begun bool
	err = db.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&begun)
	if err == nil && begun {
		err = db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).
			Scan(&version)
	}
	return version, err
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
