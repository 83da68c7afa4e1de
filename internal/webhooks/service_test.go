package webhooks_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

// TestWithoutServer creates, confirms, changes, deletes and reconciles as a job does.
func TestWithoutServer(t *testing.T) {
	g := newRig(t)
	p := g.process()
	who := g.person(p)
	first, second := content(good, "DONATION"), content(good+"/2", "ORDER_PLACED")

	made, err := p.Create(t.Context(), p.request(who, "create"), first, webhooks.CreateOptions{})
	g.must(err)
	id := made.Webhook.ID
	if made.State != webhooks.Created || !g.has(who, id).Equal(first) {
		t.Fatalf("created %+v", made)
	}
	confirmed, finding, err := p.Confirm(t.Context(), p.request(who, "create"), first)
	g.must(err)
	if confirmed.State != webhooks.Created || confirmed.Webhook.ID != id || finding != webhooks.NotLooked {
		t.Errorf("confirmed %+v, %v", confirmed, finding)
	}
	other, err := p.Create(t.Context(), p.request(who, "create"), second, webhooks.CreateOptions{})
	g.must(err)
	if other.State != webhooks.OtherContent || other.Of != webhooks.Created || other.Webhook.ID != id {
		t.Errorf("the same key with other content: %+v", other)
	}

	updated, err := p.Update(t.Context(), p.request(who, "update"), id, webhooks.Change{Base: first, Want: second})
	g.must(err)
	if updated.State != webhooks.Updated || !g.has(who, id).Equal(second) {
		t.Errorf("updated %+v", updated)
	}
	late := webhooks.Change{Base: first, Want: content(good + "/3")}
	conflict, err := p.Update(t.Context(), p.request(who, "late"), id, late)
	g.must(err)
	if conflict.State != webhooks.Conflicting || conflict.Conflict == nil || !conflict.Conflict.Equal(second) {
		t.Errorf("a change of what isn't there any longer: %+v", conflict)
	}

	deleted, err := p.Delete(t.Context(), p.request(who, "delete"), id)
	g.must(err)
	if deleted.State != webhooks.Deleted || deleted.Webhook.URL != second.URL || !g.has(who, id).Equal(content("")) {
		t.Errorf("deleted %+v", deleted)
	}

	// An attempt without a response is reconciled later.
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
	lost, err := p.Create(t.Context(), p.request(who, "lost"), first, webhooks.CreateOptions{})
	g.must(err)
	if lost.State != webhooks.Unconfirmed || !lost.CanConfirm {
		t.Fatalf("without a response: %+v", lost)
	}
	g.move(g.timing.Recheck + time.Second)
	g.must(p.Reconcile(t.Context(), 100))
	want := []string{store.OutcomeDone, store.OutcomeFailed}
	if got := g.outcomes(who, activity.CreateWebhook); !slices.Equal(got, want) {
		t.Errorf("the creates: %v", got)
	}
}

// TestTwoUpdatesAtOnce: of two saves within one round trip, the second finds what the first saved.
func TestTwoUpdatesAtOnce(t *testing.T) {
	g := newRig(t)
	a, b := g.process(), g.process()
	who, other := g.person(a), g.person(b)
	base := content(good, "DONATION")
	id := g.add(who, base)
	stop := newGate()
	a.before = stop.at(http.MethodPut)
	first := inBackground(func() (webhooks.Result, error) {
		return a.Update(t.Context(), a.request(who, "a"), id, webhooks.Change{
			Base: base, Want: content(good, "ORDER_PLACED"),
		})
	})
	<-stop.arrived
	save := func() webhooks.Result {
		got, err := b.Update(t.Context(), b.request(other, "b"), id, webhooks.Change{
			Base: base, Want: content(good, "GIFT_PURCHASE"),
		})
		g.must(err)
		return got
	}
	got := save()
	if got.State != webhooks.InProgress || got.SameKey || got.RetryAfter <= 0 || got.RetryAfter > g.timing.Lease {
		t.Errorf("meanwhile: %+v", got)
	}
	close(stop.opened)
	if got := <-first; got.err != nil || got.State != webhooks.Updated {
		t.Errorf("the first: %+v", got)
	}
	if got := save(); got.State != webhooks.Conflicting || !got.Conflict.Equal(content(good, "ORDER_PLACED")) {
		t.Errorf("the second: %+v", got)
	}
	if n := g.sent(http.MethodPut); n != 1 || !g.has(who, id).Equal(content(good, "ORDER_PLACED")) {
		t.Errorf("%d calls, there is %v", n, g.has(who, id))
	}
}

