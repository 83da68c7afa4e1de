package handlers

import (
	"hookwall/views/ui"
)

// labels are values with the text that a person reads for each, in the order in
// which they are offered.
type labels [][2]string

func (l labels) text(value string) string {
	for _, pair := range l {
		if pair[0] == value {
			return pair[1]
		}
	}
	return value
}

func (l labels) choices() []ui.Choice {
	var out []ui.Choice
	for _, pair := range l {
		out = append(out, ui.Choice{Value: pair[0], Text: pair[1]})
	}
	return out
}

func oneOf(value string, l labels) string {
	for _, pair := range l {
		if pair[0] == value {
			return value
		}
	}
	return ""
}
