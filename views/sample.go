package views

import "hookwall/views/ui"

// SamplePage shows what Fourthwall sends when an event of one type happens.
type SamplePage struct {
	Frame
	Type        ui.EventBadge
	Description string
	Body        string // JSON, indented
	SignHref    string // how signatures are checked
	Others      []SampleGroup
}

// SampleGroup leads to the samples of a group's event types.
type SampleGroup struct {
	Title string
	Types []SampleLink
}

// SampleLink leads to one sample.
type SampleLink struct {
	ui.EventBadge
	Href string
}

func (p SamplePage) heading() string {
	if p.Type.Title == "" {
		return ui.Plain(p.Type.Code)
	}
	return ui.Plain(p.Type.Title)
}
