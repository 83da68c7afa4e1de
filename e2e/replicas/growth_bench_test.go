package replicas

import (
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/process"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

var growthRows = flag.Int("rows", 1_000_000, "the most rows that a table has when pages are measured")

const (
	fewRows      = 100
	growthShops  = 20 // beside the rows, where they don't grow
	growthRounds = 40 // requests for each page
)

// BenchmarkGrowthRatios reports how much longer pages take with more rows: with 10⁴ and -rows activities, deliveries
// and items of plans than with 10² of each, and with 100 and 1,000 shops than with 2. Requests alternate between the
// dashboards, and each figure is the ratio of two medians. It includes what the API takes where a page calls it.
func BenchmarkGrowthRatios(b *testing.B) {
	for engine, fresh := range engines {
		b.Run(engine+"/rows", func(b *testing.B) {
			for range b.N {
				var all []*grown
				for _, rows := range []int{fewRows, 10_000, *growthRows} {
					all = append(all, newGrown(b, fresh(b), fmt.Sprint(rows), growthShops, rows))
				}
				compare(b, all)
			}
		})
		b.Run(engine+"/shops", func(b *testing.B) {
			for range b.N {
				var all []*grown
				for _, shops := range []int{2, 100, 1000} {
					all = append(all, newGrown(b, fresh(b), fmt.Sprint(shops), shops, fewRows))
				}
				compare(b, all)
			}
		})
	}
}

// grown is a fleet whose database has many rows, a dashboard, and an admin in front of it.
type grown struct {
	*fleet

	name  string
	wall  *process.Process
	admin *process.Client
	pages map[string]string // paths by name
	took  map[string][]time.Duration
}

var growthTeam = []string{
	"HOOKWALL_SIGN_IN=header", "HOOKWALL_PROXY_USER_HEADER=X-User", "HOOKWALL_PROXY_SECRET=" + process.Key,
	"HOOKWALL_TRUSTED_PROXIES=127.0.0.1,::1", "HOOKWALL_ADMINS=ada",
}

func newGrown(b *testing.B, database, name string, shops, rows int) *grown {
	b.Helper()
	f := newFleet(b, shops, database)
	for _, shop := range f.box.Shops() {
		_, err := f.box.AddWebhook(shop.ID, "https://hooks.example.com/"+shop.ID, []string{"DONATION"})
		check(b, err)
	}
	visits := f.dashboard(growthTeam...)
	eventually(b, "visiting every shop", func() bool { return len(f.unvisited()) == 0 })
	visits.Stop()
	g := &grown{fleet: f, name: name, took: map[string][]time.Duration{}}
	g.fill(b, rows)
	g.wall = f.dashboard(growthTeam...)
	g.admin = process.NewClient(b)
	g.admin.HTTP.Transport = asAda{&http.Transport{}}
	b.Cleanup(g.admin.HTTP.CloseIdleConnections)
	g.open(b, g.wall.URL+"/shops")
	g.find(b)
	return g
}

// asAda names the person, as a reverse proxy does.
type asAda struct{ http.RoundTripper }

// RoundTrip sends a request.
func (a asAda) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-User", "ada")
	r.Header.Set(team.ProxySecretHeader, process.Key)
	return a.RoundTripper.RoundTrip(r)
}

// CloseIdleConnections closes connections that are kept.
func (a asAda) CloseIdleConnections() {
	a.RoundTripper.(*http.Transport).CloseIdleConnections()
}

func (g *grown) open(b *testing.B, address string) process.Page {
	b.Helper()
	page := g.admin.Get(address)
	if page.Status != http.StatusOK {
		b.Fatalf("%s: status %d at %s\n%s", address, page.Status, page.URL, words(page))
	}
	return page
}

