// Package storetest is the conformance suite of store, for every database.
package storetest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gorilla/sessions"

	"hookwall/internal/store"
)

// Database opens one more handle on one database. The handle is closed when the test ends.
type Database func(t *testing.T, o store.Options) *store.Store

// Run runs the suite. For each test it calls fresh for an empty database, on which it opens several
// handles, with a clock that the suite moves.
func Run(t *testing.T, fresh func(t *testing.T) Database) {
	t.Helper()
	for _, group := range []struct {
		name  string
		tests map[string]func(*testing.T, *fixture)
	}{
		{"Store", storeTests},
		{"Sessions", sessionTests},
		{"SessionTimes", sessionTimeTests},
		{"Owners", ownerTests},
		{"People", peopleTests},
		{"Invitations", invitationTests},
		{"AccessTokens", accessTokenTests},
		{"Connections", connectionTests},
		{"Page", pageTests},
		{"Ended", endedTests},
		{"Refresh", refreshTests},
		{"Channels", channelTests},
		{"SignIns", signInTests},
		{"Drafts", draftTests},
		{"Flashes", flashTests},
		{"Operations", operationTests},
		{"Secrets", secretTests},
		{"Activities", activityTests},
		{"Rechecks", recheckTests},
		{"Leases", leaseTests},
		{"Clocks", clockTests},
		{"ImmutableWebhooks", immutableTests},
		{"Labels", labelTests},
		{"ShopLabels", shopLabelTests},
		{"Move", moveTests},
		{"Presets", presetTests},
		{"Plans", planTests},
		{"Templates", templateTests},
		{"Visits", visitTests},
		{"Observations", observationTests},
		{"Deliveries", deliveryTests},
		{"Checks", checkTests},
		{"KeyImports", keyImportTests},
		{"Limits", limitTests},
		{"LiveConnection", liveConnectionTests},
		{"Sweep", sweepTests},
		{"Isolation", isolationTests},
		{"Races", raceTests},
		{"Text", textTests},
	} {
		for name, test := range group.tests {
			t.Run(group.name+"/"+name, func(t *testing.T) { test(t, newFixture(t, fresh(t))) })
		}
	}
}

// clock is moved by hand, and by tick each time it is read.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	tick time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.tick)
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const (
	live    = "https://api.live.example"
	sandbox = "http://127.0.0.1:8081"

	cookieName = "__Host-session"
)

// fixture is a database with two handles on it, like those of two replicas.
type fixture struct {
	open       func(environment string) *store.Store
	lasting    func(idle, life time.Duration) *store.Store // whose sessions last that long
	ahead      func(d time.Duration) *store.Store          // whose database's clock is ahead of that of the others
	rekeyed    func() *store.Store                         // with another key
	clock      *clock
	one, other *store.Store
	start      time.Time
}

func newFixture(t *testing.T, db Database) *fixture {
	t.Helper()
	keys, err := store.ParseKeys(strings.Repeat("A", 42) + "E=")
	must(t, err)
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	f := &fixture{clock: &clock{now: start}, start: start}
	f.open = func(environment string) *store.Store {
		return db(t, store.Options{Keys: keys, Environment: environment, Now: f.clock.Now})
	}
	f.ahead = func(d time.Duration) *store.Store {
		now := func() time.Time { return f.clock.Now().Add(d) }
		return db(t, store.Options{Keys: keys, Environment: live, Now: now, Steady: f.clock.Now})
	}
	f.lasting = func(idle, life time.Duration) *store.Store {
		return db(t, store.Options{
			Keys: keys, Environment: live, Now: f.clock.Now, SessionIdle: idle, SessionLife: life,
		})
	}
	f.rekeyed = func() *store.Store {
		other, err := store.ParseKeys(strings.Repeat("B", 42) + "E=")
		must(t, err)
		return db(t, store.Options{Keys: other, Environment: live, Now: f.clock.Now})
	}
	f.one, f.other = f.open(live), f.open(live)
	return f
}

// tb is the part of *testing.T and *rapid.T that the helpers use.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// same fails unless two values are equal.
func same[T any](t tb, what string, got, want T) {
	t.Helper()
	ages := cmpopts.IgnoreUnexported(store.Operation{}, store.Activity{}) // as of when they were read
	if diff := cmp.Diff(want, got, ages); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// race runs f n times at once, in turns on each handle, and returns how many were true.
func (f *fixture) race(n int, try func(i int, s *store.Store) bool) int {
	var wg sync.WaitGroup
	var won atomic.Int64
	begin := make(chan struct{})
	for i := range n {
		s := f.one
		if i%2 == 1 {
			s = f.other
		}
		wg.Go(func() {
			<-begin
			if try(i, s) {
				won.Add(1)
			}
		})
	}
	close(begin)
	wg.Wait()
	return int(won.Load())
}

// browserRequest is one request of a browser, with its session and its response.
type browserRequest struct {
	sessions *store.SessionStore
	request  *http.Request
	answer   *httptest.ResponseRecorder
	session  *sessions.Session
}

// arrive makes a request that has token as its session cookie, none if it is "".
func arrive(t tb, s *store.Store, token string) *browserRequest {
	t.Helper()
	v := &browserRequest{
		sessions: s.Sessions(store.CookieOptions{Name: cookieName, Secure: true}),
		request:  httptest.NewRequest(http.MethodGet, "/", nil),
		answer:   httptest.NewRecorder(),
	}
	if token != "" {
		v.request.AddCookie(&http.Cookie{Name: cookieName, Value: token})
	}
	var err error
	v.session, err = v.sessions.Get(v.request, cookieName)
	must(t, err)
	return v
}

// save saves the session of a request and returns the token that it set, "" if it set none.
func (v *browserRequest) save(t tb) string {
	t.Helper()
	must(t, v.session.Save(v.request, v.answer))
	cookies := v.answer.Result().Cookies()
	if len(cookies) == 0 {
		return ""
	}
	if len(cookies) != 1 {
		t.Fatalf("an answer set %d cookies", len(cookies))
	}
	checkCookie(t, cookies[0])
	return cookies[0].Value
}

// checkCookie checks every attribute of a session's cookie.
func checkCookie(t tb, got *http.Cookie) {
	t.Helper()
	want := &http.Cookie{
		Name:     cookieName,
		Value:    got.Value,
		Path:     "/",
		MaxAge:   7 * 24 * 60 * 60,
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	if got.Value == "" {
		want.MaxAge = -1
	}
	seen := *got
	seen.Raw, seen.RawExpires, seen.Expires = "", "", time.Time{}
	same(t, "session cookie", &seen, want)
	if len(got.Raw) > 4096 {
		t.Fatalf("the cookie is %d bytes long", len(got.Raw))
	}
}

// signIn makes a session for a new owner and returns both.
func signIn(t tb, s *store.Store) (owner store.Owner, token string) {
	t.Helper()
	v := arrive(t, s, "")
	token = v.save(t)
	return store.OwnerOf(v.session), token
}

// ownerOf returns the owner of the session of a token, "" if there is no such session.
func ownerOf(t tb, s *store.Store, token string) store.Owner {
	t.Helper()
	return store.OwnerOf(arrive(t, s, token).session)
}
