package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
)

// CheckExists returns an error if a SQLite file doesn't exist. It's nil for Postgres.
func CheckExists(databaseURL string) error {
	if IsPostgres(databaseURL) {
		return nil
	}
	path, err := sqlitePath(databaseURL)
	if err != nil {
		return err
	}
	return checkFile(path)
}

// Backup copies a SQLite database into a new file, which only its owner can read. It returns the size in bytes. Other
// processes can use the database at the same time. The copy has everything that they committed before it began.
//
// The file appears when the copy is complete, checked and on disk. An existing file is never overwritten.
func Backup(ctx context.Context, databaseURL, file string) (size int64, err error) {
	path, err := sqlitePath(databaseURL)
	if err != nil {
		return 0, err
	}
	if err := checkFile(path); err != nil {
		return 0, err
	}
	if file, err = filepath.Abs(file); err != nil {
		return 0, err
	}
	if _, err := os.Lstat(file); err == nil {
		return 0, fmt.Errorf("%s exists, and a backup overwrites no file. Name another file", file)
	}
	part, err := os.CreateTemp(filepath.Dir(file), ".backup-*") // with mode 0600
	if err != nil {
		return 0, err
	}
	err = part.Close()
	if err == nil {
		size, err = copySQLite(ctx, path, part.Name())
	}
	if err == nil {
		err = os.Link(part.Name(), file) // unlike a rename, it fails if there is a file
	}
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%s exists, and a backup overwrites no file. Name another file", file)
	}
	_ = os.Remove(part.Name() + "-journal") // SQLite leaves it if the disk is full
	if err := errors.Join(err, os.Remove(part.Name())); err != nil {
		return 0, err
	}
	return size, syncPath(filepath.Dir(file))
}

// copySQLite copies a database into an empty file, checks the copy, and waits until it's on disk.
func copySQLite(ctx context.Context, path, copied string) (size int64, err error) {
	err = besideSQLite(path, func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, `VACUUM INTO $1`, copied)
		return err
	})
	if err == nil {
		err = besideSQLite(copied, func(db *sql.DB) error { return checkIntegrity(ctx, db) })
	}
	if err == nil {
		err = syncPath(copied)
	}
	if err != nil {
		return 0, fmt.Errorf("the backup into %s failed: %w", filepath.Dir(copied), err)
	}
	info, err := os.Stat(copied)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// besideSQLite calls do with a database that other processes may use, on one connection that can't write to it.
func besideSQLite(path string, do func(*sql.DB) error) error {
	connector, err := sqliteConnector(path, url.Values{"mode": {"ro"}, "_pragma": {busyTimeout}})
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return explainSQLite(path, errors.Join(do(db), db.Close()))
}

// checkIntegrity returns an error if pages, indexes or references of a database are damaged.
func checkIntegrity(ctx context.Context, db *sql.DB) error {
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("the integrity check found: %s", found)
	}
	var orphans int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM pragma_foreign_key_check`).Scan(&orphans); err != nil {
		return err
	}
	if orphans > 0 {
		return fmt.Errorf("the integrity check found %d rows that refer to missing rows", orphans)
	}
	return nil
}

// syncPath waits until a file, or the entries of a folder, are on disk.
func syncPath(path string) error {
	if runtime.GOOS == "windows" { // it opens no folder, and syncs no file that is open for reading
		return nil
	}
	f, err := os.Open(path) //nolint:gosec // The person who starts the program names the file.
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
