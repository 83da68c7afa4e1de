package middleware

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// ErrHost says that the request names a host that isn't ours.
var ErrHost = errors.New("the request names another host")

// Host leads pages that are opened under another name to the public URL, so that
// a sign-in begins and ends under one name, and refuses forms sent there. It
// leaves out the paths in always, which supervisors ask for under any name.
//
// A public URL on loopback also keeps other sites' names from being bound to a
// server on this machine (DNS rebinding): only names of this machine are led on.
func Host(public *url.URL, fail Fail, always ...string) func(http.Handler) http.Handler {
	isOurs, mayLead := isPublicName, anyName
	if IsLoopback(public.Hostname()) {
		isOurs, mayLead, always = isPublicHost, IsLoopback, nil
	}
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
			switch {
			case isOurs(r, public) || slices.Contains(always, r.URL.Path):
				h.ServeHTTP(w, r)
			case isRead && mayLead(hostname(strings.ToLower(r.Host))):
				to := at(public, r.URL)
				http.Redirect(w, r, to, http.StatusTemporaryRedirect) //nolint:gosec // to our own host
			default:
				fail(w, r, ErrHost)
			}
		})
	}
}

func anyName(string) bool { return true }

// isPublicHost reports whether the request names the host and the port of the
// public URL.
func isPublicHost(r *http.Request, public *url.URL) bool {
	return withoutDefaultPort(public.Scheme, strings.ToLower(r.Host)) == public.Host
}

// isPublicName reports whether the request names the host of the public URL,
// this machine, or what only a proxy could: which name the browser knows is then
// in X-Forwarded-Host, or not known. Believing it opens no page that isn't open
// anyway.
func isPublicName(r *http.Request, public *url.URL) bool {
	name := hostname(strings.ToLower(r.Host))
	if name == public.Hostname() || IsLoopback(name) {
		return true
	}
	forwarded := strings.Join(r.Header.Values("X-Forwarded-Host"), ",")
	if forwarded == "" {
		return isProxied(r)
	}
	return slices.ContainsFunc(strings.Split(forwarded, ","), func(name string) bool {
		return hostname(strings.ToLower(strings.TrimSpace(name))) == public.Hostname()
	})
}

// isProxied reports whether a proxy handed the request on. No browser speaks
// HTTP/1.0, but nginx does unless told otherwise.
func isProxied(r *http.Request) bool {
	return !r.ProtoAtLeast(1, 1) || slices.ContainsFunc([]string{
		"X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via",
	}, func(name string) bool { return r.Header.Get(name) != "" })
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
