package e2e

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/e2e/process"
	"hookwall/handlers"
	"hookwall/internal/activity"
	"hookwall/internal/deliver"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/jobs"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
	"hookwall/internal/team"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

// Paths of the API.
const (
	apiWebhooks = "/open-api/v1.0/webhooks"       // creates and lists webhooks
	apiEvents   = "/open-api/v1.0/webhook-events" // lists deliveries
)

// app is a dashboard with a database and a sandbox of its own.
type app struct {
	t            *testing.T
	url          string // of the dashboard
	boxURL       string // of the sandbox
	box          *sandbox.Server
	store        *store.Store
	wire         *wire
	frontGate    *gate                        // before the dashboard
	endpointGate *gate                        // before the endpoint that the tools call
	end          atomic.Pointer[http.Handler] // that endpoint
	logs         process.Log
	jobs         *jobs.Client // doesn't run unless a test says so
	fleet        *fleet.Service
	setup        setup
	before       atomic.Pointer[handlers.Dashboard] // runs instead of that of the team
	team         *team.Team                         // nil if nobody signs in
	groups       team.GroupRoles                    // of the team; changed before the first request alone
	ahead        atomic.Int64                       // how far the dashboard's clock was moved, in ns
	still        atomic.Int64                       // where the sandbox's clock stopped, in ns since 1970; 0 while it runs
}

// startApp runs a dashboard and a sandbox until the test ends. Nothing is
// limited.
func startApp(t *testing.T) *app {
	t.Helper()
	return start(t, setup{})
}

// setup is how an app differs from what is usual.
type setup struct {
	// A client's address is what it sends in X-Forwarded-For. Without the header,
	// nothing is counted.
	limits handlers.Limits
	team   bool // people sign in at the sandbox
	shops  int  // demo shops; 0 for the usual three
}

// startTeam is startApp for a team whose people sign in at the sandbox.
func startTeam(t *testing.T) *app {
	t.Helper()
	return start(t, setup{team: true})
}

func start(t *testing.T, s setup) *app {
	t.Helper()
	a := &app{t: t, wire: newWire(), frontGate: newGate(), endpointGate: newGate(), setup: s}
	front, back := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	a.url = "http://localhost:" + portOf(front)
	a.boxURL = "http://127.0.0.1:" + portOf(back)
	a.startSandbox(back)
	a.openStore()
	a.openTeam()
	dashboard := a.dashboard()
	front.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.frontGate.pass(r)
		if before := a.before.Load(); before != nil {
			before.ServeHTTP(w, r)
			return
		}
		dashboard.ServeHTTP(w, r)
	})
	front.Start()
	t.Cleanup(func() {
		dashboard.Drain()
		front.Close()
		dashboard.Close()
	})
	return a
}

// beforeTheTeam runs do while the dashboard is in personal mode, with the same
// database.
func (a *app) beforeTheTeam(do func()) {
	a.t.Helper()
	team, kept := a.team, a.setup
	a.team, a.setup.team = nil, false
	personal := a.dashboard()
	a.team, a.setup = team, kept
	a.before.Store(personal)
	do()
	a.before.Store(nil)
	personal.Drain()
	personal.Close()
}

func portOf(s *httptest.Server) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

func (a *app) startSandbox(server *httptest.Server) {
	a.t.Helper()
	count := cmp.Or(a.setup.shops, sandbox.DefaultShops)
	box, err := sandbox.New(sandbox.Config{
		PublicURL: a.boxURL, Now: a.boxNow, Shops: &count,
		Clients: []sandbox.Client{{
			ID: "hookwall", Name: "Hookwall",
			RedirectURIs: []string{a.url + "/oauth/callback", a.url + "/oauth/implicit"},
		}},
		// An app that only sees who was chosen, at a page that takes any query.
		SignInClients: []sandbox.Client{
			{ID: "trial", Name: "Hookwall", RedirectURIs: []string{a.url + "/connect"}},
			{ID: "team", Name: "Hookwall", RedirectURIs: []string{a.url + "/sign-in/callback"}},
		},
	})
	a.must(err)
	a.box = box
	server.Config.Handler = box
	server.Start()
	a.t.Cleanup(func() { server.Close(); box.Close() })
}

func (a *app) openStore() {
	a.t.Helper()
	keys, err := store.ParseKeys(store.NewKey())
	a.must(err)
	a.store, err = store.Open(a.t.Context(), storetest.SQLite(a.t),
		store.Options{Keys: keys, Environment: a.boxURL, Now: a.now, Logger: a.logger()})
	a.must(err)
	a.t.Cleanup(func() { a.store.Close() })
}

