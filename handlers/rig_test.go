package handlers

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"hookwall/internal/activity"
	"hookwall/internal/deliver"
	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/logs"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
	"hookwall/internal/team"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

// TestMain lets garbage grow, since the heap of these tests is small, and runs
// more tests at once than there are CPUs: many wait for a lease or a clock.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	flag.Parse()
	atOnce := flag.Lookup("test.parallel") // of a fuzz target, its workers
	if flag.Lookup("test.fuzz").Value.String() == "" && atOnce.Value.String() == atOnce.DefValue {
		_ = flag.Set(atOnce.Name, strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
	goleak.VerifyTestMain(m)
}

// rig is a dashboard with a database and a sandbox of its own.
type rig struct {
	t      testing.TB
	url    string // of the dashboard
	box    *sandbox.Server
	boxURL string
	boxSrv *httptest.Server
	store  *store.Store
	logs   *lockedBuffer
	ahead  atomic.Int64 // how far the dashboard's clock was moved
	calls  *calls       // of the dashboard's to the API
	server *server
	hooks  *webhooks.Service
	timing webhooks.Timing
	queue  visitQueue
}

// visitQueue records visits that were enqueued.
type visitQueue struct {
	mu    sync.Mutex
	shops []string
}

// EnqueueVisits implements fleet.Queue.
func (q *visitQueue) EnqueueVisits(_ context.Context, _ *sql.Tx, shops []string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shops = append(q.shops, shops...)
	return nil
}

// take returns the shops since it was called before, in their order.
func (q *visitQueue) take() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	shops := q.shops
	q.shops = nil
	slices.Sort(shops)
	return shops
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

// channelTokens is where the sandbox issues tokens of channels.
const channelTokens = "/auth/realms/Fourthwall/protocol/openid-connect/token"

// options are what a test may change.
type options struct {
	publicURL string // instead of the test server's own
	proxies   []netip.Prefix
	noClient  bool                   // API keys only
	timing    func(*webhooks.Timing) // changes what is usual
	file      string                 // database; "" for a new one
	budget    time.Duration          // of one API call; 0 for the usual
	direct    bool                   // the API is called without a network
	api       http.RoundTripper      // calls the API; nil for a new connection each time
	logger    *slog.Logger           // nil for all that happens, into rig.logs
	limits    Limits
	still     bool             // the clock moves by rig.move alone
	fleet     bool             // shops are visited when a test says so
	team      *team.Config     // who shares the shops; nil if each session has its own
	trace     func(sql string) // is told of statements
	endpoint  http.Handler     // at http://receiver.sandbox.example; nil for the sandbox's receiver
}

func newRig(t testing.TB, o options) *rig {
	t.Helper()
	g := &rig{t: t, logs: &lockedBuffer{}}
	lines := slog.NewJSONHandler(g.logs, &slog.HandlerOptions{Level: slog.LevelDebug})
	logger := cmp.Or(o.logger, slog.New(logs.To(lines)))
	now := func() time.Time { return time.Now().Add(time.Duration(g.ahead.Load())) }
	if o.still {
		start := time.Now()
		now = func() time.Time { return start.Add(time.Duration(g.ahead.Load())) }
	}
	front, back := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	g.url, g.boxURL = "http://"+front.Listener.Addr().String(), "http://"+back.Listener.Addr().String()
	public := g.url
	if o.publicURL != "" {
		public = o.publicURL
	}
	var err error
	g.box, err = sandbox.New(sandbox.Config{
		PublicURL: g.boxURL, Now: now, Logger: logger,
		Clients: []sandbox.Client{{ID: "hookwall", Name: "Hookwall", RedirectURIs: []string{public + "/oauth/callback", public + "/oauth/implicit"}}},
	})
	g.must(err)
	g.calls = &calls{}
	back.Config.Handler = g.calls.watch(g.box)
	back.Start()
	g.boxSrv = back
	t.Cleanup(func() { back.Close(); g.box.Close() })
	switch {
	case o.file != "":
	case os.Getenv("HOOKWALL_TEST_POSTGRES") != "":
		o.file = storetest.Postgres(t)
	default:
		o.file = storetest.SQLite(t)
	}
	g.store, err = store.Open(t.Context(), o.file,
		store.Options{Keys: testKeys(t), Environment: "test", Now: now, Logger: logger, Trace: o.trace})
	g.must(err)
	t.Cleanup(func() { g.store.Close() })
	var transport http.RoundTripper = &http.Transport{DisableKeepAlives: true}
	if o.api != nil {
		transport = o.api
	}
	if o.direct {
		transport = inProcess{back.Config.Handler}
	}
	api, err := fourthwall.New(g.boxURL, fourthwall.Options{
		Transport: transport, Budget: o.budget, Backoff: 10 * time.Millisecond, Logger: logger,
	})
	g.must(err)
	u, err := url.Parse(public)
	g.must(err)
	provider := oauth.Config{
		ClientID: "hookwall", AuthURL: g.boxURL + "/admin/platform-apps/{client_id}/connect", TokenURL: g.boxURL + "/open-api/v1.0/platform/token",
		ImplicitAuthURL: g.boxURL + "/auth/realms/Fourthwall/protocol/openid-connect/auth", PublicURL: public, ChannelTokenURL: g.boxURL + channelTokens,
		Scopes: []string{"webhook_write", "webhook_read"}, Transport: transport, Now: now,
	}
	if o.noClient {
		provider.ClientID = ""
	}
	g.timing = webhooks.DefaultTiming()
	g.timing.ReLists = []time.Duration{0}
	if o.timing != nil {
		o.timing(&g.timing)
	}
	if o.endpoint == nil {
		o.endpoint = g.box.Receiver()
	}
	endpoint := httptest.NewServer(o.endpoint)
	t.Cleanup(endpoint.Close)
	targets, err := deliver.New(deliver.Options{Exceptions: []deliver.Exception{{
		Host: sandbox.ReceiverHost + ":80", Addr: netip.MustParseAddrPort(endpoint.Listener.Addr().String()),
	}}})
	g.must(err)
	signIn := oauth.New(provider)
	recorder := activity.NewRecorder(g.store, g.timing.FirstRecheck, logger)
	connected := shops.NewService(g.store, api, signIn, provider.Scopes)
	g.hooks = webhooks.NewService(webhooks.Config{
		Store: g.store, Shops: connected, Activity: recorder, Logger: logger, Timing: g.timing,
	})
	var shared *team.Team
	if o.team != nil {
		o.team.Store, o.team.Name = g.store, "Lantern Desk"
		shared, err = team.New(t.Context(), *o.team)
		g.must(err)
	}
	var visits *fleet.Service
	if o.fleet {
		visits = fleet.NewService(fleet.Config{
			Store: g.store, Shops: connected, Webhooks: g.hooks, Queue: &g.queue, Logger: logger, Intervals: fleet.DefaultIntervals(),
			Clone: fleettest.Clone, ApproveFrom: fleet.DefaultApproveFrom,
		})
	}
	g.server = build(Config{
		Team: shared, Fleet: visits, PublicURL: u, SandboxURL: g.boxURL, TrustedProxies: o.proxies, Scopes: provider.Scopes, Store: g.store, API: api, Shops: connected, Webhooks: g.hooks,
		OAuth: signIn, Limits: o.limits, Logger: logger, Now: now,
		Targets: targets, Receiver: sandbox.ReceiverHost, Sample: func(of SampleOf) (string, error) {
			shop := sandbox.DemoShop{ID: of.ShopID, Name: of.ShopName, Domain: of.Domain}
			return sandbox.SampleEvent(of.Type, of.WebhookID, shop, of.At)
		},
	})
	front.Config.Handler = g.server.handler()
	front.Start()
	t.Cleanup(func() {
		g.server.background.drain()
		front.Close()
		g.server.background.end()
	})
	return g
}

// calls are the dashboard's requests to the API, with bodies.
type calls struct {
	mu   sync.Mutex
	all  []apiCall
	hold func(apiCall) // is called before the API sees a call
	fake http.Handler  // answers in its place, unless it answers 404
}

type apiCall struct{ method, path, query, body, tracing string }

func (c *calls) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		tracing := r.Header.Get("Traceparent") + r.Header.Get("Tracestate")
		one := apiCall{r.Method, r.URL.Path, r.URL.RawQuery, string(body), tracing}
		c.mu.Lock()
		c.all = append(c.all, one)
		hold, fake := c.hold, c.fake
		c.mu.Unlock()
		if hold != nil {
			hold(one)
		}
		if fake != nil {
			answer := httptest.NewRecorder()
			if fake.ServeHTTP(answer, r); answer.Code != http.StatusNotFound {
				w.WriteHeader(answer.Code)
				_, _ = w.Write(answer.Body.Bytes())
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// forget drops the recorded calls.
func (c *calls) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = nil
}

// of returns the calls with this method, of those about webhooks and events.
func (c *calls) of(method string) (out []apiCall) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		if one.method == method && strings.HasPrefix(one.path, "/open-api/v1.0/webhook") {
			out = append(out, one)
		}
	}
	return out
}

