package e2e

import (
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

// endedScenes are the pages that show ended connections, and ask before one is
// deleted.
var endedScenes = []scene{
	{name: "shops, ended", show: showEndedShops, status: 200, heading: "Shops"},
	{name: "shops, ended, for a viewer", show: showEndedToViewer, status: 200, heading: "Shops", team: true},
	{
		name: "a shop, ended, for a viewer", show: showEndedShopToViewer, status: 409, team: true,
		heading: "This shop must be connected again",
	},
	{name: "connect, ended", show: showReconnect, status: 200, heading: "Connect a shop"},
	{name: "disconnect", show: showDisconnect, status: 200, heading: "Disconnect Studio Nine"},
	{name: "disconnect, not all deleted", show: showNotAllDeleted, status: 422, heading: "Disconnect Studio Nine"},
	{name: "disconnect, ended", show: showDisconnectEnded, status: 200, heading: "Disconnect Studio Nine"},
}

// endsAll ends the connections of the demo shops, each for another reason.
func (v *visitor) endsAll() {
	v.app.t.Helper()
	for n, end := range []store.End{
		{Why: store.EndKeyRejected, Code: "OPEN_API_UNAUTHORIZED"}, {Why: store.EndNotRenewed, Code: "invalid_grant"},
	} {
		conn, err := v.app.store.LiveConnection(v.app.t.Context(), v.app.shop(n).ID, "")
		v.app.must(err)
		v.app.must(v.app.store.ExpireConnection(v.app.t.Context(), conn.ID, conn.Version, end))
	}
}

func showEndedShops(v *visitor) int {
	v.connectKey(0)
	for _, n := range []int{1, 2} {
		v.Open("/connect")
		v.signIn(n)
	}
	v.endsAll()
	return v.Open("/shops")
}

func showReconnect(v *visitor) int {
	showEndedShops(v)
	return v.Open(listPath(v.app.shop(0)))
}

// endsForTeam connects two shops of a team, and ends both.
func (v *visitor) endsForTeam() {
	admin := v.app.member(ada, "/connect", browser.Options{})
	admin.connectKey(0)
	admin.Open("/connect")
	admin.signIn(1)
	v.endsAll()
	v.hasSignedIn(vera, "/shops")
}

func showEndedToViewer(v *visitor) int {
	v.endsForTeam()
	return v.Open("/shops")
}

func showEndedShopToViewer(v *visitor) int {
	v.endsForTeam()
	return v.Open(listPath(v.app.shop(0)))
}

// makesThree creates three webhooks here. Another one exists.
func (v *visitor) makesThree() sandbox.DemoShop {
	v.app.t.Helper()
	shop := v.connectKey(0)
	v.app.add(0, "https://elsewhere.example.com/", "DONATION")
	for _, name := range []string{"/one", "/two", "/three"} {
		v.Open(newPath(shop))
		v.compose(shop, good+name, donation)
		v.status(v.create(), 200)
	}
	return shop
}

func showDisconnect(v *visitor) int {
	shop := v.makesThree()
	status := v.Open("/shops/" + shop.ID + "/disconnect")
	v.Click(v.named("checkbox", "fourthwall.two"))
	v.Click(v.named("checkbox", "fourthwall.three"))
	return status
}

func showNotAllDeleted(v *visitor) int {
	showDisconnect(v)
	v.app.box.FailNext(sandbox.Failure{
		Method: "DELETE", Path: "/open-api/v1.0/webhooks/" + v.app.onlyOne(0, good+"/two").ID, Status: 400,
		Code: webhooks.CodeImmutable,
	})
	return v.Submit(v.named("button", "^Delete 2 webhooks and disconnect"))
}

func showDisconnectEnded(v *visitor) int {
	v.connectKey(0)
	v.Open("/connect")
	v.signIn(1)
	v.endsAll()
	return v.Open("/shops/" + v.app.shop(0).ID + "/disconnect")
}

// TestDisconnectDeletesFirst: two of three webhooks that were created here are
// chosen, one is locked, and the shop is disconnected anyway. Without script, the
// page asks once more with the number.
func TestDisconnectDeletesFirst(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{
		"with script": {}, "without script": {NoJavaScript: true}, "at 320 px": {Width: 320, Height: 568},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, o)
			shop := v.makesThree()
			v.Open("/shops")
			v.Submit(v.named("link", "^Disconnect"))
			v.heads("Disconnect " + shop.Name)
			v.reads("3 webhooks of this shop were created here", "Fourthwall keeps sending their events")
			v.Click(v.named("checkbox", "fourthwall.two"))
			v.Click(v.named("checkbox", "fourthwall.three"))
			if o.NoJavaScript {
				v.status(v.Submit(v.Role("button", "Disconnect "+shop.Name)), 200)
				v.reads("Nothing was deleted yet")
			}
			v.app.box.FailNext(sandbox.Failure{
				Method: "DELETE", Path: "/open-api/v1.0/webhooks/" + v.app.onlyOne(0, good+"/two").ID, Status: 400,
				Code: webhooks.CodeImmutable,
			})
			v.status(v.Submit(v.named("button", "^Delete 2 webhooks and disconnect")), 422)
			v.reads(shop.Name+" is still connected", "It’s locked")
			v.app.none(0, good+"/three")
			v.app.onlyOne(0, good+"/two")
			v.NoSidewaysScroll()
			v.Submit(v.Role("button", "Disconnect anyway"))
			v.reads(shop.Name + " is disconnected")
			v.app.onlyOne(0, good+"/one")
			v.status(v.Open(listPath(shop)), 200)
			v.heads("Connect a shop")
		})
	}
}
