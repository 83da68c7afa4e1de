package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// Addresses of the endpoint that the tools call.
const (
	verifies = "http://" + sandbox.ReceiverHost + "/verify"
	accepts  = "http://" + sandbox.ReceiverHost + "/ok"
)

const sendDeliveries = "Send up to 3 test deliveries"

// examines clicks the form's second button, and fails the test unless the page
// that follows asks about this address and nothing was sent.
func (v *visitor) examines(address string) {
	v.app.t.Helper()
	v.status(v.Submit(v.Role("button", "Check the URL first")), 200)
	v.asksToCheck(address)
}

// asksToCheck fails the test unless the page asks whether this address is to
// be checked, says what is sent, and nothing was sent yet.
func (v *visitor) asksToCheck(address string) {
	v.app.t.Helper()
	v.heads("Check an endpoint")
	v.Must(v.Expect(v.address()).ToHaveValue(address))
	v.Must(v.Expect(v.secret()).ToHaveValue(""))
	v.reads("Then we send", "A test event", "testMode: true", "The same event again", "An event with a wrong signature")
	v.noInput(address)
	v.app.received(0)
}

// secret is the field for the shop's webhook secret.
func (v *visitor) secret() playwright.Locator { return v.Label("Signing secret (optional)") }

// offers fails the test unless a list offers exactly these event types.
func (v *visitor) offers(label string, codes ...string) {
	v.app.t.Helper()
	options := v.Label(label).Locator("option")
	v.Must(v.Expect(options).ToHaveCount(len(codes)))
	for i, code := range codes {
		v.Must(v.Expect(options.Nth(i)).ToHaveAttribute("value", code))
	}
}

// received fails the test unless the sandbox's receiver got this many
// deliveries, which it returns, the newest first.
func (a *app) received(n int) []sandbox.Receipt {
	a.t.Helper()
	got := a.box.Receipts()
	if len(got) != n {
		a.t.Fatalf("the receiver got %d deliveries, want %d: %+v", len(got), n, got)
	}
	return got
}

// stepResults are the words for the result of a step, by letter. How long a
// response takes depends on the machine: T means any of them.
var stepResults = map[rune]string{
	'P': "^Passed$", 'L': "^Needs attention$", 'F': "^Failed$", 'S': "^Skipped$", 'U': `^\s*Running$`, 'W': "^Waiting$",
	'T': "^(Passed|Needs attention|Failed)$",
}

// got waits until the steps on the page have these results.
func (v *visitor) got(letters string) {
	v.app.t.Helper()
	var want []*regexp.Regexp
	for _, letter := range letters {
		want = append(want, regexp.MustCompile(stepResults[letter]))
	}
	v.Must(v.Expect(v.CSS(".checks > li .mark")).ToHaveText(want))
}

// ended compares the results of a finished check, whose page shows what failed
// first. Each step has its number.
func (v *visitor) ended(letters string) {
	v.app.t.Helper()
	got, ok := v.Eval("() => [...document.querySelectorAll('.checks > li')].sort((a, b) => a.value - b.value)" +
		".map((li) => li.querySelector('.mark').textContent.trim())").([]any)
	if !ok || len(got) != len(letters) {
		v.app.t.Fatalf("the steps ended %v, want %s", got, letters)
	}
	for i, letter := range letters {
		if !regexp.MustCompile(stepResults[letter]).MatchString(got[i].(string)) {
			v.app.t.Errorf("step %d ended %v, want %c", i+1, got[i], letter)
		}
	}
}

// says waits until a screen reader announces this.
func (v *visitor) says(text string) {
	v.app.t.Helper()
	v.SeeText(v.Role("status", ""), text)
}

// isChecked waits for the end of a check. Its result has the focus, so that a
// screen reader announces it.
func (v *visitor) isChecked(letters, title string) {
	v.app.t.Helper()
	v.hasFocus("result")
	v.ended(letters)
	v.heads("Endpoint check")
	v.Must(v.Expect(v.CSS("#result")).ToHaveAccessibleName(regexp.MustCompile(title)))
	v.hasNoSecret()
}

// clipboard is one for all tests that run.
var clipboard sync.Mutex

// copied clicks a button that copies, and returns what it copied.
func (v *visitor) copied(button playwright.Locator) string {
	v.app.t.Helper()
	clipboard.Lock()
	defer clipboard.Unlock()
	v.Eval("document.getElementById('live').textContent = ''") // what an earlier button said
	v.Click(button)
	v.says("Copied")
	return v.Clipboard()
}

// blockDelivery stops the next delivery of the tools to a path of the endpoint.
func (a *app) blockDelivery(path string) *blocked {
	return a.endpointGate.block(a.t, http.MethodPost, path)
}

