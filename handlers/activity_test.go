package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views/ui"
)

// recorded lists the activities of a shop with this action, newest first.
func (g *rig) recorded(shop sandbox.DemoShop, action string) []store.Activity {
	g.t.Helper()
	found, err := g.store.Activities(g.t.Context(), store.ActivityQuery{Shop: shop.ID, Action: action, Limit: 1000})
	g.must(err)
	return found.Rows
}

// The ways to attempt something with a webhook of the first demo shop.
func attemptCreate(p *person, shop sandbox.DemoShop, _ string) *page {
	return p.newForm(shop.ID, good+"/new", "DONATION").submit()
}

func attemptUpdate(p *person, shop sandbox.DemoShop, id string) *page {
	return p.editForm(shop.ID, id).set("url", good+"/changed").submit().want(http.StatusOK).form("/edit/confirm").submit()
}

func attemptDelete(p *person, shop sandbox.DemoShop, id string) *page {
	return p.deleteForm(shop.ID, id).submit()
}

// TestRecordedBeforeTheCall checks the record while the API is being called.
func TestRecordedBeforeTheCall(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action string
		method string
		do     func(*person, sandbox.DemoShop, string) *page
		detail string // of both
	}{
		{activity.CreateWebhook, http.MethodPost, attemptCreate, `{"after":{"url":"https://hooks.example.com/fourthwall/new","allowedTypes":["DONATION"]},"known":["ID"],"knownAll":true,"operation":"FORM"}`},
		{activity.UpdateWebhook, http.MethodPut, attemptUpdate, `{"before":{"url":"https://hooks.example.com/fourthwall","allowedTypes":["ORDER_PLACED"]},"after":{"url":"https://hooks.example.com/fourthwall/changed","allowedTypes":["ORDER_PLACED"]}}`},
		{activity.DeleteWebhook, http.MethodDelete, attemptDelete, `{"before":{"url":"https://hooks.example.com/fourthwall","allowedTypes":["ORDER_PLACED"]}}`},
	}
	for _, test := range tests {
		t.Run(test.action, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "ORDER_PLACED").ID
			var during []store.Activity
			var seen string
			viewer := g.person()
			viewer.connect(0)
			g.calls.set(func(c apiCall) {
				if c.method == test.method && strings.HasPrefix(c.path, apiWebhooks) {
					during = g.recorded(shop, test.action)
					seen = strings.Join(viewer.get(activityPath(shop.ID)).rows(), "\n")
				}
			}, nil)
			test.do(p, shop, id).want(http.StatusOK)
			if len(during) != 1 || during[0].Outcome != store.OutcomePending || during[0].Status != 0 ||
				!strings.Contains(seen, "pending") {
				t.Fatalf("during the call: %+v", during)
			}
			after := g.recorded(shop, test.action)
			if len(after) != 1 || after[0].Outcome != store.OutcomeDone || after[0].Status != 200 ||
				after[0].ID != during[0].ID || after[0].EndedAt.IsZero() {
				t.Fatalf("after the call: %+v", after)
			}
			a := after[0]
			var d activity.Detail
			g.must(json.Unmarshal(a.Detail, &d))
			want := strings.NewReplacer("ID", id, "FORM", d.Operation).Replace(test.detail)
			if diff := cmp.Diff(want, string(a.Detail)); diff != "" {
				t.Error(diff)
			}
			if a.Actor != "Fourthwall sign-in" || len(a.Session) != 8 || len(a.RequestID) != 16 || a.Owner != owner(p) ||
				a.WebhookID == "" {
				t.Errorf("who and what: %+v", a)
			}
			if !strings.Contains(g.logs.String(), a.RequestID) {
				t.Error("the request id is not in the log")
			}
		})
	}
}

