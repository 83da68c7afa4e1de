package team

import (
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/oauth2-proxy/mockoidc"
)

// TestSignInAtMockOIDC signs in at a provider that others wrote, by its authorization endpoint.
func TestSignInAtMockOIDC(t *testing.T) {
	provider, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	// It says that it takes HTTP Basic, but reads the form alone.
	err = provider.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if id, secret, ok := r.BasicAuth(); ok {
				_ = r.ParseForm()
				secret, _ = url.QueryUnescape(secret)
				r.Form.Set("client_id", id)
				r.Form.Set("client_secret", secret)
			}
			next.ServeHTTP(w, r)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Start(listener, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forbidigo // the client's default
		_ = provider.Shutdown()
	})
	at := provider.Config()
	o := newOIDC(t, OIDCConfig{
		Issuer: at.Issuer, ClientID: at.ClientID, ClientSecret: at.ClientSecret, RedirectURL: testReturn,
		Scopes: []string{"openid", "email", "profile", "groups"}, RoleClaim: "groups", AllowedDomains: []string{"example.com"},
	})
	user := mockoidc.DefaultUser()
	provider.QueueUser(user)
	attempt, to, err := o.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	back := authorize(t, to)
	got, err := o.Finish(t.Context(), attempt, back)
	want := Identity{
		Issuer: at.Issuer, Subject: user.Subject, Email: user.Email, EmailVerified: true, Groups: user.Groups,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v; identity differs (-want +got):\n%s", err, diff)
	}
	if _, err := o.Finish(t.Context(), attempt, back); problemOf(err) == "" {
		t.Error("the same code again: no error")
	}
	// The code of one sign-in in another: the verifier and the nonce are another's.
	provider.QueueUser(user)
	_, to, err = o.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	injected := authorize(t, to)
	injected.Set("state", attempt.State)
	if _, err := o.Finish(t.Context(), attempt, injected); problemOf(err) == "" {
		t.Error("an injected code: no error")
	}
}

// authorize opens a URL as the browser does, and returns the query of the redirect.
func authorize(t *testing.T, address string) url.Values {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := newProviderClient(nil, "").http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	return to.Query()
}
