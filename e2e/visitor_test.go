package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// visitor is a person with a browser at the dashboard.
type visitor struct {
	*browser.Page

	app  *app
	asks *addresses
}

// addresses are the URLs that a browser asked for, and those that it said it
// came from.
type addresses struct {
	mu       sync.Mutex
	all      []string
	referers []string
}

func (a *addresses) note(r playwright.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, r.URL())
	if from := r.Headers()["referer"]; from != "" {
		a.referers = append(a.referers, from)
	}
}

func (a *addresses) list() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

// visit opens a browser, with BaseURL set to the dashboard. When the test
// ends, no secret may have been in an address that it asked for, or in the log.
func (a *app) visit(o browser.Options) *visitor {
	a.t.Helper()
	o.BaseURL = a.url
	v := &visitor{app: a, asks: &addresses{}, Page: browser.NewPage(a.t, o)}
	v.Context().OnRequest(v.asks.note)
	a.t.Cleanup(v.keptSecrets)
	return v
}

// meet starts an app with one person at it.
func meet(t *testing.T, o browser.Options) *visitor {
	t.Helper()
	return startApp(t).visit(o)
}

// tab is another tab of the same person.
func (v *visitor) tab() *visitor {
	v.app.t.Helper()
	return &visitor{Page: v.NewTab(), app: v.app, asks: v.asks}
}

// secrets are what no address and no line of the log may hold.
func (v *visitor) secrets() []string {
	all := v.app.wire.tokens()
	for _, shop := range v.app.box.Shops() {
		all = append(all, shop.APIPassword, shop.WebhookSecret)
	}
	return all
}

// keptSecrets searches the log, and all that the browser asked for, for
// secrets.
func (v *visitor) keptSecrets() {
	v.asks.mu.Lock()
	defer v.asks.mu.Unlock()
	log := v.app.logs.String()
	told := strings.Join(slices.Concat(v.asks.all, v.asks.referers), "\n")
	for _, secret := range v.secrets() {
		if strings.Contains(log, secret) {
			v.app.t.Errorf("the log has the secret %.8s…", secret)
		}
		if strings.Contains(told, secret) || strings.Contains(told, url.QueryEscape(secret)) {
			v.app.t.Errorf("an address has the secret %.8s…:\n%s", secret, told)
		}
	}
	for _, address := range v.asks.all {
		if code := queryOf(address).Get("code"); code != "" && strings.Contains(log, code) {
			v.app.t.Errorf("the log has the code of %s", address)
		}
	}
	for _, address := range v.asks.referers {
		if strings.Contains(address, "?") && strings.HasPrefix(address, v.app.url+"/oauth") {
			v.app.t.Errorf("a request says that it comes from %s", address)
		}
	}
}

func queryOf(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return u.Query()
}

// clickOnly clicks and does not wait for what comes of it.
func (v *visitor) clickOnly(l playwright.Locator) {
	v.app.t.Helper()
	//nolint:staticcheck // the default waits for the navigation that a second click ends
	v.Must(l.Click(playwright.LocatorClickOptions{NoWaitAfter: playwright.Bool(true)}))
}

// named finds by role and by a pattern of the accessible name.
func (v *visitor) named(role, pattern string) playwright.Locator {
	return v.PW.GetByRole(playwright.AriaRole(role), playwright.PageGetByRoleOptions{Name: regexp.MustCompile(pattern)})
}

// main is what the page is about.
func (v *visitor) main() playwright.Locator { return v.Role("main", "") }

// reads waits until the page's content has all of these texts.
func (v *visitor) reads(texts ...string) {
	v.app.t.Helper()
	for _, text := range texts {
		v.SeeText(v.main(), text)
	}
}

// heads waits until the page has this heading of the first level.
func (v *visitor) heads(text string) {
	v.app.t.Helper()
	level := v.PW.GetByRole(*playwright.AriaRoleHeading, playwright.PageGetByRoleOptions{Level: playwright.Int(1)})
	v.Must(v.Expect(level).ToHaveText(text))
}

// at fails the test unless the address bar shows this path and query.
func (v *visitor) at(want string) {
	v.app.t.Helper()
	if got := v.Path(); got != want {
		v.app.t.Fatalf("the address is %s, want %s", got, want)
	}
}

// status fails the test unless the document came with this HTTP status.
func (v *visitor) status(got, want int) {
	v.app.t.Helper()
	if got != want {
		v.app.t.Fatalf("%s came with status %d, want %d", v.Path(), got, want)
	}
}

// text is everything that the page shows, outside its content too.
func (v *visitor) text() string {
	v.app.t.Helper()
	return v.TextOf(v.CSS("body"))
}

// html is the document as it is now.
func (v *visitor) html() string {
	v.app.t.Helper()
	content, err := v.PW.Content()
	v.Must(err)
	return content
}

