package views

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

// TestBodyIsShownOnlyWhenAsked: a buyer's data is on the page only if the person
// asked for it, and nothing in it is invisible.
func TestBodyIsShownOnlyWhenAsked(t *testing.T) {
	const indented = "{\n  \"name\": \"A\u202e👩\u200d🎨\"\n}"
	row := ui.DeliveryRow{ID: "d", Type: donation, At: noon, State: "SENT", URL: "https://a.example"}
	rows := []struct {
		name     string
		page     DeliveryPage
		code     string // what is in the block
		wanted   []string
		unwanted []string
	}{
		{"hidden", DeliveryPage{BodyBytes: 1234}, "", []string{"1 KB.", "never store it", "Show the body"}, []string{"Hide the body"}},
		{"none", DeliveryPage{}, "", []string{"Fourthwall returned no body."}, []string{"Show the body"}},
		{"shown", DeliveryPage{BodyBytes: 30, Body: indented, Pretty: true}, "{\n  \"name\": \"AU+202E👩\u200d🎨\"\n}", []string{"Hide the body"}, []string{"Show the body", "not JSON"}},
		{"no JSON", DeliveryPage{BodyBytes: 9, Body: "<b>\r\n"}, "<b>U+000D\n", []string{"This isn’t JSON."}, nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			p := r.page
			p.Frame, p.ListHref, p.Row, p.ShowHref, p.HideHref = shopFrame("/e/d"), "/e", row, "/e/d?show=body", "/e/d"
			d := render(t, Delivery(p))
			d.check()
			d.says(r.wanted, r.unwanted)
			var code strings.Builder
			for _, pre := range d.tags("pre")[:min(1, len(d.tags("pre")))] { // the other is the command
				for n := range pre.Descendants() {
					if n.Type == html.TextNode {
						code.WriteString(n.Data)
					}
				}
			}
			if code.String() != r.code {
				t.Errorf("block %q, want %q", code.String(), r.code)
			}
		})
	}
}

func TestDeliveryFacts(t *testing.T) {
	full := DeliveryPage{
		Frame: shopFrame("/e/d"), ListHref: "/e", UpdatedAt: noon.Add(time.Minute), APIVersion: "V1", EventID: "weve_1",
		WebhookID: "wcon_1", ShopID: "sh_1",
		Row: ui.DeliveryRow{
			ID: "d", Type: donation, At: noon, State: "BROKEN", Failed: true, Error: "Timed out\n\u202e", Test: true,
			URL: "https://a.example", WebhookID: "wcon_1", WebhookHref: "/w",
		},
	}
	rows := []struct {
		name     string
		change   func(*DeliveryPage)
		wanted   []string
		unwanted []string
	}{
		{"full", func(*DeliveryPage) {}, []string{"Fourthwall reports an error", "Timed out U+202E", "BROKEN Error Test", "Last changed 22 November 2026, 12:01:00 UTC", "Event ID weve_1", "Shop ID sh_1", "API version V1"}, nil},
		{"well", func(p *DeliveryPage) { p.Row.Failed, p.Row.Error, p.Row.Test, p.UpdatedAt = false, "", false, noon }, []string{"BROKEN Time"}, []string{"reports an error", "Last changed"}},
		{"no words", func(p *DeliveryPage) { p.Row.Error = "" }, []string{"Fourthwall gave no details."}, nil},
		{"no envelope", func(p *DeliveryPage) { p.EventID, p.WebhookID, p.ShopID = "", "", "" }, nil, []string{"Event id", "Webhook id", "Shop id", "tells repeats apart"}},
		{"ambiguous", func(p *DeliveryPage) { p.Row.WebhookID, p.Row.WebhookHref, p.Row.Ambiguous = "", "", true }, []string{"Several webhooks use this URL"}, nil},
		{"gone", func(p *DeliveryPage) { p.Row.WebhookHref = "" }, []string{"wcon_1 This webhook has been deleted."}, nil},
		{"nobody's", func(p *DeliveryPage) { p.Row.WebhookID, p.Row.WebhookHref = "", "" }, []string{"No current webhook uses this URL."}, nil},
		{"webhooks unknown", func(p *DeliveryPage) { p.Row.WebhookID, p.Row.WebhookHref, p.Row.WebhooksUnknown = "", "", true }, []string{"Webhook Unknown, because we couldn’t read the list of webhooks."}, []string{"No current webhook uses this URL"}},
		{"unknown type", func(p *DeliveryPage) { p.Row.Type = ui.EventBadge{Code: "NEW\u202e", Unknown: true} }, []string{"NEWU+202E"}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := full
			row.change(&p)
			d := render(t, Delivery(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			if (len(d.linksTo("/w")) == 1) != (p.Row.WebhookHref != "") {
				t.Error("the webhook is not linked as it should be")
			}
		})
	}
}
