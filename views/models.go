// Package views draws Hookwall's pages. Each page has a view model, a struct
// of plain values that a handler fills, and one templ component that draws it.
// Views make no calls and know no other package of ours but static, from
// which they take the addresses of style sheet, script and icons.
package views

import "time"

// Frame is what every page needs for the parts around its content.
type Frame struct {
	Title string // document title, without the product's name
	Path  string // path of the page, for aria-current
	// EventsHref and ActivityHref are the current shop's; "" outside a shop.
	EventsHref   string
	ActivityHref string
	ToolsHref    string    // what helps without a shop too; "" when there is nothing
	Shop         *ShopLink // the shop this page is about; nil outside a shop
	Shops        []ShopLink
	SandboxURL   string // address of the sandbox's front page; "" when Fourthwall is real
	// PlainHTTPWarning is set when the dashboard is reached over plain http
	// on a host that is not loopback: cookies could be read on the way.
	PlainHTTPWarning bool
	SignedIn         bool // at least one shop is connected
	Notices          []Notice
	// focused is set when the content itself takes the focus.
	focused bool
}

// ShopLink names a connected shop and where its webhooks are.
type ShopLink struct {
	ID      string
	Name    string
	Domain  string
	Href    string // its webhook list
	Expired bool   // must be connected again
}

// Kinds of Notice and of WebhookForm's banner.
const (
	Info    = "info"
	Success = "success"
	Warning = "warning"
	Failure = "failure"
)

// Notice is a message above the content. Code and RequestID are shown for
// those who need them, each with a copy button.
type Notice struct {
	Kind      string `json:"kind"` // Info, Success, Warning or Failure
	Title     string `json:"title,omitempty"`
	Text      string `json:"text,omitempty"`
	Code      string `json:"code,omitempty"`
	RequestID string `json:"requestID,omitempty"`
	Link      *Link  `json:"link,omitempty"`
}

// Link is a link with its text.
type Link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// FieldError stands at the field it is about: what happened and the cure, and
// the API's code where there is one.
type FieldError struct {
	Text      string
	Code      string
	RequestID string
}

// ConnectPage offers the ways to connect a shop.
type ConnectPage struct {
	Frame
	CodeHref     string // GET link that starts the authorization code flow; "" when not offered
	ImplicitHref string // the same for the implicit flow; "" when not offered
	Return       string // path to go to afterwards; carried by the API key form
	KeyAction    string // POST target of the API key form
	Username     string // as typed
	UsernameErr  *FieldError
	PasswordErr  *FieldError
	// ExpectShop is the name of the shop that asked to be connected again; "" otherwise.
	ExpectShop string
	// ExpectExpired says that this is because the connection is at its end.
	ExpectExpired bool
	// KeptForm says that a form waits, filled in, behind Return.
	KeptForm         bool
	Permissions      []Permission
	ForDevelopersURL string // where the shop's owner makes an Open API user
}

// Permission is a scope in plain words.
type Permission struct {
	Scope string
	Text  string
}

// ImplicitPage is where the implicit flow comes back to. Its script moves the
// token from the address into the form and sends it.
type ImplicitPage struct {
	Frame
	Action      string // POST target
	ConnectHref string
}

// ShopsPage lists the connected shops.
type ShopsPage struct {
	Frame
	Connected     []ConnectedShop
	ConnectHref   string
	SignOutAction string
}

// ConnectedShop is one connection.
type ConnectedShop struct {
	ShopLink
	Way              string // "Fourthwall sign-in", "Older sign-in (implicit)", "API key ending …x9f2"
	Scopes           []string
	ConnectedAt      time.Time
	DisconnectAction string
	ReconnectHref    string // set when Expired
}

