package team

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

func newOIDC(t *testing.T, c OIDCConfig) *OIDC {
	t.Helper()
	o, err := NewOIDC(c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// finish signs in once.
func finish(t *testing.T, o *OIDC) (Identity, error) {
	t.Helper()
	a, _, err := o.Begin(t.Context())
	if err != nil {
		return Identity{}, err
	}
	return o.Finish(t.Context(), a, callback(a))
}

func TestNewOIDCNeedsItsParts(t *testing.T) {
	whole := OIDCConfig{Issuer: "https://id.example.com", ClientID: "c", RedirectURL: testReturn}
	for name, remove := range map[string]func(*OIDCConfig){
		"issuer":       func(c *OIDCConfig) { c.Issuer = "" },
		"client ID":    func(c *OIDCConfig) { c.ClientID = "" },
		"redirect URL": func(c *OIDCConfig) { c.RedirectURL = "" },
	} {
		c := whole
		remove(&c)
		if _, err := NewOIDC(c); err == nil {
			t.Errorf("without %s: no error", name)
		}
	}
}

func TestBeginAsksForWhatItNeeds(t *testing.T) {
	f := newFakeProvider(t)
	c := f.config()
	c.Scopes = []string{"email", "groups"}
	o := newOIDC(t, c)
	first, address, err := o.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	got := u.Query()
	challenge := got.Get("code_challenge")
	got.Del("code_challenge")
	want := url.Values{
		"prompt":        {"login"}, // which was in the endpoint's URL
		"response_type": {"code"}, "client_id": {testClient}, "redirect_uri": {testReturn},
		"scope": {"openid email groups"}, "state": {first.State}, "nonce": {first.Nonce}, "code_challenge_method": {"S256"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("query differs (-want +got):\n%s", diff)
	}
	if len(challenge) != 43 || challenge == first.Verifier {
		t.Errorf("code challenge is %q", challenge)
	}
	second, _, err := o.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"state": {first.State, second.State}, "nonce": {first.Nonce, second.Nonce}, "verifier": {first.Verifier, second.Verifier},
	} {
		if len(pair[0]) < 26 || pair[0] == pair[1] {
			t.Errorf("%s is guessable: %q, %q", name, pair[0], pair[1])
		}
	}
	if n := f.count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("metadata fetched %d times, want 1", n)
	}
}

// TestBeginWithChoice asks each provider for what it knows.
func TestBeginWithChoice(t *testing.T) {
	for name, tt := range map[string]struct {
		issuer  string // "" for the fake provider's
		prompts []string
		want    string
	}{
		"says nothing": {"", nil, "login"},
		"no choice":    {"", []string{"none", "login"}, "login"},
		"a choice":     {"", []string{"none", "login", "select_account"}, "select_account"},
		"Google":       {"https://accounts.google.com", nil, "select_account"},
		"Microsoft":    {"https://login.microsoftonline.com/t/v2.0", nil, "select_account"},
	} {
		f := newFakeProvider(t)
		c := f.config()
		if tt.prompts != nil {
			f.metadata["prompt_values_supported"] = tt.prompts
		}
		if tt.issuer != "" {
			c.Issuer, c.Transport = tt.issuer, elsewhere(f, tt.issuer)
			f.metadata["issuer"] = tt.issuer
			for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
				f.metadata[name] = tt.issuer + "/x"
			}
		}
		a, to, err := newOIDC(t, c).BeginWithChoice(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Query(); got.Get("prompt") != tt.want || got.Get("state") != a.State {
			t.Errorf("%s: %v, want the prompt %s", name, got, tt.want)
		}
	}
}

// TestCodeIsPosted compares what the token endpoint gets, with each way to send the client's secret.
func TestCodeIsPosted(t *testing.T) {
	type posted struct {
		Form      url.Values
		ID        string // by HTTP Basic
		Secret    string
		UserAgent string
	}
	both := []string{"client_secret_post", "client_secret_basic"}
	code := url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {testReturn}}
	with := func(more url.Values) url.Values {
		out := maps.Clone(code)
		maps.Copy(out, more)
		return out
	}
	id := url.Values{"client_id": {testClient}}
	idAndSecret := url.Values{"client_id": {testClient}, "client_secret": {testSecret}}
	for name, tt := range map[string]struct {
		methods []string
		secret  string
		want    posted
	}{
		"nothing listed":       {nil, testSecret, posted{with(nil), testClient, testSecret, "hookwall/test"}},
		"both listed":          {both, testSecret, posted{with(nil), testClient, testSecret, "hookwall/test"}},
		"only in the form":     {both[:1], testSecret, posted{with(idAndSecret), "", "", "hookwall/test"}},
		"without a secret":     {both, "", posted{with(id), "", "", "hookwall/test"}},
		"none listed, neither": {[]string{"none"}, "", posted{with(id), "", "", "hookwall/test"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeProvider(t)
			if tt.methods != nil {
				f.metadata["token_endpoint_auth_methods_supported"] = tt.methods
			}
			c := f.config()
			c.ClientSecret = tt.secret
			o := newOIDC(t, c)
			a, _, err := o.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.Finish(t.Context(), a, callback(a)); err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(f.sent, func(r *http.Request) bool { return r.URL.Path == "/token" })
			r := f.sent[i]
			got := posted{Form: maps.Clone(r.PostForm), UserAgent: r.UserAgent()}
			if id, secret, ok := r.BasicAuth(); ok {
				got.ID, _ = url.QueryUnescape(id)
				got.Secret, _ = url.QueryUnescape(secret)
			}
			tt.want.Form["code"], tt.want.Form["code_verifier"] = []string{a.Nonce}, []string{a.Verifier}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("request differs (-want +got):\n%s", diff)
			}
			if f.count("/token") != 1 || r.URL.RawQuery != "" {
				t.Errorf("posted %d times, query %q", f.count("/token"), r.URL.RawQuery)
			}
		})
	}
}

