//go:build unix

package handlers

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/internal/benchtest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

func init() { benchtest.Child() }

const (
	benchRounds   = 11
	benchRequests = 200 // of a page, in a round
)

// benchAPI calls the sandbox and records what it responds, until it gets a server
// that has only that.
type benchAPI struct {
	transport http.RoundTripper
	mu        sync.Mutex
	recorded  map[string]benchtest.Response
	server    *url.URL
}

func (a *benchAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	server := a.server
	a.mu.Unlock()
	if server != nil {
		r = r.Clone(r.Context())
		r.URL.Host = server.Host
		return a.transport.RoundTrip(r)
	}
	resp, err := a.transport.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	a.mu.Lock()
	defer a.mu.Unlock()
	key := r.Header.Get("Authorization") + " " + r.URL.RequestURI()
	a.recorded[key] = benchtest.Response{ContentType: resp.Header.Get("Content-Type"), Body: string(body)}
	return resp, err
}

func (a *benchAPI) replay(at string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var err error
	a.server, err = url.Parse(at)
	return err
}

// unread is a log that is written, since lines cost what they cost.
type unread struct{}

func (unread) Write(line []byte) (int, error) { return len(line), nil }

// benchPages is a dashboard and what is asked of it.
type benchPages struct {
	*rig
	b      *testing.B
	api    *benchAPI
	client benchtest.Client
}

func newBenchPages(b *testing.B) *benchPages {
	b.Helper()
	api := &benchAPI{transport: fourthwall.NewTransport(), recorded: map[string]benchtest.Response{}}
	file := filepath.Join(b.TempDir(), "h.db") // SQLite, even if tests have Postgres
	logger := slog.New(LogTo(slog.NewJSONHandler(unread{}, nil)))
	g := newRig(b, options{api: api, logger: logger, file: file})
	return &benchPages{g, b, api, benchtest.NewClient(b)}
}

// benchPage is a page that a person opens.
type benchPage struct {
	p    *person
	path string
}

// replay opens the pages, and from then on the API is a process that responds as
// it did. The pages are opened twice, since what is kept after the first time
// makes other calls.
func (g *benchPages) replay(all ...benchPage) {
	g.b.Helper()
	for range 2 {
		for _, one := range all {
			one.p.get(one.path).want(http.StatusOK)
		}
	}
	g.must(g.api.replay(benchtest.NewServer(g.b, g.api.recorded)))
}

// side returns a function that requests a page n times and measures that.
func (g *benchPages) side(at benchPage, n int) func() benchtest.Cost {
	u, err := url.Parse(g.url)
	g.must(err)
	header := http.Header{"Accept-Encoding": {"gzip"}}
	for _, c := range at.p.client.Jar.Cookies(u) {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	return g.sideOf(g.url+at.path, header, n)
}

func (g *benchPages) sideOf(address string, header http.Header, n int) func() benchtest.Cost {
	return func() benchtest.Cost {
		return benchtest.Measure(g.b, n, func() { g.client.Get(g.b, address, header, n) })
	}
}

// BenchmarkPagesRatios measures pages as a browser gets them. Client and API are
// processes of their own.
func BenchmarkPagesRatios(b *testing.B) {
	b.Run("create", benchCreatePage)
	b.Run("list", benchLists)
	b.Run("shops", benchManyShops)
}

// compressing is a handler that compresses the same bytes each time.
func compressing(body []byte) http.HandlerFunc {
	writers := sync.Pool{New: func() any { return gzip.NewWriter(nil) }}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		zw, _ := writers.Get().(*gzip.Writer)
		defer writers.Put(zw)
		zw.Reset(w)
		_, _ = zw.Write(body)
		_ = zw.Close()
	}
}

// benchCreatePage compares the create page with a handler that writes the same
// bytes, with compression and without.
func benchCreatePage(b *testing.B) {
	g := newBenchPages(b)
	p := g.person()
	path := newWebhookPath(p.connect(0).ID)
	body := []byte(p.get(path).want(http.StatusOK).body)
	plain, packed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(body)
	})), httptest.NewServer(compressing(body))
	defer plain.Close()
	defer packed.Close()
	header := http.Header{"Accept-Encoding": {"gzip"}}
	costs := benchtest.Rounds(benchRounds, g.side(benchPage{p, path}, benchRequests),
		g.sideOf(packed.URL, header, benchRequests), g.sideOf(plain.URL, header, benchRequests))
	page := costs[0]
	for i, name := range []string{"bare-compressing", "bare"} {
		other := costs[i+1]
		b.ReportMetric(1/benchtest.Ratio(page, other, benchtest.Wall), "requests/s÷"+name)
		b.ReportMetric(1/benchtest.Ratio(page, other, benchtest.CPU), "requests/CPU-s÷"+name)
	}
	b.ReportMetric(benchtest.Median(page, benchtest.CPU), "CPU-ms")
	b.ReportMetric(benchtest.Median(page, benchtest.Bytes)/1024, "KiB")
	b.ReportMetric(benchtest.Median(page, benchtest.Allocs), "allocs")
	reportCold(b, p, path)
	b.ReportMetric(0, "ns/op")
}

