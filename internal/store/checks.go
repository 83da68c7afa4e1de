package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"time"
)

const (
	checkLife = time.Hour
	// checkAlive is longer than the time between two updates of a check. One that was not updated for so
	// long was left by a process that died, and no longer counts.
	checkAlive = time.Minute
)

// ErrBusy means that too many of the owner's checks are running.
var ErrBusy = errors.New("too many checks are running")

// Check is an examination of an endpoint, with its report so far.
type Check struct {
	ID        string // made by BeginCheck
	Owner     Owner
	Shop      string
	Report    []byte // JSON by the caller; sealed in the database
	Done      bool   // the report is complete
	StartedAt time.Time
	UpdatedAt time.Time
}

// BeginCheck stores a check for one hour and returns it as stored. It returns ErrBusy if as many of the
// owner's checks as most are running, and ErrNotFound if the owner is gone. The ID, Done and the times
// do not count in the argument.
func (s *Store) BeginCheck(ctx context.Context, c Check, most int) (Check, error) {
	c.ID, c.Done, c.StartedAt = rand.Text(), false, s.now()
	c.UpdatedAt, c.Report = c.StartedAt, slices.Clone(c.Report)
	n, err := s.insertCheck(ctx, c, most)
	if err == nil && n == 0 {
		err = s.whyNoCheck(ctx, c.Owner)
	}
	if err != nil {
		return Check{}, failed("begin check", err)
	}
	return c, nil
}

// insertCheck locks the owner. Otherwise concurrent checks would each count only those before them.
func (s *Store) insertCheck(ctx context.Context, c Check, most int) (n int64, err error) {
	sealed := s.keys.seal(c.Report, s.reportContext(c.Owner, c.ID))
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOwner(ctx, tx, s.env, c.Owner); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `
			INSERT INTO checks (environment, owner, id, shop, report, started_at, updated_at)
			SELECT environment, id, $3, $4, $5, $6, $6 FROM owners WHERE environment = $1 AND id = $2 AND (
				SELECT COUNT(*) FROM checks WHERE environment = $1 AND owner = $2 AND NOT done AND updated_at > $7) < $8`,
			s.env, c.Owner, c.ID, c.Shop, sealed, millis(c.StartedAt), millis(c.StartedAt.Add(-checkAlive)), most)
		if err == nil {
			n, err = r.RowsAffected()
		}
		return err
	})
	return n, err
}

func (s *Store) whyNoCheck(ctx context.Context, owner Owner) error {
	var there bool
	err := s.engine.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM owners WHERE environment = $1 AND id = $2)`,
		s.env, owner).Scan(&there)
	if err == nil && there {
		return ErrBusy
	}
	return errors.Join(err, ErrNotFound)
}

// UpdateCheck replaces the report of a check that is not done. ErrNotFound means that there is none.
func (s *Store) UpdateCheck(ctx context.Context, owner Owner, id string, report []byte, done bool) error {
	n, err := s.exec(ctx, `
		UPDATE checks SET report = $1, done = $2, updated_at = $3
		WHERE environment = $4 AND owner = $5 AND id = $6 AND NOT done`,
		s.keys.seal(report, s.reportContext(owner, id)), done, millis(s.now()), s.env, owner, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return failed("update check", err)
}

// Check returns a check of the owner's in a shop, or ErrNotFound.
func (s *Store) Check(ctx context.Context, owner Owner, shop, id string) (Check, error) {
	c := Check{ID: id, Owner: owner, Shop: shop}
	var sealed []byte
	var started, updated int64
	err := s.engine.read.QueryRowContext(ctx, `
		SELECT report, done, started_at, updated_at FROM checks
		WHERE environment = $1 AND owner = $2 AND shop = $3 AND id = $4 AND started_at > $5`,
		s.env, owner, shop, id, millis(s.now().Add(-checkLife))).Scan(&sealed, &c.Done, &started, &updated)
	if err != nil {
		return Check{}, failed("read check", err)
	}
	c.StartedAt, c.UpdatedAt = timeAt(started), timeAt(updated)
	if c.Report, err = s.keys.open(sealed, s.reportContext(owner, id)); err != nil {
		return Check{}, s.gone(ctx, "read check", err)
	}
	return c, nil
}

func (s *Store) reportContext(owner Owner, id string) rowContext {
	return rowContext{"checks", "report", []string{s.env, string(owner), id}}
}