// TestOverwritesWhatWasShown: a person may overwrite a version that they were shown, and no other.
func TestOverwritesWhatWasShown(t *testing.T) {
	g := newRig(t)
	p := g.process()
	who := g.person(p)
	base, shown, want := content(good, "DONATION"), content(good, "ORDER_PLACED"), content(good, "GIFT_PURCHASE")
	unseen := content(good, "DONATION", "ORDER_PLACED")
	id := g.add(who, unseen)
	save := func(seen fourthwall.Content) webhooks.Result {
		got, err := p.Update(t.Context(), p.request(who, "key "+webhooks.Mark(seen)), id,
			webhooks.Change{Base: base, Want: want, Seen: webhooks.Mark(seen)})
		g.must(err)
		return got
	}
	got := save(shown)
	if got.State != webhooks.Conflicting || !got.Conflict.Equal(unseen) || g.sent(http.MethodPut) != 0 {
		t.Errorf("over what nobody was shown: %+v by %d calls", got, g.sent(http.MethodPut))
	}
	if got := save(unseen); got.State != webhooks.Updated || !g.has(who, id).Equal(want) {
		t.Errorf("over what was shown: %+v", got)
	}
}

// TestSameKeyTwice: a second request with the same key gets the first one's result.
func TestSameKeyTwice(t *testing.T) {
	g := newRig(t)
	a, b := g.process(), g.process()
	who := g.person(a)
	base := content(good, "DONATION")
	id := g.add(who, base)
	g.box.FailNext(sandbox.Failure{
		Method: http.MethodPut, Path: apiWebhooks + "/*", Status: 400, Code: "SOMETHING", Times: 9,
	})
	stop := newGate()
	a.before = stop.at(http.MethodPut)
	save := func(p *process, again bool) webhooks.Result {
		req := p.request(who, "key")
		req.Again = again
		got, err := p.Update(t.Context(), req, id, webhooks.Change{Base: base, Want: content(good, "ORDER_PLACED")})
		g.must(err)
		return got
	}
	first := inBackground(func() (webhooks.Result, error) { return save(a, true), nil })
	<-stop.arrived
	if got := save(b, true); got.State != webhooks.InProgress || !got.SameKey {
		t.Errorf("meanwhile: %+v", got)
	}
	close(stop.opened)
	want := (<-first).Result
	if got := save(b, false); want.State != webhooks.Rejected || !cmp.Equal(got, want) || g.sent(http.MethodPut) != 1 {
		t.Errorf("got %+v, the first got %+v, by %d calls", got, want, g.sent(http.MethodPut))
	}
	if got := save(b, true); got.State != webhooks.Rejected || g.sent(http.MethodPut) != 2 {
		t.Errorf("asked for again: %+v by %d calls", got, g.sent(http.MethodPut))
	}
}

