package handlers

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/internal/jobs"
)

// TestSupervisors: supervisors need no session, and only the database decides
// whether the dashboard is ready.
func TestSupervisors(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person().noRedirects()
	tests := []struct {
		name, path string
		status     int
		text       string
	}{
		{"alive", "/healthz", http.StatusOK, "ok\n"},
		{"ready", "/readyz", http.StatusOK, "ok\n"},
		{"alive without a database", "/healthz", http.StatusOK, "ok\n"},
		{"not ready without a database", "/readyz", http.StatusServiceUnavailable, "the database cannot be used\n"},
	}
	for i, test := range tests {
		if i == 2 {
			g.must(g.store.Close())
		}
		pg := p.get(test.path)
		if pg.status != test.status || pg.body != test.text {
			t.Errorf("%s: %d %q, want %d %q", test.name, pg.status, pg.body, test.status, test.text)
		}
		if pg.header.Get("Cache-Control") != "no-store" || pg.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", test.name, pg.header)
		}
	}
}

// TestBackgroundWork: without background work, pages work and say so, and supervisors learn it. It starts when it can.
func TestBackgroundWork(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	g.server.Jobs = jobs.New(g.store, slog.New(slog.NewTextHandler(g.logs, nil)))
	p := g.person()
	shop := p.connect(0)
	const banner = "Background work isn’t running,"
	looks := func(when string, ready int, text string, hasBanner bool) {
		t.Helper()
		if pg := p.get("/readyz"); pg.status != ready || pg.body != text {
			t.Errorf("%s: %d %q", when, pg.status, pg.body)
		}
		pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK)
		if strings.Contains(pg.body, banner) != hasBanner {
			t.Errorf("%s: the page has the banner: %v", when, !hasBanner)
		}
	}
	awaits := func(what string, yes func() bool) {
		t.Helper()
		tick, limit := time.NewTicker(20*time.Millisecond), time.NewTimer(time.Minute)
		defer tick.Stop()
		defer limit.Stop()
		for !yes() {
			select {
			case <-tick.C:
			case <-limit.C:
				t.Fatalf("no %s:\n%s", what, g.logs.String())
			}
		}
	}
	exec := func(statement string) {
		t.Helper()
		g.must(g.store.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement)
			return err
		}))
	}
	looks("at first", http.StatusOK, "ok\n", false)
	exec("CREATE TABLE river_leader (other BIGINT)") // of somebody else
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		nothing := func(context.Context) error { return nil }
		g.server.Jobs.Run(ctx, jobs.Work{Sweep: nothing, Reconcile: nothing, KeepAlive: nothing})
	})
	defer running.Wait()
	defer stop()
	awaits("error", func() bool { return g.server.Jobs.Err() != nil })
	looks("while it can't start", http.StatusServiceUnavailable, "background work is not running\n", true)
	exec("DROP TABLE river_leader")
	awaits("recovery", func() bool { return g.server.Jobs.Err() == nil })
	looks("when it has started", http.StatusOK, "ok\n", false)
	exec("ALTER TABLE river_job RENAME TO away")
	awaits("error", func() bool { return g.server.Jobs.Err() != nil })
	looks("without the table of jobs", http.StatusServiceUnavailable, "background work is not running\n", true)
}
