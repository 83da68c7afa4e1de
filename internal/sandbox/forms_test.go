package sandbox

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestDeliveriesAlternate: deliveries of one type come in both forms that were
// seen, in turn, in each shop by itself and after a restart.
func TestDeliveriesAlternate(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/box.db"
	start := time.Date(2026, 11, 2, 9, 0, 0, 123_456_789, time.UTC)
	at := func(c *Config) {
		c.DataFile = file
		c.Now = func() time.Time { return start }
	}
	r := newRig(t, at)
	r.hook(shopOne, "/ok")
	r.hook(shopOne, "/ok?second") // two events of one firing have one form
	tests := []struct{ kind, documented, live string }{
		{"PRODUCT_UPDATED", `"data":{"product":{"results":[{"id":"`, `"data":{"product":{"id":"`},
		{"SUBSCRIPTION_PURCHASED", `"type":"ACTIVE","variant":{`, `"type":"SUSPENDED","variant":{`},
		{"SUBSCRIPTION_CHANGED", `"type":"ACTIVE","variant":{`, `"type":"SUSPENDED","variant":{`},
		{"SUBSCRIPTION_EXPIRED", `"subscription":{"type":"NONE"}`, `"type":"SUSPENDED","variant":{`},
		{
			"ORDER_PLACED", `"createdAt":"2026-11-02T09:00:00.123Z","updatedAt"`,
			`"createdAt":"2026-11-02T09:00:00.123456+00:00","updatedAt"`,
		},
	}
	isLive := regexp.MustCompile(`"createdAt":"2026-11-02T09:00:00\.123456\+00:00","data"`)
	isDocumented := regexp.MustCompile(`"createdAt":"2026-11-02T09:00:00\.123Z","data"`)
	check := func(r *rig, kind, data string, time *regexp.Regexp) {
		t.Helper()
		for _, id := range r.fire(shopOne, kind) {
			body := r.body(shopOne, id)
			if !strings.Contains(body, data) || !time.MatchString(body) || !strings.Contains(body, `"shopId":"`+shopOne+`"`) {
				t.Errorf("%s: want %s and %s in %s", kind, data, time, body)
			}
		}
	}
	for _, test := range tests {
		for range 2 {
			check(r, test.kind, test.documented, isDocumented)
			check(r, test.kind, test.live, isLive)
		}
	}
	r.awaitDeliveries()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	again := newRig(t, at)
	check(again, "PRODUCT_UPDATED", tests[0].documented, isDocumented)
	if err := again.Reset(); err != nil {
		t.Fatal(err)
	}
	again.hook(shopOne, "/ok")
	check(again, "PRODUCT_UPDATED", tests[0].documented, isDocumented)
}

// TestShopIDs: both forms of a shop's ID occur, and a shop has one and the same
// everywhere.
func TestShopIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	uuid := regexp.MustCompile(`^sh_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	forms := map[bool]int{}
	for _, sh := range r.Shops() {
		forms[uuid.MatchString(sh.ID)]++
		r.hook(sh.ID, "/ok")
		var e envelope
		if err := json.Unmarshal([]byte(r.body(sh.ID, r.fire(sh.ID, "DONATION")[0])), &e); err != nil {
			t.Fatal(err)
		}
		if got := r.call(r.basic(sh.ID), "GET", shopPath, "").text(t, "id"); got != sh.ID || e.ShopID != sh.ID {
			t.Errorf("%s: the API says %s, a delivery %s", sh.ID, got, e.ShopID)
		}
	}
	if forms[true] == 0 || forms[false] == 0 {
		t.Errorf("forms %v", forms)
	}
}

// TestAppKey: the app's signature can be verified with the key on the front
// page, or with one that was configured.
func TestAppKey(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/box.db"
	var made string
	for _, given := range []string{"", "my-app-key", ""} {
		out := &endpoint{answer: func(*http.Request) (*http.Response, error) { return response(200, http.NoBody), nil }}
		r := newRig(t, func(c *Config) { c.AppKey, c.DataFile, c.Transport = given, file, out })
		page, state := r.get("/").body, r.get("/_sandbox/state")
		key, _ := state.fields(t)["appKey"].(string)
		if !strings.Contains(page, "<code>"+key+"</code>") || given != "" && key != given {
			t.Errorf("given %q: the key is %q", given, key)
		}
		if given == "" && made != "" && key != made {
			t.Error("the key that was made was not kept")
		}
		if given == "" {
			made = key
		}
		if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", []string{"DONATION"}); err != nil {
			t.Fatal(err)
		}
		r.fire(shopOne, "DONATION")
		r.awaitDeliveries()
		for _, got := range out.requests() {
			if got.header.Get(appSignatureHeader) != sign(key, got.body) || key == "" {
				t.Errorf("given %q: signed %q", given, got.header.Get(appSignatureHeader))
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
