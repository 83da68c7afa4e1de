package handlers

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"

	"hookwall/internal/team"
)

// withProvider lets people sign in to the team at an identity provider.
func (g *rig) withProvider(change ...func(*team.OIDCConfig)) *mockoidc.MockOIDC {
	g.t.Helper()
	provider, err := mockoidc.NewServer(nil)
	g.must(err)
	// It says that it takes HTTP Basic, but reads the form alone.
	g.must(provider.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if id, secret, ok := r.BasicAuth(); ok {
				_ = r.ParseForm()
				secret, _ = url.QueryUnescape(secret)
				r.Form.Set("client_id", id)
				r.Form.Set("client_secret", secret)
			}
			next.ServeHTTP(w, r)
		})
	}))
	listener, err := (&net.ListenConfig{}).Listen(g.t.Context(), "tcp", "127.0.0.1:0")
	g.must(err)
	g.must(provider.Start(listener, nil))
	g.t.Cleanup(func() { g.must(provider.Shutdown()) })
	config := team.OIDCConfig{
		Issuer: provider.Issuer(), ClientID: provider.ClientID, ClientSecret: provider.ClientSecret,
		RedirectURL: g.url + "/sign-in/callback", RoleClaim: "groups", Scopes: []string{"email", "profile", "groups"},
		Transport: &http.Transport{DisableKeepAlives: true},
	}
	for _, f := range change {
		f(&config)
	}
	g.server.OIDC, err = team.NewOIDC(config)
	g.must(err)
	g.server.mount(g.server.routes())
	return provider
}

func mockUser(name string, groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: name, Email: name + "@agency.example", EmailVerified: true, Groups: groups}
}

// TestSignInToTeam: a stranger signs in and is back on the page that was asked
// for, with what was typed.
func TestSignInToTeam(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	shop := g.box.Shops()[0]
	p := g.person()
	asked := p.get(webhooksPath(shop.ID)+"?q=x").want(http.StatusOK, "Sign in to Hookwall")
	if strings.Contains(asked.text(), shop.Name) {
		t.Error("a stranger sees a shop")
	}
	provider.QueueUser(mockUser("ann", "operator"))
	back := asked.link("Sign in").want(http.StatusOK, shop.Name)
	if back.url.Path != webhooksPath(shop.ID) || back.url.RawQuery != "q=x" {
		t.Errorf("back at %s", back.url)
	}
	f := p.newForm(shop.ID, good, "ORDER_PLACED")
	person, err := g.server.Team.Person(t.Context(), p.id())
	g.must(err)
	for _, session := range sessionsOf(g, person.ID) {
		g.must(g.server.Team.EndSession(t.Context(), person.Actor(), person.ID, session))
	}
	kept := f.submit().want(http.StatusOK, "Sign in to Hookwall", "We kept your form")
	provider.QueueUser(mockUser("ann", "operator"))
	form := kept.link("Sign in").want(http.StatusOK, "as you typed it").form(webhooksPath(shop.ID))
	if form.values.Get("url") != good {
		t.Errorf("the form has %v", form.values)
	}
	form.submit().want(http.StatusOK)
	if len(g.box.Webhooks(shop.ID)) != 1 {
		t.Error("no webhook was created")
	}
}

// TestKeptFormIsOnePersons: a form that was sent after a session had ended comes
// back to the person who typed it, and to nobody else in the same browser.
// Checklist 20.
func TestKeptFormIsOnePersons(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	shop := g.box.Shops()[0]
	p := g.person()
	as := func(name string) { provider.QueueUser(mockUser(name, "operator")) }
	as("ann")
	p.get(webhooksPath(shop.ID)).link("Sign in").want(http.StatusOK, shop.Name)
	ann, err := g.server.Team.Person(t.Context(), p.id())
	g.must(err)
	f := p.newForm(shop.ID, good, "ORDER_PLACED")
	for _, session := range sessionsOf(g, ann.ID) {
		g.must(g.server.Team.EndSession(t.Context(), ann.Actor(), ann.ID, session))
	}
	kept := f.submit().want(http.StatusOK, "We kept your form")
	as("zoe")
	back := kept.link("Sign in").want(http.StatusOK, "Create webhook")
	if strings.Contains(back.body, good) {
		t.Error("Zoe sees what Ann typed")
	}
	p.get(back.url.String()).want(http.StatusOK)
	p.get(signOutPath).form(signOutPath).submit().want(http.StatusOK, "You’re signed out of Hookwall")
	as("ann")
	p.get(shopsPath).link("Sign in").want(http.StatusOK, shop.Name)
}

