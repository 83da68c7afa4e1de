package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/gofrs/flock"
)

// checkpointSize is how large the write-ahead log becomes, in bytes, before its pages are copied into the database,
// which empties it.
var checkpointSize int64 = 4 << 20

// sqliteFile is a SQLite database that this process uses, together with its write-ahead log (WAL).
//
// SQLite doesn't notice when others delete or change these files, and what it writes afterwards is lost. So no
// statement runs unless the files are what this process left. The database itself changes only when the WAL is copied
// into it, which happens nowhere but in checkpoint.
type sqliteFile struct {
	path string // as it was named; the others are beside the file that this leads to
	wal  string
	lock *flock.Flock
	used int // how many engines use it; guarded by sqliteFiles

	mu       sync.RWMutex
	opened   bool          // the fields below are known
	anchor   guardedByFile // keeps the WAL while the pools open and close connections
	database fs.FileInfo   // after the last checkpoint
	walInfo  fs.FileInfo
	walSize  int64 // at least
	lockInfo fs.FileInfo
	saved    bool // what was in a WAL that is gone is in the database
}

// sqliteFiles has the databases that this process uses, by path.
var sqliteFiles struct {
	sync.Mutex
	all map[string]*sqliteFile
}

// useSQLiteFile locks a database for this process. Another process that uses it may be about to end, so it waits for
// it a while. Each use must be ended.
func useSQLiteFile(ctx context.Context, path string) (*sqliteFile, error) {
	resolved := path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		resolved = target
	}
	sqliteFiles.Lock()
	defer sqliteFiles.Unlock()
	if f := sqliteFiles.all[resolved]; f != nil {
		f.used++
		return f, nil
	}
	f := &sqliteFile{path: path, wal: resolved + "-wal", used: 1}
	f.lock = flock.New(resolved+"-lock", flock.SetPermissions(0o600))
	if err := makeLock(f.lock.Path(), resolved); err != nil {
		return nil, cannotLock(path, err)
	}
	ctx, cancel := context.WithTimeout(ctx, busyTime)
	defer cancel()
	locked, err := f.lock.TryLockContext(ctx, busyTime/100)
	if errors.Is(err, context.DeadlineExceeded) || err == nil && !locked {
		return nil, fmt.Errorf("another Hookwall uses %s: stop that one first; several at once need a Postgres database",
			path)
	}
	if err != nil {
		return nil, cannotLock(path, err)
	}
	if sqliteFiles.all == nil {
		sqliteFiles.all = map[string]*sqliteFile{}
	}
	sqliteFiles.all[resolved] = f
	return f, nil
}

func cannotLock(path string, err error) error {
	return fmt.Errorf("%s cannot be locked, are the file and its directory writable? %w", path, err)
}

// end ends one use of the file. If the database was changed by others, its WAL is not copied into it.
func (f *sqliteFile) end() error {
	sqliteFiles.Lock()
	defer sqliteFiles.Unlock()
	if f.used--; f.used > 0 {
		return nil
	}
	for name, other := range sqliteFiles.all {
		if f == other {
			delete(sqliteFiles.all, name)
		}
	}
	var err error
	if f.anchor != nil && f.check() == nil {
		err = f.anchor.Close()
	}
	return errors.Join(err, f.lock.Unlock())
}

// begin notes what the files are like, after the tables were migrated.
func (f *sqliteFile) begin(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opened {
		return nil
	}
	connector, err := sqliteConnector(f.path, url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)"}})
	if err != nil {
		return err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return err
	}
	anchor, ok := conn.(guardedByFile)
	if !ok {
		return errors.Join(fmt.Errorf("the driver made a %T", conn), conn.Close())
	}
	f.anchor = anchor
	if err := f.copyLog(ctx); err != nil {
		return err
	}
	if f.walInfo, err = os.Stat(f.wal); err != nil {
		return err
	}
	f.lockInfo, err = os.Stat(f.lock.Path())
	f.opened = err == nil
	return err
}

// errDatabaseFile is all errors of files that are not as this process left them.
var errDatabaseFile = errors.New("the database's files were changed while they were in use")

var (
	errMoved = fmt.Errorf("%w: the database was deleted or replaced: "+
		"put it back, or stop Hookwall and start it again", errDatabaseFile)
	errChanged = fmt.Errorf("%w: another program wrote into the database: stop Hookwall, put the right file in its "+
		"place, without -wal and -shm files beside it if it is a copy, and start Hookwall again", errDatabaseFile)
	errNoLog = fmt.Errorf("%w: the -wal file beside the database was deleted or replaced: "+
		"stop Hookwall and start it again", errDatabaseFile)
	errShortLog = fmt.Errorf("%w: the -wal file beside the database was overwritten: "+
		"stop Hookwall, restore a backup, and start it again", errDatabaseFile)
	errNoLock = fmt.Errorf("%w: the -lock file beside the database was deleted or replaced: "+
		"stop Hookwall and start it again", errDatabaseFile)
)

// check returns an error if the files are no longer what this process left, so that writes would be lost.
func (f *sqliteFile) check() error {
	f.mu.RLock()
	err := f.compare()
	f.mu.RUnlock()
	if errors.Is(err, errNoLog) {
		f.save()
	}
	return err
}

