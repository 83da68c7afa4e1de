package views

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryAddressHasItsNotes: wherever an address stands, so does what is to
// be said of it.
func TestEveryAddressHasItsNotes(t *testing.T) {
	without := []string{ // pages that show no address of an endpoint, or only what their model has to say
		"connect", "implicit", "shops", "form", "error", "events", "signature", "sample", "components",
	}
	const address = "https://\u0440aypal.com/\u202e"
	seen := 0
	for _, page := range everyPage {
		t.Run(page.name, func(t *testing.T) {
			d := render(t, page.draw(filler{address, true}.fill))
			if page.name == "activity" {
				change := Change{Field: "Endpoint URL", Before: address}
				d = render(t, Activity(ActivityPage{Frame: frame(), Rows: []ActivityRow{{Changes: []Change{change}}}}))
			}
			for _, text := range []string{"xn--aypal-uye.com", "mixes Cyrillic and Latin", "turn text around"} {
				if strings.Contains(d.text(), text) == slices.Contains(without, page.name) {
					t.Errorf("the page says %q: %t", text, !slices.Contains(without, page.name))
				}
			}
		})
		seen++
	}
	if seen == 0 {
		t.Error("there are no pages")
	}
}
