package handlers

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/store"
)

// TestSelfCheck: the response shows how the dashboard understands what proxies wrote.
func TestSelfCheck(t *testing.T) {
	t.Parallel()
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for name, tt := range map[string]struct {
		proxies []netip.Prefix
		host    string
		header  map[string]string
		want    SelfCheck
	}{
		"a trusted proxy": {
			loopback, "hooks.example.com",
			map[string]string{
				"X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Forwarded-Proto": "https", "Via": "1.1 proxy",
				"X-Forwarded-User": "ada", "Cookie": "session=canary",
			},
			SelfCheck{
				Host: "hooks.example.com", Peer: "127.0.0.1", Trusted: true, Client: "203.0.113.9",
				Forwarded: map[string]string{
					"X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Forwarded-Proto": "https", "Via": "1.1 proxy",
				},
			},
		},
		"another host by a stranger": {
			nil, "10.0.0.5:8080",
			map[string]string{"X-Forwarded-For": "203.0.113.9"},
			SelfCheck{
				Host: "10.0.0.5:8080", Peer: "127.0.0.1", Client: "127.0.0.1",
				Forwarded: map[string]string{"X-Forwarded-For": "203.0.113.9"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, options{publicURL: "https://hooks.example.com", proxies: tt.proxies})
			keys := g.ownKeys()
			in := func(purpose string) string { return keys.Ticket(purpose, time.Now().Add(time.Minute)) }
			ticket := in(SelfCheckPurpose)
			ask := func(ticket string) *page {
				p := g.person().noRedirects()
				r := p.request(http.MethodGet, "/self-check", nil)
				r.Host = tt.host
				r.Header.Set(SelfCheckHeader, ticket)
				for name, value := range tt.header {
					r.Header.Set(name, value)
				}
				return p.do(r)
			}
			for _, none := range []string{"", ticket + "x", in("another")} {
				if pg := ask(none); pg.status != http.StatusNotFound || pg.body != "not found\n" {
					t.Errorf("ticket %q: %d %q", none, pg.status, pg.body)
				}
			}
			var got SelfCheck
			pg := ask(ticket).want(http.StatusOK)
			g.must(json.Unmarshal([]byte(pg.body), &got))
			tt.want.Jobs, tt.want.Version = "running", g.server.Version
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if pg.header.Get("Cache-Control") != "no-store" || pg.header.Get("Set-Cookie") != "" {
				t.Errorf("header %v", pg.header)
			}
		})
	}
}

// ownKeys lets the dashboard use another database, whose keys it returns.
func (g *rig) ownKeys() store.Keys {
	g.t.Helper()
	keys := testKeys(g.t)
	st, err := store.Open(g.t.Context(), filepath.Join(g.t.TempDir(), "x.db"),
		store.Options{Keys: keys, Environment: "https://api.example"})
	g.must(err)
	g.t.Cleanup(func() { g.must(st.Close()) })
	g.server.Store = st
	return keys
}
