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
	"slices"
	"strings"
	"testing"
	"time"
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
	const (
		local, public = "http://127.0.0.1:8080", "https://hooks.example.com"
		path          = "/a%2Fb?c=d"
		led, refused  = http.StatusTemporaryRedirect, http.StatusTeapot
	)
	for name, test := range map[string]struct {
		public, method, host string
		header               []string // pairs
		status               int
	}{
		"our own":                          {local, "POST", "127.0.0.1:8080", nil, http.StatusOK},
		"another name for us":              {local, "GET", "localhost:8080", nil, led},
		"a form to that name":              {local, "POST", "localhost:8080", nil, refused},
		"somebody else's":                  {local, "GET", "evil.example:8080", nil, refused},
		"somebody else's, forwarded":       {local, "GET", "evil.example:8080", []string{"X-Forwarded-Host", "127.0.0.1:8080"}, refused},
		"a LAN address for this machine":   {local, "GET", "192.168.1.5:8080", nil, refused},
		"a default port, left out":         {"http://localhost", "GET", "localhost", nil, http.StatusOK},
		"a default port, written":          {"http://localhost", "GET", "localhost:80", nil, http.StatusOK},
		"the public name":                  {public, "GET", "hooks.example.com", nil, http.StatusOK},
		"the public name in upper case":    {public, "POST", "Hooks.Example.Com", nil, http.StatusOK},
		"the public name with a port":      {public, "GET", "hooks.example.com:8443", nil, http.StatusOK},
		"a LAN address":                    {public, "GET", "192.168.1.5:8080", nil, led},
		"a LAN address, HEAD":              {public, "HEAD", "192.168.1.5", nil, led},
		"a LAN address by IPv6":            {public, "GET", "[fd00::5]:8080", nil, led},
		"a LAN name":                       {public, "GET", "nas", nil, led},
		"a LAN name with a final dot":      {public, "GET", "hooks.example.com.", nil, led},
		"a name inside the public one":     {public, "GET", "www.hooks.example.com", nil, led},
		"a form to a LAN address":          {public, "POST", "192.168.1.5:8080", nil, refused},
		"another method":                   {public, "DELETE", "192.168.1.5:8080", nil, refused},
		"loopback, elsewhere public":       {public, "GET", "127.0.0.1:8080", nil, http.StatusOK},
		"localhost, elsewhere public":      {public, "POST", "localhost:8080", nil, http.StatusOK},
		"a proxy that rewrites Host":       {public, "GET", "hookwall:8080", []string{"X-Forwarded-For", "192.0.2.1"}, http.StatusOK},
		"a form through it":                {public, "POST", "hookwall:8080", []string{"X-Forwarded-For", "192.0.2.1"}, http.StatusOK},
		"one that says Forwarded":          {public, "GET", "hookwall", []string{"Forwarded", "for=192.0.2.1"}, http.StatusOK},
		"one that says the public name":    {public, "GET", "hookwall", []string{"X-Forwarded-Host", "hooks.example.com"}, http.StatusOK},
		"two that say the public name":     {public, "GET", "hookwall", []string{"X-Forwarded-Host", "hooks.example.com:443, inner"}, http.StatusOK},
		"one that says a LAN address":      {public, "GET", "hookwall", []string{"X-Forwarded-Host", "192.168.1.5"}, led},
		"one that passes a LAN address on": {public, "GET", "192.168.1.5", []string{"X-Forwarded-Host", "192.168.1.5", "X-Forwarded-For", "192.0.2.1"}, led},
	} {
		t.Run(name, func(t *testing.T) {
			var f failed
			r := httptest.NewRequest(test.method, "http://"+test.host+path, nil)
			for i := 0; i < len(test.header); i += 2 {
				r.Header.Set(test.header[i], test.header[i+1])
			}
			w := serve(Host(address(t, test.public), f.fail)(ok), r)
			to := ""
			if test.status == led {
				to = test.public + path
			}
			if w.Code != test.status || w.Header().Get("Location") != to {
				t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
			}
			if (test.status == refused) != errors.Is(f.err, ErrHost) {
				t.Errorf("failed with %v", f.err)
			}
		})
	}
}

