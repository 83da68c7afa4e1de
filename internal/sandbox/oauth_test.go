package sandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Checklist 14.
func TestConsentPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	page := r.get(connectLink("scope", "webhook_read order_read"))
	if page.StatusCode != http.StatusOK {
		t.Fatalf("status %d", page.StatusCode)
	}
	for _, want := range []string{
		"Hookwall &lt;b&gt;", "See your webhooks", "See orders", "Studio Nine", "Lantern Post", "Tidewater Records",
		"localhost:8080", "everything here is simulated", "Change the permissions",
	} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.body, "<script") || strings.Contains(page.body, "style=") {
		t.Error("the page holds script or inline style")
	}
	f := forms(t, page.body)[0]
	if f.method != "post" || f.action != "/admin/platform-apps/app/connect" {
		t.Errorf("form %s %s", f.method, f.action)
	}
	if !slices.Equal(f.buttons, []string{"decision=allow", "decision=deny"}) {
		t.Errorf("buttons %v", f.buttons)
	}
	if f.values.Get("state") != "st/ate+1 &" || f.values.Get("shop") != shopOne {
		t.Errorf("fields %v", f.values)
	}
	want := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http://localhost:8080; " +
		"base-uri 'none'; frame-ancestors 'none'"
	if got := page.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("policy %q", got)
	}
	v6 := r.get(connectLink("redirect_uri", "http://[::1]:8080/cb")).Header.Get("Content-Security-Policy")
	if !strings.Contains(v6, "form-action 'self' http:;") {
		t.Errorf("policy for IPv6 %q", v6)
	}
}

func TestCodeFlow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	back := r.consent(connectLink(), "allow", "shop", shopTwo)
	if !strings.HasPrefix(back.Header.Get("Location"), appRedirect+"?") ||
		back.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("redirect %v", back.Header)
	}
	v := back.sent(t)
	if v.Get("state") != "st/ate+1 &" || len(v) != 2 {
		t.Fatalf("sent %v", v)
	}
	a := r.post(tokenPath, codeForm(v.Get("code")))
	if a.StatusCode != 200 || a.Header.Get("Cache-Control") != "no-store" ||
		a.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	got := a.session(t)
	if got.TokenType != "Bearer" || got.ExpiresIn != 300 || got.Scope != "webhook_write webhook_read" ||
		len(a.fields(t)) != 5 {
		t.Errorf("token answer %v", got)
	}
	if n := len(got.AccessToken); n < 1000 || n > 1200 {
		t.Errorf("access token of %d bytes", n)
	}
	shop := r.call("Bearer "+got.AccessToken, "GET", shopPath, "")
	if shop.StatusCode != 200 || shop.text(t, "id") != shopTwo {
		t.Errorf("shop %d %s", shop.StatusCode, shop.body)
	}
	if rec := r.Requests(); rec[1].Shop != shopTwo || rec[1].Status != 303 {
		t.Errorf("the consent was recorded as %+v", rec[1])
	}
}

func TestLongTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.Configure(shopOne, Switches{LongTokens: true}); err != nil {
		t.Fatal(err)
	}
	auth := r.bearerOf()
	if len(auth) < 4<<10 {
		t.Errorf("token of %d bytes", len(auth))
	}
	if a := r.call(auth, "GET", shopPath, ""); a.StatusCode != 200 {
		t.Errorf("status %d", a.StatusCode)
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, back := range map[string]answer{
		"button":        r.consent(connectLink(), "deny"),
		"nothing left":  r.consent(connectLink(), "allow", "grant", "-"),
		"not asked for": r.consent(connectLink("scope", "webhook_read"), "allow", "grant", "payout_read"),
	} {
		v := back.sent(t)
		if v.Get("error") != "access_denied" || v.Get("state") != "st/ate+1 &" || v.Has("code") {
			t.Errorf("%s: sent %v", name, v)
		}
	}
	if len(r.grants) != 0 {
		t.Errorf("%d grants", len(r.grants))
	}
}

