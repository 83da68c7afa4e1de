package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// linkInPage is the link of a new invitation, as its page shows it.
var linkInPage = regexp.MustCompile(`/invitations/[A-Za-z0-9_-]{43}`)

// invites makes an invitation as the admin who is signed in, and returns its path.
func (p *person) invites(domain string) string {
	p.t.Helper()
	pg := p.get(connectPath).form(invitePath).set("domain", domain).submit().
		want(http.StatusOK, "Send this link to the shop’s owner")
	link := linkInPage.FindString(pg.text())
	if link == "" {
		p.t.Fatalf("no link:\n%s", pg.text())
	}
	return link
}

// opensInvitation leads an owner to Fourthwall's page for the sign-in.
func (p *person) opensInvitation(path string) *page {
	p.t.Helper()
	return p.get(path).want(http.StatusOK, "Connect your shop to Lantern Desk").link("Connect with Fourthwall")
}

// accepts connects the nth demo shop by an invitation, and returns what the owner
// sees then.
func (p *person) accepts(path string, n int) *page {
	p.t.Helper()
	return p.consent(p.opensInvitation(path), p.box.Shops()[n].ID, "allow")
}

// acceptsByKey is accepts with an API key.
func (p *person) acceptsByKey(path string, n int) *page {
	p.t.Helper()
	shop := p.box.Shops()[n]
	return p.get(path).form(path+"/key").set("username", shop.APIUser).set("password", shop.APIPassword).submit()
}

// invitedShops returns the IDs of the team's shops.
func invitedShops(g *rig) (ids []string) {
	g.t.Helper()
	all, err := g.store.Connections(g.t.Context(), g.server.Team.Owner())
	g.must(err)
	for _, c := range all {
		ids = append(ids, c.ShopID)
	}
	return sorted(ids)
}

// TestInvitation: an owner without an account connects a shop for the team, sees
// what was changed in it, and cuts the access off.
func TestInvitation(t *testing.T) {
	t.Parallel()
	for way, accept := range map[string]func(*person, string, int) *page{
		"by a sign-in": (*person).accepts, "by an API key": (*person).acceptsByKey,
	} {
		t.Run(way, func(t *testing.T) {
			g := newTeamRig(t)
			boss, shop := g.member(team.Admin), g.box.Shops()[1]
			link := boss.invites("")
			boss.get(peoplePath).want(http.StatusOK, "Any shop", "By you", "6 days left")
			p := g.person()
			p.get(link).want(http.StatusOK,
				"Lantern Desk", "View webhooks", "Manage webhooks", "customers’ personal data", "Works once, until")
			receipt := accept(p, link, 1).want(http.StatusOK,
				"Access to "+shop.Name, "Connected. Lantern Desk manages this shop’s webhooks.", "1 admin",
				"with the invitation you accepted", "Shop connected", "By", "You", "1 entry, all shown", "Bookmark this page")
			if !strings.HasPrefix(receipt.url.Path, accessPath) ||
				strings.HasSuffix(receipt.url.Path, link[len(invitationsPath):]) {
				t.Errorf("the receipt is at %s", receipt.url)
			}
			if p.cookie(g.server.cookieName("session")) != "" {
				t.Error("the owner has a session")
			}
			to := p.noRedirects().get(shopsPath)
			if treatment(to) != signsIn {
				t.Errorf("the owner sees the team's shops: %d", to.status)
			}
			boss.get(peoplePath).want(http.StatusOK, shop.Name, "Connected on", "Open the shop")
			boss.get(teamActivityPath).want(http.StatusOK, "Owner invited", "Invitation accepted", "Shop’s owner")
			boss.newForm(shop.ID, good, "ORDER_PLACED").submit().want(http.StatusOK)
			g.member(team.Operator).newForm(shop.ID, good+"/2", "DONATION").submit().want(http.StatusOK)
			later := p.get(receipt.url.Path).want(http.StatusOK, "An admin", "An operator", "3 entries, all shown",
				"Webhook created: "+strings.TrimPrefix(good, "https://"))
			for _, secret := range []string{"The admin", "agency.example", "The operator"} {
				if strings.Contains(later.text(), secret) {
					t.Errorf("the receipt says %q", secret)
				}
			}
			p.get(link).want(http.StatusGone, "This invitation was already used")
			waiting := boss.newForm(shop.ID, good+"/3", "DONATION")
			g.calls.forget()
			had := len(g.box.Webhooks(shop.ID))
			later.form("/end").submit().want(http.StatusOK, "Access ended on", "Access cut off", "4 entries, all shown")
			waiting.submit().want(http.StatusNotFound, "not connected here")
			if len(g.calls.of(http.MethodPost)) != 0 || len(g.box.Webhooks(shop.ID)) != had {
				t.Error("a webhook was created after the access was cut off")
			}
			if got := invitedShops(g); len(got) != 1 || got[0] == shop.ID {
				t.Errorf("the team has %v", got)
			}
			boss.get(teamActivityPath).want(http.StatusOK, "Access cut off")
			boss.get(peoplePath).want(http.StatusOK, "Access ended on")
			p.post(receipt.url.Path+"/end", url.Values{}).want(http.StatusOK, "4 entries, all shown")
		})
	}
}

