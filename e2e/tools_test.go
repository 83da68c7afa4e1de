package e2e

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// delivery is what came to an endpoint.
type delivery struct{ body, headers bytes.Buffer }

// TestToolsAgree: what one tool sends, the other finds signed.
func TestToolsAgree(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	var came atomic.Pointer[delivery]
	v.app.answers(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var d delivery
		_, _ = d.body.ReadFrom(r.Body)
		_ = r.Header.Write(&d.headers)
		came.Store(&d)
	}))
	hook := v.app.add(0, accepts, "ORDER_PLACED")
	shop := v.connectKey(0)
	v.Open(testPath(hook))
	v.Fill(v.secret(), shop.WebhookSecret)
	v.sends("200 OK")
	v.Submit(v.Role("banner", "").GetByRole("link", named("Tools")))
	v.Submit(v.Role("main", "").GetByRole("link", named("Check a signature")))
	got := came.Load()
	v.checkSignature(got.body.String(), got.headers.String(), shop.WebhookSecret)
	v.verdict("The signature is valid", "")
	v.SeeText(v.Role("banner", ""), shop.Name)
}

// TestToolsSurviveSigningIn: what was typed is there after the session had to
// be renewed, but for the secret, and nothing was sent in between.
func TestToolsSurviveSigningIn(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, accepts, "DONATION")
	v.Open("/connect")
	shop := v.signIn(0)
	v.Open(testPath(hook))
	v.Fill(v.body(), `{"changed": true}`)
	v.Fill(v.secret(), shop.WebhookSecret)
	v.app.box.Advance(32 * 24 * time.Hour)
	v.Submit(v.Role("button", sendDelivery))
	v.heads("Connect a shop")
	v.Submit(v.Role("link", codeLink))
	v.allow(0)
	v.heads("Send a test delivery")
	v.Must(v.Expect(v.body()).ToHaveValue(`{"changed": true}`))
	v.Must(v.Expect(v.secret()).ToHaveValue(""))
	v.hasNoSecret()
	v.app.received(0)

	v.Submit(v.Role("link", "Check the endpoint instead"))
	v.Fill(v.address(), verifies)
	v.Fill(v.secret(), shop.WebhookSecret)
	v.Must(v.Context().ClearCookies())
	v.Submit(v.Role("button", sendDeliveries))
	v.heads("Connect a shop")
	v.giveKey(0)
	v.asksToCheck(verifies)
}

// TestToolsByKeyboard checks an address, sends a delivery and checks its
// signature with Tab, arrows, Enter and Space alone.
func TestToolsByKeyboard(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, verifies, "ORDER_PLACED", "DONATION")
	shop := v.connectKey(0)
	v.Open(newPath(shop))
	v.HasFocus(v.address())
	v.Type(verifies)
	v.press("Enter", v.Role("button", "Check the URL first"))
	v.selectByKeyboard(v.Label("Event type to send"), "DONATION")
	v.stepTo(v.secret())
	v.Type(shop.WebhookSecret)
	v.status(v.Navigate(func() { v.Press("Enter") }), 200)
	v.isChecked("PPPPLPPTTP", "Some steps need your attention|This endpoint needs a fix")
	if got := v.app.received(3)[2]; got.Type != "DONATION" {
		t.Errorf("the receiver got %+v", got)
	}
	v.stepTo(v.Role("region", "Share this report").Locator("summary"))
	v.Press("Enter")
	v.See(v.Role("region", "Share this report").Locator("pre"))
	v.stepBackTo("link", "Check again")
	v.status(v.Navigate(func() { v.Press("Enter") }), 200)
	v.press("Enter", v.Role("link", "Back to the form"))
	v.kept(verifies)

	v.Open(testPath(hook))
	v.selectByKeyboard(v.Label("Event type"), "DONATION")
	v.press("Enter", v.Role("button", "Show the sample"))
	v.stepTo(v.body())
	v.Press("Control+End")
	v.Type("\n")
	v.stepTo(v.secret())
	v.Type(shop.WebhookSecret)
	v.press("Space", v.Role("button", sendDelivery))
	v.isAnswered("200 OK")
	got := v.app.received(4)[0]
	if got.Type != "DONATION" || !strings.HasSuffix(got.Body, "}\n") {
		t.Errorf("the receiver got %+v", got)
	}
	v.press("Enter", v.Role("banner", "").GetByRole("link", named("Tools")))
	v.press("Enter", v.Role("main", "").GetByRole("link", named("Check a signature")))
	v.checksSignatureByKeyboard(`{"id":"weve_1"}`, shop.WebhookSecret)
}

