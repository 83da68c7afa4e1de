package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// DeliveryOutcome is how a delivery ended, as far as its state says.
type DeliveryOutcome int

// Outcomes. A failed delivery may still be tried again.
const (
	DeliveryUnknown DeliveryOutcome = iota
	DeliveryAccepted
	DeliveryFailed
	DeliveryPending
)

// Delivery is what is kept of a delivery. There is one for each event ID and webhook, however often the event was sent
// or read: it has the state that the API reported last. So a retry or a repeat is no further delivery in any count.
type Delivery struct {
	Event     string
	Webhook   string // its ID, or URLKey and a fingerprint of its URL if nothing tells the ID
	Type      string
	State     string // the API's word
	Outcome   DeliveryOutcome
	Test      bool
	Error     string // the API's text; sealed in the database
	CreatedAt time.Time
	UpdatedAt time.Time
}

// URLKey begins the Webhook of a delivery whose webhook isn't known.
const URLKey = "url "

const (
	deliveryColumns = 10
	// deliveriesAtOnce are written by one statement. SQLite takes a time per parameter that grows with their number.
	deliveriesAtOnce = 50
)

// deleteGuessed deletes deliveries of which it's now known for which webhook they were.
const deleteGuessed = `DELETE FROM delivery_facts AS g WHERE connection = $1 AND created_at >= $2 AND created_at < $3
	AND webhook LIKE '` + URLKey + `%' AND EXISTS (SELECT 1 FROM delivery_facts AS f
		WHERE f.connection = g.connection AND f.event = g.event AND f.webhook NOT LIKE '` + URLKey + `%')`

