package store

import (
	"context"
	"errors"
	"time"
)

const acquireLease = `
	INSERT INTO leases AS kept (environment, name, holder, lease_until, steady_until) VALUES ($5, $6, $7, $8, $9)
	ON CONFLICT (environment, name) DO UPDATE
		SET holder = excluded.holder, lease_until = excluded.lease_until, steady_until = excluded.steady_until
		WHERE (kept.lease_until <= $1 OR kept.lease_until > $2) AND (kept.steady_until <= $3 OR kept.steady_until > $4)
			OR kept.holder = excluded.holder`

// AcquireLease acquires the named lease for a holder, counted from now, and reports whether it did: nobody
// else holds it, or its time has passed. Of many callers in all processes one gets it. The holder
// names the caller and must not be shared with another.
func (s *Store) AcquireLease(ctx context.Context, name, holder string, lease time.Duration) (bool, error) {
	if name == "" || holder == "" || lease < time.Millisecond {
		return false, errors.New("store: acquire lease: it needs a name, a holder and a time of a millisecond or more")
	}
	now := s.instant()
	until := now.add(lease)
	n, err := s.exec(ctx, acquireLease, now.over(s.env, name, holder, until.database, until.steady)...)
	return n == 1, failed("acquire lease", err)
}

// RenewLease extends a lease, counted from now, if it is still the holder's. A lease whose time has
// passed is, unless somebody else acquired it. ErrLeaseLost means that it is not the holder's.
func (s *Store) RenewLease(ctx context.Context, name, holder string, lease time.Duration) error {
	until := s.instant().add(lease)
	n, err := s.exec(ctx, `
		UPDATE leases SET lease_until = $1, steady_until = $2 WHERE environment = $3 AND name = $4 AND holder = $5`,
		until.database, until.steady, s.env, name, holder)
	if err == nil && n == 0 {
		err = ErrLeaseLost
	}
	return failed("renew lease", err)
}

// ReleaseLease ends a lease. One that is not the holder's stays.
func (s *Store) ReleaseLease(ctx context.Context, name, holder string) error {
	_, err := s.exec(ctx, `DELETE FROM leases WHERE environment = $1 AND name = $2 AND holder = $3`, s.env, name, holder)
	return failed("release lease", err)
}
