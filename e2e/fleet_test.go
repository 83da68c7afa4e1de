package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/jobs"
	"hookwall/internal/store"
)

// fleetScenes are the pages about many shops.
var fleetScenes = []scene{
	{name: "shops, 3 visited", show: showFleet(3, ""), status: 200, heading: "Shops", team: true},
	{name: "shops, 40 visited", show: showFleet(40, ""), status: 200, heading: "Shops", team: true},
	{name: "shops, 300 visited", show: showFleet(300, ""), status: 200, heading: "Shops", team: true},
	{name: "shops, 1000 visited", show: showFleet(1000, ""), status: 200, heading: "Shops", team: true},
	{name: "shops, details", show: showFleet(40, "?open=sh_004"), status: 200, heading: "Shops", team: true},
	{
		name: "shops, failing the same way", show: showFleet(300, "?host=stats.agency.example"), status: 200,
		heading: "Shops", team: true,
	},
	{name: "coverage", show: showFleet(300, "/coverage"), status: 200, heading: "Coverage", team: true},
	{
		name: "coverage, 1000 shops", show: showFleet(1000, "/coverage?by=shops"), status: 200, heading: "Coverage", team: true,
	},
	{
		name: "coverage, 1000 shops by pattern", show: showFleet(1000, "/coverage"), status: 200, heading: "Coverage",
		team: true,
	},
	{
		name: "coverage, against a preset", show: showFleet(40, "/coverage?against=stream-alerts"), status: 200,
		heading: "Coverage", team: true,
	},
	{name: "shops, visits paused", show: showPausedVisits, status: 200, heading: "Shops", team: true},
	{name: "shops, no background work", show: showNoBackground, status: 200, heading: "Shops", team: true},
	{name: "shops, none found", show: showFleet(40, "?q=nothing"), status: 200, heading: "Shops", team: true},
}

// showFleet shows a page about n shops to an admin.
func showFleet(n int, path string) func(*visitor) int {
	return func(v *visitor) int {
		for i := range n {
			fleettest.Put(v.app.t, v.app.store, v.app.team.Owner(), oddShop(i))
		}
		v.hasSignedIn(ada, "/shops")
		return v.Open("/shops" + path)
	}
}

// showPausedVisits shows the list after ten shops in a row gave no answer.
func showPausedVisits(v *visitor) int {
	show := showFleet(40, "")
	show(v)
	a := v.app
	for i := 20; i < 30; i++ {
		visit, _, err := a.store.BeginVisit(a.t.Context(), fmt.Sprintf("sh_%03d", i), time.Minute, a.store.Now())
		a.must(err)
		a.must(a.store.EndVisit(a.t.Context(), visit, store.VisitEnd{Silent: true, Due: a.store.Now().Add(time.Hour)}, nil))
	}
	return v.Reload()
}

// showNoBackground shows the list while another program's table keeps the queue
// of jobs from starting.
func showNoBackground(v *visitor) int {
	show := showFleet(3, "")
	show(v)
	a := v.app
	a.must(a.store.InTx(a.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE river_leader (other BIGINT)")
		return err
	}))
	ctx, stop := context.WithCancel(a.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		nothing := func(context.Context) error { return nil }
		a.jobs.Run(ctx, jobs.Work{Sweep: nothing, Reconcile: nothing, KeepAlive: nothing})
	})
	defer running.Wait()
	defer stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for a.jobs.Err() == nil {
		select {
		case <-tick.C:
		case <-time.After(time.Minute):
			a.t.Fatal("the queue of jobs starts")
		}
	}
	return v.Reload()
}

var shopNames = []string{
	"Tidewater Records", "Paper Comet", "Ninth Tide", "Half Moon Radio", "Salt Map", "Granite Choir", "Velvet Otter",
	"Owl Post Weekly", "Moss and Lantern", "Little Ferment", "Cedar and Static", "Quiet Orbit", "Brass Heron",
}

