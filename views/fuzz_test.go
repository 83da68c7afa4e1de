package views

import (
	"slices"
	"strings"
	"testing"

	"hookwall/views/ui"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// FuzzPages fills every string of a page with the same text from outside. The
// page must keep to the policy and show the text as text, whole, with nothing in
// it invisible. Checklist 25.
func FuzzPages(f *testing.F) {
	for i := range everyPage {
		f.Add(uint8(i), i%2 == 0, hostile)
		f.Add(uint8(i), i%2 == 1, "a\r\nb\t\u00a0\u2028\x00\ufffe &amp;&#60; --> ]]> {{.}}")
	}
	f.Add(uint8(0), true, "java\tscript:alert(1)")
	f.Add(uint8(3), true, "//evil.example/\\")
	f.Add(uint8(9), false, "https://bücher.example/\u2066?"+strings.Repeat("é", 200))
	f.Fuzz(func(t *testing.T, which uint8, yes bool, outside string) {
		page := everyPage[int(which)%len(everyPage)]
		outside = strings.NewReplacer("⟦", "", "⟧", "").Replace(strings.ToValidUTF8(outside, "\ufffd"))
		render(t, page.draw(filler{outside, yes}.fill)).checkPolicy()
		d := render(t, page.draw(filler{"⟦" + outside + "⟧", yes}.fill))
		d.checkPolicy()
		checkShown(t, page.name, whole(d.tags("body")[0]), outside)
	})
}

// whole returns all text with its white space, without that in fields.
func whole(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		field := d.Parent != nil &&
			(d.Parent.Data == "textarea" || d.Parent.Data == "template" || d.Parent.Data == "noscript")
		if d.Type == html.TextNode && !field {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// checkShown compares the text between the marks ⟦ and ⟧, wherever it is shown.
func checkShown(t *testing.T, page, seen, outside string) {
	t.Helper()
	all := []string{textOf(t, ui.Exact(outside)), textOf(t, ui.Named(outside)), textOf(t, ui.Lines(outside))}
	all = append(all, textOf(t, ui.Lines(strings.ReplaceAll(outside, "'", `'\''`)))) // in a command for a shell
	for _, rest := range strings.Split(seen, "⟦")[1:] {
		shown, _, ended := strings.Cut(rest, "⟧")
		begun, _, cut := strings.Cut(shown, "…")
		switch {
		case ended && slices.Contains(all, shown):
		case cut && slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, begun) }):
		default:
			t.Errorf("%s shows %q as %q", page, outside, shown)
		}
	}
}

// textOf returns the text of a component that draws nothing but text.
func textOf(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return html.UnescapeString(strings.NewReplacer(`<span class="ctl">`, "", `</span>`, "").Replace(b.String()))
}
