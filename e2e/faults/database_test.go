package faults

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"modernc.org/sqlite"

	"hookwall/internal/store/storetest"
)

const (
	noDatabase = "Hookwall can’t use its database"
	askAround  = "give the request ID to your administrator"
)

var (
	uncreated = want{
		status: 503, after: "10",
		says: says(noDatabase, "Your input is kept below. Click the button again", askAround), kept: "form",
		heals: "press",
	}
	unsaved = want{
		status: 503, after: "10",
		says: says(noDatabase, "Your input is kept below. Click the button again", askAround), kept: "form",
		heals: "press, save",
	}
	unsavedYet = want{
		status: 503, after: "10", says: says(noDatabase, "Send it again in a moment", askAround),
		kept: "draft", heals: "save",
	}
	undeletable = want{
		status: 503, after: "10", says: says(noDatabase, "Send it again in a moment", askAround),
		heals: "press",
	}
	unreadable = want{
		status: 503, after: "10", says: says(noDatabase, "you’re still signed in", askAround),
		heals: "reload",
	}
)

// stuck is a database that can only be read.
func (f fault) stuck() fault {
	f.create, f.edit, f.remove, f.list, f.unready = uncreated, unsaved, undeletable, listed, true
	return f
}

// away is a database that does not respond.
func (f fault) away() fault {
	f.create, f.edit, f.remove, f.list, f.unready = uncreated, unsavedYet, undeletable, unreadable, true
	return f
}

var databaseFaults = []fault{
	fault{
		name: "SQLite is locked", begin: lockFile, end: func(w *world) { w.release() },
		log: "the database cannot be used", // or waited for the turn of another write, a job's perhaps
	}.stuck(),
	fault{
		name: "SQLite's disk is full", place: smallDisk, begin: fill, end: empty,
		log: "database or disk is full",
	}.stuck(),
	fault{
		name: "SQLite is read-only", settings: settings{idle: true}, begin: readOnly("1"), end: readOnly("0"),
		log: "attempt to write a readonly database",
	}.stuck(),
	{
		name: "SQLite's folder is moved away and back", begin: move("", ".away"), end: move(".away", ""),
		create: created, edit: saved, remove: deleted, list: listed,
	},
	fault{
		name: "SQLite's log is deleted", begin: func(w *world) { w.must(os.Remove(w.database + "-wal")) },
		end: (*world).restart, log: "the -wal file beside the database was deleted",
	}.away(),
	fault{
		name: "a copy is written into SQLite's file", begin: rewrite, end: (*world).restart,
		log: "another program wrote into the database",
	}.away(),
	fault{
		name: "Postgres is away", place: postgres, begin: func(w *world) { w.db.cut() },
		end: func(w *world) { w.db.restore() }, log: "connection refused",
	}.away(),
	{
		name: "Postgres is silent", place: postgres, begin: func(w *world) { w.db.silence() },
		end: func(w *world) { w.db.restore() },
		log: "the database cannot be used", create: uncreated, list: unreadable, unready: true, // each waits for it
	},
	fault{
		name: "Postgres is locked", place: postgres, begin: lockTables, end: func(w *world) { w.release() },
		log: "lock timeout",
	}.stuck(),
	fault{
		name: "Postgres is read-only", place: ownPostgres, begin: standby("on"), end: standby("off"),
		log: "in a read-only transaction",
	}.stuck(),
	fault{
		name: "Postgres breaks off and is back", place: postgres, begin: func(w *world) { w.db.cut(); w.db.restore() },
		end: func(*world) {},
	}.done(),
}

func postgres(t *testing.T) string { return storetest.Postgres(t) }

// TestDatabase makes the database unavailable during each of the actions.
func TestDatabase(t *testing.T) { meetAll(t, databaseFaults) }

