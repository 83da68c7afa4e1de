package handlers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/team"
	"hookwall/oauth"
	"hookwall/static"
)

// concrete puts values into the pattern of a route.
func concrete(pattern, shopID string) string {
	path := strings.NewReplacer("{shop}", url.PathEscape(shopID), "{id}", "wcon_x", "{$}", "").Replace(pattern)
	if pattern == "/static/" {
		return static.Path("app.css")
	}
	return path
}

// TestGuard walks the routes: a shop's pages need a session that connected it.
// Checklist 21.
func TestGuard(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	insider := g.person()
	mine := insider.connect(0)
	theirs := g.box.Shops()[1].ID
	stranger := g.person()
	for _, rt := range g.server.routes() {
		if !rt.needsShop() {
			continue
		}
		t.Run(rt.method+" "+rt.path, func(t *testing.T) {
			for _, variant := range []string{"", "?x=1", "%2e", "?return=//evil.example"} {
				path := concrete(rt.path, mine.ID) + variant
				if variant == "%2e" {
					path = strings.Replace(concrete(rt.path, mine.ID), "/shops/", "/shops/%2e%2e/shops/", 1)
				}
				pg := stranger.noRedirects().send(rt.method, path)
				leads := pg.header.Get("Location")
				if variant == "%2e" {
					if pg.status != http.StatusNotFound && pg.status != http.StatusTemporaryRedirect &&
						pg.status != http.StatusMovedPermanently && !strings.HasPrefix(leads, "/connect") {
						t.Errorf("%s without a session: %d %s", path, pg.status, leads)
					}
					continue
				}
				if pg.status != http.StatusSeeOther || !strings.HasPrefix(leads, "/connect") || strings.Contains(leads, "evil") {
					t.Errorf("%s without a session: %d %s", path, pg.status, leads)
				}
			}
			for _, other := range []string{theirs, "sh_nobody", "../" + mine.ID} {
				if pg := insider.noRedirects().send(rt.method, concrete(rt.path, other)); pg.status != http.StatusNotFound {
					t.Errorf("for shop %s: %d", other, pg.status)
				}
			}
			r := stranger.request(rt.method, concrete(rt.path, mine.ID), nil)
			for _, name := range []string{"X-Forwarded-Uri", "X-Original-Url", "X-Rewrite-Url", "X-HTTP-Method-Override"} {
				r.Header.Set(name, "/connect")
			}
			if pg := stranger.noRedirects().do(r); pg.status != http.StatusSeeOther {
				t.Errorf("with headers of proxies: %d", pg.status)
			}
		})
	}
}

func (p *person) send(method, path string) *page {
	p.t.Helper()
	if method == http.MethodPost {
		return p.post(path, url.Values{})
	}
	return p.get(path)
}

// TestCrossOrigin walks the routes that change something.
// Checklist 19.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	t.Run("alone", func(t *testing.T) {
		p := newRig(t, options{}).person()
		p.refusesOrigins(t, p.server.routes())
	})
	t.Run("of a team", func(t *testing.T) {
		p := newTeamRig(t).member(team.Admin)
		p.refusesOrigins(t, p.server.routes())
	})
}

func (p *person) refusesOrigins(t *testing.T, routes []route) {
	t.Helper()
	shop := p.connect(0)
	tests := []struct {
		name   string
		header http.Header
		denied bool
	}{
		{"another site", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}, true},
		{"another port of this host", http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {p.boxURL}}, true},
		{"an opaque origin", http.Header{"Origin": {"null"}}, true},
		{"another origin, an old browser", http.Header{"Origin": {"https://evil.example"}}, true},
		{"our own page", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {p.url}}, false},
		{"no browser", http.Header{}, false},
	}
	for _, rt := range routes {
		if rt.method == http.MethodGet {
			continue
		}
		for _, test := range tests {
			if !test.denied && rt.path == "/sign-out" {
				continue // it would end the session of the rows after it
			}
			t.Run(rt.path+" "+test.name, func(t *testing.T) {
				r := p.request(rt.method, concrete(rt.path, shop.ID), url.Values{})
				for name, values := range test.header {
					r.Header[name] = values
				}
				if pg := p.noRedirects().do(r); (pg.status == http.StatusForbidden) != test.denied {
					t.Errorf("status %d", pg.status)
				}
			})
			if !test.denied && strings.Contains(rt.path, "/disconnect") {
				p.connect(0)
			}
		}
	}
	p.get(webhooksPath(shop.ID)).want(http.StatusOK)
}

