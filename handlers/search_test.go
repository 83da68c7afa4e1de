package handlers

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/team"
)

// hits returns what a page of a search shows, by kind: the texts of each row, or of
// each link below the field.
func (pg *page) hits() map[string][]string {
	all, kind := map[string][]string{}, ""
	walk(pg.doc, func(n *html.Node) {
		switch {
		case n.Data == "h2":
			kind = textOf(n)
		case n.Data == "li" && kind != "" && attr(n.Parent, "class") != "pop-more":
			all[kind] = append(all[kind], textOf(n))
		}
	})
	return all
}

// finds returns what is below the field while someone types.
func (p *person) finds(text string) *page {
	p.t.Helper()
	return p.post(searchFoundPath, url.Values{"q": {text}}).want(http.StatusOK)
}

func (p *person) searches(text string) *page {
	p.t.Helper()
	return p.get(searchHref(text, ""))
}

// searchShops are shops with what there is to find.
func searchShops() []fleettest.Shop {
	return []fleettest.Shop{
		{
			ID: "sh_amber-1", Name: "Amber Fox", Labels: []string{"music", "100%"}, Accepted: 2, Failed: 2,
			Webhooks: []fleet.Webhook{
				fleettest.Hook("wcon_amber-1", "https://hooks.agency.example/fw?key=a%26b", "DONATION"),
				fleettest.Hook("wcon_amber-2", "https://zapier.example/h/1", "DONATION"),
			},
		},
		{
			ID: "sh_river-2", Name: "River Fox & Sons", Labels: []string{"MUSIC", "games"}, Expired: true,
			Webhooks: []fleet.Webhook{fleettest.Hook("wcon_river-1", "https://hooks.agency.example/fw", "DONATION")},
		},
		{ID: "sh_foxglove-3", Name: "Foxglove", Unseen: true},
		{
			ID: "sh_quiet-4", Name: "Quiet Orbit", Cut: true,
			Webhooks: []fleet.Webhook{fleettest.Hook("wcon_quiet-1", "https://stats.agency.example/100_percent", "DONATION")},
		},
	}
}

// TestSearch: each kind is found by each of its texts, and what was searched is
// said.
func TestSearch(t *testing.T) {
	t.Parallel()
	g, p := newFleetRig(t, searchShops()...)
	g.must(g.store.PutLabel(t.Context(), "sh_amber-1", "wcon_amber-2", "Tips ledger"))
	amber, river := "hooks.agency.example/fw?key=a%26b Amber Fox", "hooks.agency.example/fw River Fox & Sons"
	for query, want := range map[string]map[string][]string{
		"fox": {"Shops 3": {
			"Not known Foxglove sh_foxglove-3.example Not known", "Failing Amber Fox sh_amber-1.example 2 of 4 failed",
			"Look River Fox & Sons sh_river-2.example To reconnect",
		}},
		"  FOX   amber ":     {"Shops 1": {"Failing Amber Fox sh_amber-1.example 2 of 4 failed"}},
		"quiet-4.example":    {"Shops 1": {"Not known Quiet Orbit sh_quiet-4.example Not known"}},
		"hooks.agency":       {"Webhooks 2": {amber, river}},
		"fw river":           {"Webhooks 1": {river}},
		"a%26b":              {"Webhooks 1": {amber}},
		"https://zapier":     {"Webhooks 1": {"Tips ledger Amber Fox zapier.example/h/1"}},
		"ledger tips":        {"Webhooks 1": {"Tips ledger Amber Fox zapier.example/h/1"}},
		"wcon_riv":           {"Webhooks 1": {river}},
		"wcon_":              {},
		"sh_":                {"Shops 4": nil}, // by the domains
		"music":              {"Labels 1": {"music 2 shops"}},
		"games":              {"Labels 1": {"games 1 shop"}},
		"100%":               {"Labels 1": {"100% 1 shop"}},
		"%":                  {"Webhooks 1": {amber}, "Labels 1": {"100% 1 shop"}},
		"100_":               {"Webhooks 1": {"stats.agency.example/100_percent Quiet Orbit"}},
		"fox zapier":         {"Webhooks 1": {"Tips ledger Amber Fox zapier.example/h/1"}},
		"<script>":           {},
		"' OR 1=1 --":        {},
		"weve_1 weve_2":      {},
		"nothing has this":   {},
		"weve_never":         {},
		"wcon_not-there-yet": {},
	} {
		pg := p.searches(query).want(http.StatusOK)
		got := pg.hits()
		delete(got, "Nothing matches")
		if rows, known := want["Shops 4"]; known && rows == nil {
			want["Shops 4"] = got["Shops 4"]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
		if len(want) == 0 && !isID(query) {
			pg.want(http.StatusOK, "Nothing matches")
		}
		pg.want(http.StatusOK, "The webhooks of 1 shop aren’t known yet", "1 shop has more webhooks than we read")
	}
	if diff := cmp.Diff(map[string][]string{
		"Webhooks": {"stats.agency.example/100_percent Quiet Orbit"},
	}, p.finds("agency quiet").want(http.StatusOK, "1 match").hits()); diff != "" {
		t.Error(diff)
	}
	p.finds("fox").want(http.StatusOK, "3 matches", "Search everything")
	p.finds("nothing has this").want(http.StatusOK, "Nothing matches")
	for _, none := range []string{"", "  "} {
		if body := p.finds(none).body; body != "" {
			t.Errorf("%q finds %s", none, body)
		}
	}
	p.get(searchPath).want(http.StatusOK, "Name, domain or ID", "Part of the label of a shop", "begins with weve_")
	p.get(searchPath+"?q=").want(http.StatusOK, "Name, domain or ID")
	if strings.Contains(g.logs.String(), "zapier") {
		t.Error("a search is in the log")
	}
}

// TestSearchOpensAnID: the whole ID of something leads to it.
func TestSearchOpensAnID(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, searchShops()...)
	stay := p.noRedirects()
	for id, want := range map[string]string{
		"sh_river-2":   webhooksPath("sh_river-2"),
		"wcon_river-1": webhookPath("sh_river-2", "wcon_river-1"),
		"weve_3":       eventPath("sh_amber-1", "weve_3"),
		"wcon_RIVER-1": "",
		"weve_99":      "",
	} {
		if to := stay.searches(id).header.Get("Location"); to != want {
			t.Errorf("%q leads to %q, want %q", id, to, want)
		}
	}
	at := p.finds("weve_3").want(http.StatusOK, "1 match", "Failing weve_3 Donation · Amber Fox")
	if len(at.hits()["Deliveries"]) != 1 {
		t.Errorf("found %v", at.hits())
	}
	if got := p.person().searches("weve_3").url.Path; got != connectPath {
		t.Errorf("someone without a shop is at %s", got)
	}
}