// putDeliveries stores deliveries, and counts those of their hours. One that was read before is replaced if it has
// changed.
func (s *Store) putDeliveries(ctx context.Context, tx *sql.Tx, o Observed) error {
	if len(o.Deliveries) == 0 {
		return nil
	}
	if err := s.insertAll(ctx, tx, o); err != nil {
		return err
	}
	first, last := o.Deliveries[0].CreatedAt, o.Deliveries[0].CreatedAt
	for _, d := range o.Deliveries {
		if d.CreatedAt.Before(first) {
			first = d.CreatedAt
		}
		if d.CreatedAt.After(last) {
			last = d.CreatedAt
		}
	}
	from, to := millis(first.Truncate(time.Hour)), millis(last.Truncate(time.Hour).Add(time.Hour))
	for _, query := range []string{deleteGuessed, deleteHours, countHours} {
		if _, err := tx.ExecContext(ctx, query, o.ConnectionID, from, to); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) insertAll(ctx context.Context, tx *sql.Tx, o Observed) error {
	for all := onceEach(o.Deliveries); len(all) > 0; {
		n := min(len(all), deliveriesAtOnce)
		query, args := s.insertDeliveries(o, all[:n])
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// onceEach returns each delivery once, as it was last updated, since a statement can't write a row twice.
func onceEach(all []Delivery) []Delivery {
	type key struct{ event, webhook string }
	at := map[key]int{}
	var out []Delivery
	for _, d := range all {
		k := key{d.Event, d.Webhook}
		i, again := at[k]
		switch {
		case !again:
			at[k] = len(out)
			out = append(out, d)
		case d.UpdatedAt.After(out[i].UpdatedAt):
			out[i] = d
		}
	}
	return out
}

func (s *Store) insertDeliveries(o Observed, all []Delivery) (query string, args []any) {
	var rows strings.Builder
	for i, d := range all {
		if i > 0 {
			rows.WriteString(", ")
		}
		rows.WriteString("(")
		for j := range deliveryColumns {
			if j > 0 {
				rows.WriteString(", ")
			}
			fmt.Fprintf(&rows, "$%d", i*deliveryColumns+j+1)
		}
		rows.WriteString(")")
		args = append(args, o.ConnectionID, d.Event, d.Webhook, d.Type, d.State, int(d.Outcome), d.Test,
			s.sealedError(o, d), millis(d.CreatedAt), millis(d.UpdatedAt))
	}
	return `INSERT INTO delivery_facts
		(connection, event, webhook, type, state, outcome, test, error, created_at, updated_at) VALUES ` + rows.String() + `
		ON CONFLICT (connection, event, webhook) DO UPDATE SET
			state = excluded.state, outcome = excluded.outcome, error = excluded.error, updated_at = excluded.updated_at
		WHERE delivery_facts.updated_at <> excluded.updated_at OR delivery_facts.state <> excluded.state
			OR delivery_facts.outcome <> excluded.outcome`, args
}

// sealedError returns nil for no error.
func (s *Store) sealedError(o Observed, d Delivery) []byte {
	if d.Error == "" {
		return nil
	}
	return s.keys.seal([]byte(d.Error), s.errorContext(o.Owner, o.ConnectionID, d.Event, d.Webhook))
}

func (s *Store) errorContext(owner Owner, connection, event, webhook string) rowContext {
	return rowContext{"delivery_facts", "error", []string{s.env, string(owner), connection, event, webhook}}
}

// FoundDelivery is a delivery, without its error, and the shop that it belongs to.
type FoundDelivery struct {
	Shop string
	Delivery
}

const selectDelivery = `SELECT shop_id, event, webhook, type, state, outcome, test, f.created_at, f.updated_at
	FROM connections JOIN delivery_facts AS f ON f.connection = connections.id AND f.event = $3
	WHERE environment = $1 AND owner = $2 ORDER BY shop_id, webhook`

// FindDelivery returns what is kept of the deliveries of one event to an owner's shops: one for each webhook that got
// it.
func (s *Store) FindDelivery(ctx context.Context, owner Owner, event string) ([]FoundDelivery, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectDelivery, s.env, owner, storable(event))
	if err != nil {
		return nil, failed("find a delivery", err)
	}
	defer rows.Close()
	var all []FoundDelivery
	for rows.Next() {
		var d FoundDelivery
		var created, updated int64
		err := rows.Scan(&d.Shop, &d.Event, &d.Webhook, &d.Type, &d.State, &d.Outcome, &d.Test, &created, &updated)
		if err != nil {
			return nil, failed("find a delivery", err)
		}
		d.CreatedAt, d.UpdatedAt = timeAt(created), timeAt(updated)
		all = append(all, d)
	}
	return all, failed("find a delivery", rows.Err())
}

// DeliveryQuery says which deliveries to a shop to return.
type DeliveryQuery struct {
	Webhooks []string // as in Delivery; nil: all
	Since    time.Time
	Limit    int // the newest
}

// Deliveries returns deliveries to a shop that visits of an owner's connection saw, newest first.
func (s *Store) Deliveries(ctx context.Context, owner Owner, shop string, want DeliveryQuery) ([]Delivery, error) {
	args := []any{s.env, owner, shop, millis(want.Since), want.Limit}
	if want.Webhooks == nil {
		all, err := s.deliveries(ctx, owner, selectDeliveries+newestDeliveries, args)
		return all, failed("list deliveries", err)
	}
	var all []Delivery
	for _, webhook := range want.Webhooks { // one by one, so that the index has them in order
		some, err := s.deliveries(ctx, owner, selectDeliveries+` AND webhook = $6`+newestDeliveries, append(args, webhook))
		if err != nil {
			return nil, failed("list deliveries", err)
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b Delivery) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return all[:min(len(all), want.Limit)], nil
}

func (s *Store) deliveries(ctx context.Context, owner Owner, query string, args []any) (all []Delivery, err error) {
	rows, err := s.engine.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		d, err := s.scanDelivery(rows, owner)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

const (
	// The connection is looked up first, so that an index has its deliveries in order. Joined with few connections, all
	// deliveries to a shop would be sorted.
	selectDeliveries = `SELECT f.connection, event, webhook, type, state, outcome, test, f.error, f.created_at,
			f.updated_at
		FROM delivery_facts AS f WHERE f.created_at >= $4 AND f.connection = (
			SELECT id FROM connections WHERE environment = $1 AND owner = $2 AND shop_id = $3)`

	newestDeliveries = ` ORDER BY f.created_at DESC, event LIMIT $5`
)

func (s *Store) scanDelivery(rows scanner, owner Owner) (Delivery, error) {
	var d Delivery
	var connection string
	var sealed []byte
	var created, updated int64
	err := rows.Scan(
		&connection, &d.Event, &d.Webhook, &d.Type, &d.State, &d.Outcome, &d.Test, &sealed, &created, &updated)
	d.CreatedAt, d.UpdatedAt = timeAt(created), timeAt(updated)
	d.Error = s.openError(sealed, owner, connection, d.Event, d.Webhook)
	return d, err
}

// openError returns the text of an error. One that was sealed for another owner, before its shop moved, has none.
func (s *Store) openError(sealed []byte, owner Owner, connection, event, webhook string) string {
	if sealed == nil {
		return ""
	}
	plain, err := s.keys.open(sealed, s.errorContext(owner, connection, event, webhook))
	if err != nil {
		s.log.Debug("the error of a delivery does not open", "err", err)
	}
	return string(plain)
}

// Failure says how deliveries to one webhook of a shop failed.
type Failure struct {
	Shop       string
	Connection string
	Webhook    string // as in Delivery
	Count      int
	First      time.Time // of the failed ones, by when they were created
	LastError  string    // of the last of them
}

// Failures are of the last 24 hours, or else of all that is kept if the shop has a webhook that failed before. They are
// counted by the hour, and only the first and the last are read, so that it doesn't matter how many there are.
const selectFailures = `SELECT shop_id, failing.connection, failing.webhook, COALESCE(f.event, ''), f.error, failures,
		COALESCE((SELECT MIN(created_at) FROM delivery_facts AS early
			WHERE early.connection = failing.connection AND early.webhook = failing.webhook AND outcome = 2 AND NOT test
			AND created_at >= first_hour AND created_at < first_hour + 3600000), first_hour)
	FROM (SELECT shop_id, h.connection, webhook, SUM(failed) AS failures, MIN(hour) AS first_hour,
			MAX(last_failed) AS last_failed
		FROM connections
		JOIN observations ON observations.connection = connections.id AND failing_webhooks + look_webhooks > 0
		JOIN delivery_hours AS h ON h.connection = connections.id AND failed > 0
			AND hour >= CASE WHEN failed_24h > 0 THEN CAST($3 AS BIGINT) ELSE 0 END
		WHERE environment = $1 AND owner = $2 GROUP BY shop_id, h.connection, webhook) AS failing
	LEFT JOIN delivery_facts AS f ON f.connection = failing.connection AND f.webhook = failing.webhook
		AND f.created_at = last_failed AND f.outcome = 2 AND NOT f.test
	ORDER BY shop_id, failing.webhook, f.event`

// Failures returns the webhooks of an owner's shops to which deliveries failed since the start of an hour, by shop and
// webhook. It looks at shops with FailingWebhooks or LookWebhooks alone. Of those without Failed24h, it returns all
// failures.
func (s *Store) Failures(ctx context.Context, owner Owner, since time.Time) ([]Failure, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectFailures, s.env, owner, millis(since))
	if err != nil {
		return nil, failed("list failures", err)
	}
	defer rows.Close()
	var all []Failure
	for rows.Next() {
		var f Failure
		var event string
		var first int64
		var sealed []byte
		if err := rows.Scan(&f.Shop, &f.Connection, &f.Webhook, &event, &sealed, &f.Count, &first); err != nil {
			return nil, failed("list failures", err)
		}
		f.First, f.LastError = timeAt(first), s.openError(sealed, owner, f.Connection, event, f.Webhook)
		if n := len(all) - 1; n >= 0 && all[n].Connection == f.Connection && all[n].Webhook == f.Webhook {
			all = all[:n] // several were created with the last
		}
		all = append(all, f)
	}
	return all, failed("list failures", rows.Err())
}
