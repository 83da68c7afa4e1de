package views

import (
	"slices"
	"time"

	"hookwall/views/ui"
)

// ActivityPage lists the attempts to change something in a shop.
type ActivityPage struct {
	Frame
	Action         string // GET target of the filter; fields action, outcome and webhook
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
	Status       int // status code of the API; 0 if there was no response
	Code         string
	RequestID    string
	APIRequestID string
}

// Change is a field before and after an attempt. Before and After are "" if the
// field was or is absent.
type Change struct {
	Field  string
	Before string
	After  string
	// Added and Removed are the difference, if the field holds event types.
	Added, Removed []ui.EventBadge
}

// filtered reports whether the list is filtered.
func (p ActivityPage) filtered() bool {
	return p.ActionFilter != "" || p.OutcomeFilter != "" || p.WebhookFilter != ""
}

// clearHref returns a link to the whole list, or "" if that is what is shown.
func (p ActivityPage) clearHref() string {
	if !p.filtered() {
		return ""
	}
	return p.Action
}

// urlField is the Field of a change of the URL.
const urlField = "Endpoint URL"

// isOfTypes reports whether the field holds event types.
func (c Change) isOfTypes() bool { return len(c.Added) > 0 || len(c.Removed) > 0 }

// cut returns the changes that the row shows shortened.
func (r ActivityRow) cut() []Change {
	return slices.DeleteFunc(slices.Clone(r.Changes), func(c Change) bool {
		return !c.isOfTypes() && ui.Short(c.Before) == ui.Plain(c.Before) && ui.Short(c.After) == ui.Plain(c.After)
	})
}
