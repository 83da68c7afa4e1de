package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
)

// Owner owns connections. There are two kinds: a session with its renewals, whose connections end with it, and the team
// of this deployment, whose connections last. Nothing outside this package may assume which one an owner is.
type Owner string

// teamOwner is the ID of the owner of the kind "team". There is one in each environment.
const teamOwner Owner = "team"

// errLasting is returned where an owner would be deleted who never is.
var errLasting = errors.New("a team can't be signed out")

// Team returns the owner that the people of this deployment share. No sweep, no sign-out and no end of a session
// deletes what it has.
func (s *Store) Team(ctx context.Context) (Owner, error) {
	return teamOwner, failed("make the team", s.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO owners (environment, id, kind, created_at) VALUES ($1, $2, 'team', $3) ON CONFLICT DO NOTHING`,
			s.env, teamOwner, millis(s.now()))
		if err != nil {
			return err
		}
		// Versions that know no kinds sweep owners without a session. While one of them still runs beside this one,
		// this session keeps the team. It never ends, and nobody can use it: no token has this hash.
		_, err = tx.ExecContext(ctx, `
			INSERT INTO sessions (token_hash, environment, owner, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)
			ON CONFLICT DO NOTHING`,
			s.teamSession(), s.env, teamOwner, int64(math.MaxInt64))
		return err
	}))
}

// teamSession returns the hash of the session that keeps the team.
func (s *Store) teamSession() string { return "team of " + s.env }

// DeleteOwner signs an owner out everywhere: it deletes all sessions, connections, secrets, flashes
// and operations of the owner. An operation whose lease is held stays, so that nobody else starts to
// work on its resource, and so do the activities of the owner's shops, to which it adds some, as done,
// in the same transaction. It is no error if there is no such owner. It fails for a team.
func (s *Store) DeleteOwner(ctx context.Context, owner Owner, done ...Activity) error {
	if owner == teamOwner {
		return failed("delete owner", errLasting)
	}
	return failed("delete owner", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOwner(ctx, tx, s.env, owner); err != nil {
			return err
		}
		if err := deleteOwner(ctx, tx, s.env, owner); err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// deleteOwner deletes an owner who is locked.
func deleteOwner(ctx context.Context, tx *sql.Tx, env string, owner Owner) error {
	if err := deleteOperations(ctx, tx, env, owner); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM owners WHERE environment = $1 AND id = $2 AND kind = 'session'`, env, owner)
	return err
}

// deleteIdleOwner deletes an owner who has no session, and reports whether it did. One statement asks and
// deletes: an owner who was deleted before the lock was taken may sign in again between two.
func deleteIdleOwner(ctx context.Context, tx *sql.Tx, env string, owner Owner) (bool, error) {
	r, err := tx.ExecContext(ctx, `
		DELETE FROM owners WHERE environment = $1 AND id = $2 AND kind = 'session'
		AND NOT EXISTS (SELECT 1 FROM sessions WHERE environment = $1 AND owner = $2)`, env, owner)
	if err != nil {
		return false, err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, deleteOperations(ctx, tx, env, owner)
}

// deleteOperations deletes the operations of an owner that hold no lease. Those that do are swept later.
func deleteOperations(ctx context.Context, tx *sql.Tx, env string, owner Owner) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM operations WHERE environment = $1 AND owner = $2 AND holder = ''`,
		env, owner)
	return err
}

// lockOwner keeps other transactions from deleting an owner, and from adding rows of the owner's,
// until this one ends. Statements after it see what those transactions did before.
func (s *Store) lockOwner(ctx context.Context, tx *sql.Tx, env string, owner Owner) error {
	if s.engine.lockOwner == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, s.engine.lockOwner, env, owner)
	return err
}

// lockPresentOwner locks an owner, and returns sql.ErrNoRows if there is no such owner.
func (s *Store) lockPresentOwner(ctx context.Context, tx *sql.Tx, owner Owner) error {
	if err := s.lockOwner(ctx, tx, s.env, owner); err != nil {
		return err
	}
	var one int
	return tx.QueryRowContext(ctx, `SELECT 1 FROM owners WHERE environment = $1 AND id = $2`, s.env, owner).Scan(&one)
}
