package handlers

import (
	"crypto/rand"
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

// pastActivities adds activities that have ended to a shop, half a minute apart. Most of them are creates, and done.
const pastActivities = `
	WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO activities (id, environment, shop, owner, action, actor, session, webhook_id, detail, outcome,
		request_id, started_at, recheck_at, recheck_gap, seq)
	SELECT 'past ' || n, 'test', $2, 'owner', CASE n % 7 WHEN 0 THEN 'webhook.update' WHEN 1 THEN 'webhook.delete'
		WHEN 2 THEN 'endpoint.test' ELSE 'webhook.create' END, 'Fourthwall', '', 'wcon_' || (n / 3), $3,
		CASE n % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'refused' ELSE 'done' END, '',
		CAST($4 AS BIGINT) - n * CAST(30000 AS BIGINT), 0, 0, n
	FROM numbers`

// pastShop is the first demo shop.
const pastShop = "sh_5f0c2d71-8a4e-4b63-9e17-d3a6f21b90c8"

// withPast returns a person with a shop in which n things were done.
func withPast(b *testing.B, n int) *person {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	file, driver := filepath.Join(b.TempDir(), "h.db"), "sqlite"
	if os.Getenv("HOOKWALL_TEST_POSTGRES") != "" {
		file, driver = storetest.Postgres(b), "pgx"
	}
	empty, err := store.Open(b.Context(), file, store.Options{Keys: testKeys(b), Environment: "test"})
	must(err)
	must(empty.Close())
	db, err := sql.Open(driver, file)
	must(err)
	_, err = db.ExecContext(b.Context(), pastActivities, n, pastShop, []byte("not opened"),
		time.Now().Add(-time.Hour).UnixMilli())
	must(err)
	if driver == "pgx" { // the server does so by itself, some time later
		_, err = db.ExecContext(b.Context(), `ANALYZE activities`)
		must(err)
	}
	must(db.Close())
	p := newRig(b, options{file: file, direct: true}).near()
	if shop := p.connectKey(0); shop.ID != pastShop {
		b.Fatal(shop.ID)
	}
	return p
}

// creates sends the create form, with a URL of its own.
func (p *person) creates() {
	p.t.Helper()
	p.move(10 * time.Second) // the API limits calls
	p.noRedirects().post(webhooksPath(pastShop), url.Values{
		"submission": {rand.Text()}, "do": {"create"}, "url": {good + "/" + rand.Text()}, "allowedTypes": {"DONATION"},
	}).want(http.StatusSeeOther)
}

// BenchmarkPastRatios reports how many times as long a create and the pages of activity take with 10^4 and 10^6
// activities in the shop as with 10^2, on SQLite, or on the server of HOOKWALL_TEST_POSTGRES. They are done in turns,
// and a figure is the median of all rounds.
func BenchmarkPastRatios(b *testing.B) {
	const rounds = 21
	people := []*person{withPast(b, 100), withPast(b, 10_000), withPast(b, 1_000_000)}
	page := func(query string) func(*person) {
		return func(p *person) { p.get(activityPath(pastShop) + query).want(http.StatusOK) }
	}
	for _, c := range []struct {
		name string
		do   func(*person)
	}{
		{"create", (*person).creates},
		{"activity", page("")},
		{"by-action", page("?action=webhook.create")},
		{"by-outcome", page("?outcome=done")},
		{"by-webhook", page("?webhook=wcon_1")},
		{"by-nobody", page("?who=nobody")},
		{"by-action-and-outcome", page("?action=webhook.create&outcome=done")},
	} {
		var more, most []float64
		for range rounds {
			var took [3]float64
			for i, p := range people {
				began := time.Now()
				c.do(p)
				took[i] = float64(time.Since(began))
			}
			more, most = append(more, took[1]/took[0]), append(most, took[2]/took[0])
		}
		b.ReportMetric(medianOf(more), c.name+"-1e4÷1e2")
		b.ReportMetric(medianOf(most), c.name+"-1e6÷1e2")
	}
}

// medianOf returns the value in the middle.
func medianOf(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