// TestReferer: the origin of a form comes from the most specific header. Behind
// a reverse proxy, the host of the request may differ from ours.
func TestReferer(t *testing.T) {
	t.Parallel()
	const public, inside = "https://hooks.example.com", "internal:8080"
	tests := []struct {
		name, method string
		header       http.Header
		denied       bool
	}{
		{"our own page", "POST", http.Header{"Referer": {public + "/connect"}}, false},
		{"our own page, in capitals", "POST", http.Header{"Referer": {"https://Hooks.Example.COM/connect"}}, false},
		{"our own page, by the inner name", "POST", http.Header{"Referer": {"http://" + inside + "/connect"}}, false},
		{"another site", "POST", http.Header{"Referer": {"https://evil.example/" + public}}, true},
		{"a host that begins like ours", "POST", http.Header{"Referer": {public + ".evil.example/"}}, true},
		{"no address", "POST", http.Header{"Referer": {"%"}}, true},
		{"another site, only asked for what it may send", "OPTIONS", http.Header{"Referer": {"https://evil.example/"}}, false},
		{"a browser that says it is our page", "POST", http.Header{"Referer": {"https://evil.example/"}, "Sec-Fetch-Site": {"same-origin"}}, false},
		{"a browser that says our origin", "POST", http.Header{"Referer": {"https://evil.example/"}, "Origin": {public}}, false},
		{"our origin, behind a proxy", "POST", http.Header{"Origin": {public}}, false},
		{"our origin, behind a proxy, in a browser of today", "POST", http.Header{"Origin": {public}, "Sec-Fetch-Site": {"same-origin"}}, false},
		{"another scheme", "POST", http.Header{"Origin": {"http://hooks.example.com"}}, true},
	}
	g := newRig(t, options{publicURL: public})
	p := g.person().noRedirects()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := p.request(test.method, "/sign-out", url.Values{})
			r.Host = inside
			r.Header.Set("X-Forwarded-For", "203.0.113.7")
			for name, values := range test.header {
				r.Header[name] = values
			}
			if pg := p.do(r); (pg.status == http.StatusForbidden) != test.denied {
				t.Errorf("status %d", pg.status)
			}
		})
	}
}

// TestHeaders checks every route, and responses of every kind, for what every
// response must carry.
// Checklist 26, 27.
func TestHeaders(t *testing.T) {
	t.Parallel()
	const safe = "https://hooks.example.com"
	shared := team.Config{Groups: roleGroups}
	for name, o := range map[string]options{
		"this machine": {}, "https": {publicURL: safe}, "http": {publicURL: "http://hooks.example.com"},
		"a team": {team: &shared}, "a team by https": {team: &shared, publicURL: safe},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, o)
			p := g.person().noRedirects()
			if o.team != nil {
				g.withProvider()
				p = g.member(team.Admin).noRedirects()
			}
			var requests []*http.Request
			for _, rt := range g.server.routes() {
				requests = append(requests, p.request(rt.method, concrete(rt.path, "sh_1"), url.Values{}))
			}
			requests = append(requests, p.get404(), p.request(http.MethodDelete, "/connect", nil), p.request("TRACE", "/", nil),
				p.large())
			cross := p.request(http.MethodPost, "/sign-out", url.Values{})
			cross.Header.Set("Sec-Fetch-Site", "cross-site")
			wrongHost := p.request(http.MethodGet, "/connect", nil)
			wrongHost.Host = "evil.example"
			for _, r := range append(requests, cross, wrongHost) {
				checkHeaders(t, p.do(r), r, o.publicURL == safe)
			}
		})
	}
}

func (p *person) get404() *http.Request { return p.request(http.MethodGet, "/nothing/here", nil) }

func (p *person) large() *http.Request {
	return p.request(http.MethodPost, "/connect/key", url.Values{"username": {strings.Repeat("x", 1<<20)}})
}

