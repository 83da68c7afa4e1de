package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// TestTeamActivity: what is done to people, their sessions and the team's shops
// is recorded with who did it, and admins see it.
func TestTeamActivity(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	boss, shop := g.member(team.Admin), g.box.Shops()[1]
	ann := g.person()
	provider.QueueUser(mockUser("ann"))
	ann.get(signInStart).want(http.StatusForbidden)
	path := personPath(ann.id())
	boss.post(path+"/role", url.Values{"role": {"viewer"}}).want(http.StatusOK)
	boss.post(path+"/end", nil).want(http.StatusOK)
	boss.post(path+"/remove", nil).want(http.StatusOK)
	boss.post(path+"/remove", nil).want(http.StatusOK, "Nothing was changed") // and nothing is recorded
	boss.post(path+"/readmit", nil).want(http.StatusOK)
	boss.post(path+"/role", url.Values{"role": {"owner"}}).want(http.StatusBadRequest)
	boss.connectKey(1)
	boss.post(shopPath(shop.ID)+"/disconnect", nil).want(http.StatusOK)
	leaver := g.member(team.Operator)
	leaver.post(signOutPath, nil).want(http.StatusOK)

	records := boss.get(teamActivityPath + ".csv").want(http.StatusOK).records()
	var got [][]string
	for _, r := range records[1:] {
		if isMark := len(r[8]) == 8; !isMark || (r[1] == activity.EndSession) != (len(r[9]) == 8) || r[10] == "" {
			t.Errorf("sessions %q and %q, request %q in %v", r[8], r[9], r[10], r)
		}
		got = append(got, r[1:8])
	}
	const address, admin, called = "admin@agency.example", "The admin", "ann@agency.example"
	want := [][]string{
		{"team.sign_out", "The operator", "operator@agency.example", "operator", "", "", ""},
		{"shop.disconnect", admin, address, "admin", shop.Name, "", ""},
		{"shop.connect", admin, address, "admin", shop.Name, "", ""},
		{"team.readmit", admin, address, "admin", called, "", ""},
		{"team.remove", admin, address, "admin", called, "viewer", ""},
		{"team.end_session", admin, address, "admin", called, "", ""},
		{"team.role", admin, address, "admin", called, "", "viewer"},
		{"team.sign_in", called, called, "", "", "", ""},
		{"shop.connect", admin, address, "admin", g.box.Shops()[0].Name, "", ""}, // by the rig
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	boss.get(peoplePath).link("Team activity").want(http.StatusOK, "Team activity", "Signed in", "Role changed",
		"No role → Viewer", "Person removed", "Person readmitted", "Session ended", "Shop connected", shop.Name)
	only := boss.get(teamActivityPath+"?action="+activity.ChangeRole).want(http.StatusOK, "Role changed").text()
	if strings.Contains(only, "Person removed") {
		t.Error("the filter shows something else")
	}
	boss.get(activityPath(g.box.Shops()[0].ID)).want(http.StatusOK, "Shop connected")
	g.member(team.Operator).get(teamActivityPath).want(http.StatusForbidden)
}

// TestCallsOfEndpointsAreRecorded: checks and test deliveries are recorded with
// how they ended, and without what was sent.
func TestCallsOfEndpointsAreRecorded(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"accepted": 200, "failed": 500} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{endpoint: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
			})})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, "http://"+sandbox.ReceiverHost+"/", "DONATION")
			p.post(testPath(shop.ID, hook.ID), url.Values{"type": {"DONATION"}, "body": {`{"buyer":"canary"}`}}).
				want(http.StatusOK)
			p.post(checksPath(shop.ID), url.Values{"url": {hook.URL}, "type": {"DONATION"}}).want(http.StatusOK)
			g.server.background.tasks.Wait()
			want := map[string]string{"accepted": store.OutcomeDone, "failed": store.OutcomeFailed}[name]
			for _, action := range []string{activity.TestEndpoint, activity.CheckEndpoint} {
				all := g.recorded(shop, action)
				if len(all) != 1 || all[0].Actor == "" || all[0].Session == "" || all[0].RequestID == "" ||
					strings.Contains(string(all[0].Detail), "canary") {
					t.Fatalf("%s: %+v", action, all)
				}
				if d, _ := activity.ReadDetail(all[0]); d.After == nil || d.After.URL != hook.URL {
					t.Errorf("%s: %+v", action, d)
				}
			}
			sent := g.recorded(shop, activity.TestEndpoint)[0]
			if sent.Outcome != want || sent.Status != status || sent.WebhookID != hook.ID {
				t.Errorf("the test delivery: %+v", sent)
			}
			texts := map[string][]string{
				"accepted": {"Test delivery accepted", "Donation"}, "failed": {"Test delivery failed", "Status code 500", "problem"},
			}
			p.get(activityPath(shop.ID)).want(http.StatusOK, texts[name]...)
		})
	}
}
