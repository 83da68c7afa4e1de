package views

import (
	"time"

	"hookwall/views/ui"
)

// plansPath is where plans are listed, templatesPath where templates are.
const (
	plansPath     = "/plans"
	templatesPath = "/templates"
)

// PlansPage lists plans, the newest first.
type PlansPage struct {
	Frame
	NewHref string // plans a change; "" if the person may not
	Now     time.Time
	Rows    []PlanRow
	Pager   ui.Pager

	YAMLHref, JSONHref string // files of all shops; "" with one shop
}

// PlanRow is one plan.
type PlanRow struct {
	Number    int
	Href      string
	Kind      string // such as “Add event types”
	Shops     string // such as “38 shops”
	State     ui.State
	StateText string
	Who       string // made it; "" without a team
	At        time.Time
}

// tabs are the pages about many shops.
func (p PlansPage) tabs() []ui.Link { return fleetTabs(plansTitle) }

// fleetTabs are the pages about many shops. The current one has no link.
func fleetTabs(current string) []ui.Link {
	all := []ui.Link{
		{Href: shopsPath, Text: shopsTitle},
		{Href: coveragePath, Text: coverageTitle},
		{Href: templatesPath, Text: templatesTitle},
		{Href: plansPath, Text: plansTitle},
	}
	for i := range all {
		if all[i].Text == current {
			all[i].Href = ""
		}
	}
	return all
}
