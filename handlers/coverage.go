package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// coverageOnPage is how many patterns or shops a page has.
const coverageOnPage = 50

// coverageQuery is what coverage compares. It is in the URL, so it can be
// bookmarked.
type coverageQuery struct {
	byShop  bool
	against string   // ID of a preset; "" for the chosen types, or all if none is chosen
	types   []string // that are chosen
	label   string
}

func readCoverageQuery(q url.Values) coverageQuery {
	c := coverageQuery{
		byShop: q.Get("by") == "shops", against: bounded(q.Get("against"), maxShopQuery),
		label: bounded(q.Get("label"), maxShopQuery),
	}
	for _, info := range fourthwall.EventTypes() {
		if c.against == "" && slices.Contains(q["type"], string(info.Code)) {
			c.types = append(c.types, string(info.Code))
		}
	}
	return c
}

func (c coverageQuery) href(page int) string {
	q := filled(map[string]string{"against": c.against, "label": c.label})
	if c.byShop {
		q.Set("by", "shops")
	}
	for _, t := range c.types {
		q.Add("type", t)
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return withQuery(coveragePath, q.Encode())
}

func (c coverageQuery) by(shops bool) string {
	c.byShop = shops
	return c.href(1)
}

// compared returns the event types that coverage compares, all presets, and
// whether the types are fewer than all.
func (c coverageQuery) compared(own []store.Preset) (types []fourthwall.EventType, presets []ui.Choice, some bool) {
	add := func(id, title string, of []fourthwall.EventType) {
		presets = append(presets, ui.Choice{Value: id, Text: title})
		if c.against == id {
			types = of
		}
	}
	for _, p := range fourthwall.Presets() {
		add(p.ID, p.Title, p.Types)
	}
	for _, p := range own {
		var of []fourthwall.EventType
		for _, t := range p.Types {
			of = append(of, fourthwall.EventType(t))
		}
		add(p.ID, p.Name, of)
	}
	for _, t := range c.types {
		types = append(types, fourthwall.EventType(t))
	}
	if types != nil {
		return types, presets, true
	}
	for _, info := range fourthwall.EventTypes() {
		types = append(types, info.Code)
	}
	return types, presets, false
}

// handleCoverage shows which event types the webhooks of all shops cover: by
// pattern, or shop by shop.
func (s *server) handleCoverage(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return redirect(w, r, connectPath)
	}
	if query, had := withoutEmpty(r); had {
		return redirect(w, r, withQuery(coveragePath, query))
	}
	c := readCoverageQuery(r.URL.Query())
	found, err := s.findShops(r, shopFilter{label: c.label, sort: sortShopName})
	if err != nil {
		return err
	}
	if found.seen == nil {
		return redirect(w, r, shopsPath)
	}
	own, err := s.Store.Presets(r.Context(), stateOf(r).owner)
	if err != nil {
		return err
	}
	page := views.CoveragePage{
		StreamHref: found.shopsStreamHref(),
		ListHref:   shopsPath, Action: coveragePath, ByShop: c.byShop, PatternsHref: c.by(false), ShopsHref: c.by(true),
		Against: c.against, Label: c.label, LabelChoices: found.labelChoices(), Shops: len(found.found),
	}
	if page.Frame, err = s.frame(r, "Coverage"); err != nil {
		return err
	}
	var types []fourthwall.EventType
	types, page.Presets, page.Some = c.compared(own)
	page.Groups = coverageGroups(types, c)
	s.fillCoverage(&page, found, types, c, pageNumber(r.URL.Query()), stateOf(r).may(operator))
	return s.render(w, r, http.StatusOK, views.Coverage(page))
}

