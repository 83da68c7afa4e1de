package webhooks_test

import (
	"bytes"
	"cmp"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hookwall/internal/activity"
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
	good        = "https://hooks.example.com/fourthwall"
	boxURL      = "http://sandbox.example"
	apiWebhooks = "/open-api/v1.0/webhooks"
)

// rig is a database and a sandbox, which processes call without a network. There is no server of ours.
type rig struct {
	t      *testing.T
	box    *sandbox.Server
	store  *store.Store
	timing webhooks.Timing
	ahead  atomic.Int64 // how far the clocks were moved
	jumped atomic.Int64 // how far that of the database was, beyond that
	logger *slog.Logger
	mu     sync.Mutex
	calls  []string // methods and paths
}

func newRig(t *testing.T) *rig {
	t.Helper()
	g := &rig{t: t, timing: webhooks.DefaultTiming(), logger: slog.New(slog.DiscardHandler)}
	g.timing.ReLists = []time.Duration{0}
	now := func() time.Time { return time.Now().Add(time.Duration(g.ahead.Load())) }
	var err error
	g.box, err = sandbox.New(sandbox.Config{PublicURL: boxURL, Now: now, Logger: g.logger})
	g.must(err)
	t.Cleanup(func() { g.box.Close() })
	var file string
	if os.Getenv("HOOKWALL_TEST_POSTGRES") != "" {
		file = storetest.Postgres(t)
	} else {
		file = storetest.SQLite(t)
	}
	keys, err := store.ParseKeys(store.NewKey())
	g.must(err)
	g.store, err = store.Open(t.Context(), file, store.Options{
		Keys: keys, Environment: "test", Steady: now,
		Now: func() time.Time { return now().Add(time.Duration(g.jumped.Load())) },
	})
	g.must(err)
	t.Cleanup(func() { g.store.Close() })
	return g
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// move lets time pass, by the clocks of all.
func (g *rig) move(d time.Duration) { g.ahead.Add(int64(d)) }

// process is an instance of Hookwall on the same database. Before is called before the API sees a request. It may
// delay the request, or end the goroutine as the death of the process would.
type process struct {
	*webhooks.Service

	rig       *rig
	connected *shops.Service
	before    func(*http.Request)
	after     func(*http.Request)
}

func (g *rig) process() *process {
	g.t.Helper()
	p := &process{rig: g}
	api, err := fourthwall.New(boxURL, fourthwall.Options{Transport: p})
	g.must(err)
	provider := oauth.New(oauth.Config{TokenURL: boxURL + "/token", Transport: p})
	recorder := activity.NewRecorder(g.store, g.timing.FirstRecheck, g.logger)
	p.connected = shops.NewService(g.store, api, provider, nil)
	p.Service = webhooks.NewService(webhooks.Config{
		Store: g.store, Shops: p.connected, Activity: recorder, Logger: g.logger, Timing: g.timing,
	})
	return p
}

// RoundTrip calls the sandbox as if it were remote.
func (p *process) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if p.before != nil {
		p.before(r)
	}
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler { //nolint:errorlint // a panic's value, as net/http compares it
			resp, err = nil, io.ErrUnexpectedEOF
		} else if cause != nil {
			panic(cause)
		}
	}()
	in := r.Clone(r.Context())
	in.Host, in.RemoteAddr, in.RequestURI = cmp.Or(r.Host, r.URL.Host), "127.0.0.1:1", r.URL.RequestURI()
	body := []byte{}
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	in.Body = io.NopCloser(bytes.NewReader(body))
	p.rig.mu.Lock()
	p.rig.calls = append(p.rig.calls, r.Method+" "+r.URL.Path)
	p.rig.mu.Unlock()
	answer := httptest.NewRecorder()
	p.rig.box.ServeHTTP(answer, in)
	if p.after != nil {
		p.after(r)
	}
	return answer.Result(), nil
}

// sent counts the requests with this method that the API saw.
func (g *rig) sent(method string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.calls {
		if len(c) > len(method) && c[:len(method)] == method {
			n++
		}
	}
	return n
}

// person is an owner who has a shop connected.
type person struct {
	conn store.Connection
	shop sandbox.DemoShop
}

// person connects the first demo shop for a new owner.
func (g *rig) person(p *process) person {
	g.t.Helper()
	sessions := g.store.Sessions(store.CookieOptions{Name: "session"})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	session, err := sessions.New(r, "session")
	g.must(err)
	g.must(sessions.Save(r, httptest.NewRecorder(), session))
	return g.connects(p, person{conn: store.Connection{Owner: store.OwnerOf(session)}}, 0)
}

// connects signs an owner in to the nth demo shop by its API key.
func (g *rig) connects(p *process, who person, n int) person {
	g.t.Helper()
	shop := g.box.Shops()[n]
	conn, err := p.connected.Connect(g.t.Context(), activity.Actor{Owner: who.conn.Owner},
		fourthwall.Shop{ID: shop.ID, Name: shop.Name},
		oauth.Credential{Way: oauth.WayAPIKey, Username: shop.APIUser, Password: fourthwall.Secret(shop.APIPassword)})
	g.must(err)
	return person{conn, shop}
}

// request returns a person's request to a process under a key.
func (p *process) request(who person, key string) webhooks.Request {
	return webhooks.Request{
		Shop: p.connected.Client(who.conn), Actor: activity.Actor{Owner: who.conn.Owner, Name: "a test"},
		Key: key, Again: true,
	}
}

// add creates a webhook without Hookwall.
func (g *rig) add(who person, c fourthwall.Content) string {
	g.t.Helper()
	var types []string
	for _, t := range c.AllowedTypes {
		types = append(types, string(t))
	}
	hook, err := g.box.AddWebhook(who.shop.ID, c.URL, types)
	g.must(err)
	return hook.ID
}

// has returns the content of a webhook as the sandbox has it, or the zero Content.
func (g *rig) has(who person, id string) (c fourthwall.Content) {
	for _, hook := range g.box.Webhooks(who.shop.ID) {
		if hook.ID == id {
			return content(hook.URL, hook.AllowedTypes...)
		}
	}
	return c
}

func content(url string, types ...string) fourthwall.Content {
	c := fourthwall.Content{URL: url}
	for _, t := range types {
		c.AllowedTypes = append(c.AllowedTypes, fourthwall.EventType(t))
	}
	return c
}

// outcomes returns how the recorded attempts of an action ended, oldest first.
func (g *rig) outcomes(who person, action string) (out []string) {
	g.t.Helper()
	found, err := g.store.Activities(g.t.Context(), store.ActivityQuery{Shop: who.shop.ID, Action: action, Limit: 100})
	g.must(err)
	for _, a := range slices.Backward(found.Rows) {
		out = append(out, a.Outcome)
	}
	return out
}

// gate blocks a call until it's opened.
type gate struct{ arrived, opened chan struct{} }

func newGate() gate { return gate{make(chan struct{}), make(chan struct{})} }

// at returns a function that blocks the first request with this method.
func (h gate) at(method string) func(*http.Request) {
	var once sync.Once
	return func(r *http.Request) {
		if r.Method == method {
			once.Do(func() {
				close(h.arrived)
				<-h.opened
			})
		}
	}
}

// result is the result of an operation in the background.
type result struct {
	webhooks.Result
	err error
}

func inBackground(do func() (webhooks.Result, error)) <-chan result {
	out := make(chan result, 1)
	go func() {
		r, err := do()
		out <- result{r, err}
	}()
	return out
}
