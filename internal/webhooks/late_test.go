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

// unanswered is a create that gets no response. Its webhook may appear later.
func (g *rig) unanswered(p *process, who person, key string) {
	g.t.Helper()
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
	got, err := p.Create(g.t.Context(), p.request(who, key), content(good, "DONATION"), webhooks.CreateOptions{})
	if err != nil || got.State != webhooks.Unconfirmed {
		g.t.Fatalf("without a response: %+v, %v", got, err)
	}
}

// TestLateEffect: a create got no response, and its webhook appears after it was as good as certain that it wouldn't.
// Nothing is created again unless a person decides so, and never while the webhook is listed.
func TestLateEffect(t *testing.T) {
	want := content(good, "DONATION")
	usual := webhooks.DefaultTiming()
	for _, test := range []struct {
		name    string
		key     string // of the second request
		options webhooks.CreateOptions
		later   time.Duration // from the first
		confirm bool          // the second only looks for the webhook
		there   bool          // the webhook has appeared by then
		state   webhooks.State
		sent    int // by the second
	}{
		{name: "by the same key", key: "a", later: usual.Certain + time.Second, state: webhooks.Absent},
		{name: "by a job", key: "a", later: 24*time.Hour - time.Minute, state: webhooks.Absent},
		{name: "looked for", key: "a", later: usual.Certain + time.Second, confirm: true, state: webhooks.Absent},
		{name: "looked for soon", key: "a", later: usual.Late, confirm: true, state: webhooks.Unconfirmed},
		{name: "by another key", key: "b", later: usual.Certain + time.Second, state: webhooks.Absent},
		{
			name: "decided", key: "a", options: webhooks.CreateOptions{AfterAbsence: true}, later: usual.Certain + time.Second,
			state: webhooks.Created, sent: 1,
		},
		{
			name: "decided too soon", key: "a", options: webhooks.CreateOptions{AfterAbsence: true}, later: usual.Late,
			state: webhooks.Unconfirmed,
		},
		{
			name: "decided under another key", key: "b", options: webhooks.CreateOptions{AfterAbsence: true},
			later: usual.Late, state: webhooks.Created, sent: 1,
		},
		{
			name: "decided, and there", key: "a", options: webhooks.CreateOptions{AfterAbsence: true},
			later: usual.Certain + time.Second, there: true, state: webhooks.Created,
		},
		{
			name: "decided under another key, and there", key: "b", options: webhooks.CreateOptions{AfterAbsence: true},
			later: usual.Certain + time.Second, there: true, state: webhooks.Rejected, // with the question
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t)
			p := g.process()
			who := g.person(p)
			g.unanswered(p, who, "a")
			g.move(test.later)
			g.must(p.Reconcile(t.Context(), 100))
			if test.there {
				g.add(who, want)
			}
			var got webhooks.Result
			var err error
			if test.confirm {
				got, _, err = p.Confirm(t.Context(), p.request(who, test.key), want)
			} else {
				got, err = p.Create(t.Context(), p.request(who, test.key), want, test.options)
			}
			if err != nil || got.State != test.state || g.sent(http.MethodPost) != 1+test.sent {
				t.Errorf("%+v, %v, by %d calls", got, err, g.sent(http.MethodPost)-1)
			}
		})
	}
}

