package views

import "time"

// EditPart is what the form carries when an existing webhook is edited.
type EditPart struct {
	ID   string
	Href string // the webhook's page
	// BaseURL and BaseTypes are the webhook as it was read when the form was
	// opened; they travel as the hidden fields base_url and base_types.
	BaseURL   string
	BaseTypes []string
}

// EditConfirmPage shows what a save will change, before it does.
type EditConfirmPage struct {
	Frame
	ID             string
	WebhookHref    string
	Action         string // POST target
	Draft          string // hidden field draft
	EditHref       string // back to the form, filled in
	OldURL, NewURL string // equal when the URL stays
	Added          []EventBadge
	Removed        []EventBadge
	Kept           []EventBadge
	Duplicates     []DuplicateOf // others with the new URL and shared types
}

// DuplicateOf is another webhook of the shop that already receives some of
// the same event types at the same address.
type DuplicateOf struct {
	ID     string
	URL    string
	Href   string
	Shared []EventBadge
	// ExtendHref opens that webhook's edit form with the Missing event types
	// ticked as well; "" when it would miss nothing.
	ExtendHref string
	Missing    int
}

// DuplicatePage asks once more before a second webhook is created.
type DuplicatePage struct {
	Frame
	Action     string // POST target: the create route
	EditHref   string // back to the form, filled in
	ListHref   string
	Submission string
	URL        string
	Types      []EventBadge
	Duplicates []DuplicateOf
}

// ConflictPage shows both versions when a webhook has changed at Fourthwall
// since the form was opened.
type ConflictPage struct {
	Frame
	ID          string
	WebhookHref string
	Yours       Version
	Theirs      Version
	UseAction   string // POST target that saves Yours over Theirs
	Draft       string // hidden field draft
	Seen        string // hidden field seen: tells which version of theirs was shown
	EditHref    string // the form with Yours, to be changed further
}

// Version is a webhook's content beside another.
type Version struct {
	URL        string
	URLDiffers bool
	Types      []VersionType
}

// VersionType is an event type of a version.
type VersionType struct {
	EventBadge
	Only bool // the other version does not have it
}

// DeletePage asks before a webhook is deleted.
type DeletePage struct {
	Frame
	ID          string
	URL         string
	Action      string // POST target
	WebhookHref string
	Types       []EventGroup
	TypeCount   int
	// Stops are the event types that nobody in this shop would receive any
	// more; StopsKnown is false when that could not be found out.
	Stops      []EventBadge
	StopsKnown bool
	Locked     string // why it cannot be deleted; "" when it can
	Notice     *Notice
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

// Choice is an option of a select.
type Choice struct {
	Value string
	Text  string
}

// EventsPage is the delivery log.
type EventsPage struct {
	Frame
	Action         string // of the filter, a GET form with the fields type and webhook
	Type           string
	TypeChoices    []EventBadge
	Webhook        string
	WebhookChoices []Choice // id and URL; works within the page of the API
	Rows           []DeliveryRow
	OnPage         int // deliveries on this page of the API, before the webhook filter
	Page           int // from 1
	Pages          int // 0: not known
	PrevHref       string
	NextHref       string
	Unreadable     *Notice
}

// DeliveryRow is one delivery in the log.
type DeliveryRow struct {
	ID          string
	Href        string
	Type        EventBadge
	At          time.Time // zero when Fourthwall did not say
	State       string    // verbatim
	Failed      bool      // Fourthwall reports an error
	Error       string
	Test        bool
	URL         string
	WebhookID   string // "" when it cannot be told
	WebhookHref string // "" when the webhook is not there any more
	Ambiguous   bool   // several webhooks have this URL
	// WebhooksUnknown is set when the shop's webhooks could not be read, so
	// that nothing can be said of those that have this URL.
	WebhooksUnknown bool
}

// DeliveryPage is one delivery.
type DeliveryPage struct {
	Frame
	ListHref   string
	Row        DeliveryRow
	UpdatedAt  time.Time
	APIVersion string
	EventID    string // from the envelope, as are the next two
	WebhookID  string
	ShopID     string
	Body       string // "" until it was asked for
	Pretty     bool   // Body is JSON, indented
	BodyBytes  int
	ShowHref   string
	HideHref   string
}

// ActivityPage lists what was attempted in a shop.
type ActivityPage struct {
	Frame
	Action         string // of the filter, a GET form with the fields action, outcome and webhook
	ActionFilter   string
	OutcomeFilter  string
	WebhookFilter  string
	ActionChoices  []Choice
	OutcomeChoices []Choice
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
	Added, Removed []EventBadge
}