// oddShop returns a shop. Most are alike, and some have an oddity.
func oddShop(i int) fleettest.Shop {
	var all []fourthwall.EventType
	for _, g := range fourthwall.Groups() {
		for _, info := range g.Types {
			all = append(all, info.Code)
		}
	}
	shop := fleettest.Shop{
		ID: fmt.Sprintf("sh_%03d", i), Name: shopNames[i%len(shopNames)], Ago: time.Duration(i%25) * time.Minute,
		Labels: []string{"music"}, Accepted: 20 + i*7%80,
		Webhooks: []fleet.Webhook{fleettest.Hook(fmt.Sprintf("wcon_%d", i), "https://hooks.agency.example/fw", all[:12]...)},
	}
	if i >= len(shopNames) {
		shop.Name += fmt.Sprintf(" %d", i)
	}
	if i%4 == 3 {
		shop.Labels = []string{"podcast", "production", "music"}
	}
	second := fleettest.Hook(fmt.Sprintf("wcon_b%d", i), "https://stats.agency.example/in", all[3:9]...)
	switch i % 20 {
	case 0:
		shop.Webhooks = append([]fleet.Webhook{second}, shop.Webhooks...)
		shop.Accepted, shop.Failed, shop.Error = 22, 18, "certificate expired"
	case 1:
		shop.Expired, shop.Ago = true, 16*time.Hour
	case 5:
		shop.Problem, shop.Ago = fleet.NoAnswer, 9*time.Hour
	case 7:
		shop.Unseen, shop.Problem = i%40 == 7, fleet.Forbidden
	case 10:
		shop.Webhooks, shop.Accepted = nil, 0
	case 11:
		shop.Accepted, shop.Failed, shop.Error = 90, 1, "500 Internal Server Error"
	case 12, 13:
		shop.Webhooks[0].AllowedTypes = slices.Delete(slices.Clone(all[:14]), 1, 2)
	case 14:
		shop.Webhooks = append(shop.Webhooks, second)
	case 16:
		shop.Webhooks[0].AllowedTypes = all[: 3+i/20%9 : 12]
	}
	return shop
}

// TestFleetInABrowser: the list is filtered while someone types, a count leads to
// its shops, and one of them unfolds, all by keyboard or without script.
func TestFleetInABrowser(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			for i := range 60 {
				fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
			}
			v := a.member(ada, "/shops", o)
			v.Open("/shops")
			v.Resize(1280, 800)
			if got := fmt.Sprint(v.Eval(wholeRows, ".fleet li")); atoi(got) < 12 {
				t.Errorf("%s whole rows below two causes, want 12", got)
			}
			v.Submit(v.main().GetByRole("link", named("3 failing")))
			v.at("/shops?state=failing")
			v.SeeText(v.main(), "3 of 60 shops shown")
			v.Submit(v.main().GetByRole("button", named("Refresh 3 shops")))
			v.at("/shops?state=failing")
			v.SeeText(v.main(), "Refreshing 3 shops")
			v.Open("/shops?q=paper")
			v.Submit(v.main().GetByRole("link", named("Details of Paper Comet 14")))
			v.SeeText(v.main(), "Connected with")
			if o.NoJavaScript {
				return
			}
			v.Open("/shops")
			v.Fill(v.Role("searchbox", "Search"), "stats.agency")
			v.SeeText(v.main(), "6 of 60 shops shown")
		})
	}
}

// TestCoverageKeepsItsColumns: a long name takes more lines, and no more of the table.
func TestCoverageKeepsItsColumns(t *testing.T) {
	t.Parallel()
	a := startTeam(t)
	for i := range 12 {
		shop := oddShop(i)
		if i < 4 {
			shop.Name = strings.Repeat("Very long and prosperous ", 8)
			shop.ID = fmt.Sprint(strings.Repeat("long-domain-", 4), i) // it tells them apart
		}
		fleettest.Put(t, a.store, a.team.Owner(), shop)
	}
	a.addTemplates()
	v := a.member(ada, "/shops", browser.Options{})
	for _, path := range []string{"?by=shops", "", "?against=template:music"} {
		v.Open("/shops/coverage" + path)
		for _, size := range []struct {
			width, names int
			isWhole      bool
		}{{1280, 312, true}, {800, 312, false}, {375, 168, false}, {320, 168, false}} {
			v.Resize(size.width, 800)
			got := v.Eval(`(() => {
				const sheet = document.querySelector(".coverage"), names = [...sheet.querySelectorAll("tbody th")];
				return [Math.max(...names.map(e => e.offsetWidth)), sheet.scrollWidth <= sheet.clientWidth,
					names.some(e => e.scrollWidth > e.clientWidth)].join(" ");
			})()`)
			var width int
			var isWhole, isCut bool
			if _, err := fmt.Sscan(fmt.Sprint(got), &width, &isWhole, &isCut); err != nil {
				t.Fatal(got, err)
			}
			if width == 0 || width > size.names || isCut || size.isWhole && !isWhole {
				t.Errorf("%s at %d px: names have %d px, cut: %t; all is in view: %t", path, size.width, width, isCut, isWhole)
			}
		}
	}
}

