package views

import (
	"time"

	"hookwall/views/ui"
)

// ActivityPage lists the attempts to change something in a shop.
type ActivityPage struct {
	Frame
	OfTeam         bool   // it lists what was done to the team instead
	Action         string // GET target of the filter; fields who, action, outcome and webhook
	WhoFilter      string
	ActionFilter   string
	OutcomeFilter  string
	WebhookFilter  string
	WhoChoices     []ui.Choice
	ActionChoices  []ui.Choice
	OutcomeChoices []ui.Choice
	Days           []ActivityDay // newest first
	Total          int
	TotalIsLeast   bool // there are more than Total
	NewerHref      string
	OlderHref      string
	CSVHref        string
}

// ActivityDay has the attempts of one day in UTC, newest first.
type ActivityDay struct {
	Name string
	Rows []ActivityRow
}

// ActivityRow is one attempt.
type ActivityRow struct {
	At            time.Time
	Title         string // what became of the attempt
	State         ui.State
	Who           string // a person of the team, or the connection
	Email, Role   string // of the person; "" for none
	Way           string // the connection that was used
	Session       string // tells sessions apart
	Subject       string // the webhook by its host and path, or the shop
	Text          string // in a few words, what was changed or why nothing was
	UndoAction    string // POST target that leads to the opposite of the change; "" if there is none
	UndoText      string
	WebhookID     string
	WebhookHref   string
	OfWebhookHref string // the activity of this webhook alone
	Changes       []Change
	Status        int // status code of the API; 0 if there was no response
	Code          string
	RequestID     string
	APIRequestID  string
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

// count says how many entries there are, with the words for one and for several.
func (p ActivityPage) count(one, several string) string {
	if p.TotalIsLeast {
		return ui.Number(p.Total) + "+ " + several
	}
	return ui.Count(p.Total, one, several)
}

// filtered reports whether the list is filtered.
func (p ActivityPage) filtered() bool {
	return p.WhoFilter != "" || p.ActionFilter != "" || p.OutcomeFilter != "" || p.WebhookFilter != ""
}

// urlField is the Field of a change of the URL.
const urlField = "Endpoint URL"

// isOfTypes reports whether the field holds event types.
func (c Change) isOfTypes() bool { return len(c.Added) > 0 || len(c.Removed) > 0 }
