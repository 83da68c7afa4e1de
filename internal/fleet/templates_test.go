package fleet_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// compared returns how all shops compare with templates.
func (g *rig) compared(templates ...fleet.Template) map[string]fleet.Comparison {
	g.t.Helper()
	seen, err := g.store.Observations(g.t.Context(), g.owner)
	g.must(err)
	labels, err := g.store.ShopLabels(g.t.Context(), g.owner)
	g.must(err)
	all, err := g.Comparisons(g.t.Context(), g.owner, seen, labels, templates)
	g.must(err)
	return all
}

// TestTemplatesAreKept: a template is stored, changed and deleted. Each is recorded.
func TestTemplatesAreKept(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	actor := g.actor("ada")
	want := fleet.Template{
		ID: "a", Name: "Music", Labels: []string{"music"}, ReportExtra: true,
		Webhooks: []fourthwall.Content{{URL: newHook + "/{shop.id}", AllowedTypes: []fourthwall.EventType{"DONATION"}}},
	}
	made, err := g.AddTemplate(t.Context(), actor, want)
	g.must(err)
	want.Version = 1
	if fmt.Sprint(made.Template) != fmt.Sprint(want) || made.Made.Name != "ada" || made.Made.At.IsZero() || made.Locked {
		t.Errorf("made %+v", made)
	}
	change := made.Template
	change.Name, change.Labels = "Songs", nil
	changed, err := g.ChangeTemplate(t.Context(), actor, change)
	g.must(err)
	if changed.Version != 2 || changed.Name != "Songs" || changed.Labels != nil {
		t.Errorf("changed %+v", changed)
	}
	if _, err := g.ChangeTemplate(t.Context(), actor, want); !errors.Is(err, store.ErrTemplateChanged) {
		t.Errorf("a change of an older version: %v", err)
	}
	all, err := g.Templates(t.Context(), g.owner)
	g.must(err)
	versions, err := g.TemplateVersions(t.Context(), g.owner, "a")
	g.must(err)
	if fmt.Sprint(all) != fmt.Sprint([]fleet.TemplateVersion{changed}) {
		t.Errorf("templates %+v", all)
	}
	if fmt.Sprint(versions) != fmt.Sprint([]fleet.TemplateVersion{changed, made}) {
		t.Errorf("versions %+v", versions)
	}
	g.must(g.DeleteTemplate(t.Context(), actor, changed.Template))
	if _, err := g.TemplateVersions(t.Context(), g.owner, "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	list, err := g.store.Activities(t.Context(), store.ActivityQuery{Shop: activity.OfTeam})
	g.must(err)
	var lines []string
	for _, a := range list.Rows {
		d, _ := activity.ReadDetail(a)
		lines = append(lines, fmt.Sprint(a.Action, " ", d.Template, " v", d.Version, " ", a.Person.Name, " ", a.Outcome))
	}
	recorded := []string{
		"template.delete Songs v2 ada done", "template.change Songs v2 ada done", "template.make Music v1 ada done",
	}
	if !slices.Equal(lines, recorded) {
		t.Errorf("recorded %q", lines)
	}
}

// TestComparisonsClaimOnlyWhatWasSeen: how a shop compares isn't known if it could not be read, or was read long ago.
func TestComparisonsClaimOnlyWhatWasSeen(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	has := []fleet.Webhook{fleettest.Hook("wcon_1", newHook, "DONATION")}
	for _, shop := range []fleettest.Shop{
		{ID: "same", Webhooks: has},
		{ID: "differs"},
		{ID: "stale", Webhooks: has, Ago: 40 * time.Hour},
		{ID: "ended", Webhooks: has, Expired: true},
		{ID: "unseen", Unseen: true},
		{ID: "cut", Webhooks: has, Cut: true},
		{ID: "stale differs", Ago: 40 * time.Hour},
		{ID: "not read since", Webhooks: has, Problem: fleet.NoAnswer},
		{ID: "other", Webhooks: has, Labels: []string{"games"}},
	} {
		if shop.ID != "other" {
			shop.Labels = []string{"music"}
		}
		shop.Name = shop.ID
		fleettest.Put(t, g.store, g.owner, shop)
	}
	want := map[string]fleet.Likeness{
		"same": fleet.AsTemplate, "differs": fleet.Differs, "stale": fleet.NotKnown, "ended": fleet.NotKnown,
		"unseen": fleet.NotKnown, "cut": fleet.NotKnown, "stale differs": fleet.NotKnown, "not read since": fleet.AsTemplate,
	}
	all := g.compared(fleet.Template{ID: "a", Labels: []string{"music"}, Webhooks: []fourthwall.Content{has[0].Content}})
	if len(all) != len(want) {
		t.Errorf("%d shops are compared, want %d", len(all), len(want))
	}
	for id, likeness := range want {
		d, _ := all[id].With("a")
		if all[id].Likeness != likeness || d.Likeness != likeness || likeness == fleet.NotKnown && len(d.Items) > 0 {
			t.Errorf("%s: %+v, want %s", id, all[id], likeness)
		}
	}
}

// TestPlanFromDrift: whatever shops have, a plan from their drift makes them as the template, and nothing else differs
// then. Its undo gives back what they had.
func TestPlanFromDrift(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 15))
			g := newRig(t)
			numbers := []int{studio, lantern, tidewater}
			var shops []string
			for _, n := range numbers {
				shops = append(shops, g.connect(g.owner, n))
				g.fill(n, random)
				g.visit(shops[n])
			}
			before := g.contents(numbers)
			template := fleet.Template{ID: "a", Name: "Music", Version: 3, ReportExtra: random.IntN(2) == 0}
			for _, i := range random.Perm(len(patterns))[:1+random.IntN(3)] {
				template.Webhooks = append(template.Webhooks, fourthwall.Content{URL: patterns[i], AllowedTypes: someTypes(random)})
			}
			edit := fleet.Edit{Kind: fleet.FromTemplate, Template: &template}
			p, _, err := g.MakePlan(t.Context(), g.actor("ada"), "form", edit, shops)
			if errors.Is(err, fleet.ErrNothingToChange) {
				return
			}
			g.must(err)
			g.applies(p)
			for _, n := range numbers {
				g.move(time.Minute)
				g.visit(shops[n])
			}
			for id, c := range g.compared(template) {
				if d, _ := c.With("a"); len(d.Items) > 0 || d.Why != "" {
					t.Errorf("%s still differs: %+v, run: %s", id, d, g.standing(p))
				}
			}
			_, _, err = g.MakePlan(t.Context(), g.actor("ada"), "again", edit, shops)
			if !errors.Is(err, fleet.ErrNothingToChange) {
				t.Errorf("a second plan: %v", err)
			}
			undo, err := g.UndoPlan(t.Context(), g.actor("ada"), "undo", p)
			g.must(err)
			g.applies(undo)
			if after := g.contents(numbers); !slices.Equal(after, before) {
				t.Errorf("undone\n%q, want\n%q", after, before)
			}
		})
	}
}