// TestInvitationIsNotSpentByReading: link previews, prefetching browsers, robots and
// a refused sign-in change nothing.
// Checklist 54.
func TestInvitationIsNotSpentByReading(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	link := g.member(team.Admin).invites("")
	before, err := g.server.Team.Invitations(t.Context())
	g.must(err)
	robot := g.person().noRedirects()
	for i := range 100 {
		robot.get(link).want(http.StatusOK)
		for _, path := range []string{link, link + "/start"} {
			r := robot.request([]string{http.MethodGet, http.MethodHead}[i%2], path, nil)
			r.Header.Set("Sec-Purpose", "prefetch;prerender")
			r.Header.Set("User-Agent", "Slackbot-LinkExpanding 1.0")
			if pg := robot.do(r); pg.status >= 500 {
				t.Fatalf("%s: %d", path, pg.status)
			}
		}
	}
	p := g.person()
	p.consent(p.opensInvitation(link), g.box.Shops()[1].ID, "deny").
		want(http.StatusOK, "You chose not to allow it", "Connect your shop to Lantern Desk")
	after, err := g.server.Team.Invitations(t.Context())
	g.must(err)
	if len(after) != 1 || after[0] != before[0] {
		t.Errorf("%+v became %+v", before, after)
	}
	p.accepts(link, 1).want(http.StatusOK, "Connected.")
}

// TestInvitationEndings: each link that doesn't work says what to do, and nothing
// of the team.
func TestInvitationEndings(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss := g.member(team.Admin)
	revoked, expired, used := boss.invites(""), boss.invites(""), boss.invites("")
	all, err := g.server.Team.Invitations(t.Context())
	g.must(err)
	byRevoked, err := g.server.Team.Invitation(t.Context(), revoked[len(invitationsPath):])
	g.must(err)
	if len(all) != 3 {
		t.Fatalf("%d invitations", len(all))
	}
	begun := g.person()
	consents := begun.opensInvitation(revoked)
	boss.get(peoplePath).form(byRevoked.ID+"/revoke").submit().want(http.StatusOK, "Invitation revoked")
	begun.consent(consents, g.box.Shops()[1].ID, "allow").want(http.StatusGone, "This invitation has ended")
	boss.post(invitePath+"/"+byRevoked.ID+"/revoke", url.Values{}).want(http.StatusOK, "Nothing to revoke")
	g.person().accepts(used, 2).want(http.StatusOK)
	receipt := g.person().get(used)
	g.move(team.InvitationLife)
	for _, c := range []struct {
		path   string
		status int
		text   string
	}{
		{expired, http.StatusGone, "This invitation has ended"},
		{revoked, http.StatusGone, "This invitation has ended"},
		{used, http.StatusGone, "This invitation was already used"},
		{invitationPath(strings.Repeat("A", 43)), http.StatusNotFound, "This link doesn’t work"},
		{invitationPath("x"), http.StatusNotFound, "ask the team for a new one"},
		{receiptPath(used[len(invitationsPath):]), http.StatusNotFound, "This link doesn’t work"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			p := g.person()
			pg := p.do(p.request(method, c.path, nil))
			if pg.status != c.status || method == http.MethodGet && !strings.Contains(pg.text(), c.text) {
				t.Errorf("%s %s: %d\n%s", method, c.path, pg.status, pg.text())
			}
			for _, secret := range []string{"Lantern Desk", g.box.Shops()[2].Name, "The admin"} {
				if strings.Contains(pg.text(), secret) {
					t.Errorf("%s says %q", c.path, secret)
				}
			}
		}
		if strings.HasPrefix(c.path, invitationsPath) {
			p := g.person()
			p.get(c.path + "/start").want(c.status)
			p.post(c.path+"/key", url.Values{"username": {"x"}, "password": {"y"}}).want(c.status)
		}
	}
	if receipt.status != http.StatusGone {
		t.Errorf("the used one: %d", receipt.status)
	}
	if got := invitedShops(g); len(got) != 2 {
		t.Errorf("the team has %v", got)
	}
	boss = g.member(team.Admin)
	if pg := boss.get(peoplePath).want(http.StatusOK); strings.Contains(pg.text(), "days left") {
		t.Error("an invitation that has ended is open")
	}
}

