package views

import (
	"testing"

	"hookwall/views/ui"
)

func TestWebhookEditConfirm(t *testing.T) {
	twins := []ui.Duplicate{
		{ID: "w2", URL: "https://b.example", Href: "/w2", Shared: []ui.EventBadge{donation}, ExtendHref: "/x", Missing: 1},
	}
	const was, will = "https://old.example/\u202e", "https://new.example/"
	rows := []struct {
		name     string
		page     WebhookEditConfirmPage
		button   string
		wanted   []string
		unwanted []string
	}{
		{
			"address",
			WebhookEditConfirmPage{OldURL: was, NewURL: will, Kept: []ui.EventBadge{donation, future}},
			"Save changes",
			[]string{
				"Now https://old.example/U+202E Warning: This URL contains characters that are invisible or reverse text: U+202E. Don’t trust it unless you put them there. Then https://new.example/",
				"2 event types stay",
			},
			[]string{"added", "removed", "stays"},
		},
		{
			"types",
			WebhookEditConfirmPage{
				OldURL: will, NewURL: will, Added: []ui.EventBadge{placed, future}, Removed: []ui.EventBadge{donation},
			},
			"Save changes",
			[]string{
				"https://new.example/ stays", "2 event types added After you save, Fourthwall sends these to this URL: Order placed",
				"ORDER_PLACED", "SHIPMENT_LOST",
				"1 event type removed After you save, Fourthwall stops sending these to this URL: Donation DONATION",
			},
			[]string{"Then", "event types stay"},
		},
		{
			"twins",
			WebhookEditConfirmPage{OldURL: was, NewURL: will, Duplicates: twins},
			"Save anyway",
			[]string{
				"Another webhook already uses this URL", "w2 already receives 1 of these event types: Donation",
				"Add the missing event type to it instead",
			},
			nil,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.Name, p.WebhookHref, p.Action, p.Draft, p.EditHref = shopFrame("/w/edit/confirm"), "w", "/w", "/save",
				"draft-1", "/w/edit?draft=1"
			d := render(t, WebhookEditConfirm(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			form := d.formTo("/save")
			if got := posted(form); got.Get("draft") != "draft-1" || len(got) != 1 {
				t.Errorf("posted %v", got)
			}
			if buttons := submits(form); len(buttons) != 1 || attr(buttons[0], "value") != "save" ||
				text(buttons[0]) != row.button {
				t.Errorf("buttons %q", values(buttons))
			}
			if len(d.linksTo("/w/edit?draft=1")) != 1 || len(d.linksTo("/w")) != 2 {
				t.Error("no way back")
			}
		})
	}
}
