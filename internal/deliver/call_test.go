package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func newTestCall(t *testing.T, c *Client, address string) *Call {
	t.Helper()
	v, err := c.NewCall(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// The result has each step when it is done, and the request can be repeated at the checked address.
func TestStepByStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lookups := 0
		resolver := resolverFunc(func(context.Context, string) ([]netip.Addr, error) {
			lookups++
			pause(time.Second)
			return addrs("8.8.8.8", "2606:4700::1"), nil
		})
		var n atomic.Int32
		c, w := wired(t, Options{Resolver: resolver}, func(conn net.Conn) {
			if readRequest(conn) == nil {
				pause(time.Duration(n.Add(1)) * time.Second)
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 20%d OK\r\n\r\n", n.Load())
			}
		})
		v := newTestCall(t, c, "http://HOOKS.example")
		if r := v.Result(); r.Target.URL != "http://hooks.example/" || r.Addresses != nil {
			t.Errorf("before: %+v", r)
		}
		for range 2 { // a step that was made is not made again
			if err := v.Resolve(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if r := v.Result(); len(r.Addresses) != 2 || !r.Addresses[1].Public ||
			r.Timing != (Timing{DNS: time.Second, Total: time.Second}) ||
			len(w.dials()) != 0 {
			t.Errorf("resolved: %+v", r)
		}
		pause(time.Hour) // what happens between the steps does not count
		for range 2 {
			if err := v.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if r := v.Result(); r.RemoteAddr.String() != "8.8.8.8:80" || len(r.Dials) != 1 || r.Dials[0].Kind != "" ||
			r.Status != 0 {
			t.Errorf("connected: %+v", r)
		}
		if err := v.Handshake(t.Context()); err != nil || v.Result().TLS != nil {
			t.Errorf("handshake: %v, %+v", err, v.Result())
		}
		for i, want := range []Timing{
			{DNS: time.Second, FirstByte: time.Second, Exchange: time.Second, Total: 2 * time.Second},
			{FirstByte: 2 * time.Second, Exchange: 2 * time.Second, Total: 2 * time.Second},
		} {
			err := v.Exchange(t.Context(), Message{})
			if r := v.Result(); err != nil || r.Status != 201+i || r.Timing != want || len(r.Addresses) != 2 ||
				len(r.Dials) != 1 {
				t.Errorf("exchange %d: %v, %+v", i, err, r)
			}
		}
		if lookups != 1 || fmt.Sprint(w.dials()) != "[8.8.8.8:80 8.8.8.8:80]" {
			t.Errorf("%d lookups, dialed %v", lookups, w.dials())
		}
	})
}

// After a failed step, the next one starts over, and the result has nothing of the failed call.
func TestAfterFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		resolver := resolverFunc(func(context.Context, string) ([]netip.Addr, error) {
			if up.Load() {
				return addrs("8.8.8.8"), nil
			}
			return nil, &net.DNSError{IsNotFound: true}
		})
		answers := []string{"", "HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\na", ok}
		c, _ := wired(t, Options{Resolver: resolver}, func(conn net.Conn) {
			text := answers[0]
			answers = answers[1:]
			afterRequest(text)(conn)
		})
		v := newTestCall(t, c, hook)
		for _, want := range []string{"resolve name-not-found 0", "response closed 0", "body cut 500", " 200"} {
			err := v.Exchange(t.Context(), Message{})
			if got := fmt.Sprint(failureOf(err), " ", v.Result().Status); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			up.Store(true)
		}
		if r := v.Result(); string(r.Body) != "ok" || len(r.Dials) != 1 {
			t.Errorf("%+v", r)
		}
	})
}

// All steps of a call share its time. The next call has all the time again.
func TestTimeIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resolver := resolverFunc(func(context.Context, string) ([]netip.Addr, error) {
			pause(3 * time.Second)
			return addrs("8.8.8.8"), nil
		})
		c, _ := wired(t, Options{Resolver: resolver}, after(4*time.Second, ok))
		v := newTestCall(t, c, hook)
		err := v.Exchange(t.Context(), Message{})
		if r := v.Result(); failureOf(err) != "response timeout" || r.Timing.Exchange != 2*time.Second ||
			r.Timing.Total != 5*time.Second {
			t.Errorf("%v, %+v", err, r.Timing)
		}
		err = v.Exchange(t.Context(), Message{})
		if r := v.Result(); err != nil || r.Timing.Total != 4*time.Second {
			t.Errorf("%v, %+v", err, r.Timing)
		}
	})
}

