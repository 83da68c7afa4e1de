package team

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

// outcome is what a sign-in ends with.
type outcome struct {
	Identity Identity
	Problem  Problem
	Setting  string
	Skew     time.Duration
	Codes    int // how often the code was posted
}

// signInWith signs in at a provider, after changes to the callback.
func signInWith(t *testing.T, f *fakeProvider, c OIDCConfig, change func(a *Attempt, back url.Values)) outcome {
	t.Helper()
	o, err := NewOIDC(c)
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := o.Begin(t.Context())
	var id Identity
	if err == nil {
		back := callback(a)
		if change != nil {
			change(&a, back)
		}
		id, err = o.Finish(t.Context(), a, back)
	}
	got := outcome{Identity: id, Codes: f.count("/token")}
	var failed *SignInError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("error %v is no SignInError", err)
	}
	if failed != nil {
		t.Log(failed)
		got.Problem, got.Setting, got.Skew = failed.Problem, failed.Setting, failed.Skew
	}
	return got
}

// row is a sign-in that differs in something, and how it must end. Ada's own URL of the issuer is filled in.
type row struct {
	provider func(f *fakeProvider)
	config   func(c *OIDCConfig)
	callback func(a *Attempt, back url.Values)
	want     outcome
}

func (r row) run(t *testing.T) {
	f := newFakeProvider(t)
	if r.provider != nil {
		r.provider(f)
	}
	c := f.config()
	if r.config != nil {
		r.config(&c)
	}
	if r.want.Identity.Subject != "" {
		r.want.Identity.Issuer = f.URL
	}
	if diff := cmp.Diff(r.want, signInWith(t, f, c, r.callback)); diff != "" {
		t.Errorf("outcome differs (-want +got):\n%s", diff)
	}
}

// ada is the person that the provider signs in, after a change.
func ada(change func(*Identity)) Identity {
	id := Identity{
		Subject: "ada-1", Name: "Ada Lovelace", Email: "ada@example.com", EmailVerified: true, Groups: []string{"admins"},
	}
	if change != nil {
		change(&id)
	}
	return id
}

func claim(name string, value any) func(*fakeProvider) {
	return func(f *fakeProvider) { f.claims[name] = value }
}

