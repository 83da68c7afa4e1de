package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

const agencyHost = "https://hooks.agency.example/fw"

// oddShops are shops of every state.
func oddShops() []fleettest.Shop {
	hook := func(id string, types ...fourthwall.EventType) []fleet.Webhook {
		return []fleet.Webhook{fleettest.Hook(id, agencyHost, types...)}
	}
	return []fleettest.Shop{
		{
			ID: "sh_fine", Name: "Amber Fox", Webhooks: hook("wcon_1", "DONATION", "ORDER_PLACED"), Accepted: 9,
			Labels: []string{"music"},
		},
		{
			ID: "sh_failing", Name: "Tidewater Records", Webhooks: hook("wcon_2", "DONATION"), Accepted: 4, Failed: 3,
			Error: "certificate expired",
		},
		{
			ID: "sh_failing2", Name: "Half Moon", Webhooks: hook("wcon_3", "DONATION"), Failed: 2, Error: "certificate expired",
		},
		{ID: "sh_some", Name: "Quiet Orbit", Webhooks: hook("wcon_4", "DONATION"), Accepted: 40, Failed: 1, Error: "500"},
		{ID: "sh_ended", Name: "Paper Comet", Webhooks: hook("wcon_5", "DONATION"), Accepted: 2, Expired: true, Ago: time.Hour},
		{
			ID: "sh_stale", Name: "Granite Choir", Webhooks: hook("wcon_6", "DONATION"), Accepted: 2, Ago: 9 * time.Hour,
			Problem: fleet.NoAnswer,
		},
		{ID: "sh_new", Name: "Owl Post", Unseen: true},
		{ID: "sh_none", Name: "Cedar and Static"},
		{ID: "sh_cut", Name: "Velvet Otter", Webhooks: hook("wcon_7", "ORDER_PLACED"), Cut: true},
	}
}

// newFleetRig returns a dashboard that visits shops, and a person who has some.
func newFleetRig(t testing.TB, shops ...fleettest.Shop) (*rig, *person) {
	t.Helper()
	g := newRig(t, options{fleet: true})
	p := g.person()
	p.connect(0)
	own := owner(p)
	p.must(g.store.DeleteConnection(t.Context(), own, g.box.Shops()[0].ID))
	for _, shop := range shops {
		fleettest.Put(t, g.store, own, shop)
	}
	return g, p
}

// fleetRows returns the texts of the rows of the list, column by column.
func (pg *page) fleetRows() (rows [][]string) {
	walk(pg.doc, func(n *html.Node) {
		if n.Data != "li" || !strings.HasPrefix(attr(n, "class"), "row ") {
			return
		}
		row := []string{strings.TrimPrefix(attr(n, "class"), "row ")}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Data == "p" || c.Data == "h2" {
				row = append(row, textOf(c))
			}
		}
		rows = append(rows, row)
	})
	return rows
}

// TestFleetRows: every column of the list, the most troubled shops first.
func TestFleetRows(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, oddShops()...)
	pg := p.get(shopsPath).want(http.StatusOK,
		"9 shops", "2 failing", "1 to reconnect", "1 stale", "2 to check", "2 not known", "1 healthy")
	rows := pg.fleetRows()
	want := [][]string{
		{"failing", "Half Moon", "", "1 webhook", "1/29 event types covered", "2 of 2 failed", "certificate expired", "seen just now"},
		{"failing", "Tidewater Records", "", "1 webhook", "1/29 event types covered", "3 of 7 failed", "certificate expired", "seen just now"},
		{"look", "Paper Comet", "", "1 webhook", "1/29 event types covered", "Not known for 1 h", "Reconnect: API key rejected", "seen 1 h ago"},
		{"unknown", "Granite Choir", "", "1 webhook", "1/29 event types covered", "Not known for 9 h", "Stale: no usable response", "seen 9 h ago"},
		{"look", "Quiet Orbit", "", "1 webhook", "1/29 event types covered", "1 of 41 failed", "500", "seen just now"},
		{"look", "Cedar and Static", "", "0 webhooks", "0/29 event types covered", "No deliveries", "No webhooks", "seen just now"},
		{"unknown", "Owl Post", "", "– webhooks not known", "– event types not known", "Not known", "First visit is pending", "seen never"},
		{"unknown", "Velvet Otter", "", "1 webhook", "≥ 1/29 event types covered", "No deliveries", "Not all webhooks were read", "seen just now"},
		{"ok", "Amber Fox", "Labels: music", "1 webhook", "2/29 event types covered", "9 deliveries", "", "seen just now"},
	}
	if diff := cmp.Diff(want, rows, cmp.Comparer(sameButAge)); diff != "" {
		t.Error(diff)
	}
	pg.want(http.StatusOK,
		"hooks.agency.example: certificate expired", "5 deliveries failed in 2 shops, the first ", "Show 2 shops")
}

