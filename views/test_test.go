package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hookwall/views/ui"
)

func testPage(change func(*TestPage)) TestPage {
	p := TestPage{
		Frame: toolFrame("/shops/sh_1/webhooks/w/test"), Name: "w", URL: "https://a.example/" + trick, WebhookHref: "/w",
		CheckHref:  "/check",
		PickAction: "/pick", Type: "DONATION", TypeChoices: []ui.EventBadge{placed, donation}, Action: "/send",
		Body: "\n{\"id\": \"</textarea>\u202e\"}\n",
	}
	change(&p)
	return p
}

func answered(change func(*TestResult)) *TestResult {
	r := &TestResult{
		At: noon, Status: 200, StatusText: "OK", Took: 84 * time.Millisecond, SentBytes: 1204, Signed: true,
		Verdicts: []ui.CheckStep{{Title: "Answer", Result: ui.StepPassed}, {Title: "Time to answer", Result: ui.StepPassed}},
		Headers:  []HeaderLine{{"Content-Type", "text/html"}, {"X-" + trick, trick}}, Body: "line one\n" + trick,
	}
	change(r)
	return r
}

func TestTestDelivery(t *testing.T) {
	received, refused := "Fourthwall would count this delivery as received.",
		"Fourthwall would count this delivery as failed."
	rows := []struct {
		name             string
		change           func(*TestPage)
		focus            string
		failed           bool
		wanted, unwanted []string
	}{
		{"before", func(*TestPage) {}, "", false, []string{"Send this test delivery", "We send one POST request to https://a.example/" + shown}, []string{"What to do", "Send another"}},
		{"not JSON", func(p *TestPage) { p.BodyError = &ui.FieldError{Text: "Look at line 4."} }, "body", true, []string{"Look at line 4."}, nil},
		{"busy", func(p *TestPage) { p.Banner = &ui.Notice{Kind: ui.Warning, Title: "Too many"} }, "banner", false, []string{"Too many"}, nil},
		{
			"accepted", func(p *TestPage) { p.Result = answered(func(*TestResult) {}) }, "result", false,
			[]string{
				"The endpoint returned 200 OK in 84 ms", received, "Answer Passed", "2 headers", "Content-Type text/html",
				"X-" + shown + " " + shown, "line one " + shown, "1,204 bytes", "Signed with the secret that you entered",
				"22 November 2026, 12:00:00 UTC", "Send another",
			},
			[]string{"Only the beginning", "has no body"},
		},
		{"refused", func(p *TestPage) {
			p.Result = answered(func(r *TestResult) {
				r.Status, r.StatusText, r.Signed, r.Truncated, r.Verdicts[0].Result, r.Verdicts[1].Result = 299, "", false, true,
					ui.StepFailed, ui.StepWarned
			})
		}, "result", false, []string{
			"Error: The endpoint returned 299 in 84 ms", refused, "Answer Failed", "Signed with a random key", "Only the beginning",
		}, []string{received}},
		{"slow", func(p *TestPage) {
			p.Result = answered(func(r *TestResult) { r.Took, r.Verdicts[1].Result = 1500*time.Millisecond, ui.StepWarned })
		}, "result", false, []string{
			"Warning: The endpoint returned 200 OK in 1.50 s", "Check the warnings below.",
		}, []string{received, refused}},
		{"cut short", func(p *TestPage) {
			p.Result = answered(func(r *TestResult) { r.Problem, r.Verdicts[0].Result = "The answer was cut.", ui.StepFailed })
		}, "result", false, []string{"The endpoint returned 200 OK", "The answer was cut."}, []string{received, refused}},
		{"no body", func(p *TestPage) { p.Result = answered(func(r *TestResult) { r.Body, r.Headers = "", nil }) }, "result", false, []string{"The response has no body."}, []string{"headers"}},
		{"no answer", func(p *TestPage) {
			p.Result = &TestResult{
				At: noon, SentBytes: 1, Problem: "Nobody answers there.",
				Verdicts: []ui.CheckStep{{Title: "Connection", Result: ui.StepFailed, Do: "Start the server."}},
			}
		}, "result", false, []string{
			"Error: No response Nobody answers there.", "Connection Failed What to do: Start the server.", "1 byte",
		}, []string{"Response body", "headers", refused}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := testPage(row.change)
			d := render(t, Test(p))
			d.check()
			d.secretIsPrivate()
			d.says(row.wanted, row.unwanted)
			if got := d.focused(); got != row.focus {
				t.Errorf("focus on %q, want %q", got, row.focus)
			}
			if got := strings.HasPrefix(text(d.tags("title")[0]), "Error: "); got != row.failed {
				t.Errorf("title says failed: %v", got)
			}
			if got := typed(d.byID("body")); got != p.Body {
				t.Errorf("body %q", got)
			}
			form := d.formTo("/send")
			if got := posted(form); got.Get("type") != "DONATION" || got.Get("secret") != "" || !got.Has("secret") {
				t.Errorf("posted %v", got)
			}
			if got := values(submits(form)); !slices.Equal(got, []string{"send"}) {
				t.Errorf("buttons %q", got)
			}
			if pick := d.formTo("/pick"); attr(pick, "method") != "get" || d.choice("type") != "DONATION" {
				t.Error("no form for another event type")
			}
		})
	}
}
