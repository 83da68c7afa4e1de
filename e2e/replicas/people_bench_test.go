package replicas

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"hookwall/e2e/process"
	"hookwall/internal/sandbox"
	"hookwall/internal/store/storetest"
)

const (
	peopleLatency = 20 * time.Millisecond // of a call to the API
	peoplePause   = 2 * time.Second       // before a request of a person, on average
	publicURL     = "http://localhost:1"  // which nothing listens at: requests go to the dashboards directly
)

// BenchmarkPeople has -people people use Hookwall for the time -load, each with a shop of their own. It prints how
// long responses take, beside the calls to the API that they need. A response that isn't as it should be is an error,
// and nothing else is. The people run on the same machine.
func BenchmarkPeople(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		for range b.N {
			newCrowd(b, filepath.Join(b.TempDir(), "x.db"), 1).run()
		}
	})
	b.Run("Postgres", func(b *testing.B) {
		for range b.N {
			newCrowd(b, storetest.Postgres(b), 2).run()
		}
	})
}

// crowd is people at dashboards with one database, and a sandbox in this process that is their API.
type crowd struct {
	*testing.B

	box      *sandbox.Server
	api, end string // URLs of the API, and of an endpoint that accepts every delivery
	walls    []*process.Process
	sent     atomic.Int64

	mu   sync.Mutex
	took map[string][]time.Duration // by kind of request
}

func newCrowd(b *testing.B, database string, walls int) *crowd {
	b.Helper()
	box, err := sandbox.New(sandbox.Config{Shops: people})
	check(b, err)
	b.Cleanup(func() { check(b, box.Close()) })
	c := &crowd{B: b, box: box, took: map[string][]time.Duration{}}
	c.api = c.serve(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(peopleLatency)
		box.ServeHTTP(w, r)
	})
	c.end = c.serve(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	for range walls {
		c.walls = append(c.walls, process.Dashboard(b, &process.Process{URL: c.api}, database,
			"HOOKWALL_PUBLIC_URL="+publicURL, "HOOKWALL_ALLOW_PRIVATE_TARGETS=1", "HOOKWALL_LIMIT_SIGN_INS=0",
			"HOOKWALL_LIMIT_ADDRESS_WRITES=0", "HOOKWALL_LIMIT_CALLS=0"))
	}
	return c
}

func (c *crowd) serve(h http.HandlerFunc) (address string) {
	server := httptest.NewServer(h)
	c.Cleanup(server.Close)
	return server.URL
}

// RoundTrip sends requests to the dashboards in turn, as a reverse proxy does.
func (c *crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	wall := c.walls[int(c.sent.Add(1))%len(c.walls)]
	out.Host, out.URL.Host = r.URL.Host, strings.TrimPrefix(wall.URL, "http://")
	resp, err := keptAlive.RoundTrip(out)
	if err == nil {
		resp.Request = r // whose URL is what links on the page are relative to
	}
	return resp, err
}

// keptAlive keeps connections, as browsers and reverse proxies do.
var keptAlive = &http.Transport{MaxIdleConnsPerHost: 1000}

// run has the people do their work, first with the dashboards and then with the API alone.
func (c *crowd) run() {
	c.Helper()
	defer keptAlive.CloseIdleConnections()
	all := c.enter()
	before := c.spent()
	c.work(all, person.act)
	pages := c.forget()
	peak := 0.0
	for _, wall := range c.walls {
		peak = max(peak, memory(c.B, wall, "VmHWM"))
	}
	c.ReportMetric(peak, "MiB-peak")
	n := 0
	for _, took := range pages {
		n += len(took)
	}
	c.ReportMetric((c.spent()-before).Seconds()*1e3/float64(n), "ms-CPU/request")
	c.work(all, person.callAPI)
	c.print(pages, c.forget())
}

// enter signs the people in, and gives each shop some webhooks and deliveries.
func (c *crowd) enter() (all []person) {
	c.Helper()
	for i, shop := range c.box.Shops() {
		check(c.B, c.box.Configure(shop.ID, sandbox.Switches{}))
		random := rand.New(rand.NewPCG(uint64(i), 0))
		p := person{crowd: c, shop: shop, client: &process.Client{}, random: random}
		p.tool = p.add(c.end)
		p.hook = p.add("https://hooks.example.com/" + shop.ID)
		_, err := c.box.Fire(shop.ID, "DONATION", true)
		check(c.B, err)
		all = append(all, p)
	}
	check(c.B, c.box.AwaitDeliveries(c.Context()))
	var entering sync.WaitGroup
	for i := range all {
		entering.Go(func() { all[i].signIn(c.Context()) })
	}
	entering.Wait()
	c.forget()
	return all
}

// forget returns what was recorded so far.
func (c *crowd) forget() map[string][]time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	took := c.took
	c.took = map[string][]time.Duration{}
	return took
}

