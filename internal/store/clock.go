package store

import "time"

const (
	// longestLease is longer than any lease. One that ends later was given by a clock that was ahead.
	longestLease = 2 * time.Minute
	// clocksApart is how far the steady clocks of two machines may differ.
	clocksApart = time.Minute
)

// instant is a time by two clocks, in Unix milliseconds: that of the database, which all processes share but which
// may be moved, as at a failover, and the steady clock of this process. A lease is over when both say so, and what
// happened is as old as the clock says by which it is younger. So neither clock alone makes an attempt look dead.
type instant struct{ database, steady int64 }

func (s *Store) instant() instant {
	return instant{millis(s.now()), s.steady().UTC().UnixMilli()}
}

func (i instant) add(d time.Duration) instant {
	return instant{i.database + d.Milliseconds(), i.steady + d.Milliseconds()}
}

// since returns how long ago a time was. A clock by which that is yet to come was moved back, so the other one
// decides. So does it if the previous version wrote the time, which has only one.
func (i instant) since(then instant) time.Duration {
	byDatabase := time.Duration(i.database-then.database) * time.Millisecond
	bySteady := time.Duration(i.steady-then.steady) * time.Millisecond
	switch {
	case then.steady == 0 || bySteady < -clocksApart:
		return max(byDatabase, 0)
	case byDatabase < -clocksApart:
		return max(bySteady, 0)
	}
	return max(min(byDatabase, bySteady), 0)
}

// left returns how long a lease lasts.
func (i instant) left(until instant) time.Duration {
	return max(leftBy(i.database, until.database), leftBy(i.steady, until.steady))
}

func leftBy(now, until int64) time.Duration {
	left := time.Duration(until-now) * time.Millisecond
	if left < 0 || left > longestLease {
		return 0
	}
	return left
}

// leaseOver is the condition that left returns 0 for a lease that ends at lease_until and steady_until. Its
// parameters are those of instant.over.
const leaseOver = ` (lease_until <= $1 OR lease_until > $2) AND (steady_until <= $3 OR steady_until > $4) `

// over returns the first parameters of a statement with leaseOver, and after them others.
func (i instant) over(others ...any) []any {
	beyond := i.add(longestLease)
	return append([]any{i.database, beyond.database, i.steady, beyond.steady}, others...)
}
