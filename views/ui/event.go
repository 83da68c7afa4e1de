package ui

// EventBadge is an event type where it is only named.
type EventBadge struct {
	Code  string
	Title string // "" when Unknown
	// Unknown is set for a type that this version's catalogue does not have.
	Unknown bool
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

// typeChoices offers event types by name and code.
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
