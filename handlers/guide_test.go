package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
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

// TestGuideIsHiddenForGood: the guide shows which steps are done. Once hidden,
// it stays hidden, in every shop and after signing out.
func TestGuideIsHiddenForGood(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	list := webhooksPath(shop.ID)
	p.get(list).guided("Connect")
	g.add(shop, receives, "ORDER_PLACED")
	p.get(list).guided("Connect Create")
	g.fire(shop, false, "ORDER_PLACED")
	pg := p.get(list)
	pg.guided("Connect Create Place")
	if back := pg.form(guidePath).submit(); back.url.Path != list {
		t.Errorf("hiding it leads to %s", back.url)
	}
	p.get(list).guided("")
	other := p.connect(1)
	p.get(webhooksPath(other.ID)).guided("")
	p.signOut()
	p.connect(0)
	p.get(list).guided("")
	stranger := g.person()
	stranger.connect(0)
	stranger.get(list).guided("Connect Create Place")
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

// TestGuideIsOfTheSandbox: there is no guide with a real Fourthwall.
func TestGuideIsOfTheSandbox(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.server.SandboxURL = ""
	p.get(webhooksPath(shop.ID)).guided("")
	pg := p.noRedirects().post(guidePath, url.Values{"return": {"/shops"}})
	pg.want(http.StatusNotFound)
	if pg.header.Get("Set-Cookie") != "" {
		t.Error("a cookie was set")
	}
}
