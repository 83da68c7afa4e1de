package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/store"
	"hookwall/views"
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

// longCookieLife is the longest that browsers keep a cookie, in seconds.
const longCookieLife = 400 * 24 * 60 * 60

const maxShopsCookie = 1024 // bytes

// recentShops returns the IDs of the shops whose pages were open last, the last
// one first.
func (s *server) recentShops(r *http.Request) (ids []string) {
	cookie, err := r.Cookie(s.cookieName("shop"))
	if err != nil || len(cookie.Value) > maxShopsCookie {
		return nil
	}
	for escaped := range strings.SplitSeq(cookie.Value, "&") {
		if id, err := url.QueryUnescape(escaped); err == nil && id != "" {
			ids = append(ids, id)
		}
	}
	return ids[:min(len(ids), store.RecentShops)]
}

// rememberShop puts a shop first among recentShops, until the browser closes.
func (s *server) rememberShop(w http.ResponseWriter, r *http.Request, id string) {
	before := s.recentShops(r)
	if len(before) > 0 && before[0] == id {
		return
	}
	ids := append([]string{id}, slices.DeleteFunc(before, func(other string) bool { return other == id })...)
	value := ""
	for _, id := range ids[:min(len(ids), store.RecentShops)] {
		if next := value + "&" + url.QueryEscape(id); len(next) <= maxShopsCookie {
			value = next
		}
	}
	http.SetCookie(w, s.cookie("shop", strings.TrimPrefix(value, "&"), 0))
}

// What a person chose for this browser, as the form sends it. The first of each
// is the default.
var displayChoices = map[string][]string{
	views.ThemeField: {views.ThemeSystem, views.ThemeLight, views.ThemeDark},
	views.TimesField: {views.TimesLocal, views.TimesUTC},
	views.KeysField:  {views.KeysOn, views.KeysOff},
}

// display returns how this browser shows pages.
func (s *server) display(r *http.Request) url.Values {
	chosen := url.Values{}
	if cookie, err := r.Cookie(s.cookieName("display")); err == nil {
		chosen, _ = url.ParseQuery(cookie.Value)
	}
	return displayOf(chosen)
}

// displayOf returns the choices of a form or a cookie, and the default where
// there is none.
func displayOf(chosen url.Values) url.Values {
	all := url.Values{}
	for name, values := range displayChoices {
		value := chosen.Get(name)
		if !slices.Contains(values, value) {
			value = values[0]
		}
		all.Set(name, value)
	}
	return all
}
