package replicas

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/e2e/process"
)

// stage is a sandbox and some dashboards on one database, each a process, with
// a reverse proxy before the dashboards and another before the API.
type stage struct {
	t        *testing.T
	box      *process.Process
	wire     *wire
	front    *front
	walls    []*process.Process
	database string
}

// newStage starts n dashboards. All are reached at the front, which is what
// people open. A SQLite file is for one dashboard alone.
func newStage(t *testing.T, n int, environment ...string) *stage {
	t.Helper()
	if n != 1 && !process.OnPostgres() {
		t.Skip("several dashboards need Postgres: make test-postgres starts it")
	}
	s := &stage{t: t, front: newFront(t), database: process.Database(t)}
	s.box = process.Sandbox(t, t.TempDir(), "--redirect-uri", s.front.url+"/oauth/callback")
	s.wire = newWire(t, s.box.URL)
	environment = append([]string{"HOOKWALL_PUBLIC_URL=" + s.front.url, "FOURTHWALL_API_URL=" + s.wire.url},
		environment...)
	for range n {
		s.walls = append(s.walls, process.Dashboard(t, s.box, s.database, environment...))
	}
	s.front.serve(s.walls...)
	return s
}

// shop is the first demo shop, as it is now.
func (s *stage) shop() process.Shop {
	s.t.Helper()
	return s.box.State().Shops[0]
}

// at is an address of the shop's.
func (s *stage) at(path string) string {
	s.t.Helper()
	return s.front.url + "/shops/" + s.shop().ID + path
}

// byKey returns a client that has connected the shop by its key.
func (s *stage) byKey() *process.Client {
	s.t.Helper()
	c, shop := process.NewClient(s.t), s.shop()
	page := c.Post(s.front.url+"/connect/key", url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}})
	s.connected(page)
	return c
}

// byCode returns a client that has connected the shop by consent.
func (s *stage) byCode() *process.Client {
	s.t.Helper()
	c := process.NewClient(s.t)
	s.connected(s.consent(c, c.Get(s.front.url+"/oauth/start?way=code")))
	return c
}

// consent accepts the page that asks whether Hookwall may use the shop.
func (s *stage) consent(c *process.Client, page process.Page) process.Page {
	s.t.Helper()
	f := page.Form("/connect")
	f.Values.Set("shop", s.shop().ID)
	f.Values.Set("decision", "allow")
	return c.Post(f.Action, f.Values)
}

func (s *stage) connected(page process.Page) {
	s.t.Helper()
	if !strings.HasPrefix(page.URL.String(), s.front.url+"/shops") {
		s.t.Fatalf("connecting ends at %s with status %d:\n%s", page.URL, page.Status, page.Body)
	}
}

// urls counts the shop's webhooks by their address.
func (s *stage) urls() map[string]int {
	s.t.Helper()
	out := map[string]int{}
	for _, hook := range s.shop().Webhooks {
		out[hook.URL]++
	}
	return out
}

// attempts are the lines of the activity with an outcome, "" for all.
func (s *stage) attempts(c *process.Client, outcome string) []string {
	s.t.Helper()
	page := c.Get(s.at("/activity.csv?outcome=" + outcome))
	if page.Status != http.StatusOK || !strings.HasPrefix(page.Body, "\ufefftime") &&
		!strings.HasPrefix(strings.TrimLeft(page.Body, "\"\ufeff"), "time") {
		s.t.Fatalf("the activity answers %d:\n%s", page.Status, page.Body)
	}
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(page.Body), "\n")[1:] {
		if strings.Contains(line, "webhook.") {
			out = append(out, strings.ReplaceAll(line, `"`, ""))
		}
	}
	return out
}

// awaitOutcomes waits until the end of every attempt is known.
func (s *stage) awaitOutcomes(c *process.Client) {
	s.t.Helper()
	eventually(s.t, "finding the outcome of every attempt", func() bool { return len(s.attempts(c, "pending")) == 0 })
}

// front passes every request to the next dashboard, round robin, as a reverse proxy
// does, and to the one after it when a dashboard is not there. A dashboard that
// dies over a request takes its connection with it.
type front struct {
	url    string
	mu     sync.Mutex
	walls  []*url.URL
	next   int
	served map[string]int // answers by dashboard
	pinned map[string]int // which dashboard gets what ends so, in place of the next
	obeyed map[string]bool
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{served: map[string]int{}, pinned: map[string]int{}, obeyed: map[string]bool{}}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host },
		Transport:    f,
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     quiet,
	}
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ErrorLog = quiet
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	f.url = "http://localhost:" + port
	server.Start()
	t.Cleanup(server.Close)
	return f
}

