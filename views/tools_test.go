package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

const (
	checkSelf   = "/shops/sh_1/checks/c1"
	checkStream = "/shops/sh_1/checks/c1/stream"
	// trick is what an endpoint may say to look like something else.
	trick = "<b>\u202egnp\x00"
	shown = "<b>U+202EgnpU+0000"
)

func toolFrame(path string) Frame {
	f := shopFrame(path)
	f.ToolsHref = "/tools/signature"
	return f
}

// focused is the id of what gets the focus when the page opens.
func (d doc) focused() string {
	d.t.Helper()
	found := d.all(func(n *html.Node) bool { return has(n, "autofocus") })
	if len(found) > 1 {
		d.t.Fatalf("%d elements want the focus", len(found))
	}
	if len(found) == 0 {
		return ""
	}
	return attr(found[0], "id")
}

// secretIsPrivate wants an empty field that no browser remembers.
func (d doc) secretIsPrivate() {
	d.t.Helper()
	in := d.byID("secret")
	want := map[string]string{"name": "secret", "type": "password", "value": "", "autocomplete": "off", "spellcheck": "false"}
	for name, value := range want {
		if attr(in, name) != value {
			d.t.Errorf("secret has %s=%q", name, attr(in, name))
		}
	}
	if hint := text(d.byID("secret-hint")); !strings.HasPrefix(hint, "Used for this one ") || !strings.Contains(hint, "never stored") {
		d.t.Errorf("the secret's hint is %q", hint)
	}
}

// typed is what stands in a text area, as a browser reads it: without the line
// break that may stand at its very beginning.
func typed(n *html.Node) string {
	if n.FirstChild == nil {
		return ""
	}
	return n.FirstChild.Data
}

func TestToolsInTheTopBar(t *testing.T) {
	rows := []struct {
		name  string
		frame Frame
		navs  int
		links []string
	}{
		{"shop", toolFrame("/shops/sh_1/webhooks"), 2, []string{"Webhooks", "Deliveries", "Activity", "Tools", "Shops"}},
		{"no connection", Frame{ToolsHref: "/tools/signature", Path: "/connect"}, 1, []string{"Tools"}},
		{"no tools", Frame{Path: "/connect"}, 0, nil},
		{"on the page", Frame{ToolsHref: "/tools/signature", Path: "/tools/signature"}, 1, []string{"Tools"}},
	}
	for _, row := range rows {
		d := render(t, Error(ErrorPage{Frame: row.frame}))
		navs := d.all(func(n *html.Node) bool { return n.Data == "nav" && attr(n, "aria-label") == "Main" })
		if len(navs) != row.navs {
			t.Errorf("%s: %d navigations, want %d", row.name, len(navs), row.navs)
		}
		for _, nav := range navs {
			var names []string
			for _, a := range within(nav, func(n *html.Node) bool { return n.Data == "a" }) {
				names = append(names, text(a))
				if want := row.frame.Path == attr(a, "href"); want != (attr(a, "aria-current") == "page") {
					t.Errorf("%s: link %q has aria-current %q", row.name, text(a), attr(a, "aria-current"))
				}
			}
			if !slices.Equal(names, row.links) {
				t.Errorf("%s: links %q, want %q", row.name, names, row.links)
			}
		}
	}
}

func TestWebhookLeadsToTheTools(t *testing.T) {
	rows := []struct {
		check, test, tools string
	}{{"", "", ""}, {"/c", "", ""}, {"", "/t", ""}, {"/c", "/t", "/tools/signature"}}
	for _, row := range rows {
		f := frame()
		f.ToolsHref = row.tools
		d := render(t, Webhook(WebhookPage{Frame: f, ID: "w", URL: longURL, ListHref: "/l", CheckHref: row.check, TestHref: row.test, Locked: "It is another app’s."}))
		d.check()
		for word, href := range map[string]string{"Check this endpoint": row.check, "Send a test delivery": row.test, "Find out why a signature does not fit": row.tools} {
			links := d.all(func(n *html.Node) bool { return n.Data == "a" && text(n) == word })
			if (len(links) == 1) != (href != "") || len(links) > 0 && attr(links[0], "href") != href {
				t.Errorf("%+v: %d links %q", row, len(links), word)
			}
		}
	}
}