// If an address doesn't respond, the next one is tried. At most four addresses share the time.
func TestSeveralAddresses(t *testing.T) {
	all := addrs("8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5")
	rows := []struct {
		name, dead string // addresses that do not answer
		fail       string
		want       string
		took       time.Duration
	}{
		{"all answer", "", "", "8.8.8.1", 0},
		{"one is dead", "8.8.8.1", "", "8.8.8.1 timeout, 8.8.8.2", 1250 * time.Millisecond},
		{"only the fourth", "8.8.8.1 8.8.8.2 8.8.8.3", "", "8.8.8.1 timeout, 8.8.8.2 timeout, 8.8.8.3 timeout, 8.8.8.4", 3750 * time.Millisecond},
		{
			"only the fifth", "8.8.8.1 8.8.8.2 8.8.8.3 8.8.8.4", "connect timeout",
			"8.8.8.1 timeout, 8.8.8.2 timeout, 8.8.8.3 timeout, 8.8.8.4 timeout", 5 * time.Second,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, w := wired(t, Options{Resolver: names{"hooks.example.": all}}, afterRequest(ok))
				c.dial = func(ctx context.Context, to netip.AddrPort, control controlFunc) (net.Conn, error) {
					if strings.Contains(row.dead, to.Addr().String()) {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					return w.dial(ctx, to, control)
				}
				r, err := c.Do(t.Context(), Request{URL: hook})
				var got []string
				for _, a := range r.Dials {
					got = append(got, strings.TrimSpace(a.Addr.Addr().String()+" "+string(a.Kind)))
				}
				if failureOf(err) != row.fail || strings.Join(got, ", ") != row.want || r.Timing.Connect != row.took ||
					len(r.Addresses) != 5 {
					t.Errorf("%v; %v; %+v", err, got, r)
				}
			})
		})
	}
}

// A forbidden address stays forbidden, whatever step is tried next.
func TestRefusalIsFinal(t *testing.T) {
	c, w := wired(t, Options{Resolver: names{"hooks.example.": addrs("8.8.8.8", "10.0.0.1")}}, afterRequest(ok))
	v := newTestCall(t, c, hook)
	for name, step := range map[string]func() error{
		"resolve":  func() error { return v.Resolve(t.Context()) },
		"connect":  func() error { return v.Connect(t.Context()) },
		"exchange": func() error { return v.Exchange(t.Context(), Message{}) },
	} {
		for range 2 {
			if err := step(); reasonOf(err) != ReasonNotPublic || len(w.dials()) != 0 || v.Result().Status != 0 {
				t.Errorf("%s: %v, dialed %v", name, err, w.dials())
			}
		}
	}
}

// If the dialer connects to another address than the checked one, the dial hook ends the call.
func TestHookEndsTheCall(t *testing.T) {
	c, w := wired(t, Options{Resolver: names{"hooks.example.": addrs("8.8.8.8", "8.8.4.4")}}, afterRequest(ok))
	c.dial = func(ctx context.Context, _ netip.AddrPort, control controlFunc) (net.Conn, error) {
		return w.dial(ctx, netip.MustParseAddrPort("1.1.1.1:80"), control)
	}
	r, err := c.Do(t.Context(), Request{URL: hook})
	if reasonOf(err) != ReasonNotPublic || len(w.dials()) != 0 || r.Dials != nil || slotsTaken(c) != 0 {
		t.Errorf("%v, dialed %v, %+v", err, w.dials(), r)
	}
}

// busy serves connections that stay open until they are released.
type busy struct {
	now, most, all atomic.Int32
	release        chan struct{}
}

func (b *busy) serve(conn net.Conn) {
	if readRequest(conn) != nil {
		return
	}
	b.all.Add(1)
	n := b.now.Add(1)
	for most := b.most.Load(); n > most && !b.most.CompareAndSwap(most, n); {
		most = b.most.Load()
	}
	<-b.release
	b.now.Add(-1)
	_, _ = io.WriteString(conn, ok)
}

// Checklist 32.
func TestConcurrentCalls(t *testing.T) {
	rows := []struct {
		name    string
		options Options
		url     func(i int) string
		want    int32 // accepted; the others are refused
	}{
		{"for one host", Options{}, func(int) string { return hook }, 4},
		{
			"for one host, in all spellings",
			Options{},
			func(i int) string { return []string{"http://hooks.example/a", "http://HOOKS.example.:443/b"}[i%2] }, 4,
		},
		{
			"for one address under many names",
			Options{},
			func(i int) string { return fmt.Sprintf("http://h%d.example/", i) }, 4,
		},
		{"in total", Options{MaxPerTarget: 100, MaxConcurrent: 7}, func(int) string { return hook }, 7},
		{"by default", Options{MaxPerTarget: 100}, func(int) string { return hook }, 32},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := row.options
				o.Resolver = resolverFunc(func(context.Context, string) ([]netip.Addr, error) { return addrs("8.8.8.8"), nil })
				b := &busy{release: make(chan struct{})}
				c, _ := wired(t, o, b.serve)
				var calls sync.WaitGroup
				var done, refused atomic.Int32
				call := func(i int) {
					r, err := c.Do(t.Context(), Request{URL: row.url(i)})
					switch {
					case err == nil && r.Status == 200:
						done.Add(1)
					case reasonOf(err) == ReasonBusy:
						refused.Add(1)
					default:
						t.Errorf("call %d: %v", i, err)
					}
				}
				for i := range 100 {
					calls.Go(func() { call(i) })
				}
				synctest.Wait()
				close(b.release)
				calls.Wait()
				if b.most.Load() != row.want || done.Load() != row.want || refused.Load() != 100-row.want {
					t.Errorf("%d concurrent, %d done, %d refused", b.most.Load(), done.Load(), refused.Load())
				}
				if call(0); done.Load() != row.want+1 { // slots are released
					t.Error("a later call is refused")
				}
				if slotsTaken(c) != 0 {
					t.Errorf("%d slots are still in use", slotsTaken(c))
				}
			})
		})
	}
}

