package handlers

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// newPlanRig returns a dashboard for a team with three real shops that were
// visited: without webhooks, with one that is locked, and with three.
func newPlanRig(t testing.TB) *rig {
	t.Helper()
	g := newRig(t, options{fleet: true, direct: true, team: &team.Config{Groups: roleGroups}})
	boss := g.member(team.Admin)
	for n := range 3 {
		boss.connectKey(n)
	}
	g.visits(true)
	return g
}

// visits has all shops visited, or else those that were enqueued, until no more are.
func (g *rig) visits(all bool) {
	g.t.Helper()
	shops := g.queue.take()
	if all {
		shops = nil
		for n := range 3 {
			shops = append(shops, g.box.Shops()[n].ID)
		}
	}
	for range 20 {
		for _, shop := range shops {
			g.move(time.Minute)
			_, err := g.server.Fleet.Visit(g.t.Context(), shop, func(context.Context, *sql.Tx, time.Time) error { return nil })
			g.must(err)
		}
		if shops = g.queue.take(); len(shops) == 0 {
			return
		}
	}
}

// newPlan opens the form of a kind for the shops that a filter shows.
func (p *person) newPlan(query string) *form {
	p.t.Helper()
	return p.get(newPlanPath + "?" + query).want(http.StatusOK).postForm(plansPath)
}

// copies plans a webhook for all shops.
func (p *person) copies(address string, types ...string) *page {
	p.t.Helper()
	return p.newPlan("kind=copy").set(toField, address).set(typesField, types...).submit()
}

// puts stores shops that nobody can call.
func (g *rig) puts(n int, hooks ...fleet.Webhook) {
	g.t.Helper()
	for i := range n {
		fleettest.Put(g.t, g.store, g.server.Team.Owner(),
			fleettest.Shop{
				ID: fmt.Sprintf("sh_%04d", i), Name: fmt.Sprint("Shop ", i), Webhooks: hooks, Labels: []string{"many"},
			})
	}
}

// postButtons returns the texts of the buttons of the page's own forms.
func (pg *page) postButtons() (all []string) {
	walk(pg.doc, func(n *html.Node) {
		if n.Data == "form" && attr(n, "method") == "post" {
			walk(n, func(b *html.Node) {
				if b.Data == "button" {
					all = append(all, textOf(b))
				}
			})
		}
	})
	return all
}

// TestPlanIsMadeAndApplied: a person plans a change for all shops, reviews it,
// applies it, and plans its undo. Each step is recorded.
func TestPlanIsMadeAndApplied(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	p.get(plansPath).want(http.StatusOK, "No plans yet")
	pg := p.copies(good, "ORDER_PLACED", "DONATION").want(http.StatusOK,
		"Plan 1 · hooks.example.com/fourthwall in 3 shops", "Made by you", "3 changes", "0 edits", "3 new webhooks", "0 deletes",
		"New webhook", "+ Donation, Order placed", g.box.Shops()[0].Name, "Wave 1", "Wave 2")
	if pg.url.Path != planPath(1) {
		t.Fatalf("the plan is at %s", pg.url)
	}
	if got := pg.postButtons(); !slices.Contains(got, "Apply to 3 shops") {
		t.Errorf("the buttons are %q", got)
	}
	pg.postForm("/apply").submit().want(http.StatusOK, "The run has begun", "0 of 3 changes done", "Wave 1", "To go")
	g.visits(false)
	run := p.get(planPath(1)).want(http.StatusOK, "3 of 3 changes done", "Created", "applied by you")
	if strings.Contains(run.text(), "Stop ") {
		t.Error("a run that is done can be stopped")
	}
	for n := range 3 {
		hooks := g.box.Webhooks(g.box.Shops()[n].ID)
		if !slices.ContainsFunc(hooks, func(h sandbox.Webhook) bool { return h.URL == good }) {
			t.Errorf("shop %d has %v", n, hooks)
		}
	}
	run.postForm("/undo").submit().want(http.StatusOK, "Plan 2 · Undo plan 1", "3 deletes", "only an admin can apply it")
	p.get(plansPath).want(http.StatusOK, "Plan 2", "Undo", "Draft", "Plan 1", "Copy a webhook", "3 shops", "Done")
	boss := g.member(team.Admin)
	boss.get(teamActivityPath).want(http.StatusOK, "Plan made", "Plan applied", "Plan 1", "Plan 2", "Digest")
	records := boss.get(teamActivityPath + ".csv?action=" + activity.ApplyPlan).records()
	applied, err := g.store.Plan(t.Context(), g.server.Team.Owner(), 1)
	g.must(err)
	want := []string{"plan.apply", "The operator", "operator@agency.example", "operator", "Plan 1"}
	if diff := cmp.Diff(want, records[1][1:6]); diff != "" || records[1][14] != applied.Digest {
		t.Errorf("%s, digest %s", diff, records[1][14])
	}
}

