package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

func TestConformanceOnPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		url := postgresSchema(t)
		return func(t *testing.T, o store.Options) *store.Store { return open(t, url, o) }
	})
}

func TestRowsContainNoSecrets(t *testing.T) {
	p := plant(t, postgresSchema, options(t, 'k'))
	db := raw(t, p.url)
	var all []byte
	for _, table := range texts(t, db, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`) {
		all = append(all, wholeTable(t, db, table)...)
	}
	p.noCanaries(t, all)
}

// wholeTable returns every value of a table, bytes as they are.
func wholeTable(t *testing.T, db *sql.DB, table string) (all []byte) {
	t.Helper()
	rows, err := db.Query(`SELECT * FROM ` + table)
	check(t, err)
	defer rows.Close()
	names, err := rows.Columns()
	check(t, err)
	for rows.Next() {
		values, into := make([]sql.RawBytes, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		check(t, rows.Scan(into...))
		all = append(all, bytes.Join(asBytes(values), []byte("\n"))...)
	}
	check(t, rows.Err())
	return all
}

func asBytes(values []sql.RawBytes) (all [][]byte) {
	for _, v := range values {
		all = append(all, v)
	}
	return all
}

// change returns an address with some of its parts replaced.
func change(t *testing.T, databaseURL string, f func(u *url.URL, q url.Values)) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	check(t, err)
	q := u.Query()
	f(u, q)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestPostgresErrorsAreSentencesWithoutThePassword(t *testing.T) {
	good := postgresSchema(t)
	user, password, login := loginOf(t, good)
	check(t, first(store.Open(t.Context(), good, options(t, 1))).Close())
	newer := postgresSchema(t)
	check(t, first(store.Open(t.Context(), newer, options(t, 1))).Close())
	update(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, TRUE)`)
	free := first(net.Listen("tcp", "127.0.0.1:0"))
	check(t, free.Close())
	for name, c := range map[string]struct{ url, want string }{
		"wrong password": {
			change(t, good, func(u *url.URL, _ url.Values) { u.User = url.UserPassword(user, "hunter2") }),
			"user name or the password",
		},
		"no such database": {change(t, good, func(u *url.URL, _ url.Values) { u.Path = "/nowhere" }), "no such database"},
		"no server": {
			change(t, good, func(u *url.URL, _ url.Values) { u.Host = free.Addr().String() }), "cannot be reached",
		},
		"another user's schema": {login, "may not make tables"},
		"a newer database":      {newer, "the tables are at version 4711, and this Hookwall knows"},
		"a parameter that is none": {
			change(t, good, func(_ *url.URL, q url.Values) { q.Set("hookwall", "1") }), "unrecognized configuration parameter",
		},
		"no number": {
			change(t, good, func(_ *url.URL, q url.Values) { q.Set("pool_max_conns", "many") }), "not a number",
		},
		"one connection":   {change(t, good, func(_ *url.URL, q url.Values) { q.Set("pool_max_conns", "1") }), "at least 2"},
		"no such mode":     {"postgres://user:hunter2@host/db?sslmode=maybe", "cannot be used"},
		"in a parameter":   {"postgres://user@host/db?password=hunter2&sslmode=maybe", "cannot be used"},
		"a slash":          {"postgres://user:hunter2/x@host/db", "%2F for /"},
		"a slash and port": {"postgres://user:12/hunter2@host/db", "%2F for /"},
		"a hash":           {"postgres://user:12#hunter2@host/db", "%23 for #"},
		"a question mark":  {"postgres://user:12?hunter2@host/db", "%3F for ?"},
		"a percent sign":   {"postgres://user:hunter2%zz@host/db", "%25 for %"},
		"without slashes":  {"postgres:user:hunter2@host/db", "write it like postgres://"},
		"the long name":    {"postgresql://user:hunter2%@host/db", "write it like postgres://"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			o := options(t, 1)
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			s, err := store.Open(t.Context(), c.url, o)
			if err == nil {
				s.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want it to say %q", err, c.want)
			}
			for _, text := range []string{fmt.Sprintf("%v %+v %#v", err, err, err.Error()), log.String()} {
				if strings.Contains(text, "hunter2") || strings.Contains(text, password) {
					t.Errorf("%q has the password", text)
				}
			}
		})
	}
}