// openTeam gives each of the sandbox's groups its role.
func (a *app) openTeam() {
	a.t.Helper()
	if !a.setup.team {
		return
	}
	a.groups = team.GroupRoles{"admins": team.Admin, "operators": team.Operator, "viewers": team.Viewer}
	var err error
	a.team, err = team.New(a.t.Context(), team.Config{
		Store: a.store, Name: "Lantern Desk", Groups: a.groups, Admins: []string{"boss"}, Domains: []string{"agency.example"},
	})
	a.must(err)
}

func (a *app) dashboard() *handlers.Dashboard {
	a.t.Helper()
	public, err := url.Parse(a.url)
	a.must(err)
	api, err := fourthwall.New(a.boxURL, fourthwall.Options{Transport: a.wire, Logger: a.logger()})
	a.must(err)
	scopes := []string{"webhook_write", "webhook_read"}
	provider := oauth.New(oauth.Config{
		ClientID:        "hookwall",
		AuthURL:         a.boxURL + "/admin/platform-apps/{client_id}/connect",
		TokenURL:        a.boxURL + "/open-api/v1.0/platform/token",
		ImplicitAuthURL: a.boxURL + "/auth/realms/Fourthwall/protocol/openid-connect/auth",
		ChannelTokenURL: a.boxURL + "/auth/realms/Fourthwall/protocol/openid-connect/token",
		PublicURL:       a.url, Scopes: scopes, Transport: a.wire, Now: a.now,
	})
	timing := webhooks.DefaultTiming()
	timing.ReLists = []time.Duration{0}
	recorder := activity.NewRecorder(a.store, timing.FirstRecheck, a.logger())
	connected := shops.NewService(a.store, api, provider, scopes)
	hooks := webhooks.NewService(webhooks.Config{
		Store: a.store, Shops: connected, Activity: recorder, Logger: a.logger(), Timing: timing,
	})
	a.fleet = fleet.NewService(fleet.Config{
		Store: a.store, Shops: connected, Webhooks: hooks, Queue: noQueue{}, Logger: a.logger(), Intervals: fleet.DefaultIntervals(),
		Clone: fleettest.Clone, ApproveFrom: fleet.DefaultApproveFrom,
	})
	a.jobs = jobs.New(a.store, a.logger())
	return handlers.New(handlers.Config{
		Jobs: a.jobs, Fleet: a.fleet, Team: a.team, OIDC: a.provider(),
		PublicURL: public, SandboxURL: a.boxURL, Scopes: scopes, Store: a.store, API: api, OAuth: provider,
		Shops: connected, Webhooks: hooks, Logger: a.logger(), Now: a.now,
		Limits: a.setup.limits, TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("127.0.0.0/8"),
			netip.MustParsePrefix("::1/128"),
		},
		Targets: a.targets(), Receiver: sandbox.ReceiverHost, Sample: sample,
	})
}

// noQueue visits no shop: a test stores what was seen.
type noQueue struct{}

// EnqueueVisits implements fleet.Queue.
func (noQueue) EnqueueVisits(context.Context, *sql.Tx, []string) error { return nil }

// provider is the identity provider of a team, nil without one.
func (a *app) provider() *team.OIDC {
	a.t.Helper()
	if !a.setup.team {
		return nil
	}
	provider, err := team.NewOIDC(team.OIDCConfig{
		Issuer: a.boxURL + sandbox.IssuerPath, ClientID: "team", RedirectURL: a.url + "/sign-in/callback",
		RoleClaim: "groups", Transport: &http.Transport{DisableKeepAlives: true},
	})
	a.must(err)
	return provider
}

// targets lets the tools call the endpoint under the name of the sandbox's
// receiver, at port 80, and nothing else on this machine.
func (a *app) targets() *deliver.Client {
	a.t.Helper()
	a.answers(a.box.Receiver())
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.endpointGate.pass(r)
		(*a.end.Load()).ServeHTTP(w, r)
	}))
	a.t.Cleanup(endpoint.Close)
	client, err := deliver.New(deliver.Options{
		Timeout: time.Minute, // a test looks at a page while a delivery is held
		Exceptions: []deliver.Exception{{
			Host: sandbox.ReceiverHost + ":80", Addr: netip.MustParseAddrPort(endpoint.Listener.Addr().String()),
		}},
	})
	a.must(err)
	return client
}

// answers replaces the sandbox's receiver with an endpoint for the tools.
func (a *app) answers(h http.Handler) { a.end.Store(&h) }

func sample(of handlers.SampleOf) (string, error) {
	shop := sandbox.DemoShop{ID: of.ShopID, Name: of.ShopName, Domain: of.Domain}
	return sandbox.SampleEvent(of.Type, of.WebhookID, shop, of.At)
}

func (a *app) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(&a.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (a *app) now() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) }

// move moves the dashboard's clock. The sandbox's is moved by box.Advance.
func (a *app) move(d time.Duration) { a.ahead.Add(int64(d)) }