// TestPlanForm: what is wrong with a form is at its field, all that was typed
// stays, and nothing is planned.
func TestPlanForm(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	p := g.member(team.Operator)
	g.puts(3, fleettest.Hook("wcon_1", agencyHost, "DONATION", "NEW_TYPE"))
	fleettest.Put(t, g.store, g.server.Team.Owner(), fleettest.Shop{
		ID: "sh_stale", Name: "Granite Choir", Ago: 40 * time.Hour, Webhooks: []fleet.Webhook{fleettest.Hook("wcon_2", good, "DONATION")},
	})
	fleettest.Put(t, g.store, g.server.Team.Owner(), fleettest.Shop{ID: "sh_ended", Name: "Paper Comet", Expired: true})
	fleettest.Put(t, g.store, g.server.Team.Owner(), fleettest.Shop{ID: "sh_new", Name: "Owl Post", Unseen: true})
	for name, row := range map[string]struct {
		query  string
		fields url.Values
		status int
		says   []string
	}{
		"no event types": {"kind=add_types", nil, 422, []string{noTypesText}},
		"a URL that none has": {
			"kind=add_types",
			url.Values{onlyField: {"https://none.example/"}, typesField: {"DONATION"}},
			422,
			[]string{noSuchURLText},
		},
		"an event type that none has": {"kind=remove_types", url.Values{typesField: {"OTHER_TYPE"}}, 422, []string{unknownTypesText}},
		"an event type that one has":  {"kind=remove_types", url.Values{typesField: {"NEW_TYPE"}}, 200, []string{"NEW_TYPE removed from 3 shops"}},
		"no URL to replace":           {"kind=replace_url", url.Values{toField: {good}}, 422, []string{fromMissingText}},
		"no new URL":                  {"kind=replace_url", url.Values{fromField: {agencyHost}}, 422, []string{"Enter the URL that Fourthwall should send events to"}},
		"the same URL":                {"kind=replace_url", url.Values{fromField: {agencyHost}, toField: {agencyHost}}, 422, []string{sameURLText}},
		"a URL with a line break":     {"kind=copy", url.Values{toField: {"https://exa mple.com/a b"}, typesField: {"DONATION"}}, 422, []string{"space"}},
		"both fields":                 {"kind=replace_host", nil, 422, []string{hostMissingText}},
		"a host that none has":        {"kind=replace_host", url.Values{fromField: {"none.example"}, toField: {"new.example"}}, 422, []string{noSuchHostText}},
		"a path": {
			"kind=replace_host",
			url.Values{fromField: {"hooks.agency.example"}, toField: {"https://new.example/fw"}},
			422,
			[]string{hostOnlyText},
		},
		"a host as a URL": {
			"kind=replace_host",
			url.Values{fromField: {"https://hooks.agency.example/"}, toField: {"NEW.example"}},
			200,
			[]string{"new.example in 3 shops", "Before", "After", "https://new.example/fw"},
		},
		"as they are": {
			"kind=add_types",
			url.Values{typesField: {"DONATION"}},
			422,
			[]string{
				"Nothing would change", "3 shops are already like this", "1 shop left out. Their connection has ended.",
				"1 shop left out. We read their webhooks too long ago.", "1 shop left out. We have not read their webhooks yet.",
			},
		},
		"no event types left": {
			"kind=remove_types",
			url.Values{typesField: {"DONATION", "NEW_TYPE"}},
			422,
			[]string{"Nothing would change", "3 shops left out. The webhook would have no event types."},
		},
		"without what can't be seen": {
			"kind=copy",
			url.Values{toField: {"https://example.com/a\u200bb"}, typesField: {"DONATION"}},
			422,
			[]string{"can’t be seen", "Review as typed"},
		},
		"of some shops": {
			"kind=add_types&label=many",
			url.Values{typesField: {"ORDER_PLACED"}},
			200,
			[]string{"Order placed for 3 shops", "2 event types", "3 event types", "+ Order placed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := p.newPlan(row.query)
			for field, values := range row.fields {
				f.set(field, values...)
			}
			pg := f.submit().want(row.status, row.says...)
			if row.status == http.StatusOK {
				return
			}
			again := pg.postForm(plansPath)
			for field, values := range row.fields {
				if diff := cmp.Diff(values, again.values[field]); diff != "" {
					t.Errorf("%s: %s", field, diff)
				}
			}
			if again.values.Get(keyField) != f.values.Get(keyField) {
				t.Error("the form has another ID")
			}
		})
	}
}