// TestDecidedWithoutAList: a person has decided to create a webhook again, and by then the list can't be read.
// Nothing is sent.
func TestDecidedWithoutAList(t *testing.T) {
	g := newRig(t)
	p := g.process()
	who := g.person(p)
	g.unanswered(p, who, "a")
	g.move(g.timing.Certain + time.Second)
	decide := func() webhooks.Result {
		got, err := p.Create(t.Context(), p.request(who, "a"), content(good, "DONATION"),
			webhooks.CreateOptions{AfterAbsence: true})
		g.must(err)
		return got
	}
	lists := 0
	p.before = func(r *http.Request) { // the list that finds nothing is read, the one right before the call isn't
		if r.Method == http.MethodGet {
			if lists++; lists > 1 {
				g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 500})
			}
		}
	}
	got := decide()
	if got.State != webhooks.Rejected || got.Rejection.Reason != webhooks.EarlierAttempt || g.sent(http.MethodPost) != 1 {
		t.Errorf("%+v by %d calls", got, g.sent(http.MethodPost)-1)
	}
	p.before = nil
	g.box.ForgetFailures()
	undecided, err := p.Create(t.Context(), p.request(who, "a"), content(good, "DONATION"), webhooks.CreateOptions{})
	if err != nil || undecided.State != webhooks.Absent || g.sent(http.MethodPost) != 1 {
		t.Errorf("pressed again: %+v, %v", undecided, err)
	}
	if got := decide(); got.State != webhooks.Created || g.sent(http.MethodPost) != 2 {
		t.Errorf("decided again: %+v", got)
	}
}

// TestLateEffectIsAttributed: a webhook that appears long after its create is attributed to it, also if it was created
// again by then. An absence counts as not done after an hour.
func TestLateEffectIsAttributed(t *testing.T) {
	want := content(good, "DONATION")
	for _, test := range []struct {
		name    string
		again   bool // it is created again before it appears
		appears bool
		then    []string // outcomes right after that
		end     []string // after an hour
	}{
		{"it never appears", false, false, []string{store.OutcomeUnclear}, []string{store.OutcomeFailed}},
		{"it appears", false, true, []string{store.OutcomeDone}, []string{store.OutcomeDone}},
		{
			"created again, and it never appears", true, false,
			[]string{store.OutcomeUnclear, store.OutcomeDone},
			[]string{store.OutcomeFailed, store.OutcomeDone},
		},
		{
			"created again, and it appears", true, true,
			[]string{store.OutcomeDone, store.OutcomeDone},
			[]string{store.OutcomeDone, store.OutcomeDone},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t)
			p := g.process()
			who := g.person(p)
			g.unanswered(p, who, "a")
			g.move(g.timing.Certain + time.Second)
			g.must(p.Reconcile(t.Context(), 100))
			if test.again {
				got, err := p.Create(t.Context(), p.request(who, "a"), want, webhooks.CreateOptions{AfterAbsence: true})
				if err != nil || got.State != webhooks.Created {
					t.Fatalf("%+v, %v", got, err)
				}
			}
			if test.appears {
				g.add(who, want)
			}
			g.move(g.timing.LastRecheck)
			g.must(p.Reconcile(t.Context(), 100))
			if got := g.outcomes(who, activity.CreateWebhook); !slices.Equal(got, test.then) {
				t.Errorf("the attempts: %v", got)
			}
			g.move(g.timing.Recheck)
			g.must(p.Reconcile(t.Context(), 100))
			if got := g.outcomes(who, activity.CreateWebhook); !slices.Equal(got, test.end) {
				t.Errorf("after an hour: %v", got)
			}
			ids := map[string]bool{}
			for _, id := range g.made(who) {
				if id != "" && ids[id] {
					t.Errorf("two creates are said to have made %s", id)
				}
				ids[id] = true
			}
			before := g.sent(http.MethodGet)
			g.move(g.timing.Recheck)
			g.must(p.Reconcile(t.Context(), 100))
			if n := g.sent(http.MethodGet) - before; n != 0 {
				t.Errorf("%d more calls", n)
			}
		})
	}
}

// made returns the webhooks that the recorded creates made.
func (g *rig) made(who person) (ids []string) {
	g.t.Helper()
	found, err := g.store.Activities(g.t.Context(),
		store.ActivityQuery{Shop: who.shop.ID, Action: activity.CreateWebhook, Limit: 100})
	g.must(err)
	for _, a := range found.Rows {
		ids = append(ids, a.WebhookID)
	}
	return ids
}