// TestUpdateThatStoodStill: a suspended update can't overwrite a later one. It finds out before it sends.
func TestUpdateThatStoodStill(t *testing.T) {
	base, late, early := content(good, "DONATION"), content(good, "ORDER_PLACED"), content(good, "GIFT_PURCHASE")
	for name, stand := range map[string]func(*process, gate){
		"before it sends": func(p *process, stop gate) { p.after = stop.at(http.MethodGet) },
		"before it sends again": func(p *process, stop gate) {
			p.rig.box.FailNext(sandbox.Failure{Method: http.MethodPut, Path: apiWebhooks + "/*", Status: 429})
			p.after = stop.at(http.MethodPut)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.timing.Heartbeat = time.Hour
			a, b := g.process(), g.process()
			who, other := g.person(a), g.person(b)
			id := g.add(who, base)
			stop := newGate()
			stand(a, stop)
			save := func() (webhooks.Result, error) {
				return a.Update(t.Context(), a.request(who, "a"), id, webhooks.Change{Base: base, Want: early})
			}
			still := inBackground(save)
			<-stop.arrived
			g.move(g.timing.Lease + time.Second)
			got, err := b.Update(t.Context(), b.request(other, "b"), id, webhooks.Change{Base: base, Want: late})
			g.must(err)
			if got.State != webhooks.Updated {
				t.Errorf("the later one: %+v", got)
			}
			before := g.sent(http.MethodPut)
			close(stop.opened)
			if got := <-still; got.err != nil || got.State != webhooks.InProgress {
				t.Errorf("who stood still: %+v", got)
			}
			if got, err := save(); err != nil || got.State != webhooks.Conflicting || !got.Conflict.Equal(late) {
				t.Errorf("asked again: %+v, %v", got, err)
			}
			if g.sent(http.MethodPut) != before || !g.has(who, id).Equal(late) {
				t.Errorf("%d more calls, there is %v", g.sent(http.MethodPut)-before, g.has(who, id))
			}
			if slices.Contains(g.outcomes(who, activity.UpdateWebhook), store.OutcomePending) {
				t.Errorf("the attempts: %v", g.outcomes(who, activity.UpdateWebhook))
			}
		})
	}
}

// TestTwoCreatesOfOneURL: of two people who create the same webhook within one round trip, the second is asked first.
func TestTwoCreatesOfOneURL(t *testing.T) {
	g := newRig(t)
	a, b := g.process(), g.process()
	who, other := g.person(a), g.person(b)
	stop := newGate()
	a.before = stop.at(http.MethodPost)
	first := inBackground(func() (webhooks.Result, error) {
		return a.Create(t.Context(), a.request(who, "a"), content(good, "DONATION"), webhooks.CreateOptions{})
	})
	<-stop.arrived
	create := func(url string) webhooks.Result {
		want := content(url, "DONATION", "ORDER_PLACED")
		got, err := b.Create(t.Context(), b.request(other, "b "+url), want, webhooks.CreateOptions{})
		g.must(err)
		return got
	}
	const spelled = "HTTPS://HOOKS.example.com:443/fourthwall"
	if got := create(spelled); got.State != webhooks.InProgress || got.SameKey {
		t.Errorf("meanwhile: %+v", got)
	}
	if got := create(good + "/other"); got.State != webhooks.Created {
		t.Errorf("another URL: %+v", got)
	}
	close(stop.opened)
	made := <-first
	if made.err != nil || made.State != webhooks.Created {
		t.Fatalf("the first: %+v", made)
	}
	got := create(spelled)
	if got.State != webhooks.Rejected || len(got.Duplicates) != 1 || got.Duplicates[0].ID != made.Webhook.ID {
		t.Errorf("the second: %+v", got)
	}
	if n := g.sent(http.MethodPost); n != 2 {
		t.Errorf("%d calls", n)
	}
}

