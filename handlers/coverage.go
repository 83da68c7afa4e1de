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
	against string   // ID of a preset, or of a template after templatePrefix; "" for the chosen types, or all
	types   []string // that are chosen
	label   string
}

// template returns the ID of the template that coverage compares with, or "".
func (c coverageQuery) template() string {
	id, isTemplate := strings.CutPrefix(c.against, templatePrefix)
	if !isTemplate {
		return ""
	}
	return id
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
	found, err := s.findShops(r, shopFilter{label: c.label, sort: sortShopName, template: c.template()})
	if err != nil {
		return err
	}
	if found.seen == nil {
		return redirect(w, r, shopsPath)
	}
	if err := s.readTemplates(r, found.seen); err != nil {
		return err
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
	page.Presets = append(templateChoicesOf(found), page.Presets...)
	if t, known := found.seen.templateOf(c.template()); known {
		s.compareWith(&page, found, t, stateOf(r).may(operator))
	}
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
		seen = append(seen, *found.seen.of[conn.ShopID])
	}
	patterns := patternsOf(found, seen, types, c)
	page.Patterns = len(patterns)
	for _, p := range patterns {
		if !p.Known {
			page.NotKnown += p.Shops
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
			page.Rows = append(page.Rows, patternRow(found, patterns[i], types, c, mayPlan))
			continue
		}
		row := found.againstTemplate(coverageRow(patternsOf(found, seen[i:i+1], types, c)[0].Pattern, types, ""),
			c.template(), seen[i].ShopID)
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

// pattern is a pattern of shops that also compare alike with a template, if
// there is one.
type pattern struct {
	fleet.Pattern

	likeness fleet.Likeness
	one      string // ID of a shop
}

// patternsOf returns the patterns of shops. Against a template, the shops that
// are as it comes first. If that isn't known of a shop, its types aren't drawn.
func patternsOf(
	found foundShops, seen []store.Observation, types []fourthwall.EventType, c coverageQuery,
) (all []pattern) {
	if c.template() == "" {
		for _, p := range fleet.Coverage(seen, types) {
			all = append(all, pattern{Pattern: p})
		}
		return all
	}
	by := map[fleet.Likeness][]store.Observation{}
	first := map[string]string{}
	for _, o := range seen {
		l := found.seen.likeness(o.ShopID, c.template())
		by[l] = append(by[l], o)
		key := string(l) + fleet.Coverage([]store.Observation{o}, types)[0].Key
		if first[key] == "" {
			first[key] = o.ShopID
		}
	}
	for _, l := range likenessStates {
		for _, p := range fleet.Coverage(by[l], types) {
			all = append(all, pattern{p, l, first[string(l)+p.Key]})
		}
	}
	return onlyOneUnknown(all)
}

// onlyOneUnknown puts the shops of which it isn't known how they compare in one
// pattern.
func onlyOneUnknown(all []pattern) (out []pattern) {
	rest := pattern{likeness: fleet.NotKnown}
	for _, p := range all {
		if p.likeness != fleet.NotKnown {
			out = append(out, p)
			continue
		}
		rest.Shops += p.Shops
		rest.one = p.one
	}
	if rest.Shops > 0 {
		out = append(out, rest)
	}
	return out
}

// patternRow returns the row of a pattern, with a link to plan what it lacks.
func patternRow(
	found foundShops, p pattern, types []fourthwall.EventType, c coverageQuery, mayPlan bool,
) views.CoverageRow {
	row := coverageRow(p.Pattern, types, c.label)
	filter := shopFilter{pattern: p.Key, label: c.label}
	if c.template() == "" {
		if mayPlan && len(row.Missing) > 0 {
			row.Plan = addTypesHref(filter, p.Pattern, types)
		}
		return row
	}
	filter.template, filter.drift = c.template(), string(p.likeness)
	row.Href = filter.href(1)
	if mayPlan && p.likeness == fleet.Differs {
		row.Plan = planTemplateHref(filter)
	}
	return found.againstTemplate(row, c.template(), p.one)
}

// againstTemplate returns a row that says how a shop compares with a template,
// as all shops of the row do.
func (f foundShops) againstTemplate(row views.CoverageRow, template, shopID string) views.CoverageRow {
	t, known := f.seen.templateOf(template)
	if !known {
		return row
	}
	d, _ := f.seen.compared[shopID].With(t.ID)
	row.Against, row.State = true, likenessMarks[d.Likeness]
	row.Known = row.Known && d.Likeness != fleet.NotKnown
	wanted := typesOfTemplate(t)
	at := 0
	row.Missing = nil
	var more []string
	for _, g := range fourthwall.Groups() {
		for _, info := range g.Types {
			if at == len(row.Cells) {
				break
			}
			cell := &row.Cells[at]
			at++
			cell.InTemplate = slices.Contains(wanted, info.Code)
			switch {
			case cell.Max == 0 && cell.InTemplate:
				row.Missing = append(row.Missing, info.Title)
			case cell.Max > 0 && !cell.InTemplate:
				more = append(more, info.Title)
			}
		}
	}
	row.Text = againstText(d.Likeness, row.Missing, more, f.seen.of[shopID].WebhookCount == 0)
	return row
}

// typesOfTemplate returns the event types of all webhooks of a template.
func typesOfTemplate(t fleet.Template) (types []fourthwall.EventType) {
	for _, hook := range t.Webhooks {
		types = append(types, hook.AllowedTypes...)
	}
	return fourthwall.TypeSet(types)
}

// compareWith adds how the shops compare with a template, and a link to plan
// what makes them equal.
func (s *server) compareWith(page *views.CoveragePage, found foundShops, t fleet.Template, mayPlan bool) {
	page.Template = &ui.Link{Href: templatePath(t.ID), Text: templateName(t)}
	page.TemplateTypes = len(typesOfTemplate(t))
	counts := map[fleet.Likeness]int{}
	for _, c := range found.found {
		counts[found.seen.likeness(c.ShopID, t.ID)]++
	}
	for _, l := range likenessStates {
		f := shopFilter{template: t.ID, drift: string(l), label: found.filter.label}
		if counts[l] == 0 {
			continue
		}
		page.Likeness = append(page.Likeness,
			views.ShopCount{State: likenessMarks[l], Count: counts[l], Text: likenessTexts[l], Href: f.href(1)})
		if l == fleet.Differs && mayPlan {
			page.PlanHref, page.PlanCount = planTemplateHref(f), counts[l]
		}
	}
}

// templateChoicesOf are the templates to compare with.
func templateChoicesOf(found foundShops) (all []ui.Choice) {
	for _, t := range found.seen.templates {
		all = append(all, ui.Choice{Value: templatePrefix + t.ID, Text: templateName(t)})
	}
	return all
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
			row.Cells = append(row.Cells, views.CoverageCell{Min: n.Min, Max: n.Max})
			if n.Max == 0 {
				row.Missing = append(row.Missing, info.Title)
			}
		}
	}
	return row
}
