package ui

import "time"

// DeliveryRow is one delivery in the log.
type DeliveryRow struct {
	ID          string
	Href        string
	Type        EventBadge
	At          time.Time // zero when Fourthwall did not say
	State       string    // verbatim
	Failed      bool      // Fourthwall reports an error
	Error       string
	Test        bool
	URL         string
	WebhookID   string // "" when it cannot be told
	WebhookHref string // "" when the webhook is not there any more
	Ambiguous   bool   // several webhooks have this URL
	// WebhooksUnknown is set when the shop's webhooks could not be read, so
	// that nothing can be said of those that have this URL.
	WebhooksUnknown bool
}
