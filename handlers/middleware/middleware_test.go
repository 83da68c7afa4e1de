package middleware

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// failed remembers what a layer refused, and responds with 418.
type failed struct{ err error }

func (f *failed) fail(w http.ResponseWriter, _ *http.Request, err error) {
	f.err = err
	w.WriteHeader(http.StatusTeapot)
}

func handlerOf(f http.HandlerFunc) http.Handler { return f }

var ok = handlerOf(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func address(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRequestID(t *testing.T) {
	var inside string
	h := RequestID(handlerOf(func(_ http.ResponseWriter, r *http.Request) { inside = RequestIDOf(r.Context()) }))
	w := serve(h, httptest.NewRequest(http.MethodGet, "/", nil))
	if len(inside) != requestIDLength || w.Header().Get("X-Request-Id") != inside {
		t.Errorf("%q in the context, %q in the response", inside, w.Header().Get("X-Request-Id"))
	}
	if id := RequestIDOf(t.Context()); id != "" {
		t.Errorf("a context without a request has the ID %q", id)
	}
}

func TestRecover(t *testing.T) {
	for name, test := range map[string]struct {
		cause    any
		write    bool
		want     error
		panicked any
	}{
		"before a response":    {cause: "boom", want: ErrPanic},
		"after its first byte": {cause: "boom", write: true, panicked: http.ErrAbortHandler},
		"on purpose":           {cause: http.ErrAbortHandler, panicked: http.ErrAbortHandler},
	} {
		t.Run(name, func(t *testing.T) {
			var f failed
			var logs bytes.Buffer
			h := Recover(slog.New(slog.NewTextHandler(&logs, nil)),
				f.fail)(handlerOf(func(w http.ResponseWriter, _ *http.Request) {
				if test.write {
					_, _ = io.WriteString(w, "x")
				}
				panic(test.cause)
			}))
			defer func() {
				if got := recover(); got != test.panicked {
					t.Errorf("panicked with %v, want %v", got, test.panicked)
				}
				if !errors.Is(f.err, test.want) {
					t.Errorf("failed with %v, want %v", f.err, test.want)
				}
				if logged := strings.Contains(logs.String(), "boom"); logged != (test.cause == "boom") {
					t.Errorf("the log says %s", &logs)
				}
			}()
			serve(h, httptest.NewRequest(http.MethodGet, "/", nil))
		})
	}
}

func TestHost(t *testing.T) {
	const local = "http://127.0.0.1:8080"
	for name, test := range map[string]struct {
		public, method, host string
		status               int
		to                   string
	}{
		"our own":                   {local, http.MethodPost, "127.0.0.1:8080", http.StatusOK, ""},
		"another name for us":       {local, http.MethodGet, "localhost:8080", http.StatusTemporaryRedirect, local + "/a%2Fb?c=d"},
		"a form to that name":       {local, http.MethodPost, "localhost:8080", http.StatusTeapot, ""},
		"somebody else's":           {local, http.MethodGet, "evil.example:8080", http.StatusTeapot, ""},
		"any, where a proxy may be": {"https://hooks.example.com", http.MethodGet, "evil.example", http.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var f failed
			r := httptest.NewRequest(test.method, "http://"+test.host+"/a%2Fb?c=d", nil)
			w := serve(Host(address(t, test.public), f.fail)(ok), r)
			if w.Code != test.status || w.Header().Get("Location") != test.to {
				t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
			}
			if refused := test.status == http.StatusTeapot; refused != errors.Is(f.err, ErrHost) {
				t.Errorf("failed with %v", f.err)
			}
		})
	}
}

func TestCrossOrigin(t *testing.T) {
	const ours = "https://hooks.example.com"
	for name, test := range map[string]struct {
		method, header, value string
		allowed               bool
	}{
		"a page":                      {http.MethodGet, "Sec-Fetch-Site", "cross-site", true},
		"a form of ours":              {http.MethodPost, "Sec-Fetch-Site", "same-origin", true},
		"a form of another site":      {http.MethodPost, "Sec-Fetch-Site", "cross-site", false},
		"our origin":                  {http.MethodPost, "Origin", ours, true},
		"another origin":              {http.MethodPost, "Origin", "https://evil.example", false},
		"no origin":                   {http.MethodPost, "Origin", "null", false},
		"our page in an old browser":  {http.MethodPost, "Referer", ours + "/shops", true},
		"theirs in an old browser":    {http.MethodPost, "Referer", "https://evil.example/" + ours, false},
		"nonsense in an old browser":  {http.MethodPost, "Referer", "://", false},
		"a client that is no browser": {http.MethodPost, "X-Nothing", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			var f failed
			r := httptest.NewRequest(test.method, "http://behind.proxy/", nil)
			r.Header.Set(test.header, test.value)
			w := serve(CrossOrigin(address(t, ours), slog.New(slog.DiscardHandler), f.fail)(ok), r)
			if (w.Code == http.StatusOK) != test.allowed || errors.Is(f.err, ErrCrossOrigin) == test.allowed {
				t.Errorf("status %d, error %v", w.Code, f.err)
			}
		})
	}
}

