package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/e2e/process"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// The clocks are this far apart. That of the database is off by more than a
// sign-in and a draft live: both are by its clock, in all parts of Hookwall.
const (
	skew   = 5 * time.Minute
	dbSkew = 2 * time.Hour
)

// The results for a person who has to connect the shop again. After that, the
// person is back on the page that they left.
var (
	reconnectCreate = want{
		status: 200,
		says:   says("must be connected again", "We kept your form", "return to the form, filled in"),
		heals:  "connect, press",
	}
	reconnectEdit = want{
		status: 200,
		says:   says("must be connected again", "We kept your form", "return to the form, filled in"), heals: "connect, save",
	}
	reconnectDelete = want{
		status: 200, says: says("must be connected again", "Connect with Fourthwall"),
		heals: "connect, press",
	}
	reconnectList = want{status: 200, says: says("must be connected again", "Connect with Fourthwall"), heals: "connect"}
	// A change that was about to be saved is gone with the draft that had it.
	reconnectAgain = want{
		status: 200, says: says("must be connected again", "Connect with Fourthwall"),
		heals: "connect, edit again, type again, save",
	}
)

// reconnect are faults that only the person can fix.
func (f fault) reconnect() fault {
	f.create, f.edit, f.remove, f.list = reconnectCreate, reconnectEdit, reconnectDelete, reconnectList
	f.end = func(*world) {}
	return f
}

// withDraftsLost are faults that lose the drafts too.
func (f fault) withDraftsLost(edit want) fault {
	f.edit = edit
	return f
}

// unnoticed is a fault that no person notices.
func (f fault) unnoticed() fault {
	f.create, f.edit, f.remove, f.list = created, saved, deleted, listed
	f.end = func(*world) {}
	return f
}

// laterRetry is a Retry-After that says when, by Fourthwall's clock.
func laterRetry(ahead time.Duration) func(*world) {
	return func(w *world) {
		theirs := time.Now().Add(ahead).UTC()
		answers(sandbox.Failure{Status: 429, Header: http.Header{
			"Date": {theirs.Format(http.TimeFormat)}, "Retry-After": {theirs.Add(30 * time.Second).Format(http.TimeFormat)},
		}})(w)
	}
}

func expire(w *world) { w.box.Advance(6 * time.Minute) }

// spend trades the refresh token that the dashboard holds for another one.
func spend(w *world) (again func()) {
	w.t.Helper()
	conn, err := w.store.LiveConnection(w.t.Context(), w.box.Shops()[0].ID, "")
	w.must(err)
	c, err := oauth.Decode(conn.Credential)
	w.must(err)
	again = func() {
		process.NewClient(w.t).Post(w.boxURL()+tokenPath, url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {c.RefreshToken.Reveal()}, "client_id": {"hookwall"},
		})
	}
	again()
	return again
}

