package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"
)

// session is one profile of the browser and what happened in it.
type session struct {
	watch

	t       testing.TB
	engine  *engine
	context playwright.BrowserContext
	dir     string // where artifacts of a failure go

	noScript bool
}

func newSession(t testing.TB, e *engine, o Options) (*session, error) {
	context, err := e.chromium.NewContext(contextOptions(o))
	if err != nil {
		return nil, err
	}
	context.SetDefaultTimeout(actionTimeout)
	context.SetDefaultNavigationTimeout(navigationTimeout)
	s := &session{t: t, engine: e, context: context, dir: artifactDir(e.root, t.Name()), noScript: o.NoJavaScript}
	t.Cleanup(s.end)
	if err := os.RemoveAll(s.dir); err != nil {
		return nil, err
	}
	return s, s.watchContext(context)
}

func (s *session) newPage() *Page {
	s.t.Helper()
	page, err := s.context.NewPage()
	if err != nil {
		s.t.Fatalf("browser: new tab: %v", err)
	}
	return &Page{PW: page, t: s.t, s: s}
}

// end reports what the pages did wrong, keeps what a failed test shows, and
// closes the profile.
func (s *session) end() {
	s.awaitReports()
	for _, problem := range s.unexpected() {
		s.t.Errorf("browser: %s", problem)
	}
	if s.t.Failed() {
		s.keep()
	}
	if err := s.context.Close(); err != nil {
		s.t.Errorf("browser: close: %v", err)
	}
}

// awaitReports makes a round trip to each page, so that what they reported before it
// has arrived.
func (s *session) awaitReports() {
	wait := "() => new Promise(done => setTimeout(() => done(window.__violationsReported)))"
	if s.noScript {
		wait = "() => {}" // timers do not run either
	}
	for _, p := range s.context.Pages() {
		if _, err := p.Evaluate(wait); err != nil {
			s.log("page %s did not answer: %v", p.URL(), err)
		}
	}
}

// keep writes a picture and the HTML of each page, and the log of them all.
func (s *session) keep() {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		s.t.Logf("browser: artifacts: %v", err)
		return
	}
	for i, page := range s.context.Pages() {
		name := filepath.Join(s.dir, fmt.Sprintf("page-%d", i+1))
		if err := keepPage(page, name); err != nil {
			s.t.Logf("browser: artifacts of %s: %v", page.URL(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "log.txt"), []byte(s.history()), 0o644); err != nil {
		s.t.Logf("browser: artifacts: %v", err)
	}
	shown, err := filepath.Rel(s.engine.root, s.dir)
	if err != nil {
		shown = s.dir
	}
	s.t.Logf("browser: see %s", shown)
}

func keepPage(page playwright.Page, name string) error {
	_, err := page.Screenshot(playwright.PageScreenshotOptions{
		Path:     playwright.String(name + ".png"),
		FullPage: playwright.Bool(true),
	})
	if err != nil {
		return err
	}
	html, err := page.Content()
	if err != nil {
		return err
	}
	html = "<!-- " + page.URL() + " -->\n" + html
	return os.WriteFile(name+".html", []byte(html), 0o644)
}

var unsafeInFileName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// artifactDir is the folder of one test; a subtest's lies in its parent's.
func artifactDir(root, test string) string {
	parts := []string{root, "e2e", "artifacts"}
	for _, part := range strings.Split(test, "/") {
		part = strings.Trim(unsafeInFileName.ReplaceAllString(part, "-"), ".")
		parts = append(parts, part)
	}
	return filepath.Join(parts...)
}