// TestOutcomes: each attempt is recorded according to the API's response.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	id := http.Header{"X-Request-Id": {"req-777"}, "Retry-After": {"60"}}
	attempts := []struct {
		action string
		method string
		do     func(*person, sandbox.DemoShop, string) *page
	}{
		{activity.CreateWebhook, http.MethodPost, attemptCreate},
		{activity.UpdateWebhook, http.MethodPut, attemptUpdate},
		{activity.DeleteWebhook, http.MethodDelete, attemptDelete},
	}
	tests := []struct {
		name    string
		fail    sandbox.Failure
		outcome string
		status  int
		code    string
		api     string // request id of the API
		shown   string
	}{
		{"refused", sandbox.Failure{Status: 400, Code: "SOMETHING", Header: id}, store.OutcomeRefused, 400, "SOMETHING", "req-777", "rejected"},
		{"no permission", sandbox.Failure{Status: 403, Code: "FORBIDDEN", Header: id}, store.OutcomeRefused, 403, "FORBIDDEN", "req-777", "rejected"},
		{"locked", sandbox.Failure{Status: 400, Code: webhooks.CodeImmutable, Header: id}, store.OutcomeRefused, 400, webhooks.CodeImmutable, "req-777", "rejected"},
		{"too many requests", sandbox.Failure{Status: 429, Code: "OPEN_API_TOO_MANY_REQUESTS", Header: id}, store.OutcomeRefused, 429, "OPEN_API_TOO_MANY_REQUESTS", "req-777", "rejected"},
		{"busy", sandbox.Failure{Status: 503, Header: id}, store.OutcomeFailed, 503, "", "req-777", "failed"},
		{"a fault, without effect", sandbox.Failure{Status: 500, Header: id}, store.OutcomeUnclear, 500, "", "req-777", "unconfirmed"},
		{"a fault, with effect", sandbox.Failure{Status: 500, Effect: true}, store.OutcomeDone, 200, "", "", "OK"},
		{"not signed in any more", sandbox.Failure{Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2}, store.OutcomeRefused, 401, "", "", "rejected"},
	}
	for _, attempt := range attempts {
		for _, test := range tests {
			t.Run(attempt.action+" "+test.name, func(t *testing.T) {
				t.Parallel()
				g := newRig(t, options{})
				p, viewer := g.person(), g.person()
				shop := p.connect(0)
				hook := g.add(shop, good, "ORDER_PLACED").ID
				viewer.connectKey(0)
				test.fail.Method, test.fail.Path = attempt.method, apiWebhooks+"*"
				g.box.FailNext(test.fail)
				attempt.do(p, shop, hook)
				all := g.recorded(shop, attempt.action)
				if len(all) != 1 {
					t.Fatalf("recorded %+v", all)
				}
				got := []any{all[0].Outcome, all[0].Status, all[0].Code, all[0].APIRequestID}
				if diff := cmp.Diff([]any{test.outcome, test.status, test.code, test.api}, got); diff != "" {
					t.Error(diff)
				}
				row := viewer.get(activityPath(shop.ID) + "?action=" + attempt.action).want(http.StatusOK).rows()
				if len(row) != 1 || !strings.Contains(row[0], test.shown) || !strings.Contains(row[0], test.code) ||
					!strings.Contains(row[0], test.api) || !strings.Contains(row[0], all[0].RequestID) {
					t.Errorf("shows %s", row)
				}
			})
		}
	}
}

