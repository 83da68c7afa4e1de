package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"hookwall/internal/store"
)

// fill connects n more shops, named "Shop 0000" and so on. The last has expired.
func (p *person) fill(n int) {
	p.t.Helper()
	var owner store.Owner
	r := p.request(http.MethodGet, shopsPath, nil)
	for _, c := range p.client.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	session, err := p.server.sessions.Get(r, p.server.cookieName("session"))
	p.must(err)
	owner = store.OwnerOf(session)
	for i := range n {
		name := fmt.Sprintf("%04d", i)
		conn, err := p.store.PutConnection(p.t.Context(), store.Connection{
			Owner: owner, ShopID: "sh_" + name, ShopName: "Shop " + name, ShopDomain: name + ".example",
			Way: "apikey", Credential: []byte("x"), Scopes: "webhook_read webhook_write",
		})
		p.must(err)
		if i == n-1 {
			p.must(p.store.ExpireConnection(p.t.Context(), conn.ID, conn.Version, store.End{}))
		}
	}
}

// findShops returns what the switcher shows for a text.
func (p *person) findShops(text string) *page {
	p.t.Helper()
	return p.post(findShopPath, url.Values{"q": {text}})
}

// TestSizesWithManyShops: no page grows with the number of connected shops.
func TestSizesWithManyShops(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION").ID
	paths := []string{
		webhooksPath(shop.ID), newWebhookPath(shop.ID), webhookPath(shop.ID, hook), eventsPath(shop.ID),
		activityPath(shop.ID), toolsPath, helpPath, connectPath, displayPath, signOutPath, "/samples/DONATION", "/nothing",
	}
	before := map[string]int{}
	for _, path := range paths {
		before[path] = len(p.get(path).body)
	}
	p.fill(1000)
	for _, path := range paths {
		// The switcher has a search and four shops more.
		if now := len(p.get(path).body); now > before[path]+2500 {
			t.Errorf("%s has %d bytes with 1,001 shops, and had %d with one", path, now, before[path])
		}
	}
	for _, path := range []string{shopsPath, shopsPath + "?page=21"} {
		if n := len(p.get(path).want(http.StatusOK).body); n > 120_000 {
			t.Errorf("%s has %d bytes", path, n)
		}
	}
}

// TestShopsPages goes through the pages of many shops, and searches them.
func TestShopsPages(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	first := p.connect(0)
	p.fill(120)
	for _, test := range []struct {
		query string
		shows []string
		lacks []string
	}{
		{"", []string{
			"121 shops", "1 to reconnect", "1–50 of 121", "Shop 0119", first.Name, "Shop 0048",
		}, []string{"Shop 0049", "Previous"}},
		{"?page=2", []string{"51–100 of 121", "Shop 0049", "Previous", "Next"}, []string{"Shop 0048"}},
		{"?page=3", []string{"101–121 of 121", "Shop 0118"}, []string{"Next"}},
		{"?page=99", []string{"101–121 of 121"}, nil},
		{"?page=x", []string{"1–50 of 121"}, nil},
		{"?q=SHOP+0042", []string{"1 of 121 shops shown", "Shop 0042"}, []string{"Shop 0041 ", "Next"}},
		{"?q=00+shop&page=2", []string{"101 of 121 shops shown", "51–100 of 101", "Previous", "Next"}, nil},
		{"?q=0042.example", []string{"1 of 121 shops shown"}, nil},
		{"?q=nowhere", []string{"No shops match", "Show all shops"}, nil},
	} {
		pg := p.get(shopsPath+test.query).want(http.StatusOK, test.shows...)
		main := textOf(pg.node("main"))
		for _, text := range test.lacks {
			if strings.Contains(main, text) {
				t.Errorf("%q shows %q", test.query, text)
			}
		}
	}
	p.findShops("00").want(http.StatusOK, "101 of 121 shops", "Shop 0000", "Shop 0004", "Show all 101")
	p.findShops("0119").want(http.StatusOK, "1 of 121 shops", "Shop 0119", "Reconnect")
	for _, query := range []string{"", " "} {
		if body := p.findShops(query).body; body != "" {
			t.Errorf("%q: %s", query, body)
		}
	}
	if body := p.person().findShops("0").want(http.StatusOK).body; strings.Contains(body, "Shop") {
		t.Errorf("someone else sees %s", body)
	}
}

// TestSwitcherHasTheLastShops: the switcher has the shops that were opened last,
// the last one first.
func TestSwitcherHasTheLastShops(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	p.connect(0)
	p.fill(20)
	for _, i := range []int{3, 9, 3, 7, 11, 5, 13} {
		p.get(webhooksPath(fmt.Sprintf("sh_%04d", i)))
	}
	pg := p.get(toolsPath)
	at := 0
	for _, i := range []int{13, 5, 11, 7, 3} {
		name := fmt.Sprintf("Shop %04d", i)
		next := strings.Index(pg.text(), name)
		if next <= at {
			t.Fatalf("%s is not in its place in %s", name, pg.text())
		}
		at = next
	}
	if strings.Contains(pg.text(), "Shop 0009") {
		t.Error("a sixth shop is in the switcher")
	}
}

// TestSignOutAsks: a sign-out that disconnects shops is asked about, with their
// number, and asked again if the number has changed.
func TestSignOutAsks(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	asked := p.get(webhooksPath(shop.ID)).link("Sign out").
		want(http.StatusOK, "Sign out and disconnect 1 shop?", shop.Name)
	asked.link("Stay signed in").want(http.StatusOK)
	p.fill(7)
	again := asked.form(signOutPath).submit().want(http.StatusOK, "Sign out and disconnect 8 shops?", "3 other shops")
	for _, said := range []string{"", "1", "-8", "x"} {
		pg := p.noRedirects().post(signOutPath, url.Values{"shops": {said}, "return": {"/help"}})
		if to := pg.header.Get("Location"); pg.status != http.StatusSeeOther || to != signOutPath+"?return=%2Fhelp" {
			t.Errorf("%q leads to %q", said, to)
		}
	}
	p.get(webhooksPath(shop.ID)).want(http.StatusOK, shop.Name)
	again.form(signOutPath).submit().want(http.StatusOK, "signed out")
	p.get(signOutPath).want(http.StatusOK, "Connect a shop")

	// Nothing is asked without shops.
	p.connect(0)
	p.post(disconnectPath(shop.ID), nil)
	p.post(signOutPath, url.Values{}).want(http.StatusOK, "signed out")
}

// TestRateTexts says limits in words.
func TestRateTexts(t *testing.T) {
	t.Parallel()
	for want, rate := range map[string]Rate{
		"30 in a row, then one every 3 seconds": {Burst: 30, Every: 3e9},
		"300 in a row, then 5 per second":       {Burst: 300, Every: 2e8},
		"10 in a row":                           {Burst: 10},
	} {
		if got := rateText(rate); got != want {
			t.Errorf("%s: %q", strconv.Quote(want), got)
		}
	}
}