// TestSearchAsksFourthwall about an ID in the shop in the bar, if no visit has
// read it.
func TestSearchAsksFourthwall(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	event := g.fired(shop, "DONATION", false)
	stay := p.noRedirects()
	for id, want := range map[string]string{
		event: eventPath(shop.ID, event), hook.ID: webhookPath(shop.ID, hook.ID),
	} {
		if to := stay.searches(id).header.Get("Location"); to != want {
			t.Errorf("%q leads to %q, want %q", id, to, want)
		}
	}
	const none = "We looked in what visits have read, which reaches back 30 days at most."
	either := "Fourthwall doesn’t have it in " + shop.Name + " either."
	p.searches("weve_none").want(http.StatusOK, "No delivery has this ID", none, either)
	p.searches("wcon_none").want(http.StatusOK, "No webhook has this ID", "We looked in what visits have read.", either)
	if got := p.searches("example.com").hits(); len(got["Webhooks 1"]) != 1 {
		t.Errorf("a webhook that no visit has seen: %v", got)
	}
	g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	p.searches("weve_none").want(http.StatusOK, none, "We couldn’t ask Fourthwall about "+shop.Name, "aren’t known yet")
	p.searches("example.com").want(http.StatusOK, "Nothing matches", "We couldn’t ask Fourthwall.")
	g.calls.set(nil, nil)
	p.connect(1)
	p.get(webhooksPath(shop.ID))
	p.searches("weve_none").want(http.StatusOK, "Fourthwall looks in one shop at a time.")
	g.calls.forget()
	p.finds("weve_none")
	if n := len(g.calls.of(http.MethodGet)); n != 0 {
		t.Errorf("typing called the API %d times", n)
	}
}

