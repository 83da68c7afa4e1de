package fleet_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

func (g *rig) actor(person string) activity.Actor {
	return activity.Actor{Owner: g.owner, Person: store.ActivityPerson{ID: person, Name: person}}
}

// plans makes a plan for shops, and returns it.
func (g *rig) plans(e fleet.Edit, shops ...string) store.Plan {
	g.t.Helper()
	p, _, err := g.MakePlan(g.t.Context(), g.actor("ada"), fmt.Sprint("form ", g.ahead.Load()), e, shops)
	g.must(err)
	g.move(time.Millisecond)
	return p
}

// applies begins the run of a plan and visits the shops that it enqueues, until there is nothing more to do.
func (g *rig) applies(p store.Plan) {
	g.t.Helper()
	g.must(g.ApplyPlan(g.t.Context(), g.actor("bo"), p, p.Digest, 1))
	g.works()
}

// works visits what is enqueued.
func (g *rig) works() {
	g.t.Helper()
	for range 20 {
		g.queue.mu.Lock()
		shops := g.queue.shops
		g.queue.shops = nil
		g.queue.mu.Unlock()
		if len(shops) == 0 {
			return
		}
		for _, shop := range shops {
			g.move(time.Minute)
			g.visit(shop)
		}
	}
}

// standing writes the state of a plan and of its items.
func (g *rig) standing(p store.Plan) string {
	g.t.Helper()
	now, err := g.store.Plan(g.t.Context(), g.owner, p.Number)
	g.must(err)
	items, err := g.store.PlanItems(g.t.Context(), g.owner, p.Number)
	g.must(err)
	text := strings.TrimSpace(now.State + " " + now.Why)
	for _, i := range items {
		text += ", " + strings.TrimSpace(i.State+" "+i.Code)
	}
	return text
}

// has returns what the sandbox really has in a shop, as URL and number of event types.
func (g *rig) has(n int) (all []string) {
	g.t.Helper()
	for _, hook := range g.listed(n) {
		all = append(all, fmt.Sprint(hook.URL, " ", len(fourthwall.TypeSet(hook.AllowedTypes))))
	}
	return all
}

// listed lists the webhooks of a demo shop, beside the service.
func (g *rig) listed(n int) []fourthwall.Webhook {
	g.t.Helper()
	conn, err := g.store.Connection(g.t.Context(), g.owner, g.box.Shops()[n].ID)
	g.must(err)
	list, err := g.connected.Client(conn).Webhooks(g.t.Context())
	g.must(err)
	return list.Webhooks
}

// allDone is how a run of two items stands at its end.
const allDone = "done" + ", done" + ", done"

const newHook = "https://hooks.example.com/new"

func copyOf(types ...fourthwall.EventType) fleet.Edit {
	return fleet.Edit{Kind: fleet.CopyHook, Content: &fourthwall.Content{URL: newHook, AllowedTypes: types}}
}

// TestRun makes, applies and undoes a plan in two shops.
func TestRun(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	first, second := g.connect(g.owner, studio), g.connect(g.owner, tidewater)
	g.visit(first)
	g.visit(second)
	before := fmt.Sprint(g.has(studio), g.has(tidewater))
	p := g.plans(copyOf("ORDER_PLACED", "DONATION"), first, second)
	g.sent("")
	g.applies(p)
	if got := g.standing(p); got != allDone {
		t.Fatalf("the run is %s", got)
	}
	for _, n := range []int{studio, tidewater} {
		if got := g.has(n); got[len(got)-1] != newHook+" 2" && got[0] != newHook+" 2" {
			t.Errorf("shop %d has %q", n, got)
		}
	}
	again, proposal, err := g.MakePlan(t.Context(), g.actor("ada"), "again", copyOf("ORDER_PLACED", "DONATION"),
		[]string{first, second})
	if !errors.Is(err, fleet.ErrNothingToChange) || proposal.Same != 2 {
		t.Errorf("the same again: %+v, %+v, %v", again, proposal, err)
	}
	done, _, err := g.ReadPlan(t.Context(), g.owner, p.Number)
	g.must(err)
	undo, err := g.UndoPlan(t.Context(), g.actor("ada"), "undo", done)
	g.must(err)
	g.applies(undo)
	if got := g.standing(undo); got != allDone {
		t.Fatalf("the undo is %s", got)
	}
	if after := fmt.Sprint(g.has(studio), g.has(tidewater)); after != before {
		t.Errorf("undone: %s, before: %s", after, before)
	}
}

