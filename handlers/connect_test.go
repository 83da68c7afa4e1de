package handlers

import (
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// implicit does what the page's script does with the fragment it finds.
func (p *person) implicit(pg *page) *page {
	p.t.Helper()
	v, err := url.ParseQuery(pg.url.Fragment)
	p.must(err)
	f := pg.form("/oauth/implicit")
	for name := range f.values {
		if v.Has(name) {
			f.set(name, v.Get(name))
		}
	}
	return p.post(f.action, f.values)
}

// Checklist 4, 11.
func TestWaysToConnect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		connect func(*person, sandbox.DemoShop) *page
		way     string
		lasts   time.Duration // the access token; 0: no end
	}{
		{"code", func(p *person, shop sandbox.DemoShop) *page {
			return p.consent(p.get("/connect").link("Connect with Fourthwall"), shop.ID, "allow")
		}, "Fourthwall sign-in", 5 * time.Minute},
		{"implicit", func(p *person, shop sandbox.DemoShop) *page {
			return p.implicit(p.consent(p.get("/connect").link("Connect the older way"), shop.ID, "allow"))
		}, "Older sign-in", 5 * time.Minute},
		{"API key", func(p *person, shop sandbox.DemoShop) *page {
			f := p.get("/connect").form("/connect/key")
			return f.set("username", " "+shop.APIUser).set("password", shop.APIPassword).submit()
		}, "API key ending in ", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := g.box.Shops()[1]
			pg := test.connect(p, shop).want(http.StatusOK, shop.Name+" is connected")
			if pg.url.Path != webhooksPath(shop.ID) || pg.url.RawQuery != "" || pg.url.Fragment != "" {
				t.Errorf("at %s", pg.url)
			}
			p.get("/shops").want(http.StatusOK, shop.Name, shop.Domain, test.way)
			if all, err := g.store.Connections(t.Context(), owner(p)); err != nil || len(all) != 1 ||
				all[0].ExpiresAt.IsZero() != (test.lasts == 0) {
				t.Errorf("%v, %v", all, err)
			}
			p.get(webhooksPath(shop.ID)).want(http.StatusOK)
		})
	}
}

// owner returns the owner of the person's connections.
func owner(p *person) store.Owner {
	r := p.request(http.MethodGet, "/", nil)
	for _, c := range p.client.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	session, err := p.server.sessions.Get(r, p.server.cookieName("session"))
	p.must(err)
	return store.OwnerOf(session)
}

func TestDeny(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	for _, way := range []string{"code", "implicit"} {
		pg := p.consent(p.get("/oauth/start?way="+way+"&return=%2Fshops"), p.box.Shops()[0].ID, "deny")
		if way == "implicit" {
			pg = p.implicit(pg)
		}
		pg.want(http.StatusOK, "not connected", "You chose not to allow it")
		if pg.url.Path != "/connect" || pg.url.Query().Get("return") != "/shops" || pg.url.Query().Has("state") {
			t.Errorf("%s: at %s", way, pg.url)
		}
	}
	p.get("/shops").want(http.StatusOK, "Connect with Fourthwall")
}

