package views

import "hookwall/views/ui"

// SamplePage shows what Fourthwall sends for one event type.
type SamplePage struct {
	Frame
	Type        ui.EventBadge
	Description string
	Body        string // JSON, indented
	SignHref    string // explains how to check signatures
	Others      []SampleGroup
}

// SampleGroup links to the samples of a group of event types.
type SampleGroup struct {
	Title string
	Types []SampleLink
}

// SampleLink links to the sample of one event type.
type SampleLink struct {
	ui.EventBadge
	Href string
}

// heading returns the name of the event type, or its code if it has no name.
func (p SamplePage) heading() string {
	if p.Type.Title == "" {
		return ui.Plain(p.Type.Code)
	}
	return ui.Plain(p.Type.Title)
}
