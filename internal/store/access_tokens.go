package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// AccessToken lets the programs of a person use the API. The database has a hash of the token alone.
type AccessToken struct {
	ID        string // chosen by the caller, so that one form makes one token; gives no access
	Person    string // ID
	Name      string
	Scope     string // by the caller
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // precise to 5 minutes; zero if never
}

const (
	// mostAccessTokens is how many tokens a person may have, including those that expired recently.
	mostAccessTokens = 30
	// accessTokenShown is how long a token that expired is kept, so that its person sees why a program stopped.
	accessTokenShown = 30 * 24 * time.Hour

	accessTokenColumns = `id, person, name, scope, created_at, expires_at, used_at`

	selectAccessTokens = `SELECT ` + accessTokenColumns + ` FROM access_tokens WHERE environment = $1`

	//nolint:gosec // a query
	insertAccessToken = `
		INSERT INTO access_tokens (environment, id, token_hash, person, name, scope, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (environment, id) DO NOTHING`
)

// ErrTooMany means that there are so many already that no other is stored.
var ErrTooMany = errors.New("there are too many")

// PutAccessToken stores a new token, and records activities, as done. In the transaction, in which nobody is removed,
// allowed gets the person and can refuse. It returns ErrFinished, and stores nothing, if there is a token with this ID,
// and ErrTooMany if the person has too many.
func (s *Store) PutAccessToken(
	ctx context.Context, t AccessToken, token string, allowed func(Person) error, done ...Activity,
) error {
	return failed("put access token", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockPresentOwner(ctx, tx, teamOwner); err != nil {
			return err
		}
		person, err := scanPerson(tx.QueryRowContext(ctx, selectPerson, s.env, t.Person))
		if err == nil {
			err = allowed(person)
		}
		if err != nil {
			return err
		}
		var count int
		err = tx.QueryRowContext(ctx, `
			SELECT COUNT(*) FROM access_tokens WHERE environment = $1 AND person = $2 AND id <> $3`,
			s.env, t.Person, t.ID).Scan(&count)
		if err == nil && count >= mostAccessTokens {
			err = ErrTooMany
		}
		if err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, insertAccessToken, s.env, t.ID, hashOf(token), t.Person, t.Name, t.Scope,
			millis(t.CreatedAt), millis(t.ExpiresAt)))
		if err == nil && n == 0 {
			err = ErrFinished
		}
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// AccessTokens returns a person's tokens, the newest first, including those that expired recently.
func (s *Store) AccessTokens(ctx context.Context, person string) ([]AccessToken, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectAccessTokens+` AND person = $2 ORDER BY created_at DESC, id`,
		s.env, person)
	if err != nil {
		return nil, failed("list access tokens", err)
	}
	defer rows.Close()
	var all []AccessToken
	for rows.Next() {
		t, err := scanAccessToken(rows)
		if err != nil {
			return nil, failed("list access tokens", err)
		}
		all = append(all, t)
	}
	return all, failed("list access tokens", rows.Err())
}

// UseAccessToken returns a token, expired or not, or ErrNotFound. Unless it expired, it notes that it was used now.
func (s *Store) UseAccessToken(ctx context.Context, token string) (AccessToken, error) {
	t, err := scanAccessToken(s.engine.read.QueryRowContext(ctx, selectAccessTokens+` AND token_hash = $2`,
		s.env, hashOf(token)))
	if err != nil {
		return t, failed("read access token", err)
	}
	now := s.now()
	if now.Before(t.UsedAt.Add(seenEvery)) || !now.Before(t.ExpiresAt) {
		return t, nil
	}
	_, err = s.exec(ctx, `UPDATE access_tokens SET used_at = $1 WHERE environment = $2 AND id = $3`,
		millis(now), s.env, t.ID)
	if err != nil { // it counts nevertheless
		s.log.WarnContext(ctx, "the use of an access token could not be noted", "token", t.ID, "error", err)
	}
	return t, nil
}

// DeleteAccessToken deletes a token of a person, and records the activities that done returns, as done. ErrNotFound
// means that the person has no such token.
func (s *Store) DeleteAccessToken(
	ctx context.Context, person, id string, done func(AccessToken) ([]Activity, error),
) error {
	return failed("delete access token", s.tx(ctx, func(tx *sql.Tx) error {
		t, err := scanAccessToken(tx.QueryRowContext(ctx, `
			DELETE FROM access_tokens WHERE environment = $1 AND person = $2 AND id = $3 RETURNING `+accessTokenColumns,
			s.env, person, id))
		if err != nil {
			return err
		}
		activities, err := done(t)
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, activities)
	}))
}

// scanAccessToken reads accessTokenColumns.
func scanAccessToken(row scanner) (t AccessToken, err error) {
	var created, expires, used int64
	err = row.Scan(&t.ID, &t.Person, &t.Name, &t.Scope, &created, &expires, &used)
	t.CreatedAt, t.ExpiresAt, t.UsedAt = timeAt(created), timeAt(expires), timeAt(used)
	return t, err
}