// TestPlanFormSentAgain: a form that is sent twice makes one plan. One that was
// changed after Back makes another, of what it says now.
func TestPlanFormSentAgain(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	f := p.newPlan("kind=copy").set(toField, good).set(typesField, "DONATION")
	for range 2 {
		if pg := f.submit().want(http.StatusOK, "+ Donation"); pg.url.Path != planPath(1) {
			t.Errorf("the plan is at %s", pg.url)
		}
	}
	if pg := f.set(typesField, "ORDER_PLACED").submit().want(http.StatusOK, "+ Order placed"); pg.url.Path != planPath(2) {
		t.Errorf("the other plan is at %s", pg.url)
	}
}

// TestPlaceholdersWithoutTemplate: the review says that a placeholder stays in the
// URL, since only templates fill it in.
func TestPlaceholdersWithoutTemplate(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	says := "Only a template fills in {shop.name}. Here it stays in the URL as it is."
	p.copies("https://hooks.example.com/{shop.name}", "DONATION").want(http.StatusOK, "3 new webhooks", says)
	p.copies("https://hooks.example.com/{shop.name}").want(http.StatusUnprocessableEntity, says)
	other := p.copies("https://hooks.example.com/{name}", "DONATION").want(http.StatusOK)
	if strings.Contains(other.text(), "template fills") {
		t.Error("it warns of a word that isn't a placeholder")
	}
}

// TestPlanForOtherShops: a form whose filter shows other shops by now comes back.
func TestPlanForOtherShops(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	p := g.member(team.Operator)
	g.puts(3, fleettest.Hook("wcon_1", agencyHost, "DONATION"))
	f := p.newPlan("kind=add_types&label=many").set(typesField, "ORDER_PLACED")
	g.puts(4, fleettest.Hook("wcon_1", agencyHost, "DONATION"))
	pg := f.submit().want(http.StatusConflict, otherShopsTitle, "Plan a change for 4 shops")
	pg.postForm(plansPath).submit().want(http.StatusOK, "Order placed for 4 shops")
}

// TestOneShopHasNoPlans: whoever has one shop sees nothing of plans.
func TestOneShopHasNoPlans(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	for _, path := range []string{plansPath, newPlanPath, newPlanPath + "?kind=delete"} {
		if pg := p.get(path); pg.url.Path != shopsPath {
			t.Errorf("%s leads to %s", path, pg.url)
		}
	}
	for _, path := range []string{shopsPath, webhookPath(shop.ID, hook.ID)} {
		if text := p.get(path).want(http.StatusOK).body; strings.Contains(text, plansPath) {
			t.Errorf("%s names plans", path)
		}
	}
}

