package sandbox

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Every kind of response, page or not, keeps browsers strict, carries an id and, where it is a page,
// the banner.
func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	r := teamRig(t)
	otherHost := httptest.NewRequest("GET", "/", nil)
	otherHost.Host = "evil.example"
	crossSite := httptest.NewRequest("POST", authPath, nil)
	crossSite.Header.Set("Sec-Fetch-Site", "cross-site")
	for name, c := range map[string]struct {
		a      answer
		status int
		page   bool
	}{
		"front page":        {r.get("/"), 200, true},
		"consent":           {r.get(connectLink()), 200, true},
		"consent, standard": {r.get(authLink()), 200, true},
		"people":            {r.get(peopleLink()), 200, true},
		"person":            {r.choose(peopleLink(), "person-1"), 303, false},
		"bad sign-in":       {r.get(identityAuthorizePath), 400, true},
		"person's token":    {r.post(identityTokenPath, nil), 401, false},
		"people's keys":     {r.get(identityKeysPath), 200, false},
		"bad client":        {r.get("/admin/platform-apps/x/connect"), 400, true},
		"redirect":          {r.consent(connectLink(), "allow"), 303, false},
		"error redirect":    {r.get(authLink("scope", "x")), 303, false},
		"no such page":      {r.get("/nothing"), 404, true},
		"wrong method":      {r.post("/", nil), 405, true},
		"other host":        {r.send(otherHost), 421, true},
		"cross-site":        {r.send(crossSite), 403, true},
		"style":             {r.get(stylePath), 200, false},
		"description":       {r.get("/_sandbox/openapi.yaml"), 200, false},
		"state":             {r.get("/_sandbox/state"), 200, false},
		"control refused":   {r.post("/_sandbox/clock", nil), 400, false},
		"API":               {r.call(r.basic(shopOne), "GET", shopPath, ""), 200, false},
		"API refusal":       {r.get(shopPath), 401, false},
		"token refusal":     {r.post(tokenPath, nil), 401, false},
	} {
		h := c.a.Header
		if c.a.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, c.a.StatusCode, c.status)
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'") ||
			!strings.HasSuffix(csp, "; base-uri 'none'; frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", name, csp)
		}
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(header) != want {
				t.Errorf("%s: %s is %q", name, header, h.Get(header))
			}
		}
		if h.Get("Referrer-Policy") == "" || h.Get("Permissions-Policy") == "" || h.Get("X-Request-Id") == "" ||
			h.Get("Cache-Control") == "" {
			t.Errorf("%s: headers %v", name, h)
		}
		if name != "style" && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, h.Get("Cache-Control"))
		}
		if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: headers %v", name, h)
		}
		page := h.Get("Content-Type") == "text/html; charset=utf-8" &&
			strings.Contains(c.a.body, "everything here is simulated")
		if page != c.page {
			t.Errorf("%s: a page with the banner: %v", name, page)
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if a, b := r.get("/").Header.Get("X-Request-Id"), r.get("/").Header.Get("X-Request-Id"); a == b {
		t.Errorf("both are %q", a)
	}
}

func TestHostCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		public, host string
		any          bool
		want         int
	}{
		{publicURL, "127.0.0.1:8081", false, 200},
		{publicURL, "127.0.0.1", false, 421},
		{publicURL, "127.0.0.1:8082", false, 421},
		{publicURL, "localhost:8081", false, 421},
		{publicURL, "evil.example:8081", false, 421},
		{publicURL, "127.0.0.1:8081.evil.example", false, 421},
		{publicURL, "", false, 421},
		{publicURL, "evil.example", true, 200},
		{"http://Localhost:8081/", "LOCALHOST:8081", false, 200},
		{"http://localhost", "localhost", false, 200},
		{"http://localhost", "localhost:80", false, 200},
		{"http://localhost", "localhost:", false, 200},
		{"http://localhost:80", "localhost", false, 200},
		{"http://localhost", "localhost:81", false, 421},
		{"https://localhost", "localhost:443", false, 200},
		{"https://localhost", "localhost:80", false, 421},
		{"http://[::1]:8081", "[::1]:8081", false, 200},
		{"http://[::1]:8081", "[::1]", false, 421},
		{"http://sandbox.localhost:8081", "evil.localhost:8081", false, 421},
		{"https://sandbox.example", "whatever.example", false, 200},
		{"", "127.0.0.1:4711", false, 200},
		{"", "localhost", false, 200},
		{"", "app.localhost:1", false, 200},
		{"", "[::1]:4711", false, 200},
		{"", "evil.example:4711", false, 421},
		{"", "127.0.0.1.evil.example", false, 421},
		{"", "", false, 421},
	} {
		r := newRig(t, func(cfg *Config) { cfg.PublicURL, cfg.AnyHost = c.public, c.any })
		for _, path := range []string{"/", "/open-api/v1.0/nothing", "/_sandbox/state"} {
			req := httptest.NewRequest("GET", path, nil)
			req.Host = c.host
			w := httptest.NewRecorder()
			r.ServeHTTP(w, req)
			if (w.Code == 421) != (c.want == 421) {
				t.Errorf("%q asked as %q, %s: %d, want %d", c.public, c.host, path, w.Code, c.want)
			}
		}
	}
}

