package handlers

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// sevenSeconds is a limit with this burst, and one more every 7 s.
func sevenSeconds(burst int) Rate { return Rate{Burst: burst, Every: 7 * time.Second} }

// Networks of people, as the documentation of addresses has them.
const (
	home   = "203.0.113.7"
	abroad = "198.51.100.9"
)

// behindProxy are options for a dashboard that people reach from addresses of
// their own.
func behindProxy(l Limits) options {
	return options{limits: l, still: true, proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

// from sets the address of a person.
func (p *person) from(address string) *person {
	c := *p.client
	c.Transport = forwarded{p.client.Transport, address}
	return &person{p.rig, &c}
}

type forwarded struct {
	http.RoundTripper
	address string
}

func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", f.address)
	if plain, ok := f.RoundTripper.(forwarded); ok {
		return plain.RoundTripper.RoundTrip(r)
	}
	return f.RoundTripper.RoundTrip(r)
}

// limited fails the test unless the page says that a limit was reached, how
// long to wait, and under which request id the log has it.
func (pg *page) limited(seconds string) *page {
	pg.p.t.Helper()
	pg.want(http.StatusTooManyRequests, "Too many", seconds+" second")
	if got := pg.header.Get("Retry-After"); got != seconds {
		pg.p.t.Errorf("%s: Retry-After is %q, want %q", pg.url, got, seconds)
	}
	id := pg.header.Get("X-Request-Id")
	if !strings.Contains(pg.text(), id) {
		pg.p.t.Errorf("%s lacks the request id %s:\n%s", pg.url, id, pg.text())
	}
	for line := range strings.Lines(pg.p.logs.String()) {
		var found map[string]any
		pg.p.must(json.Unmarshal([]byte(line), &found))
		if found["msg"] == "limit reached" && found["request"] == id && found["level"] == "WARN" && found["limit"] != "" {
			return pg
		}
	}
	pg.p.t.Errorf("the log does not say that the request %s met a limit", id)
	return pg
}

// TestWriteLimits walks the forms of a shop's pages.
// Checklist 32.
func TestWriteLimits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		limits        Limits
		others        bool // other sessions at the same address count as well
		elsewhere     bool // the session counts at other addresses as well
		callsOnly     bool
		wantLimitName string
		wantWhy       string
	}{
		{name: "of a session", limits: Limits{Writes: sevenSeconds(1)}, elsewhere: true, wantLimitName: "write by session", wantWhy: "You’ve hit the limit for this action."},
		{name: "of an address", limits: Limits{AddressWrites: sevenSeconds(1)}, others: true, wantLimitName: "write by address", wantWhy: "You’ve hit the limit for this action. It counts everyone in your network."},
		{name: "of a session's calls", limits: Limits{Calls: sevenSeconds(1)}, elsewhere: true, callsOnly: true, wantLimitName: "call by session", wantWhy: "You’ve hit the limit for this action."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, behindProxy(test.limits))
			one, other := g.person().from(home), g.person().from(home)
			shop := one.connect(0)
			other.connect(0)
			for _, rt := range g.server.routes() {
				if !rt.writes() {
					continue
				}
				path, counted := g.toFreshHook(rt, shop), !test.callsOnly || rt.limit == outCall
				t.Run(rt.path, func(t *testing.T) {
					refused := func(p *person) bool {
						return p.noRedirects().post(path, typical(shop)).status == http.StatusTooManyRequests
					}
					got := []bool{refused(one), refused(one), refused(other), refused(one.from(abroad))}
					if want := []bool{false, counted, test.others, counted && test.elsewhere}; !slices.Equal(got, want) {
						t.Errorf("refused are %v, want %v", got, want)
					}
					if counted {
						one.noRedirects().post(path, typical(shop)).limited("7").want(http.StatusTooManyRequests, test.wantWhy)
						g.move(3 * time.Second)
						one.noRedirects().post(path, typical(shop)).limited("4")
					}
				})
				g.move(7 * time.Second)
			}
			if !strings.Contains(g.logs.String(), `"limit":"`+test.wantLimitName+`"`) {
				t.Errorf("the log does not name the limit %s", test.wantLimitName)
			}
		})
	}
}

