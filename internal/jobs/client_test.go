package jobs

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"go.uber.org/goleak"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

// TestReindex: River rebuilds indexes by names that only Postgres has, and warns each night if they are missing.
func TestReindex(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	queue, err := s.open().Queue()
	s.must(err)
	defer queue.Close()
	driver := driverOf(queue)
	s.must(migrate(t.Context(), queue))
	names := New(nil, slog.New(slog.DiscardHandler)).config(queue, Work{}).ReindexerIndexNames
	if names == nil {
		names = river.ReindexerIndexNamesDefault()
	}
	found, err := driver.GetExecutor().IndexesExist(t.Context(), &riverdriver.IndexesExistParams{IndexNames: names})
	s.must(err)
	for _, name := range names {
		if !found[name] {
			t.Errorf("there is no index %s", name)
		}
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a database with clients on it, on Postgres if there is a server, else on SQLite.
type stage struct {
	t        *testing.T
	database string
	logs     lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t}
	if os.Getenv("HOOKWALL_TEST_POSTGRES") != "" {
		s.database = storetest.Postgres(t)
	} else {
		s.database = filepath.Join(t.TempDir(), "h.db")
	}
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// open opens the store, as a process does.
func (s *stage) open() *store.Store {
	s.t.Helper()
	keys, err := store.ParseKeys(strings.Repeat("A", 42) + "E=")
	s.must(err)
	st, err := store.Open(s.t.Context(), s.database, store.Options{Keys: keys, Environment: "test"})
	s.must(err)
	s.t.Cleanup(func() { s.must(st.Close()) })
	return st
}

func (s *stage) client(st *store.Store) *Client {
	return New(st, slog.New(slog.NewTextHandler(&s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

// run runs a client until the test or the function that it returns ends it.
func (s *stage) run(c *Client, work Work) (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx, work) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	s.t.Cleanup(stop)
	return stop
}

// eventually polls until a condition holds.
func (s *stage) eventually(what string, yes func() bool) {
	s.t.Helper()
	tick, limit := time.NewTicker(20*time.Millisecond), time.NewTimer(90*time.Second)
	defer tick.Stop()
	defer limit.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-limit.C:
			s.t.Fatalf("%s did not happen. The log:\n%s", what, s.logs.String())
		}
	}
}

// jobs counts the jobs that an SQL condition selects.
func (s *stage) jobs(st *store.Store, where string) (n int) {
	s.t.Helper()
	s.must(st.InTx(s.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM river_job WHERE "+where).Scan(&n)
	}))
	return n
}

func nothing(context.Context) error { return nil }

// counting returns work that counts how often each part is done.
func counting() (work Work, sweeps, reconciles, renewals *atomic.Int64) {
	sweeps, reconciles, renewals = new(atomic.Int64), new(atomic.Int64), new(atomic.Int64)
	count := func(n *atomic.Int64) func(context.Context) error {
		return func(context.Context) error { n.Add(1); return nil }
	}
	work = Work{Sweep: count(sweeps), Reconcile: count(reconciles), KeepAlive: count(renewals)}
	return work, sweeps, reconciles, renewals
}

// TestPeriodicWorkIsDoneOnce: of two clients that start together, which also make the tables together, one does each
// periodic job.
func TestPeriodicWorkIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	work, sweeps, reconciles, renewals := counting()
	s.run(s.client(st), work)
	s.run(s.client(st), work) // with connections of its own on Postgres; a SQLite file is for one process
	s.eventually("every job", func() bool { return sweeps.Load()+renewals.Load() >= 2 })
	s.eventually("recording the end of the jobs", func() bool { return s.jobs(st, "state = 'completed'") == 2 })
	if a, b, c := sweeps.Load(), reconciles.Load(), renewals.Load(); a != 1 || b != 0 || c != 1 {
		t.Errorf("swept %d times, reconciled %d times though nothing is due, renewed %d times", a, b, c)
	}
	if n := s.jobs(st, "1 = 1"); n != 2 {
		t.Errorf("%d jobs", n)
	}
	if s.logs.String() != "" {
		t.Errorf("the log:\n%s", s.logs.String())
	}
}

var errNo = errors.New("no")

// TestEnqueue: a job is there exactly if its transaction is, once, and for its time.
func TestEnqueue(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	c := s.client(st)
	work, sweeps, reconciles, _ := counting()
	insert := func(due time.Time, err error) error {
		return st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return errors.Join(c.enqueue(ctx, tx, due, reconcileArgs{}), err)
		})
	}
	s.must(insert(st.Now(), nil)) // ignored: there are no tables yet
	stop := s.run(c, work)
	s.eventually("starting", func() bool { return sweeps.Load() == 1 })
	stop()

	later := st.Now().Add(time.Hour)
	if err := insert(later, errNo); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	const scheduled = "kind = 'reconcile' AND state = 'scheduled'"
	if n := s.jobs(st, scheduled); n != 0 {
		t.Errorf("%d jobs of a transaction that was rolled back", n)
	}
	s.must(insert(later, nil))
	s.must(insert(later, nil))
	if n := s.jobs(st, scheduled); n != 1 {
		t.Errorf("%d jobs for the same time", n)
	}
	s.must(insert(time.Time{}, nil))
	s.run(c, work)
	s.eventually("the job that is due", func() bool { return reconciles.Load() == 1 })
	if n := s.jobs(st, scheduled); n != 1 {
		t.Errorf("%d jobs for later", n)
	}
}

