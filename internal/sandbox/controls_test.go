package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (r *rig) control(method, path, body string) answer {
	r.t.Helper()
	req := httptest.NewRequest(method, "/_sandbox/"+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return r.send(req)
}

func TestControlsByJSON(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ok := func(a answer) {
		t.Helper()
		if a.StatusCode != 200 || a.fields(t)["now"] == nil {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	ok(r.control("POST", "failures", `{"method":"GET","path":"/open-api/*","status":503,"code":"C","body":"b",
		"effect":true,
		"header":{"Retry-After":"2"},"delay":"1500ms","cut":"body","times":3}`))
	want := []Failure{{
		Method: "GET", Path: "/open-api/*", Status: 503, Code: "C", Body: "b", Effect: true,
		Header: map[string][]string{"Retry-After": {"2"}}, Delay: 1500 * time.Millisecond, Cut: CutBody, Times: 3,
	}}
	if diff := cmp.Diff(want, r.Failures()); diff != "" {
		t.Errorf("failures:\n%s", diff)
	}
	ok(r.control("DELETE", "failures", ""))
	if len(r.Failures()) != 0 {
		t.Error("failures were not forgotten")
	}

	then := r.now()
	ok(r.control("POST", "clock", `{"advance":"6m"}`))
	if got := r.now().Sub(then); got != 6*time.Minute {
		t.Errorf("the clock moved by %v", got)
	}

	ok(r.control("POST", "shops/"+shopOne+"/switches", `{"bareList":true,"pageSize":7,"requireScopes":["shop_read"]}`))
	if diff := cmp.Diff(Switches{SecretInCreate: true, BareList: true, PageSize: 7, RequireScopes: []string{"shop_read"}},
		r.Switches(shopOne)); diff != "" {
		t.Errorf("switches:\n%s", diff)
	}

	ok(r.control("POST", "shops/"+shopOne+"/webhooks", `{"url":"http://10.0.0.1/","allowedTypes":["X"]}`))
	if w := r.Webhooks(shopOne); len(w) != 1 || w[0].URL != "http://10.0.0.1/" || w[0].AllowedTypes[0] != "X" {
		t.Errorf("webhooks %v", w)
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.FailNext(Failure{Method: "PUT", Status: 500, Delay: time.Second, Header: map[string][]string{"A": {"b"}}})
	r.get("/nothing")
	a := r.get("/_sandbox/state")
	var st struct {
		Now                                string
		Clients, Shops, Failures, Requests []map[string]any
	}
	if err := json.Unmarshal([]byte(a.body), &st); err != nil {
		t.Fatal(err)
	}
	shop := r.Shops()[0]
	if diff := cmp.Diff(map[string]any{
		"id": shop.ID, "name": shop.Name, "domain": shop.Domain, "publicDomain": shop.PublicDomain, "apiUser": shop.APIUser,
		"apiPassword": shop.APIPassword, "webhookSecret": shop.WebhookSecret, "webhooks": []any{}, "oddities": []any{},
		"switches": map[string]any{
			"secretInCreate": true, "futureTypes": false, "bareList": false, "longTokens": false, "lenient": false,
			"pageSize": 0.0, "ignoreSize": false, "refuseSize": false, "requireScopes": nil, "refuseAccess": false, "limitRate": false,
			"slow": false,
		},
	}, st.Shops[0]); diff != "" {
		t.Errorf("shop:\n%s", diff)
	}
	if diff := cmp.Diff([]map[string]any{
		{"id": "app", "name": "Hookwall <b>", "public": true, "redirectUris": []any{appRedirect, "http://[::1]:8080/cb"}},
		{"id": "bot", "name": "Bot", "public": false, "redirectUris": []any{botRedirect}},
	}, st.Clients); diff != "" {
		t.Errorf("clients:\n%s", diff)
	}
	if diff := cmp.Diff([]map[string]any{{
		"method": "PUT", "path": "", "status": 500.0, "code": "", "body": "", "effect": false,
		"header": map[string]any{"A": "b"}, "delay": "1s", "cut": "", "times": 1.0,
	}}, st.Failures); diff != "" {
		t.Errorf("failures:\n%s", diff)
	}
	if request := st.Requests[0]; request["path"] != "/nothing" || request["status"] != 404.0 ||
		st.Now != "2026-11-02T09:00:00Z" {
		t.Errorf("request %v at %v", request, st.Now)
	}
	if !strings.Contains(a.body, `"locked":true`) {
		t.Error("no webhook is locked")
	}
}

func TestControlRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.state()
	for _, c := range []struct{ path, body string }{
		{"failures", `{}`},
		{"failures", `{"status":5}`},
		{"failures", `{"cut":"x"}`},
		{"failures", `{"status":500,"delay":"soon"}`},
		{"failures", `{"status":500,"typo":1}`},
		{"failures", `{"status":"500"}`},
		{"failures", `[`},
		{"failures", ``},
		{"clock", `{"advance":"-1m"}`},
		{"clock", `{"advance":""}`},
		{"clock", `{"advance":"x"}`},
		{"clock", `{"advance":"999999h"}`},
		{"shops/" + shopOne + "/switches", `{"requireScopes":["root"]}`},
		{"shops/" + shopOne + "/switches", `{"pageSize":101}`},
		{"shops/sh_none/switches", `{}`},
		{"shops/sh_none/webhooks", `{"url":"x"}`},
		{"shops/sh_none/events", `{"type":"ORDER_PLACED"}`},
		{"shops/" + shopMany + "/events", `{"type":"ORDER_PLACED","testMode":"yes"}`},
		{"shops/" + shopMany + "/events", `{"kind":"ORDER_PLACED"}`},
	} {
		a := r.control("POST", c.path, c.body)
		if a.StatusCode != 400 || a.text(t, "message") == "" || a.text(t, "code") != codeBadRequest {
			t.Errorf("%s %s: %d %s", c.path, c.body, a.StatusCode, a.body)
		}
	}
	for _, c := range []struct {
		path string
		form url.Values
	}{
		{"failures", url.Values{"status": {"many"}}},
		{"failures", url.Values{"request": {" "}}},
		{"shops/" + shopOne + "/switches", url.Values{"pageSize": {"x"}}},
		{"shops/sh_none/switches", url.Values{}},
	} {
		if a := r.post("/_sandbox/"+c.path, c.form); a.StatusCode != 400 {
			t.Errorf("%s %v: %d", c.path, c.form, a.StatusCode)
		}
	}
	after := r.state()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}

// A refused change leaves no trace, not even in a list that was there before.
func TestRefusedSwitchesChangeNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	want := Switches{RequireScopes: []string{"shop_read"}}
	if err := r.Configure(shopOne, want); err != nil {
		t.Fatal(err)
	}
	if a := r.control("POST", "shops/"+shopOne+"/switches", `{"requireScopes":["root"]}`); a.StatusCode != 400 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if diff := cmp.Diff(want, r.Switches(shopOne)); diff != "" {
		t.Error(diff)
	}
}

// A program lets an event happen, waits until it is delivered, moves the clock and waits again.
func TestFireByJSON(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	hook := r.hook(shopOne, "/flaky")
	var fired struct{ EventIDs []string }
	a := r.control("POST", "shops/"+shopOne+"/events", `{"type":"CART_ABANDONED_1H"}`)
	if err := json.Unmarshal([]byte(a.body), &fired); err != nil || a.StatusCode != 200 || len(fired.EventIDs) != 1 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	then := r.now().Format(time.RFC3339)
	want := map[string]any{
		"id": fired.EventIDs[0], "shopId": shopOne, "webhookId": hook.ID, "type": "CART_ABANDONED_1H", "url": hook.URL,
		"testMode": false, "state": StateRetrying, "error": "Returned 503. Only 200 counts.", "attempts": 1.0,
		"status": 503.0,
		"took":   0.0, "createdAt": then, "updatedAt": then, "nextAt": "2026-11-02T09:00:01Z", "seq": 6.0,
	}
	receipt := map[string]any{
		"at": then, "path": "/flaky", "shopId": shopOne, "eventId": fired.EventIDs[0], "type": "CART_ABANDONED_1H",
		"testMode": false, "verified": true, "status": 503.0,
	}
	received := []map[string]any{receipt}
	check := func() {
		t.Helper()
		var st struct{ Deliveries, Received []map[string]any }
		if err := json.Unmarshal([]byte(r.get("/_sandbox/state?settled=true").body), &st); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]map[string]any{want}, st.Deliveries); diff != "" {
			t.Errorf("deliveries:\n%s", diff)
		}
		if diff := cmp.Diff(received, st.Received); diff != "" {
			t.Errorf("received:\n%s", diff)
		}
	}
	check()

	r.control("POST", "clock", `{"advance":"1s"}`)
	want["attempts"], want["updatedAt"], want["nextAt"] = 2.0, "2026-11-02T09:00:01Z", "2026-11-02T09:00:03Z"
	second := maps.Clone(receipt)
	second["at"] = "2026-11-02T09:00:01Z"
	received = []map[string]any{second, receipt}
	check()

	r.control("POST", "clock", `{"advance":"2s"}`)
	want["state"], want["attempts"], want["status"], want["updatedAt"] = StateDelivered, 3.0, 200.0, "2026-11-02T09:00:03Z"
	delete(want, "error")
	delete(want, "nextAt")
	third := maps.Clone(receipt)
	third["at"], third["status"] = "2026-11-02T09:00:03Z", 200.0
	received = []map[string]any{third, second, receipt}
	check()
}

