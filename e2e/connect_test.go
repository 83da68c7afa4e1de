package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
	"hookwall/views/ui"
)

const (
	codeLink     = "Connect with Fourthwall"
	implicitLink = "Connect the older way"
)

// openImplicit opens the older flow, which leads to the consent page.
func (v *visitor) openImplicit() {
	v.app.t.Helper()
	v.Open("/connect")
	v.Click(v.Text("Older sign-in (implicit)"))
	v.Submit(v.Role("link", implicitLink))
}

// connected fails the test unless the nth demo shop's webhooks are shown, with
// its name on top.
func (v *visitor) connected(shop sandbox.DemoShop) {
	v.app.t.Helper()
	v.WaitPath("^" + listPath(shop) + "$")
	v.heads("Webhooks")
	v.reads(shop.Name + " is connected")
	v.SeeText(v.Role("banner", ""), shop.Name)
}

// leftNothing fails the test when something of a sign-in stays in the address
// bar, in the history of the dashboard, or in a store that scripts can read.
func (v *visitor) leftNothing() {
	v.app.t.Helper()
	secrets := v.secrets()
	for _, address := range v.history() {
		for _, name := range []string{"code", "access_token"} {
			if queryOf(address).Has(name) {
				v.app.t.Errorf("the history has a %s: %s", name, address)
			}
		}
		ours := strings.HasPrefix(address, v.app.url)
		holds := slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(address, s) })
		if holds || ours && (queryOf(address).Has("state") || strings.Contains(address, "#")) {
			v.app.t.Errorf("the history has %s", address)
		}
	}
	stored := v.Eval("async () => localStorage.length + sessionStorage.length + (await indexedDB.databases()).length")
	if stored != 0 {
		v.app.t.Errorf("scripts can read %v stored items", stored)
	}
	if cookies := v.Eval("() => document.cookie"); cookies != "" {
		v.app.t.Errorf("scripts can read the cookies %v", cookies)
	}
}

// hasNoSecret fails the test when the document has a token or a key in it.
func (v *visitor) hasNoSecret() {
	v.app.t.Helper()
	document := v.html()
	values := v.Eval("() => [...document.querySelectorAll('input')].map(i => i.value).join(' ')").(string)
	for _, secret := range v.secrets() {
		if strings.Contains(document, secret) || strings.Contains(values, secret) {
			v.app.t.Errorf("%s holds the secret %.8s…", v.Path(), secret)
		}
	}
}

func TestConnectByCode(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open("/")
	v.at("/connect")
	v.reads("See your webhooks", "Create, change and delete webhooks")
	v.Submit(v.Role("link", codeLink))
	if !strings.HasPrefix(v.PW.URL(), v.app.boxURL) {
		t.Fatalf("the sign-in is at %s, want Fourthwall", v.PW.URL())
	}
	v.reads("Hookwall", "See your webhooks", "Studio Nine", "Lantern Post", "Tidewater Records")
	v.allow(2)
	v.connected(v.app.shop(2))
	for _, hook := range v.app.box.Webhooks(v.app.shop(2).ID) {
		v.reads(ui.HostAndPath(hook.URL))
	}
	v.leftNothing()
	v.hasNoSecret()
}

// TestInstallFromTheSandbox installs the app in a shop's dashboard, which leads
// to the page with one button, and from there to the shop.
func TestInstallFromTheSandbox(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open(v.app.boxURL)
	v.Click(v.Text("Install an app").Nth(1))
	v.Submit(v.Role("button", "Install the app from this shop’s dashboard (Lantern Post)"))
	v.WaitPath("^/oauth/callback")
	v.heads("Hookwall is installed. One more step")
	v.Submit(v.Role("link", codeLink))
	v.allow(1)
	v.connected(v.app.shop(1))
	v.hasNoSecret()
	v.Open(v.app.boxURL)
	v.Submit(v.Role("link", "Back to Hookwall"))
	v.at(listPath(v.app.shop(1)))
}

