package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"
)

// Rate counts deliveries that were no tests, by how they ended.
type Rate struct{ Accepted, Failed, Pending, Unknown int } //nolint:recvcheck // Only what counts changes it.

// Total returns the number of all of them.
func (r Rate) Total() int { return r.Accepted + r.Failed + r.Pending + r.Unknown }

// Add adds others.
func (r *Rate) Add(o Rate) {
	r.Accepted += o.Accepted
	r.Failed += o.Failed
	r.Pending += o.Pending
	r.Unknown += o.Unknown
}

// Count adds one.
func (r *Rate) Count(outcome DeliveryOutcome) {
	switch outcome {
	case DeliveryAccepted:
		r.Accepted++
	case DeliveryFailed:
		r.Failed++
	case DeliveryPending:
		r.Pending++
	default:
		r.Unknown++
	}
}

// WebhookHealth says how deliveries to one webhook went. Tests are counted apart.
type WebhookHealth struct {
	Webhook      string    // as in Delivery
	LastAccepted time.Time // when the event happened, as the next
	LastFailed   time.Time
	LastError    string // of the last that failed
	Day, Week    Rate
	All          Rate // all that are kept
	Tests        int
}

// Spans say which hours are counted.
type Spans struct {
	Day, Week time.Time // the start of the last 24 hours and of the last 7 days
	Before    time.Time // only the hours before it; zero for all
}

// SpansAt returns what the last 24 hours and the last 7 days are: so many hours of the clock in UTC, of which the last
// contains now. So sums agree with the bars of a chart.
func SpansAt(now time.Time) Spans {
	hours := func(n int) time.Time { return now.UTC().Truncate(time.Hour).Add(time.Duration(1-n) * time.Hour) }
	return Spans{Day: hours(24), Week: hours(7 * 24)}
}

const (
	deleteHours = `DELETE FROM delivery_hours WHERE connection = $1 AND hour >= $2 AND hour < $3`

	countHours = `INSERT INTO delivery_hours (connection, hour, webhook, accepted, failed, pending, unknown, tests,
			last_accepted, last_failed)
		SELECT connection, created_at - created_at % 3600000, webhook,
			SUM(CASE WHEN outcome = 1 AND NOT test THEN 1 ELSE 0 END),
			SUM(CASE WHEN outcome = 2 AND NOT test THEN 1 ELSE 0 END),
			SUM(CASE WHEN outcome = 3 AND NOT test THEN 1 ELSE 0 END),
			SUM(CASE WHEN outcome = 0 AND NOT test THEN 1 ELSE 0 END),
			SUM(CASE WHEN test THEN 1 ELSE 0 END),
			MAX(CASE WHEN outcome = 1 AND NOT test THEN created_at ELSE 0 END),
			MAX(CASE WHEN outcome = 2 AND NOT test THEN created_at ELSE 0 END)
		FROM delivery_facts WHERE connection = $1 AND created_at >= $2 AND created_at < $3 GROUP BY 1, 2, 3`

	// The hour in which the kept ones begin stays.
	sweepHours = `DELETE FROM delivery_hours WHERE hour <= $1 AND NOT EXISTS (SELECT 1 FROM delivery_facts AS f
		WHERE f.connection = delivery_hours.connection AND f.created_at >= hour AND f.created_at < hour + 3600000)`

	sums = `, SUM(accepted), SUM(failed), SUM(pending), SUM(unknown)`

	selectHealth = `SELECT webhook, MAX(last_accepted), MAX(last_failed), SUM(tests)` + sums + `,
			SUM(CASE WHEN hour >= $3 THEN accepted ELSE 0 END), SUM(CASE WHEN hour >= $3 THEN failed ELSE 0 END),
			SUM(CASE WHEN hour >= $3 THEN pending ELSE 0 END), SUM(CASE WHEN hour >= $3 THEN unknown ELSE 0 END),
			SUM(CASE WHEN hour >= $4 THEN accepted ELSE 0 END), SUM(CASE WHEN hour >= $4 THEN failed ELSE 0 END),
			SUM(CASE WHEN hour >= $4 THEN pending ELSE 0 END), SUM(CASE WHEN hour >= $4 THEN unknown ELSE 0 END)
		FROM delivery_hours WHERE connection = $1 AND hour < $2 GROUP BY webhook ORDER BY webhook`

	selectConnectionID = `SELECT id FROM connections WHERE environment = $1 AND owner = $2 AND shop_id = $3`

	selectErrors = `SELECT webhook, event, created_at, error FROM delivery_facts
		WHERE connection = $1 AND outcome = 2 AND NOT test AND error IS NOT NULL AND created_at IN (`

	bucketsOfShops    = `SELECT shop_id, ''` + buckets
	bucketsOfWebhooks = `SELECT shop_id, webhook` + buckets

	buckets = `, hour - hour % CAST($5 AS BIGINT)` + sums + ` FROM connections
		JOIN delivery_hours AS h ON h.connection = connections.id
		WHERE environment = $1 AND owner = $2 AND hour >= $3 AND hour < $4`

	byBucket = ` GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`
)