func checkHeaders(t *testing.T, pg *page, r *http.Request, secure bool) {
	t.Helper()
	want := map[string]string{
		"Content-Security-Policy":      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "strict-origin-when-cross-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Access-Control-Allow-Origin":  "",
		"Server":                       "",
		"X-Powered-By":                 "",
		"Strict-Transport-Security":    "",
	}
	if secure {
		want["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
	}
	if isOfGuests(r.URL.Path) || strings.HasSuffix(r.URL.Path, "/callback") || r.URL.Path == "/oauth/implicit" {
		want["Referrer-Policy"] = "no-referrer"
	}
	if r.URL.Path == "/oauth/implicit" && r.Method == http.MethodGet {
		want["Referrer-Policy"] = "same-origin"
	}
	for name, value := range want {
		if got := pg.header.Get(name); got != value {
			t.Errorf("%s %s (%d): %s is %q, want %q", r.Method, r.URL.Path, pg.status, name, got, value)
		}
	}
	caching := "no-store"
	if strings.HasPrefix(r.URL.Path, "/static/") {
		caching = "public, max-age=31536000, immutable"
	}
	if got := pg.header.Get("Cache-Control"); got != caching {
		t.Errorf("%s %s (%d): Cache-Control is %q, want %q", r.Method, r.URL.Path, pg.status, got, caching)
	}
	if ct := pg.header.Get("Content-Type"); pg.body != "" && !strings.Contains(ct, "charset=utf-8") && !isAPI(r.URL.Path) {
		t.Errorf("%s %s (%d): Content-Type is %q", r.Method, r.URL.Path, pg.status, ct)
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	tests := []struct {
		name    string
		request *http.Request
		status  int
		text    string
	}{
		{"no such page", p.get404(), 404, "doesn’t exist"},
		{"a method that is not taken", p.request(http.MethodPut, "/connect", nil), 405, "isn’t available here"},
		{"too large", p.large(), 413, "too large"},
		{"not a form", p.broken(), 400, "couldn’t read the form"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pg := p.do(test.request).want(test.status, test.text)
			id := pg.header.Get("X-Request-Id")
			if id == "" || !strings.Contains(pg.text(), id) || !strings.Contains(g.logs.String(), id) {
				t.Errorf("the request id %q is not on the page and in the log", id)
			}
			if test.status == 405 && pg.header.Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow: %q", pg.header.Get("Allow"))
			}
		})
	}
	t.Run("the database is gone", func(t *testing.T) {
		p.connect(0)
		g.must(g.store.Close())
		pg := p.get("/shops").want(http.StatusInternalServerError, "Something went wrong on our side")
		if id := pg.header.Get("X-Request-Id"); !strings.Contains(g.logs.String(), id) || strings.Contains(pg.text(), "sql") {
			t.Errorf("page: %s", pg.text())
		}
		p.get("/readyz").want(http.StatusServiceUnavailable)
		p.get("/healthz").want(http.StatusOK)
	})
}

func (p *person) broken() *http.Request {
	r := p.request(http.MethodPost, "/connect/key", url.Values{})
	r.Body = http.NoBody
	r.URL.RawQuery = ""
	r.Body = readCloser{strings.NewReader("username=%zz")}
	r.ContentLength = -1
	return r
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// TestHost: a dashboard on this machine responds only under its own name.
// Checklist 22.
func TestHost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, public, method, host string
		proxied                    bool
		status                     int
		location                   string // with the public URL in front
	}{
		{"its own", "", "GET", "", false, 200, ""},
		{"another loopback name", "", "GET", "localhost:1234", false, 307, "/connect?a=b"},
		{"another loopback name, IPv6", "", "HEAD", "[::1]", false, 307, "/connect?a=b"},
		{"another loopback name, a form", "", "POST", "localhost", false, 421, ""},
		{"a name that was rebound", "", "GET", "evil.example", false, 421, ""},
		{"a name that looks like loopback", "", "GET", "127.0.0.1.evil.example", false, 421, ""},
		{"behind a proxy", "https://hooks.example.com", "GET", "internal:8080", true, 200, ""},
		{"a form behind a proxy", "https://hooks.example.com", "POST", "internal:8080", true, 405, ""},
		{"a LAN address", "https://hooks.example.com", "GET", "192.168.1.5:8080", false, 307, "/connect?a=b"},
		{"a LAN address, HEAD", "https://hooks.example.com", "HEAD", "[fd00::5]:8080", false, 307, "/connect?a=b"},
		{"a LAN name, a form", "https://hooks.example.com", "POST", "nas.local", false, 421, ""},
		{"this machine", "https://hooks.example.com", "GET", "127.0.0.1:8080", false, 200, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{publicURL: test.public})
			p := g.person().noRedirects()
			r := p.request(test.method, "/connect?a=b", nil)
			if test.host != "" {
				r.Host = test.host
			}
			if test.proxied {
				r.Header.Set("X-Forwarded-For", "203.0.113.7")
			}
			pg := p.do(r)
			location := strings.TrimPrefix(pg.header.Get("Location"), g.server.PublicURL.String())
			if pg.status != test.status || location != test.location {
				t.Errorf("%d %s, want %d %s", pg.status, pg.header.Get("Location"), test.status, test.location)
			}
		})
	}
}

