package views

import "hookwall/views/ui"

// WebhookLabelPage names a webhook.
type WebhookLabelPage struct {
	Frame
	Name        string // without the label
	URL         string
	WebhookHref string
	Form        ui.LabelForm
	Banner      *ui.Notice
}
