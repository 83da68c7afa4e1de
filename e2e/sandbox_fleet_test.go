package e2e

import (
	"testing"

	"hookwall/e2e/browser"
)

// sandboxFleetScenes are the pages of a sandbox with many shops.
var sandboxFleetScenes = []scene{
	{name: "sandbox: 43 shops", show: showFrontPage, status: 200, heading: "Hookwall sandbox", shops: 43},
	{name: "sandbox: 1,000 shops", show: showFrontPage, status: 200, heading: "Hookwall sandbox", shops: 1000},
	{name: "sandbox: one of 1,000 shops", show: showOneOfMany, status: 200, heading: "Hookwall sandbox", shops: 1000},
	{
		name: "sandbox: consent of 1,000 shops", show: showConsent, status: 200, heading: "Connect Hookwall to your shop",
		shops: 1000,
	},
	{name: "sandbox: no shops match", show: showNoneOfMany, status: 200, heading: "Hookwall sandbox", shops: 43},
}

func showFrontPage(v *visitor) int { return v.Open(v.app.boxURL) }

func showOneOfMany(v *visitor) int {
	return v.Open(v.app.boxURL + "/?q=" + v.app.shop(700).ID)
}

func showNoneOfMany(v *visitor) int { return v.Open(v.app.boxURL + "/?q=nothing+of+this") }

// TestFindAndConnectOneOfMany: without script, a person finds a shop among 1,000 on the consent page and connects it.
// Then they find it on the sandbox's front page and place a test order.
func TestFindAndConnectOneOfMany(t *testing.T) {
	t.Parallel()
	v := start(t, setup{shops: 1000}).visit(browser.Options{NoJavaScript: true})
	shop := v.app.shop(612)
	v.Open("/connect")
	v.Submit(v.Role("link", codeLink))
	v.Fill(v.named("searchbox", "^Search shops"), shop.Name)
	v.Submit(v.Role("button", "Search"))
	v.See(v.named("radio", "^"+shop.Name))
	v.Submit(v.Role("button", "Allow"))
	v.connected(shop)

	v.Open(v.app.boxURL)
	v.Fill(v.named("searchbox", "^Search shops"), shop.Name)
	v.Submit(v.Role("button", "Search"))
	v.Submit(v.named("button", "^Place a test order"))
	v.heads("Hookwall sandbox")
	if d := v.app.box.Deliveries(shop.ID)[0]; d.State != "DELIVERED" || d.Seq < 0 {
		t.Errorf("%+v", d)
	}
}