func (c *calls) set(hold func(apiCall), fake http.Handler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold, c.fake = hold, fake
}

// changed changes a webhook at Fourthwall, without the dashboard.
func (g *rig) changed(shop sandbox.DemoShop, id, address string, types ...string) {
	g.t.Helper()
	body, err := json.Marshal(map[string]any{"url": address, "allowedTypes": types})
	g.must(err)
	g.direct(shop, http.MethodPut, id, string(body))
}

// direct calls the API with the shop's key.
func (g *rig) direct(shop sandbox.DemoShop, method, id, body string) {
	g.t.Helper()
	r := httptest.NewRequest(method, strings.TrimSuffix(g.boxURL+apiWebhooks+"/"+id, "/"), strings.NewReader(body))
	r.SetBasicAuth(shop.APIUser, shop.APIPassword)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer := httptest.NewRecorder()
	if g.box.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		g.t.Fatalf("%s: %d %s", method, answer.Code, answer.Body)
	}
}

// add creates a webhook of the shop, without the dashboard.
func (g *rig) add(shop sandbox.DemoShop, address string, types ...string) sandbox.Webhook {
	g.t.Helper()
	hook, err := g.box.AddWebhook(shop.ID, address, types)
	g.must(err)
	return hook
}

// hook returns the webhook as the sandbox has it now.
func (g *rig) hook(shop sandbox.DemoShop, id string) sandbox.Webhook {
	g.t.Helper()
	for _, hook := range g.box.Webhooks(shop.ID) {
		if hook.ID == id {
			return hook
		}
	}
	return sandbox.Webhook{}
}

