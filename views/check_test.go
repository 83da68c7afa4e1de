package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

const (
	checkSelf   = "/shops/sh_1/checks/c1"
	checkStream = "/shops/sh_1/checks/c1/stream"
	// trick is text from an endpoint that tries to look like something else.
	// shown is how the page must show it.
	trick = "<b>\u202egnp\x00"
	shown = "<b>U+202EgnpU+0000"
)

// startPage returns a page with a change.
func startPage(change func(*CheckStartPage)) CheckStartPage {
	p := CheckStartPage{
		Frame: toolFrame("/shops/sh_1/checks/new"), Action: "/shops/sh_1/checks/new", BackHref: "/back",
		BackText: "Back to the form",
		URL:      longURL, Type: "DONATION", TypeChoices: []ui.EventBadge{placed, donation, future},
		Hidden: []ui.HiddenField{
			{Name: "types", Value: "DONATION"}, {Name: "types", Value: "ORDER_PLACED"}, {Name: "form", Value: "d1"},
		},
	}
	change(&p)
	return p
}

func TestCheckStart(t *testing.T) {
	busy := &ui.Notice{Kind: ui.Warning, Title: "Two checks are running"}
	rows := []struct {
		name   string
		change func(*CheckStartPage)
		focus  string
		failed bool
		kind   string
	}{
		{"filled in", func(*CheckStartPage) {}, "", false, "DONATION"},
		{"empty", func(p *CheckStartPage) { p.URL = "" }, "url", false, "DONATION"},
		{"refused", func(p *CheckStartPage) { p.URLError = &ui.FieldError{Text: "No."} }, "url", true, "DONATION"},
		{"busy", func(p *CheckStartPage) { p.Banner = busy }, "banner", false, "DONATION"},
		{"busy, empty", func(p *CheckStartPage) { p.Banner, p.URL = busy, "" }, "banner", false, "DONATION"},
		{"both", func(p *CheckStartPage) { p.Banner, p.URLError = busy, &ui.FieldError{Text: "No."} }, "url", true, "DONATION"},
		{"another type", func(p *CheckStartPage) { p.Type = "GIFT" }, "", false, "GIFT"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := startPage(row.change)
			d := render(t, CheckStart(p))
			d.check()
			d.secretIsPrivate()
			d.says(
				[]string{
					"Send up to 3 test deliveries", "testMode: true", "A test event", "The same event again",
					"An event with a wrong signature", "(optional)",
				},
				nil,
			)
			if got := d.focused(); got != row.focus {
				t.Errorf("focus on %q, want %q", got, row.focus)
			}
			if got := strings.HasPrefix(text(d.tags("title")[0]), "Error: "); got != row.failed {
				t.Errorf("title says failed: %v", got)
			}
			if got := d.choice("type"); got != row.kind {
				t.Errorf("type %q, want %q", got, row.kind)
			}
			got := posted(d.formTo(p.Action))
			want := map[string][]string{
				"url": {p.URL}, "secret": {""}, "follow": {""}, "types": {"DONATION", "ORDER_PLACED"}, "form": {"d1"},
			}
			for name, values := range want {
				if !slices.Equal(got[name], values) {
					t.Errorf("%s: got %q, want %q", name, got[name], values)
				}
				delete(got, name)
			}
			if len(got) > 0 {
				t.Errorf("also posted: %v", got)
			}
			if n := len(d.linksTo("/back")); n != 1 {
				t.Errorf("%d ways back", n)
			}
		})
	}
}

// TestTypeHasNoEmptyChoice: an event type must be chosen, so the select offers
// nothing else.
func TestTypeHasNoEmptyChoice(t *testing.T) {
	d := render(t, CheckStart(startPage(func(p *CheckStartPage) { p.Type = "" })))
	options := within(d.byID("type"), func(n *html.Node) bool { return n.Data == "option" })
	if got := values(options); !slices.Equal(got, []string{"ORDER_PLACED", "DONATION", "SHIPMENT_LOST"}) {
		t.Errorf("choices %q", got)
	}
}

// allResults has a step with each result.
var allResults = []ui.CheckStep{
	{ID: "address", Title: "Address", Result: ui.StepPassed, Seen: []string{longURL}},
	{
		ID: "dns", Title: "Name lookup", Result: ui.StepWarned, Seen: []string{"192.0.2.1", trick}, Do: "Look at " + trick,
		Took: 12 * time.Millisecond,
	},
	{ID: "connect", Title: "Connection", Result: ui.StepFailed, Do: "Open the port.", Took: 1250 * time.Millisecond},
	{ID: "tls", Title: "Encryption", Result: ui.StepSkipped, Seen: []string{"No connection."}},
	{ID: "delivery", Title: "Test delivery", Result: ui.StepRunning},
	{ID: "answer", Title: "Answer", Result: ui.StepWaiting},
}

// waiting returns the steps of a check that hasn't begun.
func waiting() []ui.CheckStep {
	all := slices.Clone(allResults)
	for i := range all {
		all[i] = ui.CheckStep{ID: all[i].ID, Title: all[i].Title, Result: ui.StepWaiting}
	}
	return all
}