// TestUndoOfADuplicate: an undo creates a webhook again although another one, which the review knew of, gets the same
// events.
func TestUndoOfADuplicate(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	shop := g.connect(g.owner, studio)
	for _, address := range []string{newHook, "https://hooks.example.com:443/new"} {
		_, err := g.box.AddWebhook(shop, address, []string{"DONATION"})
		g.must(err)
	}
	g.visit(shop)
	before := g.has(studio)
	p := g.plans(fleet.Edit{Kind: fleet.DeleteHooks, URL: newHook}, shop)
	g.applies(p)
	if got := len(g.has(studio)); got != len(before)-1 {
		t.Fatalf("%d webhooks are left of %d", got, len(before))
	}
	undo, err := g.UndoPlan(t.Context(), g.actor("ada"), "undo", p)
	g.must(err)
	g.applies(undo)
	after := g.has(studio)
	slices.Sort(before)
	slices.Sort(after)
	if !slices.Equal(before, after) {
		t.Errorf("undone: %q (%s), before: %q", after, g.standing(undo), before)
	}
}

// TestItemEnds: how one item of a run ends, by what Fourthwall does.
func TestItemEnds(t *testing.T) {
	t.Parallel()
	const rejects = `{"code":"WEBHOOK_URI_IP_NOT_ALLOWED","status":400,"title":"Bad Request"}`
	tests := map[string]struct {
		before func(g *rig, shop string) // after the plan was made
		want   string
		made   int // webhooks
	}{
		"created": {func(*rig, string) {}, "done, done", 1},
		"somebody created it meanwhile": {func(g *rig, shop string) {
			conn, err := g.store.Connection(g.t.Context(), g.owner, shop)
			g.must(err)
			_, err = g.connected.Client(conn).CreateWebhook(g.t.Context(), *copyOf("DONATION").Content)
			g.must(err)
		}, "done, changed duplicate", 1},
		"rejected": {func(g *rig, _ string) {
			g.answer(http.MethodPost, http.StatusBadRequest, rejects)
		}, "done, rejected WEBHOOK_URI_IP_NOT_ALLOWED", 0},
		"not allowed": {func(g *rig, _ string) {
			g.answer(http.MethodPost, http.StatusForbidden, `{"code":"FORBIDDEN","status":403,"title":"Forbidden"}`)
		}, "done, rejected FORBIDDEN", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			shop := g.connect(g.owner, studio)
			g.visit(shop)
			p := g.plans(copyOf("DONATION"), shop)
			test.before(g, shop)
			g.applies(p)
			if got := g.standing(p); got != test.want {
				t.Errorf("the run is %q, want %q", got, test.want)
			}
			_, ended, _ := strings.Cut(test.want, ", ")
			state, _, _ := strings.Cut(ended, " ")
			if got := g.observed(); got != "visit ok, item "+state+", visit ok" {
				t.Errorf("observed is %q", got)
			}
			g.answer("", 0, "")
			if got := g.has(studio); len(got) != test.made {
				t.Errorf("the shop has %q", got)
			}
		})
	}
}

// answer makes the API answer requests with a method to webhooks, until answer("", …) is called.
func (g *rig) answer(method string, status int, body string) {
	g.reply("", 0, "", nil)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answers = func(r *http.Request) (*http.Response, error) {
		if r.Method != method || !strings.HasPrefix(r.URL.Path, webhooksPath) {
			return nil, nil
		}
		return jsonAnswer(r, status, body), nil
	}
}

