package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// identify gives the request an id and a logger, and logs how it ended. Only
// the path is logged: a query can carry a code.
func (s *server) identify(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:16]
		v := &requestState{requestID: id, log: s.Logger.With("request", id)}
		w.Header().Set("X-Request-Id", id)
		seen := &statusWriter{ResponseWriter: w}
		start := time.Now()
		h.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), stateKey{}, v)))
		v.log.Info("request", "method", clip(r.Method, 16), "path", clip(r.URL.Path, 200), "route", v.pattern,
			"status", seen.status, "ms", time.Since(start).Milliseconds(), "client", s.clientIP(r))
	})
}

// clip bounds what a stranger can write into the log, and takes out what a
// terminal would obey: JSON leaves DEL, the controls of C1 and marks of
// direction as they are.
func clip(text string, limit int) string {
	more := ""
	if len(text) > limit {
		text, more = text[:limit], "…"
	}
	return strings.Map(printable, text) + more
}

func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return utf8.RuneError
	}
	return r
}

// statusWriter remembers the status of the answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush is what the layer that compresses looks for.
func (w *statusWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (s *server) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// recoverPanic turns a panic into the page of a 500, when nothing was written yet.
func (s *server) recoverPanic(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			stateOf(r).log.Error("panic", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if seen, ok := w.(*statusWriter); ok && seen.status != 0 {
				panic(http.ErrAbortHandler)
			}
			s.showError(w, r, &httpError{Status: http.StatusInternalServerError})
		}()
		h.ServeHTTP(w, r)
	})
}

const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *server) securityHeaders(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentSecurityPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		header.Set("X-Robots-Tag", "noindex, nofollow")
		header.Set("Cache-Control", "no-store") // what may be kept says so itself
		if s.secure {
			header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		h.ServeHTTP(w, r)
	})
}

// checkHost keeps other sites' names from being bound to a dashboard on this
// machine (DNS rebinding). Only a loopback public URL is checked: elsewhere a
// reverse proxy may send what it likes, and Host is never used.
func (s *server) checkHost(h http.Handler) http.Handler {
	if !isLoopback(s.PublicURL.Hostname()) {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := strings.ToLower(r.Host)
		switch {
		case host == s.PublicURL.Host:
			h.ServeHTTP(w, r)
		case (r.Method == http.MethodGet || r.Method == http.MethodHead) && isLoopback(hostname(host)):
			to := url.URL{Scheme: s.PublicURL.Scheme, Host: s.PublicURL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
			http.Redirect(w, r, to.String(), http.StatusTemporaryRedirect)
		default:
			s.showError(w, r, &httpError{
				Status: http.StatusMisdirectedRequest,
				Public: "This address does not belong to Hookwall. Open " + s.PublicURL.String() + " instead.",
			})
		}
	})
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// checkReferer refuses a form of another site in a browser that says nothing
// but where it was sent from. Others are judged by what they say besides.
func (s *server) checkReferer(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		from := r.Header.Get("Referer")
		if !safe && from != "" && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
			u, err := url.Parse(from)
			if err != nil || !strings.EqualFold(u.Host, s.PublicURL.Host) && u.Host != r.Host {
				s.denyCrossOrigin(w, r)
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

func (s *server) denyCrossOrigin(w http.ResponseWriter, r *http.Request) {
	stateOf(r).log.Warn("cross-origin request refused", "site", clip(r.Header.Get("Sec-Fetch-Site"), 20), "origin", clip(r.Header.Get("Origin"), 100))
	s.showError(w, r, &httpError{
		Status: http.StatusForbidden,
		Public: "This form was sent from another site, so nothing was done. Open the page in Hookwall and send it from there.",
	})
}
