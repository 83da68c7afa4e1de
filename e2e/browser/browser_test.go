package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) { Main(m) }

// policy is as strict as a page of Hookwall's: what the helpers do must work
// under it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const style = `
body { color: #222; background: #fff }
.wide { width: 3000px }
@media (prefers-color-scheme: dark) { body { color: #333; background: #222 } }`

const script = `
document.documentElement.dataset.script = 'ran'
document.getElementById('copy')?.addEventListener('click', () => navigator.clipboard.writeText('copied'))
document.getElementById('alert')?.addEventListener('click', () => alert('hello'))
document.getElementById('throw')?.addEventListener('click', () => { throw new Error('broken') })
document.getElementById('fetch')?.addEventListener('click', () => fetch('/status/503'))`

// site serves a small site on port 0. /page shows the body given in ?body=.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		writePage(w, http.StatusOK, r.FormValue("body"))
	})
	mux.HandleFunc("GET /status/503", func(w http.ResponseWriter, _ *http.Request) {
		writePage(w, http.StatusServiceUnavailable, "down")
	})
	mux.HandleFunc("POST /refused", func(w http.ResponseWriter, r *http.Request) {
		writePage(w, http.StatusUnprocessableEntity, "<p id=typed>"+r.FormValue("url")+"</p>")
	})
	mux.HandleFunc("POST /moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/page?body=there", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /list.csv", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Content-Disposition", `attachment; filename="list of all.csv"`)
		fmt.Fprint(w, "a,b\r\n")
	})
	mux.HandleFunc("GET /app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, script)
	})
	mux.HandleFunc("GET /app.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, style)
	})
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func writePage(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.WriteHeader(status)
	fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>Site</title><link rel="stylesheet" href="/app.css">
		<meta name="viewport" content="width=device-width"><script src="/app.js" defer></script></head>
		<body><main><h1>Site</h1>%s</main></body></html>`, body)
}

func pageWith(body string) string { return "/page?body=" + url.QueryEscape(body) }

// recorder replaces the test that a page belongs to, and keeps what it
// was told.
type recorder struct {
	testing.TB

	name     string
	mu       sync.Mutex
	messages []string
	failed   bool
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Name() string     { return r.name }
func (r *recorder) Failed() bool     { r.mu.Lock(); defer r.mu.Unlock(); return r.failed }
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, fmt.Sprintf(format, args...))
}

func (r *recorder) Errorf(format string, args ...any) {
	r.Logf(format, args...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// said is everything that the test was told.
func (r *recorder) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.messages, "\n")
}

func installed() bool {
	_, err := launchOnce()
	return err == nil
}

// record runs f as a test would be run, with its clean-up.
func record(t *testing.T, f func(t testing.TB)) *recorder {
	t.Helper()
	if testing.Short() || !installed() {
		NewPage(t, Options{}) // skips or fails the test itself
	}
	r := &recorder{TB: t, name: strings.ReplaceAll(t.Name(), "/", " ")}
	t.Cleanup(func() { _ = os.RemoveAll(artifactDir(running.root, r.name)) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(r.cleanups) - 1; i >= 0; i-- {
				r.cleanups[i]()
			}
		}()
		f(r)
	}()
	<-done
	return r
}

func TestProblemsFailTheTest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body string
		do   func(p *Page)
		want string // a message must match
	}{
		{
			name: "inline script", body: `<script>1</script>`,
			want: `Content Security Policy: script-src-elem blocked inline`,
		},
		{
			name: "inline style", body: `<p style="color:red">x</p>`,
			want: `Content Security Policy: style-src-attr blocked inline`,
		},
		{
			name: "image from elsewhere", body: `<img alt="x" src="http://example.com/x.png">`,
			want: `Content Security Policy: img-src blocked http://example.com/x.png`,
		},
		{
			name: "form to elsewhere", body: `<form action="http://example.com/x"><button>Go</button></form>`,
			do: func(p *Page) {
				_, err := p.PW.ExpectConsoleMessage(func() error {
					p.Eval("document.forms[0].requestSubmit()")
					return nil
				})
				p.Must(err)
			},
			want: `console error: .*Content Security Policy directive: "form-action`,
		},
		{
			name: "exception", body: `<button id=throw>Throw</button>`,
			do:   func(p *Page) { p.Click(p.Role("button", "Throw")) },
			want: `uncaught exception: .*broken`,
		},
		{
			name: "missing file", body: `<img alt="x" src="/none.png">`,
			want: `console error: .*404 .*none.png`,
		},
		{
			name: "failed fetch", body: `<button id=fetch>Fetch</button>`,
			do: func(p *Page) {
				_, err := p.PW.ExpectResponse("**/status/503", func() error { return p.Role("button", "Fetch").Click() })
				p.Must(err)
			},
			want: `console error: .*503`,
		},
		{
			name: "dialog", body: `<button id=alert>Alert</button>`,
			do:   func(p *Page) { p.Click(p.Role("button", "Alert")) },
			want: `dialog: alert "hello"`,
		},
		{
			name: "address elsewhere", body: `<a href="http://example.com/away">Away</a>`,
			do: leave, want: `request left this machine: GET http://example.com/away`,
		},
		{
			name: "IP number elsewhere", body: `<a href="http://192.0.2.1/away">Away</a>`,
			do: leave, want: `request left this machine: GET http://192.0.2.1/away`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base := site(t)
			r := record(t, func(tb testing.TB) {
				p := NewPage(tb, Options{BaseURL: base})
				p.Open(pageWith(tt.body))
				if tt.do != nil {
					tt.do(p)
				}
			})
			if !r.failed || !regexp.MustCompile(tt.want).MatchString(r.said()) {
				t.Errorf("failed %v, want a message like %q in:\n%s", r.failed, tt.want, r.said())
			}
		})
	}
}

