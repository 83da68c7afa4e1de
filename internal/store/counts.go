package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// activeFor is how long after its last request a session counts as active. It is more than seenEvery.
const activeFor = 15 * time.Minute

// JobCount is how many jobs of a kind are in a state.
type JobCount struct {
	Kind, State string
	Count       int
}

// SessionCounts are how many sessions there are.
type SessionCounts struct {
	All    int // that haven't ended
	Active int // that were used recently
	People int // members who used one recently
}

// CountSessions counts sessions, with one statement.
func (s *Store) CountSessions(ctx context.Context) (c SessionCounts, err error) {
	now := s.now()
	err = s.engine.read.QueryRowContext(ctx, `
		SELECT COUNT(*), COALESCE(SUM(CASE WHEN seen_at > $2 THEN 1 ELSE 0 END), 0),
			COUNT(DISTINCT CASE WHEN seen_at > $2 AND person <> '' THEN person END)
		FROM sessions
		WHERE environment = $1 AND token_hash <> $6
			AND seen_at > $3 AND created_at > $4 AND (person = '' OR created_at > $5)`,
		s.env, millis(now.Add(-activeFor)), millis(now.Add(-s.sessionIdle)), millis(now.Add(-s.sessionLife)),
		millis(now.Add(-s.memberLife())), s.teamSession()).
		Scan(&c.All, &c.Active, &c.People)
	return c, failed("count sessions", err)
}

// CountJobs counts jobs, with one statement. Before the queue's tables are made, it returns an error.
func (s *Store) CountJobs(ctx context.Context) (all []JobCount, err error) {
	defer func() { err = failed("count jobs", err) }()
	rows, err := s.engine.read.QueryContext(ctx, `SELECT kind, state, COUNT(*) FROM river_job GROUP BY kind, state`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var j JobCount
		if err := rows.Scan(&j.Kind, &j.State, &j.Count); err != nil {
			return nil, err
		}
		all = append(all, j)
	}
	return all, rows.Err()
}

// JobWaitsSince returns for when the oldest job of a kind was scheduled that no worker has taken yet. A zero time means
// that there is none.
func (s *Store) JobWaitsSince(ctx context.Context, kind string) (at time.Time, err error) {
	err = s.engine.read.QueryRowContext(ctx, `
		SELECT scheduled_at FROM river_job WHERE kind = $1 AND state = 'available' ORDER BY scheduled_at LIMIT 1`, kind).
		Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return at, failed("find the oldest job", err)
}
