package browser

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/playwright-community/playwright-go"
)

// watch records what goes wrong in the pages of one profile. The callbacks of
// Playwright run one after the other, beside the test.
type watch struct {
	mu       sync.Mutex
	lines    []string // everything, for the log
	problems []problem
	failures map[string]bool // addresses of documents with a status from 400 on
	expected []*expectation
}

type problem struct {
	text string
	// document is set for the console's note about the status of a response:
	// the tests compare the status of documents themselves, so that it only
	// counts for what a page loads.
	document string
}

type expectation struct {
	pattern *regexp.Regexp
	met     bool
}

// statusNote begins what Chromium's console reports of a status from 400 on.
const statusNote = "Failed to load resource: the server responded with a status of"

// reportViolations reports each violation of a policy to Go; __violationsReported
// holds until the last one has arrived. No page uses these names.
const reportViolations = `addEventListener('securitypolicyviolation', e => {
	const report = window.__reportViolation(
		e.effectiveDirective + ' blocked ' + (e.blockedURI || 'inline') + (e.sample ? ' "' + e.sample + '"' : '') +
		' on ' + e.documentURI + ' (' + e.sourceFile + ':' + e.lineNumber + ')')
	window.__violationsReported = Promise.all([window.__violationsReported, report])
})`

func (w *watch) watchContext(c playwright.BrowserContext) error {
	c.OnRequest(w.request)
	c.OnRequestFailed(func(r playwright.Request) { w.log("failed %s %s: %v", r.Method(), r.URL(), r.Failure()) })
	c.OnResponse(w.response)
	c.OnConsole(w.console)
	c.OnWebError(func(e playwright.WebError) { w.add(problem{text: fmt.Sprintf("uncaught exception: %v", e.Error())}) })
	c.OnDialog(w.dialog)
	if err := c.ExposeBinding("__reportViolation", w.violation); err != nil {
		return err
	}
	return c.AddInitScript(playwright.Script{Content: playwright.String(reportViolations)})
}

func (w *watch) request(r playwright.Request) {
	if !staysHere(r.URL()) {
		w.add(problem{text: fmt.Sprintf("request left this machine: %s %s", r.Method(), r.URL())})
	}
}

// staysHere reports whether an address is on a loopback host, or needs no host.
func staysHere(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https", "ws", "wss", "ftp":
		ip := net.ParseIP(u.Hostname())
		return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
	}
	return true
}

func (w *watch) response(r playwright.Response) {
	w.log("%d %s %s", r.Status(), r.Request().Method(), r.URL())
	if r.Status() < 400 || !r.Request().IsNavigationRequest() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failures == nil {
		w.failures = map[string]bool{}
	}
	w.failures[r.URL()] = true
}

func (w *watch) console(m playwright.ConsoleMessage) {
	at := m.Location()
	where := ""
	if at != nil {
		where = at.URL
	}
	if m.Type() != "error" {
		w.log("console %s: %s (%s)", m.Type(), m.Text(), where)
		return
	}
	p := problem{text: fmt.Sprintf("console error: %s (%s)", m.Text(), where)}
	if strings.HasPrefix(m.Text(), statusNote) {
		p.document = where
	}
	w.add(p)
}

func (w *watch) dialog(d playwright.Dialog) {
	w.add(problem{text: fmt.Sprintf("dialog: %s %q", d.Type(), d.Message())})
	// Answering waits for the browser, which waits for this callback.
	go func() {
		if err := d.Dismiss(); err != nil {
			w.log("dialog not dismissed: %v", err)
		}
	}()
}

func (w *watch) violation(_ *playwright.BindingSource, args ...any) any {
	w.add(problem{text: fmt.Sprint(append([]any{"Content Security Policy: "}, args...)...)})
	return nil
}

func (w *watch) add(p problem) {
	w.log("PROBLEM %s", p.text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, p)
}

func (w *watch) log(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

func (w *watch) history() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.lines, "\n") + "\n"
}

// unexpected are the problems that no expectation covers, and the expectations
// that no problem met.
func (w *watch) unexpected() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, p := range w.problems {
		if (p.document == "" || !w.failures[p.document]) && !w.expects(p.text) {
			out = append(out, p.text)
		}
	}
	for _, e := range w.expected {
		if !e.met {
			out = append(out, fmt.Sprintf("expected a problem like %q, there was none", e.pattern))
		}
	}
	return out
}

func (w *watch) expects(text string) bool {
	found := false
	for _, e := range w.expected {
		if e.pattern.MatchString(text) {
			e.met, found = true, true
		}
	}
	return found
}

// ExpectProblem excuses problems of this test that match a regular expression,
// such as "^console error: .*503". One at least must come, or the test fails.
// A document with a status from 400 on is no problem: check what Open and
// Submit return.
func (p *Page) ExpectProblem(pattern string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.expected = append(p.s.expected, &expectation{pattern: regexp.MustCompile(pattern)})
}
