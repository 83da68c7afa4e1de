package store

import (
	"context"
	"database/sql"
	"fmt"
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

// Delivery is what is kept of a delivery.
type Delivery struct {
	Event     string
	Webhook   string // its ID, or a fingerprint of its URL if nothing tells the ID
	Type      string
	State     string // the API's word
	Outcome   DeliveryOutcome
	Test      bool
	Error     string // the API's text; sealed in the database
	CreatedAt time.Time
	UpdatedAt time.Time
}

const (
	deliveryColumns = 10
	// deliveriesAtOnce are written by one statement. SQLite takes a time per parameter that grows with their number.
	deliveriesAtOnce = 50
)

// putDeliveries stores deliveries. One that was read before is replaced if it has changed.
func (s *Store) putDeliveries(ctx context.Context, tx *sql.Tx, o Observed) error {
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

// WebhookHealth says how deliveries to one webhook went.
type WebhookHealth struct {
	Webhook     string // as in Delivery
	LastSuccess time.Time
	LastFailure time.Time
	LastError   string // of that failure
	Day         Rate   // the last 24 hours
	Week        Rate   // the last 7 days
	All         Rate   // all that are kept
}

// Rate counts deliveries.
type Rate struct{ Total, Failed int }

const (
	selectHealth = `SELECT webhook,
			MAX(CASE WHEN outcome = 1 THEN f.updated_at ELSE 0 END), MAX(CASE WHEN outcome = 2 THEN f.updated_at ELSE 0 END),
			COUNT(*), SUM(CASE WHEN outcome = 2 THEN 1 ELSE 0 END),
			SUM(CASE WHEN f.created_at > $4 THEN 1 ELSE 0 END),
			SUM(CASE WHEN f.created_at > $4 AND outcome = 2 THEN 1 ELSE 0 END),
			SUM(CASE WHEN f.created_at > $5 THEN 1 ELSE 0 END),
			SUM(CASE WHEN f.created_at > $5 AND outcome = 2 THEN 1 ELSE 0 END)
		FROM connections JOIN delivery_facts AS f ON f.connection = connections.id
		WHERE environment = $1 AND owner = $2 AND shop_id = $3 GROUP BY webhook ORDER BY webhook`

	selectLastErrors = `SELECT connections.id, event, webhook, f.error
		FROM connections JOIN delivery_facts AS f ON f.connection = connections.id
		WHERE environment = $1 AND owner = $2 AND shop_id = $3 AND outcome = 2 AND f.updated_at = (
			SELECT MAX(l.updated_at) FROM delivery_facts AS l
			WHERE l.connection = f.connection AND l.webhook = f.webhook AND l.outcome = 2)
		ORDER BY event`

	selectFailures = `SELECT shop_id, connection, webhook, event, error, failures, first_at FROM (
			SELECT shop_id, f.connection, webhook, event, f.error,
				COUNT(*) OVER (PARTITION BY f.connection, webhook) AS failures,
				MIN(f.created_at) OVER (PARTITION BY f.connection, webhook) AS first_at,
				ROW_NUMBER() OVER (PARTITION BY f.connection, webhook ORDER BY f.created_at DESC, event DESC) AS n
			FROM connections JOIN observations ON observations.connection = connections.id
				AND (failed_24h > 1 OR failing_webhooks > 0)
			JOIN delivery_facts AS f ON f.connection = connections.id AND f.created_at > $3 AND outcome = 2
			WHERE environment = $1 AND owner = $2) AS failing
		WHERE n = 1 ORDER BY shop_id, webhook`

	bucketsOfShops    = `SELECT shop_id, ''` + buckets
	bucketsOfWebhooks = `SELECT shop_id, webhook` + buckets

	buckets = `, f.created_at - f.created_at % CAST($4 AS BIGINT), COUNT(*),
			SUM(CASE WHEN outcome = 2 THEN 1 ELSE 0 END)
		FROM connections JOIN delivery_facts AS f ON f.connection = connections.id
		WHERE environment = $1 AND owner = $2 AND f.created_at >= $3`

	byBucket = ` GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`
)

// Health returns how deliveries to the webhooks of a shop went, by webhook, as far as visits of an owner's connection
// saw them. A webhook without deliveries is missing.
func (s *Store) Health(ctx context.Context, owner Owner, shop string) ([]WebhookHealth, error) {
	now := s.now()
	rows, err := s.engine.read.QueryContext(ctx, selectHealth,
		s.env, owner, shop, millis(now.Add(-24*time.Hour)), millis(now.Add(-7*24*time.Hour)))
	if err != nil {
		return nil, failed("read health", err)
	}
	defer rows.Close()
	var all []WebhookHealth
	for rows.Next() {
		var h WebhookHealth
		var success, failure int64
		err := rows.Scan(&h.Webhook, &success, &failure, &h.All.Total, &h.All.Failed,
			&h.Day.Total, &h.Day.Failed, &h.Week.Total, &h.Week.Failed)
		if err != nil {
			return nil, failed("read health", err)
		}
		h.LastSuccess, h.LastFailure = timeAt(success), timeAt(failure)
		all = append(all, h)
	}
	if err := rows.Err(); err != nil {
		return nil, failed("read health", err)
	}
	errs, err := s.lastErrors(ctx, owner, shop)
	for i := range all {
		all[i].LastError = errs[all[i].Webhook]
	}
	return all, failed("read health", err)
}

// lastErrors returns the texts of the last failures by webhook.
func (s *Store) lastErrors(ctx context.Context, owner Owner, shop string) (map[string]string, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectLastErrors, s.env, owner, shop)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	texts := map[string]string{}
	for rows.Next() {
		var connection, event, webhook string
		var sealed []byte
		if err := rows.Scan(&connection, &event, &webhook, &sealed); err != nil {
			return nil, err
		}
		if sealed == nil {
			continue
		}
		plain, err := s.keys.open(sealed, s.errorContext(owner, connection, event, webhook))
		if err != nil {
			s.log.WarnContext(ctx, "the error of a delivery does not open", "err", err)
			continue
		}
		texts[webhook] = string(plain)
	}
	return texts, rows.Err()
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

// Failures returns the webhooks of an owner's shops to which deliveries failed since a time, by shop and webhook.
// It leaves out shops where one delivery failed and a later one to the same webhook was accepted.
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
		f.First = timeAt(first)
		if sealed != nil {
			// One that was sealed for another owner, before its shop moved, has no text.
			plain, err := s.keys.open(sealed, s.errorContext(owner, f.Connection, event, f.Webhook))
			if err == nil {
				f.LastError = string(plain)
			}
		}
		all = append(all, f)
	}
	return all, failed("list failures", rows.Err())
}

