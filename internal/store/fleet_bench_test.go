package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

const (
	benchShops = 1000
	benchFacts = 500 // deliveries of each shop, in the last 24 hours
)

// Statements that fill a database with connections, observations and deliveries.
var fleetRows = []string{
	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO connections (id, environment, owner, shop_id, shop_name, shop_domain, way, credential, hint, scopes,
		expires_at, created_at)
	SELECT 'conn ' || n, $2, 'team', 'sh_' || n, 'Shop ' || n, '', 'code', $3, '', '', 0, n FROM numbers`,

	`INSERT INTO observations (connection, tried_at, problem, code, seen_at, webhooks, webhook_count)
	SELECT id, 1, '', '', 1, credential, 3 FROM connections WHERE environment = $1`,

	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO delivery_facts (connection, event, webhook, type, state, outcome, test, created_at, updated_at)
	SELECT id, 'weve_' || n, 'wcon_' || (n % 3), 'DONATION', 'DELIVERED', CASE WHEN n % 20 = 0 THEN 2 ELSE 1 END, FALSE,
		CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 86400000 / $1, CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 86400000 / $1
	FROM connections CROSS JOIN numbers WHERE environment = $3`,

	countedHours,
}

// A shop with 50,000 deliveries to 10 webhooks in 30 days.
var busyRows = []string{
	`INSERT INTO connections (id, environment, owner, shop_id, shop_name, shop_domain, way, credential, hint, scopes,
		expires_at, created_at)
	VALUES ('busy', $1, 'team', 'sh_busy', 'Busy', '', 'code', $2, '', '', 0, 1)`,

	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO delivery_facts (connection, event, webhook, type, state, outcome, test, created_at, updated_at)
	SELECT 'busy', 'weve_' || n, 'wcon_' || (n % 10), 'DONATION', 'DELIVERED', CASE WHEN n % 17 = 0 THEN 2 ELSE 1 END,
		FALSE, CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 2592000000 / $1,
		CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 2592000000 / $1
	FROM numbers`,

	countedHours,
}

const busyFacts = 50_000

// countedHours counts all deliveries, as the migration does.
const countedHours = `INSERT INTO delivery_hours
	SELECT connection, created_at - created_at % 3600000, webhook, SUM(CASE WHEN outcome = 1 THEN 1 ELSE 0 END),
		SUM(CASE WHEN outcome = 2 THEN 1 ELSE 0 END), 0, 0, 0, MAX(CASE WHEN outcome = 1 THEN created_at ELSE 0 END),
		MAX(CASE WHEN outcome = 2 THEN created_at ELSE 0 END)
	FROM delivery_facts GROUP BY 1, 2, 3`

// BenchmarkHealth reports what the health of one busy shop takes, of each page's parts and of a page in all. The goal
// for a page is 50 ms.
func BenchmarkHealth(b *testing.B) {
	for engine, fresh := range engines {
		b.Run(engine, func(b *testing.B) {
			s, owner, now := filled(b, fresh(b), func(now time.Time) [][]any {
				return [][]any{{environment, make([]byte, 500)}, {busyFacts, now.UnixMilli()}, nil}
			}, busyRows)
			hour := now.Truncate(time.Hour)
			day := store.Buckets{
				Shops: []string{"sh_busy"}, ByWebhook: true, Since: now.Add(-24 * time.Hour), Before: hour, Width: time.Hour,
			}
			month, hoursOfOne := day, day
			month.Since, month.Width = now.Add(-30*24*time.Hour), 24*time.Hour
			hoursOfOne.Webhooks = []string{"wcon_7"}
			one := hoursOfOne
			one.Since, one.Width = month.Since, month.Width
			spans := store.SpansAt(now)
			spans.Before = hour
			newest := store.DeliveryQuery{Since: hour.Add(-6 * time.Hour), Limit: 5000} // about 400
			ofOne := store.DeliveryQuery{Webhooks: []string{"wcon_7"}, Limit: 50}
			health := func() error { _, err := s.Health(b.Context(), owner, "sh_busy", spans); return err }
			count := func(want store.Buckets) func() error {
				return func() error { _, err := s.DeliveryBuckets(b.Context(), owner, want); return err }
			}
			list := func(want store.DeliveryQuery) func() error {
				return func() error { _, err := s.Deliveries(b.Context(), owner, "sh_busy", want); return err }
			}
			page := func(parts ...func() error) func() error {
				return func() error {
					for _, part := range parts {
						if err := part(); err != nil {
							return err
						}
					}
					return nil
				}
			}
			report(b, []task{
				{"health", health},
				{"hours", count(day)},
				{"days", count(month)},
				{"days-of-one", count(one)},
				{"newest", list(newest)},
				{"newest-of-one", list(ofOne)},
				{"webhook-list", page(health, count(day), list(newest))},
				{"webhook-page", page(health, count(hoursOfOne), count(one), list(newest), list(ofOne))},
				{"deliveries-page", page(health, count(day), count(month), list(newest))},
			}, false)
		})
	}
}

var engines = map[string]func(*testing.B) string{
	"SQLite":   func(b *testing.B) string { return filepath.Join(b.TempDir(), "x.db") },
	"Postgres": func(b *testing.B) string { return storetest.Postgres(b) },
}

// BenchmarkFleet reports what pages pay for 1,000 shops with 500 deliveries each, and for one of them, as multiples of
// reading the connections.
func BenchmarkFleet(b *testing.B) {
	for engine, fresh := range engines {
		b.Run(engine, func(b *testing.B) { benchmarkFleet(b, fresh(b)) })
	}
}

// filled opens a database that statements filled, each with its arguments.
func filled(
	b *testing.B, databaseURL string, args func(now time.Time) [][]any, statements []string,
) (*store.Store, store.Owner, time.Time) {
	b.Helper()
	keys, err := store.ParseKeys(key(1))
	checkB(b, err)
	options := store.Options{Keys: keys, Environment: environment}
	s, err := store.Open(b.Context(), databaseURL, options)
	checkB(b, err)
	owner, err := s.Team(b.Context())
	checkB(b, err)
	now := s.Now()
	checkB(b, s.Close()) // no other program may write into its file
	db := rawB(b, databaseURL)
	defer db.Close()
	for i, values := range args(now) {
		_, err := db.ExecContext(b.Context(), statements[i], values...)
		checkB(b, err)
	}
	_, err = db.ExecContext(b.Context(), "ANALYZE")
	checkB(b, err)
	s, err = store.Open(b.Context(), databaseURL, options)
	checkB(b, err)
	b.Cleanup(func() { checkB(b, s.Close()) })
	return s, owner, now
}

type task struct {
	name string
	do   func() error
}

// report reports the time of each task, perhaps as a multiple of the first, and of all.
func report(b *testing.B, tasks []task, multiples bool) {
	b.Helper()
	spent := make([]time.Duration, len(tasks))
	var all time.Duration
	for b.Loop() {
		for i, task := range tasks {
			start := time.Now()
			checkB(b, task.do())
			spent[i] += time.Since(start)
			all += time.Since(start)
		}
	}
	for i, task := range tasks {
		b.ReportMetric(float64(spent[i].Microseconds())/float64(b.N), "µs/"+task.name)
		if multiples {
			b.ReportMetric(float64(spent[i])/float64(spent[0]), task.name+"/"+tasks[0].name)
		}
	}
	b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "ms/all")
}

func benchmarkFleet(b *testing.B, databaseURL string) {
	b.Helper()
	s, owner, now := filled(b, databaseURL, func(now time.Time) [][]any {
		return [][]any{
			{benchShops, environment, make([]byte, 500)}, {environment}, {benchFacts, now.UnixMilli(), environment}, nil,
		}
	}, fleetRows)
	day := store.Buckets{Since: now.Add(-24 * time.Hour), Before: now.Add(time.Hour), Width: time.Hour}
	page := day
	for i := range 50 {
		page.Shops = append(page.Shops, fmt.Sprint("sh_", 1+19*i))
	}
	one := day
	one.Shops, one.ByWebhook = []string{"sh_7"}, true
	report(b, []task{
		{"connections", func() error { _, err := s.Connections(b.Context(), owner); return err }},
		{"observations", func() error { _, err := s.Observations(b.Context(), owner); return err }},
		{"hours-of-50", func() error { _, err := s.DeliveryBuckets(b.Context(), owner, page); return err }},
		{"hours-of-all", func() error { _, err := s.DeliveryBuckets(b.Context(), owner, day); return err }},
		{"hours-of-one", func() error { _, err := s.DeliveryBuckets(b.Context(), owner, one); return err }},
		{"health-of-one", func() error {
			_, err := s.Health(b.Context(), owner, "sh_7", store.SpansAt(now))
			return err
		}},
		{"due", func() error { _, err := s.TakeDueVisits(b.Context(), 1000, nil); return err }},
	}, true)
}
