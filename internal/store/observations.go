package store

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// Observation is what the visits of a connection saw, as of the last one that could read it.
type Observation struct {
	Connection // without its credential

	TriedAt      time.Time // of the last visit; zero if there was none
	Problem      string    // of the last visit; "" if it read everything
	Code         string    // of the API, about the problem
	SeenAt       time.Time // when the webhooks were last read; zero if never
	Hash         string    // of the webhooks
	Webhooks     []byte    // JSON by the caller; sealed in the database; nil in lists
	WebhookCount int
	Cut          bool      // the shop has more webhooks than were read
	Types        int64     // mask of the event types that webhooks have
	TypeCounts   string    // by the caller: how many webhooks have each event type
	UnknownTypes []string  // event types without a bit in the mask, sorted
	DeliveriesAt time.Time // when the newest deliveries were last read; zero if never
	Total24h     int       // deliveries in the 24 hours before DeliveriesAt, without tests
	Failed24h    int       // of them
	Backlog      Backlog

	DeliveriesSince time.Time // all since then were read, but for the Backlog, and were kept unless they are too old
	FailingWebhooks int       // by Observed.Judge
	LookWebhooks    int
}

// Observed is what one visit saw through one connection.
type Observed struct {
	ConnectionID string
	Owner        Owner
	At           time.Time
	Problem      string
	Code         string
	Listed       *Listed // nil if the webhooks could not be read
	Read         bool    // deliveries were read, perhaps not all
	Deliveries   []Delivery
	Backlog      Backlog   // if Read
	Since        time.Time // all deliveries since then were read, if none were before

	// Judge says what the deliveries mean, if Read.
	Judge func([]WebhookHealth) Judgment
}

// Judgment is what deliveries say about the webhooks of a shop.
type Judgment struct {
	Failing, Look int    // webhooks
	Problem       string // of a visit that had no other; "" for none
}

// Listed are the webhooks of a shop.
type Listed struct {
	Hash         string
	Webhooks     []byte // JSON by the caller
	Count        int
	Cut          bool
	Types        int64
	TypeCounts   string
	UnknownTypes []string
	Change       []byte // JSON by the caller: what is different from before; nil if nothing is
}

// ObservationChange is a change of a shop's webhooks as a visit saw it.
type ObservationChange struct {
	At     time.Time
	Hash   string // of the webhooks after it
	Detail []byte // JSON by the caller; sealed in the database
}

const (
	observationColumns = `COALESCE(tried_at, 0), COALESCE(problem, ''), COALESCE(code, ''), COALESCE(seen_at, 0),
		COALESCE(hash, ''), COALESCE(webhook_count, 0), COALESCE(cut, FALSE), COALESCE(types, 0),
		COALESCE(type_counts, ''), COALESCE(unknown_types, ''), COALESCE(deliveries_at, 0), COALESCE(total_24h, 0),
		COALESCE(failed_24h, 0), COALESCE(backlog_page, 0), COALESCE(backlog_until, 0), COALESCE(deliveries_since, 0),
		COALESCE(failing_webhooks, 0), COALESCE(look_webhooks, 0)`

	selectNewestVisits = `SELECT owner, MAX(tried_at) FROM connections
		JOIN observations ON observations.connection = id WHERE environment = $1 GROUP BY owner`

	selectObservations = `SELECT ` + connectionColumns + `, ` + observationColumns + ` FROM connections
		LEFT JOIN observations ON observations.connection = id WHERE environment = $1 AND owner = $2`

	selectObservation = `SELECT ` + connectionColumns + `, webhooks, ` + observationColumns + ` FROM connections
		LEFT JOIN observations ON observations.connection = id WHERE environment = $1 AND owner = $2 AND shop_id = $3`

	selectSealedWebhooks = `SELECT id, shop_id, webhooks FROM connections
		JOIN observations ON observations.connection = id
		WHERE environment = $1 AND owner = $2 AND webhooks IS NOT NULL`

	// Nothing is inserted if the connection was deleted during the visit.
	upsertObservation = `
		INSERT INTO observations (connection, tried_at, problem, code)
		SELECT id, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT) FROM connections
		WHERE environment = $1 AND id = $2
		ON CONFLICT (connection) DO UPDATE SET
			tried_at = excluded.tried_at, problem = excluded.problem, code = excluded.code`

	updateListed = `UPDATE observations SET seen_at = $2, webhook_count = $3, cut = $4, types = $5, type_counts = $6,
		unknown_types = $7, hash = $8, webhooks = $9 WHERE connection = $1`

	insertChange = `INSERT INTO observation_changes (connection, changed_at, hash, detail) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`

	updateRead = `UPDATE observations SET deliveries_at = $2, backlog_page = $3, backlog_until = $4,
		deliveries_since = CASE WHEN deliveries_since > 0 THEN deliveries_since ELSE $5 END,
		total_24h = $6, failed_24h = $7, failing_webhooks = $8, look_webhooks = $9,
		problem = CASE WHEN problem = '' THEN CAST($10 AS TEXT) ELSE problem END WHERE connection = $1`

	selectChanges = `SELECT connections.id, changed_at, hash, detail FROM observation_changes
		JOIN connections ON connections.id = observation_changes.connection
		WHERE environment = $1 AND owner = $2 AND shop_id = $3 ORDER BY changed_at DESC LIMIT $4`
)

