package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"time"
)

// Attempt is a sign-in that has begun in a browser. State and Browser are given in clear; the
// database has their hashes only.
type Attempt struct {
	State     string // goes round through the provider
	Browser   string // value of a cookie, ties the attempt to the browser that began it
	Way       string // "code" or "implicit"
	Verifier  string // PKCE verifier, sealed in the database
	Return    string // path to go back to
	Shop      string // shop to connect anew, "" for any
	ExpiresAt time.Time
}

// PutAttempt keeps an attempt until it is taken or over. State and Browser must not be empty.
func (s *Store) PutAttempt(ctx context.Context, a Attempt) error {
	if a.State == "" || a.Browser == "" {
		return errors.New("store: put attempt: state and browser are required")
	}
	state := hashOf(a.State)
	_, err := s.exec(ctx, `
		INSERT INTO attempts (state_hash, environment, browser_hash, way, verifier, return_path, shop, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		state, s.env, hashOf(a.Browser), a.Way, s.keys.seal([]byte(a.Verifier), s.verifierContext(state)),
		a.Return, a.Shop, millis(a.ExpiresAt))
	return failed("put attempt", err)
}

// TakeAttempt returns an attempt to the browser that began it, once. It is ErrNotFound for a state
// that is unknown, over, taken already, or of another browser or environment; another browser does
// not use the attempt up.
func (s *Store) TakeAttempt(ctx context.Context, state, browser string) (Attempt, error) {
	a := Attempt{State: state, Browser: browser}
	var sealed []byte
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		sealed, err = s.takeAttempt(ctx, tx, &a)
		return err
	})
	if err != nil {
		return Attempt{}, failed("take attempt", err)
	}
	verifier, err := s.keys.open(sealed, s.verifierContext(hashOf(state)))
	if err != nil {
		return Attempt{}, s.gone(ctx, "take attempt", err)
	}
	a.Verifier = string(verifier)
	return a, nil
}

// takeAttempt fills in and deletes the attempt of a.State and a.Browser, and returns its sealed verifier.
func (s *Store) takeAttempt(ctx context.Context, tx *sql.Tx, a *Attempt) (sealed []byte, err error) {
	var browser string
	var expires int64
	err = tx.QueryRowContext(ctx, `
		SELECT browser_hash, way, verifier, return_path, shop, expires_at FROM attempts
		WHERE environment = $1 AND state_hash = $2 AND expires_at > $3`,
		s.env, hashOf(a.State), millis(s.now())).Scan(&browser, &a.Way, &sealed, &a.Return, &a.Shop, &expires)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(browser), []byte(hashOf(a.Browser))) != 1 {
		return nil, ErrNotFound
	}
	a.ExpiresAt = timeAt(expires)
	r, err := tx.ExecContext(ctx, `DELETE FROM attempts WHERE environment = $1 AND state_hash = $2`, s.env, hashOf(a.State))
	if err != nil {
		return nil, err
	}
	// Where transactions run side by side, the deletion decides who was first.
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return nil, errors.Join(ErrNotFound, err)
	}
	return sealed, nil
}

func (s *Store) verifierContext(stateHash string) rowContext {
	return rowContext{"attempts", "verifier", []string{s.env, stateHash}}
}
