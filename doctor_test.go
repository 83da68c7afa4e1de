package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// provider serves a discovery document for the issuer path, with a clock of its own.
func provider(t *testing.T, ahead time.Duration, issuer func(own string) string) string {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a/.well-known/openid-configuration" || r.UserAgent() != userAgent() {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		own := server.URL + "/a"
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q}`, issuer(own),
			own, own, own)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestDoctor compares what the command prints, with each way to sign in.
func TestDoctor(t *testing.T) {
	same := func(own string) string { return own }
	good := provider(t, 0, same)
	for name, tt := range map[string]struct {
		env  []string
		args []string
		want []string // parts of what is printed, or of the error
		err  bool
	}{
		"personal": {nil, nil, []string{
			"Database      SQLite. Each start updates its tables\n",
			"Sign-in       none. Each browser connects its own shops",
		}, false},
		"sandbox": {nil, []string{"--team"}, []string{"at the sandbox, with three people"}, false},
		"channels": {
			append(headerWith("HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_API_URL", "https://api.example.com"),
				"HOOKWALL_CHANNEL_TOKEN_URL", "https://id.example.com/token"), nil,
			[]string{"Channels      tokens from https://id.example.com/token"},
			false,
		},
		"header": {
			headerWith("HOOKWALL_TRUSTED_PROXIES", "10.1.2.3,fd00::/8"), nil,
			[]string{
				"Team          127.0.0.1:8080", "header X-Forwarded-User", "10.1.2.3/32, fd00::/8", "X-Hookwall-Proxy-Secret",
				"Admins        ada",
			},
			false,
		},
		"a provider that is ready": {
			oidcWith("HOOKWALL_OIDC_ISSUER", good+"/a", "HOOKWALL_OIDC_ROLES", "b=viewer,a=admin",
				"HOOKWALL_OIDC_ALLOWED_DOMAINS", "example.com", "HOOKWALL_PUBLIC_URL", "https://hooks.example.com",
				"HOOKWALL_TEAM_NAME", "Lantern Desk"), nil,
			[]string{
				"Warning: HOOKWALL_TRUSTED_PROXIES is not set", "Team          Lantern Desk", "OpenID Connect at " + good + "/a",
				"https://hooks.example.com/sign-in/callback (register exactly this)", "openid email profile", "example.com",
				"a in groups: admin\nGroup         b in groups: viewer", "ada@example.com", "ready, responded in",
			},
			false,
		},
		"no such provider": {
			oidcWith("HOOKWALL_OIDC_ISSUER", good+"/b"), nil,
			[]string{"HOOKWALL_OIDC_ISSUER: " + good + "/b/.well-known/openid-configuration returned 404. Check the issuer"},
			true,
		},
		"another issuer": {
			oidcWith("HOOKWALL_OIDC_ISSUER", provider(t, 0, func(own string) string { return own + "/" })+"/a"), nil,
			[]string{"HOOKWALL_OIDC_ISSUER: the provider calls itself"},
			true,
		},
		"a clock that is off": {
			oidcWith("HOOKWALL_OIDC_ISSUER", provider(t, time.Hour, same)+"/a"), nil,
			[]string{"behind the provider's. Synchronize the clocks"},
			true,
		},
		"nothing there": {
			oidcWith("HOOKWALL_OIDC_ISSUER", "http://127.0.0.1:1"), nil,
			[]string{"the identity provider can't be used now", "Hookwall starts without it"},
			true,
		},
		"no Postgres server": {
			[]string{"HOOKWALL_DATABASE_URL", "postgres://u:" + testKey + "@127.0.0.1:1/none", "HOOKWALL_SECRET_KEY", testKey},
			nil,
			[]string{"HOOKWALL_DATABASE_URL: the Postgres server cannot be reached"},
			true,
		},
		"wrong settings": {[]string{"HOOKWALL_SIGN_IN", "oidc"}, nil, []string{"HOOKWALL_OIDC_ISSUER is not set"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			err := run(t.Context(), append([]string{"doctor"}, tt.args...), env(tt.env...), &out)
			if (err != nil) != tt.err {
				t.Errorf("error is %v", err)
			}
			said := out.String() + fmt.Sprint(err)
			for _, part := range tt.want {
				if !strings.Contains(said, part) {
					t.Errorf("%q is missing in:\n%s", part, said)
				}
			}
			if strings.Contains(said, testKey) {
				t.Error("it says a secret")
			}
		})
	}
}

func TestDoctorHasHelp(t *testing.T) {
	var out strings.Builder
	if err := run(context.Background(), []string{"doctor", "-h"}, env(), io.Writer(&out)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "HOOKWALL_OIDC_ISSUER") {
		t.Errorf("no settings in:\n%s", out.String())
	}
}