// TestGoneIsRecorded: deleting a webhook that no longer exists is recorded as
// an attempt, with the API's response unchanged.
func TestGoneIsRecorded(t *testing.T) {
	t.Parallel()
	const code = "WEBHOOK_CONFIGURATION_NOT_FOUND"
	answer := sandbox.Failure{
		Path: apiWebhooks + "*", Status: 404, Code: code, Header: http.Header{"X-Request-Id": {"req-777"}},
	}
	for name, method := range map[string]string{
		"before the button is pressed": http.MethodGet, "when it is": http.MethodDelete,
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			f := p.deleteForm(shop.ID, id)
			answer.Method = method
			g.box.FailNext(answer)
			f.submit().want(http.StatusOK, ui.HostAndPath(good)+" is still listed") // since it isn't gone
			all := g.recorded(shop, activity.DeleteWebhook)
			if len(all) != 1 {
				t.Fatalf("recorded %+v", all)
			}
			want := store.Ending{Outcome: store.OutcomeDone, WebhookID: id, Status: 404, Code: code, APIRequestID: "req-777"}
			got := store.Ending{
				Outcome: all[0].Outcome, WebhookID: all[0].WebhookID, Status: all[0].Status, Code: all[0].Code,
				APIRequestID: all[0].APIRequestID,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestConnectionsAreRecorded: connecting, disconnecting and signing out.
func TestConnectionsAreRecorded(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	one, two := p.connect(0), p.connectKey(1)
	p.get(disconnectPath(one.ID)).form("/disconnect").submit().want(http.StatusOK)
	p.connect(0)
	p.signOut().want(http.StatusOK)
	for _, test := range []struct {
		shop   sandbox.DemoShop
		action string
		n      int
		actor  string
		status int // of Fourthwall, which is not asked when a shop is disconnected
	}{
		{one, activity.ConnectShop, 2, "Fourthwall sign-in", 200},
		{one, activity.DisconnectShop, 2, "Fourthwall sign-in", 0},
		{two, activity.ConnectShop, 1, "API key ending in " + two.APIUser[len(two.APIUser)-4:], 200},
		{two, activity.DisconnectShop, 1, "API key ending in " + two.APIUser[len(two.APIUser)-4:], 0},
	} {
		all := g.recorded(test.shop, test.action)
		if len(all) != test.n {
			t.Errorf("%s %s: %d", test.shop.Name, test.action, len(all))
		}
		for _, a := range all {
			if a.Outcome != store.OutcomeDone || a.Status != test.status || a.Actor != test.actor || len(a.Session) != 8 ||
				!strings.Contains(string(a.Detail), test.shop.Name) {
				t.Errorf("%s %s: %+v %s", test.shop.Name, test.action, a, a.Detail)
			}
		}
	}
	p.connect(0)
	p.get(activityPath(one.ID)).want(http.StatusOK, "Shop connected", "Shop disconnected",
		"webhook_write webhook_read")
}

// contentOf returns a short form of a webhook's content.
func contentOf(address string, types ...string) *fourthwall.Content {
	return &fourthwall.Content{URL: address, AllowedTypes: typesOf(types)}
}

// plant records an attempt as a process does that ends before it knows the
// outcome.
func (g *rig) plant(shop sandbox.DemoShop, of store.Owner, action, id string, d activity.Detail) store.Activity {
	g.t.Helper()
	encoded, err := json.Marshal(d)
	g.must(err)
	a, err := g.store.BeginActivity(g.t.Context(),
		store.Activity{
			Shop: shop.ID, Owner: of, Action: action, WebhookID: id, Detail: encoded, RecheckGap: g.timing.FirstRecheck,
		})
	g.must(err)
	return a
}

// reconciled returns an activity after Reconcile has run.
func (g *rig) reconciled(a store.Activity) store.Activity {
	g.t.Helper()
	g.must(g.hooks.Reconcile(g.t.Context(), 1000))
	for _, found := range g.recorded(sandbox.DemoShop{ID: a.Shop}, a.Action) {
		if found.ID == a.ID {
			return found
		}
	}
	g.t.Fatalf("%s is not there", a.ID)
	return a
}

// TestPendingIsReconciled: an attempt whose process died is reconciled by
// reading the webhooks again. Success is recorded immediately, and failure only
// when a late effect is impossible.
func TestPendingIsReconciled(t *testing.T) {
	t.Parallel()
	was, wants := contentOf(good, "DONATION"), contentOf(good+"/2", "ORDER_PLACED", "DONATION")
	change := activity.Detail{Before: was, After: wants}
	pending, done, failed, unclear := store.OutcomePending, store.OutcomeDone, store.OutcomeFailed, store.OutcomeUnclear
	tests := []struct {
		name   string
		action string
		detail activity.Detail
		there  []fourthwall.Content // of the webhook with the activity's id, or that a create found; and of new ones
		early  string               // outcome after 11 s
		late   string               // after 91 s
	}{
		{"an update that took effect", activity.UpdateWebhook, change, []fourthwall.Content{*wants}, done, done},
		{"an update that took effect, types in another order", activity.UpdateWebhook, change, []fourthwall.Content{*contentOf(wants.URL, "DONATION", "ORDER_PLACED")}, done, done},
		{"an update that took effect, written in another way", activity.UpdateWebhook, change, []fourthwall.Content{{URL: "HTTPS://HOOKS.example.com:443/fourthwall/2", AllowedTypes: wants.AllowedTypes}}, done, done},
		{"an update that did not", activity.UpdateWebhook, change, []fourthwall.Content{*was}, pending, failed},
		{"an update, and changed since", activity.UpdateWebhook, change, []fourthwall.Content{*contentOf(good+"/3", "DONATION")}, pending, unclear},
		{"an update, and deleted since", activity.UpdateWebhook, change, nil, pending, unclear},
		{"a delete that took effect", activity.DeleteWebhook, activity.Detail{Before: was}, nil, done, done},
		{"a delete that did not", activity.DeleteWebhook, activity.Detail{Before: was}, []fourthwall.Content{*was}, pending, failed},
		{"a create that took effect", activity.CreateWebhook, activity.Detail{After: wants, KnownAll: true}, []fourthwall.Content{{}, *wants}, done, done},
		{"a create that did not", activity.CreateWebhook, activity.Detail{After: wants, KnownAll: true}, []fourthwall.Content{{}}, pending, unclear},
		{"a create, with other content", activity.CreateWebhook, activity.Detail{After: wants, KnownAll: true}, []fourthwall.Content{{}, *was}, pending, unclear},
		{"a create, and one like it was there before", activity.CreateWebhook, activity.Detail{After: wants, KnownAll: true}, []fourthwall.Content{*wants}, pending, unclear},
		{"a create beside one like it", activity.CreateWebhook, activity.Detail{After: wants, KnownAll: true}, []fourthwall.Content{*wants, *wants}, done, done},
		{"a create, two that it may be", activity.CreateWebhook, activity.Detail{After: wants, KnownAll: true}, []fourthwall.Content{{}, *wants, *wants}, pending, unclear},
		{"a create, and nobody knows what was there", activity.CreateWebhook, activity.Detail{After: wants}, []fourthwall.Content{{}, *wants}, pending, unclear},
		{"a create that did not, and nobody knows what was there", activity.CreateWebhook, activity.Detail{After: wants}, []fourthwall.Content{{}}, pending, unclear},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connectKey(0)
			id, made := "", ""
			for i, c := range test.there {
				if i == 0 && c.URL == "" {
					continue
				}
				hook := g.add(shop, c.URL, codesOf(c.AllowedTypes)...)
				if i == 0 {
					id = hook.ID
				}
				made = hook.ID
			}
			if id == "" && test.action != activity.CreateWebhook {
				id, made = "wcon_gone", "wcon_gone"
			}
			if test.action == activity.CreateWebhook && id != "" {
				test.detail.Known, id = []string{id}, ""
			}
			a := g.plant(shop, owner(p), test.action, id, test.detail)
			if got := g.reconciled(a); got.Outcome != pending {
				t.Errorf("at once: %s", got.Outcome)
			}
			g.move(g.timing.FirstRecheck + time.Second)
			early := g.reconciled(a)
			if early.Outcome != test.early {
				t.Errorf("after %v: %s, want %s", g.timing.FirstRecheck, early.Outcome, test.early)
			}
			if test.early == done && test.action == activity.CreateWebhook && early.WebhookID != made {
				t.Errorf("made %s, not %s", early.WebhookID, made)
			}
			shows := map[string]string{pending: "pending", done: "OK"}
			if row := p.get(activityPath(shop.ID) + "?action=" + test.action).rows(); !strings.Contains(strings.Join(row, "\n"),
				shows[test.early]) {
				t.Errorf("shows %s", row)
			}
			g.move(g.timing.Certain)
			if got := g.reconciled(a); got.Outcome != test.late {
				t.Errorf("after %v: %s, want %s", g.timing.Certain, got.Outcome, test.late)
			}
		})
	}
}

// TestPendingStaysWithoutTheList: an attempt stays pending for a week if the
// webhooks can't be read.
func TestPendingStaysWithoutTheList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		hide func(*rig, *person, sandbox.DemoShop)
	}{
		{"nobody has the shop connected", func(_ *rig, p *person, _ sandbox.DemoShop) { p.signOut() }},
		{"the API is down", func(g *rig, _ *person, _ sandbox.DemoShop) {
			g.box.FailNext(sandbox.Failure{Path: apiWebhooks, Status: 500, Times: 99})
		}},
		{"reading is not allowed", func(g *rig, _ *person, _ sandbox.DemoShop) {
			g.box.FailNext(sandbox.Failure{Path: apiWebhooks, Status: 403, Code: "OPEN_API_FORBIDDEN", Times: 99})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connectKey(0)
			a := g.plant(shop, owner(p), activity.DeleteWebhook, "wcon_gone", activity.Detail{Before: contentOf(good)})
			test.hide(g, p, shop)
			g.move(time.Hour)
			if got := g.reconciled(a); got.Outcome != store.OutcomePending {
				t.Errorf("after an hour: %s", got.Outcome)
			}
			if owner(p) != "" {
				p.get(activityPath(shop.ID)+"?outcome=pending").want(http.StatusOK, "Deletion pending", "wcon_gone")
			}
			g.move(g.timing.GiveUp)
			if got := g.reconciled(a); got.Outcome != store.OutcomeUnclear {
				t.Errorf("after a week: %s", got.Outcome)
			}
		})
	}
	t.Run("connected again", func(t *testing.T) {
		g := newRig(t, options{})
		p := g.person()
		shop := p.connectKey(0)
		a := g.plant(shop, owner(p), activity.DeleteWebhook, "wcon_gone", activity.Detail{Before: contentOf(good)})
		p.signOut()
		g.move(time.Hour)
		g.reconciled(a)
		g.person().connectKey(0)
		g.move(g.timing.LastRecheck)
		if got := g.reconciled(a); got.Outcome != store.OutcomeDone {
			t.Errorf("now: %s", got.Outcome)
		}
	})
}