// TestReady: supervisors learn of every fault that keeps people from saving,
// and of its end.
func TestReady(t *testing.T) {
	for _, f := range databaseFaults {
		if !f.unready {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if f.place != nil {
				f.settings.database = f.place(t)
			}
			w := newWorld(t, f.settings)
			p := w.person(0)
			f.begin(w)
			if pg := p.get("/readyz"); pg.Status != http.StatusServiceUnavailable {
				t.Errorf("status %d: %s", pg.Status, pg.Body)
			}
			f.end(w)
			w.awaitReady(p)
		})
	}
}

// awaitReady waits until background work has started too, if that was due
// during the fault.
func (w *world) awaitReady(p *person) {
	w.t.Helper()
	tick, limit := time.NewTicker(100*time.Millisecond), time.NewTimer(time.Minute)
	defer tick.Stop()
	defer limit.Stop()
	for {
		pg := p.get("/readyz")
		if pg.Status == http.StatusOK {
			return
		}
		if !strings.Contains(pg.Body, "background work") {
			w.t.Fatalf("status %d after the fault: %s", pg.Status, pg.Body)
		}
		select {
		case <-tick.C:
		case <-limit.C:
			w.t.Fatalf("background work does not start:\n%s", w.logs.String())
		}
	}
}

// longest is how long a person waits at most for a database that can't be used:
// 12 s, and the rest for a busy machine. Where people wait
// for each other's turns, it's minutes.
const longest = 24 * time.Second

// TestDatabaseForMany: nobody waits for the others' turns.
func TestDatabaseForMany(t *testing.T) {
	silent := fault{
		name: "Postgres is silent", place: postgres, begin: func(w *world) { w.db.silence() },
		end: func(w *world) { w.db.restore() }, log: "the database cannot be used",
	}
	slow := silent
	slow.name, slow.begin = "Postgres takes 3 s for each response", func(w *world) { w.db.slow(3 * time.Second) }
	for _, test := range []struct {
		fault  fault
		people int
	}{{silent, 1}, {silent, 12}, {silent, 60}, {slow, 1}, {slow, 12}, {databaseFaults[0], 60}} {
		name := fmt.Sprintf("%s, %d people at once", test.fault.name, test.people)
		matrix.expect(name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.fault.place != nil {
				test.fault.settings.database = test.fault.place(t)
			}
			w := newWorld(t, test.fault.settings)
			attempts, pages := make([]*attempt, test.people), make([]page, test.people)
			for i := range attempts {
				attempts[i] = w.connected(i%3).begin(creates, fmt.Sprint("many-", test.people, "-", i))
				w.box.Advance(time.Second) // for its limits
			}
			test.fault.begin(w)
			began := time.Now()
			var all sync.WaitGroup
			for i, a := range attempts {
				all.Go(func() { pages[i] = a.act() })
			}
			all.Wait()
			took := time.Since(began)
			t.Logf("the last one waited for %v", took)
			if took > longest {
				t.Errorf("%v is too long", took)
			}
			for i, a := range attempts[1:] {
				if pg := pages[i+1]; pg.Status != uncreated.status || !pg.keeps("form", a.typed) {
					t.Errorf("one of them sees %s", pg)
				}
			}
			test.fault.end(w)
			w.awaitFreeConnections()
			want := uncreated
			want.log = test.fault.log
			attempts[0].compare(name, attempts[0].observe(pages[0]), want)
			for _, a := range attempts[1:] {
				if end := a.act(); !a.succeeded(end) {
					t.Errorf("then one of them sees %s", end)
				}
				w.box.Advance(time.Second)
			}
		})
	}
}

// awaitFreeConnections waits until no connection is in use or being made. A
// connection that was begun before the end of a fault may fail after it, and
// whoever waits for a connection gets that error.
func (w *world) awaitFreeConnections() {
	w.t.Helper()
	tick, limit := time.NewTicker(10*time.Millisecond), time.NewTimer(time.Minute)
	defer tick.Stop()
	defer limit.Stop()
	for {
		used := 0
		for _, pool := range w.store.Pools() {
			used += pool.InUse
		}
		if used == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-limit.C:
			w.t.Fatalf("connections remain in use: %+v", w.store.Pools())
		}
	}
}

