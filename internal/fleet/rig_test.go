package fleet_test

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	boxURL       = "http://sandbox.example"
	webhooksPath = "/open-api/v1.0/webhooks"
	eventsPath   = "/open-api/v1.0/webhook-events"
	day          = 24 * time.Hour
)

// rig is a database, a sandbox without a network, and a service.
type rig struct {
	*fleet.Service

	t         testing.TB
	box       *sandbox.Server
	store     *store.Store
	database  string
	connected *shops.Service
	owner     store.Owner
	queue     queue
	logs      bytes.Buffer // of the service, whose visits follow each other
	results   []string     // of visits and of items, as observed

	ahead atomic.Int64 // how far the clocks were moved

	mu      sync.Mutex
	calls   []string                                    // paths
	methods []string                                    // of the same
	answers func(*http.Request) (*http.Response, error) // instead of the sandbox, unless it returns neither
}

// queue records what was enqueued.
type queue struct {
	mu    sync.Mutex
	shops []string
}

func (q *queue) EnqueueVisits(_ context.Context, _ *sql.Tx, shops []string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shops = append(q.shops, shops...)
	return nil
}

// newRig returns a rig on SQLite, or on Postgres where a server is given.
func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOf(t, sandbox.DefaultShops)
}

// newRigOf returns a rig whose sandbox has so many shops.
func newRigOf(t testing.TB, count int) *rig {
	t.Helper()
	g := &rig{t: t}
	now := func() time.Time { return time.Now().Add(time.Duration(g.ahead.Load())) }
	logger := slog.New(slog.DiscardHandler)
	var err error
	g.box, err = sandbox.New(sandbox.Config{PublicURL: boxURL, Now: now, Logger: logger, Shops: &count})
	g.must(err)
	t.Cleanup(func() { g.box.Close() })
	if os.Getenv("HOOKWALL_TEST_POSTGRES") != "" {
		g.database = storetest.Postgres(t)
	} else {
		g.database = storetest.SQLite(t)
	}
	keys, err := store.ParseKeys(store.NewKey())
	g.must(err)
	g.store, err = store.Open(t.Context(), g.database,
		store.Options{Keys: keys, Environment: "test", Now: now, Steady: now, SessionIdle: 40 * day, SessionLife: 40 * day})
	g.must(err)
	t.Cleanup(func() { g.store.Close() })
	api, err := fourthwall.New(boxURL, fourthwall.Options{Transport: g, Backoff: time.Millisecond})
	g.must(err)
	provider := oauth.New(oauth.Config{TokenURL: boxURL + "/token", Transport: g, Now: now})
	g.connected = shops.NewService(g.store, api, provider, nil)
	timing := webhooks.DefaultTiming()
	timing.ReLists = []time.Duration{0}
	hooks := webhooks.NewService(webhooks.Config{
		Store: g.store, Shops: g.connected, Activity: activity.NewRecorder(g.store, timing.FirstRecheck, logger),
		Logger: logger, Timing: timing,
	})
	g.Service = fleet.NewService(fleet.Config{
		Store: g.store, Shops: g.connected, Webhooks: hooks, Clone: fleettest.Clone, Queue: &g.queue,
		Intervals: fleet.DefaultIntervals(), Logger: slog.New(slog.NewTextHandler(&g.logs, nil)),
		ApproveFrom: fleet.DefaultApproveFrom,
		OnVisit:     func(result string, _ time.Duration) { g.observe("visit " + result) },
		OnItem:      func(state string) { g.observe("item " + state) },
	})
	g.owner = g.signIn()
	return g
}

func (g *rig) observe(result string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.results = append(g.results, result)
}

// observed returns the results since it was called before.
func (g *rig) observed() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := strings.Join(g.results, ", ")
	g.results = nil
	return all
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// move lets time pass, by the clocks of all.
func (g *rig) move(d time.Duration) { g.ahead.Add(int64(d)) }

