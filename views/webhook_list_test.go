package views

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

// listPage returns a page with a change.
func listPage(change func(*WebhookListPage)) WebhookListPage {
	p := WebhookListPage{
		Frame: shopFrame("/shops/sh_1/webhooks"), Now: noon, CreateHref: "/new", ListHref: "/list", CSVHref: "/list.csv?q=x",
		Total: 3, Found: 1, Covered: 1, CatalogSize: 2,
		NotCovered:  []ui.EventGroup{{Title: "Orders", Types: []ui.EventLine{{EventBadge: placed}}}},
		TypeChoices: []ui.EventBadge{donation, placed},
		SortChoices: []ui.Choice{{Value: "", Text: "Trouble first"}, {Value: "url", Text: "By name"}},
		Webhooks: []WebhookRow{{
			ID: "w1", URL: "https://a.example", Href: "/w1", EditHref: "/w1/edit", LabelHref: "/w1/label", CheckHref: "/check", DeliveriesHref: "/d",
			DeleteHref: "/w1/delete", Types: []ui.EventBadge{donation}, State: ui.NotKnown,
		}},
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
		{
			"all", func(*WebhookListPage) {}, true, 1,
			[]string{"3 webhooks", "1 of 2 event types covered", "1 event type not covered: Orders Order placed"},
			[]string{"shown", "Show all", nothing, "failing", "to check", "not known"},
		},
		{
			"states", func(p *WebhookListPage) {
				p.Failing, p.ToLookAt, p.NotKnown = 1, 2, 1000
			}, true, 1, []string{"1 failing 2 to check 1,000 not known"}, nil,
		},
		{
			"filtered", func(p *WebhookListPage) { p.Query = "a" }, true, 1,
			[]string{"1 of 3 webhooks shown", "Show all"},
			[]string{nothing, noneFits},
		},
		{
			"nothing found", func(p *WebhookListPage) { p.Type, p.Webhooks, p.Found = "DONATION", nil, 0 }, true, 1,
			[]string{noneFits, "Show all webhooks", "3 webhooks"},
			[]string{nothing, "shown"},
		},
		{"one", func(p *WebhookListPage) { p.Total = 1 }, false, 1, []string{"1 webhook "}, []string{"Apply"}},
		{
			"one, filtered away", func(p *WebhookListPage) { p.Total, p.Query, p.Webhooks = 1, "b", nil }, true, 1,
			[]string{noneFits},
			nil,
		},
		{
			"all covered", func(p *WebhookListPage) { p.Covered, p.NotCovered = 2, nil }, true, 1,
			[]string{"2 of 2 event types covered"},
			[]string{"not covered"},
		},
		{"none", func(p *WebhookListPage) { p.Total, p.Webhooks = 0, nil }, false, 0, []string{nothing}, []string{"Apply", "covered"}},
		{
			"none, filtered", func(p *WebhookListPage) { p.Total, p.Webhooks, p.Query = 0, nil, "a" }, false, 0,
			[]string{nothing},
			[]string{"Apply", noneFits},
		},
		{"unreadable", func(p *WebhookListPage) {
			p.Total, p.Webhooks, p.Unreadable = 0, nil, &ui.Notice{Kind: ui.Failure, Title: "No right"}
		}, false, 0, []string{"No right", "Create webhook"}, []string{nothing, "Apply"}},
		{"no health", func(p *WebhookListPage) { p.HealthUnknown = "Too slow." }, true, 1, []string{"Too slow."}, nil},
		{
			"the second of three pages", func(p *WebhookListPage) {
				p.PrevHref, p.NextHref, p.First, p.Found = "/1", "/3", 51, 120
			}, true, 1, []string{"Previous Next 51–51 of 120"}, nil,
		},
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
	for n, want := range map[int]string{
		1: "Type A", 4: "Type A, Type B, Type C, Type D", 5: "Type A, Type B, Type C, Type D, Type E",
		6: "Type A, Type B, Type C, Type D +2", 26: "Type A, Type B, Type C, Type D +22",
	} {
		var w WebhookRow
		for i := range n {
			w.Types = append(w.Types, ui.EventBadge{Code: "CODE", Title: "Type " + string(rune('A'+i))})
		}
		if got := w.types(); got != want {
			t.Errorf("%d types: %q, want %q", n, got, want)
		}
	}
	unknown := WebhookRow{Types: []ui.EventBadge{{Code: "OF_THE_FUTURE", Unknown: true}}}
	if got := unknown.types(); got != "OF_THE_FUTURE" {
		t.Errorf("a type that we don't know is %q", got)
	}
}

// TestWebhookRowNames: a row says the label, or the host and path, and always the
// latter.
func TestWebhookRowNames(t *testing.T) {
	long := "https://a.example/" + strings.Repeat("path/", 40) + "end"
	for _, row := range []struct{ name, label, url, heading, sub string }{
		{"no label", "", "https://a.example/fw", "a.example/fw", "Donation"},
		{"long", "", long, ui.HostAndPath(long), "Donation"},
		{"a label", "Tips", "https://a.example/fw", "Tips", "a.example/fw · Donation"},
		{"markup", "<b>Tips", "https://a.example/fw", "<b>Tips", "a.example/fw · Donation"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, WebhookList(listPage(func(p *WebhookListPage) {
				p.Webhooks[0].Label, p.Webhooks[0].URL = row.label, row.url
			})))
			d.check()
			li := d.all(func(n *html.Node) bool { return n.Data == "li" && hasClass(n, "row") })[0]
			heading := within(li, func(n *html.Node) bool { return n.Data == "h2" })[0]
			sub := within(li, func(n *html.Node) bool { return hasClass(n, "row-sub") })[0]
			if text(heading) != row.heading || text(sub) != row.sub {
				t.Errorf("%q, %q, want %q, %q", text(heading), text(sub), row.heading, row.sub)
			}
		})
	}
}

