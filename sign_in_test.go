package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"hookwall/internal/sandbox"
	"hookwall/internal/team"
)

// atSandbox starts a sandbox for a team, as the dashboard does, and returns its
// settings.
func atSandbox(t *testing.T) *Config {
	t.Helper()
	const public = "http://127.0.0.1:9"
	settings := env("HOME", t.TempDir(), "HOOKWALL_PUBLIC_URL", public, "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0")
	c, err := load(t, settings, "--team")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	servers, ctx := errgroup.WithContext(ctx)
	emulator, _, err := startSandbox(ctx, &c, servers, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := servers.Wait(); err != nil {
			t.Error(err)
		}
		if err := emulator.Close(); err != nil {
			t.Error(err)
		}
	})
	return &c
}

// choosePerson opens the URL of a sign-in as a browser does, chooses somebody,
// and returns the query of the callback.
func choosePerson(t *testing.T, address, person string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	form := u.Query()
	form.Set("person", person)
	u.RawQuery = ""
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		t.Fatalf("status %d: %v", resp.StatusCode, err)
	}
	if at := to.Scheme + "://" + to.Host + to.Path; at != "http://127.0.0.1:9/sign-in/callback" {
		t.Errorf("it leads to %s", at)
	}
	return to.Query()
}

// TestSignInAtSandbox signs everybody in at the sandbox: the identity provider
// and its client don't share code, so a mistake in one would show.
func TestSignInAtSandbox(t *testing.T) {
	c := atSandbox(t)
	provider, err := c.provider()
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantRoles := map[string]team.Role{"person-1": team.Admin, "person-2": team.Operator, "person-3": team.Viewer}
	for _, person := range sandbox.People() {
		attempt, to, err := provider.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		back := choosePerson(t, to, person.ID)
		got, err := provider.Finish(t.Context(), attempt, back)
		want := team.Identity{
			Issuer: c.SignIn.OIDC.Issuer, Subject: person.ID, Name: person.Name, Email: person.Email, EmailVerified: true,
			Groups: []string{person.Group},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v, identity differs (-want +got):\n%s", person.Name, err, diff)
		}
		if role := c.SignIn.Roles.Of(got.Groups); role != wantRoles[person.ID] {
			t.Errorf("%s is %q, want %q", person.Name, role, wantRoles[person.ID])
		}
		if _, err := provider.Finish(t.Context(), attempt, back); err == nil {
			t.Errorf("%s: the same callback again: no error", person.Name)
		}
	}
}

// TestCallbacksAtSandbox changes callbacks that the sandbox made.
func TestCallbacksAtSandbox(t *testing.T) {
	c := atSandbox(t)
	provider, err := c.provider()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		person string
		change func(a *team.Attempt, back url.Values)
		want   string // the problem
	}{
		"canceled":      {"nobody", func(*team.Attempt, url.Values) {}, string(team.ProblemDenied)},
		"other state":   {"person-1", func(_ *team.Attempt, b url.Values) { b.Set("state", "x") }, string(team.ProblemMismatch)},
		"other nonce":   {"person-1", func(a *team.Attempt, _ url.Values) { a.Nonce = "x" }, string(team.ProblemMismatch)},
		"no issuer":     {"person-1", func(_ *team.Attempt, b url.Values) { b.Del("iss") }, string(team.ProblemMismatch)},
		"other issuer":  {"person-1", func(_ *team.Attempt, b url.Values) { b.Set("iss", "https://x.example") }, string(team.ProblemMismatch)},
		"other code":    {"person-1", func(_ *team.Attempt, b url.Values) { b.Set("code", "x") }, string(team.ProblemMismatch)},
		"other browser": {"person-1", func(a *team.Attempt, _ url.Values) { a.Verifier = strings.Repeat("x", 43) }, string(team.ProblemMismatch)},
	} {
		attempt, to, err := provider.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		back := choosePerson(t, to, tt.person)
		tt.change(&attempt, back)
		_, err = provider.Finish(t.Context(), attempt, back)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

// TestSandboxSignsNobodyInByDefault shows that the identity provider knows no
// app unless a team was asked for.
func TestSandboxSignsNobodyInByDefault(t *testing.T) {
	c := &Config{Addr: "127.0.0.1:0"}
	if clients := signInAtSandbox(c, "http://127.0.0.1:8081"); clients != nil || c.SignIn.OIDC.Issuer != "" {
		t.Errorf("clients %v, issuer %q", clients, c.SignIn.OIDC.Issuer)
	}
	if provider, err := c.provider(); provider != nil || err != nil {
		t.Errorf("provider %v, error %v", provider, err)
	}
}
