package fourthwall

import (
	"encoding/json"
	"slices"
)

// Content is what a webhook is created with, changed to, or compared by. Its JSON is the body of a request to the API,
// and what the database keeps of it.
type Content struct {
	URL          string      `json:"url"`
	AllowedTypes []EventType `json:"allowedTypes"`
}

// Content returns what a change of the webhook would replace.
func (w Webhook) Content() Content { return Content{w.URL, w.AllowedTypes} }

// Equal reports whether the API means the same by both: the order and the repetition of event types say nothing.
func (c Content) Equal(other Content) bool {
	return c.URL == other.URL && slices.Equal(TypeSet(c.AllowedTypes), TypeSet(other.AllowedTypes))
}

// TypeSet returns each of the event types once, sorted.
func TypeSet(types []EventType) []EventType {
	return slices.Compact(slices.Sorted(slices.Values(types)))
}

func (c Content) encode() ([]byte, error) {
	if c.AllowedTypes == nil {
		c.AllowedTypes = []EventType{}
	}
	return json.Marshal(c)
}