func testKeys(t testing.TB) store.Keys {
	t.Helper()
	keys, err := store.ParseKeys(store.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// move moves the clocks of dashboard and sandbox.
func (g *rig) move(d time.Duration) { g.ahead.Add(int64(d)) }

// person is a browser without script: it keeps cookies, follows redirects and
// sends the forms it is shown.
type person struct {
	*rig
	client *http.Client
}

func (g *rig) person() *person {
	jar, err := cookiejar.New(nil)
	g.must(err)
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	return &person{g, &http.Client{Jar: jar, Transport: transport}}
}

// page is what a person sees.
type page struct {
	p      *person
	status int
	url    *url.URL
	header http.Header
	body   string
	doc    *html.Node
}

func (p *person) do(r *http.Request) *page {
	p.t.Helper()
	resp, err := p.client.Do(r)
	p.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	p.must(err)
	doc, err := html.Parse(bytes.NewReader(body))
	p.must(err)
	return &page{p, resp.StatusCode, resp.Request.URL, resp.Header, string(body), doc}
}

// get opens a URL. One that starts with a slash is the dashboard's.
func (p *person) get(address string) *page {
	p.t.Helper()
	return p.do(p.request(http.MethodGet, address, nil))
}

func (p *person) post(address string, form url.Values) *page {
	p.t.Helper()
	return p.do(p.request(http.MethodPost, address, form))
}

func (p *person) request(method, address string, form url.Values) *http.Request {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.url + address
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, address, body)
	p.must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// noRedirects lets a test see a redirect instead of following it.
func (p *person) noRedirects() *person {
	c := *p.client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &person{p.rig, &c}
}

// form is a form of a page with what is filled in.
type form struct {
	page    *page
	action  string
	values  url.Values
	buttons []string // name=value, in tree order
}

// form returns the page's form whose action has this suffix.
func (pg *page) form(action string) *form {
	pg.p.t.Helper()
	return pg.formOf("", action)
}

// postForm finds a form by its action, and skips those that only search.
func (pg *page) postForm(action string) *form {
	pg.p.t.Helper()
	return pg.formOf("post", action)
}

func (pg *page) formOf(method, action string) *form {
	pg.p.t.Helper()
	var found *form
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom != atom.Form || found != nil || (method != "" && attr(n, "method") != method) {
			return
		}
		to, err := pg.url.Parse(attr(n, "action"))
		pg.p.must(err)
		if strings.HasSuffix(to.Path, action) {
			found = &form{page: pg, action: to.String(), values: url.Values{}}
			walk(n, found.read)
		}
	})
	if found == nil {
		pg.p.t.Fatalf("%s (%d) has no form for %s:\n%s", pg.url, pg.status, action, pg.text())
	}
	return found
}

