package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/oauth"
)

const (
	channelList = "/channel-api/v1.0/shops"
	channelSelf = "/channel-api/v1.0/channel/current"
)

// credentials opens the connect page and fills in the channel's form.
func (p *person) credentials(id, secret string) *form {
	p.t.Helper()
	return p.get(connectPath).want(http.StatusOK).form(connectChannel).set("client_id", id).set("secret", secret)
}

// connectsChannel connects the demo channel and returns its page.
func (p *person) connectsChannel() *page {
	p.t.Helper()
	c := p.box.Channel()
	return p.credentials(c.ClientID, c.ClientSecret).submit().
		want(http.StatusOK, c.Name+" is connected", "Choose the shops")
}

// channels returns what the team has.
func (g *rig) channels() []store.Channel {
	g.t.Helper()
	all, err := g.store.Channels(g.t.Context(), g.server.Team.Owner())
	g.must(err)
	return all
}

func (g *rig) teamShops() []store.Connection {
	g.t.Helper()
	all, err := g.store.Connections(g.t.Context(), g.server.Team.Owner())
	g.must(err)
	return all
}

// connection returns the team's connection to the nth demo shop.
func (g *rig) connection(n int) store.Connection {
	g.t.Helper()
	c, err := g.store.Connection(g.t.Context(), g.server.Team.Owner(), g.box.Shops()[n].ID)
	g.must(err)
	return c
}

// channelTokenCalls counts the requests for a channel's token.
func (g *rig) channelTokenCalls() (n int) {
	for _, r := range g.box.Requests() {
		if r.Path == channelTokens {
			n++
		}
	}
	return n
}

// actions returns what is recorded for a shop or the team, the newest first.
func (g *rig) actions(shop string) (list []string) {
	g.t.Helper()
	all, err := g.store.Activities(g.t.Context(), store.ActivityQuery{Shop: shop, Limit: 100})
	g.must(err)
	for _, a := range all.Rows {
		list = append(list, a.Action)
	}
	return list
}

// TestConnectChannel goes the whole way: credentials, the choice of shops, a shop
// that the team has already, pages of a shop, a new shop later, and the end.
func TestConnectChannel(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t) // with the first shop by an API key
	demo := g.box.Shops()
	p := g.member(team.Admin)
	g.must(g.box.ConfigureChannel(sandbox.DemoChannel{Left: []string{demo[2].ID}}))
	pg := p.connectsChannel().
		want(http.StatusOK, "2 at Fourthwall", "0 shops connected", demo[1].Name, "API key ending in")
	if strings.Contains(pg.text(), demo[2].Name) {
		t.Error("it lists a shop that isn't the channel's")
	}
	f := pg.form("/shops")
	none := f.press("do=chosen").want(http.StatusUnprocessableEntity, noShopChosenTitle)
	before := g.connection(0)
	// The form may say anything: only what Fourthwall lists is connected, and the team's own connection stays.
	none.form("/shops").set("shop", demo[0].ID, demo[1].ID, demo[2].ID, "sh_evil").press("do=chosen").
		want(http.StatusOK, "1 shop connected", "1 shop was connected before", "2 shops are no longer in the channel",
			"All shops of this channel are connected")
	if after := g.connection(0); after.Version != before.Version || after.Way != oauth.WayAPIKey {
		t.Errorf("the team's own connection is now %+v", after)
	}
	conn := g.connection(1)
	if conn.Way != oauth.WayChannel || conn.Channel != g.channels()[0].ID || shops.Way(conn) != "Channel Harbor Agency" {
		t.Errorf("connected: %+v", conn)
	}
	created := p.newForm(demo[1].ID, good, "DONATION").submit().want(http.StatusOK, good)
	p.get(created.url.Path).want(http.StatusOK)
	p.get(shopsPath).want(http.StatusOK, "Channel Harbor Agency").link("Channel Harbor Agency").
		want(http.StatusOK, demo[1].Name)

	g.must(g.box.ConfigureChannel(sandbox.DemoChannel{}))
	p.get(channelPath(conn.Channel)).want(http.StatusOK, "1 shop to connect").form("/shops").press("do=all").
		want(http.StatusOK, "1 shop connected", "2 shops were connected before", "2 shops connected · 3 at Fourthwall")

	ask := p.get(channelPath(conn.Channel)).link("Disconnect the channel").
		want(http.StatusOK, "Disconnect Harbor Agency and 2 shops?", "first disconnect their shops one by one")
	ask.form("/disconnect").set("shops", "3").submit().want(http.StatusOK, pageChangedTitle)
	if len(g.channels()) != 1 || len(g.teamShops()) != 3 {
		t.Error("it was disconnected though the number had changed")
	}
	ask.form("/disconnect").submit().want(http.StatusOK, "Harbor Agency is disconnected", "2 shops")
	if left := g.teamShops(); len(g.channels()) != 0 || len(left) != 1 || left[0].ID != before.ID {
		t.Errorf("left: %+v, channels %d", left, len(g.channels()))
	}
	ask.form("/disconnect").submit().want(http.StatusNotFound, channelUnknownText)
	wantActions(t, g.actions(demo[1].ID), activity.DisconnectShop, activity.CreateWebhook, activity.ConnectShop)
	wantActions(t, g.actions(activity.OfTeam),
		activity.DisconnectChannel, activity.DisconnectShop, activity.DisconnectShop, activity.ConnectShop,
		activity.ConnectShop, activity.ConnectChannel)
	p.get(teamActivityPath).want(http.StatusOK, "Channel connected", "Channel disconnected", "Harbor Agency", "The admin")
}