// TestConnectByImplicit also watches the page that the token comes to: before
// the token is out of the address, no other script has run and nothing is
// drawn.
// Checklist 6.
func TestConnectByImplicit(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Must(v.PW.AddInitScript(playwright.Script{Content: playwright.String(watchFragment)}))
	reports := make(chan map[string]any, 1)
	v.Must(v.PW.ExposeFunction("__fragmentGone", func(args ...any) any {
		reports <- args[0].(map[string]any)
		return nil
	}))
	v.openImplicit()
	v.Check(v.named("radio", "^"+v.app.shop(1).Name))
	v.Click(v.Role("button", "Allow"))
	v.connected(v.app.shop(1))
	report := <-reports
	if had := report["had"].(string); !strings.HasPrefix(had, "#access_token=") &&
		!strings.Contains(had, "&access_token=") {
		t.Errorf("the fragment was %q, so nothing was tested", had)
	}
	delete(report, "had")
	want := map[string]any{"left": "", "scripts": 1, "body": false, "sheets": 0}
	for name, value := range want {
		if report[name] != value {
			t.Errorf("when the fragment was cleared %s was %v, want %v", name, report[name], value)
		}
	}
	v.leftNothing()
	v.hasNoSecret()
	v.Back()
	v.leftNothing()
	v.hasNoSecret()
}

// watchFragment reports what there was when a script changed the address.
const watchFragment = `
	const replaceState = history.replaceState;
	history.replaceState = function (...args) {
		const had = location.hash
		const result = replaceState.apply(this, args)
		__fragmentGone({had, left: location.hash, scripts: document.scripts.length,
			body: !!document.body, sheets: document.styleSheets.length})
		return result
	}`

func TestConnectByKey(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open("/connect")
	shop := v.giveKey(2)
	v.connected(shop)
	v.hasNoSecret()
	v.leftNothing()
	v.Open("/shops")
	v.reads(shop.Name, "API key", shop.APIUser[len(shop.APIUser)-4:])
	v.hasNoSecret()
}

func TestKeyIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name               string
		username, password string
		texts              []string
		focus              string // label
	}{
		{"nothing typed", "", "", []string{"Enter the username", "Enter the user’s password"}, "API username"},
		{"no password", "fw_api_studio-nine", "", []string{"Enter the user’s password"}, "API password"},
		{
			"a wrong password", "fw_api_studio-nine", "wrong",
			[]string{"doesn’t accept this username and password"},
			"API password",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			v.Open("/connect")
			v.Fill(v.Label("API username"), test.username)
			v.Fill(v.Label("API password"), test.password)
			v.status(v.Submit(v.Role("button", "Connect with this key")), 422)
			v.reads(test.texts...)
			v.HasFocus(v.Label(test.focus))
			v.Must(v.Expect(v.Label(test.focus)).ToHaveAttribute("aria-invalid", "true"))
			v.Must(v.Expect(v.Label("API username")).ToHaveValue(test.username))
			v.Must(v.Expect(v.Label("API password")).ToHaveValue(""))
		})
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		open func(*visitor)
	}{
		{"code", func(v *visitor) { v.Open("/connect"); v.Submit(v.Role("link", codeLink)) }},
		{"implicit", (*visitor).openImplicit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			test.open(v)
			v.Click(v.Role("button", "Deny"))
			v.WaitPath(`^/connect\?`)
			v.heads("Connect a shop")
			v.reads("The shop was not connected", "You chose not to allow it")
			v.leftNothing()
			v.Open("/shops")
			v.at("/connect")
		})
	}
}

// TestSignInOfAnotherBrowser: an attacker who lures a person to the end of the
// attacker's sign-in does not connect them to anything.
// Checklist 1.
func TestSignInOfAnotherBrowser(t *testing.T) {
	t.Parallel()
	a := startApp(t)
	attacker, victim := a.visit(browser.Options{}), a.visit(browser.Options{})
	callback := a.frontGate.block(t, "GET", "/oauth/callback")
	attacker.Open("/connect")
	attacker.Submit(attacker.Role("link", codeLink))
	attacker.clickOnly(attacker.Role("button", "Allow"))
	victim.status(victim.Open(callback.wait().String()), 400)
	victim.reads("started in another browser")
	victim.Open("/")
	victim.at("/connect")
}