// coverageGroups are the columns: the catalog's event types, and which of them
// are compared.
func coverageGroups(types []fourthwall.EventType, c coverageQuery) (groups []views.CoverageGroup) {
	for _, g := range fourthwall.Groups() {
		group := views.CoverageGroup{Title: g.Title}
		for _, info := range g.Types {
			group.Types = append(group.Types, views.CoverageType{
				Code: string(info.Code), Title: info.Title, Compared: slices.Contains(types, info.Code),
				Chosen: slices.Contains(c.types, string(info.Code)),
				Href:   shopFilter{missing: string(info.Code), label: c.label}.href(1),
			})
		}
		groups = append(groups, group)
	}
	return groups
}

// fillCoverage adds the rows of a page. One that doesn't exist is the last.
func (s *server) fillCoverage(
	page *views.CoveragePage, found foundShops, types []fourthwall.EventType, c coverageQuery, number int, mayPlan bool,
) {
	var seen []store.Observation
	for _, conn := range found.found {
		seen = append(seen, found.seen.of[conn.ShopID])
	}
	patterns := fleet.Coverage(seen, types)
	page.Patterns = len(patterns)
	for _, p := range patterns {
		if !p.Known {
			page.NotKnown = p.Shops
		}
	}
	rows := len(patterns)
	if c.byShop {
		rows = len(seen)
	}
	last := max(1, (rows+coverageOnPage-1)/coverageOnPage)
	number = min(number, last)
	first := (number - 1) * coverageOnPage
	end := min(first+coverageOnPage, rows)
	twins := found.twins()
	for i := first; i < end; i++ {
		if !c.byShop {
			row := coverageRow(patterns[i], types, c.label)
			if mayPlan && len(row.Missing) > 0 {
				row.Plan = addTypesHref(shopFilter{pattern: patterns[i].Key, label: c.label}, patterns[i], types)
			}
			page.Rows = append(page.Rows, row)
			continue
		}
		row := coverageRow(fleet.Coverage(seen[i:i+1], types)[0], types, "")
		link := shopLink(seen[i].Connection)
		row.Name, row.Twin, row.Href = link.Name, twins[link.ID], link.Href
		page.Rows = append(page.Rows, row)
	}
	if last > 1 {
		page.Pager.Where = ui.Number(first+1) + "–" + ui.Number(end) + " of " + ui.Number(rows)
	}
	if number > 1 {
		page.Pager.BackHref, page.Pager.BackText = c.href(number-1), "Previous"
	}
	if number < last {
		page.Pager.OnHref, page.Pager.OnText = c.href(number+1), "Next"
	}
}

// addTypesHref returns a link to plan what the shops of a pattern lack.
func addTypesHref(f shopFilter, p fleet.Pattern, types []fourthwall.EventType) string {
	var missing []string
	for i, info := range fourthwall.EventTypes() {
		if slices.Contains(types, info.Code) && p.Counts[i].Max == 0 {
			missing = append(missing, string(info.Code))
		}
	}
	q := f.values()
	q.Set(kindField, string(fleet.AddTypes))
	if !slices.ContainsFunc(p.Counts, func(n fleet.Range) bool { return n.Max > 0 }) { // no webhook to add them to
		q.Set(kindField, string(fleet.CopyHook))
	}
	q.Set("types", strings.Join(missing, ","))
	return withQuery(newPlanPath, q.Encode())
}

// coverageRow returns the row of a pattern. It leads to its shops.
func coverageRow(p fleet.Pattern, types []fourthwall.EventType, label string) views.CoverageRow {
	row := views.CoverageRow{
		Known: p.Known, Shops: p.Shops, Href: shopFilter{pattern: p.Key, label: label}.href(1), Total: len(types),
	}
	if !p.Known {
		return row
	}
	place := map[fourthwall.EventType]int{}
	for i, info := range fourthwall.EventTypes() {
		place[info.Code] = i
	}
	for _, g := range fourthwall.Groups() {
		for _, info := range g.Types {
			if !slices.Contains(types, info.Code) {
				continue
			}
			n := p.Counts[place[info.Code]]
			row.Cells = append(row.Cells, views.CoverageCell(n))
			if n.Max == 0 {
				row.Missing = append(row.Missing, info.Title)
			}
		}
	}
	return row
}
