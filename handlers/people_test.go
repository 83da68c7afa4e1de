package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"hookwall/internal/team"
)

// peopleRow returns the text of a person's row.
func (pg *page) peopleRow(name string) (text string) {
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom == atom.Tr && strings.Contains(textOf(n), name) {
			text = textOf(n)
		}
	})
	return text
}

// known signs a person in who has no group.
func (g *rig) known(name string) *person {
	return g.signsIn(team.Identity{
		Issuer: "https://id.example", Subject: name, Name: name, Email: strings.ToLower(name) + "@agency.example",
		EmailVerified: true,
	})
}

// TestPeople: an admin sets roles, ends sessions, removes and
// readmits.
// Checklist 47, 51.
func TestPeople(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	boss, ann := g.member(team.Admin), g.known("Ann")
	g.member(team.Operator)
	path := personPath(ann.id())
	ann.get(webhooksPath(shop.ID)).want(http.StatusForbidden, "You don’t have access yet", "Ask The admin")
	list := boss.get(peoplePath).want(http.StatusOK,
		"3 members · 1 admin · 1 operator · 1 without a role", "Group operator")
	list.postForm(path+"/role").set("role", "operator").submit().
		want(http.StatusOK, "Role changed", "Ann is an operator now", "Set by The admin on")
	ann.newForm(shop.ID, good, "ORDER_PLACED").submit().want(http.StatusOK)
	other := g.known("Ann")
	boss.get(peoplePath).postForm(path+"/end").submit().want(http.StatusOK, "Ann must sign in again")
	for _, p := range []*person{ann, other} {
		if got := treatment(p.noRedirects().get(shopsPath)); got != signsIn {
			t.Errorf("after the end of a session: %s", got)
		}
	}
	again := g.known("Ann")
	again.get(shopsPath).want(http.StatusOK)
	removed := boss.get(peoplePath).postForm(path+"/remove").submit().
		want(http.StatusOK, "Ann is removed", "Removed by The admin")
	if got := treatment(again.noRedirects().get(shopsPath)); got != signsIn {
		t.Errorf("removed: %s", got)
	}
	removed.postForm(path+"/readmit").submit().want(http.StatusOK, "Ann is readmitted", "No one has set a role")
	g.known("Ann").get(shopsPath).want(http.StatusForbidden, "You don’t have access yet")
	operator := personPath(g.server.peopleID(t, "The operator"))
	boss.get(peoplePath).postForm(operator+"/remove").submit().want(http.StatusOK, "The operator is removed")
	boss.post(operator+"/role", url.Values{"role": {"viewer"}}).
		want(http.StatusOK, "Nothing was changed", "Readmit them first")
}

// TestPeopleRefused: what can't be done isn't offered, and changes nothing if
// it is sent nevertheless.
// Checklist 49.
func TestPeopleRefused(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	bossOfGroup := g.member(team.Admin)
	boss, err := g.server.Team.Person(t.Context(), bossOfGroup.id())
	g.must(err)
	ann := g.known("Ann")
	g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), ann.id(), team.Admin))
	g.member(team.Operator)
	operator := g.server.peopleID(t, "The operator")
	// Now Ann is the only admin.
	g.must(g.server.Team.EndSession(t.Context(), boss.Actor(), boss.ID, ""))
	_, err = g.server.Team.SignIn(t.Context(), team.Identity{Issuer: boss.Issuer, Subject: boss.Subject, Name: boss.Name})
	g.must(err)
	list := ann.get(peoplePath).want(http.StatusOK)
	for _, name := range []string{"Ann", "The operator"} {
		row := list.peopleRow(name)
		if strings.Contains(row, "Change role") || strings.Contains(row, "Remove") != (name == "The operator") {
			t.Errorf("offered: %s", row)
		}
	}
	tests := []struct {
		name, path string
		form       url.Values
		status     int
		text       string
	}{
		{"the last admin", personPath(ann.id()) + "/role", url.Values{"role": {"viewer"}}, 200, "The last admin stays"},
		{"oneself", personPath(ann.id()) + "/remove", nil, 409, "You can’t remove yourself"},
		{"of a group", personPath(operator) + "/role", url.Values{"role": {"admin"}}, 200, "This role isn’t set here"},
		{"the role of before", personPath(ann.id()) + "/role", url.Values{"role": {"admin"}}, 200, "Nothing was changed"},
		{"readmitted without a removal", personPath(ann.id()) + "/readmit", nil, 200, "Nothing was changed"},
		{"no role at all", personPath(operator) + "/role", url.Values{"role": {"owner"}}, 400, "couldn’t read the form"},
		{"nobody", personPath("nobody") + "/role", url.Values{"role": {"admin"}}, 404, "isn’t in the team"},
		{"nobody's sessions", personPath("nobody") + "/end", nil, 404, "isn’t in the team"},
		{"nobody readmitted", personPath("nobody") + "/readmit", nil, 404, "isn’t in the team"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ann.post(test.path, test.form).want(test.status, test.text)
			for id, role := range map[string]team.Role{ann.id(): team.Admin, operator: team.Operator} {
				if p, err := g.server.Team.Person(t.Context(), id); err != nil || p.Role != role {
					t.Errorf("%s is %q, %v", p.Name, p.Role, err)
				}
			}
		})
	}
}