// TestUpdateAndDelete: an update and a delete of one webhook run one after the other.
func TestUpdateAndDelete(t *testing.T) {
	base, want := content(good, "DONATION"), content(good, "ORDER_PLACED")
	t.Run("the update first", func(t *testing.T) {
		g := newRig(t)
		a, b := g.process(), g.process()
		who, other := g.person(a), g.person(b)
		id := g.add(who, base)
		stop := newGate()
		a.before = stop.at(http.MethodPut)
		first := inBackground(func() (webhooks.Result, error) {
			return a.Update(t.Context(), a.request(who, "a"), id, webhooks.Change{Base: base, Want: want})
		})
		<-stop.arrived
		if got, err := b.Delete(t.Context(), b.request(other, "b"), id); err != nil || got.State != webhooks.InProgress {
			t.Errorf("meanwhile: %+v, %v", got, err)
		}
		close(stop.opened)
		if got := <-first; got.err != nil || got.State != webhooks.Updated {
			t.Errorf("the update: %+v", got)
		}
		got, err := b.Delete(t.Context(), b.request(other, "b"), id)
		if err != nil || got.State != webhooks.Deleted || !got.Webhook.Content().Equal(want) {
			t.Errorf("the delete: %+v, %v", got, err)
		}
	})
	t.Run("the delete first", func(t *testing.T) {
		g := newRig(t)
		a, b := g.process(), g.process()
		who, other := g.person(a), g.person(b)
		id := g.add(who, base)
		stop := newGate()
		a.before = stop.at(http.MethodDelete)
		first := inBackground(func() (webhooks.Result, error) { return a.Delete(t.Context(), a.request(who, "a"), id) })
		<-stop.arrived
		save := func() (webhooks.Result, error) {
			return b.Update(t.Context(), b.request(other, "b"), id, webhooks.Change{Base: base, Want: want})
		}
		if got, err := save(); err != nil || got.State != webhooks.InProgress {
			t.Errorf("meanwhile: %+v, %v", got, err)
		}
		close(stop.opened)
		if got := <-first; got.err != nil || got.State != webhooks.Deleted {
			t.Errorf("the delete: %+v", got)
		}
		if got, err := save(); !isNotFound(err) || g.sent(http.MethodPut) != 0 {
			t.Errorf("the update: %+v, %v, %d calls", got, err, g.sent(http.MethodPut))
		}
	})
}

// TestReconcileInTwoProcesses: one process does the work, and the other does nothing.
func TestReconcileInTwoProcesses(t *testing.T) {
	g := newRig(t)
	a, b := g.process(), g.process()
	who := g.person(a)
	id := g.add(who, content(good, "DONATION"))
	g.box.FailNext(sandbox.Failure{Method: http.MethodDelete, Path: apiWebhooks + "/*", Status: 500})
	lost, err := a.Delete(t.Context(), a.request(who, "a"), id)
	g.must(err)
	if lost.State != webhooks.Unconfirmed {
		t.Fatalf("without a response: %+v", lost)
	}
	g.move(g.timing.Certain + time.Second)
	stop := newGate()
	a.before = stop.at(http.MethodGet)
	working := make(chan error, 1)
	go func() { working <- a.Reconcile(t.Context(), 100) }()
	<-stop.arrived
	before := g.sent(http.MethodGet)
	g.must(b.Reconcile(t.Context(), 100))
	if g.sent(http.MethodGet) != before {
		t.Error("the other process reads as well")
	}
	close(stop.opened)
	g.must(<-working)
	if got := g.outcomes(who, activity.DeleteWebhook); !slices.Equal(got, []string{store.OutcomeFailed}) {
		t.Errorf("the attempt is %v", got)
	}
	before = g.sent(http.MethodGet)
	g.must(b.Reconcile(t.Context(), 100))
	if g.sent(http.MethodGet) != before {
		t.Error("what is known is looked into again")
	}
}

// TestDeletedAndThereAgain: a webhook that the API only seemed to lack is deleted when that is requested again.
func TestDeletedAndThereAgain(t *testing.T) {
	g := newRig(t)
	p := g.process()
	who := g.person(p)
	id := g.add(who, content(good, "DONATION"))
	g.box.FailNext(sandbox.Failure{
		Method: http.MethodGet, Path: apiWebhooks + "/*", Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND",
	})
	for _, there := range []bool{true, false} {
		got, err := p.Delete(t.Context(), p.request(who, "key"), id)
		if err != nil || got.State != webhooks.Deleted || g.has(who, id).Equal(content("")) == there {
			t.Errorf("%+v, %v, there is %v", got, err, g.has(who, id))
		}
	}
}
