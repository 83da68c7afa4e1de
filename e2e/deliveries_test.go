package e2e

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

func eventsPath(shop sandbox.DemoShop) string { return "/shops/" + shop.ID + "/events" }

// deliveries are the rows of the delivery log.
func (v *visitor) deliveries() playwright.Locator {
	return v.main().GetByRole("row").Filter(playwright.LocatorFilterOptions{Has: v.PW.GetByRole("rowheader")})
}

// delivered waits until the log has this many rows.
func (v *visitor) delivered(n int) {
	v.app.t.Helper()
	v.Must(v.Expect(v.deliveries()).ToHaveCount(n))
}

// TestDeliveryLog: the log is split into pages, can be filtered by event type
// and by webhook, and marks tests and errors.
func TestDeliveryLog(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.app.stopClock()
	shop := v.connectKey(2)
	hooks := v.app.box.Webhooks(shop.ID)
	v.Submit(v.Role("banner", "").GetByRole("link", named("Deliveries")))
	v.at(eventsPath(shop))
	v.delivered(0)
	v.app.fire(2, "PRODUCT_UPDATED", false, 51)
	v.app.fire(2, "GIFT_PURCHASE", true, 1)

	v.Reload()
	v.heads("Deliveries")
	v.delivered(50)
	newest := v.deliveries().First()
	for _, text := range []string{
		"Gift purchase", "Test", "Returned 500. Only 200 counts.", "What to do",
	} {
		v.SeeText(newest, text)
	}
	before := v.deliveries().Nth(1)
	v.SeeText(before, "Accepted")
	if text := v.TextOf(before); strings.Contains(text, "What to do") || strings.Contains(text, "Test") {
		t.Errorf("a delivery without error or test mode is shown as %s", text)
	}
	v.Submit(v.Role("link", "Older"))
	v.delivered(2)
	v.Gone(v.Role("link", "Older"))
	v.Submit(v.Role("link", "Newer"))
	v.delivered(50)

	typed := func(label string) playwright.Locator { return v.Role("search", "").GetByLabel(label) }
	v.Select(typed("Event type"), "GIFT_PURCHASE")
	v.delivered(1)
	v.at(eventsPath(shop) + "?type=GIFT_PURCHASE")
	v.Select(typed("Event type"), "PRODUCT_UPDATED")
	v.delivered(50)
	v.Submit(v.Role("link", "Older"))
	v.delivered(1)
	v.at(eventsPath(shop) + "?page=2&type=PRODUCT_UPDATED")
	v.Select(typed("Event type"), "")
	v.delivered(50)
	v.at(eventsPath(shop))
	v.Check(typed("Failed only"))
	v.delivered(1)
	v.reads("1 of 52 deliveries match.")
	v.at(eventsPath(shop) + "?failed=1")
	v.Uncheck(typed("Failed only"))
	v.delivered(50)
	v.Fill(typed("Webhook"), hooks[2].ID)
	v.Press("Enter")
	v.reads("51 of 52 deliveries match.")
	v.Submit(v.Role("link", "Show all"))
	v.at(eventsPath(shop))
	v.Open(webhookPath(hooks[0]))
	v.Submit(v.Role("link", "All deliveries of this webhook"))
	v.delivered(0)
	v.status(v.Open(eventsPath(shop)+"?type=UNHEARD_OF"), 422)
	v.Submit(v.Role("link", "Show all deliveries"))
	v.at(eventsPath(shop))
	v.delivered(50)
}

// TestFollowedLog: with script, the log shows new deliveries by itself until that
// is switched off. Without, a link does.
func TestFollowedLog(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.app.add(0, "https://"+sandbox.ReceiverHost+"/ok", "DONATION")
	shop := v.connectKey(0)
	v.app.fire(0, "DONATION", false, 1)
	v.Open(eventsPath(shop))
	v.delivered(1)
	live := v.Role("switch", "Live")
	v.Gone(v.Role("link", "Check for new"))
	v.app.fire(0, "DONATION", false, 2)
	v.delivered(3)
	v.says("2 new deliveries.")
	v.Click(live)
	v.Must(v.Expect(live).ToHaveAttribute("aria-checked", "false"))
	v.app.fire(0, "DONATION", false, 1)
	v.Click(live)
	v.delivered(4)
	v.Must(v.Expect(live).ToHaveAttribute("aria-checked", "true"))
}

// TestLogWithoutScript: the filter has a button, and its empty fields don't get
// into the address.
func TestLogWithoutScript(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{NoJavaScript: true})
	v.app.add(0, "https://"+sandbox.ReceiverHost+"/ok", "DONATION")
	shop := v.connectKey(0)
	v.app.fire(0, "DONATION", false, 1)
	v.Open(eventsPath(shop))
	v.delivered(1)
	v.app.fire(0, "DONATION", false, 1)
	v.Submit(v.Role("link", "Check for new"))
	v.delivered(2)
	v.Check(v.Role("search", "").GetByLabel("Failed only"))
	v.Submit(v.Role("button", "Apply"))
	v.delivered(0)
	v.at(eventsPath(shop) + "?failed=1")
}

