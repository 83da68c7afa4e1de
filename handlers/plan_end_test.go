package handlers

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// TestRunIsEnded: a run that was stopped can be ended. What was left is skipped,
// and other plans can change its shops.
func TestRunIsEnded(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	pg := p.copies(good, "DONATION").want(http.StatusOK).postForm("/apply").submit().want(http.StatusOK)
	if slices.Contains(pg.postButtons(), "End this run") {
		t.Error("a run that isn't stopped can be ended")
	}
	waits := p.copies(agencyHost, "DONATION").
		want(http.StatusUnprocessableEntity, "Plan 1 is changing them, or is paused.")
	waits.link("Open plan 1").want(http.StatusOK).postForm("/stop").submit().
		want(http.StatusOK, "Stopped by a person").postForm("/end").submit().
		want(http.StatusOK, "The run is ended", "A person ended this run. We skipped the remaining changes.", "3 skipped",
			"Skipped")
	p.post(planPath(1)+"/end", nil).want(http.StatusConflict, "This plan has changed")
	p.get(plansPath).want(http.StatusOK, "Plan 1", "Ended")
	g.calls.forget()
	g.visits(false)
	if got := g.calls.of(http.MethodPost); len(got) != 0 {
		t.Errorf("sent: %v", got)
	}
	p.copies(agencyHost, "DONATION").want(http.StatusOK, "3 new webhooks").postForm("/apply").submit().want(http.StatusOK)
	g.member(team.Admin).get(teamActivityPath).want(http.StatusOK, "Run ended")
	g.member(team.Viewer).post(planPath(1)+"/end", nil).want(http.StatusForbidden)
}

// TestPlanIsRehearsed: the plan's page says what would happen in each shop, since
// when, and why. Nothing is sent to Fourthwall.
func TestPlanIsRehearsed(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	shop := g.box.Shops()[1]
	hooks := g.box.Webhooks(shop.ID)
	locked := hooks[slices.IndexFunc(hooks, func(h sandbox.Webhook) bool { return h.Locked })]
	pg := p.newPlan("kind=add_types").set(typesField, "GIFT_DRAW_STARTED").submit().want(http.StatusOK,
		"A rehearsal runs the plan on a copy of these shops. Nothing reaches Fourthwall.")
	g.must(g.store.MarkImmutable(t.Context(), shop.ID, locked.ID, g.server.Now().Add(time.Hour)))
	g.calls.forget()
	plan, err := g.store.Plan(t.Context(), g.server.Team.Owner(), 1)
	g.must(err)
	changes := plan.Updates
	pg = pg.postForm("/rehearse").submit().want(http.StatusOK,
		fmt.Sprintf("%d of %d changes would succeed.", changes-1, changes), "1 change · Rejected",
		"An app manages this webhook", "Rehearsed: Updated", "Rehearse again", "on a copy of these shops as we last saw them")
	if got := g.calls.of(http.MethodGet); len(got) != 0 {
		t.Errorf("the rehearsal called %v", got)
	}
	pg.postForm("/rehearse").submit().want(http.StatusOK, "would succeed")
	viewer := g.member(team.Viewer)
	if seen := viewer.get(planPath(1)).want(http.StatusOK, "would succeed"); len(seen.postButtons()) != 0 {
		t.Errorf("a viewer has %q", seen.postButtons())
	}
	viewer.post(planPath(1)+"/rehearse", nil).want(http.StatusForbidden)
	pg.postForm("/apply").submit().want(http.StatusOK, "The run has begun")
	p.post(planPath(1)+"/rehearse", nil).want(http.StatusConflict, "This plan has changed")
}

// TestOneRehearsalAtATime: who has to wait for another rehearsal is told so.
func TestOneRehearsalAtATime(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	f := p.copies(good, "DONATION").want(http.StatusOK).postForm("/rehearse")
	g.must(g.server.rehearsals.Acquire(t.Context(), 1))
	g.server.rehearsalWait = time.Millisecond
	pg := f.submit().want(http.StatusTooManyRequests, "Another rehearsal is running")
	if pg.header.Get("Retry-After") == "" {
		t.Error("it doesn't say when to try again")
	}
	g.server.rehearsals.Release(1)
	g.server.rehearsalWait = rehearsalWait
	f.submit().want(http.StatusOK, "3 of 3 changes would succeed.",
		"A webhook may still turn out to be locked")
}

