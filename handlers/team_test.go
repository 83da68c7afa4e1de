package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"hookwall/internal/store"
	"hookwall/internal/team"
)

// roleGroups give each role to a group of its name.
var roleGroups = team.GroupRoles{"viewer": team.Viewer, "operator": team.Operator, "admin": team.Admin}

// newTeamRig returns a dashboard for a team, with a shop that is connected.
func newTeamRig(t testing.TB) *rig {
	t.Helper()
	g := newRig(t, options{team: &team.Config{Groups: roleGroups}})
	g.member(team.Admin).connectKey(0)
	return g
}

// member signs in as a person who has a role by a group.
func (g *rig) member(role team.Role) *person {
	g.t.Helper()
	name := string(role)
	if role == team.NoRole {
		name = "nobody"
	}
	return g.signsIn(team.Identity{
		Issuer: "https://id.example", Subject: name, Name: "The " + name, Email: name + "@agency.example",
		EmailVerified: true, Groups: []string{name},
	})
}

// signsIn returns a new browser with the session of an identity, without a provider.
func (g *rig) signsIn(id team.Identity) *person {
	g.t.Helper()
	known, err := g.server.Team.SignIn(g.t.Context(), id)
	g.must(err)
	return g.withSession(known.ID)
}

// withSession returns a new browser with a session, for a person if there is one.
func (g *rig) withSession(id any) *person {
	g.t.Helper()
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	session, err := g.server.sessions.New(r, g.server.cookieName("session"))
	g.must(err)
	if id != nil {
		session.Values["person"] = id
	}
	g.must(g.server.sessions.Save(r, w, session))
	p := g.person()
	u, err := url.Parse(g.url)
	g.must(err)
	p.client.Jar.SetCookies(u, w.Result().Cookies())
	return p
}

// id returns the ID of the person who is signed in.
func (p *person) id() string {
	p.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	name := p.server.cookieName("session")
	r.AddCookie(&http.Cookie{Name: name, Value: p.cookie(name)})
	session, err := p.server.sessions.New(r, name)
	p.must(err)
	return store.PersonOf(session)
}

// How the guard treats a request.
const (
	passes     = "passes"
	signsIn    = "is asked to sign in"
	refused    = "is refused"
	needsToken = "needs an access token"
)

// treatment tells the three from a response of a row whose handler says 204.
func treatment(pg *page) string {
	to := pg.header.Get("Location")
	switch {
	case pg.status == http.StatusNoContent:
		return passes
	case pg.status == http.StatusSeeOther && (to == signInPath || strings.HasPrefix(to, signInPath+"?")):
		return signsIn
	case pg.status == http.StatusForbidden:
		return refused
	case pg.status == http.StatusUnauthorized:
		return needsToken
	}
	return pg.header.Get("Location") + " " + http.StatusText(pg.status)
}