// TestForwarded: headers of a proxy count only from a trusted one, and never
// change where links lead.
// Checklist 22.
func TestForwarded(t *testing.T) {
	t.Parallel()
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	tests := []struct {
		name    string
		proxies []netip.Prefix
		header  http.Header
		want    string
	}{
		{"nobody is trusted", nil, http.Header{"X-Forwarded-For": {"203.0.113.9"}}, "127.0.0.1"},
		{"a trusted proxy", []netip.Prefix{loopback}, http.Header{"X-Forwarded-For": {"203.0.113.9"}}, "203.0.113.9"},
		{"a chain with a lie in front", []netip.Prefix{loopback}, http.Header{"X-Forwarded-For": {"198.51.100.1, 203.0.113.9, 127.0.0.2"}}, "203.0.113.9"},
		{"two headers", []netip.Prefix{loopback}, http.Header{"X-Forwarded-For": {"198.51.100.1", "203.0.113.9"}}, "203.0.113.9"},
		{"nonsense", []netip.Prefix{loopback}, http.Header{"X-Forwarded-For": {"<script>"}}, "127.0.0.1"},
		{"a name with underscores", []netip.Prefix{loopback}, http.Header{"X_Forwarded_For": {"203.0.113.9"}}, "127.0.0.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{publicURL: "https://hooks.example.com", proxies: test.proxies})
			p := g.person().noRedirects()
			// A host that a proxy made up, a forwarded one, and both.
			for host, want := range map[[2]string]string{
				{"evil.example", ""}:                  url.QueryEscape("https://hooks.example.com/oauth/callback"),
				{"hooks.example.com", "evil.example"}: url.QueryEscape("https://hooks.example.com/oauth/callback"),
				{"evil.example", "evil.example"}:      "https://hooks.example.com/oauth/start?way=code",
			} {
				r := p.request(http.MethodGet, "/oauth/start?way=code", nil)
				r.Header = test.header.Clone()
				r.Header.Set("X-Forwarded-Proto", "http")
				r.Host = host[0]
				if host[1] != "" {
					r.Header.Set("X-Forwarded-Host", host[1])
				}
				if to := p.do(r).header.Get("Location"); strings.Contains(to, "evil") || !strings.Contains(to, want) {
					t.Errorf("%v leads to %s", host, to)
				}
			}
			if got := g.lastRequest()["client"]; got != test.want {
				t.Errorf("client %v, want %s", got, test.want)
			}
		})
	}
}

// lastRequest is the dashboard's last line about a request.
func (g *rig) lastRequest() (last map[string]any) {
	lines := bufio.NewScanner(strings.NewReader(g.logs.String()))
	for lines.Scan() {
		var line map[string]any
		g.must(json.Unmarshal(lines.Bytes(), &line))
		if line["msg"] == "request" && line["client"] != nil {
			last = line
		}
	}
	return last
}