// wantActions fails unless got begins like want, sign-ins left out.
func wantActions(t *testing.T, got []string, want ...string) {
	t.Helper()
	var some []string
	for _, a := range got {
		if a != activity.SignIn {
			some = append(some, a)
		}
	}
	if len(some) < len(want) || strings.Join(some[:len(want)], " ") != strings.Join(want, " ") {
		t.Errorf("recorded: %v, want %v", some, want)
	}
}

// TestChannelIsSearched: a search keeps what is chosen, though it isn't shown.
func TestChannelIsSearched(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{team: &team.Config{Groups: roleGroups}})
	demo := g.box.Shops()
	g.calls.set(nil, manyShops(300))
	p := g.member(team.Admin)
	pg := p.connectsChannel().want(http.StatusOK, "Showing 200 of 300 shops")
	found := pg.form("/shops").set("shop", "sh_7").set("q", "Shop 299").submit().
		want(http.StatusOK, "1 of 300 shops match")
	f := found.form("/shops")
	if got := f.values["shop"]; len(got) != 1 || got[0] != "sh_7" {
		t.Errorf("kept: %v", got)
	}
	found.want(http.StatusOK, "Shop 299").form("/shops").set("q", "nothing").submit().want(http.StatusOK, "No shops match")
	g.calls.set(nil, nil)
	f.set("shop", demo[0].ID, demo[1].ID).press("do=chosen").want(http.StatusOK, "2 shops connected")
}

// manyShops lists so many shops of the channel, in place of the sandbox.
func manyShops(n int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != channelList {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		var list []string
		for i := range n {
			n := strconv.Itoa(i)
			list = append(list, `{"shopId":"sh_`+n+`","name":"Shop `+n+`"}`)
		}
		_, _ = w.Write([]byte(`{"shops":[` + strings.Join(list, ",") + `]}`))
	})
}

