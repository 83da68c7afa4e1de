package ui

import (
	"slices"
	"strings"
)

// Picker is a choice of event types.
type Picker struct {
	Groups  []PickerGroup
	Presets []PickerPreset
	// Selected lists the selected event types in the catalog's order.
	Selected []EventBadge
	Total    int // event types in the catalog
	Error    *FieldError
	// CanUndo is set after a preset, "All" or "None" was clicked without the
	// script. Undo has the event types that were selected before.
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

// PickerType is the checkbox of an event type.
type PickerType struct {
	Code        string
	Title       string
	Description string
	Checked     bool
	// Unknown is set for a posted event type that isn't in the catalog. It is
	// shown, so that nothing that was selected is lost.
	Unknown bool
	// Held is set for an Unknown event type that the edited webhook has already
	// and keeps.
	Held bool
	// SampleHref leads to a sample of what Fourthwall sends; "" if there is none.
	SampleHref string
}

// PickerPreset is a preset button.
type PickerPreset struct {
	ID    string
	Title string
	Text  string
	Types []string
}

// value returns the value of the button.
func (s PickerPreset) value(on bool) string {
	if on {
		return "preset-off:" + s.ID
	}
	return "preset:" + s.ID
}

// has reports whether all of some event types are selected.
func (p Picker) has(types []string) bool {
	for _, code := range types {
		if !slices.ContainsFunc(p.Selected, func(e EventBadge) bool { return e.Code == code }) {
			return false
		}
	}
	return len(types) > 0
}

// Rows returns the number of checkboxes: more than Total if there are unknown
// event types.
func (p Picker) Rows() int {
	n := 0
	for _, g := range p.Groups {
		n += len(g.Types)
	}
	return max(n, p.Total)
}

// spaced joins codes for an attribute that the script splits again.
func spaced(codes []string) string { return strings.Join(codes, " ") }
