package sandbox

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// withShops sets how many demo shops there are.
func withShops(n int) func(*Config) { return func(c *Config) { c.Shops = &n } }

// shopWith returns the first shop of the fleet with an oddity.
func (r *rig) shopWith(odd string) *shop {
	r.t.Helper()
	for _, sh := range r.shops {
		if sh.isOfFleet() && slices.Contains(sh.oddities(), odd) {
			return sh
		}
	}
	r.t.Fatalf("no shop has %q", odd)
	return nil
}

// listed is a page of events, as a client reads it.
type listed struct {
	Results []struct {
		ID, Type, State, Error, URL, Body string
		TestMode                          bool
		CreatedAt, UpdatedAt              time.Time
	}
	Total, Size int
}

// events returns a page of events as the API lists them.
func (r *rig) events(shopID, query string) listed {
	r.t.Helper()
	a := r.call(r.basic(shopID), "GET", eventsPath+query, "")
	var out listed
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.StatusCode != http.StatusOK {
		r.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return out
}

func TestNumberOfShops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, odd, cards, rows int }{
		{0, 0, 0, 0},
		{1, 0, 1, 0},
		{3, 0, 3, 0},
		{43, 9, 0, 43},
		{1000, 81, 0, 50},
	} {
		t.Run(strconv.Itoa(c.n), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, withShops(c.n))
			all := r.Shops()
			if len(all) != c.n {
				t.Fatalf("%d shops", len(all))
			}
			for _, of := range []func(DemoShop) string{
				func(d DemoShop) string { return d.ID }, func(d DemoShop) string { return d.Name },
				func(d DemoShop) string { return d.Domain }, func(d DemoShop) string { return d.APIUser },
				func(d DemoShop) string { return d.APIPassword }, func(d DemoShop) string { return d.WebhookSecret },
			} {
				seen := map[string]bool{}
				for _, sh := range all {
					seen[of(sh)] = true
				}
				if len(seen) != c.n || seen[""] {
					t.Errorf("%d of %d differ", len(seen), c.n)
				}
			}
			odd := 0
			for _, sh := range r.shops {
				if sh.isOfFleet() {
					odd += len(sh.oddities())
				}
			}
			if odd != c.odd {
				t.Errorf("%d oddities, want %d", odd, c.odd)
			}
			page := r.get("/").body
			if n := strings.Count(page, "<article"); n != c.cards {
				t.Errorf("%d cards, want %d", n, c.cards)
			}
			if n := strings.Count(page, `<li id="sh_`); n != c.rows {
				t.Errorf("%d rows, want %d", n, c.rows)
			}
			var listed struct{ Shops []channelShop }
			w := r.asks("GET", channelShopsPath, r.channelToken(), "", "")
			if err := json.Unmarshal(w.Body.Bytes(), &listed); err != nil || len(listed.Shops) != c.n {
				t.Errorf("the channel has %d shops: %v", len(listed.Shops), err)
			}
		})
	}
	for _, n := range []int{-1, MaxShops + 1} {
		if _, err := New(Config{Shops: &n}); err == nil {
			t.Errorf("%d shops were made", n)
		}
	}
}

// The first three shops are the same however many there are.
func TestFirstShopsStay(t *testing.T) {
	t.Parallel()
	few, many := newRig(t), newRig(t, withShops(43))
	for i, sh := range few.Shops() {
		other := many.Shops()[i]
		other.APIPassword, other.WebhookSecret = sh.APIPassword, sh.WebhookSecret
		if diff := cmp.Diff(sh, other); diff != "" {
			t.Error(diff)
		}
		if len(few.Webhooks(sh.ID)) != len(many.Webhooks(sh.ID)) || len(many.Deliveries(sh.ID)) != 0 {
			t.Errorf("%s: %d webhooks, %d deliveries", sh.Name, len(many.Webhooks(sh.ID)), len(many.Deliveries(sh.ID)))
		}
	}
}

