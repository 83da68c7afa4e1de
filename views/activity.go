package views

import (
	"slices"
	"time"

	"hookwall/views/ui"
)

// ActivityPage lists what was attempted in a shop.
type ActivityPage struct {
	Frame
	Action         string // of the filter, a GET form with the fields action, outcome and webhook
	ActionFilter   string
	OutcomeFilter  string
	WebhookFilter  string
	ActionChoices  []ui.Choice
	OutcomeChoices []ui.Choice
	Rows           []ActivityRow
	Total          int
	NewerHref      string
	OlderHref      string
	CSVHref        string
}

// ActivityRow is one attempt.
type ActivityRow struct {
	At           time.Time
	Action       string // in words
	Outcome      string // in words
	OutcomeKind  string // Info, Success, Warning or Failure
	Who          string
	Session      string // tells sessions apart
	WebhookID    string
	WebhookHref  string
	Changes      []Change
	Status       int // of the API; 0 when there was none
	Code         string
	RequestID    string
	APIRequestID string
}

// Change is a field before and after; "" where there was or is nothing.
type Change struct {
	Field  string
	Before string
	After  string
	// Added and Removed say of event types what Before and After come to.
	Added, Removed []ui.EventBadge
}

func (p ActivityPage) filtered() bool {
	return p.ActionFilter != "" || p.OutcomeFilter != "" || p.WebhookFilter != ""
}

func (p ActivityPage) clearHref() string {
	if !p.filtered() {
		return ""
	}
	return p.Action
}

// addressField is the field of a change that holds an address.
const addressField = "Endpoint URL"

func (c Change) isOfTypes() bool { return len(c.Added) > 0 || len(c.Removed) > 0 }

// cut are the changes that are not shown in full above.
func (r ActivityRow) cut() []Change {
	return slices.DeleteFunc(slices.Clone(r.Changes), func(c Change) bool {
		return !c.isOfTypes() && ui.Short(c.Before) == ui.Plain(c.Before) && ui.Short(c.After) == ui.Plain(c.After)
	})
}