// TestInvitationIsAcceptedOnce: of two owners at once, one connects a shop.
// Checklist 54.
func TestInvitationIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	link := g.member(team.Admin).invites("")
	people := []*person{g.person(), g.person()}
	var asked []*page
	for _, p := range people {
		asked = append(asked, p.opensInvitation(link))
	}
	statuses := make([]int, len(people))
	var all sync.WaitGroup
	for i, p := range people {
		all.Go(func() { statuses[i] = p.consent(asked[i], g.box.Shops()[1+i].ID, "allow").status })
	}
	all.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	if counts[http.StatusOK] != 1 || counts[http.StatusGone] != len(people)-1 || len(invitedShops(g)) != 2 {
		t.Errorf("statuses %v, shops %v", statuses, invitedShops(g))
	}
}

// TestInvitationForOneShop: another shop is refused with both names, and the link
// stays open.
// Checklist 55.
func TestInvitationForOneShop(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	bound, other := g.box.Shops()[1], g.box.Shops()[2]
	boss := g.member(team.Admin)
	pg := boss.get(connectPath).form(invitePath).set("domain", "not a domain").submit().
		want(http.StatusUnprocessableEntity, "That’s not a shop’s domain")
	if got := pg.form(invitePath).values.Get("domain"); got != "not a domain" {
		t.Errorf("the field has %q", got)
	}
	link := boss.invites(" https://" + strings.ToUpper(bound.Domain) + "/collections ")
	boss.get(peoplePath).want(http.StatusOK, bound.Domain, "Only this shop")
	for way, accept := range map[string]func(*person, string, int) *page{
		"sign-in": (*person).accepts, "key": (*person).acceptsByKey,
	} {
		accept(g.person(), link, 2).want(http.StatusUnprocessableEntity,
			"This invitation is only for "+bound.Domain, other.Name+" ("+other.Domain+")")
		if got := invitedShops(g); len(got) != 1 {
			t.Errorf("%s: the team has %v", way, got)
		}
	}
	g.person().accepts(link, 1).want(http.StatusOK, "Access to "+bound.Name)
}

// TestInvitationReplacesConnection: the owner's consent replaces the credential that
// the team had, since a token has one holder.
func TestInvitationReplacesConnection(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	before, err := g.store.Connection(t.Context(), g.server.Team.Owner(), shop.ID)
	g.must(err)
	g.move(time.Hour)
	link := g.member(team.Admin).invites("")
	g.person().accepts(link, 0).want(http.StatusOK, "It replaced the access that the team had before.")
	after, err := g.store.Connection(t.Context(), g.server.Team.Owner(), shop.ID)
	g.must(err)
	if after.ID != before.ID || after.Way != "code" || after.Version != before.Version+1 {
		t.Errorf("%+v became %+v", before, after)
	}
}

