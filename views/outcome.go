package views

import "hookwall/views/ui"

// OutcomePage says what was done to a webhook, where the page that usually does
// can't.
type OutcomePage struct {
	Frame
	Title     string
	Notice    ui.Notice  // why this page is shown
	Different *ui.Notice // what isn't as asked; nil if all is
	ID        string
	URL       string // "" if it isn't known
	Types     []ui.EventBadge
	Secret    string // signing secret; "" if there is none, or it is kept
	Link      ui.Link
}
