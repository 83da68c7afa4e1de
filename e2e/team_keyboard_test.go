package e2e

import (
	"fmt"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
)

// enters goes to a field with Tab and types into it.
func (v *visitor) enters(field playwright.Locator, text string) {
	v.app.t.Helper()
	v.stepTo(field)
	v.Type(text)
}

// TestTeamFlowsByKeyboard invites and revokes, chooses shops of a channel, labels
// one, disconnects it, and cuts a team off, with the keyboard alone.
func TestTeamFlowsByKeyboard(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			v := a.member(ada, "/connect", o)
			v.enters(v.named("textbox", "^Only for this shop"), "glass-harbor.example")
			v.status(v.Navigate(func() { v.Press("Enter") }), 200)
			v.reads("It only connects glass-harbor.example")
			v.status(v.press("Enter", v.named("link", "^See all invitations")), 200)
			v.status(v.press("Enter", v.named("button", "^Revoke")), 200)
			v.reads("Invitation revoked")

			v.Open("/connect")
			v.enters(v.Role("textbox", "Client ID"), a.box.Channel().ClientID)
			v.enters(v.PW.GetByLabel("Client secret"), a.box.Channel().ClientSecret)
			v.status(v.Navigate(func() { v.Press("Enter") }), 200)
			v.stepTo(v.Role("checkbox", a.shop(1).Name))
			v.Press("Space")
			v.status(v.press("Enter", v.Role("button", "Connect chosen shops")), 200)
			v.reads("1 shop connected")

			v.Open("/shops")
			v.status(v.press("Enter", v.named("link", "^Add label to "+a.shop(1).Name)), 200)
			v.enters(v.Role("combobox", "Add labels"), "Music")
			v.status(v.press("Enter", v.Role("button", "Add")), 200)
			v.reads("Label added")
			v.status(v.press("Enter", v.named("link", "^Back to shops")), 200)
			v.status(v.press("Enter", v.named("link", "^Disconnect")), 200)
			v.status(v.press("Enter", v.Role("button", "Disconnect "+a.shop(1).Name)), 200)
			v.reads(a.shop(1).Name + " is disconnected")

			owner := a.visit(o)
			owner.Open(a.invite(""))
			owner.stepTo(owner.main().Locator("summary"))
			owner.Press("Enter")
			owner.enters(owner.Label("API username"), a.shop(0).APIUser)
			owner.enters(owner.Label("API password"), a.shop(0).APIPassword)
			owner.status(owner.Navigate(func() { owner.Press("Enter") }), 200)
			owner.heads("Access to " + a.shop(0).Name)
			owner.stepTo(owner.main().Locator("summary"))
			owner.Press("Enter")
			owner.status(owner.press("Enter", owner.Role("button", "Cut off the access")), 200)
			owner.reads("Access ended on", "Who had access")
		})
	}
}

// TestTeamPagesFit: the ways to connect end on the first screen of a window of
// 1280 × 828 px, of which the sandbox's line takes 28. Shops with labels, and one
// to reconnect, are rows of 56 px or less.
func TestTeamPagesFit(t *testing.T) {
	t.Parallel()
	v := startTeam(t).visit(browser.Options{})
	showLabeledShops(v)
	v.Resize(1280, 800)
	v.holds(`Math.max(...[...document.querySelectorAll('.fleet li')].map(e => e.getBoundingClientRect().height)) <= 56`)
	if got := atoi(fmt.Sprint(v.Eval(wholeRows, ".fleet li"))); got < 12 {
		t.Errorf("%d whole rows at 1280 × 800, want 12", got)
	}
	v.Open("/connect")
	v.Resize(1280, 828)
	v.holds(`document.querySelector('.ways').getBoundingClientRect().bottom <= innerHeight`)
	v.holds(`new Set([...document.querySelectorAll('.ways > :nth-child(n + 3)')]
		.map(e => e.offsetTop + ' ' + e.offsetHeight)).size === 1`)
}

// holds checks an expression in the page.
func (v *visitor) holds(expression string) {
	v.app.t.Helper()
	if v.Eval("() => "+expression, nil) != true {
		v.app.t.Errorf("at %s it isn't true that %s", v.Path(), expression)
	}
}