// TestChannelRefused: what Fourthwall, or something in front of it, responds to the
// credentials of a channel. The client ID stays, and the secret never comes back.
func TestChannelRefused(t *testing.T) {
	t.Parallel()
	html := sandbox.Failure{
		Status: 403, Body: "<html>Attention Required", Header: http.Header{"Content-Type": {"text/html"}},
	}
	at := func(path string, f sandbox.Failure) *sandbox.Failure {
		f.Path, f.Times = path, 10
		return &f
	}
	for _, tt := range []struct {
		name, id, secret string // "" for the right one
		fail             *sandbox.Failure
		status           int
		text             string
	}{
		{"no client ID", " ", "", nil, 422, clientIDMissing},
		{"no secret", "", " ", nil, 422, clientSecretMissing},
		{"another secret", "", "wrong", nil, 422, "doesn’t accept this client ID and secret. Check both"},
		{"an app's client ID", "hookwall", "another-secret", nil, 422, "A channel’s client ID begins with channel."},
		{"HTML for a token", "", "", at(channelTokens, html), 503, "HOOKWALL_CHANNEL_TOKEN_URL"},
		{"a challenge as invalid_client", "", "", at(channelTokens, sandbox.Failure{
			Status: 401, Body: `{"error":"invalid_client"}`, Header: http.Header{"Cf-Mitigated": {"challenge"}},
		}), 503, "Something in front of Fourthwall may have rejected"},
		{"busy tokens", "", "", at(channelTokens, sandbox.Failure{Status: 429}), 503, "Fourthwall is busy"},
		{"failing tokens", "", "", at(channelTokens, sandbox.Failure{Status: 500}), 503, "Fourthwall failed"},
		{"a cut token", "", "", at(channelTokens, sandbox.Failure{Cut: sandbox.CutBefore}), 502, "couldn’t reach Fourthwall"},
		{"a token that isn't one", "", "", at(channelTokens, sandbox.Failure{Status: 200, Body: `{}`}), 503, "returned no token"},
		{"another grant", "", "", at(channelTokens, sandbox.Failure{
			Status: 400, Body: `{"error":"unsupported_grant_type"}`,
		}), 503, "returned no token"},
		{
			"401 for the channel", "", "", at(channelSelf, sandbox.Failure{Status: 401, Code: "OPEN_API_UNAUTHORIZED"}), 502,
			"accepts the client ID and secret, but not for reading the channel",
		},
		{
			"403 for the channel", "", "", at(channelSelf, sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}), 502,
			"OPEN_API_FORBIDDEN",
		},
		{"HTML for the channel", "", "", at(channelSelf, html), 503, "probably a firewall or a proxy"},
		{"429 for the channel", "", "", at(channelSelf, sandbox.Failure{Status: 429}), 503, "Fourthwall is busy"},
		{"another API", "", "", at(channelSelf, sandbox.Failure{Status: 200, Body: `[]`}), 502, "FOURTHWALL_API_URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{team: &team.Config{Groups: roleGroups}, budget: time.Second})
			p := g.member(team.Admin)
			if tt.fail != nil {
				g.box.FailNext(*tt.fail)
			}
			c := g.box.Channel()
			id, secret := cmp.Or(tt.id, c.ClientID), cmp.Or(tt.secret, c.ClientSecret)
			pg := p.credentials(id, secret).submit().want(tt.status, tt.text)
			f := pg.form(connectChannel)
			if f.values.Get("client_id") != id || f.values.Get("secret") != "" ||
				strings.TrimSpace(secret) != "" && strings.Contains(pg.body, secret+`"`) {
				t.Errorf("the form has %v", f.values)
			}
			if len(g.channels()) != 0 || len(g.actions(activity.OfTeam)) != 0 {
				t.Errorf("stored: %+v, recorded: %v", g.channels(), g.actions(activity.OfTeam))
			}
			if strings.Contains(g.logs.String(), c.ClientSecret) {
				t.Error("the secret is in the log")
			}
		})
	}
}

// TestChannelGuesses: refused secrets of channels count against the same limit as
// API keys.
func TestChannelGuesses(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{
		team: &team.Config{Groups: roleGroups}, limits: Limits{BadKeys: Rate{Burst: 2, Every: time.Hour}},
	})
	p := g.member(team.Admin)
	c := g.box.Channel()
	for range 2 {
		p.credentials(c.ClientID, "wrong").submit().want(http.StatusUnprocessableEntity)
	}
	tokens := g.channelTokenCalls()
	p.credentials(c.ClientID, c.ClientSecret).submit().want(http.StatusTooManyRequests, "Too many failed sign-ins")
	if n := g.channelTokenCalls(); n != tokens {
		t.Errorf("%d more tries", n-tokens)
	}
}

// wholeChannel connects the demo channel with all its shops.
func wholeChannel(t testing.TB) (*rig, *person) {
	t.Helper()
	g := newRig(t, options{team: &team.Config{Groups: roleGroups}})
	p := g.member(team.Admin)
	p.connectsChannel().form("/shops").press("do=all").want(http.StatusOK, "3 shops connected")
	return g, p
}

