package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

func TestSecretIsShownOnlyWhenAsked(t *testing.T) {
	p := WebhookShowPage{
		Frame: frame(), ID: "w", URL: "https://a.example", ListHref: "/l", Created: true,
		ForDevelopersURL: "https://f.example/dev",
		Secret: &WebhookSecret{
			Until: time.Unix(1_795_370_640, 0), RevealAction: "/reveal", TestAction: "/test",
			StoredAction: "/stored",
		},
	}
	actions := func(d doc) (all []string) {
		for _, form := range d.tags("form") {
			if attr(form, "method") == "post" {
				all = append(all, attr(form, "action"))
			}
		}
		return all
	}
	hidden := render(t, WebhookShow(p))
	if got := actions(hidden); !slices.Equal(got, []string{"/reveal", "/test", "/stored"}) {
		t.Errorf("hidden: forms to %q", got)
	}
	p.Secret.Value = "whsec_1"
	shown := render(t, WebhookShow(p))
	got := actions(shown)
	if !slices.Equal(got, []string{"/test", "/stored"}) || !strings.Contains(shown.text(), "whsec_1") {
		t.Errorf("shown: forms to %q", got)
	}
	p.Secret = nil
	if none := render(t, WebhookShow(p)); len(actions(none)) != 0 || !strings.Contains(none.text(), "Find the secret") {
		t.Error("without a secret the page does not say where it is")
	}
}

func TestLockedWebhooks(t *testing.T) {
	const reason = "An app made it."
	list := render(t, WebhookList(listPage(func(p *WebhookListPage) {
		p.Webhooks = append(p.Webhooks, WebhookRow{ID: "w2", URL: "https://b.example", Href: "/w2", Locked: true})
	})))
	for i, row := range list.all(func(n *html.Node) bool { return hasClass(n, "row") }) {
		if got, want := strings.Contains(text(row), "Locked"), i == 1; got != want {
			t.Errorf("row %d: locked %v", i, got)
		}
	}

	p := WebhookShowPage{
		Frame: shopFrame("/w"), ID: "w", ListHref: "/l", EditHref: "/edit", DeleteHref: "/delete", EventsHref: "/events",
		TypeCount: 1,
	}
	for _, locked := range []string{"", reason} {
		p.Locked = locked
		d := render(t, WebhookShow(p))
		d.check()
		for href, want := range map[string]bool{"/edit": locked == "", "/delete": locked == "", "/events": true} {
			if got := len(d.linksTo(href)) > 0; got != want {
				t.Errorf("locked %q: link to %s: %v", locked, href, got)
			}
		}
		if strings.Contains(d.text(), reason) != (locked != "") {
			t.Errorf("locked %q: the reason is wrong", locked)
		}
	}

	asked := WebhookDeletePage{
		Frame: shopFrame("/w/delete"), Name: "w", URL: "https://a.example", Action: "/delete", WebhookHref: "/w",
		Locked: reason,
	}
	d := render(t, WebhookDelete(asked))
	d.check()
	d.says([]string{reason, "Back to the webhook"}, []string{"Delete webhook w Cancel", "no longer calls"})
	if len(submits(d.tags("main")[0])) != 0 {
		t.Error("a locked webhook can be deleted")
	}
}

func TestWebhookLinksToTools(t *testing.T) {
	rows := []struct {
		check, test, tools string
	}{{"", "", ""}, {"/c", "", ""}, {"", "/t", ""}, {"/c", "/t", "/tools/signature"}}
	for _, row := range rows {
		f := frame()
		f.SignatureHref = row.tools
		d := render(t, WebhookShow(WebhookShowPage{
			Frame: f, ID: "w", URL: longURL, ListHref: "/l", CheckHref: row.check, TestHref: row.test,
			Locked: "It is another app’s.",
		}))
		d.check()
		for word, href := range map[string]string{
			"Check the endpoint": row.check, "Send a test": row.test,
			"Troubleshoot a signature": row.tools,
		} {
			links := d.all(func(n *html.Node) bool { return n.Data == "a" && text(n) == word })
			if (len(links) > 0) != (href != "") || len(links) > 0 && attr(links[0], "href") != href {
				t.Errorf("%+v: %d links %q", row, len(links), word)
			}
		}
	}
}
