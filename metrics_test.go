package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"hookwall/internal/jobs"
	"hookwall/internal/store"
)

var metricsAddress = regexp.MustCompile(`"msg":"serving metrics","address":"([^"]+)"`)

// TestMetricsListener: metrics have an address of their own, where nothing else is, and only if the settings name one.
func TestMetricsListener(t *testing.T) {
	for name, test := range map[string]struct {
		setting string
		want    map[string]int // statuses, by path
	}{
		"off": {"", nil},
		"on":  {"127.0.0.1:0", map[string]int{"/metrics": http.StatusOK, "/": http.StatusNotFound, "/healthz": http.StatusNotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			settings := env("HOME", t.TempDir(), "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0",
				"HOOKWALL_METRICS_ADDR", test.setting)
			dashboard, metrics := "", ""
			for line := range linesOf(t, settings, nil) {
				if found := started.FindStringSubmatch(line); found != nil {
					dashboard = found[1]
				}
				if found := metricsAddress.FindStringSubmatch(line); found != nil {
					metrics = "http://" + found[1]
				}
			}
			if status, _ := fetch(t, dashboard+"/metrics"); status != http.StatusNotFound {
				t.Errorf("the dashboard has metrics: %d", status)
			}
			if (metrics != "") != (test.want != nil) {
				t.Errorf("metrics are at %q", metrics)
			}
			for path, want := range test.want {
				if status, _ := fetch(t, metrics+path); status != want {
					t.Errorf("%s: %d, want %d", path, status, want)
				}
			}
		})
	}
}

// TestMetricsWithoutDatabase: if the database can't be read, the rest of a scrape is as before.
func TestMetricsWithoutDatabase(t *testing.T) {
	keys, err := store.ParseKeys(testKey)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{MetricsAddr: "127.0.0.1:0", DatabaseURL: filepath.Join(t.TempDir(), "h.db")}
	st, err := store.Open(t.Context(), c.DatabaseURL, store.Options{Keys: keys, Environment: "test"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	ctx, cancel := context.WithCancel(t.Context())
	servers, ctx := errgroup.WithContext(ctx)
	m := newMetrics(c)
	if err := serveMetrics(ctx, c, m, st, jobs.New(st, logger), servers, logger); err != nil {
		t.Fatal(err)
	}
	at := "http://" + metricsAddress.FindStringSubmatch(out.String())[1] + "/metrics"
	m.Request("GET /x", http.StatusOK, time.Second)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	status, text := fetch(t, at)
	for part, want := range map[string]bool{
		"\nhookwall_database_up 0\n":       true,
		"\nhookwall_sessions ":             false,
		"\nhookwall_jobs{":                 false,
		"\nhookwall_http_requests_total{":  true,
		"\nhookwall_database_connections{": true,
		"\nhookwall_background_up 0\n":     true,
		"\ngo_goroutines ":                 true,
	} {
		if strings.Contains(text, part) != want {
			t.Errorf("%q: want %v, status %d in\n%s", part, want, status, text)
		}
	}
	cancel()
	if err := servers.Wait(); err != nil {
		t.Error(err)
	}
}