// toFreshHook puts a webhook of its own into a route's path.
func (g *rig) toFreshHook(rt route, shop sandbox.DemoShop) string {
	hook := g.add(shop, good+"/"+rt.path, "ORDER_PLACED")
	return strings.NewReplacer("{shop}", shop.ID, "{id}", hook.ID).Replace(rt.path)
}

func typical(shop sandbox.DemoShop) url.Values {
	return url.Values{"url": {good + "/" + shop.ID}, "allowedTypes": {"DONATION"}, "type": {"DONATION"}, "body": {"{}"}}
}

// TestUncountedRoutes names the forms that have no limit.
func TestUncountedRoutes(t *testing.T) {
	t.Parallel()
	var got []string
	for _, rt := range newRig(t, options{}).server.routes() {
		if rt.method != http.MethodGet && !rt.writes() && rt.limit != signIn {
			got = append(got, rt.path)
		}
	}
	// Signing out is always allowed. The others store nothing.
	want := []string{
		"/sign-out", displayPath, signaturePath, urlNotesPath, guidePath, findShopPath,
		searchFoundPath, "/shops/{shop}/disconnect",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLimitKeepsInput: the form is drawn as it was sent, without secrets.
func TestLimitKeepsInput(t *testing.T) {
	t.Parallel()
	typed := map[string][]string{"url": {good + "/typed"}, "allowedTypes": {"ORDER_PLACED", "DONATION"}}
	tests := []struct {
		name   string
		limits Limits
		open   func(p *person, shop sandbox.DemoShop, hook string) *form
		action func(shop, hook string) string // of the form that is drawn again
		fill   map[string][]string
		lost   string // the field that is not drawn again
	}{
		{
			"create",
			Limits{Writes: sevenSeconds(1)},
			func(p *person, shop sandbox.DemoShop, _ string) *form {
				return p.get(newWebhookPath(shop.ID)).form(webhooksPath(shop.ID))
			},
			func(shop, _ string) string { return webhooksPath(shop) }, typed, "",
		},
		{
			"edit",
			Limits{Writes: sevenSeconds(1)},
			func(p *person, shop sandbox.DemoShop, hook string) *form {
				return p.get(editPath(shop.ID, hook)).form(editPath(shop.ID, hook))
			},
			editPath, typed, "",
		},
		{
			"test delivery",
			Limits{Calls: sevenSeconds(1)},
			func(p *person, shop sandbox.DemoShop, hook string) *form {
				return p.get(testPath(shop.ID, hook)).postForm(testPath(shop.ID, hook))
			},
			testPath,
			map[string][]string{"body": {`{"typed":true}`}, "secret": {"canary-secret"}},
			"secret",
		},
		{
			"check",
			Limits{Calls: sevenSeconds(1)},
			func(p *person, shop sandbox.DemoShop, hook string) *form {
				return p.get(checkStartHref(shop.ID, "webhook", hook)).form(checksPath(shop.ID))
			},
			func(shop, _ string) string { return checksPath(shop) },
			map[string][]string{"type": {"DONATION"}, "secret": {"canary-secret"}},
			"secret",
		},
		{
			"API key",
			Limits{SignIns: sevenSeconds(3)}, // a sign-in by the code flow has two steps
			func(p *person, _ sandbox.DemoShop, _ string) *form {
				return p.get("/connect?return=/shops").form("/connect/key")
			},
			func(string, string) string { return "/connect/key" },
			map[string][]string{"username": {"typed"}, "password": {"canary-password"}},
			"password",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, behindProxy(test.limits))
			p := g.person().from(home)
			shop := p.connect(0)
			hook := g.add(shop, "http://"+sandbox.ReceiverHost+"/ok", "ORDER_PLACED", "DONATION")
			f := test.open(p, shop, hook.ID)
			for name, values := range test.fill {
				f.set(name, values...)
			}
			p.noRedirects().post(f.action, url.Values{}) // takes what there is
			pg := f.submit().limited("7")
			if strings.Contains(pg.body, "canary") {
				t.Error("a secret is on the page")
			}
			again := pg.postForm(test.action(shop.ID, hook.ID))
			if test.lost != "" {
				f.values.Set(test.lost, "")
			}
			if f.values.Get("submission") == "" {
				f.values["submission"] = again.values["submission"] // an edit has none before it is sent
			}
			for name, values := range f.values {
				f.values[name] = sorted(values)
				again.values[name] = sorted(again.values[name])
			}
			if diff := cmp.Diff(f.values, again.values); diff != "" {
				t.Errorf("(-sent +drawn)\n%s", diff)
			}
		})
	}
}

