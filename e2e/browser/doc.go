// Package browser drives one headless Chromium for the tests of a package.
//
// A test package calls [Main] from TestMain and opens pages with [NewPage]:
//
//	func TestMain(m *testing.M) { browser.Main(m) }
//
//	func TestCreate(t *testing.T) {
//		app := startApp(t) // the dashboard, in process, on port 0
//		p := browser.NewPage(t, browser.Options{BaseURL: app.URL})
//		p.Open("/shops/sh_1/webhooks/new")
//		p.Fill(p.Label("Endpoint URL"), "https://203.0.113.7/fw")
//		p.Check(p.Role("checkbox", "Order placed"))
//		if status := p.Submit(p.Role("button", "Create webhook")); status != 422 {
//			t.Errorf("status %d, want 422", status)
//		}
//		p.HasFocus(p.Label("Endpoint URL"))
//		p.Accessible()
//	}
//
// Every helper fails the test by itself. Those that look at the page wait for
// what they ask for, up to a few seconds, so a test never sleeps. For anything
// else there is Page.PW, the Playwright page.
//
// When a test ends, it has failed if any of its pages broke the content
// security policy, wrote an error to the console, threw, opened a dialog, or
// asked for something beyond this machine; [Page.ExpectProblem] excuses what a
// test provokes on purpose. A failed test leaves a picture, the HTML and the log of
// each page in e2e/artifacts.
//
// The browser and its driver are installed by "make test" and "make e2e". If
// they are not there the tests fail and say so; go test -short skips them.
package browser