// Health returns how deliveries to the webhooks of a shop went, by webhook, as far as visits of an owner's connection
// saw them. A webhook without deliveries is missing.
func (s *Store) Health(ctx context.Context, owner Owner, shop string, spans Spans) ([]WebhookHealth, error) {
	var id string
	err := s.engine.read.QueryRowContext(ctx, selectConnectionID, s.env, owner, shop).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, failed("read health", err)
	}
	rows, err := s.engine.read.QueryContext(ctx, selectHealth, spans.args(id)...)
	if err != nil {
		return nil, failed("read health", err)
	}
	defer rows.Close()
	all, err := scanHealth(rows)
	if err != nil {
		return nil, failed("read health", err)
	}
	return all, failed("read health", s.addErrors(ctx, owner, id, all))
}

func (s Spans) args(connection string) []any {
	before := int64(math.MaxInt64)
	if !s.Before.IsZero() {
		before = millis(s.Before)
	}
	return []any{connection, before, millis(s.Day), millis(s.Week)}
}

// scanHealth reads the rows of selectHealth.
func scanHealth(rows interface {
	scanner
	Next() bool
	Err() error
},
) (all []WebhookHealth, err error) {
	for rows.Next() {
		var h WebhookHealth
		var accepted, failed int64
		to := []any{&h.Webhook, &accepted, &failed, &h.Tests}
		for _, r := range []*Rate{&h.All, &h.Day, &h.Week} {
			to = append(to, &r.Accepted, &r.Failed, &r.Pending, &r.Unknown)
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		h.LastAccepted, h.LastFailed = timeAt(accepted), timeAt(failed)
		all = append(all, h)
	}
	return all, rows.Err()
}

// addErrors adds the texts of the last failures.
func (s *Store) addErrors(ctx context.Context, owner Owner, connection string, all []WebhookHealth) error {
	at, args := map[string]int{}, []any{connection}
	var times []int64
	for i, h := range all {
		if !h.LastFailed.IsZero() {
			at[h.Webhook] = i
			times = append(times, millis(h.LastFailed))
		}
	}
	if len(times) == 0 {
		return nil
	}
	list, args := listed(args, times)
	rows, err := s.engine.read.QueryContext(ctx, selectErrors+list+`) ORDER BY event`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var webhook, event string
		var created int64
		var sealed []byte
		if err := rows.Scan(&webhook, &event, &created, &sealed); err != nil {
			return err
		}
		if i, ok := at[webhook]; ok && millis(all[i].LastFailed) == created {
			all[i].LastError = s.openError(sealed, owner, connection, event, webhook)
		}
	}
	return rows.Err()
}

// Buckets says which deliveries to count, and by what.
type Buckets struct {
	Shops     []string // nil: all of the owner's
	Webhooks  []string // as in Delivery; nil: all
	ByWebhook bool
	Since     time.Time
	Before    time.Time
	Width     time.Duration // of whole hours, such as a day; they begin at multiples of it since 1970
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
	args := []any{s.env, owner, millis(want.Since), millis(want.Before), want.Width.Milliseconds()}
	query := bucketsOfShops
	if want.ByWebhook {
		query = bucketsOfWebhooks
	}
	for _, only := range []struct {
		column string
		values []string
	}{{"shop_id", want.Shops}, {"webhook", want.Webhooks}} {
		if only.values != nil && len(only.values) == 0 {
			return nil, nil
		}
		if only.values != nil {
			var list string
			list, args = listed(args, only.values)
			query += ` AND ` + only.column + ` IN (` + list + `)`
		}
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
		r := &b.Rate
		err := rows.Scan(&b.Shop, &b.Webhook, &start, &r.Accepted, &r.Failed, &r.Pending, &r.Unknown)
		if err != nil {
			return nil, failed("count deliveries", err)
		}
		b.Start = timeAt(start)
		all = append(all, b)
	}
	return all, failed("count deliveries", rows.Err())
}