func TestConsentNeedsAnAnswerAndAShop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, change := range [][]string{{"decision", "-"}, {"decision", "perhaps"}, {"shop", "-"}, {"shop", "sh_none"}} {
		if a := r.consent(connectLink(), "allow", change...); a.StatusCode != 400 || a.Header.Get("Location") != "" {
			t.Errorf("%v: %d %s", change, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

// Nothing that is wrong about the client or the way back may lead to a redirect.
// Checklist 12.
func TestAuthorizationErrorPages(t *testing.T) {
	t.Parallel()
	links := map[string]string{
		"unknown client": connectLink()[:len("/admin/platform-apps/")] + "nobody/connect?" +
			strings.SplitN(connectLink(), "?", 2)[1],
		"no client":                 authLink("client_id", "-"),
		"client twice":              authLink() + "&client_id=bot",
		"client differs from path":  connectLink("client_id", "bot", "redirect_uri", botRedirect),
		"client empty in query":     connectLink("client_id", ""),
		"no redirect":               connectLink("redirect_uri", "-"),
		"redirect twice":            connectLink() + "&redirect_uri=" + url.QueryEscape(appRedirect),
		"another client's redirect": connectLink("redirect_uri", botRedirect),
	}
	for _, bad := range []string{
		"http://localhost:8080/oauth/callback/", "http://localhost:8080/oauth/callback?x=1",
		"http://localhost:8080/oauth/callback#f", "http://localhost:8080/oauth/Callback", "http://localhost:8080/oauth",
		"http://localhost:8080/oauth/callback/../x", "http://localhost:8080/oauth/c%61llback",
		"http://localhost:8080//oauth/callback",
		"http://localhost:8081/oauth/callback", "http://localhost/oauth/callback", "https://localhost:8080/oauth/callback",
		"HTTP://localhost:8080/oauth/callback", "http://LOCALHOST:8080/oauth/callback",
		"http://127.0.0.1:8080/oauth/callback",
		"http://localhost:8080.evil.example/oauth/callback", "http://evil.example\\@localhost:8080/oauth/callback",
		"http://user@localhost:8080/oauth/callback", "//localhost:8080/oauth/callback", "/oauth/callback",
		"javascript:alert(1)//http://localhost:8080/oauth/callback", "data:text/html,x", " " + appRedirect,
		appRedirect + "\n", "",
	} {
		links["redirect "+bad] = connectLink("redirect_uri", bad)
	}
	r := newRig(t)
	for name, link := range links {
		path, query, _ := strings.Cut(link, "?")
		form, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("decision", "allow")
		form.Set("shop", shopOne)
		for method, a := range map[string]answer{"GET": r.get(link), "POST": r.post(path, form)} {
			if a.StatusCode != 400 || a.Header.Get("Location") != "" || !strings.Contains(a.body, "simulated") {
				t.Errorf("%s %s: %d, location %q", method, name, a.StatusCode, a.Header.Get("Location"))
			}
		}
	}
	if len(r.grants) != 0 {
		t.Errorf("%d grants", len(r.grants))
	}
}

// Checklist 2.
func TestAuthorizationErrorRedirects(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, link, want string
		fragment         bool
	}{
		{"no response type", authLink("response_type", "-"), "invalid_request", false},
		{"id_token", authLink("response_type", "id_token"), "unsupported_response_type", false},
		{"hybrid", authLink("response_type", "code token"), "unsupported_response_type", false},
		{"token at connect", connectLink("response_type", "token"), "unsupported_response_type", true},
		{"unknown scope", authLink("scope", "webhook_read root"), "invalid_scope", false},
		{"unknown scope, implicit", authLink("scope", "root", "response_type", "token"), "invalid_scope", true},
		{"scope twice", authLink("scope", "webhook_read") + "&scope=webhook_write", "invalid_request", false},
		{"response type twice", authLink() + "&response_type=code", "invalid_request", false},
		{"control character in state", authLink("state", "a\nb"), "invalid_request", false},
		{
			"public without challenge", connectLink("code_challenge", "-", "code_challenge_method", "-"), "invalid_request",
			false,
		},
		{"public with empty challenge", connectLink("code_challenge", ""), "invalid_request", false},
		{"plain", connectLink("code_challenge", verifier, "code_challenge_method", "plain"), "invalid_request", false},
		{"method left out", connectLink("code_challenge_method", "-"), "invalid_request", false},
		{"method without challenge", authLink("code_challenge_method", "S256"), "invalid_request", false},
		{"challenge too short", connectLink("code_challenge", "abc"), "invalid_request", false},
		{"challenge of other letters", connectLink("code_challenge", strings.Repeat("+", 43)), "invalid_request", false},
	}
	r := newRig(t)
	for _, c := range cases {
		a := r.get(c.link)
		v := a.sent(t)
		if v.Get("error") != c.want {
			t.Errorf("%s: error %q, want %q", c.name, v.Get("error"), c.want)
		}
		if got := strings.Contains(a.Header.Get("Location"), "#"); got != c.fragment {
			t.Errorf("%s: in the fragment %v, want %v", c.name, got, c.fragment)
		}
		asked, _ := url.Parse(c.link)
		if v.Get("state") != asked.Query().Get("state") {
			t.Errorf("%s: state %q", c.name, v.Get("state"))
		}
	}
	if twice := r.get(authLink() + "&state=other").sent(t); twice.Get("error") != "invalid_request" || twice.Has("state") {
		t.Errorf("state twice: %v", twice)
	}
	kept := r.get(authLink("response_type", "-")).Header.Get("Location")
	if !strings.HasPrefix(kept, botRedirect+"&error=") {
		t.Errorf("the query of the redirect URI was lost: %s", kept)
	}
}

// The form's fields come from the browser, so they are judged like the link's.
func TestConsentJudgesTheFormAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, c := range map[string]struct {
		change []string
		want   string
	}{
		"plain":         {[]string{"code_challenge_method", "plain"}, "invalid_request"},
		"no challenge":  {[]string{"code_challenge", "-", "code_challenge_method", "-"}, "invalid_request"},
		"scope":         {[]string{"scope", "root"}, "invalid_scope"},
		"response type": {[]string{"response_type", "token"}, "unsupported_response_type"},
	} {
		if v := r.consent(connectLink(), "allow", c.change...).sent(t); v.Get("error") != c.want || v.Has("code") {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestImplicitFlow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct{ client, redirect string }{{"bot", botRedirect}, {"app", appRedirect}} {
		link := authLink("client_id", c.client, "redirect_uri", c.redirect, "response_type", "token", "scope", "webhook_read")
		back := r.consent(link, "allow", "shop", shopMany)
		if !strings.HasPrefix(back.Header.Get("Location"), c.redirect+"#") {
			t.Fatalf("location %s", back.Header.Get("Location"))
		}
		v := back.sent(t)
		if v.Get("token_type") != "Bearer" || v.Get("expires_in") != "300" || v.Get("scope") != "webhook_read" ||
			v.Get("state") != "s" || v.Has("refresh_token") || v.Has("code") {
			t.Errorf("sent %v", v)
		}
		if a := r.call("Bearer "+v.Get("access_token"), "GET", shopPath, ""); a.text(t, "id") != shopMany {
			t.Errorf("shop %s", a.body)
		}
	}
	denied := r.consent(authLink("response_type", "token"), "deny")
	if !strings.Contains(denied.Header.Get("Location"), "#error=access_denied") {
		t.Errorf("location %s", denied.Header.Get("Location"))
	}
}

// Each row spoils one thing about a good exchange. Where the code was shown at all it is burnt.
// Checklist 2.
func TestCodeExchangeRefusals(t *testing.T) {
	t.Parallel()
	other := "another-verifier-that-is-long-enough-to-be-valid-0123"
	cases := []struct {
		name   string
		spoil  []string
		status int
		want   string
		burns  bool
	}{
		{"wrong verifier", []string{"code_verifier", other}, 400, "invalid_grant", true},
		{"no verifier", []string{"code_verifier", "-"}, 400, "invalid_grant", true},
		{"the challenge as verifier", []string{"code_verifier", challenge(verifier)}, 400, "invalid_grant", true},
		{"short verifier", []string{"code_verifier", "short"}, 400, "invalid_grant", true},
		{"wrong redirect", []string{"redirect_uri", appRedirect + "/"}, 400, "invalid_grant", true},
		{"no redirect", []string{"redirect_uri", "-"}, 400, "invalid_grant", true},
		{"other client", []string{"client_id", "bot", "client_secret", botSecret}, 400, "invalid_grant", true},
		{"unknown client", []string{"client_id", "nobody"}, 401, "invalid_client", false},
		{"no client", []string{"client_id", "-"}, 401, "invalid_client", false},
		{"secret of a public client", []string{"client_secret", "x"}, 401, "invalid_client", false},
		{"no secret", []string{"client_id", "bot"}, 401, "invalid_client", false},
		{"wrong secret", []string{"client_id", "bot", "client_secret", "x"}, 401, "invalid_client", false},
		{"no code", []string{"code", "-"}, 400, "invalid_request", false},
		{"unknown code", []string{"code", "abc"}, 400, "invalid_grant", false},
		{"no grant type", []string{"grant_type", "-"}, 400, "invalid_request", false},
		{"password grant", []string{"grant_type", "password"}, 400, "unsupported_grant_type", false},
	}
	r := newRig(t)
	for _, c := range cases {
		code := r.code()
		a := r.post(tokenPath, codeForm(code, c.spoil...))
		if a.StatusCode != c.status || a.text(t, "error") != c.want {
			t.Errorf("%s: %d %s, want %d %s", c.name, a.StatusCode, a.body, c.status, c.want)
		}
		if a.Header.Get("Cache-Control") != "no-store" || (c.status == 401) != (a.Header.Get("Www-Authenticate") != "") {
			t.Errorf("%s: headers %v", c.name, a.Header)
		}
		want := http.StatusOK
		if c.burns {
			want = http.StatusBadRequest
		}
		if again := r.post(tokenPath, codeForm(code)); again.StatusCode != want {
			t.Errorf("%s: the good exchange afterwards: %d, want %d", c.name, again.StatusCode, want)
		}
	}
}

// The challenge fits, the verifier is too easy to guess.
// Checklist 2.
func TestShortVerifier(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.consent(connectLink("code_challenge", challenge("short")), "allow").sent(t).Get("code")
	if a := r.post(tokenPath, codeForm(code, "code_verifier", "short")); a.StatusCode != 400 ||
		a.text(t, "error") != "invalid_grant" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// Checklist 2.
func TestVerifierForACodeWithoutChallenge(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	form := func(changes ...string) url.Values {
		code := r.consent(authLink(), "allow").sent(t).Get("code")
		return codeForm(code, append([]string{"client_id", "bot", "client_secret", botSecret, "redirect_uri", botRedirect},
			changes...)...)
	}
	if a := r.post(tokenPath, form()); a.StatusCode != 400 || a.text(t, "error") != "invalid_grant" {
		t.Errorf("with a verifier: %d %s", a.StatusCode, a.body)
	}
	if a := r.post(tokenPath, form("code_verifier", "-")); a.StatusCode != 200 {
		t.Errorf("without: %d %s", a.StatusCode, a.body)
	}
}

// Checklist 13.
func TestCodeLife(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]int{codeLife - time.Second: 200, codeLife: 400} {
		r := newRig(t)
		code := r.code()
		r.clock.move(after)
		if a := r.post(tokenPath, codeForm(code)); a.StatusCode != want {
			t.Errorf("after %v: %d, want %d", after, a.StatusCode, want)
		}
	}
	if codeLife > time.Minute {
		t.Errorf("codes live %v", codeLife)
	}
}

// Checklist 13.
func TestCodeReplayRevokesItsTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code := r.code()
	got := r.post(tokenPath, codeForm(code)).session(t)
	auth := "Bearer " + got.AccessToken
	if a := r.call(auth, "GET", shopPath, ""); a.StatusCode != 200 {
		t.Fatalf("before: %d", a.StatusCode)
	}
	if a := r.post(tokenPath, codeForm(code)); a.StatusCode != 400 || a.text(t, "error") != "invalid_grant" {
		t.Errorf("replay: %d %s", a.StatusCode, a.body)
	}
	if a := r.call(auth, "GET", shopPath, ""); a.StatusCode != 401 {
		t.Errorf("access token after the replay: %d", a.StatusCode)
	}
	if a := r.post(tokenPath, refreshForm(got.RefreshToken)); a.StatusCode != 400 {
		t.Errorf("refresh token after the replay: %d", a.StatusCode)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.signIn()
	r.clock.move(accessLife)
	if a := r.call("Bearer "+first.AccessToken, "GET", shopPath, ""); a.StatusCode != 401 {
		t.Fatalf("expired access token: %d", a.StatusCode)
	}
	second := r.post(tokenPath, refreshForm(first.RefreshToken)).session(t)
	if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
		t.Fatal("not rotated")
	}
	auth := "Bearer " + second.AccessToken
	if a := r.call(auth, "GET", shopPath, ""); a.StatusCode != 200 {
		t.Fatalf("new access token: %d", a.StatusCode)
	}
	if a := r.post(tokenPath, refreshForm(first.RefreshToken)); a.StatusCode != 400 ||
		a.text(t, "error") != "invalid_grant" {
		t.Errorf("reuse: %d %s", a.StatusCode, a.body)
	}
	if a := r.call(auth, "GET", shopPath, ""); a.StatusCode != 401 {
		t.Errorf("access token after the reuse: %d", a.StatusCode)
	}
	if a := r.post(tokenPath, refreshForm(second.RefreshToken)); a.StatusCode != 400 {
		t.Errorf("newest refresh token after the reuse: %d", a.StatusCode)
	}
}

// Checklist 13.
func TestRefreshRefusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		spoil  []string
		wait   time.Duration
		status int
		want   string
		ends   bool // the family
	}{
		{"other client", []string{"client_id", "bot", "client_secret", botSecret}, 0, 400, "invalid_grant", true},
		{"unknown client", []string{"client_id", "nobody"}, 0, 401, "invalid_client", false},
		{"no token", []string{"refresh_token", "-"}, 0, 400, "invalid_request", false},
		{"unknown token", []string{"refresh_token", "x.y"}, 0, 400, "invalid_grant", false},
		{"more scopes", []string{"scope", "webhook_read payout_read"}, 0, 400, "invalid_scope", false},
		{"unknown scope", []string{"scope", "root"}, 0, 400, "invalid_scope", false},
		{"no scopes", []string{"scope", " "}, 0, 400, "invalid_scope", false},
		{"too late", nil, refreshLife, 400, "invalid_grant", true},
	}
	for _, c := range cases {
		r := newRig(t)
		token := r.signIn().RefreshToken
		r.clock.move(c.wait)
		a := r.post(tokenPath, refreshForm(token, c.spoil...))
		if a.StatusCode != c.status || a.text(t, "error") != c.want {
			t.Errorf("%s: %d %s", c.name, a.StatusCode, a.body)
		}
		if again := r.post(tokenPath, refreshForm(token)); (again.StatusCode != 200) != c.ends {
			t.Errorf("%s: the good refresh afterwards: %d", c.name, again.StatusCode)
		}
	}
}