// TestCheckIsFollowed goes from the create form to the check of its URL,
// follows it step by step, and returns to the form as it was.
func TestCheckIsFollowed(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	v.compose(shop, verifies, donation, orderPlaced)
	v.examines(verifies)
	v.offers("Event type to send", "ORDER_PLACED", "DONATION")
	v.Select(v.Label("Event type to send"), "DONATION")
	v.Fill(v.secret(), shop.WebhookSecret)

	deliveries := []*blocked{
		v.app.blockDelivery("/verify"), v.app.blockDelivery("/verify"),
		v.app.blockDelivery("/verify"),
	}
	v.status(v.Submit(v.Role("button", sendDeliveries)), 200)
	v.Eval("window.sameDocument = true")
	deliveries[0].wait()
	v.got("PPPPLUWWWW")
	v.says("Step 6 of 10: Test delivery.")
	v.Gone(v.Role("link", "Refresh the progress"))
	v.hasNoSecret()
	deliveries[0].release()
	deliveries[1].wait()
	v.got("PPPPLPPTUW")
	v.says("Step 9 of 10: Repeated delivery.")
	deliveries[1].release()
	deliveries[2].wait()
	v.got("PPPPLPPTTU")
	v.says("Step 10 of 10: Forged delivery.")
	if v.Eval("window.sameDocument") != true {
		t.Error("the page was loaded again while the check ran")
	}
	deliveries[2].release()

	v.isChecked("PPPPLPPTTP", "Some steps need your attention|This endpoint needs a fix")
	v.reads(verifies, donation, "it verifies signatures", "What to do:")
	got := v.app.received(3)
	if !got[2].Verified || !got[1].Verified || got[0].Verified || got[2].EventID != got[1].EventID ||
		got[2].Type != "DONATION" || !got[2].TestMode {
		t.Errorf("the receiver got %+v", got)
	}
	v.passesOn(shop.WebhookSecret)
	v.Submit(v.Role("link", "Check again"))
	v.heads("Check an endpoint")
	v.Must(v.Expect(v.address()).ToHaveValue(verifies))
	v.Must(v.Expect(v.Label("Event type to send")).ToHaveValue("DONATION"))
	v.Must(v.Expect(v.secret()).ToHaveValue(""))
	v.Submit(v.Role("link", "Back to the form"))
	v.heads("Create webhook")
	v.kept(verifies, donation, orderPlaced)
	v.counts(orderPlaced, donation)
	v.app.none(0, verifies)
}

// passesOn copies the report of a finished check, and reads it.
func (v *visitor) passesOn(secret string) {
	v.app.t.Helper()
	report := v.copied(v.Role("button", "Copy as text"))
	for _, line := range []string{
		"Endpoint check, ", "Result: ", "\n1. URL: passed", "   - Requests go to: " + verifies,
		"   What to do: ", "\n10. Forged delivery: passed",
	} {
		if !strings.Contains(report, line) {
			v.app.t.Errorf("the report lacks %q:\n%s", line, report)
		}
	}
	if strings.Contains(report, secret) {
		v.app.t.Error("the report has the secret")
	}
	v.Click(v.Text("Show the text"))
	if shown := v.TextOf(v.Role("region", "Share this report").Locator("pre")); squeezed(shown) != squeezed(report) {
		v.app.t.Errorf("the text is shown as\n%s\nand copied as\n%s", shown, report)
	}
}

// TestCheckFromTheEditForm: a change waits while its address is checked.
// Without the secret only one delivery is sent to an endpoint that verifies.
func TestCheckFromTheEditForm(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, accepts, "ORDER_PLACED", "TELEPATHY_RECEIVED")
	v.connectKey(0)
	v.Open(editPath(hook))
	v.Fill(v.address(), verifies)
	v.Check(v.box(donation))
	v.examines(verifies)
	v.offers("Event type to send", "ORDER_PLACED", "DONATION", "TELEPATHY_RECEIVED")

	v.Fill(v.address(), "wss://hooks.example.com")
	v.Select(v.Label("Event type to send"), "TELEPATHY_RECEIVED")
	v.Fill(v.secret(), v.app.shop(0).WebhookSecret)
	v.status(v.Submit(v.Role("button", sendDeliveries)), 422)
	v.reads("This is a WebSocket URL")
	v.hasFocus("url")
	v.Must(v.Expect(v.address()).ToHaveAttribute("aria-invalid", "true"))
	v.Must(v.Expect(v.address()).ToHaveValue("wss://hooks.example.com"))
	v.Must(v.Expect(v.Label("Event type to send")).ToHaveValue("TELEPATHY_RECEIVED"))
	v.hasNoSecret()
	v.app.received(0)

	v.Fill(v.address(), verifies)
	v.status(v.Submit(v.Role("button", sendDeliveries)), 200)
	v.isChecked("PPPPLPLTSS", "Some steps need your attention|This endpoint needs a fix")
	v.reads("probably verifies signatures", "Enter the signing secret and check again", "TELEPATHY_RECEIVED")
	if got := v.app.received(1)[0]; got.Type != "TELEPATHY_RECEIVED" || got.Verified || got.Status != 401 {
		t.Errorf("the receiver got %+v", got)
	}
	v.Submit(v.Role("link", "Back to the form"))
	v.heads("Edit webhook")
	v.kept(verifies, orderPlaced, "TELEPATHY_RECEIVED", donation)
	v.app.hasContent(hook, accepts, "ORDER_PLACED", "TELEPATHY_RECEIVED")
}

