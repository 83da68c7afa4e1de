package webhooks_test

import (
	"errors"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

func isNotFound(err error) bool { return fourthwall.AsError(err).NotFound() }

// dies ends the goroutine at a request with this method.
func dies(method string) func(*http.Request) {
	return func(r *http.Request) {
		if r.Method == method {
			runtime.Goexit()
		}
	}
}

// TestDeathAndTakeOver: whichever step a process dies at, another one with the same key reaches the result that one
// alone would have reached.
func TestDeathAndTakeOver(t *testing.T) {
	usual := webhooks.DefaultTiming()
	base, want := content(good, "DONATION"), content(good, "ORDER_PLACED")
	create := func(p *process, who person, _ string) (webhooks.Result, error) {
		return p.Create(p.rig.t.Context(), p.request(who, "key"), want, webhooks.CreateOptions{})
	}
	update := func(p *process, who person, id string) (webhooks.Result, error) {
		return p.Update(p.rig.t.Context(), p.request(who, "key"), id, webhooks.Change{Base: base, Want: want})
	}
	remove := func(p *process, who person, id string) (webhooks.Result, error) {
		return p.Delete(p.rig.t.Context(), p.request(who, "key"), id)
	}
	tests := []struct {
		name   string
		action string
		do     func(*process, person, string) (webhooks.Result, error)
		before string // method of the request that it dies before, or
		after  string // after
		later  time.Duration
		state  webhooks.State
		sent   int // writes altogether
	}{
		{"create, before the list, at once", activity.CreateWebhook, create, http.MethodGet, "", 0, webhooks.InProgress, 0},
		{
			"create, before the list", activity.CreateWebhook, create, http.MethodGet, "",
			usual.Lease + time.Second, webhooks.Created, 1,
		},
		{
			"create, after the list", activity.CreateWebhook, create, "", http.MethodGet,
			usual.Lease + time.Second, webhooks.Created, 1,
		},
		{
			"create, before the effect, soon after", activity.CreateWebhook, create, http.MethodPost, "",
			usual.Lease + time.Second, webhooks.InProgress, 0,
		},
		{
			"create, before the effect", activity.CreateWebhook, create, http.MethodPost, "",
			usual.Confirm + time.Second, webhooks.Unconfirmed, 0,
		},
		{
			"create, before the effect, long after", activity.CreateWebhook, create, http.MethodPost, "",
			usual.Certain + time.Second, webhooks.Absent, 0,
		},
		{
			"create, after the effect", activity.CreateWebhook, create, "", http.MethodPost,
			usual.Confirm + time.Second, webhooks.Created, 1,
		},
		{"update, before it is read, at once", activity.UpdateWebhook, update, http.MethodGet, "", 0, webhooks.InProgress, 0},
		{
			"update, before it is read", activity.UpdateWebhook, update, http.MethodGet, "",
			usual.Lease + time.Second, webhooks.Updated, 1,
		},
		{
			"update, before the effect", activity.UpdateWebhook, update, http.MethodPut, "",
			usual.Lease + time.Second, webhooks.Updated, 1,
		},
		{
			"update, after the effect", activity.UpdateWebhook, update, "", http.MethodPut,
			usual.Lease + time.Second, webhooks.Updated, 1,
		},
		{
			"delete, before it is read", activity.DeleteWebhook, remove, http.MethodGet, "",
			usual.Lease + time.Second, webhooks.Deleted, 1,
		},
		{
			"delete, before the effect", activity.DeleteWebhook, remove, http.MethodDelete, "",
			usual.Lease + time.Second, webhooks.Deleted, 1,
		},
		{
			"delete, after the effect", activity.DeleteWebhook, remove, "", http.MethodDelete,
			usual.Lease + time.Second, webhooks.Deleted, 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t)
			a, b := g.process(), g.process()
			who := g.person(a)
			id := ""
			if test.action != activity.CreateWebhook {
				id = g.add(who, base)
			}
			a.before, a.after = dies(test.before), dies(test.after)
			var life sync.WaitGroup
			life.Go(func() {
				got, err := test.do(a, who, id)
				t.Errorf("it lived on: %+v, %v", got, err)
			})
			life.Wait()
			g.move(test.later)
			got, err := test.do(b, who, id)
			if err != nil || got.State != test.state {
				t.Errorf("then: %+v, %v", got, err)
			}
			if n := g.sent(http.MethodPost) + g.sent(http.MethodPut) + g.sent(http.MethodDelete); n != test.sent {
				t.Errorf("%d writes, want %d", n, test.sent)
			}
			g.ends(who, b, test.state, id, want)
			g.move(g.timing.Certain + time.Second)
			g.must(b.Reconcile(t.Context(), 100))
			if slices.Contains(g.outcomes(who, test.action), store.OutcomePending) {
				t.Errorf("the attempts: %v", g.outcomes(who, test.action))
			}
		})
	}
}

