package ui

import "strings"

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

// rows counts the checkboxes: more than the catalogue has, when a type that it
// does not know was posted.
func (p Picker) Rows() int {
	n := 0
	for _, g := range p.Groups {
		n += len(g.Types)
	}
	return max(n, p.Total)
}

// spaced joins codes for a data attribute that script splits again.
func spaced(codes []string) string { return strings.Join(codes, " ") }
