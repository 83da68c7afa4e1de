package views

import (
	"testing"

	"hookwall/views/ui"
)

func TestWebhookDelete(t *testing.T) {
	const unknown, elsewhere, nobody = "We couldn’t find out", "cover all of its event types",
		"No other webhook of this shop subscribes to them."
	rows := []struct {
		name     string
		page     WebhookDeletePage
		wanted   []string
		unwanted []string
	}{
		{"stops", WebhookDeletePage{StopsKnown: true, Stops: []ui.EventBadge{donation, future}}, []string{"2 event types no longer covered", nobody, "Donation SHIPMENT_LOST"}, []string{unknown, elsewhere}},
		{"stops one", WebhookDeletePage{StopsKnown: true, Stops: []ui.EventBadge{donation}}, []string{"1 event type no longer covered", "No other webhook of this shop subscribes to it."}, []string{unknown, elsewhere, nobody}},
		{"stops nothing", WebhookDeletePage{StopsKnown: true}, []string{elsewhere}, []string{unknown, nobody}},
		{"unknown", WebhookDeletePage{}, []string{unknown}, []string{elsewhere, nobody}},
		{"failed", WebhookDeletePage{Notice: &ui.Notice{Kind: ui.Failure, Title: "Refused", Code: "CODE_1"}}, []string{"Refused", "CODE_1"}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.Name, p.URL, p.Action, p.WebhookHref = shopFrame("/w/delete"), "wcon_\u202e1", "https://a.example/\u202e",
				"/delete", "/w"
			p.Types, p.TypeCount = []ui.EventGroup{
				{Title: "Orders", Types: []ui.EventLine{{EventBadge: placed, Description: "Paid."}}},
			}, 1
			d := render(t, WebhookDelete(p))
			d.check()
			d.says(
				append(
					row.wanted, "Delete wcon_U+202E1", "https://a.example/U+202E",
					"1 event type Orders Order placed ORDER_PLACED Paid.", "a new ID and maybe a new secret",
				),
				row.unwanted,
			)
			form := d.formTo("/delete")
			if got := submits(form); len(got) != 1 || attr(got[0], "value") != "delete" || !hasClass(got[0], "danger") {
				t.Errorf("buttons %q", values(got))
			}
			if len(posted(form)) != 0 || len(d.linksTo("/w")) != 2 {
				t.Error("something is posted, or there is no way to cancel")
			}
		})
	}
}
