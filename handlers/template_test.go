package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/team"
)

// newTemplate opens the form for a new template.
func (p *person) newTemplate() *form {
	p.t.Helper()
	return p.get(newTemplatePath).want(http.StatusOK).postForm(templatesPath)
}

// makesTemplate makes a template of one webhook for all shops.
func (p *person) makesTemplate(name, address string, types ...string) *page {
	p.t.Helper()
	return p.newTemplate().set(nameField, name).set(urlOf(0), address).set(typesOfHook(0), types...).submit()
}

// fleetRow returns what the list says of a shop, at the end of its line.
func (pg *page) fleetRow(name string) (trouble string) {
	walk(pg.doc, func(n *html.Node) {
		if n.Data == "li" && strings.Contains(textOf(n), name) {
			walk(n, func(part *html.Node) {
				if strings.HasPrefix(attr(part, "class"), "trouble") {
					trouble = textOf(part)
				}
			})
		}
	})
	return trouble
}

// TestTemplateIsMadeAndApplied: a person makes a template, sees which shops differ, plans that, and applies the plan.
// Afterwards no shop differs. Each step is recorded.
func TestTemplateIsMadeAndApplied(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	p.get(templatesPath).want(http.StatusOK, "No templates yet", "New template")
	p.get(shopsPath).want(http.StatusOK, "Templates")
	pg := p.makesTemplate("Music", good+"/{shop.id}", "ORDER_PLACED", "DONATION").
		want(http.StatusOK, "Template made", "Music", "Version 1", "made by you", "3 shops differ", "3 differ", "No webhook",
			"1 webhook missing", "Plan this for 3 shops", "{shop.id}", "Donation")
	again := pg.postForm(plansPath)
	plan := again.submit().want(http.StatusOK, "Plan 1 · Music v1 in 3 shops", "3 new webhooks")
	again.submit().want(http.StatusOK, "Plan 1 · Music v1 in 3 shops")
	plan.postForm("/apply").submit().want(http.StatusOK, "The run has begun")
	g.visits(false)
	g.visits(true)
	p.get(templatesPath).want(http.StatusOK, "3 as template")
	now := p.get(pg.url.Path).want(http.StatusOK, "3 as template")
	if strings.Contains(now.text(), "Plan this") {
		t.Error("there is nothing to plan, and a button for it")
	}
	f := now.link("Edit").want(http.StatusOK, "Edit template").postForm("/edit")
	f.set(typesOfHook(0), "ORDER_PLACED", "DONATION", "ORDER_UPDATED").set(nameField, "Songs")
	now = f.submit().want(http.StatusOK, "Template saved", "Songs", "Version 2", "3 shops differ", "− Order updated",
		"Versions")
	p.get(planPath(1)).want(http.StatusOK, "Plan 1 · Music v1") // what was reviewed stays
	older := now.link("Version 1").want(http.StatusOK, "Music", "This is an older version", "2 event types").text()
	isCompared := strings.Contains(older, "No shop has") || strings.Contains(older, "differ")
	if isCompared || strings.Count(older, "1 webhook") != 1 {
		t.Errorf("an older version is shown once, and not compared with shops:\n%s", older)
	}
	now.postForm("/delete").submit().want(http.StatusOK, "Template deleted", "No templates yet")
	p.get(pg.url.Path).want(http.StatusNotFound, templateUnknownText)
	if text := p.get(shopsPath).text(); strings.Contains(text, "differ") {
		t.Error("the list still compares with a template that is gone")
	}
	g.member(team.Admin).get(teamActivityPath).want(http.StatusOK, "Template made", "Template changed", "Template deleted",
		"Music v1", "Songs v2")
}

