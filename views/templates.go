package views

import (
	"time"

	"hookwall/views/ui"
)

// TemplatesPage lists templates by name.
type TemplatesPage struct {
	Frame
	NewHref   string // makes a template; "" if the person may not
	Now       time.Time
	Rows      []TemplateRow
	Proposals []ui.Proposal
}

// TemplateRow is one template.
type TemplateRow struct {
	Name      string
	Version   int
	Href      string
	Webhooks  string   // such as “2 webhooks”
	Labels    []string // of the shops that it's for; none for every shop
	Locked    bool     // it can't be decrypted
	State     ui.State
	StateText string // how shops compare; "" if that isn't known
	Who       string // made the version; "" without a team
	At        time.Time
}
