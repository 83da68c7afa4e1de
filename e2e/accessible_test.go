package e2e

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/browser"
	"hookwall/handlers"
	"hookwall/internal/sandbox"
	"hookwall/oauth"
)

// scene is one page in one state.
type scene struct {
	name     string
	show     func(*visitor) int // brings the page up and returns its status
	status   int
	heading  string // "" where it is another one each time
	noScript bool
	limits   handlers.Limits
	team     bool
	shops    int // demo shops; 0 for the usual three
}

// meet starts an app for the scene.
func (s scene) meet(t *testing.T) *visitor {
	t.Helper()
	return start(t, setup{limits: s.limits, team: s.team, shops: s.shops}).visit(browser.Options{NoJavaScript: s.noScript})
}

// scenes are all pages of the product, in all states that look different.
var scenes = []scene{
	{name: "connect", show: func(v *visitor) int { return v.Open("/connect") }, status: 200, heading: "Connect a shop"},
	{name: "connect, unfolded", show: showImplicitWay, status: 200, heading: "Connect a shop"},
	{name: "connect, refused", show: showRefusedKey, status: 422, heading: "Connect a shop"},
	{name: "connect, with a kept form", show: showKeptForm, status: 200, heading: "Connect a shop"},
	{name: "connect, denied", show: showDenied, status: 200, heading: "Connect a shop"},
	{
		name: "installed", show: func(v *visitor) int { return v.Open("/oauth/callback?code=unused") }, status: 200,
		heading: "Hookwall is installed. One more step",
	},
	{
		name: "implicit, nothing came", show: func(v *visitor) int { return v.Open("/oauth/implicit") }, status: 200,
		heading: "Finishing the connection",
	},
	{
		name: "implicit, no script", show: func(v *visitor) int { return v.Open("/oauth/implicit#access_token=x&state=y") },
		status: 200, heading: "Finishing the connection", noScript: true,
	},
	{name: "shops", show: showShops, status: 200, heading: "Shops"},
	{name: "shops, many", show: showManyShops, status: 200, heading: "Shops"},
	{name: "shops, one expired", show: showExpiredShop, status: 200, heading: "Shops"},
	{
		name: "list, empty", show: func(v *visitor) int { return v.Open(listPath(v.connectKey(0))) }, status: 200,
		heading: "Webhooks",
	},
	{name: "list, full", show: showFullList, status: 200, heading: "Webhooks"},
	{name: "list, many", show: showManyWebhooks, status: 200, heading: "Webhooks"},
	{name: "list, row actions open", show: showRowActions, status: 200, heading: "Webhooks"},
	{name: "list, filtered without script", show: showFilteredList, status: 200, heading: "Webhooks", noScript: true},
	{name: "list, nothing found", show: showNothingFound, status: 200, heading: "Webhooks"},
	{name: "list, health unknown", show: showListWithoutHealth, status: 200, heading: "Webhooks"},
	{name: "name a webhook, too long", show: showLongLabel, status: 422, heading: "Name webhook"},
	{name: "list, menus open", show: showMenu, status: 200, heading: "Webhooks"},
	{name: "list, busy", show: showBusyList, status: 503, heading: "Webhooks"},
	{
		name: "create", show: func(v *visitor) int { return v.Open(newPath(v.connectKey(0))) }, status: 200,
		heading: "Create webhook",
	},
	{name: "create, no script", show: showPressedForm, status: 200, heading: "Create webhook", noScript: true},
	{name: "create, chosen and searched", show: showChosen, status: 200, heading: "Create webhook"},
	{name: "create, refused", show: showRefused, status: 422, heading: "Create webhook"},
	{name: "create, warned", show: showWarned, status: 200, heading: "Create webhook"},
	{name: "create, two problems", show: showTwoProblems, status: 422, heading: "Create webhook"},
	{name: "create, own preset", show: showOwnPreset, status: 200, heading: "Create webhook"},
	{name: "create, several errors", show: showSeveralErrors, status: 422, heading: "Create webhook"},
	{name: "create, banner", show: showBanner, status: 503, heading: "Create webhook"},
	{name: "created", show: showCreated, status: 200, heading: "hooks.example.com/fourthwall"},
	{name: "created, secret revealed", show: showRevealed, status: 200, heading: "hooks.example.com/fourthwall"},
	{name: "webhook", show: showWebhook, status: 200, heading: "hooks.example.com/…glonglonglonglonglong"},
	{name: "not confirmed", show: showNotConfirmed, status: 502, heading: "Unconfirmed"},
	{name: "not confirmed, not there", show: showAbsent, status: 502, heading: "Unconfirmed"},
	{name: "created, signed out since", show: showOutcome, status: 200, heading: "Webhook created"},
	{
		name: "sample", show: func(v *visitor) int { return v.Open("/samples/MEMBERSHIP_SERIES_UPSERTED") }, status: 200,
		heading: "Member series saved",
	},
	{
		name: "components", show: func(v *visitor) int { return v.Open("/dev/components") }, status: 200,
		heading: "Components",
	},
	{
		name: "404", show: func(v *visitor) int { return v.Open("/nowhere") }, status: 404,
		heading: "This page doesn’t exist",
	},
	{name: "404, in a shop", show: showUnknownWebhook, status: 404, heading: "This page doesn’t exist"},
	{
		name: "405", show: func(v *visitor) int { return v.Open("/connect/key") }, status: 405,
		heading: "This action isn’t available here",
	},
	{name: "500", show: showBroken, status: 500, heading: "Something went wrong on our side"},
	{name: "503", show: showBusyWebhook, status: 503, heading: "Fourthwall is busy"},
	{name: "sandbox: front page", show: showFront, status: 200, heading: "Hookwall sandbox"},
	{name: "sandbox: people", show: showPeople, status: 200, heading: "Sign in to Hookwall"},
	{name: "sandbox: consent", show: showConsent, status: 200, heading: "Connect Hookwall to your shop"},
	{
		name: "sandbox: problem", show: func(v *visitor) int { return v.Open(v.app.boxURL + "/nowhere") }, status: 404,
		heading: "Not found",
	},
}

