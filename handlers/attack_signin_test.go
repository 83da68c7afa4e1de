package handlers

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/internal/sandbox"
)

// replica starts a second dashboard on the same store, and returns its URL.
func (g *rig) replica() *http.Transport {
	second := build(g.server.Config)
	front := httptest.NewServer(second.handler())
	g.t.Cleanup(func() { front.Close(); second.background.end() })
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, front.Listener.Addr().String())
	}
	return &http.Transport{DisableKeepAlives: true, DialContext: dial}
}

// on returns the person's browser, connected to another replica under the same
// URL.
func (p *person) on(way *http.Transport) *person {
	c := *p.client
	c.Transport = way
	return &person{p.rig, &c}
}

// holding returns a new browser with these cookies.
func (g *rig) holding(cookies ...*http.Cookie) *person {
	g.t.Helper()
	p := g.person()
	u, err := url.Parse(g.url)
	g.must(err)
	for _, c := range cookies {
		c.Path = "/"
	}
	p.client.Jar.SetCookies(u, cookies)
	return p
}

// copyOf returns a browser with copies of all cookies that the person has now.
func (p *person) copyOf() *person {
	u, err := url.Parse(p.url)
	p.must(err)
	return p.holding(p.client.Jar.Cookies(u)...)
}

// signedOut fails the test if the person sees a shop.
func (p *person) signedOut(shop sandbox.DemoShop) {
	p.t.Helper()
	for _, path := range []string{"/", "/shops", webhooksPath(shop.ID)} {
		if pg := p.get(path); pg.url.Path != "/connect" || strings.Contains(pg.text(), shop.Name) {
			p.t.Errorf("%s leads to %s", path, pg.url)
		}
	}
}

// TestPlantedSession: an attacker who plants their own session in a person's
// browser does not see what that person connects, even with a copy of the
// session.
// Checklist 16.
func TestPlantedSession(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	name := g.server.cookieName("session")
	attacker := g.person()
	own := attacker.connectKey(0)
	var both sync.WaitGroup
	both.Add(2)
	g.calls.set(func(c apiCall) {
		if strings.HasSuffix(c.path, "/shops/current") {
			both.Done()
			both.Wait() // each request has read the session that the other one renews
		}
	}, nil)
	twins := []*person{attacker.copyOf(), attacker.copyOf()}
	var presses sync.WaitGroup
	for _, twin := range twins {
		presses.Go(func() {
			twin.post("/connect/key", url.Values{"username": {own.APIUser}, "password": {own.APIPassword}})
		})
	}
	presses.Wait()
	g.calls.set(nil, nil)
	planted, kept := twins[0].cookie(name), twins[1].cookie(name)
	if planted == "" || kept == "" || planted == kept {
		t.Fatal("the attack could not be set up: there are no twins")
	}
	g.move(time.Second)
	victim := g.holding(&http.Cookie{Name: name, Value: planted})
	shop := victim.connect(1)
	for _, old := range []string{planted, kept} {
		g.holding(&http.Cookie{Name: name, Value: old}).signedOut(shop)
	}
	victim.get(webhooksPath(shop.ID)).want(http.StatusOK, shop.Name)
}

// TestStolenSession: a copied cookie is worthless once its session is over, on
// any replica. Checklist 17.
func TestStolenSession(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(*rig, *person)
	}{
		{"signed out", func(_ *rig, p *person) { p.signOut() }},
		{"signed out at another replica", func(g *rig, p *person) { p.on(g.replica()).signOut() }},
		{"renewed by another sign-in", func(_ *rig, p *person) { p.connectKey(1) }},
		{"idle for 12 hours", func(g *rig, _ *person) { g.move(12*time.Hour + time.Second) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			thief := p.copyOf()
			thief.get(webhooksPath(shop.ID)).want(http.StatusOK, shop.Name)
			test.end(g, p)
			before := len(g.box.Requests())
			thief.signedOut(shop)
			thief.on(g.replica()).signedOut(shop)
			thief.post(webhooksPath(shop.ID), url.Values{"url": {good}, "allowedTypes": {"DONATION"}})
			if after := len(g.box.Requests()); after != before {
				t.Errorf("%d calls were made for the thief", after-before)
			}
		})
	}
}

