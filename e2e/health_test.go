package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"hookwall/e2e/browser"
	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// healthScenes are the pages of a shop that was visited for a month.
var healthScenes = []scene{
	{name: "health, webhooks", show: showRemembered("list"), status: 200, heading: "Webhooks"},
	{name: "health, failing webhook", show: showRemembered("failing"), status: 200, heading: "api.example.com/fw"},
	{
		name: "health, webhook", show: showRemembered("webhook"), status: 200,
		heading: "alerts.studio-nine.example/fourthwall",
	},
	{name: "health, deliveries", show: showRemembered("log"), status: 200, heading: "Deliveries"},
	{name: "health, deliveries of 30 days", show: showRemembered("month"), status: 200, heading: "Deliveries"},
	{name: "health, no response", show: showRemembered("silent"), status: 200, heading: "Webhooks"},
	{
		name: "health, since yesterday", show: showRemembered("young"), status: 200,
		heading: "alerts.studio-nine.example/fourthwall",
	},
}

// remembered is a webhook and what visits saw of it.
type remembered struct {
	url    string
	every  time.Duration // between deliveries
	from   time.Duration // ago
	until  time.Duration // ago
	fails  int           // each so many fail; 0: none
	reason string
}

var rememberedHooks = []remembered{
	{"https://alerts.studio-nine.example/fourthwall", 40 * time.Minute, 30 * 24 * time.Hour, 0, 0, ""},
	{"https://api.example.com/fw", 30 * time.Minute, 123 * time.Hour, 122 * time.Hour, 1, "500 Internal Server Error"},
	{
		"https://fulfillment.example.com/hooks/fourthwall", 20 * time.Minute, 20 * 24 * time.Hour, 0, 17,
		"No response within 5 s",
	},
	{"https://catalog.example.com/products", 5 * time.Hour, 20 * 24 * time.Hour, 4 * 24 * time.Hour, 0, ""},
}

// showRemembered shows a page of a shop.
func showRemembered(page string) func(*visitor) int {
	return func(v *visitor) int {
		keep := store.KeepDeliveries
		if page == "young" {
			keep = 30 * time.Hour
		}
		hooks := v.remember(keep)
		switch page {
		case "failing":
			return v.Open(webhookPath(hooks[1]))
		case "webhook", "young":
			return v.Open(webhookPath(hooks[0]))
		case "log":
			return v.Open(eventsPath(v.app.shop(0)))
		case "month":
			return v.Open(eventsPath(v.app.shop(0)) + "?chart=30d")
		case "silent":
			v.app.box.ForgetFailures()
			v.app.box.FailNext(sandbox.Failure{Path: apiEvents, Status: 500, Times: 9})
		}
		return v.Open(listPath(v.app.shop(0)))
	}
}

// remember connects a shop and stores what visits saw of its deliveries.
func (v *visitor) remember(keep time.Duration) (hooks []sandbox.Webhook) {
	v.app.t.Helper()
	shop, ctx := v.connectKey(0), v.app.t.Context()
	var list fourthwall.WebhookList
	now := v.app.store.Now()
	seen := store.Observed{At: now, Read: true, Since: now.Add(-keep), Listed: &store.Listed{Webhooks: []byte("[]")}}
	for i, one := range rememberedHooks {
		hook := v.app.add(0, one.url, "DONATION", "ORDER_PLACED", "GIFT_PURCHASE")
		hooks = append(hooks, hook)
		list.Webhooks = append(list.Webhooks, fourthwall.Webhook{ID: hook.ID, URL: hook.URL})
		n := 0
		for ago := one.until + time.Minute; ago < min(one.from, keep); ago += one.every {
			n++
			d := store.Delivery{
				Event: fmt.Sprintf("weve_%d_%d", i, n), Webhook: hook.ID, Type: hook.AllowedTypes[n%3], State: "DELIVERED",
				Outcome: store.DeliveryAccepted, CreatedAt: now.Add(-ago), UpdatedAt: now.Add(-ago),
			}
			if one.fails > 0 && n%one.fails == 0 {
				d.State, d.Outcome, d.Error = "FAILED", store.DeliveryFailed, one.reason
			}
			seen.Deliveries = append(seen.Deliveries, d)
		}
	}
	slices.SortFunc(seen.Deliveries, func(a, b store.Delivery) int { return b.CreatedAt.Compare(a.CreatedAt) })
	v.listNewest(seen.Deliveries[:100], list)
	conn, err := v.app.store.LiveConnection(ctx, shop.ID, "")
	v.app.must(err)
	seen.ConnectionID, seen.Owner, seen.Judge = conn.ID, conn.Owner, fleet.Judge(now, list, nil)
	visit, _, err := v.app.store.BeginVisit(ctx, shop.ID, time.Minute, now)
	v.app.must(err)
	v.app.must(v.app.store.EndVisit(ctx, visit,
		store.VisitEnd{Seen: []store.Observed{seen}, Due: now.Add(time.Hour), Answered: true},
		func(context.Context, *sql.Tx, time.Time) error { return nil }))
	return hooks
}

// listNewest makes the API return these deliveries on each page, as the newest of
// many.
func (v *visitor) listNewest(newest []store.Delivery, list fourthwall.WebhookList) {
	v.app.t.Helper()
	urls := map[string]string{}
	for _, hook := range list.Webhooks {
		urls[hook.ID] = hook.URL
	}
	var events []map[string]any
	for _, d := range newest {
		at := d.CreatedAt.Format(time.RFC3339Nano)
		fields := map[string]any{
			"id": d.Event, "type": d.Type, "state": d.State, "url": urls[d.Webhook], "createdAt": at, "updatedAt": at,
		}
		if d.Error != "" {
			fields["error"] = d.Error
		}
		events = append(events, event(fields))
	}
	body, err := json.Marshal(map[string]any{"results": events, "total": 900, "page": 0, "size": 100, "totalPages": 9})
	v.app.must(err)
	v.app.box.FailNext(sandbox.Failure{
		Method: http.MethodGet, Path: apiEvents, Status: http.StatusOK, Body: string(body), Times: 999,
	})
}

// TestHealthInABrowser: a failing webhook is found from each page, and the chart
// of 30 days is one click away, with script and without.
func TestHealthInABrowser(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, o)
			hooks := v.remember(store.KeepDeliveries)
			v.Open(eventsPath(v.app.shop(0)))
			v.reads("api.example.com/fw is failing: 2 of 2 failed in 7 days", "Last 24 hours", "7 days: ")
			v.Submit(v.Role("link", "30 days"))
			v.reads("Last 30 days")
			v.Submit(v.Role("link", "24 hours"))
			v.Submit(v.Role("link", "api.example.com/fw"))
			v.at(webhookPath(hooks[1]))
			v.reads("Failing since", "What happened", "Fourthwall reports: 500 Internal Server Error", "Last accepted",
				"Last 30 days", "2 of 2 failed")
			v.Open(listPath(v.app.shop(0)))
			v.lists(rememberedHooks[1].url, rememberedHooks[2].url, rememberedHooks[0].url, rememberedHooks[3].url)
			v.Resize(320, 568)
			v.NoSidewaysScroll()
			v.SetScheme(browser.Dark)
			v.Axe()
		})
	}
}