// TestKeyForm: an error is shown at its field, and the password is never sent
// back.
// Checklist 11.
func TestKeyForm(t *testing.T) {
	g := newRig(t, options{budget: 300 * time.Millisecond})
	shop := g.box.Shops()[0]
	tests := []struct {
		name, user, password string
		fail                 *sandbox.Failure
		status               int
		texts                []string
	}{
		{"nothing", "", "", nil, 422, []string{"Enter the username", "Enter the user’s password"}},
		{"no password", shop.APIUser, "", nil, 422, []string{"Enter the user’s password"}},
		{"a colon", "a:b", "canary", nil, 422, []string{"colon"}},
		{"wrong", shop.APIUser, "canary", nil, 422, []string{"doesn’t accept this username and password"}},
		{"busy", shop.APIUser, "canary", &sandbox.Failure{Status: 429, Header: http.Header{"Retry-After": {"60"}}}, 503, []string{"Its sign-in is busy"}},
		{"down", shop.APIUser, "canary", &sandbox.Failure{Status: 500}, 502, []string{"Its sign-in failed"}},
		{"no shop", shop.APIUser, "canary", &sandbox.Failure{Status: 404, Code: "SHOP_TEAM_MEMBER_SHOP_NOT_FOUND_ERROR"}, 422, []string{"didn’t say which shop", "SHOP_TEAM_MEMBER_SHOP_NOT_FOUND_ERROR"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := g.person()
			if test.fail != nil {
				g.box.FailNext(*test.fail)
			}
			f := p.get("/connect?return=%2Fshops").form("/connect/key")
			pg := f.set("username", test.user).set("password", test.password).submit().want(test.status, test.texts...)
			again := pg.form("/connect/key").values
			if again.Get("username") != test.user || again.Get("password") != "" || again.Get("return") != "/shops" {
				t.Errorf("the form holds %v", again)
			}
			if strings.Contains(pg.body, "canary") {
				t.Error("the password is in the page")
			}
		})
	}
}

// TestState: the state of a callback must belong to this browser, once, in
// time.
// Checklist 1.
func TestState(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	shopID := g.box.Shops()[0].ID
	// callback returns the address that the sandbox sends the browser back to.
	callback := func(p *person, way string) string {
		consent := p.get("/oauth/start?way=" + way)
		consent.p = p.noRedirects()
		pg := p.consent(consent, shopID, "allow")
		return pg.header.Get("Location")
	}
	tests := []struct {
		name string
		way  string
		come func(t *testing.T, p *person, to string) *page
	}{
		{"another state", "code", func(_ *testing.T, p *person, to string) *page {
			return p.get(cut(to, "state") + "&state=" + strings.Repeat("x", 43))
		}},
		{"another browser", "code", func(_ *testing.T, _ *person, to string) *page { return g.person().get(to) }},
		{"another browser with an attempt of its own", "code", func(_ *testing.T, _ *person, to string) *page {
			q := g.person()
			q.get("/oauth/start?way=code")
			return q.get(to)
		}},
		{"used twice", "code", func(_ *testing.T, p *person, to string) *page { p.get(to).want(http.StatusOK); return p.get(to) }},
		{"too late", "code", func(_ *testing.T, p *person, to string) *page { g.move(10*time.Minute + time.Second); return p.get(to) }},
		{"the state of another way", "implicit", func(_ *testing.T, p *person, to string) *page {
			u, _ := url.Parse(to)
			v, _ := url.ParseQuery(u.Fragment)
			return p.get("/oauth/callback?code=x&state=" + v.Get("state"))
		}},
		{"a token without an attempt", "implicit", func(_ *testing.T, _ *person, to string) *page { return g.person().implicit(g.person().get(to)) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := g.person()
			to := callback(p, test.way)
			before := g.tokenCalls()
			pg := test.come(t, p, to)
			pg.want(http.StatusBadRequest, "Start again")
			if test.name != "used twice" && g.tokenCalls() != before {
				t.Error("the token endpoint was asked")
			}
			if pg.header.Get("Referrer-Policy") != "no-referrer" || pg.header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", pg.header)
			}
		})
	}
}

func cut(address, name string) string {
	u, _ := url.Parse(address)
	q := u.Query()
	q.Del(name)
	u.RawQuery = q.Encode()
	return u.String()
}

const tokenPath = "/open-api/v1.0/platform/token"

func (g *rig) tokenCalls() (n int) {
	for _, r := range g.box.Requests() {
		if r.Path == tokenPath {
			n++
		}
	}
	return n
}