// Buckets says which deliveries to count, and by what.
type Buckets struct {
	Shops     []string // nil: all of the owner's
	ByWebhook bool
	Since     time.Time
	Width     time.Duration // such as an hour; they begin at multiples of it since 1970
}

// Bucket counts the deliveries of a time.
type Bucket struct {
	Shop    string
	Webhook string // "" unless they are counted by webhook
	Start   time.Time
	Rate    Rate
}

// DeliveryBuckets counts deliveries to an owner's shops by time, oldest first. A time without deliveries is missing.
func (s *Store) DeliveryBuckets(ctx context.Context, owner Owner, want Buckets) ([]Bucket, error) {
	if want.Shops != nil && len(want.Shops) == 0 {
		return nil, nil
	}
	args := []any{s.env, owner, millis(want.Since), want.Width.Milliseconds()}
	query := bucketsOfShops
	if want.ByWebhook {
		query = bucketsOfWebhooks
	}
	if want.Shops != nil {
		var list string
		list, args = listed(args, want.Shops)
		query += ` AND shop_id IN (` + list + `)`
	}
	rows, err := s.engine.read.QueryContext(ctx, query+byBucket, args...)
	if err != nil {
		return nil, failed("count deliveries", err)
	}
	defer rows.Close()
	var all []Bucket
	for rows.Next() {
		var b Bucket
		var start int64
		if err := rows.Scan(&b.Shop, &b.Webhook, &start, &b.Rate.Total, &b.Rate.Failed); err != nil {
			return nil, failed("count deliveries", err)
		}
		b.Start = timeAt(start)
		all = append(all, b)
	}
	return all, failed("count deliveries", rows.Err())
}
