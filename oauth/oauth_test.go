package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"hookwall/internal/fourthwall"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// tokenServer returns the same status and body to every request. It counts the requests and keeps what was posted.
type tokenServer struct {
	*httptest.Server
	hits   atomic.Int32
	posted chan url.Values
}

func newTokenServer(t *testing.T, status int, body string) *tokenServer {
	t.Helper()
	s := &tokenServer{posted: make(chan url.Values, 100)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		s.posted <- r.PostForm
		w.Header().Set("Content-Type", "application/json")
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *tokenServer) provider(change ...func(*Config)) *Provider {
	transport := &http.Transport{DisableKeepAlives: true}
	c := Config{
		ClientID:        "app/1",
		ClientSecret:    "client-secret",
		AuthURL:         "https://shop.example/apps/{client_id}/connect",
		TokenURL:        s.URL + "/token",
		ImplicitAuthURL: "https://id.example/auth",
		PublicURL:       "https://hooks.example",
		Scopes:          []string{"webhook_write", "webhook_read"},
		Transport:       transport,
		Now:             func() time.Time { return noon },
	}
	for _, f := range change {
		f(&c)
	}
	return New(c)
}

// TestBegin compares the authorization URLs with what they must be, without the verifier and the secret.
// Checklist 2, 9.
func TestBegin(t *testing.T) {
	p := newTokenServer(t, 200, "").provider()
	tests := []struct {
		way  string
		want string // without the values of state and challenge
	}{
		{WayCode, "https://shop.example/apps/app%2F1/connect?client_id=app%2F1&code_challenge=&code_challenge_method=S256&redirect_uri=https%3A%2F%2Fhooks.example%2Foauth%2Fcallback&response_type=code&scope=webhook_write+webhook_read&state="},
		{WayImplicit, "https://id.example/auth?client_id=app%2F1&redirect_uri=https%3A%2F%2Fhooks.example%2Foauth%2Fimplicit&response_type=token&scope=webhook_write+webhook_read&state="},
	}
	for _, test := range tests {
		t.Run(test.way, func(t *testing.T) {
			a, authURL, err := p.Begin(test.way, "browser")
			if err != nil {
				t.Fatal(err)
			}
			b, _, err := p.Begin(test.way, "browser")
			if err != nil || a.State == b.State || (test.way == WayCode && a.Verifier == b.Verifier) {
				t.Error("two sign-ins share a state or a verifier")
			}
			u, err := url.Parse(authURL)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if q.Get("state") != a.State || len(a.State) < 26 {
				t.Errorf("state %q is not the sign-in's", q.Get("state"))
			}
			if a.Verifier != "" && strings.Contains(authURL, a.Verifier) {
				t.Error("the verifier is in the URL")
			}
			q.Set("state", "")
			if q.Has("code_challenge") {
				q.Set("code_challenge", "")
			}
			u.RawQuery = q.Encode()
			if u.String() != test.want {
				t.Errorf("got  %s\nwant %s", u, test.want)
			}
			want := SignIn{
				State: a.State, Browser: "browser", Way: test.way, Verifier: a.Verifier,
				ExpiresAt: noon.Add(10 * time.Minute),
			}
			if a != want || (a.Verifier == "") != (test.way == WayImplicit) {
				t.Errorf("sign-in %+v, want %+v", a, want)
			}
		})
	}
}

// Checklist 6.
func TestOffers(t *testing.T) {
	s := newTokenServer(t, 200, "")
	tests := []struct {
		name                   string
		change                 func(*Config)
		code, implicit, apiKey bool
	}{
		{"everything", func(*Config) {}, true, true, true},
		{"no implicit URL", func(c *Config) { c.ImplicitAuthURL = "" }, true, false, true},
		{"no client", func(c *Config) { c.ClientID = "" }, false, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := s.provider(test.change)
			got := []bool{p.Offers(WayCode), p.Offers(WayImplicit), p.Offers(WayAPIKey), p.Offers("other")}
			if diff := cmp.Diff([]bool{test.code, test.implicit, test.apiKey, false}, got); diff != "" {
				t.Error(diff)
			}
			for i, way := range []string{WayCode, WayImplicit, WayAPIKey, "other"} {
				_, _, err := p.Begin(way, "b")
				if (err == nil) != (got[i] && way != WayAPIKey) {
					t.Errorf("Begin(%s): %v", way, err)
				}
			}
		})
	}
}