// TestEveryRowForEveryRole walks the table: who may use a row is what the row
// says, and nothing else.
// Checklist 48.
func TestEveryRowForEveryRole(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	all := g.server.routes()
	for i := range all {
		all[i].handle = func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
	}
	g.server.mount(all)
	before := g.withSession(nil)
	conn, err := g.store.Connection(t.Context(), g.server.Team.Owner(), shop.ID)
	g.must(err)
	conn.Owner = owner(before)
	_, err = g.store.PutConnection(t.Context(), conn)
	g.must(err)
	removed := g.signsIn(team.Identity{Issuer: "https://id.example", Subject: "removed"})
	boss, err := g.server.Team.Person(t.Context(), g.member(team.Admin).id())
	g.must(err)
	g.must(g.server.Team.Remove(t.Context(), boss.Actor(), removed.id()))
	people := []struct {
		name   string
		person *person
		may    map[access]bool
		denied string
	}{
		{"nobody", g.person(), map[access]bool{public: true}, signsIn},
		{"a session of before", before, map[access]bool{public: true}, signsIn},
		{"removed", removed, map[access]bool{public: true}, signsIn},
		{"no role", g.member(team.NoRole), map[access]bool{public: true, signedIn: true}, refused},
		{"viewer", g.member(team.Viewer), map[access]bool{public: true, signedIn: true, viewer: true}, refused},
		{
			"operator", g.member(team.Operator),
			map[access]bool{public: true, signedIn: true, viewer: true, operator: true},
			refused,
		},
		{
			"admin", g.member(team.Admin),
			map[access]bool{public: true, signedIn: true, viewer: true, operator: true, admin: true},
			refused,
		},
	}
	for _, rt := range all {
		if rt.access < public || rt.access > admin {
			t.Errorf("%s doesn't say who may use it", rt.pattern())
		}
		methods := []string{rt.method}
		if rt.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		for _, who := range people {
			r := who.person.request(http.MethodOptions, concrete(rt.path, shop.ID), nil)
			if pg := who.person.noRedirects().do(r); pg.status != http.StatusMethodNotAllowed {
				t.Errorf("OPTIONS %s: %s gets %d", rt.path, who.name, pg.status)
			}
			for _, method := range methods {
				want := who.denied
				if who.may[rt.access] {
					want = passes
				}
				if rt.scope != "" { // cookies don't count
					want = needsToken
				}
				r := who.person.request(method, concrete(rt.path, shop.ID), url.Values{})
				if got := treatment(who.person.noRedirects().do(r)); got != want {
					t.Errorf("%s %s: %s %s, want %s", method, rt.path, who.name, got, want)
				}
			}
		}
	}
}

// TestRoleIsReadAtEachRequest: a role that is taken while a form is open counts
// when the form is sent, and what was typed is kept.
// Checklist 47.
func TestRoleIsReadAtEachRequest(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	boss, err := g.server.Team.Person(t.Context(), g.member(team.Admin).id())
	g.must(err)
	p := g.signsIn(team.Identity{Issuer: "https://id.example", Subject: "ann", Name: "Ann"})
	set := func(role team.Role) { g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), p.id(), role)) }
	set(team.Operator)
	f := p.newForm(shop.ID, good, "ORDER_PLACED")
	set(team.Viewer)
	g.calls.forget()
	pg := f.submit().want(http.StatusForbidden,
		"Viewers can’t do this", "Ask The admin (admin@agency.example).", "keep your form")
	if len(g.calls.of(http.MethodPost)) != 0 || len(g.box.Webhooks(shop.ID)) != 0 {
		t.Error("a viewer has created a webhook")
	}
	set(team.Operator)
	kept := pg.link("Try again").want(http.StatusOK, "as you typed it").form(webhooksPath(shop.ID))
	if kept.values.Get("url") != good {
		t.Errorf("the form has %v", kept.values)
	}
	id := p.id()
	g.must(g.server.Team.Remove(t.Context(), boss.Actor(), id))
	to := p.noRedirects().post(webhooksPath(shop.ID), kept.values)
	if treatment(to) != signsIn || len(g.calls.of(http.MethodPost)) != 0 {
		t.Errorf("removed: %s", treatment(to))
	}
}

// TestTeamSharesShops: what one member connects is everyone's, and notices are
// for the one who did something.
func TestTeamSharesShops(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	one, other := g.member(team.Operator), g.member(team.Viewer)
	created := one.newForm(shop.ID, good, "ORDER_PLACED").submit()
	if strings.Contains(other.get(created.url.Path).want(http.StatusOK, good).text(), "15 minutes") {
		t.Error("a viewer sees that there is a secret")
	}
	other.get(webhooksPath(shop.ID)).want(http.StatusOK)
}

// TestViewerReadsNoBody: bodies of events are for operators.
func TestViewerReadsNoBody(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	g.add(shop, receives, "ORDER_PLACED")
	event := g.fired(shop, "ORDER_PLACED", true)
	for _, who := range []struct {
		role  team.Role
		reads bool
	}{{team.Viewer, false}, {team.Operator, true}, {team.Admin, true}} {
		pg := g.member(who.role).get(eventBodyHref(shop.ID, event)).want(http.StatusOK)
		if got := strings.Contains(pg.body, "&#34;testMode&#34;"); got != who.reads {
			t.Errorf("%s reads the body: %t", who.role, got)
		}
	}
}