func (f *sqliteFile) compare() error {
	if !f.opened {
		return nil
	}
	now, gone := samePlace(f.path, f.database)
	switch {
	case gone:
		return errMoved
	case now == nil:
		return nil
	case now.Size() != f.database.Size() || hasExactTimes && !now.ModTime().Equal(f.database.ModTime()):
		return errChanged
	}
	if _, gone := samePlace(f.lock.Path(), f.lockInfo); gone {
		return errNoLock
	}
	now, gone = samePlace(f.wal, f.walInfo)
	switch {
	case gone:
		return errNoLog
	case now != nil && now.Size() < f.walSize:
		return errShortLog
	}
	return nil
}

// hasExactTimes is false where the time of a file's last change may appear late. Windows itself refuses to let others
// write to, or delete, a file that is in use.
const hasExactTimes = runtime.GOOS != "windows"

// samePlace returns the file of a name, and reports whether the one that was opened is gone from there. It returns
// neither if it can't tell: a file whose folder was moved as a whole is still in its folder, and if the file can't be
// read, SQLite explains that better.
func samePlace(path string, opened fs.FileInfo) (now fs.FileInfo, gone bool) {
	now, err := os.Stat(path)
	switch {
	case err == nil && os.SameFile(opened, now):
		return now, false
	case errors.Is(err, fs.ErrNotExist):
		_, err := os.Stat(filepath.Dir(path))
		return nil, err == nil
	}
	return nil, err == nil
}

// save copies a WAL that is gone into the database, while this process still has it open, so that the next start finds
// everything.
func (f *sqliteFile) save() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.saved && errors.Is(f.compare(), errNoLog) {
		f.saved = f.copyLog(context.Background()) == nil
	}
}

// written is called after each write, with its connection still in use. It copies a large WAL into the database.
func (f *sqliteFile) written(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := os.Stat(f.wal) // not before the lock, since another engine may empty it
	if err != nil {
		return
	}
	f.walSize = max(f.walSize, now.Size())
	if f.opened && now.Size() > checkpointSize && f.compare() == nil {
		_ = f.copyLog(context.WithoutCancel(ctx)) // if it fails, the WAL grows, and the next write tries again
	}
}

// copyLog copies the WAL into the database, and empties it unless somebody still reads it.
func (f *sqliteFile) copyLog(ctx context.Context) error {
	_, err := f.anchor.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", nil)
	f.walSize = 0
	if now, err := os.Stat(f.wal); err == nil {
		f.walSize = now.Size()
	}
	now, statErr := os.Stat(f.path)
	if statErr == nil {
		f.database = now
	}
	return errors.Join(err, statErr)
}

// guardedByFile is what a connection of the driver can do.
type guardedByFile interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// guardedConnector makes connections that check the files before each statement.
type guardedConnector struct {
	driver.Connector

	file  *sqliteFile
	trace trace
}

// Connect opens a connection.
func (c guardedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.file.check(); err != nil {
		return nil, err
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	made, ok := conn.(guardedByFile)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver made a %T", conn), conn.Close())
	}
	return guardedConn{made, c.file, c.trace, &statements{map[string]*statement{}}}, nil
}

type guardedConn struct {
	guardedByFile

	file       *sqliteFile
	trace      trace
	statements *statements
}

// Close closes the connection.
func (c guardedConn) Close() error {
	c.statements.close()
	return c.guardedByFile.Close()
}

// QueryContext runs a query.
func (c guardedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.file.check(); err != nil {
		return nil, err
	}
	c.trace.tell(query)
	kept, err := c.statements.take(ctx, c.guardedByFile, query)
	if err != nil {
		return nil, err
	}
	if kept == nil {
		return c.guardedByFile.QueryContext(ctx, query, args)
	}
	rows, err := kept.prepared.QueryContext(ctx, args)
	if err != nil {
		kept.inUse = false
		return nil, err
	}
	return usedRows{rows, kept}, nil
}

// ExecContext runs a statement.
func (c guardedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.file.check(); err != nil {
		return nil, err
	}
	c.trace.tell(query)
	result, err := c.exec(ctx, query, args)
	c.file.written(ctx)
	return result, err
}

func (c guardedConn) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	kept, err := c.statements.take(ctx, c.guardedByFile, query)
	if err != nil {
		return nil, err
	}
	if kept == nil {
		return c.guardedByFile.ExecContext(ctx, query, args)
	}
	defer func() { kept.inUse = false }()
	return kept.prepared.ExecContext(ctx, args)
}

// BeginTx begins a transaction.
func (c guardedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.file.check(); err != nil {
		return nil, err
	}
	c.trace.tell(beginTx)
	tx, err := c.guardedByFile.BeginTx(ctx, o)
	return guardedTx{tx, c.file, c.trace}, err
}

type guardedTx struct {
	driver.Tx

	file  *sqliteFile
	trace trace
}

// Commit commits the transaction.
func (t guardedTx) Commit() error {
	t.trace.tell(commitTx)
	err := t.Tx.Commit()
	t.file.written(context.Background())
	return err
}
