package sandbox

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	teamRedirect = "http://localhost:8080/sign-in/callback"
	teamSecret   = "team secret +&"
)

// teamRig is a sandbox at which the people of two apps sign in.
func teamRig(t testing.TB) *rig {
	return newRig(t, func(c *Config) {
		c.SignInClients = []Client{
			{ID: "team", Name: "Team <b>", Secret: teamSecret, RedirectURIs: []string{teamRedirect}},
			{ID: "public", Name: "Public", RedirectURIs: []string{"http://[::1]:8080/cb"}},
		}
	})
}

// peopleLink is a good link of the app that has a secret, with changes.
func peopleLink(changes ...string) string {
	v := url.Values{
		"response_type": {"code"}, "client_id": {"team"}, "redirect_uri": {teamRedirect}, "scope": {"openid email"},
		"state": {"st/ate+1 &"}, "nonce": {"n-1"}, "code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"},
	}
	return identityAuthorizePath + "?" + changed(v, changes).Encode()
}

// choose opens a link and presses the button of a person.
func (r *rig) choose(link, person string, changes ...string) answer {
	r.t.Helper()
	page := r.get(link)
	if page.StatusCode != http.StatusOK {
		r.t.Fatalf("page: %d %s", page.StatusCode, page.body)
	}
	f := forms(r.t, page.body)[0]
	f.values.Set("person", person)
	return r.post(f.action, changed(f.values, changes))
}

// personForm is a good token request of the app that has a secret, with changes.
func personForm(code string, changes ...string) url.Values {
	return changed(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {teamRedirect}, "code_verifier": {verifier},
		"client_id": {"team"}, "client_secret": {teamSecret},
	}, changes)
}

// TestPeopleSignIn: each person can be chosen on the page, and the ID token says who it is, signed with the listed key.
func TestPeopleSignIn(t *testing.T) {
	t.Parallel()
	r := teamRig(t)
	var m identityMetadata
	a := r.get(IssuerPath + "/.well-known/openid-configuration")
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{m.AuthorizationEndpoint, m.TokenEndpoint, m.JWKSURI} {
		if !strings.HasPrefix(address, m.Issuer+"/") || m.Issuer != publicURL+IssuerPath {
			t.Errorf("%s is not at the issuer %s", address, m.Issuer)
		}
	}
	var listed struct{ Keys []jsonWebKey }
	if err := json.Unmarshal([]byte(r.get(identityKeysPath).body), &listed); err != nil || len(listed.Keys) != 1 {
		t.Fatalf("keys: %v, %v", listed, err)
	}
	key, err := base64.RawURLEncoding.DecodeString(listed.Keys[0].X)
	if err != nil {
		t.Fatal(err)
	}
	page := r.get(peopleLink())
	buttons := forms(t, page.body)[0].buttons
	for _, p := range People() {
		if !slices.Contains(buttons, "person="+p.ID) || !strings.Contains(page.body, p.Name) {
			t.Errorf("%s can't be chosen: %v", p.Name, buttons)
		}
		back := r.choose(peopleLink(), p.ID).sent(t)
		if back.Get("state") != "st/ate+1 &" || back.Get("iss") != m.Issuer || back.Get("error") != "" {
			t.Errorf("%s: sent %v", p.Name, back)
		}
		got := r.post(identityTokenPath, personForm(back.Get("code")))
		var said identityAnswer
		if err := json.Unmarshal([]byte(got.body), &said); err != nil || got.StatusCode != http.StatusOK ||
			got.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d %s", p.Name, got.StatusCode, got.body)
		}
		parts := strings.Split(said.IDToken, ".")
		signature, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil || !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), signature) {
			t.Errorf("%s: the signature is wrong", p.Name)
		}
		var claims idClaims
		text, _ := base64.RawURLEncoding.DecodeString(parts[1])
		if err := json.Unmarshal(text, &claims); err != nil {
			t.Fatal(err)
		}
		now := r.clock.Now().Unix()
		want := idClaims{
			Issuer: m.Issuer, Subject: p.ID, Audience: "team", IssuedAt: now, Expires: now + 300, Nonce: "n-1",
			Name: p.Name, Email: p.Email, EmailVerified: true, Groups: []string{p.Group},
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("claims differ (-want +got):\n%s", diff)
		}
	}
	back := r.choose(peopleLink(), "nobody").sent(t)
	if back.Get("error") != "access_denied" || back.Get("code") != "" || back.Get("iss") != m.Issuer {
		t.Errorf("canceled: sent %v", back)
	}
}

