package webhooks_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"hookwall/internal/webhooks"
)

// TestClockOfTheDatabaseJumps: if the clock of the database is moved while a create is under way, or after its process
// died, no other process takes the attempt for one that ended long ago.
func TestClockOfTheDatabaseJumps(t *testing.T) {
	want := content(good, "DONATION")
	create := func(p *process, who person, key string) webhooks.Result {
		p.rig.t.Helper()
		got, err := p.Create(p.rig.t.Context(), p.request(who, key), want, webhooks.CreateOptions{})
		p.rig.must(err)
		return got
	}
	for _, jump := range []time.Duration{10 * time.Minute, 2 * time.Hour, -10 * time.Minute} {
		t.Run(jump.String()+" while it is under way", func(t *testing.T) {
			g := newRig(t)
			a, b := g.process(), g.process()
			who, other := g.person(a), g.person(b)
			call := newGate()
			a.before = call.at(http.MethodPost)
			first := inBackground(func() (webhooks.Result, error) { return create(a, who, "key"), nil })
			<-call.arrived
			g.jumped.Store(int64(jump))
			if got := create(b, who, "key"); got.State != webhooks.InProgress || !got.SameKey {
				t.Errorf("the same form: %+v", got)
			}
			if got := create(b, other, "other"); got.State != webhooks.InProgress {
				t.Errorf("another form: %+v", got)
			}
			close(call.opened)
			if got := <-first; got.State != webhooks.Created {
				t.Errorf("the first: %+v", got)
			}
			if n := g.sent(http.MethodPost); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
		t.Run(jump.String()+" after its process died", func(t *testing.T) {
			g := newRig(t)
			a, b := g.process(), g.process()
			who, other := g.person(a), g.person(b)
			a.before = dies(http.MethodPost)
			var life sync.WaitGroup
			life.Go(func() { create(a, who, "key") })
			life.Wait()
			g.jumped.Store(int64(jump))
			if got := create(b, who, "key"); got.State != webhooks.InProgress {
				t.Errorf("at once: %+v", got)
			}
			g.move(g.timing.Confirm + time.Second)
			if got := create(b, who, "key"); got.State != webhooks.Unconfirmed {
				t.Errorf("soon after: %+v", got)
			}
			got := create(b, other, "other")
			if got.State != webhooks.Rejected || got.Rejection.Reason != webhooks.EarlierAttempt {
				t.Errorf("another form, soon after: %+v", got)
			}
			if n := g.sent(http.MethodPost); n != 0 {
				t.Errorf("%d calls", n)
			}
			g.must(b.Reconcile(t.Context(), 100))
			g.move(g.timing.Late)
			got = create(b, other, "third")
			if got.State != webhooks.Absent || got.Rejection.Reason != webhooks.EarlierAbsent {
				t.Errorf("another form, later: %+v", got)
			}
		})
	}
}
