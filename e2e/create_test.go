package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/views/ui"
)

const good = "https://hooks.example.com/fourthwall"

// Event types by title, as the picker names them.
const (
	orderPlaced  = "Order placed"
	orderUpdated = "Order updated"
	donation     = "Donation"
	promotion    = "Promotion created"
)

// counts waits until the summary says how many event types are chosen, and
// names exactly these.
func (v *visitor) counts(titles ...string) {
	v.app.t.Helper()
	panel := v.Role("region", "Your webhook")
	chosen := panel.GetByRole("list").GetByRole("listitem")
	v.Must(v.Expect(chosen).ToHaveCount(len(titles)))
	for i, title := range titles {
		v.SeeText(chosen.Nth(i), title)
	}
	v.SeeText(panel, numeral(len(titles))+" of 29")
}

func TestCreateWithTicks(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	v.Submit(v.Role("link", "Create webhook"))
	v.at(newPath(shop))
	v.heads("Create webhook")
	v.HasFocus(v.address())
	v.counts()
	v.Fill(v.address(), good)
	v.Check(v.box(donation))
	v.Check(v.box(orderPlaced))
	v.counts(orderPlaced, donation)
	v.status(v.create(), 200)

	made := v.app.onlyOne(0, good)
	v.app.hasTypes(made, "DONATION", "ORDER_PLACED")
	v.at(webhookPath(made))
	v.reads("Webhook created.")
	v.reads(good, made.ID, "V1", "2 event types", orderPlaced, "ORDER_PLACED", donation, "DONATION",
		"Someone sends you a tip.")
	v.Submit(v.Role("link", "Webhooks").First())
	v.reads(ui.HostAndPath(good), "1 webhook", "2 of 29")
}

func TestCreateFromPreset(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	v.Submit(v.named("link", "^Stream alerts"))
	alerts := []string{orderPlaced, donation, "Gift purchase", "Membership purchased", "Membership changed"}
	v.ticked(alerts...)
	v.Fill(v.address(), good)
	v.Click(v.named("button", "^Fulfillment"))
	v.ticked(append(alerts, orderUpdated)...)
	v.at(newPath(shop) + "?preset=stream-alerts")
	v.status(v.create(), 200)
	v.app.hasTypes(v.app.onlyOne(0, good),
		"ORDER_PLACED", "ORDER_UPDATED", "DONATION", "GIFT_PURCHASE", "SUBSCRIPTION_PURCHASED", "SUBSCRIPTION_CHANGED")
}

// TestPicker: the picker's script changes ticks immediately, without a request,
// and keeps what was typed.
func TestPicker(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(0), good, promotion)
	before := v.asks.list()
	undo := v.named("button", "^Undo")
	v.Gone(undo)

	v.Click(v.Role("button", "All of Orders and tips"))
	v.counts(orderPlaced, orderUpdated, donation, promotion)
	v.SeeText(v.main(), "3 of 3")
	v.Click(v.Role("button", "All of Orders and tips"))
	v.counts(promotion)
	v.Click(undo)
	v.counts(orderPlaced, orderUpdated, donation, promotion)
	v.Gone(undo)

	v.Click(v.named("button", "^Everything"))
	v.Must(v.Expect(v.CSS("input[name=allowedTypes]:checked")).ToHaveCount(29))
	v.SeeText(v.Role("region", "Your webhook"), "29 of 29")
	v.Click(v.Role("button", "Clear the selected event types"))
	v.counts()
	v.Click(v.named("button", "^Everything"))
	v.SeeText(v.Role("region", "Your webhook"), "29 of 29")
	v.Click(v.named("button", "^Everything")) // it is on
	v.counts()

	v.Check(v.box(donation))
	v.Click(v.Role("button", "Remove "+donation))
	v.ticked()
	v.Must(v.Expect(v.address()).ToHaveValue(good))
	// Notes on the URL come while a person types, and not because of the picker.
	isNotes := func(address string) bool { return strings.HasSuffix(address, "/tools/url-notes") }
	if asked := slices.DeleteFunc(v.asks.list()[len(before):], isNotes); len(asked) > 0 {
		t.Errorf("the picker asked for %v", asked)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		words string
		found []string
	}{
		{"tip", []string{donation}},
		{"GIFT_DRAW", []string{"Gift draw started", "Gift draw ended"}},
		{"  product   ADD ", []string{"Product created"}},
		{"72 hours", []string{"Cart left for 72 hours"}},
	}
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(0), good, promotion)
	field := v.named("searchbox", "^Search event types")
	for _, test := range tests {
		v.Fill(field, test.words)
		v.Must(v.Expect(v.Role("checkbox", "")).ToHaveCount(len(test.found)))
		for _, title := range test.found {
			v.See(v.box(title))
		}
	}
	v.Fill(field, "nothing has this")
	v.Must(v.Expect(v.Role("checkbox", "")).ToHaveCount(0))
	v.reads("No event type has these words")
	v.Press("Enter")
	v.Press("Escape")
	v.Must(v.Expect(field).ToHaveValue(""))
	v.Must(v.Expect(v.Role("checkbox", "")).ToHaveCount(29))
	v.at(newPath(v.app.shop(0)))
	v.kept(good, promotion)
}

