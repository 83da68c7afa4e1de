package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	postgresConnections = 10 // of one process, unless the address has pool_max_conns
	postgresConnect     = 10 * time.Second
	postgresConnAge     = 15 * time.Minute // a new connection reads the server's clock again
	postgresConnIdle    = 5 * time.Minute

	// A process that ends without closing its connections, as on a machine that lost its network, keeps
	// its locks no longer than this.
	postgresIdleInTx  = 10 * time.Second
	postgresStatement = 8 * time.Second
	// How long to wait for a server that does not respond, as after a network failure. From then on, one statement at
	// a time is tried, for as long as a ping may take. The others wait a moment for it, and fail.
	postgresAnswer = 10 * time.Second
	postgresPing   = 2 * time.Second
	postgresTurn   = 500 * time.Millisecond
	postgresLock   = 5 * time.Second // wait for locks of others, as long as on SQLite

	clockReadings = 3                      // of the server's clock, until one takes no longer than this
	clockTrip     = 500 * time.Millisecond // so it's off by half of that at most

	migrationWait = 300 // seconds that another process may take to migrate the tables
)

// openPostgres opens a database through one pool for all statements.
func openPostgres(ctx context.Context, databaseURL string, t trace) (engine, error) {
	config, size, err := parsePostgres(databaseURL)
	if err != nil {
		return engine{}, err
	}
	hide := secretsOf(databaseURL, config)
	if err := preparePostgres(ctx, *config); err != nil {
		return engine{}, hide.in(explainPostgres(err))
	}
	clock := &serverClock{}
	db := sql.OpenDB(connector{config: *config, clock: clock, server: newServer(), trace: t})
	limitPool(db, size)
	if err := db.PingContext(ctx); err != nil { // reads the clock
		return engine{}, errors.Join(hide.in(explainPostgres(err)), db.Close())
	}
	return engine{
		read: pool{db}, write: pool{db}, now: clock.now, collided: collidedPostgres, ended: func() error { return nil },
		tx:        &sql.TxOptions{Isolation: sql.LevelReadCommitted}, // whatever the server's default is
		lockOwner: `SELECT 1 FROM owners WHERE environment = $1 AND id = $2 FOR UPDATE`,
		queue:     func() (Queue, error) { return postgresQueue(databaseURL, config, clock, hide) },
	}, nil
}

// limitPool limits how many connections a pool has, and how long it keeps each.
func limitPool(db *sql.DB, size int) {
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxLifetime(postgresConnAge)
	db.SetConnMaxIdleTime(postgresConnIdle)
}

// parsePostgres reads an address, and how many connections it allows.
func parsePostgres(databaseURL string) (config *pgx.ConnConfig, size int, err error) {
	// Errors of the libraries quote parts of the address, which may be parts of a password.
	unreadable := errors.New("the Postgres address cannot be read: " +
		"write it like postgres://user:password@host:5432/database, " +
		"with %40 for @, %3A for :, %2F for /, %3F for ?, %23 for # and %25 for % in the user name and the password")
	u, err := url.Parse(databaseURL)
	if err != nil || u.Opaque != "" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return nil, 0, unreadable
	}
	config, err = pgx.ParseConfig(databaseURL)
	if err != nil {
		var e *pgconn.ParseConfigError
		if cause := errors.Unwrap(err); errors.As(err, &e) && cause != nil {
			return nil, 0, secretsOf(databaseURL, nil).in(fmt.Errorf("the Postgres address cannot be used: %w", cause))
		}
		return nil, 0, unreadable
	}
	size = postgresConnections
	if text, ok := config.RuntimeParams["pool_max_conns"]; ok {
		delete(config.RuntimeParams, "pool_max_conns")
		if size, err = strconv.Atoi(text); err != nil || size < 2 {
			return nil, 0, errors.New("the Postgres address has a pool_max_conns that is not a number of at least 2")
		}
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, postgresConnect)
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "hookwall"
	}
	return config, size, nil
}

