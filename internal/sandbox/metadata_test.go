package sandbox

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestMetadata: what libraries discover is true: each URL responds, and each
// kind of response and of proof is taken.
func TestMetadata(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	anywhere := newRig(t, func(c *Config) { c.PublicURL = "" })
	tests := []struct {
		rig                *rig
		base, path, issuer string
	}{
		{r, publicURL, "/.well-known/oauth-authorization-server", publicURL},
		{r, publicURL, "/auth/realms/Fourthwall/.well-known/openid-configuration", publicURL + "/auth/realms/Fourthwall"},
		{
			r, publicURL, "/.well-known/oauth-authorization-server/auth/realms/Fourthwall",
			publicURL + "/auth/realms/Fourthwall",
		},
		{anywhere, "http://localhost:9999", "/.well-known/oauth-authorization-server", "http://localhost:9999"},
	}
	for _, test := range tests {
		req := httptest.NewRequest("GET", test.base+test.path, nil)
		a := test.rig.send(req)
		var m serverMetadata
		if err := json.Unmarshal([]byte(a.body), &m); err != nil || a.StatusCode != 200 ||
			a.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %d %v", test.path, a.StatusCode, err)
		}
		if m.Issuer != test.issuer {
			t.Errorf("%s: issuer %s", test.path, m.Issuer)
		}
		for address, status := range map[string]int{
			m.AuthorizationEndpoint: 400, m.TokenEndpoint: 405, m.JWKSURI: 200, m.ServiceDocumentation: 200,
		} {
			got := test.rig.send(httptest.NewRequest("GET", address, nil))
			if !strings.HasPrefix(address, test.base+"/") || got.StatusCode != status {
				t.Errorf("%s: %s answers %d", test.path, address, got.StatusCode)
			}
		}
		for _, code := range append([]string{"openid"}, documentedScopes...) {
			if !slices.Contains(m.Scopes, code) {
				t.Errorf("%s: lacks the scope %s", test.path, code)
			}
		}
		for _, kind := range m.ResponseTypes {
			for _, mode := range m.ResponseModes {
				if kind == "token" && mode == "query" {
					continue // forbidden by OAuth 2.0 Multiple Response Types
				}
				link := authLink("response_type", kind, "response_mode", mode)
				if a := r.get(link); a.StatusCode != 200 {
					t.Errorf("%s %s: %d", kind, mode, a.StatusCode)
				}
			}
		}
	}
}

func TestResponseMode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := []struct {
		kind, mode string
		fragment   bool
		err        string
	}{
		{"code", "-", false, ""},
		{"code", "", false, ""},
		{"code", "query", false, ""},
		{"code", "fragment", true, ""},
		{"token", "-", true, ""},
		{"token", "fragment", true, ""},
		{"token", "query", true, "invalid_request"},
		{"code", "form_post", false, "invalid_request"},
		{"token", "form_post", true, "invalid_request"},
		{"code", "web_message", false, "invalid_request"},
		{"id_token", "fragment", true, "unsupported_response_type"},
	}
	for _, test := range tests {
		link := authLink("response_type", test.kind, "response_mode", test.mode)
		a := r.get(link)
		if test.err == "" {
			a = r.consent(link, "allow")
		}
		v := a.sent(t)
		answered := v.Get("code") + v.Get("access_token")
		if v.Get("error") != test.err || (answered != "") != (test.err == "") || v.Get("state") != "s" {
			t.Errorf("%s %s: sent %v", test.kind, test.mode, v)
		}
		if got := strings.Contains(a.Header.Get("Location"), "#"); got != test.fragment {
			t.Errorf("%s %s: in the fragment: %t", test.kind, test.mode, got)
		}
	}
	twice := r.get(authLink("response_mode", "query") + "&response_mode=fragment").sent(t)
	if twice.Get("error") != "invalid_request" {
		t.Errorf("twice: %v", twice)
	}
}