func sessionsOf(g *rig, person string) (ids []string) {
	all, err := g.server.Team.Sessions(g.t.Context(), person)
	g.must(err)
	for _, one := range all {
		ids = append(ids, one.ID)
	}
	return ids
}

// TestSignInEndings: whatever goes wrong has its sentence, and no session.
// Checklist 45.
func TestSignInEndings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		user   *mockoidc.MockUser
		fault  func(*mockoidc.MockOIDC, *rig)
		back   func(url.Values) // what the browser brings back, changed
		status int
		text   string
	}{
		{"no role", mockUser("x"), nil, nil, 403, "You don’t have access yet"},
		{
			"no role, and an address that isn't verified", &mockoidc.MockUser{Subject: "x", Email: "ann@agency.example"}, nil, nil,
			403, "doesn’t confirm that ann@agency.example is yours, so the address gives you no role",
		},
		{"removed", mockUser("removed", "viewer"), nil, nil, 200, "You were removed from this team"},
		{"refused", nil, nil, func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }, 200, "You weren’t signed in"},
		{"another state", nil, nil, func(q url.Values) { q.Set("state", "x") }, 200, "This sign-in has ended"},
		{"no state", nil, nil, func(q url.Values) { q.Del("state") }, 200, "This sign-in has ended"},
		{"another issuer", nil, nil, func(q url.Values) { q.Set("iss", "https://evil.example") }, 200, "This sign-in has ended"},
		{"another code", nil, nil, func(q url.Values) { q.Set("code", "x") }, 200, "This sign-in has ended"},
		{"too late", nil, func(_ *mockoidc.MockOIDC, g *rig) { g.move(11 * time.Minute) }, nil, 200, "This sign-in has ended"},
		{"the provider is down", nil, func(m *mockoidc.MockOIDC, _ *rig) {
			m.QueueError(&mockoidc.ServerError{Code: 503, Error: "server_error"})
		}, nil, 200, "Your identity provider isn’t working"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newTeamRig(t)
			provider := g.withProvider()
			boss, err := g.server.Team.Person(t.Context(), g.member(team.Admin).id())
			g.must(err)
			gone, err := g.server.Team.SignIn(t.Context(), team.Identity{Issuer: provider.Issuer(), Subject: "removed"})
			g.must(err)
			g.must(g.server.Team.Remove(t.Context(), boss.Actor(), gone.ID))
			p := g.person()
			if test.user != nil {
				provider.QueueUser(test.user)
			}
			to := p.noRedirects().get(signInStart).header.Get("Location")
			to = p.noRedirects().get(to).header.Get("Location")
			u, err := url.Parse(to)
			g.must(err)
			q := u.Query()
			if test.back != nil {
				test.back(q)
			}
			if test.fault != nil {
				test.fault(provider, g)
			}
			u.RawQuery = q.Encode()
			pg := p.get(u.String()).want(test.status, test.text)
			if strings.Contains(pg.url.RawQuery, "code") || strings.Contains(pg.body, "evil.example") {
				t.Errorf("at %s", pg.url)
			}
			if treatment(p.noRedirects().get(shopsPath)) == "" || p.noRedirects().get(shopsPath).status == http.StatusOK {
				t.Error("signed in")
			}
		})
	}
}

// TestSignInFailureIsExplained: the page names what is known of a failure, once
// and in this browser alone, and the URL doesn't.
func TestSignInFailureIsExplained(t *testing.T) {
	t.Parallel()
	domains := func(c *team.OIDCConfig) { c.AllowedDomains = []string{"agency.example"} }
	other := &mockoidc.MockUser{Subject: "x", Email: "ann@other.example", EmailVerified: true}
	unverified := &mockoidc.MockUser{Subject: "x", Email: "ann@agency.example"}
	tests := []struct {
		name   string
		user   *mockoidc.MockUser
		config func(*team.OIDCConfig)
		text   string
		later  string // after a reload
		other  bool   // another account is offered
	}{
		{
			"the domain", other, domains, "ann@other.example isn’t in a domain of your team",
			"Its email address isn’t in a domain of your team", true,
		},
		{
			"not verified", unverified, domains, "doesn’t confirm that ann@agency.example is yours",
			"doesn’t confirm that the address is yours", true,
		},
		{
			"the secret", mockUser("x"), func(c *team.OIDCConfig) { c.ClientSecret = "wrong" },
			"check HOOKWALL_OIDC_CLIENT_SECRET", "The log names the setting", false,
		},
		{
			"a clock behind", mockUser("x"),
			func(c *team.OIDCConfig) { c.Now = func() time.Time { return time.Now().Add(-2 * time.Hour) } },
			"Hookwall’s clock is about 2 hours behind", "differ by more than a minute", false,
		},
		{
			"a clock ahead", mockUser("x"),
			func(c *team.OIDCConfig) { c.Now = func() time.Time { return time.Now().Add(2 * time.Hour) } },
			"Hookwall’s clock is about 2 hours ahead", "differ by more than a minute", false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newTeamRig(t)
			provider := g.withProvider(test.config)
			provider.QueueUser(test.user)
			p := g.person()
			end := p.noRedirects().get(p.noRedirects().get(p.noRedirects().get(signInStart).header.Get("Location")).header.
				Get("Location")).header.Get("Location")
			if strings.Contains(end, "example") || strings.Contains(end, "HOOKWALL") {
				t.Errorf("the URL is %s", end)
			}
			stranger := g.person()
			stranger.get(signInStart)
			stranger.get(end).want(http.StatusOK, test.later)
			pg := p.get(end).want(http.StatusOK, test.text)
			if pg.header.Get("Cache-Control") != "no-store" || strings.Contains(pg.text(), "Use another account") != test.other {
				t.Errorf("offers: %s", pg.text())
			}
			p.get(end).want(http.StatusOK, test.later)
		})
	}
}