// somebodyElse connects to the database as would.
func (w *world) somebodyElse(driver, address string) {
	w.t.Helper()
	db, err := sql.Open(driver, address)
	w.must(err)
	db.SetMaxOpenConns(1)
	w.other = db
	w.t.Cleanup(func() { db.Close() })
}

func (w *world) execute(statements ...string) {
	w.t.Helper()
	for _, s := range statements {
		_, err := w.other.ExecContext(w.t.Context(), s)
		w.must(err)
	}
}

func lockFile(w *world) {
	w.somebodyElse("sqlite", w.database)
	w.execute("PRAGMA busy_timeout = 5000", "BEGIN EXCLUSIVE")
	w.release = func() { w.execute("ROLLBACK") }
}

// smallDisk is a file on its own file system, which requires root.
func smallDisk(t *testing.T) string {
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs",
		dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be made: %s", out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return filepath.Join(dir, "hookwall.db")
}

func filler(w *world) string { return filepath.Join(filepath.Dir(w.database), "filler") }

func fill(w *world) {
	f, err := os.Create(filler(w))
	w.must(err)
	if _, err := io.Copy(f, zeros{}); err == nil {
		w.t.Error("the disk is not full")
	}
	w.must(f.Close())
}

func empty(w *world) { w.must(os.Remove(filler(w))) }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// rewrite writes into the file what it has.
func rewrite(w *world) {
	b, err := os.ReadFile(w.database)
	w.must(err)
	w.must(os.WriteFile(w.database, b, 0o600))
}

// move renames the folder of the database, while the file is in use.
func move(from, to string) func(*world) {
	return func(w *world) {
		dir := filepath.Dir(w.database)
		w.must(os.Rename(dir+from, dir+to))
	}
}

// connections are those of all stores to SQLite files.
var connections struct {
	sync.Mutex
	all map[string][]sqlite.ExecQuerierContext // by address
}

func init() {
	connections.all = map[string][]sqlite.ExecQuerierContext{}
	sqlite.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, address string) error {
		connections.Lock()
		defer connections.Unlock()
		connections.all[address] = append(connections.all[address], c)
		return nil
	})
}

// readOnly refuses writing at the connections that write, as SQLite itself does
// where the file cannot be written. The dashboard must be idle.
func readOnly(on string) func(*world) {
	return func(w *world) {
		connections.Lock()
		defer connections.Unlock()
		for address, all := range connections.all {
			if !strings.Contains(address, w.database) || strings.Contains(address, "query_only") {
				continue
			}
			for _, c := range all {
				_, err := c.ExecContext(context.Background(), "PRAGMA query_only="+on, nil)
				w.must(err)
			}
		}
	}
}

func lockTables(w *world) {
	w.somebodyElse("pgx", w.database)
	tx, err := w.other.BeginTx(w.t.Context(), nil)
	w.must(err)
	_, err = tx.ExecContext(w.t.Context(), "LOCK TABLE operations, drafts, flashes, leases IN EXCLUSIVE MODE")
	w.must(err)
	w.release = func() { w.must(tx.Rollback()) }
}

// ownPostgres is a database of its own, for settings of a whole database.
func ownPostgres(t *testing.T) string {
	u, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	w, name := &world{t: t}, "hookwall_faults_"+strings.ToLower(rand.Text())
	w.somebodyElse("pgx", u.String())
	w.execute("CREATE DATABASE " + name + " ENCODING 'UTF8' TEMPLATE template0")
	t.Cleanup(func() {
		_, _ = w.other.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
	})
	u.Path, u.RawQuery = "/"+name, "sslmode=disable"
	return u.String()
}

// standby makes the database read-only, or writable again, and ends all
// connections to it, as a failover does.
func standby(on string) func(*world) {
	return func(w *world) {
		u, err := url.Parse(w.database)
		w.must(err)
		name := strings.TrimPrefix(u.Path, "/")
		w.somebodyElse("pgx", os.Getenv("HOOKWALL_TEST_POSTGRES"))
		w.execute("ALTER DATABASE "+name+" SET default_transaction_read_only = "+on,
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	}
}
