package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/sessions"
)

const (
	// SessionIdle is how long after its last request a session ends, unless Options say otherwise.
	SessionIdle = 12 * time.Hour
	// SessionLife is how long after the sign-in that made it a session ends, unless Options say otherwise.
	SessionLife = 7 * 24 * time.Hour

	seenEvery = 5 * time.Minute // how precisely the last request of a session is known
	markBytes = 4               // of a session's hash, shown to people
)

// The keys of the values of a session that are kept: an Owner, and the ID of a person, a string.
const (
	ownerKey   = "owner"
	personKey  = "person"
	browserKey = "browser" // by what the person recognizes the session
)

// loadedKey is the key of the hash of the token by which a session was loaded, and loadedAtKey that of
// the time, in Unix milliseconds. They are kept during a request.
type (
	loadedKey   struct{}
	loadedAtKey struct{}
)

// CookieOptions are the name of a session's cookie and whether it is sent over https only.
type CookieOptions struct {
	Name   string
	Secure bool
}

// SessionStore keeps sessions in the database, behind the interface of gorilla/sessions.
//
// The cookie holds a random token and nothing else; the database has its hash. A session's ID is that
// hash, so it may be logged. The values kept are the owner, the person and the name of the browser, see OwnerOf,
// PersonOf and MemberSession. Save fails for a session with other values, since they would be lost. Of a session's
// Options only a negative MaxAge counts. The cookie is always HttpOnly, SameSite=Lax and for the path "/".
type SessionStore struct {
	store  *Store
	cookie CookieOptions
}

var _ sessions.Store = (*SessionStore)(nil)

// Sessions returns the sessions of the database, carried by the given cookie.
func (s *Store) Sessions(c CookieOptions) *SessionStore {
	return &SessionStore{store: s, cookie: c}
}

// OwnerOf returns the owner of a session, "" if the session is new.
func OwnerOf(session *sessions.Session) Owner {
	if session == nil || session.IsNew {
		return ""
	}
	owner, _ := session.Values[ownerKey].(Owner)
	return owner
}

// PersonOf returns the ID of the person who signed in, "" if the session is new or nobody did.
func PersonOf(session *sessions.Session) string {
	if session == nil || session.IsNew {
		return ""
	}
	person, _ := session.Values[personKey].(string)
	return person
}

// Mark returns eight hexadecimal digits by which a person distinguishes sessions, "" if the session is
// new. They are the beginning of the hash that the database has, and give no access.
func (ss *SessionStore) Mark(session *sessions.Session) string {
	if session == nil || session.IsNew {
		return ""
	}
	hash, _ := session.Values[loadedKey{}].(string)
	return MarkOf(hash)
}

// Get returns the session of a request. It loads it once in a request.
func (ss *SessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(ss, name)
}