func TestRefreshWithFewerScopes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	narrow := r.post(tokenPath, refreshForm(r.signIn().RefreshToken, "scope", "webhook_read")).session(t)
	if narrow.Scope != "webhook_read" {
		t.Errorf("scope %v", narrow.Scope)
	}
	if a := r.call("Bearer "+narrow.AccessToken, "POST", webhooksPath, goodInput); a.StatusCode != 403 {
		t.Errorf("write with the narrow token: %d", a.StatusCode)
	}
	wide := r.post(tokenPath, refreshForm(narrow.RefreshToken)).session(t)
	if wide.Scope != "webhook_write webhook_read" {
		t.Errorf("scope of the next %v", wide.Scope)
	}
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	basic := func(id, secret string) string {
		req := &http.Request{Header: http.Header{}}
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		return req.Header.Get("Authorization")
	}
	cases := []struct {
		name, auth string
		body       []string
		status     int
		want       string
	}{
		{"body", "", []string{"client_id", "bot", "client_secret", botSecret}, 200, ""},
		{"basic", basic("bot", botSecret), []string{"client_id", "-"}, 200, ""},
		{"basic and the same id", basic("bot", botSecret), []string{"client_id", "bot"}, 200, ""},
		{"basic and another id", basic("bot", botSecret), []string{"client_id", "app"}, 401, "invalid_client"},
		{
			"both ways", basic("bot", botSecret),
			[]string{"client_id", "bot", "client_secret", botSecret},
			400,
			"invalid_request",
		},
		{"basic, wrong secret", basic("bot", "x"), []string{"client_id", "-"}, 401, "invalid_client"},
		{"basic, unknown", basic("x", botSecret), []string{"client_id", "-"}, 401, "invalid_client"},
		{"bad escapes", "Basic Ym90OiV6eg==", []string{"client_id", "-"}, 401, "invalid_client"},
		{"bad escapes in the id", "Basic JXp6OnM=", []string{"client_id", "-"}, 401, "invalid_client"},
		{"another scheme", "Bearer x", []string{"client_id", "-"}, 401, "invalid_client"},
	}
	for _, c := range cases {
		code := r.consent(authLink(), "allow").sent(t).Get("code")
		form := codeForm(code, append([]string{"redirect_uri", botRedirect, "code_verifier", "-"}, c.body...)...)
		req := httptest.NewRequest("POST", tokenPath, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if c.auth != "" {
			req.Header.Set("Authorization", c.auth)
		}
		a := r.send(req)
		if got := a.text(t, "error"); a.StatusCode != c.status || got != c.want {
			t.Errorf("%s: %d %q, want %d %q", c.name, a.StatusCode, got, c.status, c.want)
		}
	}
}

