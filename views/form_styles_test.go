package views

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"hookwall/views/ui"
)

// fullForm returns the create form with everything that it can show.
func fullForm() WebhookFormPage {
	refusal := &ui.FieldError{Text: "No. Type another one.", Code: "WEBHOOK_URI_NOT_ALLOWED", RequestID: "req-1"}
	notice := ui.Notice{
		Kind: "failure", Title: "No.", Text: "Not now.", Code: "DOWN", RequestID: "req-1", Link: &ui.Link{Href: "/", Text: "Go"},
	}
	p := formPage("DONATION", "OF THE \"FUTURE\"")
	p.Frame = toolFrame("/shops/sh_1/webhooks/new")
	p.PlainHTTPWarning, p.NoBackground, p.Version, p.ShopCount = true, true, "1.0", 9
	p.Member, p.MemberRole = "Ada\u202e", "Admin"
	p.Notices, p.Banner, p.Anyway = []ui.Notice{notice}, &notice, true
	p.URLError, p.Picker.Error, p.PresetError, p.Picker.CanUndo = refusal, refusal, refusal, true
	p.URLNotes = ui.FieldNotes{
		Also: []string{"No port. Leave it out."}, Warnings: []string{"A test. Use it for tests."}, RelayFor: "Chat",
		Offers: []ui.Offer{{Do: "url:https", Text: "Use", Value: "https://a.example/"}},
	}
	p.Tools = []ui.FinderTool{{Name: "Chat", Text: "Open *Settings*."}}
	p.OwnPresets = []ui.PickerPreset{{ID: "own", Title: "Friday", Types: []string{"DONATION"}}}
	p.Errors = []ui.SummaryError{{Href: "#url", Text: "No."}, {Href: "#types", Text: "No."}}
	return p
}

// classForm matches a class in a selector.
var classForm = regexp.MustCompile(`\.([a-z][\w-]*)`)

// styledBy returns the classes that have rules in style sheets.
func styledBy(t *testing.T, names ...string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, name := range names {
		sheet, err := os.ReadFile("../static/assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(sheet)) {
			selector, _, _ := strings.Cut(line, "{")
			for _, match := range classForm.FindAllStringSubmatch(selector, -1) {
				found[match[1]] = true
			}
		}
	}
	return found
}

// TestFormHasItsStyles: the create form loads form.css alone, so the rules for what it shows must not be in pages.css.
func TestFormHasItsStyles(t *testing.T) {
	here, elsewhere := styledBy(t, "app.css", "picker.css"), styledBy(t, "pages.css")
	hit := SearchHit{Href: "/", Name: "A", Mark: ui.OK, Sub: "b"}
	shop := ShopLink{ID: "sh_2", Name: "Paper", Domain: "paper.example", Href: "/", Expired: true, WhyEnded: "expired"}
	for name, d := range map[string]doc{
		"form":           render(t, WebhookForm(fullForm())),
		"found":          render(t, SearchFound(SearchPart{Text: "1", Groups: []SearchGroup{{Title: "Shops", Hits: []SearchHit{hit}}}, AllHref: "/"})),
		"shops in a bar": render(t, FoundShops(FoundShopsPart{Query: "p", Shops: []ShopLink{shop}, Found: 2, Total: 3, AllHref: "/"})),
	} {
		classes := 0
		for n := range d.root.Descendants() {
			for class := range strings.FieldsSeq(attr(n, "class")) {
				if elsewhere[class] && !here[class] {
					t.Errorf("%s: only pages.css has rules for .%s", name, class)
				}
				classes++
			}
		}
		if classes < 3 {
			t.Errorf("%s has %d classes", name, classes)
		}
	}
}