// loginOf returns the user and the password of an address, and the address of another user who has no
// rights in its schema.
func loginOf(t *testing.T, databaseURL string) (user, password, other string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	check(t, err)
	password, ok := u.User.Password()
	if !ok {
		t.Fatal("the address has no password")
	}
	name := u.Query().Get("search_path") + "_other"
	db := raw(t, databaseURL)
	exec(t, db, `CREATE ROLE `+name+` LOGIN PASSWORD 'hunter2'`)
	t.Cleanup(func() {
		_, err := raw(t, databaseURL).Exec(`DROP OWNED BY ` + name)
		check(t, err)
		_, err = raw(t, databaseURL).Exec(`DROP ROLE ` + name)
		check(t, err)
	})
	exec(t, db, `GRANT USAGE ON SCHEMA `+u.Query().Get("search_path")+` TO `+name)
	other = change(t, postgresSchemaFor(t, databaseURL, name),
		func(u *url.URL, _ url.Values) { u.User = url.UserPassword(name, "hunter2") })
	return u.User.Username(), password, other
}

// postgresSchemaFor makes an empty schema in which a role may not create tables.
func postgresSchemaFor(t *testing.T, databaseURL, role string) string {
	t.Helper()
	fresh := postgresSchema(t)
	u, err := url.Parse(fresh)
	check(t, err)
	exec(t, raw(t, databaseURL), `GRANT USAGE ON SCHEMA `+u.Query().Get("search_path")+` TO `+role)
	return fresh
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.Exec(query, args...)
	check(t, err)
}

func TestPostgresKeepsUnicode(t *testing.T) {
	server := postgresSchema(t)
	name := "hookwall_latin_" + strings.TrimPrefix(first(url.Parse(server)).Query().Get("search_path"), "hookwall_test_")
	exec(t, raw(t, server), `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`)
	t.Cleanup(func() {
		_, err := raw(t, server).Exec(`DROP DATABASE ` + name)
		check(t, err)
	})
	latin := change(t, server, func(u *url.URL, q url.Values) { u.Path = "/" + name; q.Del("search_path") })
	_, err := store.Open(t.Context(), latin, options(t, 1))
	if err == nil || !strings.Contains(err.Error(), "ENCODING 'UTF8'") {
		t.Errorf("error %v", err)
	}
}