func TestStrictTransportSecurity(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.PublicURL = "https://sandbox.example" })
	if got := r.get("/").Header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("%q", got)
	}
}

// A page of another origin can neither submit the consent nor work the controls; a link works from
// anywhere, and so do programs.
// Checklist 14.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	consent := changed(url.Values{}, []string{
		"client_id", "bot", "redirect_uri", botRedirect, "response_type", "code", "decision", "allow", "shop", shopOne,
		"grant", "webhook_read",
	})
	for _, c := range []struct {
		name, path string
		form       url.Values
		headers    []string
		want       int
	}{
		{"consent, cross-site", authPath, consent, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"consent, same site", authPath, consent, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"consent, old browser elsewhere", authPath, consent, []string{"Origin", "https://evil.example"}, 403},
		{"consent, null origin", authPath, consent, []string{"Origin", "null"}, 403},
		{"consent, other port", authPath, consent, []string{"Origin", "http://127.0.0.1:8080"}, 403},
		{"consent, own page", authPath, consent, []string{"Sec-Fetch-Site", "same-origin", "Origin", publicURL}, 303},
		{"consent, old browser", authPath, consent, []string{"Origin", publicURL}, 303},
		{"consent, program", authPath, consent, nil, 303},
		{"control, cross-site", "/_sandbox/reset", url.Values{}, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"control, own page", "/_sandbox/reset", url.Values{}, []string{"Sec-Fetch-Site", "same-origin"}, 303},
		{"API, cross-site", webhooksPath, url.Values{}, []string{"Sec-Fetch-Site", "cross-site"}, 403},
	} {
		req := httptest.NewRequest("POST", c.path, strings.NewReader(c.form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i < len(c.headers); i += 2 {
			req.Header.Set(c.headers[i], c.headers[i+1])
		}
		if a := r.send(req); a.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, a.StatusCode, c.want)
		}
	}
	link := httptest.NewRequest("GET", connectLink(), nil)
	link.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := r.send(link); a.StatusCode != 200 {
		t.Errorf("link from elsewhere: %d", a.StatusCode)
	}
}

// Behind a proxy that rewrites Host, the consent page's own origin is still the public URL.
func TestPublicOriginIsTrusted(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.PublicURL = "https://sandbox.example" })
	req := httptest.NewRequest("POST", "/_sandbox/reset", nil)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://sandbox.example")
	if a := r.send(req); a.StatusCode != 303 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestGetChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.state()
	for _, path := range []string{
		"/", connectLink(), authLink(), "/_sandbox/state", "/_sandbox/reset", "/_sandbox/clock",
		webhooksPath,
	} {
		r.get(path)
	}
	after := r.state()
	before.Requests, after.Requests = nil, nil
	if a, b := fmt.Sprintf("%+v", after), fmt.Sprintf("%+v", before); a != b || len(r.grants) != 0 {
		t.Errorf("was %s\n is %s", b, a)
	}
}

func TestRequestsAreRecordedAndLogged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.bearerOf()
	r.get("/")
	r.call(token, "GET", webhooksPath+"?page=0&size=7", "")
	r.send(httptest.NewRequest("GET", "/open-api/"+strings.Repeat("x", 500)+"%0aFORGED", nil))
	all := r.Requests()
	read, long := all[len(all)-2], all[len(all)-1]
	if read.Method != "GET" || read.Path != webhooksPath || read.Status != 200 || read.Shop != shopOne ||
		read.RequestID == "" || !read.At.Equal(r.now()) {
		t.Errorf("%+v", read)
	}
	if len(long.Path) > 210 || long.Status != 404 || long.Shop != "" {
		t.Errorf("%+v", long)
	}
	log := r.log.String()
	for _, canary := range []string{token[7:30], "size=7", "FORGED", "code_challenge", r.Shops()[0].APIPassword} {
		if strings.Contains(log, canary) {
			t.Errorf("the log holds %q", canary)
		}
	}
	if !strings.Contains(log, `"path":"`+webhooksPath+`"`) || !strings.Contains(log, read.RequestID) {
		t.Error("the log lacks the request")
	}
}

