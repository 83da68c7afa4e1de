package ui

import "time"

// DeliveryRow is a delivery in a table.
type DeliveryRow struct {
	ID          string
	Href        string
	Type        EventBadge
	At          time.Time // zero if unknown
	State       string    // in Fourthwall's words
	Failed      bool      // Fourthwall reports an error
	Error       string
	Test        bool
	URL         string
	WebhookID   string // "" if it can't be told which it was
	WebhookHref string // "" if the webhook no longer exists
	Ambiguous   bool   // several webhooks have this URL
	// WebhooksUnknown is set if the shop's webhooks couldn't be listed, so that
	// nothing is known of those with this URL.
	WebhooksUnknown bool
}