func TestTokenRequestForms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	good := func() string { return codeForm(r.code()).Encode() }
	cases := []struct {
		name, kind, body, query string
		status                  int
	}{
		{"form", "application/x-www-form-urlencoded; charset=utf-8", good(), "", 200},
		{"JSON", "application/json", `{"grant_type":"authorization_code","client_id":"app","code":"` + r.code() +
			`","redirect_uri":"` + appRedirect + `","code_verifier":"` + verifier + `"}`, "", 200},
		{"JSON array", "application/json", `[]`, "", 400},
		{"JSON numbers", "application/json", `{"grant_type":1}`, "", 400},
		{"text", "text/plain", good(), "", 400},
		{"no type", "", good(), "", 400},
		{"query only", "application/x-www-form-urlencoded", "", good(), 401},
		{"repeated", "application/x-www-form-urlencoded", good() + "&code=x", "", 400},
		{"bad escapes", "application/x-www-form-urlencoded", "code=%zz", "", 400},
		{"too long", "application/x-www-form-urlencoded", good() + "&x=" + strings.Repeat("x", maxBody), "", 400},
	}
	for _, c := range cases {
		req := httptest.NewRequest("POST", tokenPath+"?"+c.query, strings.NewReader(c.body))
		if c.kind != "" {
			req.Header.Set("Content-Type", c.kind)
		}
		if a := r.send(req); a.StatusCode != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, a.StatusCode, a.body, c.status)
		}
	}
}

func TestGrantsAreSwept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.code()
	r.consent(authLink("response_type", "token"), "allow")
	r.signIn()
	if len(r.grants) != 3 {
		t.Fatalf("%d grants", len(r.grants))
	}
	r.clock.move(accessLife)
	r.code()
	if len(r.grants) != 2 {
		t.Errorf("%d grants, want the refreshable one and the new one", len(r.grants))
	}
}
