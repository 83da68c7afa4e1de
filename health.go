package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// healthTime is how long a dashboard may take to respond.
const healthTime = 5 * time.Second

// healthFlags say which dashboard to ask: the one with the same settings.
type healthFlags struct {
	Addr      string `hw:"HOOKWALL_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address that the dashboard listens on."`
	PublicURL string `hw:"HOOKWALL_PUBLIC_URL" placeholder:"URL" help:"URL that people open, if the dashboard has one."`
}

// checkHealth prints whether the dashboard on this machine is ready. It returns
// an error if it isn't, for supervisors.
func checkHealth(ctx context.Context, f healthFlags, stdout io.Writer) error {
	p := &problems{}
	p.address("HOOKWALL_ADDR", f.Addr)
	public := p.ownURL("127.0.0.1:0", f.PublicURL)
	if err := errors.Join(p.found...); err != nil {
		return err
	}
	at, err := reachable(f.Addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	if public != nil {
		// A dashboard on a loopback address only accepts its own name.
		r.Host = public.Host
	}
	// Bypass the proxies of the environment.
	r.Header.Set("User-Agent", userAgent())
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return fmt.Errorf("no response from Hookwall at %s: %w", at, err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 200))
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server at %s responds with status %d: %.200q", at, resp.StatusCode, said)
	}
	_, err = fmt.Fprintln(stdout, "ready")
	return err
}

// reachable returns the address of a dashboard that listens on addr.
func reachable(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	if strings.Trim(port, "0") == "" {
		return "", errors.New("HOOKWALL_ADDR: port 0 can't be checked. Set --addr to the port that the dashboard picked")
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