// TestSignInFaults: if the provider fails, the connect page says so, and the
// code is posted once.
// Checklist 3, 7.
func TestSignInFaults(t *testing.T) {
	t.Parallel()
	const token, current = tokenPath, "/open-api/v1.0/shops/current"
	const settings = "check FOURTHWALL_CLIENT_ID and FOURTHWALL_CLIENT_SECRET"
	type fault struct {
		name  string
		fail  sandbox.Failure
		text  string
		posts int
	}
	said := func(status int, body, kind string) sandbox.Failure {
		return sandbox.Failure{Path: token, Status: status, Body: body, Header: http.Header{"Content-Type": {kind}}}
	}
	tests := []fault{
		{"a wrong secret", said(401, `{"error":"invalid_client"}`, "application/json"), settings, 1},
		{"a client that may not", said(401, `{"error":"unauthorized_client"}`, "application/json"), settings, 1},
		{"a wrong secret with 200", said(200, `{"error":"invalid_client"}`, "application/json"), settings, 1},
		{"a wrong secret as text", said(400, `{"error":"invalid_client"}`, "text/plain"), settings, 1},
		{"a scope", said(400, `{"error":"invalid_scope"}`, "application/json"), "FOURTHWALL_SCOPES", 1},
		{"a grant", said(400, `{"error":"unsupported_grant_type"}`, "application/json"), "FOURTHWALL_TOKEN_URL", 1},
		{"a request", said(400, `{"error":"invalid_request"}`, "application/json"), "FOURTHWALL_TOKEN_URL", 1},
		{"a code of the future", said(200, `{"error":"made_up"}`, "application/json"), "made_up", 1},
		{"code refused as text", said(400, `{"error":"invalid_grant"}`, "text/plain"), "didn’t accept the sign-in", 1},
		{"a firewall's error", said(403, `{"error":"forbidden"}`, "application/json"), "token URL returned no token", 1},
		{"a router's error", said(404, `{"error":"not_found"}`, "application/json"), "FOURTHWALL_TOKEN_URL", 1},
		{"a challenge that looks like a refusal", sandbox.Failure{
			Path: token, Status: 400, Body: `{"error":"invalid_grant"}`, Header: http.Header{"Cf-Mitigated": {"challenge"}},
		}, "token URL returned no token", 1},
		{"a token cut off", sandbox.Failure{Path: token, Cut: sandbox.CutBody}, "token URL returned no token", 1},
		{"another redirect URL", said(400, `{"error":"invalid_grant"}`, "application/json"), "HOOKWALL_PUBLIC_URL", 1},
		{"a firewall's 400 for the shop", sandbox.Failure{Path: current, Status: 400, Code: "BLOCKED"}, "omething in front of Fourthwall rejected", 1},
		{"a framework's 400 for the shop", sandbox.Failure{Path: current, Status: 400, Body: "{}"}, "Something in front of Fourthwall rejected", 1},
		{"a redirect", sandbox.Failure{Path: token, Status: 302, Header: http.Header{"Location": {"/login"}}}, "token URL returned no token", 1},
		{"a page", said(200, "<html>", "text/html"), "token URL returned no token", 1},
		{"no token", said(200, "{}", "application/json"), "token URL returned no token", 1},
		{"token endpoint busy", sandbox.Failure{Path: token, Status: 429}, "Its sign-in is busy", 1},
		{"a page for the shop", sandbox.Failure{Path: current, Status: 200, Body: "<html>"}, "FOURTHWALL_API_URL", 1},
		{"a redirect for the shop", sandbox.Failure{Path: current, Status: 302}, "FOURTHWALL_API_URL", 1},
		{"another API", sandbox.Failure{Path: current, Status: 404, Code: "OPEN_API_NOT_FOUND"}, "FOURTHWALL_API_URL", 1},
		{"code refused", sandbox.Failure{Path: token, Status: 400, Body: `{"error":"invalid_grant"}`}, "didn’t accept the sign-in", 1},
		{"token endpoint has a fault", sandbox.Failure{Path: token, Status: 500}, "Its sign-in failed", 1},
		{"token endpoint cut", sandbox.Failure{Path: token, Cut: sandbox.CutBefore}, "FOURTHWALL_TOKEN_URL", 1},
		{"no shop", sandbox.Failure{Path: current, Status: 404, Code: "SHOP_TEAM_MEMBER_SHOP_NOT_FOUND_ERROR"}, "didn’t say which shop", 1},
		{"token not accepted", sandbox.Failure{Path: current, Status: 401, Code: "OPEN_API_UNAUTHORIZED"}, "didn’t say which shop", 1},
		{"API has a fault", sandbox.Failure{Path: current, Status: 500}, "Its sign-in failed", 1},
	}
	for name, failure := range notFourthwalls {
		failure.Path = token
		tests = append(tests, fault{name + " at the token URL", failure, "token URL returned no token", 1})
		failure.Path, failure.Times = current, 2
		text := "omething in front of Fourthwall rejected the request"
		if failure.Status == http.StatusNotFound {
			text = "FOURTHWALL_API_URL"
		}
		tests = append(tests, fault{name + " at the API", failure, text, 1})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			g.box.FailNext(test.fail)
			pg := p.consent(p.get("/oauth/start?way=code&return=/shops"), g.box.Shops()[0].ID, "allow").want(http.StatusOK,
				test.text)
			if q := pg.url.Query(); pg.url.Path != "/connect" || q.Has("code") || q.Has("state") || q.Get("return") != "/shops" {
				t.Errorf("at %s", pg.url)
			}
			if n := g.tokenCalls(); n != test.posts {
				t.Errorf("the code was posted %d times", n)
			}
			if test.text == settings && strings.Contains(pg.text(), "Start again") ||
				test.text == "token URL returned no token" && strings.Contains(pg.text(), "couldn’t reach Fourthwall") {
				t.Errorf("it says: %s", pg.text())
			}
			if owner(p) != "" {
				t.Error("there is a session")
			}
			for _, name := range settingName.FindAllString(pg.text(), -1) {
				if !strings.Contains(g.logs.String(), name) {
					t.Errorf("the log doesn't name %s", name)
				}
			}
		})
	}
}