// TestPages: axe-core finds no problem on any page, dark on a wide screen and
// light on a phone. No page is wider than a small phone, targets are big enough,
// and text stays whole, even with wide spacing.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, s := range slices.Concat(
		scenes, laterScenes, toolScenes, limitScenes, frameScenes, teamScenes, fleetScenes, keyScenes, channelScenes,
		invitationScenes, endedScenes, sandboxFleetScenes, healthScenes, searchScenes, planScenes, templateScenes) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			v := s.meet(t)
			v.status(s.show(v), s.status)
			if s.heading != "" {
				v.heads(s.heading)
			}
			v.SetScheme(browser.Dark)
			v.Axe()
			v.isEasy("1280 px")
			v.SetScheme(browser.Light)
			v.Resize(375, 667)
			v.NoSidewaysScroll()
			v.Axe()
			v.Resize(320, 568)
			v.NoSidewaysScroll()
			v.isEasy("320 px")
			v.bearsSpacing()
		})
	}
}

func showImplicitWay(v *visitor) int {
	status := v.Open("/connect")
	v.Click(v.Text("Older sign-in (implicit)"))
	return status
}

func showRefusedKey(v *visitor) int {
	v.Open("/connect")
	return v.Submit(v.Role("button", "Connect with this key"))
}

func showKeptForm(v *visitor) int {
	v.Open("/connect")
	v.compose(v.signIn(0), good, donation)
	v.app.box.Advance(32 * 24 * time.Hour)
	return v.create()
}

func showDenied(v *visitor) int {
	showConsent(v)
	return v.Submit(v.Role("button", "Deny"))
}

func showShops(v *visitor) int {
	v.connectKey(0)
	v.Open("/connect")
	v.signIn(2)
	return v.Open("/shops")
}

// showManyShops shows connections of each kind, on two pages.
func showManyShops(v *visitor) int {
	v.connectKey(0)
	conn, err := v.app.store.LiveConnection(v.app.t.Context(), v.app.shop(0).ID, "")
	v.app.must(err)
	for i := range 60 {
		conn.ShopID, conn.ShopName = fmt.Sprint("sh_", i), fmt.Sprint("Shop number ", i)
		conn.ShopDomain = fmt.Sprintf("shop-%d.example", i)
		conn.Way, conn.Scopes = oauth.WayCode, "webhook_read webhook_write"
		_, err := v.app.store.PutConnection(v.app.t.Context(), conn)
		v.app.must(err)
	}
	return v.Open("/shops")
}

func showExpiredShop(v *visitor) int {
	v.Open("/connect")
	v.signIn(0)
	v.app.box.Advance(32 * 24 * time.Hour)
	v.Reload()
	return v.Open("/shops")
}

