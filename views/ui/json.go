package ui

import (
	"context"
	"io"
	"regexp"

	"github.com/a-h/templ"
)

// jsonPart is a name, a text, or another value of indented JSON.
var jsonPart = regexp.MustCompile(`("(?:[^"\\]|\\.)*")(:)?|\b(?:true|false|null)\b|-?\b[0-9][0-9.eE+-]*`)

// highlighted draws indented JSON like Lines, with each part in an element of its
// own class.
func highlighted(body string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		at := 0
		for _, m := range jsonPart.FindAllStringSubmatchIndex(body, -1) {
			class, end := "json-value", m[1]
			switch {
			case m[4] >= 0:
				class, end = "json-name", m[3]
			case m[2] >= 0:
				class = "json-text"
			}
			if err := Lines(body[at:m[0]]).Render(ctx, w); err != nil {
				return err
			}
			if _, err := io.WriteString(w, `<span class="`+class+`">`); err != nil {
				return err
			}
			if err := Lines(body[m[0]:end]).Render(ctx, w); err != nil {
				return err
			}
			if _, err := io.WriteString(w, "</span>"); err != nil {
				return err
			}
			at = end
		}
		return Lines(body[at:]).Render(ctx, w)
	})
}
