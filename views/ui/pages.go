package ui

// pager leads through a list that has more than one page.
type Pager struct {
	BackHref, BackText string
	OnHref, OnText     string
	Where              string // "" when it is not known
	Label              string // "" for the only one of a page
}