// TestWebhookRowActions: they are links in a menu that opens without script. What
// would be refused isn't there.
func TestWebhookRowActions(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*WebhookRow)
		want   []string
		sub    string
	}{
		{"usual", func(*WebhookRow) {}, []string{"/w1/edit", "/w1/label", "/check", "/d", "/w1/delete"}, "Donation"},
		{"locked", func(w *WebhookRow) { w.Locked = true }, []string{"/w1/label", "/check", "/d"}, "Donation"},
		{
			"without event types", func(w *WebhookRow) { w.Types = nil },
			[]string{"/w1/edit", "/w1/label", "/check", "/d", "/w1/delete"},
			"Add event types to a.example or delete it",
		},
		{
			"locked, without event types", func(w *WebhookRow) { w.Types, w.Locked = nil, true },
			[]string{"/w1/label", "/check", "/d"},
			"No event types",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			closed := render(t, WebhookList(listPage(func(p *WebhookListPage) { p.Webhooks[0].OpenHref = "?open=w1#open" })))
			if links := closed.linksTo("?open=w1#open"); len(links) != 1 || attr(links[0], "aria-label") != "Actions" {
				t.Errorf("%d links unfold the actions", len(links))
			}
			d := render(t, WebhookList(listPage(func(p *WebhookListPage) {
				row.change(&p.Webhooks[0])
				p.Webhooks[0].Open = true
			})))
			d.check()
			menu := d.all(func(n *html.Node) bool { return n.Data == "details" && hasClass(n, "acts") })[0]
			var links []string
			for _, a := range within(menu, func(n *html.Node) bool { return n.Data == "a" }) {
				links = append(links, attr(a, "href"))
			}
			if !slices.Equal(links, row.want) {
				t.Errorf("links to %q, want %q", links, row.want)
			}
			summary := within(menu, func(n *html.Node) bool { return n.Data == "summary" })[0]
			sub := d.all(func(n *html.Node) bool { return hasClass(n, "row-sub") })[0]
			if attr(summary, "aria-label") != "Actions for a.example" || !has(menu, "open") || text(sub) != row.sub {
				t.Errorf("%q, %q", text(summary), text(sub))
			}
		})
	}
}

