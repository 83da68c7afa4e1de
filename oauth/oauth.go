// Package oauth connects a shop: it builds the addresses that start a
// sign-in at Fourthwall, turns what comes back into a Credential, and renews
// access tokens before they run out, once however many requests wait.
//
// It keeps nothing itself. Attempts and credentials are handed to the caller,
// who stores them.
package oauth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"hookwall/internal/fourthwall"
)

// The ways a shop can be connected.
const (
	WayCode     = "code"     // authorization code with PKCE
	WayImplicit = "implicit" // token in the URL fragment, RFC 6749 §4.2
	WayAPIKey   = "apikey"   // the shop's Open API user
)

// AttemptLife is how long a started sign-in can be finished.
const AttemptLife = 10 * time.Minute

const (
	exchangeTimeout  = 10 * time.Second
	maxTokenLength   = 32 << 10 // bytes of one token; real ones are some 4 KB
	maxTokenLife     = 365 * 24 * time.Hour
	fallbackTokenTTL = 5 * time.Minute // when the provider does not say how long a token lives
)

// ErrRefused says that the provider answered and will not give a token: the
// code, the refresh token or the client was not accepted. Trying again with
// the same one is of no use.
var ErrRefused = errors.New("the authorization server refused")

// Config says where the provider is and who we are to it.
type Config struct {
	ClientID     string
	ClientSecret fourthwall.Secret // "" for a public client
	// AuthURL is the address that starts the code flow; "{client_id}" in it is replaced.
	AuthURL         string
	TokenURL        string
	ImplicitAuthURL string // "" when the implicit way is not offered
	PublicURL       string // our own origin, without a trailing slash
	Scopes          []string
	Transport       http.RoundTripper // nil for http.DefaultTransport's settings
	Now             func() time.Time  // nil for time.Now
}

// Provider speaks to one authorization server as one client.
type Provider struct {
	code     *oauth2.Config
	implicit *oauth2.Config
	http     *http.Client
	now      func() time.Time
}