// TestSearchOfOneShop speaks of webhooks and deliveries alone.
func TestSearchOfOneShop(t *testing.T) {
	t.Parallel()
	_, p := newFleetRig(t, searchShops()[0])
	pg := p.get(searchPath).want(http.StatusOK, "Part of its URL or label", "begins with weve_")
	pg.wantText(nil, []string{"Name, domain or ID", "label of a shop", "E-mail"})
	for query, want := range map[string]map[string][]string{
		"amber": {}, "music": {}, "sh_amber": {}, "fw": {"Webhooks 1": {"hooks.agency.example/fw?key=a%26b"}},
	} {
		got := p.searches(query).want(http.StatusOK).hits()
		delete(got, "Nothing matches")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
	p.finds("weve_3").want(http.StatusOK, "Failing weve_3 Donation")
}

// TestSearchByRole: people are found by those who may see them, and nobody finds
// what another owner has.
func TestSearchByRole(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{team: &team.Config{Groups: roleGroups}, fleet: true})
	for _, shop := range searchShops() {
		fleettest.Put(t, g.store, g.server.Team.Owner(), shop)
	}
	g.known("Fox Mulder")
	for role, want := range map[team.Role][]string{
		team.Admin: {"Fox Mulder fox mulder@agency.example No role"}, team.Operator: nil, team.Viewer: nil,
	} {
		p := g.member(role)
		pg := p.searches("fox").want(http.StatusOK, "Amber Fox")
		if diff := cmp.Diff(want, pg.hits()["People 1"]); diff != "" {
			t.Errorf("%s: %s", role, diff)
		}
		help := p.get(searchPath).want(http.StatusOK)
		if has := strings.Contains(help.text(), "Name or e-mail"); has != (role == team.Admin) {
			t.Errorf("%s may search for people: %v", role, has)
		}
	}
	admin := g.member(team.Admin)
	link := admin.finds("mulder").want(http.StatusOK, "1 match").link("Fox Mulder")
	if link.url.Path != peoplePath {
		t.Errorf("a person leads to %s", link.url)
	}
	admin.searches("viewer@agency").want(http.StatusOK, "The viewer")
	if pg := g.member(team.NoRole).searches("fox"); pg.status != http.StatusForbidden {
		t.Errorf("without a role: %d", pg.status)
	}
}

// TestSearchIsOfTheOwner: nobody finds what somebody else has connected.
func TestSearchIsOfTheOwner(t *testing.T) {
	t.Parallel()
	g, _ := newFleetRig(t, searchShops()...)
	other := g.person()
	other.connect(0)
	for _, query := range []string{
		"fox", "agency", "ledger", "music", "weve_3", "wcon_river-1", "sh_river-2", "quiet-4.example",
	} {
		got := other.noRedirects().searches(query)
		if got.want(http.StatusOK); len(got.hits()) > 1 || len(other.finds(query).hits()) > 0 {
			t.Errorf("%q: %v", query, got.hits())
		}
	}
}

// TestSearchShowsTheFirst of many, and leads to the rest.
func TestSearchShowsTheFirst(t *testing.T) {
	t.Parallel()
	var shops []fleettest.Shop
	for i := range 60 {
		shops = append(shops, fleettest.Shop{
			ID: fmt.Sprintf("sh_%03d", i), Name: fmt.Sprintf("Shop %03d", i),
			Webhooks: []fleet.Webhook{fleettest.Hook(fmt.Sprintf("wcon_%03d", i), agencyHost, "DONATION")},
		})
	}
	_, p := newFleetRig(t, shops...)
	pg := p.searches("shop").want(http.StatusOK, "60 matches", "First 50 shown.")
	if n := len(pg.hits()["Shops 60"]); n != 50 {
		t.Errorf("%d rows", n)
	}
	pg.link("Show all on the Shops page").want(http.StatusOK, "60 of 60 shops")
	pg = p.searches("agency fw").want(http.StatusOK, "60 matches")
	pg.link("Show the shops with these webhooks").want(http.StatusOK, "60 of 60 shops")
	if n := len(p.finds("agency").hits()["Webhooks"]); n != hitsBelow {
		t.Errorf("%d hits below the field", n)
	}
	long := strings.Repeat("é", maxSearch)
	p.searches(long).want(http.StatusOK, "Nothing matches")
	pg = p.searches(long+"x").want(http.StatusUnprocessableEntity, "Shorten your search to 200 characters")
	if got := pg.form(searchPath).values.Get("q"); got != long+"x" {
		t.Errorf("the field has %q", got)
	}
	p.finds(long+"x").want(http.StatusOK, "Shorten your search to 200 characters")
}

