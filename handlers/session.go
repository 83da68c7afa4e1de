package handlers

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hookwall/internal/store"
	"hookwall/internal/team"
)

// sessionless are paths that supervisors and hookwall doctor request.
var sessionless = []string{alivePath, readyPath, selfCheckPath}

// loadSession finds the session of the request's cookie. It writes nothing.
func (s *server) loadSession(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") || slices.Contains(sessionless, r.URL.Path) {
			h.ServeHTTP(w, r)
			return
		}
		v := stateOf(r)
		if isAPI(r.URL.Path) {
			v.broken = s.loadToken(r)
			h.ServeHTTP(w, r)
			return
		}
		if s.Team == nil {
			v.role = team.Admin
		}
		r = s.askForPage(r)
		session, err := s.sessions.Get(r, s.cookieName("session"))
		if err != nil && !errors.Is(err, store.ErrUnavailable) {
			s.showError(w, r, fmt.Errorf("load session: %w", err))
			return
		}
		v.broken = err // the route draws its form nevertheless
		v.session, v.self = session, store.OwnerOf(session)
		if err == nil {
			v.broken = s.loadRights(r)
		}
		h.ServeHTTP(w, r)
	})
}

// askForPage makes the statement that loads the session read what its page needs
// besides. What is posted may wait for others, so it reads what it needs itself.
func (s *server) askForPage(r *http.Request) *http.Request {
	if r.Method != http.MethodGet {
		return r
	}
	q := store.PageQuery{Path: r.URL.Path, Recent: s.recentShops(r)}
	if rest, ok := strings.CutPrefix(r.URL.Path, shopsPath+"/"); ok {
		q.Shop, _, _ = strings.Cut(rest, "/")
	}
	if s.Team != nil {
		q.Owner = s.Team.Owner()
	}
	return r.WithContext(store.WithPage(r.Context(), q))
}

// loadRights finds out what the person may do, at each request, so that a role
// that was taken counts immediately. Without a team, a session owns what it
// connects.
func (s *server) loadRights(r *http.Request) error {
	v := stateOf(r)
	if s.Team == nil {
		v.owner = v.self
		return nil
	}
	if isOfGuests(r.URL.Path) {
		return s.vouchedByProxy(r) // nobody is a member there
	}
	if s.Header != nil && isOpenToGuests(r.URL.Path) && s.Header.NamesNobody(r) {
		return s.vouchedByProxy(r)
	}
	named, err := s.namedByProxy(r)
	if err != nil {
		return err
	}
	id := store.PersonOf(v.session)
	if id == "" {
		return nil
	}
	person, err := s.Team.Person(r.Context(), id)
	if errors.Is(err, team.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if named != nil && (named.Issuer != person.Issuer || named.Subject != person.Subject) {
		return nil // somebody else is signed in at the proxy now
	}
	v.person, v.role = person, person.Role
	if v.role != team.NoRole {
		v.owner = s.Team.Owner()
	}
	return nil
}

// errNoToken means that a request to the API has no access token.
var errNoToken = errors.New("there is no access token")

// loadToken finds out whose access token a request to the API has, and what that
// person may do. It reads no cookie.
func (s *server) loadToken(r *http.Request) error {
	v := stateOf(r)
	if s.Team == nil {
		return nil
	}
	if err := s.vouchedByProxy(r); err != nil {
		return err
	}
	text := bearerToken(r)
	if text == "" {
		v.noToken = errNoToken
		return nil
	}
	token, person, err := s.Team.UseToken(r.Context(), text)
	switch {
	case errors.Is(err, team.ErrNotFound), errors.Is(err, team.ErrTokenExpired), errors.Is(err, team.ErrTokenIdle):
		v.noToken = err
		return nil
	case err != nil:
		return err
	}
	v.token, v.person, v.role = token, person, person.Role
	v.self = store.Owner("token " + token.ID) // limits count it like a session
	v.log = v.log.With("token", token.ID, "person", person.ID)
	if v.role != team.NoRole {
		v.owner = s.Team.Owner()
	}
	return nil
}

// bearerToken returns the access token of a request, or "" if it has none or
// several.
func bearerToken(r *http.Request) string {
	all := r.Header.Values("Authorization")
	if len(all) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(all[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// namedByProxy returns whom the reverse proxy names, or nil if people sign in
// otherwise. A request that doesn't come through the proxy gets nothing.
func (s *server) namedByProxy(r *http.Request) (*team.Identity, error) {
	if s.Header == nil {
		return nil, nil
	}
	id, err := s.Header.Identify(r)
	if err != nil {
		return nil, headerError(err)
	}
	return &id, nil
}

// vouchedByProxy returns an error unless a request comes through the reverse
// proxy, if one signs people in.
func (s *server) vouchedByProxy(r *http.Request) error {
	if s.Header == nil {
		return nil
	}
	if err := s.Header.Vouch(r); err != nil {
		return headerError(err)
	}
	return nil
}

func headerError(err error) error {
	return &httpError{Status: http.StatusForbidden, Heading: noHeaderTitle, Public: noHeaderText, Err: err}
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

// knowPerson remembers who signed in with this browser. If somebody else did
// before, the browser gets a new token: what it kept when that person's session
// had ended is theirs.
func (s *server) knowPerson(w http.ResponseWriter, r *http.Request, id string) {
	before, err := r.Cookie(s.cookieName("person"))
	if err == nil && before.Value != id {
		http.SetCookie(w, s.browserCookie(rand.Text(), browserCookieLife))
	}
	http.SetCookie(w, s.cookie("person", id, browserCookieLife))
}

func (s *server) browserCookie(value string, maxAge int) *http.Cookie {
	return s.cookie("browser", value, maxAge)
}
