package fleet_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

func TestVisitSeesWebhooksAndDeliveries(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	g.fire(shop, "ORDER_PLACED", 3)
	next := g.visit(shop)
	if next < 13*time.Minute || next > 15*time.Minute {
		t.Errorf("next visit after %v", next)
	}
	o := g.observation(shop)
	if o.Problem != "" || o.WebhookCount != 3 || o.Cut || o.SeenAt.IsZero() || o.Total24h != 6 || o.Failed24h != 3 ||
		o.FailingWebhooks != 1 || o.LookWebhooks != 0 || o.DeliveriesSince != o.DeliveriesAt.Add(-store.KeepDeliveries) {
		t.Errorf("observation %+v", o)
	}
	hooks, err := fleet.Webhooks(o)
	g.must(err)
	var got, want []fleet.Webhook
	for _, h := range g.box.Webhooks(shop) {
		c := fourthwall.Content{URL: h.URL}
		for _, kind := range h.AllowedTypes {
			c.AllowedTypes = append(c.AllowedTypes, fourthwall.EventType(kind))
		}
		want = append(want, fleet.Webhook{ID: h.ID, Content: c})
	}
	got = hooks
	byID := func(a, b fleet.Webhook) int { return strings.Compare(a.ID, b.ID) }
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("webhooks (-sandbox +observation):\n%s", diff)
	}
	counts := fleet.Counts(o.TypeCounts)
	for i, info := range fourthwall.EventTypes() {
		n := 0
		for _, h := range want {
			if slices.Contains(h.AllowedTypes, info.Code) {
				n++
			}
		}
		if counts[i] != n || (o.Types>>i&1 == 1) != (n > 0) {
			t.Errorf("%s: count %d, mask %b, want %d webhooks", info.Code, counts[i], o.Types>>i&1, n)
		}
	}
	health, err := g.store.Health(t.Context(), g.owner, shop, store.SpansAt(g.store.Now()))
	g.must(err)
	if len(health) != 2 {
		t.Fatalf("health %+v", health)
	}
	for _, h := range health {
		failing := strings.Contains(hookURL(g, shop, h.Webhook), "/fail")
		want := store.Rate{Accepted: 3}
		if failing {
			want = store.Rate{Failed: 3}
		}
		if h.Day != want || h.Week != want || h.All != want || h.LastFailed.IsZero() == failing ||
			h.LastAccepted.IsZero() != failing || (h.LastError == "") == failing {
			t.Errorf("failing %v: %+v", failing, h)
		}
	}
}

func hookURL(g *rig, shop, id string) string {
	for _, h := range g.box.Webhooks(shop) {
		if h.ID == id {
			return h.URL
		}
	}
	return ""
}

func TestVisitReadsOnlyWhatIsNew(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	g.fire(shop, "PRODUCT_CREATED", 250)
	g.visit(shop)
	if n := g.sent(eventsPath); n != 3 {
		t.Errorf("%d pages at first, want 3", n)
	}
	g.move(time.Hour)
	g.fire(shop, "PRODUCT_CREATED", 5)
	g.sent("")
	g.visit(shop)
	if n := g.sent(eventsPath); n != 1 {
		t.Errorf("%d pages of news, want 1", n)
	}
	if o := g.observation(shop); o.Total24h != 255 {
		t.Errorf("%d deliveries, want 255", o.Total24h)
	}
	g.move(time.Minute)
	g.visit(shop)
	if o := g.observation(shop); o.Total24h != 255 {
		t.Errorf("%d deliveries after reading them again, want 255", o.Total24h)
	}
}

func TestVisitSeesHowOpenDeliveriesEnded(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	_, err := g.box.Fire(shop, "DONATION", true)
	g.must(err)
	g.must(g.box.AwaitDeliveries(t.Context()))
	g.visit(shop)
	before := g.deliveries()
	g.settle()
	g.visit(shop)
	after := g.deliveries()
	is := func(all []string, state string) bool { return len(all) == 1 && strings.Contains(all[0], state) }
	if !is(before, "RETRYING") || !is(after, "FAILED") {
		t.Errorf("deliveries %q, then %q", before, after)
	}
}