// TestEnqueueThatFails: what is done besides in the transaction stays.
func TestEnqueueThatFails(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	c := s.client(st)
	work, sweeps, _, _ := counting()
	stop := s.run(c, work)
	s.eventually("starting", func() bool { return sweeps.Load() == 1 })
	stop()
	s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "ALTER TABLE river_job RENAME TO away")
		return err
	}))
	s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "CREATE TABLE beside (id BIGINT)"); err != nil {
			return err
		}
		return c.enqueue(ctx, tx, time.Time{}, reconcileArgs{})
	}))
	s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO beside (id) VALUES (1)")
		return err
	}))
	if !strings.Contains(s.logs.String(), "jobs could not be enqueued") {
		t.Errorf("the log:\n%s", s.logs.String())
	}
}

// TestDueAttemptIsReconciled: an attempt that stays open is reconciled when it's due, and again when it's due again,
// also while there is no leader.
func TestDueAttemptIsReconciled(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	s.migrate(st)
	s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO river_leader (elected_at, expires_at, leader_id, name)
			VALUES (CURRENT_TIMESTAMP, '2999-01-01 00:00:00', 'died', 'default')`)
		return err
	}))
	a, err := st.BeginActivity(t.Context(), store.Activity{Shop: "sh_1", RecheckGap: 200 * time.Millisecond})
	s.must(err)
	const passes = 2
	times := make(chan time.Time, passes+1)
	s.run(s.client(st), Work{Sweep: nothing, KeepAlive: nothing, Reconcile: func(ctx context.Context) error {
		times <- time.Now()
		if len(times) == passes {
			return st.EndRechecks(ctx, a.ID)
		}
		return st.ScheduleRecheck(ctx, a.ID, 100*time.Millisecond, time.Second)
	}})
	began := time.Now()
	s.eventually("reconciling", func() bool { return len(times) == passes })
	for range passes {
		at := <-times
		t.Logf("reconciled after %v", at.Sub(began))
		if at.Sub(began) > 15*time.Second {
			t.Error("that is too late")
		}
		began = at
	}
	s.eventually("nothing more to do", func() bool { return s.jobs(st, "state <> 'completed'") == 0 })
	if n := s.jobs(st, "kind = 'sweep'"); n != 0 {
		t.Error("there was a leader")
	}
}

// TestStopIsGraceful: a stop waits for a job that is running.
func TestStopIsGraceful(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	began, finish := make(chan struct{}), make(chan struct{})
	work := Work{Reconcile: nothing, KeepAlive: nothing, Sweep: func(context.Context) error {
		close(began)
		<-finish
		return nil
	}}
	stop := s.run(s.client(st), work)
	<-began
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Error("it doesn't wait for its job")
	case <-time.After(200 * time.Millisecond):
	}
	close(finish)
	<-stopped
	if n := s.jobs(st, "kind = 'sweep' AND state = 'completed'"); n != 1 {
		t.Errorf("%d sweeps are completed", n)
	}
	if n := s.jobs(st, "state = 'running'"); n != 0 {
		t.Errorf("%d jobs are still running", n)
	}
}

// TestStopCancels: a job that takes too long is canceled, and continues in another process.
func TestStopCancels(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	began := make(chan struct{})
	slow := Work{Reconcile: nothing, KeepAlive: nothing, Sweep: func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}}
	stop := s.run(s.client(st), slow)
	<-began
	at := time.Now()
	stop()
	if took := time.Since(at); took > softStop+5*time.Second {
		t.Errorf("it took %v", took)
	}
	work, sweeps, _, _ := counting()
	s.run(s.client(st), work)
	s.eventually("sweeping", func() bool { return sweeps.Load() == 1 })
}

// TestCanNotStart: the client says that it doesn't run, leaves everything else alone, and starts when it can.
func TestCanNotStart(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	c := s.client(st)
	if c.Err() != nil {
		t.Errorf("before it has tried: %v", c.Err())
	}
	exec := func(statement string) {
		t.Helper()
		s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement)
			return err
		}))
	}
	exec("CREATE TABLE river_leader (other BIGINT)") // of somebody else
	work, sweeps, _, _ := counting()
	s.run(c, work)
	s.eventually("failing", func() bool { return c.Err() != nil })
	s.must(st.Ping(t.Context()))
	if !strings.Contains(s.logs.String(), `level=ERROR msg="background work is not running"`) {
		t.Errorf("the log:\n%s", s.logs.String())
	}
	exec("DROP TABLE river_leader")
	s.eventually("starting", func() bool { return c.Err() == nil && sweeps.Load() == 1 })
	if !strings.Contains(s.logs.String(), `level=INFO msg="background work is running"`) {
		t.Errorf("the log:\n%s", s.logs.String())
	}
}

// TestTableIsGone: the client says that it doesn't run while jobs can't be fetched, and runs again when they can.
func TestTableIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	c := s.client(st)
	work, sweeps, _, _ := counting()
	s.run(c, work)
	s.eventually("starting", func() bool { return sweeps.Load() == 1 })
	for _, step := range []struct {
		statement, line string
		runs            bool
	}{
		{"ALTER TABLE river_job RENAME TO away", `level=ERROR msg="background work is not running"`, false},
		{"ALTER TABLE away RENAME TO river_job", `level=INFO msg="background work is running"`, true},
	} {
		s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, step.statement)
			return err
		}))
		s.eventually(step.statement, func() bool { return strings.Contains(s.logs.String(), step.line) })
		if c.Running() != step.runs || (c.Err() == nil) != step.runs {
			t.Errorf("%s: it runs: %t, error %v", step.statement, c.Running(), c.Err())
		}
	}
}

// TestFetchesThatFail: two in a row count, also after the client has started again.
func TestFetchesThatFail(t *testing.T) {
	t.Parallel()
	c := New(nil, slog.New(slog.DiscardHandler))
	gone := errors.New("no such table")
	for n, step := range []struct {
		starts bool
		err    error // of a fetch
		runs   bool
	}{
		{err: gone, runs: true},
		{runs: true},
		{err: gone, runs: true},
		{err: gone},
		{err: gone},
		{starts: true, runs: true},
		{err: gone, runs: true},
		{err: gone},
		{runs: true},
	} {
		if step.starts {
			c.works(t.Context())
		} else {
			c.fetched(t.Context(), step.err)
		}
		if (c.Err() == nil) != step.runs {
			t.Errorf("step %d: error %v", n, c.Err())
		}
	}
}

// TestWorkThatFails: errors are in the log under their own names, and not in the database.
func TestWorkThatFails(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	fails := func(context.Context) error { return errNo }
	_, err := st.BeginActivity(t.Context(), store.Activity{Shop: "sh_1"}) // due at once
	s.must(err)
	s.run(s.client(st), Work{Sweep: fails, Reconcile: fails, KeepAlive: fails})
	s.eventually("the end of the jobs", func() bool {
		n, ended := 0, "state = 'completed' AND errors IS NULL"
		_ = st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT COUNT(DISTINCT kind) FROM river_job WHERE "+ended).Scan(&n)
		})
		return n == 3
	})
	for _, line := range []string{"sweep failed", "reconciling failed", "renewing access failed"} {
		if !strings.Contains(s.logs.String(), line) {
			t.Errorf("%q is missing in:\n%s", line, s.logs.String())
		}
	}
}

// TestSettings: a killed replica's jobs continue within 45 s. They are found at most every 30 s, and made ready at most
// 5 s later.
func TestSettings(t *testing.T) {
	const found, ready = 30 * time.Second, 5 * time.Second
	if jobTimeout >= rescueAfter || rescueAfter+found+ready > 45*time.Second {
		t.Errorf("timeout %v, rescue after %v", jobTimeout, rescueAfter)
	}
	for _, args := range []river.JobArgsWithInsertOpts{sweepArgs{}, reconcileArgs{}, keepAliveArgs{}} {
		if len(args.InsertOpts().UniqueOpts.ByState) != len(unfinished) {
			t.Errorf("%T is not unique", args)
		}
	}
}

// TestInspect: it says which tables are there while others use them, and makes none.
func TestInspect(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	keys, err := store.ParseKeys(store.NewKey())
	s.must(err)
	inspected := func(when string, started, jobs bool) {
		t.Helper()
		found, err := Inspect(t.Context(), s.database, keys)
		if !started && !store.IsPostgres(s.database) {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: error %v", when, err)
			}
			return
		}
		s.must(err)
		current := 0
		if started {
			current = found.Known
		}
		if found.Current != current || found.Known == 0 || found.Jobs != jobs || found.NotWritable != nil ||
			(len(found.Keys) > 0) != started || found.Ahead.Abs() > time.Minute {
			t.Errorf("%s: %+v", when, found)
		}
	}
	inspected("at first", false, false)
	inspected("again", false, false)
	st := s.open()
	inspected("after the start", true, false)
	s.migrate(st)
	inspected("with jobs", true, true)
	if _, err := Inspect(t.Context(), "postgres://u:canary@127.0.0.1:1/none", keys); err == nil ||
		strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("without a server: %v", err)
	}
}
