package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestKeptForms walks the routes that a form is sent to: without a session
// the person is led to connect, and back to a page that has the form.
func TestKeptForms(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	shop := g.box.Shops()[0]
	for _, rt := range g.server.routes() {
		if !rt.needsShop() || rt.method == http.MethodGet {
			continue
		}
		t.Run(rt.path, func(t *testing.T) {
			p := g.person().noRedirects()
			sent := url.Values{
				"url": {good + "/canary"}, "allowedTypes": {"B", "A", "B"}, "draft": {"draft-id"}, "do": {"x"},
				"password": {"canary"}, "username": {"canary"}, "secret": {"canary"}, "access_token": {"canary"},
			}
			pg := p.post(concrete(rt.path, shop.ID), sent)
			to, err := url.Parse(pg.header.Get("Location"))
			g.must(err)
			back, err := url.Parse(to.Query().Get("return"))
			g.must(err)
			resume := shopPath(shop.ID) + strings.ReplaceAll(rt.resume, "{id}", "wcon_x")
			if pg.status != http.StatusSeeOther || to.Path != "/connect" || back.Path != resume ||
				strings.Contains(to.String(), "canary") {
				t.Fatalf("%d %s, back to %s, want %s", pg.status, to, back, resume)
			}
			if !g.server.resumable["GET "+patternOf(g, back)] {
				t.Errorf("%s is no page to come back to", back)
			}
			draft := back.Query().Get("draft")
			switch {
			case rt.keepsID && draft != "draft-id", !rt.keepsID && !rt.keeps && draft != "":
				t.Errorf("the draft is %q", draft)
			case !rt.keeps:
				return
			}
			kept, err := g.store.Draft(t.Context(), p.cookie(g.server.cookieName("browser")), draft)
			g.must(err)
			for _, name := range secretFields {
				sent.Del(name)
			}
			sent.Set(editingField, "")
			if strings.Contains(rt.path, "{id}") {
				sent.Set(editingField, "wcon_x")
			}
			if diff := cmp.Diff(sent, kept.Form); diff != "" || kept.Shop != shop.ID {
				t.Errorf("kept for %s: %s", kept.Shop, diff)
			}
		})
	}
}

// patternOf is the path of the route that a page is opened by.
func patternOf(g *rig, to *url.URL) string {
	_, pattern := g.server.mux.Handler(&http.Request{Method: http.MethodGet, URL: to})
	return strings.TrimPrefix(pattern, "GET ")
}
