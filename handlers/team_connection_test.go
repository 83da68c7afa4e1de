package handlers

import (
	"net/http"
	"testing"
	"time"
)

// TestTeamConnectionLasts: a team's connection is alive after 60 days without
// anyone, longer than the right to renew an access lasts. A session's ends.
func TestTeamConnectionLasts(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{still: true})
	p := g.person()
	shop := p.connect(0)
	conn, err := g.store.Connection(t.Context(), owner(p), shop.ID)
	g.must(err)
	conn.Owner, err = g.store.Team(t.Context())
	g.must(err)
	conn, err = g.store.PutConnection(t.Context(), conn)
	g.must(err)
	for range 60 {
		g.move(24 * time.Hour)
		g.must(g.store.Sweep(t.Context()))
		g.must(g.server.Shops.KeepAlive(t.Context()))
	}
	kept, err := g.store.LiveConnection(t.Context(), shop.ID, "")
	g.must(err)
	if kept.ID != conn.ID || kept.Version < conn.Version+20 || kept.Expired {
		t.Errorf("after 60 days: %+v", kept)
	}
	if _, err := g.server.Shops.Client(kept).Webhooks(t.Context()); err != nil {
		t.Errorf("the team's access: %v", err)
	}
	if pg := p.get(webhooksPath(shop.ID)); pg.status != http.StatusOK || pg.url.Path != connectPath {
		t.Errorf("the session is at %s", pg.url)
	}
}
