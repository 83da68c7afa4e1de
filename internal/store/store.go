// Package store keeps what must outlive a request: sessions, connected shops, sign-ins that have
// begun, drafts, flashes, operations, the secrets of new webhooks, the activity of shops, which
// webhooks are immutable, what visits saw of shops, checks, leases, and counts under limits.
//
// It uses database/sql, with one SQL text for both engines, SQLite and Postgres. Secrets are sealed
// with a key that is not in the database. Tokens that a browser sends back are kept as hashes only.
// Every row belongs to one environment, the API that the program talks to. Rows of other environments
// are invisible.
//
// A transaction contains statements and nothing else, such as a call of the API. No error of the
// engine, such as sql.ErrNoRows, leaves the package.
//
// # Several processes on one database
//
// A SQLite file is for one process, which locks it and lets one transaction write at a time. Processes
// may share a Postgres database, and what the package promises holds across them, see storetest.
// Postgres runs transactions side by side, at READ COMMITTED: a statement that changes a row decides
// by the row's newest state, and a decision that depends on several rows of an owner locks the owner's
// row. A transaction that collided with another is run again.
//
// # Clocks
//
// Times in the database, and the times compared with them, come from one clock: on SQLite that of the
// machine, on Postgres that of the server, which every process reads when it connects. So the ends of
// sessions and the order of activities do not depend on how well the clocks of replicas agree. A time
// that a caller passes, such as the end of a secret, should come from Store.Now.
//
// That clock may be moved, as at a failover or after a virtual machine was paused. So leases, and the
// ages of operations and activities, rest on a second clock too, see instant.
package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

var (
	// ErrNotFound means that there is no such row for this owner, browser and environment, or that
	// it has expired.
	ErrNotFound = errors.New("not found")

	// ErrWrongKey means that a sealed value does not open: its key is not among the given ones, or
	// the value was altered or moved from another row.
	ErrWrongKey = errors.New("sealed value does not open with the keys given")

	// ErrUnavailable means that the database could not be used: it is locked, full, read-only, damaged
	// or unreachable. The same may work later. A write may have taken effect.
	ErrUnavailable = errors.New("the database cannot be used")

	// ErrLeaseLost means that the caller does not hold the lease: its time had passed and somebody else
	// took it, or what it was for has ended, changed or been deleted.
	ErrLeaseLost = errors.New("the lease is no longer held")

	// ErrFinished means that an operation or an activity already has another outcome.
	ErrFinished = errors.New("there is another outcome already")
)

// Options are what Open needs beside an address.
type Options struct {
	Keys        Keys             // seal and open what is secret; required
	Environment string           // the API's base URL; required; rows of another one are invisible
	Now         func() time.Time // nil: the machine's clock on SQLite, the server's on Postgres
	Steady      func() time.Time // nil: Now, or the machine's clock at the start and the time passed since then
	SessionIdle time.Duration    // how long after its last request a session ends; 0: 12 h
	SessionLife time.Duration    // how long after the sign-in that made it a session ends; 0: 7 d
	Logger      *slog.Logger     // nil: nothing is logged

	KeepDeliveries time.Duration // how long what is known of a delivery is kept; 0: 30 d
	KeepChanges    time.Duration // how long changes of webhooks that visits saw are kept; 0: 400 d
}

// How long what visits saw is kept, unless Options say otherwise.
const (
	KeepDeliveries = 30 * 24 * time.Hour
	KeepChanges    = 400 * 24 * time.Hour
)

// Store is an open database. It is safe for use by several goroutines, and several Stores may share a
// database, in one process or, on Postgres, in many.
type Store struct {
	engine engine
	keys   Keys
	env    string
	clock  func() time.Time
	steady func() time.Time
	log    *slog.Logger

	// How long after its last request, and after the sign-in that made it, a session ends.
	sessionIdle, sessionLife time.Duration

	keepDeliveries, keepChanges time.Duration

	pings singleflight.Group
	wrote atomic.Int64 // when Ping wrote, in Unix nanoseconds
}

