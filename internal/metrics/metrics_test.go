package metrics

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scraped returns the samples that a scrape of m finds with this prefix, without their buckets.
func scraped(t *testing.T, m *Metrics, prefix string) (samples []string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, prefix) && !strings.Contains(line, "_bucket{") {
			samples = append(samples, strings.TrimSpace(line))
		}
	}
	return samples
}

// TestLabels: what others choose never adds more than a known number of time series.
func TestLabels(t *testing.T) {
	for name, test := range map[string]struct {
		do     func(*Metrics)
		prefix string
		want   []string
	}{
		"a request": {
			func(m *Metrics) { m.Request("GET /x", 200, time.Second) }, "hookwall_http_requests_total",
			[]string{`hookwall_http_requests_total{route="GET /x",status="200"} 1`},
		},
		"a request without a route, whose client left": {
			func(m *Metrics) { m.Request("", 499, time.Second) }, "hookwall_http_requests_total",
			[]string{`hookwall_http_requests_total{route="none",status="499"} 1`},
		},
		"a response without a status": {
			func(m *Metrics) { m.Request("GET /x", 0, time.Second) }, "hookwall_http_requests_total",
			[]string{`hookwall_http_requests_total{route="GET /x",status="none"} 1`},
		},
		"the time of a request": {
			func(m *Metrics) { m.Request("GET /x", 200, 1500*time.Millisecond) }, "hookwall_http_request_duration_seconds_sum",
			[]string{`hookwall_http_request_duration_seconds_sum{route="GET /x"} 1.5`},
		},
		"a call": {
			func(m *Metrics) { m.Call("read shop", 200, "", time.Second) }, "hookwall_fourthwall_requests_total",
			[]string{`hookwall_fourthwall_requests_total{code="",operation="read shop",status="200"} 1`},
		},
		"a rejected call": {
			func(m *Metrics) { m.Call("read shop", 403, "OPEN_API_FORBIDDEN", time.Second) },
			"hookwall_fourthwall_requests_total",
			[]string{`hookwall_fourthwall_requests_total{code="OPEN_API_FORBIDDEN",operation="read shop",status="403"} 1`},
		},
		"unknown codes and statuses": {
			func(m *Metrics) {
				for status := range 600 {
					m.Call("read shop", 1000+status, "CODE_"+strings.Repeat("X", status), 0)
				}
			}, "hookwall_fourthwall_requests_total",
			[]string{`hookwall_fourthwall_requests_total{code="other",operation="read shop",status="other"} 600`},
		},
		"a refresh": {
			func(m *Metrics) { m.Refresh("refused") }, `hookwall_token_refreshes_total`,
			[]string{
				`hookwall_token_refreshes_total{result="failed"} 0`, `hookwall_token_refreshes_total{result="refused"} 1`,
				`hookwall_token_refreshes_total{result="renewed"} 0`,
			},
		},
		"a visit with an unknown result": {
			func(m *Metrics) { m.Visit("?", time.Second) }, `hookwall_visits_total{result="other"}`,
			[]string{`hookwall_visits_total{result="other"} 1`},
		},
		"the time of a visit": {
			func(m *Metrics) { m.Visit("ok", time.Second) }, "hookwall_visit_duration_seconds_sum",
			[]string{"hookwall_visit_duration_seconds_sum 1"},
		},
		"a change of a plan": {
			func(m *Metrics) { m.Item("done") }, `hookwall_plan_items_total{result="done"}`,
			[]string{`hookwall_plan_items_total{result="done"} 1`},
		},
		"the build": {
			func(*Metrics) {}, "hookwall_build_info",
			[]string{`hookwall_build_info{database="sqlite",version="v1"} 1`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := New("v1", "sqlite")
			test.do(m)
			if got := scraped(t, m, test.prefix); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestNoMetrics: without metrics, nothing is counted and nothing fails.
func TestNoMetrics(*testing.T) {
	var m *Metrics
	m.Request("GET /x", 200, 0)
	m.Call("read shop", 200, "", 0)
	m.Refresh("renewed")
	m.Visit("ok", 0)
	m.Item("done")
	m.Read(Sources{})
}

// TestDatabase: a database that fails takes only what is read from it out of a scrape. What was read serves the next
// scrapes.
func TestDatabase(t *testing.T) {
	pool := map[string]sql.DBStats{"pages": {
		MaxOpenConnections: 10, InUse: 2, Idle: 3, WaitCount: 4, WaitDuration: 1500 * time.Millisecond,
	}}
	pools := []string{
		`hookwall_database_connections{pool="pages",state="idle"} 3`, `hookwall_database_connections{pool="pages",state="in_use"} 2`,
		`hookwall_database_max_connections{pool="pages"} 10`, `hookwall_database_wait_seconds_total{pool="pages"} 1.5`,
		`hookwall_database_waits_total{pool="pages"} 4`,
	}
	good := Counts{
		Sessions: 5, ActiveSessions: 4, ActivePeople: 3, VisitOverdue: 2 * time.Second, RechecksOverdue: time.Second,
		Jobs: []Jobs{{"visit_shop", "running", 7}, {"of_a_newer_version", "running", 1}, {"another", "running", 1}},
	}
	figures := []string{
		"hookwall_active_people 3", "hookwall_active_sessions 4", "hookwall_background_up 1", "hookwall_recheck_overdue_seconds 1",
		"hookwall_sessions 5", "hookwall_visit_overdue_seconds 2",
		`hookwall_jobs{kind="other",state="running"} 2`, `hookwall_jobs{kind="visit_shop",state="running"} 7`,
	}
	for name, test := range map[string]struct {
		err  error
		want []string
		logs int
	}{
		"readable":   {nil, append(append([]string{"hookwall_database_up 1"}, pools...), figures...), 0},
		"unreadable": {errors.New("down"), append([]string{"hookwall_background_up 1", "hookwall_database_up 0"}, pools...), 1},
	} {
		t.Run(name, func(t *testing.T) {
			var logs bytes.Buffer
			reads := 0
			m := New("v1", "postgres")
			m.Read(Sources{
				Counts: func(context.Context) (Counts, error) { reads++; return good, test.err },
				Pools:  func() map[string]sql.DBStats { return pool }, Background: func() bool { return true },
				Logger: slog.New(slog.NewTextHandler(&logs, nil)),
			})
			for range 3 {
				got := map[string]bool{}
				for _, sample := range scraped(t, m, "hookwall_") {
					isJob := strings.HasPrefix(sample, "hookwall_jobs")
					if isJob && !strings.HasSuffix(sample, " 0") || !isJob && isOfDatabase(sample) {
						got[sample] = true
					}
				}
				if sorted := slices.Sorted(maps.Keys(got)); !slices.Equal(sorted, slices.Sorted(slices.Values(test.want))) {
					t.Errorf("got %q, want %q", sorted, test.want)
				}
			}
			if reads != 1 || strings.Count(logs.String(), "down") != test.logs {
				t.Errorf("%d reads, the log is %s", reads, &logs)
			}
		})
	}
}

// isOfDatabase reports whether a sample is one of those that Sources add.
func isOfDatabase(sample string) bool {
	for _, prefix := range []string{"active_", "background_", "database_", "recheck_", "sessions", "visit_overdue"} {
		if strings.HasPrefix(sample, "hookwall_"+prefix) {
			return true
		}
	}
	return false
}

// TestHandler: metrics can be read, and nothing else.
func TestHandler(t *testing.T) {
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/metrics", http.StatusOK},
		{http.MethodHead, "/metrics", http.StatusOK},
		{http.MethodPost, "/metrics", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, "/metrics/", http.StatusNotFound},
		{http.MethodGet, "/debug/pprof/", http.StatusNotFound},
	} {
		w, h := httptest.NewRecorder(), New("v1", "sqlite").Handler(slog.New(slog.DiscardHandler))
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, nil))
		if w.Code != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, w.Code, test.want)
		}
	}
}

