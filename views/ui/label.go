package ui

// LabelForm is the form that names a webhook. Its field is label.
type LabelForm struct {
	Action string // POST target
	Label  string // "" if the webhook has none
	Err    *FieldError
}

// field returns the field for the label.
func (f LabelForm) field() TextField {
	return Optional(TextField{
		ID: "label", Name: "label", Label: "Name", Value: f.Label, Err: f.Err, Focus: f.Err != nil, Fill: "off", Prose: true,
		Hint: "Only Hookwall shows it. Leave it empty to use the URL.",
	})
}