// reportCold reports what a browser gets that has nothing of ours yet.
func reportCold(b *testing.B, p *person, path string) {
	b.Helper()
	total, page := p.fetch(path)
	doc, err := html.Parse(bytes.NewReader(page))
	p.must(err)
	all := loaded(doc)
	for address := range all {
		sent, _ := p.fetch(address)
		total += sent
	}
	b.ReportMetric(float64(total)/1000, "cold-kB")
	b.ReportMetric(float64(1+len(all)), "cold-requests")
}

// fillShop gives a shop webhooks and deliveries.
func (g *benchPages) fillShop(shop sandbox.DemoShop, hooks int) {
	g.b.Helper()
	types := catalogBadges()
	for i := range hooks {
		g.add(shop, receives+"?tool="+strconv.Itoa(i), types[i%len(types)].Code, types[(i+7)%len(types)].Code)
	}
	for i := range 10 {
		g.fire(shop, false, types[i].Code)
		g.move(time.Minute)
	}
}

// benchLists compares a list of many webhooks with one of few.
func benchLists(b *testing.B) {
	g := newBenchPages(b)
	p := g.person()
	few, many := p.connectKey(0), p.connectKey(1)
	g.fillShop(few, 20)
	g.fillShop(many, 1000)
	short, long := benchPage{p, webhooksPath(few.ID)}, benchPage{p, webhooksPath(many.ID)}
	deliveries, activity := benchPage{p, eventsPath(few.ID)}, benchPage{p, activityPath(few.ID)}
	g.replay(short, long, deliveries, activity)
	costs := benchtest.Rounds(benchRounds, g.side(short, benchRequests/4), g.side(long, benchRequests/10),
		g.side(deliveries, benchRequests/4), g.side(activity, benchRequests/4))
	b.ReportMetric(benchtest.Median(costs[0], benchtest.CPU), "CPU-ms-of-20")
	b.ReportMetric(benchtest.Median(costs[0], benchtest.Bytes)/1024, "KiB-of-20")
	b.ReportMetric(benchtest.Median(costs[1], benchtest.CPU), "CPU-ms-of-1000")
	b.ReportMetric(benchtest.Ratio(costs[1], costs[0], benchtest.CPU), "CPU-of-1000÷of-20")
	b.ReportMetric(benchtest.Median(costs[2], benchtest.CPU), "CPU-ms-of-deliveries")
	b.ReportMetric(benchtest.Median(costs[3], benchtest.CPU), "CPU-ms-of-activity")
	b.ReportMetric(0, "ns/op")
}

// benchManyShops compares pages of a person with 1,000 shops with those of a
// person with one.
func benchManyShops(b *testing.B) {
	g := newBenchPages(b)
	one, many := g.person(), g.person()
	shop := one.connectKey(0)
	many.connectKey(0)
	own := owner(many)
	for i := range 999 {
		_, err := g.store.PutConnection(b.Context(), store.Connection{
			Owner: own, ShopID: fmt.Sprintf("sh_%04d", i), ShopName: fmt.Sprintf("Shop %04d", i), ShopDomain: "shop.example",
			Way: "apikey", Credential: []byte("{}"),
		})
		g.must(err)
	}
	g.fillShop(shop, 20)
	var all []benchPage
	paths := []string{
		newWebhookPath(shop.ID), webhooksPath(shop.ID), eventsPath(shop.ID), activityPath(shop.ID), shopsPath,
	}
	for _, path := range paths {
		all = append(all, benchPage{one, path}, benchPage{many, path})
	}
	g.replay(all...)
	for i, path := range paths {
		few, most := all[2*i], all[2*i+1]
		costs := benchtest.Rounds(benchRounds, g.side(few, benchRequests/4), g.side(most, benchRequests/4))
		name := strings.Trim(strings.TrimPrefix(path, shopPath(shop.ID)), "/")
		b.ReportMetric(benchtest.Ratio(costs[1], costs[0], benchtest.CPU), "CPU-of-1000÷of-1-"+name)
	}
	b.ReportMetric(0, "ns/op")
}
