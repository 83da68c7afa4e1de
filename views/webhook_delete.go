package views

import "hookwall/views/ui"

// WebhookDeletePage asks before a webhook is deleted.
type WebhookDeletePage struct {
	Frame
	Name        string
	URL         string
	Action      string // POST target
	WebhookHref string
	Types       []ui.EventGroup
	TypeCount   int
	// Stops are the event types that no webhook of the shop would cover any
	// longer. StopsKnown is false if the shop's webhooks couldn't be listed.
	Stops      []ui.EventBadge
	StopsKnown bool
	Locked     string // why it can't be deleted; "" if it can
	Notice     *ui.Notice
}
