package e2e

import (
	"strings"
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
	"hookwall/views/ui"
)

// needScript are controls that do nothing without script, by role and name.
var needScript = []struct{ role, name string }{
	{"searchbox", "^Search"},
	{"button", "^Copy"},
	{"button", "^Remove"},
}

// worksWithoutScript fails the test if a control is shown that only works with
// script.
func (v *visitor) worksWithoutScript() {
	v.app.t.Helper()
	for _, c := range needScript {
		if n := v.Count(v.named(c.role, c.name)); n > 0 {
			v.app.t.Errorf("%s shows %d times the %s %s", v.Path(), n, c.role, c.name)
		}
	}
}

// TestJourneyWithoutScript goes from connecting to signing out with JavaScript
// disabled.
func TestJourneyWithoutScript(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{NoJavaScript: true})
	v.Open("/")
	v.worksWithoutScript()
	shop := v.signIn(0)
	v.worksWithoutScript()
	v.Submit(v.Role("link", "Create webhook"))
	v.Fill(v.address(), "https://203.0.113.7/fw")
	v.Check(v.box(promotion))
	v.pressesInTheForm()
	v.isRefusedAndCorrected()
	v.keepsTheSecret()
	v.switchesAndLeaves(shop.Name)
}

// pressesInTheForm clicks the buttons that redraw the form.
func (v *visitor) pressesInTheForm() {
	v.app.t.Helper()
	presses := []struct {
		button string
		ticks  []string
	}{
		{"^Fulfillment", []string{orderPlaced, orderUpdated, promotion}},
		{"^All of Orders and tips$", []string{orderPlaced, orderUpdated, donation, promotion}},
		{"^All of Orders and tips$", []string{promotion}},
		{"^Undo", []string{orderPlaced, orderUpdated, donation, promotion}},
	}
	for _, press := range presses {
		v.status(v.Submit(v.named("button", press.button)), 200)
		v.kept("https://203.0.113.7/fw", press.ticks...)
		v.counts(press.ticks...)
		v.worksWithoutScript()
	}
	v.Gone(v.named("button", "^Undo"))
}

func (v *visitor) isRefusedAndCorrected() {
	v.app.t.Helper()
	v.status(v.create(), 422)
	v.reads("WEBHOOK_URI_IP_NOT_ALLOWED", "Use a domain name that points to this server")
	v.HasFocus(v.address())
	v.kept("https://203.0.113.7/fw", orderPlaced, orderUpdated, donation, promotion)
	v.worksWithoutScript()
	v.Fill(v.address(), good)
	v.Uncheck(v.box(orderUpdated))
	v.status(v.create(), 200)
	v.reads("Webhook created.")
	made := v.app.onlyOne(0, good)
	v.app.hasTypes(made, "ORDER_PLACED", "DONATION", "PROMOTION_CREATED")
	v.reads(made.ID, good)
	v.worksWithoutScript()
}

func (v *visitor) keepsTheSecret() {
	v.app.t.Helper()
	secret := v.app.shop(0).WebhookSecret
	v.status(v.Submit(v.Role("button", "Show the secret")), 200)
	v.reads(secret)
	v.worksWithoutScript()
	v.Submit(v.Role("button", "I’ve saved it"))
	v.reads("Secret deleted from Hookwall")
	v.Gone(v.Text(secret))
}

// switchesAndLeaves connects a second shop, goes back to the first, disconnects
// it and signs out.
func (v *visitor) switchesAndLeaves(first string) {
	v.app.t.Helper()
	bar := v.Role("banner", "")
	v.Click(bar.GetByText(first).First())
	v.Submit(bar.GetByRole("link", named("Connect another shop")))
	second := v.giveKey(2).Name
	v.switchShop(second, first)
	v.reads(ui.HostAndPath(good))
	v.disconnect(first)
	v.worksWithoutScript()
	v.signsOut()
	v.reads("You’re signed out")
	v.Open("/shops")
	v.at("/connect")
}

