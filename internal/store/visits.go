package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// silentShops in a row that give no answer pause all visits.
	silentShops = 10
	silentPause = 30 * time.Second

	// enqueuedFor is when a shop is due again that was enqueued and not visited since.
	enqueuedFor = 5 * time.Minute
)

const (
	notPaused = `NOT EXISTS (SELECT 1 FROM visit_pauses
		WHERE visit_pauses.environment = visits.environment AND paused_until > $8)`

	claimVisit = `UPDATE visits SET holder = $5, lease_until = $6, steady_until = $7, started_at = $8
		WHERE environment = $9 AND shop = $10 AND not_before <= $8 AND ` + notPaused + ` AND` + leaseOver

	endVisit = `UPDATE visits SET holder = '', lease_until = 0, steady_until = 0, not_before = $1,
			due_at = CASE WHEN asked_at >= started_at THEN CAST($2 AS BIGINT) ELSE CAST($3 AS BIGINT) END
		WHERE environment = $4 AND shop = $5 AND holder = $6 RETURNING due_at`

	// A shop that was enqueued is due again later, so that one whose job got lost isn't forgotten.
	takeDue = `UPDATE visits SET due_at = $1 WHERE environment = $2 AND shop IN (
			SELECT shop FROM visits WHERE environment = $2 AND due_at <= $3 ORDER BY due_at, shop LIMIT $4)
		AND due_at <= $3 RETURNING shop`

	askVisits = `UPDATE visits SET asked_at = $1, due_at = $2 WHERE environment = $3 AND EXISTS (
		SELECT 1 FROM connections WHERE connections.environment = visits.environment AND shop_id = shop
		AND owner = $4 AND NOT expired)`

	// A shop that is connected, perhaps again, is visited at once.
	connectVisit = `INSERT INTO visits (environment, shop, due_at) VALUES ($1, $2, $3)
		ON CONFLICT (environment, shop) DO UPDATE SET due_at = excluded.due_at, asked_at = excluded.due_at`

	// The previous version connects shops without a row in visits.
	addVisits = `INSERT INTO visits (environment, shop, due_at)
		SELECT DISTINCT environment, shop_id, 1 FROM connections AS c WHERE NOT EXISTS (
			SELECT 1 FROM visits WHERE visits.environment = c.environment AND visits.shop = c.shop_id)
		ON CONFLICT DO NOTHING`

	// A run's items in a shop that was disconnected end in one more visit.
	sweepVisits = `DELETE FROM visits WHERE NOT EXISTS (
		SELECT 1 FROM connections AS c WHERE c.environment = visits.environment AND c.shop_id = visits.shop)
		AND NOT EXISTS (SELECT 1 FROM plan_items AS i WHERE i.environment = visits.environment
			AND i.shop = visits.shop AND i.state IN ('pending', 'calling'))`

	selectVisited = `SELECT ` + connectionColumns + `, credential, ` + lastColumns + ` FROM connections
		LEFT JOIN observations ON observations.connection = id
		WHERE environment = $1 AND shop_id = $2 AND NOT expired AND (
			EXISTS (SELECT 1 FROM owners WHERE owners.environment = connections.environment
				AND owners.id = connections.owner AND kind = 'team')
			OR EXISTS (SELECT 1 FROM sessions WHERE sessions.environment = connections.environment
				AND sessions.owner = connections.owner AND seen_at > $3 AND sessions.created_at > $4))
		ORDER BY created_at, id`

	lastColumns = `COALESCE(tried_at, 0), COALESCE(problem, ''), COALESCE(seen_at, 0), COALESCE(hash, ''),
		COALESCE(backlog_page, 0), COALESCE(backlog_until, 0),
		(SELECT MAX(f.created_at) FROM delivery_facts AS f WHERE f.connection = id),
		(SELECT MIN(f.created_at) FROM delivery_facts AS f WHERE f.connection = id AND f.created_at > $5 AND outcome <> 1)`
)

// Visit is a visit of a shop that has begun. Nobody else visits the shop until it ends, or its lease does.
type Visit struct {
	Shop        string
	StartedAt   time.Time
	Connections []Visited // those that can be used now; an owner without a session has none

	holder string
}

