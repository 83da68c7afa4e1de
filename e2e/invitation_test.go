package e2e

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/browser"
	"hookwall/internal/store"
)

const invitationHeading = "Connect your shop to Lantern Desk"

// invitationScenes are the pages of shops' owners, and those where they are
// invited.
var invitationScenes = []scene{
	{name: "people, with invitations", show: showInvitations, status: 200, heading: "People", team: true},
	{name: "invited", show: showInvited, status: 200, heading: "Send this link to the shop’s owner", team: true},
	{name: "invited, no domain", show: showNoDomain, status: 422, heading: "Connect shops", team: true},
	{name: "invitation", show: showInvitation, status: 200, heading: invitationHeading, team: true},
	{name: "invitation, another shop", show: showWrongShop, status: 422, heading: invitationHeading, team: true},
	{name: "invitation, key refused", show: showInvitedKey, status: 422, heading: invitationHeading, team: true},
	{name: "invitation, used", show: showUsed, status: 410, heading: "This invitation was already used", team: true},
	{name: "receipt", show: showReceipt, status: 200, heading: "Access to Lantern Post", team: true},
	{name: "receipt, cut off?", show: showCutOff, status: 200, heading: "Access to Lantern Post", team: true},
	{name: "receipt, of a channel", show: showReceiptOfChannel, status: 200, heading: "Access to Lantern Post", team: true},
	{
		name: "receipt, connected again", show: showConnectedAgain, status: 200, team: true,
		heading: "Access to Lantern Post",
	},
	{name: "receipt, ended", show: showEnded, status: 200, heading: "Access to Lantern Post", team: true},
}

// invite makes an invitation as Ada, and returns its path.
func (a *app) invite(domain string) string {
	a.t.Helper()
	_, token, err := a.team.Invite(a.t.Context(), a.person(ada).Actor(), rand.Text(), domain)
	a.must(err)
	return "/invitations/" + token
}

// accepts opens an invitation and connects the second demo shop by a sign-in at
// Fourthwall.
func (v *visitor) accepts(path string) int {
	v.app.t.Helper()
	v.Open(path)
	v.Submit(v.main().GetByRole("link", named("Connect with Fourthwall")))
	v.Check(v.named("radio", "^"+v.app.shop(1).Name))
	return v.Submit(v.Role("button", "Allow"))
}

func showInvitation(v *visitor) int { return v.Open(v.app.invite("")) }

func showWrongShop(v *visitor) int {
	return v.accepts(v.app.invite("glass-harbor.example"))
}

func showInvitedKey(v *visitor) int {
	v.Open(v.app.invite(""))
	v.Click(v.main().Locator("summary"))
	v.Fill(v.Label("API username"), "fw_api_1")
	v.Fill(v.Label("API password"), "wrong")
	return v.Submit(v.named("button", "^Connect with this key"))
}

func showUsed(v *visitor) int {
	path := v.app.invite("")
	v.accepts(path)
	return v.Open(path)
}

func showReceipt(v *visitor) int {
	a := v.app
	a.agency()
	v.accepts(a.invite(""))
	receipt := v.Path()
	a.move(9 * time.Minute)
	admin := a.member(ada, newPath(a.shop(1)), browser.Options{})
	admin.compose(a.shop(1), good, donation)
	admin.create()
	a.move(26 * time.Hour)
	operator := a.member(omar, newPath(a.shop(1)), browser.Options{})
	operator.compose(a.shop(1), "https://ledger.example.net/tips", donation)
	operator.create()
	a.move(time.Hour)
	return v.Open(receipt)
}

func showCutOff(v *visitor) int {
	status := showReceipt(v)
	v.Click(v.main().Locator("summary"))
	return status
}

