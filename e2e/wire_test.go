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

// gate lets requests through, but for chosen ones, which it blocks.
type gate struct {
	mu     sync.Mutex
	blocks []*blocked
}

// blocked is a request that waits at a gate until it is released.
type blocked struct {
	t            *testing.T
	method, path string
	arrived      chan *url.URL
	released     chan struct{}
	release      func() // lets the request pass
}

func newGate() *gate { return &gate{} }

// block stops the next request with this method and path, until release is called
// or the test ends.
func (g *gate) block(t *testing.T, method, path string) *blocked {
	b := &blocked{t: t, method: method, path: path, arrived: make(chan *url.URL, 1), released: make(chan struct{})}
	b.release = sync.OnceFunc(func() { close(b.released) })
	t.Cleanup(b.release)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.blocks = append(g.blocks, b)
	return b
}

// wait returns once the request is there, with its address.
func (b *blocked) wait() *url.URL {
	b.t.Helper()
	select {
	case u := <-b.arrived:
		return u
	case <-time.After(time.Minute):
		b.t.Fatalf("no %s request for %s came", b.method, b.path)
		return nil
	}
}

// pass returns when nothing blocks the request, or it was given up.
func (g *gate) pass(r *http.Request) {
	g.mu.Lock()
	i := slices.IndexFunc(g.blocks, func(b *blocked) bool { return b.method == r.Method && b.path == r.URL.Path })
	if i < 0 {
		g.mu.Unlock()
		return
	}
	b := g.blocks[i]
	g.blocks = slices.Delete(g.blocks, i, i+1)
	g.mu.Unlock()
	b.arrived <- address(r)
	select {
	case <-b.released:
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

// dial connects to a port without a listener while Fourthwall refuses
// connections. The same connection always uses its own port.
func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if w.refuses.Load() {
		address = "127.0.0.1:1"
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// RoundTrip sends a request and notes the tokens in it and in its response.
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

// notePut remembers a body and returns the request that is to be sent.
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