// Visited is a connection to the shop of a visit, and what is known from earlier ones.
type Visited struct {
	Connection

	TriedAt time.Time // of the last visit; zero if there was none
	Problem string    // of the last visit; "" if it read everything
	SeenAt  time.Time // when the webhooks were last read; zero if never
	Hash    string    // of the webhooks; "" if they were never read
	Backlog Backlog
	Newest  time.Time // of the known deliveries; zero if none is known
	Open    time.Time // the oldest known delivery since BeginVisit's time that may have another state by now
}

// Backlog says which older deliveries of a shop were not read yet.
type Backlog struct {
	Page  int       // from which to go on; 0 if there are none
	Until time.Time // those before are known
}

// makeDue makes a shop due for a visit, in a transaction.
func (s *Store) makeDue(ctx context.Context, tx *sql.Tx, shop string) error {
	_, err := tx.ExecContext(ctx, connectVisit, s.env, shop, millis(s.now()))
	return err
}

// BeginVisit begins a visit of a shop, for as long as a lease, and returns with it the connections that can be used.
// Deliveries since open may have changed since they were read. If the shop can't be visited now, it returns after which
// time it can: somebody else visits it, the API's limit is reached, or visits are paused. ErrNotFound means that no
// shop with this ID is to be visited.
func (s *Store) BeginVisit(
	ctx context.Context, shop string, lease time.Duration, open time.Time,
) (v Visit, wait time.Duration, err error) {
	now := s.instant()
	until := now.add(lease)
	v = Visit{Shop: shop, StartedAt: timeAt(now.database), holder: rand.Text()}
	n, err := s.exec(ctx, claimVisit, now.over(v.holder, until.database, until.steady, now.database, s.env, shop)...)
	if err == nil && n == 0 {
		wait, err = s.whyNoVisit(ctx, shop, now)
		return Visit{}, wait, failed("begin visit", err)
	}
	if err == nil {
		v.Connections, err = s.visited(ctx, shop, open)
	}
	return v, 0, failed("begin visit", err)
}

// whyNoVisit returns how long it takes until a shop can be visited.
func (s *Store) whyNoVisit(ctx context.Context, shop string, now instant) (time.Duration, error) {
	var notBefore int64
	var lease instant
	err := s.engine.read.QueryRowContext(ctx, `
		SELECT not_before, lease_until, steady_until FROM visits WHERE environment = $1 AND shop = $2`, s.env, shop).
		Scan(&notBefore, &lease.database, &lease.steady)
	if err != nil {
		return 0, err
	}
	paused, err := s.VisitsPaused(ctx)
	wait := max(timeAt(notBefore).Sub(timeAt(now.database)), paused.Sub(timeAt(now.database)), now.left(lease))
	return max(wait, time.Millisecond), err
}

func (s *Store) visited(ctx context.Context, shop string, open time.Time) ([]Visited, error) {
	now := s.now()
	rows, err := s.engine.read.QueryContext(ctx, selectVisited,
		s.env, shop, millis(now.Add(-s.sessionIdle)), millis(now.Add(-s.sessionLife)), millis(open))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Visited
	for rows.Next() {
		var v Visited
		var sealed []byte
		var tried, seen, until int64
		var newest, oldest sql.NullInt64
		v.Connection, err = s.scanConnection(
			rows, &sealed, &tried, &v.Problem, &seen, &v.Hash, &v.Backlog.Page, &until, &newest, &oldest)
		if err != nil {
			return nil, err
		}
		v.TriedAt, v.SeenAt, v.Backlog.Until = timeAt(tried), timeAt(seen), timeAt(until)
		v.Newest, v.Open = timeAt(newest.Int64), timeAt(oldest.Int64)
		// One that doesn't open must be connected again, and has no use before.
		if v.Credential, err = s.keys.open(sealed, s.credentialContext(v.Owner, v.ShopID)); err == nil {
			all = append(all, v)
		}
	}
	return all, rows.Err()
}

// VisitEnd is how a visit ended.
type VisitEnd struct {
	Seen      []Observed
	Due       time.Time // when the shop is due again
	NotBefore time.Time // the API's limit allows no call until then; zero if it does
	Answered  bool      // the shop gave an answer
	Silent    bool      // it gave none although it was called
}