// TestPeopleLinks: what is wrong with a link is said on a page while it could lead anywhere, and to the client after.
func TestPeopleLinks(t *testing.T) {
	t.Parallel()
	r := teamRig(t)
	for name, tt := range map[string]struct {
		link   string
		status int
		error  string // for the client
	}{
		"good":                    {peopleLink(), 200, ""},
		"without state and nonce": {peopleLink("state", "-", "nonce", "-"), 200, ""},
		"public client":           {peopleLink("client_id", "public", "redirect_uri", "http://[::1]:8080/cb"), 200, ""},
		"no client":               {peopleLink("client_id", "-"), 400, ""},
		"a shop's client":         {peopleLink("client_id", "app", "redirect_uri", appRedirect), 400, ""},
		"other redirect":          {peopleLink("redirect_uri", teamRedirect+"/"), 400, ""},
		"another app's redirect":  {peopleLink("redirect_uri", "http://[::1]:8080/cb"), 400, ""},
		"a shop's redirect":       {peopleLink("redirect_uri", appRedirect), 400, ""},
		"two clients":             {peopleLink() + "&client_id=public", 400, ""},
		"no response type":        {peopleLink("response_type", "-"), 303, "unsupported_response_type"},
		"a token":                 {peopleLink("response_type", "id_token"), 303, "unsupported_response_type"},
		"in the fragment":         {peopleLink("response_mode", "fragment"), 303, "invalid_request"},
		"no openid":               {peopleLink("scope", "email"), 303, "invalid_scope"},
		"no scope":                {peopleLink("scope", "-"), 303, "invalid_scope"},
		"no challenge":            {peopleLink("code_challenge", "-", "code_challenge_method", "-"), 303, "invalid_request"},
		"plain challenge":         {peopleLink("code_challenge_method", "plain"), 303, "invalid_request"},
		"short challenge":         {peopleLink("code_challenge", "abc"), 303, "invalid_request"},
		"two nonces":              {peopleLink() + "&nonce=x", 303, "invalid_request"},
		"unprintable nonce":       {peopleLink("nonce", "a\nb"), 303, "invalid_request"},
		"without a page":          {peopleLink("prompt", "none"), 303, "login_required"},
	} {
		a := r.get(tt.link)
		if a.StatusCode != tt.status {
			t.Errorf("%s: status %d, want %d", name, a.StatusCode, tt.status)
			continue
		}
		if tt.status == 303 {
			if got := a.sent(t); got.Get("error") != tt.error || got.Get("iss") != publicURL+IssuerPath {
				t.Errorf("%s: sent %v, want %s", name, got, tt.error)
			}
		} else if a.Header.Get("Location") != "" {
			t.Errorf("%s: leads to %s", name, a.Header.Get("Location"))
		}
	}
	if a := r.choose(peopleLink(), "person-9"); a.StatusCode != 400 {
		t.Errorf("an unknown person: %d", a.StatusCode)
	}
	if a := r.choose(peopleLink(), "person-1", "redirect_uri", "https://evil.example/"); a.StatusCode != 400 {
		t.Errorf("a changed form: %d", a.StatusCode)
	}
	if a := newRig(t).get(peopleLink()); a.StatusCode != 400 {
		t.Errorf("without apps: %d", a.StatusCode)
	}
}

