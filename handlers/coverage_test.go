package handlers

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// coverageRows returns the rows of the table: a row's head, and what each of its
// cells says.
func (pg *page) coverageRows() (rows [][]string) {
	walk(pg.doc, func(n *html.Node) {
		if n.Data != "tr" || n.Parent.Data != "tbody" {
			return
		}
		var row []string
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch {
			case has(c, "aria-label"):
				row = append(row, attr(c, "aria-label"))
			case c.Type == html.ElementNode:
				row = append(row, textOf(c))
			}
		}
		rows = append(rows, row)
	})
	return rows
}

// coverageShops are shops of three patterns, and two of which nothing is known.
func coverageShops() []fleettest.Shop {
	hook := func(types ...fourthwall.EventType) fleet.Webhook {
		return fleettest.Hook("wcon_1", agencyHost, types...)
	}
	return []fleettest.Shop{
		{ID: "sh_1", Name: "One", Webhooks: []fleet.Webhook{hook("ORDER_PLACED", "ORDER_UPDATED")}, Labels: []string{"music"}},
		{
			ID: "sh_2", Name: "Two", Labels: []string{"music"},
			Webhooks: []fleet.Webhook{hook("ORDER_PLACED", "ORDER_UPDATED"), hook("ORDER_PLACED", "OF_THE_FUTURE")},
		},
		{ID: "sh_3", Name: "Three", Webhooks: []fleet.Webhook{hook("ORDER_PLACED", "DONATION")}},
		{ID: "sh_4", Name: "Four"},
		{ID: "sh_5", Name: "Five", Unseen: true},
		{ID: "sh_6", Name: "Six", Webhooks: []fleet.Webhook{hook("ORDER_PLACED")}, Cut: true},
	}
}

// TestCoverageOfShops: shops with the same coverage share a row, which leads to them.
// Those of which not everything is known are in a row of their own.
func TestCoverageOfShops(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, coverageShops()...)
	unknown := []string{"Not known 2 shops not known", "Not known"}
	for query, row := range map[string]struct {
		want  [][]string
		first []string // shops that the first row leads to
	}{
		"?against=fulfillment": {[][]string{
			{"OK 2 shops all covered", "1 to 2 webhooks", "1 webhook"},
			{"Look 1 shop nothing covered Plan to add in 1 shop", "not covered", "not covered"},
			{"Look 1 shop Order updated not covered Plan to add in 1 shop", "1 webhook", "not covered"},
			unknown,
		}, []string{"One", "Two"}},
		"?type=ORDER_PLACED&type=NO_SUCH": {[][]string{
			{"OK 3 shops all covered", "1 to 2 webhooks"},
			{"Look 1 shop nothing covered Plan to add in 1 shop", "not covered"},
			unknown,
		}, []string{"One", "Three", "Two"}},
		"?against=fulfillment&label=MUSIC": {[][]string{
			{"OK 2 shops all covered", "1 to 2 webhooks", "1 webhook"},
		}, []string{"One", "Two"}},
		"?against=fulfillment&by=shops": {[][]string{
			{"Not known Five not known", "Not known"},
			{"Look Four nothing covered", "not covered", "not covered"},
			{"OK One all covered", "1 webhook", "1 webhook"},
			{"Not known Six not known", "Not known"},
			{"Look Three Order updated not covered", "1 webhook", "not covered"},
			{"OK Two all covered", "2 webhooks", "1 webhook"},
		}, nil},
		"?label=other": {nil, nil},
	} {
		pg := p.get(coveragePath + query).want(http.StatusOK)
		got := pg.coverageRows()
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
		if row.first == nil {
			continue
		}
		var shops []string
		for _, r := range pg.link(strings.Split(row.want[0][0], " ")[1] + " shops").want(http.StatusOK).fleetRows() {
			shops = append(shops, r[1])
		}
		slices.Sort(shops)
		if diff := cmp.Diff(row.first, shops); diff != "" {
			t.Errorf("%s leads to others: %s", query, diff)
		}
	}
	all := p.get(coveragePath).want(http.StatusOK, "Patterns 4", "Shops 6", "2 shops not known", "All 29 types")
	if n := len(all.coverageRows()[0]); n != 30 {
		t.Errorf("%d cells, want 30", n)
	}
	p.get(coveragePath+"?label=other").want(http.StatusOK, "No shops match")
	p.get(coveragePath+"?against=fulfillment").link("Plan to add").
		want(http.StatusOK, "Plan a change for 1 shop", "Four").postForm(plansPath).set(toField, good).
		submit().want(http.StatusOK, "1 new webhook", "+ Order placed, Order updated")
	p.newPlan("kind=add_types&q=sh_4").set(typesField, "DONATION").submit().
		want(http.StatusUnprocessableEntity, "1 shop left out. They have no webhooks.")
	names := []string{}
	for _, r := range all.link("Order updated").want(http.StatusOK).fleetRows() {
		names = append(names, r[1])
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"Four", "Three"}, names); diff != "" {
		t.Errorf("without Order updated: %s", diff)
	}
}

