package views

import (
	"time"

	"hookwall/views/ui"
)

// WebhookPage shows one webhook.
type WebhookShowPage struct {
	Frame
	ID         string
	URL        string
	Types      []ui.EventGroup
	TypeCount  int
	APIVersion string
	ListHref   string
	Created    bool // it has just been created
	// FromCreate is set when the webhook could not be read again and is shown
	// as the create call answered it, with the reason.
	FromCreate string
	Secret     *WebhookSecret
	EditHref   string
	DeleteHref string
	EventsHref string // its deliveries
	CheckHref  string // the examination of its endpoint; "" when not offered
	TestHref   string // a delivery by hand; "" when not offered
	// Locked says why the webhook can be neither edited nor deleted; "" when it can.
	Locked string
	// ForDevelopersURL is where the shop's owner finds the webhook secret and
	// the test button.
	ForDevelopersURL string
	Snippets         []ui.Snippet // that verify signatures
}

// WebhookSecret is a secret that came with a new webhook.
type WebhookSecret struct {
	// Value is set only when the person has asked to see it.
	Value        string
	Until        time.Time
	RevealAction string // POST target: shows the page with Value
	StoredAction string // POST target: forgets the secret
}

// frame tells of what was just done: in the title, or by the focus.
func (p WebhookShowPage) frame() Frame {
	f := p.Frame
	if p.Created {
		f.Title = p.heading()
	}
	return f.focusing(p.Secret != nil && p.Secret.Value != "")
}

func (p WebhookShowPage) heading() string {
	if p.Created {
		return "Webhook created"
	}
	return "Webhook"
}

func (p WebhookShowPage) lead() string {
	if p.Created {
		return "Fourthwall calls your endpoint from now on."
	}
	return "What Fourthwall sends to this address, and how to receive it."
}
