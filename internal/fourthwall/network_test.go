package fourthwall_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hookwall/internal/fourthwall"
)

// noRoom is a budget that is too short for a second try, so that these tests over real sockets never wait.
const noRoom = 300 * time.Millisecond

func asError(t *testing.T, err error) *fourthwall.Error {
	t.Helper()
	var e *fourthwall.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is a %T: %v", err, err)
	}
	return e
}

func TestDialRefused(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := newClient(t, server.URL, fourthwall.Options{Budget: noRoom})
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			err := op.call(t.Context(), c)
			e := asError(t, err)
			if e.Status != 0 || !e.NotSent || e.Uncertain() || !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("got %#v: %v", e, err)
			}
			var dial *net.OpError
			if !errors.As(err, &dial) || dial.Op != "dial" || !strings.HasSuffix(err.Error(), dial.Error()) {
				t.Errorf("the cause of %v is %v", err, dial)
			}
		})
	}
}

// An untrusted certificate is found before anything is sent, and another try is useless.
// Checklist 33.
func TestUntrustedCertificate(t *testing.T) {
	var accepted atomic.Int32
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			accepted.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	c := newClient(t, server.URL, fourthwall.Options{})
	_, err := c.CreateWebhook(t.Context(), token, input)
	e := asError(t, err)
	if e.Status != 0 || !e.NotSent || e.Uncertain() || accepted.Load() != 1 ||
		!strings.Contains(err.Error(), "certificate") {
		t.Errorf("after %d connections: %#v: %v", accepted.Load(), e, err)
	}
}

func TestCauseText(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	dial := func(_ context.Context, network, _ string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{
			Err: "no such host", Name: "api.example",
			IsNotFound: true,
		}}
	}
	failing := func(err error) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	rows := []struct {
		name      string
		transport http.RoundTripper
		want      string
	}{
		{"https to a server of http", nil, "the server does not speak TLS"},
		{"unknown host", &http.Transport{DialContext: dial}, "dial tcp: lookup api.example: no such host"},
		{"a timeout of the transport", failing(slow{}), "no answer in time"},
		{"anything else", failing(errors.New(canary)), broken},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			base := strings.Replace(plain.URL, "http:", "https:", 1)
			c := newClient(t, base, fourthwall.Options{Budget: noRoom, Transport: row.transport})
			_, err := c.CurrentShop(t.Context(), token)
			if err == nil || err.Error() != "read shop: "+row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

// slow is a timeout of another package.
type slow struct{}

func (slow) Error() string   { return canary }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

// cutOff returns a handler that counts requests, and resets the connection of each from a given one on.
func cutOff(count *atomic.Int32, from int32, raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if count.Add(1) < from {
			_, _ = io.WriteString(w, shopBody)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	}
}

// A write reaches the API once, whether its connection is new or reused, and however that fails. (Package net/http
// repeats a GET by itself.)
func TestWritesAreSentOnce(t *testing.T) {
	rows := []struct {
		name   string
		before int32 // calls over the same connection before
		raw    string
	}{
		{"new connection", 0, ""},
		{"used connection", 1, ""},
		{"used connection, cut in the header", 1, "HTTP/1.1 200 OK\r\nX-A: b"},
	}
	for _, row := range rows {
		for _, name := range []string{"create webhook", "update webhook", "delete webhook"} {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				var count atomic.Int32
				server := httptest.NewServer(cutOff(&count, row.before+1, row.raw))
				t.Cleanup(server.Close)
				c := newClient(t, server.URL, fourthwall.Options{})
				for range row.before {
					if _, err := c.CurrentShop(t.Context(), token); err != nil {
						t.Fatal(err)
					}
				}
				e := asError(t, operationNamed(t, name).call(t.Context(), c))
				if n := count.Load() - row.before; n != 1 || e.Status != 0 || e.NotSent || !e.Uncertain() {
					t.Errorf("sent %d times: %#v: %v", n, e, e)
				}
			})
		}
	}
}

func TestHTTP2(t *testing.T) {
	var posts, gets atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("spoke %s", r.Proto)
		}
		if r.Method == http.MethodPost {
			posts.Add(1)
			panic(http.ErrAbortHandler)
		}
		gets.Add(1)
		_, _ = io.WriteString(w, shopBody)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	c := newClient(t, server.URL, fourthwall.Options{Transport: server.Client().Transport})
	if _, err := c.CurrentShop(t.Context(), token); err != nil || gets.Load() != 1 {
		t.Fatalf("%d reads, error %v", gets.Load(), err)
	}
	_, err := c.CreateWebhook(t.Context(), token, input)
	e := asError(t, err)
	if posts.Load() != 1 || e.Status != 0 || e.NotSent || !e.Uncertain() {
		t.Errorf("sent %d times: %#v: %v", posts.Load(), e, err)
	}
	server.Close()
	_, err = newClient(t, server.URL, fourthwall.Options{Transport: server.Client().Transport, Budget: noRoom}).
		CreateWebhook(t.Context(), token, input)
	if e := asError(t, err); !e.NotSent || e.Uncertain() {
		t.Errorf("nobody there: %#v: %v", e, err)
	}
}

// A redirect is a response like any other: neither the request nor the credential is sent elsewhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, op := range operations {
			t.Run(fmt.Sprint(status, " ", op.name), func(t *testing.T) {
				c := serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Location", other.URL+r.URL.Path)
					w.WriteHeader(status)
				})
				e := asError(t, op.call(t.Context(), c))
				if e.Status != status || e.NotSent || e.Uncertain() != (op.kind != "read") {
					t.Errorf("got %#v", e)
				}
			})
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestConcurrentCalls(t *testing.T) {
	var n atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && n.Add(1)%7 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintf(w, `{"id":%q}`, strings.TrimPrefix(r.URL.Path, "/open-api/v1.0/webhooks/"))
	})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			id := fmt.Sprint("wcon_", i)
			if w, err := c.Webhook(ctx, token, id); err != nil || w.ID != id {
				t.Errorf("read %q, error %v; want %q", w.ID, err, id)
			}
			if w, err := c.UpdateWebhook(ctx, token, id, input); err != nil || w.ID != id {
				t.Errorf("updated %q, error %v; want %q", w.ID, err, id)
			}
		})
	}
	wg.Wait()
}

func TestCloseIdleConnections(t *testing.T) {
	closed := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, shopBody)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			close(closed)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := newClient(t, server.URL, fourthwall.Options{})
	if _, err := c.CurrentShop(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	c.CloseIdleConnections()
	<-closed
	// A transport without CloseIdleConnections is left alone.
	newClient(t, server.URL, fourthwall.Options{Transport: roundTripper(nil)}).CloseIdleConnections()
}
