package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/sessions"
)

const (
	// SessionIdle is how long a session lives without a request.
	SessionIdle = 12 * time.Hour
	// SessionLife is how long a session lives at most, counted from the sign-in that made it.
	SessionLife = 7 * 24 * time.Hour

	seenEvery = 5 * time.Minute // how precisely the last request of a session is known
	markBytes = 4               // of a session's hash, shown to people
)

// ownerKey is the one value of a session that is kept: an Owner.
const ownerKey = "owner"

// loadedKey remembers, within a request, the hash of the token that the session was loaded by, and
// loadedAtKey when that was, in Unix milliseconds.
type (
	loadedKey   struct{}
	loadedAtKey struct{}
)

// CookieOptions say what a session's cookie is called and whether it is sent over https only.
type CookieOptions struct {
	Name   string
	Secure bool
}

// SessionStore keeps sessions in the database, behind the interface of gorilla/sessions.
//
// The cookie is a random token and nothing else; the database has its hash. A session's ID is that
// hash, so it may be logged. The only value kept is the owner, see OwnerOf: Save refuses a session
// with other values, since they would be lost. Of a session's Options only a negative MaxAge
// counts; the cookie is always HttpOnly, SameSite=Lax and for the path "/".
type SessionStore struct {
	store  *Store
	cookie CookieOptions
}

var _ sessions.Store = (*SessionStore)(nil)

// Sessions returns the sessions of the database, carried by the given cookie.
func (s *Store) Sessions(c CookieOptions) *SessionStore {
	return &SessionStore{store: s, cookie: c}
}

// OwnerOf returns the owner of a session, "" when the session is new.
func OwnerOf(session *sessions.Session) Owner {
	if session == nil || session.IsNew {
		return ""
	}
	owner, _ := session.Values[ownerKey].(Owner)
	return owner
}

// Mark returns eight hexadecimal digits that tell one session from another for a person, "" for a
// session that is new. They begin the hash that the database has, and are of no use to anyone.
func (ss *SessionStore) Mark(session *sessions.Session) string {
	if session == nil || session.IsNew {
		return ""
	}
	hash, _ := session.Values[loadedKey{}].(string)
	sum, err := base64.RawURLEncoding.DecodeString(hash)
	if err != nil || len(sum) < markBytes {
		return ""
	}
	return hex.EncodeToString(sum[:markBytes])
}

// Get returns the session of a request, loaded at most once in a request.
func (ss *SessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(ss, name)
}

// New loads the session of a request. A cookie that is missing, malformed, unknown or expired gives
// a new session and no error, and writes nothing. The name must be the cookie's. The session is
// never nil, also beside an error.
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
	owner, err := ss.store.loadSession(r.Context(), hash)
	if errors.Is(err, ErrNotFound) {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	session.ID, session.IsNew = hash, false
	session.Values[ownerKey], session.Values[loadedKey{}], session.Values[loadedAtKey{}] = owner, hash, now
	return session, nil
}

// tokenOf gives the value of a request's session cookie. Where there are several of that name, one
// may have been put there by another host of the same site, and which is unknown: none is believed.
func tokenOf(cookies []*http.Cookie) string {
	if len(cookies) == 0 || slices.ContainsFunc(cookies, func(c *http.Cookie) bool { return c.Value != cookies[0].Value }) {
		return ""
	}
	return cookies[0].Value
}

