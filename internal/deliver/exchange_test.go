package deliver

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// drip sends text and then one byte every 130 ms until the connection is closed: 38 bytes in 5 s.
func drip(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) != nil {
			return
		}
		_, err := conn.Write([]byte(text))
		for err == nil {
			pause(130 * time.Millisecond)
			_, err = conn.Write([]byte("x"))
		}
	}
}

// endless sends text and then repeats more until the connection is closed.
func endless(text, more string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) != nil {
			return
		}
		_, err := conn.Write([]byte(text))
		for err == nil {
			_, err = conn.Write([]byte(more))
		}
	}
}

func after(d time.Duration, text string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) == nil {
			pause(d)
			_, _ = conn.Write([]byte(text))
		}
	}
}

func thenSilence(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) == nil {
			_, _ = conn.Write([]byte(text))
			_, _ = io.Copy(io.Discard, conn)
		}
	}
}

func gzipBomb() string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.CopyN(z, zeros{}, 64<<20)
	_ = z.Close()
	return b.String()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// TestEndpoints has a row for every way an endpoint can behave. Time is that of the bubble.
// Checklist 32.
func TestEndpoints(t *testing.T) {
	bomb := gzipBomb()
	kept := func(s string) []byte { return []byte(s[:min(len(s), defaultMaxBody)]) }
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	rows := []struct {
		name  string
		serve func(net.Conn)
		fail  string
		want  Response
		first time.Duration
		total time.Duration
	}{
		{name: "200", serve: afterRequest(ok), want: Response{200, "HTTP/1.1", header("Content-Length", "2"), []byte("ok"), false}},
		{name: "204", serve: afterRequest("HTTP/1.1 204 No Content\r\n\r\n"), want: Response{204, "HTTP/1.1", header(), []byte{}, false}},
		{
			name:  "redirect",
			serve: afterRequest("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"),
			want:  Response{302, "HTTP/1.1", header("Location", "http://127.0.0.1/", "Content-Length", "0"), []byte{}, false},
		},
		{
			name: "500 with a cookie", serve: afterRequest("HTTP/1.1 500 Oh\r\nSet-Cookie: a=b\r\n\r\nno"),
			want: Response{500, "HTTP/1.1", header("Set-Cookie", "a=b"), []byte("no"), false},
		},
		{name: "HTTP/1.0", serve: afterRequest("HTTP/1.0 200 OK\r\n\r\nold"), want: Response{200, "HTTP/1.0", header(), []byte("old"), false}},
		{
			name:  "informed first",
			serve: afterRequest("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok),
			want:  Response{200, "HTTP/1.1", header("Content-Length", "2"), []byte("ok"), false},
		},
		{
			name: "switching protocols", serve: afterRequest("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x00\x01"),
			want: Response{101, "HTTP/1.1", header("Upgrade", "x"), []byte{}, false},
		},
		{
			name:  "chunks",
			serve: afterRequest("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
			want:  Response{200, "HTTP/1.1", header(), []byte("abc"), false},
		},
		{
			name: "slow", serve: after(3*time.Second, ok), first: 3 * time.Second, total: 3 * time.Second,
			want: Response{200, "HTTP/1.1", header("Content-Length", "2"), []byte("ok"), false},
		},
		{name: "response before the request is read", serve: func(conn net.Conn) {
			_, _ = conn.Write([]byte("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"))
		}, want: Response{413, "HTTP/1.1", header("Content-Length", "0"), []byte{}, false}},
		{
			name:  "a body of exactly the limit",
			serve: afterRequest("HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("a", defaultMaxBody)),
			want:  Response{200, "HTTP/1.1", header(), []byte(strings.Repeat("a", defaultMaxBody)), false},
		},
		{
			name: "a byte more", serve: afterRequest("HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("a", defaultMaxBody+1)),
			want: Response{200, "HTTP/1.1", header(), []byte(strings.Repeat("a", defaultMaxBody)), true},
		},
		{
			name: "endless body", serve: endless("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("a", 4096)),
			want: Response{200, "HTTP/1.1", header(), []byte(strings.Repeat("a", defaultMaxBody)), true},
		},
		{
			name: "endless chunks", serve: endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "8\r\naaaaaaaa\r\n"),
			want: Response{200, "HTTP/1.1", header(), []byte(strings.Repeat("a", defaultMaxBody)), true},
		},
		{
			name: "gzip bomb", serve: afterRequest("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb),
			want: Response{200, "HTTP/1.1", header("Content-Encoding", "gzip"), kept(bomb), true},
		},

		{name: "silence", serve: thenSilence(""), fail: "response timeout", total: 5 * time.Second},
		{name: "does not read", serve: func(net.Conn) { pause(time.Minute) }, fail: "response timeout", total: 5 * time.Second},
		{name: "too slow", serve: after(6*time.Second, ok), fail: "response timeout", total: 5 * time.Second},
		{name: "stops in the status line", serve: thenSilence("HTTP/1.1 2"), fail: "response timeout", total: 5 * time.Second},
		{name: "drip-fed header", serve: drip("HTTP/1.1 200 OK\r\nX: "), fail: "response timeout", total: 5 * time.Second},
		{
			name: "drip-fed body", serve: drip("HTTP/1.1 200 OK\r\n\r\n"), fail: "body timeout", total: 5 * time.Second,
			want: Response{200, "HTTP/1.1", header(), []byte(strings.Repeat("x", 38)), false},
		},
		{
			name:  "body that never begins",
			serve: thenSilence("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
			fail:  "body timeout",
			total: 5 * time.Second,
			want:  Response{200, "HTTP/1.1", header("Content-Length", "9"), []byte{}, false},
		},
		{name: "endless header", serve: endless("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"), fail: "response header-too-large"},
		{name: "endless header line", serve: endless("HTTP/1.1 200 OK\r\nX: ", "aaaaaaaa"), fail: "response header-too-large"},
		{name: "endless status line", serve: endless("HTTP/1.1 200 ", "aaaaaaaa"), fail: "response header-too-large"},
		{name: "endlessly informed", serve: endless("", "HTTP/1.1 103 Early Hints\r\n\r\n"), fail: "response header-too-large"},
		{
			name:  "endless chunk extension",
			serve: endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;", "aaaaaaaa"),
			fail:  "body malformed",
			want:  Response{200, "HTTP/1.1", header(), []byte{}, false},
		},
		{name: "closed immediately", serve: func(net.Conn) {}, fail: "response closed"},
		{name: "closed after the request", serve: afterRequest(""), fail: "response closed"},
		{name: "cut in the header", serve: afterRequest("HTTP/1.1 200 OK\r\nX-A"), fail: "response cut"},
		{name: "cut after one byte", serve: afterRequest("H"), fail: "response cut"},
		{
			name: "cut in the body", serve: afterRequest("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), fail: "body cut",
			want: Response{200, "HTTP/1.1", header("Content-Length", "9"), []byte("abc"), false},
		},
		{
			name:  "cut in a chunk",
			serve: afterRequest("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"),
			fail:  "body cut",
			want:  Response{200, "HTTP/1.1", header(), []byte("abc"), false},
		},
		{
			name:  "bad chunk",
			serve: afterRequest("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
			fail:  "body malformed",
			want:  Response{200, "HTTP/1.1", header(), []byte{}, false},
		},
		{name: "garbage", serve: afterRequest("\x00\xff garbage\r\n\r\n"), fail: "response malformed"},
		{name: "garbage, connection stays open", serve: thenSilence("* OK IMAP ready"), fail: "response malformed", total: 5 * time.Second},
		{name: "garbage, then closed", serve: afterRequest("nope"), fail: "response malformed"},
		{name: "endless garbage", serve: endless("", "garbage!"), fail: "response malformed"},
		{name: "another protocol speaks first", serve: func(conn net.Conn) {
			_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.9\r\n"))
			_, _ = io.Copy(io.Discard, conn)
		}, fail: "response malformed"},
		{name: "HTTP/2", serve: afterRequest("HTTP/2.0 200 OK\r\n\r\n"), fail: "response malformed"},
		{name: "status 0", serve: afterRequest("HTTP/1.1 000 OK\r\n\r\n"), fail: "response malformed"},
		{name: "status 42", serve: afterRequest("HTTP/1.1 042 OK\r\n\r\n"), fail: "response malformed"},
		{name: "status of four digits", serve: afterRequest("HTTP/1.1 2000 OK\r\n\r\n"), fail: "response malformed"},
		{name: "bad header", serve: afterRequest("HTTP/1.1 200 OK\r\nX Y\r\n\r\n"), fail: "response malformed"},
		{name: "bad length", serve: afterRequest("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), fail: "response malformed"},
		{name: "two lengths", serve: afterRequest("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), fail: "response malformed"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, w := wired(t, Options{}, row.serve)
				r, err := c.Do(t.Context(), Request{URL: hook, Message: Message{Body: []byte("{}")}})
				if failureOf(err) != row.fail || (err == nil) != (row.fail == "") {
					t.Errorf("%v, want %q", err, row.fail)
				}
				if diff := cmp.Diff(row.want, r.Response); diff != "" {
					t.Error(diff)
				}
				if row.first != 0 && r.Timing.FirstByte != row.first || r.Timing.Exchange != row.total ||
					r.Timing.Total != row.total {
					t.Errorf("timing %+v", r.Timing)
				}
				if len(w.dials()) != 1 || len(r.Dials) != 1 || r.RemoteAddr != w.dials()[0] {
					t.Errorf("dialed %v, %+v", w.dials(), r)
				}
			})
		})
	}
}

// recorder records what is read from a connection.
type recorder struct {
	net.Conn
	got *bytes.Buffer
}

func (r recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.got.Write(p[:n])
	return n, err
}

// TestWire compares the bytes that are sent.
func TestWire(t *testing.T) {
	rows := []struct {
		name    string
		address string
		message Message
		want    string
	}{
		{
			"delivery",
			"http://HOOKS.example:443/a%2Fb?x=1#y",
			Message{
				Header: http.Header{"Content-Type": {"application/json"}, "X-Fourthwall-Hmac-SHA256": {"abc="}},
				Body:   []byte("{\"a\":1}\n"),
			},
			"POST /a%2Fb?x=1 HTTP/1.1\r\nHost: hooks.example:443\r\nUser-Agent: hookwall\r\nConnection: close\r\nContent-Length: 8\r\n" +
				"Content-Type: application/json\r\nX-Fourthwall-Hmac-SHA256: abc=\r\n\r\n{\"a\":1}\n",
		},
		{
			"nothing in it", "http://hooks.example",
			Message{},
			"POST / HTTP/1.1\r\nHost: hooks.example\r\nUser-Agent: hookwall\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"another method and agent", "http://hooks.example?q",
			Message{Method: "GET", Header: http.Header{"user-agent": {"test/1"}}},
			"GET /?q HTTP/1.1\r\nHost: hooks.example\r\nUser-Agent: test/1\r\nConnection: close\r\n\r\n",
		},
		{
			"an IPv6 address", "http://[2606:4700:0::1]",
			Message{Method: "HEAD"},
			"HEAD / HTTP/1.1\r\nHost: [2606:4700::1]\r\nUser-Agent: hookwall\r\nConnection: close\r\n\r\n",
		},
	}
	for _, row := range rows {
		var got bytes.Buffer
		c, _ := wired(t, Options{}, func(conn net.Conn) { afterRequest(ok)(recorder{conn, &got}) })
		r, err := c.Do(t.Context(), Request{URL: row.address, Message: row.message})
		if diff := cmp.Diff(row.want, got.String()); diff != "" || err != nil || r.Status != 200 {
			t.Errorf("%s: %v %+v\n%s", row.name, err, r, diff)
		}
	}
}

// A message can't change the framing, the host or the credentials of a request. Nothing is dialed.
func TestInvalidMessages(t *testing.T) {
	rows := map[string]Message{
		"body of more than 1 MiB":  {Body: make([]byte, maxMessage+1)},
		"method with a space":      {Method: "GET /"},
		"method with a line break": {Method: "GET\r\nX: y"},
		"CONNECT":                  {Method: "CONNECT"},
		"name with a space":        {Header: http.Header{"X Y": {"z"}}},
		"name with a line break":   {Header: http.Header{"X\r\nY": {"z"}}},
		"name with a colon":        {Header: http.Header{"X:": {"z"}}},
		"name that is empty":       {Header: http.Header{"": {"z"}}},
		"value with a line break":  {Header: http.Header{"X": {"y", "a\r\nHost: localhost"}}},
		"value with NUL":           {Header: http.Header{"X": {"\x00"}}},
	}
	for _, name := range []string{
		"Host", "Content-Length", "Transfer-Encoding", "Connection", "Cookie", "Authorization", "Proxy-Authorization", "Proxy-Connection",
		"TE", "Trailer", "Upgrade", "Expect", "Keep-Alive", "host", "cOOKIE", "authorization", "proxy-x", "Cookie2",
	} {
		rows[name] = Message{Header: http.Header{name: {"x"}}}
	}
	c, w := wired(t, Options{}, afterRequest(ok))
	for name, m := range rows {
		if r, err := c.Do(t.Context(), Request{URL: hook, Message: m}); reasonOf(err) != ReasonRequest || r.Addresses != nil {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
	}
	if len(w.dials()) != 0 {
		t.Errorf("dialed %v", w.dials())
	}
	if r, err := c.Do(t.Context(), Request{URL: hook, Message: Message{Body: make([]byte, maxMessage)}}); err != nil ||
		r.Status != 200 {
		t.Errorf("a body of 1 MiB: %v", err)
	}
}

// This needs real sockets: pipes can't be reset.
func TestResetConnections(t *testing.T) {
	reset := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			_ = readRequest(conn)
			_, _ = io.WriteString(conn, text)
			resetOnClose(conn)
		}
	}
	rows := []struct {
		name, want string
		serve      func(net.Conn)
		status     int
		body       string
	}{
		{name: "after the request", want: "response reset", serve: reset("")},
		{name: "in the header", want: "response reset", serve: reset("HTTP/1.1 200 OK\r\nX-A")},
		{name: "in the body", want: "body reset", serve: reset("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), status: 200, body: "abc"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, listen(t, "80", row.serve))
			r, err := c.Do(t.Context(), Request{URL: hook})
			if failureOf(err) != row.want || r.Status != row.status || string(r.Body) != row.body {
				t.Errorf("%v, want %s; %d %q", err, row.want, r.Status, r.Body)
			}
		})
	}
}

// resetOnWrite is a connection that reports its reset to the writer, so that the reader only gets io.EOF.
type resetOnWrite struct {
	net.Conn
	written chan struct{}
}

func (c resetOnWrite) Write([]byte) (int, error) {
	defer close(c.written)
	return 0, &net.OpError{Op: "write", Err: syscall.ECONNRESET}
}

func (c resetOnWrite) Read([]byte) (int, error) {
	<-c.written
	return 0, io.EOF
}

func TestResetWhileWriting(t *testing.T) {
	c, w := wired(t, Options{}, func(net.Conn) {})
	c.dial = func(ctx context.Context, to netip.AddrPort, control controlFunc) (net.Conn, error) {
		conn, err := w.dial(ctx, to, control)
		return resetOnWrite{conn, make(chan struct{})}, err
	}
	if _, err := c.Do(t.Context(), Request{URL: hook}); failureOf(err) != "response reset" {
		t.Errorf("%v", err)
	}
}

// The endpoint closes its port. The system doesn't reuse the port so soon.
func TestClosedPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	there := netip.MustParseAddrPort(l.Addr().String())
	_ = l.Close()
	c := newClient(t, Options{Exceptions: []Exception{{Host: "hooks.example:80", Addr: there}}})
	r, err := c.Do(t.Context(), Request{URL: hook})
	var e *Error
	if failureOf(err) != "connect refused" || !errors.As(err, &e) || e.Public() != kindTexts[KindRefused] {
		t.Errorf("%v", err)
	}
	if len(r.Dials) != 1 || r.Dials[0].Addr != there || r.Dials[0].Kind != KindRefused || r.RemoteAddr.IsValid() ||
		r.Timing.Connect == 0 {
		t.Errorf("%+v", r)
	}
	if strings.Contains(err.Error()+e.Public(), "127.0.0.1") {
		t.Errorf("%v has the address", err)
	}
}

// TestRealServer calls a net/http server over a real socket.
func TestRealServer(t *testing.T) {
	for _, private := range []bool{false, true} {
		var hits atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			hits.Add(1)
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("X-Host", r.Host)
			_, _ = w.Write(body)
		}))
		t.Cleanup(server.Close)
		there := netip.MustParseAddrPort(server.Listener.Addr().String())
		o, address := Options{AllowPrivate: true}, server.URL+"/hook"
		if !private {
			o, address = Options{Exceptions: []Exception{{Host: "hooks.example:80", Addr: there}}}, hook
		}
		r, err := newClient(t, o).Do(t.Context(), Request{URL: address, Message: Message{Body: []byte("hello")}})
		if err != nil || r.Status != 200 || string(r.Body) != "hello" || r.RemoteAddr != there || hits.Load() != 1 ||
			r.TLS != nil {
			t.Errorf("private %v: %v, %+v", private, err, r)
		}
		if want := []Address{{IP: there.Addr()}}; len(r.Addresses) != 1 || r.Addresses[0] != want[0] {
			t.Errorf("addresses %v", r.Addresses)
		}
		if g := r.Timing; g.Connect == 0 || g.TLS != 0 || g.FirstByte == 0 || g.Exchange < g.FirstByte ||
			g.Total != g.DNS+g.Connect+g.Exchange {
			t.Errorf("timing %+v", g)
		}
	}
}

// A redirect to this machine is a response like any other and isn't followed.
// Checklist 31.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var inner atomic.Int32
	victim := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inner.Add(1) }))
	t.Cleanup(victim.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		text := fmt.Sprintf("HTTP/1.1 %d Moved\r\nLocation: %s/\r\nRefresh: 0; url=%s\r\nContent-Length: 0\r\n\r\n", status,
			victim.URL, victim.URL)
		c := newClient(t, listen(t, "80", afterRequest(text)))
		r, err := c.Do(t.Context(), Request{URL: hook})
		if err != nil || r.Status != status || r.Header.Get("Location") != victim.URL+"/" {
			t.Errorf("%d: %v, %+v", status, err, r)
		}
	}
	if n := inner.Load(); n != 0 {
		t.Errorf("%d requests reached the inner server", n)
	}
}