// TestReasonsOfTheProvider: each error code has its own reason, and one that is
// unknown is shown. What Keycloak adds does no harm.
func TestReasonsOfTheProvider(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	for _, test := range []struct{ code, description, text string }{
		{"access_denied", "", "You chose not to allow it"},
		{"temporarily_unavailable", "", "Its sign-in is busy"},
		{"temporarily_unavailable", "authentication_expired", "took too long, so Fourthwall ended it. Start again"},
		{"temporarily_unavailable", "Reason: authentication_expired.", "took too long, so Fourthwall ended it. Start again"},
		{"temporarily_unavailable", "login_required", "not signed in to Fourthwall. Start again"},
		{"login_required", "", "not signed in to Fourthwall. Start again"},
		{"interaction_required", "", "needs something from you before it can connect the shop. Start again"},
		{"account_selection_required", "", "needs something from you before it can connect the shop. Start again"},
		{"consent_required", "", "needs your consent to connect the shop. Start again"},
		{"server_error", "", "Its sign-in failed"},
		{"invalid_scope", "", "FOURTHWALL_SCOPES"},
		{"unauthorized_client", "", "FOURTHWALL_CLIENT_ID"},
		{"invalid_client", "", "FOURTHWALL_CLIENT_SECRET"},
		{"invalid_request", "", "FOURTHWALL_AUTH_URL"},
		{"unsupported_response_type", "", "FOURTHWALL_AUTH_URL"},
		{"invalid_request_uri", "", "FOURTHWALL_AUTH_URL"},
		{"invalid_request_object", "", "FOURTHWALL_AUTH_URL"},
		{"request_not_supported", "", "FOURTHWALL_AUTH_URL"},
		{"request_uri_not_supported", "", "FOURTHWALL_AUTH_URL"},
		{"registration_not_supported", "", "FOURTHWALL_AUTH_URL"},
		{"made_up", "authentication_expired", "Fourthwall rejected the sign-in. Start again"},
		{"Made up.", "", "Fourthwall rejected the sign-in. Start again"},
	} {
		q := url.Values{
			"error": {test.code}, "error_description": {test.description}, "session_state": {"x"}, "iss": {"https://id.example"},
		}
		pg := p.get("/oauth/callback?"+q.Encode()).want(http.StatusOK, test.text)
		if shown := strings.Contains(pg.text(), test.code); shown != oauth.IsCode(test.code) {
			t.Errorf("%q is shown: %v", test.code, shown)
		}
	}
	shop := p.box.Shops()[0]
	to := p.back("code", shop.ID)
	q := to.Query()
	q.Set("session_state", "x")
	q.Set("iss", "https://id.example")
	p.get(to.Path+"?"+q.Encode()).want(http.StatusOK, shop.Name+" is connected")
}

