package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// providerKeys are the example of RFC 7517, A.1.
const providerKeys = `{"keys":[{"kty":"EC","crv":"P-256","use":"sig","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
	"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`

// api serves one response.
func api(t *testing.T, status int, contentType string, ahead time.Duration) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		if r.Header.Get("Authorization") != "" || r.UserAgent() != userAgent() {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// provider serves a discovery document for the issuer path, with a clock of its own.
func provider(t *testing.T, ahead time.Duration, issuer func(own string) string) string {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" {
			_, _ = io.WriteString(w, providerKeys)
			return
		}
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
	const nobody = "127.0.0.1:1"
	genuine := api(t, http.StatusUnauthorized, "application/json", 0)
	app := func(apiURL, authURL string) []string {
		return []string{
			"HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_API_URL", apiURL, "FOURTHWALL_AUTH_URL", authURL + "/{client_id}",
			"FOURTHWALL_CLIENT_ID", "cl/ient", "HOOKWALL_ADDR", nobody, "HOOKWALL_PUBLIC_URL", "http://localhost:1",
			"FOURTHWALL_IMPLICIT_AUTH_URL", authURL, "HOOKWALL_DATABASE_URL", filepath.Join(t.TempDir(), "x.db"),
		}
	}
	for name, tt := range map[string]struct {
		env  []string
		args []string
		want []string // parts of what is printed, or of the error
		err  bool
	}{
		"personal": {nil, nil, []string{
			"Database      SQLite, no file /", "hookwall.db yet. The first start makes it\n", "Fourthwall    the sandbox.",
			"Instance      not checked, because there is no key yet.", "Result        no problems found\n",
			"Sign-in       none. Each browser connects its own shops",
		}, false},
		"sandbox": {nil, []string{"--team"}, []string{"at the sandbox, with three people"}, false},
		"channels": {
			append(headerWith("HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_API_URL", genuine, "HOOKWALL_ADDR", nobody),
				"HOOKWALL_CHANNEL_TOKEN_URL", "https://id.example.com/token"), nil,
			[]string{
				"Channels      tokens from https://id.example.com/token", "the API at " + genuine + " responded in",
				"Clock         agrees with Fourthwall's to within", "with API keys only",
				"Instance      not checked: ", "no Hookwall is ready at " + nobody,
			},
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
				"Warning       HOOKWALL_TRUSTED_PROXIES is not set", "Team          Lantern Desk", "OpenID Connect at " + good + "/a",
				"https://hooks.example.com/sign-in/callback (register exactly this)", "openid email profile", "example.com",
				"a in groups: admin\nGroup         b in groups: viewer", "ada@example.com", "ready, responded in",
				"Keys          the provider lists 1 for ID tokens",
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
			[]string{"behind the provider's\n", "Synchronize the clocks, or nobody can sign in."},
			true,
		},
		"nothing there": {
			oidcWith("HOOKWALL_OIDC_ISSUER", "http://127.0.0.1:1"), nil,
			[]string{"the identity provider can't be used now", "Hookwall starts without it"},
			true,
		},
		"no Postgres server": {
			[]string{
				"HOOKWALL_ADDR", nobody, "HOOKWALL_DATABASE_URL", "postgres://u:" + testKey + "@127.0.0.1:1/none",
				"HOOKWALL_SECRET_KEY", testKey,
			},
			nil,
			[]string{"HOOKWALL_DATABASE_URL: the Postgres server cannot be reached", "=none`: 127.0.0.1:1 (127.0.0.1): dial"},
			true,
		},
		"an app": {
			app(genuine, api(t, http.StatusFound, "text/html", 0)), nil,
			[]string{
				"http://localhost:1/oauth/callback (register exactly this in your Fourthwall app)",
				"http://localhost:1/oauth/implicit (and this", "Sign-in page  responds at http://127.0.0.1:", "/cl%2Fient\n",
			},
			false,
		},
		"no such app": {
			app(genuine, api(t, http.StatusNotFound, "text/html", 0)), nil,
			[]string{
				"Sign-in page  PROBLEM", "status 404", "Check FOURTHWALL_AUTH_URL and FOURTHWALL_CLIENT_ID.", "1 problem found",
			},
			true,
		},
		"a firewall in the API's place": {
			app(api(t, http.StatusForbidden, "text/html", 0), genuine), nil,
			[]string{"Fourthwall    PROBLEM", "responds with status 403", "whether a proxy or a firewall"},
			true,
		},
		"a proxy in the API's place": {
			app(api(t, http.StatusUnauthorized, "text/html", 0), genuine), nil,
			[]string{"responds with status 401 (text/html)", "whether a proxy or a firewall"},
			true,
		},
		"another server": {
			app(api(t, http.StatusOK, "application/json", 0), genuine), nil, []string{"responds with status 200"}, true,
		},
		"a clock that differs from Fourthwall's": {
			app(api(t, http.StatusUnauthorized, "application/json", -2*time.Hour), genuine), nil,
			[]string{"Clock         PROBLEM: this machine's clock is 2h0m", "ahead of Fourthwall's", "Synchronize"},
			true,
		},
		"nothing in the API's place": {
			app("http://127.0.0.1:1", "http://127.0.0.1:1"), nil,
			[]string{"the API can't be reached", "Sign-in page  PROBLEM: can't be reached", "2 problems found"},
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