// TestTemplateForm: what is wrong with a form is at its field, all that was typed stays, and nothing is stored.
func TestTemplateForm(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	p := g.member(team.Operator)
	g.puts(3, fleettest.Hook("wcon_1", agencyHost, "DONATION", "NEW_TYPE"))
	p.makesTemplate("Games", good, "DONATION").want(http.StatusOK, "Template made")
	ok := url.Values{nameField: {"Music"}, urlOf(0): {good}, typesOfHook(0): {"DONATION"}}
	for name, row := range map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"nothing":                      {url.Values{nameField: {""}, urlOf(0): {""}, typesOfHook(0): nil}, 422, templateNameText},
		"no URL":                       {url.Values{urlOf(0): {""}}, 422, "Enter the URL that Fourthwall should send events to"},
		"no event types":               {url.Values{typesOfHook(0): nil}, 422, noTypesText},
		"an event type that none has":  {url.Values{typesOfHook(0): {"OTHER"}}, 422, unknownTypesText},
		"a name in use":                {url.Values{nameField: {" GAMES "}}, 422, templateExistsText},
		"a long name":                  {url.Values{nameField: {strings.Repeat("a", 61)}}, 422, "60"},
		"an unknown placeholder":       {url.Values{urlOf(0): {good + "/{shop}"}}, 422, "Hookwall doesn’t know {shop}. Use {shop.id}, {shop.domain} or {shop.name}."},
		"a placeholder as the host":    {url.Values{urlOf(0): {"https://{shop.domain}/x"}}, 422, "{shop.domain} is before the path."},
		"a space":                      {url.Values{urlOf(0): {"https://hooks.example.com/a {shop.id}"}}, 422, "space"},
		"a label that no shop has":     {url.Values{labelsField: {"musik"}}, 422, "No shop has the label “musik”. Your labels: many."},
		"a long label":                 {url.Values{labelsField: {strings.Repeat("a", 41)}}, 422, "40"},
		"what can't be seen":           {url.Values{urlOf(0): {"https://example.com/a\u200bb/{shop.id}"}}, 422, "Save as typed"},
		"an event type that one has":   {url.Values{nameField: {"New"}, typesOfHook(0): {"NEW_TYPE"}}, 200, "NEW_TYPE"},
		"placeholders and no scheme":   {url.Values{nameField: {"No scheme"}, urlOf(0): {"hooks.example.com/{shop.id}?d={shop.domain}"}}, 200, "https://hooks.example.com/{shop.id}?d={shop.domain}"},
		"a label, spelled differently": {url.Values{nameField: {"Labeled"}, labelsField: {"MANY, many"}}, 200, "shops with the label many"},
		"other webhooks reported":      {url.Values{nameField: {"Strict"}, "other": {"report"}}, 200, "Other webhooks make a shop differ"},
	} {
		t.Run(name, func(t *testing.T) {
			f := p.newTemplate()
			for _, fields := range []url.Values{ok, row.fields} {
				for field, values := range fields {
					f.set(field, values...)
				}
			}
			pg := f.submit().want(row.status, row.says)
			if row.status == http.StatusOK {
				return
			}
			again := pg.postForm(templatesPath)
			for _, fields := range []url.Values{ok, row.fields} {
				for field, values := range fields {
					if want, changed := row.fields[field]; changed {
						values = want
					}
					got := slices.Sorted(slices.Values(again.values[field]))
					if !slices.Equal(got, slices.Sorted(slices.Values(values))) {
						t.Errorf("%s is %q, want %q", field, got, values)
					}
				}
			}
		})
	}
	all, err := g.server.Fleet.Templates(t.Context(), g.server.Team.Owner())
	g.must(err)
	var names []string
	for _, one := range all {
		names = append(names, one.Name)
	}
	if want := []string{"Games", "Labeled", "New", "No scheme", "Strict"}; !slices.Equal(names, want) {
		t.Errorf("stored are %q, want %q", names, want)
	}
}

