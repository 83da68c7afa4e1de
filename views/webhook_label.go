package views

import "hookwall/views/ui"

// WebhookLabelPage names a webhook.
type WebhookLabelPage struct {
	Frame
	Name        string // without the label
	URL         string
	WebhookHref string
	Form        LabelForm
	Banner      *ui.Notice
}

// LabelForm is the form that names a webhook. Its field is label.
type LabelForm struct {
	Action string // POST target
	Label  string // "" if the webhook has none
	Err    *ui.FieldError
}

// field returns the field for the label.
func (f LabelForm) field() ui.TextField {
	return ui.Optional(ui.TextField{
		ID: "label", Name: "label", Label: "Name", Value: f.Label, Err: f.Err, Focus: f.Err != nil, Fill: "off", Prose: true,
		Hint: "Only Hookwall shows it. Leave it empty to use the URL.",
	})
}
