package views

import (
	"bytes"
	"context"
	"io"

	"github.com/a-h/templ"
)

// Fixed is a component that was rendered once, because it is the same each time. It has nothing of a person.
type Fixed struct{ html []byte }

// Fix renders a component once.
func Fix(c templ.Component) (Fixed, error) {
	var html bytes.Buffer
	err := c.Render(context.Background(), &html)
	return Fixed{html.Bytes()}, err
}

// Render writes what was rendered.
func (f Fixed) Render(_ context.Context, w io.Writer) error {
	_, err := w.Write(f.html)
	return err
}

// FixedChoice is what a create form has for every person, as long as nothing is selected or wrong.
type FixedChoice struct{ Finder, EventTypes Fixed }

// FixChoice renders the parts of a form.
func FixChoice(p WebhookFormPage) (FixedChoice, error) {
	finder, err := Fix(p.finder())
	if err != nil {
		return FixedChoice{}, err
	}
	types, err := Fix(p.eventTypes())
	return FixedChoice{finder, types}, err
}

// HTML returns the parts as they follow each other in a page.
func (c FixedChoice) HTML() []byte {
	return bytes.Join([][]byte{c.Finder.html, c.EventTypes.html}, []byte("</section>"))
}