// TestRunAfterLostAnswers: a create whose answer is lost is found, and never made twice.
func TestRunAfterLostAnswers(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	shop := g.connect(g.owner, studio)
	g.visit(shop)
	p := g.plans(copyOf("DONATION"), shop)
	lost := 0
	g.mu.Lock()
	g.answers = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost && lost == 0 && strings.HasPrefix(r.URL.Path, webhooksPath) {
			lost++
			r.RemoteAddr, r.RequestURI = "127.0.0.1:1", r.URL.RequestURI()
			g.box.ServeHTTP(httptest.NewRecorder(), r)
			return nil, io.ErrUnexpectedEOF
		}
		return nil, nil
	}
	g.mu.Unlock()
	g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
	for range 5 {
		g.move(time.Minute)
		g.visit(shop)
	}
	if got, has := g.standing(p), g.has(studio); got != "done, done" || len(has) != 1 || lost != 1 {
		t.Errorf("the run is %q, the shop has %q, %d lost", got, has, lost)
	}
}

// TestChangedSinceReview: an item whose webhook is no longer what was reviewed isn't applied.
func TestChangedSinceReview(t *testing.T) {
	t.Parallel()
	edits := map[string]fleet.Edit{
		"update": {Kind: fleet.AddTypes, Types: []fourthwall.EventType{"GIFT_PURCHASE"}, URL: newHook},
		"delete": {Kind: fleet.DeleteHooks, URL: newHook},
	}
	for name, e := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			shop := g.connect(g.owner, studio)
			conn, err := g.store.Connection(t.Context(), g.owner, shop)
			g.must(err)
			client := g.connected.Client(conn)
			hook, err := client.CreateWebhook(t.Context(), *copyOf("DONATION").Content)
			g.must(err)
			g.visit(shop)
			p := g.plans(e, shop)
			_, err = client.UpdateWebhook(t.Context(), hook.ID, *copyOf("DONATION", "ORDER_PLACED").Content)
			g.must(err)
			g.applies(p)
			if got := g.standing(p); got != "done, changed" {
				t.Errorf("the run is %q", got)
			}
			if got := g.has(studio); len(got) != 1 || got[0] != newHook+" 2" {
				t.Errorf("the shop has %q", got)
			}
		})
	}
}

// TestAlteredPlan: whatever is altered in a stored plan, nothing of it is applied.
func TestAlteredPlan(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	shop := g.connect(g.owner, studio)
	g.visit(shop)
	p := g.plans(copyOf("DONATION"), shop)
	g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
	_, err := g.raw().ExecContext(t.Context(), "UPDATE plans SET digest = 'x' || digest")
	g.must(err)
	g.sent("")
	g.move(time.Minute)
	g.visit(shop)
	if _, err := g.store.Plan(t.Context(), g.owner, p.Number); !errors.Is(err, store.ErrPlanAltered) {
		t.Errorf("the plan reads with %v", err)
	}
	if got := g.has(studio); len(got) > 0 {
		t.Errorf("the shop has %q", got)
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	shop := g.connect(g.owner, studio)
	g.visit(shop)
	p := g.plans(copyOf("DONATION"), shop)
	tests := []struct {
		state         string
		shops, people int
		approved      bool
		want          bool
	}{
		{store.PlanDraft, 19, 2, false, false},
		{store.PlanDraft, 20, 2, false, true},
		{store.PlanDraft, 20, 2, true, false},
		{store.PlanDraft, 1000, 1, false, false},
		{store.PlanPaused, 20, 2, false, false}, // nobody else could approve it when it began
	}
	for _, test := range tests {
		p := store.Plan{State: test.state, Shops: test.shops}
		if test.approved {
			p.Approved.At = time.Now()
		}
		if got := g.NeedsApproval(p, test.people); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
	if err := g.ApprovePlan(t.Context(), g.actor("ada"), p, p.Digest); !errors.Is(err, fleet.ErrOwnPlan) {
		t.Errorf("by the person who made it: %v", err)
	}
	g.must(g.ApprovePlan(t.Context(), g.actor("bo"), p, p.Digest))
	p.Shops = 20
	if err := g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 2); !errors.Is(err, fleet.ErrNeedsApproval) {
		t.Errorf("as it was read before: %v", err)
	}
	now, _, err := g.ReadPlan(t.Context(), g.owner, p.Number)
	g.must(err)
	now.Shops = 20
	g.must(g.ApplyPlan(t.Context(), g.actor("bo"), now, now.Digest, 2))
}