// signIn returns a new owner with a session.
func (g *rig) signIn() store.Owner {
	g.t.Helper()
	sessions := g.store.Sessions(store.CookieOptions{Name: "session"})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	session, err := sessions.New(r, "session")
	g.must(err)
	g.must(sessions.Save(r, httptest.NewRecorder(), session))
	return store.OwnerOf(session)
}

// Shops of the sandbox, by their number.
const (
	studio    = 0 // without webhooks
	lantern   = 1 // with one that is locked
	tidewater = 2 // with three, one of which fails
)

// connect connects the nth demo shop by its API key, and returns its ID.
func (g *rig) connect(owner store.Owner, n int) string {
	g.t.Helper()
	shop := g.box.Shops()[n]
	_, err := g.connected.Connect(g.t.Context(), activity.Actor{Owner: owner},
		fourthwall.Shop{ID: shop.ID, Name: shop.Name},
		oauth.Credential{Way: oauth.WayAPIKey, Username: shop.APIUser, Password: fourthwall.Secret(shop.APIPassword)})
	g.must(err)
	g.move(time.Millisecond) // so that a visit begins after that
	return shop.ID
}

// visit visits a shop, and returns when the next visit is due.
func (g *rig) visit(shop string) (next time.Duration) {
	g.t.Helper()
	now := g.store.Now()
	ran := 0
	wait, err := g.Visit(g.t.Context(), shop, func(_ context.Context, _ *sql.Tx, at time.Time) error {
		ran++
		next = at.Sub(now)
		return nil
	})
	g.must(err)
	if wait > 0 || ran != 1 {
		g.t.Fatalf("wait %v, next ran %d times", wait, ran)
	}
	return next
}

// observation returns what is known of a shop.
func (g *rig) observation(shop string) store.Observation {
	g.t.Helper()
	o, err := g.store.Observation(g.t.Context(), g.owner, shop)
	g.must(err)
	return o
}

// fire lets events happen, one a second, and waits until they are delivered or failed.
func (g *rig) fire(shop, eventType string, n int) {
	g.t.Helper()
	for range n {
		_, err := g.box.Fire(shop, eventType, false)
		g.must(err)
		g.move(time.Second)
	}
	g.settle()
}

func (g *rig) settle() {
	g.t.Helper()
	for range 5 {
		g.must(g.box.AwaitDeliveries(g.t.Context()))
		g.move(20 * time.Second)
		g.box.Advance(0) // looks at the clock again
	}
}

// reply makes the API return a status and a body for paths with this prefix, until reply("", …) is called.
func (g *rig) reply(prefix string, status int, body string, header http.Header) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answers = func(r *http.Request) (*http.Response, error) {
		if prefix == "" || !strings.HasPrefix(r.URL.Path, prefix) {
			return nil, nil
		}
		if status == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		resp := jsonAnswer(r, status, body)
		for name, values := range header {
			resp.Header[name] = values
		}
		return resp, nil
	}
}

func jsonAnswer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1,
	}
}

// sent returns how many calls the API saw whose path has this prefix, and forgets all calls.
func (g *rig) sent(prefix string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, call := range g.calls {
		if strings.HasPrefix(call, prefix) {
			n++
		}
	}
	g.calls, g.methods = nil, nil
	return n
}

// RoundTrip calls the sandbox as if it were remote.
func (g *rig) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler { //nolint:errorlint // a panic's value, as net/http compares it
			resp, err = nil, io.ErrUnexpectedEOF
		} else if cause != nil {
			panic(cause)
		}
	}()
	g.mu.Lock()
	g.calls, g.methods = append(g.calls, r.URL.Path), append(g.methods, r.Method)
	answers := g.answers
	g.mu.Unlock()
	if answers != nil {
		if resp, err := answers(r); resp != nil || err != nil {
			return resp, err
		}
	}
	in := r.Clone(r.Context())
	in.Host, in.RemoteAddr, in.RequestURI = cmp.Or(r.Host, r.URL.Host), "127.0.0.1:1", r.URL.RequestURI()
	body := []byte{}
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	in.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	g.box.ServeHTTP(answer, in)
	return answer.Result(), nil
}