var signInFaults = []fault{
	fault{name: "Fourthwall's clock is 5 min ahead", settings: settings{boxAhead: skew}, begin: expire}.unnoticed(),
	fault{name: "Fourthwall's clock is 5 min behind", settings: settings{boxAhead: -skew}, begin: expire}.unnoticed(),
	fault{name: "the database's clock is 2 h ahead", settings: settings{dbAhead: dbSkew}, begin: expire}.unnoticed(),
	fault{name: "the database's clock is 2 h behind", settings: settings{dbAhead: -dbSkew}, begin: expire}.unnoticed(),
	fault{
		name: "429 with a date, clock 5 min ahead", settings: settings{boxAhead: skew}, begin: laterRetry(skew),
		end: forget, log: ": 429",
	}.busy("30", "30 seconds"),
	fault{
		name: "429 with a date, clock 5 min behind", settings: settings{boxAhead: -skew}, begin: laterRetry(-skew),
		end: forget, log: ": 429",
	}.busy("30", "30 seconds"),
	fault{name: "token expired", begin: expire}.unnoticed(),
	fault{name: "token revoked", begin: func(w *world) {
		w.box.FailNext(sandbox.Failure{Path: "/open-api/v1.0/webhooks*", Status: 401, Code: "OPEN_API_UNAUTHORIZED"})
	}}.unnoticed(),
	fault{
		name: "refresh token spent by somebody else", begin: func(w *world) { spend(w); expire(w) },
		log: "invalid_grant",
	}.reconnect(),
	fault{name: "consent withdrawn", begin: func(w *world) { spend(w)() }, log: "invalid_grant"}.reconnect(),
	fault{name: "tokens cannot be renewed for now", begin: func(w *world) {
		expire(w)
		w.box.FailNext(sandbox.Failure{Path: tokenPath, Status: 503, Times: 1000})
	}, end: forget, log: "renew the token: oauth: refresh token: status 503"}.
		garbled(want{status: 502, says: says("We couldn’t reach Fourthwall",
			"Nothing was created. Click Create webhook again in a moment."), kept: "form", heals: "press"}),
	fault{name: "a firewall's page for the token", begin: func(w *world) {
		expire(w)
		w.box.FailNext(sandbox.Failure{Path: tokenPath, Status: 403, Body: "<html>", Times: 1000})
	}, end: forget, log: "refresh token: status 403"}.inFront("Nothing was created. Click Create webhook again later"),
	fault{
		name:  "secret key rotated",
		begin: func(w *world) { w.keys = store.NewKey() + " " + w.keys; w.restart() },
	}.unnoticed(),
	fault{
		name: "secret key lost", begin: func(w *world) { w.keys = store.NewKey(); w.restart() },
		log: "does not open with the keys given",
	}.reconnect().withDraftsLost(reconnectAgain),
}

// TestSignIn breaks the sessions and credentials of people during their actions.
func TestSignIn(t *testing.T) { meetAll(t, signInFaults) }