// TestLimitKeepsAChange: if a save reaches a limit, the form comes back.
func TestLimitKeepsAChange(t *testing.T) {
	t.Parallel()
	g := newRig(t, behindProxy(Limits{Writes: sevenSeconds(1)}))
	p := g.person().from(home)
	shop := p.connect(0)
	hook := g.add(shop, good, "ORDER_PLACED")
	at := editPath(shop.ID, hook.ID)
	review := p.get(at).form(at).set("url", good+"/new").set("allowedTypes", "DONATION").submit().want(http.StatusOK,
		"Review")
	again := review.postForm(at + "/confirm").submit().limited("7").form(at)
	if again.values.Get("url") != good+"/new" || again.values.Get("allowedTypes") != "DONATION" {
		t.Errorf("the form has %v", again.values)
	}
	if now := g.hook(shop, hook.ID); now.URL != good {
		t.Errorf("the webhook was changed to %s", now.URL)
	}
	g.move(7 * time.Second)
	review = again.submit().want(http.StatusOK, "Review")
	g.move(7 * time.Second)
	review.postForm(at+"/confirm").submit().want(http.StatusOK, "The webhook is saved")

	g.move(7 * time.Second)
	gone := url.Values{"draft": {"none"}}
	p.post(at+"/confirm", gone).want(http.StatusGone)
	p.post(at+"/confirm", gone).limited("7")
}

// TestLimitOfAForm: a form that is only a button leads back to its page.
func TestLimitOfAForm(t *testing.T) {
	t.Parallel()
	g := newRig(t, behindProxy(Limits{Writes: sevenSeconds(1)}))
	p := g.person().from(home)
	shop := p.connect(0)
	hook := g.add(shop, good, "ORDER_PLACED")
	deletion := p.get(webhookPath(shop.ID, hook.ID) + "/delete").postForm("/delete")
	p.newForm(shop.ID, "", "DONATION").submit().want(http.StatusUnprocessableEntity)
	pg := deletion.submit().limited("7").want(http.StatusTooManyRequests, "Nothing was done")
	g.move(7 * time.Second)
	pg.link("Go back").postForm("/delete").submit().want(http.StatusOK, "is deleted")
}

// TestLimitOfAShopThatIsNotOpen: a person without access to a shop gets none of
// its forms, even if a limit comes first.
func TestLimitOfAShopThatIsNotOpen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		close func(g *rig, p *person, shop sandbox.DemoShop) (shopID string)
	}{
		{"another shop", func(g *rig, _ *person, _ sandbox.DemoShop) string { return g.box.Shops()[1].ID }},
		{"no shop at all", func(*rig, *person, sandbox.DemoShop) string { return "sh_none" }},
		{"to be connected again", func(g *rig, p *person, shop sandbox.DemoShop) string {
			conn, err := g.store.Connection(g.t.Context(), owner(p), shop.ID)
			g.must(err)
			g.must(g.store.ExpireConnection(g.t.Context(), conn.ID, conn.Version, store.End{}))
			return shop.ID
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, behindProxy(Limits{Writes: sevenSeconds(1)}))
			p := g.person().from(home)
			shop := p.connect(0)
			id := test.close(g, p, shop)
			p.noRedirects().post(webhooksPath(id), typical(shop))
			pg := p.post(webhooksPath(id), typical(shop)).limited("7")
			if strings.Contains(pg.body, good) || strings.Contains(pg.body, "allowedTypes") {
				t.Error("the form is drawn")
			}
		})
	}
}

