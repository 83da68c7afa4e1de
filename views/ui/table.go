package ui

import "time"

// DeliveryRow is a delivery in a table.
type DeliveryRow struct {
	ID          string
	Href        string
	AdviceHref  string // says what to do if it failed
	Type        EventBadge
	At          time.Time // zero if unknown
	State       string    // in Fourthwall's words
	Mark        State     // what it means, if that is known
	Failed      bool      // Fourthwall reports an error
	Error       string
	Test        bool
	Again       bool // of the same event as the row above
	URL         string
	Name        string // of the webhook
	Labeled     bool   // Name is what a person called it, not its host and path
	WebhookID   string // "" if it can't be told which it was
	WebhookHref string // "" if the webhook no longer exists
	Ambiguous   bool   // several webhooks have this URL
	// WebhooksUnknown is set if the shop's webhooks couldn't be listed, so that
	// nothing is known of those with this URL.
	WebhooksUnknown bool
}

// result says how a delivery went, in a few words. known is false if the words
// are Fourthwall's own.
func (r DeliveryRow) result() (text string, known bool) {
	switch {
	case r.Error != "":
		return r.Error, true
	case r.Mark == Failing:
		return failedNoReason, true
	case r.Mark == OK:
		return acceptedWord, true
	case r.State == "":
		return noStateGiven, true
	}
	return r.State, false
}

// nameDirection keeps a URL from being reordered. A label has the direction of its
// own script.
func (r DeliveryRow) nameDirection() string {
	if r.Labeled {
		return "auto"
	}
	return "ltr"
}

// note says in a few words, and in a sentence, why a delivery may belong to no
// webhook. Both are "" if it belongs to one.
func (r DeliveryRow) note() (short, long string) {
	switch {
	case r.Ambiguous:
		return sharedURL, sharedURLText
	case r.WebhookID == "" && r.WebhooksUnknown:
		return webhookNotKnown, webhookNotKnownText
	case r.WebhookID == "":
		return noWebhook, noWebhookText
	case r.WebhookHref == "" && !r.WebhooksUnknown:
		return webhookDeleted, webhookDeletedText
	}
	return "", ""
}

// Outcome says how a delivery went, within a sentence.
func (r DeliveryRow) Outcome() string {
	switch {
	case r.Mark == OK:
		return acceptedInText
	case r.Mark == Failing:
		return failedInText
	case r.State == "":
		return noStateInText
	}
	return stateInText(Plain(r.State))
}

// Square draws the delivery in a Strip.
func (r DeliveryRow) Square() Square {
	text, _ := r.result()
	name := r.Type.Title
	if name == "" {
		name = r.Type.Code
	}
	title := Plain(name) + ": " + Short(text)
	if !r.At.IsZero() {
		title = r.At.UTC().Format("Jan 2, 15:04:05") + " UTC, " + title
	}
	return Square{Href: r.Href, Title: title, State: r.Mark}
}