func TestCheckProgress(t *testing.T) {
	rows := []struct {
		name   string
		report CheckReport
		want   string
	}{
		{"empty", CheckReport{}, "The check is about to start."},
		{"not begun", CheckReport{Steps: waiting()}, "The check is about to start. Address Waiting Name lookup Waiting Connection Waiting Encryption Waiting Test delivery Waiting Answer Waiting"},
		{"running", CheckReport{Steps: allResults}, "Step 5 of 6: Test delivery. Address Passed https://a.example/ Name lookup 12 ms Needs attention What to do: Look at " + shown + " 192.0.2.1 " + shown +
			" Connection 1.25 s Failed What to do: Open the port. Encryption Skipped No connection. Test delivery Running Answer Waiting"},
		{"interrupted", CheckReport{Steps: allResults[3:], Interrupted: true}, "Encryption Skipped No connection. Test delivery Not finished Answer Not reached"},
		{"done", CheckReport{Steps: allResults[:1], Done: true}, "1 step passed Address Passed https://a.example/"},
		{
			"failed", CheckReport{Steps: allResults[:4], Done: true}, "Connection 1.25 s Failed What to do: Open the port. " +
				"Name lookup 12 ms Needs attention What to do: Look at " + shown + " 192.0.2.1 " + shown +
				" 1 step passed, 1 not run Address Passed https://a.example/ Encryption Skipped No connection.",
		},
	}
	for _, row := range rows {
		d := render(t, CheckProgress(row.report))
		if got := d.text(); got != row.want {
			t.Errorf("%s:\ngot  %q\nwant %q", row.name, got, row.want)
		}
		d.checkPolicy()
		d.checkIcons()
	}
}

func TestCheckStates(t *testing.T) {
	running := CheckReport{Steps: allResults}
	rows := []struct {
		name             string
		report           CheckReport
		follows          bool
		focus            string
		again            int
		wanted, unwanted []string
	}{
		{"not begun", CheckReport{Steps: waiting()}, true, "", 0, []string{"The check is about to start.", "Refresh the progress"}, []string{"Copy as text"}},
		{"running", running, true, "", 0, []string{"Step 5 of 6", "Refresh the progress"}, []string{"Copy as text"}},
		{"passed", CheckReport{Steps: allResults[:1], Done: true, Kind: ui.Success, Summary: "All is well.", Text: "1. Address"}, false, "result", 1, []string{"Everything passed", "All is well.", "Copy as text", "1. Address"}, []string{"about to begin", "See how far"}},
		{"warned", CheckReport{Steps: allResults[:2], Done: true, Kind: ui.Warning, Text: "x"}, false, "result", 1, []string{"Warning: Some steps need your attention"}, nil},
		{"failed", CheckReport{Steps: allResults[:4], Done: true, Kind: ui.Failure, Text: "x"}, false, "result", 1, []string{"Error: This endpoint needs a fix"}, nil},
		{"unfinished", CheckReport{Steps: allResults[:1], Done: true, Kind: ui.Info, Text: "x"}, false, "result", 1, []string{"The check is incomplete"}, nil},
		{"interrupted", CheckReport{Steps: allResults, Interrupted: true}, false, "result", 1, []string{"The check was interrupted", "Not finished", "Not reached"}, []string{"Running", "Waiting", "Copy as text"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := CheckPage{
				Frame: toolFrame(checkSelf), URL: "https://a.example/" + trick, Type: donation, StartedAt: noon, Report: row.report,
				AgainHref: "/again", BackHref: "/back", BackText: "Back to the webhook",
			}
			if row.follows {
				p.SelfHref, p.FollowHref = checkSelf, checkStream
			}
			d := render(t, Check(p))
			d.check()
			d.says(
				append(row.wanted, "https://a.example/"+shown, "Donation", "22 November 2026, 12:00:00 UTC", "Back to the webhook"),
				row.unwanted,
			)
			if got := d.focused(); got != row.focus {
				t.Errorf("focus on %q, want %q", got, row.focus)
			}
			if got := attr(d.byID("progress"), "data-stream"); (got == checkStream) != row.follows {
				t.Errorf("stream %q", got)
			}
			if got := len(d.linksTo(checkSelf)); (got == 1) != row.follows {
				t.Errorf("%d links to itself", got)
			}
			if got := len(d.linksTo("/again")); got != row.again {
				t.Errorf("%d links to check again, want %d", got, row.again)
			}
		})
	}
}

// TestReportCanBeCopied: the button that the script shows is beside the text that
// it copies, and the text is there without the script.
func TestReportCanBeCopied(t *testing.T) {
	d := render(t, Check(CheckPage{Frame: frame(), Report: CheckReport{Done: true, Text: "Endpoint check\n1. " + trick}}))
	scope := d.all(func(n *html.Node) bool { return hasClass(n, "copyable") && n.Data == "section" })
	if len(scope) != 1 {
		t.Fatalf("%d reports", len(scope))
	}
	buttons := within(scope[0], func(n *html.Node) bool { return n.Data == "button" })
	if len(buttons) != 1 || !has(buttons[0], "data-copy") || !has(buttons[0], "hidden") ||
		text(buttons[0]) != "Copy as text" {
		t.Error("not the one button, hidden until script shows it")
	}
	codes := within(scope[0], func(n *html.Node) bool { return n.Data == "code" })
	if len(codes) != 1 || text(codes[0]) != "Endpoint check 1. "+shown {
		t.Errorf("not the text alone: %d", len(codes))
	}
}