// A person presses a button of a shop, comes to the deliveries, and sees how it went.
func TestFireByForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	fire := func(shopID string, changes ...string) answer {
		t.Helper()
		for _, f := range forms(t, r.get("/").body) {
			if f.action == "/_sandbox/shops/"+shopID+"/events" {
				if f.method != "post" || f.buttons[0] != "type=ORDER_PLACED" || f.buttons[1] != "=" {
					t.Errorf("a form for %s with the buttons %v", f.method, f.buttons)
				}
				return r.post(f.action, changed(f.values, changes))
			}
		}
		t.Fatal("the front page has no form to fire events")
		return answer{}
	}
	for _, c := range []struct {
		changes []string
		kind    string
		test    bool
	}{
		{nil, "ORDER_PLACED", false},
		{[]string{"type", "PRODUCT_CREATED"}, "PRODUCT_CREATED", false},
		{[]string{"type", "COLLECTION_UPDATED", "testMode", "on"}, "COLLECTION_UPDATED", true},
	} {
		if a := fire(shopMany, c.changes...); a.StatusCode != 303 || a.Header.Get("Location") != "/#deliveries" {
			t.Errorf("%s: %d %q", c.kind, a.StatusCode, a.Header.Get("Location"))
		}
		// Nobody waited: the page that comes next is to tell how it went.
		if d := r.Deliveries(shopMany)[0]; d.Type != c.kind || d.TestMode != c.test || d.Attempts != 1 {
			t.Errorf("%s: %+v", c.kind, d)
		}
	}
	// Of two values the button's is sent first.
	r.post("/_sandbox/shops/"+shopMany+"/events", url.Values{"type": {"ORDER_PLACED", "COLLECTION_UPDATED"}})
	if d := r.Deliveries(shopMany)[0]; d.Type != "ORDER_PLACED" {
		t.Errorf("the button was not heeded: %+v", d)
	}
	page := r.get("/").body
	for _, want := range []string{
		`id="deliveries"`, "DELIVERED", "RETRYING", "Returned 500. Only 200 counts.", "Next at 09:00:01.", "1 of 5", ">test<",
		"Show the latest attempts",
		"https://receiver.sandbox.example/catalog", r.Webhooks(shopMany)[1].ID, "<td>valid</td>", "<code>/orders</code>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	newest, oldest := strings.Index(page, "COLLECTION_UPDATED</code> <span"),
		strings.Index(page, "PRODUCT_CREATED</code></td>")
	if newest < 0 || oldest < newest {
		t.Errorf("the newest delivery is not the first: at %d, the oldest at %d", newest, oldest)
	}

	req := httptest.NewRequest("POST", "/_sandbox/shops/"+shopOne+"/events", strings.NewReader("type=ORDER_PLACED"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/html")
	refused := r.send(req)
	if refused.StatusCode != 400 ||
		!strings.Contains(refused.body, "no webhook of Studio Nine is subscribed to ORDER_PLACED. Create one first") ||
		!strings.Contains(refused.body, `href="`+publicURL+`/"`) {
		t.Errorf("nobody listens: %d %s", refused.StatusCode, refused.body)
	}
}

// The front page shows the newest 20 webhooks of a shop, and finds the others.
func TestSearch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	had := len(r.Webhooks(shopTwo))
	for i := range 40 {
		r.hook(shopTwo, "/n"+strconv.Itoa(100+i))
	}
	receiver := "https://" + ReceiverHost
	for _, c := range []struct {
		query string
		shown int
		has   []string
	}{
		{"", 20, []string{receiver + "/n139<", receiver + "/n120<", fmt.Sprintf("the newest 20 of %d webhooks", had+40)}},
		{"/N101 donation", 1, []string{receiver + "/n101<", `value="/N101 donation"`, ">Clear<"}},
		{r.Webhooks(shopTwo)[had].ID, 1, []string{receiver + "/n100<"}},
		{`"><b>`, 0, []string{"No shops or webhooks match.", `value="&#34;&gt;&lt;b&gt;"`}},
	} {
		page := r.get("/?" + url.Values{"q": {c.query}}.Encode()).body
		_, shop, _ := strings.Cut(page, `id="`+shopTwo+`"`)
		shop, _, _ = strings.Cut(shop, "</article>")
		if n := strings.Count(shop, `class="url"`); n != c.shown {
			t.Errorf("%q: %d webhooks, want %d", c.query, n, c.shown)
		}
		for _, want := range c.has {
			if !strings.Contains(page, want) {
				t.Errorf("%q: the page lacks %q", c.query, want)
			}
		}
	}
}

// Each shop offers every event type once, in its group, and says how many webhooks listen.
func TestFirings(t *testing.T) {
	t.Parallel()
	var grouped []string
	for _, g := range eventGroups {
		grouped = append(grouped, g.Types...)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(eventTypes)), slices.Sorted(slices.Values(grouped))); diff != "" {
		t.Errorf("groups:\n%s", diff)
	}
	r := newRig(t)
	r.hook(shopTwo, "/ok")
	if err := r.Configure(shopTwo, Switches{FutureTypes: true}); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		groups           int
		order, app, last string
		takesOrders      bool
	}{
		{
			9, "ORDER_PLACED: no webhooks", "PLATFORM_APP_DISCONNECTED: no webhooks", "PLATFORM_APP_DISCONNECTED: no webhooks",
			false,
		},
		{10, "ORDER_PLACED: 2 webhooks", "PLATFORM_APP_DISCONNECTED: 2 webhooks", "LIVESTREAM_ENDED: 2 webhooks", true},
		{
			9, "ORDER_PLACED: 2 webhooks", "PLATFORM_APP_DISCONNECTED: no webhooks", "PLATFORM_APP_DISCONNECTED: no webhooks",
			true,
		},
	} {
		sh := r.state().Shops[i]
		all := sh.Firings()
		last := all[len(all)-1].Types
		if len(all) != c.groups || all[0].Types[0].Label != c.order || all[8].Types[0].Label != c.app ||
			last[len(last)-1].Label != c.last || sh.TakesOrders() != c.takesOrders {
			t.Errorf("%s: %+v", sh.Name, all)
		}
	}
	page := r.get("/").body
	if n := strings.Count(page, "No webhook receives orders yet."); n != 1 {
		t.Errorf("the hint stands there %d times", n)
	}
	for _, p := range receiverPaths {
		if !strings.Contains(page, "<code>https://receiver.sandbox.example"+p.Path+"</code>") ||
			!strings.Contains(page, p.Words) {
			t.Errorf("the page does not explain %s", p.Path)
		}
	}
}

