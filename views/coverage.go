package views

import (
	"strconv"

	"hookwall/views/ui"
)

// CoveragePage shows which event types the webhooks of many shops cover.
type CoveragePage struct {
	Frame
	ListHref                string // of all shops
	Action                  string // GET target; fields by, against, type and label
	ByShop                  bool   // a row is a shop, otherwise a pattern that shops share
	PatternsHref, ShopsHref string
	Against                 string // ID of a preset, or ""
	Presets                 []ui.Choice
	Some                    bool // the compared types are fewer than all
	Label                   string
	LabelChoices            []ui.Choice
	Groups                  []CoverageGroup // all event types
	Shops, Patterns         int             // on all pages
	NotKnown                int             // of Shops
	Rows                    []CoverageRow   // of this page
	Pager                   ui.Pager
	StreamHref              string // that says when something was read

	Template      *ui.Link    // that the shops are compared with; nil for none
	TemplateTypes int         // of the event types of its webhooks
	Likeness      []ShopCount // how the shops compare
	PlanHref      string      // plans the template for PlanCount shops; "" if the person may not
	PlanCount     int
}

// CoverageGroup is a group of event types.
type CoverageGroup struct {
	Title string
	Types []CoverageType
}

// CoverageType is an event type. If it's Compared, it has a column.
type CoverageType struct {
	Code, Title      string
	Compared, Chosen bool
	Href             string // to the shops that don't cover it
}

// CoverageRow is a shop, or the shops with one pattern.
type CoverageRow struct {
	Name    string // of the shop; "" for a pattern
	Twin    string // what tells it from another shop with its name; "" if there is none
	Shops   int
	Href    string
	Known   bool           // what the webhooks cover
	Cells   []CoverageCell // of the compared types
	Missing []string       // the titles of those that aren't covered
	Plan    string         // plans to add those, or the template; "" if the person may not
	Against bool           // it's compared with a template: State and Text say how
	State   ui.State
	Text    string
	Total   int // of the compared types
}

// CoverageCell is how many webhooks have an event type, from the fewest of a shop
// to the most. 35 also means more.
type CoverageCell struct {
	Min, Max   int
	InTemplate bool // that the shops are compared with
}

// most is the number from which a cell says that there may be more.
const most = 35

// tabs are the pages about many shops.
func (p CoveragePage) tabs() []ui.Link { return fleetTabs(coverageTitle) }

// compared returns the group with the types that have a column.
func (g CoverageGroup) compared() (all []CoverageType) {
	for _, t := range g.Types {
		if t.Compared {
			all = append(all, t)
		}
	}
	return all
}

// columns returns how many types have a column.
func (p CoveragePage) columns() (n int) {
	for _, g := range p.Groups {
		n += len(g.compared())
	}
	return n
}

// chosen returns how many types are chosen one by one.
func (p CoveragePage) chosen() (n int) {
	for _, g := range p.Groups {
		for _, t := range g.Types {
			if t.Chosen {
				n++
			}
		}
	}
	return n
}

// class returns how a cell is filled.
func (c CoverageCell) class(against bool) string {
	switch {
	case against && c.InTemplate && c.Max == 0:
		return "cm"
	case against && !c.InTemplate && c.Max > 0:
		return "cx"
	}
	switch c.Max {
	case 0:
		return "c0"
	case 1:
		return "c1"
	}
	return "c2"
}

// text is what a cell shows besides its color.
func (c CoverageCell) text(against bool) string {
	switch c.class(against) {
	case "cm":
		return "−"
	case "cx":
		return "+"
	}
	switch {
	case c.Max < 2:
		return ""
	case c.Max >= most:
		return strconv.Itoa(most) + "+"
	}
	return strconv.Itoa(c.Max)
}

// words are what a cell says.
func (c CoverageCell) words(against bool) string {
	switch c.class(against) {
	case "cm":
		return missingInShops
	case "cx":
		return notInTemplate
	}
	switch {
	case c.Max == 0:
		return notCovered
	case c.Max >= most:
		return strconv.Itoa(c.Min) + " or more webhooks"
	case c.Min < c.Max:
		return strconv.Itoa(c.Min) + " to " + ui.Count(c.Max, "webhook", "webhooks")
	}
	return ui.Count(c.Max, "webhook", "webhooks")
}

// title says in a few words what a row covers.
func (r CoverageRow) title() string {
	n := len(r.Missing)
	switch {
	case r.Against:
		return r.Text
	case !r.Known:
		return coverageNotKnown
	case n == 0:
		return allCovered
	case n == r.Total:
		return nothingCovered
	case n == 1:
		return r.Missing[0] + missingHere
	case r.Total-n > n:
		return ui.Number(n) + missingHere
	}
	return ui.Number(r.Total-n) + " of " + ui.Number(r.Total)
}

// isShare reports whether the title is how many types of all are covered.
func (r CoverageRow) isShare() bool {
	n := len(r.Missing)
	return !r.Against && r.Known && n > 1 && n < r.Total && r.Total-n <= n
}

// state is how a row is, if the types were chosen.
func (r CoverageRow) state() ui.State {
	switch {
	case r.Against:
		return r.State
	case !r.Known:
		return ui.NotKnown
	case len(r.Missing) > 0:
		return ui.Look
	}
	return ui.OK
}

// size returns how many event types there are.
func (p CoveragePage) size() (n int) {
	for _, g := range p.Groups {
		n += len(g.Types)
	}
	return n
}
