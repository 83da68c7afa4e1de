package team

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// AttemptLife is the time within which a sign-in must be finished.
const AttemptLife = 10 * time.Minute

// maxSkew is how far the clocks of this machine and of the provider may differ.
const maxSkew = time.Minute

// OIDCConfig has the identity provider and the client that Hookwall is registered as.
type OIDCConfig struct {
	Issuer         string // exactly as the provider writes it
	ClientID       string
	ClientSecret   string   // "" for a public client
	RedirectURL    string   // our callback, as registered at the provider
	Scopes         []string // default openid, email, profile
	RoleClaim      string   // claim with the groups, a dotted path if it is nested; "" if groups don't matter
	AllowedDomains []string // of e-mail addresses; empty for all
	Transport      http.RoundTripper
	UserAgent      string
	Now            func() time.Time // default time.Now
}

// OIDC signs people in at an identity provider by OpenID Connect. It reads the provider's metadata when it first needs
// it, and again after failures, so the provider may be down when Hookwall starts.
type OIDC struct {
	config   OIDCConfig
	client   providerClient
	isGoogle bool
	isEntra  bool // Microsoft

	flight singleflight.Group
	mu     sync.Mutex
	known  *provider // nil until it is read
	readAt time.Time // when known was read
}

// NewOIDC returns an OIDC for a provider. It makes no call yet.
func NewOIDC(c OIDCConfig) (*OIDC, error) {
	if c.Issuer == "" || c.ClientID == "" || c.RedirectURL == "" {
		return nil, errors.New("team: OIDC needs an issuer, a client ID and a redirect URL")
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"email", "profile"}
	}
	if !slices.Contains(c.Scopes, oidc.ScopeOpenID) {
		c.Scopes = append([]string{oidc.ScopeOpenID}, c.Scopes...)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &OIDC{
		config: c, client: newProviderClient(c.Transport, c.UserAgent),
		isGoogle: isGoogle(c.Issuer), isEntra: IsEntra(c.Issuer),
	}, nil
}

// Attempt is a sign-in in progress. The caller keeps it for the browser that began it, for at most AttemptLife, and
// uses it once. State, Nonce and Verifier are secrets of that browser.
type Attempt struct {
	Issuer   string // where it began
	State    string
	Nonce    string
	Verifier string // PKCE
}

// Begin starts a sign-in. It returns the attempt and the URL to send the browser to.
func (o *OIDC) Begin(ctx context.Context) (Attempt, string, error) { return o.begin(ctx, false) }

// BeginWithChoice is Begin, but the provider asks for an account even if the person is signed in there. Without that,
// whoever came with the wrong account comes back with it.
func (o *OIDC) BeginWithChoice(ctx context.Context) (Attempt, string, error) {
	return o.begin(ctx, true)
}

func (o *OIDC) begin(ctx context.Context, choose bool) (Attempt, string, error) {
	o.forgetOld()
	p, err := o.provider(ctx)
	if err != nil {
		return Attempt{}, "", err
	}
	a := Attempt{
		Issuer: o.config.Issuer, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
	}
	to, err := url.Parse(p.AuthURL)
	if err != nil {
		return Attempt{}, "", &SignInError{Problem: ProblemDown, Err: err}
	}
	query := to.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": o.config.ClientID, "redirect_uri": o.config.RedirectURL,
		"scope": strings.Join(o.config.Scopes, " "), "state": a.State, "nonce": a.Nonce,
		"code_challenge": oauth2.S256ChallengeFromVerifier(a.Verifier), "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	if o.isGoogle && len(o.config.AllowedDomains) == 1 {
		query.Set("hd", o.config.AllowedDomains[0]) // offers accounts of this domain; Finish checks it
	}
	if choose {
		query.Set("prompt", o.choicePrompt(p))
	}
	to.RawQuery = query.Encode()
	return a, to.String(), nil
}

// choicePrompt returns the prompt that lets a person choose an account. Not every provider has one, but all must know
// login.
func (o *OIDC) choicePrompt(p *provider) string {
	const selectAccount = "select_account"
	if o.isGoogle || o.isEntra || slices.Contains(p.Prompts, selectAccount) {
		return selectAccount
	}
	return "login"
}

