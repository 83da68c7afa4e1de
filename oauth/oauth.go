// Package oauth connects a shop. It builds the URLs that start a sign-in at Fourthwall, turns the response into a
// Credential, and renews access tokens before they expire, once for all requests that wait.
//
// It stores nothing itself: the caller stores sign-ins and credentials.
package oauth

import (
	"context"
	"crypto/rand"
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

// SignInLife is the time within which a sign-in must be finished.
const SignInLife = 10 * time.Minute

const (
	exchangeTimeout  = 10 * time.Second
	maxTokenLength   = 32 << 10 // bytes; Fourthwall's tokens have about 4 KB
	maxTokenLife     = 365 * 24 * time.Hour
	fallbackTokenTTL = 5 * time.Minute // used when the provider sends no expires_in
)

// ErrRefused means that the provider responded and rejected the code, the refresh token or the client. A retry with the
// same one is useless.
var ErrRefused = errors.New("the authorization server refused")

// Config has the URLs of the provider and the client that we are registered as.
type Config struct {
	ClientID     string
	ClientSecret fourthwall.Secret // "" for a public client
	// AuthURL starts the code flow. "{client_id}" in it is replaced.
	AuthURL         string
	TokenURL        string
	ImplicitAuthURL string // "" if the implicit flow isn't offered
	PublicURL       string // our own origin, without a trailing slash
	Scopes          []string
	Transport       http.RoundTripper // default http.DefaultTransport
	UserAgent       string            // default "hookwall"
	Now             func() time.Time  // default time.Now
}

// Provider is a client of one authorization server.
type Provider struct {
	code     *oauth2.Config
	implicit *oauth2.Config
	http     *http.Client
	now      func() time.Time
}

// New returns a Provider. Without a ClientID it offers neither flow, and shops can be connected by API key only.
func New(c Config) *Provider {
	p := &Provider{now: c.Now, http: tokenClient(newTransport(c))}
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
			// Detecting the style could post the one-time code twice.
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

// tokenClient returns a client that never follows a redirect, so that a code or a refresh token is sent to the
// configured URL and nowhere else.
func tokenClient(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: rt,
		Timeout:   exchangeTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// Offers reports whether a shop can be connected this way.
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

// SignIn is a sign-in in progress. State and Verifier are secrets of the browser that started it.
type SignIn struct {
	State     string
	Browser   string // token of that browser
	Way       string
	Verifier  string // PKCE; "" for the implicit flow
	Return    string // path to go to afterwards
	Shop      string // ID of the shop to reconnect; "" for any shop
	ExpiresAt time.Time
}

// Begin starts a sign-in. It returns the sign-in and the URL to send the browser to.
func (p *Provider) Begin(way, browser string) (SignIn, string, error) {
	if way == WayAPIKey || !p.Offers(way) {
		return SignIn{}, "", fmt.Errorf("oauth: sign-in by %q is not offered", way)
	}
	s := SignIn{State: rand.Text(), Browser: browser, Way: way, ExpiresAt: p.now().Add(SignInLife)}
	if way == WayImplicit {
		return s, p.implicit.AuthCodeURL(s.State, oauth2.SetAuthURLParam("response_type", "token")), nil
	}
	s.Verifier = oauth2.GenerateVerifier()
	return s, p.code.AuthCodeURL(s.State, oauth2.S256ChallengeOption(s.Verifier)), nil
}

// Exchange trades an authorization code for a credential. It posts the code exactly once. It returns ErrRefused if the
// provider rejects the code.
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

// Refresh trades the refresh token for a new credential. If the provider returns no new refresh token, the old one
// stays valid. It returns ErrRefused if the provider rejects the refresh token.
func (p *Provider) Refresh(ctx context.Context, c Credential) (Credential, error) {
	if p.code == nil || c.RefreshToken == "" {
		return Credential{}, fmt.Errorf("%w: there is no refresh token", ErrRefused)
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.http)
	// A token without an access token makes the source refresh immediately.
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

// expiry returns when the token expires by the Provider's clock. The library only knows the machine's clock, which
// differs in tests.
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

// life returns the seconds as a duration, at most maxTokenLife: a provider may send more than a Duration can hold.
func life(seconds int64) time.Duration {
	return time.Duration(min(seconds, int64(maxTokenLife/time.Second))) * time.Second
}

// checkToken returns ErrRefused for a token that can't be sent in an Authorization header.
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

// tokenError returns an error with the provider's status and its code by RFC 6749 §5.2. It drops the rest, since the
// library's error quotes the whole response body.
func tokenError(op string, err error) error {
	var response *oauth2.RetrieveError
	if !errors.As(err, &response) {
		var network *url.Error
		if errors.As(err, &network) {
			return fmt.Errorf("oauth: %s: %w", op, network.Err) // without the URL
		}
		// The library's text may quote the response.
		return fmt.Errorf("oauth: %s: the response has no readable token", op)
	}
	status := 0
	if response.Response != nil {
		status = response.Response.StatusCode
	}
	if status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests {
		return fmt.Errorf("oauth: %s: status %d %s: %w", op, status, knownTokenCode(response.ErrorCode), ErrRefused)
	}
	return fmt.Errorf("oauth: %s: status %d %s", op, status, knownTokenCode(response.ErrorCode))
}

func knownTokenCode(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope":
		return code
	}
	return "(no known code)"
}

// FromFragment returns the credential that the implicit flow put into the URL fragment, by RFC 6749 §4.2.2. The caller
// must have compared the state. It returns ErrRefused for a token that can't be used.
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