// ends compares the final state with the expected one.
func (g *rig) ends(who person, _ *process, state webhooks.State, id string, want fourthwall.Content) {
	g.t.Helper()
	all := g.box.Webhooks(who.shop.ID)
	switch state {
	case webhooks.Created:
		if len(all) != 1 {
			g.t.Errorf("%d webhooks", len(all))
		}
	case webhooks.Updated:
		if !g.has(who, id).Equal(want) {
			g.t.Errorf("there is %v", g.has(who, id))
		}
	case webhooks.Deleted:
		if len(all) != 0 {
			g.t.Errorf("%d webhooks", len(all))
		}
	}
}

// TestCreateTakenOver: an attempt that was suspended before its call finds out in time that another attempt with the
// same key began.
func TestCreateTakenOver(t *testing.T) {
	g := newRig(t)
	g.timing.Heartbeat = time.Hour
	a, b := g.process(), g.process()
	who := g.person(a)
	stop := newGate()
	a.after = stop.at(http.MethodGet)
	create := func(p *process, again bool) (webhooks.Result, error) {
		req := p.request(who, "key")
		req.Again = again
		return p.Create(t.Context(), req, content(good, "DONATION"), webhooks.CreateOptions{})
	}
	still := inBackground(func() (webhooks.Result, error) { return create(a, true) })
	<-stop.arrived
	g.move(g.timing.Lease + time.Second)
	made, err := create(b, true)
	if err != nil || made.State != webhooks.Created {
		t.Fatalf("%+v, %v", made, err)
	}
	close(stop.opened)
	if got := <-still; got.err != nil || got.State != webhooks.InProgress {
		t.Errorf("who stood still: %+v", got)
	}
	got, err := create(a, false)
	if err != nil || got.Webhook.ID != made.Webhook.ID || g.sent(http.MethodPost) != 1 {
		t.Errorf("then: %+v, %v, by %d calls", got, err, g.sent(http.MethodPost))
	}
}

// TestRecordsNothingOfAnother: an attempt that was suspended and then finds nothing to send doesn't record that for
// the attempt that took over.
func TestRecordsNothingOfAnother(t *testing.T) {
	g := newRig(t)
	g.timing.Heartbeat = time.Hour
	a, b := g.process(), g.process()
	who := g.person(a)
	want := content(good, "DONATION")
	g.add(who, want)
	stands, calls := newGate(), newGate()
	a.after, b.before = stands.at(http.MethodGet), calls.at(http.MethodPost)
	still := inBackground(func() (webhooks.Result, error) {
		return a.Create(t.Context(), a.request(who, "key"), want, webhooks.CreateOptions{})
	})
	<-stands.arrived
	g.move(g.timing.Lease + time.Second)
	anew := inBackground(func() (webhooks.Result, error) {
		return b.Create(t.Context(), b.request(who, "key"), want, webhooks.CreateOptions{AllowDuplicates: true})
	})
	<-calls.arrived
	close(stands.opened)
	if got := <-still; got.err != nil || got.State != webhooks.InProgress {
		t.Errorf("who stood still: %+v", got)
	}
	close(calls.opened)
	if got := <-anew; got.err != nil || got.State != webhooks.Created {
		t.Errorf("who took over: %+v", got)
	}
}