// TestOneTokenPerChannel: all shops share one token, and two replicas renew it once
// for all of them. Every request names its own shop and no other.
// Checklist 52.
func TestOneTokenPerChannel(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"its time is over", "the API refuses it early"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			g, _ := wholeChannel(t)
			replica := shops.NewService(g.store, g.server.API, g.server.OAuth, nil)
			if how == "its time is over" {
				g.move(time.Hour)
			} else {
				g.box.Advance(time.Hour)
			}
			var mu sync.Mutex
			seen := map[string]bool{}
			g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if id := r.Header.Get("X-ShopId"); id != "" {
					seen[r.URL.Path+" "+id] = true
				}
				w.WriteHeader(http.StatusNotFound) // and the sandbox responds
			}))
			before := g.channelTokenCalls()
			var wg sync.WaitGroup
			for n, shop := range g.box.Shops() {
				for _, service := range []*shops.Service{g.server.Shops, replica, g.server.Shops, replica} {
					wg.Go(func() {
						client := service.Client(g.connection(n))
						list, err := client.Webhooks(t.Context())
						if err != nil || len(list.Webhooks) != len(g.box.Webhooks(shop.ID)) {
							t.Errorf("%s: %d webhooks, %v", shop.Name, len(list.Webhooks), err)
						}
					})
				}
			}
			wg.Wait()
			if n := g.channelTokenCalls() - before; n != 1 {
				t.Errorf("renewed %d times", n)
			}
			if len(seen) != 3 {
				t.Errorf("requests for shops: %v", seen)
			}
		})
	}
}

// TestShopOfChannelIsNoOther: a request for one shop never names another, whatever
// the person's form or URL says.
// Checklist 52.
func TestShopOfChannelIsNoOther(t *testing.T) {
	t.Parallel()
	g, p := wholeChannel(t)
	demo := g.box.Shops()
	var mu sync.Mutex
	var named []string
	g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		named = append(named, r.Header.Values("X-ShopId")...)
		w.WriteHeader(http.StatusNotFound)
	}))
	p.newForm(demo[0].ID, good, "DONATION").set("shop", demo[1].ID).set("X-ShopId", demo[1].ID).submit().
		want(http.StatusOK, good)
	r := p.request(http.MethodGet, webhooksPath(demo[0].ID)+"?shop="+demo[1].ID, nil)
	r.Header.Set("X-ShopId", demo[1].ID)
	p.do(r).want(http.StatusOK, "hooks.example.com")
	if len(named) < 3 || strings.Trim(strings.Join(named, ""), demo[0].ID) != "" || sorted(named)[0] != demo[0].ID ||
		len(sorted(named)) != 1 {
		t.Errorf("requests name %v", named)
	}
	if len(g.urls(1)) != 1 {
		t.Errorf("the other shop has %v", g.urls(1))
	}
}

