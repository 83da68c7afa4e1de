package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

func nothingToRecord(one store.Labeled) (store.Activity, error) {
	return store.Activity{Shop: one.Shop, Action: activity.LabelShop, Detail: []byte("{}")}, nil
}

// connectedBefore returns a member whose browser connected shops before there
// was a team.
func (g *rig) connectedBefore(role team.Role, shops ...int) *person {
	g.t.Helper()
	p := g.withSession(nil)
	own := owner(p)
	for _, n := range shops {
		shop := g.box.Shops()[n]
		conn, err := g.store.Connection(g.t.Context(), g.server.Team.Owner(), g.box.Shops()[0].ID)
		g.must(err)
		conn.Owner, conn.ShopID, conn.ShopName, conn.ShopDomain = own, shop.ID, shop.Name, shop.Domain
		_, err = g.store.PutConnection(g.t.Context(), conn)
		g.must(err)
	}
	provider := g.withProvider()
	provider.QueueUser(mockUser("ann", string(role)))
	p.get(signInStart)
	if owner(p) != own {
		g.t.Fatal("the sign-in changed the owner")
	}
	return p
}

// TestMoveShops: the shops that a browser connected before there was a team are
// offered to an admin, and moved if the person chooses them.
func TestMoveShops(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t) // has the first shop
	p := g.connectedBefore(team.Admin, 0, 1, 2)
	first, second, third := g.box.Shops()[0], g.box.Shops()[1], g.box.Shops()[2]
	if slug := p.get(webhooksPath(second.ID)).status; slug != http.StatusNotFound {
		t.Errorf("a shop that was not moved: %d", slug)
	}
	p.get(connectPath).want(http.StatusOK, "3 shops aren’t the team’s yet")
	p.get(signOutPath).want(http.StatusOK, "3 shops that this browser connected before the team existed")
	asked := p.get(shopsPath).want(http.StatusOK, "3 shops aren’t the team’s yet").link("Choose shops to move")
	f := asked.want(http.StatusOK, "The team has these already").form(movePath)
	diff := cmp.Diff(sorted([]string{second.ID, third.ID}), sorted(f.values["move"]))
	if diff != "" || f.values.Has("drop") {
		t.Errorf("the form has %v, %s", f.values, diff)
	}
	f.set("move").submit().want(http.StatusUnprocessableEntity, "Select at least one shop")

	pg := f.set("move", second.ID).submit().
		want(http.StatusOK, "1 shop moved to the team", "2 shops aren’t the team’s yet")
	if pg.url.Path != shopsPath {
		t.Errorf("it leads to %s", pg.url)
	}
	p.get(webhooksPath(second.ID)).want(http.StatusOK)
	again := f.set("move", second.ID, first.ID).submit()
	again.want(http.StatusOK, "No shop was moved", "The team already has "+first.Name,
		"is no longer connected in this browser")
	p.get(movePath).form(movePath).set("move").set("drop", first.ID).submit().
		want(http.StatusOK, "We deleted this browser’s access to "+first.Name, "1 shop isn’t the team’s yet")

	for list, action := range map[string]string{teamActivityPath: "shop.move", activityPath(second.ID): "shop.move"} {
		records := p.get(list + ".csv?action=" + action).records()
		if len(records) != 2 || !strings.Contains(strings.Join(records[1], " "), "ann@agency.example") {
			t.Errorf("%s has %v", list, records)
		}
	}
	p.get(teamActivityPath).want(http.StatusOK, "Shop connected (moved)", second.Name)
	p.get(movePath).form(movePath).submit().want(http.StatusOK, "1 shop moved to the team")
	p.get(movePath).want(http.StatusOK, "Nothing to move")
	p.signOut()
	g.member(team.Viewer).get(shopsPath).want(http.StatusOK, "3 shops connected", second.Name, third.Name)
}

// TestMoveIsForAdmins: others are told who can help and how long their shops are
// kept. Nobody can move the shops of another browser.
func TestMoveIsForAdmins(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[1]
	for _, role := range []team.Role{team.Viewer, team.Operator} {
		p := g.connectedBefore(role, 1)
		p.get(shopsPath).want(http.StatusOK, "1 shop isn’t the team’s yet", "Only admins can move shops to the team.",
			"Ask The admin (admin@agency.example).", "until you sign out, at most 12 hours after you signed in")
		p.post(movePath, url.Values{"move": {shop.ID}}).want(http.StatusForbidden)
	}
	other := g.member(team.Admin)
	other.get(movePath).want(http.StatusOK, "Nothing to move")
	other.post(movePath, url.Values{"move": {shop.ID}}).want(http.StatusOK, "No shop was moved")
	if strings.Contains(other.get(shopsPath).text(), shop.Name) {
		t.Error("another browser's shop was moved")
	}
	newRig(t, options{}).person().get(movePath).want(http.StatusNotFound)
}
