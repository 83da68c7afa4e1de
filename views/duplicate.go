package views

import (
	"slices"

	"hookwall/views/ui"
)

// DuplicatePage asks before a second webhook with the same URL is created.
type DuplicatePage struct {
	Frame
	Action     string // POST target, that of the create form
	EditHref   string // back to the form, filled in
	ListHref   string
	Key        string
	URL        string
	Types      []ui.EventBadge
	Duplicates []ui.Duplicate
}

// extendable reports whether one of the duplicates could be extended instead.
func (p DuplicatePage) extendable() bool {
	return slices.ContainsFunc(p.Duplicates, func(d ui.Duplicate) bool { return d.ExtendHref != "" })
}