// TestAnotherAccount: the provider asks for an account after one that can't be
// used, and for a person without a role.
func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	shop := g.box.Shops()[0]
	provider.QueueUser(mockUser("x"))
	p := g.person()
	pg := p.get(webhooksPath(shop.ID)).link("Sign in").
		want(http.StatusForbidden, "You don’t have access yet", "Your subject", "x", "HOOKWALL_ADMINS")
	pg.p = p.noRedirects()
	to, err := url.Parse(pg.link("Use another account").header.Get("Location"))
	g.must(err)
	if got := to.Query().Get("prompt"); got != "login" && got != "select_account" {
		t.Errorf("the provider is asked for %q", got)
	}
	provider.QueueUser(mockUser("ann", "viewer"))
	p.get(to.String()).want(http.StatusOK, shop.Name)
	again := p.get(signInStart)
	if again.url.Query().Has("prompt") {
		t.Error("an ordinary sign-in asks for an account")
	}
}

// TestSignInsAreNotSwapped: the state of a sign-in to Hookwall connects no shop,
// and the other way round.
// Checklist 46.
func TestSignInsAreNotSwapped(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	p := g.member(team.Admin)
	stateAt := func(start string) string {
		to, err := url.Parse(p.noRedirects().get(start).header.Get("Location"))
		g.must(err)
		return to.Query().Get("state")
	}
	p.get("/oauth/callback?code=x&state="+stateAt(signInStart)).want(http.StatusBadRequest, "couldn’t read this request")
	provider.QueueUser(mockUser("admin", "admin"))
	stranger := g.person()
	stranger.get("/sign-in/callback?code=x&state="+stateAt("/oauth/start?way=code")).want(200, "This sign-in has ended")
	p.get("/sign-in/callback?code=x&state=" + stateAt("/oauth/start?way=code")) // signed in already
	if n := g.tokenCalls(); n != 0 {
		t.Errorf("%d calls for a token", n)
	}
}

// TestSignInRenewsSession: a session that was planted before is worthless after
// a sign-in, and the state of another browser is of no use.
// Checklist 46.
func TestSignInRenewsSession(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	p := g.withSession(nil)
	name := g.server.cookieName("session")
	planted := p.cookie(name)
	provider.QueueUser(mockUser("ann", "admin"))
	p.get(signInStart).want(http.StatusOK)
	if p.cookie(name) == planted || p.id() == "" {
		t.Fatal("the session wasn't renewed")
	}
	attacker := g.person()
	u, err := url.Parse(g.url)
	g.must(err)
	attacker.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: planted}})
	if got := treatment(attacker.noRedirects().get(shopsPath)); got != signsIn {
		t.Errorf("the planted session %s", got)
	}
	provider.QueueUser(mockUser("mallory", "admin"))
	to := attacker.noRedirects().get(attacker.noRedirects().get(signInStart).header.Get("Location")).header.Get("Location")
	victim := g.person()
	victim.get(to).want(http.StatusOK, "This sign-in has ended")
	if victim.id() != "" {
		t.Error("a person is signed in as the attacker")
	}
}

// TestSignOutOfTeam ends this session and no other, and disconnects nothing.
// Checklist 51.
func TestSignOutOfTeam(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	g.withProvider()
	shop := g.box.Shops()[0]
	p, elsewhere := g.member(team.Viewer), g.member(team.Viewer)
	p.get(signOutPath).want(http.StatusOK, "Sign out of Hookwall?").form(signOutPath).submit().
		want(http.StatusOK, "You’re signed out of Hookwall", "may still have you signed in")
	if got := treatment(p.noRedirects().get(shopsPath)); got != signsIn {
		t.Errorf("after it: %s", got)
	}
	elsewhere.get(webhooksPath(shop.ID)).want(http.StatusOK, shop.Name)
}

