package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/views/ui"
)

// focusState is what a person sees of the element that has the focus.
type focusState struct {
	Tag       string `json:"tag"`
	Text      string `json:"text"`
	At        int    `json:"at"`       // place in the document
	Ring      bool   `json:"ring"`     // an outline, on it or on what it stands in
	Inside    bool   `json:"inside"`   // in the window
	Uncovered bool   `json:"unhidden"` // nothing lies over it
	Goal      bool   `json:"goal"`     // it is where the test is going
}

// readFocusState needs no script of the page. The outline of a checkbox may be
// drawn around its whole row, and for a tall element a visible part is enough.
const readFocusState = `() => {
	const e = document.activeElement
	const at = [...document.querySelectorAll('*')].indexOf(e)
	const text = (e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText || '')
		.replace(/\s+/g, ' ').slice(0, 60)
	const outlined = n => {
		const s = getComputedStyle(n)
		return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0
	}
	let ring = false
	for (let n = e, i = 0; n && n !== document.body && i < 3; n = n.parentElement, i++) ring ||= outlined(n)
	const r = e.getClientRects()[0] ?? new DOMRect(-1, -1)
	const tall = r.height > innerHeight / 3
	const x = r.x + r.width / 2, y = tall ? (Math.max(r.top, 0) + Math.min(r.bottom, innerHeight)) / 2 : r.y + r.height / 2
	const inside = x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight
	const top = inside ? document.elementFromPoint(x, y) : null
	const unhidden = !!top && (e.contains(top) || top.contains(e) || !!e.closest('label')?.contains(top))
	return JSON.stringify({tag: e.tagName.toLowerCase(), text, at, ring, inside, unhidden, goal: e === window.__goal})
}`

func (v *visitor) focusState() focusState {
	v.app.t.Helper()
	var s focusState
	v.Must(json.Unmarshal([]byte(fmt.Sprint(v.Eval(readFocusState))), &s))
	return s
}

// step presses Tab and fails the test when the person cannot see where the
// focus is then.
func (v *visitor) step() focusState {
	v.app.t.Helper()
	v.Press("Tab")
	s := v.focusState()
	if s.Tag != "body" && (!s.Ring || !s.Inside || !s.Uncovered) {
		v.app.t.Errorf("at %s the focus on %s %q is not visible: %+v", v.Path(), s.Tag, s.Text, s)
	}
	return s
}

// goesTo notes an element as the goal of the steps that follow, so that it is
// looked for only once.
func (v *visitor) goesTo(l playwright.Locator) {
	v.app.t.Helper()
	v.See(l)
	_, err := l.Evaluate("e => { window.__goal = e }", nil)
	v.Must(err)
}

// maxSteps is more than any page has stops for Tab.
const maxSteps = 200

// stepTo presses Tab until the element has the focus.
func (v *visitor) stepTo(l playwright.Locator) {
	v.app.t.Helper()
	v.goesTo(l)
	for range maxSteps {
		if v.step().Goal {
			return
		}
	}
	v.app.t.Fatalf("Tab does not reach %v at %s", l, v.Path())
}

// walk presses Tab through the whole page and returns the number of stops.
func (v *visitor) walk() int {
	v.app.t.Helper()
	seen := map[int]bool{}
	for range maxSteps {
		s := v.step()
		if s.Tag == "body" || seen[s.At] {
			return len(seen)
		}
		seen[s.At] = true
	}
	v.app.t.Errorf("Tab does not come to an end at %s", v.Path())
	return 0
}

// press goes to an element with Tab and presses a key that leads to another
// document, whose status it returns.
func (v *visitor) press(key string, l playwright.Locator) int {
	v.app.t.Helper()
	v.stepTo(l)
	return v.Navigate(func() { v.Press(key) })
}

// selectByKeyboard goes to a list with Tab and to one of its options with the
// arrows. Letters would do only where they come within a second.
func (v *visitor) selectByKeyboard(list playwright.Locator, value string) {
	v.app.t.Helper()
	v.stepTo(list)
	for range v.Count(list.Locator("option")) {
		if v.Value(list) == value {
			return
		}
		v.Press("ArrowDown")
	}
	v.app.t.Fatalf("the arrows do not lead to %s at %s", value, v.Path())
}

