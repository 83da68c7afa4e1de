package middleware

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// ErrCrossOrigin says that another site sent the form.
var ErrCrossOrigin = errors.New("the form was sent from another site")

const (
	maxLoggedSite   = 20  // bytes
	maxLoggedOrigin = 100 // bytes
)

// CrossOrigin refuses forms of other sites: by Sec-Fetch-Site, else Origin, else
// Referer.
func CrossOrigin(public *url.URL, logger *slog.Logger, fail Fail) func(http.Handler) http.Handler {
	deny := func(w http.ResponseWriter, r *http.Request) {
		logger.WarnContext(r.Context(), "cross-origin request refused",
			"site", Clip(r.Header.Get("Sec-Fetch-Site"), maxLoggedSite),
			"origin", Clip(r.Header.Get("Origin"), maxLoggedOrigin))
		fail(w, r, ErrCrossOrigin)
	}
	protection := http.NewCrossOriginProtection()
	// A reverse proxy may rewrite Host, so our own origin is named.
	if err := protection.AddTrustedOrigin(public.String()); err != nil {
		panic("middleware: the public URL is not an origin: " + err.Error())
	}
	protection.SetDenyHandler(http.HandlerFunc(deny))
	return func(h http.Handler) http.Handler { return protection.Handler(checkSender(public, deny, h)) }
}

// checkSender examines a form without Sec-Fetch-Site more closely. It checks
// the scheme in Origin, because the standard library compares only the host,
// and it checks Referer if the browser sent nothing else. A client that sends
// none of them is no browser.
func checkSender(public *url.URL, deny http.HandlerFunc, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isSafe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		origin, from := r.Header.Get("Origin"), r.Header.Get("Referer")
		switch {
		case isSafe || r.Header.Get("Sec-Fetch-Site") != "":
		case origin != "" && !isOwn(origin, r.Host, public), origin == "" && from != "" && !isOwn(from, r.Host, public):
			deny(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// isOwn reports whether an Origin or a Referer is the public URL's or, for a
// server that is also reached under another name, that of the request's Host.
func isOwn(from, host string, public *url.URL) bool {
	u, err := url.Parse(from)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	if strings.EqualFold(u.Hostname(), public.Hostname()) {
		return u.Scheme == public.Scheme && strings.EqualFold(withoutDefaultPort(u.Scheme, u.Host), public.Host)
	}
	return u.Host == host
}

// withoutDefaultPort returns a host and its port as browsers write them.
func withoutDefaultPort(scheme, host string) string {
	return strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
}