// TestRestoredFromYesterday restores an old copy of the database. In it, a
// refresh token is long spent, and today's sessions are missing.
func TestRestoredFromYesterday(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	actions := []string{creates, edits, deletes, lists}
	var old, all []*person
	for range actions {
		old = append(old, w.connected(0))
	}
	copied := filepath.Join(t.TempDir(), "yesterday.db")
	w.somebodyElse("sqlite", w.database)
	w.execute("VACUUM INTO '" + copied + "'")
	w.must(w.other.Close())
	expire(w)
	for _, p := range old {
		p.get(p.webhooks()) // renews the token
		all = append(all, p, w.connected(1))
	}
	expire(w)
	var begun []*attempt
	for i, p := range all {
		begun = append(begun, p.begin(actions[i/2], "by-"+strconv.Itoa(i)))
	}
	w.stop()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(w.database + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	w.must(os.Rename(copied, w.database))
	w.start()
	for i, a := range begun {
		yesterday[i%2].meetLate(a)
	}
}

// yesterday has the faults of a session from yesterday, and of one from today.
var yesterday = []fault{
	fault{name: "restored from yesterday, tokens spent", log: "invalid_grant"}.reconnect().withDraftsLost(
		want{
			status: 410, says: says("We keep a change for one hour", "Nothing was saved by this request", "Edit it again"),
			heals: "edit again, connect, type again, save", log: `"status":410`,
		}),
	fault{name: "restored from yesterday, session unknown"}.stranger(),
}

// stranger is a person whose session is unknown.
func (f fault) stranger() fault {
	f.create = want{status: 200, says: says("We kept your form", "return to the form, filled in",
		"Connect with Fourthwall"), heals: "connect, press"}
	f.edit = want{
		status: 200, says: says("Connect a shop", "Connect with Fourthwall"),
		heals: "connect, edit again, type again, save",
	}
	f.remove = want{status: 200, says: says("Connect a shop", "Connect with Fourthwall"), heals: "connect, press"}
	f.list = want{status: 200, says: says("Connect a shop", "Connect with Fourthwall"), heals: "connect"}
	return f
}

// meetLate is meet for a person who began before the fault.
func (f fault) meetLate(a *attempt) {
	matrix.expect(f.name)
	want := f.wants(a.action)
	want.log = cmp.Or(want.log, f.log)
	a.compare(f.name, a.observe(a.act()), want)
}

// TestTwoPeople edits one webhook twice. The second person chooses between both
// versions.
func TestTwoPeople(t *testing.T) {
	t.Parallel()
	const name = "two people edit one webhook"
	matrix.expect(name)
	w := newWorld(t, settings{})
	first, second := w.connected(0).begin(edits, "first"), w.connected(0)
	other := &attempt{person: second, action: edits, hook: first.hook}
	other.open("second")
	first.compare(name, first.observe(first.act()), saved)
	other.compare(name, other.observe(other.act()), want{
		status: http.StatusConflict, says: says("Your change is not saved", "Compare the versions. Saving yours"),
		kept: "draft", heals: "overwrite",
	})
}

// TestOneRefresh has people at two dashboards with one database meet a token
// that has expired.
func TestOneRefresh(t *testing.T) {
	t.Parallel()
	const name = "token expired at two replicas at once"
	matrix.expect(name)
	w := newWorld(t, settings{})
	p := w.connected(0)
	other := w.replica()
	expire(w)
	// A fast token server is done before the other replica asks.
	w.box.FailNext(sandbox.Failure{Path: tokenPath, Delay: 300 * time.Millisecond, Times: 1000})
	var together sync.WaitGroup
	pages := make([]page, 20)
	for i := range pages {
		at := []string{w.url, other}[i%2]
		together.Go(func() { pages[i] = p.get(at + p.webhooks()) })
	}
	together.Wait()
	refreshed := 0
	for _, r := range w.box.Requests() {
		if r.Path == tokenPath {
			refreshed++
		}
	}
	held := refreshed == 2 // the code and one renewal
	for _, pg := range pages {
		held = held && pg.Status == http.StatusOK && pg.URL.Path == p.webhooks()
	}
	if !held {
		t.Errorf("%d tokens were asked for, the pages are %v", refreshed, pages)
	}
	matrix.add(row{name, lists, http.StatusOK, listed.says[0], "-", refreshed - 1, "itself", "-", held})
}

const people = 200

// TestManyPeople creates many webhooks at the same time, one per person.
// Fourthwall limits the requests per shop, so a person who is told to wait
// clicks again. The test has the machine to itself: beside others, Fourthwall
// would be slow to all.
func TestManyPeople(t *testing.T) {
	const name = "200 people at once"
	matrix.expect(name)
	w := newWorld(t, settings{crowd: true})
	hurry, stop := context.WithCancel(t.Context())
	var background, all sync.WaitGroup
	background.Go(func() { w.hurry(hurry) })
	ends := make([]page, people)
	for i := range people {
		all.Go(func() { ends[i] = w.oneOf(i) })
	}
	all.Wait()
	stop()
	background.Wait()
	held := true
	for i, end := range ends {
		if n := w.webhooks(w.box.Shops()[i%3].ID, endpoint+strconv.Itoa(i)+"-create"); n != 1 || end.Status != http.StatusOK {
			t.Errorf("person %d has %d webhooks and ends with %s", i, n, end)
			held = false
		}
	}
	if broken := strings.Count(w.logs.String(), `"status":500`); broken > 0 {
		t.Errorf("%d answers of 500", broken)
		held = false
	}
	matrix.add(row{name, creates, http.StatusOK, created.says[0], "form", 1, "press", "-", held})
}

// hurry lets Fourthwall's time pass quickly, so that its quotas recover.
func (w *world) hurry(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			w.box.Advance(time.Second)
		case <-ctx.Done():
		}
	}
}

// oneOf is one of many people, from the sign-in to the end.
func (w *world) oneOf(i int) page {
	p := w.person(i % 3)
	p.HTTP.Transport = from{p.HTTP.Transport, fmt.Sprintf("198.51.%d.%d", 100+i/250, 1+i%250)}
	f := process.Form{
		Action: w.url + "/connect/key",
		Values: url.Values{"username": {p.shop.APIUser}, "password": {p.shop.APIPassword}},
	}
	for range 200 {
		if pg := p.send(f); pg.Status == http.StatusOK {
			break
		}
	}
	a := p.begin(creates, strconv.Itoa(i))
	_, end := a.heal(a.act())
	return end
}

// from is a proxy that reports a client's address.
type from struct {
	http.RoundTripper
	address string
}

// RoundTrip adds the address.
func (f from) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", f.address)
	return f.RoundTripper.RoundTrip(r)
}
