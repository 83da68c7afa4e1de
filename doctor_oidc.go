package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hookwall/internal/team"
)

// checkOIDC prints the settings of the identity provider, and reads its metadata and its keys.
func (d *diagnosis) checkOIDC(ctx context.Context, c Config) {
	s := c.SignIn
	d.fact("Sign-in", "OpenID Connect at "+s.OIDC.Issuer)
	d.fact("Client ID", s.OIDC.ClientID)
	d.fact("Redirect URL", redirectURL(&c)+" (register exactly this)")
	d.fact("Scopes", strings.Join(s.OIDC.Scopes, " "))
	if len(s.OIDC.AllowedDomains) > 0 {
		d.fact("Domains", strings.Join(s.OIDC.AllowedDomains, ", "))
	}
	for _, name := range groups(s.Roles) {
		d.fact("Group", fmt.Sprintf("%s in %s: %s", name, s.OIDC.RoleClaim, s.Roles[name]))
	}
	if len(s.Admins) > 0 {
		d.fact("Admins", strings.Join(s.Admins, ", "))
	}
	provider, err := c.provider()
	if err != nil {
		d.problem("Provider", err.Error(), "Correct the setting.")
		return
	}
	started := time.Now()
	if err := provider.Check(ctx); err != nil {
		d.problem("Provider", causeOf(err), whatToDo(err))
		return
	}
	d.fact("Provider", fmt.Sprintf("ready, responded in %d ms. The clocks agree", time.Since(started).Milliseconds()))
	keys, err := provider.Keys(ctx)
	switch {
	case err != nil:
		d.problem("Keys", causeOf(err), whatToDo(err))
	case keys == 0:
		d.problem("Keys", "the provider lists no key that can sign an ID token", "Set up an RSA, EC or Ed25519 key there.")
	default:
		d.fact("Keys", fmt.Sprintf("the provider lists %d for ID tokens", keys))
	}
	d.fact("Not checked", "client ID and secret. The provider checks them when somebody signs in")
}

// causeOf says what is wrong with an identity provider.
func causeOf(err error) string {
	var failed *team.SignInError
	if !errors.As(err, &failed) {
		return err.Error()
	}
	cause := strings.TrimSuffix(fmt.Sprint(failed.Err), ".")
	switch failed.Problem {
	case team.ProblemSettings:
		return failed.Setting + ": " + cause
	case team.ProblemClock:
		return cause
	}
	return "the identity provider can't be used now: " + cause
}

// whatToDo says what to do about it.
func whatToDo(err error) string {
	var failed *team.SignInError
	switch {
	case errors.As(err, &failed) && failed.Problem == team.ProblemSettings:
		return "Correct the setting."
	case errors.As(err, &failed) && failed.Problem == team.ProblemClock:
		return "Synchronize the clocks, or nobody can sign in."
	}
	return "Check that this machine can reach it. Hookwall starts without it, and nobody can sign in until it responds."
}