// TestPersonCodes: a code is for one client, one redirect and one verifier, for a minute, once.
func TestPersonCodes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change []string
		wait   time.Duration
		status int
		error  string
	}{
		"good":               {nil, 59 * time.Second, 200, ""},
		"too late":           {nil, time.Minute, 400, "invalid_grant"},
		"wrong verifier":     {[]string{"code_verifier", verifier + "x"}, 0, 400, "invalid_grant"},
		"no verifier":        {[]string{"code_verifier", "-"}, 0, 400, "invalid_grant"},
		"other redirect":     {[]string{"redirect_uri", "http://[::1]:8080/cb"}, 0, 400, "invalid_grant"},
		"other code":         {[]string{"code", "x"}, 0, 400, "invalid_grant"},
		"no code":            {[]string{"code", "-"}, 0, 400, "invalid_grant"},
		"other client":       {[]string{"client_id", "public", "client_secret", "-"}, 0, 400, "invalid_grant"},
		"wrong secret":       {[]string{"client_secret", "x"}, 0, 401, "invalid_client"},
		"no secret":          {[]string{"client_secret", "-"}, 0, 401, "invalid_client"},
		"a shop's client":    {[]string{"client_id", "app", "client_secret", "-"}, 0, 401, "invalid_client"},
		"another grant type": {[]string{"grant_type", "refresh_token"}, 0, 400, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := teamRig(t)
			code := r.choose(peopleLink(), "person-1").sent(t).Get("code")
			r.clock.move(tt.wait)
			a := r.post(identityTokenPath, personForm(code, tt.change...))
			var said tokenError
			_ = json.Unmarshal([]byte(a.body), &said)
			if a.StatusCode != tt.status || said.Code != tt.error {
				t.Errorf("%d %q, want %d %q", a.StatusCode, said.Code, tt.status, tt.error)
			}
			isBurnt := tt.error == "invalid_grant" && name != "other code" && name != "no code" || tt.status == 200
			again := r.post(identityTokenPath, personForm(code))
			if isBurnt != (again.StatusCode != 200) {
				t.Errorf("the same code again: %d", again.StatusCode)
			}
		})
	}
}

// TestPersonByBasic sends the secret in the header, escaped as RFC 6749 asks.
func TestPersonByBasic(t *testing.T) {
	t.Parallel()
	r := teamRig(t)
	code := r.choose(peopleLink(), "person-1").sent(t).Get("code")
	form := personForm(code, "client_id", "-", "client_secret", "-")
	req := httptest.NewRequest("POST", identityTokenPath, strings.NewReader(form.Encode()))
	req.Host = publicHost
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("team", url.QueryEscape(teamSecret))
	if a := r.send(req); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// TestPeopleAreApart: sign-ins don't show among the requests of Fourthwall's, don't follow the sandbox's moved clock,
// and their codes open no shop.
func TestPeopleAreApart(t *testing.T) {
	t.Parallel()
	r := teamRig(t)
	r.Advance(24 * time.Hour)
	r.FailNext(Failure{Status: 503})
	code := r.choose(peopleLink(), "person-1").sent(t).Get("code")
	if a := r.post(identityTokenPath, personForm(code)); a.StatusCode != 200 ||
		!strings.Contains(a.body, "id_token") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if got := r.Requests(); len(got) != 0 {
		t.Errorf("remembered %v", got)
	}
	if err := r.Reset(); err != nil {
		t.Fatal(err)
	}
	code = r.choose(peopleLink(), "person-1").sent(t).Get("code")
	if a := r.post(tokenPath, codeForm(code)); a.StatusCode != 400 {
		t.Errorf("a person's code at the shop's token URL: %d", a.StatusCode)
	}
	if a := r.post(identityTokenPath, personForm(r.code())); a.StatusCode != 400 {
		t.Errorf("a shop's code at the identity provider: %d", a.StatusCode)
	}
}

// TestFrontPageNamesTheIssuer does so only if an app uses it.
func TestFrontPageNamesTheIssuer(t *testing.T) {
	t.Parallel()
	for want, r := range map[bool]*rig{true: teamRig(t), false: newRig(t)} {
		if got := strings.Contains(r.get("/").body, publicURL+IssuerPath+"<"); got != want {
			t.Errorf("it names the issuer: %t, want %t", got, want)
		}
	}
}

// TestManyUnusedCodes keeps no more codes than it may.
func TestManyUnusedCodes(t *testing.T) {
	t.Parallel()
	r := teamRig(t)
	a := authorization{client: r.people.clients[0], redirect: teamRedirect}
	for range 2 * maxIdentities {
		r.people.issue(a, "", People()[0], r.clock.Now())
	}
	if n := len(r.people.codes); n > maxIdentities {
		t.Errorf("%d codes are kept, want at most %d", n, maxIdentities)
	}
	r.clock.move(codeLife)
	r.people.issue(a, "", People()[0], r.clock.Now())
	if n := len(r.people.codes); n != 1 {
		t.Errorf("%d codes are kept, want the new one", n)
	}
}