// TestRunSecrets: the secrets of the webhooks that a run created are for who
// applied it, are shown once, and are gone when they are saved or after a while.
func TestRunSecrets(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p, boss := g.member(team.Operator), g.member(team.Admin)
	all := g.box.Shops()
	for n, shop := range all { // each has its own, and one none
		switches := g.box.Switches(shop.ID)
		switches.SecretInCreate = n > 0
		g.must(g.box.Configure(shop.ID, switches))
	}
	p.copies(good, "DONATION").want(http.StatusOK).postForm("/apply").submit().want(http.StatusOK)
	at := planPath(1) + "/secrets"
	p.get(at).want(http.StatusOK, "We no longer have these secrets")
	g.visits(false)
	for _, other := range []*person{boss, g.member(team.Viewer)} {
		text := other.get(planPath(1)).want(http.StatusOK, "3 of 3 changes done").text()
		if strings.Contains(text, "secret") {
			t.Error("others are led to the secrets")
		}
	}
	for _, pg := range []*page{boss.get(at), boss.post(at, url.Values{"do": {"csv"}}), boss.post(at+"/stored", nil)} {
		pg.want(http.StatusForbidden, "Only The operator, who applied this plan, can collect its secrets.")
	}
	pg := p.get(planPath(1)).want(http.StatusOK, "2 new signing secrets", "We delete the first one in").
		link("Collect the secrets").want(http.StatusOK, "Show 2 secrets")
	values := []string{all[1].WebhookSecret, all[2].WebhookSecret}
	for _, value := range values {
		if strings.Contains(pg.body, value) {
			t.Error("a secret is shown unasked")
		}
	}
	shown := pg.postForm(at).set("do", "show").submit().want(http.StatusOK, append(values, all[1].Name, all[2].Name)...)
	if shown.url.Path != at {
		t.Errorf("they are shown at %s", shown.url)
	}
	if again := p.get(at); strings.Contains(again.body, values[0]) {
		t.Error("a reload shows them again")
	}
	file := p.post(at, url.Values{"do": {"csv"}}).want(http.StatusOK)
	if got := file.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: %s", got)
	}
	records := file.records()
	if len(records) != 3 || records[1][0] != all[1].Name || records[1][5] != values[0] || records[2][5] != values[1] {
		t.Errorf("the file has %q", records)
	}
	for _, value := range values {
		if strings.Contains(g.logs.String(), value) {
			t.Error("a secret is in the log")
		}
	}
	p.get(at).postForm("/stored").submit().want(http.StatusOK, "Secrets deleted from Hookwall")
	p.get(at).want(http.StatusOK, "We no longer have these secrets")
	if text := p.get(planPath(1)).text(); strings.Contains(text, "signing secret") {
		t.Error("the plan leads to secrets that are gone")
	}
	p.copies(agencyHost, "DONATION").want(http.StatusOK).postForm("/apply").submit().want(http.StatusOK)
	g.visits(false)
	p.get(planPath(2)).want(http.StatusOK, "2 new signing secrets")
	g.move(16 * time.Minute)
	p.get(planPath(2)+"/secrets").want(http.StatusOK, "We no longer have these secrets")
}

// TestPlanFiles: a plan and the results of its run are there as files. No
// spreadsheet reads a cell as a formula.
func TestPlanFiles(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	owner := g.server.Team.Owner()
	fleettest.Put(t, g.store, owner, fleettest.Shop{ID: "sh_a", Name: `=HYPERLINK("https://evil.example")`})
	fleettest.Put(t, g.store, owner, fleettest.Shop{
		ID: "sh_b", Name: "Fine", Webhooks: []fleet.Webhook{fleettest.Hook("wcon_1", good, "ORDER_PLACED")},
	})
	fleettest.Put(t, g.store, owner, fleettest.Shop{ID: "sh_c", Name: "+Ended", Expired: true})
	p := g.member(team.Operator)
	pg := p.copies(good, "DONATION").want(http.StatusOK)
	draft := pg.link("Download CSV").want(http.StatusOK).records()
	if len(draft) != 4 || draft[1][0] != `'=HYPERLINK("https://evil.example")` || draft[3][0] != "'+Ended" ||
		draft[3][10] != "left out" || draft[3][11] != "ended" {
		t.Errorf("the draft has %q", draft)
	}
	pg.postForm("/apply").submit().want(http.StatusOK)
	due, err := g.store.ItemsOfShop(t.Context(), "sh_a")
	g.must(err)
	begun, err := g.store.BeginItem(t.Context(), due[0])
	g.must(err)
	begun.State, begun.Webhook = store.ItemDone, "wcon_new"
	g.must(g.store.EndItem(t.Context(), begun, nil))
	run := g.member(team.Viewer).get(planPath(1)).link("Download JSON").want(http.StatusOK)
	copied := fourthwall.Content{URL: good, AllowedTypes: typesOf([]string{"DONATION"})}
	var file planFile
	g.must(json.Unmarshal([]byte(run.body), &file))
	if len(file.Items) != 2 || file.Items[0].State != store.ItemDone || file.Items[0].Created != "wcon_new" ||
		file.Items[0].Ended == nil || file.Items[1].State != store.ItemPending || file.Applied == nil ||
		file.Applied.By != "The operator" || len(file.LeftOut) != 1 || file.LeftOut[0].Why != "ended" ||
		len(file.Digest) != 64 || !file.Items[1].After.Equal(copied) {
		t.Errorf("the file is %s", run.body)
	}
	done := p.get(planPath(1) + "/plan.csv").want(http.StatusOK).records()
	if done[1][3] != "create" || done[1][10] != "done" || done[1][13] != "wcon_new" || done[2][3] != "update" {
		t.Errorf("the run has %q", done)
	}
	for _, name := range []string{"/plan.csv", "/plan.json", "/secrets"} {
		p.get(planPath(7)+name).want(http.StatusNotFound, planUnknownText)
	}
}

