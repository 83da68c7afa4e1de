package handlers

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

// advice is a sentence that says what to do.
var advice = regexp.MustCompile(`(^|[.:] )(Allow|Ask|Check|Choose|Click|Connect|Copy|Go|Open|Reload|Shorten|` +
	`Start|Try|Use|Wait|You can)\b|(ask|check|choose|click|connect|give|start|try|use) [a-z]`)

// TestErrorsSayWhatToDo: each error has a sentence as its heading, and a text
// that ends with what to do.
func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	check := func(name, heading, text string) {
		t.Helper()
		switch {
		case heading == "" || strings.HasSuffix(heading, "."):
			t.Errorf("%s: heading %q", name, heading)
		case !strings.HasSuffix(text, "."):
			t.Errorf("%s: %q is not made of sentences", name, text)
		case !advice.MatchString(text):
			t.Errorf("%s: %q does not say what to do", name, text)
		case strings.ContainsAny(heading+text, "!") ||
			regexp.MustCompile(`(?i)\b(oops|sorry|invalid|illegal)\b`).MatchString(heading+text):
			t.Errorf("%s: the tone of %q, %q", name, heading, text)
		}
	}
	for status, words := range errorTexts {
		check(http.StatusText(status), words.heading, words.text)
	}
	for outcome, n := range connectOutcomes {
		if n.Kind != ui.Success {
			check(outcome, n.Title, n.Text)
		}
	}
	for _, code := range []string{
		"WEBHOOK_URI_IP_NOT_ALLOWED", "WEBHOOK_URI_PORT_NOT_ALLOWED", "WEBHOOK_URI_UNALLOWED_DOMAIN",
	} {
		check(code, code, webhooks.Rejection{Status: 400, Code: code}.URLFix("https://hooks.example.com"))
	}
	for _, f := range []webhooks.Rejection{
		{Status: 403},
		{Status: 404},
		{Status: 429},
		{Status: 503, RetryAfter: 3 * time.Second},
		{NotSent: true},
		{Status: 400, Code: "X"},
		{Status: 400},
		{Status: 403, Fault: fourthwall.InFront},
		{Status: 404, Fault: fourthwall.InFront},
		{NotSent: true, Fault: fourthwall.InFront},
		{NotSent: true, Fault: fourthwall.AppRejected},
	} {
		for _, what := range []string{activity.CreateWebhook, activity.UpdateWebhook, activity.DeleteWebhook} {
			_, n := refusalNotice(f, what)
			check(what, n.Title, n.Text)
		}
	}
}

// TestWaitText: a wait of hours is not shown in seconds.
func TestWaitText(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]string{
		0: "a moment", 1: "1 second", 60: "60 seconds", 600: "10 minutes", 24 * 60 * 60: "24 hours",
	} {
		if got := waitText(time.Duration(seconds) * time.Second); got != want {
			t.Errorf("%d s are %q, want %q", seconds, got, want)
		}
	}
}

// TestWhatPassesIsAskedForAgain: pages that say to try again have a link for
// it.
func TestWhatPassesIsAskedForAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(2)
	hook := g.box.Webhooks(shop.ID)[0]
	for address, fails := range map[string]string{
		webhooksPath(shop.ID) + "?q=orders":                        apiWebhooks,
		eventsPath(shop.ID):                                        "/open-api/v1.0/webhook-events",
		webhookPath(shop.ID, hook.ID) + "/edit?preset=fulfillment": apiWebhooks + "/*",
	} {
		g.box.FailNext(sandbox.Failure{
			Method: http.MethodGet, Path: fails, Status: 503, Header: http.Header{"Retry-After": {"60"}},
		})
		path, _, _ := strings.Cut(address, "?")
		again := p.get(address).want(http.StatusServiceUnavailable).link("Try again").want(http.StatusOK)
		if got := again.url.RequestURI(); got != address && got != path {
			t.Errorf("%s leads to %s", address, got)
		}
	}
	if got := p.get("/nowhere").want(http.StatusNotFound).text(); strings.Contains(got, "Try again") {
		t.Error("a page that is not there is offered again")
	}
}