// New makes a Provider. With no ClientID it offers neither flow, and only API
// keys can be used.
func New(c Config) *Provider {
	p := &Provider{now: c.Now, http: tokenClient(c.Transport)}
	if p.now == nil {
		p.now = time.Now
	}
	if c.ClientID == "" {
		return p
	}
	p.code = &oauth2.Config{
		ClientID:     c.ClientID,
		ClientSecret: c.ClientSecret.Reveal(),
		Scopes:       c.Scopes,
		RedirectURL:  c.PublicURL + "/oauth/callback",
		Endpoint: oauth2.Endpoint{
			AuthURL:  withClientID(c.AuthURL, c.ClientID),
			TokenURL: c.TokenURL,
			// Detecting the style would post the one-time code twice.
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
	if c.ImplicitAuthURL != "" {
		implicit := *p.code
		implicit.RedirectURL = c.PublicURL + "/oauth/implicit"
		implicit.Endpoint.AuthURL = withClientID(c.ImplicitAuthURL, c.ClientID)
		p.implicit = &implicit
	}
	return p
}

func withClientID(address, id string) string {
	return strings.ReplaceAll(address, "{client_id}", url.PathEscape(id))
}

// tokenClient never follows a redirect: a code or a refresh token goes to the
// configured address and nowhere else.
func tokenClient(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: rt,
		Timeout:   exchangeTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// Offers tells whether a sign-in by this way can be started.
func (p *Provider) Offers(way string) bool {
	switch way {
	case WayCode:
		return p.code != nil
	case WayImplicit:
		return p.implicit != nil
	case WayAPIKey:
		return true
	}
	return false
}

// Attempt is one sign-in under way. State and Verifier are secrets of the
// browser that started it.
type Attempt struct {
	State     string
	Browser   string // the starting browser's own token
	Way       string
	Verifier  string // PKCE; "" for the implicit way
	Return    string // path to go to afterwards
	Shop      string // shop that is expected to be connected again; "" for any
	ExpiresAt time.Time
}

// Begin makes an attempt and the address to send the browser to.
func (p *Provider) Begin(way, browser string) (Attempt, string, error) {
	if way == WayAPIKey || !p.Offers(way) {
		return Attempt{}, "", fmt.Errorf("oauth: sign-in by %q is not offered", way)
	}
	a := Attempt{State: RandomToken(), Browser: browser, Way: way, ExpiresAt: p.now().Add(AttemptLife)}
	if way == WayImplicit {
		return a, p.implicit.AuthCodeURL(a.State, oauth2.SetAuthURLParam("response_type", "token")), nil
	}
	a.Verifier = oauth2.GenerateVerifier()
	return a, p.code.AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.Verifier)), nil
}

// RandomToken makes 256 random bits for a state, a cookie or a one-time id.
func RandomToken() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Credential is what a connection acts with. Secrets in it print redacted;
// Encode gives the form that is stored, encrypted.
type Credential struct {
	Way          string
	AccessToken  fourthwall.Secret
	RefreshToken fourthwall.Secret
	Username     string
	Password     fourthwall.Secret
	ExpiresAt    time.Time // of the access token; zero: no end is known
	Scopes       string    // granted, separated by spaces; "" when the provider did not say
}

type storedCredential struct {
	Way          string    `json:"way"`
	AccessToken  string    `json:"access_token,omitempty"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	Username     string    `json:"username,omitempty"`
	Password     string    `json:"password,omitempty"`
	ExpiresAt    time.Time `json:"expires_at,omitzero"`
	Scopes       string    `json:"scopes,omitempty"`
}

// Encode writes c with its secrets in clear. The bytes must be encrypted
// before they are kept.
func (c Credential) Encode() ([]byte, error) {
	return json.Marshal(storedCredential{ //nolint:gosec // encrypted by the store before it is kept
		c.Way, c.AccessToken.Reveal(), c.RefreshToken.Reveal(), c.Username,
		c.Password.Reveal(), c.ExpiresAt, c.Scopes,
	})
}

// Decode reads what Encode wrote.
func Decode(b []byte) (Credential, error) {
	var s storedCredential
	if err := json.Unmarshal(b, &s); err != nil {
		return Credential{}, errors.New("oauth: the stored credential is not readable")
	}
	return Credential{
		s.Way, fourthwall.Secret(s.AccessToken), fourthwall.Secret(s.RefreshToken), s.Username,
		fourthwall.Secret(s.Password), s.ExpiresAt, s.Scopes,
	}, nil
}

// API gives the credential in the form that the API client takes.
func (c Credential) API() fourthwall.Credential {
	if c.Way == WayAPIKey {
		return fourthwall.APIKey{Username: c.Username, Password: c.Password}
	}
	return fourthwall.Bearer{Token: c.AccessToken}
}

// Exchange trades an authorization code for a credential. The code is posted
// exactly once. The error is ErrRefused when the provider said no.
func (p *Provider) Exchange(ctx context.Context, code, verifier string) (Credential, error) {
	if p.code == nil {
		return Credential{}, fmt.Errorf("oauth: sign-in by %q is not offered", WayCode)
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.http)
	t, err := p.code.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Credential{}, tokenError("exchange code", err)
	}
	return p.credential(t)
}

// Refresh trades the refresh token for a new credential. A provider that
// does not rotate leaves the old refresh token in force. The error is
// ErrRefused when the provider said no.
func (p *Provider) Refresh(ctx context.Context, c Credential) (Credential, error) {
	if p.code == nil || c.RefreshToken == "" {
		return Credential{}, fmt.Errorf("%w: there is no refresh token", ErrRefused)
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.http)
	// An expired token without an access token makes the source refresh at once.
	source := p.code.TokenSource(ctx, &oauth2.Token{RefreshToken: c.RefreshToken.Reveal()})
	t, err := source.Token()
	if err != nil {
		return Credential{}, tokenError("refresh token", err)
	}
	renewed, err := p.credential(t)
	if err != nil {
		return Credential{}, err
	}
	if renewed.Scopes == "" {
		renewed.Scopes = c.Scopes
	}
	return renewed, nil
}

func (p *Provider) credential(t *oauth2.Token) (Credential, error) {
	if !strings.EqualFold(t.Type(), "Bearer") {
		return Credential{}, fmt.Errorf("%w: the token is not a bearer token", ErrRefused)
	}
	if err := checkToken(t.AccessToken); err != nil {
		return Credential{}, err
	}
	scopes, _ := t.Extra("scope").(string)
	return Credential{
		Way:          WayCode,
		AccessToken:  fourthwall.Secret(t.AccessToken),
		RefreshToken: fourthwall.Secret(t.RefreshToken),
		ExpiresAt:    p.expiry(t),
		Scopes:       strings.Join(strings.Fields(scopes), " "),
	}, nil
}

// expiry computes the end by our own clock: the library's uses the machine's,
// which a test may have moved.
func (p *Provider) expiry(t *oauth2.Token) time.Time {
	if t.ExpiresIn > 0 {
		return p.now().Add(life(t.ExpiresIn))
	}
	if !t.Expiry.IsZero() {
		return t.Expiry
	}
	if t.RefreshToken != "" {
		return p.now().Add(fallbackTokenTTL)
	}
	return time.Time{}
}

// life bounds what a provider says, which could overflow a Duration.
func life(seconds int64) time.Duration {
	return time.Duration(min(seconds, int64(maxTokenLife/time.Second))) * time.Second
}

// checkToken refuses what could not stand in an Authorization header.
func checkToken(token string) error {
	if token == "" || len(token) > maxTokenLength {
		return fmt.Errorf("%w: the token is empty or longer than %d bytes", ErrRefused, maxTokenLength)
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return fmt.Errorf("%w: the token has a character that a token cannot have", ErrRefused)
		}
	}
	return nil
}

// tokenError keeps the provider's status and RFC 6749 §5.2 code and drops the
// rest: the library's text holds the whole body of the answer.
func tokenError(op string, err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		var address *url.Error
		if errors.As(err, &address) {
			return fmt.Errorf("oauth: %s: %w", op, address.Err)
		}
		// The library's text may quote the answer.
		return fmt.Errorf("oauth: %s: the answer holds no token that can be read", op)
	}
	status := 0
	if answer.Response != nil {
		status = answer.Response.StatusCode
	}
	if status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests {
		return fmt.Errorf("oauth: %s: status %d %s: %w", op, status, knownTokenCode(answer.ErrorCode), ErrRefused)
	}
	return fmt.Errorf("oauth: %s: status %d %s", op, status, knownTokenCode(answer.ErrorCode))
}

func knownTokenCode(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope":
		return code
	}
	return "(no known code)"
}

// FromFragment makes a credential from the values that the implicit flow put
// into the URL fragment, RFC 6749 §4.2.2. The caller has matched the state.
func (p *Provider) FromFragment(v url.Values) (Credential, error) {
	if t := v.Get("token_type"); t != "" && !strings.EqualFold(t, "Bearer") {
		return Credential{}, fmt.Errorf("%w: the token is not a bearer token", ErrRefused)
	}
	token := v.Get("access_token")
	if err := checkToken(token); err != nil {
		return Credential{}, err
	}
	c := Credential{
		Way:         WayImplicit,
		AccessToken: fourthwall.Secret(token),
		Scopes:      strings.Join(strings.Fields(v.Get("scope")), " "),
	}
	if seconds, err := strconv.Atoi(v.Get("expires_in")); err == nil && seconds > 0 {
		c.ExpiresAt = p.now().Add(life(int64(seconds)))
	}
	return c, nil
}
