package views

import (
	"strconv"
	"strings"

	"hookwall/views/ui"
)

// TemplateFormPage makes or changes a template. The fields of its form are
// submission, version, name, labels, other, copy and, of each webhook by its
// position, url, types and as_typed.
type TemplateFormPage struct {
	Frame
	Action             string // POST target
	ListHref, BackHref string
	Version            int // that is changed; 0 of a new template
	Key                string
	Name, Labels       string
	NameErr, LabelsErr *ui.FieldError
	Known              []string // labels that the field offers
	Report             bool     // other webhooks make a shop differ
	Webhooks           []TemplateFormWebhook
	MayAdd             bool
	Seen               []ui.Choice // webhooks that can be copied
	Placeholders       []string
	Banner             *ui.Notice
}

// TemplateFormWebhook are the fields of one webhook.
type TemplateFormWebhook struct {
	URL, AsTyped     string
	Notes            ui.FieldNotes
	URLErr, TypesErr *ui.FieldError
	Types            []ui.TypeGroup
}

// title is the page's heading.
func (p TemplateFormPage) title() string {
	if p.Version > 0 {
		return "Edit template"
	}
	return "New template"
}

// focus returns the ID of the first field that is wrong, or "".
func (p TemplateFormPage) focus() string {
	switch {
	case p.NameErr != nil:
		return "name"
	case p.LabelsErr != nil:
		return "labels"
	}
	for i, hook := range p.Webhooks {
		if hook.URLErr != nil {
			return "url-" + strconv.Itoa(i)
		}
		if hook.TypesErr != nil {
			return "types-" + strconv.Itoa(i)
		}
	}
	return ""
}

func (p TemplateFormPage) nameField() ui.TextField {
	return ui.TextField{
		ID: "name", Name: "name", Label: "Name", Value: p.Name, Err: p.NameErr, Focus: p.focus() == "name", Fill: "off",
		Prose: true, Unmanaged: true,
	}
}

func (p TemplateFormPage) labelsField() ui.TextField {
	return ui.TextField{
		ID: "labels", Name: "labels", Label: "For shops with the label", Value: p.Labels, Err: p.LabelsErr,
		Focus: p.focus() == "labels", Fill: "off", Prose: true, List: "known-labels", Optional: true,
		Hint: "Separate several with commas. If you leave it empty, the template is for all shops.",
	}
}

func (p TemplateFormPage) urlField(i int) ui.TextField {
	hook, id := p.Webhooks[i], "url-"+strconv.Itoa(i)
	return ui.TextField{
		ID: id, Name: id, Label: "Endpoint URL", Value: hook.URL, Err: hook.URLErr, Notes: hook.Notes,
		Focus: p.focus() == id, Fill: "off", InputMode: "url",
		Hint: "After the host, you can use " + strings.Join(p.Placeholders, ", ") + ".",
	}
}

func (p TemplateFormPage) typesField(i int) ui.TypeField {
	hook, id := p.Webhooks[i], "types-"+strconv.Itoa(i)
	return ui.TypeField{
		ID: id, Name: id, Legend: "Event types", Groups: hook.Types, Err: hook.TypesErr, Focus: p.focus() == id,
	}
}

// legend names a webhook of the form.
func (p TemplateFormPage) legend(i int) string {
	if len(p.Webhooks) == 1 {
		return "Webhook"
	}
	return "Webhook " + strconv.Itoa(i+1)
}