// TestOneAttemptForEachWebhook: a new webhook is attributed to one attempt, or
// to none if its origin is ambiguous.
func TestOneAttemptForEachWebhook(t *testing.T) {
	t.Parallel()
	wants := contentOf(good, "DONATION")
	create := activity.Detail{After: wants, KnownAll: true}
	pending, done, failed, unclear := store.OutcomePending, store.OutcomeDone, store.OutcomeFailed, store.OutcomeUnclear
	tests := []struct {
		name  string
		made  int
		apart time.Duration // between the two
		knows bool          // the second saw what there is
		end   string        // the outcome of the second; "" when it has none
		early []string      // outcomes after 11 s
		late  []string      // after 91 s more
	}{
		{"one webhook, two attempts", 1, time.Second, false, "", []string{pending, pending}, []string{unclear, unclear}},
		{"no webhook, two attempts", 0, time.Second, false, "", []string{pending, pending}, []string{unclear, unclear}},
		{"the second saw it before it began", 1, time.Second, true, "", []string{done, pending}, []string{done, unclear}},
		{"the second is known to have made it", 1, time.Second, false, done, []string{pending, done}, []string{unclear, done}},
		{"the second is known to have failed", 1, time.Second, false, failed, []string{done, failed}, []string{done, failed}},
		{"the first may have made it late", 1, 10 * time.Minute, false, "", []string{unclear, pending}, []string{unclear, unclear}},
		{"the first began too long before to be mistaken", 1, 2 * time.Hour, false, "", []string{unclear, done}, []string{failed, done}},
		{"the second began too long after to be mistaken", 1, 2 * time.Hour, true, "", []string{done, pending}, []string{done, unclear}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connectKey(0)
			one := g.plant(shop, owner(p), activity.CreateWebhook, "", create)
			g.move(test.apart)
			second, made := create, ""
			for range test.made {
				made = g.add(shop, wants.URL, codesOf(wants.AllowedTypes)...).ID
			}
			if test.knows {
				second.Known = []string{made}
			}
			two := g.plant(shop, owner(p), activity.CreateWebhook, "", second)
			if test.end != "" {
				found := ""
				if test.end == done {
					found = made
				}
				g.must(g.store.RecordOutcome(t.Context(), two.ID, store.Ending{Outcome: test.end, WebhookID: found}))
			}
			for _, want := range [][]string{test.early, test.late} {
				g.move(g.timing.FirstRecheck + time.Second)
				got := []string{g.reconciled(one).Outcome, g.reconciled(two).Outcome}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				g.move(g.timing.Certain)
			}
		})
	}
}