// TestProviderText: text from the URL of a callback is never shown.
// Checklist 5.
func TestProviderText(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	for _, problem := range []string{
		"access_denied", "made_up", "<img src=x onerror=alert(1)>", strings.Repeat("x", 5000), "a\r\nX-Evil: 1",
	} {
		q := url.Values{
			"error": {problem}, "error_description": {"<script>canary</script>"}, "error_uri": {"https://canary.example"},
		}
		pg := p.get("/oauth/callback?"+q.Encode()).want(http.StatusOK, "not connected")
		if strings.Contains(pg.body, "canary") || strings.Contains(pg.body, "onerror") || pg.header.Get("X-Evil") != "" {
			t.Errorf("%q is shown", problem)
		}
	}
	pg := p.get("/connect?outcome=canary&request=canary&shop=canary").want(http.StatusOK)
	if strings.Contains(pg.text(), "canary") {
		t.Error("the address is shown")
	}
}

// TestFixation: an ID that was known before the sign-in is worthless.
// Checklist 16.
func TestFixation(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	name := g.server.cookieName("session")
	chosen := strings.Repeat("A", 43)
	u, _ := url.Parse(g.url)
	p.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: chosen, Path: "/"}})
	p.connect(0)
	first := p.cookie(name)
	p.connect(1)
	second := p.cookie(name)
	if first == chosen || second == first {
		t.Error("the session id was not renewed")
	}
	for _, old := range []string{chosen, first} {
		q := g.person()
		q.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: old, Path: "/"}})
		if pg := q.get("/shops"); pg.url.Path != "/connect" {
			t.Errorf("an old id opens %s", pg.url)
		}
	}
	// Both shops are still connected in the renewed session.
	for _, shop := range g.box.Shops()[:2] {
		p.get(webhooksPath(shop.ID)).want(http.StatusOK, shop.Name)
	}
}

func (p *person) cookie(name string) string {
	u, _ := url.Parse(p.url)
	for _, c := range p.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// Checklist 17.
func TestSignOut(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	name := g.server.cookieName("session")
	old := p.cookie(name)
	pg := p.noRedirects().signOut()
	if pg.status != http.StatusSeeOther || pg.header.Get("Clear-Site-Data") == "" {
		t.Errorf("%d %v", pg.status, pg.header)
	}
	p.get(pg.header.Get("Location")).want(http.StatusOK, "signed out")
	if p.cookie(name) != "" || p.cookie(g.server.cookieName("browser")) != "" {
		t.Error("a cookie is still there")
	}
	u, _ := url.Parse(g.url)
	p.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: old, Path: "/"}})
	if pg := p.get(webhooksPath(shop.ID)); pg.url.Path != "/connect" {
		t.Errorf("the old cookie opens %s", pg.url)
	}
	// Signing out without a session is done already.
	g.person().signOut().want(http.StatusOK, "signed out")
}