// TestShopLeavesChannel: the API's 401 to a new token ends one shop's connection,
// if the token works otherwise. All others go on.
func TestShopLeavesChannel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fail  []sandbox.Failure
		ended bool
	}{
		{"401 twice", []sandbox.Failure{{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2}}, true},
		{"401 once", []sandbox.Failure{{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED"}}, false},
		{"401 for the channel too", []sandbox.Failure{
			{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2},
			{Path: channelSelf, Status: 401, Code: "OPEN_API_UNAUTHORIZED"},
		}, false},
		{"403", []sandbox.Failure{{Path: apiWebhooks, Status: 403, Code: "OPEN_API_FORBIDDEN", Times: 2}}, false},
		{"HTML", []sandbox.Failure{{Path: apiWebhooks, Status: 401, Body: "<html>", Times: 9}}, false},
		{"429", []sandbox.Failure{{Path: apiWebhooks, Status: 429, Times: 9}}, false},
		{"the token is cut", []sandbox.Failure{
			{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2},
			{Path: channelTokens, Cut: sandbox.CutBefore},
		}, false},
		{"HTML for the token", []sandbox.Failure{
			{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2},
			{Path: channelTokens, Status: 401, Body: "<html>"},
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, p := wholeChannel(t)
			for _, f := range tt.fail {
				g.box.FailNext(f)
			}
			p.get(webhooksPath(g.box.Shops()[0].ID))
			g.box.ForgetFailures()
			if c := g.connection(0); c.Expired != tt.ended {
				t.Errorf("the shop's connection ended: %t", c.Expired)
			}
			if g.connection(1).Expired || g.connection(2).Expired || g.channels()[0].Expired {
				t.Error("something else ended")
			}
			p.get(webhooksPath(g.box.Shops()[1].ID)).want(http.StatusOK)
			if tt.ended {
				pg := p.get(webhooksPath(g.box.Shops()[0].ID)).want(http.StatusOK, "must be connected again")
				pg.link("See the channel Harbor Agency").want(http.StatusOK, "Connection ended").form("/shops").
					press("do=all").want(http.StatusOK, "1 shop connected")
				p.get(webhooksPath(g.box.Shops()[0].ID)).want(http.StatusOK, "Webhooks")
			}
		})
	}
}

// TestChannelSecretIsRevoked: invalid_client ends the channel with all its shops,
// and a new secret connects them again.
func TestChannelSecretIsRevoked(t *testing.T) {
	t.Parallel()
	g, p := wholeChannel(t)
	demo := g.box.Shops()
	g.must(g.box.ReplaceChannelSecret())
	p.get(webhooksPath(demo[0].ID)).want(http.StatusOK, "must be connected again", "See the channel Harbor Agency")
	for _, c := range g.teamShops() {
		if !c.Expired {
			t.Errorf("%s goes on", c.ShopName)
		}
	}
	p.get(shopsPath).want(http.StatusOK, "3 to reconnect")
	ended := p.get(channelPath(g.channels()[0].ID)).want(http.StatusOK, channelEndedTitle)
	tokens := g.channelTokenCalls()
	p.get(webhooksPath(demo[1].ID))
	if n := g.channelTokenCalls(); n != tokens {
		t.Errorf("%d tries with a secret that ended", n-tokens)
	}
	f := ended.form("/secret")
	f.submit().want(http.StatusUnprocessableEntity, clientSecretMissing)
	wrong := f.set("secret", "wrong").submit().want(http.StatusUnprocessableEntity, "doesn’t accept this client ID")
	if wrong.form("/secret").values.Get("secret") != "" {
		t.Error("the secret comes back")
	}
	g.must(g.box.ConfigureChannel(sandbox.DemoChannel{Left: []string{demo[2].ID}}))
	pg := f.set("secret", g.box.Channel().ClientSecret).submit().want(http.StatusOK, "Secret replaced", "2 at Fourthwall")
	if strings.Contains(pg.body, g.box.Channel().ClientSecret) {
		t.Error("the secret is shown")
	}
	if g.connection(0).Expired || g.connection(1).Expired || !g.connection(2).Expired {
		t.Error("other shops than those of the channel go on")
	}
	p.get(webhooksPath(demo[0].ID)).want(http.StatusOK, "Webhooks")
	wantActions(t, g.actions(activity.OfTeam), activity.ConnectShop, activity.ConnectShop, activity.ReplaceSecret)
}

// TestChannelLacksWebhooks: a channel that may not use webhooks is told so on its
// page and on the shops' pages. Nothing ends.
func TestChannelLacksWebhooks(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{team: &team.Config{Groups: roleGroups}})
	g.must(g.box.ConfigureChannel(sandbox.DemoChannel{NoWebhooks: true}))
	p := g.member(team.Admin)
	const refusedToUse = "Fourthwall doesn’t allow this channel to use webhooks"
	pg := p.connectsChannel().form("/shops").press("do=all").
		want(http.StatusOK, "3 shops connected", refusedToUse, "OPEN_API_FORBIDDEN")
	shop := g.box.Shops()[1].ID
	p.get(webhooksPath(shop)).
		want(http.StatusOK, channelMayNotTitle, "See the channel Harbor Agency", "OPEN_API_FORBIDDEN")
	p.newForm(shop, good, "DONATION").submit().want(http.StatusForbidden, channelMayNotTitle, "OPEN_API_FORBIDDEN")
	p.get(webhookPath(shop, "wcon_x")).want(http.StatusForbidden, channelMayNotTitle)
	viewer := g.member(team.Viewer).get(webhooksPath(shop)).want(http.StatusOK, channelMayNotTitle)
	if strings.Contains(viewer.body, channelPath(g.channels()[0].ID)) {
		t.Error("a viewer is led to the channel")
	}
	g.must(g.box.ConfigureChannel(sandbox.DemoChannel{}))
	if again := p.get(pg.url.Path).want(http.StatusOK); strings.Contains(again.text(), refusedToUse) {
		t.Error("it still says that the channel may not use webhooks")
	}
	p.get(webhooksPath(shop)).want(http.StatusOK, "Webhooks")
	g.must(g.box.ConfigureChannel(sandbox.DemoChannel{Left: []string{shop}}))
	p.get(pg.url.Path).want(http.StatusOK, "1 connected shop isn’t in the channel anymore", g.box.Shops()[1].Name)
	for _, c := range g.teamShops() {
		if c.Expired {
			t.Errorf("%s ended", c.ShopName)
		}
	}
}

// TestChannelListFails: the page of a channel is drawn if its shops can't be listed.
func TestChannelListFails(t *testing.T) {
	t.Parallel()
	g, p := wholeChannel(t)
	page := channelPath(g.channels()[0].ID)
	for _, tt := range []struct {
		name   string
		fail   sandbox.Failure
		status int
		text   string
	}{
		{"HTML", sandbox.Failure{Status: 403, Body: "<html>"}, 503, "probably a firewall or a proxy"},
		{"429", sandbox.Failure{Status: 429}, 503, "Fourthwall is busy"},
		{"403", sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}, 502, "Fourthwall doesn’t allow this"},
		{"401", sandbox.Failure{Status: 401, Code: "OPEN_API_UNAUTHORIZED"}, 502, "Fourthwall doesn’t allow this"},
		{"another list", sandbox.Failure{Status: 200, Body: `[]`}, 502, "isn’t from Fourthwall"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.fail.Path, tt.fail.Times = channelList, 9
			g.box.FailNext(tt.fail)
			pg := p.get(page).want(tt.status, "Harbor Agency", "3 shops connected", tt.text, "Disconnect the channel")
			g.box.ForgetFailures()
			if strings.Contains(pg.text(), "at Fourthwall Replace") || g.channels()[0].Expired {
				t.Errorf("it claims more than was seen: %s", pg.text())
			}
		})
	}
}

