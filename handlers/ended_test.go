package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

var (
	refusesRenewal = sandbox.Failure{Path: tokenPath, Status: 400, Body: `{"error":"invalid_grant"}`}
	rejectsKey     = sandbox.Failure{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED"}
)

// TestEndedConnection: each way in which a connection ends is shown with why and
// since when, wherever the shop is, and is recorded once.
func TestEndedConnection(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		byKey  bool
		end    func(g *rig, p *person, shop sandbox.DemoShop)
		want   store.End
		short  string
		reason string
	}{
		{
			name: "the renewal is refused", end: func(g *rig, _ *person, _ sandbox.DemoShop) {
				g.move(time.Hour)
				g.box.FailNext(refusesRenewal)
			},
			want: store.End{Why: store.EndNotRenewed, Code: "invalid_grant"}, short: "Access ended",
			reason: "Fourthwall no longer renews Hookwall’s access",
		},
		{
			name: "a renewed access is rejected", end: func(g *rig, _ *person, _ sandbox.DemoShop) {
				g.box.FailNext(rejectsKey)
				g.box.FailNext(rejectsKey) // the renewed access
			},
			want:  store.End{Why: store.EndRejected, Code: "OPEN_API_UNAUTHORIZED"},
			short: "Access rejected", reason: "Fourthwall rejects Hookwall’s access",
		},
		{
			name: "the key is rejected", byKey: true,
			end:   func(g *rig, _ *person, _ sandbox.DemoShop) { g.box.FailNext(rejectsKey) },
			want:  store.End{Why: store.EndKeyRejected, Code: "OPEN_API_UNAUTHORIZED"},
			short: "API key rejected", reason: "Fourthwall rejects the API key",
		},
		{
			name: "the older sign-in is over", end: func(g *rig, p *person, shop sandbox.DemoShop) {
				conn, err := g.store.Connection(g.t.Context(), owner(p), shop.ID)
				g.must(err)
				conn.Way, conn.ExpiresAt = "implicit", g.server.Now().Add(time.Minute)
				conn.Credential = []byte(`{"way":"implicit","access_token":"x","expires_at":"` +
					conn.ExpiresAt.Format(time.RFC3339) + `"}`)
				_, err = g.store.PutConnection(g.t.Context(), conn)
				g.must(err)
				g.move(time.Hour)
			},
			want: store.End{Why: store.EndTimeUp}, short: "Access expired", reason: "It lasts a few minutes",
		},
		{
			name: "the app is disconnected", end: func(g *rig, p *person, shop sandbox.DemoShop) {
				g.move(time.Second)
				g.fired(shop, "PLATFORM_APP_DISCONNECTED", false)
				g.box.FailNext(refusesRenewal)
				p.get(eventsPath(shop.ID)).want(http.StatusOK, "The app was disconnected in Fourthwall")
			},
			want: store.End{Why: store.EndDisconnected, Code: "invalid_grant"}, short: "App disconnected",
			reason: "The app was disconnected in Fourthwall",
		},
		{
			name: "a version without reasons has marked it", end: func(g *rig, p *person, shop sandbox.DemoShop) {
				conn, err := g.store.Connection(g.t.Context(), owner(p), shop.ID)
				g.must(err)
				g.must(g.store.ExpireConnection(g.t.Context(), conn.ID, conn.Version, store.End{}))
			},
			want: store.End{}, short: "Reason not known", reason: "We don’t know why",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{still: true})
			p := g.person()
			var shop sandbox.DemoShop
			if test.byKey {
				shop = p.connectKey(1)
			} else {
				shop = p.connect(1)
			}
			g.add(shop, receives, "PLATFORM_APP_DISCONNECTED", "ORDER_PLACED")
			test.end(g, p, shop)
			at := g.server.Now()
			since := "We noticed on " + at.UTC().Format("Jan 2, 2006, 15:04") + " UTC"
			p.get(webhooksPath(shop.ID)).want(http.StatusOK, shop.Name+" must be connected again", test.reason, since)
			g.move(time.Hour)
			p.get(eventsPath(shop.ID)).want(http.StatusOK, "must be connected again", test.reason, since)
			p.get(shopsPath).want(http.StatusOK, test.short, at.UTC().Format("Jan 2, 15:04"), "Reconnect")
			p.findShops("lantern").want(http.StatusOK, test.short)
			p.get(disconnectPath(shop.ID)).want(http.StatusOK, "This connection has ended", test.reason, since)

			conn, err := g.store.Connection(t.Context(), owner(p), shop.ID)
			g.must(err)
			want := test.want
			want.At = at.UTC().Truncate(time.Millisecond)
			if !conn.Expired || conn.End != want {
				t.Errorf("ended %t: %+v, want %+v", conn.Expired, conn.End, want)
			}
			all := g.recorded(shop, activity.EndConnection)
			if test.want.Why == store.EndUnknown {
				return // nobody was there to record it
			}
			d, _ := activity.ReadDetail(all[0])
			if len(all) != 1 || all[0].Actor != "Hookwall" || all[0].Session != "" || all[0].Outcome != store.OutcomeDone ||
				d.Why != string(want.Why) || d.Code != want.Code || d.Connection == "" {
				t.Errorf("recorded: %+v %+v", all, d)
			}
			p.connectKey(1)
			p.get(webhooksPath(shop.ID)).want(http.StatusOK)
			p.get(activityPath(shop.ID)).want(http.StatusOK, "Connection ended", test.short, "Hookwall", test.want.Code)
			if strings.Contains(p.get(shopsPath).text(), test.short) {
				t.Error("it is still shown as ended")
			}
		})
	}
}