func (v *visitor) checksSignatureByKeyboard(body, secret string) {
	v.app.t.Helper()
	v.stepTo(v.body())
	v.Type(body)
	v.stepTo(v.CSS("#file"))
	v.stepTo(v.Label("Signature"))
	v.Type(base64Of(signed(body, secret)))
	v.stepTo(v.signingSecret())
	v.Type(secret)
	v.status(v.Navigate(func() { v.Press("Enter") }), 200)
	v.verdict("The signature is valid", "")
	v.stepTo(v.CSS("summary").Filter(hasText("Python")))
	v.Press("Space")
	v.stepTo(v.named("button", "^Copy the Python"))
}

// TestToolsWithoutScript: the page of a check waits for its end, and there is
// a way on when it does not; a delivery and a signature need no script.
func TestToolsWithoutScript(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{NoJavaScript: true})
	shop := v.connectKey(0)
	v.compose(shop, verifies, donation)
	v.examines(verifies)
	v.worksWithoutScript()
	v.Fill(v.secret(), shop.WebhookSecret)
	v.waitsFor("/verify", v.Role("button", sendDeliveries))
	v.isChecked("PPPPLPPTTP", "Some steps need your attention|This endpoint needs a fix")
	v.worksWithoutScript()
	v.Click(v.Text("Show the text"))
	v.SeeText(v.Role("region", "Share this report").Locator("pre"), "10. Forged delivery: passed")
	v.app.received(3)

	v.Submit(v.Role("link", "Check again"))
	v.Eval("document.querySelector('[name=follow]').value = '1'") // so that the page comes at once, as after a long wait
	delivery := v.app.blockDelivery("/verify")
	v.status(v.Submit(v.Role("button", sendDeliveries)), 200)
	delivery.wait()
	v.worksWithoutScript()
	v.status(v.Navigate(func() {
		v.clickOnly(v.Role("link", "Refresh the progress"))
		delivery.release()
	}), 200)
	v.isChecked("PPPPLPLTSS", "Some steps need your attention|This endpoint needs a fix")
	v.Submit(v.Role("link", "Back to the form"))
	v.kept(verifies, donation)
	v.testsWithoutScript(shop)
}

// waitsFor clicks a button, delays the delivery that it sends, and returns when
// the page is there.
func (v *visitor) waitsFor(path string, button playwright.Locator) {
	v.app.t.Helper()
	delivery := v.app.blockDelivery(path)
	v.status(v.Navigate(func() {
		v.clickOnly(button)
		delivery.wait()
		delivery.release()
	}), 200)
}

func (v *visitor) testsWithoutScript(shop sandbox.DemoShop) {
	v.app.t.Helper()
	hook := v.app.add(0, verifies, "ORDER_PLACED", "DONATION")
	v.Open(webhookPath(hook))
	v.worksWithoutScript()
	v.Submit(v.Role("link", "Send a test"))
	v.picks("DONATION")
	v.worksWithoutScript()
	sent := v.Value(v.body())
	v.Fill(v.secret(), shop.WebhookSecret)
	v.sends("200 OK")
	v.worksWithoutScript()
	if got := v.app.received(5)[0]; got.Body != sent || !got.Verified {
		v.app.t.Errorf("the receiver got %+v, want %s", got, sent)
	}
	v.Submit(v.Role("banner", "").GetByRole("link", named("Tools")))
	v.Submit(v.Role("main", "").GetByRole("link", named("Check a signature")))
	v.worksWithoutScript()
	v.checkSignature(sent, base64Of(signed(sent, shop.WebhookSecret)), shop.WebhookSecret)
	v.verdict("The signature is valid", "")
	v.Click(v.CSS("summary").Filter(hasText("Ruby")))
	v.See(v.Text("secure_compare").First())
	v.worksWithoutScript()
}

// toolScenes are the pages of the tools.
var toolScenes = []scene{
	{name: "check, asked", show: showCheckStart, status: 200, heading: "Check an endpoint"},
	{name: "check, refused", show: showCheckRefused, status: 422, heading: "Check an endpoint"},
	{name: "check, under way", show: showCheckRunning, status: 200, heading: "Endpoint check"},
	{name: "check, under way, no script", show: showCheckRunning, status: 200, heading: "Endpoint check", noScript: true},
	{name: "check, finished", show: showChecked, status: 200, heading: "Endpoint check"},
	{name: "check, interrupted", show: showCheckInterrupted, status: 200, heading: "Endpoint check"},
	{
		name: "test", show: func(v *visitor) int { return v.Open(testPath(tests(v))) }, status: 200,
		heading: "Send a test delivery",
	},
	{name: "test, answered", show: showTestAnswered, status: 200, heading: "Send a test delivery"},
	{name: "test, no answer", show: showTestUnanswered, status: 200, heading: "Send a test delivery"},
	{name: "test, not JSON", show: showTestRefused, status: 422, heading: "Send a test delivery"},
	{name: "signature", show: showSnippets, status: 200, heading: "Check a signature"},
	{name: "signature, valid", show: showValid, status: 200, heading: "Check a signature"},
	{name: "signature, not valid", show: showNotValid, status: 200, heading: "Check a signature"},
	{name: "signature, errors", show: showSignatureErrors, status: 422, heading: "Check a signature"},
}

