package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// laterScenes are the pages of a webhook after it was created.
var laterScenes = []scene{
	{name: "list, with deliveries", show: showHealth, status: 200, heading: "Webhooks"},
	{name: "list, nothing fits", show: showNothingFits, status: 200, heading: "Webhooks"},
	{name: "list, misleading addresses", show: showMisleading, status: 200, heading: "Webhooks"},
	{name: "list, after a delete", show: showDeleted, status: 200, heading: "Webhooks"},
	{name: "webhook, locked", show: showLocked, status: 200, heading: "apps.example.com/managed/fourthwall"},
	{name: "edit", show: showEdit, status: 200, heading: "Edit webhook"},
	{name: "edit, refused", show: showEditRefused, status: 422, heading: "Edit webhook"},
	{name: "edit, locked", show: func(v *visitor) int { showLocked(v); return v.Open(v.Path() + "/edit") }, status: 409},
	{name: "edit, kept no more", show: showGoneDraft, status: 410},
	{name: "review", show: showReview, status: 200, heading: reviewButton},
	{name: "review, duplicate", show: showReviewOfDuplicate, status: 200, heading: reviewButton},
	{name: "conflict", show: showConflict, status: 409, heading: "Someone changed this webhook"},
	{name: "delete", show: showDelete, status: 200},
	{
		name: "delete, locked", show: func(v *visitor) int { showLocked(v); return v.Open(v.Path() + "/delete") },
		status: 200,
	},
	{name: "duplicate", show: showDuplicate, status: 200, heading: "This URL already has a webhook"},
	{name: "webhook, a day", show: showHealthy, status: 200, heading: "alerts.studio-nine.example/fourthwall"},
	{name: "webhook, failing", show: showFailing, status: 200, heading: "api.example.com/fw"},
	{name: "created, tested", show: showTested, status: 200, heading: "hooks.example.com/fourthwall"},
	{name: "deliveries", show: showDeliveries, status: 200, heading: "Deliveries"},
	{name: "deliveries of a day", show: showDay, status: 200, heading: "Deliveries"},
	{name: "deliveries of an earlier day", show: showEarlierDay, status: 200, heading: "Deliveries"},
	{name: "deliveries, filtered", show: showFilteredDay, status: 200, heading: "Deliveries"},
	{name: "deliveries, a range that is none", show: showNoRange, status: 422, heading: "Deliveries"},
	{
		name: "deliveries, none", show: func(v *visitor) int { return v.Open(eventsPath(v.connectKey(0))) }, status: 200,
		heading: "Deliveries",
	},
	{name: "deliveries, not allowed", show: showNoDeliveries, status: 200, heading: "Deliveries"},
	{name: "delivery", show: showDelivery, status: 200, heading: orderPlaced},
	{name: "activity", show: showActivity, status: 200, heading: "Activity"},
	{
		name: "activity, nothing fits",
		show: func(v *visitor) int { return v.Open(activityPath(v.connectKey(0)) + "?outcome=unclear") }, status: 200,
		heading: "Activity",
	},
}

// showMisleading shows URLs that are not what they look like.
func showMisleading(v *visitor) int {
	for _, address := range []string{
		"https://b\u00fccher.example/hook", "https://\u0440aypal.com/hook", "https://fourthwall.com\u2044hooks.evil.example/",
		"https://hooks.example.com/\u202egpj.hook",
	} {
		v.app.add(0, address, "ORDER_PLACED")
	}
	return v.Open(listPath(v.connectKey(0)))
}

// longTypes is more than fits in a line, with types that no catalog lists.
var longTypes = []string{
	"ORDER_PLACED", "ORDER_UPDATED", "GIFT_PURCHASE", "PRODUCT_CREATED", "PRODUCT_UPDATED", "COLLECTION_UPDATED",
	"TELEPATHY_RECEIVED", "A_LONG_TYPE_" + "WITHOUT_AN_END_WITHOUT_AN_END_WITHOUT_AN_END_WITHOUT_AN_END",
}

var longAddress = "https://hooks.example.com/" + strings.Repeat("a-long-path-without-an-end", 10)

// fileEvents makes the API return deliveries that the sandbox would not make,
// once.
func (v *visitor) fileEvents(events ...map[string]any) {
	v.app.t.Helper()
	v.keepEvents(1, events...)
}

// keepEvents makes the API return deliveries for some requests.
func (v *visitor) keepEvents(times int, events ...map[string]any) {
	v.app.t.Helper()
	for i, e := range events {
		if e["id"] == event(nil)["id"] {
			e["id"] = fmt.Sprintf("weve_%d", i+1) // each is listed once
		}
	}
	body, err := json.Marshal(map[string]any{
		"results": events, "total": 4 * len(events), "size": len(events),
		"totalPages": 4,
	})
	v.Must(err)
	v.app.box.FailNext(sandbox.Failure{
		Method: http.MethodGet, Path: apiEvents, Status: 200, Body: string(body), Times: times,
	})
}

