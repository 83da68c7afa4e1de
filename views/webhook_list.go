package views

import (
	"time"

	"hookwall/views/ui"
)

// WebhooksPage lists the webhooks of one shop.
type WebhookListPage struct {
	Frame
	Webhooks   []WebhookRow
	CreateHref string
	Presets    []PresetLink // starting points of the empty state
	// Covered counts the event types of the catalogue that some webhook
	// receives, out of CatalogueSize.
	Covered, CatalogueSize int
	NotCovered             []ui.EventGroup // the event types that reach nobody
	// Query, Type and Sort are the filter as it stands in the address: a GET
	// form to ListHref with the fields q, type and sort.
	Query, Type, Sort string
	TypeChoices       []ui.EventBadge
	SortChoices       []ui.Choice
	ListHref          string
	CSVHref           string
	Total             int    // webhooks before the filter
	HealthUnknown     string // why no row has a Health
	Guide             *Guide // the sandbox's first steps; nil when they are not shown
	// Unreadable explains why the list cannot be shown (a missing scope, the
	// API being down); nil when Webhooks is the whole truth.
	Unreadable *ui.Notice
}

// WebhookRow is one webhook of a list.
type WebhookRow struct {
	ID     string
	URL    string
	Href   string
	Types  []ui.EventBadge
	Health *Health // nil when it is not known
	Locked bool    // Fourthwall would not change it
}

// Health is what the shop's last deliveries say of one webhook.
type Health struct {
	Deliveries int // among the last ones of the shop
	Failed     int // of these, with an error
	LastFailed time.Time
	Ambiguous  bool // shares its address, so that some cannot be told apart
	States     []StateCount
	Href       string // its deliveries
}

// StateCount counts deliveries by state, in Fourthwall's own words.
type StateCount struct {
	State string
	Count int
}

// PresetLink leads to the create form with a preset ticked.
type PresetLink struct {
	Title string
	Text  string
	Href  string
	Count int
}

// Guide is what the sandbox tells a newcomer: three steps, of which the first
// is done once a shop is connected.
type Guide struct {
	Created    bool   // the shop has a webhook
	Delivered  bool   // something was delivered
	Example    string // an address that answers well
	FireHref   string // where the sandbox lets something happen in the shop
	EventsHref string // where it then shows
	HideAction string // POST target with the hidden field return
	Return     string
}

// total counts the shop's webhooks, whatever the filter.
func (p WebhookListPage) total() int { return max(p.Total, len(p.Webhooks)) }

func (p WebhookListPage) filtered() bool { return p.Query != "" || p.Type != "" }

func (p WebhookListPage) clearHref() string {
	if !p.filtered() {
		return ""
	}
	return p.ListHref
}

// typesInRow is how many event types a row names before it only counts.
const typesInRow = 6

// lastDeliveries goes on after "its last".
func lastDeliveries(n int) string {
	if n == 1 {
		return "delivery"
	}
	return ui.Count(n, "", "deliveries")
}