func (f *form) read(n *html.Node) {
	name := attr(n, "name")
	switch {
	case n.DataAtom == atom.Button || (n.DataAtom == atom.Input && attr(n, "type") == "submit"):
		if attr(n, "type") != "button" {
			f.buttons = append(f.buttons, name+"="+attr(n, "value"))
		}
	case n.DataAtom == atom.Textarea:
		f.values.Set(name, "")
		if n.FirstChild != nil {
			f.values.Set(name, n.FirstChild.Data)
		}
	case n.DataAtom == atom.Select:
		f.values.Set(name, chosen(n))
	case n.DataAtom != atom.Input || name == "":
	case attr(n, "type") == "checkbox" || attr(n, "type") == "radio":
		if has(n, "checked") {
			f.values.Add(name, attr(n, "value"))
		}
	default:
		f.values.Add(name, attr(n, "value"))
	}
}

// chosen is the value of a select: the selected option's, else the first's.
func chosen(n *html.Node) (value string) {
	first := true
	walk(n, func(n *html.Node) {
		if n.DataAtom == atom.Option && (first || has(n, "selected")) {
			value, first = attr(n, "value"), false
		}
	})
	return value
}

func (f *form) set(name string, values ...string) *form {
	f.values[name] = values
	return f
}

// submit clicks the form's first button, as Enter does.
func (f *form) submit() *page {
	f.page.p.t.Helper()
	if len(f.buttons) == 0 {
		f.page.p.t.Fatal("the form has no button")
	}
	return f.press(f.buttons[0])
}

// crlf is how a browser sends line breaks.
var crlf = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n")

// press clicks the button name=value.
func (f *form) press(button string) *page {
	f.page.p.t.Helper()
	if !slices.Contains(f.buttons, button) {
		f.page.p.t.Fatalf("no button %q among %q", button, f.buttons)
	}
	return f.send(button)
}

