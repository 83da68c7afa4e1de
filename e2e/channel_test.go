package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// channelScenes are the pages about a channel.
var channelScenes = []scene{
	{name: "connect, channel refused", show: showRefusedChannel, status: 422, heading: "Connect shops", team: true},
	{name: "channel", show: showChannel, status: 200, heading: "Harbor Agency", team: true},
	{
		name: "channel, 40 shops", status: 200, heading: "Harbor Agency", team: true,
		show: func(v *visitor) int { return showLargeChannel(v, 40) },
	},
	{
		name: "channel, 300 shops", status: 200, heading: "Harbor Agency", team: true,
		show: func(v *visitor) int { return showLargeChannel(v, 300) },
	},
	{name: "channel, without rights", show: showChannelWithoutRights, status: 200, heading: "Harbor Agency", team: true},
	{name: "channel, ended", show: showEndedChannel, status: 200, heading: "Harbor Agency", team: true},
	{
		name: "channel, disconnect", show: showDisconnectChannel, status: 200,
		heading: "Disconnect Harbor Agency and 3 shops?", team: true,
	},
	{name: "shops of a channel", show: showShopsOfChannel, status: 200, heading: "Shops", team: true},
	{name: "list, channel without rights", show: showListWithoutRights, status: 200, heading: "Webhooks", team: true},
}

// giveChannel fills in the credentials of the demo channel, and sends them.
func (v *visitor) giveChannel(secret string) int {
	v.app.t.Helper()
	v.Fill(v.Role("textbox", "Client ID"), v.app.box.Channel().ClientID)
	v.Fill(v.PW.GetByLabel("Client secret"), secret)
	return v.Submit(v.Role("button", "Connect the channel"))
}

// connectChannel connects the demo channel as an admin.
func (v *visitor) connectChannel() int {
	v.app.t.Helper()
	v.hasSignedIn(ada, "/connect")
	return v.giveChannel(v.app.box.Channel().ClientSecret)
}

func (v *visitor) connectAll() int {
	v.app.t.Helper()
	v.connectChannel()
	return v.Submit(v.named("button", "^Connect all"))
}

func showRefusedChannel(v *visitor) int {
	v.hasSignedIn(ada, "/connect")
	return v.giveChannel("wrong")
}

func showChannel(v *visitor) int {
	v.app.teamShop()
	return v.connectChannel()
}

// showLargeChannel shows a channel with so many shops.
func showLargeChannel(v *visitor, n int) int {
	v.app.manyInChannel(n)
	v.connectChannel()
	v.Check(v.Role("checkbox", "Shop 2"))
	return http.StatusOK
}

// manyInChannel lists so many shops of the channel, in place of the sandbox.
func (a *app) manyInChannel(n int) {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"shopId":"sh_h7PdE5uLTJmK3vGq9o%04d","name":"Shop %d"}`, i, i))
	}
	a.box.FailNext(sandbox.Failure{
		Path: "/channel-api/v1.0/shops", Status: 200, Body: `{"shops":[` + strings.Join(list, ",") + `]}`, Times: 100,
	})
}

func showChannelWithoutRights(v *visitor) int {
	v.Must(v.app.box.ConfigureChannel(sandbox.DemoChannel{NoWebhooks: true}))
	return v.connectAll()
}

func showEndedChannel(v *visitor) int {
	v.connectAll()
	v.Must(v.app.box.ReplaceChannelSecret())
	return v.Open(v.PW.URL())
}

func showDisconnectChannel(v *visitor) int {
	v.connectAll()
	return v.Submit(v.named("link", "^Disconnect the channel"))
}

func showShopsOfChannel(v *visitor) int {
	v.connectAll()
	return v.Open("/shops")
}

func showListWithoutRights(v *visitor) int {
	showChannelWithoutRights(v)
	return v.Open(listPath(v.app.shop(0)))
}

// TestChannelJourney: an admin connects a channel, chooses shops after a search, uses
// one, sees the secret end and replaces it, and disconnects it. With script and
// without.
func TestChannelJourney(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{"with script": {}, "without script": {NoJavaScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			v := a.member(ada, "/connect", o)
			v.status(v.giveChannel("wrong"), 422)
			v.reads("doesn’t accept this client ID and secret")
			v.hasFocus("secret")
			v.noInput("wrong")
			v.status(v.giveChannel(a.box.Channel().ClientSecret), 200)
			v.heads("Harbor Agency")
			v.reads("Harbor Agency is connected", "3 at Fourthwall")
			v.Check(v.Role("checkbox", a.shop(1).Name))
			v.Check(v.Role("checkbox", a.shop(2).Name))
			v.status(v.Submit(v.Role("button", "Connect chosen shops")), 200)
			v.reads("2 shops connected", "1 shop to connect")
			v.status(v.Submit(v.Role("button", "Connect this shop")), 200)
			v.reads("1 shop connected", "All shops of this channel are connected")
			channel := v.PW.URL()
			v.status(v.Submit(v.main().GetByRole("link", named(a.shop(1).Name))), 200)
			v.compose(a.shop(1), good, donation)
			v.status(v.create(), 200)
			a.onlyOne(1, good)

			a.must(a.box.ReplaceChannelSecret())
			v.Open(listPath(a.shop(1)))
			v.reads("must be connected again")
			v.status(v.Submit(v.main().GetByRole("link", named("See the channel Harbor Agency"))), 200)
			v.reads("Fourthwall no longer accepts this channel’s secret")
			v.Fill(v.PW.GetByLabel("Client secret"), a.box.Channel().ClientSecret)
			v.status(v.Submit(v.Role("button", "Replace secret")), 200)
			v.reads("Secret replaced", "All shops of this channel are connected")
			if strings.Contains(v.html(), a.box.Channel().ClientSecret) {
				t.Error("the page has the secret")
			}
			v.status(v.Open(listPath(a.shop(1))), 200)
			v.reads("hooks.example.com")

			v.Open(channel)
			v.Submit(v.named("link", "^Disconnect the channel"))
			v.status(v.Submit(v.Role("button", "Disconnect 3 shops")), 200)
			v.heads("Shops")
			v.reads("Harbor Agency is disconnected", "No shops connected")
		})
	}
}