// Open opens the database that databaseURL names and migrates its tables.
//
// "sqlite:PATH", "file:PATH" and a plain path name a SQLite file; a missing one is created with mode
// 0600, a missing directory with 0700. "postgres://USER:PASSWORD@HOST:PORT/DATABASE" names a
// Postgres database; parameters after it are those of libpq, and pool_max_conns. Errors are
// sentences for the person who starts the program and never repeat a password of databaseURL.
func Open(ctx context.Context, databaseURL string, o Options) (*Store, error) {
	if len(o.Keys.list) == 0 {
		return nil, errors.New("store: no secret key given")
	}
	env := strings.TrimRight(o.Environment, "/")
	if env == "" {
		return nil, errors.New("store: no environment given")
	}
	e, err := openEngine(ctx, databaseURL)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{
		engine: e, keys: o.Keys, env: env, clock: o.Now, steady: o.Steady, log: o.Logger,
		sessionIdle: cmp.Or(o.SessionIdle, SessionIdle), sessionLife: cmp.Or(o.SessionLife, SessionLife),
		keepDeliveries: cmp.Or(o.KeepDeliveries, KeepDeliveries), keepChanges: cmp.Or(o.KeepChanges, KeepChanges),
	}
	if s.steady == nil {
		s.steady = o.Now
	}
	if s.steady == nil {
		began := time.Now()
		s.steady = func() time.Time { return began.Add(time.Since(began)) }
	}
	if s.clock == nil {
		s.clock = e.now
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.log = cmp.Or(s.log, slog.New(slog.DiscardHandler))
	s.keys.older = &olderKeys{log: s.log}
	s.log.InfoContext(ctx, "secret keys", "seals", o.Keys.list[0].name(), "opensToo", o.Keys.otherNames())
	return s, nil
}

// Close waits for running statements and closes the database.
func (s *Store) Close() error {
	return failed("close", s.engine.close())
}

// Pools returns how the connections to the database are used, by what they are for: "read" and "write" on
// SQLite, "all" on Postgres.
func (s *Store) Pools() map[string]sql.DBStats {
	if s.engine.read.DB == s.engine.write.DB {
		return map[string]sql.DBStats{"all": s.engine.read.Stats()}
	}
	return map[string]sql.DBStats{"read": s.engine.read.Stats(), "write": s.engine.write.Stats()}
}

// Ping returns nil if the database can be read and written. It writes at most once in writeEvery.
func (s *Store) Ping(ctx context.Context) error {
	var some bool
	err := s.engine.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM owners)`).Scan(&some)
	if err != nil || time.Since(time.Unix(0, s.wrote.Load())) < writeEvery {
		return failed("ping", err)
	}
	// Those who ask at the same time share the result, so it must not end with one of them.
	_, err, _ = s.pings.Do("write", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTime)
		defer cancel()
		_, err := s.exec(ctx, `
			INSERT INTO leases (environment, name, holder, lease_until) VALUES ($1, 'ping', 'ping', $2)
			ON CONFLICT (environment, name) DO UPDATE SET lease_until = excluded.lease_until`, s.env, millis(s.now()))
		if err == nil {
			s.wrote.Store(time.Now().UnixNano())
		}
		return nil, err
	})
	return failed("ping", err)
}

const (
	writeEvery = time.Second
	pingTime   = 2 * time.Second // for writing
)

// Now returns the time by the clock of the database. A time that is passed to the store, or compared
// with one from it, should come from here, since machines differ in their clocks.
func (s *Store) Now() time.Time { return s.clock() }

// now returns Now at the precision of the database.
func (s *Store) now() time.Time {
	return s.clock().UTC().Truncate(time.Millisecond)
}

// exec runs one writing statement and returns how many rows it touched.
func (s *Store) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.again(ctx, func(ctx context.Context) error {
		r, err := s.engine.write.ExecContext(ctx, query, args...)
		if err == nil {
			n, err = r.RowsAffected()
		}
		return err
	})
	return n, err
}

// tx runs f in one transaction. On SQLite the transaction has the right to write from its beginning.
// It runs f again if the transaction collided with another one.
func (s *Store) tx(ctx context.Context, f func(*sql.Tx) error) error {
	return s.again(ctx, func(ctx context.Context) error {
		tx, err := s.engine.write.BeginTx(ctx, s.engine.tx)
		if err != nil {
			return err
		}
		if err := f(tx); err != nil {
			if rollbackErr := tx.Rollback(); !errors.Is(rollbackErr, sql.ErrTxDone) {
				err = errors.Join(err, rollbackErr)
			}
			return err
		}
		return tx.Commit()
	})
}

const (
	collisions    = 10                    // tries before a statement fails
	collisionWait = 50 * time.Millisecond // at most, after the first try
)

// again runs f until it does not collide, with a context that ends when the budget is spent.
func (s *Store) again(ctx context.Context, f func(context.Context) error) error {
	ctx, done := spend(ctx)
	defer done()
	for try := 1; ; try++ {
		err := f(ctx)
		if err == nil || try == collisions || !s.engine.collided(err) {
			return err
		}
		s.log.DebugContext(ctx, "a statement collided with a transaction and is run again", "try", try, "err", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(mathrand.N(time.Duration(try) * collisionWait)): //nolint:gosec // It need not be secret.
		}
	}
}

// affected returns how many rows a statement has changed.
func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// failed returns err with the name of what it ended, and in the words of this package.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if unavailable(err) {
		return fmt.Errorf("store: %s: %w: %w", op, ErrUnavailable, err)
	}
	return fmt.Errorf("store: %s: %w", op, err)
}

// gone returns the error for a short-lived value that no longer opens. For the person it has expired,
// so the error is ErrNotFound too. The log has the reason.
func (s *Store) gone(ctx context.Context, op string, err error) error {
	s.log.WarnContext(ctx, "a sealed value does not open", "op", op, "err", err)
	return fmt.Errorf("store: %s: %w: %w", op, ErrNotFound, err)
}

// millis returns a time as it is in the database: Unix milliseconds, 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// timeAt is the inverse of millis.
func timeAt(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// hashOf returns what is kept of a random value that a browser sends back. Random values are too many
// for anyone to try, so a plain hash is enough.
func hashOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