// spent returns the CPU time of the dashboards so far; 0 where there is no /proc as on Linux.
func (c *crowd) spent() (sum time.Duration) {
	for _, wall := range c.walls {
		sum += cpuTime(c.B, wall)
	}
	return sum
}

// work has people repeat do for the time -load.
func (c *crowd) work(all []person, do func(person, context.Context)) {
	ctx, end := context.WithTimeout(c.Context(), *loadTime)
	defer end()
	var working sync.WaitGroup
	for _, p := range all {
		working.Go(func() {
			for ctx.Err() == nil {
				do(p, ctx)
			}
		})
	}
	working.Wait()
}

// person is one of the people.
type person struct {
	*crowd

	shop       sandbox.DemoShop
	tool, hook string // webhooks: of the endpoint, and one that is edited
	client     *process.Client
	random     *rand.Rand
}

func (p person) add(address string) (id string) {
	made, err := p.box.AddWebhook(p.shop.ID, address, []string{"DONATION"})
	check(p.B, err)
	return made.ID
}

// An act is what a person does, and the calls to the API that its last step takes. Of a hundred acts, share are of this
// kind. Calls that begin together are one text.
type act struct {
	name  string // that the step is recorded under
	share int
	do    func(person, context.Context)
	calls []string
}

var acts = []act{
	{"list", 24, opens("list", "/webhooks"), []string{"GET /webhooks & GET /webhook-events"}},
	{"webhook page", 18, person.openWebhook, []string{"GET /webhooks & GET /webhook-events"}},
	{"create page", 12, opens("create page", "/webhooks/new"), nil},
	{"deliveries", 14, opens("deliveries", "/events"), []string{"GET /webhooks & GET /webhook-events"}},
	{"activity", 10, opens("activity", "/activity"), nil},
	{"shops", 5, func(p person, ctx context.Context) { p.get(ctx, "shops", publicURL+"/shops") }, nil},
	{"create", 6, person.create, []string{"GET /webhooks", "POST /webhooks"}},
	{"save", 4, person.edit, []string{"GET /webhooks/{id}", "PUT /webhooks/{id}"}},
	{"test delivery", 3, person.send, []string{"GET /webhooks/{id}"}},
	{"check", 2, person.check, nil},
	{"sign-in", 2, person.signIn, []string{"GET /shops/current"}},
}

// choose returns an act by its share.
func (p person) choose() act {
	n := p.random.IntN(100)
	i := slices.IndexFunc(acts, func(a act) bool { n -= a.share; return n < 0 })
	return acts[i]
}

func (p person) act(ctx context.Context) { p.choose().do(p, ctx) }

// request waits as people do, sends a request, and records how long the response takes. It returns nothing useful when
// the time is over.
func (p person) request(
	ctx context.Context, kind, method, address string, form url.Values, want int,
) (page process.Page, ok bool) {
	if !p.pause(ctx) {
		return page, false
	}
	began := time.Now()
	page, err := p.client.Send(p.Context(), method, address, form)
	p.record(kind, time.Since(began))
	if err != nil || page.Status != want {
		p.Errorf("%s: status %d, error %v, at %s", kind, page.Status, err, page.URL)
		return page, false
	}
	return page, true
}

