package jobs

import (
	"bufio"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"hookwall/internal/store"
)

// visitArgs is a job of the tests, with the usual timeout.
type visitArgs struct {
	Shop int `json:"shop"`
}

func (visitArgs) Kind() string { return "visit" }

type visitWorker struct {
	river.WorkerDefaults[visitArgs]
	run func(context.Context) error
}

func (w *visitWorker) Work(ctx context.Context, _ *river.Job[visitArgs]) error { return w.run(ctx) }

// startVisiting starts a client like Run does, for visits alone.
func startVisiting(t *testing.T, st *store.Store, visit func(context.Context) error) {
	t.Helper()
	c := New(st, slog.New(slog.DiscardHandler))
	queue, err := st.Queue()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = queue.Close() })
	config := c.config(queue, Work{Sweep: nothing, Reconcile: nothing, KeepAlive: nothing})
	river.AddWorker(config.Workers, &visitWorker{run: visit})
	client, err := river.NewClient(driverOf(queue), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); <-client.Stopped() })
}

// victimDatabase names the database of the process that is killed.
const victimDatabase = "HOOKWALL_TEST_VICTIM"

// TestVictim is the process that is killed: it begins its visits, says so, and never ends them.
func TestVictim(t *testing.T) {
	database := os.Getenv(victimDatabase)
	if database == "" {
		t.Skip("TestKilled runs this")
	}
	s := &stage{t: t, database: database}
	startVisiting(t, s.open(), func(context.Context) error {
		_, _ = io.WriteString(os.Stdout, "visiting\n")
		select {}
	})
	select {}
}

// TestKilled: the jobs of a process that is killed, as leader or not, are done by another one within 45 s.
func TestKilled(t *testing.T) {
	if os.Getenv("HOOKWALL_TEST_POSTGRES") == "" {
		t.Skip("a SQLite file is for one process")
	}
	for _, test := range []struct {
		name   string
		leader bool
	}{{"the leader", true}, {"another one", false}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			st := s.open()
			s.migrate(st)
			begun := make(chan struct{}) // closed when the victim has begun a visit
			start := func() {
				startVisiting(t, st, func(ctx context.Context) error {
					select {
					case <-begun:
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				})
			}
			isElected := func() bool { return s.count(st, "river_leader") == 1 }
			if !test.leader {
				start()
				s.eventually("electing", isElected)
			}
			victim := startVictim(t, s.database)
			s.eventually("electing", isElected)
			const shops = 40
			s.insertVisits(st, shops)
			victim.awaitVisit()
			close(begun)
			if test.leader {
				start()
			}
			killed := time.Now()
			victim.kill()
			s.eventually("the visits", func() bool { return s.jobs(st, "kind = 'visit' AND state = 'completed'") == shops })
			took := time.Since(killed)
			t.Logf("they continue after %v", took)
			if took > 45*time.Second {
				t.Error("that is too late")
			}
			if n := s.jobs(st, "kind = 'visit' AND errors IS NOT NULL"); n == 0 {
				t.Error("nothing was interrupted")
			}
		})
	}
}

func (s *stage) migrate(st *store.Store) {
	s.t.Helper()
	queue, err := st.Queue()
	s.must(err)
	s.must(migrate(s.t.Context(), queue))
	s.must(queue.Close())
}

func (s *stage) count(st *store.Store, table string) (n int) {
	s.t.Helper()
	s.must(st.InTx(s.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n)
	}))
	return n
}

// insertVisits enqueues a visit of each shop.
func (s *stage) insertVisits(st *store.Store, shops int) {
	s.t.Helper()
	client, err := river.NewClient(riverdatabasesql.New(nil), &river.Config{})
	s.must(err)
	s.must(st.InTx(s.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for shop := range shops {
			if _, err := client.InsertTx(ctx, tx, visitArgs{shop}, nil); err != nil {
				return err
			}
		}
		return nil
	}))
}

type victim struct {
	t       *testing.T
	process *exec.Cmd
	says    *bufio.Scanner
}

func startVictim(t *testing.T, database string) *victim {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), victimDatabase+"="+database)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := &victim{t, cmd, bufio.NewScanner(out)}
	t.Cleanup(v.kill)
	return v
}

// awaitVisit waits until the process works on a job.
func (v *victim) awaitVisit() {
	v.t.Helper()
	for v.says.Scan() {
		if strings.Contains(v.says.Text(), "visiting") {
			return
		}
	}
	v.t.Fatal("the process has ended")
}

func (v *victim) kill() {
	_ = v.process.Process.Kill()
	_ = v.process.Wait()
}