// Two sandboxes make the same fleet, but no passwords of each other.
func TestFleetIsTheSame(t *testing.T) {
	t.Parallel()
	one, two := newRig(t, withShops(200)), newRig(t, withShops(200))
	for i, a := range one.Shops() {
		b := two.Shops()[i]
		if a.APIPassword == b.APIPassword || a.WebhookSecret == b.WebhookSecret {
			t.Fatal("both have one password")
		}
		b.APIPassword, b.WebhookSecret = a.APIPassword, a.WebhookSecret
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatal(diff)
		}
		if i < DefaultShops {
			continue
		}
		if diff := cmp.Diff(one.Webhooks(a.ID), two.Webhooks(a.ID)); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(one.Deliveries(a.ID), two.Deliveries(a.ID)); diff != "" {
			t.Fatal(diff)
		}
	}
	normal := one.Shops()[3].ID
	if diff := cmp.Diff(one.events(normal, ""), two.events(normal, "")); diff != "" {
		t.Error(diff)
	}
}

// Each shop of a fleet has a day of deliveries, of every kind.
func TestHistory(t *testing.T) {
	t.Parallel()
	for _, start := range []time.Duration{0, 7*time.Hour + 31*time.Minute, 14*time.Hour + 59*time.Minute} {
		r := newRig(t, withShops(43), func(c *Config) {
			now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC).Add(start)
			c.Now = func() time.Time { return now }
		})
		for _, sh := range r.shops[DefaultShops:] {
			log := sh.log()
			var failed, accepted, tests, repeated int
			seen := map[string]bool{}
			for i, e := range log {
				switch {
				case seen[e.ID]:
					repeated++
				case e.State == StateFailed:
					failed++
				case e.State == StateDelivered:
					accepted++
				}
				if e.TestMode {
					tests++
				}
				seen[e.ID] = true
				age := r.now().Sub(e.CreatedAt)
				if age < 0 || age > historyTime || e.UpdatedAt.After(r.now()) || e.UpdatedAt.Before(e.CreatedAt) {
					t.Fatalf("%s: %+v", sh.Name, e)
				}
				if i > 0 && (e.CreatedAt.Before(log[i-1].CreatedAt) || e.Seq <= log[i-1].Seq) {
					t.Fatalf("%s: not in order at %d", sh.Name, i)
				}
			}
			if failed == 0 || accepted < 15 || tests == 0 || repeated == 0 || len(log) > 400 {
				t.Errorf("%s at %s: %d failed, %d accepted, %d tests, %d repeated", sh.Name, start, failed, accepted, tests,
					repeated)
			}
		}
	}
}

// What was delivered before the start is the same after a restart, as far as it is still of the last day.
func TestHistoryOverTime(t *testing.T) {
	t.Parallel()
	early := newRig(t, withShops(4))
	late := newRig(t, withShops(4), func(c *Config) {
		c.Now = func() time.Time { return time.Date(2026, 11, 2, 12, 20, 0, 0, time.UTC) }
	})
	both := 0
	for _, e := range early.shops[3].log() {
		for _, again := range late.shops[3].log() {
			if again.ID == e.ID && again.CreatedAt.Equal(e.CreatedAt) && again.Type == e.Type {
				both++
				break
			}
		}
	}
	if all := len(early.shops[3].log()); both < all*2/3 || both == all {
		t.Errorf("%d of %d are in both", both, all)
	}
}

// The API lists and returns what was delivered before the start, as it does all else.
func TestHistoryByAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t, withShops(43))
	sh := r.shops[3]
	first, second := r.events(sh.ID, ""), r.events(sh.ID, "?page=1")
	log := sh.log()
	rest := min(len(log)-50, 50)
	if first.Total != len(log) || first.Size != 50 || len(first.Results) != 50 || len(second.Results) != rest {
		t.Fatalf("%d of %d, then %d", len(first.Results), first.Total, len(second.Results))
	}
	for i, e := range first.Results {
		want := log[len(log)-1-i]
		var body envelope
		if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
			t.Fatal(err)
		}
		if e.ID != want.ID || body.ID != want.ID || body.ShopID != sh.ID || body.WebhookID != want.WebhookID ||
			body.Type != e.Type || body.TestMode != e.TestMode || len(body.Data) < 3 {
			t.Fatalf("event %d: %+v", i, e)
		}
		one := r.call(r.basic(sh.ID), "GET", eventsPath+"/"+e.ID, "")
		if one.text(t, "body") != e.Body {
			t.Errorf("the body of %s changes", e.ID)
		}
		if r.Advance(time.Second); i == 5 {
			break
		}
	}
	ids, err := r.Fire(sh.ID, "ORDER_PLACED", false)
	if err != nil {
		t.Fatal(err)
	}
	r.await()
	if now := r.events(sh.ID, ""); now.Results[0].ID != ids[0] || now.Results[0].State != StateDelivered ||
		now.Total != len(log)+1 {
		t.Errorf("after a test order: %+v", now.Results[0])
	}
	if r.events(sh.ID, "?type=DONATION").Total == 0 {
		t.Error("no donations")
	}
}