// TestSignIn signs people in whose provider is right, in the ways that providers differ.
func TestSignIn(t *testing.T) {
	both := func(all ...func(*fakeProvider)) func(*fakeProvider) {
		return func(f *fakeProvider) {
			for _, one := range all {
				one(f)
			}
		}
	}
	roleClaim := func(path string) func(*OIDCConfig) { return func(c *OIDCConfig) { c.RoleClaim = path } }
	domains := func(names ...string) func(*OIDCConfig) {
		return func(c *OIDCConfig) { c.AllowedDomains = names }
	}
	in := func(change func(*Identity)) outcome { return outcome{Identity: ada(change), Codes: 1} }
	groups := func(names ...string) outcome { return in(func(id *Identity) { id.Groups = names }) }
	for name, tt := range map[string]row{
		"a usual token":              {want: in(nil)},
		"an allowed domain":          {config: domains("example.org", "example.com"), want: in(nil)},
		"an address in capitals":     {provider: claim("email", "ADA@Example.COM"), config: domains("example.com"), want: in(func(id *Identity) { id.Email = "ADA@Example.COM" })},
		"several audiences":          {provider: both(claim("aud", []string{"other", testClient}), claim("azp", testClient)), want: in(nil)},
		"a clock 50 s ahead":         {provider: func(f *fakeProvider) { f.claims["iat"] = f.now.Add(50 * time.Second).Unix() }, want: in(nil)},
		"expired 50 s ago":           {provider: func(f *fakeProvider) { f.claims["exp"] = f.now.Add(-50 * time.Second).Unix() }, want: in(nil)},
		"groups don't matter":        {config: roleClaim(""), want: groups()},
		"no groups":                  {provider: claim("groups", nil), want: groups()},
		"an empty list of groups":    {provider: claim("groups", []string{}), want: groups()},
		"one group as text":          {provider: claim("groups", "admins, others"), want: groups("admins, others")},
		"nested roles, as Keycloak":  {provider: claim("realm_access", map[string]any{"roles": []string{"a", "b"}}), config: roleClaim("realm_access.roles"), want: groups("a", "b")},
		"a client with dots":         {provider: claim("resource_access", map[string]any{"my.app": map[string]any{"roles": []string{"a"}}}), config: roleClaim("resource_access.my.app.roles"), want: groups("a")},
		"a claim that is a URL":      {provider: claim("https://example.com/roles", []string{"a"}), config: roleClaim("https://example.com/roles"), want: groups("a")},
		"a path that ends elsewhere": {provider: claim("realm_access", "x"), config: roleClaim("realm_access.roles"), want: groups()},
		"verified as text":           {provider: claim("email_verified", "true"), want: in(nil)},
		"not verified":               {provider: claim("email_verified", false), want: in(func(id *Identity) { id.EmailVerified = false })},
		"not said to be verified": {
			provider: claim("email_verified", nil), want: in(func(id *Identity) { id.EmailVerified = false }),
		},
		"a verified domain owner counts at Microsoft alone": {
			provider: both(claim("email_verified", nil), claim("xms_edov", true)),
			want:     in(func(id *Identity) { id.EmailVerified = false }),
		},
		"an address as user name, as Microsoft": {
			provider: both(claim("email", nil), claim("preferred_username", "ada@corp.example")),
			want:     in(func(id *Identity) { id.Email, id.EmailVerified = "ada@corp.example", false }),
		},
		"userinfo has the rest, as Okta": {
			provider: func(f *fakeProvider) {
				for _, name := range []string{"name", "email", "email_verified", "groups"} {
					f.claims[name] = nil
				}
				f.userInfo = map[string]any{
					"sub": "ada-1", "name": "Ada Lovelace", "email": "ada@example.com", "email_verified": true,
					"groups": []string{"admins"},
				}
			},
			want: in(nil),
		},
		"userinfo doesn't replace claims": {
			provider: both(claim("groups", nil), func(f *fakeProvider) {
				f.userInfo = map[string]any{"sub": "ada-1", "email": "eve@example.com", "groups": []string{"g"}}
			}),
			want: groups("g"),
		},
		"userinfo isn't for this token": {provider: claim("groups", nil), want: groups()},
		"characters that can't be seen": {
			provider: claim("name", " Ada\u202e\x00 Lovelace "), want: in(nil),
		},
		"an address that is none": {
			provider: claim("email", "ada"), want: in(func(id *Identity) { id.Email, id.EmailVerified = "", false }),
		},
		"secret in the form": {
			provider: func(f *fakeProvider) {
				f.metadata["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
			},
			want: in(nil),
		},
		"a public client": {config: func(c *OIDCConfig) { c.ClientSecret = "" }, want: in(nil)},
		"its own name in the response": {
			provider: func(f *fakeProvider) { f.metadata["authorization_response_iss_parameter_supported"] = true },
			callback: func(a *Attempt, back url.Values) { back.Set("iss", a.Issuer) },
			want:     in(nil),
		},
		"Ed25519": {
			provider: func(f *fakeProvider) {
				public, private, err := ed25519.GenerateKey(nil)
				if err != nil {
					panic(err)
				}
				f.metadata["id_token_signing_alg_values_supported"] = []string{"EdDSA"}
				f.jwks = append(f.jwks, jose.JSONWebKey{Key: public, KeyID: "ed"})
				f.sign = func(claims []byte) string { return signed(claims, jose.EdDSA, private, "ed") }
			},
			want: in(nil),
		},
	} {
		t.Run(name, tt.run)
	}
}

// TestSignInRefused shows that each thing that is wrong with a sign-in ends it, and that a callback of another sign-in
// costs no call.
// Checklist 43, 44, 45.
func TestSignInRefused(t *testing.T) {
	ends := func(p Problem, codes int) outcome { return outcome{Problem: p, Codes: codes} }
	setting := func(name string, codes int) outcome {
		return outcome{Problem: ProblemSettings, Setting: name, Codes: codes}
	}
	clock := func(skew time.Duration) outcome { return outcome{Problem: ProblemClock, Skew: skew, Codes: 1} }
	at := func(name string, after time.Duration) func(*fakeProvider) {
		return func(f *fakeProvider) { f.claims[name] = f.now.Add(after).Unix() }
	}
	signer := func(sign func(claims []byte) string) func(*fakeProvider) {
		return func(f *fakeProvider) { f.sign = sign }
	}
	back := func(name string, values ...string) func(*Attempt, url.Values) {
		return func(_ *Attempt, back url.Values) {
			back.Del(name)
			for _, value := range values {
				back.Add(name, value)
			}
		}
	}
	returned := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	token := func(status int, kind, body string) func(*fakeProvider) {
		return func(f *fakeProvider) { f.token = returned(status, kind, body) }
	}
	discovery := func(status int, kind, body string) func(*fakeProvider) {
		return func(f *fakeProvider) { f.discover = returned(status, kind, body) }
	}
	metadata := func(name string, value any) func(*fakeProvider) {
		return func(f *fakeProvider) { f.metadata[name] = value }
	}
	domain := func(c *OIDCConfig) { c.AllowedDomains = []string{"example.com"} }
	const json, html = "application/json; charset=utf-8", "text/html"
	for name, tt := range map[string]row{
		"no state":                       {callback: back("state"), want: ends(ProblemMismatch, 0)},
		"wrong state":                    {callback: back("state", "x"), want: ends(ProblemMismatch, 0)},
		"two states":                     {callback: func(a *Attempt, b url.Values) { b.Add("state", a.State) }, want: ends(ProblemMismatch, 0)},
		"an empty attempt":               {callback: func(a *Attempt, b url.Values) { a.State = ""; b.Set("state", "") }, want: ends(ProblemMismatch, 0)},
		"another provider's":             {callback: func(a *Attempt, _ url.Values) { a.Issuer = "https://other.example" }, want: ends(ProblemMismatch, 0)},
		"no code":                        {callback: back("code"), want: ends(ProblemMismatch, 0)},
		"two codes":                      {callback: back("code", "a", "b"), want: ends(ProblemMismatch, 0)},
		"another issuer in the response": {callback: back("iss", "https://evil.example"), want: ends(ProblemMismatch, 0)},
		"two issuers in the response":    {callback: func(a *Attempt, b url.Values) { b["iss"] = []string{a.Issuer, a.Issuer} }, want: ends(ProblemMismatch, 0)},
		"no issuer in the response": {
			provider: metadata("authorization_response_iss_parameter_supported", true), want: ends(ProblemMismatch, 0),
		},
		"an error with a wrong state": {callback: func(_ *Attempt, b url.Values) { b.Set("error", "access_denied"); b.Set("state", "x") }, want: ends(ProblemMismatch, 0)},
		"denied":                      {callback: back("error", "access_denied"), want: ends(ProblemDenied, 0)},
		"an error nobody knows":       {callback: back("error", "<img onerror>\r\n"), want: ends(ProblemDenied, 0)},
		"the provider is busy":        {callback: back("error", "temporarily_unavailable"), want: ends(ProblemDown, 0)},
		"a scope it doesn't know":     {callback: back("error", "invalid_scope"), want: setting(SettingScopes, 0)},
		"a client it doesn't know":    {callback: back("error", "unauthorized_client"), want: setting(SettingClientID, 0)},

		"wrong nonce":                         {provider: claim("nonce", "x"), want: ends(ProblemMismatch, 1)},
		"no nonce":                            {provider: claim("nonce", nil), want: ends(ProblemMismatch, 1)},
		"other audience":                      {provider: claim("aud", "other"), want: ends(ProblemToken, 1)},
		"no audience":                         {provider: claim("aud", nil), want: ends(ProblemToken, 1)},
		"issued to other":                     {provider: claim("azp", "other"), want: ends(ProblemToken, 1)},
		"several audiences, issued to nobody": {provider: claim("aud", []string{testClient, "other"}), want: ends(ProblemToken, 1)},
		"other issuer":                        {provider: claim("iss", "https://other.example"), want: ends(ProblemToken, 1)},
		"no subject":                          {provider: claim("sub", nil), want: ends(ProblemToken, 1)},
		"a long subject":                      {provider: claim("sub", strings.Repeat("a", 256)), want: ends(ProblemToken, 1)},
		"a subject that no database keeps":    {provider: claim("sub", "ada\x00-1"), want: ends(ProblemToken, 1)},
		"no expiry":                           {provider: claim("exp", nil), want: ends(ProblemToken, 1)},
		"no issue time":                       {provider: claim("iat", nil), want: ends(ProblemToken, 1)},
		"expired": {
			provider: func(f *fakeProvider) { at("iat", -20*time.Minute)(f); at("exp", -15*time.Minute)(f) },
			want:     clock(20 * time.Minute),
		},
		"expired before it was issued": {provider: at("exp", -time.Minute), want: ends(ProblemToken, 1)},
		"issued in 10 minutes":         {provider: at("iat", 10*time.Minute), want: clock(-10 * time.Minute)},
		"not valid for another 10 min": {provider: at("nbf", 10*time.Minute), want: clock(-10 * time.Minute)},
		"alg none":                     {provider: signer(unsigned("none")), want: ends(ProblemToken, 1)},
		"alg None":                     {provider: signer(unsigned("None")), want: ends(ProblemToken, 1)},
		"HS256 with the public key":    {provider: signer(func(c []byte) string { return signed(c, jose.HS256, publicPEM(), "first") }), want: ends(ProblemToken, 1)},
		"HS256 with the client secret": {provider: signer(func(c []byte) string { return signed(c, jose.HS256, []byte(strings.Repeat(testSecret, 2)), "first") }), want: ends(ProblemToken, 1)},
		"an algorithm it doesn't list": {provider: signer(func(c []byte) string { return signed(c, jose.PS256, keys()[0], "first") }), want: ends(ProblemToken, 1)},
		"another key, same ID":         {provider: signer(func(c []byte) string { return signed(c, jose.RS256, keys()[1], "first") }), want: ends(ProblemToken, 1)},
		"another key, other ID":        {provider: signer(func(c []byte) string { return signed(c, jose.RS256, keys()[1], "other") }), want: ends(ProblemToken, 1)},
		"a key in the token":           {provider: signer(embedded), want: ends(ProblemToken, 1)},
		"a key for encryption":         {provider: func(f *fakeProvider) { f.jwks[0].Use = "enc" }, want: ends(ProblemToken, 1)},
		"a changed token":              {provider: signer(func(c []byte) string { return changed(signed(c, jose.RS256, keys()[0], "first")) }), want: ends(ProblemToken, 1)},
		"no token":                     {provider: signer(func([]byte) string { return "" }), want: setting(SettingScopes, 1)},
		"not a token":                  {provider: signer(func([]byte) string { return "a.b.c" }), want: ends(ProblemToken, 1)},
		"no keys":                      {provider: func(f *fakeProvider) { f.jwks = nil }, want: ends(ProblemToken, 1)},
		"keys are a page":              {provider: func(f *fakeProvider) { f.metadata["jwks_uri"] = f.URL + "/authorize" }, want: ends(ProblemDown, 1)},
		"about another in userinfo":    {provider: func(f *fakeProvider) { f.claims["groups"] = nil; f.userInfo = map[string]any{"sub": "eve"} }, want: ends(ProblemToken, 1)},
		"userinfo is down":             {provider: func(f *fakeProvider) { f.claims["groups"] = nil; f.info = returned(502, html, "") }, want: ends(ProblemDown, 1)},
		"groups are numbers":           {provider: claim("groups", []int{1}), want: setting(SettingRoleClaim, 1)},
		"groups are mixed":             {provider: claim("groups", []any{"admins", true}), want: setting(SettingRoleClaim, 1)},
		"groups are an object":         {provider: claim("groups", map[string]any{"admins": true}), want: setting(SettingRoleClaim, 1)},
		"too many groups, as Microsoft": {provider: func(f *fakeProvider) {
			f.claims["groups"] = nil
			f.claims["_claim_names"] = map[string]any{"groups": "src1"}
			f.claims["_claim_sources"] = map[string]any{"src1": map[string]any{"endpoint": "https://graph.example"}}
		}, want: setting(SettingRoleClaim, 1)},

		"an unverified address of an allowed domain": {provider: claim("email_verified", false), config: domain, want: ends(ProblemUnverified, 1)},
		"a user name of an allowed domain":           {provider: func(f *fakeProvider) { f.claims["email"] = nil; f.claims["preferred_username"] = "ada@example.com" }, config: domain, want: ends(ProblemUnverified, 1)},
		"another domain":                             {provider: claim("email", "ada@evil-example.com"), config: domain, want: ends(ProblemDomain, 1)},
		"a subdomain":                                {provider: claim("email", "ada@sub.example.com"), config: domain, want: ends(ProblemDomain, 1)},
		"an allowed domain before another":           {provider: claim("email", "ada@example.com@evil.example"), config: domain, want: ends(ProblemDomain, 1)},
		"a hosted domain counts at Google alone":     {provider: func(f *fakeProvider) { f.claims["email"] = "a@evil.example"; f.claims["hd"] = "example.com" }, config: domain, want: ends(ProblemDomain, 1)},

		"code spent":                {provider: token(400, json, `{"error":"invalid_grant"}`), want: ends(ProblemMismatch, 1)},
		"wrong secret":              {provider: token(401, json, `{"error":"invalid_client"}`), want: setting(SettingSecret, 1)},
		"an error with status 200":  {provider: token(200, json, `{"error":"invalid_grant"}`), want: ends(ProblemMismatch, 1)},
		"another refusal":           {provider: token(400, json, `{"error":"invalid_request"}`), want: ends(ProblemDown, 1)},
		"an error without a code":   {provider: token(400, json, `[]`), want: ends(ProblemDown, 1)},
		"a page for a token":        {provider: token(200, html, `<p>Sign in`), want: ends(ProblemDown, 1)},
		"a page that refuses":       {provider: token(403, html, `<p>Sign in`), want: ends(ProblemDown, 1)},
		"token endpoint is down":    {provider: token(503, json, `{"error":"invalid_grant"}`), want: ends(ProblemDown, 1)},
		"token endpoint redirects":  {provider: token(307, json, `{}`), want: ends(ProblemDown, 1)},
		"a token of 2 MB":           {provider: token(200, json, `{"id_token":"`+strings.Repeat("a", 2<<20)+`"}`), want: ends(ProblemDown, 1)},
		"JSON that isn't an object": {provider: token(200, json, `"x"`), want: ends(ProblemDown, 1)},

		"no such provider":                {provider: discovery(404, html, ""), want: setting(SettingIssuer, 0)},
		"provider is down":                {provider: discovery(503, html, ""), want: ends(ProblemDown, 0)},
		"a page for metadata":             {provider: discovery(200, html, "<p>"), want: ends(ProblemDown, 0)},
		"metadata cut off":                {provider: discovery(200, json, `{"issuer":`), want: ends(ProblemDown, 0)},
		"metadata of 2 MB":                {provider: discovery(200, json, `{"issuer":"`+strings.Repeat("a", 2<<20)), want: ends(ProblemDown, 0)},
		"another issuer in its metadata":  {provider: metadata("issuer", "https://other.example"), want: setting(SettingIssuer, 0)},
		"an issuer with a slash too much": {config: func(c *OIDCConfig) { c.Issuer += "/" }, want: setting(SettingIssuer, 0)},
		"a provider for all tenants":      {provider: metadata("issuer", "https://login.microsoftonline.com/{tenantid}/v2.0"), want: setting(SettingIssuer, 0)},
		"only shared keys":                {provider: metadata("id_token_signing_alg_values_supported", []string{"HS256", "none"}), want: setting(SettingIssuer, 0)},
		"no token endpoint":               {provider: metadata("token_endpoint", ""), want: ends(ProblemDown, 0)},
		"a script as authorization":       {provider: metadata("authorization_endpoint", "javascript:alert(1)"), want: ends(ProblemDown, 0)},
		"nothing listens":                 {provider: func(f *fakeProvider) { f.Close() }, want: ends(ProblemDown, 0)},
		"the provider moved": {
			provider: func(f *fakeProvider) {
				f.discover = func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, "https://other.example/x", http.StatusFound)
				}
			},
			want: setting(SettingIssuer, 0),
		},
	} {
		t.Run(name, tt.run)
	}
}

// unsigned returns a signer that signs nothing and names an algorithm.
func unsigned(algorithm string) func([]byte) string {
	return func(claims []byte) string {
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + algorithm + `","typ":"JWT"}`))
		return header + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
	}
}

// embedded signs with a key that the token itself brings along.
func embedded(claims []byte) string {
	options := &jose.SignerOptions{EmbedJWK: true}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: keys()[1]}, options)
	if err != nil {
		panic(err)
	}
	token, err := signer.Sign(claims)
	if err != nil {
		panic(err)
	}
	text, err := token.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// changed replaces the subject in a signed token.
func changed(token string) string {
	parts := strings.Split(token, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		panic(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), "ada-1", "eve-1", 1)))
	return strings.Join(parts, ".")
}
