package store

import (
	"context"
	"errors"
	"time"
)

// AcquireLease acquires the named lease for a holder, counted from now, and reports whether it did: nobody
// else holds it, or its time has passed. Of many callers in all processes one gets it. The holder
// names the caller and must not be shared with another.
func (s *Store) AcquireLease(ctx context.Context, name, holder string, lease time.Duration) (bool, error) {
	if name == "" || holder == "" || lease < time.Millisecond {
		return false, errors.New("store: acquire lease: it needs a name, a holder and a time of a millisecond or more")
	}
	now := s.now()
	n, err := s.exec(ctx, `
		INSERT INTO leases (environment, name, holder, lease_until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (environment, name) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until
		WHERE leases.lease_until <= $5 OR leases.holder = excluded.holder`,
		s.env, name, holder, millis(now.Add(lease)), millis(now))
	return n == 1, failed("acquire lease", err)
}

// RenewLease extends a lease, counted from now, if it is still the holder's. A lease whose time has
// passed is, unless somebody else acquired it. ErrLeaseLost means that it is not the holder's.
func (s *Store) RenewLease(ctx context.Context, name, holder string, lease time.Duration) error {
	n, err := s.exec(ctx, `UPDATE leases SET lease_until = $1 WHERE environment = $2 AND name = $3 AND holder = $4`,
		millis(s.now().Add(lease)), s.env, name, holder)
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