// TestNotesMoveNothing: a note on the URL that comes late leaves what has the
// focus where it is.
func TestNotesMoveNothing(t *testing.T) {
	t.Parallel()
	for name, scrolled := range map[string]int{"at the top": 0, "scrolled": 200} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{Height: 600})
			shop := v.connectKey(0)
			asked := make(chan playwright.Route, 9)
			v.Must(v.PW.Route("**/tools/url-notes", func(r playwright.Route) { asked <- r }))
			v.Open(newPath(shop))
			v.Fill(v.address(), "http://shop.example/hook")
			v.Must(v.box(donation).Focus())
			v.Eval(fmt.Sprintf("scrollTo(0, %d)", scrolled))
			v.Eval("window.__place = () => document.activeElement.getBoundingClientRect().y, window.__before = __place()")
			v.Must((<-asked).Continue())
			v.See(v.CSS("[data-notes] *").First())
			v.Eval("new Promise(requestAnimationFrame)")
			if moved := v.Eval("Math.abs(__place() - __before) < 1 ? '' : __before + ' → ' + __place()"); moved != "" {
				t.Errorf("the focus moved: %v", moved)
			}
		})
	}
}

// TestSecret: a secret that came with a new webhook is shown on request, and is
// deleted once it is saved.
func TestSecret(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	v.compose(shop, good, donation)
	v.create()
	v.reads("Copy the signing secret")
	hidden := func() {
		t.Helper()
		if strings.Contains(v.html(), shop.WebhookSecret) {
			t.Error("the document has the secret")
		}
	}
	hidden()
	v.status(v.Submit(v.Role("button", "Show the secret")), 200)
	v.reads(shop.WebhookSecret)
	if got := v.copied(v.Role("button", "Copy the secret")); got != shop.WebhookSecret {
		t.Errorf("%q was copied", got)
	}
	v.Submit(v.Role("button", "I’ve saved it"))
	v.at(webhookPath(v.app.onlyOne(0, good)))
	v.reads("Secret deleted from Hookwall")
	hidden()
	v.Gone(v.Role("button", "Show the secret"))
	v.status(v.Back(), 200)
	hidden()
}

// TestSecretIsShownOnce: neither reload nor Back shows the page with the secret
// again, and reload asks for no resend.
// Checklist 34.
func TestSecretIsShownOnce(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	v.compose(shop, good, donation)
	v.create()
	for _, leave := range []func() int{v.Reload, func() int { v.Open("/shops"); return v.Back() }} {
		v.Submit(v.Role("button", "Show the secret"))
		v.reads(shop.WebhookSecret)
		v.status(leave(), 200)
		v.at(webhookPath(v.app.onlyOne(0, good)))
		if strings.Contains(v.html(), shop.WebhookSecret) {
			t.Error("the secret came back")
		}
	}
}

func TestNoSecretCame(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(2), good, donation)
	v.create()
	v.reads("Webhook created.")
	v.reads("For developers")
	v.Click(v.main().Locator("summary").Filter(hasText("Building it yourself?")))
	v.See(v.Role("link", "Find the secret"))
	v.Gone(v.Role("button", "Show the secret"))
}

func TestCopyButtons(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(2), good, donation)
	v.create()
	made := v.app.onlyOne(2, good)
	v.Reload()
	v.Click(v.main().Locator("summary").Filter(hasText("Details")))
	for what, want := range map[string]string{"endpoint URL": good, "webhook ID": made.ID, "API version": "V1"} {
		if got := v.copied(v.Role("button", "Copy the "+what)); got != want {
			t.Errorf("the %s was copied as %q, want %q", what, got, want)
		}
	}
}

// TestHintsNeverBlock: warnings are shown under the URL, and the API decides.
func TestHintsNeverBlock(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	address := "http://hooks.example.com/plain"
	v.compose(v.connectKey(2), address)
	v.status(v.create(), 422)
	v.reads("Select at least one event type", "This URL isn’t encrypted")
	v.kept(address)
	v.Check(v.box(donation))
	v.status(v.create(), 200)
	v.at(webhookPath(v.app.onlyOne(2, address)))
}

// TestFutureTypes: event types that no catalog lists are shown as they are.
func TestFutureTypes(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	made, err := v.app.box.AddWebhook(v.app.shop(1).ID, good, []string{"ORDER_PLACED", "TELEPATHY_RECEIVED"})
	v.app.must(err)
	v.connectKey(1)
	v.reads("TELEPATHY_RECEIVED", orderPlaced)
	v.Submit(v.Role("link", ui.HostAndPath(good)))
	v.at(webhookPath(made))
	v.reads("TELEPATHY_RECEIVED", orderPlaced)
}

// TestPresetsAreLinksToTheForm: the three starting points of the empty list
// lead to the form with their types.
func TestPresetsAreLinksToTheForm(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	for title, ticks := range map[string]int{"Stream alerts": 5, "Memberships": 11, "Fulfillment": 2} {
		v.Open(listPath(shop))
		v.Submit(v.named("link", "^"+title))
		v.Must(v.Expect(v.CSS("input[name=allowedTypes]:checked")).ToHaveCount(ticks))
	}
}
