package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// gate lets requests through, and holds chosen ones back.
type gate struct {
	mu    sync.Mutex
	holds []*hold
}

// hold is a request that waits at a gate until it is let go.
type hold struct {
	t            *testing.T
	method, path string
	arrived      chan *url.URL
	released     chan struct{}
	letGo        func() // lets the request pass
}

func newGate() *gate { return &gate{} }

// hold stops the next request with this method and path, until letGo or the
// end of the test.
func (g *gate) hold(t *testing.T, method, path string) *hold {
	h := &hold{t: t, method: method, path: path, arrived: make(chan *url.URL, 1), released: make(chan struct{})}
	h.letGo = sync.OnceFunc(func() { close(h.released) })
	t.Cleanup(h.letGo)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds = append(g.holds, h)
	return h
}

// waitFor returns once the request is there, with its address.
func (h *hold) wait() *url.URL {
	h.t.Helper()
	select {
	case u := <-h.arrived:
		return u
	case <-time.After(time.Minute):
		h.t.Fatalf("no %s request for %s came", h.method, h.path)
		return nil
	}
}

// pass returns when nothing holds the request, or it was given up.
func (g *gate) pass(r *http.Request) {
	g.mu.Lock()
	i := slices.IndexFunc(g.holds, func(h *hold) bool { return h.method == r.Method && h.path == r.URL.Path })
	if i < 0 {
		g.mu.Unlock()
		return
	}
	h := g.holds[i]
	g.holds = slices.Delete(g.holds, i, i+1)
	g.mu.Unlock()
	h.arrived <- address(r)
	select {
	case <-h.released:
	case <-r.Context().Done():
	}
}

// wire is the way from the dashboard to Fourthwall. It remembers what must be
// seen nowhere else.
type wire struct {
	*gate

	base    http.RoundTripper
	refuses atomic.Bool // Fourthwall refuses connections
	seen    sync.Map    // tokens

	putsMu sync.Mutex
	puts   []string // bodies of PUT requests
}

func newWire() *wire {
	w := &wire{gate: newGate()}
	w.base = &http.Transport{DisableKeepAlives: true, DialContext: w.dial}
	return w
}

// dial connects to a port at which nobody listens while Fourthwall refuses
// connections. Its own port stays its own.
func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if w.refuses.Load() {
		address = "127.0.0.1:1"
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// RoundTrip sends a request and notes the tokens in it and in its answer.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.pass(r)
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		w.seen.Store(token, true)
	}
	if r.Method == http.MethodPut {
		var err error
		if r, err = w.notePut(r); err != nil {
			return nil, err
		}
	}
	response, err := w.base.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/platform/token") {
		return response, err
	}
	return response, w.noteTokens(response)
}

// notePut remembers a body and gives the request that is to be sent.
func (w *wire) notePut(r *http.Request) (*http.Request, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body.Close()
	w.putsMu.Lock()
	defer w.putsMu.Unlock()
	w.puts = append(w.puts, string(body))
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, nil
}

// put are the bodies of all PUT requests, as they were sent.
func (w *wire) put() []string {
	w.putsMu.Lock()
	defer w.putsMu.Unlock()
	return slices.Clone(w.puts)
}

func (w *wire) noteTokens(response *http.Response) error {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if json.Unmarshal(body, &tokens) != nil {
		return nil //nolint:nilerr // the dashboard is to cope with that, not the test
	}
	for _, token := range []string{tokens.Access, tokens.Refresh} {
		if token != "" {
			w.seen.Store(token, true)
		}
	}
	return nil
}

// tokens are all access and refresh tokens that passed.
func (w *wire) tokens() []string {
	var all []string
	w.seen.Range(func(token, _ any) bool {
		all = append(all, token.(string))
		return true
	})
	return all
}

// address is the whole address of a request, to a server too.
func address(r *http.Request) *url.URL {
	if r.URL.IsAbs() {
		return r.URL
	}
	return &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
}