// collects calls a function at each scrape.
type collects func(chan<- prometheus.Metric)

// Describe sends nothing, so anything may be collected.
func (collects) Describe(chan<- *prometheus.Desc) {}

// Collect collects.
func (c collects) Collect(to chan<- prometheus.Metric) { c(to) }

// TestScraperLeaves: a client that leaves is not our failure, but what can't be read is.
func TestScraperLeaves(t *testing.T) {
	for name, test := range map[string]struct {
		leaves, broken bool
		lines          int
	}{
		"in the middle":            {true, false, 0},
		"when something is broken": {true, true, 1},
		"after all":                {false, false, 0},
		"after all but the broken": {false, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				responded := make(chan struct{})
				m := New("v1", "sqlite")
				m.registry.MustRegister(collects(func(to chan<- prometheus.Metric) {
					if test.leaves {
						leave()
						<-responded
					}
					if test.broken {
						to <- prometheus.NewInvalidMetric(upDesc, errors.New("broken"))
					}
				}))
				var logs bytes.Buffer
				m.Handler(slog.New(slog.NewTextHandler(&logs, nil))).ServeHTTP(httptest.NewRecorder(),
					httptest.NewRequestWithContext(ctx, http.MethodGet, Path, http.NoBody))
				close(responded)
				synctest.Wait() // until the rest was tried
				if got := strings.Count(logs.String(), "level=WARN"); got != test.lines {
					t.Errorf("%d lines, want %d:\n%s", got, test.lines, logs.String())
				}
			})
		})
	}
}