// TestFleetFollowsVisits: what visits read appears without a reload.
func TestFleetFollowsVisits(t *testing.T) {
	t.Parallel()
	a := startTeam(t)
	put := func(i int, change func(*fleettest.Shop)) {
		shop := oddShop(i)
		change(&shop)
		fleettest.Put(t, a.store, a.team.Owner(), shop)
	}
	for i := range 5 {
		put(i, func(*fleettest.Shop) {})
	}
	v := a.member(ada, "/shops", browser.Options{})
	pages := []string{"/shops", "/shops/coverage?by=shops"}
	for _, path := range pages {
		v.Open(path)
		v.SeeText(v.main(), oddShop(0).Name)
		v.Eval("window.__same = true")
		put(0, func(s *fleettest.Shop) { s.Name = "Sudden Fame at " + path })
		v.SeeText(v.main(), "Sudden Fame at "+path)
		if same := v.Eval("window.__same"); same != true {
			t.Errorf("%s was loaded again", path)
		}
		put(0, func(*fleettest.Shop) {})
	}
	// It waits while the focus is in the list.
	v.Open("/shops")
	link := v.main().GetByRole("link", named(oddShop(1).Name)).First()
	v.Must(link.Focus())
	put(0, func(s *fleettest.Shop) { s.Name = "Waits" })
	v.Must(v.Expect(link).ToBeFocused())
	v.Must(link.Blur())
	v.SeeText(v.main(), "Waits")
	v.Accessible()
}

// TestFleetFollowsAfterARefusal: a page whose stream was refused once, as by a proxy
// during a restart, follows visits again later.
func TestFleetFollowsAfterARefusal(t *testing.T) {
	t.Parallel()
	a := startTeam(t)
	for i := range 3 {
		fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
	}
	v := a.member(ada, "/shops", browser.Options{})
	asked, isBack := make(chan struct{}, 99), false
	v.Must(v.PW.Clock().Install())
	v.Must(v.PW.Route("**/stream?*", func(r playwright.Route) {
		if !isBack {
			isBack = true
			_ = r.Fulfill(playwright.RouteFulfillOptions{Status: playwright.Int(204)})
		} else {
			_ = r.Continue()
		}
		asked <- struct{}{}
	}))
	v.Open("/shops")
	<-asked
	shop := oddShop(0)
	shop.Name = "After a restart"
	fleettest.Put(t, a.store, a.team.Owner(), shop)
	tick, limit := time.NewTicker(100*time.Millisecond), time.NewTimer(20*time.Second)
	defer tick.Stop()
	defer limit.Stop()
	for isAsked := false; !isAsked; {
		v.Must(v.PW.Clock().FastForward(31_000))
		select {
		case <-asked:
			isAsked = true
		case <-tick.C:
		case <-limit.C:
			t.Fatal("the page doesn't ask again")
		}
	}
	v.SeeText(v.main(), shop.Name)
}

// TestFleetFollowsAndFilters: a list that someone filters while it's loaded again
// stays filtered.
func TestFleetFollowsAndFilters(t *testing.T) {
	t.Parallel()
	a := startTeam(t)
	for i := range 5 {
		fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
	}
	v := a.member(ada, "/shops", browser.Options{})
	v.Open("/shops")
	held := make(chan playwright.Route, 9)
	v.Must(v.PW.Route(regexp.MustCompile(`/shops$`), func(r playwright.Route) { held <- r }))
	shop := oddShop(0)
	shop.Name = "Not what was searched"
	fleettest.Put(t, a.store, a.team.Owner(), shop)
	all := <-held
	v.Fill(v.Role("searchbox", "Search"), oddShop(1).Name)
	v.SeeText(v.main(), "1 of 5 shops shown")
	_, err := v.PW.ExpectRequest(regexp.MustCompile(`/shops\?q=`), func() error { return all.Continue() })
	v.Must(err)
	v.SeeText(v.main(), "1 of 5 shops shown")
	v.Must(v.Expect(v.main().GetByText(shop.Name)).ToHaveCount(0))
}

// TestFleetByKeyboard goes from the counts to the shops, opens one, and compares
// event types until one pattern's shops are listed, all without a mouse.
func TestFleetByKeyboard(t *testing.T) {
	t.Parallel()
	for name, o := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			for i := range 60 {
				fleettest.Put(t, a.store, a.team.Owner(), oddShop(i))
			}
			v := a.member(ada, "/shops", o)
			v.Open("/shops")
			v.status(v.press("Enter", v.named("link", "^Show 3 shops.*certificate expired")), 200)
			v.SeeText(v.main(), "stats.agency.example: certificate expired")
			v.status(v.press("Enter", v.named("link", "^Details of "+oddShop(20).Name)), 200)
			v.SeeText(v.main(), "Connected with")
			v.status(v.press("Enter", v.Role("link", "Coverage")), 200)
			v.heads("Coverage")
			v.status(v.press("Enter", v.named("link", "^Shops 60")), 200)
			v.stepTo(v.main().Locator("summary"))
			v.Press("Enter")
			v.stepTo(v.Role("checkbox", "Order updated"))
			v.Press("Space")
			v.status(v.press("Enter", v.Role("button", "Compare")), 200)
			v.status(v.press("Enter", v.named("link", "^Patterns")), 200)
			v.at("/shops/coverage?type=ORDER_UPDATED")
			v.status(v.press("Enter", v.named("rowheader", "nothing covered").GetByRole("link").First()), 200)
			v.heads("Shops")
			v.SeeText(v.main(), "Same coverage")
		})
	}
}