// TestTwoUnconfirmedCreatesOfOne: two forms ask for the same content, and one
// has no effect. They do not both show the webhook that the other created.
func TestTwoUnconfirmedCreatesOfOne(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{timing: noHeartbeat})
	p := g.person()
	shop := p.connect(0)
	first, second := p.newForm(shop.ID, good, "DONATION"), p.newForm(shop.ID, good, "DONATION")
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
	var once sync.Once
	g.calls.set(func(c apiCall) {
		if c.method == http.MethodPost {
			// The second is sent and done while the first is paused in its call.
			once.Do(func() {
				g.calls.set(nil, nil)
				g.box.ForgetFailures()
				g.move(g.timing.Late + time.Second)
				second.submit().form(p.action()).press("do=repeat").want(http.StatusOK, "Webhook created")
				g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
			})
		}
	}, nil)
	first.submit().want(http.StatusBadGateway, "Unconfirmed")
	if n := len(g.box.Webhooks(shop.ID)); n != 1 {
		t.Errorf("%d webhooks", n)
	}
	g.move(g.timing.FirstRecheck + g.timing.Certain + time.Second)
	g.must(g.hooks.Reconcile(t.Context(), 1000))
	outcomes := map[string]int{}
	for _, a := range g.recorded(shop, activity.CreateWebhook) {
		outcomes[a.Outcome]++
	}
	if diff := cmp.Diff(map[string]int{store.OutcomeDone: 1, store.OutcomeUnclear: 1}, outcomes); diff != "" {
		t.Error(diff)
	}
}

