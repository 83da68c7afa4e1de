package handlers

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// TestPressedTwice: of two clicks on one button, one has the effect, and both
// lead to the same page.
func TestPressedTwice(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		method string
		fail   sandbox.Failure
		form   func(p *person, shop sandbox.DemoShop, hook sandbox.Webhook) *form
		status int
		want   string
	}{
		{"saving", http.MethodPut, sandbox.Failure{}, reviewed, 200, "The webhook is saved"},
		{"saving, refused", http.MethodPut, sandbox.Failure{Status: 400, Code: "WEBHOOK_URI_UNALLOWED_DOMAIN"}, reviewed, 422, "WEBHOOK_URI_UNALLOWED_DOMAIN"},
		{"saving, not confirmed", http.MethodPut, sandbox.Failure{Status: 500}, reviewed, 502, "couldn’t confirm"},
		{"deleting", http.MethodDelete, sandbox.Failure{}, asked, 200, "is deleted"},
		{"deleting, refused", http.MethodDelete, sandbox.Failure{Status: 400, Code: "SOMETHING_NEW"}, asked, 422, "SOMETHING_NEW"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			f := test.form(p, shop, g.add(shop, good, "DONATION"))
			if test.fail.Status != 0 {
				test.fail.Method, test.fail.Path, test.fail.Times = test.method, apiWebhooks+"*", 9
				g.box.FailNext(test.fail)
			}
			// The first call is held until the second request waits.
			arrived, released := make(chan struct{}, 9), make(chan struct{})
			g.calls.set(func(c apiCall) {
				if c.method == test.method {
					arrived <- struct{}{}
					<-released
				}
			}, nil)
			pages := make([]*page, 2)
			var presses sync.WaitGroup
			presses.Go(func() { pages[0] = f.submit() })
			<-arrived
			presses.Go(func() { pages[1] = f.submit() })
			g.until(func() bool { return g.server.waiting.Load() > 0 })
			close(released)
			presses.Wait()
			if n := len(g.calls.of(test.method)); n != 1 {
				t.Errorf("%d calls", n)
			}
			saw := 0
			for _, pg := range pages {
				if pg.status != test.status {
					t.Errorf("status %d, want %d: %s", pg.status, test.status, pg.text())
				}
				if n := strings.Count(pg.text(), test.want); n > 1 && test.status == http.StatusOK {
					t.Errorf("%q is said %d times", test.want, n)
				}
				if strings.Contains(pg.text(), test.want) {
					saw++
				}
			}
			if saw == 0 {
				t.Errorf("nobody sees %q: %s", test.want, pages[1].text())
			}
			if n := strings.Count(p.get(activityPath(shop.ID)+".csv").body, "webhook."); n != 1 {
				t.Errorf("%d attempts are recorded", n)
			}
		})
	}
}

// reviewed opens the confirmation of a change.
func reviewed(p *person, shop sandbox.DemoShop, hook sandbox.Webhook) *form {
	p.t.Helper()
	f := p.get(editPath(shop.ID, hook.ID)).form("/edit").set("allowedTypes", "DONATION", "ORDER_PLACED")
	return f.submit().want(http.StatusOK).form("/edit/confirm")
}

// asked opens the question before a webhook is deleted.
func asked(p *person, shop sandbox.DemoShop, hook sandbox.Webhook) *form {
	p.t.Helper()
	return p.get(webhookPath(shop.ID, hook.ID) + "/delete").want(http.StatusOK).form("/delete")
}

// until polls until the condition holds.
func (g *rig) until(yes func() bool) {
	g.t.Helper()
	tick, limit := time.NewTicker(5*time.Millisecond), time.NewTimer(20*time.Second)
	defer tick.Stop()
	defer limit.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-limit.C:
			g.t.Fatal("it did not happen")
		}
	}
}

// leases begins the deletion of a webhook, and does not finish it.
func (g *rig) leases(p *person, shop sandbox.DemoShop, id string, lease time.Duration) {
	g.t.Helper()
	start, err := g.store.BeginOperation(g.t.Context(), store.Operation{
		Key: deleteKey(shop.ID, id), Owner: owner(p), Kind: store.KindDelete, Shop: shop.ID, Resource: store.WebhookResource(id), Holder: "another",
	}, lease)
	g.must(err)
	if !start.Started {
		g.t.Fatal("there is a lease already")
	}
}

// TestLeaseOfADeadProcess: the lease of a dead process ends in time.
func TestLeaseOfADeadProcess(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	g.leases(p, shop, hook.ID, g.timing.Lease)
	g.move(g.timing.Lease + time.Second)
	asked(p, shop, hook).submit().want(http.StatusOK, "is deleted")
}

