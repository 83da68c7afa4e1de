package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/lock"
)

const (
	// queueConnections are for the statements of the queue on Postgres, beside those for pages. One more listens.
	queueConnections = 2
	// queuePing is how long one of them is idle until it's tried before it's used.
	queuePing = 30 * time.Second
)

// Also is what a change does besides in its transaction, such as to enqueue a job. It must not touch the tables of
// this package.
type Also func(context.Context, *sql.Tx) error

// Queue is the database as the queue of jobs uses it. On SQLite it is the connection that writes. On Postgres it has
// connections of its own, so that a page never waits for one that a job has.
type Queue struct {
	DB       *sql.DB
	Listener *pgxpool.Pool // nil on SQLite, where nothing can listen

	migrate func(context.Context, func(context.Context, *sql.DB) error) error
	close   func() error
}

// Queue opens the queue's connections. The caller closes it before the store.
func (s *Store) Queue() (Queue, error) {
	q, err := s.engine.queue()
	if err == nil && q.DB != s.engine.write.DB {
		s.queue.Store(q.DB)
	}
	return q, failed("open the queue", err)
}

// Close closes the queue's own connections.
func (q Queue) Close() error { return failed("close the queue", q.close()) }

// Migrate calls do with a database to make the queue's tables in. No other process migrates at the same time.
func (q Queue) Migrate(ctx context.Context, do func(context.Context, *sql.DB) error) error {
	return q.migrate(ctx, do)
}

// InTx runs also in a transaction of its own.
func (s *Store) InTx(ctx context.Context, also Also) error {
	return failed("transaction", s.tx(ctx, func(tx *sql.Tx) error { return also(ctx, tx) }))
}

// queueMigration is held while the queue's tables are made in a SQLite file, which is this process's alone.
var queueMigration sync.Mutex

func sqliteQueue(write *sql.DB) Queue {
	return Queue{
		DB: write,
		migrate: func(ctx context.Context, do func(context.Context, *sql.DB) error) error {
			queueMigration.Lock()
			defer queueMigration.Unlock()
			return do(ctx, write)
		},
		close: func() error { return nil },
	}
}

// postgresQueue opens the pools of a queue. A silent server costs it no more than its own connections.
func postgresQueue(databaseURL string, config *pgx.ConnConfig, clock *serverClock, hide secrets) (Queue, error) {
	listening, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return Queue{}, hide.in(err)
	}
	listening.ConnConfig = config.Copy()
	listening.MinConns, listening.MaxConns = 0, 1
	listener, err := pgxpool.NewWithConfig(context.Background(), listening) // connects when it's used
	if err != nil {
		return Queue{}, hide.in(err)
	}
	// River asks every few seconds, and asks again if a connection has ended.
	rarely := stdlib.OptionShouldPing(func(_ context.Context, p stdlib.ShouldPingParams) bool {
		return p.IdleDuration > queuePing
	})
	db := sql.OpenDB(connector{
		config: *config, clock: clock, server: newServer(), options: []stdlib.OptionOpenDB{rarely},
	})
	limitPool(db, queueConnections)
	return Queue{
		DB: db, Listener: listener,
		migrate: func(ctx context.Context, do func(context.Context, *sql.DB) error) error {
			return hide.in(migrateQueue(ctx, *config, do))
		},
		close: func() error { listener.Close(); return db.Close() },
	}, nil
}

// migrateQueue calls do with the lock of migrations, and with connections without timeouts.
func migrateQueue(ctx context.Context, config pgx.ConnConfig, do func(context.Context, *sql.DB) error) (err error) {
	db := stdlib.OpenDB(config)
	defer db.Close()
	var schema string
	if err := db.QueryRowContext(ctx, `SELECT COALESCE(current_schema(), '')`).Scan(&schema); err != nil {
		return err
	}
	locker, err := migrationLocker(schema)
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := locker.SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, locker.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	return do(ctx, db)
}

// migrationLocker makes the lock that one process has while it migrates a schema.
func migrationLocker(schema string) (lock.SessionLocker, error) {
	return lock.NewPostgresSessionLocker(lock.WithLockID(migrationLock(schema)), lock.WithLockTimeout(1, migrationWait))
}

// NextDue returns when the next visit is due, or was, and the next recheck of an activity. A zero time means that there
// is none.
func (s *Store) NextDue(ctx context.Context) (visit, recheck time.Time, err error) {
	var visitAt, recheckAt int64
	err = s.engine.read.QueryRowContext(ctx, `SELECT
		COALESCE((SELECT MIN(due_at) FROM visits WHERE environment = $1), 0),
		COALESCE((SELECT MIN(recheck_at) FROM activities WHERE environment = $1 AND recheck_at > 0), 0)`, s.env).
		Scan(&visitAt, &recheckAt)
	return timeAt(visitAt), timeAt(recheckAt), failed("find what is due", err)
}