func (a *app) boxNow() time.Time {
	if at := a.still.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Now()
}

// stopClock stops the sandbox's clock, so that no delivery is tried again
// before advance.
func (a *app) stopClock() { a.still.Store(time.Now().UnixNano()) }

// advance moves the sandbox's clock and waits for the deliveries that are then
// due.
func (a *app) advance(d time.Duration) {
	a.t.Helper()
	a.box.Advance(d)
	a.must(a.box.AwaitDeliveries(a.t.Context()))
}

// fire triggers an event in the nth demo shop some times, and waits for the
// deliveries.
func (a *app) fire(n int, eventType string, testMode bool, times int) {
	a.t.Helper()
	for range times {
		_, err := a.box.Fire(a.shop(n).ID, eventType, testMode)
		a.must(err)
	}
	a.must(a.box.AwaitDeliveries(a.t.Context()))
}

// add adds a webhook to the nth demo shop, even one that the API would not
// allow.
func (a *app) add(n int, address string, types ...string) sandbox.Webhook {
	a.t.Helper()
	made, err := a.box.AddWebhook(a.shop(n).ID, address, types)
	a.must(err)
	return made
}

// replace changes a webhook over the API, as another client with the shop's key
// would.
func (a *app) replace(w sandbox.Webhook, address string, types ...string) {
	a.t.Helper()
	body, err := json.Marshal(map[string]any{"url": address, "allowedTypes": types})
	a.must(err)
	a.byKey(w, http.MethodPut, body)
}

// remove deletes a webhook over the API.
func (a *app) remove(w sandbox.Webhook) {
	a.t.Helper()
	a.byKey(w, http.MethodDelete, nil)
}

func (a *app) byKey(w sandbox.Webhook, method string, body []byte) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.boxURL+apiWebhooks+"/"+w.ID, bytes.NewReader(body))
	a.must(err)
	all := a.box.Shops()
	shop := all[slices.IndexFunc(all, func(s sandbox.DemoShop) bool { return s.ID == w.ShopID })]
	r.SetBasicAuth(shop.APIUser, shop.APIPassword)
	r.Header.Set("Content-Type", "application/json")
	answer, err := a.wire.base.RoundTrip(r)
	a.must(err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		a.t.Fatalf("%s of %s: status %d", method, w.ID, answer.StatusCode)
	}
}

func (a *app) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// fall makes Fourthwall refuse the dashboard's connections.
func (a *app) fall() { a.wire.refuses.Store(true) }

// rise makes Fourthwall accept them again.
func (a *app) rise() { a.wire.refuses.Store(false) }

// shop returns the nth demo shop.
func (a *app) shop(n int) sandbox.DemoShop { return a.box.Shops()[n] }

// made returns the webhooks of the nth demo shop with this URL.
func (a *app) made(n int, address string) []sandbox.Webhook {
	var found []sandbox.Webhook
	for _, w := range a.box.Webhooks(a.shop(n).ID) {
		if w.URL == address {
			found = append(found, w)
		}
	}
	return found
}

// onlyOne returns the webhook of the nth demo shop with this URL, and fails the
// test unless there is exactly one.
func (a *app) onlyOne(n int, address string) sandbox.Webhook {
	a.t.Helper()
	found := a.made(n, address)
	if len(found) != 1 {
		a.t.Fatalf("%s has %d webhooks for %s, want 1", a.shop(n).Name, len(found), address)
	}
	return found[0]
}

// current returns a webhook as it is now.
func (a *app) current(w sandbox.Webhook) sandbox.Webhook {
	a.t.Helper()
	all := a.box.Webhooks(w.ShopID)
	i := slices.IndexFunc(all, func(o sandbox.Webhook) bool { return o.ID == w.ID })
	if i < 0 {
		a.t.Fatalf("the webhook %s is not there any more", w.ID)
	}
	return all[i]
}

// none fails the test when the nth demo shop has a webhook with this URL.
func (a *app) none(n int, address string) {
	a.t.Helper()
	if found := a.made(n, address); len(found) != 0 {
		a.t.Errorf("%s has a webhook for %s", a.shop(n).Name, address)
	}
}

// hasType fails the test unless the webhook has exactly these event types.
func (a *app) hasTypes(w sandbox.Webhook, want ...string) {
	a.t.Helper()
	if got := sorted(w.AllowedTypes); strings.Join(got, " ") != strings.Join(sorted(want), " ") {
		a.t.Errorf("%s has the event types %v, want %v", w.URL, got, want)
	}
}

// failCreate queues a failure for the next request that creates a webhook.
func (a *app) failCreate(f sandbox.Failure) {
	f.Method, f.Path = http.MethodPost, apiWebhooks
	a.box.FailNext(f)
}