// deliveries returns what the database has, as text.
func (g *rig) deliveries() (all []string) {
	g.t.Helper()
	rows, err := g.raw().Query(`SELECT event, webhook, type, state, outcome, test FROM delivery_facts ORDER BY event`)
	g.must(err)
	defer rows.Close()
	for rows.Next() {
		var event, webhook, kind, state string
		var outcome int
		var test bool
		g.must(rows.Scan(&event, &webhook, &kind, &state, &outcome, &test))
		all = append(all, fmt.Sprint(event, " ", webhook, " ", kind, " ", state, " ", outcome, " ", test))
	}
	g.must(rows.Err())
	return all
}

// raw opens the database without the store.
func (g *rig) raw() *sql.DB {
	g.t.Helper()
	engine, address := "sqlite", "file:"+g.database+"?_pragma=busy_timeout(5000)&_pragma=wal_autocheckpoint(0)"
	if store.IsPostgres(g.database) {
		engine, address = "pgx", g.database
	}
	db, err := sql.Open(engine, address)
	g.must(err)
	g.t.Cleanup(func() { db.Close() })
	return db
}

func TestVisitThatCannotReadKeepsWhatWasSeen(t *testing.T) {
	limited := http.Header{"Retry-After": {"37"}}
	for _, row := range []struct {
		name     string
		path     string
		status   int // 0: the connection is cut
		body     string
		header   http.Header
		problem  fleet.Problem
		code     string
		calls    int
		min, max time.Duration // until the next visit
	}{
		{
			"limited", webhooksPath, 429, `{"code":"OPEN_API_TOO_MANY_REQUESTS"}`, limited, fleet.Busy,
			"OPEN_API_TOO_MANY_REQUESTS", 1, 36 * time.Second, 38 * time.Second,
		},
		{
			"limited without a time", webhooksPath, 429, `{}`, nil, fleet.Busy, "", 1, 9 * time.Second, 11 * time.Second,
		},
		{"cut", webhooksPath, 0, "", nil, fleet.NoAnswer, "", 4, 4 * time.Minute, 5 * time.Minute},
		{"broken", webhooksPath, 500, "", nil, fleet.NoAnswer, "", 1, 4 * time.Minute, 5 * time.Minute},
		{"a firewall", webhooksPath, 403, "<html>", nil, fleet.InFront, "", 2, 4 * time.Minute, 5 * time.Minute},
		{
			"without permission", webhooksPath, 403, `{"code":"OPEN_API_FORBIDDEN"}`, nil, fleet.Forbidden,
			"OPEN_API_FORBIDDEN", 1, 4 * time.Minute, 5 * time.Minute,
		},
		{
			"a closed shop", webhooksPath, 404, `{"code":"SHOP_NOT_FOUND"}`, nil, fleet.ShopGone, "SHOP_NOT_FOUND", 1,
			4 * time.Minute, 5 * time.Minute,
		},
		{
			"a half answer", webhooksPath, 200, `{"results":[{"id":`, nil, fleet.Unreadable, "", 1,
			4 * time.Minute, 5 * time.Minute,
		},
		{
			"a refused key", webhooksPath, 401, `{"code":"OPEN_API_UNAUTHORIZED"}`, nil, fleet.Ended, "", 1,
			13 * time.Minute, 15 * time.Minute,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newRig(t)
			shop := g.connect(g.owner, tidewater)
			g.fire(shop, "ORDER_PLACED", 1)
			g.visit(shop)
			if got := g.observed(); got != "visit ok" {
				t.Errorf("observed is %q", got)
			}
			before := g.observation(shop)
			g.move(20 * time.Minute)
			g.reply(row.path, row.status, row.body, row.header)
			g.sent("")
			next := g.visit(shop)
			if got := g.observed(); got != "visit "+strings.ReplaceAll(string(row.problem), " ", "_") {
				t.Errorf("observed is %q, want %q", got, row.problem)
			}
			if n := g.sent(webhooksPath); n != row.calls {
				t.Errorf("%d calls, want %d", n, row.calls)
			}
			if next < row.min || next > row.max {
				t.Errorf("next visit after %v, want %v to %v", next, row.min, row.max)
			}
			after := g.observation(shop)
			if after.Problem != string(row.problem) || after.Code != row.code || !after.TriedAt.After(before.TriedAt) {
				t.Errorf("problem %q, code %q, tried at %v", after.Problem, after.Code, after.TriedAt)
			}
			if after.Expired != (row.problem == fleet.Ended) {
				t.Errorf("expired %v", after.Expired)
			}
			before.TriedAt, before.Problem, before.Code = after.TriedAt, after.Problem, after.Code
			before.Expired, before.End = after.Expired, after.End
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("what was seen (-before +after):\n%s", diff)
			}
			if !g.IsStale(g.stale(shop)) {
				t.Error("not stale after twice the interval")
			}
		})
	}
}

