package views

import "hookwall/views/ui"

// TemplatePage shows a version of a template and, of the newest, the shops that
// differ from it.
type TemplatePage struct {
	Frame
	ListHref, Href  string
	Name            string
	Version, Newest int
	Made            PlanStep
	Locked          bool // it can't be decrypted
	Webhooks        []TemplateWebhook
	Labels          []ui.Link // of the shops that it's for; none for every shop
	Report          bool      // other webhooks make a shop differ
	Versions        []TemplateVersion
	EditHref        string // "" if the person may not
	DeleteAction    string // POST target; "" if the person may not

	Counts      []ShopCount    // of the shops that it's for
	Differ      []TemplateShop // the first of the shops that differ
	DifferCount int
	DifferHref  string // to all of them

	CoverageHref string // compares event types with the template

	PlanAction string      // POST target, makes a plan; "" if the person may not, or nothing differs
	PlanFields []ui.Choice // of its form; Text is a field's name
}

// TemplateWebhook is one webhook of a template.
type TemplateWebhook struct {
	URL   string // with placeholders
	Types []ui.EventBadge
}

// TemplateVersion is one of the versions of a template.
type TemplateVersion struct {
	Version int
	Name    string
	Made    PlanStep
	Href    string
	Current bool
}

// TemplateShop is a shop that differs.
type TemplateShop struct {
	ShopLink

	Text string // what differs
}
