package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"hookwall/internal/team"
)

// doctorTime is how long one check may take.
const doctorTime = 15 * time.Second

// maxDrift is how far clocks may differ.
const maxDrift = time.Minute

// diagnosis prints what the doctor sees, and what to do where something is wrong.
type diagnosis struct {
	out   io.Writer
	wrong int
}

// fact prints a line with a name and a value.
func (d *diagnosis) fact(name, value string) {
	fmt.Fprintf(d.out, "%-13s %s\n", name, value)
}

// problem prints what is wrong, and what to do.
func (d *diagnosis) problem(name, saw, do string) {
	d.wrong++
	d.fact(name, "PROBLEM: "+strings.Join(strings.Fields(strings.TrimSuffix(saw, ".")), " "))
	d.fact("", do)
}

// checkSetUp checks the settings and everything that the dashboard needs. It prints a line for each, and returns an
// error if something is wrong.
func checkSetUp(ctx context.Context, f serveFlags, getenv func(string) string, stdout io.Writer) error {
	c, err := loadConfig(f, getenv)
	if err != nil {
		return err
	}
	d := &diagnosis{out: stdout}
	for _, warning := range c.Warnings {
		d.fact("Warning", warning)
	}
	for _, check := range []func(context.Context, Config){
		d.checkDatabase, d.checkFourthwall, d.checkSignIn, d.checkInstance,
	} {
		limited, cancel := context.WithTimeout(ctx, doctorTime)
		check(limited, c)
		cancel()
	}
	switch d.wrong {
	case 0:
		d.fact("Result", "no problems found")
		return nil
	case 1:
		return fmt.Errorf("1 problem found")
	}
	return fmt.Errorf("%d problems found", d.wrong)
}

// ownURL returns a URL of the dashboard.
func ownURL(c Config, path string) string {
	if c.PublicURL == nil {
		return "http://" + c.Addr + path
	}
	return c.PublicURL.String() + path
}

// drift prints how far another clock differs from this machine's.
func (d *diagnosis) drift(whose string, ahead time.Duration) {
	switch ahead = ahead.Round(time.Second); {
	case ahead.Abs() <= maxDrift:
		d.fact("Clock", fmt.Sprintf("agrees with %s to within %s", whose, max(time.Second, ahead.Abs())))
	case ahead > 0:
		d.problem("Clock", fmt.Sprintf("this machine's clock is %s behind %s", ahead, whose), synchronize)
	default:
		d.problem("Clock", fmt.Sprintf("this machine's clock is %s ahead of %s", -ahead, whose), synchronize)
	}
}

const synchronize = "Synchronize the clocks, for example with systemd-timesyncd or chrony."

// checkSignIn prints how people sign in, and checks the identity provider.
func (d *diagnosis) checkSignIn(ctx context.Context, c Config) {
	if c.SignIn.Mode != signInPersonal {
		d.fact("Team", c.teamName())
	}
	switch c.SignIn.Mode {
	case signInOIDC:
		d.checkOIDC(ctx, c)
	case signInHeader:
		d.fact("Sign-in", "header "+c.SignIn.Header.UserHeader+" of your reverse proxy")
		d.fact("Proxies", joined(c.SignIn.Header.Proxies))
		d.fact("Secret", "set. The proxy must send it in "+team.ProxySecretHeader)
		d.fact("Admins", strings.Join(c.SignIn.Admins, ", "))
	case signInSandbox:
		d.fact("Sign-in", "at the sandbox, with three people to choose from. For trying only")
	default:
		d.fact("Sign-in", "none. Each browser connects its own shops")
	}
}

func joined(prefixes []netip.Prefix) string {
	var out []string
	for _, prefix := range prefixes {
		out = append(out, prefix.String())
	}
	return strings.Join(out, ", ")
}