// TestInvitationKeyForm compares what the owner sees if a key can't be used.
func TestInvitationKeyForm(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{
		team: &team.Config{Groups: roleGroups}, limits: Limits{BadKeys: Rate{Burst: 2, Every: time.Hour}},
	})
	link := g.member(team.Admin).invites("")
	p := g.person()
	for _, c := range []struct {
		username, password string
		status             int
		texts              []string
	}{
		{"", "", http.StatusUnprocessableEntity, []string{"Enter the username", "Enter the user’s password"}},
		{"a:b", "x", http.StatusUnprocessableEntity, []string{"can’t contain a colon"}},
		{"fw_api_x", "wrong", http.StatusUnprocessableEntity, []string{"Fourthwall doesn’t accept this username and password"}},
		{"fw_api_x", "wrong", http.StatusUnprocessableEntity, []string{"Fourthwall doesn’t accept this username and password"}},
		{"fw_api_x", "wrong", http.StatusTooManyRequests, []string{"Too many failed sign-ins from your network"}},
	} {
		pg := p.get(link).form(link+"/key").set("username", c.username).set("password", c.password).submit().
			want(c.status, c.texts...)
		f := pg.form(link + "/key")
		if f.values.Get("username") != c.username || f.values.Get("password") != "" {
			t.Errorf("the form has %v", f.values)
		}
	}
}

// TestOneFormMakesOneInvitation: a form that is sent twice shows no second link.
func TestOneFormMakesOneInvitation(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss := g.member(team.Admin)
	f := boss.get(connectPath).form(invitePath)
	f.submit().want(http.StatusOK, "We show this link only once")
	again := f.submit().want(http.StatusOK, "This link was already shown")
	if linkInPage.MatchString(again.body) || strings.Count(again.text(), "Any shop") != 2 {
		t.Errorf("after the second time:\n%s", again.text())
	}
}

// TestAdminOpensOwnInvitation: it changes nothing of the admin's session, and shows
// nothing of the team.
func TestAdminOpensOwnInvitation(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss := g.member(team.Admin)
	link := boss.invites("")
	id := boss.id()
	pg := boss.get(link).want(http.StatusOK)
	for _, secret := range []string{g.box.Shops()[0].Name, "The admin", "Sign out", "People"} {
		if strings.Contains(pg.text(), secret) {
			t.Errorf("it says %q", secret)
		}
	}
	boss.accepts(link, 1).want(http.StatusOK, "Access to "+g.box.Shops()[1].Name)
	if boss.id() != id {
		t.Error("the admin has another session")
	}
	boss.get(shopsPath).want(http.StatusOK, g.box.Shops()[1].Name)
}

// TestInvitedSignInIsBound: a state of an invitation works in its browser alone,
// and connects nothing for an admin. An admin's state doesn't work for an owner.
// Checklist 55.
func TestInvitedSignInIsBound(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss := g.member(team.Admin)
	link := boss.invites("")
	owner, thief := g.person(), g.person()
	asked := owner.opensInvitation(link)
	asked.p = owner.noRedirects()
	back := owner.consent(asked, g.box.Shops()[1].ID, "allow").header.Get("Location")
	thief.get(back).want(http.StatusBadRequest, "open its link again")
	boss.get(back).want(http.StatusBadRequest, "This sign-in started in another browser")
	owner.get(back).want(http.StatusOK, "Access to")
	owner.get(back).want(http.StatusBadRequest, "open its link again")

	asked = boss.get(startPath + "?way=code")
	asked.p = boss.noRedirects()
	back = boss.consent(asked, g.box.Shops()[2].ID, "allow").header.Get("Location")
	owner.get(back).want(http.StatusBadRequest)
	boss.get(back).want(http.StatusOK, "is connected")
	if got := invitedShops(g); len(got) != 3 {
		t.Errorf("the team has %v", got)
	}
}