// showFullList shows a long URL, many event types, one unknown type, and a webhook without any.
func showFullList(v *visitor) int {
	shop := v.app.shop(2)
	types := []string{
		"ORDER_PLACED", "ORDER_UPDATED", "DONATION", "GIFT_PURCHASE", "PRODUCT_CREATED", "PRODUCT_UPDATED",
		"COLLECTION_UPDATED", "TELEPATHY_RECEIVED",
	}
	for _, address := range []string{
		"https://hooks.example.com/" + strings.Repeat("a-long-path-without-an-end/", 20),
		"https://" + strings.Repeat("x", 60) + ".example/",
	} {
		_, err := v.app.box.AddWebhook(shop.ID, address, types)
		v.app.must(err)
	}
	_, err := v.app.box.AddWebhook(shop.ID, good, []string{strings.Repeat("A_LONG_TYPE_", 20)})
	v.app.must(err)
	_, err = v.app.box.AddWebhook(shop.ID, "https://nothing.example.com/", nil)
	v.app.must(err)
	v.connectKey(2)
	return v.Reload()
}

// showManyWebhooks shows webhooks in all states, on two pages.
func showManyWebhooks(v *visitor) int {
	receiver, shop := "https://receiver.sandbox.example", v.app.shop(0)
	for range 54 {
		v.app.add(0, good+"/"+strings.ToLower(rand.Text()[:6]), "GIFT_DRAW_STARTED", "GIFT_DRAW_ENDED")
	}
	tips := v.app.add(0, receiver+"/ok?tips", "DONATION")
	v.app.must(v.app.store.PutLabel(v.app.t.Context(), shop.ID, tips.ID, "Tips ledger"))
	v.app.add(0, receiver+"/ok?orders", "DONATION", "ORDER_PLACED", "GIFT_PURCHASE", "SUBSCRIPTION_PURCHASED",
		"ORDER_UPDATED")
	v.app.fire(0, "DONATION", false, 2)
	v.app.add(0, receiver+"/fail", "DONATION", "SUBSCRIPTION_PURCHASED")
	v.app.fire(0, "DONATION", false, 1)
	v.app.add(0, "https://old.example.com/hooks")
	v.connectKey(0)
	return v.Open(listPath(shop))
}

func showRowActions(v *visitor) int {
	status := showManyWebhooks(v)
	v.Click(v.main().Locator(".acts summary").First())
	return status
}

func showFilteredList(v *visitor) int {
	return v.Open(listPath(v.connectKey(2)) + "?q=o&type=DONATION&sort=url")
}

func showNothingFound(v *visitor) int {
	return v.Open(listPath(v.connectKey(2)) + "?q=nothing+like+it")
}

func showListWithoutHealth(v *visitor) int {
	v.connectKey(2)
	v.app.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiEvents, Status: 500, Times: 9})
	return v.Reload()
}

func showLongLabel(v *visitor) int {
	hook := v.app.box.Webhooks(v.connectKey(2).ID)[0]
	v.Open(webhookPath(hook) + "/label")
	v.Fill(v.named("textbox", "^Name"), strings.Repeat("a long name ", 6))
	return v.Submit(v.Role("button", "Save name"))
}

func showMenu(v *visitor) int {
	status := v.Open(listPath(v.connectKey(2)))
	v.Click(v.Role("banner", "").Locator("summary").First())
	return status
}

func showBusyList(v *visitor) int {
	v.connectKey(2)
	v.app.box.FailNext(sandbox.Failure{
		Method: http.MethodGet, Path: apiWebhooks, Status: 503, Code: "DOWN_FOR_NOW",
		Header: http.Header{"Retry-After": {"60"}}, Times: 9,
	})
	return v.Reload()
}

func showPressedForm(v *visitor) int {
	v.Open(newPath(v.connectKey(0)))
	return v.Submit(v.named("button", "^Everything"))
}

func showChosen(v *visitor) int {
	status := v.Open(newPath(v.connectKey(0)))
	v.Click(v.named("button", "^Everything"))
	v.Fill(v.named("searchbox", "^Search"), "order")
	return status
}

func showRefused(v *visitor) int {
	v.compose(v.connectKey(0), "https://hooks.example.com:8443/"+strings.Repeat("long", 40), donation)
	return v.create()
}

func showWarned(v *visitor) int {
	status := v.Open(newPath(v.connectKey(0)) + "?preset=stream-alerts")
	v.Fill(v.address(), "https://discord.com/api/webhooks/1180000000000000000/EXAMPLE")
	v.See(v.CSS(".relay"))
	v.Click(v.Text("Where do I find this?"))
	v.Click(v.CSS(".finder .pill").GetByText("n8n"))
	v.Check(v.CSS("#codes"))
	return status
}

