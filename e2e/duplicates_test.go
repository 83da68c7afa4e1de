package e2e

import (
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// asksAboutDuplicate fails the test unless the page asks again, because this
// webhook has the URL already, and has neither URL in its own.
func (v *visitor) asksAboutDuplicate(w sandbox.Webhook) {
	v.app.t.Helper()
	v.heads("This URL already has a webhook")
	v.reads(w.ID, w.URL)
	v.noInput(w.URL)
}

// TestDuplicate: a second webhook with the same URL and a shared event type is
// created only if a person confirms it. The page first offers to extend the
// existing one.
func TestDuplicate(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	orders := v.app.box.Webhooks(shop.ID)[0]
	same := "HTTPS://Receiver.SANDBOX.example:443/orders"

	v.compose(shop, same, orderPlaced, promotion)
	v.status(v.create(), 200)
	v.asksAboutDuplicate(orders)
	v.SeeText(v.Role("listitem", "").Filter(hasText(orders.ID)), orderPlaced)
	v.SeeText(v.Role("region", "What you were about to create"), promotion)
	v.app.none(2, same)
	v.Submit(v.Role("link", "Back to the form"))
	v.kept(same, orderPlaced, promotion)
	v.status(v.create(), 200)

	v.Submit(v.named("link", "missing event type"))
	v.heads("Edit webhook")
	v.kept(orders.URL, orderPlaced, orderUpdated, promotion)
	v.status(v.review(), 200)
	v.status(v.Submit(v.Role("button", saveButton)), 200)
	v.saved(orders, orders.URL, "ORDER_PLACED", "ORDER_UPDATED", "PROMOTION_CREATED")
	v.app.none(2, same)

	// Nothing is missing there now, so that there is nothing to extend.
	v.compose(shop, same, promotion)
	v.status(v.create(), 200)
	v.asksAboutDuplicate(v.app.current(orders))
	v.Gone(v.named("link", "missing event type"))
	v.status(v.Submit(v.Role("button", "Create a second webhook")), 200)
	v.reads("Webhook created.")
	second := v.app.onlyOne(2, same)
	v.at(webhookPath(second))
	v.app.hasTypes(second, "PROMOTION_CREATED")

	// Back leads to the question, which is answered already.
	v.Back()
	v.at(webhookPath(second))
	v.app.onlyOne(2, same)
}

// TestNoDuplicate: webhooks with one URL may have different event types.
func TestNoDuplicate(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	orders := v.app.box.Webhooks(shop.ID)[0]
	v.compose(shop, orders.URL, donation)
	v.status(v.create(), 200)
	v.reads("Webhook created.")
	if n := len(v.app.made(2, orders.URL)); n != 2 {
		t.Errorf("the shop has %d webhooks for %s, want 2", n, orders.URL)
	}
}

// TestEditToDuplicate: an edit that would make a duplicate warns before it is
// saved.
func TestEditToDuplicate(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	hooks := v.app.box.Webhooks(shop.ID)
	orders, catalog := hooks[0], hooks[2]
	v.Open(editPath(catalog))
	v.Fill(v.address(), orders.URL)
	v.Check(v.box(orderUpdated))
	v.status(v.review(), 200)
	v.asksAbout(catalog)
	v.reads("Another webhook already uses this URL", orders.ID)
	v.SeeText(v.Role("listitem", "").Filter(hasText(orders.ID)), orderUpdated)
	v.status(v.Submit(v.Role("button", "Save anyway")), 200)
	v.saved(catalog, orders.URL, "PRODUCT_CREATED", "PRODUCT_UPDATED", "COLLECTION_UPDATED", "ORDER_UPDATED")
}