// patterns are URLs of templates.
var patterns = []string{
	newHook, newHook + "/{shop.id}", "https://hooks.example.com/?d={shop.domain}&n={shop.name}",
	"https://two.example.com/fw",
}

func someTypes(random *rand.Rand) (types []fourthwall.EventType) {
	all := []fourthwall.EventType{"ORDER_PLACED", "ORDER_UPDATED", "DONATION", "GIFT_DRAW_STARTED"}
	for _, i := range random.Perm(len(all))[:1+random.IntN(len(all))] {
		types = append(types, all[i])
	}
	return types
}

// fill gives a shop webhooks, some of which may be those of a template.
func (g *rig) fill(n int, random *rand.Rand) {
	g.t.Helper()
	conn, err := g.store.Connection(g.t.Context(), g.owner, g.box.Shops()[n].ID)
	g.must(err)
	for range random.IntN(4) {
		address := patterns[random.IntN(len(patterns))]
		switch address {
		case patterns[1]:
			address = newHook + "/" + conn.ShopID
		case patterns[2]:
			address = "https://other.example.com/"
		}
		_, err := g.connected.Client(conn).CreateWebhook(g.t.Context(),
			fourthwall.Content{URL: address, AllowedTypes: someTypes(random)})
		g.must(err)
	}
}

// contents returns what shops really have, without IDs.
func (g *rig) contents(numbers []int) (all []string) {
	g.t.Helper()
	for _, n := range numbers {
		var hooks []string
		for _, hook := range g.listed(n) {
			hooks = append(hooks, fmt.Sprint(hook.URL, fourthwall.TypeSet(hook.AllowedTypes)))
		}
		slices.Sort(hooks)
		all = append(all, fmt.Sprint(hooks))
	}
	return all
}
