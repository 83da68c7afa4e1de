package store_test

import (
	"testing"
	"time"
)

// plannedRows adds $1 items of plans that are done, ten of each.
var plannedRows = []string{
	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST($1 AS BIGINT) / 10)
	INSERT INTO plans (environment, owner, number, form, kind, digest, document, shops, creates, updates, deletes, made_by,
		made_name, made_at, state, state_at, wave)
	SELECT environment, id, n, 'form ' || n, 'add_types', '', $2, 1, 0, 10, 0, '', 'Ada', n, 'done', n, 1
	FROM owners CROSS JOIN numbers`,

	`ANALYZE plans`, // else Postgres checks each item's plan by reading all plans

	`WITH RECURSIVE items (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM items WHERE n < 9)
	INSERT INTO plan_items (environment, owner, number, item, shop, wave, state)
	SELECT environment, owner, number, n, 'sh_' || n, 1, 'done' FROM plans CROSS JOIN items`,
}

// BenchmarkBusyShopsRatios reports how much longer it takes with 10⁵ items of plans than with 10² to find in which
// shops a plan is at work. Each plan that is made or begins needs that.
func BenchmarkBusyShopsRatios(b *testing.B) {
	for engine, fresh := range engines {
		b.Run(engine, func(b *testing.B) {
			var sides []func() time.Duration
			for _, items := range []int{100, 100_000} {
				s, _, _ := filled(b, fresh(b), func(time.Time) [][]any { return [][]any{{items, []byte("sealed")}, nil, nil} },
					plannedRows)
				sides = append(sides, func() time.Duration {
					began := time.Now()
					_, err := s.BusyShops(b.Context())
					checkB(b, err)
					return time.Since(began)
				})
			}
			var took [2]time.Duration
			for b.Loop() {
				for range 50 {
					for i, side := range sides {
						took[i] += side()
					}
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "of-1e5÷of-1e2")
		})
	}
}