// send clicks a button that may no longer exist, or not yet.
func (f *form) send(button string) *page {
	f.page.p.t.Helper()
	name, value, _ := strings.Cut(button, "=")
	sent := url.Values{}
	for k, values := range f.values {
		for _, v := range values {
			sent.Add(k, crlf.Replace(v))
		}
	}
	if name != "" {
		sent.Set(name, value)
	}
	return f.page.p.post(f.action, sent)
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := range n.ChildNodes() {
		walk(c, visit)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// text is the page's text, blanks folded.
func (pg *page) text() string { return textOf(pg.doc) }

func textOf(n *html.Node) string {
	var b strings.Builder
	walk(n, func(n *html.Node) {
		skip := n.Parent != nil &&
			(n.Parent.DataAtom == atom.Script || n.Parent.DataAtom == atom.Style || n.Parent.DataAtom == atom.Title)
		if n.Type == html.TextNode && !skip {
			b.WriteString(n.Data)
			if !isInPre(n) {
				b.WriteString(" ")
			}
		}
	})
	return strings.Join(strings.Fields(b.String()), " ")
}

// isInPre reports whether the text is preformatted, so that its parts are one.
func isInPre(n *html.Node) bool {
	for p := range n.Ancestors() {
		if p.DataAtom == atom.Pre {
			return true
		}
	}
	return false
}

// byID is the text of the element with this id; "" when there is none.
func (pg *page) byID(id string) (text string) {
	if n := pg.node(id); n != nil {
		return textOf(n)
	}
	return ""
}

func (pg *page) node(id string) (found *html.Node) {
	walk(pg.doc, func(n *html.Node) {
		if found == nil && n.Type == html.ElementNode && attr(n, "id") == id {
			found = n
		}
	})
	return found
}

// link follows the link with this text.
func (pg *page) link(text string) *page {
	pg.p.t.Helper()
	var to string
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom == atom.A && strings.Contains(textOf(n), text) && to == "" {
			to = attr(n, "href")
		}
	})
	u, err := pg.url.Parse(to)
	pg.p.must(err)
	if to == "" {
		pg.p.t.Fatalf("%s (%d) has no link %q:\n%s", pg.url, pg.status, text, pg.text())
	}
	return pg.p.get(u.String())
}

func (pg *page) want(status int, texts ...string) *page {
	pg.p.t.Helper()
	if pg.status != status {
		pg.p.t.Errorf("%s: status %d, want %d:\n%s", pg.url, pg.status, status, pg.text())
	}
	for _, text := range texts {
		if !strings.Contains(pg.text(), text) {
			pg.p.t.Errorf("%s lacks %q:\n%s", pg.url, text, pg.text())
		}
	}
	return pg
}

// consent clicks Allow or Deny on the sandbox's page for the nth demo shop.
func (p *person) consent(pg *page, shopID, decision string) *page {
	p.t.Helper()
	return pg.form(pg.url.Path).set("shop", shopID).press("decision=" + decision)
}

// connect connects the nth demo shop by the code flow and returns the shop.
func (p *person) connect(n int) sandbox.DemoShop {
	p.t.Helper()
	shop := p.box.Shops()[n]
	p.consent(p.get("/oauth/start?way=code"), shop.ID, "allow").want(http.StatusOK, shop.Name+" is connected")
	return shop
}

// connectKey connects the nth demo shop by its API key.
func (p *person) connectKey(n int) sandbox.DemoShop {
	p.t.Helper()
	shop := p.box.Shops()[n]
	p.get("/connect").form("/connect/key").set("username", shop.APIUser).set("password", shop.APIPassword).submit().
		want(http.StatusOK, shop.Name+" is connected")
	return shop
}

// signOut signs out, and confirms it if shops are connected.
func (p *person) signOut() *page {
	p.t.Helper()
	asked := p.get(signOutPath)
	if !strings.Contains(asked.text(), "Stay signed in") {
		return p.post(signOutPath, url.Values{})
	}
	return asked.form(signOutPath).submit()
}

// newForm opens the create form of a shop, filled in.
func (p *person) newForm(shopID, address string, types ...string) *form {
	p.t.Helper()
	f := p.get(newWebhookPath(shopID)).want(http.StatusOK).form(webhooksPath(shopID))
	return f.set("url", address).set("allowedTypes", types...)
}

// sorted returns each text once, in order.
func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