// TestLeaseThatTakesLong: a request that has waited long enough for another one
// says that the change is still in progress, and sends nothing.
func TestLeaseThatTakesLong(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{still: true})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	f := asked(p, shop, hook)
	g.leases(p, shop, hook.ID, time.Minute)
	var pg *page
	var second sync.WaitGroup
	second.Go(func() { pg = f.submit() })
	g.until(func() bool { return g.server.waiting.Load() > 0 })
	g.move(awaitTime + time.Second)
	second.Wait()
	pg.want(http.StatusServiceUnavailable, "Still working on it", "changing the same webhook",
		"Nothing was sent twice. Check your webhooks in a moment").link("See the webhooks").want(http.StatusOK, ui.HostAndPath(good))
	if n := len(g.calls.of(http.MethodDelete)); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// TestBusyAfterTheChange: if the server says that it is busy, the webhook is
// read to see whether the change took effect.
func TestBusyAfterTheChange(t *testing.T) {
	for _, test := range []struct {
		name   string
		method string
		effect bool
		unread bool // reading it afterwards fails too
		form   func(p *person, shop sandbox.DemoShop, hook sandbox.Webhook) *form
		status int
		want   string
	}{
		{"saved", http.MethodPut, true, false, reviewed, 200, "The webhook is saved"},
		{"not saved", http.MethodPut, false, false, reviewed, 503, "Nothing was changed"},
		{"nobody knows whether it was saved", http.MethodPut, true, true, reviewed, 502, "confirm whether the change was saved"},
		{"deleted", http.MethodDelete, true, false, asked, 200, "is deleted"},
		{"not deleted", http.MethodDelete, false, false, asked, 503, "Nothing was deleted"},
		{"nobody knows whether it was deleted", http.MethodDelete, true, true, asked, 502, "confirm whether the webhook was deleted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{budget: 500 * time.Millisecond})
			p := g.person()
			shop := p.connect(0)
			f := test.form(p, shop, g.add(shop, good, "DONATION"))
			g.box.FailNext(sandbox.Failure{
				Method: test.method, Path: apiWebhooks + "*", Status: 503, Effect: test.effect,
				Header: http.Header{"Retry-After": {"30"}},
			})
			if test.unread {
				g.calls.set(func(c apiCall) {
					if c.method == test.method {
						g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks + "/*", Status: 500, Times: 1})
					}
				}, nil)
			}
			pg := f.submit().want(test.status, test.want)
			if (pg.header.Get("Retry-After") == "30") != (test.status != 200) {
				t.Errorf("Retry-After %q", pg.header.Get("Retry-After"))
			}
		})
	}
}

// TestNoticeShowsOnce: of two notices that say the same, one is shown.
func TestNoticeShowsOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	p.get(webhooksPath(shop.ID))
	for _, text := range []string{"The same.", "The same.", "Another."} {
		data, err := json.Marshal(ui.Notice{Kind: ui.Info, Title: text})
		g.must(err)
		g.must(g.store.AddFlash(t.Context(), owner(p), webhooksPath(shop.ID), data))
	}
	pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK, "The same.", "Another.")
	if n := strings.Count(pg.text(), "The same."); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// TestKeptSomethingElse: if a successful response shows something other than
// what was asked, the webhook is read again and the page says so.
func TestKeptSomethingElse(t *testing.T) {
	t.Parallel()
	const odd = `{"id":"%s","url":"` + good + `","allowedTypes":["DONATION"],"apiVersion":"V1"}`
	for _, test := range []struct {
		name   string
		effect bool
		unread bool // reading it afterwards fails
		want   string
	}{
		{"the answer alone is odd", true, false, "The webhook is saved"},
		{"it was not kept", false, false, "not exactly as requested"},
		{"it can be read only later", true, true, "The webhook is saved"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, good, "DONATION")
			f := reviewed(p, shop, hook)
			g.box.FailNext(sandbox.Failure{
				Method: http.MethodPut, Path: apiWebhooks + "/*", Status: 200, Body: strings.ReplaceAll(odd, "%s", hook.ID),
				Effect: test.effect,
			})
			if test.unread {
				g.calls.set(func(c apiCall) {
					if c.method == http.MethodPut {
						g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks + "/*", Status: 500})
					}
				}, nil)
			}
			f.submit().want(http.StatusOK, test.want)
		})
	}
}

// TestRejectedAndWaiting: a rejected form that is sent again while another
// request works on the same URL does not show the old rejection.
func TestRejectedAndWaiting(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, q := g.person(), g.person()
	shop := p.connect(0)
	q.connectKey(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 400, Code: "SOMETHING"})
	f.submit().want(http.StatusUnprocessableEntity, "SOMETHING")
	arrived, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	g.calls.set(func(c apiCall) {
		if c.method == http.MethodPost {
			once.Do(func() { close(arrived); <-released })
		}
	}, nil)
	other := q.newForm(shop.ID, good, "ORDER_PLACED")
	var both sync.WaitGroup
	both.Go(func() { other.submit().want(http.StatusOK, "Webhook created") })
	<-arrived
	both.Go(func() { f.submit().want(http.StatusOK, "Webhook created") })
	g.until(func() bool { return g.server.waiting.Load() > 0 })
	close(released)
	both.Wait()
	if made := len(g.box.Webhooks(shop.ID)); made != 2 {
		t.Errorf("%d webhooks", made)
	}
}
