package views

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

func TestDeliveryRows(t *testing.T) {
	at := ui.DeliveryRow{
		Href: "/e/1", Type: donation, At: noon, State: "SENT", URL: "https://a.example/\u202e", WebhookID: "w",
		WebhookHref: "/w",
	}
	with := func(change func(*ui.DeliveryRow)) ui.DeliveryRow {
		row := at
		change(&row)
		return row
	}
	rows := []struct {
		name string
		row  ui.DeliveryRow
		want string
	}{
		{"sent", at, "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E"},
		{"failed", with(func(r *ui.DeliveryRow) { r.Failed, r.Error = true, "Timed \u202eout" }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT Error Timed U+202Eout https://a.example/U+202E"},
		{"test", with(func(r *ui.DeliveryRow) { r.Test = true }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT Test https://a.example/U+202E"},
		{"bare", with(func(r *ui.DeliveryRow) { r.At, r.State, r.Type = time.Time{}, "", future }), "no time given SHIPMENT_LOST no state given https://a.example/U+202E"},
		{"ambiguous", with(func(r *ui.DeliveryRow) { r.WebhookID, r.WebhookHref, r.Ambiguous = "", "", true }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E Several webhooks use this URL, so this delivery can’t be matched to one of them."},
		{"gone", with(func(r *ui.DeliveryRow) { r.WebhookHref = "" }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E This webhook has been deleted."},
		{"nobody's", with(func(r *ui.DeliveryRow) { r.WebhookID, r.WebhookHref = "", "" }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E No current webhook uses this URL."},
		{"webhooks unknown", with(func(r *ui.DeliveryRow) { r.WebhookID, r.WebhookHref, r.WebhooksUnknown = "", "", true }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E Webhook unknown, because we couldn’t read the list of webhooks."},
		{"webhooks unknown but this", with(func(r *ui.DeliveryRow) { r.WebhookHref, r.WebhooksUnknown = "", true }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E"},
		{"long", with(func(r *ui.DeliveryRow) { r.URL = longURL + strings.Repeat("a", 3000) }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT " + longURL + strings.Repeat("a", 160-len(longURL)) + "…"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, Deliveries(DeliveriesPage{Frame: shopFrame("/e"), Action: "/e", Rows: []ui.DeliveryRow{row.row}}))
			d.check()
			line := d.tags("tr")[1]
			if got := text(line); got != row.want {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
			if len(d.linksTo("/e/1")) != 1 || (len(d.linksTo("/w")) == 1) != (row.row.WebhookHref != "") {
				t.Error("the links are wrong")
			}
			for _, cell := range within(line, func(n *html.Node) bool { return n.Data == "td" || n.Data == "th" }) {
				if has(cell, "role") || cell.Data == "th" && attr(cell, "scope") != "row" {
					t.Error("a cell has a role that HTML forbids, or a header has no scope")
				}
			}
		})
	}
}

func TestDeliveriesStates(t *testing.T) {
	one := []ui.DeliveryRow{{Href: "/e/1", Type: donation, At: noon, State: "SENT", URL: "https://a.example"}}
	choices := []ui.Choice{{Value: "w", Text: "https://a.example/\u202e"}}
	rows := []struct {
		name     string
		page     DeliveriesPage
		filter   bool
		wanted   []string
		unwanted []string
	}{
		{"nothing", DeliveriesPage{Page: 1}, false, []string{"No deliveries yet"}, []string{"Page 1"}},
		{"one page", DeliveriesPage{Page: 1, Pages: 1, OnPage: 1, Rows: one}, true, []string{"SENT"}, []string{"Page 1", "on this page"}},
		{"pages", DeliveriesPage{Page: 2, Pages: 3, OnPage: 1, Rows: one, PrevHref: "/p", NextHref: "/n"}, true, []string{"Previous page Next page Page 2 of 3"}, nil},
		{"pages not counted", DeliveriesPage{Page: 2, OnPage: 1, Rows: one, PrevHref: "/p"}, true, []string{"Previous page Page 2"}, []string{"Page 2 of", "Next page"}},
		{"beyond the end", DeliveriesPage{Page: 9, PrevHref: "/p"}, false, []string{"This page is empty", "Previous page"}, nil},
		{"no such type", DeliveriesPage{Page: 1, Type: "DONATION"}, true, []string{"No deliveries match these filters", "Show all deliveries"}, []string{"No deliveries yet"}},
		{"webhook", DeliveriesPage{Page: 1, Webhook: "w", OnPage: 50, Rows: one}, true, []string{"1 of 50 deliveries on this page match. The webhook filter applies to one page at a time."}, nil},
		{"not this webhook", DeliveriesPage{Page: 1, Webhook: "gone", OnPage: 50, NextHref: "/n"}, true, []string{"0 of 50", "No deliveries to this webhook on this page", "Next page"}, nil},
		{"unreadable", DeliveriesPage{Page: 1, Type: "DONATION", Unreadable: &ui.Notice{Kind: ui.Failure, Title: "No right", Link: &ui.Link{Href: "/c", Text: "Connect again"}}}, false, []string{"No right", "Connect again"}, []string{"No deliveries match these filters"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.Action, p.TypeChoices, p.WebhookChoices = shopFrame("/e"), "/e", []ui.EventBadge{donation}, choices
			d := render(t, Deliveries(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			if got := d.byID("type") != nil; got != row.filter {
				t.Fatalf("filter %v, want %v", got, row.filter)
			}
			if row.filter && (d.choice("type") != p.Type || d.choice("webhook") != p.Webhook) {
				t.Errorf("filter has type %q, webhook %q", d.choice("type"), d.choice("webhook"))
			}
		})
	}
}
