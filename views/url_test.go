package views

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryURLHasItsNotes: wherever a page shows the URL of an endpoint, it shows
// the notes on it.
func TestEveryURLHasItsNotes(t *testing.T) {
	without := []string{ // pages that show no URL of an endpoint, or only the warnings of their model
		"connect", "implicit", "installed", "shops", "shop labels", "move", "help", "display", "sign out", "form", "check start", "error", "sign in",
		"events", "signature", "sample", "components", "people", "your sessions",
		"invited", "invitation", "receipt", "many keys", "plans", "plan", "plan a change",
	}
	const address = "https://\u0440aypal.com/\u202e"
	seen := 0
	for _, page := range everyPage {
		t.Run(page.name, func(t *testing.T) {
			d := render(t, page.draw(filler{address, true}.fill))
			if page.name == "activity" {
				change := Change{Field: "Endpoint URL", Before: address}
				days := []ActivityDay{{Rows: []ActivityRow{{Changes: []Change{change}}}}}
				d = render(t, Activity(ActivityPage{Frame: frame(), Days: days}))
			}
			for _, text := range []string{"xn--aypal-uye.com", "mixes Cyrillic and Latin", "reverse text"} {
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
