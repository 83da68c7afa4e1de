package handlers

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"hookwall/internal/store"
)

// cookieName returns the name of one of our cookies. It contains the port of
// the public URL. Browsers send a cookie to every port of a host, so without it
// two instances on one host would sign each other out.
func (s *server) cookieName(what string) string {
	name := "hookwall_" + what + "_" + s.publicPort()
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *server) publicPort() string {
	if s.secure {
		return cmp.Or(s.PublicURL.Port(), "443")
	}
	return cmp.Or(s.PublicURL.Port(), "80")
}

// cookie returns one of our cookies, which lasts for maxAge seconds.
func (s *server) cookie(what, value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure exactly when the public URL is https
		Name: s.cookieName(what), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
}

// loadSession finds the session of the request's cookie. It writes nothing.
func (s *server) loadSession(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") || r.URL.Path == alivePath || r.URL.Path == readyPath {
			h.ServeHTTP(w, r)
			return
		}
		v := stateOf(r)
		session, err := s.sessions.Get(r, s.cookieName("session"))
		if err != nil && !errors.Is(err, store.ErrUnavailable) {
			s.showError(w, r, fmt.Errorf("load session: %w", err))
			return
		}
		v.broken = err // the route draws its form nevertheless
		v.session = session
		v.owner = store.OwnerOf(session)
		h.ServeHTTP(w, r)
	})
}

const browserCookieLife = 24 * 60 * 60 // seconds

// browserToken identifies a browser before it has a session, and across
// renewals of one. Sign-ins and drafts are found by it. It is "" if the browser
// has none or several, because another host of the same site may have set one.
func (s *server) browserToken(r *http.Request) string {
	all := r.CookiesNamed(s.cookieName("browser"))
	if len(all) != 1 || !randomID.MatchString(all[0].Value) {
		return ""
	}
	return all[0].Value
}

// ensureBrowser returns the browser's token, or a new one if it has none. It
// sets the cookie in any case: signing out in another tab may have deleted it
// since the request was sent.
func (s *server) ensureBrowser(w http.ResponseWriter, r *http.Request) string {
	token := cmp.Or(s.browserToken(r), rand.Text())
	http.SetCookie(w, s.browserCookie(token, browserCookieLife))
	return token
}

func (s *server) browserCookie(value string, maxAge int) *http.Cookie {
	return s.cookie("browser", value, maxAge)
}

// lastShop returns the ID of the shop whose page was open last, or "".
func (s *server) lastShop(r *http.Request) string {
	cookie, err := r.Cookie(s.cookieName("shop"))
	if err != nil {
		return ""
	}
	id, err := url.QueryUnescape(cookie.Value)
	if err != nil {
		return ""
	}
	return id
}

// rememberShop sets lastShop, until the browser closes.
func (s *server) rememberShop(w http.ResponseWriter, r *http.Request, id string) {
	if s.lastShop(r) != id {
		http.SetCookie(w, s.cookie("shop", url.QueryEscape(id), 0))
	}
}