// putObserved stores what was seen through one connection. What could not be read stays as it was.
func (s *Store) putObserved(ctx context.Context, tx *sql.Tx, o Observed) error {
	n, err := affected(tx.ExecContext(ctx, upsertObservation, s.env, o.ConnectionID, millis(o.At), o.Problem, o.Code))
	if err != nil || n == 0 {
		return err
	}
	if o.Listed != nil {
		if err := s.putListed(ctx, tx, o, *o.Listed); err != nil {
			return err
		}
	}
	if !o.Read {
		return nil
	}
	if err := s.putDeliveries(ctx, tx, o); err != nil {
		return err
	}
	return s.judge(ctx, tx, o)
}

// judge stores what the deliveries add up to.
func (s *Store) judge(ctx context.Context, tx *sql.Tx, o Observed) error {
	//nolint:rowserrcheck // scanHealth checks it.
	rows, err := tx.QueryContext(ctx, selectHealth, SpansAt(o.At).args(o.ConnectionID)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	all, err := scanHealth(rows)
	if err != nil {
		return err
	}
	var day Rate
	for _, h := range all {
		day.Add(h.Day)
	}
	var j Judgment
	if o.Judge != nil {
		j = o.Judge(all)
	}
	_ = rows.Close()
	_, err = tx.ExecContext(ctx, updateRead, o.ConnectionID, millis(o.At), o.Backlog.Page, millis(o.Backlog.Until),
		millis(o.Since), day.Total(), day.Failed, j.Failing, j.Look, j.Problem)
	return err
}

// putListed writes the sealed webhooks only if they are new, since they can be long.
func (s *Store) putListed(ctx context.Context, tx *sql.Tx, o Observed, l Listed) error {
	if l.Webhooks == nil {
		_, err := tx.ExecContext(ctx, `UPDATE observations SET seen_at = $2 WHERE connection = $1`,
			o.ConnectionID, millis(o.At))
		return err
	}
	_, err := tx.ExecContext(ctx, updateListed, o.ConnectionID, millis(o.At), l.Count, l.Cut, l.Types, l.TypeCounts,
		strings.Join(l.UnknownTypes, " "), l.Hash,
		s.keys.seal(l.Webhooks, s.observationContext("observations", "webhooks", o.Owner, o.ConnectionID)))
	if err != nil || l.Change == nil {
		return err
	}
	_, err = tx.ExecContext(ctx, insertChange, o.ConnectionID, millis(o.At), l.Hash,
		s.keys.seal(l.Change, s.observationContext("observation_changes", "detail", o.Owner, o.ConnectionID)))
	return err
}

// NewestVisits returns when a shop of each owner was last visited, for owners of whom one was.
func (s *Store) NewestVisits(ctx context.Context) (map[Owner]time.Time, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectNewestVisits, s.env)
	if err != nil {
		return nil, failed("list newest visits", err)
	}
	defer rows.Close()
	all := map[Owner]time.Time{}
	for rows.Next() {
		var owner Owner
		var at int64
		if err := rows.Scan(&owner, &at); err != nil {
			return nil, failed("list newest visits", err)
		}
		all[owner] = timeAt(at)
	}
	return all, failed("list newest visits", rows.Err())
}

// Observations returns what was seen of all shops of an owner, by name, without the webhooks themselves. A shop that
// was never visited is among them.
func (s *Store) Observations(ctx context.Context, owner Owner) ([]Observation, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectObservations, s.env, owner)
	if err != nil {
		return nil, failed("list observations", err)
	}
	defer rows.Close()
	var all []Observation
	for rows.Next() {
		o, err := s.scanObservation(rows)
		if err != nil {
			return nil, failed("list observations", err)
		}
		all = append(all, o)
	}
	all = sortedByName(all, func(o *Observation) *Connection { return &o.Connection })
	return all, failed("list observations", rows.Err())
}

