package views

import (
	"time"

	"hookwall/views/ui"
)

// ShopsPage lists the connected shops.
type ShopsPage struct {
	Frame
	Connected    []ConnectedShop // of this page
	Query        string          // that all of them match; "" for none
	Label        string          // that all of them have; "" for any
	LabelChoices []ui.Choice
	Filtered     bool
	Fleet        *Fleet      // what visits saw; nil if the shops aren't visited, or there is only one
	Bulk         *BulkLabels // nil if the person may not label shops
	Banner       *ui.Notice
	Personal     *ui.Notice // about shops of before the team; nil if there are none
	Found        int        // on all pages
	Expired      int        // of all shops
	WhoCanHelp   string     // connects a shop again; "" if the person may
	Pager        ui.Pager
	ListHref     string
	ConnectHref  string
}

// ConnectedShop is one connection.
type ConnectedShop struct {
	ShopLink
	Way            string    // "Fourthwall sign-in", "Older sign-in (implicit)", "API key ending …x9f2"
	WayHref        string    // to the channel; "" if there is none, or the person may not see it
	Permissions    string    // "View and manage webhooks"
	Labels         []ui.Link // to the shops with the same label
	LabelsHref     string    // where they are changed; "" if the person may not
	ConnectedAt    time.Time
	DisconnectHref string // "" if the person may not
	ReconnectHref  string // set if Expired
}

// shownLabels is how many labels a row of the list shows.
const shownLabels = 2

// labelsAfter returns the labels after the first n, which a row doesn't show.
func (c ConnectedShop) labelsAfter(n int) (out []string) {
	for _, label := range c.Labels[min(n, len(c.Labels)):] {
		out = append(out, ui.Plain(label.Text))
	}
	return out
}

// tabs are the page and, where there are many shops, the pages about them.
func (p ShopsPage) tabs() []ui.Link {
	if p.Fleet == nil {
		return []ui.Link{{Text: shopsTitle}}
	}
	return fleetTabs(shopsTitle)
}

// invalid reports whether labels for all found shops were typed wrong.
func (p ShopsPage) invalid() bool { return p.Bulk != nil && p.Bulk.Form.Err != nil }

// FoundShopsPart is what a search in the switcher found.
type FoundShopsPart struct {
	Query        string
	Shops        []ShopLink // the first of them
	Found, Total int
	AllHref      string // to all that were found
}

// BulkLabels is the form that labels all found shops. Its field is labels.
type BulkLabels struct {
	Action string      // POST target; fields seen and those of Filter
	Filter []ui.Choice // the filter of the list; Text is a field's name
	Count  int         // of the found shops
	Seen   string      // identifies them
	Open   bool
	Form   LabelsForm
}

// ShopLabelsPage changes the labels of a shop. The fields of its form are labels
// and remove.
type ShopLabelsPage struct {
	Frame
	Of       ShopLink
	ListHref string
	Action   string // POST target
	Labels   []string
	Form     LabelsForm
	Banner   *ui.Notice
}

// LabelsForm has the field labels of a form, as it was typed.
type LabelsForm struct {
	Typed string
	Err   *ui.FieldError
	Known []string // labels that the field offers
}

func (f LabelsForm) field() ui.TextField {
	return ui.TextField{
		ID: "labels", Name: "labels", Label: "Add labels", Value: f.Typed, Err: f.Err, Focus: f.Err != nil, Fill: "off",
		Prose: true, List: "known-labels", Hint: "Such as a client’s name. Separate several with commas.",
	}
}

// MovePage offers to move shops of before the team. The fields of its form are
// move and drop.
type MovePage struct {
	Frame
	Action   string // POST target
	ListHref string
	Shops    []MoveRow // that the team doesn't have
	OfTeam   []MoveRow // that the team has
	EndText  string    // how long they are kept
	Err      *ui.FieldError
}

// MoveRow is one shop of before the team.
type MoveRow struct {
	ShopLink
	Way    string
	Chosen bool
}
