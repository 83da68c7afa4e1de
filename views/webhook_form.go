package views

import "hookwall/views/ui"

// WebhookFormPage is the create form: empty, redrawn after a preset, and
// redrawn after a refusal.
type WebhookFormPage struct {
	Frame
	Action     string // POST target of every button
	CancelHref string
	Submission string // one-time id
	URL        string // as typed
	URLError   *ui.FieldError
	URLHints   []string // warnings under the URL; they never block
	// Possible are those that script may show while someone types.
	Possible []ui.Hint
	Picker   ui.Picker
	Banner   *ui.Notice // a refusal that belongs to no field
	// Errors are the field errors again for the summary; shown when there is
	// more than one.
	Errors []ui.SummaryError
	// Focus is what gets autofocus: "url", "types", "summary", "banner", or ""
	// for the first field of a fresh form.
	Focus string
	Edit  *EditPart // nil when creating
}

// EditPart is what the form carries when an existing webhook is edited.
type EditPart struct {
	ID   string
	Href string // the webhook's page
	// BaseURL and BaseTypes are the webhook as it was read when the form was
	// opened; they travel as the hidden fields base_url and base_types.
	BaseURL   string
	BaseTypes []string
}

// main is what the main button sends and says.
func (p WebhookFormPage) main() ui.Choice {
	if p.Edit != nil {
		return ui.Choice{Value: "review", Text: "Review changes"}
	}
	return ui.Choice{Value: "create", Text: "Create webhook"}
}

func (p WebhookFormPage) failed() bool {
	return p.Banner != nil && p.Banner.Kind == ui.Failure || p.URLError != nil || p.Picker.Error != nil || failedNotice(p.Frame)
}

func (p WebhookFormPage) urlField() ui.TextField {
	fresh := p.Focus == "" && !p.Picker.CanUndo
	return ui.TextField{
		ID: "url", Name: "url", Label: "Endpoint URL", Type: "text", InputMode: "url",
		Value: p.URL, Err: p.URLError, Warnings: p.URLHints, Possible: p.Possible, Focus: fresh || p.Focus == "url",
		Hint: "The https address of your tool, open to the internet. It must answer every call with status 200.",
	}
}
