package webhooks_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

// TestCreateWithAnOldList: another create got no response, and its effect appears after the webhooks were listed. A
// create with that list makes no second webhook, however old the list is by then.
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
			who, other := g.person(a), g.person(b)
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

// TestReconcileWithAnOldList: a list from when an attempt was young is no evidence about an attempt that is still
// running. That holds however old the attempt is when the two are compared.
func TestReconcileWithAnOldList(t *testing.T) {
	g := newRig(t)
	g.timing.Heartbeat = time.Hour
	a, b := g.process(), g.process()
	who := g.person(a)
	calls, reads := newGate(), newGate()
	a.before, b.after = calls.at(http.MethodPost), reads.at(http.MethodGet)
	made := inBackground(func() (webhooks.Result, error) {
		return a.Create(t.Context(), a.request(who, "a"), content(good, "DONATION"), webhooks.CreateOptions{})
	})
	<-calls.arrived
	g.move(g.timing.FirstRecheck + time.Second)
	reconciled := make(chan error, 1)
	go func() { reconciled <- b.Reconcile(t.Context(), 100) }()
	<-reads.arrived
	g.move(g.timing.Certain)
	close(reads.opened)
	g.must(<-reconciled)
	if got := g.outcomes(who, activity.CreateWebhook); !slices.Equal(got, []string{store.OutcomePending}) {
		t.Errorf("while it's under way, the attempts: %v", got)
	}
	close(calls.opened)
	if got := <-made; got.err != nil || got.State != webhooks.Created {
		t.Errorf("the create: %+v", got)
	}
	if got := g.outcomes(who, activity.CreateWebhook); !slices.Equal(got, []string{store.OutcomeDone}) {
		t.Errorf("then, the attempts: %v", got)
	}
}

// TestCreateWithoutAList: if the webhooks couldn't be listed before a create, one that is there afterwards may be
// older. So it isn't reported as the new one.
func TestCreateWithoutAList(t *testing.T) {
	g := newRig(t)
	p := g.process()
	who := g.person(p)
	want := content(good, "DONATION")
	g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 500, Times: 4})
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500, Effect: true})
	got, err := p.Create(t.Context(), p.request(who, "key"), want, webhooks.CreateOptions{})
	if err != nil || got.State != webhooks.Rejected || got.Rejection.Reason != webhooks.Unlisted ||
		g.sent(http.MethodPost) != 0 {
		t.Errorf("before a decision: %+v, %v", got, err)
	}
	got, err = p.Create(t.Context(), p.request(who, "key"), want, webhooks.CreateOptions{AllowUnlisted: true})
	if err != nil || got.State != webhooks.Unconfirmed || got.CanConfirm {
		t.Errorf("without a response: %+v, %v", got, err)
	}
	got, finding, err := p.Confirm(t.Context(), p.request(who, "key"), want)
	if err != nil || got.State != webhooks.Unconfirmed || finding != webhooks.Ambiguous {
		t.Errorf("looked for: %+v, %v, %v", got, finding, err)
	}
}