// TestSignInLimits: a sign-in that has to wait is not lost.
func TestSignInLimits(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"code", "implicit"} {
		t.Run(way, func(t *testing.T) {
			g := newRig(t, behindProxy(Limits{SignIns: sevenSeconds(1)}))
			p, neighbour, stranger := g.person().from(home), g.person().from(home), g.person().from(abroad)
			consent := p.get("/oauth/start?way=" + way + "&return=/shops")
			pg := neighbour.get("/oauth/start?way=" + way + "&return=/shops").limited("7")
			if pg.header.Get("Set-Cookie") != "" {
				t.Error("a refused start left a cookie")
			}
			stranger.get("/oauth/start?way=" + way).want(http.StatusOK)

			back := p.consent(consent, g.box.Shops()[0].ID, "allow")
			if way == "code" {
				back.limited("7")
				if back.header.Get("Referrer-Policy") != "no-referrer" || back.header.Get("Cache-Control") != "no-store" {
					t.Errorf("the code is not kept out of caches and referrers: %v", back.header)
				}
				g.move(7 * time.Second)
				p.get(back.url.String()).want(http.StatusOK, "is connected")
				return
			}
			p.implicit(back).limited("7")
			g.move(7 * time.Second)
			p.implicit(back).want(http.StatusOK, "is connected")
		})
	}
	t.Run("start again", func(t *testing.T) {
		g := newRig(t, behindProxy(Limits{SignIns: sevenSeconds(1)}))
		p := g.person().from(home)
		p.get("/oauth/start?way=code")
		pg := p.get("/oauth/start?way=code&return=/shops").limited("7")
		if got := pg.header.Get("Referrer-Policy"); got != "strict-origin" {
			t.Errorf("the address goes to the next page: Referrer-Policy is %q", got)
		}
		g.move(7 * time.Second)
		pg.link("Try again").want(http.StatusOK, "Allow")
	})
}

// TestRefusedKeys: after too many refused keys, a person must wait. The next
// key is not tried, not even from the local machine.
func TestRefusedKeys(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]options{
		"from an address":   behindProxy(Limits{BadKeys: sevenSeconds(2)}),
		"from this machine": {limits: Limits{BadKeys: sevenSeconds(2)}, still: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, o)
			shop := g.box.Shops()[0]
			p := g.person().from(home)
			try := func(p *person, password string) *page {
				return p.get("/connect").form("/connect/key").set("username", shop.APIUser).set("password", password).submit()
			}
			for range 2 {
				try(p, "canary-wrong").want(http.StatusUnprocessableEntity, "doesn’t accept")
			}
			asked := g.calls.to("/open-api/v1.0/shops/current")
			pg := try(p, shop.APIPassword).limited("7")
			if g.calls.to("/open-api/v1.0/shops/current") != asked {
				t.Error("a key was tried")
			}
			if f := pg.form("/connect/key"); f.values.Get("username") != shop.APIUser || f.values.Get("password") != "" {
				t.Errorf("the form has %v", f.values)
			}
			if strings.Contains(g.logs.String(), "canary") || strings.Contains(g.logs.String(), shop.APIPassword) {
				t.Error("a password is in the log")
			}
			g.move(7 * time.Second)
			try(p, shop.APIPassword).want(http.StatusOK, "is connected")
			try(p, shop.APIPassword).want(http.StatusOK, "is connected")
		})
	}
}

