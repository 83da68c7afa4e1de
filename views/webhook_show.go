package views

import (
	"time"

	"hookwall/views/ui"
)

// WebhookShowPage shows one webhook.
type WebhookShowPage struct {
	Frame
	ID         string
	Name       string // its label, or the host and path of its URL
	Label      string // what a person called it; "" if nobody did
	URL        string
	Types      []ui.EventGroup
	TypeCount  int
	APIVersion string
	OtherTypes int // how many of the catalog it doesn't receive
	ListHref   string
	EventsHref string // lists its deliveries
	Created    bool   // it has just been created
	// FromResponse is why the page shows the response to the create or the
	// change, because the webhook couldn't be read afterwards; "" if it could.
	FromResponse string
	Secret       *WebhookSecret
	EditHref     string
	DeleteHref   string
	CheckHref    string // checks its endpoint; "" if not offered
	TestHref     string // sends a test delivery; "" if not offered
	CopyHref     string // plans copies in other shops; "" if not offered
	// Locked is why the webhook can't be edited or deleted; "" if it can.
	Locked string
	// ForDevelopersURL is where the shop's owner finds the signing secret and the
	// test button.
	ForDevelopersURL string
	Snippets         []ui.Snippet // that verify signatures
	LabelAction      string       // POST target that names it; "" if not offered
	Creation         *Creation    // nil if it wasn't created here
	Log              *WebhookLog  // its deliveries; nil if they couldn't be read
	LogUnknown       string       // why they couldn't
}

// WebhookSecret is the signing secret that came with a new webhook.
type WebhookSecret struct {
	// Value is "" until the person asks to see it.
	Value        string
	Until        time.Time
	Left         time.Duration // until then
	RevealAction string        // POST target that shows Value
	StoredAction string        // POST target that deletes the secret
	TestAction   string        // POST target that sends a test signed with the secret
	ShownField   string        // field of the test, set if Value is shown and should stay
	TestType     ui.EventBadge // of the test
	Result       *TestResult
}

// Creation is how a webhook was created here.
type Creation struct {
	Who  string
	At   time.Time
	Href string // its activity
}

// isNamedByURL reports whether the name says the whole URL.
func (p WebhookShowPage) isNamedByURL() bool { return p.Label == "" && p.URL == "https://"+p.Name }

// frame returns the frame with the webhook's name in its title, and with what was
// just done by its focus.
func (p WebhookShowPage) frame() Frame {
	f := p.Frame
	f.Title = p.Name
	if p.Created {
		f.Title = "Webhook created"
		f.Notices = append([]ui.Notice{{
			Kind: ui.Success, Title: "Webhook created.", Text: createdText(p.TypeCount),
		}}, f.Notices...)
	}
	return f.focusing(p.Secret != nil && (p.Secret.Value != "" || p.Secret.Result != nil))
}

// log returns the deliveries, or none if they couldn't be read.
func (p WebhookShowPage) log() WebhookLog {
	if p.Log == nil {
		return WebhookLog{}
	}
	return *p.Log
}

// isFailing reports whether the page is about a failure: it says what to do
// before everything else.
func (p WebhookShowPage) isFailing() bool {
	return p.Log != nil && p.Log.isFailing() && p.Secret == nil
}

// badges returns the webhook's event types.
func (p WebhookShowPage) badges() []ui.EventBadge {
	var all []ui.EventBadge
	for _, g := range p.Types {
		for _, t := range g.Types {
			all = append(all, t.EventBadge)
		}
	}
	return all
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

// isTested reports whether a test was accepted.
func (s WebhookSecret) isTested() bool { return s.Result != nil && s.Result.worst() != ui.Failure }
