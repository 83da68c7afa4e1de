package views

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

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
type FixedChoice struct {
	Finder, EventTypes Fixed
	Side               FixedSide
}

// FixedSide is what is beside the fields, before and after the address of its link to the list.
type FixedSide struct{ before, after []byte }

// FixChoice renders the parts of a form.
func FixChoice(p WebhookFormPage) (out FixedChoice, err error) {
	if out.Finder, err = Fix(p.finder()); err != nil {
		return out, err
	}
	if out.EventTypes, err = Fix(p.eventTypes()); err != nil {
		return out, err
	}
	p.CancelHref = "/list"
	side, err := Fix(p.side())
	if err != nil {
		return out, err
	}
	before, after, ok := bytes.Cut(side.html, []byte(p.CancelHref))
	if !ok {
		return out, errors.New("views: the form has no link to the list")
	}
	out.Side = FixedSide{before, after}
	return out, nil
}

// to returns the side with a link to a list.
func (s FixedSide) to(list string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, part := range [][]byte{s.before, []byte(templ.EscapeString(list)), s.after} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	})
}

// HTML returns the parts as they follow each other in a page, up to the link to the list.
func (c FixedChoice) HTML() []byte {
	return slices.Concat(c.Finder.html, []byte("</section>"), c.EventTypes.html, []byte("</div>"), c.Side.before)
}
