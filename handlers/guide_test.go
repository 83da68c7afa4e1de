package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hookwall/internal/sandbox"
)

// steps returns the finished steps of the guide, by their first words, or nil
// if there is no guide.
func (pg *page) steps() (done []string) {
	walk(pg.doc, func(n *html.Node) {
		if attr(n, "class") == "done" {
			done = append(done, strings.Fields(textOf(n))[0])
		}
	})
	return done
}

func (pg *page) guided(want string) {
	pg.p.t.Helper()
	pg.want(http.StatusOK)
	if got := strings.Join(pg.steps(), " "); got != want {
		pg.p.t.Errorf("done are %q, want %q", got, want)
	}
	if shown := pg.node("guide") != nil; shown != (want != "") {
		pg.p.t.Errorf("the guide is shown: %v", shown)
	}
}

// TestGuideEnds: the guide shows which steps are done until all are. Then a
// notice says so once, and no shop shows it again.
func TestGuideEnds(t *testing.T) {
	t.Parallel()
	for name, isReal := range map[string]bool{"in the sandbox": false, "with a real Fourthwall": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			if isReal {
				g.server.SandboxURL = ""
			}
			p := g.person()
			shop := p.connectKey(0)
			list := webhooksPath(shop.ID)
			p.get(list).guided("Connect")
			g.add(shop, receives, "ORDER_PLACED")
			p.get(list).guided("Connect Create")
			g.fire(shop, false, "ORDER_PLACED")
			const done = "All done: your first event arrived"
			pg := p.get(list).want(http.StatusOK, done)
			pg.guided("")
			if again := p.get(list); strings.Contains(again.text(), done) {
				t.Error("it ends twice")
			}
			other := p.connectKey(1)
			p.get(webhooksPath(other.ID)).guided("")
			stranger := g.person()
			stranger.connectKey(0)
			if pg := stranger.get(list); pg.node("guide") != nil || strings.Contains(pg.text(), done) {
				t.Error("someone who has seen nothing of it sees how it ends")
			}
		})
	}
}

// TestGuideIsHiddenForGood: once hidden, it stays hidden, in every shop and after
// signing out.
func TestGuideIsHiddenForGood(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	list := webhooksPath(shop.ID)
	pg := p.get(list)
	pg.guided("Connect")
	if back := pg.form(guidePath).submit(); back.url.Path != list {
		t.Errorf("hiding it leads to %s", back.url)
	}
	p.get(list).guided("")
	other := p.connectKey(1)
	p.get(webhooksPath(other.ID)).guided("")
	p.signOut()
	p.connectKey(0)
	p.get(list).guided("")
	g.add(shop, receives, "ORDER_PLACED")
	g.fire(shop, false, "ORDER_PLACED")
	if pg := p.get(list); strings.Contains(pg.text(), "All done") {
		t.Error("it ends where it was hidden")
	}
}

// TestGuideWithoutDeliveries: where the deliveries can't be read, nobody knows
// which steps are left.
func TestGuideWithoutDeliveries(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	g.add(shop, receives, "ORDER_PLACED")
	g.box.FailNext(sandbox.Failure{Path: "/open-api/v1.0/webhook-events", Status: 500, Times: 9})
	p.get(webhooksPath(shop.ID)).guided("")
	g.box.ForgetFailures()
	p.get(webhooksPath(shop.ID)).guided("Connect Create")
}

func TestGuideCookie(t *testing.T) {
	t.Parallel()
	tests := []struct {
		public, back string
		secure       bool
		to           string
	}{
		{"", "/shops", false, "/shops"},
		{"", "//evil.example/", false, "/"},
		{"", "https://evil.example/shops", false, "/"},
		{"", "", false, "/"},
		{"https://hooks.example.com", "/shops", true, "/shops"},
	}
	for _, test := range tests {
		g := newRig(t, options{publicURL: test.public})
		pg := g.person().noRedirects().post(guidePath, url.Values{"return": {test.back}})
		if pg.status != http.StatusSeeOther || pg.header.Get("Location") != test.to {
			t.Errorf("%+v: %d, to %q", test, pg.status, pg.header.Get("Location"))
		}
		c, err := http.ParseSetCookie(pg.header.Get("Set-Cookie"))
		g.must(err)
		ok := c.Name == g.server.cookieName("guide") && c.HttpOnly && c.Secure == test.secure &&
			c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.MaxAge == longCookieLife
		if !ok || len(pg.header.Values("Set-Cookie")) != 1 {
			t.Errorf("%+v: cookie %+v", test, c)
		}
	}
}