// serve makes these dashboards get the requests that follow.
func (f *front) serve(walls ...*process.Process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.walls = nil
	for _, wall := range walls {
		u, err := url.Parse(wall.URL)
		if err != nil {
			panic(err)
		}
		f.walls = append(f.walls, u)
	}
}

var transport = &http.Transport{DisableKeepAlives: true}

// RoundTrip sends a request to the next dashboard.
func (f *front) RoundTrip(r *http.Request) (*http.Response, error) {
	body := []byte(nil)
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	// A dashboard that was killed is soon back: a request waits for one rather than fail.
	tick, limit := time.NewTicker(50*time.Millisecond), time.NewTimer(time.Minute)
	defer tick.Stop()
	defer limit.Stop()
	for {
		resp, err := f.tryAll(r, body)
		var dial *net.OpError
		if err == nil || !errors.As(err, &dial) || dial.Op != "dial" {
			return resp, err
		}
		select {
		case <-tick.C:
		case <-limit.C:
			return nil, err
		case <-r.Context().Done():
			return nil, err
		}
	}
}

// tryAll tries the next dashboard, and the others while none responds.
func (f *front) tryAll(r *http.Request, body []byte) (resp *http.Response, err error) {
	f.mu.Lock()
	walls, first := f.walls, f.next
	f.next++
	for end, wall := range f.pinned {
		if strings.HasSuffix(r.URL.Path, end) {
			first = wall
		}
	}
	f.mu.Unlock()
	for i := range walls {
		wall := walls[(first+i)%len(walls)]
		out := r.Clone(r.Context())
		out.URL.Scheme, out.URL.Host = wall.Scheme, wall.Host
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		if len(body) == 0 {
			out.Body = http.NoBody
		}
		resp, err = transport.RoundTrip(out)
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			continue
		}
		if err == nil {
			f.count(wall.Host, r.URL.Path)
		}
		return resp, err
	}
	return nil, err
}

// pin passes requests whose path ends so to one dashboard, as long as it runs.
func (f *front) pin(end string, wall int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pinned[end] = wall
}

func (f *front) count(host, path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.served[host]++
	for end, wall := range f.pinned {
		if strings.HasSuffix(path, end) && f.walls[wall].Host == host {
			f.obeyed[end] = true
		}
	}
}

// isServed reports whether what was pinned has been answered where it was to be.
func (f *front) isServed(end string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.obeyed[end]
}

// taken counts the requests that came, with those that aren't answered yet.
func (f *front) taken() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

// counts returns the number of responses of each dashboard.
func (f *front) counts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]int{}
	for host, n := range f.served {
		out[host] = n
	}
	return out
}

// wire is what the dashboards call in place of the API. It passes requests on
// and reports each, before and after.
type wire struct {
	url   string
	box   *url.URL
	mu    sync.Mutex
	seen  int
	watch func(moment) (goOn bool)
}

// moment is a point in the course of the calls to the API.
type moment struct {
	call         int // counted from 1, since somebody watches
	answered     bool
	method, path string
}

func newWire(t *testing.T, box string) *wire {
	t.Helper()
	u, err := url.Parse(box)
	check(t, err)
	w := &wire{box: u}
	server := httptest.NewUnstartedServer(w)
	server.Config.ErrorLog = quiet
	server.Start()
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// watched calls f for every moment from now on, unless it is nil. Where f says
// no, the connection is cut there.
func (w *wire) watched(f func(moment) (goOn bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.watch = 0, f
}

// ServeHTTP passes a request on.
func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.mu.Lock()
	w.seen++
	watch, at := w.watch, moment{w.seen, false, r.Method, r.URL.Path}
	w.mu.Unlock()
	if watch == nil {
		watch = func(moment) bool { return true }
	}
	if !watch(at) {
		panic(http.ErrAbortHandler)
	}
	out := r.Clone(r.Context())
	out.RequestURI, out.Host = "", w.box.Host
	out.URL.Scheme, out.URL.Host = w.box.Scheme, w.box.Host
	out.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := transport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	at.answered = true
	if err != nil || !watch(at) {
		panic(http.ErrAbortHandler)
	}
	for name, values := range resp.Header {
		rw.Header()[name] = values
	}
	rw.WriteHeader(resp.StatusCode)
	_, _ = rw.Write(answer)
}
