package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestInstall: the browser arrives at the app with a code and without a state.
// An app that can prove itself may use that code; a public one can't, since it
// has no challenge.
func TestInstall(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := []struct {
		client, redirect string
		exchange         url.Values
		status           int // of the exchange
	}{
		{"bot", botRedirect, url.Values{"client_secret": {botSecret}}, http.StatusOK},
		{"app", appRedirect, url.Values{}, http.StatusBadRequest},
		{"app", appRedirect, url.Values{"code_verifier": {verifier}}, http.StatusBadRequest},
	}
	for _, test := range tests {
		back := r.install(shopTwo, test.client)
		to, err := url.Parse(back.Header.Get("Location"))
		if err != nil || !strings.HasPrefix(to.String(), test.redirect) {
			t.Fatalf("%s: leads to %q, %v", test.client, to, err)
		}
		got := back.sent(t)
		got.Del("from") // of the redirect URI
		if got.Get("code") == "" || len(got) != 1 {
			t.Errorf("%s: sent %v", test.client, got)
		}
		test.exchange.Set("grant_type", "authorization_code")
		test.exchange.Set("client_id", test.client)
		test.exchange.Set("redirect_uri", test.redirect)
		test.exchange.Set("code", got.Get("code"))
		if a := r.post(tokenPath, test.exchange); a.StatusCode != test.status {
			t.Errorf("%s: exchange %d %s", test.client, a.StatusCode, a.body)
		}
	}
	for _, bad := range [][2]string{{shopTwo, "nobody"}, {shopTwo, ""}, {"sh_none", "bot"}} {
		if a := r.install(bad[0], bad[1]); a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" {
			t.Errorf("%v: %d to %q", bad, a.StatusCode, a.Header.Get("Location"))
		}
	}
	if a := r.control("POST", "shops/"+shopTwo+"/install", `{"clientId":"bot"}`); a.StatusCode != http.StatusSeeOther {
		t.Errorf("by JSON: %d %s", a.StatusCode, a.body)
	}
}

func (r *rig) install(shopID, client string) answer {
	r.t.Helper()
	return r.post("/_sandbox/shops/"+shopID+"/install", url.Values{"clientId": {client}})
}

// TestInstallButton: the front page offers it for each shop and app, and lets
// the form lead there.
func TestInstallButton(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	page := r.get("/")
	found := 0
	for _, f := range forms(t, page.body) {
		if !strings.HasSuffix(f.action, "/install") {
			continue
		}
		found++
		if len(f.buttons) != 2 || f.buttons[0] != "clientId=app" || f.buttons[1] != "clientId=bot" {
			t.Errorf("%s: buttons %v", f.action, f.buttons)
		}
	}
	if found != len(r.Shops()) || !strings.Contains(page.body, "Install the app from this shop’s dashboard") {
		t.Errorf("%d forms", found)
	}
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp,
		"form-action 'self' http://localhost:8080 https://bot.example;") {
		t.Errorf("policy %q", csp)
	}
	none := newRig(t, func(c *Config) { c.Clients = nil }).get("/")
	if strings.Contains(none.body, "/install") || none.StatusCode != http.StatusOK {
		t.Errorf("without an app: %d", none.StatusCode)
	}
}

// TestAuthorizePath: the address of the official examples gets the same response as the
// one with the client ID in the path.
func TestAuthorizePath(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	link := func(changes ...string) string {
		all := append([]string{"client_id", "app", "response_type", "code"}, changes...)
		_, query, _ := strings.Cut(connectLink(all...), "?")
		return authorizePath + "?" + query
	}
	v := r.consent(link(), "allow", "shop", shopTwo).sent(t)
	if a := r.post(tokenPath, codeForm(v.Get("code"))); a.StatusCode != http.StatusOK || v.Get("state") != "st/ate+1 &" {
		t.Errorf("%v: exchange %d %s", v, a.StatusCode, a.body)
	}
	tests := []struct {
		name, link string
		status     int
		err        string // in the redirect
	}{
		{"no response type", link("response_type", "-"), 200, ""},
		{"token", link("response_type", "token"), 303, "unsupported_response_type"},
		{"no client", link("client_id", "-"), 400, ""},
		{"an unknown client", link("client_id", "nobody"), 400, ""},
		{"another redirect", link("redirect_uri", botRedirect), 400, ""},
		{"a secret client without a challenge", authorizePath + "?client_id=bot&redirect_uri=" +
			url.QueryEscape(botRedirect), 200, ""},
	}
	for _, test := range tests {
		a := r.get(test.link)
		if a.StatusCode != test.status || test.err != "" && a.sent(t).Get("error") != test.err {
			t.Errorf("%s: %d %s", test.name, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

// TestWayBack: each page links to the apps.
func TestWayBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/", connectLink(), "/nothing"} {
		body := r.get(path).body
		for _, want := range []string{
			`<a href="http://localhost:8080/">Back to Hookwall &lt;b&gt;</a>`, `<a href="https://bot.example/">Back to Bot</a>`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %s", path, want)
			}
		}
	}
}

// TestIcon: pages name an icon that their policy admits, and asking for it uses
// up no failure.
func TestIcon(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	page := r.get("/")
	if !strings.Contains(page.body, `<link rel="icon" type="image/svg+xml" href="`+iconPath+`">`) ||
		!strings.Contains(page.Header.Get("Content-Security-Policy"), "img-src 'self';") {
		t.Errorf("policy %q, page %.600s", page.Header.Get("Content-Security-Policy"), page.body)
	}
	r.FailNext(Failure{Status: 500})
	for _, path := range []string{iconPath, "/favicon.ico"} {
		a := r.get(path)
		if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "image/svg+xml" || a.body != string(icon) {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Header.Get("Content-Type"))
		}
	}
	if len(r.Failures()) != 1 || len(r.Requests()) != 0 {
		t.Errorf("%d failures left, %d requests", len(r.Failures()), len(r.Requests()))
	}
}
