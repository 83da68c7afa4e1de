package views

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hookwall/views/ui"
)

// WebhookListPage lists the webhooks of one shop, one page at a time.
type WebhookListPage struct {
	Frame
	Now        time.Time
	Webhooks   []WebhookRow // of this page
	Found      int          // webhooks that the filter shows, on all pages
	Total      int          // webhooks of the shop
	Failing    int          // webhooks of the shop in this state
	ToLookAt   int
	NotKnown   int
	First      int // number of the first webhook of this page, among those that are found
	PrevHref   string
	NextHref   string
	CreateHref string
	Presets    []PresetLink // for a shop without webhooks
	// Covered is how many of the CatalogSize event types are covered.
	Covered, CatalogSize int
	NotCovered           []ui.EventGroup // the event types that aren't covered
	WithoutTypes         bool            // some webhook has no event types
	// Query, Type and Sort are the filter, a GET form to ListHref with the fields
	// q, type and sort.
	Query, Type, Sort string
	TypeChoices       []ui.EventBadge
	SortChoices       []ui.Choice
	ListHref          string
	CSVHref           string
	HealthUnknown     string // why no row has Health; "" if rows have it
	Guide             *Guide // first steps; nil if not shown
	// Unreadable says why the webhooks can't be listed, such as a missing scope;
	// nil if they can.
	Unreadable *ui.Notice
}

// WebhookRow is one webhook of a list.
type WebhookRow struct {
	ID     string
	Label  string // that a person gave it; "" if none
	URL    string
	State  ui.State
	Types  []ui.EventBadge // if empty, the webhook never receives anything
	Health *Health         // nil if unknown
	Locked bool            // Fourthwall refuses to change it
	Open   bool            // its actions are unfolded

	// The links may be relative to the list. OpenHref unfolds the actions without
	// script.
	Href, OpenHref, EditHref, LabelHref, CheckHref, DeliveriesHref, DeleteHref string
}

// NoTypes is the Type that selects the webhooks without event types.
const NoTypes = "none"

// Health counts how the deliveries that were read went to one webhook.
type Health struct {
	Deliveries int
	Accepted   int // of Deliveries, by their state
	Pending    int // of Deliveries, by their state
	Failed     int // of Deliveries, those with an error
	Last       time.Time
	LastFailed time.Time
	Reason     string // why the last of the failed ones failed
	// Ambiguous is set if another webhook has the same URL, so that some deliveries
	// can't be told apart.
	Ambiguous bool
	States    []StateCount
	// Known is set if all deliveries since Since were read, or all ever if that is
	// zero.
	Known bool
	Since time.Time
	Hours ui.Series // the last 24
	Href  string    // lists its deliveries
}

// never reports whether the webhook has certainly had no delivery.
func (h Health) never() bool {
	return h.Deliveries == 0 && h.Known && h.Since.IsZero() && !h.Ambiguous
}

// State returns how the webhook is doing. A failure that others followed is worth
// a look, and so is one among many.
func (h Health) State() ui.State {
	const manyFailed = 10 // one of so many
	switch {
	case h.Failed > 0 && !h.LastFailed.Before(h.Last) && h.Failed*manyFailed >= h.Deliveries:
		return ui.Failing
	case h.Failed > 0:
		return ui.Look
	case h.Accepted > 0 && h.Accepted+h.Pending == h.Deliveries && !h.Ambiguous:
		return ui.OK
	}
	return ui.NotKnown
}

// StateCount counts deliveries by state, in Fourthwall's own words.
type StateCount struct {
	State string
	Count int
}

// PresetLink links to the create form with a preset selected.
type PresetLink struct {
	Title string
	Text  string
	Href  string
	Count int
}

// Guide has the first steps, until all are done. There are three, and the first
// is done, because a shop is connected.
type Guide struct {
	Created    bool   // the shop has a webhook with event types
	Example    string // URL of an endpoint that responds as it should; "" outside of the sandbox
	FireHref   string // page of the sandbox that fires events; "" outside of it
	TestHref   string // page of Fourthwall with a test button
	EventsHref string // lists deliveries
	HideAction string // POST target with the hidden field return
	Return     string
}

// filtered reports whether the list is filtered.
func (p WebhookListPage) filtered() bool { return p.Query != "" || p.Type != "" }

// pager returns the way through the pages; there is none from one page.
func (p WebhookListPage) pager() ui.Pager {
	last := p.First + len(p.Webhooks) - 1
	return ui.Pager{
		BackHref: p.PrevHref, BackText: previousPage, OnHref: p.NextHref, OnText: nextPage,
		Where: ui.Number(p.First) + "–" + ui.Number(last) + " of " + ui.Number(p.Found),
	}
}

// stateCount is how many webhooks have a state that isn't fine.
type stateCount struct {
	state ui.State
	n     int
	text  string
}

