package ui

import "cmp"

// EventBadge names an event type.
type EventBadge struct {
	Code  string
	Title string // "" if Unknown
	// Unknown is set if this version of Hookwall doesn't know the event type.
	Unknown bool
}

// Name returns the title, or the code of an event type that isn't known.
func (b EventBadge) Name() string { return cmp.Or(b.Title, b.Code) }

// EventGroup is a group of event types, or those of it that a page is about.
type EventGroup struct {
	Title string
	Types []EventLine
}

// EventLine is an event type with its description.
type EventLine struct {
	EventBadge
	Description string
}

// EventChoices returns choices that show each event type by name and code.
func EventChoices(types []EventBadge) []Choice {
	all := make([]Choice, 0, len(types))
	for _, e := range types {
		text := e.Code
		if e.Title != "" {
			text = e.Title + " (" + e.Code + ")"
		}
		all = append(all, Choice{Value: e.Code, Text: text})
	}
	return all
}

// EventNames returns choices that show each event type by name alone, or by code
// if it has none.
func EventNames(types []EventBadge) []Choice {
	all := make([]Choice, 0, len(types))
	for _, e := range types {
		all = append(all, Choice{Value: e.Code, Text: cmp.Or(e.Title, e.Code)})
	}
	return all
}