// TestUnconfirmedIsRechecked: an unconfirmed attempt is checked again for an
// hour, and a last time after that.
func TestUnconfirmedIsRechecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		after time.Duration
		last  bool // it was checked the last time before that
		want  string
	}{
		{2 * time.Minute, false, store.OutcomeDone},
		{2 * time.Hour, false, store.OutcomeDone},
		{3 * time.Hour, true, store.OutcomeFailed},
	} {
		t.Run(test.after.String(), func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connectKey(0)
			g.box.FailNext(sandbox.Failure{
				Method: http.MethodPost, Path: apiWebhooks, Status: 500, Header: http.Header{"X-Request-Id": {"req-777"}},
			})
			p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusBadGateway, "Unconfirmed")
			g.move(test.after)
			if test.last {
				g.reconciled(g.recorded(shop, activity.CreateWebhook)[0])
			}
			hook := g.add(shop, good, "DONATION")
			got := g.reconciled(g.recorded(shop, activity.CreateWebhook)[0])
			if got.Outcome != test.want || (got.WebhookID == hook.ID) != (test.want == store.OutcomeDone) ||
				got.APIRequestID != "req-777" || got.Status != 500 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestOneShopDoesNotHoldBackAnother: each shop is reconciled separately.
func TestOneShopDoesNotHoldBackAnother(t *testing.T) {
	g := newRig(t, options{budget: 200 * time.Millisecond})
	p := g.person()
	var planted []store.Activity
	for n := range 3 {
		shop := p.connectKey(n)
		planted = append(planted,
			g.plant(shop, owner(p), activity.DeleteWebhook, "wcon_gone", activity.Detail{Before: contentOf(good)}))
	}
	g.move(g.timing.FirstRecheck + time.Second)
	g.box.FailNext(sandbox.Failure{Path: apiWebhooks, Delay: time.Minute}) // of the shop that comes first
	g.reconciled(planted[0])
	count := map[string]int{}
	for _, shop := range g.box.Shops()[:3] {
		for _, a := range g.recorded(shop, activity.DeleteWebhook) {
			count[a.Outcome]++
		}
	}
	if diff := cmp.Diff(map[string]int{store.OutcomePending: 1, store.OutcomeDone: 2}, count); diff != "" {
		t.Error(diff)
	}
	g.move(g.timing.LastRecheck)
	for _, a := range planted {
		if got := g.reconciled(a); got.Outcome != store.OutcomeDone {
			t.Errorf("next time: %s", got.Outcome)
		}
	}
}

// TestActivityFilter: filters, pages and the CSV file.
// Checklist 40.
func TestActivityFilter(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	for i := range 120 {
		action, outcome := activity.UpdateWebhook, store.OutcomeDone
		if i%3 == 0 {
			action, outcome = activity.DeleteWebhook, store.OutcomeRefused
		}
		a := g.plant(shop, owner(p), action, fmt.Sprintf("wcon_%03d", i),
			activity.Detail{Before: contentOf("=1+1", "DONATION")})
		g.must(g.store.RecordOutcome(t.Context(), a.ID, store.Ending{Outcome: outcome, Status: 200 + i}))
		g.move(time.Second)
	}
	tests := []struct {
		query string
		total int
	}{
		{"", 121},
		{"?action=webhook.delete", 40},
		{"?action=webhook.update", 80},
		{"?action=shop.connect", 1},
		{"?action=made-up", 121},
		{"?outcome=refused", 40},
		{"?outcome=pending", 0},
		{"?webhook=wcon_007", 1},
		{"?webhook=wcon_007&outcome=refused", 0},
		{"?action=webhook.delete&outcome=refused&webhook=wcon_003", 1},
		{"?webhook=%ff", 0},
		{"?before=nonsense&after=%ff", 121},
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			at := activityPath(shop.ID)
			pg := p.get(at + test.query).want(http.StatusOK)
			newer, total := "", 0
			for {
				rows := pg.rows()
				total += len(rows)
				next := ""
				walk(pg.doc, func(n *html.Node) {
					switch attr(n, "rel") {
					case "next":
						next = attr(n, "href")
					case "prev":
						newer = attr(n, "href")
					}
				})
				if next == "" {
					break
				}
				if len(rows) != activityPage {
					t.Errorf("%d rows of a page that is not the last", len(rows))
				}
				pg = p.get(next).want(http.StatusOK)
			}
			if total != test.total {
				t.Errorf("%d rows, want %d", total, test.total)
			}
			if (newer != "") != (test.total > activityPage) {
				t.Errorf("a way back: %q", newer)
			}
			if newer != "" {
				if rows := p.get(newer).want(http.StatusOK).rows(); len(rows) != activityPage {
					t.Errorf("back: %d rows", len(rows))
				}
			}
			if records := p.get(at + ".csv" + test.query).want(http.StatusOK).records(); len(records) != test.total+1 {
				t.Errorf("%d records", len(records)-1)
			}
		})
	}
}