func TestBody(t *testing.T) {
	limits := BodyLimits{Max: 10, MaxOf: map[string]int64{"/files": 20}, Large: 5, AtOnce: 1}
	var f failed
	inside, release := make(chan struct{}), make(chan struct{})
	h := Body(limits, f.fail)(handlerOf(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			close(inside)
			<-release
		}
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}))
	post := func(path string, size int) int {
		return serve(h, httptest.NewRequest(http.MethodPost, path, strings.NewReader(strings.Repeat("x", size)))).Code
	}
	for _, test := range []struct {
		path         string
		size, status int
	}{
		{"/", 10, http.StatusOK},
		{"/", 11, http.StatusRequestEntityTooLarge},
		{"/files", 20, http.StatusOK},
		{"/files", 21, http.StatusRequestEntityTooLarge},
	} {
		if status := post(test.path, test.size); status != test.status {
			t.Errorf("%d bytes to %s: %d, want %d", test.size, test.path, status, test.status)
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); post("/wait", 6) }()
	<-inside
	if post("/", 6) != http.StatusTeapot || !errors.Is(f.err, ErrBusy) {
		t.Errorf("a second large body was read: %v", f.err)
	}
	if status := post("/", 5); status != http.StatusOK {
		t.Errorf("a usual body: %d", status)
	}
	close(release)
	<-done
	if status := post("/", 6); status != http.StatusOK {
		t.Errorf("a large body after the other: %d", status)
	}
}

func TestCompress(t *testing.T) {
	for name, keep := range map[string]bool{"a page": false, "a page with a secret": true} {
		t.Run(name, func(t *testing.T) {
			h := Compress(handlerOf(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				if keep {
					NoCompression(w.Header())
				}
				_, _ = io.WriteString(w, strings.Repeat("x", 2*minCompressed))
			}))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", "gzip")
			if encoding := serve(h, r).Header().Get("Content-Encoding"); (encoding == "") != keep {
				t.Errorf("the encoding is %q", encoding)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	for _, secure := range []bool{false, true} {
		header := serve(Headers(secure)(ok), httptest.NewRequest(http.MethodGet, "/", nil)).Header()
		if header.Get("Content-Security-Policy") != ContentSecurityPolicy {
			t.Errorf("the policy is %q", header.Get("Content-Security-Policy"))
		}
		if got := header.Get("Strict-Transport-Security"); (got != "") != secure {
			t.Errorf("secure is %v, and Strict-Transport-Security %q", secure, got)
		}
	}
}

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for name, test := range map[string]struct {
		peer string
		hops []string
		want string
	}{
		"a peer":                    {"192.0.2.1:5", nil, "192.0.2.1"},
		"a peer's made up header":   {"192.0.2.1:5", []string{"198.51.100.1"}, "192.0.2.1"},
		"a trusted proxy":           {"10.0.0.1:5", []string{"198.51.100.1"}, "198.51.100.1"},
		"two trusted proxies":       {"10.0.0.1:5", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		"made up before the client": {"10.0.0.1:5", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		"a proxy without a header":  {"10.0.0.1:5", nil, "10.0.0.1"},
		"nonsense from a proxy":     {"10.0.0.1:5", []string{"unknown"}, "10.0.0.1"},
		"IPv4 written as IPv6":      {"[::ffff:192.0.2.1]:5", nil, "192.0.2.1"},
		"an unreadable peer":        {"pipe", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = test.peer, test.hops
			if got := ClientAddress(r, trusted); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLog(t *testing.T) {
	var logs bytes.Buffer
	client, route := func(*http.Request) string { return "192.0.2.1" }, func(*http.Request) string { return "GET /x" }
	h := Log(slog.New(slog.NewTextHandler(&logs, nil)), client,
		route)(handlerOf(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		w.WriteHeader(http.StatusOK) // which has no effect
	}))
	serve(h, httptest.NewRequest(http.MethodGet, "/x?code=canary", nil))
	for _, part := range []string{"msg=request", "path=/x ", `route="GET /x"`, "status=404", "client=192.0.2.1"} {
		if !strings.Contains(logs.String(), part) {
			t.Errorf("%q lacks %q", &logs, part)
		}
	}
	if strings.Contains(logs.String(), "canary") {
		t.Errorf("the query is in the log: %s", &logs)
	}
}

func TestClip(t *testing.T) {
	for text, want := range map[string]string{
		"short": "short", "123456": "12345…", "a\x7fb": "a\ufffdb", "\u202ex": "\ufffdx",
	} {
		if got := Clip(text, 5); got != want {
			t.Errorf("Clip(%q) = %q, want %q", text, got, want)
		}
	}
}
