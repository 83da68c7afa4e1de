package e2e

import (
	"fmt"
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/store"
)

// wholeRows counts the rows of a list that are whole in the window.
const wholeRows = `selector => [...document.querySelectorAll(selector)].filter(row => {
	const at = row.getBoundingClientRect()
	return at.height > 0 && at.top >= 0 && at.bottom <= innerHeight
}).length`

// startedRows counts the rows that begin in the window.
const startedRows = `selector => [...document.querySelectorAll(selector)].filter(row => {
	const at = row.getBoundingClientRect()
	return at.height > 0 && at.top >= 0 && at.top < innerHeight
}).length`

// TestListsAreDense: a list shows enough rows on the first screen, and on a
// phone its first row.
func TestListsAreDense(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]struct {
		show func(*visitor)
		row  string // selector
		wide int    // whole rows at 1280 × 800
	}{
		"activity":   {showLongActivity, ".log li", 13},
		"deliveries": {func(v *visitor) { showDay(v) }, ".deliveries tbody tr", 15},
		"shops":      {func(v *visitor) { showManyShops(v) }, ".fleet li", 13},
		"webhooks":   {func(v *visitor) { showManyWebhooks(v) }, ".hooks li", 12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			list.show(v)
			v.Resize(1280, 800)
			if got := fmt.Sprint(v.Eval(wholeRows, list.row)); atoi(got) < list.wide {
				t.Errorf("%s whole rows at 1280 × 800, want %d", got, list.wide)
			}
			v.Resize(375, 667)
			if got := fmt.Sprint(v.Eval(startedRows, list.row)); atoi(got) < 1 {
				t.Error("no row begins on the first screen of a phone")
			}
		})
	}
}

func atoi(text string) (n int) {
	_, _ = fmt.Sscan(text, &n)
	return n
}

func showLongActivity(v *visitor) {
	shop := v.connectKey(0)
	for range 40 {
		v.app.attempt(shop, store.OutcomeUnclear)
	}
	v.Open(activityPath(shop))
	v.attempted(41)
}