// TestJourneyByKeyboard goes from connecting to signing out with Tab, arrows,
// Enter and Space alone, and always sees where it is.
func TestJourneyByKeyboard(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open("/connect")
	v.skipsToContent()
	v.press("Enter", v.Role("link", codeLink))
	v.stepTo(v.named("radio", "^Studio Nine"))
	v.Press("ArrowDown", "ArrowUp", "ArrowUp")
	v.Must(v.Expect(v.named("radio", "^Tidewater Records")).ToBeChecked())
	v.Press("ArrowDown")
	v.press("Enter", v.Role("button", "Allow"))
	v.connected(v.app.shop(0))
	v.press("Enter", v.Role("link", "Create webhook").First())
	v.fillsInByKeyboard()
	v.HasFocus(v.address())
	v.Press("Control+a")
	v.Type(good)
	v.status(v.Navigate(func() { v.Press("Enter") }), 200)
	v.app.hasTypes(v.app.onlyOne(0, good), "ORDER_PLACED", "CART_ABANDONED_72H")
	v.leavesByKeyboard()
}

// skipsToContent uses the first stop of every page.
func (v *visitor) skipsToContent() {
	v.app.t.Helper()
	v.step()
	skip := v.Role("link", "Skip to content")
	v.HasFocus(skip)
	v.Press("Enter")
	v.step()
	inside := v.Eval("() => document.querySelector('main').contains(document.activeElement)")
	if inside != true {
		v.app.t.Errorf("after the skip link Tab leads to %+v", v.focusState())
	}
}

// fillsInByKeyboard types a URL that is refused, ticks, searches and sends the
// form.
func (v *visitor) fillsInByKeyboard() {
	v.app.t.Helper()
	v.HasFocus(v.address())
	v.Type("https://203.0.113.7/fw")
	v.stepTo(v.named("button", "^Fulfillment"))
	v.Press("Enter")
	v.ticked(orderPlaced, orderUpdated)
	v.stepTo(v.named("searchbox", "^Search"))
	v.Type("updated")
	v.stepTo(v.box(orderUpdated))
	v.Press("Space")
	v.stepBackTo("searchbox", "^Search")
	v.Press("Escape")
	v.stepTo(v.box("Cart left for 72 hours"))
	v.Press("Space")
	v.ticked(orderPlaced, "Cart left for 72 hours")
	v.status(v.press("Space", v.Role("button", "Create webhook")), 422)
	v.reads("WEBHOOK_URI_IP_NOT_ALLOWED")
}

// stepBackTo goes back with Shift and Tab.
func (v *visitor) stepBackTo(role, name string) {
	v.app.t.Helper()
	l := v.named(role, name)
	v.goesTo(l)
	for range maxSteps {
		v.Press("Shift+Tab")
		if v.focusState().Goal {
			return
		}
	}
	v.app.t.Fatalf("Shift and Tab do not reach %v at %s", l, v.Path())
}

// leavesByKeyboard stores the secret, opens and closes the menu of shops,
// disconnects the shop and signs out.
func (v *visitor) leavesByKeyboard() {
	v.app.t.Helper()
	v.press("Enter", v.Role("button", "Show the secret"))
	v.reads(v.app.shop(0).WebhookSecret)
	v.press("Space", v.Role("button", "I’ve saved it"))
	v.reads("Secret deleted from Hookwall")

	bar := v.Role("banner", "")
	v.stepTo(bar.Locator("summary").First())
	v.Press("Enter")
	another := bar.GetByRole("link", named("Connect another shop"))
	v.stepTo(another)
	v.Press("Escape")
	v.Gone(another)
	v.HasFocus(bar.Locator("summary").First())

	v.press("Enter", bar.GetByRole("link", named("Shops")))
	v.press("Enter", v.named("link", "^Disconnect"))
	v.press("Enter", v.Role("button", "Disconnect "+v.app.shop(0).Name))
	v.reads("is disconnected")
	v.heads("Shops")
	v.signsOutByKeyboard()
}

// signsOutByKeyboard connects another shop by its key, to have something to
// sign out from.
func (v *visitor) signsOutByKeyboard() {
	v.app.t.Helper()
	v.press("Enter", v.Role("link", "Connect a shop"))
	v.stepTo(v.Label("API username"))
	v.Type(v.app.shop(1).APIUser)
	v.stepTo(v.Label("API password"))
	v.Type(v.app.shop(1).APIPassword)
	v.Navigate(func() { v.Press("Enter") })
	v.connected(v.app.shop(1))
	bar := v.Role("banner", "")
	v.stepTo(bar.Locator(".mine summary"))
	v.Press("Enter")
	v.press("Enter", bar.GetByRole("link", named("Sign out")))
	v.press("Enter", v.Role("button", "Sign out and disconnect"))
	v.reads("You’re signed out")
}