// A call keeps its slots until it is closed, and a call that fails releases them.
func TestSlots(t *testing.T) {
	c, _ := wired(t, Options{MaxPerTarget: 1, Resolver: names{
		"hooks.example.": addrs("8.8.8.8"),
		"bad.example.":   addrs("10.0.0.1"),
	}}, nil)
	v := newTestCall(t, c, hook)
	if _, err := c.NewCall("http://hooks.example:443/other"); reasonOf(err) != ReasonBusy {
		t.Errorf("a second call: %v", err)
	}
	if err := v.Exchange(t.Context(), Message{}); failureOf(err) != "connect failed" {
		t.Errorf("exchange: %v", err)
	}
	v.Close()
	v.Close()
	for _, address := range []string{"http://bad.example/", "http://unknown.example/", hook, "http://127.0.0.1/"} {
		for range 3 {
			if _, err := c.Do(t.Context(), Request{URL: address}); err == nil || reasonOf(err) == ReasonBusy {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
	if slotsTaken(c) != 0 {
		t.Errorf("%d slots are still in use", slotsTaken(c))
	}
}

func TestTransport(t *testing.T) {
	c := newClient(t, listen(t, "80", func(conn net.Conn) {
		if readRequest(conn) == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello")
		}
	}))
	body := &closeCounter{Reader: strings.NewReader("{}")}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Fourthwall-Hmac-SHA256", "abc=")
	resp, err := c.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil || string(got) != "hello" || resp.StatusCode != 202 || resp.Header.Get("X-A") != "b" ||
		resp.ContentLength != 5 ||
		resp.Request != req {
		t.Errorf("%v, %q, %+v", err, got, resp)
	}
	if n, err := resp.Body.Read(nil); n != 0 || err != nil {
		t.Errorf("reading nothing: %d, %v", n, err)
	}
	for range 2 {
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	if body.closed != 1 || slotsTaken(c) != 0 {
		t.Errorf("body closed %d times, %d slots", body.closed, slotsTaken(c))
	}
}

type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error {
	c.closed++
	return nil
}

// Failures before the response are those of Do.
func TestTransportFails(t *testing.T) {
	c, _ := wired(t, Options{Resolver: names{"hooks.example.": addrs("8.8.8.8"), "inside.example.": addrs("10.0.0.1")}},
		afterRequest(""))
	broken := errors.New("the body cannot be read")
	rows := []struct {
		address string
		body    io.Reader
		want    string
	}{
		{"http://unknown.example/", nil, "resolve name-not-found"},
		{"http://inside.example/", nil, "not-public"},
		{hook, nil, "response closed"},
		{hook, iotest.ErrReader(broken), broken.Error()},
	}
	for _, row := range rows {
		req, err := http.NewRequestWithContext(t.Context(), "", row.address, row.body)
		if err != nil {
			t.Fatal(err)
		}
		req.Method = ""
		resp, err := c.Transport().RoundTrip(req)
		got := failureOf(err) + string(reasonOf(err))
		if errors.Is(err, broken) {
			got = broken.Error()
		}
		if got != row.want || resp != nil || slotsTaken(c) != 0 {
			t.Errorf("%s: %v, want %s; %v", row.address, err, row.want, resp)
		}
	}
}

// Checklist 33.
func TestTransportRefuses(t *testing.T) {
	c, w := wired(t, Options{}, afterRequest("HTTP/1.1 302 Found\r\nLocation: http://hooks.example/again\r\n\r\n"))
	rows := []struct {
		name, address string
		change        func(*http.Request)
		want          Reason
	}{
		{"local address", "http://127.0.0.1:8081/", nil, ReasonNotPublic},
		{"metadata", "http://169.254.169.254/latest", nil, ReasonNotPublic},
		{"name that is unknown here", "http://receiver.local/", nil, ReasonNotPublic},
		{"port", "http://hooks.example:8080/", nil, ReasonPort},
		{"user", "http://user:password@hooks.example/", nil, ReasonUserinfo},
		{"scheme", "ftp://hooks.example/", nil, ReasonScheme},
		{"another host", hook, func(r *http.Request) { r.Host = "localhost" }, ReasonRequest},
		{"basic authorization", hook, func(r *http.Request) { r.SetBasicAuth("a", "b") }, ReasonRequest},
		{"cookie", hook, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "a", Value: "b"}) }, ReasonRequest},
		{"large body", hook, func(r *http.Request) { r.Body = io.NopCloser(io.LimitReader(zeros{}, 2<<20)) }, ReasonRequest},
	}
	for _, row := range rows {
		body := &closeCounter{Reader: strings.NewReader("{}")}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, row.address, body)
		if err != nil {
			t.Fatal(err)
		}
		if row.change != nil {
			row.change(req)
		}
		if resp, err := c.Transport().RoundTrip(req); reasonOf(err) != row.want || resp != nil {
			t.Errorf("%s: %v, %v", row.name, err, resp)
		}
		if req.Body == body && body.closed != 1 {
			t.Errorf("%s: body closed %d times", row.name, body.closed)
		}
	}
	if len(w.dials()) != 0 {
		t.Errorf("dialed %v", w.dials())
	}

	// An http.Client that follows redirects is stopped at the first.
	client := &http.Client{Transport: c.Transport()}
	resp, err := client.Get(hook)
	if reasonOf(err) != ReasonRedirect || len(w.dials()) != 1 {
		t.Errorf("redirect: %v, %v, dialed %v", err, resp, w.dials())
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err = client.Get(hook)
	if err != nil || resp.StatusCode != 302 || resp.Body.Close() != nil || len(w.dials()) != 2 {
		t.Errorf("redirect that isn't followed: %v, %v", err, resp)
	}
	if slotsTaken(c) != 0 {
		t.Errorf("%d slots are still in use", slotsTaken(c))
	}
}

