package faults

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/e2e/process"
	"hookwall/handlers"
	"hookwall/internal/activity"
	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
	"hookwall/internal/jobs"
	"hookwall/internal/logs"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

const tokenPath = "/open-api/v1.0/platform/token"

// world is a dashboard, its database and Fourthwall, with a line between each
// two of them that a test can cut.
type world struct {
	t       *testing.T
	url     string // of the dashboard
	box     *sandbox.Server
	api     *line   // from the dashboard to Fourthwall
	db      *line   // from the dashboard to Postgres; nil on SQLite
	other   *sql.DB // somebody else's connection to the database
	release func()  // ends what somebody else holds
	logs    process.Log
	waited  atomic.Int64 // how long people have waited, which the dashboard's clock takes for true
	settings
	front atomic.Pointer[handlers.Dashboard]
	store *store.Store
	stop  func()
}

// settings are what a fault may change.
type settings struct {
	database string        // address; "" for a new SQLite file
	keys     string        // "" for a new one
	budget   time.Duration // of one call of the API; 0 for the usual
	boxAhead time.Duration // of Fourthwall's clock
	dbAhead  time.Duration // of the database's clock
	crowd    bool          // people come by a proxy, each from an address of their own
	idle     bool          // nothing is done in the background
}

func newWorld(t *testing.T, s settings) *world {
	t.Helper()
	w := &world{t: t, settings: s}
	w.database = cmp.Or(s.database, filepath.Join(t.TempDir(), "hookwall.db"))
	if store.IsPostgres(w.database) {
		w.db, w.database = lineTo(t, w.database)
	}
	w.keys = cmp.Or(s.keys, store.NewKey())
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter,
		r *http.Request,
	) {
		w.front.Load().ServeHTTP(rw, r)
	}))
	w.url = front.URL
	t.Cleanup(front.Close)
	back := httptest.NewUnstartedServer(nil)
	var err error
	w.box, err = sandbox.New(sandbox.Config{
		PublicURL: "http://" + back.Listener.Addr().String(), AnyHost: true,
		Now:     func() time.Time { return time.Now().Add(s.boxAhead) },
		Clients: []sandbox.Client{{ID: "hookwall", RedirectURIs: []string{w.url + "/oauth/callback"}}},
	})
	w.must(err)
	back.Config.Handler = w.box
	back.Start()
	t.Cleanup(func() { back.Close(); w.box.Close() })
	w.api = newLine(t, back.Listener.Addr().String())
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

// start runs the dashboard on the database, as main does.
func (w *world) start() {
	w.t.Helper()
	var dashboard *handlers.Dashboard
	dashboard, w.store, w.stop = w.dashboard(w.url)
	w.front.Store(dashboard)
}

// restart ends the dashboard and starts it again at the same address.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.start()
}

// replica runs another dashboard on the same database and with the same public
// URL, as behind a reverse proxy, and returns its address.
func (w *world) replica() string {
	w.t.Helper()
	dashboard, _, stop := w.dashboard(w.url)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Host = strings.TrimPrefix(w.url, "http://")
		dashboard.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(func() { server.Close(); stop() })
	return server.URL
}

// dashboard makes one that people open at an address.
func (w *world) dashboard(address string) (d *handlers.Dashboard, st *store.Store, stop func()) {
	w.t.Helper()
	logger := slog.New(logs.To(slog.NewJSONHandler(&w.logs, nil)))
	st = w.openStore(logger)
	api, err := fourthwall.New(w.api.URL(), fourthwall.Options{Budget: w.budget, Logger: logger})
	w.must(err)
	public, err := url.Parse(address)
	w.must(err)
	targets, err := deliver.New(deliver.Options{})
	w.must(err)
	proxies := []netip.Prefix{}
	if w.crowd {
		proxies = append(proxies, netip.MustParsePrefix("127.0.0.0/8"))
	}
	scopes := []string{"webhook_write", "webhook_read"}
	provider := oauth.New(oauth.Config{
		ClientID: "hookwall", AuthURL: w.boxURL() + "/admin/platform-apps/{client_id}/connect",
		TokenURL: w.api.URL() + tokenPath, PublicURL: address, Scopes: scopes, Now: st.Now,
	})
	timing := webhooks.DefaultTiming()
	timing.ReLists = []time.Duration{0}
	recorder := activity.NewRecorder(st, timing.FirstRecheck, logger)
	background := jobs.New(st, logger)
	connected := shops.NewService(st, api, provider, scopes)
	hooks := webhooks.NewService(webhooks.Config{
		Store: st, Shops: connected, Activity: recorder, Logger: logger, Timing: timing,
	})
	endJobs := w.runJobs(background)
	d = handlers.New(handlers.Config{
		PublicURL: public, SandboxURL: w.boxURL(), Scopes: scopes, Store: st, API: api, Targets: targets,
		TrustedProxies: proxies, OAuth: provider, Shops: connected, Webhooks: hooks, Logger: logger, Now: st.Now, Jobs: background,
		Sample: func(handlers.SampleOf) (string, error) { return "{}", nil },
	})
	return d, st, sync.OnceFunc(func() {
		d.Drain()
		endJobs()
		d.Close()
		api.CloseIdleConnections()
		_ = st.Close()
	})
}

// runJobs lets a queue be busy beside the pages, with work that does nothing, so
// that attempts end as the pages say. It takes its connections and its turns.
func (w *world) runJobs(c *jobs.Client) (end func()) {
	if w.idle {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	nothing := func(context.Context) error { return nil }
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx, jobs.Work{Sweep: nothing, Reconcile: nothing, KeepAlive: nothing}) })
	return func() { cancel(); running.Wait() }
}

func (w *world) openStore(logger *slog.Logger) *store.Store {
	w.t.Helper()
	keys, err := store.ParseKeys(w.keys)
	w.must(err)
	st, err := store.Open(w.t.Context(), w.database, store.Options{
		Keys: keys, Environment: "test", Logger: logger,
		Now: func() time.Time { return time.Now().Add(w.dbAhead + time.Duration(w.waited.Load())) },
	})
	w.must(err)
	return st
}

// boxURL is where browsers find Fourthwall.
func (w *world) boxURL() string { return "http://" + w.api.Upstream }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// logged are the lines of the log that name a request.
func (w *world) logged(requestID string) (lines []string) {
	for line := range strings.Lines(w.logs.String()) {
		if requestID != "" && strings.Contains(line, requestID) {
			lines = append(lines, line)
		}
	}
	return lines
}

// wait lets the time pass that a page asks for. Among many people each is on
// the clock of all, so that it passes truly.
func (w *world) wait(pg page) {
	w.t.Helper()
	seconds, err := strconv.Atoi(pg.Header.Get("Retry-After"))
	w.must(err)
	if d := time.Duration(seconds) * time.Second; w.crowd {
		<-time.After(d)
	} else {
		w.waited.Add(int64(d))
	}
}

// webhooks counts those of a shop with an address and, where some are named,
// exactly these event types.
func (w *world) webhooks(shop, address string, types ...string) (n int) {
	for _, hook := range w.box.Webhooks(shop) {
		if hook.URL == address && (types == nil || slices.Equal(sorted(hook.AllowedTypes), sorted(types))) {
			n++
		}
	}
	return n
}