// TestActivityFile compares one record of the file.
func TestActivityFile(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	g.box.FailNext(sandbox.Failure{
		Method: http.MethodPost, Path: apiWebhooks, Status: 400, Code: "=CODE", Header: http.Header{"X-Request-Id": {"@req"}},
	})
	p.newForm(shop.ID, good, "DONATION", "ORDER_PLACED").submit().want(http.StatusUnprocessableEntity)
	pg := p.get(activityPath(shop.ID) + ".csv?action=webhook.create")
	a := g.recorded(shop, activity.CreateWebhook)[0]
	want := [][]string{
		{"time", "action", "outcome", "who", "session", "webhook", "url before", "url after", "event types before", "event types after", "status", "code", "request id", "request id of the API", "Fourthwall has instead", "person", "email", "role", "labels added", "labels removed", "reason"},
		{
			a.StartedAt.UTC().Format(time.RFC3339), "webhook.create", "refused",
			"API key ending in " + shop.APIUser[len(shop.APIUser)-4:], a.Session, "", "", good, "", "DONATION ORDER_PLACED",
			"400", "'=CODE", a.RequestID, "'@req", "", "", "", "", "", "", "",
		},
	}
	if diff := cmp.Diff(want, pg.records()); diff != "" {
		t.Error(diff)
	}
	if got := pg.header.Get("Content-Disposition"); got != "attachment; filename=activity-"+shop.ID+".csv" {
		t.Errorf("%q", got)
	}
}

// TestActivityIsTheShops: a person with the shop connected sees its activity,
// and a person with another shop doesn't.
func TestActivityIsTheShops(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, colleague, stranger := g.person(), g.person(), g.person()
	shop := p.connect(0)
	id := g.add(shop, good+"/canary", "DONATION").ID
	p.deleteForm(shop.ID, id).submit().want(http.StatusOK, "is deleted")
	colleague.connectKey(0)
	colleague.get(activityPath(shop.ID)).want(http.StatusOK, "Webhook deleted", id, "canary", "Fourthwall sign-in")
	other := stranger.connectKey(2)
	for _, path := range []string{
		activityPath(other.ID), activityPath(other.ID) + ".csv", activityPath(other.ID) + "?webhook=" + id,
	} {
		pg := stranger.get(path).want(http.StatusOK)
		ownQuery := strings.NewReplacer(`value="`+id+`"`, "", url.QueryEscape("?webhook="+id), "", ".csv?webhook="+id, "")
		if strings.Contains(ownQuery.Replace(pg.body), id) || strings.Contains(pg.body, "canary") {
			t.Errorf("%s shows it", path)
		}
	}
	stranger.get(activityPath(shop.ID)).want(http.StatusNotFound, "not connected here")
	stranger.get(activityPath(shop.ID) + ".csv").want(http.StatusNotFound)
}

