package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"hookwall/internal/store"
	"hookwall/internal/team"
)

// rowsBehind returns the rows of the table that a page leads to, by its links and
// its forms.
func (pg *page) rowsBehind() (rows []string) {
	walk(pg.doc, func(n *html.Node) {
		method, to := http.MethodGet, attr(n, "href")
		switch {
		case n.DataAtom == atom.A:
		case n.DataAtom == atom.Form:
			method, to = strings.ToUpper(attr(n, "method")), attr(n, "action")
		case n.DataAtom == atom.Button && has(n, "formaction"):
			method, to = http.MethodPost, attr(n, "formaction")
		default:
			return
		}
		if strings.HasPrefix(to, "#") {
			return
		}
		u, err := pg.url.Parse(to)
		pg.p.must(err)
		if u.Host == pg.url.Host {
			_, pattern := pg.p.server.mux.Handler(&http.Request{Method: method, URL: u})
			rows = append(rows, pattern+" for "+u.RequestURI())
		}
	})
	return rows
}

// TestPagesOfferNothingRefused opens every page as each role: no link and no
// form leads to what the role may not do.
// Checklist 48.
func TestPagesOfferNothingRefused(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	g.withProvider()
	shop, ended := g.box.Shops()[0], g.box.Shops()[1]
	g.member(team.Admin).connectKey(1)
	conn, err := g.store.Connection(t.Context(), g.server.Team.Owner(), ended.ID)
	g.must(err)
	g.must(g.store.ExpireConnection(t.Context(), conn.ID, conn.Version, store.End{}))
	g.member(team.Operator).newForm(shop.ID, receives, "ORDER_PLACED", "DONATION").submit()
	hook := g.box.Webhooks(shop.ID)[0]
	untyped := g.add(shop, good)
	event := g.fired(shop, "ORDER_PLACED", true)
	access := map[string]access{}
	var paths []string
	for _, rt := range g.server.routes() {
		access[rt.pattern()] = rt.access
		if rt.method != http.MethodGet || strings.Contains(rt.path, "callback") || strings.Contains(rt.path, "start") ||
			rt.path == "/dev/components" { // which shows parts, not a page
			continue
		}
		of := func(id string) string {
			return strings.NewReplacer("{shop}", url.PathEscape(shop.ID), "{id}", id, "{$}", "", "{type}", "DONATION").
				Replace(rt.path)
		}
		switch {
		case strings.Contains(rt.path, "/webhooks/{id}"):
			paths = append(paths, of(hook.ID), of(untyped.ID))
		case strings.Contains(rt.path, "/events/{id}"):
			paths = append(paths, of(event), of(event)+"?show=body")
		default:
			paths = append(paths, of("x"))
		}
	}
	paths = append(paths, webhooksPath(ended.ID), webhooksPath("sh_none"), connectLink("", ended.ID).Href, "/nowhere",
		webhookPath(shop.ID, "wcon_none"), helpPath, searchHref("a", ""), eventsPath(shop.ID)+"?q=nothing",
		webhooksPath(shop.ID)+"?q=nothing", newWebhookPath(g.box.Shops()[0].ID))
	for _, role := range []team.Role{team.NoRole, team.Viewer, team.Operator, team.Admin} {
		p, v := g.member(role), &requestState{role: role}
		v.person.ID = "somebody"
		var bad []string
		for _, path := range paths {
			for _, row := range p.get(path).rowsBehind() {
				pattern, _, _ := strings.Cut(row, " for ")
				if pattern != "" && pattern != "GET /{$}" && !v.may(access[pattern]) {
					bad = append(bad, path+" offers "+row)
				}
			}
		}
		slices.Sort(bad)
		for _, one := range slices.Compact(bad) {
			t.Errorf("to %q, %s", role, one)
		}
	}
}
