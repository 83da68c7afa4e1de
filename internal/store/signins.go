package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"time"
)

// SignIn is a sign-in that has begun in a browser. State and Browser are given in clear; the
// database has their hashes only.
type SignIn struct {
	State     string // returned by the provider
	Browser   string // value of a cookie, binds the sign-in to the browser that began it
	Way       string // "code" or "implicit"
	Verifier  string // PKCE verifier, sealed in the database
	Return    string // path to go back to
	Shop      string // shop to connect again, "" for any
	ExpiresAt time.Time
}

// PutSignIn keeps a sign-in until it is taken or expires. State and Browser must not be empty.
func (s *Store) PutSignIn(ctx context.Context, in SignIn) error {
	if in.State == "" || in.Browser == "" {
		return errors.New("store: put sign-in: state and browser are required")
	}
	state := hashOf(in.State)
	_, err := s.exec(ctx, `
		INSERT INTO sign_ins (state_hash, environment, browser_hash, way, verifier, return_path, shop, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		state, s.env, hashOf(in.Browser), in.Way, s.keys.seal([]byte(in.Verifier), s.verifierContext(state)),
		in.Return, in.Shop, millis(in.ExpiresAt))
	return failed("put sign-in", err)
}

// TakeSignIn returns a sign-in to the browser that began it, once. It returns ErrNotFound if the
// state is unknown, expired, already taken, or of another browser or environment. Another browser
// does not use the sign-in up.
func (s *Store) TakeSignIn(ctx context.Context, state, browser string) (SignIn, error) {
	in := SignIn{State: state, Browser: browser}
	var sealed []byte
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		sealed, err = s.takeSignIn(ctx, tx, &in)
		return err
	})
	if err != nil {
		return SignIn{}, failed("take sign-in", err)
	}
	verifier, err := s.keys.open(sealed, s.verifierContext(hashOf(state)))
	if err != nil {
		return SignIn{}, s.gone(ctx, "take sign-in", err)
	}
	in.Verifier = string(verifier)
	return in, nil
}

// takeSignIn fills in and deletes the sign-in of in.State and in.Browser, and returns its sealed verifier.
func (s *Store) takeSignIn(ctx context.Context, tx *sql.Tx, in *SignIn) (sealed []byte, err error) {
	var browser string
	var expires int64
	err = tx.QueryRowContext(ctx, `
		SELECT browser_hash, way, verifier, return_path, shop, expires_at FROM sign_ins
		WHERE environment = $1 AND state_hash = $2 AND expires_at > $3`,
		s.env, hashOf(in.State), millis(s.now())).Scan(&browser, &in.Way, &sealed, &in.Return, &in.Shop, &expires)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(browser), []byte(hashOf(in.Browser))) != 1 {
		return nil, ErrNotFound
	}
	in.ExpiresAt = timeAt(expires)
	// Where transactions run side by side, the deletion decides which was first.
	n, err := affected(tx.ExecContext(ctx, `DELETE FROM sign_ins WHERE environment = $1 AND state_hash = $2`,
		s.env, hashOf(in.State)))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return sealed, nil
}

func (s *Store) verifierContext(stateHash string) rowContext {
	return rowContext{"sign_ins", "verifier", []string{s.env, stateHash}}
}
