package ui

import "github.com/a-h/templ"

// textField is one labelled line of input.
type TextField struct {
	ID, Name, Label string
	Type            string // "text" or "password"
	InputMode       string
	Value           string
	Hint            string
	Warnings        []string
	// Possible are the warnings that script may show while someone types.
	Possible []Hint
	Err      *FieldError
	Focus    bool
	// Private keeps browsers from remembering it. They then do not bring it
	// back on the way Back either.
	Private bool
	// Fill is what browsers and password managers may fill it in with, by the
	// names of HTML; "" leaves that to them.
	Fill string
	// Optional says that it may stay empty.
	Optional bool
	// Replaceable says that another field may stand in for it.
	Replaceable bool
	// Lines is how many lines of text it shows; 0 for a field of one line.
	Lines int
}

// FieldError stands at the field it is about: what happened and the cure, and
// the API's code where there is one.
type FieldError struct {
	Text      string
	Code      string
	RequestID string
}

// Hint is a warning that script shows while someone types.
type Hint struct {
	When string // the name that script knows it by
	Text string
}

// secretField is for a secret that is used once. It is never filled in.
func SecretField(label, hint string, err *FieldError) TextField {
	return TextField{ID: "secret", Name: "secret", Label: label, Type: "password", Hint: hint, Err: err, Private: true}
}

func Optional(t TextField) TextField {
	t.Optional = true
	return t
}

// attributes are those that fields of one line and of several have in common.
func (t TextField) attributes() templ.Attributes {
	all := templ.Attributes{"dir": "ltr", "autocapitalize": "none", "spellcheck": "false", "autofocus": t.Focus}
	for name, value := range map[string]string{"inputmode": t.InputMode, "aria-describedby": t.describedBy()} {
		if value != "" {
			all[name] = value
		}
	}
	if t.Private {
		all["autocomplete"] = "off"
	} else if t.Fill != "" {
		all["autocomplete"] = t.Fill
	}
	if !t.Optional && !t.Replaceable {
		all["aria-required"] = "true"
	}
	if t.Err != nil {
		all["aria-invalid"] = "true"
	}
	return all
}

func (t TextField) describedBy() string {
	return ids(
		idIf{t.Err.described(t.ID + "-error"), t.Err != nil},
		idIf{t.ID + "-warnings", t.warnable()},
		idIf{t.ID + "-hint", t.Hint != ""},
	)
}

func (t TextField) warnable() bool { return len(t.Warnings)+len(t.Possible) > 0 }

// described are the ids of what is read out with the field: the sentence and
// the code, without the buttons beside them.
func (e *FieldError) described(id string) string {
	return ids(idIf{id + "-text", e != nil}, idIf{id + "-code", e != nil && e.Code != ""})
}

// HiddenField is carried by a form.
type HiddenField struct {
	Name  string
	Value string
}
