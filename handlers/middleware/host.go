package middleware

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// ErrHost says that the request names a host that isn't ours.
var ErrHost = errors.New("the request names another host")

// Host keeps other sites' names from being bound to a server on this machine
// (DNS rebinding). It checks only a public URL on loopback: elsewhere a reverse
// proxy may send any name, and Host is never used. Another name of this machine
// leads to the public URL.
func Host(public *url.URL, fail Fail) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		if !IsLoopback(public.Hostname()) {
			return h
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			host := strings.ToLower(r.Host)
			switch {
			case host == public.Host:
				h.ServeHTTP(w, r)
			case (r.Method == http.MethodGet || r.Method == http.MethodHead) && IsLoopback(hostname(host)):
				to := at(public, r.URL)
				http.Redirect(w, r, to, http.StatusTemporaryRedirect) //nolint:gosec // to our own host
			default:
				fail(w, r, ErrHost)
			}
		})
	}
}

// at returns the same page at the public URL.
func at(public, asked *url.URL) string {
	to := url.URL{
		Scheme: public.Scheme, Host: public.Host,
		Path: asked.Path, RawPath: asked.RawPath, RawQuery: asked.RawQuery,
	}
	return to.String()
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// IsLoopback reports whether a host is a name or an address of this machine.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
