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
	return func(h http.Handler) http.Handler { return protection.Handler(checkReferer(public, deny, h)) }
}

// checkReferer looks at Referer where a browser sends nothing else. Others are
// judged by the headers that they send.
func checkReferer(public *url.URL, deny http.HandlerFunc, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		from := r.Header.Get("Referer")
		if !safe && from != "" && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
			u, err := url.Parse(from)
			if err != nil || !strings.EqualFold(u.Host, public.Host) && u.Host != r.Host {
				deny(w, r)
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}
