package main

import (
	"bytes"
	"context"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/handlers"
	"hookwall/internal/fleet"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// testKey is a key of 32 bytes that protects nothing.
const testKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func env(pairs ...string) func(string) string {
	set := map[string]string{"HOME": "/home/person"}
	for i := 0; i < len(pairs); i += 2 {
		set[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return set[name] }
}

func load(t *testing.T, getenv func(string) string, args ...string) (Config, error) {
	t.Helper()
	cli, _, _, err := parseArgs(args, getenv, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	return loadConfig(cli.Serve, getenv)
}

var usualLimits = handlers.Limits{
	SignIns:       handlers.Rate{Burst: 600, Every: 500 * time.Millisecond},
	BadKeys:       handlers.Rate{Burst: 10, Every: time.Minute},
	Writes:        handlers.Rate{Burst: 300, Every: 200 * time.Millisecond},
	AddressWrites: handlers.Rate{Burst: 1500, Every: 40 * time.Millisecond},
	Calls:         handlers.Rate{Burst: 30, Every: 3 * time.Second},
}

func TestLoadConfig(t *testing.T) {
	key := []string{"HOOKWALL_SECRET_KEY", testKey}
	tests := []struct {
		name string
		env  []string
		args []string
		want Config
	}{
		{
			name: "no settings at all",
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/home/person/.local/share/hookwall/hookwall.db",
				DataDir: "/home/person/.local/share/hookwall", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 3,
			},
		},
		{
			name: "a platform app",
			env: append(key, "FOURTHWALL_CLIENT_ID", "app_1", "FOURTHWALL_CLIENT_SECRET", "shh", "HOOKWALL_ADDR", ":9000",
				"HOOKWALL_PUBLIC_URL", "https://Hooks.Example.com/", "HOOKWALL_DATABASE_URL", "/data/h.db", "HOOKWALL_TRUSTED_PROXIES", "10.1.2.3/8, ::1", "HOOKWALL_ALLOW_PRIVATE_TARGETS", "1"),
			want: Config{
				Addr: ":9000", PublicURL: &url.URL{Scheme: "https", Host: "hooks.example.com"}, DatabaseURL: "/data/h.db", DataDir: "/data",
				SecretKeys: testKey, ClientID: "app_1", ClientSecret: "shh", APIURL: "https://api.fourthwall.com",
				AuthURL:  "https://my-shop.fourthwall.com/admin/platform-apps/{client_id}/connect",
				TokenURL: "https://api.fourthwall.com/open-api/v1.0/platform/token", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
				PrivateTargets: true,
			},
		},
		{
			name: "only an API address: keys alone",
			env:  append(key, "FOURTHWALL_API_URL", "http://127.0.0.1:9/", "HOOKWALL_DATABASE_URL", "sqlite:/data/h.db"),
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/data/h.db", DataDir: "/data", SecretKeys: testKey,
				APIURL: "http://127.0.0.1:9", Scopes: []string{"webhook_write", "webhook_read"}, SandboxAddr: "127.0.0.1:8081",
			},
		},
		{
			name: "every address of its own, a flag before the environment",
			env: append(key, "FOURTHWALL_CLIENT_ID", "x", "FOURTHWALL_API_URL", "https://api.example.com", "FOURTHWALL_AUTH_URL", "https://a.example.com/c/{client_id}",
				"FOURTHWALL_TOKEN_URL", "https://t.example.com/token/", "FOURTHWALL_IMPLICIT_AUTH_URL", "https://i.example.com/auth", "FOURTHWALL_SCOPES", "webhook_write",
				"HOOKWALL_ADDR", "127.0.0.1:1", "HOOKWALL_DATABASE_URL", "h.db"),
			args: []string{"--addr", "localhost:0"},
			want: Config{
				Addr: "localhost:0", DatabaseURL: "h.db", DataDir: ".", SecretKeys: testKey, ClientID: "x", APIURL: "https://api.example.com",
				AuthURL: "https://a.example.com/c/{client_id}", TokenURL: "https://t.example.com/token/", ImplicitAuthURL: "https://i.example.com/auth",
				Scopes: []string{"webhook_write"}, SandboxAddr: "127.0.0.1:8081",
			},
		},
		{
			name: "scopes as docker run takes them, without quotes",
			env:  append(key, "FOURTHWALL_CLIENT_ID", "x", "FOURTHWALL_SCOPES", "webhook_write,webhook_read, shop_read", "HOOKWALL_DATABASE_URL", "h.db"),
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "h.db", DataDir: ".", SecretKeys: testKey, ClientID: "x", APIURL: "https://api.fourthwall.com",
				AuthURL:  "https://my-shop.fourthwall.com/admin/platform-apps/{client_id}/connect",
				TokenURL: "https://api.fourthwall.com/open-api/v1.0/platform/token",
				Scopes:   []string{"webhook_write", "webhook_read", "shop_read"}, SandboxAddr: "127.0.0.1:8081",
			},
		},
		{
			name: "a setting without effect in the sandbox",
			env:  []string{"FOURTHWALL_CLIENT_SECRET", "shh", "XDG_DATA_HOME", "/xdg"},
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/xdg/hookwall/hookwall.db", DataDir: "/xdg/hookwall", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 3,
				Warnings: []string{"FOURTHWALL_CLIENT_SECRET has no effect while the sandbox runs. Set FOURTHWALL_CLIENT_ID as well"},
			},
		},
		{
			name: "a team with channels of a real Fourthwall",
			env: append(key, "FOURTHWALL_API_URL", "https://api.example.com", "HOOKWALL_SIGN_IN", "header",
				"HOOKWALL_PROXY_USER_HEADER", "X-Forwarded-User", "HOOKWALL_PROXY_SECRET", testKey,
				"HOOKWALL_TRUSTED_PROXIES", "10.1.2.3", "HOOKWALL_ADMINS", "ada", "XDG_DATA_HOME", "/xdg"),
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/xdg/hookwall/hookwall.db", DataDir: "/xdg/hookwall",
				SecretKeys: testKey, APIURL: "https://api.example.com", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr:     "127.0.0.1:8081",
				ChannelTokenURL: "https://auth.fourthwall.com/auth/realms/Fourthwall/protocol/openid-connect/token",
				TrustedProxies:  []netip.Prefix{netip.MustParsePrefix("10.1.2.3/32")},
				SignIn: SignIn{Mode: "header", Admins: []string{"ada"}, Header: team.HeaderConfig{
					UserHeader: "X-Forwarded-User", Secret: testKey,
					Proxies: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/32")},
				}},
			},
		},
		{
			name: "channels in the sandbox, and without a team",
			env:  []string{"HOOKWALL_CHANNEL_TOKEN_URL", "https://id.example.com/token", "XDG_DATA_HOME", "/xdg"},
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/xdg/hookwall/hookwall.db", DataDir: "/xdg/hookwall",
				Scopes: []string{"webhook_write", "webhook_read"}, SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 3,
				Warnings: []string{"HOOKWALL_CHANNEL_TOKEN_URL has no effect without HOOKWALL_SIGN_IN"},
			},
		},
		{
			name: "a team at an identity provider",
			env: []string{
				"HOOKWALL_SIGN_IN", " OIDC ", "HOOKWALL_OIDC_ISSUER", "https://id.example.com/realms/a", "HOOKWALL_OIDC_CLIENT_ID", "hookwall",
				"HOOKWALL_OIDC_CLIENT_SECRET", "shh", "HOOKWALL_OIDC_SCOPES", "openid,groups", "HOOKWALL_OIDC_ROLE_CLAIM", "realm_access.roles",
				"HOOKWALL_OIDC_ROLES", "admins=admin, Support Team=Operator", "HOOKWALL_OIDC_ALLOWED_DOMAINS", "Example.com, @sub.example.org",
				"HOOKWALL_ADMINS", "ada@example.com, CORP\\ada king", "HOOKWALL_TEAM_NAME", " Lantern Desk ", "XDG_DATA_HOME", "/xdg",
			},
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/xdg/hookwall/hookwall.db", DataDir: "/xdg/hookwall", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 3,
				SignIn: SignIn{
					Mode: "oidc", Name: "Lantern Desk", Admins: []string{"ada@example.com", "CORP\\ada king"},
					OIDC: team.OIDCConfig{
						Issuer: "https://id.example.com/realms/a", ClientID: "hookwall", ClientSecret: "shh", Scopes: []string{"openid", "groups"},
						RoleClaim: "realm_access.roles", AllowedDomains: []string{"example.com", "sub.example.org"},
					},
					Roles: team.GroupRoles{"admins": team.Admin, "Support Team": team.Operator},
				},
			},
		},
		{
			name: "a team at Microsoft, without groups",
			env: []string{
				"HOOKWALL_SIGN_IN", "oidc", "HOOKWALL_OIDC_ISSUER", "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
				"HOOKWALL_OIDC_CLIENT_ID", "x", "HOOKWALL_ADMINS", "ada@example.com", "XDG_DATA_HOME", "/xdg",
			},
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/xdg/hookwall/hookwall.db", DataDir: "/xdg/hookwall", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 3,
				SignIn: SignIn{
					Mode: "oidc", Admins: []string{"ada@example.com"}, Roles: team.GroupRoles{},
					OIDC: team.OIDCConfig{
						Issuer:   "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
						ClientID: "x", Scopes: []string{"openid", "email", "profile"},
					},
				},
				Warnings: []string{"HOOKWALL_ADMINS has email addresses, but Microsoft doesn't say whether one is verified. Add the optional claim xms_edov to ID tokens in your app registration"},
			},
		},
		{
			name: "a team at a reverse proxy",
			env: []string{
				"HOOKWALL_SIGN_IN", "header", "HOOKWALL_PROXY_USER_HEADER", "X-Forwarded-User", "HOOKWALL_PROXY_SECRET", testKey,
				"HOOKWALL_TRUSTED_PROXIES", "10.1.2.3", "HOOKWALL_ADMINS", "ada", "XDG_DATA_HOME", "/xdg",
			},
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/xdg/hookwall/hookwall.db", DataDir: "/xdg/hookwall", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 3, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/32")},
				SignIn: SignIn{
					Mode: "header", Admins: []string{"ada"},
					Header: team.HeaderConfig{
						UserHeader: "X-Forwarded-User", Secret: testKey, Proxies: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/32")},
					},
				},
			},
		},
		{
			name: "a team in the sandbox",
			env:  []string{"XDG_DATA_HOME", "/xdg"},
			args: []string{"--team"},
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/xdg/hookwall/hookwall.db", DataDir: "/xdg/hookwall", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 43, SignIn: SignIn{Mode: "sandbox"},
			},
		},
		{
			name: "limits of its own, and none",
			env: []string{
				"HOOKWALL_LIMIT_SIGN_INS", "5, 1/10s", "HOOKWALL_LIMIT_REFUSED_KEYS", "3,2/h", "HOOKWALL_LIMIT_WRITES", "0",
				"HOOKWALL_LIMIT_ADDRESS_WRITES", "1000000,1000/s", "HOOKWALL_LIMIT_CALLS", "1,1/24h",
			},
			want: Config{
				Addr: "127.0.0.1:8080", DatabaseURL: "sqlite:/home/person/.local/share/hookwall/hookwall.db",
				DataDir: "/home/person/.local/share/hookwall", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 3,
				Limits: handlers.Limits{
					SignIns: handlers.Rate{Burst: 5, Every: 10 * time.Second}, BadKeys: handlers.Rate{Burst: 3, Every: 30 * time.Minute},
					AddressWrites: handlers.Rate{Burst: 1_000_000, Every: time.Millisecond}, Calls: handlers.Rate{Burst: 1, Every: 24 * time.Hour},
				},
			},
		},
		{
			name: "a proxy that was not named",
			env:  []string{"HOOKWALL_PUBLIC_URL", "https://hooks.example.com"},
			want: Config{
				Addr: "127.0.0.1:8080", PublicURL: &url.URL{Scheme: "https", Host: "hooks.example.com"}, DatabaseURL: "sqlite:/home/person/.local/share/hookwall/hookwall.db",
				DataDir: "/home/person/.local/share/hookwall", Scopes: []string{"webhook_write", "webhook_read"},
				SandboxAddr: "127.0.0.1:8081", Sandbox: true, Shops: 3,
				Warnings: []string{"HOOKWALL_TRUSTED_PROXIES is not set, so everyone behind your reverse proxy counts as one IP address for the limits. Set it to the proxy's IP address"},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := load(t, env(test.env...), test.args...)
			if err != nil {
				t.Fatal(err)
			}
			got.SessionIdle, got.SessionLife = 0, 0 // see TestSessionTimes
			got.ApproveFrom = 0                     // see TestApproveFrom
			if test.want.Limits == (handlers.Limits{}) {
				test.want.Limits = usualLimits
			}
			if test.want.LogFormat == "" {
				test.want.LogFormat = "auto"
			}
			if test.want.Visits == (Visits{}) {
				test.want.Visits = usualVisits
			}
			if diff := cmp.Diff(test.want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// oidcWith returns the settings of a team at an identity provider, and others that replace or join them.
func oidcWith(pairs ...string) []string {
	return append([]string{
		"HOOKWALL_SIGN_IN", "oidc", "HOOKWALL_OIDC_ISSUER", "https://id.example.com", "HOOKWALL_OIDC_CLIENT_ID", "hookwall",
		"HOOKWALL_ADMINS", "ada@example.com",
	}, pairs...)
}

// headerWith is the same for a team at a reverse proxy.
func headerWith(pairs ...string) []string {
	return append([]string{
		"HOOKWALL_SIGN_IN", "header", "HOOKWALL_PROXY_USER_HEADER", "X-Forwarded-User", "HOOKWALL_PROXY_SECRET", testKey,
		"HOOKWALL_TRUSTED_PROXIES", "10.1.2.3", "HOOKWALL_ADMINS", "ada",
	}, pairs...)
}

// TestTeamInTwoWays shows that --team doesn't replace another way to sign in.
func TestTeamInTwoWays(t *testing.T) {
	_, err := load(t, env(oidcWith()...), "--team")
	if err == nil || !strings.Contains(err.Error(), "--team") {
		t.Errorf("got %v, want an error that names --team", err)
	}
}

// Checklist 8, 15, 35.
func TestConfigProblems(t *testing.T) {
	tests := []struct {
		name string
		env  []string
		want []string // the settings that are named, in order
	}{
		{"not loopback without a public URL", []string{"HOOKWALL_ADDR", ":8080"}, []string{"HOOKWALL_PUBLIC_URL"}},
		{"an address that is none", []string{"HOOKWALL_ADDR", "8080"}, []string{"HOOKWALL_ADDR"}},
		{"a public URL with a path", []string{"HOOKWALL_PUBLIC_URL", "https://e.com/hooks"}, []string{"HOOKWALL_PUBLIC_URL"}},
		{"a public URL without a scheme", []string{"HOOKWALL_PUBLIC_URL", "e.com"}, []string{"HOOKWALL_PUBLIC_URL"}},
		{"a sandbox for everyone", []string{"HOOKWALL_SANDBOX_ADDR", "0.0.0.0:8081"}, []string{"HOOKWALL_SANDBOX_ADDR"}},
		{"more demo shops than there can be", []string{"HOOKWALL_SANDBOX_SHOPS", "1001"}, []string{"HOOKWALL_SANDBOX_SHOPS"}},
		{"fewer than none", []string{"HOOKWALL_SANDBOX_SHOPS", "-1"}, []string{"HOOKWALL_SANDBOX_SHOPS"}},
		{"some demo shops", []string{"HOOKWALL_SANDBOX_SHOPS", "some"}, []string{"HOOKWALL_SANDBOX_SHOPS"}},
		{"no place for the database", []string{"HOME", ""}, []string{"HOOKWALL_DATABASE_URL"}},
		{"contacts that are none", []string{"HOOKWALL_SECURITY_CONTACT", "nobody,http://example.com/report"}, []string{"HOOKWALL_SECURITY_CONTACT", "HOOKWALL_SECURITY_CONTACT"}},
		{"a proxy that is none", []string{"HOOKWALL_TRUSTED_PROXIES", "10.0.0.0/8,proxy"}, []string{"HOOKWALL_TRUSTED_PROXIES"}},
		{"a real Fourthwall without a key", []string{"FOURTHWALL_CLIENT_ID", "x"}, []string{"HOOKWALL_SECRET_KEY"}},
		{"a key that is none", []string{"HOOKWALL_SECRET_KEY", "short"}, []string{"HOOKWALL_SECRET_KEY"}},
		{"another kind of database", []string{"HOOKWALL_DATABASE_URL", "mysql://me:pw@db/h"}, []string{"HOOKWALL_DATABASE_URL"}},
		{"Postgres in the sandbox without a key", []string{"HOOKWALL_DATABASE_URL", "postgres://me:pw@db/h"}, []string{"HOOKWALL_SECRET_KEY"}},
		{"Postgres for real without a key", []string{"HOOKWALL_DATABASE_URL", "postgresql://me:pw@db/h", "FOURTHWALL_CLIENT_ID", "x"}, []string{"HOOKWALL_SECRET_KEY"}},
		{"Postgres without a place for the sandbox", []string{"HOOKWALL_DATABASE_URL", "postgres://me:pw@db/h", "HOOKWALL_SECRET_KEY", testKey, "HOME", ""}, []string{"XDG_DATA_HOME"}},
		{"Postgres for real needs no place", []string{"HOOKWALL_DATABASE_URL", "postgres://me:pw@db/h", "HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_CLIENT_ID", "x", "HOME", ""}, nil},
		{"a key twice", []string{"HOOKWALL_SECRET_KEY", testKey, "HOOKWALL_SECRET_KEY_FILE", "/nowhere"}, []string{"HOOKWALL_SECRET_KEY", "HOOKWALL_SECRET_KEY_FILE"}},
		{
			"plain http upstream",
			[]string{
				"HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_CLIENT_ID", "x", "FOURTHWALL_API_URL", "http://api.example.com",
			},
			[]string{"FOURTHWALL_API_URL", "FOURTHWALL_TOKEN_URL"},
		},
		{"plain http for channels", append(headerWith("HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_API_URL", "https://api.example.com"), "HOOKWALL_CHANNEL_TOKEN_URL", "http://id.example.com/token"), []string{"HOOKWALL_CHANNEL_TOKEN_URL"}},
		{"plain http upstream, allowed", []string{"HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_API_URL", "http://api.example.com", "HOOKWALL_INSECURE_UPSTREAM", "1"}, nil},
		{"a sign-in address without a client", []string{"HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_API_URL", "https://api.example.com", "FOURTHWALL_AUTH_URL", "https://a.example.com"}, []string{"FOURTHWALL_AUTH_URL"}},
		{"no scopes", []string{"HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_CLIENT_ID", "x", "FOURTHWALL_SCOPES", " "}, []string{"FOURTHWALL_SCOPES"}},
		{"a limit without a rate", []string{"HOOKWALL_LIMIT_SIGN_INS", "10"}, []string{"HOOKWALL_LIMIT_SIGN_INS"}},
		{"a limit of nothing at once", []string{"HOOKWALL_LIMIT_REFUSED_KEYS", "0,1/s"}, []string{"HOOKWALL_LIMIT_REFUSED_KEYS"}},
		{"a limit that never gives", []string{"HOOKWALL_LIMIT_WRITES", "1,0/s"}, []string{"HOOKWALL_LIMIT_WRITES"}},
		{"a limit without a time", []string{"HOOKWALL_LIMIT_ADDRESS_WRITES", "1,1/x"}, []string{"HOOKWALL_LIMIT_ADDRESS_WRITES"}},
		{"a limit that goes back", []string{"HOOKWALL_LIMIT_CALLS", "1,1/-1s"}, []string{"HOOKWALL_LIMIT_CALLS"}},
		{"a session that ends before it began", []string{"HOOKWALL_SESSION_IDLE", "-1h"}, []string{"HOOKWALL_SESSION_IDLE"}},
		{"a session of no time", []string{"HOOKWALL_SESSION_LIFE", "59s"}, []string{"HOOKWALL_SESSION_LIFE"}},
		{"a session beyond reason", []string{"HOOKWALL_SESSION_LIFE", "401d"}, []string{"HOOKWALL_SESSION_LIFE"}},
		{"a session beyond all numbers", []string{"HOOKWALL_SESSION_LIFE", "2000000d"}, []string{"HOOKWALL_SESSION_LIFE"}},
		{"a visit without a unit", []string{"HOOKWALL_VISIT_OAUTH", "12"}, []string{"HOOKWALL_VISIT_OAUTH"}},
		{"visits all the time", []string{"HOOKWALL_VISIT_API_KEYS", "0s"}, []string{"HOOKWALL_VISIT_API_KEYS"}},
		{"deliveries that are kept forever", []string{"HOOKWALL_KEEP_DELIVERIES", "401d"}, []string{"HOOKWALL_KEEP_DELIVERIES"}},
		{"an approval that isn't a number", []string{"HOOKWALL_APPROVE_FROM", "two"}, []string{"HOOKWALL_APPROVE_FROM"}},
		{"an approval from less than nothing", []string{"HOOKWALL_APPROVE_FROM", "-1"}, []string{"HOOKWALL_APPROVE_FROM"}},
		{"a session without a unit", []string{"HOOKWALL_SESSION_IDLE", "12"}, []string{"HOOKWALL_SESSION_IDLE"}},
		{"a session that idles longer than it lasts", []string{"HOOKWALL_SESSION_IDLE", "2d", "HOOKWALL_SESSION_LIFE", "36h"}, []string{"HOOKWALL_SESSION_IDLE"}},
		{"an address for metrics that is none", []string{"HOOKWALL_METRICS_ADDR", "9464"}, []string{"HOOKWALL_METRICS_ADDR"}},
		{"a log format that is none", []string{"HOOKWALL_LOG_FORMAT", "xml"}, []string{"HOOKWALL_LOG_FORMAT"}},
		{"limits beyond reason", []string{"HOOKWALL_LIMIT_SIGN_INS", "1000001,1/s", "HOOKWALL_LIMIT_WRITES", "1,1001/s", "HOOKWALL_LIMIT_CALLS", "1,1/25h"}, []string{"HOOKWALL_LIMIT_SIGN_INS", "HOOKWALL_LIMIT_WRITES", "HOOKWALL_LIMIT_CALLS"}},
		{"a team without a way to sign in", []string{"HOOKWALL_OIDC_ISSUER", "https://id.example.com", "HOOKWALL_PROXY_SECRET", testKey, "HOOKWALL_ADMINS", "ada"}, []string{"HOOKWALL_OIDC_ISSUER", "HOOKWALL_PROXY_SECRET", "HOOKWALL_ADMINS"}},
		{"a team's name without a team", []string{"HOOKWALL_TEAM_NAME", "Lantern Desk"}, []string{"HOOKWALL_TEAM_NAME"}},
		{"a team's name that can't be read", oidcWith("HOOKWALL_TEAM_NAME", "a\u202eb"), []string{"HOOKWALL_TEAM_NAME"}},
		{"a team's name that is a text", oidcWith("HOOKWALL_TEAM_NAME", strings.Repeat("n", 61)), []string{"HOOKWALL_TEAM_NAME"}},
		{"another way to sign in", []string{"HOOKWALL_SIGN_IN", "saml"}, []string{"HOOKWALL_SIGN_IN"}},
		{"an identity provider without its settings", []string{"HOOKWALL_SIGN_IN", "oidc"}, []string{"HOOKWALL_OIDC_ISSUER", "HOOKWALL_OIDC_CLIENT_ID", "HOOKWALL_ADMINS"}},
		{"an identity provider and a proxy", oidcWith("HOOKWALL_PROXY_USER_HEADER", "X-User"), []string{"HOOKWALL_PROXY_USER_HEADER"}},
		{"an issuer that is none", oidcWith("HOOKWALL_OIDC_ISSUER", "id.example.com"), []string{"HOOKWALL_OIDC_ISSUER"}},
		{"a plain http issuer", oidcWith("HOOKWALL_OIDC_ISSUER", "http://id.example.com"), []string{"HOOKWALL_OIDC_ISSUER"}},
		{"an issuer on this machine", oidcWith("HOOKWALL_OIDC_ISSUER", "http://localhost:8180/realms/a"), nil},
		{"a discovery document for an issuer", oidcWith("HOOKWALL_OIDC_ISSUER", "https://id.example.com/.well-known/openid-configuration"), []string{"HOOKWALL_OIDC_ISSUER"}},
		{"all of Microsoft", oidcWith("HOOKWALL_OIDC_ISSUER", "https://login.microsoftonline.com/common/v2.0"), []string{"HOOKWALL_OIDC_ISSUER"}},
		{"all organizations", oidcWith("HOOKWALL_OIDC_ISSUER", "https://login.microsoftonline.com/Organizations/v2.0"), []string{"HOOKWALL_OIDC_ISSUER"}},
		{"a tenant that was left open", oidcWith("HOOKWALL_OIDC_ISSUER", "https://login.microsoftonline.com/{tenantid}/v2.0"), []string{"HOOKWALL_OIDC_ISSUER"}},
		{"Microsoft without a tenant", oidcWith("HOOKWALL_OIDC_ISSUER", "https://login.microsoftonline.com/"), []string{"HOOKWALL_OIDC_ISSUER"}},
		{"groups whose roles are wrong", oidcWith("HOOKWALL_OIDC_ROLES", "admins=owner,support"), []string{"HOOKWALL_OIDC_ROLES", "HOOKWALL_OIDC_ROLES"}},
		{"a claim without roles", oidcWith("HOOKWALL_OIDC_ROLE_CLAIM", "groups"), []string{"HOOKWALL_OIDC_ROLE_CLAIM"}},
		{"domains that are none", oidcWith("HOOKWALL_OIDC_ALLOWED_DOMAINS", "*.example.com,localhost,https://example.com"), []string{"HOOKWALL_OIDC_ALLOWED_DOMAINS", "HOOKWALL_OIDC_ALLOWED_DOMAINS", "HOOKWALL_OIDC_ALLOWED_DOMAINS"}},
		{"no admin, but an admin group", oidcWith("HOOKWALL_ADMINS", "", "HOOKWALL_OIDC_ROLES", "a=admin"), nil},
		{"no admin, and no admin group", oidcWith("HOOKWALL_ADMINS", " , ", "HOOKWALL_OIDC_ROLES", "a=operator"), []string{"HOOKWALL_ADMINS"}},
		{"a client secret twice", oidcWith("HOOKWALL_OIDC_CLIENT_SECRET", "x", "HOOKWALL_OIDC_CLIENT_SECRET_FILE", "/nowhere"), []string{"HOOKWALL_OIDC_CLIENT_SECRET", "HOOKWALL_OIDC_CLIENT_SECRET_FILE"}},
		{"a proxy without its settings", []string{"HOOKWALL_SIGN_IN", "header"}, []string{"HOOKWALL_PROXY_USER_HEADER", "HOOKWALL_PROXY_SECRET", "HOOKWALL_TRUSTED_PROXIES", "HOOKWALL_ADMINS"}},
		{"a proxy without a header", headerWith("HOOKWALL_PROXY_USER_HEADER", ""), []string{"HOOKWALL_PROXY_USER_HEADER"}},
		{"a proxy without a secret", headerWith("HOOKWALL_PROXY_SECRET", ""), []string{"HOOKWALL_PROXY_SECRET"}},
		{"a proxy without an address", headerWith("HOOKWALL_TRUSTED_PROXIES", ""), []string{"HOOKWALL_TRUSTED_PROXIES"}},
		{"a proxy that is everyone", headerWith("HOOKWALL_TRUSTED_PROXIES", "::/0,0.0.0.0/0"), []string{"HOOKWALL_TRUSTED_PROXIES", "HOOKWALL_TRUSTED_PROXIES"}},
		{"a header with an underscore", headerWith("HOOKWALL_PROXY_USER_HEADER", "X_Forwarded_User"), []string{"HOOKWALL_PROXY_USER_HEADER"}},
		{"a header with another meaning", headerWith("HOOKWALL_PROXY_USER_HEADER", "Cookie"), []string{"HOOKWALL_PROXY_USER_HEADER"}},
		{"the secret's header for the person", headerWith("HOOKWALL_PROXY_USER_HEADER", "x-hookwall-proxy-secret"), []string{"HOOKWALL_PROXY_USER_HEADER"}},
		{"a short secret", headerWith("HOOKWALL_PROXY_SECRET", "hunter2"), []string{"HOOKWALL_PROXY_SECRET"}},
		{"a secret with a line break", headerWith("HOOKWALL_PROXY_SECRET", testKey+"\n"+testKey), []string{"HOOKWALL_PROXY_SECRET"}},
		{"a proxy and an identity provider", headerWith("HOOKWALL_OIDC_CLIENT_ID", "x"), []string{"HOOKWALL_OIDC_CLIENT_ID"}},
		{"the sandbox's people for real shops", []string{"HOOKWALL_SIGN_IN", "sandbox", "FOURTHWALL_CLIENT_ID", "x", "HOOKWALL_SECRET_KEY", testKey}, []string{"HOOKWALL_SIGN_IN"}},
		{
			"all at once",
			[]string{"HOOKWALL_ADDR", "0.0.0.0:1", "HOOKWALL_TRUSTED_PROXIES", "x", "FOURTHWALL_API_URL", "nonsense"},
			[]string{"HOOKWALL_PUBLIC_URL", "HOOKWALL_TRUSTED_PROXIES", "HOOKWALL_SECRET_KEY", "FOURTHWALL_API_URL"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, env(test.env...))
			var got []string
			if err != nil {
				for line := range strings.SplitSeq(err.Error(), "\n") {
					name, _, _ := strings.Cut(line, " ")
					got = append(got, strings.TrimSuffix(name, ":"))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestSecretFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := env("HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_CLIENT_ID", "x")
	got, err := load(t, settings, "--fourthwall-client-secret-file", file)
	if err != nil || got.ClientSecret != "from the file" {
		t.Errorf("client secret from the file was not read: %v", err)
	}
	got, err = load(t, env(oidcWith("HOOKWALL_OIDC_CLIENT_SECRET_FILE", file)...))
	if err != nil || got.SignIn.OIDC.ClientSecret != "from the file" {
		t.Errorf("the identity provider's secret was not read: %v", err)
	}
}

// TestSettingsAreExplained compares the help text and the documents with the settings.
func TestSettingsAreExplained(t *testing.T) {
	var help bytes.Buffer
	if err := run(context.Background(), []string{"-h"}, env(), &help); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"hookwall -h": help.String()}
	for _, file := range []string{"docs/configuration.md", ".env.example"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(b)
	}
	for _, name := range []string{
		"HOOKWALL_ADDR", "HOOKWALL_PUBLIC_URL", "HOOKWALL_DATABASE_URL", "HOOKWALL_SECRET_KEY", "HOOKWALL_SECRET_KEY_FILE",
		"FOURTHWALL_CLIENT_ID", "FOURTHWALL_CLIENT_SECRET", "FOURTHWALL_CLIENT_SECRET_FILE", "FOURTHWALL_API_URL",
		"FOURTHWALL_AUTH_URL", "FOURTHWALL_TOKEN_URL", "FOURTHWALL_IMPLICIT_AUTH_URL", "HOOKWALL_CHANNEL_TOKEN_URL", "FOURTHWALL_SCOPES",
		"HOOKWALL_SANDBOX_ADDR", "HOOKWALL_SANDBOX_SHOPS", "HOOKWALL_TRUSTED_PROXIES", "HOOKWALL_SECURITY_CONTACT", "HOOKWALL_ALLOW_PRIVATE_TARGETS", "HOOKWALL_INSECURE_UPSTREAM",
		"HOOKWALL_LIMIT_SIGN_INS", "HOOKWALL_LIMIT_REFUSED_KEYS", "HOOKWALL_LIMIT_WRITES", "HOOKWALL_LIMIT_ADDRESS_WRITES", "HOOKWALL_LIMIT_CALLS", "HOOKWALL_LOG_FORMAT", "HOOKWALL_METRICS_ADDR",
		"HOOKWALL_APPROVE_FROM",
		"HOOKWALL_SESSION_IDLE", "HOOKWALL_SESSION_LIFE",
		"HOOKWALL_NO_VISITS", "HOOKWALL_VISIT_OAUTH", "HOOKWALL_VISIT_API_KEYS", "HOOKWALL_VISIT_FAILING",
		"HOOKWALL_KEEP_DELIVERIES", "HOOKWALL_KEEP_CHANGES",
		"HOOKWALL_SIGN_IN", "HOOKWALL_TEAM_NAME", "HOOKWALL_ADMINS", "HOOKWALL_OIDC_ISSUER", "HOOKWALL_OIDC_CLIENT_ID", "HOOKWALL_OIDC_CLIENT_SECRET", "HOOKWALL_OIDC_CLIENT_SECRET_FILE",
		"HOOKWALL_OIDC_SCOPES", "HOOKWALL_OIDC_ROLE_CLAIM", "HOOKWALL_OIDC_ROLES", "HOOKWALL_OIDC_ALLOWED_DOMAINS", "HOOKWALL_PROXY_USER_HEADER", "HOOKWALL_PROXY_SECRET", "HOOKWALL_PROXY_SECRET_FILE",
	} {
		for where, text := range texts {
			if !strings.Contains(text, name) {
				t.Errorf("%s does not explain %s", where, name)
			}
		}
	}
}

var usualVisits = Visits{
	Intervals:      fleet.DefaultIntervals(),
	KeepDeliveries: store.KeepDeliveries, KeepChanges: store.KeepChanges,
}

// TestVisitSettings: each setting of visits reaches its own field.
func TestVisitSettings(t *testing.T) {
	got, err := load(t, env("HOOKWALL_NO_VISITS", "1", "HOOKWALL_VISIT_OAUTH", "2h", "HOOKWALL_VISIT_API_KEYS", "3h",
		"HOOKWALL_VISIT_FAILING", "4m", "HOOKWALL_KEEP_DELIVERIES", "5d", "HOOKWALL_KEEP_CHANGES", "6d"))
	want := Visits{
		Off: true, Intervals: fleet.Intervals{OAuth: 2 * time.Hour, APIKey: 3 * time.Hour, Failing: 4 * time.Minute},
		KeepDeliveries: 5 * 24 * time.Hour, KeepChanges: 6 * 24 * time.Hour,
	}
	if err != nil || got.Visits != want {
		t.Errorf("%+v, %v; want %+v", got.Visits, err, want)
	}
}

// TestApproveFrom: from how many shops on another person approves a plan.
func TestApproveFrom(t *testing.T) {
	for given, want := range map[string]int{"": 20, "0": 0, "1": 1, "1000": 1000} {
		got, err := load(t, env("HOOKWALL_APPROVE_FROM", given))
		if err != nil || got.ApproveFrom != want {
			t.Errorf("%q: %d, %v", given, got.ApproveFrom, err)
		}
	}
}

// TestSessionTimes: sessions last longer where nobody else has the machine.
func TestSessionTimes(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name       string
		env        []string
		idle, life time.Duration
	}{
		{"on this machine", nil, 30 * day, 90 * day},
		{"on this machine, by its URL", []string{"HOOKWALL_PUBLIC_URL", "http://localhost:8080"}, 30 * day, 90 * day},
		{"for others", []string{"HOOKWALL_PUBLIC_URL", "https://hooks.example.com"}, 12 * time.Hour, 7 * day},
		{"as set", []string{"HOOKWALL_SESSION_IDLE", "90m", "HOOKWALL_SESSION_LIFE", "1.5d"}, 90 * time.Minute, 36 * time.Hour},
		{"a short life", []string{"HOOKWALL_SESSION_LIFE", "1h"}, time.Hour, time.Hour},
		{"the longest", []string{"HOOKWALL_SESSION_IDLE", "400d", "HOOKWALL_SESSION_LIFE", "400d"}, 400 * day, 400 * day},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := load(t, env(test.env...))
			if err != nil || got.SessionIdle != test.idle || got.SessionLife != test.life {
				t.Errorf("%v, %v: %v; want %v, %v", got.SessionIdle, got.SessionLife, err, test.idle, test.life)
			}
		})
	}
}

func TestSecurityContacts(t *testing.T) {
	given := "security@example.com, mailto:soc@example.com,https://example.com/report?a=b"
	want := []string{"mailto:security@example.com", "mailto:soc@example.com", "https://example.com/report?a=b"}
	got, err := load(t, env("HOOKWALL_SECURITY_CONTACT", given))
	if diff := cmp.Diff(want, got.SecurityContacts); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// TestCommandsAfterFlags checks that a command line that begins with a flag is read with all commands, where that
// makes a difference.
func TestCommandsAfterFlags(t *testing.T) {
	tests := map[string]struct {
		args                     []string
		command, errorHas, print string
	}{
		"nothing":               {nil, "serve", "", ""},
		"a flag":                {[]string{"--addr", "127.0.0.1:0"}, "serve", "", ""},
		"a command":             {[]string{"--addr", "127.0.0.1:0", "version"}, "", `not "version"`, ""},
		"a command after --":    {[]string{"--", "doctor"}, "doctor", "", ""},
		"help":                  {[]string{"--addr=127.0.0.1:0", "-h"}, "", "", "Write a script that completes"},
		"help that comes first": {[]string{"-h"}, "", "", "HOOKWALL_ADDR"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			_, command, done, err := parseArgs(tt.args, env(), &out)
			if command != tt.command || (err != nil) != (tt.errorHas != "") || done != (tt.print != "") {
				t.Errorf("command %q, error %v, done %v", command, err, done)
			}
			if err != nil && !strings.Contains(err.Error(), tt.errorHas) {
				t.Errorf("error %v, want one that has %s", err, tt.errorHas)
			}
			if !strings.Contains(out.String(), tt.print) || tt.print == "" && out.Len() > 0 {
				t.Errorf("printed %q", out.String())
			}
		})
	}
}