// stale returns an observation a while later.
func (g *rig) stale(shop string) store.Observation {
	g.move(11 * time.Minute)
	return g.observation(shop)
}

func TestVisitWithoutDeliveriesStillSeesWebhooks(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	g.reply(eventsPath, 403, `{"code":"OPEN_API_FORBIDDEN"}`, nil)
	g.visit(shop)
	o := g.observation(shop)
	if o.WebhookCount != 3 || o.SeenAt.IsZero() || !o.DeliveriesAt.IsZero() || o.Problem != string(fleet.Forbidden) {
		t.Errorf("observation %+v", o)
	}
}

func TestVisitOfASlowShopEnds(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	g.mu.Lock()
	g.answers = func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	}
	g.mu.Unlock()
	began := time.Now()
	g.visit(shop)
	if took := time.Since(began); took < 4*time.Second || took > 9*time.Second {
		t.Errorf("it took %v", took)
	}
	if o := g.observation(shop); o.Problem != string(fleet.NoAnswer) || o.TriedAt.IsZero() {
		t.Errorf("observation %+v", o)
	}
}

func TestVisitOfMoreWebhooksThanItsCallsCanList(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	shop := g.connect(g.owner, lantern)
	for i := range 59 {
		_, err := g.box.AddWebhook(shop, fmt.Sprint("https://hooks.example.com/", i), []string{"DONATION"})
		g.must(err)
	}
	g.must(g.box.Configure(shop, sandbox.Switches{PageSize: 1, IgnoreSize: true}))
	g.visit(shop)
	o := g.observation(shop)
	if o.Problem != "" || !o.Cut || o.WebhookCount != 60 || !o.DeliveriesAt.IsZero() {
		t.Errorf("observation %+v", o)
	}
	if hooks, err := fleet.Webhooks(o); err != nil || len(hooks) != 50 {
		t.Errorf("%d webhooks, error %v", len(hooks), err)
	}
}

func TestVisitOfOneLimitedShopLeavesOthersAlone(t *testing.T) {
	g := newRig(t)
	limited, other := g.connect(g.owner, tidewater), g.connect(g.owner, lantern)
	g.reply(webhooksPath, 429, `{}`, http.Header{"Retry-After": {"60"}})
	g.visit(limited)
	g.reply("", 0, "", nil)
	wait, err := g.Visit(t.Context(), limited, nil)
	if g.must(err); wait < 55*time.Second || wait > 60*time.Second {
		t.Errorf("limited shop: wait %v", wait)
	}
	g.visit(other)
	g.move(time.Minute)
	g.visit(limited)
	if o := g.observation(limited); o.Problem != "" || o.WebhookCount != 3 {
		t.Errorf("observation after the limit: %+v", o)
	}
}