// Finish reads the callback of a sign-in and returns who signed in. It makes no call before the callback has proved to
// belong to the attempt. Its errors are *SignInError.
func (o *OIDC) Finish(ctx context.Context, a Attempt, callback url.Values) (Identity, error) {
	switch state := callback["state"]; {
	case len(state) != 1 || !equal(state[0], a.State):
		return Identity{}, problem(ProblemMismatch, "the state differs")
	case a.Issuer != o.config.Issuer:
		return Identity{}, problem(ProblemMismatch, "the sign-in began at "+a.Issuer)
	}
	p, err := o.provider(ctx)
	if err != nil {
		return Identity{}, err
	}
	code, err := o.codeOf(p, callback)
	if err != nil {
		return Identity{}, err
	}
	tokens, err := o.exchange(ctx, p, code, a.Verifier)
	if err != nil {
		o.forget(err)
		return Identity{}, err
	}
	c, err := o.verify(ctx, p, tokens.ID, a.Nonce)
	if err != nil {
		o.forget(err)
		return Identity{}, err
	}
	if err := o.addUserInfo(ctx, p, tokens.Access, c); err != nil {
		return Identity{}, err
	}
	return o.identity(c)
}

// equal compares secrets in constant time. An empty secret equals nothing.
func equal(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// codeOf returns the authorization code of a callback.
func (o *OIDC) codeOf(p *provider, callback url.Values) (string, error) {
	// RFC 9207: another provider may have sent the browser here.
	issuers := callback["iss"]
	if len(issuers) > 1 || len(issuers) == 0 && p.SendsIssuer || len(issuers) == 1 && issuers[0] != o.config.Issuer {
		return "", problem(ProblemMismatch, "the response is from another issuer or doesn't name one")
	}
	if callback.Has("error") {
		return "", refusal(callback.Get("error"), callback.Get("error_description"))
	}
	if codes := callback["code"]; len(codes) == 1 && codes[0] != "" {
		return codes[0], nil
	}
	return "", problem(ProblemMismatch, "the response has no code, or several")
}

// refusal turns an error of the authorization endpoint into a SignInError.
func refusal(code, description string) error {
	cause := fmt.Sprintf("the authorization endpoint returned %q %q", clipped(code, maxCode), clipped(description, maxURL))
	switch code {
	case "server_error", "temporarily_unavailable":
		return problem(ProblemDown, cause)
	case "invalid_scope":
		return wrongSetting(SettingScopes, cause)
	case "unauthorized_client", "invalid_client", "invalid_request", "unsupported_response_type":
		return wrongSetting(SettingClientID, cause)
	}
	return problem(ProblemDenied, cause)
}

// tokens are what the token endpoint returns, as far as they are used.
type tokens struct {
	ID     string `json:"id_token"`
	Access string `json:"access_token"`
}

// exchange trades a code for tokens. It posts the code exactly once.
func (o *OIDC) exchange(ctx context.Context, p *provider, code, verifier string) (tokens, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {o.config.RedirectURL}, "code_verifier": {verifier},
	}
	id := o.config.ClientID
	if o.config.ClientSecret == "" || !p.takesBasic() {
		form.Set("client_id", id)
		id = ""
		if o.config.ClientSecret != "" {
			form.Set("client_secret", o.config.ClientSecret)
		}
	}
	resp, err := o.client.post(ctx, p.TokenURL, form, id, o.config.ClientSecret)
	if err != nil {
		return tokens{}, err
	}
	if err := resp.tokenError(); err != nil {
		return tokens{}, err
	}
	var t tokens
	if err := resp.decode(&t, "the token response"); err != nil {
		return tokens{}, err
	}
	if t.ID == "" {
		return tokens{}, wrongSetting(SettingScopes, "the provider returned no ID token")
	}
	return t, nil
}

// tokenError returns what an error response of the token endpoint means, or nil if it is none.
func (r response) tokenError() error {
	var failed struct {
		Error       string
		Description string `json:"error_description"` // Microsoft's codes are the same for most mistakes
	}
	if !r.isJSON || r.status >= http.StatusInternalServerError {
		return nil
	}
	if err := r.asOK().decode(&failed, "the token response"); err != nil {
		return err
	}
	if r.status == http.StatusOK && failed.Error == "" {
		return nil
	}
	cause := fmt.Sprintf("the token endpoint returned %d %q %q", r.status, clipped(failed.Error, maxCode),
		clipped(failed.Description, maxURL))
	switch failed.Error {
	case "invalid_client", "unauthorized_client":
		return wrongSetting(SettingSecret, cause)
	case "invalid_grant":
		return problem(ProblemMismatch, cause)
	}
	return problem(ProblemDown, cause)
}

// asOK returns the response with status 200, to decode the body of an error.
func (r response) asOK() response {
	r.status = http.StatusOK
	return r
}

