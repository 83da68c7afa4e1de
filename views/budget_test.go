package views

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hookwall/static"
	"hookwall/views/ui"
)

// bigPicker returns a picker with 29 event types in nine groups. Its words are
// random, so that it compresses worse than a catalog in English.
func bigPicker() ui.Picker {
	r := rand.New(rand.NewPCG(1, 2))
	words := func(n int) string {
		all := make([]string, n)
		for i := range all {
			for range 3 + r.IntN(6) {
				all[i] += string(rune('a' + r.IntN(26)))
			}
		}
		return strings.Join(all, " ")
	}
	p := ui.Picker{Total: 29}
	var codes []string
	for i, size := range []int{3, 3, 3, 8, 3, 3, 3, 2, 1} {
		g := ui.PickerGroup{ID: fmt.Sprintf("group-%d", i), Title: words(2)}
		for range size {
			code := strings.ToUpper(strings.ReplaceAll(words(3), " ", "_"))
			codes = append(codes, code)
			g.Types = append(g.Types, ui.PickerType{Code: code, Title: words(2), Description: words(10)})
		}
		p.Groups = append(p.Groups, g)
	}
	for i, size := range []int{5, 11, 2, 6, 5, 29} {
		p.Presets = append(p.Presets, ui.PickerPreset{
			ID: fmt.Sprintf("preset-%d", i), Title: words(2), Text: words(8), Types: codes[:size],
		})
	}
	return p
}

// compressed returns the size of content after gzip.
func compressed(t *testing.T, content []byte) int {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Len()
}

// loads returns the URLs that a browser fetches for the page.
func loads(d doc) []string {
	var all []string
	for _, n := range d.tags("script", "link", "use", "img") {
		address, _, _ := strings.Cut(attr(n, "src")+attr(n, "href"), "#")
		if !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	return all
}

func TestCreatePageBudget(t *testing.T) {
	d := render(t, WebhookForm(WebhookFormPage{
		Frame: frame(), Action: "/shops/sh_1/webhooks", CancelHref: "/shops/sh_1/webhooks", Picker: bigPicker(),
	}))
	total := compressed(t, d.raw)
	addresses := loads(d)
	if len(addresses)+1 > 4 {
		t.Errorf("%d requests: the page and %v", len(addresses)+1, addresses)
	}
	for _, address := range addresses {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		static.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: status %d", address, w.Code)
		}
		total += w.Body.Len()
	}
	if total > 20_000 {
		t.Errorf("the create page is %d bytes compressed", total)
	}
	t.Logf("%d bytes compressed in %d requests", total, len(addresses)+1)
}

// TestOnlyStyleSheetBlocks is for every page but that of the implicit sign-in,
// whose script must run before everything else.
func TestOnlyStyleSheetBlocks(t *testing.T) {
	d := render(t, WebhookForm(formPage()))
	for _, n := range d.tags("script") {
		if !has(n, "defer") {
			t.Errorf("script %s blocks", attr(n, "src"))
		}
	}
	sheets := d.all(func(n *html.Node) bool { return n.Data == "link" && attr(n, "rel") == "stylesheet" })
	if len(sheets) != 1 {
		t.Errorf("%d style sheets", len(sheets))
	}
}