// WebhooksPage lists the webhooks of one shop.
type WebhooksPage struct {
	Frame
	Webhooks   []WebhookRow
	CreateHref string
	Presets    []PresetLink // starting points of the empty state
	// Covered counts the event types of the catalogue that some webhook
	// receives, out of CatalogueSize.
	Covered, CatalogueSize int
	NotCovered             []EventGroup // the event types that reach nobody
	// Query, Type and Sort are the filter as it stands in the address: a GET
	// form to ListHref with the fields q, type and sort.
	Query, Type, Sort string
	TypeChoices       []EventBadge
	SortChoices       []Choice
	ListHref          string
	CSVHref           string
	Total             int    // webhooks before the filter
	HealthUnknown     string // why no row has a Health
	Guide             *Guide // the sandbox's first steps; nil when they are not shown
	// Unreadable explains why the list cannot be shown (a missing scope, the
	// API being down); nil when Webhooks is the whole truth.
	Unreadable *Notice
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

// PresetLink leads to the create form with a preset ticked.
type PresetLink struct {
	Title string
	Text  string
	Href  string
	Count int
}

// WebhookRow is one webhook of a list.
type WebhookRow struct {
	ID     string
	URL    string
	Href   string
	Types  []EventBadge
	Health *Health // nil when it is not known
	Locked bool    // Fourthwall would not change it
}

// EventBadge is an event type where it is only named.
type EventBadge struct {
	Code  string
	Title string // "" when Unknown
	// Unknown is set for a type that this version's catalogue does not have.
	Unknown bool
}

// WebhookFormPage is the create form: empty, redrawn after a preset, and
// redrawn after a refusal.
type WebhookFormPage struct {
	Frame
	Action     string // POST target of every button
	CancelHref string
	Submission string // one-time id
	URL        string // as typed
	URLError   *FieldError
	URLHints   []string // warnings under the URL; they never block
	// Possible are those that script may show while someone types.
	Possible []Hint
	Picker   Picker
	Banner   *Notice // a refusal that belongs to no field
	// Errors are the field errors again for the summary; shown when there is
	// more than one.
	Errors []SummaryError
	// Focus is what gets autofocus: "url", "types", "summary", "banner", or ""
	// for the first field of a fresh form.
	Focus string
	Edit  *EditPart // nil when creating
}

// Hint is a warning that script shows while someone types.
type Hint struct {
	When string // the name that script knows it by
	Text string
}

// SummaryError is a line of the error summary, a link to its field.
type SummaryError struct {
	Href string // "#url" or "#types"
	Text string
}

// Picker is the event type picker.
type Picker struct {
	Groups  []PickerGroup
	Presets []PickerPreset
	// Selected lists the ticked types in the catalogue's order.
	Selected []EventBadge
	Total    int // types in the catalogue
	Error    *FieldError
	// Undo is set right after a preset, "all" or "none" was pressed without
	// script: the types that were ticked before.
	Undo    []string
	CanUndo bool
}

// PickerGroup is a group of event types.
type PickerGroup struct {
	ID       string
	Title    string
	Types    []PickerType
	Selected int
}

// PickerType is one checkbox.
type PickerType struct {
	Code        string
	Title       string
	Description string
	Checked     bool
	// Invalid marks a posted type that is not in the catalogue: it is shown
	// so that nothing ticked disappears, and said to be unknown.
	Unknown bool
	// Held is set for an Unknown type that the edited webhook already has: it
	// is kept as it is.
	Held bool
	// SampleHref leads to an example of what Fourthwall sends; "" when there
	// is none.
	SampleHref string
}

// PickerPreset is a preset button.
type PickerPreset struct {
	ID    string
	Title string
	Text  string
	Types []string
}

// NotConfirmedPage is what a person sees when it is not known whether a
// webhook was created.
type NotConfirmedPage struct {
	Frame
	Action     string // POST target of "Check again"; fields as in the create form
	Submission string
	URL        string
	Types      []EventBadge
	ListHref   string
	// CanCheck is false when the shop's webhooks may not be read, so that a
	// check would tell nothing.
	CanCheck  bool
	RequestID string
	Looked    string // what the check that was just made came to; "" when none was
}

// WebhookPage shows one webhook.
type WebhookPage struct {
	Frame
	ID         string
	URL        string
	Types      []EventGroup
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
	Snippets         []Snippet // that verify signatures
}

// EventGroup is a group's title with those of its types that a webhook receives.
type EventGroup struct {
	Title string
	Types []EventLine
}

// EventLine is one event type of a webhook with its description.
type EventLine struct {
	EventBadge
	Description string
}

// WebhookSecret is a secret that came with a new webhook.
type WebhookSecret struct {
	// Value is set only when the person has asked to see it.
	Value        string
	Until        time.Time
	RevealAction string // POST target: shows the page with Value
	StoredAction string // POST target: forgets the secret
}

// ErrorPage says what went wrong and what to do.
type ErrorPage struct {
	Frame
	Status    int
	Heading   string
	Text      string
	Code      string
	RequestID string
	Links     []Link
	// RetryAfter is how long to wait; 0 when nobody said.
	RetryAfter time.Duration
	Again      *Resend // what was sent; nil when it cannot be sent again from here
}

// Resend is a form as it was sent.
type Resend struct {
	Action string
	Fields []HiddenField
}