// TestSearchOfSecrets: what looks like one isn't searched, and is neither in the
// URL that stays nor on the page, nor in the log.
func TestSearchOfSecrets(t *testing.T) {
	t.Parallel()
	g, p := newFleetRig(t, searchShops()...)
	const secret = "q7Ld0xVt3mPz8RyKc5NwB2hJ"
	stay := p.noRedirects()
	for typed, want := range map[string]string{
		secret:                                   searchHref("", outcomeRefused),
		"key " + secret:                          searchHref("", outcomeRefused),
		"https://a.example/x?k=" + secret + "#f": searchHref("https://a.example/x", outcomeCut),
		"https://u:" + secret + "@a.example/x":   searchHref("https://a.example/x", outcomeCut),
		"a.example/x?k=" + secret + " fox":       searchHref("a.example/x fox", outcomeCut),
	} {
		pg := stay.searches(typed)
		if to := pg.header.Get("Location"); to != want || pg.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%q leads to %q, want %q", typed, to, want)
		}
		if body := p.finds(typed).body; strings.Contains(body, secret) {
			t.Errorf("%q is drawn: %s", typed, body)
		}
	}
	pg := p.searches(secret).want(http.StatusUnprocessableEntity, secretSearchTitle)
	if strings.Contains(pg.body, secret) || strings.Contains(pg.url.String(), secret) {
		t.Errorf("at %s: %s", pg.url, pg.body)
	}
	p.searches("https://hooks.agency.example/fw?k="+secret).want(http.StatusOK, searchCutText, "2 matches")
	p.finds(secret).want(http.StatusOK, secretSearchTitle)
	if back := g.server.returnPath(searchHref(secret, "")); back != searchPath {
		t.Errorf("one returns to %s", back)
	}
	if strings.Contains(g.logs.String(), secret) {
		t.Error("the log has it")
	}
}

// TestHoldsSecret knows random text from names, slugs and IDs.
func TestHoldsSecret(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "fox": false, "Tidewater Records": false, "hooks.agency.example/fw": false,
		"https://hooks.example/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX": false,
		"sh_5f0c2d71-8a4e-4b63-9e17-d3a6f21b90c8":                            false,
		"5f0c2d71-8a4e-4b63-9e17-d3a6f21b90c8":                               false,
		"weve_q9isrMXj-OzocEwFGe5WQA":                                        false,
		"wcon_pNy8TEje3ynXv5n30uD7iw":                                        false,
		"fw_api_studio-nine":                                                 false,
		"StudioNineRecordsCollection2026":                                    false,
		"my-very-long-shop-name-2026-summer-sale":                            false,
		"MEMBERSHIP_SERIES_UPSERTED":                                         false,
		"donaudampfschifffahrtsgesellschaft":                                 false,
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_9":                        true,
		"9f86d081884c7d659a2feaa0c55ad015":                                   true,
		"token q7Ld0xVt3mPz8RyKc5NwB2hJ":                                     true,
		"q7Ld0xVt3mPz8RyKc5NwB2hJ+/==":                                       true,
	} {
		if got := holdsSecret(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	missed := 0
	for range 1000 {
		var b [18]byte // of an API key's password, the shortest of secrets
		_, _ = rand.Read(b[:])
		for _, text := range []string{
			base64.RawURLEncoding.EncodeToString(b[:]), base64.StdEncoding.EncodeToString(b[:]), hex.EncodeToString(b[:]),
		} {
			if !holdsSecret(text) {
				missed++
			}
		}
	}
	if missed > 30 {
		t.Errorf("%d of 3,000 random texts are no secrets", missed)
	}
}

// BenchmarkSearch searches 1,000 shops with 3 webhooks each.
func BenchmarkSearch(b *testing.B) {
	var shops []fleettest.Shop
	for i := range 1000 {
		hooks := []fleet.Webhook{}
		for j := range 3 {
			hooks = append(hooks, fleettest.Hook(fmt.Sprintf("wcon_%d-%d", i, j),
				fmt.Sprintf("https://hooks-%d.agency.example/in/%d", j, i), "DONATION", "ORDER_PLACED", "GIFT_PURCHASE"))
		}
		shops = append(shops, fleettest.Shop{
			ID: fmt.Sprintf("sh_%04d", i), Name: fmt.Sprintf("Shop %04d", i), Webhooks: hooks, Labels: []string{"music"},
			Accepted: 1,
		})
	}
	_, p := newFleetRig(b, shops...)
	for name, query := range map[string]string{
		"names": "shop 07", "URLs": "hooks-1.agency", "nothing": "nothing has this", "ID": "weve_none-of-these",
	} {
		b.Run(name, func(b *testing.B) {
			var spent time.Duration
			for b.Loop() {
				start := time.Now()
				p.finds(query)
				spent += time.Since(start)
			}
			b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "ms/search")
		})
	}
}
