package browser

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"
	"go.uber.org/goleak"
)

// engine is the one browser that the tests of a package share.
type engine struct {
	root     string // of the module
	axe      string // source of axe-core
	pw       *playwright.Playwright
	chromium playwright.Browser
}

var (
	launchOnce = sync.OnceValues(launch)
	running    *engine // set by launchOnce, read when the tests are over
)

// Main runs the tests of a package and stops the browser that they shared, and
// does what else is to be done in the end. It is called from TestMain and does
// not return.
func Main(m *testing.M, after ...func() error) {
	overlap()
	code := m.Run()
	for _, do := range after {
		if err := do(); err != nil {
			fmt.Fprintln(os.Stderr, "browser:", err)
			code = 1
		}
	}
	if running != nil {
		if err := running.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "browser: stop:", err)
			code = 1
		}
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "browser:", err)
		code = 1
	}
	os.Exit(code)
}

// overlap lets more tests run at once than there are processors, unless -parallel
// says how many: a test waits most of the time for the browser, and the browser
// for the test.
func overlap() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
}

func launch() (*engine, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	found, err := findTools(root)
	if err != nil {
		return nil, err
	}
	axe, err := os.ReadFile(found.axe)
	if err != nil {
		return nil, err
	}
	// playwright-go has no option for this one.
	if err := os.Setenv("PLAYWRIGHT_NODEJS_PATH", found.node); err != nil {
		return nil, err
	}
	pw, err := playwright.Run(&playwright.RunOptions{DriverDirectory: found.driver, SkipInstallBrowsers: true})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setupHint, err)
	}
	chromium, err := pw.Chromium.Launch(playwright.BrowserTypeLaunchOptions{
		ExecutablePath: &found.chromium,
		Args:           chromiumArgs,
		// Ctrl-C is for the tests, which then stop the browser.
		HandleSIGINT: playwright.Bool(false),
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", found.chromium, err), pw.Stop())
	}
	running = &engine{root: root, axe: string(axe), pw: pw, chromium: chromium}
	return running, nil
}

// chromiumArgs keep the browser from talking to anyone but the tests: no name
// but those of this machine resolves.
var chromiumArgs = []string{
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--no-proxy-server",
	"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
}

func (e *engine) stop() error {
	return errors.Join(e.chromium.Close(), e.pw.Stop())
}
