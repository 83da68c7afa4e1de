package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
)

// searchScenes are the page with what a search found, and what is below the field.
var searchScenes = []scene{
	{name: "search", show: showSearch(40, ""), status: 200, heading: "Search", team: true},
	{name: "search, one shop", show: showSearchOfOne, status: 200, heading: "Search"},
	{name: "search, nothing found", show: showSearch(40, "nothing"), status: 200, heading: "Search", team: true},
	{name: "search, 1 found", show: showSearch(40, "paper comet 14"), status: 200, heading: "Search", team: true},
	{name: "search, 40 found", show: showSearch(40, "hooks.agency"), status: 200, heading: "Search", team: true},
	{name: "search, 300 found", show: showSearch(300, "agency"), status: 200, heading: "Search", team: true},
	{name: "search, all kinds", show: showSearch(40, "o"), status: 200, heading: "Search", team: true},
	{name: "search, unknown ID", show: showSearch(40, "weve_none"), status: 200, heading: "Search", team: true},
	{name: "search, too long", show: showSearch(2, strings.Repeat("x", 201)), status: 422, heading: "Search", team: true},
	{
		name: "search, a secret", show: showSearch(2, "q7Ld0xVt3mPz8RyKc5NwB2hJ"), status: 422, heading: "Search",
		team: true,
	},
	{name: "search, below the field", show: showFound, status: 200, heading: "Shops", team: true},
}

// showSearch shows what an admin of a team with n shops finds.
func showSearch(n int, query string) func(*visitor) int {
	return func(v *visitor) int {
		showFleet(n, "")(v)
		at := "/search"
		if query != "" {
			at += "?q=" + url.QueryEscape(query)
		}
		return v.Open(at)
	}
}

func showSearchOfOne(v *visitor) int {
	v.connectKey(2)
	return v.Open("/search?q=example")
}

func showFound(v *visitor) int {
	status := showFleet(40, "")(v)
	v.Resize(1280, 800)
	v.Fill(v.searchField(), "o")
	v.See(v.searchPop().GetByRole("heading", named("Webhooks")))
	return status
}

func (v *visitor) searchField() playwright.Locator { return v.Role("searchbox", "Find anything") }

// searchPop is what is below the field.
func (v *visitor) searchPop() playwright.Locator { return v.CSS(".seek > .pop") }

// TestSearchByKeyboard: from any page by one key, through what is found by the
// arrows, and away again.
func TestSearchByKeyboard(t *testing.T) {
	t.Parallel()
	a := startTeam(t)
	for i := range 40 {
		fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
	}
	v := a.member(ada, "/shops", browser.Options{})
	v.Resize(1280, 800)
	v.Open("/help")
	v.Press("/")
	v.HasFocus(v.searchField())
	if got := v.Attr(v.searchField(), "aria-keyshortcuts"); got != "/" {
		t.Errorf("the field says its key is %q", got)
	}
	v.Type("paper comet")
	v.SeeText(v.searchPop(), "3 matches")
	v.SeeText(v.CSS("#live"), "3 matches")
	v.Press("ArrowDown")
	v.HasFocus(v.searchPop().GetByRole("link").First())
	v.Press("ArrowDown", "ArrowUp", "ArrowUp")
	v.HasFocus(v.searchField())
	v.Press("Escape")
	v.Gone(v.searchPop())
	v.HasFocus(v.searchField())
	v.Fill(v.searchField(), "a/b")
	if got := v.Value(v.searchField()); got != "a/b" {
		t.Errorf("the field has %q", got)
	}
	v.Fill(v.searchField(), "podcast")
	v.SeeText(v.searchPop(), "1 match")
	v.Press("Tab")
	v.Navigate(func() { v.Press("Enter") })
	v.at("/shops?label=podcast")
	v.Press("/")
	v.Type("hooks.agency")
	v.Navigate(func() { v.Press("Enter") })
	v.at("/search?q=hooks.agency")
	v.SeeText(v.main(), "matches")
	v.Press("/")
	v.HasFocus(v.searchField())
	v.Open("/display")
	v.Check(v.CSS("#keys-off"))
	v.Submit(v.Role("button", "Save"))
	v.Open("/help")
	v.Press("/")
	if v.Eval("() => document.activeElement.id") == "seek" {
		t.Error("the key works after it was turned off")
	}
	if v.Count(v.CSS("[aria-keyshortcuts]")) != 0 {
		t.Error("the field says a key that was turned off")
	}
}

// TestSearchInABrowser: with script or without it, wide or on a phone.
func TestSearchInABrowser(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			for i := range 60 {
				fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
			}
			fleettest.Put(t, a.store, a.team.Owner(), fleettest.Shop{
				ID: "sh_long", Name: strings.Repeat("Long name ", 12),
				Webhooks: []fleet.Webhook{fleettest.Hook("wcon_long", "https://"+strings.Repeat("long.", 40)+"example/", "DONATION")},
			})
			v := a.member(ada, "/shops", o)
			for _, width := range []int{1280, 320} {
				v.Resize(width, 800)
				v.Open("/shops")
				if width < 1000 {
					v.Submit(v.Role("link", "Search"))
					v.at("/search")
					v.HasFocus(v.searchField())
				}
				v.Fill(v.searchField(), "comet")
				v.Navigate(func() { v.Press("Enter") })
				v.at("/search?q=comet")
				v.SeeText(v.main(), "matches")
				if to := v.Attr(v.main().GetByRole("link", named("Paper Comet 14")), "href"); to != "/shops/sh_014/webhooks" {
					t.Errorf("a shop leads to %s", to)
				}
				v.Open("/search?q=long")
				v.SeeText(v.main(), "2 matches")
				v.NoSidewaysScroll()
				v.Accessible()
				v.Open("/search?q=podcast")
				v.Submit(v.main().GetByRole("link", named("podcast")))
				v.at("/shops?label=podcast")
			}
		})
	}
}

// TestSearchKeepsSecretsOut of the history, and says so where it was typed.
func TestSearchKeepsSecretsOut(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, o)
			v.connectKey(2)
			v.Open("/help")
			v.Resize(1280, 800)
			const secret = "q7Ld0xVt3mPz8RyKc5NwB2hJ"
			v.Fill(v.searchField(), secret)
			if !o.NoJavaScript {
				v.SeeText(v.searchPop(), "looks like a password")
			}
			v.status(v.Navigate(func() { v.Press("Enter") }), 422)
			v.at("/search?outcome=refused")
			v.SeeText(v.main(), "removed it from the URL")
			v.HasFocus(v.searchField())
			v.Back()
			v.at("/help")
			const nowAt = "() => performance.getEntriesByType('navigation')[0].name"
			if got := fmt.Sprint(v.Eval(nowAt)); strings.Contains(got, secret) {
				t.Error("the secret is in the URL of a page")
			}
		})
	}
}