// TestVisitsOfAShopThatStaysLimited: the visits become fewer, and so do the lines of the log.
func TestVisitsOfAShopThatStaysLimited(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	g.visit(shop)
	g.move(20 * time.Minute)
	g.reply(webhooksPath, 429, `{}`, http.Header{"Retry-After": {"10"}})
	for i, seconds := range []int{10, 20, 40, 80, 160, 300, 300} {
		want := time.Duration(seconds) * time.Second
		next := g.visit(shop)
		if next < want-time.Second || next > want+time.Second {
			t.Errorf("after visit %d, the next is due after %v, want %v", i+1, next, want)
		}
		g.move(want)
	}
	if n := strings.Count(g.logs.String(), "could not read"); n != 1 {
		t.Errorf("%d lines in the log:\n%s", n, g.logs.String())
	}
	g.reply("", 0, "", nil)
	g.visit(shop)
	g.move(20 * time.Minute)
	g.reply(webhooksPath, 429, `{}`, http.Header{"Retry-After": {"10"}})
	if next := g.visit(shop); next > 11*time.Second {
		t.Errorf("limited again, the next visit is due after %v", next)
	}
}

func TestVisitContinuesWhereItStopped(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	const all = 7777
	g.history(all)
	g.sent("")
	if next := g.visit(shop); next < 9*time.Second || next > 15*time.Second {
		t.Errorf("next visit after %v", next)
	}
	if n := g.sent("/"); n != 50 {
		t.Errorf("%d calls in the first visit", n)
	}
	if o := g.observation(shop); o.Problem != "" || o.Backlog.Page != 49 || len(g.deliveries()) != 4900 {
		t.Errorf("backlog %+v, problem %q, %d deliveries", o.Backlog, o.Problem, len(g.deliveries()))
	}
	g.move(10 * time.Second)
	if next := g.visit(shop); next < 10*time.Minute {
		t.Errorf("next visit after %v", next)
	}
	if o := g.observation(shop); o.Backlog.Page != 0 || len(g.deliveries()) != all {
		t.Errorf("backlog %+v, %d deliveries, want %d", o.Backlog, len(g.deliveries()), all)
	}
}

// history makes the API list n deliveries, one a minute.
func (g *rig) history(n int) {
	start := g.store.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answers = func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != eventsPath {
			return nil, nil
		}
		page, err := strconv.Atoi(r.URL.Query().Get("page"))
		if err != nil {
			return nil, err
		}
		size, err := strconv.Atoi(r.URL.Query().Get("size"))
		if err != nil {
			return nil, err
		}
		results := []map[string]any{}
		for i := page * size; i < min(n, (page+1)*size); i++ {
			results = append(results, map[string]any{
				"id": fmt.Sprint("weve_", i), "type": "DONATION", "state": "DELIVERED", "url": "https://a.example/",
				"createdAt": start.Add(-time.Duration(i) * time.Minute),
			})
		}
		body, err := json.Marshal(map[string]any{"results": results, "total": n, "page": page, "size": size})
		if err != nil {
			return nil, err
		}
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
		}, nil
	}
}

func TestVisitWithOddities(t *testing.T) {
	for _, row := range []struct {
		name     string
		switches sandbox.Switches
		webhooks int
		unknown  []string
	}{
		{"future types", sandbox.Switches{FutureTypes: true}, 30, []string{"LIVESTREAM_ENDED", "LIVESTREAM_STARTED"}},
		{"small pages", sandbox.Switches{PageSize: 3, IgnoreSize: true}, 30, nil},
		{"no size", sandbox.Switches{PageSize: 7, RefuseSize: true}, 30, nil},
		{"bare lists", sandbox.Switches{BareList: true}, 30, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newRig(t)
			shop := g.connect(g.owner, tidewater)
			for i := range 27 {
				_, err := g.box.AddWebhook(shop, fmt.Sprint("https://hooks.example.com/", i), []string{"DONATION"})
				g.must(err)
			}
			g.must(g.box.Configure(shop, row.switches))
			g.fire(shop, "PRODUCT_CREATED", 120)
			g.visit(shop)
			o := g.observation(shop)
			if o.Problem != "" || o.WebhookCount != row.webhooks || o.Cut || !slices.Equal(o.UnknownTypes, row.unknown) {
				t.Errorf("observation %+v", o)
			}
			if o.Total24h != 120 {
				t.Errorf("%d deliveries, want 120", o.Total24h)
			}
		})
	}
}