// counts returns the states that some webhooks have. Without health, nobody
// knows.
func (p WebhookListPage) counts() []stateCount {
	all := []stateCount{
		{ui.Failing, p.Failing, failingCount}, {ui.Look, p.ToLookAt, lookCount}, {ui.NotKnown, p.NotKnown, notKnownCount},
	}
	return slices.DeleteFunc(all, func(c stateCount) bool { return c.n == 0 })
}

// covered returns how many event types are covered.
func (p WebhookListPage) covered() string {
	return ui.Number(p.Covered) + " of " + ui.Count(p.CatalogSize, "event type", "event types") + " covered"
}

// typeChoices returns the choices of the filter by event type.
func (p WebhookListPage) typeChoices() []ui.Choice {
	var all []ui.Choice
	if p.WithoutTypes {
		all = append(all, ui.Choice{Value: NoTypes, Text: noTypesTitle})
	}
	for _, e := range p.TypeChoices {
		all = append(all, ui.Choice{Value: e.Code, Text: cmp.Or(e.Title, e.Code)})
	}
	return all
}

// titles lists event types by their titles.
func titles(types []ui.EventLine) string {
	var all []string
	for _, e := range types {
		all = append(all, ui.Short(cmp.Or(e.Title, e.Code)))
	}
	return strings.Join(all, ", ")
}

// typesInRow is how many event types a row names before it counts the rest.
const typesInRow = 4

// types lists the first event types, and counts the rest.
func (w WebhookRow) types() string {
	var all []string
	for i, e := range w.Types {
		if rest := len(w.Types) - i; i == typesInRow && rest > 1 {
			return strings.Join(all, ", ") + " +" + ui.Number(rest)
		}
		all = append(all, ui.Short(cmp.Or(e.Title, e.Code)))
	}
	return strings.Join(all, ", ")
}

// Name returns what the webhook is called.
func (w WebhookRow) Name() string { return cmp.Or(w.Label, ui.HostAndPath(w.URL), w.ID) }

// drawnName draws what the webhook is called.
func (w WebhookRow) drawnName() templ.Component {
	if w.Label != "" {
		return ui.Named(w.Label)
	}
	return ui.Exact(w.Name())
}

// nameDirection keeps a URL from being reordered. A label has the direction of its
// own script.
func (w WebhookRow) nameDirection() templ.Attributes {
	if w.Label != "" {
		return templ.Attributes{"dir": "auto"}
	}
	return templ.Attributes{"dir": "ltr"}
}

// spark returns the chart of a webhook with deliveries in the last 24 hours, or
// else the class of what is drawn in its place.
func (w WebhookRow) spark() (chart ui.SparklineChart, class string) {
	if w.Health == nil {
		return chart, "unread"
	}
	sum := w.Health.Hours.Total()
	switch {
	case sum.Accepted+sum.Failed+sum.Other > 0:
		return ui.SparklineChart{Series: w.Health.Hours, Width: 192, Height: 28, Beside: true}, ""
	case sum.Known:
		return chart, "zero"
	}
	return chart, "unread"
}

// actionsLabel names the menu of the webhook's actions.
func (w WebhookRow) actionsLabel() string { return actionsFor + ui.Plain(w.Name()) }

// tint returns the classes of a row that differs from the others.
func (w WebhookRow) tint() string {
	class := ""
	switch {
	case w.State == ui.Failing:
		class = "failing"
	case len(w.Types) == 0:
		class = "never"
	}
	if w.Locked {
		class += " locked"
	}
	return class
}

// health returns what is known of the last deliveries, and the reason.
func (w WebhookRow) health() (title, sub string) {
	h := w.Health
	switch {
	case len(w.Types) == 0 && (h == nil || h.Failed == 0):
		return neverFires, ""
	case h == nil:
		return "", ""
	case h.Failed > 0:
		title, sub = failedOf(h.Failed, h.Deliveries), h.Reason
	case h.Deliveries > 0 && h.Accepted == h.Deliveries:
		title = ui.Number(h.Accepted) + " accepted"
	case h.Deliveries > 0:
		title, sub = ui.Count(h.Deliveries, "delivery", "deliveries"), h.words()
	case h.never():
		title = noDeliveriesYet
	case h.Known && !h.Ambiguous:
		title = noRecentDeliveries
	default:
		title = deliveriesNotKnown
	}
	if h.Ambiguous {
		sub = strings.TrimPrefix(sub+" · "+sharedURL, " · ")
	}
	return title, sub
}

// words returns the states of the deliveries, in Fourthwall's own words.
func (h Health) words() string {
	var all []string
	for _, c := range h.States {
		all = append(all, ui.Number(c.Count)+" "+cmp.Or(ui.Short(c.State), noState))
	}
	return strings.Join(all, ", ")
}

// healthClass returns the class of the text that health returns.
func (w WebhookRow) healthClass() string {
	switch w.State {
	case ui.Failing:
		return "failure"
	case ui.Look:
		return "warning"
	case ui.NotKnown:
		return "hint"
	}
	return ""
}
