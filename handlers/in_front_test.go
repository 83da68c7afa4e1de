package handlers

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// notFourthwalls are answers of what may be in front of Fourthwall.
var notFourthwalls = map[string]sandbox.Failure{
	"a challenge page": {
		Status: 403, Body: "<!DOCTYPE html><title>Just a moment...</title>",
		Header: http.Header{"Cf-Mitigated": {"challenge"}, "Content-Type": {"text/html"}},
	},
	"an empty 401":                {Status: 401},
	"a proxy's password":          {Status: 401, Body: "<html>", Header: http.Header{"Www-Authenticate": {`Basic realm="x"`}}},
	"a firewall's JSON":           {Status: 403, Body: `{"message":"Forbidden"}`},
	"a gateway's code":            {Status: 401, Body: `{"code":"unauthorized","message":"No proxy credentials"}`},
	"a firewall's code":           {Status: 403, Body: `{"code":"AccessDenied"}`},
	"a firewall's status as code": {Status: 403, Body: `{"code":"403","message":"Access Denied"}`},
	"a challenge in JSON": {
		Status: 403, Body: `{"code":"BLOCKED"}`, Header: http.Header{"Cf-Mitigated": {"challenge"}},
	},
	"a firewall's word for a 401":   {Status: 401, Body: `{"code":"BLOCKED"}`},
	"a firewall's word for a 403":   {Status: 403, Body: `{"code":"REQUEST_BLOCKED"}`},
	"a firewall's word for a 404":   {Status: 404, Body: `{"code":"BLOCKED"}`},
	"a firewall's number":           {Status: 403, Body: `{"code":"E1020"}`},
	"a gateway's 404":               {Status: 404, Body: `{"code":"not_found"}`},
	"a page that isn't there":       {Status: 404, Body: "404 page not found"},
	"JSON that says nothing's here": {Status: 404, Body: `{"status":404,"error":"Not Found","path":"/"}`},
	"a proxy's 400":                 {Status: 400, Body: "<center>nginx</center>"},
}

// refusedAfterAll are other answers to a write that took effect: some of the
// API's own, which say that it did nothing, and some that may be anyone's.
var refusedAfterAll = map[string]sandbox.Failure{
	"too many requests":            {Status: 429, Code: "OPEN_API_TOO_MANY_REQUESTS"},
	"too many requests, by anyone": {Status: 429, Body: "<html>"},
	"an expired token":             {Status: 401, Code: "OPEN_API_UNAUTHORIZED"},
	"no permission":                {Status: 403, Code: "OPEN_API_FORBIDDEN"},
	"an unknown code":              {Status: 400, Code: "MADE_UP"},
	"a conflict":                   {Status: 409, Code: "OPEN_API_CONFLICT"},
	"a gateway's 503":              {Status: 503, Code: "BLOCKED"},
	"a framework's 400":            {Status: 400, Body: `{"message":"Bad Request"}`},
}

// saysNothing are words about a credential or a webhook. An answer that isn't
// Fourthwall's doesn't allow any of them.
var saysNothing = []string{
	"permission", "webhook_read", "webhook_write", "doesn’t accept", "no longer exists", "doesn’t know",
	"is deleted", "rejected this filter", "must be connected again", "Fourthwall refused to", "has no list of",
}

