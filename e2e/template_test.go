package e2e

import (
	"testing"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
)

// templateScenes are the pages about templates, and those that compare with
// them.
var templateScenes = []scene{
	{name: "templates", show: showTemplates(""), status: 200, heading: "Templates", team: true},
	{name: "templates, none", show: showFleetAt(3, "/templates"), status: 200, heading: "Templates", team: true},
	{name: "template", show: showTemplates("/music"), status: 200, heading: "Music", team: true},
	{name: "template, older version", show: showTemplates("/music?version=1"), status: 200, heading: "Music", team: true},
	{name: "template, new", show: showFleetAt(40, "/templates/new"), status: 200, heading: "New template", team: true},
	{name: "template, refused", show: showRefusedTemplate, status: 422, heading: "New template", team: true},
	{name: "plan, template", show: showTemplatePlan, status: 200, heading: "Plan a change for 2 shops", team: true},
	{name: "shops against templates", show: showShopsAgainst, status: 200, heading: "Shops", team: true},
	{name: "coverage against a template", show: showCoverageAgainst, status: 200, heading: "Coverage", team: true},
}

// addTemplates makes two templates, one of them in two versions, and shops that
// differ from it.
func (a *app) addTemplates() {
	a.t.Helper()
	of := a.team.Owner()
	actor := activity.Actor{Owner: of}
	actor.Person.Name = "Ada Admin"
	types := func(from, to int) (some []fourthwall.EventType) {
		for _, info := range fourthwall.EventTypes()[from:to] {
			some = append(some, info.Code)
		}
		return some
	}
	shop := oddShop(19)
	music := fleet.Template{
		ID: "music", Name: "Music", Labels: []string{"music"},
		Webhooks: []fourthwall.Content{{URL: shop.Webhooks[0].URL, AllowedTypes: shop.Webhooks[0].AllowedTypes[:11]}},
	}
	made, err := a.fleet.AddTemplate(a.t.Context(), actor, music)
	a.must(err)
	made.Webhooks[0].AllowedTypes = shop.Webhooks[0].AllowedTypes
	_, err = a.fleet.ChangeTemplate(a.t.Context(), actor, made.Template)
	a.must(err)
	_, err = a.fleet.AddTemplate(a.t.Context(), actor, fleet.Template{
		ID: "podcast", Name: "Podcast", Labels: []string{"podcast"}, ReportExtra: true,
		Webhooks: []fourthwall.Content{
			{URL: "https://hooks.agency.example/podcast/{shop.id}", AllowedTypes: types(0, 5)},
			{URL: "https://stats.agency.example/in?shop={shop.domain}", AllowedTypes: types(3, 9)},
		},
	})
	a.must(err)
	for i, hooks := range [][]fleet.Webhook{
		nil,
		{fleettest.Hook("wcon_a", shop.Webhooks[0].URL, shop.Webhooks[0].AllowedTypes[1:]...)},
		{fleettest.Hook("wcon_b", shop.Webhooks[0].URL, append(types(24, 26), shop.Webhooks[0].AllowedTypes[2:]...)...)},
	} {
		fleettest.Put(a.t, a.store, of, fleettest.Shop{
			ID: "sh_new_" + string(rune('a'+i)), Name: "New " + shopNames[i], Labels: []string{"music"}, Webhooks: hooks,
		})
	}
}

// showTemplates shows a page about templates to an admin of 43 shops.
func showTemplates(path string) func(*visitor) int {
	return func(v *visitor) int {
		showFleet(40, "")(v)
		v.app.addTemplates()
		return v.Open("/templates" + path)
	}
}

func showRefusedTemplate(v *visitor) int {
	showFleetAt(40, "/templates/new")(v)
	v.Fill(v.Role("textbox", "Endpoint URL"), "https://{shop.domain}/fw")
	v.Fill(v.named("combobox", "^For shops"), "musik")
	v.Submit(v.Role("button", "Add another webhook"))
	v.Fill(v.Role("textbox", "Endpoint URL").Nth(1), "https://hooks.agency.example/{shop}")
	return v.Submit(v.Role("button", "Save template"))
}

func showTemplatePlan(v *visitor) int {
	showTemplates("")(v)
	return v.Open("/plans/new?kind=template&template=music&drift=differs&q=tidewater")
}

func showShopsAgainst(v *visitor) int {
	showTemplates("")(v)
	return v.Open("/shops")
}

func showCoverageAgainst(v *visitor) int {
	showTemplates("")(v)
	return v.Open("/shops/coverage?against=template:music")
}

// TestTemplateInABrowser: a person copies a webhook into a new template, adds
// another one, sees which shops differ, and plans that, by keyboard or without
// script.
func TestTemplateInABrowser(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			for i := range 12 {
				fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
			}
			v := a.member(ada, "/shops", o)
			v.Submit(v.main().GetByRole("link", named("Templates")))
			v.Submit(v.main().GetByRole("link", named("New template")))
			v.heads("New template")
			v.status(v.press("Enter", v.Role("textbox", "Name")), 422)
			v.SeeText(v.main(), "Enter a name, such as Music.")
			v.Fill(v.Role("textbox", "Name"), "Music")
			v.Fill(v.named("combobox", "^For shops"), "MUSIC")
			v.Click(v.main().GetByText("Copy a webhook of your shops"))
			v.Submit(v.Role("button", "Copy webhook"))
			if got := v.Value(v.Role("textbox", "Endpoint URL")); got != "https://hooks.agency.example/fw" {
				t.Errorf("copied is %q", got)
			}
			v.Submit(v.Role("button", "Add another webhook"))
			if got := v.Value(v.Role("textbox", "Name")); got != "Music" {
				t.Errorf("the name is %q", got)
			}
			second := v.Role("textbox", "Endpoint URL").Nth(1)
			v.Fill(second, "https://stats.agency.example/{shop}")
			v.Check(v.Role("checkbox", "Donation").Nth(1))
			v.status(v.press("Enter", second), 422)
			v.SeeText(v.main(), "Hookwall doesn’t know {shop}. Use {shop.id}, {shop.domain} or {shop.name}.")
			v.Fill(second, "https://stats.agency.example/{shop.id}")
			v.status(v.press("Enter", second), 200)
			v.heads("Music")
			v.SeeText(v.main(), "Template made")
			v.SeeText(v.main(), "1 webhook missing")
			v.Submit(v.named("button", "^Plan this for"))
			v.SeeText(v.main(), "new webhooks")
			v.Open("/shops")
			v.Submit(v.main().GetByRole("link", named("Review a plan for Music")))
			v.SeeText(v.main(), "Its other webhooks stay.")
			v.status(v.Submit(v.Role("button", "Review the plan")), 200)
			v.Open("/templates")
			v.Submit(v.main().GetByRole("link", named("Music")).First())
			v.Click(v.main().GetByText("Delete this template"))
			v.Submit(v.Role("button", "Delete template"))
			v.SeeText(v.main(), "Template deleted")
		})
	}
}