// A person works the controls through the forms of the front page, and comes back to where they were.
func TestControlsByForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	press := func(action string, changes ...string) {
		t.Helper()
		for _, f := range forms(t, r.get("/").body) {
			if f.action != action {
				continue
			}
			a := r.post(f.action, changed(f.values, changes))
			back, id, _ := strings.Cut(a.Header.Get("Location"), "#")
			page := r.get(back).body
			if strings.Contains(page, `class="card fold" id="`+id+`">`) != (id == "reset") {
				t.Errorf("%s: the tool is folded, or not", action)
			}
			if a.StatusCode != 303 ||
				!strings.Contains(page, `id="`+id+`"`) {
				t.Errorf("%s: %d %q", action, a.StatusCode, a.Header.Get("Location"))
			}
			return
		}
		t.Fatalf("the front page has no form for %s", action)
	}
	press("/_sandbox/failures", "request", "POST "+webhooksPath, "status", "503", "code", "C", "retry_after", "4", "delay",
		"1.5",
		"cut", "after", "times", "2", "effect", "on", "body", "text")
	if diff := cmp.Diff([]Failure{{
		Method: "POST", Path: webhooksPath, Status: 503, Code: "C", Body: "text", Effect: true,
		Header: map[string][]string{"Retry-After": {"4"}}, Delay: 1500 * time.Millisecond, Cut: CutAfter, Times: 2,
	}}, r.Failures()); diff != "" {
		t.Errorf("failures:\n%s", diff)
	}
	if page := r.get("/").body; !strings.Contains(page, "Retry-After: 4") ||
		!strings.Contains(page, "POST "+webhooksPath+"</code>") {
		t.Error("the front page does not show the failure")
	}
	press("/_sandbox/failures/forget")
	if len(r.Failures()) != 0 {
		t.Error("failures were not forgotten")
	}
	press("/_sandbox/failures", "status", "500")
	if diff := cmp.Diff([]Failure{{Status: 500, Times: 1, Header: map[string][]string{}}}, r.Failures()); diff != "" {
		t.Errorf("the plainest failure:\n%s", diff)
	}

	then := r.now()
	press("/_sandbox/clock", "advance", "1h")
	if got := r.now().Sub(then); got != time.Hour {
		t.Errorf("the clock moved by %v", got)
	}

	press("/_sandbox/shops/"+shopOne+"/switches", "secretInCreate", "-", "futureTypes", "on", "pageSize", "5",
		"ignoreSize", "on", "refuseSize", "on", "requireScopes", "shop_read dns_read")
	if diff := cmp.Diff(Switches{
		FutureTypes: true, PageSize: 5, IgnoreSize: true, RefuseSize: true,
		RequireScopes: []string{"shop_read", "dns_read"},
	}, r.Switches(shopOne)); diff != "" {
		t.Errorf("switches:\n%s", diff)
	}
	unchanged := r.Switches(shopOne)
	press("/_sandbox/shops/" + shopOne + "/switches")
	if diff := cmp.Diff(unchanged, r.Switches(shopOne)); diff != "" {
		t.Errorf("sending the form as it is changed the switches:\n%s", diff)
	}
	if a := r.post("/_sandbox/shops/"+shopOne+"/webhooks",
		url.Values{"url": {"https://a.example/"}, "allowedTypes": {"DONATION X"}}); a.StatusCode != 303 {
		t.Errorf("add webhook: %d", a.StatusCode)
	}

	press("/_sandbox/reset")
	if r.Switches(shopOne).PageSize != 0 || len(r.Webhooks(shopOne)) != 0 || len(r.Failures()) != 0 {
		t.Error("not as on the first start")
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	shops, token := r.Shops(), r.bearerOf()
	r.call(r.basic(shopOne), "POST", webhooksPath, goodInput)
	r.call(r.basic(shopMany), "DELETE", webhooksPath+"/"+r.Webhooks(shopMany)[0].ID, "")
	r.Advance(time.Hour)
	if err := r.Reset(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shops, r.Shops()); diff != "" {
		t.Errorf("shops:\n%s", diff)
	}
	for id, want := range map[string]int{shopOne: 0, shopTwo: 1, shopMany: 3} {
		if got := len(r.Webhooks(id)); got != want {
			t.Errorf("%s has %d webhooks, want %d", id, got, want)
		}
	}
	if !r.now().Equal(r.clock.Now()) || len(r.Requests()) != 0 {
		t.Error("clock or requests were kept")
	}
	if a := r.call(token, "GET", shopPath, ""); a.StatusCode != 401 {
		t.Errorf("token: %d", a.StatusCode)
	}
	if !r.Switches(shopOne).SecretInCreate {
		t.Error("switches")
	}
}

func TestFrontPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.AddWebhook(shopOne, `https://a.example/"><script>`, nil); err != nil {
		t.Fatal(err)
	}
	r.get(shopPath)
	page := r.get("/").body
	wants := []string{
		publicURL + connectPath, publicURL + authPath, publicURL + tokenPath, "Hookwall &lt;b&gt;", appRedirect,
		"PKCE required",
		"has a client secret", "locked", "&lt;script&gt;", "GET " + shopPath, "401", "Nov 2, 2026, 09:00:00 UTC",
	}
	for _, sh := range r.Shops() {
		wants = append(wants, sh.ID, sh.Name, sh.APIUser, sh.APIPassword, sh.WebhookSecret)
	}
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, unwanted := range []string{"<script", "style=\"", botSecret} {
		if strings.Contains(page, unwanted) {
			t.Errorf("the page holds %q", unwanted)
		}
	}
}

func TestUnknownShopsInGo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.AddWebhook("sh_none", "x", nil); err == nil {
		t.Error("AddWebhook")
	}
	if err := r.Configure("sh_none", Switches{}); err == nil {
		t.Error("Configure")
	}
	if r.Webhooks("sh_none") != nil || r.Switches("sh_none").SecretInCreate {
		t.Error("something of an unknown shop")
	}
	then := r.now()
	r.Advance(-time.Hour)
	if !r.now().Equal(then) {
		t.Error("the clock went back")
	}
}
