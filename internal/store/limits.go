package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"time"
)

// Limit is how often something may be done by one person, or from one place. It counts like a
// bucket that holds Burst and gets one more each time Every has passed.
type Limit struct {
	Name  string        // tells one limit from another; what is counted under two names is counted apart
	Burst int           // at once; 0 or less: there is no limit
	Every time.Duration // until one more may follow, in whole milliseconds, at least one
	// Debt is how far Spend takes a bucket below empty, as the time that it then needs to be empty
	// again. Allow never does.
	Debt time.Duration
}

// Off tells whether there is no limit.
func (l Limit) Off() bool { return l.Burst <= 0 }

func (l Limit) every() int64 { return max(l.Every.Milliseconds(), 1) }

// lateness is longer than a statement takes that does not fail, with all that it waits for.
const lateness = 15 * time.Second

// takeOne moves the time at which a bucket is full, in one statement, so that callers in all
// processes are counted one after another. A time far beyond what the limit can come to was written
// by a clock that was ahead, or under a larger limit: the bucket begins anew. One that is a little
// beyond was written by a caller that asked for the time later, but was served before.
const takeOne = `
	INSERT INTO rate_limits (environment, bucket, full_at) VALUES ($1, $2, $3)
	ON CONFLICT (environment, bucket) DO UPDATE SET full_at = CASE
		WHEN rate_limits.full_at <= $4 OR rate_limits.full_at > $7 THEN excluded.full_at
		WHEN rate_limits.full_at + $6 > $5 THEN $5
		ELSE rate_limits.full_at + $6 END`

// Allow counts one more under a limit for key, unless there were too many: then ok is false, nothing
// is counted, and the next is allowed after retryAfter. The key may be anything that tells one from
// another, such as an address; the database has a keyed hash of it.
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

// Spend counts one more under a limit for key, also where there were too many: what has happened
// already, such as a wrong password. Wait tells beforehand whether there were.
func (s *Store) Spend(ctx context.Context, l Limit, key string) error {
	if l.Off() {
		return nil
	}
	args, _ := s.taking(l, key)
	_, err := s.exec(ctx, takeOne, args...)
	return failed("spend", err)
}

// Wait is how long it takes until one more is allowed; 0 when it is now. It counts nothing.
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

// latest is the last time of being full at which one more is allowed.
func (l Limit) latest(now int64) int64 { return now + int64(l.Burst-1)*l.every() }

// end is the last time of being full that can come from counting.
func (l Limit) end(now int64) int64 {
	return now + int64(l.Burst)*l.every() + max(l.Debt.Milliseconds(), 0)
}

// beyond is the time of being full after which a count cannot be right.
func (l Limit) beyond(now int64) int64 { return l.end(now) + lateness.Milliseconds() }

// taking gives the arguments of takeOne, and the last time of being full at which it may be run.
func (s *Store) taking(l Limit, key string) (args []any, latest int64) {
	now := millis(s.now())
	return []any{s.env, s.bucket(l, key), now + l.every(), now, l.end(now), l.every(), l.beyond(now)}, l.latest(now)
}

// bucket is what is kept of a key. There are few enough addresses to try a plain hash for all.
func (s *Store) bucket(l Limit, key string) string {
	mac := hmac.New(sha256.New, s.keys.list[0].mac)
	mac.Write(rowContext{l.Name, key, []string{s.env}}.data())
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