func TestVisitRecordsChanges(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	g.visit(shop)
	g.move(time.Hour)
	g.visit(shop)
	if all := g.changes(shop); len(all) != 0 {
		t.Errorf("changes although nothing changed: %+v", all)
	}
	hook, err := g.box.AddWebhook(shop, "https://hooks.example.com/new?token=secret", []string{"DONATION"})
	g.must(err)
	g.move(time.Hour)
	g.visit(shop)
	want := []fleet.Change{{ID: hook.ID, After: &fourthwall.Content{
		URL: hook.URL, AllowedTypes: []fourthwall.EventType{"DONATION"},
	}}}
	if diff := cmp.Diff(want, g.changes(shop)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func (g *rig) changes(shop string) []fleet.Change {
	g.t.Helper()
	stored, err := g.store.ObservationChanges(g.t.Context(), g.owner, shop, 10)
	g.must(err)
	if len(stored) == 0 {
		return nil
	}
	all, err := fleet.Changes(stored[0])
	g.must(err)
	return all
}

func TestVisitOfAShopOfTwoOwners(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	other := g.signIn()
	g.connect(other, tidewater)
	g.visit(shop)
	for _, owner := range []store.Owner{g.owner, other} {
		o, err := g.store.Observation(t.Context(), owner, shop)
		if g.must(err); o.WebhookCount != 3 {
			t.Errorf("observation %+v", o)
		}
	}
	g.must(g.store.DeleteConnection(t.Context(), other, shop))
	if o := g.observation(shop); o.WebhookCount != 3 {
		t.Errorf("after the other has disconnected: %+v", o)
	}
	g.must(g.store.DeleteConnection(t.Context(), g.owner, shop))
	for _, table := range []string{"observations", "observation_changes", "delivery_facts"} {
		var n int
		if g.must(g.raw().QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n)); n != 0 {
			t.Errorf("%d %s after the last owner has disconnected", n, table)
		}
	}
}

func TestVisitIsAskedForWhileOneRuns(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	g.mu.Lock()
	g.answers = func(*http.Request) (*http.Response, error) {
		g.mu.Lock()
		g.answers = nil
		g.mu.Unlock()
		n, err := g.Refresh(t.Context(), g.owner, shop)
		if err != nil || n != 1 {
			t.Errorf("refresh: %d, %v", n, err)
		}
		wait, err := g.Visit(t.Context(), shop, nil)
		if err != nil || wait <= 0 {
			t.Errorf("a second visit at once: wait %v, error %v", wait, err)
		}
		return nil, nil
	}
	g.mu.Unlock()
	if next := g.visit(shop); next > 2*time.Second {
		t.Errorf("next visit after %v", next)
	}
	if next := g.visitAfter(2*time.Second, shop); next < 10*time.Minute {
		t.Errorf("visit after that: %v", next)
	}
}

func (g *rig) visitAfter(d time.Duration, shop string) time.Duration {
	g.move(d)
	return g.visit(shop)
}

func TestTenSilentShopsPauseAllVisits(t *testing.T) {
	g := newRig(t)
	good := g.connect(g.owner, tidewater)
	var silent []string
	for i := range 10 {
		c := store.Connection{Owner: g.owner, ShopID: fmt.Sprint("silent", i), Way: "apikey"}
		conn, err := g.store.Connection(t.Context(), g.owner, good)
		g.must(err)
		c.Credential = conn.Credential
		_, err = g.store.PutConnection(t.Context(), c)
		g.must(err)
		silent = append(silent, c.ShopID)
	}
	g.move(time.Second)
	g.reply(webhooksPath, 500, "", nil)
	for i, shop := range silent {
		if i == 5 {
			// The same one again doesn't count twice.
			g.move(time.Hour)
			g.visit(silent[0])
		}
		if until, err := g.Paused(t.Context()); err != nil || !until.IsZero() {
			t.Fatalf("paused after %d shops, error %v", i, err)
		}
		g.visit(shop)
	}
	until, err := g.Paused(t.Context())
	g.must(err)
	if left := until.Sub(g.store.Now()); left < 29*time.Second || left > 30*time.Second {
		t.Errorf("paused for %v", left)
	}
	wait, err := g.Visit(t.Context(), good, nil)
	if err != nil || wait <= 0 {
		t.Errorf("visit during the pause: wait %v, error %v", wait, err)
	}
	g.move(31 * time.Second)
	g.reply("", 0, "", nil)
	g.visit(good)
	g.reply(webhooksPath, 500, "", nil)
	g.move(time.Hour)
	g.visit(silent[0])
	if until, err := g.Paused(t.Context()); err != nil || !until.IsZero() {
		t.Errorf("paused by one shop after an answer, error %v", err)
	}
}

func TestDueVisitsAreEnqueuedOnce(t *testing.T) {
	g := newRig(t)
	one, two := g.connect(g.owner, tidewater), g.connect(g.owner, lantern)
	g.must(g.EnqueueDue(t.Context()))
	g.must(g.EnqueueDue(t.Context()))
	slices.Sort(g.queue.shops)
	want := []string{one, two}
	slices.Sort(want)
	if !slices.Equal(g.queue.shops, want) {
		t.Errorf("enqueued %q, want %q", g.queue.shops, want)
	}
	// A job that got lost.
	g.move(6 * time.Minute)
	g.visit(one)
	g.queue.shops = nil
	g.must(g.EnqueueDue(t.Context()))
	if !slices.Equal(g.queue.shops, []string{two}) {
		t.Errorf("enqueued %q", g.queue.shops)
	}
	g.queue.shops = nil
	n, err := g.Refresh(t.Context(), g.owner)
	if g.must(err); n != 2 || len(g.queue.shops) != 2 {
		t.Errorf("refreshed %d, enqueued %q", n, g.queue.shops)
	}
	n, err = g.Refresh(t.Context(), g.signIn(), one)
	if g.must(err); n != 0 {
		t.Errorf("somebody else refreshed %d", n)
	}
}

func TestVisitStoppedByItsProcessStoresNothing(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	ctx, stop := context.WithCancel(t.Context())
	g.mu.Lock()
	g.answers = func(*http.Request) (*http.Response, error) {
		stop()
		return nil, context.Canceled
	}
	g.mu.Unlock()
	if _, err := g.Visit(ctx, shop, nil); err == nil {
		t.Error("no error")
	}
	g.reply("", 0, "", nil)
	if o := g.observation(shop); !o.TriedAt.IsZero() {
		t.Errorf("observation %+v", o)
	}
	g.visit(shop)
}

// TestDatabaseHasNothingOfBuyers holds that what is kept of deliveries has no body and nothing of a buyer.
// Checklist 56.
func TestDatabaseHasNothingOfBuyers(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, tidewater)
	for _, kind := range []string{"ORDER_PLACED", "DONATION", "SUBSCRIPTION_PURCHASED", "GIFT_PURCHASE"} {
		g.fire(shop, kind, 1)
	}
	g.visit(shop)
	if len(g.deliveries()) == 0 {
		t.Fatal("no deliveries")
	}
	var words []string
	for _, e := range g.bodies(shop) {
		var body any
		g.must(json.Unmarshal([]byte(e), &body))
		words = append(words, personal(body, false)...)
	}
	if len(words) < 5 {
		t.Fatalf("only %d texts of buyers: %q", len(words), words)
	}
	words = append(words, "overlay=7") // the query of a webhook's URL
	for table, text := range g.dump() {
		for _, word := range words {
			if strings.Contains(text, word) {
				t.Errorf("%s has %q", table, word)
			}
		}
	}
}