// Checklist 3.
func TestExchange(t *testing.T) {
	long := strings.Repeat("x", 6000)
	tests := []struct {
		name    string
		status  int
		body    string
		want    Credential
		refused bool
		fails   bool
	}{
		{
			"a token",
			200,
			`{"access_token":"` + long + `","token_type":"bearer","expires_in":300,"refresh_token":"r1","scope":"webhook_write  webhook_read"}`,
			Credential{
				Way:          WayCode,
				AccessToken:  fourthwall.Secret(long),
				RefreshToken: "r1",
				ExpiresAt:    noon.Add(5 * time.Minute),
				Scopes:       "webhook_write webhook_read",
			},
			false,
			false,
		},
		{
			"without expiry but with a refresh token", 200, `{"access_token":"a","token_type":"Bearer","refresh_token":"r1"}`,
			Credential{Way: WayCode, AccessToken: "a", RefreshToken: "r1", ExpiresAt: noon.Add(5 * time.Minute)},
			false, false,
		},
		{"without expiry", 200, `{"access_token":"a","token_type":"Bearer"}`, Credential{Way: WayCode, AccessToken: "a"}, false, false},
		{"not a bearer token", 200, `{"access_token":"a","token_type":"mac"}`, Credential{}, false, true},
		{"a token with a line break", 200, `{"access_token":"a\nb","token_type":"Bearer"}`, Credential{}, false, true},
		{"a token that is too long", 200, `{"access_token":"` + strings.Repeat("x", 33<<10) + `","token_type":"Bearer"}`, Credential{}, false, true},
		{"invalid_grant", 400, `{"error":"invalid_grant","error_description":"canary"}`, Credential{}, true, true},
		{"invalid_client", 401, `{"error":"invalid_client"}`, Credential{}, false, true},
		{"too many requests", 429, `{}`, Credential{}, false, true},
		{"server error", 500, `canary`, Credential{}, false, true},
		{"a redirect", 302, ``, Credential{}, false, true},
		{"not JSON", 200, `<html>canary`, Credential{}, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newTokenServer(t, test.status, test.body)
			got, err := s.provider().Exchange(t.Context(), "the-code", "the-verifier")
			if (err != nil) != test.fails || errors.Is(err, ErrRefused) != test.refused {
				t.Errorf("error %v, want refused %v", err, test.refused)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "the-code")) {
				t.Errorf("the error quotes the response or the code: %v", err)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if s.hits.Load() != 1 {
				t.Errorf("the code was posted %d times", s.hits.Load())
			}
			want := url.Values{
				"grant_type": {"authorization_code"}, "code": {"the-code"}, "code_verifier": {"the-verifier"},
				"redirect_uri": {"https://hooks.example/oauth/callback"}, "client_id": {"app/1"}, "client_secret": {"client-secret"},
			}
			if diff := cmp.Diff(want, <-s.posted); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExchangeUnreachable(t *testing.T) {
	s := newTokenServer(t, 200, "")
	p := s.provider()
	s.Close()
	_, err := p.Exchange(t.Context(), "the-code", "v")
	if err == nil || errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "the-code") {
		t.Errorf("got %v", err)
	}
}

func TestRefresh(t *testing.T) {
	old := Credential{Way: WayCode, AccessToken: "a1", RefreshToken: "r1", Scopes: "webhook_write"}
	tests := []struct {
		name    string
		status  int
		body    string
		want    Credential
		refused bool
		fails   bool
	}{
		{"rotated", 200, `{"access_token":"a2","token_type":"Bearer","expires_in":60,"refresh_token":"r2","scope":"webhook_read"}`, Credential{WayCode, "a2", "r2", "", "", noon.Add(time.Minute), "webhook_read"}, false, false},
		{"not rotated, no scope", 200, `{"access_token":"a2","token_type":"Bearer","expires_in":60}`, Credential{WayCode, "a2", "r1", "", "", noon.Add(time.Minute), "webhook_write"}, false, false},
		{"refresh token used up", 400, `{"error":"invalid_grant"}`, Credential{}, true, true},
		{"server error", 503, ``, Credential{}, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newTokenServer(t, test.status, test.body)
			var observed []error
			got, err := s.provider(func(c *Config) {
				c.OnRefresh = func(err error) { observed = append(observed, err) }
			}).Refresh(t.Context(), old)
			if !slices.Equal(observed, []error{err}) {
				t.Errorf("observed is %v, returned %v", observed, err)
			}
			if (err != nil) != test.fails || errors.Is(err, ErrRefused) != test.refused {
				t.Errorf("error %v, want refused %v", err, test.refused)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			want := url.Values{
				"grant_type":    {"refresh_token"},
				"refresh_token": {"r1"},
				"client_id":     {"app/1"},
				"client_secret": {"client-secret"},
			}
			if diff := cmp.Diff(want, <-s.posted); diff != "" || s.hits.Load() != 1 {
				t.Errorf("%d requests\n%s", s.hits.Load(), diff)
			}
		})
	}
}

func TestFromFragment(t *testing.T) {
	tests := []struct {
		name     string
		fragment string
		want     Credential
		fails    bool
	}{
		{"all values", "access_token=abc&token_type=bearer&expires_in=120&scope=webhook_write", Credential{Way: WayImplicit, AccessToken: "abc", ExpiresAt: noon.Add(2 * time.Minute), Scopes: "webhook_write"}, false},
		{"token only", "access_token=abc", Credential{Way: WayImplicit, AccessToken: "abc"}, false},
		{"expires_in with a fraction", "access_token=abc&expires_in=120.0", Credential{Way: WayImplicit, AccessToken: "abc", ExpiresAt: noon.Add(2 * time.Minute)}, false},
		{"expires_in not a number", "access_token=abc&expires_in=soon", Credential{Way: WayImplicit, AccessToken: "abc"}, false},
		{"expires_in too long", "access_token=abc&expires_in=9999999999", Credential{Way: WayImplicit, AccessToken: "abc", ExpiresAt: noon.Add(365 * 24 * time.Hour)}, false},
		{"no token", "state=x", Credential{}, true},
		{"another type", "access_token=abc&token_type=mac", Credential{}, true},
		{"a token with a space", "access_token=a+b", Credential{}, true},
	}
	p := newTokenServer(t, 200, "").provider()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := url.ParseQuery(test.fragment)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.FromFragment(v)
			if (err != nil) != test.fails || got != test.want {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestCredentialEncodesAndRedacts(t *testing.T) {
	c := Credential{WayAPIKey, "canary-a", "canary-r", "user", "canary-p", noon, "webhook_read"}
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(b)
	if err != nil || back != c {
		t.Errorf("got %+v, %v", back, err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, c); strings.Contains(text, "canary") {
			t.Errorf("%s prints a secret", verb)
		}
	}
	if _, err := Decode([]byte("canary")); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// TestTokenRequestsAreNamed: each token request says the name and what it accepts, as calls to the API do.
func TestTokenRequestsAreNamed(t *testing.T) {
	for name, test := range map[string]struct{ given, want string }{
		"a version":   {"hookwall/1.2.3", "hookwall/1.2.3"},
		"by default":  {"", "hookwall"},
		"development": {"hookwall/dev", "hookwall/dev"},
	} {
		t.Run(name, func(t *testing.T) {
			headers := make(chan http.Header, 2)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				headers <- r.Header
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, `{"access_token":"a","token_type":"bearer","refresh_token":"r","expires_in":300}`)
			}))
			defer s.Close()
			p := New(Config{
				ClientID: "app", TokenURL: s.URL, UserAgent: test.given, Transport: &http.Transport{DisableKeepAlives: true},
			})
			c, err := p.Exchange(t.Context(), "code", "verifier")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Refresh(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				h := <-headers
				if got := h.Values("User-Agent"); len(got) != 1 || got[0] != test.want || h.Get("Accept") != "application/json" {
					t.Errorf("User-Agent %q, Accept %q, want %q", got, h.Get("Accept"), test.want)
				}
			}
		})
	}
}