// TestReturnPath checks where a person can be sent after signing in.
// Checklist 23.
func TestReturnPath(t *testing.T) {
	t.Parallel()
	s := newRig(t, options{}).server
	tests := []struct{ raw, want string }{
		{"/", "/"},
		{"/shops", "/shops"},
		{"/shops/sh_1/webhooks", "/shops/sh_1/webhooks"},
		{"/shops/sh_1/webhooks/new?draft=abc&evil=1", "/shops/sh_1/webhooks/new?draft=abc"},
		{"/shops/sh_1/checks/new?form=abc&secret=1", "/shops/sh_1/checks/new?form=abc"},
		{"/shops/sh_1/webhooks/new?preset=everything", "/shops/sh_1/webhooks/new?preset=everything"},
		{"/shops/sh%2F1/webhooks", "/shops/sh%2F1/webhooks"},
		{"/shops?state=failing&missing=DONATION&open=sh_1&x=1", "/shops?missing=DONATION&open=sh_1&state=failing"},
		{"/shops?host=a.example%3A8443&reason=500+No&pattern=0.3", "/shops?host=a.example%3A8443&pattern=0.3&reason=500+No"},
		{"/shops/coverage?by=shops&against=memberships", "/shops/coverage?against=memberships&by=shops"},
		{"/shops/coverage?type=DONATION&type=ORDER_PLACED", "/shops/coverage?type=DONATION&type=ORDER_PLACED"},
		{"/shops/sh_1/events?failed=1&from=2026-11-01T00%3A00", "/shops/sh_1/events?failed=1&from=2026-11-01T00%3A00"},
		{"/connect", "/connect"},
		{"/connect?return=%2Fshops%3Fq%3Da%26x%3D1&x=1", "/connect?return=%2Fshops%3Fq%3Da"},
		{"/connect?return=%2F%2Fevil.example", "/connect"},
		{"/help", "/help"},
		{"/tools/signature", "/tools/signature"},
		{"/display", ""},
		{"/oauth/start?way=code", ""},
		{"/static/app.css", ""},
		{"/nothing", ""},
		{"/sign-out", ""},
		{"", ""},
		{"//evil.example", ""},
		{`/\evil.example`, ""},
		{`\\evil.example`, ""},
		{"/%5cevil.example", ""},
		{"/\t/evil.example", ""},
		{"/\n/evil.example", ""},
		{`/./\evil.example`, ""},
		{"/..//evil.example", ""},
		{"https:evil.example", ""},
		{"https://evil.example/", ""},
		{"///evil.example", ""},
		{"%2f%2fevil.example", ""},
		{"/%2fevil.example", ""},
		{"/shops#x", ""},
		{"/shops/../shops", ""},
		{"/shops//", ""},
		{" /shops", ""},
		{"/shops\x00", ""},
		{"javascript:alert(1)", ""},
		{"/shops/\u202e/webhooks", ""},
		{"/" + strings.Repeat("x", 2000), ""},
	}
	for _, test := range tests {
		if got := s.returnPath(test.raw); got != test.want {
			t.Errorf("returnPath(%q) = %q, want %q", test.raw, got, test.want)
		}
	}
}

// Checklist 23.
func FuzzReturnPath(f *testing.F) {
	for _, seed := range []string{
		"/", "/shops/sh_1/webhooks/new?draft=x", "//e", `/\e`, "/%5ce", "/\t/e", "/..//e", "https:e", "///e", "%2f%2fe",
		"/shops?x=%0a",
	} {
		f.Add(seed)
	}
	for _, seed := range badReturns(f) {
		f.Add(seed)
	}
	base, _ := url.Parse("https://hooks.example.com/connect")
	s := &server{mux: http.NewServeMux(), resumable: map[string]bool{}}
	for _, rt := range s.routes() {
		pattern := rt.method + " " + rt.path
		s.mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
		s.resumable[pattern] = rt.resumable
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := s.returnPath(raw)
		if got == "" {
			return
		}
		for name, to := range map[string]string{
			"": got, " for another shop": forShop(got, "sh_2"), " for an odd shop": forShop(got, "//evil.example/.."),
		} {
			u, err := url.Parse(to)
			if err != nil {
				t.Fatalf("%q became %q%s: %v", raw, to, name, err)
			}
			_, pattern := s.mux.Handler(&http.Request{Method: http.MethodGet, URL: u})
			if at := base.ResolveReference(u); at.Host != base.Host || at.Scheme != base.Scheme ||
				!staysHere("https://hooks.example.com", to) || !s.resumable[pattern] {
				t.Fatalf("%q leads to %s%s", raw, at, name)
			}
			for param := range u.Query() {
				if !slices.Contains(returnQuery, param) {
					t.Fatalf("%q keeps %s: %q", raw, param, to)
				}
			}
		}
		if again := s.returnPath(got); again != got {
			t.Fatalf("%q became %q, and that %q", raw, got, again)
		}
	})
}

