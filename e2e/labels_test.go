package e2e

import (
	"fmt"
	"strings"
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// manyTeamShops connects n shops more for the team, labels them, and ends the
// connection of one.
func (a *app) manyTeamShops(n int) sandbox.DemoShop {
	a.t.Helper()
	shop := a.teamShop()
	conn, err := a.store.Connection(a.t.Context(), a.team.Owner(), shop.ID)
	a.must(err)
	clients := []string{"Tidewater Records", "Paper Comet", "Ninth Tide", "A client with a name of 40 characters ok"}
	for i := range n {
		conn.ShopID, conn.ShopName = fmt.Sprint("sh_", i), fmt.Sprint("Shop number ", i)
		conn.ShopDomain = fmt.Sprintf("shop-%d.example", i)
		put, err := a.store.PutConnection(a.t.Context(), conn)
		a.must(err)
		labels := []string{clients[i%4]}
		if i%2 == 0 {
			labels = append(labels, "production")
		}
		if i%5 == 0 {
			labels = append(labels, "music", "podcast")
		}
		if i%7 != 6 {
			_, err = a.store.AddShopLabels(a.t.Context(), conn.Owner, []string{conn.ShopID}, labels,
				func(store.Labeled) (store.Activity, error) { return store.Activity{Shop: conn.ShopID}, nil })
			a.must(err)
		}
		if i == 3 {
			a.must(a.store.ExpireConnection(a.t.Context(), put.ID, put.Version, store.End{}))
		}
	}
	return shop
}

func showLabeledShops(v *visitor) int {
	v.app.manyTeamShops(40)
	v.hasSignedIn(ada, "/shops")
	return v.Open("/shops")
}

func showBulkLabels(v *visitor) int {
	v.app.manyTeamShops(40)
	v.hasSignedIn(omar, "/shops")
	v.Open("/shops?label=production")
	v.Click(v.main().GetByText("Label 17 shops"))
	v.Fill(v.Role("combobox", "Add labels"), strings.Repeat("x", 41))
	return v.Submit(v.named("button", "^Add to 17 shops"))
}

func showShopLabels(v *visitor) int {
	shop := v.app.manyTeamShops(10)
	path := "/shops/" + shop.ID + "/labels"
	v.hasSignedIn(omar, path)
	v.Fill(v.Role("combobox", "Add labels"), "production, A client with a name of 40 characters ok, ☕ cafés")
	v.Submit(v.Role("button", "Add"))
	v.Fill(v.Role("combobox", "Add labels"), strings.Repeat("x", 41))
	return v.Submit(v.Role("button", "Add"))
}

// connectBefore connects demo shops in this browser while there is no team.
func (v *visitor) connectBefore(shops ...int) {
	v.app.t.Helper()
	v.app.beforeTheTeam(func() {
		for _, n := range shops {
			v.Open("/connect")
			v.giveKey(n)
		}
	})
}

func showMove(v *visitor) int {
	v.connectBefore(0, 1, 2)
	v.app.member(ada, "/connect", browser.Options{}).giveKey(2)
	v.hasSignedIn(ada, "/connect/move")
	return v.Open("/connect/move")
}

func showMoveMany(v *visitor) int {
	v.connectBefore(0)
	conn, err := v.app.store.LiveConnection(v.app.t.Context(), v.app.shop(0).ID, "")
	v.app.must(err)
	for i := range 40 {
		conn.ShopID, conn.ShopName = fmt.Sprint("sh_", i), fmt.Sprint("Shop number ", i)
		_, err := v.app.store.PutConnection(v.app.t.Context(), conn)
		v.app.must(err)
	}
	v.hasSignedIn(ada, "/connect/move")
	return v.Open("/connect/move")
}

func showPersonalShops(v *visitor) int {
	v.app.person(ada)
	v.connectBefore(0)
	v.hasSignedIn(omar, "/shops")
	return v.Open("/shops")
}

// scripts are both ways to use a page.
var scripts = map[string]browser.Options{"with script": {}, "without script": {NoJavaScript: true}}

// TestLabelsJourney: an operator labels shops, one and several at once, filters
// by a label and removes one. A viewer sees labels and can't change them.
func TestLabelsJourney(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			shop := a.manyTeamShops(12)
			v := a.member(omar, "/shops", o)
			v.Submit(v.named("link", "^Details of "+shop.Name))
			v.Submit(v.named("link", "^Add label to "+shop.Name))
			v.heads("Labels")
			v.Fill(v.Role("combobox", "Add labels"), "Music, new client")
			v.Submit(v.Role("button", "Add"))
			v.reads("Labels added", "music, new client")
			v.Fill(v.Role("combobox", "Add labels"), "half typed")
			v.Submit(v.named("button", "^Remove music"))
			v.reads("Label removed")
			if got := v.Value(v.Role("combobox", "Add labels")); got != "half typed" {
				t.Errorf("the field has %q", got)
			}

			v.Open("/shops")
			v.Select(v.Role("combobox", "Label"), "Paper Comet")
			if o.NoJavaScript {
				v.Submit(v.Role("button", "Apply"))
			}
			v.reads("3 of 13 shops shown")
			v.at("/shops?label=Paper+Comet")
			v.Click(v.main().GetByText("Label 3 shops"))
			v.Fill(v.Role("combobox", "Add labels"), "Merch")
			v.Submit(v.named("button", "^Add to 3 shops"))
			v.reads("3 shops labeled", "3 of 13 shops shown")
			v.at("/shops?label=Paper+Comet")
			v.Open("/shops?q=merch")
			v.reads("3 of 13 shops shown", "Shop number 1", "Shop number 5", "Shop number 9")
			v.Open("/shops/" + shop.ID + "/activity")
			v.reads(omar, "Labels changed", "− music", "+ music, + new client")

			viewer := a.member(vera, "/shops?label=merch", o)
			viewer.reads("3 of 13 shops shown", "Merch")
			viewer.Gone(viewer.named("link", "labels? (of|to) "))
			viewer.Gone(viewer.main().GetByText("Label 3 shops"))
		})
	}
}

// TestMoveJourney: a browser that connected shops in personal mode moves them to
// the team, which keeps its own access where it has the shop.
func TestMoveJourney(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			v := a.visit(o)
			v.connectBefore(0, 1, 2)
			a.member(ada, "/connect", browser.Options{}).giveKey(2)
			v.hasSignedIn(ada, "/shops")
			v.reads("1 shop connected", "3 shops aren’t the team’s yet")
			v.Submit(v.Role("link", "Choose shops to move"))
			v.heads("Move shops to the team")
			v.Uncheck(v.named("checkbox", a.shop(1).Name))
			v.Uncheck(v.named("checkbox", a.shop(0).Name))
			v.status(v.Submit(v.Role("button", "Move selected shops")), 422)
			v.reads("Select at least one shop")
			v.Check(v.named("checkbox", a.shop(0).Name))
			v.Check(v.named("checkbox", a.shop(2).Name))
			v.Submit(v.Role("button", "Move selected shops"))
			v.at("/shops")
			v.reads("1 shop moved to the team", "We deleted this browser’s access to "+a.shop(2).Name, "2 shops",
				"1 shop isn’t the team’s yet")
			v.Open("/people/activity")
			v.reads(ada, "Shop connected (moved)", a.shop(0).Name)
			v.Open("/sign-out")
			v.reads("Hookwall deletes its access to 1 shop that this browser connected")
			v.Open(listPath(a.shop(0)))
			v.heads("Webhooks")

			operator := a.member(omar, "/shops", o)
			operator.reads("2 shops", a.shop(0).Name)
		})
	}
}
