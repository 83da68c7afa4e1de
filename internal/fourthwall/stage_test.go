package fourthwall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"hookwall/internal/fourthwall"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	canary      = "canary-Zq7"
	webhookBody = `{"id":"wcon_1","url":"https://a.example/h","allowedTypes":["ORDER_PLACED"],"apiVersion":"V1"}`
	listBody    = `{"results":[` + webhookBody + `],"total":1,"page":0,"size":50,"totalPages":1}`
	shopBody    = `{"id":"sh_1","name":"Studio Nine","domain":"nine.fourthwall.com","publicDomain":"nine.example"}`
	eventBody   = `{"id":"weve_1","type":"ORDER_PLACED","apiVersion":"V1","createdAt":"2026-03-01T10:00:00Z",` +
		`"updatedAt":"2026-03-01T10:00:02.5Z","body":"{\"webhookId\":\"wcon_1\",\"data\":{\"email\":\"` + canary + `\"}}",` +
		`"testMode":true,"state":"DELIVERED","error":null,"url":"https://a.example/h"}`
	eventsBody = `{"results":[` + eventBody + `],"total":1,"page":0,"size":50,"totalPages":1}`
)

var (
	token = fourthwall.Bearer{Token: canary}
	input = fourthwall.Content{URL: "https://a.example/h", AllowedTypes: []fourthwall.EventType{"ORDER_PLACED"}}
)

// operation is one of the client's calls, with a valid response.
type operation struct {
	name string // Error.Op
	kind string // read, write
	good string
	call func(context.Context, *fourthwall.Client) error
}

var operations = []operation{
	{"read shop", "read", shopBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.CurrentShop(ctx, token)
		return err
	}},
	{"list webhooks", "read", listBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.Webhooks(ctx, token)
		return err
	}},
	{"read webhook", "read", webhookBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.Webhook(ctx, token, "wcon_1")
		return err
	}},
	{"create webhook", "write", webhookBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.CreateWebhook(ctx, token, input)
		return err
	}},
	{"update webhook", "write", webhookBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.UpdateWebhook(ctx, token, "wcon_1", input)
		return err
	}},
	{"delete webhook", "write", "", func(ctx context.Context, c *fourthwall.Client) error {
		return c.DeleteWebhook(ctx, token, "wcon_1")
	}},
	{"list events", "read", eventsBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.Events(ctx, token, fourthwall.EventQuery{})
		return err
	}},
	{"read event", "read", eventBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.Event(ctx, token, "weve_1")
		return err
	}},
	{"read channel", "read", channelBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.CurrentChannel(ctx, token)
		return err
	}},
	{"list the channel's shops", "read", channelShopsBody, func(ctx context.Context, c *fourthwall.Client) error {
		_, err := c.ChannelShops(ctx, token)
		return err
	}},
}

func operationNamed(t *testing.T, name string) operation {
	t.Helper()
	for _, op := range operations {
		if op.name == name {
			return op
		}
	}
	t.Fatalf("no operation %q", name)
	return operation{}
}

// step is what the API does in one try.
type step struct {
	refuse bool   // the connection is refused
	cut    string // "before" an answer, in the "header", in the "body"
	hang   bool   // no answer
	raw    string // bytes that are not made by an HTTP server
	open   bool   // the connection stays open after them
	status int
	header map[string]string
	body   string // "good" = the one that satisfies the operation
	delay  time.Duration
}

// stage is an API that follows a script and then repeats the last step. Its connections are in memory, so that time is
// virtual inside a synctest bubble.
type stage struct {
	mu       sync.Mutex
	script   []step
	good     string
	dials    int
	requests int
	conns    chan net.Conn
	done     chan struct{}
}

// client starts the stage and returns a client of it. Each try has its own connection.
func (s *stage) client(t *testing.T, o fourthwall.Options) *fourthwall.Client {
	t.Helper()
	s.conns, s.done = make(chan net.Conn), make(chan struct{})
	server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s) }()
	transport := &http.Transport{DialContext: s.dial, DisableKeepAlives: true}
	o.Transport = transport
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("stage: %v", err)
		}
	})
	return newClient(t, "http://api.example", o)
}

func newClient(t *testing.T, base string, o fourthwall.Options) *fourthwall.Client {
	t.Helper()
	c, err := fourthwall.New(base, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func (s *stage) peek() step {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.script[0]
}

func (s *stage) pop() step {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.script[0]
	if len(s.script) > 1 {
		s.script = s.script[1:]
	}
	return next
}

func (s *stage) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	s.mu.Lock()
	s.dials++
	s.mu.Unlock()
	if s.peek().refuse {
		s.pop()
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	select {
	case s.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *stage) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *stage) Close() error {
	close(s.done)
	return nil
}

func (s *stage) Addr() net.Addr { return &net.UnixAddr{Name: "stage"} }

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	next := s.pop()
	s.mu.Lock()
	s.requests++
	s.mu.Unlock()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	if next.delay > 0 {
		select {
		case <-time.After(next.delay):
		case <-r.Context().Done():
		}
	}
	if next.hang {
		<-r.Context().Done()
		return
	}
	next.answer(w, s.good)
}

func (st step) answer(w http.ResponseWriter, good string) {
	if st.body == "good" {
		st.body = good
	}
	switch {
	case st.raw != "":
		hijack(w, st.raw, st.open)
	case st.cut == "before":
		hijack(w, "", false)
	case st.cut == "header":
		hijack(w, "HTTP/1.1 200 OK\r\nX-Request-Id: req-cut\r\n", false)
	case st.cut == "body":
		hijack(w, fmt.Sprintf("HTTP/1.1 %d Cut\r\nContent-Length: 500\r\nX-Request-Id: req-cut\r\n\r\n{\"id\":", st.status),
			false)
	default:
		for name, value := range st.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(st.status)
		_, _ = io.WriteString(w, st.body)
	}
}

// hijack writes raw bytes and closes the connection, immediately or after the client does.
func hijack(w http.ResponseWriter, raw string, open bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, raw)
	if open {
		_, _ = io.Copy(io.Discard, conn)
	}
	_ = conn.Close()
}

// lockedBuffer collects log lines of several goroutines.
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

// inBubble runs a test in virtual time with an API that repeats one step.
func inBubble(t *testing.T, always step, test func(*testing.T, *fourthwall.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{script: []step{always}}
		test(t, s.client(t, fourthwall.Options{}))
	})
}