func TestForShop(t *testing.T) {
	t.Parallel()
	tests := []struct{ to, want string }{
		{"", "/shops/sh_2/webhooks"},
		{"/", "/shops/sh_2/webhooks"},
		{"/shops", "/shops"},
		{"/shops/sh_2/webhooks/wcon_1", "/shops/sh_2/webhooks/wcon_1"},
		{"/shops/sh_1/webhooks/new?draft=x", "/shops/sh_2/webhooks/new?draft=x"},
		{"/shops/sh_1/webhooks", "/shops/sh_2/webhooks"},
		{"/shops/sh_1/webhooks/wcon_1", "/shops/sh_2/webhooks"},
	}
	for _, test := range tests {
		if got := forShop(test.to, "sh_2"); got != test.want {
			t.Errorf("forShop(%q) = %q, want %q", test.to, got, test.want)
		}
	}
}

// TestCookies: every cookie of a journey has every attribute.
// Checklist 18.
func TestCookies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		public, prefix, port string
		secure               bool
	}{
		{"", "hookwall_", "", false},
		{"https://hooks.example.com", "__Host-hookwall_", "443", true},
		{"https://hooks.example.com:8443", "__Host-hookwall_", "8443", true},
		{"https://[2001:db8::7]:8443", "__Host-hookwall_", "8443", true},
		{"http://hooks.example.com", "hookwall_", "80", false},
		{"http://hooks.example.com:8080", "hookwall_", "8080", false},
	}
	for _, test := range tests {
		t.Run(test.public, func(t *testing.T) {
			g := newRig(t, options{publicURL: test.public})
			shop := g.box.Shops()[0]
			p := g.person().noRedirects()
			form := url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}}
			seen := map[string]bool{}
			for _, pg := range []*page{
				p.get("/oauth/start?way=code"), p.post("/connect/key", form), p.signOut(),
			} {
				for _, line := range pg.header.Values("Set-Cookie") {
					c, err := http.ParseSetCookie(line)
					g.must(err)
					seen[c.Name] = true
					ok := strings.HasPrefix(c.Name, test.prefix) && c.HttpOnly && c.Secure == test.secure &&
						c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.Domain == "" && len(line) < 4096
					if !ok {
						t.Errorf("%s", c.Name)
					}
				}
			}
			if test.port == "" {
				test.port = g.server.PublicURL.Port()
			}
			want := map[string]bool{}
			for _, name := range []string{"browser_", "session_", "shop_"} {
				want[test.prefix+name+test.port] = true
			}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Error(diff)
			}
			warned := strings.Contains(g.person().get("/connect").text(), "plain http")
			if want := strings.HasPrefix(test.public, "http://"); warned != want {
				t.Errorf("warned %v, want %v", warned, want)
			}
		})
	}
}

// TestNoSecretInLogs runs a journey and searches the logs for secrets.
// Checklist 11, 36.
func TestNoSecretInLogs(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	p.connectKey(1)
	g.must(g.box.Configure(shop.ID, sandbox.Switches{SecretInCreate: true}))
	p.newForm(shop.ID, "https://hooks.example.com/canary-url", "DONATION").submit().want(http.StatusOK)
	for _, status := range []int{400, 500} {
		g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: status})
		p.newForm(shop.ID, "https://hooks.example.com/canary-refused", "DONATION").submit()
	}
	g.person().get("/oauth/callback?code=canary-code&state=canary-state")
	g.person().get("/oauth/callback?error=canary-error&error_description=canary")
	g.person().post("/oauth/implicit", url.Values{"access_token": {"canary-token"}, "state": {"canary"}})
	g.person().post("/connect/key", url.Values{"username": {"canary-user"}, "password": {"canary-password"}})
	p.get("/line%0d%0abreak%1b%5b31m")
	(&program{g, "hw_canary", ""}).send(http.MethodGet, apiShopsPath+"?token=hw_canary", "")
	logs := g.logs.String()
	secrets := []string{
		"canary", shop.WebhookSecret, shop.APIPassword, g.box.Shops()[1].APIPassword, "Bearer ", "Basic ", "access_token", "code_verifier",
		p.cookie(g.server.cookieName("session")), p.cookie(g.server.cookieName("browser")), "\x1b",
	}
	for _, secret := range secrets {
		if secret == "" || strings.Contains(logs, secret) {
			t.Errorf("the log holds a secret that begins with %.6q", secret)
		}
	}
	all, err := g.store.Connections(t.Context(), owner(p))
	g.must(err)
	for _, listed := range all {
		c, err := g.store.Connection(t.Context(), listed.Owner, listed.ShopID)
		g.must(err)
		held, err := oauth.Decode(c.Credential)
		g.must(err)
		for _, secret := range []fourthwall.Secret{held.AccessToken, held.RefreshToken, held.Password} {
			if s := secret.Reveal(); s != "" && strings.Contains(logs, s) {
				t.Errorf("the log holds a credential of way %s", c.Way)
			}
		}
	}
}

