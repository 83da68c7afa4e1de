package views

import (
	"slices"

	"hookwall/views/ui"
)

// DuplicatePage asks once more before a second webhook is created.
type DuplicatePage struct {
	Frame
	Action     string // POST target: the create route
	EditHref   string // back to the form, filled in
	ListHref   string
	Submission string
	URL        string
	Types      []ui.EventBadge
	Duplicates []ui.Duplicate
}

// extendable says whether there is something better to do.
func (p DuplicatePage) extendable() bool {
	return slices.ContainsFunc(p.Duplicates, func(d ui.Duplicate) bool { return d.ExtendHref != "" })
}
