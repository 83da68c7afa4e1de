package browser

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"
)

// How long helpers wait, in milliseconds: long enough for a machine with two
// cores and much else to do, short enough that a failing test does not look
// hung.
const (
	actionTimeout     = 30_000
	navigationTimeout = 60_000
	turnTimeout       = 1_000 // see again
)

// Color schemes for [Options] and [Page.SetScheme].
const (
	Light = "light"
	Dark  = "dark"
)

// Options say what kind of browser a person has. The zero value is a wide
// window with JavaScript and the light scheme.
type Options struct {
	BaseURL      string // paths given to Open are below it
	NoJavaScript bool   // scripts of the pages do not run
	Scheme       string // Light or Dark; "" is Light
	Width        int    // of the window in CSS pixels; 0 is 1280
	Height       int    // 0 is 800
	Timezone     string // IANA name; "" is UTC
}

// Page is one tab. Each NewPage has cookies, storage and cache of its own;
// tabs made by [Page.NewTab] share them.
type Page struct {
	// PW is the Playwright page, for what has no helper here.
	PW playwright.Page

	t testing.TB
	s *session
}

// NewPage opens an empty tab in a profile of its own, and closes it when the
// test ends. It fails the test when the browser is not installed.
func NewPage(t testing.TB, o Options) *Page {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests are skipped by -short")
	}
	e, err := launchOnce()
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	s, err := newSession(t, e, o)
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return s.newPage()
}

func contextOptions(o Options) playwright.BrowserNewContextOptions {
	size := playwright.Size{Width: 1280, Height: 800}
	if o.Width > 0 {
		size.Width = o.Width
	}
	if o.Height > 0 {
		size.Height = o.Height
	}
	timezone := o.Timezone
	if timezone == "" {
		timezone = "UTC"
	}
	options := playwright.BrowserNewContextOptions{
		JavaScriptEnabled: playwright.Bool(!o.NoJavaScript),
		Viewport:          &size,
		ColorScheme:       colorScheme(o.Scheme),
		// Without transitions axe-core measures the final colors.
		ReducedMotion: playwright.ReducedMotionReduce,
		Locale:        playwright.String("en-GB"),
		TimezoneId:    &timezone,
		Permissions:   []string{"clipboard-read", "clipboard-write"},
	}
	if o.BaseURL != "" {
		options.BaseURL = &o.BaseURL
	}
	return options
}

func colorScheme(name string) *playwright.ColorScheme {
	if name == Dark {
		return playwright.ColorSchemeDark
	}
	return playwright.ColorSchemeLight
}

// NewTab opens another tab in the same profile, with the same cookies.
func (p *Page) NewTab() *Page {
	p.t.Helper()
	return p.s.newPage()
}

// Context is the profile: cookies, storage, permissions.
func (p *Page) Context() playwright.BrowserContext { return p.s.context }

// Must fails the test when err is not nil. It is for calls through PW.
func (p *Page) Must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("browser: at %s: %v", p.PW.URL(), err)
	}
}

// Open goes to a path below BaseURL, or to an absolute address, and returns
// the HTTP status of the document that was shown in the end.
func (p *Page) Open(address string) int {
	p.t.Helper()
	response, err := p.PW.Goto(address)
	if err != nil {
		p.t.Fatalf("browser: open %s: %v", address, err)
	}
	return statusOf(response)
}

// Navigate does something that makes the browser load another document, waits
// until that is loaded, and returns its HTTP status.
func (p *Page) Navigate(do func()) int {
	p.t.Helper()
	//nolint:staticcheck // WaitForURL, its successor, cannot tell a form that was redrawn at the same address.
	response, err := p.PW.ExpectNavigation(func() error {
		do()
		return nil
	}, playwright.PageExpectNavigationOptions{WaitUntil: playwright.WaitUntilStateCommit})
	if err != nil {
		p.t.Fatalf("browser: no page came from %s: %v", p.PW.URL(), err)
	}
	p.waitLoaded()
	return statusOf(response)
}

// waitLoaded waits until the document that is shown is loaded.
func (p *Page) waitLoaded() {
	p.t.Helper()
	err := again(func(timeout *float64) error {
		return p.PW.WaitForLoadState(playwright.PageWaitForLoadStateOptions{
			State:   playwright.LoadStateLoad,
			Timeout: timeout,
		})
	})
	if err != nil {
		p.t.Fatalf("browser: %s was not loaded: %v", p.PW.URL(), err)
	}
}

