package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fire lets an event happen and returns the ids.
func (r *rig) fire(shopID, eventType string) []string {
	r.t.Helper()
	ids, err := r.Fire(shopID, eventType, false)
	if err != nil {
		r.t.Fatal(err)
	}
	return ids
}

// awaitDeliveries waits for what is due.
func (r *rig) awaitDeliveries() {
	r.t.Helper()
	if err := r.AwaitDeliveries(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// hook adds a webhook at the built-in receiver, for all types.
func (r *rig) hook(shopID, path string) Webhook {
	r.t.Helper()
	w, err := r.AddWebhook(shopID, "https://receiver.sandbox.example"+path, eventTypes)
	if err != nil {
		r.t.Fatal(err)
	}
	return w
}

func TestEventOnTheWire(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	good, bad := r.hook(shopOne, "/x?token=7"), r.hook(shopOne, "/fail")
	ids, err := r.Fire(shopOne, "DONATION", true)
	if err != nil || len(ids) != 2 {
		t.Fatal(ids, err)
	}
	r.awaitDeliveries()
	auth := r.basic(shopOne)
	var results []any
	for i, c := range []struct {
		w            Webhook
		state, error string
	}{{good, StateDelivered, ""}, {bad, StateRetrying, "Returned 500. Only 200 counts."}} {
		one := r.call(auth, "GET", eventsPath+"/"+ids[i], "").fields(t)
		want := map[string]any{
			"id": ids[i], "type": "DONATION", "apiVersion": "V1", "createdAt": "2026-11-02T09:00:00Z",
			"updatedAt": "2026-11-02T09:00:00Z",
			"body":      one["body"], "testMode": true, "state": c.state, "url": c.w.URL,
		}
		if c.error != "" {
			want["error"] = c.error
		}
		if diff := cmp.Diff(want, one); diff != "" {
			t.Errorf("event %d:\n%s", i, diff)
		}
		var body map[string]any
		if err := json.Unmarshal([]byte(one["body"].(string)), &body); err != nil {
			t.Fatal(err)
		}
		wantBody := map[string]any{
			"testMode": true, "id": ids[i], "webhookId": c.w.ID, "shopId": shopOne, "type": "DONATION", "apiVersion": "V1",
			"createdAt": "2026-11-02T09:00:00Z", "data": body["data"],
		}
		if diff := cmp.Diff(wantBody, body); diff != "" {
			t.Errorf("body %d:\n%s", i, diff)
		}
		results = append([]any{want}, results...)
	}
	page := map[string]any{"results": results, "total": 2.0, "page": 0.0, "size": 50.0, "totalPages": 1.0}
	if diff := cmp.Diff(page, r.call(auth, "GET", eventsPath, "").fields(t)); diff != "" {
		t.Errorf("list:\n%s", diff)
	}
}

func TestEventPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hook(shopOne, "/ok")
	var all, donations []string
	for i := range 120 {
		kind := "ORDER_PLACED"
		if i%4 == 0 {
			kind = "DONATION"
		}
		id := r.fire(shopOne, kind)[0]
		all = append([]string{id}, all...)
		if i%4 == 0 {
			donations = append([]string{id}, donations...)
		}
	}
	auth := r.basic(shopOne)
	for _, c := range []struct {
		query string
		want  wirePage[wireEvent] // without results
		ids   []string
	}{
		{"", wirePage[wireEvent]{Total: 120, Size: 50, TotalPages: 3}, all[:50]},
		{"?type=&page=0&size=50", wirePage[wireEvent]{Total: 120, Size: 50, TotalPages: 3}, all[:50]},
		{"?page=2", wirePage[wireEvent]{Total: 120, Page: 2, Size: 50, TotalPages: 3}, all[100:]},
		{"?size=100", wirePage[wireEvent]{Total: 120, Size: 100, TotalPages: 2}, all[:100]},
		{"?size=7&page=17", wirePage[wireEvent]{Total: 120, Page: 17, Size: 7, TotalPages: 18}, all[119:]},
		{"?page=3", wirePage[wireEvent]{Total: 120, Page: 3, Size: 50, TotalPages: 3}, nil},
		{"?page=1000000&size=100", wirePage[wireEvent]{Total: 120, Page: 1000000, Size: 100, TotalPages: 2}, nil},
		{"?type=DONATION&size=20&page=1", wirePage[wireEvent]{Total: 30, Page: 1, Size: 20, TotalPages: 2}, donations[20:]},
		{"?type=GIFT_PURCHASE", wirePage[wireEvent]{Size: 50}, nil},
	} {
		a := r.call(auth, "GET", eventsPath+c.query, "")
		var got wirePage[wireEvent]
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Results == nil {
			t.Fatalf("%q: %s %v", c.query, a.body, err)
		}
		var ids []string
		for _, e := range got.Results {
			ids = append(ids, e.ID)
		}
		got.Results = nil
		if diff := cmp.Diff(c.want, got); diff != "" || !slices.Equal(ids, c.ids) {
			t.Errorf("%q: %d ids\n%s", c.query, len(ids), diff)
		}
	}
	if err := r.Configure(shopOne, Switches{BareList: true}); err != nil {
		t.Fatal(err)
	}
	var bare []wireEvent
	if err := json.Unmarshal([]byte(r.call(auth, "GET", eventsPath+"?type=DONATION&size=20&page=1", "").body),
		&bare); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range bare {
		ids = append(ids, e.ID)
	}
	if !slices.Equal(ids, donations[20:]) {
		t.Errorf("bare list of %v", ids)
	}
}

func TestEventRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hook(shopOne, "/ok")
	id := r.fire(shopOne, "DONATION")[0]
	key, writeOnly := r.basic(shopOne), r.bearerOf("grant", "webhook_write")
	missing := func(shop, id string) map[string]any {
		return map[string]any{"code": codeEventNotFound, "webhookEventId": id, "shopId": shop}
	}
	code := func(c string) map[string]any { return map[string]any{"code": c} }
	for _, c := range []struct {
		name, auth, path string
		status           int
		body             map[string]any
	}{
		{"no credentials", "", eventsPath, 401, code(codeUnauthorized)},
		{"no credentials, one", "", eventsPath + "/" + id, 401, code(codeUnauthorized)},
		{"without scope", writeOnly, eventsPath, 403, code(codeForbidden)},
		{"without scope, one", writeOnly, eventsPath + "/" + id, 403, code(codeForbidden)},
		{"unknown type", key, eventsPath + "?type=ORDER_LOST", 400, code(codeBadRequest)},
		{"type in small letters", key, eventsPath + "?type=donation", 400, code(codeBadRequest)},
		{"page is text", key, eventsPath + "?page=x", 400, code(codeBadRequest)},
		{"page below zero", key, eventsPath + "?page=-1", 400, code(codeBadRequest)},
		{"size is zero", key, eventsPath + "?size=0", 400, code(codeBadRequest)},
		{"size is too much", key, eventsPath + "?size=101", 400, code(codeBadRequest)},
		{"unknown id", key, eventsPath + "/weve_x", 404, missing(shopOne, "weve_x")},
		{"another shop's", r.basic(shopTwo), eventsPath + "/" + id, 404, missing(shopTwo, id)},
		{"another shop's, by token", r.bearerOf("shop", shopMany), eventsPath + "/" + id, 404, missing(shopMany, id)},
	} {
		a := r.call(c.auth, "GET", c.path, "")
		if diff := cmp.Diff(c.body, a.fields(t)); diff != "" || a.StatusCode != c.status {
			t.Errorf("%s: %d\n%s", c.name, a.StatusCode, diff)
		}
	}
	for path, allow := range map[string]string{eventsPath: "GET, HEAD", eventsPath + "/" + id: "GET, HEAD"} {
		if a := r.call(key, "POST", path, "{}"); a.StatusCode != 405 || a.Header.Get("Allow") != allow {
			t.Errorf("POST %s: %d %q", path, a.StatusCode, a.Header.Get("Allow"))
		}
	}
	if got := r.call(r.basic(shopTwo), "GET", eventsPath, "").fields(t); got["total"] != 0.0 {
		t.Errorf("another shop lists %v", got)
	}
	if a := r.call(r.bearerOf("grant", "webhook_read"), "GET", eventsPath+"/"+id, ""); a.StatusCode != 200 {
		t.Errorf("with the scope: %d", a.StatusCode)
	}
}

