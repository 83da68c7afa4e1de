package views

import "hookwall/views/ui"

// PlanNewPage plans a change for many shops. The fields of its form are kind,
// seen, submission, as_typed, those of Filter, from, to, only and allowedTypes.
type PlanNewPage struct {
	Frame
	Action, PlansHref string
	ShopsHref         string     // the list with the same filter
	Chosen            []ShopLink // the first of them
	Count             int        // of the chosen shops
	Filtered          bool
	Kinds             []PlanKind
	Kind              string      // "" if none is chosen yet
	Filter            []ui.Choice // of the list; Text is a field's name
	Seen, Key         string
	AsTyped           string
	From, To, Only    *PlanField // nil if the change has no such field
	Offered           []string   // values for From and Only, that webhooks of the shops have
	Types             []ui.TypeGroup
	TypesLegend       string
	TypesErr          *ui.FieldError
	Templates         []ui.Link // to choose from
	Template          *ui.Link  // that is chosen
	Banner            *ui.Notice
	Left              []PlanLeft // if nothing would change
}

// PlanKind is a change that can be planned.
type PlanKind struct {
	ui.Link

	Text    string // what it does
	Current bool
}

// PlanField is a text field of the form.
type PlanField struct {
	Label, Hint, Value string
	Err                *ui.FieldError
	Notes              ui.FieldNotes
	NotesHref          string // "" for no notes
}

// named is how many shops are named before the rest is folded.
const named = 5

// first returns the shops that are named.
func (p PlanNewPage) first() []ShopLink { return p.Chosen[:min(named, len(p.Chosen))] }

// folded returns the shops whose names are folded.
func (p PlanNewPage) folded() []ShopLink { return p.Chosen[min(named, len(p.Chosen)):] }

// focus returns the name of the first field that is wrong, or "".
func (p PlanNewPage) focus() string {
	switch {
	case p.From.isWrong():
		return "from"
	case p.To.isWrong():
		return "to"
	case p.TypesErr != nil:
		return "types"
	case p.Only.isWrong():
		return "only"
	}
	return ""
}

func (f *PlanField) isWrong() bool { return f != nil && f.Err != nil }

// text returns a field of the form. An ID of url is where the script looks for
// notes.
func (p PlanNewPage) text(name, id string, f PlanField) ui.TextField {
	field := ui.TextField{
		ID: id, Name: name, Label: ui.Plain(f.Label), Hint: ui.Plain(f.Hint), Value: f.Value, Err: f.Err, Notes: f.Notes,
		NotesHref: f.NotesHref, Fill: "off", InputMode: "url", Optional: name == "only", Focus: p.focus() == name,
	}
	if name != "to" {
		field.List = "seen-values"
	}
	return field
}