// TestCoverageOfOwnPreset compares with a preset that a person saved.
func TestCoverageOfOwnPreset(t *testing.T) {
	t.Parallel()
	g, p := newFleetRig(t, coverageShops()...)
	own, err := g.store.AddPreset(t.Context(), owner(p), store.Preset{Name: "Mine", Types: []string{"DONATION"}})
	g.must(err)
	pg := p.get(coveragePath+"?against="+own.ID).want(http.StatusOK, "Mine")
	if n := len(pg.coverageRows()[0]); n != 2 {
		t.Errorf("%d cells, want 2", n)
	}
}

// TestOneShopHasNoCoverage: with one shop, the page leads to it.
func TestOneShopHasNoCoverage(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, coverageShops()[0])
	if pg := p.noRedirects().get(coveragePath); pg.header.Get("Location") != shopsPath {
		t.Errorf("%d %s", pg.status, pg.header.Get("Location"))
	}
}

// manyPatterns are 1,000 shops of which each covers other event types.
func manyPatterns() (all []fleettest.Shop) {
	types := fourthwall.EventTypes()
	for i := range 1000 {
		shop := fleettest.Shop{ID: fmt.Sprintf("sh_%04d", i), Name: fmt.Sprintf("Shop %04d", i)}
		hook := fleettest.Hook("wcon_1", agencyHost)
		for bit, info := range types {
			if (i*2654435761)>>(bit%20)&1 == 1 {
				hook.AllowedTypes = append(hook.AllowedTypes, info.Code)
			}
		}
		shop.Webhooks = []fleet.Webhook{hook}
		if i%3 == 0 {
			shop.Webhooks = append(shop.Webhooks, hook)
		}
		shop.Accepted, shop.Failed, shop.Error = i%7, i%3, "500 Internal Server Error"
		all = append(all, shop)
	}
	return all
}

// TestFleetPagesStaySmall: pages about 1,000 shops, of which no two are alike.
func TestFleetPagesStaySmall(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, manyPatterns()...)
	for path, most := range map[string]struct{ html, elements int }{
		coveragePath:               {20_000, 3000},
		coveragePath + "?by=shops": {20_000, 3000},
		shopsPath:                  {12_000, 3000},
	} {
		sent, body := p.fetch(path)
		doc, err := html.Parse(bytes.NewReader(body))
		p.must(err)
		elements := 0
		walk(doc, func(n *html.Node) {
			if n.Type == html.ElementNode {
				elements++
			}
		})
		cost := p.costOf(path)
		t.Logf("%s: %d bytes, %d elements; all %v", path, sent, elements, cost)
		if sent > most.html || elements > most.elements || cost.total > mostOfAnyPage {
			t.Errorf("%s: %d bytes, %d elements; all %v", path, sent, elements, cost)
		}
	}
}