// Checklist 31.
func TestNoProxy(t *testing.T) {
	var hits atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(proxy.Close)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	t.Setenv("NO_PROXY", "")
	c := newClient(t, listen(t, "80", afterRequest(ok)))
	if r, err := c.Do(t.Context(), Request{URL: hook}); err != nil || r.Status != 200 {
		t.Errorf("%v, %+v", err, r)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Transport().RoundTrip(req)
	if err != nil || resp.Body.Close() != nil || resp.StatusCode != 200 {
		t.Errorf("%v, %+v", err, resp)
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests reached the proxy", n)
	}
}

func TestCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, row := range []struct {
			serve func(net.Conn)
			want  string
		}{
			{thenSilence(""), "response canceled"},
			{thenSilence("garbage"), "response canceled"},
			{drip("HTTP/1.1 200 OK\r\n\r\n"), "body canceled"},
		} {
			c, _ := wired(t, Options{}, row.serve)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			r, err := c.Do(ctx, Request{URL: hook})
			if failureOf(err) != row.want || r.Timing.Total != time.Second {
				t.Errorf("%v, want %s; %+v", err, row.want, r.Timing)
			}
		}
	})
}

// Checklist 32.
func TestOptionsSetLimits(t *testing.T) {
	o := Options{Timeout: time.Second, MaxHeader: 100, MaxBody: 3, UserAgent: "mine/1"}
	synctest.Test(t, func(t *testing.T) {
		for _, row := range []struct {
			serve func(net.Conn)
			fail  string
			want  Response
		}{
			{after(1100*time.Millisecond, ok), "response timeout", Response{}},
			{afterRequest("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 100) + "\r\n\r\n"), "response header-too-large", Response{}},
			{after(900*time.Millisecond, "HTTP/1.1 200 OK\r\n\r\nabcd"), "", Response{200, "HTTP/1.1", http.Header{}, []byte("abc"), true}},
		} {
			c, _ := wired(t, o, row.serve)
			r, err := c.Do(t.Context(), Request{URL: hook})
			if diff := cmp.Diff(row.want, r.Response); failureOf(err) != row.fail || diff != "" {
				t.Errorf("%v, want %q\n%s", err, row.fail, diff)
			}
		}
	})
}

// The limit of the header doesn't apply to the body.
func TestBodyLargerThanHeader(t *testing.T) {
	c, _ := wired(t, Options{MaxHeader: 100, MaxBody: 9000}, afterRequest("HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("a",
		9000)))
	r, err := c.Do(t.Context(), Request{URL: hook})
	if err != nil || len(r.Body) != 9000 || r.BodyTruncated {
		t.Errorf("%v, %d bytes", err, len(r.Body))
	}
}

// FuzzResponse checks that a call ends within its limits with a response or a typed error, whatever the endpoint sends.
func FuzzResponse(f *testing.F) {
	for _, text := range []string{
		ok, "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.0 200\r\n\r\nx", "HTTP/1.1 100\r\n\r\n" + ok,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nab", "\x15\x03\x01\x00\x02\x02\x46", "HTTP/1.1 200 OK\n\nab", "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, _ := wired(t, Options{MaxHeader: 256, MaxBody: 64}, afterRequest(string(text)))
		r, err := c.Do(t.Context(), Request{URL: hook})
		if len(r.Body) > 64 || err == nil && (r.Status < 101 || r.Status > 999) || err != nil && failureOf(err) == "" {
			t.Errorf("%q: %v, %+v", text, err, r.Response)
		}
	})
}
