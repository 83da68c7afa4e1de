package views

import (
	"strings"
	"testing"

	"hookwall/views/ui"
)

// TestOutcomeSaysWhatWasDone: the page has all that is known, and a secret only
// if there is one.
func TestOutcomeSaysWhatWasDone(t *testing.T) {
	p := OutcomePage{
		Frame: frame(), Title: "Webhook created", ID: "wcon_1", URL: "https://a.example/ x",
		Notice: ui.Notice{Kind: ui.Warning, Title: "This shop is no longer connected here"},
		Types:  []ui.EventBadge{{Code: "DONATION", Title: "Donation"}},
		Link:   ui.Link{Href: "/connect", Text: "Connect the shop again"},
	}
	for _, test := range []struct {
		name     string
		change   func(*OutcomePage)
		has, not []string
	}{
		{"usual", func(*OutcomePage) {}, []string{"wcon_1", "https://a.example/ x", "Donation", "1 event type"}, []string{"Signing secret"}},
		{"with a secret", func(p *OutcomePage) { p.Secret = "s3cret" }, []string{"Signing secret", "s3cret", "Copy it now"}, nil},
		{
			"with something else than asked",
			func(p *OutcomePage) { p.Different = &ui.Notice{Kind: ui.Warning, Title: "Something else"} },
			[]string{"Something else"},
			nil,
		},
		{"of a webhook that was gone", func(p *OutcomePage) { p.URL, p.Types = "", nil }, []string{"wcon_1"}, []string{"Endpoint URL", "0 event types"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := p
			test.change(&p)
			d := render(t, Outcome(p))
			d.check()
			for _, text := range append(test.has, p.Title, p.Notice.Title, p.Link.Text) {
				if !strings.Contains(d.text(), text) {
					t.Errorf("lacks %q: %s", text, d.text())
				}
			}
			for _, text := range test.not {
				if strings.Contains(d.text(), text) {
					t.Errorf("has %q: %s", text, d.text())
				}
			}
		})
	}
}
