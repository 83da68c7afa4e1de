package views

import (
	"time"

	"hookwall/views/ui"
)

// WebhookListPage lists the webhooks of one shop.
type WebhookListPage struct {
	Frame
	Webhooks   []WebhookRow
	CreateHref string
	Presets    []PresetLink // for a shop without webhooks
	// Covered is how many of the CatalogSize event types are covered.
	Covered, CatalogSize int
	NotCovered           []ui.EventGroup // the event types that aren't covered
	// WithoutTypes is how many webhooks have no event types, and WithoutTypesHref
	// lists them.
	WithoutTypes     int
	WithoutTypesHref string
	// Query, Type and Sort are the filter, a GET form to ListHref with the fields
	// q, type and sort.
	Query, Type, Sort string
	TypeChoices       []ui.EventBadge
	SortChoices       []ui.Choice
	ListHref          string
	CSVHref           string
	Total             int    // webhooks before the filter
	HealthUnknown     string // why no row has Health; "" if rows have it
	Guide             *Guide // first steps in the sandbox; nil if not shown
	// Unreadable says why the webhooks can't be listed, such as a missing scope;
	// nil if they can.
	Unreadable *ui.Notice
}

// WebhookRow is one webhook of a list.
type WebhookRow struct {
	ID     string
	URL    string
	Href   string
	Types  []ui.EventBadge // if empty, the webhook never receives anything
	Edit   string          // the page that changes it
	Health *Health         // nil if unknown
	Locked bool            // Fourthwall refuses to change it
}

// NoTypes is the Type that selects the webhooks without event types.
const NoTypes = "none"

// urlInRow is how many characters of a URL a row shows. The webhook's page shows
// all of them.
const urlInRow = 500

// shownURL returns the beginning of a long URL, or all of it.
func (w WebhookRow) shownURL() string {
	n := 0
	for i := range w.URL {
		if n++; n > urlInRow {
			return w.URL[:i] + "…"
		}
	}
	return w.URL
}

// Health counts how the deliveries that were read went to one webhook.
type Health struct {
	Deliveries int
	Failed     int // of Deliveries
	LastFailed time.Time
	Ambiguous  bool // another webhook has the same URL, so that some deliveries can't be told apart
	States     []StateCount
	Href       string // lists its deliveries
	// Known is set if all deliveries since Since were read, or all ever if that is
	// zero.
	Known bool
	Since time.Time
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

// Guide has the first steps in the sandbox. There are three, and the first is
// done, because a shop is connected.
type Guide struct {
	Created    bool   // the shop has a webhook with event types
	Delivered  bool   // an event was delivered
	Example    string // URL of an endpoint that responds as it should
	FireHref   string // page of the sandbox that fires events
	EventsHref string // lists deliveries
	HideAction string // POST target with the hidden field return
	Return     string
}

// total returns the number of the shop's webhooks before the filter.
func (p WebhookListPage) total() int { return max(p.Total, len(p.Webhooks)) }

// filtered reports whether the list is filtered.
func (p WebhookListPage) filtered() bool { return p.Query != "" || p.Type != "" }

// clearHref returns a link to the whole list, or "" if that is what is shown.
func (p WebhookListPage) clearHref() string {
	if !p.filtered() {
		return ""
	}
	return p.ListHref
}

// typeChoices returns the choices of the filter by event type.
func (p WebhookListPage) typeChoices() []ui.Choice {
	all := ui.EventChoices(p.TypeChoices)
	if p.WithoutTypes > 0 {
		all = append([]ui.Choice{{Value: NoTypes, Text: noTypesTitle}}, all...)
	}
	return all
}

// healthShown reports whether the row says how deliveries went. Of a webhook
// that never receives anything, only failures are worth a word.
func (w WebhookRow) healthShown() bool {
	return w.Health != nil && (len(w.Types) > 0 || w.Health.Failed > 0)
}

// typesInRow is how many event types a row names before it counts the rest.
const typesInRow = 6

// lastDeliveries returns the words that follow "its last".
func lastDeliveries(n int) string {
	if n == 1 {
		return "delivery"
	}
	return ui.Count(n, "", "deliveries")
}