// preparePostgres migrates the tables through a connection without timeouts. If several processes start
// at once, one migrates while the others wait for its lock.
func preparePostgres(ctx context.Context, config pgx.ConnConfig) error {
	db := stdlib.OpenDB(config)
	defer db.Close()
	db.SetMaxOpenConns(1)
	var encoding, schema string
	var begun bool
	err := db.QueryRowContext(ctx, `
		SELECT current_setting('server_encoding'), COALESCE(current_schema(), ''),
			to_regclass('goose_db_version') IS NOT NULL`).
		Scan(&encoding, &schema, &begun)
	if err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database keeps text as %s: make one with ENCODING 'UTF8'", encoding)
	}
	locker, err := migrationLocker(schema)
	if err != nil {
		return err
	}
	p, err := newMigrations(db, goose.DialectPostgres, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	if begun { // Most starts have nothing to migrate and need no lock.
		if _, done, err := upToDate(ctx, p); done || err != nil {
			return err
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return notMigrated(err)
	}
	_, _, err = upToDate(ctx, p)
	return err
}

// migrationLock returns the ID of the advisory lock for migrating a schema. It must be the same in every
// version of Hookwall.
func migrationLock(schema string) int64 {
	h := fnv.New64a()
	h.Write([]byte("hookwall migrations of " + schema))
	return int64(h.Sum64()) //nolint:gosec // any number will do
}

// errSilent is returned without asking a server that did not respond a moment ago.
var errSilent = errors.New("the Postgres server does not respond")

// server keeps people from waiting one after another for a server that does not respond. However many there are,
// those who wait for a connection learn that it doesn't when the first statement has waited for long enough.
type server struct {
	silent *atomic.Bool  // the last statement got no response in time
	turn   chan struct{} // full while a statement tries a silent server
}

func newServer() server { return server{&atomic.Bool{}, make(chan struct{}, 1)} }

// ask runs do with a context that ends after a time. The caller calls end when everything has been read; if there is
// an error, it has ended already.
func (s server) ask(
	ctx context.Context, limit time.Duration, do func(context.Context) error,
) (end context.CancelFunc, err error) {
	ctx, done := spend(ctx) // A statement of a transaction has the context of the request.
	if s.silent.Load() {
		if !s.take(ctx) {
			done()
			return func() {}, errSilent
		}
		defer func() { <-s.turn }()
	}
	trial := s.silent.Load() // unless the one before was heard
	if trial {
		limit = postgresPing
	}
	bound, cancel := context.WithTimeout(ctx, limit)
	err = do(bound)
	switch late := err != nil && bound.Err() != nil; {
	case !late:
		s.silent.Store(false) // also if it refuses: then nobody waits
	case trial, ctx.Err() == nil:
		s.silent.Store(true)
	}
	end = func() { cancel(); done() }
	if err != nil {
		end()
	}
	return end, err
}

// take waits for the turn to try a silent server. A server that is back is heard within that time by one statement,
// and the others continue.
func (s server) take(ctx context.Context) bool {
	timer := time.NewTimer(postgresTurn)
	defer timer.Stop()
	select {
	case s.turn <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// connector makes the connections of a pool.
type connector struct {
	config  pgx.ConnConfig
	clock   *serverClock
	server  server
	trace   trace
	options []stdlib.OptionOpenDB
}

// Connect opens a connection and reads the server's clock through it. It tries once more if the connection breaks off
// before that is done. The pool passes an error on to the next request that waits for a connection, and that request
// may have begun after the server was back.
func (c connector) Connect(ctx context.Context) (made driver.Conn, err error) {
	cancel, err := c.server.ask(ctx, postgresAnswer, func(ctx context.Context) error {
		made, err = c.connect(ctx)
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
			made, err = c.connect(ctx)
		}
		return err
	})
	cancel()
	return made, err
}

func (c connector) connect(ctx context.Context) (driver.Conn, error) {
	opened, err := stdlib.GetConnector(c.config, c.options...).Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("store: the driver made a %T", opened), opened.Close())
	}
	if err := c.clock.read(ctx, conn.Conn()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return textConn{conn, c.server, c.trace}, nil
}

// Driver returns that of pgx.
func (c connector) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

// textConn sends text that Postgres can store, since paths and form fields may contain any bytes, and
// ends what a server does not respond to.
type textConn struct {
	*stdlib.Conn

	server server
	trace  trace
}

// CheckNamedValue makes text storable.
func (c textConn) CheckNamedValue(v *driver.NamedValue) error {
	if text := reflect.ValueOf(v.Value); text.Kind() == reflect.String {
		v.Value = storable(text.String())
	}
	return c.Conn.CheckNamedValue(v)
}

// ask asks the server, unless the connection has ended before, which says nothing about the server.
func (c textConn) ask(
	ctx context.Context, limit time.Duration, do func(context.Context) error,
) (end context.CancelFunc, err error) {
	if c.Conn.Conn().IsClosed() {
		return func() {}, driver.ErrBadConn
	}
	return c.server.ask(ctx, limit, do)
}

// ResetSession returns an error if a connection from the pool has ended.
func (c textConn) ResetSession(ctx context.Context) error {
	cancel, err := c.ask(ctx, postgresPing, c.Conn.ResetSession)
	cancel()
	return err
}

// ExecContext runs a statement, for at most postgresAnswer.
func (c textConn) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (result driver.Result, err error) {
	c.trace.tell(query)
	cancel, err := c.ask(ctx, postgresAnswer, func(ctx context.Context) error {
		result, err = c.Conn.ExecContext(ctx, query, args)
		return err
	})
	cancel()
	return result, err
}

// QueryContext runs a query, for at most postgresAnswer. If the connection has ended, as after a restart
// of the server, it lets the pool try a statement that only reads on another one.
func (c textConn) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (rows driver.Rows, err error) {
	c.trace.tell(query)
	cancel, err := c.ask(ctx, postgresAnswer, func(ctx context.Context) error {
		rows, err = c.Conn.QueryContext(ctx, query, args)
		if err != nil && onlyReads(query) {
			err = c.ended(ctx, err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return boundRows{rows, cancel}, nil
}

// onlyReads reports whether a statement of this package changes nothing. Those that begin with WITH don't.
func onlyReads(query string) bool {
	query = strings.TrimSpace(query)
	return strings.HasPrefix(query, "SELECT") || strings.HasPrefix(query, "WITH ")
}

// boundRows are rows with a deadline.
type boundRows struct {
	driver.Rows
	cancel func()
}

// Close closes the rows.
func (r boundRows) Close() error {
	defer r.cancel()
	return r.Rows.Close()
}

// BeginTx begins a transaction of at most postgresAnswer. If the connection has ended, it lets the pool
// try another one, since nothing was written yet.
func (c textConn) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	c.trace.tell(beginTx)
	cancel, err := c.ask(ctx, postgresAnswer, func(ctx context.Context) error {
		tx, err = c.Conn.BeginTx(ctx, o)
		return c.ended(ctx, err)
	})
	if err != nil {
		return nil, err
	}
	return boundTx{tx, cancel, c.trace}, nil
}

// boundTx is a transaction with a deadline.
type boundTx struct {
	driver.Tx
	cancel func()
	trace  trace
}

// Commit commits it.
func (t boundTx) Commit() error {
	defer t.cancel()
	t.trace.tell(commitTx)
	return t.Tx.Commit()
}

// Rollback rolls it back.
func (t boundTx) Rollback() error {
	defer t.cancel()
	return t.Tx.Rollback()
}

// ended returns err, as driver.ErrBadConn if the connection has ended: then the pool tries another one.
func (c textConn) ended(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || !c.Conn.Conn().IsClosed() {
		return err
	}
	return fmt.Errorf("%w: %w", driver.ErrBadConn, err)
}

// serverClock is the clock of the database's server, the same for all processes.
type serverClock struct{ last atomic.Pointer[clockReading] }

type clockReading struct{ server, here time.Time }

// now returns the last reading plus the time since, by the machine's monotonic clock.
func (c *serverClock) now() time.Time {
	r := c.last.Load()
	return r.server.Add(time.Since(r.here))
}

// read reads the server's clock and sets the timeouts of a connection. A slow reading, as when the
// process was suspended, is late by an unknown time, so it's repeated.
func (c *serverClock) read(ctx context.Context, conn *pgx.Conn) error {
	var last *clockReading
	for range clockReadings {
		asked := time.Now()
		server, err := readClock(ctx, conn)
		if err != nil {
			return err
		}
		// The server read its clock near the middle of the round trip.
		took := time.Since(asked)
		last = &clockReading{server: server, here: asked.Add(took / 2)}
		if took <= clockTrip {
			break
		}
	}
	c.last.Store(last)
	return nil
}

func readClock(ctx context.Context, conn *pgx.Conn) (time.Time, error) {
	var micros int64
	err := conn.QueryRow(ctx, `
		SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT
		FROM set_config('idle_in_transaction_session_timeout', $1, FALSE) AS idle,
			set_config('statement_timeout', $2, FALSE) AS statement, set_config('lock_timeout', $3, FALSE) AS lock`,
		milliseconds(postgresIdleInTx), milliseconds(postgresStatement), milliseconds(postgresLock)).Scan(&micros)
	return time.UnixMicro(micros).UTC(), err
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// collidedPostgres reports whether a statement failed because of another transaction: one of both had
// to be ended, or the other deleted what the statement refers to, or took the lease first.
func collidedPostgres(err error) bool {
	switch stateOf(err) {
	case "40001", "40P01", "23503": // serialization_failure, deadlock_detected, foreign_key_violation
		return true
	case "23505": // unique_violation, by two operations that take a lease at once
		var e *pgconn.PgError
		return errors.As(err, &e) && e.ConstraintName == "operations_lease"
	}
	return false
}

// stateOf returns the SQLSTATE of an error, "" if it has none.
func stateOf(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// explainPostgres returns an error that explains in a sentence why a database could not be opened.
func explainPostgres(err error) error {
	var unreachable *pgconn.ConnectError
	switch state := stateOf(err); {
	case state == "28P01" || state == "28000":
		return fmt.Errorf("the Postgres server refuses the user name or the password: %w", err)
	case state == "3D000":
		return fmt.Errorf("the Postgres server has no such database: make it with CREATE DATABASE, ENCODING 'UTF8': %w", err)
	case state == "42501":
		return fmt.Errorf("the Postgres user may not make tables there: make it the database's owner: %w", err)
	case state == "53300":
		return fmt.Errorf("the Postgres server has no connection left: "+
			"raise its max_connections, or lower pool_max_conns in the address: %w", err)
	case state == "" && errors.As(err, &unreachable):
		return fmt.Errorf("the Postgres server cannot be reached: %w", err)
	}
	return err
}

// secrets are texts that no error may contain.
type secrets []string

// secretsOf returns the passwords of an address, as they are and as they are written there.
func secretsOf(databaseURL string, config *pgx.ConnConfig) (all secrets) {
	add := func(texts ...string) {
		for _, text := range texts {
			if text != "" {
				all = append(all, text, url.QueryEscape(text), url.PathEscape(text))
			}
		}
	}
	if u, err := url.Parse(databaseURL); err == nil {
		password, _ := u.User.Password()
		q := u.Query()
		add(password, q.Get("password"), q.Get("sslpassword"))
		_, written, _ := strings.Cut(u.User.String(), ":")
		add(written)
	}
	if config != nil {
		add(config.Password)
	}
	return all
}

// hidden is an error without the secrets in its text.
type hidden struct {
	error
	text string
}

func (h hidden) Error() string { return h.text }
func (h hidden) Unwrap() error { return h.error }

func (s secrets) in(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	if text == err.Error() {
		return err
	}
	return hidden{err, text}
}
