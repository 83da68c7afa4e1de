package views

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

func TestActivityRows(t *testing.T) {
	long := longURL + strings.Repeat("a", 3000)
	base := ActivityRow{At: noon, Title: "Webhook created", State: ui.OK}
	with := func(change func(*ActivityRow)) ActivityRow {
		row := base
		change(&row)
		return row
	}
	placed, odd := ui.EventBadge{Code: "ORDER_PLACED", Title: "Order placed"}, ui.EventBadge{Code: "ODD", Unknown: true}
	rows := []struct {
		name string
		row  ActivityRow
		line string // folded
		more string // unfolded
		undo string
	}{
		{
			"changed",
			ActivityRow{
				At: noon, Title: "Webhook updated", State: ui.OK, Who: "Key …x9f2\u202e", Session: "s1",
				Subject: "b.example/\u202e", Text: "URL changed", UndoAction: "/undo", UndoText: "Undo",
				WebhookID: "w\u202e", WebhookHref: "/w", OfWebhookHref: "/all",
				Changes: []Change{{Field: "URL", Before: "a\u202e", After: "b"}},
				Status:  200, RequestID: "r1", APIRequestID: "r2",
			},
			"OK 12:00:00 Key …x9f2U+202E Webhook updated b.example/U+202E URL changed",
			"URL before: aU+202E after: b Webhook ID wU+202E All its activity Status code of the response 200 Fourthwall’s request ID r2 Request ID r1 Session s1",
			"Undo b.example/U+202E",
		},
		{
			"rejected",
			ActivityRow{
				At: noon, Title: "Creation rejected", State: ui.Failing, Subject: "b", Text: "Permission missing",
				Changes: []Change{{Field: "URL", After: "b"}}, Status: 400, Code: "CODE_1",
			},
			"Failing 12:00:00 Creation rejected b Permission missing", "URL b Status code of the response 400 Code CODE_1", "",
		},
		{
			"pending",
			ActivityRow{
				At: noon, Title: "Deletion pending", State: ui.NotKnown, WebhookID: "w", Subject: "a", Text: "Waiting",
				Changes: []Change{{Field: "URL", Before: "a"}},
			},
			"Not known 12:00:00 Deletion pending a Waiting", "URL before: a after: nothing Webhook ID w", "",
		},
		{
			"long", with(func(r *ActivityRow) { r.Changes = []Change{{Field: "URL", After: long}} }),
			"OK 12:00:00 Webhook created", "URL " + long, "",
		},
		{
			"types swapped",
			with(func(r *ActivityRow) {
				r.Changes = []Change{{Field: "Types", Added: []ui.EventBadge{placed}, Removed: []ui.EventBadge{odd}}}
			}),
			"OK 12:00:00 Webhook created", "Types added Order placed removed ODD (not in Hookwall’s list)", "",
		},
		{
			"types added",
			with(func(r *ActivityRow) { r.Changes = []Change{{Field: "Types", Added: []ui.EventBadge{placed}}} }),
			"OK 12:00:00 Webhook created", "Types added Order placed", "",
		},
		{
			"types removed",
			with(func(r *ActivityRow) { r.Changes = []Change{{Field: "Types", Removed: []ui.EventBadge{placed}}} }),
			"OK 12:00:00 Webhook created", "Types removed Order placed", "",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			days := []ActivityDay{{Name: "Today, Nov 22", Rows: []ActivityRow{row.row}}}
			d := render(t, Activity(ActivityPage{Frame: shopFrame("/a"), Action: "/a", Days: days, Total: 1}))
			d.check()
			got := d.all(func(n *html.Node) bool { return hasClass(n, "row") })[0]
			textIn := func(match func(*html.Node) bool) string {
				var all []string
				for _, n := range within(got, match) {
					all = append(all, text(n))
				}
				return strings.Join(all, "|")
			}
			line := textIn(func(n *html.Node) bool { return n.Data == "summary" })
			more := textIn(func(n *html.Node) bool { return hasClass(n, "log-more") })
			undo := textIn(func(n *html.Node) bool { return n.Data == "form" })
			if line != row.line || more != row.more || undo != row.undo {
				t.Errorf("got  %q\n%q\n%q\nwant %q\n%q\n%q", line, more, undo, row.line, row.more, row.undo)
			}
			if marks := within(got, func(n *html.Node) bool { return hasClass(n, "state") }); len(marks) != 1 ||
				!hasClass(marks[0], string(row.row.State)) {
				t.Error("the outcome has no mark")
			}
			if (len(d.linksTo("/w")) == 1) != (row.row.WebhookHref != "") {
				t.Error("the webhook is not linked as it should be")
			}
		})
	}
}

func TestActivityStates(t *testing.T) {
	created := ActivityRow{At: noon, Title: "Webhook created", State: ui.OK}
	one := []ActivityDay{{Name: "Yesterday, Nov 22", Rows: []ActivityRow{created}}}
	rows := []struct {
		name     string
		page     ActivityPage
		filter   bool
		csv      bool
		wanted   []string
		unwanted []string
	}{
		{"nothing", ActivityPage{}, false, false, []string{"No activity yet"}, []string{"entries"}},
		{"one", ActivityPage{Days: one, Total: 1}, true, true, []string{"Yesterday, Nov 22 UTC"}, []string{"Show all", "Newer", "Older"}},
		{"pages", ActivityPage{Days: one, Total: 120, NewerHref: "/n", OlderHref: "/o"}, true, true, []string{"120 entries", "Newer Older"}, nil},
		{"very many", ActivityPage{Days: one, Total: 1000, TotalIsLeast: true, OutcomeFilter: "gone", OlderHref: "/o"}, true, true, []string{"1,000+ entries match", "1,000+ entries"}, []string{"1,000 entries"}},
		{"nothing fits", ActivityPage{WhoFilter: "me", ActionFilter: "a1", OutcomeFilter: "gone", WebhookFilter: "w\"\u202e"}, true, true, []string{"No activity matches", "Show all activity"}, []string{"No activity yet"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.Action, p.CSVHref, p.ActionChoices = shopFrame("/a"), "/a", "/a.csv",
				[]ui.Choice{{Value: "a1", Text: "Action one"}}
			d := render(t, Activity(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			if got := len(d.linksTo("/a.csv")) == 1; got != row.csv {
				t.Errorf("link to the file: %v", got)
			}
			if got := d.byID("action") != nil; got != row.filter {
				t.Fatalf("filter %v, want %v", got, row.filter)
			}
			if !row.filter {
				return
			}
			got := []string{d.choice("action"), d.choice("outcome"), d.choice("who"), attr(d.byID("webhook"), "value")}
			if !slices.Equal(got, []string{p.ActionFilter, p.OutcomeFilter, p.WhoFilter, p.WebhookFilter}) {
				t.Error("the filter is not kept")
			}
		})
	}
}