// BenchmarkCoverage measures what the server does for a page of 1,000 shops,
// without the network.
func BenchmarkCoverage(b *testing.B) {
	g, p := newFleetRig(b, manyPatterns()...)
	own := owner(p)
	for b.Loop() {
		seen, err := g.store.Observations(b.Context(), own)
		g.must(err)
		var types []fourthwall.EventType
		for _, info := range fourthwall.EventTypes() {
			types = append(types, info.Code)
		}
		page := views.CoveragePage{Groups: coverageGroups(types, coverageQuery{})}
		for _, one := range fleet.Coverage(seen, types)[:coverageOnPage] {
			page.Rows = append(page.Rows, coverageRow(one, types, ""))
		}
		g.must(views.Coverage(page).Render(b.Context(), &bytes.Buffer{}))
	}
}

// addTemplates gives an owner three templates for all shops, from which many
// differ, and returns the first.
func (g *rig) addTemplates(of store.Owner) fleet.Template {
	g.t.Helper()
	all := fourthwall.EventTypes()
	var first fleet.Template
	for i := range 3 {
		t := fleet.Template{ID: fmt.Sprint("template", i), Name: fmt.Sprint("Template ", i), ReportExtra: i == 2}
		for hook := range 2 {
			c := fourthwall.Content{URL: agencyHost}
			if i+hook > 0 {
				c.URL += fmt.Sprintf("/%d/%d/{shop.id}", i, hook)
			}
			for bit, info := range all {
				if (bit+i)%2 == 0 {
					c.AllowedTypes = append(c.AllowedTypes, info.Code)
				}
			}
			t.Webhooks = append(t.Webhooks, c)
		}
		_, err := g.server.Fleet.AddTemplate(g.t.Context(), activity.Actor{Owner: of}, t)
		g.must(err)
		if i == 0 {
			t.Version, first = 1, t
		}
	}
	return first
}

