package ui

import (
	"maps"
	"regexp"

	"github.com/a-h/templ"
)

// TextField is a labeled input for text.
type TextField struct {
	ID, Name, Label string
	Type            string // "" for "text", or "password"
	InputMode       string
	Value           string
	Hint            string
	Notes           FieldNotes
	// NotesHref is where the script asks for notes while someone types; "" if
	// there are none then.
	NotesHref string
	Err       *FieldError
	Focus     bool
	// Private keeps browsers from remembering the value, so that going back
	// doesn't restore it either.
	Private bool
	// Fill is what browsers and password managers may fill in, a value of the
	// attribute autocomplete; "" leaves that to them.
	Fill string
	// Unmanaged keeps password managers from filling the field in.
	Unmanaged bool
	// Optional is set if the field may stay empty.
	Optional bool
	// Replaceable is set if another field may be filled in instead.
	Replaceable bool
	// Prose is set if people write it in their own language, unlike a URL or a key.
	Prose bool
	// List is the ID of a datalist with values to choose from; "" for none.
	List string
	// Lines is the height of a field of several lines; 0 for a field of one line.
	Lines int
}

// FieldError is an error of one field: what happened and what to do, with the
// API's code and request ID if the error came from there.
type FieldError struct {
	Text      string
	Code      string
	RequestID string
}

// FieldNotes are shown below a field. They never block.
type FieldNotes struct {
	Also     []string // errors that weren't named, but are there too
	Warnings []string
	RelayFor string // the tool that needs a relay, or ""
	Offers   []Offer
}

// Offer is a button that sends the form with another value for the field.
type Offer struct {
	Do    string // value of the button
	Text  string
	Value string // shown after the text, and used by the script; "" if the button does more
}

// SecretField returns a field for a secret that is used once. It never has a
// value. Password managers would fill in the API key of a shop: they ignore
// autocomplete="off" at passwords, but leave a new password to the person.
func SecretField(label, hint string, err *FieldError) TextField {
	return TextField{
		ID: "secret", Name: "secret", Label: label, Type: "password", Hint: hint, Err: err,
		Fill: "new-password", Unmanaged: true,
	}
}

// BesideSecret returns a field for a URL in a form with a secret. Password
// managers take the text before a password for the user name, whatever it is
// called, unless autocomplete names something else. "off" is not enough.
func BesideSecret(t TextField) TextField {
	t.Fill, t.Unmanaged = "url", true
	return t
}

// Optional returns the field, which may stay empty.
func Optional(t TextField) TextField {
	t.Optional = true
	return t
}

// unmanaged are the attributes by which 1Password, Bitwarden, LastPass and
// Dashlane leave a field alone. Browsers' own managers go by autocomplete.
var unmanaged = templ.Attributes{
	"data-1p-ignore": true, "data-bwignore": true, "data-lpignore": "true", "data-form-type": "other",
}

// attributes returns the attributes that input and textarea have in common.
func (t TextField) attributes() templ.Attributes {
	all := templ.Attributes{"dir": "ltr", "autocapitalize": "none", "spellcheck": "false", "autofocus": t.Focus}
	for name, value := range map[string]string{
		"inputmode": t.InputMode, "aria-describedby": t.describedBy(), "list": t.List,
	} {
		if value != "" {
			all[name] = value
		}
	}
	if t.Prose {
		all["dir"] = "auto"
		delete(all, "autocapitalize")
	}
	if t.Private {
		all["autocomplete"] = "off"
	} else if t.Fill != "" {
		all["autocomplete"] = t.Fill
	}
	if t.Unmanaged {
		maps.Copy(all, unmanaged)
	}
	if !t.Optional && !t.Replaceable {
		all["aria-required"] = "true"
	}
	if t.Err != nil {
		all["aria-invalid"] = "true"
	}
	return all
}

// describedBy returns the IDs of what is read out with the field.
func (t TextField) describedBy() string {
	return ids(
		idIf{t.Err.described(t.ID + "-error"), t.Err != nil},
		idIf{t.ID + "-also", len(t.Notes.Also) > 0},
		idIf{t.ID + "-warnings", t.warnable()},
		idIf{t.ID + "-hint", t.Hint != ""},
	)
}

// warnable reports whether there are notes, or may be while someone types.
func (t TextField) warnable() bool {
	return len(t.Notes.Also)+len(t.Notes.Warnings)+len(t.Notes.Offers) > 0 || t.NotesHref != ""
}

// described returns the IDs of what is read out with the field: the sentence and
// the code, without the buttons beside them.
func (e *FieldError) described(id string) string {
	return ids(idIf{id + "-text", e != nil}, idIf{id + "-code", e != nil && e.Code != ""})
}

// lead returns the first of several sentences, and the others. A sentence begins
// with a capital letter.
func lead(text string) (first, rest string) {
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		return text[:end[0]+1], text[end[1]-1:]
	}
	return text, ""
}

var sentenceEnd = regexp.MustCompile(`\. [A-Z]`)

// HiddenField is a hidden field of a form.
type HiddenField struct {
	Name  string
	Value string
}
