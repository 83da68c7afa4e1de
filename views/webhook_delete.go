package views

import "hookwall/views/ui"

// DeletePage asks before a webhook is deleted.
type WebhookDeletePage struct {
	Frame
	ID          string
	URL         string
	Action      string // POST target
	WebhookHref string
	Types       []ui.EventGroup
	TypeCount   int
	// Stops are the event types that nobody in this shop would receive any
	// more; StopsKnown is false when that could not be found out.
	Stops      []ui.EventBadge
	StopsKnown bool
	Locked     string // why it cannot be deleted; "" when it can
	Notice     *ui.Notice
}
