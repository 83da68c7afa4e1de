package handlers

import (
	"net/http"
	"net/url"
	"testing"
)

// TestTwoInstancesOnOneHost: cookies don't know ports, so instances on one host
// must not share the name of a cookie. One browser stays signed in to both.
func TestTwoInstancesOnOneHost(t *testing.T) {
	one := newRig(t, options{})
	p := one.person()
	here := p.connect(0)
	other := newRig(t, options{})
	q := other.person()
	q.client.Jar = p.client.Jar
	there := q.connect(1)
	p.get(webhooksPath(here.ID)).want(http.StatusOK, here.Name)
	q.get(webhooksPath(there.ID)).want(http.StatusOK, there.Name)
	p.signOut()
	if pg := p.get(webhooksPath(here.ID)); pg.url.Path != connectPath {
		t.Errorf("after signing out there is %s", pg.url)
	}
	q.get(webhooksPath(there.ID)).want(http.StatusOK, there.Name)
}

// TestSchemeOfOrigin: a page that came over http is another origin, since anyone
// on the network can write it.
func TestSchemeOfOrigin(t *testing.T) {
	for _, test := range []struct {
		public, header, value string
		status                int
	}{
		{"https://hooks.example.com", "Origin", "https://hooks.example.com", http.StatusUnprocessableEntity},
		{"https://hooks.example.com", "Origin", "http://hooks.example.com", http.StatusForbidden},
		{"https://hooks.example.com", "Referer", "https://hooks.example.com/connect", http.StatusUnprocessableEntity},
		{"https://hooks.example.com", "Referer", "http://hooks.example.com/connect", http.StatusForbidden},
		{"http://hooks.example.com", "Origin", "http://hooks.example.com", http.StatusUnprocessableEntity},
		{"http://hooks.example.com", "Origin", "https://hooks.example.com", http.StatusForbidden},
	} {
		t.Run(test.public+" "+test.header+" "+test.value, func(t *testing.T) {
			p := newRig(t, options{publicURL: test.public}).person()
			r := p.request(http.MethodPost, "/connect/key", url.Values{"username": {""}})
			r.Host = "hooks.example.com"
			r.Header.Set(test.header, test.value)
			if status := p.do(r).status; status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
		})
	}
}

// TestSignInUnderAnotherName: a browser that opens a LAN address is redirected
// to the public URL, so that the cookies of a sign-in are there when it ends.
func TestSignInUnderAnotherName(t *testing.T) {
	const public = "https://hooks.example.com"
	g := newRig(t, options{publicURL: public})
	for _, path := range []string{
		"/", "/connect?return=%2Fshops", "/oauth/start?way=code", "/shops/sh_1/webhooks/a%2Fb", "/none", "//evil.example/",
	} {
		r := g.person().request(http.MethodGet, path, nil)
		r.Host = "192.168.1.5:8080"
		pg := g.person().noRedirects().do(r)
		to, cookie := pg.header.Get("Location"), pg.header.Get("Set-Cookie")
		if pg.status != http.StatusTemporaryRedirect || to != public+path || cookie != "" {
			t.Errorf("%s: %d to %s", path, pg.status, to)
		}
	}
	for _, path := range []string{alivePath, readyPath} {
		r := g.person().request(http.MethodGet, path, nil)
		r.Host = "10.0.0.5:8080"
		g.person().noRedirects().do(r).want(http.StatusOK, "ok")
	}
}