// TestEndedConnectionOfTeam: those who can't reconnect a shop see why it ended
// and who can help. The team's activity has it, too.
func TestEndedConnectionOfTeam(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	g.box.FailNext(rejectsKey)
	texts := []string{"Fourthwall rejects the API key", "We noticed on", "The admin (admin@agency.example)"}
	for _, role := range []team.Role{team.Viewer, team.Operator} {
		p := g.member(role)
		p.get(webhooksPath(shop.ID)).want(http.StatusConflict, texts...)
		pg := p.get(shopsPath).want(http.StatusOK, "API key rejected", "An admin can reconnect a shop", texts[2])
		for _, row := range pg.rowsBehind() {
			if strings.Contains(row, "disconnect") || strings.Contains(row, "connect?") {
				t.Errorf("%s is offered %s", role, row)
			}
		}
		p.get(disconnectPath(shop.ID)).want(http.StatusForbidden)
	}
	boss := g.member(team.Admin)
	boss.get(teamActivityPath).want(http.StatusOK, "Connection ended", "API key rejected", "Hookwall", shop.Name)
	records := boss.get(teamActivityPath + ".csv?action=" + activity.EndConnection).records()
	if last := records[len(records)-1]; len(records) != 2 || last[2] != "" || last[11] != "key_rejected" ||
		last[12] != "OPEN_API_UNAUTHORIZED" {
		t.Errorf("the file has %q", records)
	}
	boss.get(shopsPath).link("Reconnect").want(http.StatusOK, shop.Name+" must be connected again")
}

// TestKeepAliveSaysWhy: a connection that ends while nobody is there says why.
func TestKeepAliveSaysWhy(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.member(team.Admin).connect(1)
	g.move(25 * time.Hour)
	g.box.FailNext(refusesRenewal)
	g.must(g.server.Shops.KeepAlive(t.Context()))
	conn, err := g.store.Connection(t.Context(), g.server.Team.Owner(), shop.ID)
	g.must(err)
	if !conn.Expired || conn.End.Why != store.EndNotRenewed || conn.End.Code != "invalid_grant" || conn.End.At.IsZero() {
		t.Errorf("%+v", conn.End)
	}
	g.member(team.Admin).get(teamActivityPath).want(http.StatusOK, "Connection ended", "Access ended", shop.Name)
}

// TestDisconnectedAppIsAHint: Fourthwall is asked once whether the connection
// has ended, and only its own answer ends it.
func TestDisconnectedAppIsAHint(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		byKey bool
		test  bool // event
		early bool // the event is older than the connection
		fails *sandbox.Failure
		asked []int // calls for the token or the shop, after each of the pages
	}{
		{name: "Fourthwall says that it is connected", asked: []int{2, 0, 0, 0}},
		{name: "connected by an API key", byKey: true, asked: []int{0, 0, 0, 0}},
		{name: "a test event", test: true, asked: []int{0, 0, 0, 0}},
		{name: "before it was connected", early: true, asked: []int{0, 0, 0, 0}},
		{
			name: "something in front of Fourthwall refuses", asked: []int{1, 2, 0, 0},
			fails: &sandbox.Failure{Path: tokenPath, Status: 403, Body: "<html>"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			shop := g.box.Shops()[1]
			g.add(shop, receives, "PLATFORM_APP_DISCONNECTED")
			p := g.person()
			if test.early {
				g.fired(shop, "PLATFORM_APP_DISCONNECTED", false)
				g.move(time.Second)
			}
			if test.byKey {
				p.connectKey(1)
			} else {
				p.connect(1)
			}
			event := ""
			if !test.early {
				g.move(time.Second)
				event = g.fired(shop, "PLATFORM_APP_DISCONNECTED", test.test)
			}
			if test.fails != nil {
				g.box.FailNext(*test.fails)
			}
			for i, path := range []string{
				eventsPath(shop.ID), webhooksPath(shop.ID), webhookPath(shop.ID, g.box.Webhooks(shop.ID)[0].ID),
				eventPath(shop.ID, event),
			} {
				if event == "" && i == 3 {
					continue
				}
				g.calls.forget()
				if pg := p.get(path).want(http.StatusOK); pg.url.Path != path {
					t.Errorf("%s leads to %s", path, pg.url)
				}
				if n := g.calls.to(tokenPath) + g.calls.to("/open-api/v1.0/shops/current"); n != test.asked[i] {
					t.Errorf("%s asks %d times, want %d", path, n, test.asked[i])
				}
			}
			if all := g.recorded(shop, activity.EndConnection); len(all) != 0 {
				t.Errorf("recorded: %+v", all)
			}
		})
	}
}
