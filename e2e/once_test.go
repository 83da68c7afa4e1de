package e2e

import (
	"net/http"
	"regexp"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// TestTwoClicksAtOnce: the second click reaches the dashboard while the first
// is still being processed, and together they create one webhook. With script,
// the button no longer accepts the second.
func TestTwoClicksAtOnce(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{NoJavaScript: true})
	shop := v.connectKey(0)
	v.compose(shop, good, donation)
	call := v.app.wire.block(t, http.MethodPost, apiWebhooks)
	first := v.app.frontGate.block(t, http.MethodPost, listPath(shop))
	second := v.app.frontGate.block(t, http.MethodPost, listPath(shop))
	v.pointAt(v.Role("button", "Create webhook"))
	v.clickHere(1)
	first.wait()
	first.release()
	call.wait()
	v.clickHere(1)
	second.wait()
	second.release()
	call.release()
	v.WaitPath("^" + listPath(shop) + "/wcon_")
	v.reads("Webhook created.")
	v.at(webhookPath(v.app.onlyOne(0, good)))
}

// pointAt moves the mouse to an element, on which nothing waits for the clicks
// that follow.
func (v *visitor) pointAt(l playwright.Locator) {
	v.app.t.Helper()
	v.Must(l.ScrollIntoViewIfNeeded())
	box, err := l.BoundingBox()
	v.Must(err)
	v.Must(v.PW.Mouse().Move(box.X+box.Width/2, box.Y+box.Height/2))
}

// clickHere clicks where the mouse is. count is 2 for the second half of a
// double click.
func (v *visitor) clickHere(count int) {
	v.app.t.Helper()
	v.Must(v.PW.Mouse().Down(playwright.MouseDownOptions{ClickCount: &count}))
	v.Must(v.PW.Mouse().Up(playwright.MouseUpOptions{ClickCount: &count}))
}

// TestDoubleClick creates one webhook: both halves come before the response.
func TestDoubleClick(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		v := meet(t, browser.Options{NoJavaScript: !script})
		shop := v.connectKey(0)
		v.compose(shop, good, donation)
		call := v.app.wire.block(t, http.MethodPost, apiWebhooks)
		v.pointAt(v.Role("button", "Create webhook"))
		v.clickHere(1)
		v.clickHere(2)
		call.wait()
		call.release()
		v.WaitPath("^" + listPath(shop) + "/wcon_")
		v.reads("Webhook created.")
		v.app.onlyOne(0, good)
	}
}

// TestSecondHalfOfADoubleClick: the second click, on the page that the first
// one led to, neither activates a button there nor takes the focus.
func TestSecondHalfOfADoubleClick(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, accepts, "DONATION")
	v.connectKey(0)
	v.Open(testPath(hook))
	send := v.Role("button", sendDelivery)
	v.pointAt(send)
	v.status(v.Navigate(func() { v.clickHere(1) }), 200)
	v.isAnswered("200 OK")
	v.clickHere(2)
	v.hasFocus("result")
	v.pointAt(send)
	v.clickHere(2)
	v.hasFocus("result")
	v.app.received(1)

	v.clickHere(1) // begins another one
	v.clickHere(2)
	v.isAnswered("200 OK")
	v.app.received(2)
}

// TestSecondHalfBeforeTheScript: a second click that comes before the script of
// the new page runs doesn't keep the focus either.
func TestSecondHalfBeforeTheScript(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, accepts, "DONATION")
	v.connectKey(0)
	v.Open(testPath(hook))
	asked, released := make(chan struct{}, 9), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	defer release()
	v.Must(v.PW.Route(regexp.MustCompile(`/static/app\.\w+\.js$`), func(r playwright.Route) {
		asked <- struct{}{}
		<-released
		_ = r.Continue()
	}))
	v.pointAt(v.Role("button", sendDelivery))
	v.clickHere(1)
	<-asked
	v.See(v.CSS("#result"))
	v.pointAt(v.CSS("h1"))
	v.clickHere(2)
	v.Must(v.Expect(v.CSS("#result:focus")).ToHaveCount(0))
	release()
	v.isAnswered("200 OK")
	v.app.received(1)
}

// TestBackAndResend: Back shows the form with its input. Sending it again leads
// to the webhook that it created.
func TestBackAndResend(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(0), good, donation, promotion)
	v.status(v.create(), 200)
	made := v.app.onlyOne(0, good)

	v.Back()
	v.at(newPath(v.app.shop(0)))
	v.kept(good, donation, promotion)
	v.counts(donation, promotion)
	v.status(v.create(), 200)
	v.at(webhookPath(made))
	v.app.onlyOne(0, good)

	other := "https://other.example.com/"
	v.Back()
	v.Fill(v.address(), other)
	v.status(v.create(), 422)
	v.reads("already sent this form with other content", made.ID, good)
	v.kept(other, donation, promotion)
	v.app.none(0, other)
	v.status(v.create(), 200)
	v.app.onlyOne(0, other)
	v.app.onlyOne(0, good)
}

// TestBackAfterARefusal: after a rejection and a corrected form, Back shows the
// form with what was typed.
func TestBackAfterARefusal(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(0), "https://203.0.113.7/fw", donation)
	v.status(v.create(), 422)
	v.Fill(v.address(), good)
	v.status(v.create(), 200)
	v.Back()
	v.kept(good, donation)
	v.status(v.create(), 200)
	v.at(webhookPath(v.app.onlyOne(0, good)))
}

// TestNotConfirmed: when the response is lost, the page does not say that the
// create failed. Checking again finds the webhook and makes no second one.
func TestNotConfirmed(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	v.compose(shop, good, donation, promotion)
	v.app.failCreate(sandbox.Failure{Status: 500, Header: http.Header{"X-Request-Id": {"req-lost"}}})
	v.status(v.create(), 502)
	v.heads("Unconfirmed")
	v.reads("Don’t create it again yet", "req-lost", good, donation, promotion)
	v.hasFocus("banner")
	v.status(v.Submit(v.Role("button", "Check again")), 502)
	v.reads("Still unconfirmed")
	v.app.none(2, good)

	made, err := v.app.box.AddWebhook(shop.ID, good, []string{"PROMOTION_CREATED", "DONATION"})
	v.app.must(err)
	v.status(v.Submit(v.Role("button", "Check again")), 200)
	v.at(webhookPath(made))
	v.reads("Webhook created.")
	v.app.onlyOne(2, good)
}

// TestLostAnswer: the webhook was created, but the response was lost on the
// way.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(2), good, donation)
	v.app.failCreate(sandbox.Failure{Cut: sandbox.CutAfter})
	v.status(v.create(), 200)
	v.reads("Webhook created.")
	v.at(webhookPath(v.app.onlyOne(2, good)))
}