// TestEarlierAttemptOfAnother: if a process died in its call, its effect may still appear. Another person who wants
// the same waits for that, and then decides.
func TestEarlierAttemptOfAnother(t *testing.T) {
	g := newRig(t)
	a, b := g.process(), g.process()
	who, other := g.person(a), g.person(b)
	a.before = dies(http.MethodPost)
	var life sync.WaitGroup
	want := content(good, "DONATION")
	life.Go(func() { _, _ = a.Create(t.Context(), a.request(who, "a"), want, webhooks.CreateOptions{}) })
	life.Wait()
	g.move(g.timing.Lease + time.Second)
	create := func(afterAbsence bool) webhooks.Result {
		got, err := b.Create(t.Context(), b.request(other, "b"), want, webhooks.CreateOptions{AfterAbsence: afterAbsence})
		g.must(err)
		return got
	}
	got := create(false)
	inTime := got.RetryAfter > 0 && got.RetryAfter <= g.timing.Late
	if got.State != webhooks.Rejected || got.Rejection.Reason != webhooks.EarlierAttempt || !inTime {
		t.Errorf("soon after: %+v", got)
	}
	g.move(g.timing.Late)
	if got := create(false); got.State != webhooks.Absent || got.Certain || g.sent(http.MethodPost) != 0 {
		t.Errorf("later: %+v", got)
	}
	g.move(g.timing.Certain)
	if got := create(false); got.State != webhooks.Absent || !got.Certain || g.sent(http.MethodPost) != 0 {
		t.Errorf("much later: %+v", got)
	}
	if got := create(true); got.State != webhooks.Created || g.sent(http.MethodPost) != 1 {
		t.Errorf("after somebody decided so: %+v", got)
	}
}

