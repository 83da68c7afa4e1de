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
	HealthUnknown     string // why no deliveries could be read now; "" if they were
	// Since is since when deliveries are known, if that is less than 7 days ago.
	Since time.Time
	Guide *Guide // first steps; nil if not shown
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

// Rate is how many deliveries there were, without tests.
type Rate struct{ Total, Accepted, Failed int }

// Health says how deliveries to one webhook went, as far as is known.
type Health struct {
	State  ui.State
	Recent Rate   // of the shortest span in which it's known how some ended
	Span   string // that span, to follow the number; "" for the last 24 hours
	// Day and Week are the last 24 hours and 7 days. DayKnown and WeekKnown are set
	// if all deliveries of that time were read.
	Day, Week           Rate
	DayKnown, WeekKnown bool
	Tests               int
	Last                time.Time // zero if there is none, as the next two
	LastAccepted        time.Time
	LastFailed          time.Time
	Reason              string // why the last of the failed ones failed
	// Ambiguous is set if another webhook has the same URL, so that some deliveries
	// can't be told apart.
	Ambiguous bool
	States    []StateCount
	// Known is set if all deliveries since Since were read, or all ever if that is
	// zero. Until is when they were read, or zero if that was just now.
	Known        bool
	Since, Until time.Time
	Hours        ui.Series // the last 24
	Href         string    // lists its deliveries
}

// never reports whether the webhook has certainly had no delivery.
func (h Health) never() bool {
	return h.Last.IsZero() && h.Tests == 0 && h.Known && h.Since.IsZero() && !h.Ambiguous
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

// spark returns the chart of the last 24 hours or, if all of them are alike, the
// class of what is drawn in its place.
func (w WebhookRow) spark() (chart ui.SparklineChart, class string) {
	if w.Health == nil {
		return chart, "unread"
	}
	sum := w.Health.Hours.Total()
	isSeen := slices.ContainsFunc(w.Health.Hours, func(h ui.Hour) bool { return h.Known })
	switch {
	case sum.Accepted+sum.Failed+sum.Other > 0, isSeen && !sum.Known:
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

// health returns what is known of the recent deliveries, and the reason and what
// else there is to say.
func (w WebhookRow) health() (title string, sub string) {
	h := w.Health
	if len(w.Types) == 0 && (h == nil || h.Recent.Failed == 0) {
		return neverFires, ""
	}
	if h == nil {
		return "", ""
	}
	title, sub = h.title()
	for _, more := range []string{h.weekText(), ui.When(h.Ambiguous, sharedURL)} {
		if more != "" {
			sub = strings.TrimPrefix(sub+" · "+more, " · ")
		}
	}
	return title, sub
}

func (h Health) title() (title, sub string) {
	switch r := h.Recent; {
	case r.Failed > 0:
		return failedOf(r.Failed, r.Total) + h.Span, h.Reason
	case r.Total > 0 && r.Accepted == r.Total:
		return ui.Number(r.Accepted) + " accepted" + h.Span, ""
	case r.Total > 0:
		return ui.Count(r.Total, "delivery", "deliveries") + h.Span, h.words()
	case h.Tests > 0:
		return onlyTests, ""
	case h.never():
		return noDeliveriesYet, ""
	case h.Known && !h.Ambiguous:
		return noRecentDeliveries, ""
	}
	return deliveriesNotKnown, ""
}

// weekText says how the last 7 days went, if that isn't said already.
func (h Health) weekText() string {
	if !h.WeekKnown || h.Span != "" || h.Recent.Total == 0 || h.Week == h.Recent {
		return ""
	}
	return weekPrefix + rateText(h.Week)
}

// rateText says how many of some deliveries failed.
func rateText(r Rate) string {
	switch {
	case r.Total == 0:
		return noneInSpan
	case r.Failed == 0 && r.Accepted == r.Total:
		return "none of " + ui.Number(r.Total) + " failed"
	case r.Failed == 0:
		return ui.Count(r.Total, "delivery", "deliveries") + ", " + ui.Number(r.Accepted) + " accepted"
	}
	return failedOf(r.Failed, r.Total)
}

// lasts returns the last delivery that was accepted and the last that failed, the
// newer one first.
func (h Health) lasts() []lastOne {
	all := []lastOne{{"accepted", h.LastAccepted}, {"failed", h.LastFailed}}
	if h.LastFailed.After(h.LastAccepted) {
		slices.Reverse(all)
	}
	return slices.DeleteFunc(all, func(l lastOne) bool { return l.at.IsZero() })
}

// lastOne is the last delivery that ended in one way.
type lastOne struct {
	how string
	at  time.Time
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
