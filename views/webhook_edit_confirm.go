package views

import "hookwall/views/ui"

// WebhookEditConfirmPage shows what a save will change and asks before it does.
type WebhookEditConfirmPage struct {
	Frame
	Name           string
	WebhookHref    string
	Action         string // POST target
	Draft          string // value of the hidden field draft
	EditHref       string // back to the form, filled in
	OldURL, NewURL string // equal if the URL stays
	Added          []ui.EventBadge
	Removed        []ui.EventBadge
	Kept           []ui.EventBadge
	Duplicates     []ui.Duplicate // other webhooks with the new URL and some of the types
	// DuplicatesUnknown reports whether there may be others, because not all
	// webhooks could be read.
	DuplicatesUnknown bool
}