// EndVisit stores what a visit saw, in one transaction. Also is run in it, with the time when the shop is due again,
// which is earlier than asked for if somebody asked for a visit since this one began. ErrLeaseLost means that somebody
// else visits the shop by now. Then nothing is stored.
func (s *Store) EndVisit(
	ctx context.Context, v Visit, end VisitEnd, also func(context.Context, *sql.Tx, time.Time) error,
) error {
	soon := max(millis(end.NotBefore), millis(s.now()))
	return failed("end visit", s.tx(ctx, func(tx *sql.Tx) error {
		var due int64
		err := tx.QueryRowContext(ctx, endVisit, millis(end.NotBefore), soon, millis(end.Due), s.env, v.Shop, v.holder).
			Scan(&due)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrLeaseLost
		}
		if err != nil {
			return err
		}
		for _, seen := range end.Seen {
			if err := s.putObserved(ctx, tx, seen); err != nil {
				return err
			}
		}
		if err := s.countSilence(ctx, tx, v.Shop, end); err != nil || also == nil {
			return err
		}
		return also(ctx, tx, timeAt(due))
	}))
}

// countSilence pauses all visits when too many shops in a row gave no answer.
func (s *Store) countSilence(ctx context.Context, tx *sql.Tx, shop string, end VisitEnd) error {
	if end.Answered {
		_, err := tx.ExecContext(ctx, `DELETE FROM silent_shops WHERE environment = $1`, s.env)
		return err
	}
	if !end.Silent {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO silent_shops (environment, shop) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		s.env, shop)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO visit_pauses (environment, paused_until)
		SELECT environment, CAST($2 AS BIGINT) FROM silent_shops WHERE environment = $1
		GROUP BY environment HAVING COUNT(*) >= $3
		ON CONFLICT (environment) DO UPDATE SET paused_until = excluded.paused_until`,
		s.env, millis(s.now().Add(silentPause)), silentShops)
	return err
}

// VisitsPaused returns until when no shop is visited, since many in a row gave no answer. It returns the zero time if
// shops are visited.
func (s *Store) VisitsPaused(ctx context.Context) (time.Time, error) {
	var until int64
	err := s.engine.read.QueryRowContext(ctx, `
		SELECT paused_until FROM visit_pauses WHERE environment = $1 AND paused_until > $2`, s.env, millis(s.now())).
		Scan(&until)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return timeAt(until), failed("read pause of visits", err)
}

// TakeDueVisits returns shops that are due, at most limit of them, and runs also with them in the same transaction.
// They are due again later, unless a visit ends before.
func (s *Store) TakeDueVisits(
	ctx context.Context, limit int, also func(context.Context, *sql.Tx, []string) error,
) (due []string, err error) {
	now := s.now()
	err = s.tx(ctx, func(tx *sql.Tx) error {
		due, err = textsOf(tx.QueryContext(ctx, takeDue, millis(now.Add(enqueuedFor)), s.env, millis(now), limit))
		if err != nil || len(due) == 0 {
			return err
		}
		return also(ctx, tx, due)
	})
	return due, failed("take due visits", err)
}

// AskVisits makes shops of an owner due at once, all of them if none is named, and runs also with them in the same
// transaction. A shop that is being visited is visited again after that. It returns the shops. Those whose connection
// has ended are left out.
func (s *Store) AskVisits(
	ctx context.Context, owner Owner, shops []string, also func(context.Context, *sql.Tx, []string) error,
) (asked []string, err error) {
	now := s.now()
	args := []any{millis(now), millis(now.Add(enqueuedFor)), s.env, owner}
	query := askVisits
	if len(shops) > 0 {
		var list string
		list, args = listed(args, shops)
		query += ` AND shop IN (` + list + `)`
	}
	err = s.tx(ctx, func(tx *sql.Tx) error {
		asked, err = textsOf(tx.QueryContext(ctx, query+` RETURNING shop`, args...))
		if err != nil || len(asked) == 0 {
			return err
		}
		return also(ctx, tx, asked)
	})
	return asked, failed("ask for visits", err)
}

// listed returns placeholders for values, and the arguments with them.
func listed[T any](args []any, values []T) (places string, all []any) {
	var b strings.Builder
	for i, value := range values {
		args = append(args, value)
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", len(args))
	}
	return b.String(), args
}

// textsOf returns the texts of rows with one column.
func textsOf(rows *sql.Rows, err error) (all []string, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
