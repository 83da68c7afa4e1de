// Package oauth connects a shop. It builds the URLs that start a sign-in at Fourthwall, turns the response into a
// Credential, and renews access tokens before they expire, once for all requests that wait.
//
// It stores nothing itself: the caller stores sign-ins and credentials.
package oauth

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	WayChannel  = "channel"  // client ID and secret of a channel, for many shops
)

// SignInLife is the time within which a sign-in must be finished.
const SignInLife = 10 * time.Minute

const (
	exchangeTimeout  = 10 * time.Second
	maxTokenLength   = 32 << 10 // bytes; Fourthwall's tokens have about 4 KB
	maxTokenLife     = 365 * 24 * time.Hour
	fallbackTokenTTL = 5 * time.Minute // used when the provider sends no expires_in
)

// ErrRefused means that the provider rejected the code or the refresh token. A retry with the same one is useless.
var ErrRefused = errors.New("the authorization server refused")

// Config has the URLs of the provider and the client that we are registered as.
type Config struct {
	ClientID     string
	ClientSecret fourthwall.Secret // "" for a public client
	// AuthURL starts the code flow. "{client_id}" in it is replaced.
	AuthURL         string
	TokenURL        string
	ImplicitAuthURL string // "" if the implicit flow isn't offered
	ChannelTokenURL string // issues tokens of channels
	PublicURL       string // our own origin, without a trailing slash
	Scopes          []string
	Transport       http.RoundTripper // default http.DefaultTransport
	UserAgent       string            // default "hookwall"
	OnRefresh       func(error)       // gets the result of each refresh; default none
	Now             func() time.Time  // default time.Now
}

// Provider is a client of one authorization server.
type Provider struct {
	code     *oauth2.Config
	implicit *oauth2.Config
	channels string // URL that issues tokens of channels
	http     *http.Client
	now      func() time.Time
	observe  func(error) // result of a refresh
}

// New returns a Provider. Without a ClientID it offers neither flow, and shops can be connected by API key only.
func New(c Config) *Provider {
	p := &Provider{now: c.Now, http: tokenClient(newTransport(c)), channels: c.ChannelTokenURL, observe: c.OnRefresh}
	if p.observe == nil {
		p.observe = func(error) {}
	}
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
	case WayChannel:
		return p.channels != ""
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
	if way != WayCode && way != WayImplicit || !p.Offers(way) {
		return SignIn{}, "", fmt.Errorf("oauth: sign-in by %q is not offered", way)
	}
	s := SignIn{State: rand.Text(), Browser: browser, Way: way, ExpiresAt: p.now().Add(SignInLife)}
	if way == WayImplicit {
		return s, p.implicit.AuthCodeURL(s.State, oauth2.SetAuthURLParam("response_type", "token")), nil
	}
	s.Verifier = oauth2.GenerateVerifier()
	return s, p.code.AuthCodeURL(s.State, oauth2.S256ChallengeOption(s.Verifier)), nil
}

// Exchange trades an authorization code for a credential. It posts the code exactly once. It returns a TokenError if
// the token URL responds without a token. That is ErrRefused if the provider rejects the code.
func (p *Provider) Exchange(ctx context.Context, code, verifier string) (Credential, error) {
	if p.code == nil {
		return Credential{}, fmt.Errorf("oauth: sign-in by %q is not offered", WayCode)
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.http)
	t, err := p.code.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Credential{}, tokenError("exchange code", err)
	}
	return p.credential("exchange code", t)
}

// Refresh trades the refresh token for a new credential. If the provider returns no new refresh token, the old one
// stays valid. A channel's credential needs no refresh token. It returns a TokenError if the token URL responds without
// a token. That is ErrRefused if the provider rejects the refresh token, or the channel's ID and secret.
func (p *Provider) Refresh(ctx context.Context, c Credential) (renewed Credential, err error) {
	defer func() { p.observe(err) }()
	if c.Way == WayChannel {
		return p.Channel(ctx, c.Username, c.Password)
	}
	if c.RefreshToken == "" {
		return Credential{}, fmt.Errorf("%w: there is no refresh token", ErrRefused)
	}
	if p.code == nil {
		return Credential{}, fmt.Errorf("oauth: refresh token: %w: there is no client ID", ErrApp)
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.http)
	// A token without an access token makes the source refresh immediately.
	source := p.code.TokenSource(ctx, &oauth2.Token{RefreshToken: c.RefreshToken.Reveal()})
	t, err := source.Token()
	if err != nil {
		return Credential{}, tokenError("refresh token", err)
	}
	renewed, err = p.credential("refresh token", t)
	if err != nil {
		return Credential{}, err
	}
	if renewed.Scopes == "" {
		renewed.Scopes = c.Scopes
	}
	return renewed, nil
}

func (p *Provider) credential(op string, t *oauth2.Token) (Credential, error) {
	if err := checkToken(t.Type(), t.AccessToken); err != nil {
		return Credential{}, &TokenError{Op: op, Status: http.StatusOK, Reason: err.Error()}
	}
	scopes, _ := t.Extra("scope").(string)
	return Credential{
		Way:          WayCode,
		AccessToken:  fourthwall.Secret(t.AccessToken),
		RefreshToken: fourthwall.Secret(t.RefreshToken),
		ExpiresAt:    p.expiry(WayCode, t),
		Scopes:       strings.Join(strings.Fields(scopes), " "),
	}, nil
}

// expiry returns when the token expires by the Provider's clock. The library only knows the machine's clock, which
// differs in tests.
func (p *Provider) expiry(way string, t *oauth2.Token) time.Time {
	if t.ExpiresIn > 0 {
		return p.now().Add(life(t.ExpiresIn))
	}
	if !t.Expiry.IsZero() {
		return t.Expiry
	}
	if t.RefreshToken != "" || way == WayChannel {
		return p.now().Add(fallbackTokenTTL)
	}
	return time.Time{}
}

// life returns the seconds as a duration, at most maxTokenLife: a provider may send more than a Duration can hold.
func life(seconds int64) time.Duration {
	return time.Duration(min(seconds, int64(maxTokenLife/time.Second))) * time.Second
}

// checkToken returns an error for a token that can't be sent as a bearer token.
func checkToken(kind, token string) error {
	if !strings.EqualFold(kind, "Bearer") {
		return errors.New("the token is not a bearer token")
	}
	if token == "" || len(token) > maxTokenLength {
		return fmt.Errorf("the token is empty or longer than %d bytes", maxTokenLength)
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return errors.New("the token has a character that a token cannot have")
		}
	}
	return nil
}

// FromFragment returns the credential that the implicit flow put into the URL fragment, by RFC 6749 §4.2.2. The caller
// must have compared the state. It returns ErrRefused for a token that can't be used.
func (p *Provider) FromFragment(v url.Values) (Credential, error) {
	token := v.Get("access_token")
	if err := checkToken(cmp.Or(v.Get("token_type"), "Bearer"), token); err != nil {
		return Credential{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	c := Credential{
		Way:         WayImplicit,
		AccessToken: fourthwall.Secret(token),
		Scopes:      strings.Join(strings.Fields(v.Get("scope")), " "),
	}
	if seconds := wholeSeconds(v.Get("expires_in")); seconds > 0 {
		c.ExpiresAt = p.now().Add(life(seconds))
	}
	return c, nil
}