// Events of types that no document lists can be read while the shop has them.
func TestFutureEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hook(shopOne, "/ok")
	auth := r.basic(shopOne)
	if err := r.Configure(shopOne, Switches{FutureTypes: true}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range futureTypes {
		id := r.fire(shopOne, kind)[0]
		if a := r.call(auth, "GET", eventsPath+"?type="+kind, ""); a.StatusCode != 200 || !strings.Contains(a.body, id) {
			t.Errorf("%s: %d %s", kind, a.StatusCode, a.body)
		}
	}
	if err := r.Configure(shopOne, Switches{}); err != nil {
		t.Fatal(err)
	}
	if a := r.call(auth, "GET", eventsPath, ""); a.StatusCode != 200 || a.fields(t)["total"] != 2.0 {
		t.Errorf("after turning it off: %d %s", a.StatusCode, a.body)
	}
	if _, err := r.Fire(shopOne, futureTypes[0], false); err == nil {
		t.Error("fired after turning it off")
	}
}

func TestFireRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct{ shop, kind, want string }{
		{"sh_none", "ORDER_PLACED", `no such demo shop: "sh_none"`},
		{shopMany, "ORDER_LOST", `there is no event type "ORDER_LOST"`},
		{shopMany, "", `there is no event type ""`},
		{shopMany, "order", `there is no event type "order"`},
		{shopMany, "LIVESTREAM_STARTED", `there is no event type "LIVESTREAM_STARTED"`},
		{shopMany, "GIFT_DRAW_ENDED", "no webhook of Tidewater Records is subscribed to GIFT_DRAW_ENDED. Create one first, such as for https://receiver.sandbox.example/ok"},
		{shopOne, "ORDER_PLACED", "no webhook of Studio Nine is subscribed to ORDER_PLACED. Create one first, such as for https://receiver.sandbox.example/ok"},
	} {
		if ids, err := r.Fire(c.shop, c.kind, false); err == nil || err.Error() != c.want || ids != nil {
			t.Errorf("%s in %s: %v, error %v", c.kind, c.shop, ids, err)
		}
		a := r.control("POST", "shops/"+c.shop+"/events", fmt.Sprintf(`{"type":%q}`, c.kind))
		if a.StatusCode != 400 || a.text(t, "message") != "We couldn’t do that: "+c.want+"." {
			t.Errorf("%s in %s: %d %s", c.kind, c.shop, a.StatusCode, a.body)
		}
		form := r.post("/_sandbox/shops/"+c.shop+"/events", url.Values{"type": {c.kind}})
		if form.StatusCode != 400 {
			t.Errorf("%s in %s by form: %d", c.kind, c.shop, form.StatusCode)
		}
	}
	if all := r.state().Deliveries; len(all) != 0 {
		t.Errorf("fired all the same: %v", all)
	}
}