// TestCallbackAdmitsAdmins: without an invitation, the callback is for admins, also
// if the role was taken since the sign-in began.
func TestCallbackAdmitsAdmins(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss, err := g.server.Team.Person(t.Context(), g.member(team.Admin).id())
	g.must(err)
	p := g.signsIn(team.Identity{Issuer: "https://id.example", Subject: "ann", Name: "Ann"})
	g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), p.id(), team.Admin))
	asked := p.get(startPath + "?way=code")
	g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), p.id(), team.Operator))
	p.consent(asked, g.box.Shops()[1].ID, "allow").want(http.StatusForbidden, "Only admins can do this")
	for _, query := range []string{"?code=x", "?code=x&state=y", "?error=access_denied", "?error=access_denied&state=y"} {
		for name, who := range map[string]*person{"nobody": g.person(), "viewer": g.member(team.Viewer)} {
			pg := who.noRedirects().get(callbackPath + query)
			if pg.status == http.StatusOK || strings.HasPrefix(pg.header.Get("Location"), connectPath) {
				t.Errorf("%s, %s: %d %s", name, query, pg.status, pg.header.Get("Location"))
			}
		}
	}
	if got := invitedShops(g); len(got) != 1 {
		t.Errorf("the team has %v", got)
	}
}

// TestTokensStayHidden: the links are in no log, in no other address, in no cache
// and in no referrer, and the database has hashes alone.
// Checklist 54.
func TestTokensStayHidden(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss := g.member(team.Admin)
	link := boss.invites("")
	p := g.person()
	pages := []*page{p.get(link), p.get(link + "/start?x"), p.get(link + "/nothing"), p.get(link + "/")}
	receipt := p.accepts(link, 1)
	pages = append(pages, receipt, p.get(link), p.get(receipt.url.Path+"/x"))
	tokens := []string{link[len(invitationsPath):], receipt.url.Path[len(accessPath):]}
	for _, token := range tokens {
		if strings.Contains(g.logs.String(), token) {
			t.Error("a token is in the log")
		}
	}
	for _, pg := range pages {
		if strings.HasPrefix(pg.url.String(), g.url) && isOfGuests(pg.url.Path) && pg.status != http.StatusNotFound &&
			(pg.header.Get("Referrer-Policy") != "no-referrer" || pg.header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s (%d): %v", pg.url, pg.status, pg.header)
		}
		walk(pg.doc, func(n *html.Node) {
			if n.DataAtom != atom.A || strings.HasPrefix(attr(n, "href"), link+"/") {
				return
			}
			for _, token := range tokens {
				if strings.Contains(attr(n, "href"), token) {
					t.Errorf("%s links to %s", pg.url, attr(n, "href"))
				}
			}
		})
	}
	for _, path := range []string{
		peoplePath, teamActivityPath, teamActivityPath + ".csv", activityPath(g.box.Shops()[1].ID),
	} {
		body := boss.get(path).body
		for _, token := range tokens {
			if strings.Contains(body, token) {
				t.Errorf("%s has a token", path)
			}
		}
	}
}

// TestGuessesAreLimited: whoever tries links is stopped, and gets a page that says
// how long to wait.
// Checklist 54.
func TestGuessesAreLimited(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{
		publicURL: "https://hooks.example.com", team: &team.Config{Groups: roleGroups},
		limits: Limits{SignIns: Rate{Burst: 3, Every: time.Hour}},
	})
	p := g.person()
	for _, path := range []string{invitationPath("a"), receiptPath("b"), invitationPath("c") + "/start"} {
		r := p.request(http.MethodGet, path, nil)
		r.Host = "hooks.example.com"
		p.do(r).want(http.StatusNotFound)
	}
	for _, path := range []string{invitationPath("a"), receiptPath("b"), invitationPath("c") + "/start"} {
		r := p.request(http.MethodGet, path, nil)
		r.Host = "hooks.example.com"
		pg := p.do(r).want(http.StatusTooManyRequests)
		if strings.Contains(pg.text(), "Sign in") {
			t.Errorf("%s offers an owner to sign in:\n%s", path, pg.text())
		}
	}
}