// TestPlanForOwnShops: without a team, one person makes and applies a plan for
// any number of shops.
func TestPlanForOwnShops(t *testing.T) {
	t.Parallel()
	var shops []fleettest.Shop
	for i := range 25 {
		shops = append(shops, fleettest.Shop{ID: fmt.Sprint("sh_", i), Name: fmt.Sprint("Shop ", i)})
	}
	_, p := newFleetRig(t, shops...)
	pg := p.copies(good, "DONATION").want(http.StatusOK, "Made by you", "25 new webhooks", "Pauses after the first shop")
	if strings.Contains(pg.text(), "Approval") {
		t.Error("it needs approval")
	}
	pg.postForm("/apply").submit().want(http.StatusOK, "The run has begun", "0 of 25 changes done")
}

// TestPlanRights: what each person may do with a plan, by its page and by what
// the forms do. A page has no button that would be refused.
func TestPlanRights(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	g.puts(25, fleettest.Hook("wcon_1", agencyHost, "DONATION"))
	boss, author, second := g.member(team.Admin), g.member(team.Operator), g.signsIn(team.Identity{
		Issuer: "https://id.example", Subject: "second", Name: "The second", Groups: []string{"operator"},
	})
	reader := g.member(team.Viewer)
	planned := func(p *person, query string, types ...string) string {
		return p.newPlan(query).set(toField, good).set(typesField, types...).submit().want(http.StatusOK).url.Path
	}
	fleettest.Put(t, g.store, g.server.Team.Owner(), fleettest.Shop{ID: "sh_other", Name: "Other"})
	few := planned(author, "kind=copy&q=sh_other", "ORDER_PLACED")
	many := planned(author, "kind=add_types&label=many", "ORDER_PLACED")
	deletes := planned(author, "kind=delete&q=sh_0001")
	for _, row := range []struct {
		who     *person
		path    string
		buttons []string
		says    string
		apply   int // status of that form
		approve int
	}{
		{reader, few, nil, "Operators and admins can apply plans. Ask The admin", 403, 403},
		{reader, many, nil, "Operators and admins can apply plans.", 403, 403},
		{author, many, []string{"Rehearse"}, "Can approve: The admin, The second", 409, 409},
		{author, deletes, []string{"Rehearse"}, "only an admin can apply it. Ask The admin", 403, 409},
		{second, deletes, []string{"Rehearse"}, "only an admin can apply it. Ask The admin", 403, 200},
		{second, many, []string{"Approve", "Rehearse"}, "Can approve", 409, 200},
		{author, many, []string{"Apply to 25 shops", "Rehearse"}, "Approved by The second", 200, 409},
		{boss, deletes, []string{"Rehearse", "Apply to 1 shop"}, "Type 1 to confirm", 422, 409},
		{author, few, []string{"Apply to 1 shop", "Rehearse"}, "Made by you", 200, 409},
	} {
		pg := row.who.get(row.path).want(http.StatusOK, row.says)
		if diff := cmp.Diff(row.buttons, pg.postButtons()); diff != "" {
			t.Errorf("%s: %s", row.path, diff)
		}
		number := 0
		_, err := fmt.Sscanf(row.path, "/plans/%d", &number)
		g.must(err)
		p, err := g.store.Plan(t.Context(), g.server.Team.Owner(), int64(number))
		g.must(err)
		digest := url.Values{"digest": {p.Digest}}
		if pg := row.who.post(row.path+"/apply", digest); pg.status != row.apply {
			t.Errorf("%s/apply by %s: %d, want %d: %s", row.path, row.who.id(), pg.status, row.apply, pg.text())
		}
		if pg := row.who.post(row.path+"/approve", digest); pg.status != row.approve {
			t.Errorf("%s/approve by %s: %d, want %d: %s", row.path, row.who.id(), pg.status, row.approve, pg.text())
		}
	}
}

