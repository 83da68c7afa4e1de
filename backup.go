package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"hookwall/internal/store"
)

// backupFlags say which database is copied, and where to.
type backupFlags struct {
	File        string `arg:"" placeholder:"FILE" help:"New file for the copy. An existing file is not overwritten."`
	DatabaseURL string `hw:"HOOKWALL_DATABASE_URL" placeholder:"PATH" help:"SQLite file of the dashboard. Default: hookwall.db in your data directory."`
}

// isThere returns an error that says what to do if a SQLite file doesn't exist.
func isThere(databaseURL string) error {
	if err := store.CheckExists(databaseURL); err != nil {
		return fmt.Errorf("%w. Use the dashboard's settings, including XDG_DATA_HOME", err)
	}
	return nil
}

// backup copies the SQLite database into a file, while a dashboard may use it.
func backup(ctx context.Context, f backupFlags, getenv func(string) string, stdout io.Writer) error {
	if store.IsPostgres(f.DatabaseURL) {
		return errors.New(`HOOKWALL_DATABASE_URL names a Postgres database. Back it up with pg_dump, as in: ` +
			`pg_dump --format=custom --file=FILE "$HOOKWALL_DATABASE_URL"`)
	}
	p := &problems{getenv: getenv}
	databaseURL, dir := p.database(f.DatabaseURL)
	if err := errors.Join(p.found...); err != nil {
		return err
	}
	if err := isThere(databaseURL); err != nil {
		return err
	}
	size, err := store.Backup(ctx, databaseURL, f.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Backup of %s written to %s and checked.\n", humanize.Bytes(uint64(max(0, size))), f.File)
	key := filepath.Join(dir, "secret.key")
	if _, err := os.Stat(key); err != nil || getenv("HOOKWALL_SECRET_KEY") != "" {
		key = "HOOKWALL_SECRET_KEY"
	}
	fmt.Fprintf(stdout, "It doesn't contain the encryption key. Keep a copy of %s in another place.\n", key)
	return nil
}