// TestKeysRotate signs in while the provider changes its keys.
// Checklist 44.
func TestKeysRotate(t *testing.T) {
	f := newFakeProvider(t)
	o := newOIDC(t, f.config())
	for i, id := range []string{"first", "second"} {
		f.jwks = []jose.JSONWebKey{{Key: &keys()[i].PublicKey, KeyID: id}}
		f.sign = func(claims []byte) string { return signed(claims, jose.RS256, keys()[i], id) }
		for range 3 {
			if _, err := finish(t, o); err != nil {
				t.Errorf("key %s: %v", id, err)
			}
		}
	}
	if n := f.count("/keys"); n != 2 {
		t.Errorf("keys fetched %d times, want once for each", n)
	}
	f.sign = func(claims []byte) string { return signed(claims, jose.RS256, keys()[0], "first") }
	if _, err := finish(t, o); problemOf(err) != ProblemToken {
		t.Errorf("a key that was withdrawn: %v", err)
	}
	f.jwks = []jose.JSONWebKey{{Key: &keys()[0].PublicKey, KeyID: "first"}}
	if _, err := finish(t, o); err != nil {
		t.Errorf("a key that came back: %v", err)
	}
	f.jwks, f.now = []jose.JSONWebKey{{Key: &keys()[1].PublicKey, KeyID: "second"}}, f.now.Add(metadataLife)
	if _, err := finish(t, o); problemOf(err) != ProblemToken {
		t.Errorf("a key that was withdrawn while it was known: %v", err)
	}
}

// TestUnknownKeysCostFewFetches sends many tokens of keys that don't exist.
// Checklist 44.
func TestUnknownKeysCostFewFetches(t *testing.T) {
	f := newFakeProvider(t)
	o := newOIDC(t, f.config())
	sign := f.sign
	f.sign = func(claims []byte) string { return signed(claims, jose.RS256, keys()[1], "unknown") }
	for range 100 {
		if _, err := finish(t, o); problemOf(err) != ProblemToken {
			t.Fatalf("got %v, want %s", err, ProblemToken)
		}
	}
	if n := f.count("/keys"); n != maxKeyFetches {
		t.Errorf("keys fetched %d times, want %d", n, maxKeyFetches)
	}
	f.sign = sign
	if _, err := finish(t, o); err != nil {
		t.Errorf("a good token afterwards: %v", err)
	}
	f.now = f.now.Add(keyFetchesPer)
	f.jwks = []jose.JSONWebKey{{Key: &keys()[1].PublicKey, KeyID: "unknown"}}
	f.sign = func(claims []byte) string { return signed(claims, jose.RS256, keys()[1], "unknown") }
	if _, err := finish(t, o); err != nil {
		t.Errorf("a minute later, with its key: %v", err)
	}
}

// TestProviderComesBack signs in at a provider that was down when Hookwall started, and that moves its endpoints later.
func TestProviderComesBack(t *testing.T) {
	f := newFakeProvider(t)
	o := newOIDC(t, f.config())
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	f.discover = down
	for range 2 {
		if _, err := finish(t, o); problemOf(err) != ProblemDown {
			t.Errorf("while it is down: %v", err)
		}
	}
	f.discover = nil
	if _, err := finish(t, o); err != nil {
		t.Errorf("once it is back: %v", err)
	}
	f.token = down
	if _, err := finish(t, o); problemOf(err) != ProblemDown {
		t.Errorf("without a token endpoint: %v", err)
	}
	f.token = nil
	if _, err := finish(t, o); err != nil {
		t.Errorf("once that is back: %v", err)
	}
	if n := f.count("/.well-known/openid-configuration"); n != 4 {
		t.Errorf("metadata fetched %d times, want 2 while down, 1 when back, 1 after the failure", n)
	}
}

