package views

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

// listPage returns a page with a change.
func listPage(change func(*WebhookListPage)) WebhookListPage {
	p := WebhookListPage{
		Frame: shopFrame("/shops/sh_1/webhooks"), CreateHref: "/new", ListHref: "/list", CSVHref: "/list.csv?q=x",
		Total: 3, Covered: 1, CatalogSize: 2,
		NotCovered:  []ui.EventGroup{{Title: "Orders", Types: []ui.EventLine{{EventBadge: placed}}}},
		TypeChoices: []ui.EventBadge{donation, placed},
		SortChoices: []ui.Choice{{Value: "", Text: "As listed"}, {Value: "url", Text: "By address"}},
		Webhooks:    []WebhookRow{{ID: "w1", URL: "https://a.example", Href: "/w1", Types: []ui.EventBadge{donation}}},
	}
	change(&p)
	return p
}

func TestWebhookListStates(t *testing.T) {
	const nothing, noneFits = "No webhooks yet", "No webhooks match"
	rows := []struct {
		name     string
		change   func(*WebhookListPage)
		filter   bool
		csv      int
		wanted   []string
		unwanted []string
	}{
		{"all", func(*WebhookListPage) {}, true, 1, []string{"3 webhooks · 1 of 2 event types covered", "1 event type not covered Orders Order placed"}, []string{"shown", "Show all", nothing}},
		{"filtered", func(p *WebhookListPage) { p.Query = "a" }, true, 1, []string{"1 of 3 webhooks shown", "Show all"}, []string{nothing, noneFits}},
		{"nothing found", func(p *WebhookListPage) { p.Type, p.Webhooks = "DONATION", nil }, true, 0, []string{noneFits, "Show all webhooks", "3 webhooks ·"}, []string{nothing, "shown"}},
		{"one", func(p *WebhookListPage) { p.Total = 1 }, false, 1, []string{"1 webhook ·"}, []string{"Apply"}},
		{"one, filtered away", func(p *WebhookListPage) { p.Total, p.Query, p.Webhooks = 1, "b", nil }, true, 0, []string{noneFits}, nil},
		{"all covered", func(p *WebhookListPage) { p.Covered, p.NotCovered = 2, nil }, true, 1, []string{"2 of 2 event types covered"}, []string{"not covered"}},
		{"none", func(p *WebhookListPage) { p.Total, p.Webhooks = 0, nil }, false, 0, []string{nothing}, []string{"Apply", "covered"}},
		{"none, filtered", func(p *WebhookListPage) { p.Total, p.Webhooks, p.Query = 0, nil, "a" }, false, 0, []string{nothing}, []string{"Apply", noneFits}},
		{"unreadable", func(p *WebhookListPage) {
			p.Total, p.Webhooks, p.Unreadable = 0, nil, &ui.Notice{Kind: ui.Failure, Title: "No right"}
		}, false, 0, []string{"No right", "Create webhook"}, []string{nothing, "Apply"}},
		{"no health", func(p *WebhookListPage) { p.HealthUnknown = "Too slow." }, true, 1, []string{"Too slow."}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, WebhookList(listPage(row.change)))
			d.check()
			d.says(row.wanted, row.unwanted)
			if got := d.byID("q") != nil; got != row.filter {
				t.Errorf("filter %v, want %v", got, row.filter)
			}
			if got := len(d.linksTo("/list.csv?q=x")); got != row.csv {
				t.Errorf("%d links to the file, want %d", got, row.csv)
			}
		})
	}
}

// TestWebhookListFilterIsKept: the filter is a GET form that shows what was asked
// for, even an event type that isn't offered.
func TestWebhookListFilterIsKept(t *testing.T) {
	rows := []struct{ query, eventType, sort string }{
		{"", "", ""},
		{"a \"b\" \u202e", "DONATION", "url"},
		{"", "OF THE FUTURE", "nonsense"},
	}
	for _, row := range rows {
		d := render(t, WebhookList(listPage(func(p *WebhookListPage) {
			p.Query, p.Type, p.Sort = row.query, row.eventType, row.sort
		})))
		form := d.formTo("/list")
		if attr(form, "method") != "get" {
			t.Error("the filter is no address")
		}
		if got := posted(form); got.Get("q") != row.query || len(got) != 1 {
			t.Errorf("%+v: sends %v", row, got)
		}
		if d.choice("type") != row.eventType || d.choice("sort") != row.sort {
			t.Errorf("%+v: type %q, sort %q", row, d.choice("type"), d.choice("sort"))
		}
		if got, want := len(d.linksTo("/list")) > 0, row.query+row.eventType != ""; got != want {
			t.Errorf("%+v: a way to show all: %v", row, got)
		}
	}
}