// TestPlanOfSomebodyWithoutRights: a plan whose author may no longer change shops
// isn't applied.
func TestPlanOfSomebodyWithoutRights(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	g.puts(2, fleettest.Hook("wcon_1", agencyHost, "DONATION"))
	boss := g.member(team.Admin)
	ann := g.signsIn(team.Identity{
		Issuer: "https://id.example", Subject: "ann", Name: "Ann", Groups: []string{"operator"},
	})
	pg := ann.newPlan("kind=add_types").set(typesField, "ORDER_PLACED").submit().want(http.StatusOK)
	digest := pg.postForm("/apply").values
	by, err := g.server.Team.Person(t.Context(), boss.id())
	g.must(err)
	g.must(g.server.Team.Remove(t.Context(), by.Actor(), ann.id()))
	seen := boss.get(planPath(1)).want(http.StatusOK, "Ann made or approved this plan and can no longer change shops.")
	if got := seen.postButtons(); got != nil {
		t.Errorf("the buttons are %q", got)
	}
	boss.post(planPath(1)+"/apply", digest).want(http.StatusForbidden, "Make the plan again.")
	if got := g.queue.take(); len(got) != 0 {
		t.Errorf("enqueued: %q", got)
	}
}

// TestPlanDeletesByNumber: a plan that deletes webhooks needs their number, and
// what was typed stays.
func TestPlanDeletesByNumber(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	boss, shop := g.member(team.Admin), g.box.Shops()[2]
	before := g.box.Webhooks(shop.ID)
	pg := boss.newPlan("kind=delete&q="+shop.ID).submit().
		want(http.StatusOK, fmt.Sprint(len(before), " deletes"), "Deleted", before[0].URL)
	for _, typed := range []string{"", "0", "two", "33"} {
		again := pg.postForm("/apply").set("deletes", typed).submit().
			want(http.StatusUnprocessableEntity, "Nothing was deleted")
		if got := again.postForm("/apply").values.Get("deletes"); got != typed {
			t.Errorf("%q is now %q", typed, got)
		}
	}
	pg.postForm("/apply").set("deletes", fmt.Sprint(len(before))).submit().want(http.StatusOK, "The run has begun")
	g.visits(false)
	if left := g.box.Webhooks(shop.ID); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	boss.get(planPath(1)).want(http.StatusOK, "Deleted", "done").postForm("/undo")
}

// TestPlanIsRefused: what can't be done to a plan has its sentence, and nothing
// is sent.
func TestPlanIsRefused(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Admin)
	first := p.copies(good, "DONATION").want(http.StatusOK).postForm("/apply")
	second := p.copies(agencyHost, "DONATION").want(http.StatusOK).postForm("/apply")
	g.calls.forget()
	send := func(path string, values url.Values, status int, says ...string) {
		t.Helper()
		p.post(path, values).want(status, says...)
	}
	altered := url.Values{"digest": {strings.Repeat("0", 64)}}
	send(planPath(1)+"/apply", altered, http.StatusConflict, "This plan is not what was reviewed", "Make a new plan")
	send(planPath(1)+"/stop", first.values, http.StatusConflict, "This plan has changed", "Apply to 3 shops")
	send(planPath(1)+"/resume", first.values, http.StatusConflict, "This plan has changed")
	send(planPath(1)+"/undo", url.Values{keyField: {strings.Repeat("A", 26)}}, http.StatusConflict, "Nothing to undo")
	send(planPath(9), nil, http.StatusMethodNotAllowed)
	for _, path := range []string{planPath(9), plansPath + "/x", plansPath + "/9/stream"} {
		p.get(path).want(http.StatusNotFound, planUnknownText)
	}
	send(planPath(9)+"/apply", first.values, http.StatusNotFound, planUnknownText)
	first.submit().want(http.StatusOK, "The run has begun")
	first.submit().want(http.StatusConflict, "This plan has changed")
	second.submit().want(http.StatusConflict, "Plan 1 is at work in 3 of these shops", "Open plan 1")
	p.get(planPath(1)).postForm("/stop").submit().want(http.StatusOK, "The run is stopped", "Stopped by a person")
	if got := g.calls.of(http.MethodPost); len(got) != 0 {
		t.Errorf("sent: %v", got)
	}
	p.copies("https://third.example/", "DONATION").want(http.StatusUnprocessableEntity,
		"3 shops left out. Plan 1 is changing them, or is paused.", "Open plan 1")
}