// TestKeysTriedAtOnce: guesses that were admitted together count each, so that
// they do not bypass the wait.
func TestKeysTriedAtOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, behindProxy(Limits{BadKeys: sevenSeconds(1)}))
	shop := g.box.Shops()[0]
	const guesses = 3
	arrived, released := make(chan struct{}, guesses), make(chan struct{})
	g.calls.set(func(c apiCall) {
		if c.path == "/open-api/v1.0/shops/current" {
			arrived <- struct{}{}
			<-released
		}
	}, nil)
	var all sync.WaitGroup
	for range guesses {
		p := g.person().from(home)
		f := p.get("/connect").form("/connect/key").set("username", shop.APIUser).set("password", "wrong")
		all.Go(func() { f.submit().want(http.StatusUnprocessableEntity) })
	}
	for range guesses {
		<-arrived
	}
	close(released)
	all.Wait()
	p := g.person().from(home)
	p.get("/connect").form("/connect/key").set("username", shop.APIUser).set("password",
		shop.APIPassword).submit().limited("21")
}

func (c *calls) to(path string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		if one.path == path {
			n++
		}
	}
	return n
}

// TestClientNetwork: headers count only from a trusted proxy. An IPv6 network
// of 64 bits counts as one address. A Hookwall on the local machine does not
// count clients on that machine.
func TestClientNetwork(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	const elsewhere = "https://hooks.example.com"
	tests := []struct {
		name, public  string
		proxies       []netip.Prefix
		first, second string // X-Forwarded-For
		limited       bool
	}{
		{"this machine", "", nil, "", "", false},
		{"this machine, with headers", "", nil, home, home, false},
		{"this machine through a proxy on it", "", trusted, "", "127.0.0.1", false},
		{"a proxy that nobody named", elsewhere, nil, "", "", true},
		{"made up headers", elsewhere, nil, home, abroad, true},
		{"made up headers of this machine", elsewhere, nil, "127.0.0.1", "::1", true},
		{"this machine's address behind a proxy", elsewhere, trusted, "127.0.0.1", "127.0.0.1", true},
		{"one address", "", trusted, home, home, true},
		{"two addresses", "", trusted, home, abroad, false},
		{"one address and what it made up", "", trusted, "198.51.100.1, " + home, "198.51.100.2, " + home, true},
		{"one address, written as IPv6", "", trusted, home, "::ffff:" + home, true},
		{"one network", "", trusted, "2001:db8:1:2::3", "2001:db8:1:2:ffff::4", true},
		{"this machine by IPv6", "", trusted, "::1", "::1", false},
		{"this machine's IPv6 address behind a proxy", elsewhere, trusted, "::1", "::1", true},
		{"two networks", "", trusted, "2001:db8:1:2::3", "2001:db8:1:3::3", false},
		{"zones", "", trusted, "fe80::1%eth0", "fe80::2%eth1", true},
		{"nonsense from a proxy", elsewhere, trusted, "<script>", "unknown", true},
		{"one address at two ports", elsewhere, trusted, home + ":51234", home + ":443", true},
		{"two addresses with ports", elsewhere, trusted, home + ":51234", abroad + ":51234", false},
		{"two networks with ports", elsewhere, trusted, "[2001:db8:1:2::3]:443", "[2001:db8:1:3::3]:443", false},
		{"two addresses in quotes", elsewhere, trusted, `"` + home + `:1"`, `"` + abroad + `:1"`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t,
				options{publicURL: test.public, proxies: test.proxies, still: true, limits: Limits{SignIns: sevenSeconds(1)}})
			start := func(forwarded string) int {
				r := g.person().request(http.MethodGet, "/oauth/start?way=code", nil)
				if forwarded != "" {
					r.Header.Set("X-Forwarded-For", forwarded)
				}
				return g.person().noRedirects().do(r).status
			}
			if status := start(test.first); status != http.StatusSeeOther {
				t.Fatalf("the first got %d", status)
			}
			want := http.StatusSeeOther
			if test.limited {
				want = http.StatusTooManyRequests
			}
			if status := start(test.second); status != want {
				t.Errorf("the second got %d, want %d", status, want)
			}
		})
	}
}