// leave follows the link until the browser asks for what it leads to.
func leave(p *Page) {
	_, err := p.PW.ExpectRequest("**/away", func() error {
		p.Eval("document.links[0].click()")
		return nil
	})
	p.Must(err)
}

func TestPolicyViolationWithoutJavaScript(t *testing.T) {
	t.Parallel()
	base := site(t)
	r := record(t, func(tb testing.TB) {
		NewPage(tb, Options{BaseURL: base, NoJavaScript: true}).Open(pageWith(`<p style="color:red">x</p>`))
	})
	if want := "violates the following Content Security Policy"; !r.failed || !strings.Contains(r.said(), want) {
		t.Errorf("failed %v, want %q in:\n%s", r.failed, want, r.said())
	}
}

func TestCleanPagePasses(t *testing.T) {
	t.Parallel()
	for _, noScript := range []bool{false, true} {
		t.Run(fmt.Sprintf("no script %v", noScript), func(t *testing.T) {
			t.Parallel()
			base := site(t)
			r := record(t, func(tb testing.TB) {
				p := NewPage(tb, Options{BaseURL: base, NoJavaScript: noScript})
				p.Open(pageWith("<p>fine</p>"))
				p.Axe()
				p.NoSidewaysScroll()
			})
			if r.failed {
				t.Errorf("a clean page failed:\n%s", r.said())
			}
		})
	}
}

func TestExpectProblem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, pattern string
		want                string // a message, "" when the test must pass
	}{
		{name: "expected", body: `<img alt="x" src="/none.png">`, pattern: `^console error: .*404`},
		{
			name: "another one", body: `<img alt="x" src="/none.png"><p style="color:red">x</p>`, pattern: `404`,
			want: "style-src-attr blocked inline",
		},
		{name: "never came", body: `fine`, pattern: `404`, want: `expected a problem like "404", there was none`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base := site(t)
			r := record(t, func(tb testing.TB) {
				p := NewPage(tb, Options{BaseURL: base})
				p.ExpectProblem(tt.pattern)
				p.Open(pageWith(tt.body))
			})
			if r.failed != (tt.want != "") || !strings.Contains(r.said(), tt.want) {
				t.Errorf("failed %v, want message %q in:\n%s", r.failed, tt.want, r.said())
			}
		})
	}
}