// TestIdentityScopes: libraries ask for the scopes of OpenID Connect by
// themselves, and some fail where those asked for and granted differ.
func TestIdentityScopes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for asked, want := range map[string]string{
		"openid": "webhook_write webhook_read openid", "openid webhook_read": "webhook_read openid",
		"openid profile email offline_access webhook_write": "webhook_write openid profile email offline_access",
	} {
		code := r.consent(connectLink("scope", asked), "allow").sent(t).Get("code")
		got := r.post(tokenPath, codeForm(code)).session(t)
		if got.Scope != want {
			t.Errorf("%s: granted %q", asked, got.Scope)
		}
		again := r.post(tokenPath, refreshForm(got.RefreshToken, "scope", want)).session(t)
		if again.Scope != want {
			t.Errorf("%s: renewed %q", asked, again.Scope)
		}
		if a := r.call("Bearer "+again.AccessToken, "GET", shopPath, ""); a.StatusCode != 200 {
			t.Errorf("%s: %d", asked, a.StatusCode)
		}
	}
	if page := r.get(connectLink("scope", "openid webhook_read")).body; strings.Contains(page, `value="openid"`) {
		t.Error("the person is asked for openid")
	}
}

// TestBasicClientCredentials: a client may encode its credentials as a form
// before HTTP Basic, as RFC 6749 asks, or leave that out, as many do.
func TestBasicClientCredentials(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"a+b", "a%b", "a%2Bb", "50%", "+", "a b", "p%41+/=", "plain", "ü:&"} {
		const id = "my app+1"
		r := newRig(t, func(c *Config) {
			c.Clients = []Client{{ID: id, Secret: secret, RedirectURIs: []string{botRedirect}}}
		})
		exchange := func(id, secret, inBody string) answer {
			code := r.consent(authLink("client_id", "my app+1"), "allow").sent(t).Get("code")
			form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {botRedirect}}
			if inBody != "" {
				form.Set("client_id", inBody)
			}
			req := httptest.NewRequest("POST", tokenPath, strings.NewReader(form.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.SetBasicAuth(id, secret)
			return r.send(req)
		}
		encoded := [2]string{url.QueryEscape(id), url.QueryEscape(secret)}
		for name, a := range map[string]answer{
			"raw": exchange(id, secret, ""), "encoded": exchange(encoded[0], encoded[1], ""),
			"raw, named": exchange(id, secret, id), "encoded, named": exchange(encoded[0], encoded[1], id),
		} {
			if a.StatusCode != 200 {
				t.Errorf("%q %s: %d %s", secret, name, a.StatusCode, a.body)
			}
		}
		for name, a := range map[string]answer{
			"another": exchange(id, secret+"x", ""), "empty": exchange(id, "", ""),
			"encoded twice": exchange(encoded[0], url.QueryEscape(encoded[1])+"x", ""),
			"another named": exchange(id, secret, "other"),
		} {
			if a.StatusCode != 401 || !strings.HasPrefix(a.Header.Get("Www-Authenticate"), "Basic ") {
				t.Errorf("%q %s: %d %q", secret, name, a.StatusCode, a.Header.Get("Www-Authenticate"))
			}
		}
	}
}

// TestChallenges: a 401 names the scheme that the caller used.
func TestChallenges(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for auth, want := range map[string][]string{
		"":                            {oauthChallenge, basicChallenge},
		"Basic eDp5":                  {basicChallenge},
		"basic eDp5":                  {basicChallenge},
		"Basic !":                     {basicChallenge},
		"Bearer x":                    {oauthChallenge + `, error="invalid_token"`},
		"bearer x":                    {oauthChallenge + `, error="invalid_token"`},
		"Digest username=\"someone\"": {oauthChallenge, basicChallenge},
	} {
		a := r.call(auth, "GET", webhooksPath, "")
		if got := a.Header.Values("Www-Authenticate"); a.StatusCode != 401 || !slices.Equal(got, want) {
			t.Errorf("%q: %d %q", auth, a.StatusCode, got)
		}
	}
}