func TestTransportBodies(t *testing.T) {
	rows := []struct {
		name  string
		serve func(net.Conn)
		fail  string
		want  int // bytes
	}{
		{"exactly the limit", afterRequest("HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("a", defaultMaxBody)), "", defaultMaxBody},
		{"endless", endless("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("a", 999)), "body body-too-large", defaultMaxBody},
		{"drip-fed", drip("HTTP/1.1 200 OK\r\n\r\n"), "body timeout", 38},
		{"cut", afterRequest("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), "body cut", 3},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := wired(t, Options{}, row.serve)
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook, nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := c.Transport().RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if len(body) != row.want || failureOf(err) != row.fail || (err == nil) != (row.fail == "") {
					t.Errorf("%d bytes, %v", len(body), err)
				}
				if err := resp.Body.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A body that is never closed doesn't keep its connection and its slots forever.
func TestForgottenBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := wired(t, Options{MaxPerTarget: 1}, thenSilence("HTTP/1.1 200 OK\r\n\r\n"))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Transport().RoundTrip(req) // and nobody closes it
		if err != nil || resp.StatusCode != 200 || slotsTaken(c) != 3 {
			t.Fatalf("%v, %v, %d slots", err, resp, slotsTaken(c))
		}
		pause(5 * time.Second)
		synctest.Wait()
		if slotsTaken(c) != 0 {
			t.Errorf("%d slots are still in use", slotsTaken(c))
		}
	})
}

func TestTransportWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := wired(t, Options{MaxPerTarget: 1}, after(2*time.Second, ok))
		start := time.Now()
		call := func(ctx context.Context) string {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, nil)
			if err != nil {
				return err.Error()
			}
			resp, err := c.Transport().RoundTrip(req)
			if err != nil {
				return fmt.Sprint(reasonOf(err), failureOf(err), " after ", time.Since(start))
			}
			_ = resp.Body.Close()
			return fmt.Sprint(resp.StatusCode, " after ", time.Since(start))
		}
		got := make(chan string, 1)
		go func() { got <- call(t.Context()) }()
		synctest.Wait()
		if second, first := call(t.Context()), <-got; first != "200 after 2s" || second != "200 after 4s" {
			t.Errorf("first %s, second %s", first, second)
		}

		v := newTestCall(t, c, hook) // has the only slot
		start = time.Now()
		if s := call(t.Context()); s != "busy after 5s" {
			t.Errorf("waited too long: %s", s)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if s := call(ctx); s != "connect canceled after 6s" {
			t.Errorf("canceled: %s", s)
		}
		time.AfterFunc(time.Second, v.Close)
		if s := call(t.Context()); s != "200 after 9s" {
			t.Errorf("at last: %s", s)
		}
	})
}