// Observation returns what was seen of one shop of an owner, or ErrNotFound if it isn't connected. If the webhooks
// don't open, the error is ErrWrongKey and the rest is filled in: the next visit reads them again.
func (s *Store) Observation(ctx context.Context, owner Owner, shop string) (Observation, error) {
	var sealed []byte
	o, err := s.scanObservation(s.engine.read.QueryRowContext(ctx, selectObservation, s.env, owner, shop), &sealed)
	if err == nil && sealed != nil {
		o.Webhooks, err = s.keys.open(sealed, s.observationContext("observations", "webhooks", o.Owner, o.ID))
	}
	return o, failed("read observation", err)
}

// ObservedWebhooks returns the webhooks of an owner's shops as they were last seen, by shop. Shops that aren't named
// are left out, unless shops is nil. So is one whose webhooks don't open: the next visit reads them again.
func (s *Store) ObservedWebhooks(ctx context.Context, owner Owner, shops []string) (map[string][]byte, error) {
	all := map[string][]byte{}
	if shops != nil && len(shops) == 0 {
		return all, nil
	}
	query, args := selectSealedWebhooks, []any{s.env, owner}
	if shops != nil {
		var list string
		list, args = listed(args, shops)
		query += ` AND shop_id IN (` + list + `)`
	}
	rows, err := s.engine.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed("list webhooks that were seen", err)
	}
	defer rows.Close()
	for rows.Next() {
		var connection, shop string
		var sealed []byte
		if err := rows.Scan(&connection, &shop, &sealed); err != nil {
			return nil, failed("list webhooks that were seen", err)
		}
		plain, err := s.keys.open(sealed, s.observationContext("observations", "webhooks", owner, connection))
		if err == nil {
			all[shop] = plain
		}
	}
	return all, failed("list webhooks that were seen", rows.Err())
}

// ObservationChanges returns the newest changes of a shop's webhooks that visits of an owner's connection saw, at most
// limit of them. One that its key can't open has no detail.
func (s *Store) ObservationChanges(
	ctx context.Context, owner Owner, shop string, limit int,
) ([]ObservationChange, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectChanges, s.env, owner, shop, limit)
	if err != nil {
		return nil, failed("list changes", err)
	}
	defer rows.Close()
	var all []ObservationChange
	for rows.Next() {
		var c ObservationChange
		var connection string
		var at int64
		var sealed []byte
		if err := rows.Scan(&connection, &at, &c.Hash, &sealed); err != nil {
			return nil, failed("list changes", err)
		}
		c.At = timeAt(at)
		c.Detail, err = s.keys.open(sealed, s.observationContext("observation_changes", "detail", owner, connection))
		if err != nil {
			s.log.WarnContext(ctx, "a change does not open", "err", err)
		}
		all = append(all, c)
	}
	return all, failed("list changes", rows.Err())
}

// scanObservation reads connectionColumns, what more has, and observationColumns.
func (s *Store) scanObservation(row scanner, more ...any) (Observation, error) {
	var o Observation
	var tried, seen, deliveries, until, since int64
	var unknown string
	var err error
	o.Connection, err = s.scanConnection(row, append(more,
		&tried, &o.Problem, &o.Code, &seen, &o.Hash, &o.WebhookCount, &o.Cut, &o.Types, &o.TypeCounts, &unknown,
		&deliveries, &o.Total24h, &o.Failed24h, &o.Backlog.Page, &until, &since, &o.FailingWebhooks,
		&o.LookWebhooks)...)
	o.DeliveriesSince = timeAt(since)
	o.TriedAt, o.SeenAt, o.DeliveriesAt, o.Backlog.Until = timeAt(tried), timeAt(seen), timeAt(deliveries), timeAt(until)
	o.UnknownTypes = strings.Fields(unknown)
	if len(o.UnknownTypes) == 0 {
		o.UnknownTypes = nil
	}
	return o, err
}

func (s *Store) observationContext(table, column string, owner Owner, connection string) rowContext {
	return rowContext{table, column, []string{s.env, string(owner), connection}}
}

// Fingerprint returns a keyed hash of what an owner's connection saw, such as webhooks or a URL. Unlike a plain hash,
// nobody without the key can find out what it's of by trying.
func (s *Store) Fingerprint(owner Owner, connection string, of []byte) string {
	return s.keyed(rowContext{"fingerprint", string(of), []string{s.env, string(owner), connection}})
}

// keyed returns a hash with the first key.
func (s *Store) keyed(p rowContext) string { return s.keys.list[0].keyed(p) }