// TestChannelTwice: the same form twice connects one channel and each shop once.
func TestChannelTwice(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{team: &team.Config{Groups: roleGroups}})
	p := g.member(team.Admin)
	f := p.credentials(g.box.Channel().ClientID, g.box.Channel().ClientSecret)
	f.submit().want(http.StatusOK)
	shopsForm := f.submit().want(http.StatusOK).form("/shops")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { shopsForm.press("do=all").want(http.StatusOK, "3 shops connected · 3 at Fourthwall") })
	}
	wg.Wait()
	if len(g.channels()) != 1 || len(g.teamShops()) != 3 {
		t.Errorf("%d channels, %d shops", len(g.channels()), len(g.teamShops()))
	}
	wantActions(t, g.actions(activity.OfTeam),
		activity.ConnectShop, activity.ConnectShop, activity.ConnectShop, activity.ConnectChannel)
	if n := len(g.actions(activity.OfTeam)); n != 4 {
		t.Errorf("recorded %d times: %v", n, g.actions(activity.OfTeam))
	}
}

// TestNoChannelWithoutTeam: a person alone has neither the form nor the routes.
func TestNoChannelWithoutTeam(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	if pg := p.get(connectPath).want(http.StatusOK); strings.Contains(pg.text(), "channel") {
		t.Errorf("it offers channels: %s", pg.text())
	}
	p.post(connectChannel, url.Values{"client_id": {"channel.demo"}, "secret": {"x"}}).want(http.StatusNotFound)
	p.get(channelPath("x")).want(http.StatusNotFound)
}

// TestChannelSecretStaysHidden: the secret is on no page, in no log and in no draft.
// Checklist 53.
func TestChannelSecretStaysHidden(t *testing.T) {
	t.Parallel()
	g, p := wholeChannel(t)
	secret := g.box.Channel().ClientSecret
	page := channelPath(g.channels()[0].ID)
	for _, path := range []string{page, page + "/disconnect", connectPath, shopsPath, teamActivityPath} {
		if pg := p.get(path).want(http.StatusOK); strings.Contains(pg.body, secret) {
			t.Errorf("%s has the secret", path)
		}
	}
	// A session that ended in the form leads to the sign-in, and nothing typed is kept.
	sent := url.Values{"client_id": {"channel.demo"}, "secret": {secret}}
	pg := g.person().noRedirects().post(connectChannel, sent)
	if to := pg.header.Get("Location"); treatment(pg) != signsIn || strings.Contains(to, "draft") ||
		strings.Contains(to, secret) {
		t.Errorf("led to %s", to)
	}
	g.member(team.Operator).post(connectChannel, sent).want(http.StatusForbidden)
	if strings.Contains(g.logs.String(), secret) {
		t.Error("the log has the secret")
	}
	if c := g.channels()[0]; c.Credential != nil {
		t.Error("the list of channels has credentials")
	}
}