// TestChangesByKeyboard edits a webhook, deletes it and creates it again with
// Tab, Enter and Space alone, past a conflict and the question about a
// duplicate.
func TestChangesByKeyboard(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, good, "ORDER_PLACED", "TELEPATHY_RECEIVED")
	shop := v.connectKey(0)
	v.press("Enter", v.Role("link", ui.HostAndPath(good)))
	v.press("Enter", v.Role("link", "Edit"))
	v.HasFocus(v.address())
	v.stepTo(v.box(donation))
	v.Press("Space")
	v.status(v.press("Space", v.Role("button", reviewButton)), 200)
	v.asksAbout(hook)
	v.app.replace(hook, good, "TELEPATHY_RECEIVED")
	v.status(v.press("Enter", v.Role("button", saveButton)), 409)
	v.hasFocus("banner")
	v.press("Enter", v.Role("link", "Edit mine"))
	v.Press("End")
	v.Type("/2")
	v.status(v.Navigate(func() { v.Press("Enter") }), 200)
	v.asksAbout(hook)
	v.press("Enter", v.Role("button", saveButton))
	v.saved(hook, good+"/2", "TELEPATHY_RECEIVED", "ORDER_PLACED", "DONATION")

	v.press("Enter", v.Role("link", "Delete"))
	v.press("Space", v.Role("button", "Delete webhook"))
	v.at(listPath(shop))
	v.app.none(0, good+"/2")
	other := v.app.add(0, good+"/2", "DONATION")
	v.press("Enter", v.Role("link", "Create again"))
	v.kept(good+"/2", orderPlaced, donation, "TELEPATHY_RECEIVED")
	v.stepTo(v.box("TELEPATHY_RECEIVED"))
	v.Press("Space")
	v.press("Space", v.Role("button", "Create webhook"))
	v.asksAboutDuplicate(other)
	v.press("Enter", v.Role("button", "Create a second webhook"))
	v.reads("Webhook created.")
	v.readsByKeyboard()
}

// readsByKeyboard filters the log and opens a delivery's body.
func (v *visitor) readsByKeyboard() {
	v.app.t.Helper()
	v.app.fire(0, "ORDER_PLACED", false, 1)
	v.app.fire(0, "DONATION", true, 1)
	v.press("Enter", v.Role("banner", "").GetByRole("link", named("Deliveries")))
	v.delivered(3)
	v.selectByKeyboard(v.Label("Event type"), "ORDER_PLACED")
	v.delivered(1)
	v.press("Enter", v.deliveries().GetByRole("link").First())
	v.press("Enter", v.Role("link", "Show the body"))
	v.reads(`"type": "ORDER_PLACED"`)
	v.press("Enter", v.Role("banner", "").GetByRole("link", named("Activity")))
	v.stepTo(v.entries().First().Locator("summary"))
	v.Press("Enter")
	v.SeeText(v.entries().First(), "Request ID")
}

// TestFocusIsVisible walks with Tab through whole pages.
func TestFocusIsVisible(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{
		"wide": {}, "phone": {Width: 375, Height: 667}, "dark": {Scheme: browser.Dark}, "no script": {NoJavaScript: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, o)
			v.Open("/connect")
			stops := []int{v.walk()}
			shop := v.connectKey(2)
			v.app.fire(2, "PRODUCT_CREATED", false, 1)
			hook := v.app.box.Webhooks(shop.ID)[0]
			delivery := eventsPath(shop) + "/" + v.app.box.Deliveries(shop.ID)[0].ID + "?show=body"
			for _, address := range []string{
				newPath(shop), listPath(shop), webhookPath(hook), "/shops",
				deletePath(hook), eventsPath(shop), delivery, activityPath(shop), editPath(hook),
				testPath(hook), "/shops/" + shop.ID + "/checks/new", signaturePath,
			} {
				v.Open(address)
				stops = append(stops, v.walk())
			}
			if stops[1] < 50 {
				t.Errorf("Tab stops only %d times in the create form, of %v", stops[1], stops)
			}
		})
	}
}