// TestHealth: what is drawn is what was read. A word for a state that we don't
// know is shown as it is, and nothing is called fine for want of knowledge.
func TestHealth(t *testing.T) {
	hour := time.Hour
	for _, row := range []struct {
		name   string
		health *Health
		want   string // the deliveries, then the last one
		href   string
	}{
		{"unreadable", nil, "|", ""},
		{"none ever", &Health{Known: true}, "No deliveries yet|last never", ""},
		{"none since", &Health{Known: true, Since: noon}, "No recent deliveries|last not known", ""},
		{"none that were read", &Health{}, "Deliveries not known|last not known", ""},
		{"tests", &Health{Known: true, Tests: 2}, "Only tests so far|last not known", ""},
		{
			"accepted", &Health{Recent: Rate{1196, 1196, 0}, LastAccepted: noon.Add(-26 * time.Second)},
			"1,196 accepted|accepted 26 s ago", "",
		},
		{
			"accepted, in a week", &Health{Recent: Rate{9, 9, 0}, Span: " in 7 days", Week: Rate{9, 9, 0}, WeekKnown: true},
			"9 accepted in 7 days|last not known", "",
		},
		{
			"accepted, and in the week", &Health{Recent: Rate{9, 9, 0}, Week: Rate{1204, 1204, 0}, WeekKnown: true},
			"9 accepted 7 days: none of 1,204 failed|last not known", "",
		},
		{
			"accepted, a week that isn't known", &Health{Recent: Rate{9, 9, 0}, Week: Rate{1204, 1204, 0}},
			"9 accepted|last not known", "",
		},
		{
			"accepted, one on its way", &Health{
				Recent: Rate{3, 2, 0}, LastAccepted: noon, States: []StateCount{{"DELIVERED", 2}, {"PENDING", 1}},
			}, "3 deliveries 2 DELIVERED, 1 PENDING|accepted just now", "",
		},
		{
			"in words of its own", &Health{
				Recent: Rate{4, 2, 0}, LastAccepted: noon.Add(-hour), States: []StateCount{{"SENT", 2}, {"<b>", 1}, {"", 1}},
			}, "4 deliveries 2 SENT, 1 <b>, 1 without a state|accepted 1 h ago", "",
		},
		{"on their way", &Health{
			Recent: Rate{1, 0, 0}, Last: noon, States: []StateCount{{"PENDING", 1}},
		}, "1 delivery 1 PENDING|last just now", ""},
		{
			"failed, and then went well", &Health{
				Recent: Rate{20, 4, 16}, Reason: "Timeout", LastAccepted: noon, LastFailed: noon.Add(-hour), Href: "/e",
				Week: Rate{90, 71, 19}, WeekKnown: true,
			}, "16 of 20 failed Timeout · 7 days: 19 of 90 failed|accepted just now failed 1 h ago", "/e",
		},
		{
			"failing", &Health{
				Recent: Rate{40, 24, 16}, Span: " since Oct 2", Reason: "500 <b>", LastFailed: noon.Add(-49 * hour),
				LastAccepted: noon.Add(-75 * hour), Href: "/e",
			}, "16 of 40 failed since Oct 2 500 <b>|failed 2 days ago accepted 3 days ago", "/e",
		},
		{"failed, no time", &Health{Recent: Rate{1, 0, 1}, Href: "/e"}, "1 of 1 failed|last not known", "/e"},
		{
			"all ambiguous", &Health{Ambiguous: true, Known: true},
			"Deliveries not known Shares its URL with another webhook|last not known", "",
		},
		{
			"failed, some ambiguous", &Health{
				Ambiguous: true, Recent: Rate{1, 0, 1}, Reason: "Gone", LastFailed: noon, Href: "/e",
			}, "1 of 1 failed Gone · Shares its URL with another webhook|failed just now", "/e",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, WebhookList(listPage(func(p *WebhookListPage) { p.Webhooks[0].Health = row.health })))
			d.check()
			side := d.all(func(n *html.Node) bool { return hasClass(n, "hook-health") })[0]
			last := d.all(func(n *html.Node) bool { return hasClass(n, "hook-last") })[0]
			href := ""
			for _, a := range within(side, func(n *html.Node) bool { return n.Data == "a" }) {
				href = attr(a, "href")
			}
			if got := text(side) + "|" + text(last); got != row.want || href != row.href {
				t.Errorf("%q, link %q, want %q, %q", got, href, row.want, row.href)
			}
		})
	}
}