// event returns a delivery as the API has it, with some fields replaced.
func event(fields map[string]any) map[string]any {
	e := map[string]any{
		"id": "weve_1", "type": "DONATION", "apiVersion": "V1", "url": "https://" + sandbox.ReceiverHost + "/fail?overlay=7",
		"testMode":  false,
		"state":     "SENT_AND_WAITING_FOR_AN_ANSWER",
		"createdAt": "2026-01-02T03:04:05Z", "updatedAt": "2026-01-02T03:04:09Z",
		"body": "{}",
	}
	for name, value := range fields {
		e[name] = value
	}
	return e
}

// manyEvents returns deliveries in all the states that a row can show.
func manyEvents() []map[string]any {
	return []map[string]any{
		event(nil),
		event(map[string]any{"type": longTypes[7], "state": strings.Repeat("A_LONG_STATE_", 9), "testMode": true}),
		event(map[string]any{
			"state": "FAILED", "error": strings.Repeat("The receiver did not answer in time. ", 9),
			"testMode": true,
		}),
		event(map[string]any{"state": "FAILED", "error": strings.Repeat("unbreakable", 40), "url": longAddress}),
		event(map[string]any{"state": "", "body": `{"webhookId":"wcon_gone"}`}),
		event(map[string]any{"url": "https://elsewhere.example.com/"}),
	}
}

func showHealth(v *visitor) int {
	shop := v.connectKey(2)
	v.app.add(2, manyEvents()[0]["url"].(string), longTypes...)
	events := manyEvents()
	for range 2 {
		events = append(events, event(map[string]any{"url": longAddress, "state": "FAILED", "error": "no answer"}))
	}
	v.app.add(2, longAddress, "ORDER_PLACED")
	v.fileEvents(events...)
	status := v.Open(listPath(shop) + "?q=e&type=ORDER_PLACED")
	v.reads("3 of 3 failed", "Shares its URL with another webhook")
	v.Click(v.main().Locator("summary").First())
	return status
}

func showNothingFits(v *visitor) int {
	return v.Open(listPath(v.connectKey(2)) + "?q=" + strings.Repeat("nothing", 20) + "&type=UNHEARD_OF")
}

func showDeleted(v *visitor) int {
	showDelete(v)
	return v.Submit(v.Role("button", "Delete webhook"))
}

func showLocked(v *visitor) int {
	hook := v.app.box.Webhooks(v.connectKey(1).ID)[0]
	v.Open(deletePath(hook))
	return v.Submit(v.Role("button", "Delete webhook"))
}

// editsLong opens the edit form of a webhook with long content.
func editsLong(v *visitor) sandbox.Webhook {
	hook := v.app.add(2, longAddress, longTypes...)
	v.connectKey(2)
	v.Open(editPath(hook))
	return hook
}

func showEdit(v *visitor) int {
	return v.Open(editPath(editsLong(v)))
}

func showEditRefused(v *visitor) int {
	editsLong(v)
	v.Fill(v.address(), "https://hooks.example.com:8443/"+strings.Repeat("long", 40))
	v.review()
	return v.Submit(v.Role("button", saveButton))
}

func showGoneDraft(v *visitor) int {
	showReview(v)
	v.app.move(2 * time.Hour)
	return v.Submit(v.Role("button", saveButton))
}

func showReview(v *visitor) int {
	editsLong(v)
	v.Fill(v.address(), longAddress+"/another")
	v.Check(v.box(donation))
	v.Uncheck(v.box(longTypes[7]))
	status := v.review()
	v.Click(v.main().Locator("summary"))
	return status
}

func showReviewOfDuplicate(v *visitor) int {
	v.app.add(2, longAddress, longTypes...)
	showReview(v)
	v.Submit(v.Role("link", "Keep editing"))
	v.Fill(v.address(), longAddress)
	return v.review()
}

func showConflict(v *visitor) int {
	hook := editsLong(v)
	v.Check(v.box(donation))
	v.app.replace(hook, longAddress+"/theirs", longTypes[1:]...)
	status := v.review()
	v.Click(v.main().Locator("summary").First())
	return status
}

func showDelete(v *visitor) int {
	hook := v.app.add(2, longAddress, longTypes...)
	v.connectKey(2)
	return v.Open(deletePath(hook))
}

func showDuplicate(v *visitor) int {
	v.app.add(2, longAddress, longTypes...)
	v.app.add(2, longAddress, "DONATION")
	v.compose(v.connectKey(2), longAddress, orderPlaced, donation, promotion)
	return v.create()
}

func showDeliveries(v *visitor) int {
	shop := v.connectKey(2)
	v.app.add(2, longAddress, "ORDER_PLACED")
	v.app.add(2, longAddress, "DONATION")
	v.keepEvents(20, manyEvents()...)
	status := v.Open(eventsPath(shop) + "?type=DONATION")
	v.reads("shared URL", "no current webhook", "deleted", "No state given")
	return status
}