// TestSignInByHeader: the reverse proxy says who a person is, at each request.
// Checklist 50.
func TestSignInByHeader(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	g := newTeamRig(t)
	var err error
	g.server.Header, err = team.NewHeader(team.HeaderConfig{
		UserHeader: "X-Forwarded-User", Secret: secret, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	g.must(err)
	g.server.mount(g.server.routes())
	boss, err := g.server.Team.Person(t.Context(), boss(g))
	g.must(err)
	for _, name := range []string{"ann", "zoe"} {
		p, err := g.server.Team.SignIn(t.Context(), team.Identity{Issuer: team.HeaderIssuer, Subject: name})
		g.must(err)
		g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), p.ID, team.Viewer))
	}
	p := g.person()
	ask := func(path string, header http.Header) (pg *page) {
		for range 5 {
			r := p.request(http.MethodGet, path, nil)
			r.Header = header.Clone()
			if r.Header == nil {
				r.Header = http.Header{}
			}
			if pg = p.noRedirects().do(r); pg.status != http.StatusSeeOther {
				return pg
			}
			path = pg.header.Get("Location")
		}
		t.Fatalf("no end at %s", path)
		return nil
	}
	as := func(name string) http.Header {
		return http.Header{"X-Forwarded-User": {name}, team.ProxySecretHeader: {secret}}
	}
	ask(shopsPath, as("ann")).want(http.StatusOK, g.box.Shops()[0].Name)
	ann := p.id()
	ask(shopsPath, as("ann")).want(http.StatusOK)
	if p.id() != ann {
		t.Error("signed in twice")
	}
	ask(shopsPath, as("zoe")).want(http.StatusOK)
	if p.id() == ann {
		t.Error("Zoe is taken for Ann")
	}
	ask(shopsPath, as("bob")).want(http.StatusForbidden, "You don’t have access yet")
	for name, header := range map[string]http.Header{
		"no secret":     {"X-Forwarded-User": {"ann"}},
		"wrong secret":  {"X-Forwarded-User": {"ann"}, team.ProxySecretHeader: {secret + "x"}},
		"nobody":        {team.ProxySecretHeader: {secret}},
		"twice":         {"X-Forwarded-User": {"ann", "ann"}, team.ProxySecretHeader: {secret}},
		"an underscore": {"X-Forwarded-User": {"ann"}, "X_Forwarded_User": {"zoe"}, team.ProxySecretHeader: {secret}},
	} {
		for _, path := range []string{shopsPath, signInPath, signOutPath, displayPath, connectPath, peoplePath} {
			if pg := ask(path, header); pg.status != http.StatusForbidden {
				t.Errorf("%s, %s: %d", name, path, pg.status)
			}
		}
		// Where shops' owners come as well, the proxy may name nobody.
		for _, path := range []string{helpPath, callbackPath} {
			if pg := ask(path, header); (pg.status != http.StatusForbidden) != (name == "nobody") {
				t.Errorf("%s, %s: %d", name, path, pg.status)
			}
		}
		for _, path := range []string{invitationPath("x"), receiptPath("x")} {
			want := http.StatusForbidden
			if header.Get(team.ProxySecretHeader) == secret {
				want = http.StatusNotFound // whoever is named: there is no such link
			}
			ask(path, header).want(want)
		}
	}
	ask(alivePath, nil).want(http.StatusOK)
	// Signing out ends the session, though the next page would begin another.
	ask(shopsPath, as("ann")).want(http.StatusOK)
	r := p.request(http.MethodPost, signOutPath, nil)
	r.Header = as("ann")
	r.Header.Set("Origin", g.url)
	out := p.noRedirects().do(r)
	ask(out.header.Get("Location"), as("ann")).want(http.StatusOK, "You’re signed out of Hookwall", "Sign out there too")
	if p.id() != "" {
		t.Error("signed in again without a click")
	}
	ask(signInPath+"?return="+url.QueryEscape(shopsPath), as("ann")).want(http.StatusOK, g.box.Shops()[0].Name)
	ask(signedOutOfTeamHref, as("ann")).want(http.StatusOK, g.box.Shops()[0].Name)
}

// boss returns the ID of the admin of the rig.
func boss(g *rig) string {
	g.t.Helper()
	admins, err := g.server.Team.Admins(g.t.Context())
	g.must(err)
	return admins[0].ID
}
