package views

import (
	"strings"
	"time"

	"hookwall/views/ui"
)

// KeysForm is the form for many API keys. What is typed there is never drawn.
type KeysForm struct {
	Action string // POST target
	ID     string // one-time, so that a form that is sent twice counts once
	Err    *ui.FieldError
}

// LastImport is the newest import of the session.
type LastImport struct {
	Href             string
	Connected, Total int
	At               time.Time
}

// KeyImportPage shows what became of many API keys.
type KeyImportPage struct {
	Frame
	Notice   ui.Notice // how it ended; zero while it runs
	Progress ImportProgress
	Pager    ui.Pager
	// SelfHref is the page itself, and FollowHref its stream; "" when it is over.
	SelfHref, FollowHref string
	RetryAction          string // POST target; "" if no key can be tried again
	Retryable            int    // keys that can be tried again
	RetryHelps           bool   // trying them again is the best thing to do
	KeysUntil            time.Time
	Form                 *KeysForm // for the lines that need a fix; nil if there are none
}

// ImportProgress is the part of the page that changes while keys are tried.
type ImportProgress struct {
	Total, Tried, Connected int
	Running                 bool
	Lines                   []ImportLine
}

// ImportLine is a line of the file and how its key fared.
type ImportLine struct {
	Line        int
	State       ui.State
	Name        string // from the file; "" for none
	Shop        string // that is connected; "" for none
	Text        string // "" if the shop says it all
	RetryAction string // POST target; "" if the key can't be tried again
}

// now says how far an import is, in tenths, so that screen readers don't read
// each key.
func (p ImportProgress) now() string {
	return "Trying keys. " + ui.Number(10*(10*p.Tried/max(p.Total, 1))) + "% done."
}

// called returns what a line is called: the shop, or else the name in the file.
func (l ImportLine) called() string {
	if l.Shop != "" {
		return l.Shop
	}
	return l.Name
}

// alias returns the name in the file if that isn't the shop's.
func (l ImportLine) alias() string {
	if l.Shop == "" || strings.EqualFold(l.Shop, l.Name) {
		return ""
	}
	return l.Name
}