// history is the addresses that Back and Forward can reach in this tab.
func (v *visitor) history() []string {
	v.app.t.Helper()
	cdp, err := v.Context().NewCDPSession(v.PW)
	v.Must(err)
	answer, err := cdp.Send("Page.getNavigationHistory", nil)
	v.Must(err)
	v.Must(cdp.Detach())
	var all []string
	for _, entry := range answer.(map[string]any)["entries"].([]any) {
		all = append(all, fmt.Sprint(entry.(map[string]any)["url"]))
	}
	return all
}

// connectKey connects the nth demo shop by its API key, the quickest way: the
// form is sent without being filled in. The browser shows the page that it
// leads to.
func (v *visitor) connectKey(n int) sandbox.DemoShop {
	v.app.t.Helper()
	shop := v.app.shop(n)
	answer, err := v.Context().Request().Post(v.app.url+"/connect/key", playwright.APIRequestContextPostOptions{
		Form:         map[string]any{"username": shop.APIUser, "password": shop.APIPassword},
		MaxRedirects: playwright.Int(0),
	})
	v.Must(err)
	v.status(answer.Status(), http.StatusSeeOther)
	v.Open(answer.Headers()["location"])
	v.reads(shop.Name + " is connected")
	return shop
}

// giveKey fills in the API key on the connect page.
func (v *visitor) giveKey(n int) sandbox.DemoShop {
	v.app.t.Helper()
	shop := v.app.shop(n)
	v.Fill(v.Label("API username"), shop.APIUser)
	v.Fill(v.Label("API password"), shop.APIPassword)
	v.Submit(v.Role("button", "Connect with this key"))
	v.reads(shop.Name + " is connected")
	return shop
}

// signIn goes from the connect page through the code flow to the nth demo shop.
func (v *visitor) signIn(n int) sandbox.DemoShop {
	v.app.t.Helper()
	v.Submit(v.Role("link", "Connect with Fourthwall"))
	v.allow(n)
	v.reads(v.app.shop(n).Name + " is connected")
	return v.app.shop(n)
}

// allow agrees on the sandbox's page, for the nth demo shop.
func (v *visitor) allow(n int) {
	v.app.t.Helper()
	v.Check(v.named("radio", "^"+v.app.shop(n).Name))
	v.Submit(v.Role("button", "Allow"))
}

// compose opens the create form of a shop, types a URL and ticks event types,
// by their titles.
func (v *visitor) compose(shop sandbox.DemoShop, address string, titles ...string) {
	v.app.t.Helper()
	v.Open(newPath(shop))
	v.Fill(v.address(), address)
	for _, title := range titles {
		v.Check(v.box(title))
	}
}

// address is the URL field of the create form.
func (v *visitor) address() playwright.Locator { return v.Role("textbox", "Endpoint URL") }

// box is the checkbox of an event type, by its title.
func (v *visitor) box(title string) playwright.Locator { return v.Role("checkbox", title) }

// create clicks the form's button and returns the status of the page that
// follows.
func (v *visitor) create() int {
	v.app.t.Helper()
	return v.Submit(v.Role("button", "Create webhook"))
}

// kept fails the test unless the form holds this URL and exactly these ticks,
// by titles.
func (v *visitor) kept(address string, titles ...string) {
	v.app.t.Helper()
	v.Must(v.Expect(v.address()).ToHaveValue(address))
	v.ticked(titles...)
}

// ticked fails the test unless exactly these event types are ticked.
func (v *visitor) ticked(titles ...string) {
	v.app.t.Helper()
	for _, title := range titles {
		v.Must(v.Expect(v.box(title)).ToBeChecked())
	}
	ticks := v.PW.GetByRole(*playwright.AriaRoleCheckbox, playwright.PageGetByRoleOptions{Checked: playwright.Bool(true)})
	v.Must(v.Expect(ticks).ToHaveCount(len(titles)))
}

func listPath(shop sandbox.DemoShop) string { return "/shops/" + shop.ID + "/webhooks" }

func newPath(shop sandbox.DemoShop) string { return listPath(shop) + "/new" }

func webhookPath(w sandbox.Webhook) string { return "/shops/" + w.ShopID + "/webhooks/" + w.ID }

func sorted(all []string) []string { return slices.Sorted(slices.Values(all)) }

func numeral(n int) string { return strconv.Itoa(n) }

func hasText(text string) playwright.LocatorFilterOptions {
	return playwright.LocatorFilterOptions{HasText: text}
}

func named(name string) playwright.LocatorGetByRoleOptions {
	return playwright.LocatorGetByRoleOptions{Name: name, Exact: playwright.Bool(true)}
}

var exactText = playwright.LocatorGetByTextOptions{Exact: playwright.Bool(true)}

// signsOut signs out by the menu, past the question.
func (v *visitor) signsOut() {
	v.app.t.Helper()
	bar := v.Role("banner", "")
	v.Click(bar.Locator(".mine summary"))
	v.Submit(bar.GetByRole("link", named("Sign out")))
	v.Submit(v.Role("button", "Sign out and disconnect"))
}