// TestConfirmUnknownKey: confirming an unknown key returns store.ErrNotFound.
func TestConfirmUnknownKey(t *testing.T) {
	g := newRig(t)
	p := g.process()
	_, _, err := p.Confirm(t.Context(), p.request(g.person(p), "never used"), content(good, "DONATION"))
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// TestUnclearCreateOfALostLease: an attempt that got no response, and by then had lost its lease, stays unclear. It
// may have had its effect.
func TestUnclearCreateOfALostLease(t *testing.T) {
	g := newRig(t)
	g.timing.Heartbeat = time.Hour
	a, b := g.process(), g.process()
	who, other := g.person(a), g.person(b)
	want := content(good, "DONATION")
	stop := newGate()
	a.after = stop.at(http.MethodPost)
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
	still := inBackground(func() (webhooks.Result, error) {
		return a.Create(t.Context(), a.request(who, "a"), want, webhooks.CreateOptions{})
	})
	<-stop.arrived
	g.move(g.timing.Late + time.Second)
	got, err := b.Create(t.Context(), b.request(other, "b"), want, webhooks.CreateOptions{AllowDuplicates: true})
	if err != nil || got.State != webhooks.Created {
		t.Errorf("the other: %+v, %v", got, err)
	}
	close(stop.opened)
	if got := <-still; got.err != nil || got.State != webhooks.InProgress {
		t.Errorf("who stood still: %+v", got)
	}
	outcomes := g.outcomes(who, activity.CreateWebhook)
	if !slices.Equal(outcomes, []string{store.OutcomeUnclear, store.OutcomeDone}) {
		t.Errorf("the attempts: %v", outcomes)
	}
}

// TestCreatedBeforeAnother: an attempt is suspended after its call. Another attempt with the same key finds nothing,
// and somebody lets it create the webhook again. The first then returns the second's webhook.
func TestCreatedBeforeAnother(t *testing.T) {
	g := newRig(t)
	g.timing.Heartbeat = time.Hour
	a, b := g.process(), g.process()
	who := g.person(a)
	stop := newGate()
	a.after = stop.at(http.MethodPost)
	create := func(p *process) (webhooks.Result, error) {
		return p.Create(t.Context(), p.request(who, "key"), content(good, "DONATION"),
			webhooks.CreateOptions{AfterAbsence: true})
	}
	still := inBackground(func() (webhooks.Result, error) { return create(a) })
	<-stop.arrived
	first := g.box.Webhooks(who.shop.ID)[0].ID
	deleted, err := b.Delete(t.Context(), b.request(who, "delete"), first)
	g.must(err)
	g.move(g.timing.Certain + time.Second)
	made, err := create(b)
	if err != nil || deleted.State != webhooks.Deleted || made.State != webhooks.Created || made.Webhook.ID == first {
		t.Fatalf("made anew: %+v, %v", made, err)
	}
	close(stop.opened)
	if got := <-still; got.err != nil || got.State != webhooks.Created || got.Webhook.ID != made.Webhook.ID {
		t.Errorf("who stood still: %+v", got)
	}
}

// TestTakenAwayAndAskedAgain: another key took the lease of an operation whose process died. A repeated request with
// the first key waits for the other operation.
func TestTakenAwayAndAskedAgain(t *testing.T) {
	g := newRig(t)
	g.timing.Heartbeat = time.Hour
	a, b, c := g.process(), g.process(), g.process()
	who, other := g.person(a), g.person(b)
	base := content(good, "DONATION")
	id := g.add(who, base)
	a.before = dies(http.MethodPut)
	save := func(p *process, who person, key string, types ...string) (webhooks.Result, error) {
		return p.Update(t.Context(), p.request(who, key), id, webhooks.Change{Base: base, Want: content(good, types...)})
	}
	var life sync.WaitGroup
	life.Go(func() { _, _ = save(a, who, "a", "ORDER_PLACED") })
	life.Wait()
	g.move(g.timing.Lease + time.Second)
	stop := newGate()
	b.before = stop.at(http.MethodPut)
	taken := inBackground(func() (webhooks.Result, error) { return save(b, other, "b", "GIFT_PURCHASE") })
	<-stop.arrived
	if got, err := save(c, who, "a", "ORDER_PLACED"); err != nil || got.State != webhooks.InProgress || got.SameKey {
		t.Errorf("meanwhile: %+v, %v", got, err)
	}
	close(stop.opened)
	if got := <-taken; got.err != nil || got.State != webhooks.Updated {
		t.Errorf("who took it: %+v", got)
	}
	if got, err := save(c, who, "a", "ORDER_PLACED"); err != nil || got.State != webhooks.Conflicting {
		t.Errorf("then: %+v, %v", got, err)
	}
}

// TestLeaseEndsWithAnError: an operation that fails before it could change anything doesn't block the next one.
func TestLeaseEndsWithAnError(t *testing.T) {
	base, want := content(good, "DONATION"), content(good, "ORDER_PLACED")
	update := func(p *process, who person, key, id string) (webhooks.Result, error) {
		return p.Update(p.rig.t.Context(), p.request(who, key), id, webhooks.Change{Base: base, Want: want})
	}
	remove := func(p *process, who person, key, id string) (webhooks.Result, error) {
		return p.Delete(p.rig.t.Context(), p.request(who, key), id)
	}
	for _, test := range []struct {
		name   string
		do     func(*process, person, string, string) (webhooks.Result, error)
		method string
		status int
	}{
		{"an update that can't read", update, http.MethodGet, 500},
		{"an update whose credential has ended", update, http.MethodPut, 401},
		{"a delete that can't read", remove, http.MethodGet, 500},
		{"a delete whose credential has ended", remove, http.MethodDelete, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t)
			p := g.process()
			who, other := g.person(p), g.person(p)
			id := g.add(who, base)
			g.box.FailNext(sandbox.Failure{
				Method: test.method, Path: apiWebhooks + "/*", Status: test.status, Code: "OPEN_API_UNAUTHORIZED",
			})
			if got, err := test.do(p, who, "a", id); err == nil {
				t.Errorf("it came to %+v", got)
			}
			if got, err := test.do(p, other, "b", id); err != nil || got.State == webhooks.InProgress {
				t.Errorf("then another: %+v, %v", got, err)
			}
		})
	}
}