// TestSomethingInFrontRefuses: on every page that calls the API, what isn't
// Fourthwall's answer is temporary. It ends nothing, and all input is kept.
func TestSomethingInFrontRefuses(t *testing.T) {
	t.Parallel()
	for name, failure := range notFourthwalls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, receives, "DONATION").ID
			event := g.fired(shop, "DONATION", false)
			hook := apiWebhooks + "/" + id
			review := p.editForm(shop.ID, id).tick("ORDER_PLACED", "").submit().want(http.StatusOK)
			steps := []struct {
				name, method, path string // of the API
				do                 func() *page
				keeps              string // action of the form that keeps all input
			}{
				{"list", "GET", apiWebhooks, func() *page { return p.get(webhooksPath(shop.ID)) }, ""},
				{"list as a file", "GET", apiWebhooks, func() *page { return p.get(webhooksCSVPath(shop.ID)) }, ""},
				{"detail", "GET", hook, func() *page { return p.get(webhookPath(shop.ID, id)) }, ""},
				{"deliveries", "GET", apiEvents, func() *page { return p.get(eventsPath(shop.ID)) }, ""},
				{"deliveries of a type", "GET", apiEvents, func() *page { return p.get(eventsPath(shop.ID) + "?type=DONATION") }, ""},
				{"delivery", "GET", apiEvents + "/" + event, func() *page { return p.get(eventPath(shop.ID, event)) }, ""},
				{"create", "POST", apiWebhooks, p.newForm(shop.ID, good+"/new", "DONATION").submit, webhooksPath(shop.ID)},
				{"edit", "GET", hook, func() *page { return p.get(editPath(shop.ID, id)) }, ""},
				{"review", "GET", hook, p.editForm(shop.ID, id).tick("ORDER_PLACED", "").submit, editPath(shop.ID, id)},
				{"save, unread", "GET", hook, review.form("/edit/confirm").submit, editPath(shop.ID, id)},
				{"save", "PUT", hook, review.form("/edit/confirm").submit, editPath(shop.ID, id)},
				{"delete, unread", "GET", hook, p.deleteForm(shop.ID, id).submit, ""},
				{"delete", "DELETE", hook, p.deleteForm(shop.ID, id).submit, webhookPath(shop.ID, id) + "/delete"},
				{"test delivery", "GET", hook, p.get(testPath(shop.ID, id)).form(testPath(shop.ID, id)).submit, testPath(shop.ID, id)},
			}
			for _, step := range steps {
				f := failure
				f.Method, f.Path, f.Times = step.method, step.path, 99
				g.box.FailNext(f)
				pg := step.do().want(http.StatusServiceUnavailable, "in front of Fourthwall rejected the request")
				g.box.ForgetFailures()
				for _, word := range saysNothing {
					if strings.Contains(pg.text(), word) {
						t.Errorf("%s: it says %q:\n%s", step.name, word, pg.text())
					}
				}
				if step.keeps != "" {
					pg.form(step.keeps)
				}
			}
			if urls := g.urls(0); !slices.Contains(urls, receives) || slices.Contains(urls, good+"/new") {
				t.Errorf("the shop has %v", urls)
			}
			p.get("/shops").want(http.StatusOK, shop.Name)
			p.get(webhooksPath(shop.ID)).want(http.StatusOK, ui.HostAndPath(receives))
			all, err := g.store.Connections(t.Context(), owner(p))
			if err != nil || len(all) != 1 || all[0].Expired {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

// TestRefusedAfterAll: something in front refuses the response to a write that
// took effect, or the API is wrong about it. It is done once.
func TestRefusedAfterAll(t *testing.T) {
	t.Parallel()
	all := maps.Clone(notFourthwalls)
	maps.Copy(all, refusedAfterAll)
	for name, failure := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			failure.Effect = true
			fail := func(method, path string) {
				failure.Method, failure.Path = method, path
				g.box.FailNext(failure)
			}
			fail(http.MethodPost, apiWebhooks)
			p.newForm(shop.ID, good+"/new", "DONATION").submit().want(http.StatusOK, "Webhook created", good+"/new")
			review := p.editForm(shop.ID, id).tick("ORDER_PLACED", "").submit()
			fail(http.MethodPut, apiWebhooks+"/"+id)
			review.form("/edit/confirm").submit().want(http.StatusOK, "The webhook is saved", "Order placed")
			fail(http.MethodDelete, apiWebhooks+"/"+id)
			p.deleteForm(shop.ID, id).submit().want(http.StatusOK, "is deleted")
			if urls := g.urls(0); len(urls) != 1 || g.creates() != 1 {
				t.Errorf("the shop has %v after %d calls", urls, g.creates())
			}
		})
	}
}

// TestRefusedOnce: what is refused once is tried again by itself. A token that
// can be renewed is renewed for an empty 401, in case it has expired.
func TestRefusedOnce(t *testing.T) {
	t.Parallel()
	for name, failure := range notFourthwalls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			g.add(shop, good, "DONATION")
			failure.Path = apiWebhooks
			g.box.FailNext(failure)
			p.get(webhooksPath(shop.ID)).want(http.StatusOK, ui.HostAndPath(good))
			before := g.tokenCalls()
			failure.Times = 2
			if failure.Status == http.StatusBadRequest {
				failure.Times = 4 // the size may be what was refused, so it's left out
			}
			g.box.FailNext(failure)
			pg := p.get(webhooksPath(shop.ID))
			renewed := failure.Status == http.StatusUnauthorized
			if (pg.status == http.StatusOK) != renewed || (g.tokenCalls() > before) != renewed {
				t.Errorf("status %d, renewed %d times", pg.status, g.tokenCalls()-before)
			}
		})
	}
}

