package ui

// proposalsShown is how many templates that shops differ from have a line.
const proposalsShown = 2

// Proposal says that shops differ from a template.
type Proposal struct {
	Count    int
	Name     string
	Href     string // to the shops
	PlanHref string // "" if the person may not
}
