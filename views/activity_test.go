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
	rows := []struct {
		name string
		row  ActivityRow
		want string
	}{
		{
			"changed",
			ActivityRow{
				At: noon, Action: "Change", Outcome: "Done", OutcomeKind: ui.Success, Who: "Key …x9f2", Session: "s1",
				WebhookID: "w\u202e", WebhookHref: "/w", Changes: []Change{{Field: "URL", Before: "a\u202e", After: "b"}},
				Status: 200, RequestID: "r1", APIRequestID: "r2",
			},
			"Change Done By Key …x9f2 Webhook wU+202E URL before: aU+202E after: b Details Status code of the response 200 Request id at Fourthwall r2 Request id r1 Session s1 22 November 2026, 12:00:00 UTC",
		},
		{
			"refused",
			ActivityRow{
				At: noon, Action: "Create", Outcome: "Refused", OutcomeKind: ui.Failure,
				Changes: []Change{{Field: "URL", After: "b"}}, Status: 400, Code: "CODE_1",
			},
			"Create Refused URL b Details Status code of the response 400 Code CODE_1 22 November 2026, 12:00:00 UTC",
		},
		{
			"deleted",
			ActivityRow{
				At: noon, Action: "Delete", Outcome: "Unsettled", OutcomeKind: ui.Warning, WebhookID: "w",
				Changes: []Change{{Field: "URL", Before: "a"}},
			},
			"Delete Unsettled Webhook w URL before: a after: nothing Details 22 November 2026, 12:00:00 UTC",
		},
		{
			"long",
			ActivityRow{
				At: noon, Action: "Create", Outcome: "Done", OutcomeKind: ui.Success,
				Changes: []Change{{Field: "URL", After: long}},
			},
			"Create Done URL " + ui.Short(long) + " Details URL after " + long + " 22 November 2026, 12:00:00 UTC",
		},
	}
	placed, odd := ui.EventBadge{Code: "ORDER_PLACED", Title: "Order placed"}, ui.EventBadge{Code: "ODD", Unknown: true}
	for name, c := range map[string]struct {
		change Change
		want   string
	}{
		"types swapped": {Change{Field: "Types", Before: "ODD, X", After: "X, ORDER_PLACED", Added: []ui.EventBadge{placed}, Removed: []ui.EventBadge{odd}}, "added Order placed removed ODD (not in Hookwall’s list) Details Types before ODD, X Types after X, ORDER_PLACED"},
		"types added":   {Change{Field: "Types", After: "ORDER_PLACED", Added: []ui.EventBadge{placed}}, "added Order placed Details Types after ORDER_PLACED"},
		"types removed": {Change{Field: "Types", Before: "ORDER_PLACED", Removed: []ui.EventBadge{placed}}, "removed Order placed Details Types before ORDER_PLACED"},
	} {
		row := rows[1]
		row.name, row.row.Changes, row.row.Status, row.row.Code = name, []Change{c.change}, 0, ""
		row.want = "Create Refused Types " + c.want + " 22 November 2026, 12:00:00 UTC"
		rows = append(rows, row)
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, Activity(ActivityPage{Frame: shopFrame("/a"), Action: "/a", Rows: []ActivityRow{row.row}, Total: 1}))
			d.check()
			got := d.all(func(n *html.Node) bool { return hasClass(n, "row") })[0]
			if text(got) != row.want {
				t.Errorf("got  %q\nwant %q", text(got), row.want)
			}
			marks := within(got, func(n *html.Node) bool { return hasClass(n, "mark") })
			if len(marks) != 1 || !hasClass(marks[0], row.row.OutcomeKind) ||
				len(within(marks[0], func(n *html.Node) bool { return n.Data == "use" })) != 1 {
				t.Error("the outcome is not marked by icon and colour")
			}
			if (len(d.linksTo("/w")) == 1) != (row.row.WebhookHref != "") {
				t.Error("the webhook is not linked as it should be")
			}
		})
	}
}

func TestActivityStates(t *testing.T) {
	one := []ActivityRow{{At: noon, Action: "Create", Outcome: "Done", OutcomeKind: ui.Success}}
	rows := []struct {
		name     string
		page     ActivityPage
		filter   bool
		csv      bool
		wanted   []string
		unwanted []string
	}{
		{"nothing", ActivityPage{}, false, false, []string{"Nothing has happened yet"}, []string{"entries"}},
		{"one", ActivityPage{Rows: one, Total: 1}, true, true, []string{"1 entry"}, []string{"Show all", "Newer", "Older"}},
		{"pages", ActivityPage{Rows: one, Total: 120, NewerHref: "/n", OlderHref: "/o"}, true, true, []string{"120 entries", "Newer Older"}, nil},
		{"nothing fits", ActivityPage{ActionFilter: "a1", OutcomeFilter: "gone", WebhookFilter: "w\"\u202e"}, true, false, []string{"Nothing fits this choice", "Show all activity"}, []string{"Nothing has happened yet"}},
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
			got := []string{d.choice("action"), d.choice("outcome"), attr(d.byID("webhook"), "value")}
			if !slices.Equal(got, []string{p.ActionFilter, p.OutcomeFilter, p.WebhookFilter}) {
				t.Error("the filter is not kept")
			}
		})
	}
}