func TestAxe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		body   string
		scheme string
		want   []string // rules
	}{
		{name: "clean", body: `<p>fine</p>`, scheme: Light},
		{name: "image", body: `<img src="/favicon.ico">`, scheme: Light, want: []string{"image-alt"}},
		{name: "field", body: `<form><input name="url"></form>`, scheme: Light, want: []string{"label"}},
		{name: "contrast in the dark alone", body: `<p>hard to read</p>`, scheme: Dark, want: []string{"color-contrast"}},
	}
	for _, noScript := range []bool{false, true} {
		p := NewPage(t, Options{BaseURL: site(t), NoJavaScript: noScript})
		for _, tt := range tests {
			p.SetScheme(tt.scheme)
			p.Open(pageWith(tt.body))
			var got []string
			for _, v := range p.AxeViolations() {
				got = append(got, v.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s, no script %v: violations (-want +got):\n%s", tt.name, noScript, diff)
			}
		}
	}
}

func TestAccessibleFailsTheTest(t *testing.T) {
	t.Parallel()
	base := site(t)
	r := record(t, func(tb testing.TB) {
		p := NewPage(tb, Options{BaseURL: base})
		p.Open(pageWith(`<p>hard to read in the dark</p>`))
		p.Accessible()
	})
	if want := ", dark: color-contrast (serious)"; !r.failed || !strings.Contains(r.said(), want) {
		t.Errorf("failed %v, want %q in:\n%s", r.failed, want, r.said())
	}
	if strings.Contains(r.said(), ", light") {
		t.Errorf("the light scheme failed too:\n%s", r.said())
	}
}

func TestFailureKeepsThePage(t *testing.T) {
	t.Parallel()
	base := site(t)
	r := record(t, func(tb testing.TB) {
		p := NewPage(tb, Options{BaseURL: base})
		p.Open(pageWith(`<p>what was there</p>`))
		p.Must(fmt.Errorf("a step failed"))
	})
	dir := artifactDir(running.root, t.Name())
	for file, want := range map[string]string{
		"page-1.png":  "\x89PNG",
		"page-1.html": "what was there",
		"log.txt":     "200 GET " + base + "/page",
	} {
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s lacks %q (error %v)", file, want, err)
		}
	}
	if want := "see e2e/artifacts/TestFailureKeepsThePage"; !strings.Contains(r.said(), want) {
		t.Errorf("nothing says where to look, want %q in:\n%s", want, r.said())
	}
}

func TestNavigation(t *testing.T) {
	t.Parallel()
	p := NewPage(t, Options{BaseURL: site(t)})
	if got := p.Open("/status/503"); got != http.StatusServiceUnavailable {
		t.Errorf("status of Open is %d, want 503", got)
	}
	p.Open(pageWith(`<form method=post action=/refused><label>URL <input name=url></label><button>Save</button></form>`))
	p.Fill(p.Label("URL"), "typed")
	if got := p.Submit(p.Role("button", "Save")); got != http.StatusUnprocessableEntity {
		t.Errorf("status of Submit is %d, want 422", got)
	}
	p.SeeText(p.CSS("#typed"), "typed")
	if got := p.Path(); got != "/refused" {
		t.Errorf("path is %q, want /refused", got)
	}
	p.Back()
	p.See(p.Role("button", "Save"))
	p.Open(pageWith(`<form method=post action=/moved><button>Move</button></form>`))
	if got := p.Submit(p.Role("button", "Move")); got != http.StatusOK {
		t.Errorf("status after the redirect is %d, want 200", got)
	}
	p.WaitPath("body=there$")
	if got := p.Reload(); got != http.StatusOK {
		t.Errorf("status of Reload is %d, want 200", got)
	}
}

