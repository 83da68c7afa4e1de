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
	SELECT id, 'weve_' || n, 'wcon_' || n % 3, 'DONATION', 'DELIVERED', CASE WHEN n % 20 = 0 THEN 2 ELSE 1 END, FALSE,
		CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 86400000 / $1, CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 86400000 / $1
	FROM connections CROSS JOIN numbers WHERE environment = $3`,
}

// BenchmarkFleet reports what pages pay for 1,000 shops with 500 deliveries each, and for one of them, as multiples of
// reading the connections.
func BenchmarkFleet(b *testing.B) {
	for engine, fresh := range map[string]func(*testing.B) string{
		"SQLite":   func(b *testing.B) string { return filepath.Join(b.TempDir(), "x.db") },
		"Postgres": func(b *testing.B) string { return storetest.Postgres(b) },
	} {
		b.Run(engine, func(b *testing.B) { benchmarkFleet(b, fresh(b)) })
	}
}

func benchmarkFleet(b *testing.B, databaseURL string) {
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
	fillFleet(b, databaseURL, now)
	s, err = store.Open(b.Context(), databaseURL, options)
	checkB(b, err)
	b.Cleanup(func() { checkB(b, s.Close()) })
	day := store.Buckets{Since: now.Add(-24 * time.Hour), Width: time.Hour}
	page := day
	for i := range 50 {
		page.Shops = append(page.Shops, fmt.Sprint("sh_", 1+19*i))
	}
	one := day
	one.Shops, one.ByWebhook = []string{"sh_7"}, true
	tasks := []struct {
		name string
		do   func() error
	}{
		{"connections", func() error { _, err := s.Connections(b.Context(), owner); return err }},
		{"observations", func() error { _, err := s.Observations(b.Context(), owner); return err }},
		{"hours-of-50", func() error { _, err := s.DeliveryBuckets(b.Context(), owner, page); return err }},
		{"hours-of-all", func() error { _, err := s.DeliveryBuckets(b.Context(), owner, day); return err }},
		{"hours-of-one", func() error { _, err := s.DeliveryBuckets(b.Context(), owner, one); return err }},
		{"health-of-one", func() error { _, err := s.Health(b.Context(), owner, "sh_7"); return err }},
		{"due", func() error { _, err := s.TakeDueVisits(b.Context(), 1000, nil); return err }},
	}
	spent := make([]time.Duration, len(tasks))
	for b.Loop() {
		for i, task := range tasks {
			start := time.Now()
			checkB(b, task.do())
			spent[i] += time.Since(start)
		}
	}
	for i, task := range tasks {
		b.ReportMetric(float64(spent[i].Microseconds())/float64(b.N), "µs/"+task.name)
		b.ReportMetric(float64(spent[i])/float64(spent[0]), task.name+"/connections")
	}
}

func fillFleet(b *testing.B, databaseURL string, now time.Time) {
	b.Helper()
	db := rawB(b, databaseURL)
	defer db.Close()
	sealed := make([]byte, 500)
	for i, args := range [][]any{
		{benchShops, environment, sealed}, {environment}, {benchFacts, now.UnixMilli(), environment},
	} {
		_, err := db.ExecContext(b.Context(), fleetRows[i], args...)
		checkB(b, err)
	}
	_, err := db.ExecContext(b.Context(), "ANALYZE")
	checkB(b, err)
}
