package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/team"
)

// TestTeamAfterAMonth: after 30 days in which no one has signed in, the team has
// everything that it had, and the sessions have ended.
func TestTeamAfterAMonth(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{still: true, team: &team.Config{Groups: roleGroups}})
	admin := g.member(team.Admin)
	signedIn, byKey := admin.connect(0), admin.connectKey(1)
	ann := g.known("Ann")
	boss, err := g.server.Team.Person(t.Context(), admin.id())
	g.must(err)
	g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), ann.id(), team.Operator))
	created := ann.newForm(signedIn.ID, good, "ORDER_PLACED").submit().want(http.StatusOK)
	at := strings.TrimSuffix(created.url.Path, "/")
	ann.get(at+"/label").form(at+"/label").set("label", "Our CRM").submit().want(http.StatusOK, "Our CRM")

	for range 30 {
		g.move(24 * time.Hour)
		g.must(g.store.Sweep(t.Context()))
		g.must(g.server.Shops.KeepAlive(t.Context()))
	}
	for _, p := range []*person{admin, ann} {
		if got := treatment(p.noRedirects().get(shopsPath)); got != signsIn {
			t.Errorf("a session of a month ago: %s", got)
		}
	}
	again := g.known("Ann")
	again.get(shopsPath).want(http.StatusOK, signedIn.Name, byKey.Name)
	again.get(webhooksPath(byKey.ID)).want(http.StatusOK)
	again.get(webhooksPath(signedIn.ID)).want(http.StatusOK, "Our CRM", "1 webhook")
	again.newForm(signedIn.ID, good+"/2", "DONATION").submit().want(http.StatusOK)
	again.get(activityPath(signedIn.ID)).want(http.StatusOK, "Ann", "Webhook created")
	g.member(team.Admin).get(peoplePath).want(http.StatusOK, "1 admin", "1 operator")
	g.member(team.Admin).get(teamActivityPath).want(http.StatusOK, "Role changed", "Shop connected")
}
