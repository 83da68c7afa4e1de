package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqlitePath returns the absolute path of the file that databaseURL names.
func sqlitePath(databaseURL string) (string, error) {
	path, err := namedFile(databaseURL)
	switch {
	case err != nil:
		return "", err
	case path == "":
		return "", errors.New("no database is named")
	case strings.Contains(path, ":memory:"):
		return "", errors.New("a database in memory is not supported: name a file")
	}
	return filepath.Abs(path)
}

func namedFile(databaseURL string) (string, error) {
	scheme, rest, found := strings.Cut(databaseURL, ":")
	switch {
	case found && scheme == "sqlite":
		if strings.Contains(rest, "?") {
			return "", errors.New("parameters after the database's path are not supported")
		}
		return strings.TrimPrefix(rest, "//"), nil
	case found && scheme == "file":
		return fileURLPath(databaseURL)
	case found && strings.HasPrefix(rest, "//"):
		return "", fmt.Errorf("a database of the kind %q is not supported: name a SQLite file, "+
			"for example sqlite:/var/lib/hookwall/hookwall.db, or a Postgres database", scheme)
	}
	return databaseURL, nil
}

func fileURLPath(databaseURL string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", errors.New("the database's file: address cannot be read")
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("parameters after the database's path are not supported")
	}
	if u.Host != "" && u.Host != "localhost" {
		return "", errors.New("the database's file: address names another machine")
	}
	if u.Path != "" {
		return u.Path, nil
	}
	path, err := url.PathUnescape(u.Opaque)
	if err != nil {
		return "", errors.New("the database's file: address cannot be read")
	}
	return path, nil
}

// busyTime is how long to wait for another process that has locked the file.
const busyTime = 5 * time.Second

var busyTimeout = fmt.Sprintf("busy_timeout(%d)", busyTime.Milliseconds())

// openSQLite opens the file with one connection that writes and several that read. SQLite allows one
// writer at a time. Waiting for that connection is fair and has no timeout, unlike waiting for the
// file's lock. Readers never wait.
func openSQLite(ctx context.Context, path string, t trace) (engine, error) {
	if err := prepareFile(path); err != nil {
		return engine{}, err
	}
	file, err := useSQLiteFile(ctx, path)
	if err != nil {
		return engine{}, err
	}
	write, err := file.pool(1, t, url.Values{
		"_pragma": {busyTimeout, "journal_mode(WAL)", "foreign_keys(1)", "synchronous(NORMAL)", "wal_autocheckpoint(0)"},
		"_txlock": {"immediate"},
	})
	if err != nil {
		return engine{}, errors.Join(err, file.end())
	}
	err = whileBusy(ctx, func() error { return migrateSQLite(ctx, write) })
	if err == nil {
		err = file.begin(ctx)
	}
	if err != nil {
		return engine{}, errors.Join(explainSQLite(path, err), write.Close(), file.end())
	}
	read, err := file.pool(max(4, runtime.GOMAXPROCS(0)), t, url.Values{"_pragma": {busyTimeout, "query_only(1)"}})
	if err != nil {
		return engine{}, errors.Join(err, write.Close(), file.end())
	}
	return engine{
		read: pool{read}, write: pool{write}, collided: func(error) bool { return false }, ended: file.end,
		queue:        func() (Queue, error) { return sqliteQueue(write), nil },
		namesIndexes: true,
	}, nil
}

// whileBusy runs do again while others have locked the file, for at most busyTime. SQLite mostly waits
// by itself, but not when two processes prepare a new file at once.
func whileBusy(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, busyTime)
	defer cancel()
	tick := time.NewTicker(busyTime / 500)
	defer tick.Stop()
	for {
		err := do()
		if err == nil || kindOf(err) != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// kindOf returns the primary result code of an error of SQLite, 0 for any other error.
func kindOf(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff // The higher bytes are those of an extended result code.
}

// migrateSQLite migrates the tables. Several processes may do so at once.
func migrateSQLite(ctx context.Context, db *sql.DB) error {
	p, err := newMigrations(db, goose.DialectSQLite3)
	if err != nil {
		return err
	}
	before := int64(-1)
	for {
		current, done, err := upToDate(ctx, p)
		if done || err != nil {
			return err
		}
		_, err = p.Up(ctx)
		// Each migration is a transaction of its own. A process that loses the race for one fails, and
		// continues after it. Without progress the failure is a real one.
		if err != nil && current == before {
			return notMigrated(err)
		}
		before = current
	}
}

// pool opens a pool of connections.
func (f *sqliteFile) pool(size int, t trace, parameters url.Values) (*sql.DB, error) {
	connector, err := sqliteConnector(f.path, parameters)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(guardedConnector{connector, f, t})
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

func sqliteConnector(path string, parameters url.Values) (driver.Connector, error) {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: parameters.Encode()}
	return sqlite.NewConnector(u.String())
}

// preparing is locked while prepareFile has a file open. Closing a file drops every lock that the
// process has on it, including those of another Store that has begun to use it.
var preparing sync.Mutex

// prepareFile creates the file if it is missing, readable by its owner only. SQLite creates its other
// files with the same mode.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the database's directory cannot be made: %w", err)
	}
	preparing.Lock()
	defer preparing.Unlock()
	//nolint:gosec // The person who starts the program names the file.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return checkFile(path)
	}
	if err != nil {
		return fmt.Errorf("the database cannot be created, is its directory writable? %w", err)
	}
	return f.Close()
}

func checkFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the database cannot be opened: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("the database cannot be opened: %s is not a file", path)
	}
	return nil
}

// explainSQLite returns an error that explains in a sentence why a database could not be opened.
func explainSQLite(path string, err error) error {
	switch kindOf(err) {
	case 0:
		return err
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%s is not a SQLite database, or it is damaged: %w", path, err)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%s cannot be written, are the file and its directory writable? %w", path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}
