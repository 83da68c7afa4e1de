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
		Href: "/e/1", AdviceHref: "/e/1#what-to-do", Type: donation, At: noon, State: "SENT", URL: "https://a.example/\u202e", Name: "a.example/\u202e",
		WebhookID: "w", WebhookHref: "/w",
	}
	with := func(change func(*ui.DeliveryRow)) ui.DeliveryRow {
		row := at
		change(&row)
		return row
	}
	const start = "Nov 22, 12:00:00 Donation "
	rows := []struct {
		name   string
		row    ui.DeliveryRow
		want   string
		advice int // links that say what to do
	}{
		{"accepted", with(func(r *ui.DeliveryRow) { r.Mark = ui.OK }), "OK " + start + "a.example/U+202E Accepted", 0},
		{"a word that isn't known", at, "Not known " + start + "a.example/U+202E SENT", 0},
		{"failed", with(func(r *ui.DeliveryRow) { r.Mark, r.Error = ui.Failing, "Timed \u202eout" }), "Failing " + start + "a.example/U+202E Timed U+202Eout What to do", 1},
		{"failed without a reason", with(func(r *ui.DeliveryRow) { r.Mark = ui.Failing }), "Failing " + start + "a.example/U+202E Failed, no details What to do", 1},
		{"test", with(func(r *ui.DeliveryRow) { r.Test = true }), "Not known " + start + "Test a.example/U+202E SENT", 0},
		{"bare", with(func(r *ui.DeliveryRow) { r.At, r.State, r.Type = time.Time{}, "", future }), "Not known no time given SHIPMENT_LOST a.example/U+202E No state given", 0},
		{"ambiguous", with(func(r *ui.DeliveryRow) { r.WebhookID, r.WebhookHref, r.Ambiguous = "", "", true }), "Not known " + start + "a.example/U+202E shared URL SENT", 0},
		{"gone", with(func(r *ui.DeliveryRow) { r.WebhookHref = "" }), "Not known " + start + "a.example/U+202E deleted SENT", 0},
		{"nobody's", with(func(r *ui.DeliveryRow) { r.WebhookID, r.WebhookHref = "", "" }), "Not known " + start + "a.example/U+202E no current webhook SENT", 0},
		{"webhooks unknown", with(func(r *ui.DeliveryRow) { r.WebhookID, r.WebhookHref, r.WebhooksUnknown = "", "", true }), "Not known " + start + "a.example/U+202E webhook not known SENT", 0},
		{"webhooks unknown but this", with(func(r *ui.DeliveryRow) { r.WebhookHref, r.WebhooksUnknown = "", true }), "Not known " + start + "a.example/U+202E SENT", 0},
		{"long", with(func(r *ui.DeliveryRow) { r.Mark, r.Error = ui.Failing, longURL+strings.Repeat("a", 3000) }), "Failing " + start + "a.example/U+202E " + longURL + strings.Repeat("a", 160-len(longURL)) + "… What to do", 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, Deliveries(DeliveriesPage{Frame: shopFrame("/e"), Action: "/e", Rows: []ui.DeliveryRow{row.row}}))
			d.check()
			line := d.tags("tr")[1]
			if got := text(line); got != row.want {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
			if len(d.linksTo("/e/1")) != 1 || len(d.linksTo("/e/1#what-to-do")) != row.advice ||
				(len(d.linksTo("/w")) == 1) != (row.row.WebhookHref != "") {
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

// TestDeliveriesOfOneEvent: they are a block, whose later rows are marked.
func TestDeliveriesOfOneEvent(t *testing.T) {
	rows := []ui.DeliveryRow{{Href: "/e/1", Type: donation, At: noon}, {Href: "/e/2", Type: donation, Again: true}}
	d := render(t, Deliveries(DeliveriesPage{Frame: shopFrame("/e"), Action: "/e", Rows: rows}))
	lines := d.tags("tr")[1:]
	if len(lines) != 2 || attr(lines[0], "class") != "" || attr(lines[1], "class") != "again" {
		t.Errorf("%d rows, not marked as a block", len(lines))
	}
}

func TestDeliveriesStates(t *testing.T) {
	one := []ui.DeliveryRow{{Href: "/e/1", Type: donation, At: noon, State: "SENT", Name: "a.example"}}
	of := func(from, to, total int, chosen bool) Looked { return Looked{from, to, total, chosen} }
	rows := []struct {
		name     string
		page     DeliveriesPage
		filter   bool
		wanted   []string
		unwanted []string
	}{
		{"nothing", DeliveriesPage{Page: 1, Looked: of(1, 0, 0, false), Newest: "x"}, false, []string{"No deliveries yet", "Check for new"}, []string{"CSV"}},
		{"all", DeliveriesPage{Page: 1, Looked: of(1, 1, 1, false), Rows: one}, true, []string{"SENT", "CSV"}, []string{"1–1", "match", "Older", "Show all"}},
		{"pages", DeliveriesPage{Page: 2, Looked: of(51, 100, 120, false), Rows: one, PrevHref: "/p", NextHref: "/n"}, true, []string{"Newer Older 51–100 of 120"}, nil},
		{"pages not counted", DeliveriesPage{Page: 2, Looked: of(51, 60, -1, false), Rows: one, PrevHref: "/p"}, true, []string{"Newer 51–60"}, []string{"60 of", "Older"}},
		{"beyond the end", DeliveriesPage{Page: 9, Looked: of(401, 400, 120, false), PrevHref: "/p"}, true, []string{"This page is empty", "Newer"}, []string{"401"}},
		{"no such type", DeliveriesPage{Page: 1, Type: "DONATION", Looked: of(1, 0, 0, false)}, true, []string{"No deliveries match these filters", "Show all deliveries"}, []string{"No deliveries yet"}},
		{"chosen among all", DeliveriesPage{Page: 1, Looked: of(1, 50, 50, true), Rows: one}, true, []string{"1 of 50 deliveries match.", "Show all"}, nil},
		{"chosen among the last", DeliveriesPage{Page: 1, Looked: of(1, 600, 9000, true), Rows: one, NextHref: "/n"}, true, []string{"1 of the last 600 deliveries match."}, nil},
		{"chosen among older ones", DeliveriesPage{Page: 13, Looked: of(601, 1200, 9000, true), Rows: one}, true, []string{"1 of deliveries 601–1,200 match. Deliveries count from the newest."}, nil},
		{"none of the last", DeliveriesPage{Page: 1, Webhook: "gone", Looked: of(1, 600, -1, true), NextHref: "/n"}, true, []string{"0 of the last 600", "No deliveries match among these", "Search older deliveries"}, nil},
		{"a range that is none", DeliveriesPage{Page: 1, From: "noon", SpanError: "Not a time."}, true, []string{"Not a time.", "Show all"}, []string{"No deliveries", "CSV"}},
		{"unreadable", DeliveriesPage{Page: 1, Type: "DONATION", Unreadable: &ui.Notice{Kind: ui.Failure, Title: "No right", Link: &ui.Link{Href: "/c", Text: "Connect again"}}}, false, []string{"No right", "Connect again"}, []string{"No deliveries match these filters", "CSV"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.Action, p.TypeChoices = shopFrame("/e"), "/e", []ui.EventBadge{donation}
			p.WebhookChoices = []string{"a.example"}
			d := render(t, Deliveries(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			if got := d.byID("type") != nil; got != row.filter {
				t.Fatalf("filter %v, want %v", got, row.filter)
			}
			if !row.filter {
				return
			}
			value := func(id string) string { return attr(d.byID(id), "value") }
			if d.choice("type") != p.Type || value("webhook") != p.Webhook || value("from") != p.From {
				t.Errorf("filter has type %q, webhook %q", d.choice("type"), attr(d.byID("webhook"), "value"))
			}
		})
	}
}