// Checklist 37.
func TestBounded(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain": "plain", "a\nb\x1b[0m": "a?b?[0m", "\xff": "?", strings.Repeat("é", 10): strings.Repeat("é", 5) + "…",
	} {
		if got := bounded(in, 10); got != want {
			t.Errorf("bounded(%q) = %q", in, got)
		}
	}
}

func TestRecordsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range keptRequests + 5 {
		r.get("/nothing")
	}
	if n := len(r.Requests()); n != keptRequests {
		t.Errorf("%d records", n)
	}
}

// Many goroutines use everything at once; the race detector and the webhooks that must come out judge.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const workers = 8
	token := r.signIn()
	used := make(chan int, workers)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			shop := []string{shopOne, shopTwo, shopMany}[i%3]
			r.call(r.basic(shop), "POST", webhooksPath, goodInput)
			r.call(r.basic(shop), "GET", webhooksPath, "")
			used <- r.post(tokenPath, refreshForm(token.RefreshToken)).StatusCode
			r.get("/")
			r.get("/_sandbox/state")
			r.FailNext(Failure{Method: "PATCH", Status: 500})
			if err := r.Configure(shop, Switches{FutureTypes: i%2 == 0}); err != nil {
				t.Error(err)
			}
			r.Advance(1)
			r.Requests()
		})
	}
	group.Wait()
	close(used)
	good := 0
	for status := range used {
		if status == http.StatusOK {
			good++
		}
	}
	if good != 1 {
		t.Errorf("one refresh token was good for %d", good)
	}
	if n := len(r.Webhooks(shopOne)) + len(r.Webhooks(shopTwo)) + len(r.Webhooks(shopMany)); n != 4+workers {
		t.Errorf("%d webhooks", n)
	}
	if n := len(r.Failures()); n != workers {
		t.Errorf("%d failures", n)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"public URL with a path":     func(c *Config) { c.PublicURL = "http://127.0.0.1:8081/x" },
		"public URL with user":       func(c *Config) { c.PublicURL = "http://u@127.0.0.1:8081" },
		"public URL without scheme":  func(c *Config) { c.PublicURL = "127.0.0.1:8081" },
		"public URL of another kind": func(c *Config) { c.PublicURL = "ftp://127.0.0.1" },
		"client without id":          func(c *Config) { c.Clients[0].ID = "" },
		"client twice":               func(c *Config) { c.Clients[1].ID = "app" },
		"redirect: script":           func(c *Config) { c.Clients[0].RedirectURIs = []string{"javascript:alert(1)"} },
		"redirect: fragment":         func(c *Config) { c.Clients[0].RedirectURIs = []string{"https://a.example/#x"} },
		"redirect: empty fragment":   func(c *Config) { c.Clients[0].RedirectURIs = []string{"https://a.example/#"} },
		"redirect: user":             func(c *Config) { c.Clients[0].RedirectURIs = []string{"https://u@a.example/"} },
		"redirect: relative":         func(c *Config) { c.Clients[0].RedirectURIs = []string{"/cb"} },
	} {
		c := testConfig()
		change(&c)
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "sandbox: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestClientNameDefaultsToID(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Clients[1].Name = "" })
	if page := r.get(authLink()); !strings.Contains(page.body, "Connect <span class=\"name\">bot</span>") {
		t.Error("the page does not name the client")
	}
}

// TestTrailingSlashes: pages are found with a slash at the end; the API takes its paths as they are.
func TestTrailingSlashes(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string]string{
		"/_sandbox/state/":                               "/_sandbox/state",
		"/_sandbox/openapi.yaml/?a=b":                    "/_sandbox/openapi.yaml?a=b",
		"/admin/platform-apps/hookwall/connect/?state=x": "/admin/platform-apps/hookwall/connect?state=x",
		"/open-api/v1.0/webhooks/":                       "",
		"/nothing/":                                      "",
		"//evil.example/":                                "",
		"//evil.example/_sandbox/state/":                 "",
		"/%2f%2fevil.example/":                           "",
	} {
		req := httptest.NewRequest("GET", publicURL+"/", nil)
		u, err := url.Parse(publicURL + path)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path, req.URL.RawPath, req.URL.RawQuery = u.Path, u.RawPath, u.RawQuery
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		got, moved := w.Header().Get("Location"), w.Code == http.StatusPermanentRedirect
		if want != "" && (!moved || got != want) || want == "" && moved {
			t.Errorf("%s: %d to %q, want %q", path, w.Code, got, want)
		}
	}
}
