package views

import (
	"github.com/a-h/templ"

	"hookwall/views/ui"
)

// WebhookFormPage is the form that creates a webhook or edits one: as opened,
// after a preset button, or after an error.
type WebhookFormPage struct {
	Frame
	Action     string // POST target of every button
	CancelHref string
	Key        string // idempotency key: a one-time ID of the form
	URL        string // as typed
	URLError   *ui.FieldError
	AsTyped    string // URL that may be sent although it has characters that can't be seen; "" if none
	URLNotes   ui.FieldNotes
	NotesHref  string // where the script asks for notes on the URL
	Tools      []ui.FinderTool
	Picker     ui.Picker
	// OwnPresets are the presets that can be deleted. PresetName was typed to save one.
	OwnPresets  []ui.PickerPreset
	PresetName  string
	PresetError *ui.FieldError
	Banner      *ui.Notice // an error that is about no field
	// Errors are the errors of all fields, for the summary. It is shown if there
	// is more than one.
	Errors []ui.SummaryError
	// Focus is what takes the focus: "url", "types", "preset_name", "summary", "banner", or
	// "do:" and the value of the button that was clicked. It is "" for the first
	// field of a form that was just opened.
	Focus string
	Edit  *EditPart // nil in the create form
	// Anyway offers to create the webhook although Banner says that it may already
	// exist.
	Anyway bool
	// Fixed is how the choice of a tool and of event types was rendered before; nil to render it.
	Fixed *FixedChoice
}

// finder draws where each tool has its URL.
func (p WebhookFormPage) finder() templ.Component {
	if p.Fixed != nil {
		return p.Fixed.Finder
	}
	return ui.Finder(p.Tools)
}

// eventTypes draws the choice of event types.
func (p WebhookFormPage) eventTypes() templ.Component {
	if p.Fixed != nil {
		return p.Fixed.EventTypes
	}
	return ui.EventPicker(p.Picker, p.Focus)
}

// side draws what is beside the fields.
func (p WebhookFormPage) side() templ.Component {
	if p.Fixed == nil || p.Anyway || p.PresetName != "" || p.PresetError != nil {
		return formSide(p)
	}
	return p.Fixed.Side.to(p.CancelHref)
}

// EditPart is what the form has more if it edits a webhook.
type EditPart struct {
	Name string
	Href string // the webhook's page
	// BaseURL and BaseTypes are the webhook's content when the form was opened,
	// kept in the hidden fields base_url and base_types.
	BaseURL   string
	BaseTypes []string
}

// main returns the value and the text of the main button.
func (p WebhookFormPage) main() ui.Choice {
	if p.Edit != nil {
		return ui.Choice{Value: "review", Text: "Review changes"}
	}
	return ui.Choice{Value: "create", Text: "Create webhook"}
}

// failed reports whether the form is shown again because of an error.
func (p WebhookFormPage) failed() bool {
	wrong := p.URLError != nil || p.Picker.Error != nil || p.PresetError != nil
	return wrong || isFailure(p.Banner) || failedNotice(p.Frame)
}

// presetField returns the field for the name of a preset.
func (p WebhookFormPage) presetField() ui.TextField {
	return ui.TextField{
		ID: "preset_name", Name: "preset_name", Label: "Preset name", Type: "text", Value: p.PresetName,
		Err: p.PresetError, Focus: p.Focus == "preset_name", Replaceable: true,
	}
}

// urlField returns the field for the URL.
func (p WebhookFormPage) urlField() ui.TextField {
	fresh := p.Focus == "" && !p.Picker.CanUndo
	return ui.TextField{
		ID: "url", Name: "url", Label: "Endpoint URL", Type: "text", InputMode: "url",
		Value: p.URL, Err: p.URLError, Notes: p.URLNotes, NotesHref: p.NotesHref, Focus: fresh || p.Focus == "url",
		Hint: "Paste the webhook URL from your tool. It starts with https:// and must be reachable from the internet.",
	}
}