// TestNoTokenInLogs uses access tokens well and badly, and searches the logs for
// them.
// Checklist 36.
func TestNoTokenInLogs(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.program(team.Operator, team.ApplyScope)
	digest := p.plans(fileFor(g.shopIDs(), good)).want(http.StatusCreated).plan().Digest
	p.send(http.MethodPost, apiPlanPath(1, "/apply"), digestBody(digest)).want(http.StatusAccepted)
	p.send(http.MethodPost, apiPlanPath(1, "/apply"), digestBody(p.token)).want(http.StatusConflict)
	p.plans("version: "+p.token, "Idempotency-Key", p.token).want(http.StatusUnprocessableEntity)
	p.send(http.MethodGet, "/api/v1/nothing?token="+p.token, "").want(http.StatusNotFound)
	for _, sent := range []string{p.token + "X", "x" + p.token, strings.ToLower(p.token)} {
		(&program{g, sent, ""}).send(http.MethodGet, apiShopsPath, "").want(http.StatusUnauthorized)
	}
	g.must(g.server.Team.Remove(t.Context(), g.withGroup("boss", team.Admin).Actor(), p.person))
	p.send(http.MethodGet, apiShopsPath, "").want(http.StatusUnauthorized)
	if logs := strings.ToUpper(g.logs.String()); strings.Contains(logs, p.token[3:]) || strings.Contains(logs, "BEARER ") {
		t.Error("the log holds an access token")
	}
}

// TestGetsWriteNothing opens every page and compares what is stored before and
// after.
// Checklist 19.
func TestGetsWriteNothing(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	before, recorded := fmt.Sprint(g.box.Webhooks(shop.ID)), len(g.recorded(shop, ""))
	conns, err := g.store.Connections(t.Context(), owner(p))
	g.must(err)
	for _, rt := range g.server.routes() {
		if rt.method == http.MethodGet {
			p.noRedirects().get(concrete(rt.path, shop.ID))
		}
	}
	after, err := g.store.Connections(t.Context(), owner(p))
	g.must(err)
	if diff := cmp.Diff(conns, after); diff != "" || fmt.Sprint(g.box.Webhooks(shop.ID)) != before {
		t.Error(diff)
	}
	if n := len(g.recorded(shop, "")); n != recorded {
		t.Errorf("%d attempts were recorded", n-recorded)
	}
}

// TestHostileWebhook shows a webhook whose parts were made to break out.
func TestHostileWebhook(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	for _, address := range []string{
		`javascript:alert(1)//`, `https://x.example/"><script>alert(1)</script>`, "https://x.example/\u202egpj.exe",
		`https://x.example/' onload='x`,
	} {
		hook, err := g.box.AddWebhook(shop.ID, address, []string{`"><img src=x onerror=alert(1)>`, "ORDER_PLACED"})
		g.must(err)
		for _, pg := range []*page{p.get(webhooksPath(shop.ID)), p.get(webhookPath(shop.ID, hook.ID))} {
			pg.want(http.StatusOK)
			walk(pg.doc, func(n *html.Node) { hostile(t, n) })
		}
	}
}

func hostile(t *testing.T, n *html.Node) {
	t.Helper()
	if n.Type != html.ElementNode {
		return
	}
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(a.Val), "javascript:") && a.Key != "value" {
			t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
		}
	}
	if n.Data == "img" || n.Data == "script" && attr(n, "src") == "" {
		t.Errorf("<%s> was smuggled in", n.Data)
	}
}