func (p person) pause(ctx context.Context) bool {
	select {
	case <-time.After(time.Duration(p.random.Int64N(int64(2 * peoplePause)))):
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

func (p person) record(kind string, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took[kind] = append(p.took[kind], took)
}

func (p person) at(path string) string { return publicURL + "/shops/" + p.shop.ID + path }

func (p person) get(ctx context.Context, kind, address string) (process.Page, bool) {
	return p.request(ctx, kind, http.MethodGet, address, nil, http.StatusOK)
}

func opens(kind, path string) func(person, context.Context) {
	return func(p person, ctx context.Context) { p.get(ctx, kind, p.at(path)) }
}

// post sends a form, and opens the page that follows it.
func (p person) post(ctx context.Context, kind string, f process.Form, next string) (process.Page, bool) {
	page, ok := p.request(ctx, kind, http.MethodPost, f.Action, f.Values, http.StatusSeeOther)
	if !ok {
		return page, false
	}
	to, err := page.URL.Parse(page.Header.Get("Location"))
	if err != nil {
		p.Errorf("%s: %v", kind, err)
		return page, false
	}
	return p.get(ctx, next, to.String())
}

func (p person) openWebhook(ctx context.Context) {
	p.get(ctx, "webhook page", p.at("/webhooks/"+p.hook))
}

func (p person) create(ctx context.Context) {
	page, ok := p.get(ctx, "create page", p.at("/webhooks/new"))
	if !ok {
		return
	}
	f := page.Form("/webhooks")
	f.Values.Set("url", fmt.Sprintf("https://hooks.example.com/%d", p.random.Int64()))
	f.Values.Set("allowedTypes", "ORDER_PLACED")
	f.Values.Set("do", "create")
	p.post(ctx, "create", f, "webhook page")
}

func (p person) edit(ctx context.Context) {
	page, ok := p.get(ctx, "edit page", p.at("/webhooks/"+p.hook+"/edit"))
	if !ok {
		return
	}
	f := page.Form("/edit")
	f.Values["allowedTypes"] = slices.Concat(f.Values["allowedTypes"], []string{"ORDER_PLACED"})
	if len(f.Values["allowedTypes"]) > 2 {
		f.Values["allowedTypes"] = []string{"DONATION"}
	}
	f.Values.Set("do", "review")
	if page, ok = p.post(ctx, "review", f, "changes"); ok {
		p.post(ctx, "save", page.Form("/edit/confirm"), "webhook page")
	}
}

func (p person) send(ctx context.Context) {
	if page, ok := p.get(ctx, "test page", p.at("/webhooks/"+p.tool+"/test")); ok {
		f := page.Form("/test") // which chooses the event type
		f.Values.Set("body", `{"testMode":true}`)
		p.request(ctx, "test delivery", http.MethodPost, f.Action, f.Values, http.StatusOK)
	}
}

// check starts a check and opens its page, which a script then follows.
func (p person) check(ctx context.Context) {
	page, ok := p.get(ctx, "check page", p.at("/checks/new"))
	if !ok {
		return
	}
	f := page.Form("/checks")
	f.Values.Set("url", p.end)
	page, ok = p.request(ctx, "check", http.MethodPost, f.Action, f.Values, http.StatusSeeOther)
	if ok {
		p.get(ctx, "check's progress", publicURL+page.Header.Get("Location")+"?follow=1")
	}
}

// signIn begins a session, and connects the shop in it.
func (p person) signIn(ctx context.Context) {
	*p.client = *process.NewClient(p.B)
	p.client.HTTP.Transport = p.crowd
	p.client.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f := process.Form{
		Action: publicURL + "/connect/key",
		Values: url.Values{"username": {p.shop.APIUser}, "password": {p.shop.APIPassword}},
	}
	p.post(ctx, "sign-in", f, "list")
}

// callAPI does an act's calls to the API, and nothing else.
func (p person) callAPI(ctx context.Context) {
	a := p.choose()
	if !p.pause(ctx) || len(a.calls) == 0 {
		return
	}
	began := time.Now()
	for _, together := range a.calls {
		var calls sync.WaitGroup
		for call := range strings.SplitSeq(together, " & ") {
			calls.Go(func() { p.call(call) })
		}
		calls.Wait()
	}
	p.record(a.name, time.Since(began))
}

func (p person) call(call string) {
	method, path, _ := strings.Cut(call, " ")
	body := fmt.Sprintf(`{"url":"https://hooks.example.com/%s","allowedTypes":["DONATION"]}`, p.shop.ID)
	r, err := http.NewRequestWithContext(p.Context(), method,
		p.api+"/open-api/v1.0"+strings.ReplaceAll(path, "{id}", p.hook), strings.NewReader(body))
	if err != nil {
		p.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(p.shop.APIUser, p.shop.APIPassword)
	resp, err := keptAlive.RoundTrip(r)
	if err != nil {
		p.Error(err)
		return
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		p.Errorf("%s: status %d, error %v", call, resp.StatusCode, err)
	}
}

// print prints a table of all kinds of requests, and reports those of all.
func (c *crowd) print(pages, bare map[string][]time.Duration) {
	c.Helper()
	ms := func(all []time.Duration, p float64) string {
		if len(all) == 0 {
			return "-"
		}
		return fmt.Sprintf("%.1f", percentile(all, p).Seconds()*1e3)
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "ms\trequests\tp50\tp95\tp99\tAPI p50\tp95\tp99\t")
	row := func(name string, all, bare []time.Duration) {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, len(all),
			ms(all, .5), ms(all, .95), ms(all, .99), ms(bare, .5), ms(bare, .95), ms(bare, .99))
	}
	for _, kind := range slices.Sorted(maps.Keys(pages)) {
		row(kind, pages[kind], bare[kind])
	}
	all := slices.Concat(slices.Collect(maps.Values(pages))...)
	row("all", all, slices.Concat(slices.Collect(maps.Values(bare))...))
	_ = w.Flush()
	// The log of a benchmark would be cut off.
	fmt.Fprintf(os.Stdout, "%d people at %d dashboards for %v\n%s", *people, len(c.walls), *loadTime, text.String())
	c.ReportMetric(percentile(all, .99).Seconds()*1e3, "ms-p99")
	c.ReportMetric(float64(len(all))/loadTime.Seconds(), "requests/s")
}
