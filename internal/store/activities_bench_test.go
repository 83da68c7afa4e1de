package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

// manyActivities adds finished activities to a shop.
const manyActivities = `
	WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO activities (id, environment, shop, owner, action, actor, session, webhook_id, detail, outcome,
		request_id, started_at, recheck_at, recheck_gap, seq)
	SELECT 'many ' || n, $2, 'sh_1', 'owner', 'create', '', '', 'wcon_' || n, $3,
		CASE WHEN n % 2 = 0 THEN 'done' ELSE 'failed' END, '', CAST($4 AS BIGINT) - n, 0, 0, n
	FROM numbers`

// BenchmarkOpenActivities runs the queries of a create: which creates are open in its shop, which one
// made a webhook, which were recent. It reports how much longer that takes with a million activities
// than with a hundred.
func BenchmarkOpenActivities(b *testing.B) {
	for engine, fresh := range map[string]func(*testing.B) string{
		"SQLite":   func(b *testing.B) string { return filepath.Join(b.TempDir(), "x.db") },
		"Postgres": func(b *testing.B) string { return storetest.Postgres(b) },
	} {
		b.Run(engine, func(b *testing.B) {
			few, many := shopWith(b, fresh(b), 100), shopWith(b, fresh(b), 1_000_000)
			var least, most time.Duration
			for b.Loop() {
				least += few(b)
				most += many(b)
			}
			b.ReportMetric(float64(least.Microseconds())/float64(b.N), "µs/with-1e2")
			b.ReportMetric(float64(most.Microseconds())/float64(b.N), "µs/with-1e6")
			b.ReportMetric(float64(most)/float64(least), "ratio")
		})
	}
}

// shopWith makes a shop with n finished and three open activities. It returns a function that runs the
// queries and returns how long they took.
func shopWith(b *testing.B, databaseURL string, n int) func(b *testing.B) time.Duration {
	b.Helper()
	keys, err := store.ParseKeys(key(1))
	checkB(b, err)
	s, err := store.Open(b.Context(), databaseURL, store.Options{Keys: keys, Environment: environment})
	checkB(b, err)
	b.Cleanup(func() { checkB(b, s.Close()) })
	since := s.Now().Add(-time.Minute)
	fill(b, databaseURL, n, since)
	for range 3 {
		_, err := s.BeginActivity(b.Context(), store.Activity{Shop: "sh_1", Action: "create", Detail: []byte("{}")})
		checkB(b, err)
	}
	webhook := fmt.Sprint("wcon_", n)
	return func(b *testing.B) time.Duration {
		began := time.Now()
		open, err := s.OpenActivities(b.Context(), "sh_1", "create", since)
		checkB(b, err)
		made, err := s.DoneActivities(b.Context(), "sh_1", "create", webhook)
		checkB(b, err)
		recent, err := s.RecentActivities(b.Context(), "sh_1", "create", since, 20)
		checkB(b, err)
		took := time.Since(began)
		if len(open) != 3 || len(made) != 1 || len(recent) != 3 {
			b.Fatalf("%d open, %d made, %d recent", len(open), len(made), len(recent))
		}
		return took
	}
}

func fill(b *testing.B, databaseURL string, n int, before time.Time) {
	b.Helper()
	db := rawB(b, databaseURL)
	defer db.Close()
	_, err := db.ExecContext(b.Context(), manyActivities, n, environment, []byte("not opened"), before.UnixMilli())
	checkB(b, err)
	if store.IsPostgres(databaseURL) { // the server does so by itself, some time later
		_, err = db.ExecContext(b.Context(), `ANALYZE activities`)
		checkB(b, err)
	}
}

// rawB opens a database without the store. The caller closes it.
func rawB(b *testing.B, databaseURL string) *sql.DB {
	b.Helper()
	engine, address := "sqlite", "file:"+databaseURL
	if store.IsPostgres(databaseURL) {
		engine, address = "pgx", databaseURL
	}
	db, err := sql.Open(engine, address)
	checkB(b, err)
	return db
}

func checkB(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
