package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Limit is how often something may be done by one person, or from one network. It is a token bucket of
// size Burst that gets one token each time Every has passed.
type Limit struct {
	Name  string        // each name has counts of its own
	Burst int           // at once; no limit if it is 0 or less
	Every time.Duration // until one more is allowed; whole milliseconds, at least one
	// Debt is how far below empty Spend takes a bucket, as the time until it is just empty. Allow never
	// takes it below empty.
	Debt time.Duration
}

// Off reports whether there is no limit.
func (l Limit) Off() bool { return l.Burst <= 0 }

func (l Limit) every() int64 { return max(l.Every.Milliseconds(), 1) }

// lateness is longer than a statement that does not fail takes, with all its waits.
const lateness = 15 * time.Second

// takeOne moves the time at which a bucket is full, in one statement, so that callers in all processes
// are counted one after another. A time far beyond the possible was written by a clock that was ahead,
// or under a larger limit: the bucket starts again. A time that is slightly beyond was written by a
// caller that read the clock later and was served earlier.
const takeOne = `
	INSERT INTO rate_limits (environment, bucket, full_at) VALUES ($1, $2, $3)
	ON CONFLICT (environment, bucket) DO UPDATE SET full_at = CASE
		WHEN rate_limits.full_at <= $4 OR rate_limits.full_at > $7 THEN excluded.full_at
		WHEN rate_limits.full_at + $6 > $5 THEN $5
		ELSE rate_limits.full_at + $6 END`

// Allow counts one more under a limit for key, and reports whether it is allowed. If it is not, nothing
// is counted, and the next one is allowed after retryAfter. The key is any text, such as an IP address;
// the database has a keyed hash of it.
func (s *Store) Allow(ctx context.Context, l Limit, key string) (ok bool, retryAfter time.Duration, err error) {
	if l.Off() {
		return true, 0, nil
	}
	args, latest := s.taking(l, key)
	n, err := s.exec(ctx, takeOne+` WHERE rate_limits.full_at <= $8 OR rate_limits.full_at > $7`, append(args, latest)...)
	if err != nil || n == 1 {
		return n == 1, 0, failed("allow", err)
	}
	retryAfter, err = s.Wait(ctx, l, key)
	return false, max(retryAfter, time.Millisecond), err
}

// Spend counts one more under a limit for key, even beyond the limit. It is for what has already
// happened, such as a wrong password. Wait returns beforehand whether it would be allowed.
func (s *Store) Spend(ctx context.Context, l Limit, key string) error {
	if l.Off() {
		return nil
	}
	args, _ := s.taking(l, key)
	_, err := s.exec(ctx, takeOne, args...)
	return failed("spend", err)
}

// Wait returns how long it takes until one more is allowed, 0 if it is allowed now. It counts nothing.
func (s *Store) Wait(ctx context.Context, l Limit, key string) (time.Duration, error) {
	if l.Off() {
		return 0, nil
	}
	var fullAt int64
	now := millis(s.now())
	err := s.engine.read.QueryRowContext(ctx, `SELECT full_at FROM rate_limits WHERE environment = $1 AND bucket = $2`,
		s.env, s.bucket(l, key)).Scan(&fullAt)
	if errors.Is(err, sql.ErrNoRows) || fullAt > l.beyond(now) {
		return 0, nil
	}
	wait := fullAt - l.latest(now)
	return time.Duration(max(wait, 0)) * time.Millisecond, failed("wait", err)
}

// latest returns the last time of being full at which one more is allowed.
func (l Limit) latest(now int64) int64 { return now + int64(l.Burst-1)*l.every() }

// end returns the last time of being full that counting can lead to.
func (l Limit) end(now int64) int64 {
	return now + int64(l.Burst)*l.every() + max(l.Debt.Milliseconds(), 0)
}

// beyond returns the time of being full after which a count cannot be right.
func (l Limit) beyond(now int64) int64 { return l.end(now) + lateness.Milliseconds() }

// taking returns the arguments of takeOne, and the last time of being full at which it may run.
func (s *Store) taking(l Limit, key string) (args []any, latest int64) {
	now := millis(s.now())
	return []any{s.env, s.bucket(l, key), now + l.every(), now, l.end(now), l.every(), l.beyond(now)}, l.latest(now)
}

// bucket returns what is kept of a key. It is a keyed hash, since a plain hash of an IP address can be
// found by trying all addresses.
func (s *Store) bucket(l Limit, key string) string {
	return s.keyed(rowContext{l.Name, key, []string{s.env}})
}