// TestWhichFailuresAreTrouble: a single failed delivery is none if a later one was
// accepted. Nearly every shop has one a day.
func TestWhichFailuresAreTrouble(t *testing.T) {
	t.Parallel()
	hook := []fleet.Webhook{fleettest.Hook("wcon_1", agencyHost, "DONATION")}
	shop := func(name string, accepted, failed, since int) fleettest.Shop {
		return fleettest.Shop{
			ID: "sh_" + name, Name: name, Webhooks: hook, Accepted: accepted, Failed: failed, Since: since, Error: "500",
		}
	}
	_, p := newFleetRig(t, shop("one of few", 1, 1, 1), shop("one of many", 30, 1, 1), shop("the last", 30, 1, 0),
		shop("two", 30, 2, 1), shop("two of few", 1, 2, 1))
	var got [][]string
	pg := p.get(shopsPath).want(http.StatusOK, "5 deliveries failed in 3 shops")
	for _, row := range pg.fleetRows() {
		got = append(got, []string{row[1], row[0], row[5], row[6]})
	}
	want := [][]string{
		{"two of few", "look", "2 of 4 failed", "500"},
		{"two", "look", "2 of 33 failed", "500"},
		{"the last", "look", "1 of 31 failed", "500"},
		{"one of few", "ok", "1 of 3 failed", ""},
		{"one of many", "ok", "1 of 32 failed", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// sameButAge compares texts of rows. What was just seen may be seconds ago.
func sameButAge(a, b string) bool {
	recent := func(text string) string {
		if strings.HasPrefix(text, "seen ") && strings.HasSuffix(text, " s ago") {
			return "seen just now"
		}
		return text
	}
	return recent(a) == recent(b)
}

// TestFleetFilters: what each filter shows, in which order. One of which something
// isn't known isn't shown for that.
func TestFleetFilters(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, oddShops()...)
	for query, want := range map[string][]string{
		"state=failing":        {"Half Moon", "Tidewater Records"},
		"state=reconnect":      {"Paper Comet"},
		"state=stale":          {"Granite Choir"},
		"state=look":           {"Quiet Orbit", "Cedar and Static"},
		"state=unseen":         {"Owl Post", "Velvet Otter"},
		"state=healthy":        {"Amber Fox"},
		"label=MUSIC":          {"Amber Fox"},
		"missing=ORDER_PLACED": {"Half Moon", "Tidewater Records", "Paper Comet", "Granite Choir", "Quiet Orbit", "Cedar and Static"},
		"missing=NO_SUCH":      nil,
		"host=hooks.agency.example&reason=certificate+expired": {"Half Moon", "Tidewater Records"},
		"host=hooks.agency.example":                            {"Half Moon", "Tidewater Records", "Quiet Orbit"},
		"host=elsewhere.example":                               nil,
		"q=sh_fine":                                            {"Amber Fox"},
		"q=sh_none.example":                                    {"Cedar and Static"},
		"q=music":                                              {"Amber Fox"},
		"q=AGENCY.example/fw+quiet":                            {"Quiet Orbit"},
		"state=unseen&sort=name":                               {"Owl Post", "Velvet Otter"},
		"sort=name&q=hooks.agency": {
			"Amber Fox", "Granite Choir", "Half Moon", "Paper Comet", "Quiet Orbit", "Tidewater Records", "Velvet Otter",
		},
	} {
		var got []string
		for _, row := range p.get(shopsPath + "?" + query).want(http.StatusOK).fleetRows() {
			got = append(got, row[1])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
		records := p.get(shopsCSVPath + "?" + query).records()
		if len(records)-1 != len(want) {
			t.Errorf("%s: the file has %d rows, want %d", query, len(records)-1, len(want))
		}
	}
	pg := p.get(shopsPath + "?sort=seen")
	if first := pg.fleetRows()[0][1]; first != "Owl Post" {
		t.Errorf("%s is the longest unseen", first)
	}
	if next := pg.fleetRows()[1][1]; next != "Granite Choir" {
		t.Errorf("%s is the next", next)
	}
}

// TestFleetCSV compares every column.
func TestFleetCSV(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, oddShops()...)
	rows := map[string][]string{}
	for _, r := range p.get(shopsCSVPath).records() {
		for _, i := range []int{11, 12} {
			if _, err := time.Parse(time.RFC3339, r[i]); err == nil {
				r[i] = "T"
			}
		}
		if r[8] != "" && r[0] != "shop id" {
			r[8] = fmt.Sprint(len(strings.Fields(r[8])))
		}
		rows[r[0]] = r
	}
	for _, want := range [][]string{
		{
			"shop id", "name", "domain", "labels", "state", "trouble", "webhooks", "covered event types",
			"event types not covered", "deliveries in 24 hours", "failed in 24 hours", "seen at", "tried at", "problem",
			"template", "drift",
		},
		{"sh_fine", "Amber Fox", "sh_fine.example", "music", "healthy", "", "1", "2", "27", "9", "0", "T", "T", "", "", ""},
		{
			"sh_failing", "Tidewater Records", "sh_failing.example", "", "failing", "hooks.agency.example: certificate expired",
			"1", "1", "28", "7", "3", "T", "T", "", "", "",
		},
		{"sh_new", "Owl Post", "sh_new.example", "", "unseen", "First visit is pending", "", "", "", "", "", "", "", "", "", ""},
		{
			"sh_stale", "Granite Choir", "sh_stale.example", "", "stale", "Stale: no usable response", "1", "1", "28",
			"2", "0", "T", "T", "no answer", "", "",
		},
		{"sh_cut", "Velvet Otter", "sh_cut.example", "", "unseen", "Not all webhooks were read", "1", "", "", "0", "0", "T", "T", "", "", ""},
	} {
		if diff := cmp.Diff(want, rows[want[0]]); diff != "" {
			t.Errorf("%s: %s", want[0], diff)
		}
	}
}

// TestHoursNobodySaw: an hour after the last visit is not known, and neither is
// one of which older deliveries are still to be read.
func TestHoursNobodySaw(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 13, 20, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		o    store.Observation
		want string // oldest hour first
	}{
		"never":   {store.Observation{}, strings.Repeat("?", 24)},
		"now":     {store.Observation{DeliveriesAt: now}, strings.Repeat("k", 24)},
		"earlier": {store.Observation{DeliveriesAt: now.Add(-3 * time.Hour)}, strings.Repeat("k", 21) + "???"},
		"backlog": {
			store.Observation{DeliveriesAt: now, Backlog: store.Backlog{Page: 3, Until: now.Add(-4*time.Hour - 20*time.Minute)}},
			strings.Repeat("k", 19) + "?????",
		},
	} {
		got := ""
		for _, hour := range knownHours(row.o, now) {
			got += map[bool]string{true: "k", false: "?"}[hour.Known]
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// TestRefresh: one shop, those that a filter shows, or all are visited soon.
func TestRefresh(t *testing.T) {
	t.Parallel()
	g, p := newFleetRig(t, oddShops()...)
	for _, row := range []struct {
		form url.Values
		want []string // enqueued
		says string
		to   string
	}{
		{url.Values{"shop": {"sh_fine"}}, []string{"sh_fine"}, "Refreshing 1 shop", "open=sh_fine"},
		{url.Values{"shop": {"sh_other"}}, nil, "No shop to refresh Shops", ""},
		{url.Values{"shop": {"sh_ended"}}, nil, "1 shop must be reconnected first", ""},
		{url.Values{"state": {"failing"}}, []string{"sh_failing", "sh_failing2"}, "Refreshing 2 shops", "state=failing"},
		{url.Values{"q": {"nothing like it"}}, nil, "No shop to refresh", ""},
		{nil, []string{
			"sh_cut", "sh_failing", "sh_failing2", "sh_fine", "sh_new", "sh_none", "sh_some", "sh_stale",
		}, "Refreshing 8 shops", ""},
	} {
		g.queue.take()
		pg := p.post(refreshPath, row.form).want(http.StatusOK, row.says)
		if !strings.Contains(pg.url.String(), row.to) {
			t.Errorf("%v leads to %s", row.form, pg.url)
		}
		if diff := cmp.Diff(row.want, g.queue.take()); diff != "" {
			t.Errorf("%v: %s", row.form, diff)
		}
	}
	form := p.get(shopsPath+"?state=failing").want(http.StatusOK, "Refresh 2 shops").
		form(refreshPath) // the first is of all
	g.queue.take()
	form.set("state", "failing").submit().want(http.StatusOK, "Refreshing 2 shops")
	if diff := cmp.Diff([]string{"sh_failing", "sh_failing2"}, g.queue.take()); diff != "" {
		t.Error(diff)
	}
}

// TestFleetDetails: a shop's connection and actions unfold without script, on
// the page that has the shop.
func TestFleetDetails(t *testing.T) {
	t.Parallel()
	var all []fleettest.Shop
	for i := range 60 {
		all = append(all, fleettest.Shop{ID: fmt.Sprintf("sh_%02d", i), Name: fmt.Sprintf("Shop %02d", i)})
	}
	_, p := newFleetRig(t, all...)
	pg := p.get(shopsPath+"?sort=name&open=sh_55").want(http.StatusOK,
		"51–60 of 60", "API key ending in x9f2", "sh_55.example", "Add label to Shop 55", "Disconnect : Shop 55")
	if n := strings.Count(pg.body, "fleet-details"); n != 1 {
		t.Errorf("%d shops are unfolded", n)
	}
	if got := len(pg.fleetRows()); got != 10 {
		t.Errorf("%d rows", got)
	}
	p.get(shopsPath).link("⋯").want(http.StatusOK, "Disconnect : Shop 00")
}

// TestPausedVisitsAreSaid: while nothing is visited, the page says until when.
func TestPausedVisitsAreSaid(t *testing.T) {
	t.Parallel()
	g, p := newFleetRig(t, oddShops()...)
	own := owner(p)
	if text := p.get(shopsPath).text(); strings.Contains(text, "paused") {
		t.Fatal(text)
	}
	for i := range 10 {
		id := fmt.Sprint("sh_silent", i)
		_, err := g.store.PutConnection(t.Context(), store.Connection{Owner: own, ShopID: id, Credential: []byte("{}")})
		g.must(err)
		v, _, err := g.store.BeginVisit(t.Context(), id, time.Minute, time.Now())
		g.must(err)
		g.must(g.store.EndVisit(t.Context(), v, store.VisitEnd{Silent: true, Due: g.store.Now().Add(time.Hour)}, nil))
	}
	p.get(shopsPath).want(http.StatusOK, "Refreshing is paused until", "This page shows earlier results.")
}

// TestOneShopHasNoFleet: with one shop there are no parts about many.
func TestOneShopHasNoFleet(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, oddShops()[0])
	pg := p.get(shopsPath).want(http.StatusOK, "Amber Fox", "1 shop connected")
	for _, text := range []string{"Coverage", "Refresh", "healthy", "fleet.css"} {
		if strings.Contains(pg.body, text) {
			t.Errorf("the page has %q", text)
		}
	}
	p.get(shopsCSVPath).want(http.StatusNotFound)
}

// TestFleetOfATeam: a viewer sees the list and nothing that would be refused.
func TestFleetOfATeam(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true, team: &team.Config{Groups: roleGroups}})
	for _, shop := range oddShops() {
		fleettest.Put(t, g.store, g.server.Team.Owner(), shop)
	}
	for role, may := range map[team.Role][]string{
		team.Viewer:   nil,
		team.Operator: {"Check the endpoint", "Label 9 shops", "Add label to Half Moon"},
		team.Admin: {
			"Check the endpoint", "Label 9 shops", "Add label to Half Moon", "Disconnect : Half Moon", "Connect a shop",
		},
	} {
		pg := g.member(role).get(shopsPath+"?open=sh_failing2").want(http.StatusOK, "2 failing", "Refresh now")
		var has []string
		for _, text := range []string{
			"Check the endpoint", "Label 9 shops", "Add label to Half Moon", "Disconnect : Half Moon", "Connect a shop",
		} {
			if strings.Contains(textOf(pg.node("main")), text) {
				has = append(has, text)
			}
		}
		if !slices.Equal(has, may) {
			t.Errorf("%s has %q, want %q", role, has, may)
		}
	}
}

// TestCauses: each leads to the shops that it counts, also one without a reason.
func TestCauses(t *testing.T) {
	t.Parallel()
	var shops []fleettest.Shop
	for i, row := range []struct{ host, reason string }{
		{"A.EXAMPLE.:443", "500"},
		{"a.example", "500"},
		{"a.example", ""},
		{"a.example", ""},
		{"a.example", ""},
		{"b.example:8443", "a: b, & c "},
		{"b.example:8443", "a: b, & c "},
		{"c.example", "-"},
		{"c.example", "-"},
		{"alone.example", "500"},
	} {
		shops = append(shops, fleettest.Shop{
			ID: fmt.Sprintf("sh_%d", i), Name: fmt.Sprintf("Shop %d", i), Failed: 1, Error: row.reason,
			Webhooks: []fleet.Webhook{fleettest.Hook("wcon_1", "https://"+row.host+"/fw", "DONATION")},
		})
	}
	_, p := newFleetRig(t, shops...)
	few := p.get(shopsPath).want(http.StatusOK,
		"a.example: failed without details", "3 deliveries failed in 3 shops", "a.example: 500", "Shop 2", "failed without details")
	all := few.link("2 more problems affect several shops").
		want(http.StatusOK, "b.example:8443: a: b, & c", "c.example: -")
	all.wantText(nil, []string{"more problems", "alone.example"})
	for cause, want := range map[string][]string{
		"Show 3 shops : a.example: failed without details": {"Shop 2", "Shop 3", "Shop 4"},
		"Show 2 shops : a.example: 500":                    {"Shop 0", "Shop 1"},
		"Show 2 shops : b.example:8443: a: b, & c":         {"Shop 5", "Shop 6"},
		"Show 2 shops : c.example: -":                      {"Shop 7", "Shop 8"},
	} {
		var got []string
		for _, row := range all.link(cause).want(http.StatusOK, "of 10 shops shown").fleetRows() {
			got = append(got, row[1])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", cause, diff)
		}
	}
}

// TestShopsOfOneName are told apart in lists: by their domains or, where those are
// the same, by their IDs.
func TestShopsOfOneName(t *testing.T) {
	t.Parallel()
	shop := func(id, name string) fleettest.Shop { return fleettest.Shop{ID: id, Name: name, Unseen: true} }
	g, p := newFleetRig(t, shop("sh_1", "Merch Store"), shop("sh_2", "merch store"), shop("sh_3", "Amber Fox"),
		shop("sh_4", "Twin"), shop("sh_5", "Twin"), shop("sh_6", ""), shop("sh_7", ""))
	conn, err := g.store.Connection(t.Context(), owner(p), "sh_4")
	p.must(err)
	for _, id := range []string{"sh_4", "sh_5"} {
		_, err = g.store.PutConnection(t.Context(), store.Connection{
			Owner: owner(p), ShopID: id, ShopName: "Twin", ShopDomain: "twin.example", Way: conn.Way, Credential: []byte("{}"),
		})
		p.must(err)
	}
	var names []string
	for _, row := range p.get(shopsPath + "?sort=name").want(http.StatusOK).fleetRows() {
		names = append(names, row[1])
	}
	if diff := cmp.Diff([]string{
		"sh_6", "sh_7", "Amber Fox", "Merch Store sh_1.example", "merch store sh_2.example", "Twin sh_4", "Twin sh_5",
	}, names); diff != "" {
		t.Error(diff)
	}
	p.get(coveragePath+"?by=shops").want(http.StatusOK, "Merch Store sh_1.example", "Twin sh_5")
}
