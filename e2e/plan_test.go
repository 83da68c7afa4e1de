package e2e

import (
	"slices"
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/store"
)

// planScenes are the pages that change many shops.
var planScenes = []scene{
	{name: "plans", show: showPlans, status: 200, heading: "Plans", team: true},
	{name: "plans, none", show: showFleetAt(3, "/plans"), status: 200, heading: "Plans", team: true},
	{
		name: "plan, choose a change", show: showFleetAt(40, "/plans/new?label=music"), status: 200,
		heading: "Plan a change for 40 shops", team: true,
	},
	{
		name: "plan, event types", show: showFleetAt(40, "/plans/new?kind=add_types"), status: 200,
		heading: "Plan a change for 40 shops", team: true,
	},
	{name: "plan, refused", show: showRefusedPlan, status: 422, heading: "Plan a change for 40 shops", team: true},
	{name: "plan, nothing would change", show: showNoPlan, status: 422, heading: "Plan a change for 40 shops", team: true},
	{name: "plan from a file", show: showFleetAt(40, "/plans/file?label=music"), status: 200, heading: "Plan from a file", team: true},
	{name: "plan from a file, problems", show: showFileProblems, status: 422, heading: "Plan from a file", team: true},
	{name: "plan, draft", show: showDraft, status: 200, heading: "Plan 1 · Newsletter sign-up for 33 shops", team: true},
	{name: "plan, deletes", show: showDeletes, status: 422, heading: "Plan 1 · 5 webhooks deleted in 4 shops", team: true},
	{name: "plan, running", show: showRun, status: 200, heading: "Plan 1 · Newsletter sign-up for 33 shops", team: true},
	{
		name: "plan, running in 742 shops", show: showLargeRun, status: 200,
		heading: "Plan 1 · hooks.agency.example/new in 742 shops", team: true,
	},
}

// showFleetAt shows a page to an admin who has n shops.
func showFleetAt(n int, path string) func(*visitor) int {
	return func(v *visitor) int {
		showFleet(n, "")(v)
		return v.Open(path)
	}
}

// plans makes a plan that adds an event type to all shops.
func (v *visitor) plans() int {
	v.Open("/plans/new?kind=add_types")
	v.Check(v.Role("checkbox", "Newsletter sign-up"))
	return v.Submit(v.Role("button", "Review the plan"))
}

func showPlans(v *visitor) int {
	showRun(v)
	v.Open("/plans/new?kind=delete&q=sh_02")
	v.Submit(v.Role("button", "Review the plan"))
	return v.Open("/plans")
}

func showRefusedPlan(v *visitor) int {
	showFleetAt(40, "/plans/new?kind=copy")(v)
	v.Fill(v.address(), "http://203.0.113.7 8443/a")
	return v.Submit(v.Role("button", "Review the plan"))
}

func showNoPlan(v *visitor) int {
	showFleetAt(40, "/plans/new?kind=replace_url")(v)
	v.Fill(v.named("combobox", "^Current URL"), "https://hooks.agency.example/fw")
	v.Fill(v.Role("textbox", "New URL"), "https://hooks.agency.example/new")
	v.Submit(v.Role("button", "Review the plan"))
	v.Submit(v.named("button", "^Apply|^Approve").First())
	v.Open("/plans/new?kind=add_types")
	v.Check(v.Role("checkbox", "Newsletter sign-up"))
	return v.Submit(v.Role("button", "Review the plan"))
}

// showFileProblems shows what is wrong with a text, as a person might write it.
func showFileProblems(v *visitor) int {
	showFleetAt(40, "/plans/file")(v)
	v.Fill(v.named("textbox", "^Or paste its text"), `version: 1
shops:
  - shop: sh_0002.example
    webhooks:
      - url: https://hooks.agency.example/fw
        events: [ORDER_PLACED, ORDER_UPDATED]
      - url: hooks.agency.example/crm
        types: [NEWSLETTER_SUBSCRIBED, 0123]
	prune: true
`)
	return v.Submit(v.Role("button", "Review the plan"))
}

func showDraft(v *visitor) int {
	v.app.member(omar, "/shops", browser.Options{}) // who may approve
	showFleet(40, "")(v)
	return v.plans()
}

func showDeletes(v *visitor) int {
	showFleetAt(40, "/plans/new?kind=delete&q=tidewater")(v)
	v.Submit(v.Role("button", "Review the plan"))
	v.Fill(v.named("textbox", "^Type"), "50")
	return v.Submit(v.named("button", "^Apply"))
}