// TestReplicasCountTogether: replicas share their counts.
func TestReplicasCountTogether(t *testing.T) {
	t.Parallel()
	g := newRig(t, behindProxy(Limits{Writes: sevenSeconds(2), SignIns: sevenSeconds(4)}))
	second := build(g.server.Config)
	t.Cleanup(second.background.end)
	replica := httptest.NewServer(second.handler())
	t.Cleanup(replica.Close)
	p := g.person().from(home)
	shop := p.connect(0)
	at := func(base, path string, form url.Values) *page {
		method := http.MethodGet
		if form != nil {
			method = http.MethodPost
		}
		r := p.request(method, base+path, form)
		r.Host = g.server.PublicURL.Host
		return p.noRedirects().do(r)
	}
	none := url.Values{"url": {""}}
	at(g.url, webhooksPath(shop.ID), none).want(http.StatusUnprocessableEntity)
	at(replica.URL, webhooksPath(shop.ID), none).want(http.StatusUnprocessableEntity)
	at(g.url, webhooksPath(shop.ID), none).limited("7")
	at(replica.URL, webhooksPath(shop.ID), none).limited("7")
	at(g.url, "/oauth/start?way=code", nil).want(http.StatusSeeOther)
	at(replica.URL, "/oauth/start?way=code", nil).want(http.StatusSeeOther)
	at(g.url, "/oauth/start?way=code", nil).limited("7")
}

// TestAnonymousWrites: forms without a session are counted by address, so
// that they cannot fill the database with drafts.
func TestAnonymousWrites(t *testing.T) {
	t.Parallel()
	g := newRig(t, behindProxy(Limits{AddressWrites: sevenSeconds(1)}))
	shop := g.box.Shops()[0]
	p := g.person().from(home).noRedirects()
	p.post(webhooksPath(shop.ID), typical(shop)).want(http.StatusSeeOther)
	p.post(webhooksPath(shop.ID), typical(shop)).limited("7")
	p.from(abroad).post(webhooksPath(shop.ID), typical(shop)).want(http.StatusSeeOther)
}

// TestLimitsThatCannotBeCounted: without the counts, a sign-in is refused. A
// change is made and logged, since only its owner can make it.
func TestLimitsThatCannotBeCounted(t *testing.T) {
	t.Parallel()
	if os.Getenv("HOOKWALL_TEST_POSTGRES") != "" {
		t.Skip("the table is taken away in a file")
	}
	o := behindProxy(Limits{
		SignIns: sevenSeconds(9), Writes: sevenSeconds(1), AddressWrites: sevenSeconds(1), BadKeys: sevenSeconds(1),
	})
	o.file = filepath.Join(t.TempDir(), "h.db")
	g := newRig(t, o)
	p := g.person().from(home)
	shop := p.connect(0)
	db, err := sql.Open("sqlite", "file:"+o.file)
	g.must(err)
	t.Cleanup(func() { db.Close() })
	_, err = db.ExecContext(t.Context(), `DROP TABLE rate_limits`)
	g.must(err)

	for range 2 {
		p.post(webhooksPath(shop.ID), url.Values{"url": {""}}).want(http.StatusUnprocessableEntity)
	}
	if !strings.Contains(g.logs.String(), "a limit could not be counted") {
		t.Error("the log does not say so")
	}
	p.get("/oauth/start?way=code").want(http.StatusInternalServerError)
	p.post("/connect/key",
		url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}}).want(http.StatusInternalServerError)
}
