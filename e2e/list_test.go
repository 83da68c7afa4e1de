package e2e

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hookwall/e2e/browser"
	"hookwall/views/ui"
)

// lists fails the test unless the list shows exactly the webhooks with these
// addresses, in this order.
func (v *visitor) lists(addresses ...string) {
	v.app.t.Helper()
	var want []string
	for _, address := range addresses {
		want = append(want, ui.HostAndPath(address))
	}
	if len(want) > 0 {
		v.Must(v.Expect(v.main().Locator(".hooks h2 a")).ToHaveText(want))
	}
	got, err := v.main().GetByRole("listitem").GetByRole("heading").GetByRole("link").AllInnerTexts()
	v.Must(err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		v.app.t.Errorf("%s lists (-want +got):\n%s", v.Path(), diff)
	}
}

// filter sets fields of the list's filter, by their labels. The script applies
// it, or else its button does.
func (v *visitor) filter(choices map[string]string) {
	v.app.t.Helper()
	form := v.Role("search", "")
	for label, value := range choices {
		v.Select(form.GetByLabel(label), value)
	}
	apply := form.GetByRole("button", named("Apply"))
	isThere, err := apply.IsVisible()
	v.Must(err)
	if isThere {
		v.status(v.Submit(apply), 200)
	}
}

// file downloads a file and reads it as CSV.
func (v *visitor) file(wantName string) [][]string {
	v.app.t.Helper()
	name, content := v.Download(v.Role("link", "Download CSV"))
	if name != wantName {
		v.app.t.Errorf("the file is called %s, want %s", name, wantName)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(content, "\ufeff"))).ReadAll()
	v.Must(err)
	return rows
}

// TestList: the URL has the filter and the order of the list, and the file has
// the same rows.
func TestList(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	formula := v.app.add(2, "=HYPERLINK(0)", "DONATION", "TELEPATHY_RECEIVED")
	shop := v.connectKey(2)
	hooks := v.app.box.Webhooks(shop.ID)
	orders, overlay, catalog := hooks[0].URL, hooks[1].URL, hooks[2].URL
	v.lists(formula.URL, catalog, overlay, orders)
	v.reads("4 webhooks", "9 of 29")

	v.filter(map[string]string{"Event type": "TELEPATHY_RECEIVED"})
	v.lists(formula.URL)
	v.filter(map[string]string{"Event type": "DONATION", "Order": "url"})
	v.lists(formula.URL, overlay)
	if diff := cmp.Diff([][]string{
		{"id", "url", "event types", "number of event types", "api version", "name"},
		{formula.ID, "'=HYPERLINK(0)", "DONATION TELEPATHY_RECEIVED", "2", "V1", ""},
		{hooks[1].ID, overlay, strings.Join(hooks[1].AllowedTypes, " "), "5", "V1", ""},
	}, v.file("webhooks-"+shop.ID+".csv")); diff != "" {
		t.Errorf("the file has (-want +got):\n%s", diff)
	}
	bookmark := v.Path()
	v.Fill(v.Role("searchbox", "Search"), "OVERLAY")
	v.lists(overlay)
	v.Fill(v.Role("searchbox", "Search"), "nothing has this")
	v.See(v.Role("heading", "No webhooks match"))
	v.lists()
	v.Submit(v.Role("link", "Show all webhooks"))
	v.at(listPath(shop))
	v.lists(formula.URL, catalog, overlay, orders)
	v.Open(bookmark)
	v.lists(formula.URL, overlay)
	v.Must(v.Expect(v.Label("Order")).ToHaveValue("url"))
	v.filter(map[string]string{"Event type": "", "Order": "types"})
	v.lists(overlay, catalog, orders, formula.URL)
}

// TestNotCovered: the list names the event types that no webhook receives.
func TestNotCovered(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.connectKey(2)
	nobody := v.main().Locator("details").Filter(hasText("9 of 29 event types covered"))
	v.Gone(nobody.GetByText(promotion))
	v.Click(nobody.Locator("summary"))
	v.See(nobody.GetByText(promotion))
	if text := v.TextOf(nobody); strings.Contains(text, donation) {
		t.Errorf("someone receives %s, but the page says: %s", donation, text)
	}
}