var longPath = "/" + strings.Repeat("a-long-path-without-an-end", 10)

// tests connects a shop whose webhook has a long address and many types.
func tests(v *visitor) sandbox.Webhook {
	hook := v.app.add(0, "http://"+sandbox.ReceiverHost+longPath, longTypes...)
	v.connectKey(0)
	return hook
}

func showCheckStart(v *visitor) int {
	v.Open(webhookPath(tests(v)))
	return v.Submit(v.Role("link", "Check the endpoint"))
}

func showCheckRefused(v *visitor) int {
	showCheckStart(v)
	v.Fill(v.address(), "https://"+strings.Repeat("long", 60)+" .example")
	return v.Submit(v.Role("button", sendDeliveries))
}

// showCheckRunning stays at the first delivery for as long as the scene lasts.
func showCheckRunning(v *visitor) int {
	showCheckStart(v)
	delivery := v.app.blockDelivery(longPath)
	v.Eval("document.querySelector('[name=follow]').value = '1'")
	v.Submit(v.Role("button", sendDeliveries))
	delivery.wait()
	status := v.Reload() // without script the page stays as it was when it was asked for
	v.got("PPPPLUWWWW")
	return status
}

// answersBadly sends a response with much that does not fit into a line.
func answersBadly(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", longAddress)
	w.Header().Set("X-"+strings.Repeat("Long-", 30)+"Name", strings.Repeat("unbreakable", 30))
	w.WriteHeader(http.StatusPermanentRedirect)
	_, _ = w.Write([]byte("\x1b[2J<b>" + strings.Repeat("unbreakable", 2<<10)))
}

func showChecked(v *visitor) int {
	v.app.answers(http.HandlerFunc(answersBadly))
	showCheckStart(v)
	status := v.Submit(v.Role("button", sendDeliveries))
	v.hasFocus("result")
	v.Click(v.Text("Show the text"))
	return status
}

// showCheckInterrupted comes back to a check that was abandoned.
func showCheckInterrupted(v *visitor) int {
	showCheckRunning(v)
	at := v.Path()
	v.Open("/shops") // a page that follows the check would come back to it by itself
	v.app.move(time.Minute)
	status := v.Open(at)
	v.hasFocus("result")
	return status
}

func showTestAnswered(v *visitor) int {
	v.app.answers(http.HandlerFunc(answersBadly))
	v.Open(testPath(tests(v)))
	return v.Submit(v.Role("button", sendDelivery))
}

func showTestUnanswered(v *visitor) int {
	hook := v.app.add(0, "https://127.0.0.1:1/"+strings.Repeat("long", 40), "DONATION")
	v.connectKey(0)
	v.Open(testPath(hook))
	status := v.Submit(v.Role("button", sendDelivery))
	v.reads("No response")
	return status
}

func showTestRefused(v *visitor) int {
	v.Open(testPath(tests(v)))
	v.Fill(v.body(), strings.Repeat("no JSON ", 100))
	return v.Submit(v.Role("button", sendDelivery))
}

// showSnippets has all of them open.
func showSnippets(v *visitor) int {
	status := v.Open(signaturePath)
	folds := v.Role("region", "In your own program").Locator("summary")
	for i := range v.Count(folds) {
		v.Click(folds.Nth(i))
	}
	return status
}

func showValid(v *visitor) int {
	v.Open(signaturePath)
	body := "{\n}"
	v.checkSignature(body, "X-Unheard-Of: "+base64Of(signed(body, "secret")), "secret")
	return http.StatusOK
}

func showNotValid(v *visitor) int {
	v.connectKey(0)
	v.Open(signaturePath)
	v.Choose(v.CSS("#file"), strings.Repeat("long", 40)+".json", []byte("{}"))
	v.checkSignature("", "sha256="+strings.Repeat("0123456789abcdef", 6), " wcon_1 ")
	v.reads("Why it isn’t valid")
	return http.StatusOK
}

func showSignatureErrors(v *visitor) int {
	v.Open(signaturePath)
	return v.Submit(v.Role("button", checkSignature))
}
