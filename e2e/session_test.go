package e2e

import (
	"strings"
	"testing"
	"time"

	"hookwall/e2e/browser"
)

// TestSessionEndsInTheForm: what was typed survives the reconnect.
func TestSessionEndsInTheForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		end   func(*app)
		texts []string // on the connect page
	}{
		{"nobody used it for too long", func(a *app) { a.move(13 * time.Hour) }, nil},
		{
			"Fourthwall takes the access back", func(a *app) { a.box.Advance(32 * 24 * time.Hour) },
			[]string{"Studio Nine must be connected again"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			v.Open("/connect")
			shop := v.signIn(0)
			v.compose(shop, good, donation, promotion)
			test.end(v.app)
			v.create()
			v.heads("Connect a shop")
			v.reads(append(test.texts, "We kept your form")...)
			v.app.none(0, good)
			v.noInput(good)

			v.signIn(0)
			v.heads("Create webhook")
			v.reads("We kept your form, as you typed it", "Nothing was created yet")
			v.kept(good, donation, promotion)
			v.counts(donation, promotion)
			v.status(v.create(), 200)
			v.app.hasTypes(v.app.onlyOne(0, good), "DONATION", "PROMOTION_CREATED")
		})
	}
}

// noInput fails the test when what was typed is in the address bar.
func (v *visitor) noInput(typed string) {
	v.app.t.Helper()
	if strings.Contains(v.Path(), "example") || strings.Contains(v.Path(), "DONATION") {
		v.app.t.Errorf("%s tells what was typed, %s", v.Path(), typed)
	}
}

// TestAnotherShopAfterTheForm: a form begun for one shop says so when it
// would now be sent for another.
func TestAnotherShopAfterTheForm(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(0), good, donation)
	v.app.move(13 * time.Hour)
	v.create()
	v.reads("We kept your form")
	v.signIn(1)
	v.reads("You started this form for another shop", "Lantern Post")
	v.at(newPath(v.app.shop(1)) + "?" + queryPart(v.Path()))
	v.kept(good, donation)
	v.status(v.create(), 200)
	v.app.onlyOne(1, good)
	v.app.none(0, good)
}

func queryPart(address string) string {
	_, query, _ := strings.Cut(address, "?")
	return query
}

// TestTwoShopsInTwoTabs: neither tab disturbs the other.
func TestTwoShopsInTwoTabs(t *testing.T) {
	t.Parallel()
	one := meet(t, browser.Options{})
	nine := one.connectKey(0)
	two := one.tab()
	two.Open("/connect")
	tide := two.signIn(2)
	one.compose(nine, "https://one.example.com/", donation)
	two.compose(tide, "https://two.example.com/", promotion)
	one.SeeText(one.Role("banner", ""), nine.Name)
	two.SeeText(two.Role("banner", ""), tide.Name)

	one.status(one.create(), 200)
	two.status(two.create(), 200)
	first, second := one.app.onlyOne(0, "https://one.example.com/"), one.app.onlyOne(2, "https://two.example.com/")
	one.at(webhookPath(first))
	two.at(webhookPath(second))
	for _, v := range []*visitor{one, two} {
		v.reads("Webhook created.")
	}
	one.app.hasTypes(first, "DONATION")
	one.app.hasTypes(second, "PROMOTION_CREATED")
	one.status(one.Open(strings.Replace(webhookPath(first), nine.ID, tide.ID, 1)), 404)

	one.Open(webhookPath(first))
	one.switchShop(nine.Name, tide.Name)
	one.at(listPath(tide))
	two.disconnect(nine.Name)
	one.Open("/")
	one.at(listPath(tide))
	one.status(one.Open(listPath(nine)), 404)
}

// switchShop goes from one shop to another in the top bar.
func (v *visitor) switchShop(from, to string) {
	v.app.t.Helper()
	bar := v.Role("banner", "")
	v.Click(bar.GetByText(from).First())
	v.Submit(bar.GetByRole("link").Filter(hasText(to)))
}

// disconnect takes a shop off from the page of the shops. Its own page asks again.
func (v *visitor) disconnect(name string) {
	v.app.t.Helper()
	v.Open("/shops")
	details := v.named("link", "^Details of "+name) // that there are among several
	n, err := details.Count()
	v.Must(err)
	if n > 0 {
		v.Submit(details)
	}
	v.Submit(v.named("link", "^Disconnect.*"+name))
	v.Submit(v.Role("button", "Disconnect "+name))
	v.reads(name + " is disconnected")
}

// TestSignOut: afterwards Back and the addresses show nothing of the shop.
// Checklist 17.
func TestSignOut(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	hook := v.app.box.Webhooks(shop.ID)[0]
	v.Open(webhookPath(hook))
	v.compose(shop, good, donation)
	v.signsOut()
	v.at("/connect?outcome=signed_out")
	v.reads("You’re signed out")
	for range 3 {
		v.Back()
		v.showsNothingOf(shop.Name, shop.Domain, hook.URL, good)
	}
	for _, address := range []string{listPath(shop), webhookPath(hook), newPath(shop), "/shops"} {
		v.Open(address)
		v.heads("Connect a shop")
		v.showsNothingOf(shop.Name, shop.Domain, hook.URL, good)
	}
}

// showsNothingOf fails the test when one of the texts is in the document or in
// a field.
func (v *visitor) showsNothingOf(texts ...string) {
	v.app.t.Helper()
	fields := v.Eval("() => [...document.querySelectorAll('input')].map(i => i.value).join('\\n')").(string)
	shown := v.text() + fields
	for _, text := range texts {
		if strings.Contains(shown, text) {
			v.app.t.Errorf("%s shows %q after signing out", v.Path(), text)
		}
	}
}
