package views

import (
	"slices"
	"testing"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

func TestDuplicate(t *testing.T) {
	p := DuplicatePage{
		Frame: shopFrame("/new/duplicate"), Action: "/create", EditHref: "/new?draft=1", ListHref: "/l", Key: "once-1",
		URL:   "https://a.example/ \u202e",
		Types: []ui.EventBadge{donation, placed, future},
		Duplicates: []ui.Duplicate{
			{
				ID: "w2", URL: "https://A.example/", Href: "/w2", Shared: []ui.EventBadge{donation}, ExtendHref: "/w2/edit?draft=2",
				Missing: 2,
			},
			{ID: "w3", URL: "https://a.example:443/", Href: "/w3", Shared: []ui.EventBadge{donation, placed, future}},
		},
	}
	d := render(t, Duplicate(p))
	d.check()
	form := d.formTo("/create")
	got := posted(form)
	for name, want := range map[string][]string{
		"submission": {"once-1"}, "url": {p.URL}, "allowedTypes": {"DONATION", "ORDER_PLACED", "SHIPMENT_LOST"},
		"duplicate": {"accepted"},
	} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	if buttons := submits(form); !slices.Equal(values(buttons), []string{"create"}) ||
		text(buttons[0]) != "Create a second webhook" || hasClass(buttons[0], "main") {
		t.Errorf("buttons %q", values(buttons))
	}
	rows := d.all(func(n *html.Node) bool { return hasClass(n, "row") })
	for i, want := range []string{
		"https://A.example/ Webhook w2 already receives 1 of these event types: Donation Add the 2 missing event types to it instead",
		"https://a.example:443/ Webhook w3 already receives 3 of these event types: Donation Order placed SHIPMENT_LOST (not in Hookwall’s list)",
	} {
		if got := text(rows[i]); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	for _, href := range []string{"/w2", "/w3", "/w2/edit?draft=2", "/new?draft=1", "/l"} {
		if len(d.linksTo(href)) == 0 {
			t.Errorf("no link to %s", href)
		}
	}

	p.Duplicates = p.Duplicates[1:]
	d = render(t, Duplicate(p))
	links := d.linksTo("/new?draft=1")
	if !hasClass(links[len(links)-1], "main") || hasClass(submits(d.formTo("/create"))[0], "main") {
		t.Error("the way back is not the main action")
	}
}