// TestCoverageAgainstATemplate: each pattern says how its shops compare with a
// template, and leads to a plan for those that differ.
func TestCoverageAgainstATemplate(t *testing.T) {
	t.Parallel()
	hooks := func(address string, types ...fourthwall.EventType) []fleet.Webhook {
		return []fleet.Webhook{fleettest.Hook("wcon_1", address, types...)}
	}
	g, p := newFleetRig(t, []fleettest.Shop{
		{ID: "sh_1", Name: "Same", Webhooks: hooks(good, "ORDER_PLACED", "DONATION")},
		{ID: "sh_2", Name: "Same too", Webhooks: hooks(good, "ORDER_PLACED", "DONATION")},
		{ID: "sh_3", Name: "Elsewhere", Webhooks: hooks(agencyHost, "ORDER_PLACED", "DONATION")},
		{ID: "sh_4", Name: "Less", Webhooks: hooks(good, "ORDER_PLACED", "ORDER_UPDATED")},
		{ID: "sh_5", Name: "None"},
		{ID: "sh_6", Name: "Old", Webhooks: hooks(good, "ORDER_PLACED", "DONATION"), Ago: 40 * time.Hour},
		{ID: "sh_7", Name: "New", Unseen: true},
	}...)
	made, err := g.server.Fleet.AddTemplate(t.Context(), activity.Actor{Owner: owner(p)}, fleet.Template{
		ID: "music", Name: "Music",
		Webhooks: []fourthwall.Content{{URL: good, AllowedTypes: []fourthwall.EventType{"ORDER_PLACED", "DONATION"}}},
	})
	g.must(err)
	pg := p.get(coverageAgainstHref(made.ID)).want(http.StatusOK, "Music v1", "2 as template", "3 differ", "2 not known",
		"Plan for 3 shops", "Music v1 covers 2 of 29 event types", "missing", "not in the template")
	var got []string
	for _, row := range pg.coverageRows() {
		words := map[string]int{}
		for _, cell := range row[1:] {
			words[cell]++
		}
		got = append(got, fmt.Sprintf("%s: %d missing, %d more, %d covered", row[0], words["missing"],
			words["covered, not in the template"], words["1 webhook"]))
	}
	want := []string{
		"OK 2 shops as template: 0 missing, 0 more, 2 covered", "Look 1 shop no webhook: 2 missing, 0 more, 0 covered",
		"Look 1 shop other webhooks or URLs: 0 missing, 0 more, 2 covered",
		"Look 1 shop 1 missing, 1 more: 1 missing, 1 more, 1 covered", "Not known 2 shops not known: 0 missing, 0 more, 0 covered",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	pg.link("2 shops").want(http.StatusOK, "2 of 7 shops shown")
	pg.link("Plan for 3 shops").want(http.StatusOK, "Plan a change for 3 shops", "Music v1").postForm(plansPath).submit().
		want(http.StatusOK, "Music v1 in 3 shops", "2 new webhooks", "1 edit")
	p.get(coverageAgainstHref(made.ID)+"&by=shops").
		want(http.StatusOK, "Elsewhere other webhooks or URLs", "Old not known", "Same as template")
	p.get(coverageAgainstHref("gone")).want(http.StatusOK, "No shops match")
}

// TestFleetPagesWithTemplatesStaySmall: the same pages for an owner with three
// templates.
func TestFleetPagesWithTemplatesStaySmall(t *testing.T) {
	t.Parallel()
	g, p := newFleetRig(t, manyPatterns()...)
	first := g.addTemplates(owner(p))
	f := shopFilter{template: first.ID, drift: string(fleet.Differs)}
	for _, path := range []string{
		shopsPath, f.href(2), coveragePath, coverageAgainstHref(first.ID), templatesPath, templatePath(first.ID),
		newTemplatePath, templatePath(first.ID) + "/edit", planTemplateHref(f),
	} {
		cost := p.costOf(path)
		t.Logf("%s: %v", path, cost)
		if cost.total > mostOfAnyPage {
			t.Errorf("%s costs too much: %v", path, cost)
		}
	}
}

// BenchmarkComparisons compares 1,000 shops with three templates.
func BenchmarkComparisons(b *testing.B) {
	g, p := newFleetRig(b, manyPatterns()...)
	own := owner(p)
	g.addTemplates(own)
	stored, err := g.server.Fleet.Templates(b.Context(), own)
	g.must(err)
	seen, err := g.store.Observations(b.Context(), own)
	g.must(err)
	for b.Loop() {
		all, err := g.server.Fleet.Comparisons(b.Context(), own, seen, nil, fleet.Readable(stored))
		g.must(err)
		if len(all) != 1000 {
			b.Fatal(len(all))
		}
	}
}

// BenchmarkFleetPages measures requests.
func BenchmarkFleetPages(b *testing.B) {
	_, p := newFleetRig(b, manyPatterns()...)
	for _, path := range []string{shopsPath, coveragePath} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				if sent, _ := p.fetch(path); sent == 0 {
					b.Fatal("nothing was sent")
				}
			}
		})
	}
}

// TestCoverageOfManyWebhooks: visits count up to 35 webhooks, so a cell says that
// there may be more.
func TestCoverageOfManyWebhooks(t *testing.T) {
	t.Parallel()
	hooks := func(n int) (all []fleet.Webhook) {
		for i := range n {
			all = append(all, fleettest.Hook(fmt.Sprint("wcon_", i), agencyHost, "DONATION"))
		}
		return all
	}
	_, p := newFleetRig(t, fleettest.Shop{ID: "sh_1", Name: "Many", Webhooks: hooks(35)},
		fleettest.Shop{ID: "sh_2", Name: "Few", Webhooks: hooks(34)})
	pg := p.get(coveragePath+"?type=DONATION&by=shops").want(http.StatusOK, "all covered 34", "all covered 35+")
	if diff := cmp.Diff([][]string{
		{"OK Few all covered", "34 webhooks"}, {"OK Many all covered", "35 or more webhooks"},
	}, pg.coverageRows()); diff != "" {
		t.Error(diff)
	}
}