func showTwoProblems(v *visitor) int {
	v.compose(v.connectKey(0), "https://203.0.113.7:8443/fourthwall", donation)
	return v.create()
}

func showOwnPreset(v *visitor) int {
	v.compose(v.connectKey(0), good, donation, promotion)
	v.Click(v.Text("Save this choice as a preset"))
	v.Fill(v.Label("Preset name"), "Friday show")
	status := v.Submit(v.Role("button", "Save preset"))
	v.Click(v.Text("Save this choice as a preset"))
	return status
}

func showSeveralErrors(v *visitor) int {
	v.Open(newPath(v.connectKey(0)))
	return v.create()
}

func showBanner(v *visitor) int {
	v.compose(v.connectKey(0), "http://203.0.113.7:8080/", donation)
	v.app.failCreate(sandbox.Failure{
		Status: 503, Code: "A_CODE_THAT_NOBODY_HAS_EVER_HEARD_OF_BEFORE",
		Header: http.Header{"Retry-After": {"60"}},
	})
	return v.create()
}

func showCreated(v *visitor) int {
	v.compose(v.connectKey(0), good, donation, orderPlaced)
	return v.create()
}

func showRevealed(v *visitor) int {
	showCreated(v)
	status := v.Submit(v.Role("button", "Show the secret"))
	for _, language := range []string{"Building it yourself?", "Node.js", "Python"} {
		v.Click(v.main().Locator("summary").Filter(hasText(language)))
	}
	return status
}

func showWebhook(v *visitor) int {
	types := []string{"ORDER_PLACED", "TELEPATHY_RECEIVED", "CART_ABANDONED_1H"}
	made, err := v.app.box.AddWebhook(v.app.shop(1).ID, "https://hooks.example.com/"+strings.Repeat("long", 60), types)
	v.app.must(err)
	v.connectKey(1)
	return v.Open(webhookPath(made))
}

func showNotConfirmed(v *visitor) int {
	v.compose(v.connectKey(0), good, donation)
	v.app.failCreate(sandbox.Failure{Status: 500})
	return v.create()
}

func showAbsent(v *visitor) int {
	showNotConfirmed(v)
	v.app.move(2 * time.Minute)
	return v.Submit(v.Role("button", "Check again"))
}

// showOutcome signs the person out while the create waits for Fourthwall.
func showOutcome(v *visitor) int {
	shop := v.connectKey(0)
	v.app.must(v.app.box.Configure(shop.ID, sandbox.Switches{SecretInCreate: true}))
	v.compose(shop, good, donation)
	conn, err := v.app.store.LiveConnection(v.app.t.Context(), shop.ID, "")
	v.app.must(err)
	v.app.failCreate(sandbox.Failure{Delay: time.Second})
	go func() {
		for len(v.app.box.Webhooks(shop.ID)) == 0 && v.app.t.Context().Err() == nil {
			<-time.After(10 * time.Millisecond)
		}
		if err := v.app.store.DeleteOwner(v.app.t.Context(), conn.Owner); err != nil {
			v.app.t.Error(err)
		}
	}()
	return v.create()
}

func showUnknownWebhook(v *visitor) int {
	return v.Open(listPath(v.connectKey(0)) + "/wcon_gone")
}

// showBroken makes the database unavailable.
func showBroken(v *visitor) int {
	v.connectKey(0)
	v.app.must(v.app.store.Close())
	return v.Reload()
}

func showBusyWebhook(v *visitor) int {
	hook := v.app.box.Webhooks(v.connectKey(2).ID)[0]
	v.app.box.FailNext(sandbox.Failure{
		Method: http.MethodGet, Path: apiWebhooks + "/*", Status: 503, Code: "DOWN_FOR_NOW",
		Header: http.Header{"Retry-After": {"60"}}, Times: 9,
	})
	return v.Open(webhookPath(hook))
}

// showFront shows the sandbox with webhooks, requests and queued failures.
func showFront(v *visitor) int {
	showFullList(v)
	v.app.failCreate(sandbox.Failure{Status: 503, Code: "DOWN_FOR_NOW", Times: 3})
	status := v.Open(v.app.boxURL)
	v.Click(v.Text("How this shop behaves").First())
	return status
}

func showConsent(v *visitor) int {
	v.Open("/connect")
	status := v.Submit(v.Role("link", codeLink))
	v.Click(v.Text("Change the permissions"))
	return status
}