// await waits for deliveries.
func (r *rig) await() {
	r.t.Helper()
	if err := r.AwaitDeliveries(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// Each oddity is what its name says, for a client of the API, and no other shop has it.
func TestOddities(t *testing.T) {
	t.Parallel()
	r := newRig(t, withShops(43))
	for _, name := range oddityNames {
		n := 0
		for _, sh := range r.shops[DefaultShops:] {
			if odd := sh.oddities(); slices.Contains(odd, name) {
				if n++; len(odd) != 1 {
					t.Errorf("%s has %v", sh.Name, odd)
				}
			}
		}
		if n != 1 {
			t.Errorf("%d shops have %q", n, name)
		}
	}
	type hook struct {
		ID, URL      string
		AllowedTypes []string
	}
	list := func(odd string) (*shop, []hook) {
		t.Helper()
		sh := r.shopWith(odd)
		a := r.call(r.basic(sh.ID), "GET", webhooksPath, "")
		var out struct{ Results []hook }
		if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", odd, a.StatusCode, a.body)
		}
		return sh, out.Results
	}
	covered := func(all []hook) int {
		types := map[string]bool{}
		for _, w := range all {
			for _, one := range w.AllowedTypes {
				types[one] = true
			}
		}
		return len(types)
	}
	if _, all := list(oddMissing); len(all) != 3 || covered(all) != len(fleetTypes)-1 {
		t.Errorf("missing: %v", all)
	}
	if _, all := list(oddDuplicate); len(all) != 4 || all[0].URL != all[3].URL || all[0].ID == all[3].ID {
		t.Errorf("duplicate: %v", all)
	}
	if sh, all := list(oddLocked); r.call(r.basic(sh.ID), "DELETE", webhooksPath+"/"+all[2].ID, "").StatusCode != 400 ||
		r.call(r.basic(sh.ID), "DELETE", webhooksPath+"/"+all[1].ID, "").StatusCode != 200 {
		t.Error("locked: the wrong webhooks can be deleted")
	}
	if _, all := list(oddFuture); covered(all) != len(fleetTypes)+len(futureTypes) {
		t.Errorf("future types: %v", all)
	}
	if _, all := list(oddNoTypes); len(all[2].AllowedTypes) != 0 {
		t.Errorf("no types: %v", all)
	}
	sh, _ := list(oddFailing)
	for _, e := range r.events(sh.ID, "?type=DONATION").Results {
		if e.State != StateFailed || e.Error != faultStatus(500) || !strings.Contains(e.URL, "/fail") {
			t.Errorf("failing: %+v", e)
		}
	}
	future := r.shopWith(oddFuture)
	if err := r.Configure(future.ID, Switches{}); err != nil {
		t.Fatal(err)
	}
	r.events(future.ID, "") // its history still has types of the future, and the rig finds no fault
}

// A shop can refuse access or have no calls left, by API key and by channel, and recovers by its switch. Others are not
// affected.
func TestRefusedAndLimited(t *testing.T) {
	t.Parallel()
	r := newRig(t, withShops(43))
	token := r.channelToken()
	for _, c := range []struct {
		odd    string
		status int
		header string
	}{
		{oddRefused, 401, "Www-Authenticate"},
		{oddLimited, 429, "Retry-After"},
	} {
		sh := r.shopWith(c.odd)
		for _, path := range []string{shopPath, webhooksPath, eventsPath} {
			a, w := r.call(r.basic(sh.ID), "GET", path, ""), r.asks("GET", path, token, sh.ID, "")
			if a.StatusCode != c.status || w.Code != c.status || w.Header().Get(c.header) == "" || a.Header.Get(c.header) == "" {
				t.Errorf("%s, %s: %d and %d", c.odd, path, a.StatusCode, w.Code)
			}
			if w := r.asks("GET", path, token, r.shops[3].ID, ""); w.Code != 200 {
				t.Errorf("another shop: %d", w.Code)
			}
		}
		if err := r.Configure(sh.ID, Switches{}); err != nil {
			t.Fatal(err)
		}
		if w := r.asks("GET", webhooksPath, token, sh.ID, ""); w.Code != 200 {
			t.Errorf("%s, then not: %d", c.odd, w.Code)
		}
	}
}

// A slow shop responds after two seconds by the sandbox's clock, and does nothing for a client that has left by then.
func TestSlowShop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, withShops(43), func(c *Config) { c.Now = time.Now })
		slow := r.shopWith(oddSlow)
		ask := func(sh *shop, method, body string, patience time.Duration) (status int, took time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			req := httptest.NewRequestWithContext(ctx, method, publicURL+webhooksPath, strings.NewReader(body))
			req.Header.Set("Authorization", r.basic(sh.ID))
			req.Header.Set("Content-Type", "application/json")
			w, started := httptest.NewRecorder(), time.Now()
			defer func() {
				took = time.Since(started)
				if recover() == nil {
					status = w.Code
				}
			}()
			r.ServeHTTP(w, req)
			return status, took
		}
		for _, c := range []struct {
			name         string
			sh           *shop
			method, body string
			patience     time.Duration
			status       int
			took         time.Duration
			webhooks     int
		}{
			{"another shop", r.shops[3], "GET", "", time.Minute, 200, 0, 3},
			{"reading", slow, "GET", "", time.Minute, 200, slowAnswer, 3},
			{"creating, and leaving", slow, "POST", goodInput, time.Second, 0, time.Second, 3},
			{"creating", slow, "POST", goodInput, time.Minute, 200, slowAnswer, 4},
		} {
			status, took := ask(c.sh, c.method, c.body, c.patience)
			if status != c.status || took != c.took || len(r.Webhooks(c.sh.ID)) != c.webhooks {
				t.Errorf("%s: %d after %s, %d webhooks", c.name, status, took, len(r.Webhooks(c.sh.ID)))
			}
		}
	})
}