// TestAlteredPlanIsNotShown: a plan whose stored document or digest was altered
// is named, and has no button.
func TestAlteredPlanIsNotShown(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"digest":   "UPDATE plans SET digest = 'x' || substr(digest, 2)",
		"document": "UPDATE plans SET document = x'0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVictimOf(t, options{direct: true, team: &team.Config{Groups: roleGroups}})
			v.puts(2, fleettest.Hook("wcon_1", agencyHost, "DONATION"))
			p := v.member(team.Admin)
			f := p.newPlan("kind=add_types").set(typesField, "ORDER_PLACED").submit().want(http.StatusOK).postForm("/apply")
			db, err := sql.Open("sqlite", "file:"+v.file)
			v.must(err)
			defer db.Close()
			_, err = db.ExecContext(t.Context(), change)
			v.must(err)
			for _, pg := range []*page{p.get(planPath(1)), f.submit()} {
				pg.want(http.StatusConflict, "Make a new plan")
				if got := pg.postButtons(); len(got) != 0 {
					t.Errorf("the buttons are %q", got)
				}
			}
			if got := v.queue.take(); len(got) != 0 {
				t.Errorf("enqueued: %q", got)
			}
		})
	}
}

// TestRunSaysWhatFailed: the items that failed come first, each with what its
// code means, and can be applied again.
func TestRunSaysWhatFailed(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	f := p.copies("https://example.com:8443/fw", "DONATION").want(http.StatusOK, "Fourthwall probably rejects port 8443").
		postForm("/apply")
	f.submit().want(http.StatusOK)
	g.visits(false)
	pg := p.get(planPath(1)).want(http.StatusOK, "Stopped because too many changes failed", "1 rejected", "2 to go",
		"Fourthwall doesn’t send to port 8443", "WEBHOOK_URI_PORT_NOT_ALLOWED")
	if got := pg.postButtons(); !slices.Equal(got, []string{"Resume", "Retry 1 failed", "End this run"}) {
		t.Errorf("the buttons are %q", got)
	}
	only := pg.link("2 to go").want(http.StatusOK, "To go").text()
	if strings.Contains(only, "WEBHOOK_URI_PORT_NOT_ALLOWED") {
		t.Error("the filter shows something else")
	}
	pg.link("Show what was reviewed").want(http.StatusOK, "3 new webhooks", "port 8443")
	pg.postForm("/retry").submit().want(http.StatusOK, "The run continues")
	g.visits(false)
	p.get(planPath(1)).want(http.StatusOK, "Stopped because too many changes failed")
	p.get(planPath(1)).postForm("/resume").submit().want(http.StatusOK, "The run continues")
	g.visits(false)
	if got := len(g.calls.of(http.MethodPost)); got < 3 {
		t.Errorf("%d were sent", got)
	}
	boss := g.member(team.Admin)
	boss.get(teamActivityPath).want(http.StatusOK, "Run resumed", "Failed changes retried")
}

// TestRunStream: the page follows a run by its rows, until it is over or the
// person may no longer see it.
func TestRunStream(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Viewer)
	boss := g.member(team.Admin)
	boss.copies(good, "DONATION").postForm("/apply").submit().want(http.StatusOK)
	if !strings.Contains(p.get(planPath(1)).body, `data-stream="`+planPath(1)+`/stream"`) {
		t.Error("the page isn't followed")
	}
	g.visits(false)
	pg := p.get(planPath(1) + "/stream").want(http.StatusOK)
	if !strings.Contains(pg.body, "3 of 3 changes done") || !strings.Contains(pg.body, "event: done") ||
		strings.Contains(pg.body, "data-stream") {
		t.Errorf("the stream is %s", pg.body)
	}
	if strings.Contains(p.get(planPath(1)).body, "data-stream") {
		t.Error("a run that is over is followed")
	}
	p.get(plansPath + "/7/stream").want(http.StatusNotFound)
}