// TestChangesWithoutScript edits a webhook, deletes it and creates it again
// with JavaScript disabled, past the question about a duplicate.
func TestChangesWithoutScript(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{NoJavaScript: true})
	hook := v.app.add(2, good, "ORDER_PLACED", "TELEPATHY_RECEIVED")
	shop := v.connectKey(2)
	v.Submit(v.Role("link", ui.HostAndPath(good)))
	v.Submit(v.Role("link", "Edit"))
	v.worksWithoutScript()
	v.Check(v.box(donation))
	v.status(v.Submit(v.Role("button", "All of Unknown to this version of Hookwall")), 200)
	v.kept(good, orderPlaced, donation)
	v.status(v.Submit(v.named("button", "^Undo")), 200)
	v.kept(good, orderPlaced, donation, "TELEPATHY_RECEIVED")
	v.status(v.review(), 200)
	v.asksAbout(hook)
	v.worksWithoutScript()
	v.status(v.Submit(v.Role("button", saveButton)), 200)
	v.saved(hook, good, "ORDER_PLACED", "TELEPATHY_RECEIVED", "DONATION")
	v.worksWithoutScript()

	v.Open(editPath(hook))
	v.Check(v.box(promotion))
	v.app.replace(hook, good, "TELEPATHY_RECEIVED")
	v.status(v.review(), 409)
	v.worksWithoutScript()
	v.status(v.Submit(v.Role("button", "Save mine")), 200)
	v.saved(hook, good, "TELEPATHY_RECEIVED", "ORDER_PLACED", "DONATION", "PROMOTION_CREATED")
	v.recreatesWithoutScript(hook)
	v.readsWithoutScript(shop)
}

// recreatesWithoutScript deletes a webhook of the third shop and creates it
// again at an address that another one has.
func (v *visitor) recreatesWithoutScript(w sandbox.Webhook) {
	v.app.t.Helper()
	v.Submit(v.Role("link", "Delete"))
	v.worksWithoutScript()
	v.status(v.Submit(v.Role("button", "Delete webhook")), 200)
	v.app.none(2, good)
	v.Submit(v.Role("link", "Create again"))
	v.kept(good, orderPlaced, donation, promotion, "TELEPATHY_RECEIVED")
	v.status(v.create(), 422)
	v.Uncheck(v.box("TELEPATHY_RECEIVED"))
	other := v.app.box.Webhooks(w.ShopID)[0]
	v.Fill(v.address(), other.URL)
	v.status(v.create(), 200)
	v.asksAboutDuplicate(other)
	v.worksWithoutScript()
	v.status(v.Submit(v.Role("button", "Create a second webhook")), 200)
	v.reads("Webhook created.")
}

// readsWithoutScript goes to the pages that only show something.
func (v *visitor) readsWithoutScript(shop sandbox.DemoShop) {
	v.app.t.Helper()
	v.app.fire(2, "DONATION", true, 1)
	bar := v.Role("banner", "")
	v.Submit(bar.GetByRole("link", named("Deliveries")))
	v.filter(map[string]string{"Event type": "DONATION"})
	v.delivered(2)
	v.worksWithoutScript()
	v.Submit(v.deliveries().First().GetByRole("link").First())
	v.Submit(v.Role("link", "Show the body"))
	v.reads(`"testMode": true`)
	v.worksWithoutScript()
	v.Submit(bar.GetByRole("link", named("Activity")))
	v.filter(map[string]string{"Action": "webhook.delete"})
	v.attempted(1)
	v.worksWithoutScript()
	if rows := v.file("activity-" + shop.ID + ".csv"); len(rows) != 2 {
		v.app.t.Errorf("the file has %d rows, want 2", len(rows))
	}
}

// TestImplicitWithoutScript: the older way needs script, and says so.
// Checklist 6.
func TestImplicitWithoutScript(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{NoJavaScript: true})
	v.openImplicit()
	v.Submit(v.Role("button", "Allow"))
	// Playwright does not find by role or text what is in a noscript element.
	shown := v.TextOf(v.main())
	if !strings.Contains(shown, "This older sign-in needs JavaScript") || strings.Contains(shown, "One moment") {
		t.Errorf("the page says %q", shown)
	}
	v.Submit(v.CSS("noscript a"))
	v.signIn(1)
}

// TestFoldsWithoutScript: what is folded opens, and menus on a phone lead on.
func TestFoldsWithoutScript(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{NoJavaScript: true, Width: 375, Height: 700})
	shop := v.connectKey(2)
	v.See(v.Role("banner", "").GetByText(shop.Name).First())
	v.Click(v.CSS("summary").Filter(hasText("Menu")))
	v.Submit(v.Role("banner", "").GetByRole("link", named("Shops")))
	v.at("/shops")
	v.NoSidewaysScroll()
	v.Open(newPath(shop))
	finder := v.Text("Where do I find this?")
	v.Gone(v.CSS("label.pill").First())
	v.Click(finder)
	v.Click(v.CSS("label.pill").GetByText("Zapier"))
	v.See(v.CSS(".finder p").Filter(hasText("Catch Hook")))
	v.Gone(v.CSS(".finder p").Filter(hasText("Custom webhook")))
	v.Click(finder)
	v.Gone(v.CSS("label.pill").First())
}