// TestProviderGoesDown begins sign-ins at a provider that responded before. A browser would be sent to a page that
// doesn't open.
func TestProviderGoesDown(t *testing.T) {
	f := newFakeProvider(t)
	o := newOIDC(t, f.config())
	begin := func(what string, want Problem, calls int) {
		t.Helper()
		if _, _, err := o.Begin(t.Context()); problemOf(err) != want {
			t.Errorf("%s: got %v, want %q", what, err, want)
		}
		if n := f.count("/.well-known/openid-configuration"); n != calls {
			t.Errorf("%s: metadata fetched %d times, want %d", what, n, calls)
		}
	}
	begin("at first", "", 1)
	f.discover = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	begin("right after", "", 1)
	f.now = f.now.Add(metadataLife)
	begin("a minute later", ProblemDown, 2)
	f.discover = nil
	begin("once it is back", "", 3)
	f.now = f.now.Add(-time.Hour)
	begin("after the clock was corrected", "", 4)
}

// TestManyWaitForOneDiscovery begins many sign-ins before the provider has responded.
func TestManyWaitForOneDiscovery(t *testing.T) {
	const many = 20
	f := newFakeProvider(t)
	c := f.config()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		c.Transport = transport(func(*http.Request) (*http.Response, error) {
			calls++
			time.Sleep(time.Second) //nolint:forbidigo // in a bubble of synctest
			w := httptest.NewRecorder()
			f.serveMetadata(w, nil)
			return w.Result(), nil
		})
		o := newOIDC(t, c)
		var all sync.WaitGroup
		for range many {
			all.Go(func() {
				if _, _, err := o.Begin(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if calls != 1 {
			t.Errorf("%d calls, want 1", calls)
		}
	})
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestSlowProvider waits for a provider that never responds, as long as it may.
func TestSlowProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOIDC(t, OIDCConfig{
			Issuer: "https://id.example.com", ClientID: "c", RedirectURL: testReturn,
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}),
		})
		started := time.Now()
		if _, _, err := o.Begin(t.Context()); problemOf(err) != ProblemDown {
			t.Errorf("got %v, want %s", err, ProblemDown)
		}
		if took := time.Since(started); took != callTimeout {
			t.Errorf("took %s, want %s", took, callTimeout)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started = time.Now()
		if _, _, err := o.Begin(ctx); problemOf(err) != ProblemDown || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %s since the request ended", err, ProblemDown)
		}
		if took := time.Since(started); took != time.Second {
			t.Errorf("took %s, want 1s", took)
		}
		time.Sleep(callTimeout) //nolint:forbidigo // in a bubble of synctest: the call goes on for others that wait
	})
}

func TestCheckComparesTheClocks(t *testing.T) {
	for name, tt := range map[string]struct {
		ahead time.Duration // of the provider's
		want  Problem
	}{
		"same time":     {0, ""},
		"40 s ahead":    {40 * time.Second, ""},
		"10 min ahead":  {10 * time.Minute, ProblemClock},
		"10 min behind": {-10 * time.Minute, ProblemClock},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeProvider(t)
			f.now = time.Now().Add(tt.ahead)
			err := newOIDC(t, f.config()).Check(t.Context())
			if got := problemOf(err); got != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			var failed *SignInError
			if errors.As(err, &failed) && (failed.Skew-tt.ahead).Abs() > 2*time.Second {
				t.Errorf("skew is %s, want %s", failed.Skew, tt.ahead)
			}
		})
	}
}

// TestErrorsKeepSecrets shows that no error says what a callback or a token response has.
func TestErrorsKeepSecrets(t *testing.T) {
	f := newFakeProvider(t)
	o := newOIDC(t, f.config())
	a, _, err := o.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.CloseClientConnections()
	f.Close()
	_, err = o.Finish(t.Context(), a, url.Values{"state": {a.State}, "code": {"one-time-code"}})
	for _, secret := range []string{a.State, a.Nonce, a.Verifier, "one-time-code", testSecret} {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			t.Errorf("error %v has %q", err, secret)
		}
	}
}