// Save makes a session durable and sets its cookie.
//
// With an empty ID it makes a row under a new token: for the owner in Values["owner"], for a new
// owner when there is none. Blanking the ID of a loaded session therefore renews it: same owner,
// new token, new life, and the old row goes in the same transaction, with all that the owner had
// before the session was loaded: who planted it in somebody's browser must not keep a twin of it,
// and see what that person connects. Another tab that renews at the same time is spared. A negative MaxAge deletes the
// row and the cookie, and with the owner's last session all that the owner has. A session that has
// its ID is up to date: nothing is written.
func (ss *SessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if session.Options != nil && session.Options.MaxAge < 0 {
		return ss.drop(r.Context(), w, session)
	}
	if session.ID != "" {
		return nil
	}
	owner, err := keptOwner(session)
	if err != nil {
		return err
	}
	token := rand.Text()
	old, _ := session.Values[loadedKey{}].(string)
	loadedAt, _ := session.Values[loadedAtKey{}].(int64)
	if err := ss.store.insertSession(r.Context(), hashOf(token), owner, old, loadedAt); err != nil {
		return err
	}
	session.ID, session.IsNew = hashOf(token), false
	session.Values[ownerKey], session.Values[loadedKey{}] = owner, session.ID
	ss.setCookie(w, token, int(SessionLife/time.Second))
	return nil
}

// keptOwner returns the owner that a session is to be saved for, a new one when it has none.
func keptOwner(session *sessions.Session) (Owner, error) {
	owner := Owner("")
	for k, v := range session.Values {
		switch k {
		case loadedKey{}, loadedAtKey{}:
		case ownerKey:
			o, ok := v.(Owner)
			if !ok {
				return "", fmt.Errorf("store: the owner of a session is a %T, not a store.Owner", v)
			}
			owner = o
		default:
			return "", fmt.Errorf("store: a session keeps its owner only, %v would be lost", k)
		}
	}
	if owner == "" {
		owner = Owner(rand.Text())
	}
	return owner, nil
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
		MaxAge:   int(SessionLife / time.Second),
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

// loadSession returns the owner of a living session and notes that it was seen.
func (s *Store) loadSession(ctx context.Context, hash string) (Owner, error) {
	now := s.now()
	var owner Owner
	var seen int64
	err := s.engine.read.QueryRowContext(ctx, `
		SELECT owner, seen_at FROM sessions
		WHERE environment = $1 AND token_hash = $2 AND seen_at > $3 AND created_at > $4`,
		s.env, hash, millis(now.Add(-SessionIdle)), millis(now.Add(-SessionLife))).Scan(&owner, &seen)
	if err != nil {
		return "", failed("load session", err)
	}
	stale := millis(now.Add(-seenEvery))
	if seen > stale {
		return owner, nil
	}
	// The condition lets one of many requests at once write. A request need not fail for it.
	if _, err := s.exec(ctx, `UPDATE sessions SET seen_at = $1 WHERE environment = $2 AND token_hash = $3 AND seen_at <= $4`,
		millis(now), s.env, hash, stale); err != nil {
		s.log.WarnContext(ctx, "a session's last request could not be noted", "err", err)
	}
	return owner, nil
}

// insertSession makes a session for an owner, in the place of the old one when there is one, and of
// all that were made before the old one was loaded.
func (s *Store) insertSession(ctx context.Context, hash string, owner Owner, old string, loadedAt int64) error {
	now := millis(s.now())
	return failed("save session", s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO owners (environment, id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			s.env, owner, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO sessions (token_hash, environment, owner, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)`,
			hash, s.env, owner, now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM sessions WHERE environment = $1 AND owner = $2 AND (token_hash = $3 OR created_at < $4)`,
			s.env, owner, old, loadedAt)
		return err
	}))
}

// deleteSession ends a session, and its owner when it was the last one.
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
		// Two last sessions that end at once would each see the other one otherwise.
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

// deleteIdleOwner deletes an owner who is locked and has no session, and reports whether it did.
func deleteIdleOwner(ctx context.Context, tx *sql.Tx, env string, owner Owner) (bool, error) {
	var idle bool
	err := tx.QueryRowContext(ctx, `
		SELECT NOT EXISTS (SELECT 1 FROM sessions WHERE environment = $1 AND owner = $2)`, env, owner).Scan(&idle)
	if err != nil || !idle {
		return false, err
	}
	return true, deleteOwner(ctx, tx, env, owner)
}