// back allows the sign-in on the sandbox's page and returns the URL that the
// browser is sent back to.
func (p *person) back(way, shopID string) *url.URL {
	p.t.Helper()
	consent := p.get("/oauth/start?way=" + way)
	consent.p = p.noRedirects()
	to, err := url.Parse(p.consent(consent, shopID, "allow").header.Get("Location"))
	p.must(err)
	return to
}

// with is an address with other parameters; each may come several times.
func with(u *url.URL, pairs ...string) string {
	var q []string
	for i := 0; i < len(pairs); i += 2 {
		q = append(q, url.QueryEscape(pairs[i])+"="+url.QueryEscape(pairs[i+1]))
	}
	out := *u
	out.RawQuery, out.Fragment = strings.Join(q, "&"), ""
	return out.String()
}

// TestMixedUpSignIns: the results of two sign-ins cannot be combined, and a
// code is of no use in another browser than the one that asked for it.
// Checklist 1, 7.
func TestMixedUpSignIns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		attack func(theirs, mine *url.URL) string // opened in my browser
		status int
		asks   int // calls of the token endpoint
	}{
		{"their answer in my browser", func(theirs, _ *url.URL) string { return theirs.String() }, 400, 0},
		{"their code with my state", func(theirs, mine *url.URL) string {
			return with(mine, "code", theirs.Query().Get("code"), "state", mine.Query().Get("state"))
		}, 200, 1},
		{"their code first of two", func(theirs, mine *url.URL) string {
			return with(mine, "code", theirs.Query().Get("code"), "code", mine.Query().Get("code"), "state",
				mine.Query().Get("state"))
		}, 200, 1},
		{"my code with their state", func(theirs, mine *url.URL) string {
			return with(mine, "code", mine.Query().Get("code"), "state", theirs.Query().Get("state"))
		}, 400, 0},
		{"their state first of two", func(theirs, mine *url.URL) string {
			return with(mine, "code", mine.Query().Get("code"), "state", theirs.Query().Get("state"), "state",
				mine.Query().Get("state"))
		}, 400, 0},
		{"a state in brackets", func(_, mine *url.URL) string {
			return with(mine, "code", mine.Query().Get("code"), "state[]", mine.Query().Get("state"))
		}, 200, 0},
		{"a state with a blank", func(_, mine *url.URL) string {
			return with(mine, "code", mine.Query().Get("code"), "state", mine.Query().Get("state")+" ")
		}, 400, 0},
		{"a state with NUL", func(_, mine *url.URL) string {
			return with(mine, "code", mine.Query().Get("code"), "state", mine.Query().Get("state")+"\x00")
		}, 400, 0},
		{"no code", func(_, mine *url.URL) string { return with(mine, "state", mine.Query().Get("state")) }, 200, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			they, me := g.person(), g.person()
			theirs, mine := they.back("code", g.box.Shops()[0].ID), me.back("code", g.box.Shops()[1].ID)
			before := g.tokenCalls()
			pg := me.get(test.attack(theirs, mine))
			pg.want(test.status)
			if asked := g.tokenCalls() - before; asked != test.asks {
				t.Errorf("the token endpoint was asked %d times, want %d", asked, test.asks)
			}
			if owner(me) != "" || strings.HasPrefix(pg.url.Path, "/shops") {
				t.Errorf("I am signed in, at %s", pg.url)
			}
		})
	}
	t.Run("their sign-in survives the attack", func(t *testing.T) {
		g := newRig(t, options{})
		they, me := g.person(), g.person()
		theirs := they.back("code", g.box.Shops()[0].ID)
		me.back("code", g.box.Shops()[1].ID)
		me.get(theirs.String()).want(http.StatusBadRequest)
		they.get(theirs.String()).want(http.StatusOK, g.box.Shops()[0].Name+" is connected")
	})
	t.Run("at another replica", func(t *testing.T) {
		g := newRig(t, options{})
		p := g.person()
		to := p.back("code", g.box.Shops()[0].ID)
		p.on(g.replica()).get(to.String()).want(http.StatusOK, "is connected")
		p.get(to.String()).want(http.StatusBadRequest)
		p.on(g.replica()).get(to.String()).want(http.StatusBadRequest)
	})
}

