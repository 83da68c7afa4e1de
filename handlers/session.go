package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"hookwall/internal/store"
	"hookwall/oauth"
)

func (s *server) cookieName(what string) string {
	if s.secure {
		return "__Host-hookwall_" + what
	}
	return "hookwall_" + what
}

// loadSession finds the session of the request's cookie. It writes nothing.
func (s *server) loadSession(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			h.ServeHTTP(w, r)
			return
		}
		v := stateOf(r)
		session, err := s.sessions.Get(r, s.cookieName("session"))
		if err != nil && !errors.Is(err, store.ErrUnavailable) {
			s.showError(w, r, fmt.Errorf("load session: %w", err))
			return
		}
		v.broken = err // the route draws its form all the same
		v.session = session
		v.owner = store.OwnerOf(session)
		h.ServeHTTP(w, r)
	})
}

const browserCookieLife = 24 * 60 * 60 // seconds

// browserToken tells one browser from another before it has a session and
// across the renewal of one: sign-in attempts and drafts are found by it.
func (s *server) browserToken(r *http.Request) string {
	all := r.CookiesNamed(s.cookieName("browser"))
	if len(all) != 1 || len(all[0].Value) != len(oauth.RandomToken()) {
		return "" // of several, another host of the same site may have put one there
	}
	return all[0].Value
}

// ensureBrowser gives the browser a token when it has none.
func (s *server) ensureBrowser(w http.ResponseWriter, r *http.Request) string {
	token := s.browserToken(r)
	if token == "" {
		token = oauth.RandomToken()
		http.SetCookie(w, s.browserCookie(token, browserCookieLife))
	}
	return token
}

func (s *server) browserCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure exactly when the public URL is https
		Name: s.cookieName("browser"), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
}
