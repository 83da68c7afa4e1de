//go:build unix

package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"hookwall/internal/benchtest"
	"hookwall/internal/store"
)

const (
	fewRows, manyRows = 100, 1_000_000
	backgroundRounds  = 9
)

// Statements that fill a database of 1,000 shops with $1 rows of each kind, before $2. Half of them are of one shop.
var backgroundRows = []string{
	fleetRows[0],

	// One shop of 100 fails.
	`INSERT INTO observations (connection, tried_at, problem, code, seen_at, webhooks, webhook_count, failing_webhooks)
	SELECT id, 1, '', '', 1, credential, 3, CASE WHEN created_at % 100 = 1 THEN 1 ELSE 0 END FROM connections`,

	`INSERT INTO visits (environment, shop, due_at) SELECT environment, shop_id, CAST($1 AS BIGINT) + 86400000
	FROM connections`,

	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO delivery_facts (connection, event, webhook, type, state, outcome, test, created_at, updated_at)
	SELECT CASE WHEN n % 2 = 0 THEN 'conn 1' ELSE 'conn ' || (1 + n % 1000) END, 'weve_' || n, 'wcon_' || (n % 5),
		'DONATION', 'DELIVERED', CASE WHEN n % 20 = 0 THEN 2 ELSE 1 END, FALSE,
		CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 2500000000 / $1, CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 2500000000 / $1
	FROM numbers`,

	countedHours,

	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO activities (id, environment, shop, owner, action, actor, session, webhook_id, detail, outcome, request_id,
		started_at, recheck_at, recheck_gap, seq)
	SELECT 'many ' || n, $3, CASE WHEN n % 2 = 0 THEN 'sh_1' ELSE 'sh_' || (1 + n % 1000) END, 'team', 'webhook.create',
		'', '', 'wcon_' || n, $4, CASE WHEN n % 2 = 0 THEN 'done' ELSE 'failed' END, '',
		CAST($2 AS BIGINT) - 1000 * CAST(n AS BIGINT), 0, 0, n
	FROM numbers`,

	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST($1 AS BIGINT) / 10)
	INSERT INTO operations (environment, owner, key, kind, shop, resource, hash, state, holder, lease_until, started_at,
		updated_at, steady_updated_at)
	SELECT $3, 'team', 'key ' || n, 'create', 'sh_' || (1 + n % 1000), 'resource ' || n, '', 'done', '', 0,
		CAST($2 AS BIGINT), CAST($2 AS BIGINT), CAST($2 AS BIGINT)
	FROM numbers`,

	// Ten items of each plan, which is done.
	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST($1 AS BIGINT) / 10)
	INSERT INTO plans (environment, owner, number, form, kind, digest, document, shops, creates, updates, deletes, made_by,
		made_name, made_at, state, state_at, wave)
	SELECT environment, id, n, 'form ' || n, 'add_types', '', $2, 1, 0, 10, 0, '', 'Ada', n, 'done', n, 1
	FROM owners CROSS JOIN numbers`,

	`ANALYZE plans`, // else Postgres checks each item's plan by reading all plans

	`WITH RECURSIVE items (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM items WHERE n < 9)
	INSERT INTO plan_items (environment, owner, number, item, shop, wave, state)
	SELECT environment, owner, number, n, CASE WHEN n % 2 = 0 THEN 'sh_1' ELSE 'sh_' || (1 + number % 1000) END, 1, 'done'
	FROM plans CROSS JOIN items`,
}

// BenchmarkBackgroundRatios reports how much longer the statements of background work take with 10⁶ deliveries,
// activities and items of plans than with 10² of each, in a fleet of 1,000 shops, and how long they take then.
func BenchmarkBackgroundRatios(b *testing.B) {
	for engine, fresh := range engines {
		b.Run(engine, func(b *testing.B) {
			for range b.N {
				few, many := newBackground(b, fresh(b), fewRows), newBackground(b, fresh(b), manyRows)
				for i, task := range many.tasks() {
					costs := benchtest.Rounds(backgroundRounds, measured(b, few.tasks()[i]), measured(b, task))
					b.ReportMetric(benchtest.Ratio(costs[1], costs[0], benchtest.Wall), task.name+"-1e6÷1e2")
					b.ReportMetric(benchtest.Median(costs[1], benchtest.Wall), "ms-"+task.name)
				}
			}
		})
	}
}

// measured returns a side of a comparison, which does a task once.
func measured(b *testing.B, t task) func() benchtest.Cost {
	b.Helper()
	return func() benchtest.Cost {
		return benchtest.Measure(b, 1, func() { checkB(b, t.do()) })
	}
}

// background is a database with rows on which background work is done.
type background struct {
	*store.Store

	b     *testing.B
	owner store.Owner
	reads int // deliveries that visits have read
}

func newBackground(b *testing.B, databaseURL string, rows int) *background {
	b.Helper()
	s, owner, _ := filled(b, databaseURL, func(now time.Time) [][]any {
		at := now.UnixMilli()
		return [][]any{
			{benchShops, environment, make([]byte, 500)},
			nil,
			{at},
			{rows, at},
			nil,
			{rows, at, environment, make([]byte, 300)},
			{rows, at, environment},
			{rows, []byte("sealed")},
			nil, nil,
		}
	}, backgroundRows)
	return &background{Store: s, b: b, owner: owner}
}

// tasks are what is done without anyone waiting, each with the store's own statements.
func (g *background) tasks() []task {
	ctx, none := g.b.Context(), func(context.Context, *sql.Tx, []string) error { return nil }
	return []task{
		{"sweep", func() error { return g.Sweep(ctx) }},
		{"next-due", func() error { _, _, err := g.NextDue(ctx); return err }},
		{"take-due", func() error { _, err := g.TakeDueVisits(ctx, 100, none); return err }},
		{"rechecks", func() error { _, err := g.DueActivities(ctx, 100); return err }},
		{"visit", g.visit},
		{"items-of-shop", func() error { _, err := g.ItemsOfShop(ctx, "sh_1"); return err }},
		{"busy-shops", func() error { _, err := g.BusyShops(ctx); return err }},
		{"newest-visits", func() error { _, err := g.NewestVisits(ctx); return err }},
		{"failures", func() error {
			_, err := g.Failures(ctx, g.owner, g.Now().Add(-24*time.Hour).Truncate(time.Hour))
			return err
		}},
		{"sessions", func() error { _, err := g.CountSessions(ctx); return err }},
	}
}

// visit visits the shop with half of all rows, and reads 50 new deliveries.
func (g *background) visit() error {
	now := g.Now()
	v, _, err := g.BeginVisit(g.b.Context(), "sh_1", time.Minute, now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	seen := store.Observed{
		ConnectionID: "conn 1", Owner: g.owner, At: now, Read: true, Since: now,
		Judge: func([]store.WebhookHealth) store.Judgment { return store.Judgment{} },
	}
	for range 50 {
		g.reads++
		seen.Deliveries = append(seen.Deliveries, store.Delivery{
			Event: fmt.Sprint("weve_new_", g.reads), Webhook: "wcon_1", Type: "DONATION", State: "DELIVERED",
			Outcome: store.DeliveryAccepted, CreatedAt: now, UpdatedAt: now,
		})
	}
	end := store.VisitEnd{Seen: []store.Observed{seen}, Due: now.Add(time.Hour), Answered: true}
	return g.EndVisit(g.b.Context(), v, end, nil)
}