// The file keeps of a fleet what was changed, however many shops there are in between.
func TestFleetOutlivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "s.db")
	open := func(n int) *rig { return newRig(t, withShops(n), func(c *Config) { c.DataFile = file }) }
	shut := func(r *rig) {
		t.Helper()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r := open(43)
	changed, untouched := r.Shops()[3].ID, r.Shops()[4].ID
	if w := r.Webhooks(changed)[0]; r.call(r.basic(changed), "DELETE", webhooksPath+"/"+w.ID, "").StatusCode != 200 {
		t.Fatal("not deleted")
	}
	if err := r.Configure(changed, Switches{Slow: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fire(changed, "DONATION", true); err != nil {
		t.Fatal(err)
	}
	r.await()
	if err := r.ConfigureChannel(DemoChannel{Left: []string{changed}}); err != nil {
		t.Fatal(err)
	}
	shops, webhooks, deliveries, others := r.Shops(), r.Webhooks(changed), r.Deliveries(changed), r.Webhooks(untouched)
	shut(r)

	r = open(3)
	if r.Webhooks(changed) != nil || len(r.Shops()) != 3 {
		t.Error("a shop that is left out is there")
	}
	if a := r.control("POST", "channel", `{"noWebhooks":true}`); a.StatusCode != 200 {
		t.Errorf("the channel, whose shop is left out: %s", a.body)
	}
	shut(r)

	r = open(1000)
	if diff := cmp.Diff(shops, r.Shops()[:43]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(webhooks, r.Webhooks(changed)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(deliveries, r.Deliveries(changed)); diff != "" {
		t.Error(diff)
	}
	ids := func(all []Webhook) (out []string) {
		for _, w := range all {
			out = append(out, w.ID)
		}
		return out
	}
	if diff := cmp.Diff(ids(others), ids(r.Webhooks(untouched))); diff != "" {
		t.Error(diff)
	}
	if !r.Switches(changed).Slow || !slices.Equal(r.Channel().Left, []string{changed}) {
		t.Error("a switch or the channel was lost")
	}
	if err := r.Reset(); err != nil {
		t.Fatal(err)
	}
	shut(r)

	r = open(43)
	if len(r.Webhooks(changed)) != 3 || r.Switches(changed).Slow || len(r.Channel().Left) != 0 {
		t.Error("starting over was lost")
	}
	if diff := cmp.Diff(shops, r.Shops()); diff != "" {
		t.Errorf("passwords and secrets:\n%s", diff)
	}
}

// The front page finds shops by what they are and by their webhooks, 50 a page.
func TestFindShops(t *testing.T) {
	t.Parallel()
	r := newRig(t, withShops(1000))
	some := r.Shops()[500]
	for _, c := range []struct {
		query       string
		page        string
		cards, rows int
		has         []string
		lacks       []string
	}{
		{"", "", 0, 50, []string{"Shops 1 to 50 of 1,000.", ">Next<", "1,000 demo shops", `>rate limited (429)</a> 9<`}, []string{">Previous<"}},
		{"", "20", 0, 50, []string{"Shops 951 to 1,000 of 1,000.", `href="/?page=19#shops"`}, []string{">Next<"}},
		{"", "21", 0, 50, []string{"Shops 951 to 1,000"}, nil},
		{"", "-1", 0, 50, []string{"Shops 1 to 50"}, nil},
		{"", "x", 0, 50, []string{"Shops 1 to 50"}, nil},
		{some.ID, "", 1, 0, []string{"1 of 1,000 shops matches.", some.APIPassword, "Deliveries of " + some.Name}, nil},
		{strings.ToUpper(some.Name), "", 1, 0, []string{some.Domain}, nil},
		{some.Domain, "", 1, 0, []string{some.ID}, nil},
		{"Rate limited (429)", "", 0, 9, []string{"9 of 1,000 shops match."}, nil},
		{r.Webhooks(some.ID)[1].ID, "", 1, 0, []string{r.Webhooks(some.ID)[1].URL}, []string{`class="url">` + r.Webhooks(some.ID)[0].URL}},
		{"LIVESTREAM_ENDED", "", 0, 9, nil, nil},
		{"donation", "2", 0, 50, []string{"Shops 51 to 100 of 998 that match. There are 1,000 shops.", `q=donation`}, nil},
		{`"><b>`, "", 0, 0, []string{"No shops or webhooks match.", `value="&#34;&gt;&lt;b&gt;"`}, nil},
	} {
		page := r.get("/?" + url.Values{"q": {c.query}, "page": {c.page}}.Encode()).body
		cards, rows := strings.Count(page, "<article"), strings.Count(page, `<li id="sh_`)
		if cards != c.cards || rows != c.rows {
			t.Errorf("%q, page %q: %d cards and %d rows", c.query, c.page, cards, rows)
		}
		for _, want := range c.has {
			if !strings.Contains(page, want) {
				t.Errorf("%q, page %q: it lacks %q", c.query, c.page, want)
			}
		}
		for _, other := range c.lacks {
			if strings.Contains(page, other) {
				t.Errorf("%q, page %q: it has %q", c.query, c.page, other)
			}
		}
		if len(page) > 100<<10 {
			t.Errorf("%q: %d bytes", c.query, len(page))
		}
	}
}

// The controls of a shop in a fleet lead back to it.
func TestControlsInAFleet(t *testing.T) {
	t.Parallel()
	r := newRig(t, withShops(1000))
	id := r.Shops()[700].ID
	press := func(action string, changes ...string) {
		t.Helper()
		for _, f := range forms(t, r.get("/?q="+id).body) {
			if f.action != action {
				continue
			}
			a := r.post(f.action, changed(f.values, changes))
			to, _, _ := strings.Cut(a.Header.Get("Location"), "#")
			if a.StatusCode != 303 || !strings.Contains(r.get(to).body, "<article") && action != "/_sandbox/channel" {
				t.Errorf("%s: %d to %s", action, a.StatusCode, to)
			}
			return
		}
		t.Fatalf("no form for %s", action)
	}
	press("/_sandbox/shops/"+id+"/switches", "slow", "on", "limitRate", "on", "refuseAccess", "on")
	if got := r.Switches(id); !got.Slow || !got.LimitRate || !got.RefuseAccess {
		t.Errorf("%+v", got)
	}
	press("/_sandbox/shops/"+id+"/events", "type", "ORDER_PLACED")
	if d := r.Deliveries(id)[0]; d.State != StateDelivered || d.Type != "ORDER_PLACED" {
		t.Errorf("%+v", d)
	}
	// The form for the channel has the shops that are shown, and leaves the others as they are.
	other := r.Shops()[1].ID
	if err := r.ConfigureChannel(DemoChannel{Left: []string{other}}); err != nil {
		t.Fatal(err)
	}
	press("/_sandbox/channel", "left", id)
	if diff := cmp.Diff([]string{other, id}, r.Channel().Left); diff != "" {
		t.Error(diff)
	}
	press("/_sandbox/channel", "left", "-")
	if diff := cmp.Diff([]string{other}, r.Channel().Left); diff != "" {
		t.Error(diff)
	}
}

// The consent page offers a few shops and a search, which keeps the request.
func TestConsentInAFleet(t *testing.T) {
	t.Parallel()
	r := newRig(t, withShops(1000))
	want := r.Shops()[612]
	page := r.get(connectLink()).body
	if n := strings.Count(page, `name="shop"`); n != consentShops || !strings.Contains(page, "Showing 8 of 1,000 shops.") {
		t.Errorf("%d shops", n)
	}
	search := forms(t, page)[1]
	found := search.action + "?" + changed(search.values, []string{"q", want.Name}).Encode()
	page = r.get(found).body
	if n := strings.Count(page, `name="shop"`); n != 1 || !strings.Contains(page, want.ID) {
		t.Errorf("%d shops are found", n)
	}
	sent := r.consent(found, "allow", "shop", want.ID).sent(t)
	if sent.Get("state") != "st/ate+1 &" {
		t.Errorf("sent back: %v", sent)
	}
	token := r.post(tokenPath, codeForm(sent.Get("code"))).session(t)
	if a := r.call("Bearer "+token.AccessToken, "GET", shopPath, ""); a.text(t, "id") != want.ID {
		t.Errorf("it is %s", a.body)
	}
	none := r.get(search.action + "?" + changed(search.values, []string{"q", "no such shop"}).Encode()).body
	if !strings.Contains(none, "No shops match.") || strings.Contains(none, `value="allow"`) ||
		!strings.Contains(none, ">Deny<") {
		t.Error("nothing is found")
	}
	if few := newRig(t).get(connectLink()).body; strings.Contains(few, `type="search"`) {
		t.Error("three shops have a search")
	}
}

// Each shop has a rate limit of its own.
func TestLimitOfEachShop(t *testing.T) {
	t.Parallel()
	r := newRig(t, withShops(43))
	token, one, other := r.channelToken(), r.shops[3].ID, r.shops[4].ID
	for range quota {
		r.asks("GET", shopPath, token, one, "")
	}
	if w := r.asks("GET", shopPath, token, one, ""); w.Code != 429 {
		t.Errorf("the shop: %d", w.Code)
	}
	if w := r.asks("GET", shopPath, token, other, ""); w.Code != 200 {
		t.Errorf("another: %d", w.Code)
	}
}

// BenchmarkFleet prints what a large fleet costs, also as ratios to a sandbox with three shops.
func BenchmarkFleet(b *testing.B) {
	time3, bytes3 := startCost(b, DefaultShops)
	time1000, bytes1000 := startCost(b, MaxShops)
	for b.Loop() {
	}
	b.ReportMetric(float64(time1000)/1e6, "ms/start")
	b.ReportMetric(float64(time1000)/float64(time3), "x-time")
	b.ReportMetric(float64(bytes1000)/float64(MaxShops), "B/shop")
	b.ReportMetric(float64(bytes1000)/float64(max(bytes3, 1)), "x-memory")
}

// startCost returns the time to start a sandbox and the memory that it holds.
func startCost(b *testing.B, n int) (best time.Duration, held uint64) {
	b.Helper()
	best = time.Hour
	for range 5 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		started := time.Now()
		s, err := New(Config{Shops: &n})
		if err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(started))
		runtime.GC()
		runtime.ReadMemStats(&after)
		held = after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return best, held
}