func startPage(change func(*CheckStartPage)) CheckStartPage {
	p := CheckStartPage{
		Frame: toolFrame("/shops/sh_1/checks/new"), Action: "/shops/sh_1/checks/new", BackHref: "/back", BackText: "Back to the form",
		URL: longURL, Type: "DONATION", TypeChoices: []EventBadge{placed, donation, future},
		Hidden: []HiddenField{{"types", "DONATION"}, {"types", "ORDER_PLACED"}, {"form", "d1"}},
	}
	change(&p)
	return p
}

func TestCheckStart(t *testing.T) {
	busy := &Notice{Kind: Warning, Title: "Two checks are under way"}
	rows := []struct {
		name   string
		change func(*CheckStartPage)
		focus  string
		failed bool
		kind   string
	}{
		{"filled in", func(*CheckStartPage) {}, "", false, "DONATION"},
		{"empty", func(p *CheckStartPage) { p.URL = "" }, "url", false, "DONATION"},
		{"refused", func(p *CheckStartPage) { p.URLError = &FieldError{Text: "No."} }, "url", true, "DONATION"},
		{"busy", func(p *CheckStartPage) { p.Banner = busy }, "banner", false, "DONATION"},
		{"busy, empty", func(p *CheckStartPage) { p.Banner, p.URL = busy, "" }, "banner", false, "DONATION"},
		{"both", func(p *CheckStartPage) { p.Banner, p.URLError = busy, &FieldError{Text: "No."} }, "url", true, "DONATION"},
		{"another type", func(p *CheckStartPage) { p.Type = "GIFT" }, "", false, "GIFT"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := startPage(row.change)
			d := render(t, CheckStart(p))
			d.check()
			d.secretIsPrivate()
			d.says([]string{"Send up to 3 test deliveries", "testMode: true", "A test event", "The same event again", "An event with a wrong signature", "(optional)"}, nil)
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
			want := map[string][]string{"url": {p.URL}, "secret": {""}, "follow": {""}, "types": {"DONATION", "ORDER_PLACED"}, "form": {"d1"}}
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

// TestTypeIsChosenFromWhatThereIs wants no empty choice where nothing can be
// chosen by it.
func TestTypeIsChosenFromWhatThereIs(t *testing.T) {
	d := render(t, CheckStart(startPage(func(p *CheckStartPage) { p.Type = "" })))
	options := within(d.byID("type"), func(n *html.Node) bool { return n.Data == "option" })
	if got := values(options); !slices.Equal(got, []string{"ORDER_PLACED", "DONATION", "SHIPMENT_LOST"}) {
		t.Errorf("choices %q", got)
	}
}

// allResults has a step of each kind.
var allResults = []CheckStep{
	{ID: "address", Title: "Address", Result: StepPassed, Seen: []string{longURL}},
	{ID: "dns", Title: "Name lookup", Result: StepWarned, Seen: []string{"192.0.2.1", trick}, Do: "Look at " + trick, Took: 12 * time.Millisecond},
	{ID: "connect", Title: "Connection", Result: StepFailed, Do: "Open the port.", Took: 1250 * time.Millisecond},
	{ID: "tls", Title: "Encryption", Result: StepSkipped, Seen: []string{"No connection."}},
	{ID: "delivery", Title: "Test delivery", Result: StepRunning},
	{ID: "answer", Title: "Answer", Result: StepWaiting},
}

func waiting() []CheckStep {
	all := slices.Clone(allResults)
	for i := range all {
		all[i] = CheckStep{ID: all[i].ID, Title: all[i].Title, Result: StepWaiting}
	}
	return all
}

func TestCheckProgress(t *testing.T) {
	rows := []struct {
		name   string
		report CheckReport
		want   string
	}{
		{"empty", CheckReport{}, "It is about to begin."},
		{"not begun", CheckReport{Steps: waiting()}, "It is about to begin. Address Waiting Name lookup Waiting Connection Waiting Encryption Waiting Test delivery Waiting Answer Waiting"},
		{"running", CheckReport{Steps: allResults}, "Step 5 of 6: Test delivery. Address Passed https://a.example/ Name lookup 12 ms Look at this 192.0.2.1 " + shown + " What to do: Look at " + shown +
			" Connection 1.25 s Failed What to do: Open the port. Encryption Skipped No connection. Test delivery Under way Answer Waiting"},
		{"interrupted", CheckReport{Steps: allResults[3:], Interrupted: true}, "Encryption Skipped No connection. Test delivery Not finished Answer Not reached"},
		{"done", CheckReport{Steps: allResults[:1], Done: true}, "Address Passed https://a.example/"},
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

// TestResultsDifferWithoutColour wants an icon of its own, or none and a
// moving one, and a word of its own for each result.
func TestResultsDifferWithoutColour(t *testing.T) {
	results := []string{StepPassed, StepWarned, StepFailed, StepSkipped, StepRunning, StepWaiting}
	icons, words := map[string]string{}, map[string]string{}
	for _, result := range results {
		look := stepLookOf(result, false)
		if other := icons[look.icon]; other != "" {
			t.Errorf("%s and %s have the icon %q", result, other, look.icon)
		}
		if other := words[look.word]; other != "" || look.word == "" {
			t.Errorf("%s and %q have the word %q", result, other, look.word)
		}
		icons[look.icon], words[look.word] = result, result
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
		{"not begun", CheckReport{Steps: waiting()}, true, "", 0, []string{"It is about to begin.", "See how far it is"}, []string{"Copy as text"}},
		{"running", running, true, "", 0, []string{"Step 5 of 6", "See how far it is"}, []string{"Copy as text"}},
		{"passed", CheckReport{Steps: allResults[:1], Done: true, Kind: Success, Summary: "All is well.", Text: "1. Address"}, false, "result", 1, []string{"Everything passed", "All is well.", "Copy as text", "1. Address"}, []string{"about to begin", "See how far"}},
		{"warned", CheckReport{Steps: allResults[:2], Done: true, Kind: Warning, Text: "x"}, false, "result", 1, []string{"Warning: There is something to look at"}, nil},
		{"failed", CheckReport{Steps: allResults[:4], Done: true, Kind: Failure, Text: "x"}, false, "result", 1, []string{"Error: There is something to put right"}, nil},
		{"unfinished", CheckReport{Steps: allResults[:1], Done: true, Kind: Info, Text: "x"}, false, "result", 1, []string{"The check could not be finished"}, nil},
		{"interrupted", CheckReport{Steps: allResults, Interrupted: true}, false, "result", 1, []string{"The check was interrupted", "Not finished", "Not reached"}, []string{"Under way", "Waiting", "Copy as text"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := CheckPage{Frame: toolFrame(checkSelf), URL: "https://a.example/" + trick, Type: donation, StartedAt: noon, Report: row.report, AgainHref: "/again", BackHref: "/back", BackText: "Back to the webhook"}
			if row.follows {
				p.SelfHref, p.FollowHref = checkSelf, checkStream
			}
			d := render(t, Check(p))
			d.check()
			d.says(append(row.wanted, "https://a.example/"+shown, "Donation", "22 November 2026, 12:00:00 UTC", "Back to the webhook"), row.unwanted)
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

// TestReportCanBeCopied wants the button, which script shows, beside the text
// that it copies, and the text there without script.
func TestReportCanBeCopied(t *testing.T) {
	d := render(t, Check(CheckPage{Frame: frame(), Report: CheckReport{Done: true, Text: "Endpoint check\n1. " + trick}}))
	scope := d.all(func(n *html.Node) bool { return hasClass(n, "copyable") && n.Data == "section" })
	if len(scope) != 1 {
		t.Fatalf("%d reports", len(scope))
	}
	buttons := within(scope[0], func(n *html.Node) bool { return n.Data == "button" })
	if len(buttons) != 1 || !has(buttons[0], "data-copy") || !has(buttons[0], "hidden") || text(buttons[0]) != "Copy as text" {
		t.Error("not the one button, hidden until script shows it")
	}
	codes := within(scope[0], func(n *html.Node) bool { return n.Data == "code" })
	if len(codes) != 1 || text(codes[0]) != "Endpoint check 1. "+shown {
		t.Errorf("not the text alone: %d", len(codes))
	}
}

func testPage(change func(*TestPage)) TestPage {
	p := TestPage{
		Frame: toolFrame("/shops/sh_1/webhooks/w/test"), ID: "w", URL: "https://a.example/" + trick, WebhookHref: "/w", CheckHref: "/check",
		PickAction: "/pick", Type: "DONATION", TypeChoices: []EventBadge{placed, donation}, Action: "/send", Body: "\n{\"id\": \"</textarea>\u202e\"}\n",
	}
	change(&p)
	return p
}

func answered(change func(*TestResult)) *TestResult {
	r := &TestResult{
		At: noon, Status: 200, StatusText: "OK", Took: 84 * time.Millisecond, SentBytes: 1204, Signed: true,
		Verdicts: []CheckStep{{Title: "Answer", Result: StepPassed}, {Title: "Time to answer", Result: StepPassed}},
		Headers:  []HeaderLine{{"Content-Type", "text/html"}, {"X-" + trick, trick}}, Body: "line one\n" + trick,
	}
	change(r)
	return r
}

func TestTestDelivery(t *testing.T) {
	received, refused := "Fourthwall would count this delivery as received.", "Fourthwall would count this delivery as failed."
	rows := []struct {
		name             string
		change           func(*TestPage)
		focus            string
		failed           bool
		wanted, unwanted []string
	}{
		{"before", func(*TestPage) {}, "", false, []string{"Send this test delivery", "One POST request goes to https://a.example/" + shown}, []string{"What came back", "Send another"}},
		{"not JSON", func(p *TestPage) { p.BodyError = &FieldError{Text: "Look at line 4."} }, "body", true, []string{"Look at line 4."}, nil},
		{"busy", func(p *TestPage) { p.Banner = &Notice{Kind: Warning, Title: "Too many"} }, "banner", false, []string{"Too many"}, nil},
		{
			"accepted", func(p *TestPage) { p.Result = answered(func(*TestResult) {}) }, "result", false,
			[]string{"Answered with 200 OK in 84 ms", received, "Answer Passed", "2 headers", "Content-Type text/html", "X-" + shown + " " + shown, "line one " + shown, "1,204 bytes", "made with the secret you gave", "22 November 2026, 12:00:00 UTC", "Send another"},
			[]string{"There was more", "It has none"},
		},
		{"refused", func(p *TestPage) {
			p.Result = answered(func(r *TestResult) {
				r.Status, r.StatusText, r.Signed, r.Truncated, r.Verdicts[0].Result, r.Verdicts[1].Result = 299, "", false, true, StepFailed, StepWarned
			})
		}, "result", false, []string{"Error: Answered with 299 in 84 ms", refused, "Answer Failed", "made with a made-up key", "There was more"}, []string{received}},
		{"slow", func(p *TestPage) {
			p.Result = answered(func(r *TestResult) { r.Took, r.Verdicts[1].Result = 1500*time.Millisecond, StepWarned })
		}, "result", false, []string{"Warning: Answered with 200 OK in 1.50 s", "Look at what is marked below."}, []string{received, refused}},
		{"cut short", func(p *TestPage) {
			p.Result = answered(func(r *TestResult) { r.Problem, r.Verdicts[0].Result = "The answer was cut.", StepFailed })
		}, "result", false, []string{"Answered with 200 OK", "The answer was cut."}, []string{received, refused}},
		{"no body", func(p *TestPage) { p.Result = answered(func(r *TestResult) { r.Body, r.Headers = "", nil }) }, "result", false, []string{"It has none."}, []string{"headers"}},
		{"no answer", func(p *TestPage) {
			p.Result = &TestResult{At: noon, SentBytes: 1, Problem: "Nobody answers there.", Verdicts: []CheckStep{{Title: "Connection", Result: StepFailed, Do: "Start the server."}}}
		}, "result", false, []string{"Error: No answer Nobody answers there.", "Connection Failed What to do: Start the server.", "1 byte"}, []string{"Body of the answer", "headers", refused}},
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

func benchPage(change func(*SignaturePage)) SignaturePage {
	p := SignaturePage{Frame: Frame{Title: "Signature bench", Path: "/tools/signature", ToolsHref: "/tools/signature"}, Action: "/tools/signature", Body: "\n{}\n", Signature: "X-A: b\n\nc"}
	change(&p)
	return p
}

func TestSignaturePage(t *testing.T) {
	missing := func(p *SignaturePage) {
		p.BodyError, p.SecretError = &FieldError{Text: "No body."}, &FieldError{Text: "No secret."}
		p.Errors, p.Focus = []SummaryError{{"#body", "No body."}, {"#secret", "No secret."}}, "summary"
	}
	found := func(valid bool, findings ...SignatureFinding) func(*SignaturePage) {
		return func(p *SignaturePage) {
			p.Result, p.Focus = &SignatureResult{Valid: valid, Header: "X-Fourthwall-Hmac-SHA256", Summary: "In a sentence.", Findings: findings}, "result"
		}
	}
	certain := SignatureFinding{Code: "hex", Title: "Hex", Text: "Not base64.", Evidence: "Read as hex, it fits " + trick}
	likely := SignatureFinding{Code: "body-changed", Title: "Body " + trick, Text: "It was changed."}
	rows := []struct {
		name             string
		change           func(*SignaturePage)
		focus            string
		failed           bool
		wanted, unwanted []string
	}{
		{"empty", func(p *SignaturePage) { p.Body, p.Signature = "", "" }, "", false, []string{"Check signature", "Nothing of this is stored or logged."}, []string{"valid", "Why not", "In your own program"}},
		{"valid", found(true), "result", false, []string{"Done: The signature is valid In a sentence. Code: X-Fourthwall-Hmac-SHA256"}, []string{"not valid", "Why not", "What to know"}},
		{"valid with a remark", found(true, likely), "result", false, []string{"The signature is valid", "What to know", "Body " + shown + " Note It was changed. body-changed"}, []string{"Likely", "Why not"}},
		{"certain", found(false, certain), "result", false, []string{"Error: The signature is not valid In a sentence.", "Why not", "Hex Certain Not base64. Read as hex, it fits " + shown + " hex"}, []string{"Likely", "is valid"}},
		{"likely", found(false, likely), "result", false, []string{"Body " + shown + " Likely It was changed. body-changed"}, []string{"Certain"}},
		{"both", found(false, certain, likely), "result", false, []string{"Certain", "Likely"}, nil},
		{"two fields wrong", missing, "summary", true, []string{"2 things to put right", "No body.", "No secret."}, nil},
		{"one field wrong", func(p *SignaturePage) {
			p.SignatureError, p.Focus = &FieldError{Text: "No signature."}, "signature"
			p.Errors = []SummaryError{{"#signature", "No signature."}}
		}, "signature", true, []string{"No signature."}, []string{"to put right"}},
		{"secret wrong", func(p *SignaturePage) { p.SecretError, p.Focus = &FieldError{Text: "No secret."}, "secret" }, "secret", true, []string{"No secret."}, nil},
		{"body wrong", func(p *SignaturePage) { p.BodyError, p.Focus = &FieldError{Text: "No body."}, "body" }, "body", true, []string{"No body."}, nil},
		{"file", func(p *SignaturePage) { p.FileName = trick }, "", false, []string{"To check " + shown + " once more, choose it again."}, nil},
		{"snippets", func(p *SignaturePage) {
			p.Snippets = []Snippet{{"go", "Go", "verify.go", "package webhook\n"}, {"cs", "C#", "Verify.cs", "<T>"}}
		}, "", false, []string{"In your own program", "Go package webhook", "C# <T>"}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := benchPage(row.change)
			d := render(t, Signature(p))
			d.check()
			d.secretIsPrivate()
			d.says(row.wanted, row.unwanted)
			if got := d.focused(); got != row.focus {
				t.Errorf("focus on %q, want %q", got, row.focus)
			}
			if got := strings.HasPrefix(text(d.tags("title")[0]), "Error: "); got != row.failed {
				t.Errorf("title says failed: %v", got)
			}
			if got := [2]string{typed(d.byID("body")), typed(d.byID("signature"))}; got != [2]string{p.Body, p.Signature} {
				t.Errorf("typed %q", got)
			}
			if form := d.formTo(p.Action); attr(form, "enctype") != "multipart/form-data" || len(submits(form)) != 1 {
				t.Error("the form cannot carry a file, or has not one button")
			}
			if file := d.byID("file"); attr(file, "name") != "file" || attr(file, "type") != "file" {
				t.Error("no field for a file")
			}
			for id, wrong := range map[string]*FieldError{"body": p.BodyError, "signature": p.SignatureError, "secret": p.SecretError} {
				field := d.byID(id)
				if tied := slices.Contains(strings.Fields(attr(field, "aria-describedby")), id+"-error-text"); tied != (wrong != nil) || (attr(field, "aria-invalid") == "true") != tied {
					t.Errorf("%s is not tied to its error", id)
				}
			}
		})
	}
}

// TestToolsKeepLongTextsInside holds that whatever is long is in an element
// that breaks it anywhere.
func TestToolsKeepLongTextsInside(t *testing.T) {
	long := strings.Repeat("a", 500)
	pages := map[string]templ.Component{
		"check": Check(CheckPage{Frame: frame(), URL: long, Report: CheckReport{Done: true, Text: long, Steps: []CheckStep{{Title: "A", Result: StepFailed, Seen: []string{long}, Do: long}}}}),
		"test": Test(testPage(func(p *TestPage) {
			p.URL, p.Result = long, answered(func(r *TestResult) { r.Headers = []HeaderLine{{long, long}} })
		})),
	}
	for name, page := range pages {
		d := render(t, page)
		for _, n := range d.all(func(n *html.Node) bool {
			return n.FirstChild != nil && n.FirstChild.Type == html.TextNode && strings.Contains(n.FirstChild.Data, long)
		}) {
			breaks := n.Data == "code" || n.Data == "textarea"
			for up := n; up != nil; up = up.Parent {
				breaks = breaks || hasClass(up, "check-seen") || hasClass(up, "check-do")
			}
			if !breaks {
				t.Errorf("%s: a long text in <%s>", name, n.Data)
			}
		}
	}
}

func TestTook(t *testing.T) {
	rows := []struct {
		in   time.Duration
		want string
	}{
		{time.Microsecond, "under 1 ms"},
		{time.Millisecond, "1 ms"},
		{999 * time.Millisecond, "999 ms"},
		{time.Second, "1.00 s"},
		{2340 * time.Millisecond, "2.34 s"},
		{5 * time.Second, "5.00 s"},
	}
	for _, row := range rows {
		if got := took(row.in); got != row.want {
			t.Errorf("took(%v): got %q, want %q", row.in, got, row.want)
		}
	}
}
