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
	Proposals []TemplateProposal
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

// TemplateProposal says that shops differ from a template.
type TemplateProposal struct {
	Count    int
	Name     string
	Href     string // to the shops
	PlanHref string // "" if the person may not
}
