package views

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

func TestSamplePage(t *testing.T) {
	f := frame()
	f.Shop = nil
	d := render(t, Sample(SamplePage{
		Frame: f, Type: ui.EventBadge{Code: "DONATION", Title: "Donation"}, Description: "Someone sent a tip.",
		Body: "{\n  \"type\": \"DONATION\"\n}", SignHref: "/tools/signature#snippets",
		Others: []SampleGroup{
			{
				Title: "Orders",
				Types: []SampleLink{
					{ui.EventBadge{Code: "DONATION", Title: "Donation"}, "/samples/DONATION"},
					{ui.EventBadge{Code: "ORDER_PLACED", Title: "Order placed"}, "/samples/ORDER_PLACED"},
				},
			},
		},
	}))
	d.check()
	if got := d.tags("pre"); len(got) != 1 || strings.TrimSpace(text(got[0])) != `{ "type": "DONATION" }` {
		t.Errorf("the page shows %d texts", len(got))
	}
	current := d.all(func(n *html.Node) bool {
		return attr(n, "aria-current") == "page" && strings.HasPrefix(attr(n, "href"), "/samples/")
	})
	if len(current) != 1 || attr(current[0], "href") != "/samples/DONATION" {
		t.Errorf("%d links are current", len(current))
	}
}