// channelTakesOver ends the access of an invitation, and connects the shop by a
// channel.
func (a *app) channelTakesOver(n int) {
	a.t.Helper()
	conn, err := a.store.Connection(a.t.Context(), a.team.Owner(), a.shop(n).ID)
	a.must(err)
	a.must(a.store.ExpireConnection(a.t.Context(), conn.ID, conn.Version, store.End{Why: store.EndNotRenewed}))
	a.visit(browser.Options{}).connectAll()
}

func showReceiptOfChannel(v *visitor) int {
	v.accepts(v.app.invite(""))
	receipt := v.Path()
	v.app.move(time.Hour)
	v.app.channelTakesOver(1)
	v.Open(receipt)
	v.Click(v.main().Locator("summary"))
	return http.StatusOK
}

func showConnectedAgain(v *visitor) int {
	status := showReceiptOfChannel(v)
	v.Submit(v.named("button", "^Cut off the access"))
	receipt := v.Path()
	v.app.move(time.Hour)
	v.app.member(ada, "/shops", browser.Options{}).connectKey(1)
	v.Open(receipt)
	return status
}

func showEnded(v *visitor) int {
	showCutOff(v)
	return v.Submit(v.named("button", "^Cut off the access"))
}

func showInvited(v *visitor) int {
	v.hasSignedIn(ada, "/connect")
	return v.Submit(v.named("button", "^Create link"))
}

func showNoDomain(v *visitor) int {
	v.hasSignedIn(ada, "/connect")
	v.Fill(v.named("textbox", "^Only for this shop"), "Studio Nine")
	return v.Submit(v.named("button", "^Create link"))
}

func showInvitations(v *visitor) int {
	a := v.app
	a.agency()
	a.invite("half-moon.example")
	a.move(4 * 24 * time.Hour)
	used := a.invite("")
	a.invite("")
	a.move(2*24*time.Hour + 22*time.Hour)
	a.invite("glass-harbor.example")
	a.visit(browser.Options{}).accepts(used)
	v.Open("/people")
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	return v.choose(ada)
}

// TestInvitedOwner: an admin makes a link, an owner opens it in another browser,
// connects the shop, sees a change, and cuts the access off. With script and
// without.
func TestInvitedOwner(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{"with script": {}, "without script": {NoJavaScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			shop := a.shop(1)
			admin := a.member(ada, "/people", o)
			admin.Submit(admin.named("link", "^Invite a shop’s owner"))
			admin.status(admin.Submit(admin.named("button", "^Create link")), 200)
			link, err := admin.main().Locator("code").First().TextContent()
			admin.Must(err)
			path := strings.TrimPrefix(strings.TrimSpace(link), a.url)

			owner := a.visit(o)
			owner.accepts(path)
			owner.heads("Access to " + shop.Name)
			owner.reads("Lantern Desk manages this shop’s webhooks", "1 entry, all shown", "Bookmark this page")
			receipt := owner.Path()
			if !strings.HasPrefix(receipt, "/access/") || strings.Contains(receipt, path[len("/invitations/"):]) {
				t.Errorf("the receipt is at %s", receipt)
			}
			owner.Gone(owner.named("link", "People|Shops|Webhooks|Sign out"))
			owner.Open("/shops")
			owner.heads("Sign in to Hookwall")

			admin.Open(newPath(shop))
			admin.compose(shop, good, donation)
			admin.status(admin.create(), 200)
			admin.Open(newPath(shop))
			admin.compose(shop, good+"/2", donation)
			owner.Open(receipt)
			owner.reads("An admin", "2 entries, all shown")
			owner.Click(owner.main().Locator("summary"))
			owner.status(owner.Submit(owner.named("button", "^Cut off the access")), 200)
			owner.reads("Access ended on", "3 entries, all shown")
			had := len(a.box.Webhooks(shop.ID))
			admin.status(admin.create(), 404)
			if len(a.box.Webhooks(shop.ID)) != had {
				t.Error("the waiting form created a webhook")
			}
			admin.Open("/people")
			admin.reads(shop.Name, "Access ended on")
		})
	}
}