// TestCheckOfAWebhook: a response that only Fourthwall counts as a failure is
// explained.
func TestCheckOfAWebhook(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, "http://"+sandbox.ReceiverHost+"/created", "ORDER_PLACED", "DONATION")
	v.connectKey(0)
	v.Open(webhookPath(hook))
	v.status(v.Submit(v.Role("link", "Check the endpoint")), 200)
	v.asksToCheck(hook.URL)
	v.offers("Event type to send", "ORDER_PLACED", "DONATION")
	v.status(v.Submit(v.Role("button", sendDeliveries)), 200)
	v.isChecked("PPPPLPFTSL", "This endpoint needs a fix")
	v.reads("Your endpoint returned 201. Fourthwall only accepts 200", "Return status 200.")
	if got := v.app.received(1)[0]; got.Type != "ORDER_PLACED" || !strings.Contains(got.Body, hook.ID) {
		t.Errorf("the receiver got %+v", got)
	}
	v.Submit(v.Role("link", "Back to the webhook"))
	v.at(webhookPath(hook))
}

// TestThreeChecksAtOnce: a person may run two checks at the same time. The
// third is rejected with its form kept, and works when the others are over.
func TestThreeChecksAtOnce(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, accepts, "ORDER_PLACED", "DONATION")
	v.connectKey(0)
	tabs, third := []*visitor{v, v.tab()}, v.tab()
	for _, tab := range append(tabs, third) {
		tab.fillsInCheck(hook)
	}
	var held []*blocked
	for i, tab := range tabs {
		held = append(held, v.app.blockDelivery("/verify"))
		tab.status(tab.Submit(tab.Role("button", sendDeliveries)), 200)
		held[i].wait()
	}
	third.status(third.Submit(third.Role("button", sendDeliveries)), 429)
	third.hasFocus("banner")
	third.reads("Two checks are running")
	third.Must(third.Expect(third.address()).ToHaveValue(verifies))
	third.Must(third.Expect(third.Label("Event type to send")).ToHaveValue("DONATION"))
	third.hasNoSecret()
	for i, tab := range tabs {
		held[i].release()
		tab.isChecked("PPPPLPPTTP", "Some steps need your attention|This endpoint needs a fix")
	}
	third.status(third.Submit(third.Role("button", sendDeliveries)), 200)
	third.isChecked("PPPPLPLTSS", "Some steps need your attention|This endpoint needs a fix")
	third.Submit(third.Role("link", "Back to the webhook"))
	third.at(webhookPath(hook))
}

// fillsInCheck starts from the page of a webhook, and enters another URL.
func (v *visitor) fillsInCheck(w sandbox.Webhook) {
	v.app.t.Helper()
	v.Open(webhookPath(w))
	v.Submit(v.Role("link", "Check the endpoint"))
	v.Fill(v.address(), verifies)
	v.Select(v.Label("Event type to send"), "DONATION")
	v.Fill(v.secret(), v.app.shop(0).WebhookSecret)
}

// TestCheckContinues: a check continues while no page follows it, and can be opened again. When the page
// cannot follow it, there is a link.
func TestCheckContinues(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, accepts, "DONATION")
	shop := v.connectKey(0)
	v.Open(webhookPath(hook))
	v.Submit(v.Role("link", "Check the endpoint"))
	delivery := v.app.blockDelivery("/ok")
	v.status(v.Submit(v.Role("button", sendDeliveries)), 200)
	delivery.wait()
	check := v.Path()
	v.got("PPPPLUWWWW")
	v.Open(listPath(shop))
	v.Back()
	v.at(check)
	v.got("PPPPLUWWWW")

	v.Must(v.PW.Route("**/stream", func(r playwright.Route) { _ = r.Abort() }))
	v.ExpectProblem("ERR_FAILED")
	v.status(v.Reload(), 200)
	v.says("Progress is no longer shown here")
	v.See(v.Role("link", "Refresh the progress"))
	v.status(v.Navigate(func() {
		v.clickOnly(v.Role("link", "Refresh the progress"))
		delivery.release()
	}), 200)
	v.isChecked("PPPPLPPTTL", "Some steps need your attention|This endpoint needs a fix")
	v.reads("The endpoint doesn’t verify signatures")
	v.app.received(2)
}
