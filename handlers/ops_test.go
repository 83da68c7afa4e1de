package handlers

import (
	"net/http"
	"testing"
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