// peopleID returns the ID of the person of a name.
func (s *server) peopleID(t *testing.T, name string) string {
	t.Helper()
	all, err := s.Team.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Name == name {
			return p.ID
		}
	}
	t.Fatalf("no %s", name)
	return ""
}

// TestYourSessions: everyone sees the sessions of their own, and ends those.
// Checklist 51.
func TestYourSessions(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	here, there, other := g.known("Ann"), g.known("Ann"), g.known("Zoe")
	pg := here.get(youPath).want(http.StatusOK, "You’re signed in as Ann · ann@agency.example · No role", "This one")
	f := pg.postForm(youEndPath)
	if strings.Count(pg.text(), "End session") != 1 {
		t.Errorf("ends: %s", pg.text())
	}
	other.post(youEndPath, f.values).want(http.StatusOK)
	there.get(youPath).want(http.StatusOK, "You’re signed in as Ann · ann@agency.example · No role")
	f.submit().want(http.StatusOK, "Session ended")
	if got := treatment(there.noRedirects().get(youPath)); got != signsIn {
		t.Errorf("the ended session: %s", got)
	}
	here.get(youPath).want(http.StatusOK, "This one")
}

// TestSessionsNameTheirBrowser: people recognize a session by its browser and
// system. Nothing else of what the browser says is kept or shown.
func TestSessionsNameTheirBrowser(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	p := g.person()
	provider.QueueUser(mockUser("ann", "viewer"))
	to := p.noRedirects().get(p.noRedirects().get(signInStart).header.Get("Location")).header.Get("Location")
	r := p.request(http.MethodGet, to, nil)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 Canary/7")
	p.do(r).want(http.StatusOK)
	boss := g.member(team.Admin)
	for _, pg := range []*page{p.get(youPath), boss.get(peoplePath)} {
		pg.want(http.StatusOK, "Firefox on Linux")
		if strings.Contains(pg.body, "Canary") || !strings.Contains(pg.body, `class="ago"`) {
			t.Errorf("%s shows more of the browser", pg.url)
		}
	}
	boss.get(youPath).want(http.StatusOK, "Unknown browser")
}

// TestActivityNamesPeople: two people's work is told apart on the page and in
// the file, though both use one connection and have one name.
func TestActivityNamesPeople(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	ids := map[string]string{}
	for _, who := range []struct{ subject, group string }{{"one", "operator"}, {"two", "admin"}} {
		p := g.signsIn(team.Identity{
			Issuer: "https://id.example", Subject: who.subject, Name: "Ann", Email: who.subject + "@agency.example",
			Groups: []string{who.group},
		})
		ids[who.subject] = p.id()
		p.newForm(shop.ID, "https://hooks.example.com/"+who.subject, "ORDER_PLACED").submit().want(http.StatusOK)
	}
	p := g.member(team.Viewer)
	p.get(activityPath(shop.ID)).want(http.StatusOK, "Ann", "one@agency.example", "two@agency.example", "Operator")
	only := p.get(activityPath(shop.ID)+"?who="+ids["one"]).want(http.StatusOK, "hooks.example.com/one").text()
	if strings.Contains(only, "hooks.example.com/two") {
		t.Error("the filter shows somebody else's work")
	}
	records := p.get(activityPath(shop.ID) + ".csv").want(http.StatusOK).records()
	got := map[string][]string{}
	for _, record := range records[1:] {
		got[record[7]] = record[15:18]
	}
	want := map[string][]string{
		"https://hooks.example.com/one": {"Ann", "one@agency.example", "operator"},
		"https://hooks.example.com/two": {"Ann", "two@agency.example", "admin"},
		"":                              {"The admin", "admin@agency.example", "admin"}, // who connected the shop
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