// TestReceiptOfEndedAccess: a disconnection by the team ends it, and what the team
// does later by another connection isn't shown. The receipt can't end that one.
// Checklist 55.
func TestReceiptOfEndedAccess(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss, shop := g.member(team.Admin), g.box.Shops()[1]
	owner := g.person()
	receipt := owner.accepts(boss.invites(""), 1).url.Path
	g.move(time.Minute)
	boss.post(disconnectPath(shop.ID), url.Values{}).want(http.StatusOK)
	g.move(time.Minute)
	boss.connectKey(1)
	boss.newForm(shop.ID, good, "DONATION").submit().want(http.StatusOK)
	owner.get(receipt).want(http.StatusOK,
		"has access again", "The access you gave ended on", "Shop disconnected", "2 entries, all shown")
	owner.post(receipt+"/end", url.Values{}).want(http.StatusOK, "2 entries, all shown")
	if got := invitedShops(g); len(got) != 2 {
		t.Errorf("the receipt ended another connection: %v", got)
	}
	for _, row := range []struct{ method, path string }{
		{http.MethodGet, receipt + "/activity"}, {http.MethodPost, receipt}, {http.MethodDelete, receipt},
	} {
		if pg := owner.do(owner.request(row.method, row.path, nil)); pg.status != http.StatusNotFound &&
			pg.status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d", row.method, row.path, pg.status)
		}
	}
}

// TestReceiptIsPaged: a long list has pages, each once.
func TestReceiptIsPaged(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[1]
	owner := g.person()
	receipt := owner.accepts(g.member(team.Admin).invites(""), 1)
	for range 2 * receiptRows {
		g.must(g.store.AddActivity(t.Context(), store.Activity{Shop: shop.ID, Action: activity.UpdateWebhook}))
	}
	first := owner.get(receipt.url.Path).want(http.StatusOK, "20 of 41 entries")
	last := first.link("Older").want(http.StatusOK, "20 of 41 entries").link("Older").
		want(http.StatusOK, "1 of 41 entries", "Shop connected")
	if strings.Count(last.text(), "Webhook updated") != 0 {
		t.Errorf("the last page:\n%s", last.text())
	}
}

// TestNoInvitationsWithoutTeam: in personal mode, their pages don't exist.
func TestNoInvitationsWithoutTeam(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	p.connectKey(0)
	for _, path := range []string{invitationPath("x"), invitationPath("x") + "/start", receiptPath("x"), invitePath} {
		p.get(path).want(http.StatusNotFound)
		if pg := p.post(path, url.Values{}); pg.status != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, pg.status)
		}
	}
	if strings.Contains(p.get(connectPath).text(), "Invite") {
		t.Error("the connect page invites")
	}
}

// TestInvitationBehindProxy: where a reverse proxy signs people in, an owner whom it
// names nobody connects a shop, and is nobody.
// Checklist 55.
func TestInvitationBehindProxy(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	g := newTeamRig(t)
	link := g.member(team.Admin).invites("")
	var err error
	g.server.Header, err = team.NewHeader(team.HeaderConfig{
		UserHeader: "X-Forwarded-User", Secret: secret, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	g.must(err)
	g.server.mount(g.server.routes())
	p := g.person()
	p.client.Transport = withHeader{p.client.Transport, g.url, team.ProxySecretHeader, secret}
	p.accepts(link, 1).want(http.StatusOK, "Access to "+g.box.Shops()[1].Name)
	p.noRedirects().get(shopsPath).want(http.StatusForbidden)
	stranger := g.person()
	stranger.get(link).want(http.StatusForbidden)
}

// withHeader adds a header to each request for an address.
type withHeader struct {
	next              http.RoundTripper
	to, header, value string
}

func (h withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.String(), h.to) {
		r = r.Clone(r.Context())
		r.Header.Set(h.header, h.value)
	}
	return h.next.RoundTrip(r)
}

// TestFormsWithoutHTTPS: on plain http, browsers send an Origin of null under
// no-referrer, so that the pages use another policy there.
func TestFormsWithoutHTTPS(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]string{
		"https://hooks.example.com": "no-referrer", "http://hooks.example.com": "same-origin", "": "no-referrer",
	} {
		g := newRig(t, options{publicURL: public, team: &team.Config{Groups: roleGroups}})
		w := httptest.NewRecorder()
		g.server.hideToken(w)
		if got := w.Header().Get("Referrer-Policy"); got != want {
			t.Errorf("%s: %s, want %s", public, got, want)
		}
	}
}
