package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

const sendDelivery = "Send this test delivery"

func testPath(w sandbox.Webhook) string { return webhookPath(w) + "/test" }

// body is the field for a delivery's body.
func (v *visitor) body() playwright.Locator { return v.Role("textbox", "Body") }

// sends clicks the button, and waits until the response has the focus, so that
// a screen reader announces it.
func (v *visitor) sends(answer string) {
	v.app.t.Helper()
	v.status(v.Submit(v.Role("button", sendDelivery)), 200)
	v.isAnswered(answer)
}

func (v *visitor) isAnswered(answer string) {
	v.app.t.Helper()
	v.hasFocus("result")
	v.Must(v.Expect(v.CSS("#result")).ToHaveAccessibleName(regexp.MustCompile("The endpoint returned " + answer + " in ")))
	v.Must(v.Expect(v.secret()).ToHaveValue(""))
	v.hasNoSecret()
}

// TestTestDelivery sends the sample of another type, changed and signed; sends
// it without the secret; and is told what is wrong with it when it is no JSON.
func TestTestDelivery(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, verifies, "ORDER_PLACED", "DONATION", "TELEPATHY_RECEIVED")
	shop := v.connectKey(0)
	v.Submit(v.Role("link", verifies))
	v.status(v.Submit(v.Role("link", "Send a test")), 200)
	v.at(testPath(hook))
	v.heads("Send a test delivery")
	v.reads("We send one POST request to", verifies)
	v.offers("Event type", "ORDER_PLACED", "DONATION", "TELEPATHY_RECEIVED")
	v.picks("DONATION")

	changed := strings.Replace(v.Value(v.body()), `"testMode": true`, `"note": "größer & <b>more</b> 🎁", "testMode": true`,
		1)
	v.Fill(v.body(), changed)
	v.Fill(v.secret(), shop.WebhookSecret)
	v.app.received(0)
	v.sends("200 OK")
	v.reads("Signature", "Signed with the secret that you entered", "has no body")
	got := v.app.received(1)[0]
	if !got.Verified || got.Body != changed || got.Type != "DONATION" || !got.TestMode ||
		!strings.Contains(changed, "größer") {
		t.Errorf("the receiver got %+v, want %s", got, changed)
	}
	v.Must(v.Expect(v.body()).ToHaveValue(changed))
	v.at(testPath(hook))

	v.sends("401 Unauthorized")
	v.reads("signed with a random key", "probably verifies signatures")
	if got := v.app.received(2)[0]; got.Verified || got.Body != changed {
		t.Errorf("the receiver got %+v", got)
	}

	broken := "{\n  \"id\": \"weve_1\",\n  \"type\": \n}"
	v.Fill(v.body(), broken)
	v.Fill(v.secret(), shop.WebhookSecret)
	v.status(v.Submit(v.Role("button", sendDelivery)), 422)
	v.hasFocus("body")
	v.reads("no longer valid JSON. Check line 4")
	v.Must(v.Expect(v.body()).ToHaveAttribute("aria-invalid", "true"))
	v.Must(v.Expect(v.body()).ToHaveValue(broken))
	v.hasNoSecret()
	v.app.received(2)
}

// picks shows the sample of another event type.
func (v *visitor) picks(code string) {
	v.app.t.Helper()
	v.Select(v.Label("Event type"), code)
	v.status(v.Submit(v.Role("button", "Show the sample")), 200)
	v.Must(v.Expect(v.Label("Event type")).ToHaveValue(code))
	v.Must(v.Expect(v.body()).ToHaveValue(regexp.MustCompile(`"type": "` + code + `"`)))
}

// TestHostileAnswer: an endpoint's response is only ever shown as text, and
// copying it copies exactly what was received.
func TestHostileAnswer(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	answer := strings.Join(hostile, "\n") + "\n\u202e\x1b[2J end"
	v.app.answers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Refresh", "0;url=https://evil.example/")
		w.Header().Set("Location", hostile[2])
		for _, text := range hostile {
			w.Header().Add("X-Hostile", text)
		}
		w.WriteHeader(http.StatusFound)
		_, _ = w.Write([]byte(answer))
	}))
	hook := v.app.add(0, accepts, "DONATION")
	v.connectKey(0)
	v.Open(testPath(hook))
	v.sends("302 Found")
	v.reads(hostile...)
	v.reads("This check doesn’t follow redirects", "U+202E", "U+001B")
	v.hasNoTrap()
	headers := v.Role("table", "")
	for _, text := range append(hostile, "text/html", "0;url=https://evil.example/") {
		v.SeeText(headers, text)
	}
	if got := v.copied(v.Role("button", "Copy the body")); strings.TrimSpace(got) != answer {
		t.Errorf("the body was copied as %q, want %q", got, answer)
	}

	v.Submit(v.Role("link", "Check the endpoint instead"))
	v.status(v.Submit(v.Role("button", sendDeliveries)), 200)
	v.isChecked("PPPPLPFTSS", "This endpoint needs a fix")
	v.reads(hostile[2])
	v.hasNoTrap()
}

// TestSendOnce: a double click sends once.
func TestSendOnce(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, accepts, "DONATION")
	v.connectKey(0)
	v.Open(testPath(hook))
	delivery := v.app.blockDelivery("/ok")
	v.pointAt(v.Role("button", sendDelivery))
	v.clickHere(1)
	v.clickHere(2)
	delivery.wait()
	delivery.release()
	v.isAnswered("200 OK")
	v.app.received(1)
}