// TestRunWaitsForLimit: an item that waits for the shop's limit says so, and until
// when. The page can show these alone.
func TestRunWaitsForLimit(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	p.copies(good, "DONATION").want(http.StatusOK).postForm("/apply").submit().want(http.StatusOK)
	items, err := g.store.PlanItems(t.Context(), g.server.Team.Owner(), 1)
	g.must(err)
	shop := items[0].Shop
	switches := g.box.Switches(shop)
	switches.LimitRate = true
	g.must(g.box.Configure(shop, switches))
	g.move(time.Minute)
	_, err = g.server.Fleet.Visit(t.Context(), shop, func(context.Context, *sql.Tx, time.Time) error { return nil })
	g.must(err)
	pg := p.get(planPath(1)).want(http.StatusOK, "1 waiting", "This shop is at its rate limit. We try again at", "2 to go",
		"Running for")
	only := pg.link("1 waiting").want(http.StatusOK, "Waiting")
	if strings.Contains(only.text(), "To go") {
		t.Error("the filter shows something else")
	}
	only.link("Show all 3 changes").want(http.StatusOK, "To go")
}

// TestPlansPage: the list of plans has 50 on a page.
func TestPlansPage(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	g.puts(2)
	for i := range 101 {
		_, err := g.store.AddPlan(t.Context(), store.Plan{
			Owner: g.server.Team.Owner(), Form: fmt.Sprint(i), Kind: "copy", Document: []byte("{}"), Shops: 1,
		}, func(store.Plan) ([]store.Activity, error) { return nil, nil })
		g.must(err)
	}
	pg := g.member(team.Viewer).get(plansPath).want(http.StatusOK, "Plan 101", "Plan 52 ")
	second := pg.link("Older plans").want(http.StatusOK, "Plan 51 ", "Plan 2 ")
	third := second.link("Older plans").want(http.StatusOK, "Plan 1 ")
	third.link("Newer plans").link("Newer plans").want(http.StatusOK, "Plan 101")
	if far := g.member(team.Viewer).get(plansPath + "?page=99"); far.url.RequestURI() != plansPath {
		t.Errorf("a page beyond leads to %s", far.url)
	}
}

// TestApprovalIsASetting: from how many shops on another person approves a plan is
// said on the review, and can be turned off.
func TestApprovalIsASetting(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	g.puts(25, fleettest.Hook("wcon_1", agencyHost, "DONATION"))
	p := g.member(team.Operator)
	one := p.newPlan("kind=copy&q=sh_0001").set(toField, good).set(typesField, "DONATION").submit().want(http.StatusOK)
	if strings.Contains(one.text(), "another person approves") {
		t.Error("it's said where nobody else could")
	}
	g.member(team.Admin)
	p.get(one.url.Path).want(http.StatusOK, "From 20 shops on, another person approves.")
	many := p.newPlan("kind=add_types&label=many").set(typesField, "ORDER_PLACED").submit().
		want(http.StatusOK, "Plans for 20 or more shops need approval")
	g.server.Fleet = fleet.NewService(fleet.Config{
		Store: g.store, Shops: g.server.Shops, Webhooks: g.hooks, Queue: &g.queue, Logger: g.server.Logger,
		Intervals: fleet.DefaultIntervals(),
	})
	off := p.get(many.url.Path).want(http.StatusOK)
	if text := off.text(); strings.Contains(text, "approv") {
		t.Errorf("it's turned off, and still said: %s", text)
	}
	if slices.Contains(off.postButtons(), "Rehearse") {
		t.Error("without clones, plans can be rehearsed")
	}
	off.postForm("/apply").submit().want(http.StatusOK, "The run has begun")
}

// TestRunResumesAfterSomebodyJoins: a run that began while nobody else could
// approve it can be resumed once somebody could.
func TestRunResumesAfterSomebodyJoins(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	g.puts(25, fleettest.Hook("wcon_1", agencyHost, "DONATION"))
	boss := g.member(team.Admin)
	boss.newPlan("kind=add_types").set(typesField, "ORDER_PLACED").submit().want(http.StatusOK).
		postForm("/apply").submit().want(http.StatusOK).postForm("/stop").submit().want(http.StatusOK, "Stopped by a person")
	late := g.member(team.Operator)
	if pg := boss.get(planPath(1)); strings.Contains(pg.text(), "approv") {
		t.Errorf("it speaks of approval: %s", pg.text())
	}
	late.get(planPath(1)).postForm("/resume").submit().want(http.StatusOK, "The run continues")
	late.get(planPath(1)).postForm("/stop").submit().want(http.StatusOK)
	boss.get(planPath(1)).postForm("/resume").submit().want(http.StatusOK, "The run continues")
}