// Checklist 10.
func TestDisconnect(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	one, two := p.connect(0), p.connectKey(1)
	p.get("/").want(http.StatusOK, one.Name, two.Name)
	p.get(disconnectPath(one.ID)).form("/disconnect").submit().want(http.StatusOK, one.Name+" is disconnected")
	p.get(webhooksPath(one.ID)).want(http.StatusNotFound, "not connected here")
	p.get(webhooksPath(two.ID)).want(http.StatusOK)
	p.post(shopPath(one.ID)+"/disconnect", url.Values{}).want(http.StatusNotFound)
	if pg := p.get("/"); pg.url.Path != webhooksPath(two.ID) {
		t.Errorf("home is %s", pg.url)
	}
}

// TestSessionEnds checks both ends of a session: idle and absolute.
// Checklist 17.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps int
		each  time.Duration
		alive bool
	}{
		{"used now and then", 10, 11 * time.Hour, true},
		{"idle for more than 12 hours", 1, 12*time.Hour + time.Minute, false},
		{"older than 7 days", 16, 11 * time.Hour, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connectKey(0)
			var pg *page
			for range test.steps {
				g.move(test.each)
				pg = p.get(webhooksPath(shop.ID))
			}
			if (pg.url.Path != "/connect") != test.alive {
				t.Errorf("at %s", pg.url)
			}
		})
	}
}

// TestDraft: a form that is sent when the session is over comes back filled in.
func TestDraft(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		end   func(*rig, *person, sandbox.DemoShop)
		again int // the shop that is connected then
		texts []string
		ended bool // the connection has ended
	}{
		{"the session is over", func(g *rig, _ *person, _ sandbox.DemoShop) { g.move(13 * time.Hour) }, 0, []string{"as you typed it"}, false},
		{"another shop was connected", func(g *rig, _ *person, _ sandbox.DemoShop) { g.move(13 * time.Hour) }, 1, []string{"for another shop"}, false},
		{"the token was revoked", func(g *rig, _ *person, _ sandbox.DemoShop) {
			g.box.FailNext(sandbox.Failure{Path: tokenPath, Status: 400, Body: `{"error":"invalid_grant"}`})
			g.move(time.Hour)
		}, 0, []string{"as you typed it"}, true},
		{"the API says 401 again and again", func(g *rig, _ *person, _ sandbox.DemoShop) {
			g.box.FailNext(sandbox.Failure{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2})
		}, 0, []string{"as you typed it"}, true},
		{"signed out in another tab", func(_ *rig, p *person, _ sandbox.DemoShop) { p.signOut() }, 0, []string{"as you typed it"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			f := p.newForm(shop.ID, good, "DONATION", "ORDER_PLACED")
			test.end(g, p, shop)
			pg := f.submit().want(http.StatusOK, "kept")
			if pg.url.Path != "/connect" || strings.Contains(pg.url.String(), "hooks.example.com") {
				t.Fatalf("at %s", pg.url)
			}
			if strings.Contains(pg.text(), "We noticed on") != test.ended {
				t.Errorf("why it must be connected: %s", pg.text())
			}
			to := g.box.Shops()[test.again]
			pg = p.consent(pg.link("Connect with Fourthwall"), to.ID, "allow").want(http.StatusOK, test.texts...)
			if pg.url.Path != newWebhookPath(to.ID) {
				t.Errorf("at %s", pg.url)
			}
			again := pg.form(webhooksPath(to.ID))
			if again.values.Get("url") != good || len(again.values["allowedTypes"]) != 2 {
				t.Errorf("the form holds %v", again.values)
			}
			again.submit().want(http.StatusOK, good)
			if len(g.urls(test.again)) < 1 || !slices.Contains(g.urls(test.again), good) {
				t.Errorf("the shop has %v", g.urls(test.again))
			}
		})
	}
}