// TestTemplateFormOfSeveralWebhooks: a button adds, removes or copies a webhook, and all that was typed stays.
func TestTemplateFormOfSeveralWebhooks(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	p := g.member(team.Operator)
	g.puts(3, fleettest.Hook("wcon_1", agencyHost, "DONATION", "NEW_TYPE"))
	f := p.newTemplate().set(nameField, "Music").set(urlOf(0), good).set(typesOfHook(0), "DONATION")
	two := f.press("do=add").want(http.StatusOK, "Webhook 2").postForm(templatesPath)
	for field, want := range map[string]string{urlOf(0): good, typesOfHook(0): "DONATION", nameField: "Music"} {
		if got := two.values.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	copied := two.press("do=copy").want(http.StatusOK, "Webhook 2").postForm(templatesPath)
	if copied.values.Get(urlOf(1)) != agencyHost || len(copied.values[typesOfHook(1)]) != 2 {
		t.Errorf("copied: %v", copied.values)
	}
	twice := copied.set(urlOf(1), good).submit().want(http.StatusUnprocessableEntity, sameTemplateURLText(1)).
		postForm(templatesPath)
	one := twice.press("do=remove:0").want(http.StatusOK).postForm(templatesPath)
	if one.values.Get(urlOf(0)) != good || len(one.values[typesOfHook(0)]) != 2 || one.values.Has(urlOf(1)) {
		t.Errorf("removed: %v", one.values)
	}
	one.submit().want(http.StatusOK, "Template made", "2 event types")
	full := p.newTemplate()
	for range fleet.MaxTemplateWebhooks - 1 {
		full = full.press("do=add").want(http.StatusOK).postForm(templatesPath)
	}
	if text := full.page.text(); strings.Contains(text, "Add another webhook") {
		t.Error("one more webhook can be added than a template can have")
	}
}

// TestTemplateRights: who may do what with templates. A viewer sees them, and no button that would be refused.
func TestTemplateRights(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	g.puts(3)
	at := g.member(team.Operator).makesTemplate("Music", good, "DONATION").want(http.StatusOK).url.Path
	for role, may := range map[team.Role]bool{team.Viewer: false, team.Operator: true, team.Admin: true} {
		p := g.member(role)
		read, refused := http.StatusOK, http.StatusForbidden
		if may {
			refused = http.StatusOK
		}
		for path, status := range map[string]int{
			templatesPath: read, at: read, newTemplatePath: refused, at + "/edit": refused, shopsPath: read,
		} {
			pg := p.get(path).want(status)
			for _, words := range []string{"New template", "Edit", "Delete template", "Plan this", "Review a plan"} {
				if !may && status == http.StatusOK && strings.Contains(pg.text(), words) {
					t.Errorf("%s at %s is offered %q", role, path, words)
				}
			}
		}
		p.get(shopsPath).want(http.StatusOK, "3 shops differ from Music")
		p.get(templatesPath).want(http.StatusOK, "3 shops differ from Music")
		if !may {
			p.post(templatesPath, url.Values{nameField: {"Games"}, urlOf(0): {good}, typesOfHook(0): {"DONATION"}}).want(refused)
			p.post(at+"/delete", nil).want(refused)
		}
	}
}

// TestTemplateConflict: two people change a template. The second sees that, and may save again.
func TestTemplateConflict(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	g.puts(2)
	ann, bob := g.member(team.Operator), g.member(team.Admin)
	at := ann.makesTemplate("Music", good, "DONATION").want(http.StatusOK).url.Path
	first, second := ann.get(at+"/edit").postForm("/edit"), bob.get(at+"/edit").postForm("/edit")
	first.set(nameField, "Ann’s").submit().want(http.StatusOK, "Template saved", "Version 2")
	first.submit().want(http.StatusOK, "Version 2") // the same again
	again := second.set(nameField, "Bob’s").submit().want(http.StatusConflict, "Someone changed this template").
		postForm("/edit")
	if got := again.values.Get(nameField); got != "Bob’s" {
		t.Errorf("the name is %q", got)
	}
	again.submit().want(http.StatusOK, "Bob’s", "Version 3", "Ann’s")
	ann.post(at+"/delete", nil).want(http.StatusOK)
	second.submit().want(http.StatusNotFound, templateUnknownText)
	// Back leads to the form, and another name is typed.
	f := ann.newTemplate().set(nameField, "One").set(urlOf(0), good).set(typesOfHook(0), "DONATION")
	f.submit().want(http.StatusOK, "Template made")
	f.submit().want(http.StatusOK, "One", "Version 1")
	f.set(nameField, "Two").submit().want(http.StatusConflict, "This form has already made a template").
		postForm(templatesPath).submit().want(http.StatusOK, "Template made", "Two")
}

// TestDriftInTheList: the list says how each shop compares with its templates, and claims nothing of what isn't known.
func TestDriftInTheList(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	has := func(types ...string) []fleet.Webhook {
		return []fleet.Webhook{fleettest.Hook("wcon_1", good, typesOf(types)...)}
	}
	for i, shop := range []fleettest.Shop{
		{Name: "Same", Webhooks: has("DONATION", "ORDER_PLACED")},
		{Name: "Less", Webhooks: has("DONATION")},
		{Name: "More", Webhooks: has("DONATION", "ORDER_PLACED", "ORDER_UPDATED", "GIFT_PURCHASE")},
		{Name: "Old", Webhooks: has("DONATION"), Ago: 40 * time.Hour},
		{Name: "Failing", Webhooks: has("DONATION"), Failed: 3, Error: "500"},
		{Name: "Other", Webhooks: has("DONATION"), Labels: []string{"games"}},
		{
			Name:     "Extra",
			Webhooks: append(has("DONATION", "ORDER_PLACED"), fleettest.Hook("wcon_2", agencyHost, "DONATION")),
		},
	} {
		shop.ID = fmt.Sprint("sh_", i)
		if shop.Labels == nil {
			shop.Labels = []string{"music"}
		}
		fleettest.Put(t, g.store, g.server.Team.Owner(), shop)
	}
	p := g.member(team.Operator)
	if text := p.get(shopsPath).text(); strings.Contains(text, "as template") || strings.Contains(text, "differ") {
		t.Error("the list speaks of templates though there are none")
	}
	at := p.newTemplate().set(nameField, "Music").set(labelsField, "music").set("other", "report").
		set(urlOf(0), good).set(typesOfHook(0), "DONATION", "ORDER_PLACED").submit().
		want(http.StatusOK, "1 as template", "4 differ", "1 not known").url.Path
	list := p.get(shopsPath).want(http.StatusOK, "1 as template", "4 differ", "1 not known", "4 shops differ from Music",
		"Review a plan")
	for name, want := range map[string]string{
		"Same": "", "Less": "− Order placed", "More": "+ Gift purchase, Order updated", "Other": "", "Extra": "1 other webhook",
		"Old": "Stale: no recent visit", "Failing": "500, − order placed",
	} {
		if got := list.fleetRow(name); !strings.EqualFold(got, want) && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	id := strings.TrimPrefix(at, templatesPath+"/")
	for query, want := range map[string]string{
		"?drift=same": "1 of 7 shops shown · As template", "?drift=differs": "4 of 7 shops shown", "?drift=unknown": "1 of 7 shops shown",
		"?template=" + id: "6 of 7 shops shown · Music v1", "?template=" + id + "&drift=differs": "4 of 7 shops shown · Music v1, Differs",
		"?template=none": "No shops match",
	} {
		p.get(shopsPath+query).want(http.StatusOK, want)
	}
	csv := p.get(shopsCSVPath + "?q=sh_1").records()
	if got := csv[1][len(csv[1])-2:]; !slices.Equal(got, []string{"Differs", "− Order placed"}) {
		t.Errorf("CSV: %q", got)
	}
	plan := list.link("Review a plan").
		want(http.StatusOK, "Plan a change for 4 shops", "Music v1", "Its other webhooks stay").
		postForm(plansPath).submit().want(http.StatusOK, "Plan 1 · Music v1 in 3 shops", "1 shop needs no change")
	plan.want(http.StatusOK, "+ Order placed", "− Gift purchase, Order updated")
}

// TestContradictionsAreExplained: a plan names the shops whose templates
// contradict each other.
func TestContradictionsAreExplained(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	for i, labels := range [][]string{{"music"}, {"music", "games"}} {
		fleettest.Put(t, g.store, g.server.Team.Owner(),
			fleettest.Shop{ID: fmt.Sprint("sh_", i), Name: fmt.Sprint("Shop ", i), Labels: labels})
	}
	p := g.member(team.Operator)
	var at string
	for _, label := range []string{"games", "music"} {
		at = p.newTemplate().set(nameField, label).set(labelsField, label).set(urlOf(0), good).
			set(typesOfHook(0), map[string]string{"games": "ORDER_PLACED", "music": "DONATION"}[label]).submit().
			want(http.StatusOK).url.Path
	}
	says := "Two of their templates want different event types for one URL."
	query := "kind=template&template=" + strings.TrimPrefix(at, templatesPath+"/")
	p.newPlan(query+"&q=sh_1").submit().want(http.StatusUnprocessableEntity, "Nothing would change", says, "Shop 1")
	p.newPlan(query).submit().want(http.StatusOK, "1 new webhook", says, "See the templates")
}