// TestPlansOfThousandShops: the pages stay small, and every shop can be reached.
func TestPlansOfThousandShops(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	g.puts(1000, fleettest.Hook("wcon_1", agencyHost, "DONATION"))
	p, second := g.member(team.Operator), g.member(team.Admin)
	p.newPlan("kind=add_types").set(typesField, "ORDER_PLACED").submit().
		want(http.StatusOK, "1,000 edits", "Show all 1,000 shops")
	p.get(planPath(1)).link("Show all 1,000 shops").want(http.StatusOK, "Page 1 of 20", "Shop 49").link("Next page").
		want(http.StatusOK, "Page 2 of 20", "Shop 99")
	second.get(planPath(1)).postForm("/approve").submit().want(http.StatusOK, "Plan approved")
	cost := func(path string) {
		t.Helper()
		c := p.costOf(path)
		t.Logf("%s: %v", path, c)
		if c.total > mostOfAnyPage || c.script > mostScriptOfAny {
			t.Errorf("%s costs too much: %v", path, c)
		}
	}
	cost(planPath(1))
	cost(newPlanPath + "?kind=copy")
	cost(planFilePath)
	p.get(planPath(1)).postForm("/apply").submit().want(http.StatusOK, "0 of 1,000 changes done", "Wave 3: 989 shops")
	cost(planPath(1))
	cost(planPath(1) + "?group=1")
	cost(plansPath)
}

// TestPlanOfOwnURLs: the same change in shops whose URLs have paths of their own
// is one line. It names each URL.
func TestPlanOfOwnURLs(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	for i := range 60 {
		fleettest.Put(t, g.store, g.server.Team.Owner(), fleettest.Shop{
			ID: fmt.Sprintf("sh_%02d", i), Name: fmt.Sprint("Shop ", i),
			Webhooks: []fleet.Webhook{fleettest.Hook("wcon_1", fmt.Sprint("https://hooks.example.com/shop-", i), "DONATION")},
		})
	}
	p := g.member(team.Admin)
	p.newPlan("kind=add_types").set(typesField, "ORDER_PLACED").submit().
		want(http.StatusOK, "60 shops Edit hooks.example.com/… 1 → 2 event types",
			"Shop 0 sh_00.example https://hooks.example.com/shop-0 ").
		link("Show all 60 shops").want(http.StatusOK, "https://hooks.example.com/shop-49").
		link("Next page").want(http.StatusOK, "https://hooks.example.com/shop-59")
	p.newPlan("kind=replace_host").set("from", "hooks.example.com").set("to", "new.example.com").submit().
		want(http.StatusOK, "hooks.example.com/…", "→ new.example.com/…",
			"https://hooks.example.com/shop-0 → https://new.example.com/shop-0")
}

// digest returns the digest of a plan of the team, or of the person.
func (v *victim) digest(number int64) string {
	v.t.Helper()
	p, err := v.store.Plan(v.t.Context(), v.planOwner(), number)
	v.must(err)
	return p.Digest
}

func (v *victim) planOwner() store.Owner {
	if v.server.Team != nil {
		return v.server.Team.Owner()
	}
	return owner(v.person)
}

// planOfAnother returns where a plan of another member is approved.
func (v *victim) planOfAnother() string {
	v.t.Helper()
	v.puts(2)
	return v.member(team.Operator).copies(good, "DONATION").want(http.StatusOK).url.Path + "/approve"
}