// New loads the session of a request. It writes nothing, and returns a new session if the cookie is
// missing, malformed, unknown or expired. The name must be the cookie's. The session is never nil,
// not even beside an error.
func (ss *SessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(ss, name)
	session.Options = ss.options()
	session.IsNew = true
	if name != ss.cookie.Name {
		return session, fmt.Errorf("store: there is no session %q, the cookie is %q", name, ss.cookie.Name)
	}
	token := tokenOf(r.CookiesNamed(name))
	if token == "" {
		return session, nil
	}
	hash, now := hashOf(token), millis(ss.store.now())
	owner, person, err := ss.store.loadSession(r.Context(), hash)
	if errors.Is(err, ErrNotFound) {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	session.ID, session.IsNew = hash, false
	if person != "" {
		session.Values[personKey] = person
	}
	session.Values[ownerKey], session.Values[loadedKey{}], session.Values[loadedAtKey{}] = owner, hash, now
	return session, nil
}

// tokenOf returns the value of a request's session cookies, "" if they differ: another host of the same
// site may have set one of them, and it is not known which.
func tokenOf(cookies []*http.Cookie) string {
	differs := func(c *http.Cookie) bool { return c.Value != cookies[0].Value }
	if len(cookies) == 0 || slices.ContainsFunc(cookies, differs) {
		return ""
	}
	return cookies[0].Value
}

// Save stores a session and sets its cookie.
//
// A session without an ID gets a new token, for the owner in Values["owner"], or for a new owner if
// there is none, and for the person in Values["person"], if there is one. So a session whose ID was set to
// "" is renewed: same owner, new token, new life. The same transaction deletes the old session and all that
// the owner had before it was loaded. Otherwise an attacker who planted a session in a person's browser
// could keep another one of that owner, and see what the person connects. A session that another tab renews
// at the same time is kept.
//
// A negative MaxAge deletes the session and the cookie, and with the owner's last session all that the
// owner has. A session that has its ID is stored already.
func (ss *SessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if session.Options != nil && session.Options.MaxAge < 0 {
		return ss.drop(r.Context(), w, session)
	}
	if session.ID != "" {
		return nil
	}
	owner, person, browser, err := keptValues(session)
	if err != nil {
		return err
	}
	token := rand.Text()
	old, _ := session.Values[loadedKey{}].(string)
	loadedAt, _ := session.Values[loadedAtKey{}].(int64)
	if err := ss.store.insertSession(r.Context(), hashOf(token), owner, person, browser, old, loadedAt); err != nil {
		return err
	}
	session.ID, session.IsNew = hashOf(token), false
	session.Values[ownerKey], session.Values[loadedKey{}] = owner, session.ID
	life := ss.store.sessionLife
	if person != "" {
		life = ss.store.memberLife()
	}
	ss.setCookie(w, token, int(life/time.Second))
	return nil
}

// keptValues returns the owner for whom a session is saved, a new one if it has none, the person and the browser.
func keptValues(session *sessions.Session) (owner Owner, person, browser string, err error) {
	for k, v := range session.Values {
		isKept := true
		switch k {
		case loadedKey{}, loadedAtKey{}:
		case ownerKey:
			owner, isKept = v.(Owner)
		case personKey:
			person, isKept = v.(string)
		case browserKey:
			browser, isKept = v.(string)
		default:
			isKept = false
		}
		if !isKept {
			return "", "", "", fmt.Errorf("store: a session keeps owner, person and browser only, %v (%T) would be lost", k, v)
		}
	}
	if owner == "" {
		owner = Owner(rand.Text())
	}
	return owner, person, browser, nil
}

func (ss *SessionStore) drop(ctx context.Context, w http.ResponseWriter, session *sessions.Session) error {
	if hash, _ := session.Values[loadedKey{}].(string); hash != "" {
		if err := ss.store.deleteSession(ctx, hash); err != nil {
			return err
		}
	}
	session.ID, session.IsNew = "", true
	clear(session.Values)
	ss.setCookie(w, "", -1)
	return nil
}

func (ss *SessionStore) options() *sessions.Options {
	return &sessions.Options{
		Path:     "/",
		MaxAge:   int(ss.store.sessionLife / time.Second),
		Secure:   ss.cookie.Secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}

func (ss *SessionStore) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the public URL; plain http on loopback must work.
		Name:     ss.cookie.Name,
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		Secure:   ss.cookie.Secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// SessionTimes returns how long after its last request, and after the sign-in that made it, a session ends.
func (s *Store) SessionTimes() (idle, life time.Duration) { return s.sessionIdle, s.sessionLife }

// loadSession returns the owner and the person of a session that has not ended, and records that it was seen.
func (s *Store) loadSession(ctx context.Context, hash string) (owner Owner, person string, err error) {
	now := s.now()
	p, _ := ctx.Value(pageKey{}).(*PageState)
	if p == nil {
		p = &PageState{}
	}
	session, err := s.loadPage(ctx, hash, now, p)
	if err != nil {
		return "", "", failed("load session", err)
	}
	if stale := now.Add(-seenEvery); session.seen <= millis(stale) {
		s.recordSeen(ctx, hash, session.person, now, stale)
	}
	return session.owner, session.person, nil
}

// recordSeen records that a session and its person were seen now. The condition on stale lets one of many requests at
// once write.
func (s *Store) recordSeen(ctx context.Context, hash, person string, now, stale time.Time) {
	n, err := s.exec(ctx, `
		UPDATE sessions SET seen_at = $1 WHERE environment = $2 AND token_hash = $3 AND seen_at <= $4`,
		millis(now), s.env, hash, millis(stale))
	if err == nil && n > 0 && person != "" {
		_, err = s.exec(ctx, `UPDATE people SET seen_at = $1 WHERE environment = $2 AND id = $3`, millis(now), s.env, person)
	}
	if err != nil {
		s.log.WarnContext(ctx, "a session's last request could not be recorded", "err", err)
	}
}

// insertSession makes a session for an owner and a person. It replaces the old one, if there is one, and all that
// were made before the old one was loaded.
func (s *Store) insertSession(
	ctx context.Context, hash string, owner Owner, person, browser, old string, loadedAt int64,
) error {
	now := millis(s.now())
	return failed("save session", s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO owners (environment, id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			s.env, owner, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO sessions (token_hash, environment, owner, person, browser, created_at, seen_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6)`, hash, s.env, owner, person, browser, now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM sessions WHERE environment = $1 AND owner = $2 AND (token_hash = $3 OR created_at < $4)`,
			s.env, owner, old, loadedAt)
		return err
	}))
}

// deleteSession deletes a session, and its owner if it was the last one.
func (s *Store) deleteSession(ctx context.Context, hash string) error {
	return failed("delete session", s.tx(ctx, func(tx *sql.Tx) error {
		var owner Owner
		err := tx.QueryRowContext(ctx, `SELECT owner FROM sessions WHERE environment = $1 AND token_hash = $2`,
			s.env, hash).Scan(&owner)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		// Otherwise two last sessions that end at once would each see the other one.
		if err := s.lockOwner(ctx, tx, s.env, owner); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE environment = $1 AND token_hash = $2`,
			s.env, hash); err != nil {
			return err
		}
		_, err = deleteIdleOwner(ctx, tx, s.env, owner)
		return err
	}))
}