// TestHostOfSupervisors: health is asked for under any name, unless the name may
// have been rebound to this machine.
func TestHostOfSupervisors(t *testing.T) {
	for public, want := range map[string]int{
		"https://hooks.example.com": http.StatusOK,
		"http://127.0.0.1:8080":     http.StatusTeapot,
	} {
		var f failed
		r := httptest.NewRequest(http.MethodGet, "http://10.0.0.5:8080/healthz", nil)
		if w := serve(Host(address(t, public), f.fail, "/healthz")(ok), r); w.Code != want {
			t.Errorf("%s: status %d, want %d", public, w.Code, want)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	const ours, host = "https://hooks.example.com", "hooks.example.com"
	for name, test := range map[string]struct {
		public, method, host, header, value string
		allowed                             bool
	}{
		"a page":                      {ours, http.MethodGet, host, "Sec-Fetch-Site", "cross-site", true},
		"a page over http":            {ours, http.MethodGet, host, "Origin", "http://" + host, true},
		"a form of ours":              {ours, http.MethodPost, host, "Sec-Fetch-Site", "same-origin", true},
		"a form of another site":      {ours, http.MethodPost, host, "Sec-Fetch-Site", "cross-site", false},
		"our origin":                  {ours, http.MethodPost, "behind.proxy", "Origin", ours, true},
		"our origin with its port":    {ours, http.MethodPost, host + ":443", "Origin", ours + ":443", true},
		"another origin":              {ours, http.MethodPost, host, "Origin", "https://evil.example", false},
		"no origin":                   {ours, http.MethodPost, host, "Origin", "null", false},
		"another scheme":              {ours, http.MethodPost, host, "Origin", "http://" + host, false},
		"another scheme, its port":    {ours, http.MethodPost, host + ":80", "Origin", "http://" + host + ":80", false},
		"another scheme, our port":    {ours, http.MethodPost, host + ":443", "Origin", "http://" + host + ":443", false},
		"an unknown scheme":           {ours, http.MethodPost, host, "Origin", "ftp://" + host, false},
		"https where we are http":     {"http://" + host, http.MethodPost, host, "Origin", ours, false},
		"another port":                {ours, http.MethodPost, host + ":8443", "Origin", ours + ":8443", false},
		"our port":                    {ours + ":8443", http.MethodPost, host + ":8443", "Origin", ours + ":8443", true},
		"our port over http":          {ours + ":8443", http.MethodPost, host + ":8443", "Origin", "http://" + host + ":8443", false},
		"our page in an old browser":  {ours, http.MethodPost, "behind.proxy", "Referer", ours + "/shops", true},
		"theirs in an old browser":    {ours, http.MethodPost, host, "Referer", "https://evil.example/" + ours, false},
		"http in an old browser":      {ours, http.MethodPost, host, "Referer", "http://" + host + "/shops", false},
		"nonsense in an old browser":  {ours, http.MethodPost, host, "Referer", "://", false},
		"a client that is no browser": {ours, http.MethodPost, host, "X-Nothing", "", true},
		"this machine's own name":     {ours, http.MethodPost, "127.0.0.1:8080", "Origin", "http://127.0.0.1:8080", true},
	} {
		t.Run(name, func(t *testing.T) {
			var f failed
			r := httptest.NewRequest(test.method, "http://"+test.host+"/", nil)
			r.Header.Set(test.header, test.value)
			w := serve(CrossOrigin(address(t, test.public), slog.New(slog.DiscardHandler), f.fail)(ok), r)
			if (w.Code == http.StatusOK) != test.allowed || errors.Is(f.err, ErrCrossOrigin) == test.allowed {
				t.Errorf("status %d, error %v", w.Code, f.err)
			}
		})
	}
}

func TestBody(t *testing.T) {
	limits := BodyLimits{Max: 10, MaxOf: map[string]int64{"/files": 20}, Large: 5, AtOnce: 1, Each: 1}
	one := func(*http.Request) string { return "one" }
	var f failed
	inside, release := make(chan struct{}), make(chan struct{})
	h := Body(limits, one, f.fail)(handlerOf(func(w http.ResponseWriter, r *http.Request) {
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

// TestBodiesOfOneClient: a client that sends slowly keeps its own share alone.
func TestBodiesOfOneClient(t *testing.T) {
	var f failed
	client := func(r *http.Request) string { return r.Header.Get("From") }
	inside, release := make(chan struct{}), make(chan struct{})
	limit := Body(BodyLimits{Max: 10, Large: 5, AtOnce: 3, Each: 2}, client, f.fail)
	h := limit(handlerOf(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			inside <- struct{}{}
			<-release
		}
	}))
	post := func(path, from string, length int64) int {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("123456"))
		r.ContentLength = length
		r.Header.Set("From", from)
		return serve(h, r).Code
	}
	done := make(chan struct{})
	wait := func(from string, length int64) {
		go func() { post("/wait", from, length); done <- struct{}{} }()
		<-inside
	}
	wait("slow", -1)
	wait("slow", 6)
	for _, test := range []struct {
		from   string
		length int64
		status int
	}{
		{"slow", -1, http.StatusTeapot}, {"slow", 6, http.StatusTeapot}, {"slow", 5, http.StatusOK}, {"other", -1, http.StatusOK}, {"other", 6, http.StatusOK},
	} {
		if status := post("/", test.from, test.length); status != test.status {
			t.Errorf("%d bytes from %s: %d, want %d", test.length, test.from, status, test.status)
		}
	}
	wait("other", -1)
	if status := post("/", "third", -1); status != http.StatusTeapot {
		t.Errorf("the fourth at once: %d", status)
	}
	close(release)
	for range 3 {
		<-done
	}
	if status := post("/", "slow", -1); status != http.StatusOK {
		t.Errorf("when all are read: %d", status)
	}
}

func noPart() []byte { return nil }

func TestCompress(t *testing.T) {
	for name, keep := range map[string]bool{"a page": false, "a page with a secret": true} {
		t.Run(name, func(t *testing.T) {
			h := Compress(noPart)(handlerOf(func(w http.ResponseWriter, _ *http.Request) {
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
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fe80::/10")}
	for name, test := range map[string]struct {
		peer   string
		hops   []string
		want   string
		logged bool
	}{
		"a peer":                      {"192.0.2.1:5", nil, "192.0.2.1", false},
		"a peer's made up header":     {"192.0.2.1:5", []string{"198.51.100.1"}, "192.0.2.1", false},
		"a peer's unreadable header":  {"192.0.2.1:5", []string{"canary"}, "192.0.2.1", false},
		"a trusted proxy":             {"10.0.0.1:5", []string{"198.51.100.1"}, "198.51.100.1", false},
		"two trusted proxies":         {"10.0.0.1:5", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1", false},
		"two, with ports":             {"10.0.0.1:5", []string{"198.51.100.1:7, 10.0.0.2:8"}, "198.51.100.1", false},
		"made up before the client":   {"10.0.0.1:5", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1", false},
		"nonsense before the client":  {"10.0.0.1:5", []string{"canary, 198.51.100.1"}, "198.51.100.1", false},
		"a proxy without a header":    {"10.0.0.1:5", nil, "10.0.0.1", false},
		"a proxy with a zone":         {"[fe80::1%eth0]:5", []string{"198.51.100.1"}, "198.51.100.1", false},
		"an empty header":             {"10.0.0.1:5", []string{""}, "10.0.0.1", false},
		"an empty entry at the end":   {"10.0.0.1:5", []string{"198.51.100.1, "}, "198.51.100.1", false},
		"IPv4 written as IPv6":        {"[::ffff:192.0.2.1]:5", nil, "192.0.2.1", false},
		"an unreadable peer":          {"pipe", nil, "", false},
		"a port":                      {"10.0.0.1:5", []string{"203.0.113.7:51234"}, "203.0.113.7", false},
		"a port after a colon alone":  {"10.0.0.1:5", []string{"203.0.113.7:"}, "203.0.113.7", false},
		"an obfuscated port":          {"10.0.0.1:5", []string{"203.0.113.7:_p1"}, "203.0.113.7", false},
		"IPv6":                        {"10.0.0.1:5", []string{"2001:db8::7"}, "2001:db8::7", false},
		"IPv6 with a zone":            {"10.0.0.1:5", []string{"2001:db8::7%eth0"}, "2001:db8::7", false},
		"IPv6 in brackets":            {"10.0.0.1:5", []string{"[2001:db8::7]"}, "2001:db8::7", false},
		"IPv6 with a port":            {"10.0.0.1:5", []string{"[2001:db8::7]:443"}, "2001:db8::7", false},
		"IPv6 as IPv4 with a port":    {"10.0.0.1:5", []string{"[::ffff:203.0.113.7]:443"}, "203.0.113.7", false},
		"quoted":                      {"10.0.0.1:5", []string{`"203.0.113.7"`}, "203.0.113.7", false},
		"quoted with a port":          {"10.0.0.1:5", []string{`"203.0.113.7:51234"`}, "203.0.113.7", false},
		"quoted IPv6 with a port":     {"10.0.0.1:5", []string{`"[2001:db8::7]:443"`}, "2001:db8::7", false},
		"quoted IPv6 without one":     {"10.0.0.1:5", []string{`"2001:db8::7"`}, "2001:db8::7", false},
		"nonsense from a proxy":       {"10.0.0.1:5", []string{"unknown"}, "10.0.0.1", true},
		"nonsense before a proxy":     {"10.0.0.1:5", []string{"canary, 10.0.0.2"}, "10.0.0.2", true},
		"a bracket that never ends":   {"10.0.0.1:5", []string{"[2001:db8::7"}, "10.0.0.1", true},
		"more behind the bracket":     {"10.0.0.1:5", []string{"[2001:db8::7]x"}, "10.0.0.1", true},
		"brackets around nothing":     {"10.0.0.1:5", []string{"[]:443"}, "10.0.0.1", true},
		"a name":                      {"10.0.0.1:5", []string{"client.example:80"}, "10.0.0.1", true},
		"an element of Forwarded":     {"10.0.0.1:5", []string{"for=203.0.113.7"}, "10.0.0.1", true},
		"what could break the log up": {"10.0.0.1:5", []string{"\u202e\x1b[2J"}, "10.0.0.1", true},
	} {
		t.Run(name, func(t *testing.T) {
			var logs bytes.Buffer
			clients := NewClients(trusted, slog.New(slog.NewJSONHandler(&logs, nil)))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = test.peer, test.hops
			for range 3 {
				if got := clients.Address(r); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
			want := 0
			if test.logged {
				want = 1
			}
			if got := strings.Count(logs.String(), "\n"); got != want || strings.Contains(logs.String(), "u001b") {
				t.Errorf("%d lines are logged, want %d: %s", got, want, &logs)
			}
		})
	}
}

// A proxy that says the client's address in another header is logged once, unless the usual one is there too.
func TestClientAddressInForwarded(t *testing.T) {
	for name, test := range map[string]struct {
		peer, hops, want string
		logged           int
	}{
		"alone":           {"10.0.0.1:5", "", "10.0.0.1", 1},
		"beside":          {"10.0.0.1:5", "198.51.100.1", "198.51.100.1", 0},
		"from any client": {"192.0.2.1:5", "", "192.0.2.1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var logs bytes.Buffer
			clients := NewClients([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, slog.New(slog.NewJSONHandler(&logs, nil)))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = test.peer
			r.Header.Set("Forwarded", `for="[2001:db8::7]:443";proto=https`)
			if test.hops != "" {
				r.Header.Set("X-Forwarded-For", test.hops)
			}
			for range 3 {
				if got := clients.Address(r); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
			if got := strings.Count(logs.String(), `"header":"Forwarded"`); got != test.logged {
				t.Errorf("%d lines are logged, want %d: %s", got, test.logged, &logs)
			}
		})
	}
}

func TestLog(t *testing.T) {
	var logs bytes.Buffer
	about := func(*http.Request) []slog.Attr {
		return []slog.Attr{slog.String("client", "192.0.2.1"), slog.String("route", "GET /x")}
	}
	var observed []int
	observe := func(_ *http.Request, status int, _ time.Duration) { observed = append(observed, status) }
	log := Log(slog.New(slog.NewTextHandler(&logs, nil)), []string{"/secrets/"}, about, observe)
	h := log(handlerOf(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		w.WriteHeader(http.StatusOK) // which has no effect
	}))
	serve(h, httptest.NewRequest(http.MethodGet, "/x?code=canary", nil))
	for _, part := range []string{"msg=request", "path=/x ", `route="GET /x"`, "status=404", "client=192.0.2.1"} {
		if !strings.Contains(logs.String(), part) {
			t.Errorf("%q lacks %q", &logs, part)
		}
	}
	if !slices.Equal(observed, []int{http.StatusNotFound}) {
		t.Errorf("observed are the statuses %v", observed)
	}
	if strings.Contains(logs.String(), "canary") {
		t.Errorf("the query is in the log: %s", &logs)
	}
	logs.Reset()
	for _, path := range []string{
		"/secrets/canary", "/SECRETS/canary/x", "/x//secrets/canary", "/a/secrets/canary", "/secrets%2Fcanary", "/\u0130/secrets/canary",
	} {
		serve(h, &http.Request{Method: http.MethodGet, URL: mustParse(t, path)})
	}
	serve(h, httptest.NewRequest(http.MethodGet, "/secrets/", nil))
	if strings.Contains(logs.String(), "canary") || strings.Count(logs.String(), "ecrets/…") < 3 {
		t.Errorf("a secret is in the log: %s", &logs)
	}
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
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