// verify checks an ID token and returns its claims.
func (o *OIDC) verify(ctx context.Context, p *provider, token, nonce string) (claims, error) {
	keys := &tried{KeySet: p.keys}
	idToken, err := oidc.NewVerifier(o.config.Issuer, keys, &oidc.Config{
		ClientID: o.config.ClientID, SupportedSigningAlgs: p.algorithms(),
		SkipExpiryCheck: true, // checkTimes does that, with a tolerance
	}).Verify(ctx, token)
	if err != nil {
		var failed *SignInError
		if errors.As(keys.err, &failed) {
			return nil, failed
		}
		return nil, problem(ProblemToken, clipped(err.Error(), maxCause))
	}
	if !equal(idToken.Nonce, nonce) {
		return nil, problem(ProblemMismatch, "the nonce differs")
	}
	var c claims
	if err := idToken.Claims(&c); err != nil {
		return nil, &SignInError{Problem: ProblemToken, Err: err}
	}
	if party := c.text("azp"); party != o.config.ClientID && (party != "" || len(idToken.Audience) > 1) {
		return nil, problem(ProblemToken, fmt.Sprintf("the ID token was issued to %q", clipped(party, maxCode)))
	}
	if s := idToken.Subject; s == "" || len(s) > maxSubject || strings.ContainsRune(s, 0) {
		return nil, problem(ProblemToken, "the subject is empty, too long or has a NUL")
	}
	return c, o.checkTimes(idToken, c)
}

// checkTimes compares the times of a fresh ID token with this machine's clock.
func (o *OIDC) checkTimes(t *oidc.IDToken, c claims) error {
	now := o.config.Now()
	notBefore := t.IssuedAt
	if at, ok := c.time("nbf"); ok && at.After(notBefore) {
		notBefore = at
	}
	isExpired := !now.Before(t.Expiry.Add(maxSkew))
	switch {
	case t.Expiry.Unix() <= 0 || t.IssuedAt.Unix() <= 0:
		return problem(ProblemToken, "the ID token doesn't say when it was issued or when it expires")
	case notBefore.After(now.Add(maxSkew)):
		return clockOff(now.Sub(notBefore))
	case isExpired && now.Sub(t.IssuedAt) > maxSkew: // it is fresh, since the nonce is
		return clockOff(now.Sub(t.IssuedAt))
	case isExpired:
		return problem(ProblemToken, "the ID token expired before it was issued")
	}
	return nil
}

// clockOff returns a SignInError for clocks that differ.
func clockOff(skew time.Duration) error {
	skew = skew.Round(time.Second)
	side := "ahead of"
	if skew < 0 {
		side = "behind"
	}
	return &SignInError{Problem: ProblemClock, Skew: skew, Err: fmt.Errorf(
		"this machine's clock is about %s %s the provider's", skew.Abs(), side)}
}

// addUserInfo asks the userinfo endpoint for what the ID token doesn't say. Claims of the ID token win.
func (o *OIDC) addUserInfo(ctx context.Context, p *provider, access string, c claims) error {
	if p.UserInfoURL == "" || access == "" || !o.lacksClaims(c) {
		return nil
	}
	resp, err := o.client.get(ctx, p.UserInfoURL, access)
	if err != nil {
		return err
	}
	if resp.status >= http.StatusBadRequest && resp.status < http.StatusInternalServerError {
		return nil // the access token isn't for it, so nothing more can be known
	}
	var more claims
	if err := resp.decode(&more, "the userinfo response"); err != nil {
		return err
	}
	if more.text("sub") != c.text("sub") { // OIDC Core §5.3.2: it may be another person's
		return problem(ProblemToken, "the userinfo response is about another subject")
	}
	c.addFrom(more)
	return nil
}

// lacksClaims reports whether c has no e-mail address, or no groups although they matter.
func (o *OIDC) lacksClaims(c claims) bool {
	email, _ := o.email(c)
	_, hasGroups := c.lookup(o.config.RoleClaim)
	return email == "" || o.config.RoleClaim != "" && !hasGroups && !c.isElsewhere(o.config.RoleClaim)
}

// identity returns the person that claims describe.
func (o *OIDC) identity(c claims) (Identity, error) {
	id := Identity{
		Issuer: o.config.Issuer, Subject: c.text("sub"), Name: readable(c.text("name"), maxName),
	}
	id.Email, id.EmailVerified = o.email(c)
	if err := o.checkDomain(id, c.text("hd")); err != nil {
		return Identity{}, err
	}
	groups, err := c.groups(o.config.RoleClaim)
	if err != nil {
		return Identity{}, err
	}
	id.Groups = groups
	return id, nil
}