func TestGuide(t *testing.T) {
	for _, row := range []struct {
		name    string
		created bool
		sandbox bool
		done    string
		wanted  []string
	}{
		{"new", false, true, "Connect a shop (done)", []string{"demo shop", "test URL", "Place an order in the sandbox"}},
		{"created", true, true, "Connect a shop (done), Create a webhook (done)", []string{"Place a test order"}},
		{"new, with a real shop", false, false, "Connect a shop (done)", []string{"Paste the URL", "test button"}},
		{"created, with a real shop", true, false, "Connect a shop (done), Create a webhook (done)", []string{"test button"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := &Guide{
				Created: row.created, TestHref: "https://dev.example/", HideAction: "/guide/hide", Return: "/shops/sh_1/webhooks",
			}
			if row.sandbox {
				g.Example, g.FireHref = "https://receiver.example/ok", "http://127.0.0.1:8081/#sh_1"
			}
			d := render(t, WebhookList(WebhookListPage{Frame: frame(), CreateHref: "/new", Guide: g}))
			d.check()
			d.says(row.wanted, nil)
			if !row.sandbox && strings.Contains(d.text(), "demo") {
				t.Error("a real shop is called a demo")
			}
			var done []string
			for _, li := range d.all(func(n *html.Node) bool { return n.Data == "li" && hasClass(n, "done") }) {
				done = append(done, text(within(li, func(n *html.Node) bool { return n.Data == "h3" })[0]))
			}
			if got := strings.Join(done, ", "); got != row.done {
				t.Errorf("done are %q, want %q", got, row.done)
			}
			hide := d.all(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/guide/hide" })
			if len(hide) != 1 || posted(hide[0]).Get("return") != "/shops/sh_1/webhooks" {
				t.Errorf("%d ways to hide it", len(hide))
			}
		})
	}
	if render(t, WebhookList(WebhookListPage{Frame: frame()})).byID("guide") != nil {
		t.Error("the steps show where there are none")
	}
}

// TestWebhookListBudget: a whole page of webhooks stays small.
func TestWebhookListBudget(t *testing.T) {
	hours := func(i int) ui.Series { // each has deliveries in every hour
		all := ui.Last24Hours(noon, time.Time{})
		for n := range 24 {
			all.Count(noon.Add(-time.Duration((i+5*n)%24)*time.Hour), ui.OK)
		}
		return all
	}
	p := listPage(func(p *WebhookListPage) {
		p.Total, p.Found, p.CatalogSize, p.Covered = 300, 300, 29, 0
		p.Webhooks, p.TypeChoices = nil, nil
		for i := range 29 {
			e := ui.EventBadge{Code: fmt.Sprintf("A_CODE_OF_SOME_%02d", i), Title: fmt.Sprintf("Membership purchased %02d", i)}
			p.TypeChoices = append(p.TypeChoices, e)
			p.NotCovered[0].Types = append(p.NotCovered[0].Types, ui.EventLine{EventBadge: e})
		}
		for i := range 50 {
			id := fmt.Sprintf("wcon_E4b7KHSjGV_-v3uVkfIS%02d", i)
			p.Webhooks = append(p.Webhooks, WebhookRow{
				ID: "wcon", URL: fmt.Sprintf("https://hooks.example.com/some-tool/fourthwall/%04d", i), State: ui.OK,
				Types: p.TypeChoices[i/2 : i/2+5], Href: "webhooks/" + id, OpenHref: "?open=" + id + "#row-" + fmt.Sprint(i),
				Health: &Health{
					Recent: Rate{40, 40, 0}, Week: Rate{i + 90, i + 90, 0}, WeekKnown: true, LastAccepted: noon, Hours: hours(i),
				},
			})
			if h := p.Webhooks[i].Health; i%5 == 0 {
				h.Recent, h.Reason, h.LastFailed = Rate{40, 24, 16}, "500 Internal Server Error", noon.Add(-time.Hour)
			}
		}
	})
	d := render(t, WebhookList(p))
	t.Logf("%d bytes, %d compressed", len(d.raw), compressed(t, d.raw))
	if len(d.raw) > 66_000 {
		t.Errorf("the page is %d bytes", len(d.raw))
	}
}

// TestSparkOfAWebhook: hours without deliveries that are known are never drawn as
// if they weren't.
func TestSparkOfAWebhook(t *testing.T) {
	for hours, want := range map[string]string{
		"": "unread", "??": "unread", "00": "zero", "0?": "chart", "1?": "chart", "10": "chart",
	} {
		h := &Health{}
		for _, hour := range hours {
			one := ui.Hour{Known: hour != '?'}
			if hour == '1' {
				one.Accepted = 1
			}
			h.Hours = append(h.Hours, one)
		}
		chart, class := WebhookRow{Health: h}.spark()
		if len(chart.Series) > 0 {
			class = "chart"
		}
		if class != want {
			t.Errorf("%q: %s, want %s", hours, class, want)
		}
	}
}