// ends stores results for the next items of plan 1, as visits do: done, or the
// state and code for their position.
func (v *visitor) ends(n int, odd map[int][2]string) {
	ctx, st, owner := v.app.t.Context(), v.app.store, v.app.team.Owner()
	for range n {
		p, err := st.Plan(ctx, owner, 1)
		v.Must(err)
		items, err := st.PlanItems(ctx, owner, 1)
		v.Must(err)
		next := slices.IndexFunc(items, func(i store.PlanItem) bool {
			return i.State == store.ItemPending && i.Wave <= p.Wave
		})
		if next < 0 || p.State != store.PlanRunning {
			return
		}
		due, err := st.ItemsOfShop(ctx, items[next].Shop)
		v.Must(err)
		begun, err := st.BeginItem(ctx, due[0])
		v.Must(err)
		if begun.State = store.ItemDone; odd[next][0] != "" {
			begun.State, begun.Code = odd[next][0], odd[next][1]
		}
		if begun.Code != "" {
			begun.RequestID = "m0c9KxTq2PvL81sd"
		}
		if begun.State != store.ItemCalling {
			v.Must(st.EndItem(ctx, begun, nil))
		}
	}
}

// showRun shows a run of which some items failed.
func showRun(v *visitor) int {
	showFleet(40, "")(v)
	v.plans()
	v.Submit(v.named("button", "^Apply"))
	v.ends(2, nil) // all of the first shop
	v.Open("/plans/1")
	v.Submit(v.Role("button", "Resume"))
	v.ends(22, map[int][2]string{
		9:  {store.ItemRejected, "WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE"},
		12: {store.ItemChanged, ""},
		22: {store.ItemCalling, ""},
	})
	return v.Open("/plans/1")
}

func showLargeRun(v *visitor) int {
	showFleetAt(900, "/plans/new?kind=replace_url")(v)
	v.Fill(v.named("combobox", "^Current URL"), "https://hooks.agency.example/fw")
	v.Fill(v.Role("textbox", "New URL"), "https://hooks.agency.example/new")
	v.Submit(v.Role("button", "Review the plan"))
	v.Submit(v.named("button", "^Apply"))
	v.ends(2, nil) // all of the first shop
	v.Open("/plans/1")
	v.Submit(v.Role("button", "Resume"))
	v.ends(60, map[int][2]string{30: {store.ItemFailed, "no_answer"}, 41: {store.ItemUnconfirmed, ""}})
	return v.Open("/plans/1")
}

// TestPlanInABrowser: a person finds the shops, plans an event type for them,
// reviews it, applies it and follows the run, by keyboard or without script.
func TestPlanInABrowser(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			for i := range 12 {
				fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
			}
			v := a.member(ada, "/shops?label=podcast", o)
			v.Submit(v.main().GetByRole("link", named("Plan a change for 3 shops")))
			v.at("/plans/new?label=podcast")
			v.Submit(v.main().GetByRole("link", named("Add event types")))
			v.heads("Plan a change for 3 shops")
			v.status(v.press("Enter", v.named("combobox", "^Only webhooks")), 422)
			v.SeeText(v.main(), "Select at least one event type.")
			v.Check(v.box("Newsletter sign-up"))
			v.status(v.press("Enter", v.named("combobox", "^Only webhooks")), 200)
			v.heads("Plan 1 · Newsletter sign-up for 2 shops")
			v.SeeText(v.main(), "1 shop left out")
			v.SeeText(v.main(), "12 event types")
			v.status(v.press("Enter", v.named("button", "^Apply to 2 shops")), 200)
			v.SeeText(v.main(), "The run has begun")
			v.ends(1, nil)
			if o.NoJavaScript {
				v.Submit(v.main().GetByRole("link", named("Refresh the progress")))
			}
			v.SeeText(v.main(), "1 of 2 changes done")
			v.ends(1, nil)
			if o.NoJavaScript {
				v.Submit(v.main().GetByRole("link", named("Refresh the progress")))
			}
			v.SeeText(v.main(), "2 of 2 changes done")
			v.See(v.named("button", "^Plan the undo"))
			v.Gone(v.named("button", "^Stop"))
		})
	}
}

// TestPlanFromFileInABrowser: a person uploads a file, sees what is wrong with
// it, uploads it again, and reviews the plan.
func TestPlanFromFileInABrowser(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			for i := range 12 {
				fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
			}
			v := a.member(ada, "/plans/new?q=sh_002", o)
			v.Submit(v.main().GetByRole("link", named("File")))
			v.heads("Plan from a file")
			v.See(v.named("link", "^Download YAML"))
			const text = "version: 1\nshops:\n  - shop: sh_002\n    webhooks:\n      - url: https://hooks.agency.example/new\n"
			v.Choose(v.Label("YAML or JSON file"), "shops.yaml", []byte(text+"        types: ORDER_PLACED\n"))
			v.status(v.Submit(v.Role("button", "Review the plan")), 422)
			v.SeeText(v.main(), "This file has one problem")
			v.SeeText(v.main(), "Line 6, column 16.")
			v.SeeText(v.main(), "“types” needs a list.")
			v.Choose(v.Label("YAML or JSON file"), "shops.yaml", []byte(text+"        types: [ORDER_PLACED]\n"))
			v.status(v.Submit(v.Role("button", "Review the plan")), 200)
			v.heads("Plan 1 · File in 1 shop")
			v.SeeText(v.main(), "1 new webhook")
		})
	}
}
