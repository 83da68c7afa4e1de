package handlers

import (
	"net/http"
	"strings"
	"testing"
)

// TestInstalledFromTheDashboard: who installed the app from Fourthwall's
// dashboard arrives with a code that no sign-in here asked for. The code is
// never used, and one button leads on. Checklist 1, 4.
func TestInstalledFromTheDashboard(t *testing.T) {
	t.Parallel()
	const heading = "Hookwall is installed. One more step"
	tests := []struct {
		name, query string
		noClient    bool
		shops       int    // connected before
		started     bool   // a sign-in is under way in this browser
		status      int    // 0: 200
		want        string // "" for the page of an installed app
	}{
		{name: "a code alone", query: "code=canary"},
		{name: "an empty state", query: "code=canary&state="},
		{name: "Keycloak's parameters", query: "code=canary&session_state=canary-1&iss=https%3A%2F%2Fcanary.example"},
		{name: "unknown parameters", query: "shop=canary&code=canary&scope=openid"},
		{name: "a shop is connected", query: "code=canary", shops: 1},
		{name: "a sign-in is under way", query: "code=canary", started: true},
		{name: "API keys only", query: "code=canary", noClient: true},
		{name: "an error without a code", query: "error=access_denied", want: "You chose not to allow it"},
		{name: "an error beside a code", query: "code=canary&error=access_denied", want: "You chose not to allow it"},
		{name: "a state of nobody", query: "code=canary&state=canary", status: 400, want: "couldn’t read this request"},
		{name: "an empty code", query: "code=", status: 400, want: "couldn’t read this request"},
		{name: "nothing", query: "", status: 400, want: "couldn’t read this request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{noClient: test.noClient})
			p := g.person()
			for n := range test.shops {
				p.connectKey(n)
			}
			if test.started {
				p.get("/oauth/start?way=code")
			}
			status, want := http.StatusOK, heading
			if test.status != 0 {
				status = test.status
			}
			if test.want != "" {
				want = test.want
			}
			pg := p.get("/oauth/callback?"+test.query).want(status, want)
			if strings.Contains(pg.body, "canary") || strings.Contains(g.logs.String(), "canary") {
				t.Error("the page or the log has what came in the URL")
			}
			if n := g.tokenCalls(); n != 0 {
				t.Errorf("%d calls for a token", n)
			}
			if test.want != "" {
				return
			}
			if got := pg.header.Get("Referrer-Policy") + " " + pg.header.Get("Cache-Control"); got != "no-referrer no-store" {
				t.Errorf("Referrer-Policy and Cache-Control are %q", got)
			}
			if connected := strings.Contains(pg.text(), "you’re already done: Studio Nine"); connected != (test.shops > 0) {
				t.Errorf("says that the shop is connected: %t", connected)
			}
			head := p.do(p.request(http.MethodHead, "/oauth/callback?"+test.query, nil))
			if head.status != http.StatusOK || g.tokenCalls() != 0 {
				t.Errorf("HEAD: %d, %d calls for a token", head.status, g.tokenCalls())
			}
			p.finishInstall(pg, test.noClient)
		})
	}
}

// TestCodeWithItsStateCutOff: the code of a sign-in here is of no use without
// its state, even to the browser that asked for it.
func TestCodeWithItsStateCutOff(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	consent := p.get("/oauth/start?way=code")
	consent.p = p.noRedirects()
	to := p.consent(consent, g.box.Shops()[0].ID, "allow").header.Get("Location")
	p.get(cut(to, "state")).want(http.StatusOK, "One more step")
	if owner(p) != "" || g.tokenCalls() != 0 {
		t.Errorf("signed in as %q, %d calls for a token", owner(p), g.tokenCalls())
	}
	p.get(to).want(http.StatusOK, "is connected")
}

// finishInstall clicks the only button of the page and connects the shop.
func (p *person) finishInstall(pg *page, noClient bool) {
	g := p.rig
	g.t.Helper()
	if noClient {
		pg.want(http.StatusOK, "Open API user", "For developers")
		pg.link("Connect with an API key").want(http.StatusOK, "API password")
		return
	}
	shop := g.box.Shops()[1]
	p.consent(pg.link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK, shop.Name+" is connected")
	if n := g.tokenCalls(); n != 1 {
		g.t.Errorf("%d calls for a token", n)
	}
}