// TestDeliveryBody: a delivery's body is not in the page before a person asks
// for it, and is read again each time.
func TestDeliveryBody(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	v.app.fire(2, "ORDER_UPDATED", false, 1)
	sent := v.app.box.Receipts()[0].Body
	buyer := regexp.MustCompile(`[\w.+-]+@[\w.-]+`).FindString(sent)
	if buyer == "" {
		t.Fatalf("the event has no address of a buyer's: %s", sent)
	}
	v.Open(eventsPath(shop))
	v.Submit(v.deliveries().GetByRole("link").First())
	v.heads(orderUpdated)
	delivery := v.app.box.Deliveries(shop.ID)[0]
	at := eventsPath(shop) + "/" + delivery.ID
	v.at(at)
	v.reads(delivery.ID, delivery.URL, delivery.WebhookID, shop.ID, "ORDER_UPDATED", sandbox.StateDelivered)
	v.hasNot(buyer)
	v.status(v.Submit(v.Role("link", "Show the body")), 200)
	var pretty bytes.Buffer
	v.Must(json.Indent(&pretty, []byte(sent), "", "  "))
	if got := v.TextOf(v.Role("region", "Body").Locator("code").First()); squeezed(got) != squeezed(pretty.String()) {
		t.Errorf("the body is shown as\n%s\nwant\n%s", got, pretty.String())
	}
	if got := v.copied(v.Role("button", "Copy the body")); strings.TrimSpace(got) != pretty.String() {
		t.Errorf("the body was copied as\n%q\nwant\n%q", got, pretty.String())
	}
	v.Submit(v.Role("link", "Hide the body"))
	v.at(at)
	v.hasNot(buyer)
	if strings.Contains(v.app.logs.String(), buyer) {
		t.Error("the log has the buyer's address")
	}
}

// hasNot fails the test if the document has a text, visible or not.
func (v *visitor) hasNot(text string) {
	v.app.t.Helper()
	if strings.Contains(v.html(), text) {
		v.app.t.Errorf("the document at %s has %q", v.Path(), text)
	}
}

// squeezed removes blanks, which browsers report in different ways.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// TestFailsThenSucceeds: a delivery is shown to fail and to be retried, until
// it arrives. The list of webhooks shows the error until then.
func TestFailsThenSucceeds(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.app.stopClock()
	hook := v.app.add(0, "http://"+sandbox.ReceiverHost+"/flaky", "DONATION")
	shop := v.connectKey(0)
	row := v.Role("listitem", "").Filter(hasText(hook.URL))
	if text := v.TextOf(row); strings.Contains(text, "error") || strings.Contains(text, "failed") {
		t.Errorf("before the first delivery the list says: %s", text)
	}
	v.app.fire(0, "DONATION", false, 1)
	for range 2 {
		v.Open(listPath(shop))
		v.SeeText(row, "1 of 1 failed")
		v.Submit(row.GetByRole("link", playwright.LocatorGetByRoleOptions{Name: "failed"}))
		v.at(eventsPath(shop) + "?webhook=" + hook.ID)
		v.delivered(1)
		v.SeeText(v.deliveries(), "Returned 503. Only 200 counts.")
		v.Submit(v.deliveries().GetByRole("link").First())
		v.reads("Fourthwall reports an error", "Returned 503. Only 200 counts.", sandbox.StateRetrying)
		v.app.advance(2 * time.Second)
	}
	v.Reload()
	v.reads(sandbox.StateDelivered)
	v.Gone(v.Text("Fourthwall reports an error"))
	v.Open(listPath(shop))
	v.SeeText(row, "1 accepted")
	if got := v.app.box.Receipts(); len(got) != 3 || got[0].EventID != got[2].EventID {
		t.Errorf("the receiver got %+v, want one event three times", got)
	}
}

// TestDeliveriesWithoutReading: without the permission the log says which one
// is missing, and a person who allows it comes back to the log.
func TestDeliveriesWithoutReading(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.app.shop(0)
	v.app.add(0, "https://"+sandbox.ReceiverHost+"/ok", "DONATION")
	v.app.fire(0, "DONATION", false, 1)
	v.connectWithout("webhook_read")
	v.Submit(v.Role("banner", "").GetByRole("link", named("Deliveries")))
	v.heads("Deliveries")
	v.reads("can’t read deliveries", "webhook_read")
	v.status(v.Open(eventsPath(shop)+"/"+v.app.box.Deliveries(shop.ID)[0].ID), 403)
	v.reads("webhook_read")
	v.Open(eventsPath(shop))
	v.Submit(v.Role("link", "Connect the shop again"))
	v.Submit(v.Role("link", codeLink))
	v.allow(0)
	v.at(eventsPath(shop))
	v.delivered(1)
}
