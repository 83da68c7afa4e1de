package views

import "hookwall/views/ui"

// EditConfirmPage shows what a save will change, before it does.
type WebhookEditConfirmPage struct {
	Frame
	ID             string
	WebhookHref    string
	Action         string // POST target
	Draft          string // hidden field draft
	EditHref       string // back to the form, filled in
	OldURL, NewURL string // equal when the URL stays
	Added          []ui.EventBadge
	Removed        []ui.EventBadge
	Kept           []ui.EventBadge
	Duplicates     []ui.Duplicate // others with the new URL and shared types
}
