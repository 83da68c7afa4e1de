package views

import (
	"time"

	"hookwall/views/ui"
)

// WebhookShowPage shows one webhook.
type WebhookShowPage struct {
	Frame
	ID         string
	URL        string
	Types      []ui.EventGroup
	TypeCount  int
	APIVersion string
	ListHref   string
	Created    bool // it has just been created
	// FromResponse is why the page shows the response to the create or the
	// change, because the webhook couldn't be read afterwards; "" if it could.
	FromResponse string
	Secret       *WebhookSecret
	EditHref     string
	DeleteHref   string
	EventsHref   string // lists its deliveries
	CheckHref    string // checks its endpoint; "" if not offered
	TestHref     string // sends a test delivery; "" if not offered
	// Locked is why the webhook can't be edited or deleted; "" if it can.
	Locked string
	// ForDevelopersURL is where the shop's owner finds the signing secret and the
	// test button.
	ForDevelopersURL string
	Snippets         []ui.Snippet // that verify signatures
}

// WebhookSecret is the signing secret that came with a new webhook.
type WebhookSecret struct {
	// Value is "" until the person asks to see it.
	Value        string
	Until        time.Time
	RevealAction string // POST target that shows Value
	StoredAction string // POST target that deletes the secret
}

// frame returns the frame with what was just done, in its title or by its focus.
func (p WebhookShowPage) frame() Frame {
	f := p.Frame
	if p.Created {
		f.Title = p.heading()
	}
	return f.focusing(p.Secret != nil && p.Secret.Value != "")
}

// heading returns the text of the h1.
func (p WebhookShowPage) heading() string {
	if p.Created {
		return "Webhook created"
	}
	return "Webhook"
}

// lead returns the sentence below the h1.
func (p WebhookShowPage) lead() string {
	switch {
	case p.TypeCount == 0:
		return noTypesLead
	case p.Created:
		return createdLead
	}
	return webhookLead
}

// noTypesNotice warns about a webhook that never receives anything.
func (p WebhookShowPage) noTypesNotice() ui.Notice {
	n := ui.Notice{Kind: ui.Warning, Title: noTypesTitle, Text: "This webhook never receives anything."}
	if p.Locked == "" && p.EditHref != "" {
		n.Text += " Select the event types that your tool needs."
		n.Link = &ui.Link{Href: p.EditHref, Text: "Edit"}
	}
	return n
}