// TestRefusedRefresh: a connection outlives whatever the token URL says, but for
// a refresh token that is refused.
func TestRefusedRefresh(t *testing.T) {
	t.Parallel()
	const front, settings = "in front of Fourthwall rejected the request", "FOURTHWALL_CLIENT_SECRET"
	tests := []struct {
		name    string
		failure sandbox.Failure
		text    string
		status  int // of a form that is sent
	}{
		{"a challenge page", notFourthwalls["a challenge page"], front, 503},
		{"an empty 401", sandbox.Failure{Status: 401}, front, 503},
		{"a 400 without an error code", sandbox.Failure{Status: 400, Body: `{"message":"Bad Request"}`}, front, 503},
		{"nothing there", sandbox.Failure{Status: 404, Body: "<html>"}, front, 503},
		{"a redirect", sandbox.Failure{Status: 302, Header: http.Header{"Location": {"/login"}}}, front, 503},
		{"a page", sandbox.Failure{Status: 200, Body: "<html>"}, front, 503},
		{"a wrong secret", sandbox.Failure{Status: 401, Body: `{"error":"invalid_client"}`}, settings, 503},
		{"a wrong secret, as text", sandbox.Failure{
			Status: 401, Body: `{"error":"unauthorized_client"}`, Header: http.Header{"Content-Type": {"text/plain"}},
		}, settings, 503},
		{"a code of the future", sandbox.Failure{Status: 400, Body: `{"error":"made_up"}`}, "made_up", 503},
		{"busy", sandbox.Failure{Status: 503}, "didn’t respond as expected", 502},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			form := p.newForm(shop.ID, good+"/new", "DONATION")
			review := p.editForm(shop.ID, id).tick("ORDER_PLACED", "").submit()
			remove := p.deleteForm(shop.ID, id)
			g.box.Advance(10 * time.Minute)
			g.move(10 * time.Minute)
			test.failure.Path, test.failure.Times = tokenPath, 99
			g.box.FailNext(test.failure)
			text := test.text
			for _, pg := range []*page{p.get(webhooksPath(shop.ID)), p.get(webhookPath(shop.ID, id))} {
				pg.want(pg.status, text)
			}
			if test.name == "busy" {
				text = "" // each form has its own words for it
			}
			form.submit().want(test.status, text, "Nothing was created")
			review.form("/edit/confirm").submit().want(test.status, text, "Nothing was saved")
			remove.submit().want(test.status, text, "Nothing was deleted")
			g.box.ForgetFailures()
			p.get(webhooksPath(shop.ID)).want(http.StatusOK, ui.HostAndPath(good))
		})
	}
}

// TestKeyIsNotCounted: a right key isn't locked out by answers that aren't
// Fourthwall's.
func TestKeyIsNotCounted(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{limits: Limits{BadKeys: sevenSeconds(1)}, still: true})
	p := g.person()
	shop := g.box.Shops()[0]
	key := url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}}
	for name, failure := range notFourthwalls {
		failure.Path, failure.Times = "/open-api/v1.0/shops/current", 2
		g.box.FailNext(failure)
		status, text := http.StatusServiceUnavailable, "omething in front of Fourthwall rejected the request"
		if failure.Status == http.StatusNotFound {
			status, text = http.StatusBadGateway, "FOURTHWALL_API_URL"
		}
		pg := p.post("/connect/key", key).want(status, text)
		if strings.Contains(pg.text(), "doesn’t accept") || pg.form("/connect/key").values.Get("username") != shop.APIUser {
			t.Errorf("%s: %s", name, pg.text())
		}
	}
	p.post("/connect/key", key).want(http.StatusOK, shop.Name+" is connected")
	p.post("/connect/key", url.Values{"username": {shop.APIUser}, "password": {"x"}}).want(422, "doesn’t accept")
	p.post("/connect/key", key).want(http.StatusTooManyRequests)
}

// TestKeyIsNotEnded: an API key can't be renewed, so it must outlive an empty
// 401.
func TestKeyIsNotEnded(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	g.box.FailNext(sandbox.Failure{Path: apiWebhooks, Status: 401, Times: 2})
	p.get(webhooksPath(shop.ID)).want(http.StatusServiceUnavailable, "in front of Fourthwall rejected the request")
	p.get(webhooksPath(shop.ID)).want(http.StatusOK)
	g.box.FailNext(sandbox.Failure{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED"})
	p.get(webhooksPath(shop.ID)).want(http.StatusOK, "must be connected again")
}

// TestRefusedCreateIsOnRecord: the activity doesn't call it Fourthwall's
// refusal.
func TestRefusedCreateIsOnRecord(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := notFourthwalls["a challenge page"]
	f.Method, f.Path = http.MethodPost, apiWebhooks
	g.box.FailNext(f)
	again := p.newForm(shop.ID, good, "DONATION").submit().
		want(http.StatusServiceUnavailable, "Probably nothing was created")
	got := g.recorded(shop, "webhook.create")
	if len(got) != 1 || got[0].Outcome != store.OutcomeFailed || got[0].Status != 403 {
		t.Errorf("%+v", got)
	}
	again.form(webhooksPath(shop.ID)).submit().want(http.StatusOK, "Webhook created")
	if g.creates() != 2 || len(g.urls(0)) != 1 {
		t.Errorf("%d calls, %v", g.creates(), g.urls(0))
	}
}