// again calls wait, which waits for turnTimeout at most, until it succeeds or
// navigationTimeout has passed. Playwright for Go checks the state before it
// begins to listen. It misses what happens in between, and the next call sees
// it.
func again(wait func(timeout *float64) error) error {
	deadline := time.Now().Add(navigationTimeout * time.Millisecond)
	for {
		err := wait(playwright.Float(turnTimeout))
		if !isWorthRepeating(err) || time.Now().After(deadline) {
			return err
		}
	}
}

// isWorthRepeating reports whether an error only says that nothing has come
// yet, or that one navigation took the place of another.
func isWorthRepeating(err error) bool {
	return errors.Is(err, playwright.ErrTimeout) || err != nil && strings.Contains(err.Error(), "net::ERR_ABORTED")
}

// Submit clicks a button or link, waits for the document that it leads to, and
// returns that document's HTTP status.
func (p *Page) Submit(l playwright.Locator) int {
	p.t.Helper()
	return p.Navigate(func() { p.Click(l) })
}

// Back goes back as the browser's button does, and returns the HTTP status, or
// 0 when the browser had the page in memory.
func (p *Page) Back() int {
	p.t.Helper()
	response, err := p.PW.GoBack()
	p.Must(err)
	return statusOf(response)
}

// Reload loads the page again and returns the HTTP status.
func (p *Page) Reload() int {
	p.t.Helper()
	response, err := p.PW.Reload()
	p.Must(err)
	return statusOf(response)
}

func statusOf(r playwright.Response) int {
	if r == nil {
		return 0
	}
	return r.Status()
}

// Path is the path and query of the address bar.
func (p *Page) Path() string {
	p.t.Helper()
	u, err := url.Parse(p.PW.URL())
	p.Must(err)
	return u.RequestURI()
}

// WaitPath waits until the path and query of the address bar match a regular
// expression, and the page there is loaded. It is for places that a script or
// several redirects lead to.
func (p *Page) WaitPath(pattern string) {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	match := func(address string) bool {
		u, err := url.Parse(address)
		return err == nil && re.MatchString(u.RequestURI())
	}
	err := again(func(timeout *float64) error {
		return p.PW.WaitForURL(match, playwright.PageWaitForURLOptions{
			WaitUntil: playwright.WaitUntilStateCommit,
			Timeout:   timeout,
		})
	})
	if err != nil {
		p.t.Fatalf("browser: waited for %s, is at %s: %v", pattern, p.PW.URL(), err)
	}
	p.waitLoaded()
}

// SetScheme changes between Light and Dark.
func (p *Page) SetScheme(scheme string) {
	p.t.Helper()
	p.Must(p.PW.EmulateMedia(playwright.PageEmulateMediaOptions{ColorScheme: colorScheme(scheme)}))
}

// Resize changes the size of the window, in CSS pixels.
func (p *Page) Resize(width, height int) {
	p.t.Helper()
	p.Must(p.PW.SetViewportSize(width, height))
}

// Eval runs a JavaScript expression or function in the page and returns what
// its value. It works with Options.NoJavaScript too, and under any policy.
func (p *Page) Eval(expression string, arg ...any) any {
	p.t.Helper()
	value, err := p.PW.Evaluate(expression, arg...)
	p.Must(err)
	return value
}

// NoSidewaysScroll fails the test when the page is wider than its window.
func (p *Page) NoSidewaysScroll() {
	p.t.Helper()
	wide := p.Eval(`() => {
		const room = document.documentElement.clientWidth
		if (document.documentElement.scrollWidth <= room) return ''
		const over = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > room + 1)
		return document.documentElement.scrollWidth + ' px in ' + room + ' px: ' +
			over.slice(0, 5).map(e => e.tagName.toLowerCase() + (e.className ? '.' + e.className : '')).join(', ')
	}`)
	if wide != "" {
		p.t.Errorf("browser: %s scrolls sideways: %v", p.PW.URL(), wide)
	}
}

// Download clicks a link to a file, and returns the name under which the
// browser would store it, and what is in it.
func (p *Page) Download(l playwright.Locator) (name, content string) {
	p.t.Helper()
	got, err := p.PW.ExpectDownload(func() error {
		return l.Click(playwright.LocatorClickOptions{Timeout: wait})
	})
	p.Must(err)
	path, err := got.Path()
	p.Must(err)
	data, err := os.ReadFile(path)
	p.Must(err)
	return got.SuggestedFilename(), string(data)
}

// Clipboard is the text that the page copied.
func (p *Page) Clipboard() string {
	p.t.Helper()
	return fmt.Sprint(p.Eval("() => navigator.clipboard.readText()"))
}