// One event for each webhook that listens, and only for those.
func TestOneEventForEachWebhook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.control("POST", "shops/"+shopMany+"/events", `{"type":"ORDER_PLACED","testMode":true}`)
	var fired struct{ EventIDs []string }
	if err := json.Unmarshal([]byte(a.body), &fired); err != nil || a.StatusCode != 200 || len(fired.EventIDs) != 2 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	r.awaitDeliveries()
	hooks := r.Webhooks(shopMany)
	var got []Delivery
	for _, d := range r.Deliveries(shopMany) {
		d.Seq = 0
		got = append(got, d)
	}
	then := r.now()
	want := Delivery{
		ID: fired.EventIDs[1], ShopID: shopMany, WebhookID: hooks[1].ID, Type: "ORDER_PLACED", URL: hooks[1].URL,
		TestMode: true,
		State:    StateRetrying, Error: "Returned 500. Only 200 counts.", Attempts: 1, Status: 500,
		CreatedAt: then, UpdatedAt: then, NextAt: then.Add(time.Second),
	}
	first := want
	first.ID, first.WebhookID, first.URL = fired.EventIDs[0], hooks[0].ID, hooks[0].URL
	first.State, first.Error, first.Status, first.NextAt = StateDelivered, "", 200, time.Time{}
	if diff := cmp.Diff([]Delivery{want, first}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(r.state().Deliveries, r.Deliveries(shopMany)); diff != "" {
		t.Errorf("state:\n%s", diff)
	}
	if r.Deliveries(shopOne) != nil || r.Deliveries("sh_none") != nil {
		t.Error("another shop has deliveries")
	}
}

// fireMany lets an event happen n times at once, at the only webhook that a shop
// has, and returns the ID of the last one. One after the other they would all
// be delivered in between.
func (r *rig) fireMany(shopID, eventType string, n int) string {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	sh := r.shop(shopID)
	var all []event
	for range n {
		events, err := r.newEvents(sh, eventType, false)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, events...)
	}
	if err := r.addEvents(sh, all); err != nil {
		r.t.Fatal(err)
	}
	return all[len(all)-1].ID
}

func TestOldEventsAreForgotten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hook(shopOne, "/ok")
	r.hook(shopTwo, "/ok")
	r.fire(shopTwo, "DONATION")
	first := r.fire(shopOne, "DONATION")[0]
	last := r.fireMany(shopOne, "DONATION", keptEvents)
	r.awaitDeliveries()
	all := r.Deliveries(shopOne)
	if len(all) != keptEvents || all[0].ID != last {
		t.Errorf("%d events, the newest %s", len(all), all[0].ID)
	}
	if a := r.call(r.basic(shopOne), "GET", eventsPath+"/"+first, ""); a.StatusCode != 404 {
		t.Errorf("the oldest: %d", a.StatusCode)
	}
	if n := len(r.Deliveries(shopTwo)); n != 1 {
		t.Errorf("another shop has %d", n)
	}
	if n := len(r.Receipts()); n != keptReceipts {
		t.Errorf("%d receipts", n)
	}
}