// TestErrorsAreShort signs in with a token whose audience is as long as a response may be.
func TestErrorsAreShort(t *testing.T) {
	f := newFakeProvider(t)
	f.claims["aud"] = strings.Repeat("a", 500_000)
	_, err := finish(t, newOIDC(t, f.config()))
	if n := len(fmt.Sprint(err)); problemOf(err) != ProblemToken || n > 2*maxCause {
		t.Errorf("an error of %d bytes: %.100s", n, err)
	}
}

// elsewhere is a transport that reaches the fake provider under another issuer's name.
func elsewhere(f *fakeProvider, issuer string) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		to, err := url.Parse(f.URL + strings.TrimPrefix(r.URL.String(), issuer))
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL, r.Host = to, to.Host
		return f.Client().Transport.RoundTrip(r)
	})
}

// TestGoogleAndMicrosoft signs in with the claims that these providers document.
// Checklist 43.
func TestGoogleAndMicrosoft(t *testing.T) {
	const (
		google    = "https://accounts.google.com"
		microsoft = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"
	)
	for name, tt := range map[string]struct {
		issuer   string
		claims   map[string]any
		domains  []string
		email    string
		verified bool
		want     Problem
	}{
		"Google, Workspace": {
			google, map[string]any{"hd": "example.com"}, []string{"example.com"}, "ada@example.com", true, "",
		},
		"Google, Workspace with a second domain": {
			google,
			map[string]any{"hd": "example.com", "email": "ada@brand.example"},
			[]string{"example.com"},
			"ada@brand.example", true, "",
		},
		"Google, issuer without a scheme": {
			google, map[string]any{"hd": "example.com", "iss": "accounts.google.com"}, nil, "ada@example.com", true, "",
		},
		"Google, own account with an address of the domain": {
			google, nil, []string{"example.com"}, "", false, ProblemUnverified,
		},
		"Google, own account where all may": {google, nil, nil, "ada@example.com", false, ""},
		"Google, Gmail": {
			google, map[string]any{"email": "ada@gmail.com"}, []string{"gmail.com"}, "ada@gmail.com", true, "",
		},
		"Google, another Workspace": {
			google,
			map[string]any{"hd": "other.example", "email": "ada@other.example"},
			[]string{"example.com"},
			"", false,
			ProblemDomain,
		},
		"Microsoft, as it comes": {
			microsoft, map[string]any{"email_verified": nil}, nil, "ada@example.com", false, "",
		},
		"Microsoft, user name alone": {
			microsoft,
			map[string]any{"email_verified": nil, "email": nil, "preferred_username": "ada@corp.example"},
			nil,
			"ada@corp.example", false, "",
		},
		"Microsoft, domain not verified": {
			microsoft,
			map[string]any{"email_verified": nil, "xms_edov": false},
			[]string{"example.com"},
			"", false,
			ProblemUnverified,
		},
		"Microsoft, domain verified": {
			microsoft,
			map[string]any{"email_verified": nil, "xms_edov": true},
			[]string{"example.com"},
			"ada@example.com",
			true, "",
		},
		"Microsoft, domain verified, as text": {
			microsoft,
			map[string]any{"email_verified": nil, "xms_edov": "1"},
			[]string{"example.com"},
			"ada@example.com",
			true, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeProvider(t)
			f.claims["iss"] = tt.issuer
			maps.Copy(f.claims, tt.claims)
			for name, path := range map[string]string{
				"issuer": "", "authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys",
				"userinfo_endpoint": "/userinfo",
			} {
				f.metadata[name] = tt.issuer + path
			}
			c := f.config()
			c.Issuer, c.AllowedDomains, c.Transport = tt.issuer, tt.domains, elsewhere(f, tt.issuer)
			id, err := finish(t, newOIDC(t, c))
			if got := problemOf(err); got != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if id.Email != tt.email || id.EmailVerified != tt.verified {
				t.Errorf("email %q, verified %t, want %q, %t", id.Email, id.EmailVerified, tt.email, tt.verified)
			}
			if err == nil && id.Issuer != tt.issuer {
				t.Errorf("issuer %q, want %q", id.Issuer, tt.issuer)
			}
		})
	}
}

// TestPlainEndpointsOfASafeIssuer shows that an https issuer can't send us to plain http.
func TestPlainEndpointsOfASafeIssuer(t *testing.T) {
	const issuer = "https://id.example.com"
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
		f := newFakeProvider(t)
		for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
			f.metadata[name] = issuer + "/x"
		}
		f.metadata["issuer"], f.metadata[name] = issuer, "http://id.example.com/x"
		c := f.config()
		c.Issuer, c.Transport = issuer, elsewhere(f, issuer)
		if err := newOIDC(t, c).Check(t.Context()); problemOf(err) != ProblemDown {
			t.Errorf("%s: got %v, want %s", name, err, ProblemDown)
		}
	}
}