// growth are statements that add $1 rows, which took place before $2. Half of all deliveries are to $shop, the only one
// with activities and plans. Of 20 shops, one fails. Each plan has ten items.
var growth = []string{
	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO activities (id, environment, shop, owner, action, actor, session, webhook_id, detail, outcome, request_id,
		started_at, recheck_at, recheck_gap, seq)
	SELECT 'many ' || n, environment, shop_id, owner, 'webhook.create', '', '', 'wcon_' || n, credential,
		CASE WHEN n % 2 = 0 THEN 'done' ELSE 'failed' END, '', CAST($2 AS BIGINT) - 1000 * CAST(n AS BIGINT), 0, 0, n
	FROM connections CROSS JOIN numbers WHERE shop_id = $shop`,

	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO delivery_facts (connection, event, webhook, type, state, outcome, test, created_at, updated_at)
	SELECT id, 'weve_' || n, 'wcon_' || (n % 5), 'DONATION', 'DELIVERED', CASE WHEN n % 20 = 0 THEN 2 ELSE 1 END, FALSE,
		CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 2500000000 / $1, CAST($2 AS BIGINT) - CAST(n AS BIGINT) * 2500000000 / $1
	FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY shop_id <> $shop, shop_id) - 1 AS place,
		COUNT(*) OVER () AS shops FROM connections) AS c
	JOIN numbers ON place = CASE WHEN n % 2 = 0 THEN 0 ELSE n % shops END`,

	`DELETE FROM delivery_hours`,

	`INSERT INTO delivery_hours
	SELECT connection, created_at - created_at % 3600000, webhook, SUM(CASE WHEN outcome = 1 THEN 1 ELSE 0 END),
		SUM(CASE WHEN outcome = 2 THEN 1 ELSE 0 END), 0, 0, 0, MAX(CASE WHEN outcome = 1 THEN created_at ELSE 0 END),
		MAX(CASE WHEN outcome = 2 THEN created_at ELSE 0 END)
	FROM delivery_facts GROUP BY 1, 2, 3`,

	`UPDATE observations SET failing_webhooks = 1, failed_24h = 1 WHERE connection IN (SELECT id FROM (
		SELECT id, ROW_NUMBER() OVER (ORDER BY shop_id <> $shop, shop_id) AS place FROM connections) AS c
		WHERE place % 20 = 1)`,

	`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST($1 AS BIGINT) / 10)
	INSERT INTO plans (environment, owner, number, form, kind, digest, document, shops, creates, updates, deletes, made_by,
		made_name, made_at, state, state_at, wave)
	SELECT environment, owner, n, 'form ' || n, 'add_types', '', credential, 1, 0, 10, 0, '', 'Ada',
		CAST($2 AS BIGINT) - n, 'done', CAST($2 AS BIGINT) - n, 1
	FROM connections CROSS JOIN numbers WHERE shop_id = $shop`,

	`ANALYZE plans`, // else Postgres checks each item's plan by reading all plans

	`WITH RECURSIVE items (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM items WHERE n < 9)
	INSERT INTO plan_items (environment, owner, number, item, shop, wave, state, ended_at)
	SELECT environment, owner, number, n, $shop, 1, 'done', made_at
	FROM plans CROSS JOIN items`,
}

// fill adds rows of each kind, past the program.
func (g *grown) fill(b *testing.B, rows int) {
	b.Helper()
	driver, address := "sqlite", "file:"+g.database
	if store.IsPostgres(g.database) {
		driver, address = "pgx", g.database
	}
	db, err := sql.Open(driver, address)
	check(b, err)
	defer db.Close()
	for _, statement := range growth {
		statement = strings.ReplaceAll(statement, "$shop", "'"+g.box.Shops()[0].ID+"'")
		args := []any{rows, time.Now().UnixMilli()}
		if !strings.Contains(statement, "$2") {
			args = nil
		}
		if _, err := db.ExecContext(b.Context(), statement, args...); err != nil {
			b.Fatalf("%v, of %s", err, statement)
		}
	}
	_, err = db.ExecContext(b.Context(), "ANALYZE")
	check(b, err)
}

// find makes a template and a plan, and notes which pages there are.
func (g *grown) find(b *testing.B) {
	b.Helper()
	shop := g.box.Shops()[0].ID
	hooks := g.box.Webhooks(shop)
	at := "/shops/" + shop
	g.pages = map[string]string{
		"shops": "/shops", "coverage": "/shops/coverage", "plans": "/plans", "templates": "/templates",
		"plan form": "/plans/new?kind=add_types", "shops found": "/shops?q=hooks.example.com",
		"list": at + "/webhooks", "webhook": at + "/webhooks/" + hooks[len(hooks)-1].ID, "deliveries": at + "/events",
		"activity": at + "/activity", "create page": at + "/webhooks/new", "search": "/search?q=" + shop,
	}
	g.pages["template"] = g.makes(b, "/templates/new", "/templates", url.Values{
		"name": {"Many"}, "url-0": {"https://hooks.example.com/{shop.id}"}, "types-0": {"ORDER_PLACED"}, "do": {"save"},
	})
	g.pages["plan"] = g.makes(b, g.pages["plan form"], "/plans", url.Values{
		"allowedTypes": {"ORDER_PLACED"}, "do": {"review"},
	})
}

// makes sends a form, and returns the path of what it made.
func (g *grown) makes(b *testing.B, page, action string, values url.Values) (path string) {
	b.Helper()
	f := g.open(b, g.wall.URL+page).Form(action)
	maps.Copy(f.Values, values)
	made := g.admin.Post(f.Action, f.Values)
	if made.Status != http.StatusOK {
		b.Fatalf("%s: status %d at %s\n%s", page, made.Status, made.URL, words(made))
	}
	return made.URL.Path
}

// compare opens the pages of all in turn, and reports the ratios to the first.
func compare(b *testing.B, all []*grown) {
	b.Helper()
	names := slices.Sorted(maps.Keys(all[0].pages))
	for round := range growthRounds {
		for _, name := range names {
			for _, g := range all {
				began := time.Now()
				g.open(b, g.wall.URL+g.pages[name])
				if round > 0 { // else it isn't warm
					g.took[name] = append(g.took[name], time.Since(began))
				}
			}
		}
	}
	for _, name := range names {
		first := percentile(all[0].took[name], .5)
		for _, g := range all[1:] {
			ratio := float64(percentile(g.took[name], .5)) / float64(first)
			b.ReportMetric(ratio, fmt.Sprintf("%s-of-%s÷of-%s", strings.ReplaceAll(name, " ", "-"), g.name, all[0].name))
		}
	}
}