// TestActivityHoldsNoSecret: the activity has no secret after a journey with
// every kind of secret.
// Checklist 36.
func TestActivityHoldsNoSecret(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	p.connect(0)
	g.must(g.box.Configure(shop.ID, sandbox.Switches{SecretInCreate: true}))
	made := p.newForm(shop.ID, receives, "DONATION").submit().want(http.StatusOK, "Webhook created")
	made.form("/secret").submit().want(http.StatusOK)
	g.fired(shop, "DONATION", false)
	p.get(eventsPath(shop.ID)).want(http.StatusOK)
	var all strings.Builder
	for _, path := range []string{activityPath(shop.ID), activityPath(shop.ID) + ".csv"} {
		all.WriteString(p.get(path).want(http.StatusOK).body)
	}
	for _, action := range []string{activity.CreateWebhook, activity.ConnectShop} {
		for _, a := range g.recorded(shop, action) {
			fmt.Fprintf(&all, "%+v %s", a, a.Detail)
		}
	}
	conn, err := g.store.Connection(t.Context(), owner(p), shop.ID)
	g.must(err)
	credential, err := oauth.Decode(conn.Credential)
	g.must(err)
	for _, secret := range []string{
		shop.APIPassword, shop.APIUser, shop.WebhookSecret, credential.AccessToken.Reveal(), credential.RefreshToken.Reveal(),
		p.cookie(g.server.cookieName("session")), p.cookie(g.server.cookieName("browser")), "weve_",
	} {
		if secret == "" || strings.Contains(all.String(), secret) {
			t.Errorf("holds a secret that begins with %.6q", secret)
		}
	}
}

// TestActivityKeyLost: an activity recorded under a lost key is listed, without
// the content before and after.
func TestActivityKeyLost(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "h.db")
	before := newRig(t, options{file: file})
	p := before.person()
	shop := p.connectKey(0)
	id := before.add(shop, good+"/canary", "DONATION").ID
	p.deleteForm(shop.ID, id).submit().want(http.StatusOK, "is deleted")
	planted := before.plant(shop, owner(p), activity.UpdateWebhook, id, activity.Detail{After: contentOf(good)})
	after := newRig(t, options{file: file})
	q := after.person()
	q.connectKey(0)
	pg := q.get(activityPath(shop.ID)).want(http.StatusOK, "Webhook deleted", "Update pending", id, "Shop connected")
	if strings.Contains(pg.text(), "canary") {
		t.Error("the activity.Detail is shown")
	}
	if records := q.get(activityPath(shop.ID) + ".csv").want(http.StatusOK).records(); len(records) != 5 {
		t.Errorf("%d records", len(records))
	}
	after.move(after.timing.Certain + after.timing.FirstRecheck)
	if got := after.reconciled(planted); got.Outcome != store.OutcomeUnclear {
		t.Errorf("recorded as %s", got.Outcome)
	}
}

// TestAmbiguousCreate: a create that got no response is unconfirmed while
// another attempt may have made the webhook.
func TestAmbiguousCreate(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	cut := g.plant(shop, owner(p), activity.CreateWebhook, "",
		activity.Detail{After: contentOf(good, "DONATION"), KnownAll: true})
	g.move(g.timing.Late + time.Second) // before that, nothing is sent
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500, Effect: true})
	pg := p.newForm(shop.ID, good, "DONATION").submit().form(p.action()).press("do=repeat").
		want(http.StatusBadGateway, "Unconfirmed")
	g.move(g.timing.Certain + g.timing.FirstRecheck)
	if got := g.reconciled(cut); got.Outcome != store.OutcomeUnclear {
		t.Errorf("the other: %s", got.Outcome)
	}
	pg.form(p.action()).press("do=check").want(http.StatusOK, good, "wcon_")
	if n := len(g.box.Webhooks(shop.ID)); n != 1 || g.creates() != 1 {
		t.Errorf("%d webhooks by %d calls", n, g.creates())
	}
}