// aDay returns the deliveries of a shop with 40 webhooks, the newest first.
func aDay(now time.Time) (events []map[string]any) {
	places := []string{
		"alerts.studio-nine.example/fourthwall", "relay.example.org/shop-channel", "api.example.com/fw",
		"fulfillment.example.com/hooks/fourthwall", "crm.example.net/v2/accounts/studio-nine/orders",
	}
	types := []string{"DONATION", "MEMBERSHIP_TIER_UPSERTED", "ORDER_PLACED", "ORDER_UPDATED", "CART_ABANDONED_1H"}
	for i := range 120 {
		at := now.Add(-time.Duration(i*i) * 6 * time.Second).UTC().Format(time.RFC3339)
		for j := range 1 + i%3 {
			fields := map[string]any{
				"id": fmt.Sprintf("weve_%d_%d", i, j), "type": types[i%len(types)], "createdAt": at, "updatedAt": at,
				"url": "https://" + places[(i+j)%len(places)], "state": sandbox.StateDelivered,
			}
			switch {
			case i%9 == 1 && j == 0:
				fields["state"], fields["error"] = sandbox.StateRetrying, "500 Internal Server Error"
			case i == 4:
				fields["state"] = sandbox.StatePending
			}
			events = append(events, event(fields))
		}
	}
	return events
}

// openDay opens the log of a shop with 300 webhooks. Its last deliveries are of the time.
func (v *visitor) openDay(last time.Time, query string) int {
	shop := v.connectKey(2)
	for i := range 300 {
		v.app.add(2, fmt.Sprintf("https://tool-%d.example.com/hooks/fourthwall", i), "ORDER_PLACED")
	}
	for _, e := range aDay(last)[:3] {
		v.app.add(2, e["url"].(string), "ORDER_PLACED", "DONATION")
	}
	v.keepEvents(20, aDay(last)...)
	return v.Open(eventsPath(shop) + query)
}

func showDay(v *visitor) int { return v.openDay(time.Now(), "") }

// showEarlierDay shows deliveries that have their date beside their time.
func showEarlierDay(v *visitor) int { return v.openDay(time.Now().Add(-24*time.Hour), "") }

func showFilteredDay(v *visitor) int {
	return v.openDay(time.Now(), "?failed=1&webhook=example.com&q=weve_")
}

func showNoRange(v *visitor) int { return v.openDay(time.Now(), "?from=yesterday") }

func showNoDeliveries(v *visitor) int {
	v.connectWithout("webhook_read")
	return v.Open(eventsPath(v.app.shop(0)))
}

// showDelivery shows the body of a delivery that failed.
func showDelivery(v *visitor) int {
	v.app.stopClock()
	v.app.fire(2, "ORDER_PLACED", true, 1)
	shop := v.connectKey(2)
	for _, d := range v.app.box.Deliveries(shop.ID) {
		if d.State == sandbox.StateRetrying {
			return v.Open(eventsPath(shop) + "/" + d.ID + "?show=body")
		}
	}
	return 0
}

// showActivity shows every outcome.
func showActivity(v *visitor) int {
	showEditRefused(v)
	shop := v.app.shop(2)
	for _, outcome := range []string{store.OutcomePending, store.OutcomeUnclear, store.OutcomeFailed} {
		for range 17 {
			v.app.attempt(shop, outcome)
		}
	}
	v.Open(activityPath(shop))
	status := v.Submit(v.Role("link", "Older"))
	for i := range v.Count(v.entries().Locator("summary")) {
		v.Click(v.entries().Locator("summary").Nth(i))
	}
	return status
}

// openBusy opens the page of a webhook with 196 deliveries in 24 hours, of which
// the last ones failed.
func (v *visitor) openBusy(address string, failed int, eventTypes ...string) int {
	v.connectKey(2)
	hook := v.app.add(2, address, eventTypes...)
	var events []map[string]any
	for i := range 196 {
		at := time.Now().Add(-time.Duration(i*i+20) * 2200 * time.Millisecond).UTC().Format(time.RFC3339)
		fields := map[string]any{
			"id": fmt.Sprintf("weve_%d", i), "type": eventTypes[i*i%len(eventTypes)], "createdAt": at, "updatedAt": at,
			"url": address, "state": sandbox.StateDelivered,
		}
		if i < failed {
			fields["state"], fields["error"] = "FAILED", "500 Internal Server Error"
		}
		events = append(events, event(fields))
	}
	for from := 0; from < len(events); from += 100 {
		v.filePage(events, from, 100)
	}
	return v.Open(webhookPath(hook))
}

// filePage makes the API return one page of deliveries.
func (v *visitor) filePage(events []map[string]any, from, size int) {
	body, err := json.Marshal(map[string]any{
		"results": events[from:min(from+size, len(events))], "total": len(events), "page": from / size, "size": size,
		"totalPages": (len(events) + size - 1) / size,
	})
	v.Must(err)
	v.app.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiEvents, Status: 200, Body: string(body)})
}

func showHealthy(v *visitor) int {
	return v.openBusy("https://alerts.studio-nine.example/fourthwall", 0,
		"ORDER_PLACED", "DONATION", "SUBSCRIPTION_PURCHASED", "SUBSCRIPTION_CHANGED", "GIFT_PURCHASE")
}

func showFailing(v *visitor) int {
	return v.openBusy("https://api.example.com/fw", 16, "SUBSCRIPTION_PURCHASED")
}

func showTested(v *visitor) int {
	showCreated(v)
	return v.Submit(v.Role("button", "Send a test"))
}