// TestDraftOfWhatIsNotConfirmed: a person who must sign in again before a
// create is confirmed is not told that nothing was created.
func TestDraftOfWhatIsNotConfirmed(t *testing.T) {
	t.Parallel()
	for _, button := range []string{"do=check", "do=edit"} {
		t.Run(button, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
			pg := p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusBadGateway, "Unconfirmed")
			g.add(shop, good, "DONATION")
			g.move(13 * time.Hour)
			connect := pg.form(webhooksPath(shop.ID)).press(button).want(http.StatusOK, "kept")
			back := p.consent(connect.link("Connect with Fourthwall"), shop.ID, "allow").
				want(http.StatusOK, "We couldn’t confirm whether this webhook was created")
			back.kept(good, "DONATION")
			if strings.Contains(back.text(), "Nothing was created") {
				t.Errorf("the page says: %s", back.text())
			}
			back.form(webhooksPath(shop.ID)).submit().want(http.StatusOK, "already has a webhook")
			if n := g.creates(); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

func TestDraftOfAnotherBrowser(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.move(13 * time.Hour)
	back := f.submit().url.Query().Get("return")
	q := g.person()
	q.connect(0)
	q.get(back).want(http.StatusOK, "has expired").kept("")
	g.move(2 * time.Hour)
	p.connect(0)
	p.get(back).want(http.StatusOK, "has expired").kept("")
}

// TestTokenIsRenewed: an expired token is renewed once, and every page keeps
// working.
// Checklist 10.
func TestTokenIsRenewed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(*rig)
	}{
		{"its time is over", func(g *rig) { g.move(time.Hour) }},
		{"the API refuses it early", func(g *rig) { g.box.Advance(time.Hour) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			before := g.tokenCalls()
			test.end(g)
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { p.get(webhooksPath(shop.ID)).want(http.StatusOK) })
			}
			wg.Wait()
			if n := g.tokenCalls() - before; n != 1 {
				t.Errorf("renewed %d times", n)
			}
		})
	}
}

func TestTwoShopsInTwoTabs(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	one, two := p.connect(0), p.connect(2)
	tabOne, tabTwo := p.newForm(one.ID, good+"/one", "DONATION"), p.newForm(two.ID, good+"/two", "DONATION")
	tabTwo.submit().want(http.StatusOK, two.Name, good+"/two")
	tabOne.submit().want(http.StatusOK, one.Name, good+"/one")
	if !slices.Contains(g.urls(0), good+"/one") || !slices.Contains(g.urls(2), good+"/two") {
		t.Errorf("%v %v", g.urls(0), g.urls(2))
	}
}

// TestKeyLost restarts with another secret key on the same database.
func TestKeyLost(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "h.db")
	const public = "http://hooks.example.com" // the same for both, and so are the names of cookies
	before := newRig(t, options{file: file, publicURL: public})
	p := before.person()
	shop := p.connectKey(0)
	f := p.newForm(shop.ID, good, "DONATION")
	after := newRig(t, options{file: file, publicURL: public})
	q := after.person()
	q.client.Jar = p.client.Jar
	pg := q.get(webhooksPath(shop.ID)).want(http.StatusOK, "Connect")
	if pg.url.Path != "/connect" {
		t.Errorf("at %s", pg.url)
	}
	q.post(webhooksPath(shop.ID), f.values).want(http.StatusOK, "kept")
	q.get("/shops").want(http.StatusOK, "Access unreadable", "since").link("Disconnect ").
		want(http.StatusOK, "can’t read the stored access").form("/disconnect").submit().
		want(http.StatusOK, "is disconnected")
	all := after.recorded(shop, activity.EndConnection)
	if d, _ := activity.ReadDetail(all[0]); len(all) != 1 || d.Why != string(store.EndUnreadable) {
		t.Errorf("recorded: %+v %+v", all, d)
	}
}

func TestAPIKeyOnly(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{noClient: true}).person()
	pg := p.get("/connect").want(http.StatusOK)
	if strings.Contains(pg.body, "/oauth/start") {
		t.Error("a sign-in is offered that cannot work")
	}
	p.get("/oauth/start?way=code").want(http.StatusOK, "isn’t available here")
	p.connectKey(0)
}