// TestBusyCreate: a busy server that created nothing has rejected the create.
func TestBusyCreate(t *testing.T) {
	g := newRig(t)
	p := g.process()
	who := g.person(p)
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 503})
	got, err := p.Create(t.Context(), p.request(who, "key"), content(good, "DONATION"), webhooks.CreateOptions{})
	if err != nil || got.State != webhooks.Rejected || !got.Rejection.IsTemporary() {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestRefusedWhileUnlisted: a response that isn't the API's doesn't tell what the API did. Without the list of
// webhooks, the create is unconfirmed. If it took effect, it is found later, and not repeated.
func TestRefusedWhileUnlisted(t *testing.T) {
	html, challenge := "<html>", http.Header{"Cf-Mitigated": {"challenge"}}
	for _, test := range []struct {
		name     string
		failure  sandbox.Failure
		unlisted bool
		want     webhooks.State
		outcome  string
	}{
		{"a firewall", sandbox.Failure{Status: 403, Body: html}, true, webhooks.Unconfirmed, store.OutcomeUnclear},
		{
			"a challenge",
			sandbox.Failure{Status: 403, Body: `{"code":"NO"}`, Header: challenge},
			true,
			webhooks.Unconfirmed, store.OutcomeUnclear,
		},
		{"a proxy's 503", sandbox.Failure{Status: 503, Body: html}, true, webhooks.Unconfirmed, store.OutcomeUnclear},
		{"a gateway's 503", sandbox.Failure{Status: 503, Code: "BUSY"}, true, webhooks.Unconfirmed, store.OutcomeUnclear},
		{"the API's 503", sandbox.Failure{Status: 503, Code: "OPEN_API_BUSY"}, true, webhooks.Rejected, store.OutcomeFailed},
		{"a proxy's 429", sandbox.Failure{Status: 429, Body: html}, true, webhooks.Unconfirmed, store.OutcomeUnclear},
		{
			"the API's 429",
			sandbox.Failure{Status: 429, Code: "OPEN_API_TOO_MANY_REQUESTS"},
			true,
			webhooks.Rejected, store.OutcomeRefused,
		},
		{"a firewall's word", sandbox.Failure{Status: 403, Code: "BLOCKED"}, true, webhooks.Unconfirmed, store.OutcomeUnclear},
		{"the API's 400", sandbox.Failure{Status: 400, Code: "MADE_UP"}, true, webhooks.Rejected, store.OutcomeRefused},
		{
			"a firewall, and it isn't there",
			sandbox.Failure{Status: 403, Body: html},
			false,
			webhooks.Rejected, store.OutcomeFailed,
		},
		{
			"a proxy's 503, and it isn't there",
			sandbox.Failure{Status: 503, Body: html},
			false,
			webhooks.Rejected, store.OutcomeFailed,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t)
			p := g.process()
			who := g.person(p)
			want := content(good, "DONATION")
			test.failure.Method, test.failure.Path = http.MethodPost, apiWebhooks
			test.failure.Effect = test.want == webhooks.Unconfirmed
			g.box.FailNext(test.failure)
			p.before = func(r *http.Request) {
				if r.Method == http.MethodPost && test.unlisted {
					g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 403, Body: html, Times: 99})
				}
			}
			got, err := p.Create(t.Context(), p.request(who, "key"), want, webhooks.CreateOptions{})
			g.must(err)
			if got.State != test.want || got.Rejection == nil || got.Rejection.Status != test.failure.Status {
				t.Errorf("%+v", got)
			}
			if all := g.outcomes(who, activity.CreateWebhook); !slices.Equal(all, []string{test.outcome}) {
				t.Errorf("recorded %v", all)
			}
			g.box.ForgetFailures()
			if test.want != webhooks.Unconfirmed {
				return
			}
			got, finding, err := p.Confirm(t.Context(), p.request(who, "key"), want)
			if err != nil || got.State != webhooks.Created || finding != webhooks.Found || g.sent(http.MethodPost) != 1 {
				t.Errorf("looked for: %+v, %v, %v by %d calls", got, finding, err, g.sent(http.MethodPost))
			}
		})
	}
}

// TestLateWebhook: an API that doesn't know a new webhook yet. The create is unconfirmed, and its secret is kept until
// the webhook is found.
func TestLateWebhook(t *testing.T) {
	g := newRig(t)
	p := g.process()
	who := g.person(p)
	want := content(good, "DONATION")
	p.before = func(r *http.Request) {
		if r.Method == http.MethodPost {
			g.box.FailNext(sandbox.Failure{
				Method: http.MethodGet, Path: apiWebhooks + "/*", Status: 404, Code: "WEBHOOK_NOT_FOUND", Times: 99,
			})
			g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 500, Times: 99})
		}
	}
	got, err := p.Create(t.Context(), p.request(who, "key"), want, webhooks.CreateOptions{})
	g.must(err)
	if got.State != webhooks.Unconfirmed || got.Rejection == nil || got.Rejection.Reason != webhooks.ReturnedUnknown {
		t.Fatalf("%+v", got)
	}
	g.box.ForgetFailures()
	got, _, err = p.Confirm(t.Context(), p.request(who, "key"), want)
	if err != nil || got.State != webhooks.Created {
		t.Fatalf("looked for: %+v, %v", got, err)
	}
	secret, _, err := g.store.Secret(t.Context(), who.conn.Owner, who.shop.ID, got.Webhook.ID)
	if err != nil || secret == "" {
		t.Errorf("its secret was lost: %v", err)
	}
}

// TestUnclearForGood: an outcome that is unclear for an hour stays unclear, and the API is no longer asked about it.
func TestUnclearForGood(t *testing.T) {
	g := newRig(t)
	p := g.process()
	who := g.person(p)
	base := content(good, "DONATION")
	id := g.add(who, base)
	g.box.FailNext(sandbox.Failure{Method: http.MethodPut, Path: apiWebhooks + "/*", Status: 500})
	got, err := p.Update(t.Context(), p.request(who, "key"), id,
		webhooks.Change{Base: base, Want: content(good, "ORDER_PLACED")})
	if err != nil || got.State != webhooks.Unconfirmed {
		t.Fatalf("without a response: %+v, %v", got, err)
	}
	g.move(g.timing.Recheck + time.Second)
	before := g.sent(http.MethodGet)
	g.must(p.Reconcile(t.Context(), 100))
	if n := g.sent(http.MethodGet) - before; n != 0 {
		t.Errorf("%d calls", n)
	}
	if got := g.outcomes(who, activity.UpdateWebhook); !slices.Equal(got, []string{store.OutcomeUnclear}) {
		t.Errorf("the attempts: %v", got)
	}
}
