package ui

// Pager is the way through a list of several pages.
type Pager struct {
	BackHref, BackText string
	OnHref, OnText     string
	Where              string // number of the page; "" if unknown
	Label              string // tells several on one page apart; "" if there is one
}