// plansInAllStates makes plans 1 to 4 for other shops of the person, and returns
// their paths.
func (v *victim) plansInAllStates() map[string]string {
	v.t.Helper()
	paths := map[string]string{}
	states := []string{"draft", "running", "paused", "done"}
	for i, state := range states {
		fleettest.Put(v.t, v.store, v.planOwner(), fleettest.Shop{ID: "sh_" + state, Name: fmt.Sprint("Shop ", i)})
	}
	for _, state := range states {
		pg := v.newPlan("kind=copy&q=sh_"+state).set(toField, good).set(typesField, "DONATION").submit().want(http.StatusOK)
		paths[state] = pg.url.Path
		if state == "draft" {
			continue
		}
		pg.postForm("/apply").submit().want(http.StatusOK)
		switch state {
		case "paused":
			v.get(pg.url.Path).postForm("/stop").submit().want(http.StatusOK)
		case "done":
			items, err := v.store.ItemsOfShop(v.t.Context(), "sh_done")
			v.must(err)
			item, err := v.store.BeginItem(v.t.Context(), items[0])
			v.must(err)
			item.State, item.Webhook = store.ItemDone, "wcon_9"
			v.must(v.store.EndItem(v.t.Context(), item, nil))
		}
	}
	return paths
}

// TestCopyToOtherShops: a webhook's page leads to a plan that is filled in with
// the webhook. Its URL, which may be secret, isn't in ours.
func TestCopyToOtherShops(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p, shop := g.member(team.Operator), g.box.Shops()[0]
	hook := g.add(shop, good+"?key=secret", "DONATION", "ORDER_PLACED")
	pg := p.get(webhookPath(shop.ID, hook.ID)).link("Copy to other shops").want(http.StatusOK, "Plan a change for 3 shops")
	if strings.Contains(pg.url.String(), "secret") {
		t.Errorf("the URL is in %s", pg.url)
	}
	f := pg.postForm(plansPath)
	if got := f.values.Get(toField); got != hook.URL {
		t.Errorf("the URL is %q", got)
	}
	if diff := cmp.Diff([]string{"DONATION", "ORDER_PLACED"}, sorted(f.values[typesField])); diff != "" {
		t.Error(diff)
	}
	made := f.submit().want(http.StatusOK, "3 new webhooks")
	if again := f.submit().want(http.StatusOK); again.url.Path != made.url.Path {
		t.Errorf("the form made %s as well", again.url)
	}
	p.get(copyHref(shop.ID, "wcon_none")).want(http.StatusOK, copyUnreadTitle)
	p.get(copyHref("sh_none", hook.ID)).want(http.StatusNotFound)
}

// TestPlanPagesOfferNothingRefused: no link and no form of the pages about many
// shops leads to what the role may not do.
func TestPlanPagesOfferNothingRefused(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	boss, shop := g.member(team.Admin), g.box.Shops()[2]
	hook := g.box.Webhooks(shop.ID)[0]
	boss.newPlan("kind=delete").submit()
	boss.copies(good, "DONATION").want(http.StatusOK).postForm("/apply").submit()
	boss.get(planPath(2)).postForm("/stop").submit()
	access := map[string]access{}
	for _, rt := range g.server.routes() {
		access[rt.pattern()] = rt.access
	}
	for _, role := range []team.Role{team.Viewer, team.Operator, team.Admin} {
		p, v, plans := g.member(role), &requestState{role: role}, 0
		v.person.ID = "somebody"
		for _, path := range []string{
			shopsPath, coveragePath, plansPath, planPath(1), planPath(2) + "?view=review", planPath(2),
			webhookPath(shop.ID, hook.ID),
		} {
			for _, row := range p.get(path).want(http.StatusOK).rowsBehind() {
				pattern, _, _ := strings.Cut(row, " for ")
				if pattern != "" && pattern != "GET /{$}" && !v.may(access[pattern]) {
					t.Errorf("to %s, %s offers %s", role, path, row)
				}
				if pattern == "GET "+newPlanPath {
					plans++
				}
			}
		}
		if (plans > 0) != v.may(operator) {
			t.Errorf("%s has %d ways to a new plan", role, plans)
		}
	}
}