func TestNewTabSharesTheProfile(t *testing.T) {
	t.Parallel()
	base := site(t)
	first := NewPage(t, Options{BaseURL: base})
	first.Open("/page")
	first.Eval("document.cookie = 'seen=yes'")
	tab, other := first.NewTab(), NewPage(t, Options{BaseURL: base})
	tab.Open("/page")
	other.Open("/page")
	if got := tab.Eval("document.cookie"); got != "seen=yes" {
		t.Errorf("the tab's cookie is %q, want the profile's", got)
	}
	if got := other.Eval("document.cookie"); got != "" {
		t.Errorf("the other profile has the cookie %q", got)
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	p := NewPage(t, Options{BaseURL: site(t)})
	p.Open(pageWith(`<form><label><input type=checkbox name=allowedTypes value=DONATION> Donation</label>
		<label><input type=checkbox name=allowedTypes value=ORDER_PLACED checked> Order placed</label>
		<label>URL <input name=url value="https://a.example" aria-invalid="true"></label>
		<select aria-label=Order><option value=""></option><option value=url>By address</option></select>
		<input type=file aria-label=File></form>
		<p hidden>secret</p><button id=copy>Copy</button><a href="/list.csv">Download</a>`))
	p.Check(p.Role("checkbox", "Donation"))
	p.Uncheck(p.Field("allowedTypes", "ORDER_PLACED"))
	p.Click(p.Role("button", "Copy"))
	p.Gone(p.Text("secret"))
	p.Select(p.Label("Order"), "url")
	p.Choose(p.Label("File"), "body.json", []byte("{}\r\n"))
	name, content := p.Download(p.Role("link", "Download"))
	type state struct {
		Donation, Order     bool
		Boxes               int
		URL, Invalid, Title string
		Clipboard           string
		Choice              string
		File, Content       string
		Chosen              string
	}
	want := state{
		Donation: true, Boxes: 2, URL: "https://a.example", Invalid: "true", Title: "Site", Clipboard: "copied",
		Choice: "url", File: "list of all.csv", Content: "a,b\r\n",
		Chosen: "body.json {}\r\n",
	}
	got := state{
		Donation: p.Checked(p.Field("allowedTypes", "DONATION")), Order: p.Checked(p.Role("checkbox", "Order placed")),
		Boxes: p.Count(p.Field("allowedTypes", "")), URL: p.Value(p.Label("URL")),
		Invalid: p.Attr(p.Label("URL"), "aria-invalid"),
		Title:   p.TextOf(p.Role("heading", "")), Clipboard: p.Clipboard(),
		Choice: p.Value(p.Label("Order")), File: name, Content: content,
		Chosen: fmt.Sprint(p.Eval("async () => { const f = document.querySelector('[type=file]').files[0]; return f.name + ' ' + await f.text() }")),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeyboard(t *testing.T) {
	t.Parallel()
	for _, noScript := range []bool{false, true} {
		t.Run(fmt.Sprintf("no script %v", noScript), func(t *testing.T) {
			t.Parallel()
			p := NewPage(t, Options{BaseURL: site(t), NoJavaScript: noScript})
			p.Open(pageWith(`<a href="/page">Home</a><form method=post action=/refused>
				<label for=u>Endpoint  URL</label><input id=u name=url><button>Save</button></form>`))
			p.TabTo(p.Label("Endpoint URL"))
			p.Type("by hand")
			got := p.Focus()
			got.At = 0
			if diff := cmp.Diff(Element{Tag: "input", ID: "u", Name: "url", Value: "by hand", Text: "Endpoint URL", Ring: true},
				got); diff != "" {
				t.Errorf("focus (-want +got):\n%s", diff)
			}
			p.HasFocus(p.CSS("#u"))
			if status := p.Navigate(func() { p.Press("Enter") }); status != http.StatusUnprocessableEntity {
				t.Errorf("Enter led to status %d, want 422", status)
			}
			p.SeeText(p.CSS("#typed"), "by hand")
		})
	}
}

func TestTabOrder(t *testing.T) {
	t.Parallel()
	p := NewPage(t, Options{BaseURL: site(t)})
	p.Open(pageWith(`<a href="/page">Home</a><button>One</button>` +
		`<button tabindex="-1">Not this</button><button>Two</button>`))
	want := []string{`a "Home"`, `button "One"`, `button "Two"`}
	var got []string
	for _, e := range p.TabOrder() {
		got = append(got, e.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestTabToFailsForWhatTabCannotReach(t *testing.T) {
	t.Parallel()
	base := site(t)
	r := record(t, func(tb testing.TB) {
		p := NewPage(tb, Options{BaseURL: base})
		p.Open(pageWith(`<a href="/page">Home</a><button tabindex="-1">Mouse only</button>`))
		p.TabTo(p.Role("button", "Mouse only"))
	})
	if want := "Tab never reaches"; !strings.Contains(r.said(), want) {
		t.Errorf("want %q in:\n%s", want, r.said())
	}
}

func TestNoSidewaysScrollFailsTheTest(t *testing.T) {
	t.Parallel()
	base := site(t)
	r := record(t, func(tb testing.TB) {
		p := NewPage(tb, Options{BaseURL: base, Width: 320, Height: 640})
		p.Open(pageWith(`<div class="wide">x</div>`))
		p.NoSidewaysScroll()
	})
	if want := "scrolls sideways: 3"; !strings.Contains(r.said(), want) || !strings.Contains(r.said(), "div.wide") {
		t.Errorf("want %q and div.wide in:\n%s", want, r.said())
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		o    Options
		want string
	}{
		{name: "zero", want: "1280x800 light UTC script:ran"},
		{name: "no script", o: Options{NoJavaScript: true}, want: "1280x800 light UTC script:undefined"},
		{
			name: "phone", o: Options{Width: 320, Height: 640, Scheme: Dark, Timezone: "Asia/Tokyo"},
			want: "320x640 dark Asia/Tokyo script:ran",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.o.BaseURL = site(t)
			p := NewPage(t, tt.o)
			p.Open("/page")
			got := p.Eval("() => innerWidth + 'x' + innerHeight + ' ' +" +
				"(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light') + " +
				"' ' + Intl.DateTimeFormat().resolvedOptions().timeZone + ' script:' + document.documentElement.dataset.script")
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMissingToolsSayWhatToDo(t *testing.T) {
	t.Setenv("CHROMIUM", "")
	_, err := findTools(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "run make test") {
		t.Errorf("error is %v, want one that says: run make test", err)
	}
}

func TestStaysHere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		address string
		want    bool
	}{
		{"http://localhost:8080/x", true},
		{"http://127.0.0.1:1/x", true},
		{"http://127.1.2.3/x", true},
		{"http://[::1]:1/x", true},
		{"data:text/plain,x", true},
		{"about:blank", true},
		{"blob:http://localhost/x", true},
		{"http://example.com/x", false},
		{"https://localhost.example.com/x", false},
		{"https://127.0.0.1.example.com/x", false},
		{"ws://192.0.2.1/x", false},
		{"https://fourthwall.com/x", false},
		{"http://0.0.0.0/x", false},
	}
	for _, tt := range tests {
		if got := staysHere(tt.address); got != tt.want {
			t.Errorf("staysHere(%q) is %v, want %v", tt.address, got, tt.want)
		}
	}
}

func TestArtifactDirStaysInItsFolder(t *testing.T) {
	t.Parallel()
	tests := []struct{ test, want string }{
		{"TestA", "/r/e2e/artifacts/TestA"},
		{"TestA/two_words", "/r/e2e/artifacts/TestA/two_words"},
		{"TestA/../../x", "/r/e2e/artifacts/TestA/x"},
		{"TestA/a b:<c>", "/r/e2e/artifacts/TestA/a-b-c-"},
	}
	for _, tt := range tests {
		if got := artifactDir("/r", tt.test); got != tt.want {
			t.Errorf("artifactDir(%q) is %q, want %q", tt.test, got, tt.want)
		}
	}
}