func TestWebhookRowNamesTypesAndCountsTheRest(t *testing.T) {
	types := func(n int) (all []ui.EventBadge) {
		for i := range n {
			all = append(all, ui.EventBadge{Code: "CODE", Title: "Type " + string(rune('A'+i))})
		}
		return all
	}
	rows := []struct {
		n     int
		shown int
		rest  string
	}{{1, 1, ""}, {6, 6, ""}, {7, 7, ""}, {8, 6, "and 2 more event types"}, {26, 6, "and 20 more event types"}}
	for _, row := range rows {
		d := render(t, WebhookList(WebhookListPage{
			Frame: frame(), CreateHref: "/new",
			Webhooks: []WebhookRow{{ID: "w", URL: "https://a.example", Href: "/w", Types: types(row.n)}},
		}))
		badges := d.all(func(n *html.Node) bool { return hasClass(n, "badge") && attr(n, "title") == "CODE" })
		if len(badges) != row.shown {
			t.Errorf("%d types: %d shown, want %d", row.n, len(badges), row.shown)
		}
		rest := ""
		for _, n := range d.all(func(n *html.Node) bool { return hasClass(n, "more") }) {
			rest = text(n)
		}
		if rest != row.rest {
			t.Errorf("%d types: rest %q, want %q", row.n, rest, row.rest)
		}
	}
}

func TestHealth(t *testing.T) {
	rows := []struct {
		name   string
		health *Health
		want   string // what stands before the id
		href   string
		marked bool
	}{
		{"unknown", nil, "", "", false},
		{"nothing", &Health{Href: "/e", Known: true}, "No deliveries yet", "", false},
		{"nothing for some time", &Health{Href: "/e", Known: true, Since: noon}, "No deliveries since 22 November 2026, 12:00:00 UTC", "", false},
		{"nothing read", &Health{Href: "/e"}, "Not known: none among the shop’s last deliveries", "", false},
		{"no error", &Health{Href: "/e", Deliveries: 18, States: []StateCount{{"QUEUED", 18}}}, "No error in its last 18 deliveries In Fourthwall’s words: QUEUED 18", "/e", false},
		{"failed", &Health{Href: "/e", Deliveries: 18, Failed: 2, LastFailed: noon, States: []StateCount{{"SENT", 16}, {"<b>", 2}}}, "2 of 18 failed · 22 November 2026, 12:00:00 UTC In Fourthwall’s words: SENT 16 · <b> 2", "/e", true},
		{"failed, no time", &Health{Href: "/e", Deliveries: 1, Failed: 1}, "1 of 1 failed", "/e", true},
		{"all ambiguous", &Health{Href: "/e", Ambiguous: true}, "Another webhook uses the same URL, so some deliveries can’t be matched to one of them", "", false},
		{"ambiguous", &Health{Href: "/e", Ambiguous: true, Deliveries: 1}, "No error in its last delivery Another webhook uses the same URL, so some deliveries can’t be matched to one of them", "/e", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, WebhookList(listPage(func(p *WebhookListPage) { p.Webhooks[0].Health = row.health })))
			d.check()
			side := d.all(func(n *html.Node) bool { return hasClass(n, "row-side") })[0]
			if got, _, _ := strings.Cut(text(side), "ID: "); strings.TrimSpace(got) != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			var href string
			var marked bool
			for _, a := range within(side, func(n *html.Node) bool { return n.Data == "a" }) {
				href, marked = attr(a, "href"), hasClass(a, "failure")
			}
			if href != row.href || marked != row.marked {
				t.Errorf("link to %q, marked %v", href, marked)
			}
		})
	}
}

func TestGuide(t *testing.T) {
	rows := []struct {
		created, delivered bool
		heading            string
		done               []string
	}{
		{false, false, "First steps in the sandbox", []string{"Connect a shop (done)"}},
		{true, false, "First steps in the sandbox", []string{"Connect a shop (done)", "Create a webhook (done)"}},
		{false, true, "First steps in the sandbox", []string{"Connect a shop (done)", "Place a test order (done)"}},
		{
			true, true, "All done: your first event arrived",
			[]string{"Connect a shop (done)", "Create a webhook (done)", "Place a test order (done)"},
		},
	}
	for _, row := range rows {
		d := render(t, WebhookList(WebhookListPage{Frame: frame(), CreateHref: "/new", Guide: &Guide{
			Created: row.created, Delivered: row.delivered, Example: "https://receiver.example/ok",
			FireHref: "http://127.0.0.1:8081/#sh_1", HideAction: "/guide/hide", Return: "/shops/sh_1/webhooks",
		}}))
		d.check()
		if got := text(d.byID("guide")); got != row.heading {
			t.Errorf("%+v: heading %q", row, got)
		}
		var done []string
		for _, li := range d.all(func(n *html.Node) bool { return n.Data == "li" && hasClass(n, "done") }) {
			done = append(done, text(within(li, func(n *html.Node) bool { return n.Data == "h3" })[0]))
		}
		if !slices.Equal(done, row.done) {
			t.Errorf("done are %q, want %q", done, row.done)
		}
		hide := d.all(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/guide/hide" })
		if len(hide) != 1 || posted(hide[0]).Get("return") != "/shops/sh_1/webhooks" {
			t.Errorf("%d ways to hide it", len(hide))
		}
	}
	if render(t, WebhookList(WebhookListPage{Frame: frame()})).byID("guide") != nil {
		t.Error("the steps show where there are none")
	}
}
