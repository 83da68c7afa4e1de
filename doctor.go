package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"hookwall/internal/jobs"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// checkSetUp prints how people sign in, and tries the database and the identity
// provider. It returns an error if nobody could sign in.
func checkSetUp(ctx context.Context, f serveFlags, getenv func(string) string, stdout io.Writer) error {
	c, err := loadConfig(f, getenv)
	if err != nil {
		return err
	}
	for _, warning := range c.Warnings {
		fmt.Fprintln(stdout, "Warning:", warning)
	}
	if err := checkDatabase(ctx, c, stdout); err != nil {
		return err
	}
	if c.ChannelTokenURL != "" {
		fact(stdout, "Channels", "tokens from "+c.ChannelTokenURL)
	}
	if c.SignIn.Mode != signInPersonal {
		fact(stdout, "Team", c.teamName())
	}
	switch c.SignIn.Mode {
	case signInOIDC:
		return checkOIDC(ctx, c, stdout)
	case signInHeader:
		fact(stdout, "Sign-in", "header "+c.SignIn.Header.UserHeader+" of your reverse proxy")
		fact(stdout, "Proxies", joined(c.SignIn.Header.Proxies))
		fact(stdout, "Secret", "set. The proxy must send it in "+team.ProxySecretHeader)
		fact(stdout, "Admins", strings.Join(c.SignIn.Admins, ", "))
	case signInSandbox:
		fact(stdout, "Sign-in", "at the sandbox, with three people to choose from. For trying only")
	default:
		fact(stdout, "Sign-in", "none. Each browser connects its own shops")
	}
	return nil
}

// checkDatabase prints whether the tables are up to date. It changes none.
func checkDatabase(ctx context.Context, c Config, stdout io.Writer) error {
	if !store.IsPostgres(c.DatabaseURL) { // only one process can open the file
		fact(stdout, "Database", "SQLite. Each start updates its tables")
		return nil
	}
	found, err := jobs.Inspect(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	switch {
	case found.Current > found.Known:
		return fmt.Errorf("HOOKWALL_DATABASE_URL: the tables have version %d, and this Hookwall knows %d. "+
			"Start the newer Hookwall that made them", found.Current, found.Known)
	case found.Current < found.Known:
		fact(stdout, "Database", fmt.Sprintf("Postgres, tables at version %d of %d. The next start updates them",
			found.Current, found.Known))
	default:
		fact(stdout, "Database", "Postgres, tables up to date")
	}
	if found.Jobs {
		fact(stdout, "Background", "tables up to date")
	} else {
		fact(stdout, "Background", "tables not up to date. The next start updates them")
	}
	return nil
}

// checkOIDC prints the settings of the identity provider, and reads its metadata.
func checkOIDC(ctx context.Context, c Config, stdout io.Writer) error {
	s := c.SignIn
	fact(stdout, "Sign-in", "OpenID Connect at "+s.OIDC.Issuer)
	fact(stdout, "Client ID", s.OIDC.ClientID)
	fact(stdout, "Redirect URL", redirectURL(&c)+" (register exactly this)")
	fact(stdout, "Scopes", strings.Join(s.OIDC.Scopes, " "))
	if len(s.OIDC.AllowedDomains) > 0 {
		fact(stdout, "Domains", strings.Join(s.OIDC.AllowedDomains, ", "))
	}
	for _, name := range groups(s.Roles) {
		fact(stdout, "Group", fmt.Sprintf("%s in %s: %s", name, s.OIDC.RoleClaim, s.Roles[name]))
	}
	if len(s.Admins) > 0 {
		fact(stdout, "Admins", strings.Join(s.Admins, ", "))
	}
	provider, err := c.provider()
	if err != nil {
		return err
	}
	started := time.Now()
	if err := provider.Check(ctx); err != nil {
		return errors.New(whatToDo(err))
	}
	took := time.Since(started).Milliseconds()
	fact(stdout, "Provider", fmt.Sprintf("ready, responded in %d ms. The clocks agree", took))
	fact(stdout, "Not checked", "client ID and secret. The provider checks them when somebody signs in")
	return nil
}

// whatToDo says what is wrong with an identity provider, and what to do.
func whatToDo(err error) string {
	var failed *team.SignInError
	if !errors.As(err, &failed) {
		return err.Error()
	}
	cause := strings.TrimSuffix(fmt.Sprint(failed.Err), ".")
	switch failed.Problem {
	case team.ProblemSettings:
		return failed.Setting + ": " + cause
	case team.ProblemClock:
		return cause + ". Synchronize the clocks, or nobody can sign in"
	}
	return "the identity provider can't be used now: " + cause + ". Hookwall starts without it, and nobody can sign in " +
		"until it responds"
}

// fact prints a line with a name and a value.
func fact(stdout io.Writer, name, value string) {
	fmt.Fprintf(stdout, "%-13s %s\n", name, value)
}

func joined(prefixes []netip.Prefix) string {
	var out []string
	for _, prefix := range prefixes {
		out = append(out, prefix.String())
	}
	return strings.Join(out, ", ")
}
