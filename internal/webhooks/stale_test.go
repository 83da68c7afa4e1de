package webhooks_test

import (
	"net/http"
	"testing"
	"time"

	"hookwall/internal/sandbox"
	"hookwall/internal/webhooks"
)

// TestCreateWithAnOldList: another create got no response, and its effect appears after the webhooks were listed. Who
// has that list creates no second one, however old the list is by then.
func TestCreateWithAnOldList(t *testing.T) {
	want := content(good, "DONATION")
	for name, meanwhile := range map[string]func(*rig, *process){
		"the other's time passes": func(g *rig, _ *process) { g.move(g.timing.Late + time.Second) },
		"the other's end is found": func(g *rig, b *process) {
			g.move(g.timing.FirstRecheck + time.Second)
			g.must(b.Reconcile(g.t.Context(), 100))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.timing.Heartbeat = time.Hour
			a, b := g.process(), g.process()
			who, other := g.person(a, 0), g.person(b, 0)
			g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
			lost, err := b.Create(t.Context(), b.request(other, "b"), want, webhooks.CreateOptions{})
			if err != nil || lost.State != webhooks.Unconfirmed {
				t.Fatalf("without a response: %+v, %v", lost, err)
			}
			stop := newGate()
			a.after = stop.at(http.MethodGet)
			still := inBackground(func() (webhooks.Result, error) {
				return a.Create(t.Context(), a.request(who, "a"), want, webhooks.CreateOptions{})
			})
			<-stop.arrived
			g.add(other, want)
			meanwhile(g, b)
			close(stop.opened)
			got := <-still
			if got.err != nil || got.State != webhooks.Rejected || got.Rejection.Reason != webhooks.EarlierAttempt {
				t.Errorf("who has the old list: %+v", got)
			}
			if all := g.box.Webhooks(who.shop.ID); len(all) != 1 {
				t.Errorf("%d webhooks", len(all))
			}
		})
	}
}