// TestPastedToken: a token pasted into the implicit callback signs in only the
// browser that started that sign-in, and only while the API accepts the token.
// Checklist 6, 7.
func TestPastedToken(t *testing.T) {
	t.Parallel()
	const nobody = "token-of-nobody"
	type flow struct{ theirs, mine url.Values }
	tests := []struct {
		name   string
		send   func(f flow) url.Values
		status int
	}{
		{"their token, no state", func(f flow) url.Values { f.theirs.Del("state"); return f.theirs }, 400},
		{"their token and state", func(f flow) url.Values { return f.theirs }, 400},
		{"their state first of two", func(f flow) url.Values {
			return url.Values{"access_token": f.theirs["access_token"], "state": {f.theirs.Get("state"), f.mine.Get("state")}}
		}, 400},
		{"a state in the address only", func(f flow) url.Values { return url.Values{"access_token": f.theirs["access_token"]} }, 400},
		{"a token that the API does not know", func(f flow) url.Values { f.mine.Set("access_token", nobody); return f.mine }, 200},
		{"no token", func(f flow) url.Values { f.mine.Del("access_token"); return f.mine }, 200},
		{"a token with a line break", func(f flow) url.Values { f.mine.Set("access_token", "a\r\nX-Evil: 1"); return f.mine }, 200},
		{"a token that is huge", func(f flow) url.Values { f.mine.Set("access_token", strings.Repeat("a", 100_000)); return f.mine }, 200},
		{"a token of another kind", func(f flow) url.Values { f.mine.Set("token_type", "mac"); return f.mine }, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			they, me := g.person(), g.person()
			f := flow{
				fragment(t, they.back("implicit", g.box.Shops()[0].ID)), fragment(t, me.back("implicit", g.box.Shops()[1].ID)),
			}
			// Signed in or not, nothing is added to what the browser has.
			for _, p := range []*person{me, they} {
				if p == they {
					p = g.person()
					p.connectKey(2)
				}
				form := url.Values{}
				for name, values := range test.send(flow{clone(f.theirs), clone(f.mine)}) {
					form[name] = values
				}
				address := "/oauth/implicit"
				if strings.Contains(test.name, "address") {
					address += "?state=" + f.mine.Get("state")
				}
				want := test.status
				if p != me {
					want = http.StatusBadRequest
				}
				p.post(address, form).want(want)
				for _, shop := range g.box.Shops()[:2] {
					if strings.Contains(p.get("/shops").text(), shop.Name) {
						t.Errorf("%s is connected", shop.Name)
					}
				}
			}
		})
	}
}

func fragment(t *testing.T, u *url.URL) url.Values {
	t.Helper()
	v, err := url.ParseQuery(u.Fragment)
	if err != nil || v.Get("access_token") == "" || v.Get("state") == "" {
		t.Fatalf("the fragment is %q (%v)", u.Fragment, err)
	}
	return v
}

func clone(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		out[name] = append([]string(nil), values...)
	}
	return out
}

// TestPlantedBrowserCookie: a browser cookie that somebody else set, in a form
// that we would not make, is ignored.
func TestPlantedBrowserCookie(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	name := g.server.cookieName("browser")
	for _, value := range []string{"x", strings.Repeat("a", 4000), "%00"} {
		p := g.holding(&http.Cookie{Name: name, Value: value})
		to := p.back("code", g.box.Shops()[0].ID)
		if p.cookie(name) == value {
			t.Errorf("%.10q was kept", value)
		}
		p.get(to.String()).want(http.StatusOK, "is connected")
	}
	two := strings.Repeat("a", 43)
	p := g.person()
	to := p.back("code", g.box.Shops()[0].ID)
	own := p.cookie(name)
	for _, line := range []string{name + "=" + two + "; " + name + "=" + own, name + "=" + own + "; " + name + "=" + two} {
		r := p.request(http.MethodGet, to.String(), nil)
		r.Header.Set("Cookie", line)
		if pg := g.person().noRedirects().do(r); pg.status != http.StatusBadRequest {
			t.Errorf("of two cookies one was believed: %d", pg.status)
		}
	}
}