// When a replica dies while it migrates the tables, its lock is released.
func TestMigrationAfterADeadReplica(t *testing.T) {
	databaseURL := postgresSchema(t)
	schema := first(url.Parse(databaseURL)).Query().Get("search_path")
	db := raw(t, databaseURL)
	dying, err := db.Conn(t.Context())
	check(t, err)
	var pid int
	check(t, dying.QueryRowContext(t.Context(), `SELECT pg_backend_pid() FROM pg_advisory_lock($1)`,
		store.MigrationLock(schema)).Scan(&pid))
	opened := make(chan error, 1)
	go func() {
		s, err := store.Open(t.Context(), databaseURL, options(t, 1))
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	waitUntil(t, db, `SELECT COUNT(*) > 0 FROM pg_stat_activity
		WHERE query LIKE 'SELECT pg_try_advisory_lock%' AND pid <> $1`, pid)
	select {
	case err := <-opened:
		t.Fatalf("opened while another replica had the lock, error %v", err)
	default:
	}
	exec(t, db, `SELECT pg_terminate_backend($1)`, pid)
	check(t, <-opened)
	dying.Close()
}

func TestRestartNeedsNoLock(t *testing.T) {
	databaseURL := postgresSchema(t)
	check(t, first(store.Open(t.Context(), databaseURL, options(t, 1))).Close())
	busy, err := raw(t, databaseURL).Conn(t.Context())
	check(t, err)
	defer busy.Close()
	schema := first(url.Parse(databaseURL)).Query().Get("search_path")
	_, err = busy.ExecContext(t.Context(), `SELECT pg_advisory_lock($1)`, store.MigrationLock(schema))
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := store.Open(ctx, databaseURL, options(t, 1))
	check(t, err)
	check(t, s.Close())
}

// waitUntil waits until a query returns TRUE.
func waitUntil(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for there := false; !there; {
		check(t, db.QueryRowContext(ctx, query, args...).Scan(&there))
	}
}

func TestTheClockIsTheServers(t *testing.T) {
	databaseURL := postgresSchema(t)
	exec(t, raw(t, databaseURL), `CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql
		AS $$ SELECT pg_catalog.clock_timestamp() + INTERVAL '5 minutes' $$`)
	// With this search path, the function above comes before the server's own.
	fast := change(t, databaseURL,
		func(_ *url.URL, q url.Values) { q.Set("search_path", q.Get("search_path")+",pg_catalog") })
	for name, c := range map[string]struct {
		url   string
		ahead time.Duration
	}{"right": {databaseURL, 0}, "fast": {fast, 5 * time.Minute}} {
		s := open(t, c.url, options(t, 1))
		if off := s.Now().Sub(time.Now().Add(c.ahead)); off.Abs() > time.Minute {
			t.Errorf("%s: the clock is %v off", name, off)
		}
		owner, _ := signIn(t, s)
		var created int64
		check(t, raw(t, databaseURL).QueryRow(`SELECT created_at FROM owners WHERE id = $1`, string(owner)).Scan(&created))
		if off := time.UnixMilli(created).Sub(time.Now().Add(c.ahead)); off.Abs() > time.Minute {
			t.Errorf("%s: the row's time is %v off", name, off)
		}
	}
}

// TestTheClockIsReadAgain: it is unknown how late a slow reading is, as when the process was suspended.
// Leases of a replica whose clock is behind end too early for the others.
func TestTheClockIsReadAgain(t *testing.T) {
	databaseURL := postgresSchema(t)
	db := raw(t, databaseURL)
	exec(t, db, `CREATE SEQUENCE readings`)
	exec(t, db, `CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$
		BEGIN
			IF nextval('readings') = 1 THEN PERFORM pg_catalog.pg_sleep(3); END IF;
			RETURN pg_catalog.clock_timestamp();
		END $$`)
	slow := change(t, databaseURL,
		func(_ *url.URL, q url.Values) { q.Set("search_path", q.Get("search_path")+",pg_catalog") })
	s := open(t, slow, options(t, 1))
	if off := time.Until(s.Now()); off.Abs() > time.Second {
		t.Errorf("the clock is %v off", off)
	}
}

func TestLostConnectionsAreReplaced(t *testing.T) {
	databaseURL := postgresSchema(t)
	s := open(t, change(t, databaseURL,
		func(_ *url.URL, q url.Values) { q.Set("application_name", "doomed_"+q.Get("search_path")) }), options(t, 1))
	owner, _ := signIn(t, s)
	db := raw(t, databaseURL)
	for range 3 {
		const connections = ` FROM pg_stat_activity WHERE application_name = 'doomed_' || current_schema()`
		if n := len(texts(t, db, `SELECT pg_terminate_backend(pid)`+connections)); n == 0 {
			t.Fatalf("there was no connection to end among %q", texts(t, db, `SELECT application_name FROM pg_stat_activity`))
		}
		waitUntil(t, db, `SELECT COUNT(*) = 0`+connections)
		// One request may get a connection that the pool does not yet know to have ended.
		err := s.Ping(t.Context())
		if err != nil {
			t.Logf("first request: %v", err)
		}
		check(t, s.AddFlash(t.Context(), owner, "/", []byte("f")))
	}
	all, err := s.TakeFlashes(t.Context(), owner, "/")
	check(t, err)
	if len(all) != 3 {
		t.Errorf("%d flashes, want 3", len(all))
	}
}

// TestReadsAfterLostConnections: a statement that only reads runs again on another connection, whatever it begins with.
func TestReadsAfterLostConnections(t *testing.T) {
	databaseURL := postgresSchema(t)
	s := open(t, change(t, databaseURL,
		func(_ *url.URL, q url.Values) { q.Set("application_name", "doomed_"+q.Get("search_path")) }), options(t, 1))
	owner, token := signIn(t, s)
	db := raw(t, databaseURL)
	for name, read := range map[string]func() error{
		"a session": func() error {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.AddCookie(&http.Cookie{Name: "session", Value: token})
			session, err := s.Sessions(store.CookieOptions{Name: "session"}).Get(r, "session")
			if err == nil && store.OwnerOf(session) != owner {
				return fmt.Errorf("owner %q, want %q", store.OwnerOf(session), owner)
			}
			return err
		},
		"the actors": func() error { _, err := s.Actors(t.Context(), "sh_1"); return err },
		"a ping":     func() error { return s.Ping(t.Context()) },
	} {
		check(t, read()) // so soon before, the pool doesn't ask whether the connection is there
		const connections = ` FROM pg_stat_activity WHERE application_name = 'doomed_' || current_schema()`
		exec(t, db, `SELECT pg_terminate_backend(pid)`+connections)
		waitUntil(t, db, `SELECT COUNT(*) = 0`+connections)
		if err := read(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestConnectionBreaksOffWhileMade: one connection that breaks off while it's
// made is tried again, and a server that drops each one is unavailable.
func TestConnectionBreaksOffWhileMade(t *testing.T) {
	for _, test := range []struct {
		name  string
		drops int32
		want  error
	}{
		{"none", 0, nil},
		{"the first", 1, nil},
		{"each one", 1000, store.ErrUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			databaseURL, drops := dropping(t, postgresSchema(t))
			s := open(t, databaseURL, options(t, 1))
			drops.Store(test.drops) // and the connections that there are
			if err := s.Ping(t.Context()); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// dropping returns the address of a server that passes everything on to the one
// of databaseURL. When drops is set, it ends its connections, and as many of the
// next ones when the client has sent something.
func dropping(t *testing.T, databaseURL string) (address string, drops *dropper) {
	t.Helper()
	l := first(net.Listen("tcp", "127.0.0.1:0"))
	d := &dropper{upstream: first(url.Parse(databaseURL)).Host}
	t.Cleanup(func() {
		_ = l.Close()
		d.Store(0)
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go d.serve(conn)
		}
	}()
	return change(t, databaseURL, func(u *url.URL, q url.Values) {
		u.Host = l.Addr().String()
		q.Set("sslmode", "disable") // otherwise the driver itself tries twice
	}), d
}

// dropper passes connections on, or drops them.
type dropper struct {
	upstream string

	mu    sync.Mutex
	drops int32
	open  []net.Conn
}

// Store ends all connections, and drops this many of the next ones.
func (d *dropper) Store(drops int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drops = drops
	for _, conn := range d.open {
		_ = conn.Close()
	}
	d.open = nil
}

func (d *dropper) serve(conn net.Conn) {
	defer conn.Close()
	start := make([]byte, 8)
	if _, err := io.ReadFull(conn, start); err != nil || d.takes(conn, start) {
		return
	}
	up, err := net.Dial("tcp", d.upstream)
	if err != nil {
		return
	}
	defer up.Close()
	if _, err := up.Write(start); err != nil {
		return
	}
	go func() { _, _ = io.Copy(up, conn); _ = up.Close() }()
	_, _ = io.Copy(conn, up)
}

// takes reports whether conn is one to drop. A request to cancel a statement,
// of 16 bytes, comes on a connection of its own, and isn't counted.
func (d *dropper) takes(conn net.Conn, start []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if binary.BigEndian.Uint32(start) == 16 {
		return true
	}
	if d.drops > 0 {
		d.drops--
		return true
	}
	d.open = append(d.open, conn)
	return false
}

// After a failover to a server without the tables, the store is unavailable.
func TestADatabaseWithoutTablesIsUnavailable(t *testing.T) {
	databaseURL := postgresSchema(t)
	s := open(t, databaseURL, options(t, 1))
	check(t, s.Ping(t.Context()))
	exec(t, raw(t, databaseURL), `DROP TABLE owners CASCADE`)
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, store.ErrUnavailable)
	}
}

func TestADeadlockIsRunAgain(t *testing.T) {
	databaseURL := postgresSchema(t)
	var log bytes.Buffer
	o := options(t, 1)
	o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	// The server ends the transaction that waits longer than this, which is the store's.
	s := open(t, change(t, databaseURL, func(_ *url.URL, q url.Values) { q.Set("deadlock_timeout", "2s") }), o)
	owner, _ := signIn(t, s)
	first(s.PutConnection(t.Context(), store.Connection{Owner: owner, ShopID: "one"}))
	check(t, s.PutSecret(t.Context(), owner, "one", "wcon_1", "secret", time.Now().Add(time.Hour)))
	db := raw(t, databaseURL)
	tx, err := db.Begin()
	check(t, err)
	_, err = tx.Exec(`SET LOCAL deadlock_timeout = '1h'`)
	check(t, err)
	_, err = tx.Exec(`SELECT 1 FROM webhook_secrets FOR UPDATE`)
	check(t, err)
	done := make(chan error, 1)
	go func() { done <- s.DeleteConnection(t.Context(), owner, "one") }()
	waitUntil(t, db, `SELECT COUNT(*) > 0 FROM pg_stat_activity
		WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM webhook_secrets%'`)
	_, err = tx.Exec(`SELECT 1 FROM connections FOR UPDATE`)
	check(t, errors.Join(err, tx.Commit(), <-done))
	if !strings.Contains(log.String(), "is run again") {
		t.Errorf("log %q: nothing collided", log.String())
	}
	if _, err := s.Connection(t.Context(), owner, "one"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("error %v, want %v", err, store.ErrNotFound)
	}
}

// A renewal that began before the sweep keeps its owner.
func TestTheSweepWaitsForARenewal(t *testing.T) {
	databaseURL := postgresSchema(t)
	s := open(t, databaseURL, options(t, 1))
	owner, _ := signIn(t, s)
	db := raw(t, databaseURL)
	exec(t, db, `DELETE FROM sessions`)
	tx, err := db.Begin()
	check(t, err)
	_, err = tx.Exec(`
		INSERT INTO sessions (token_hash, environment, owner, created_at, seen_at) VALUES ('renewed', $1, $2, $3, $3)`,
		environment, string(owner), s.Now().UnixMilli())
	check(t, err)
	done := make(chan error, 1)
	go func() { done <- s.Sweep(t.Context()) }()
	waitUntil(t, db, `SELECT COUNT(*) > 0 FROM pg_stat_activity
		WHERE wait_event_type = 'Lock' AND query LIKE '%FROM owners%' AND state = 'active' AND pid <> pg_backend_pid()`)
	check(t, errors.Join(tx.Commit(), <-done))
	if left := texts(t, db, `SELECT token_hash FROM sessions`); len(left) != 1 {
		t.Errorf("sessions %q, want the renewed one", left)
	}
}

// The previous version of Hookwall keeps working after the next one has migrated the tables.
func TestNewerTablesWorkWithThisVersion(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		for i := range 20 { // statements are prepared
			check(t, oneRequest(t, p.store, i))
		}
		db := raw(t, p.url)
		tables := columns(t, p.url, "TEXT")
		for i, name := range tables {
			tables[i], _, _ = strings.Cut(name, ".")
		}
		for _, table := range unique(tables) {
			exec(t, db, `ALTER TABLE `+table+` ADD COLUMN more_or_less BIGINT NOT NULL DEFAULT 7`)
			exec(t, db, `CREATE INDEX more_`+table+` ON `+table+` (more_or_less)`)
		}
		for i := range 20 {
			check(t, oneRequest(t, p.store, 100+i))
		}
		for _, c := range sealedColumns {
			check(t, c.read(t, p, "one"))
		}
	})
}

// A version that knows no team sweeps owners without a session, while both run during an upgrade.
func TestTheVersionBeforeSweepsNoTeam(t *testing.T) {
	p := plant(t, postgresSchema, options(t, 1))
	team, err := p.store.Team(t.Context())
	check(t, err)
	shared := store.Connection{Owner: team, ShopID: "shop", Credential: []byte("{}")}
	conn, err := p.store.PutConnection(t.Context(), shared)
	check(t, err)
	db := raw(t, p.url)
	exec(t, db, `DELETE FROM sessions WHERE seen_at <= $1 OR created_at <= $1`, time.Now().Add(1000*time.Hour).UnixMilli())
	exec(t, db, `DELETE FROM owners WHERE NOT EXISTS (
			SELECT 1 FROM sessions WHERE sessions.environment = owners.environment AND sessions.owner = owners.id)`)
	if _, err := p.store.ConnectionByID(t.Context(), conn.ID); err != nil {
		t.Errorf("the team's connection: %v", err)
	}
	if _, err := p.store.Connection(t.Context(), p.owner, "one"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a session's connection: %v", err)
	}
	check(t, p.store.Sweep(t.Context()))
	_, err = p.store.Team(t.Context())
	check(t, err)
}

func unique(all []string) (some []string) {
	seen := map[string]bool{}
	for _, s := range all {
		if !seen[s] {
			some = append(some, s)
		}
		seen[s] = true
	}
	return some
}

func TestMigrationsOnlyAdd(t *testing.T) {
	adds := regexp.MustCompile(`^(CREATE TABLE \w+ \(|CREATE (UNIQUE )?INDEX \w+ ON|DROP INDEX \w+$|` +
		`ALTER TABLE \w+ ADD COLUMN \w+ \w+( NOT NULL DEFAULT \S+| DEFAULT \S+)?$)`)
	check(t, filepath.WalkDir("migrations", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		text := regexp.MustCompile(`--.*`).ReplaceAllString(string(b), "")
		for statement := range strings.SplitSeq(text, ";") {
			if statement = strings.Join(strings.Fields(statement), " "); statement != "" && !adds.MatchString(statement) {
				t.Errorf("%s: %q may break the version before", path, statement)
			}
		}
		return err
	}))
}
