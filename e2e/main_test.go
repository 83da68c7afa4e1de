// Package e2e tests the whole product in a real browser. Each
// test has a dashboard and a sandbox of its own, in this process, on port 0:
// the dashboard at http://localhost, the sandbox at http://127.0.0.1, so that
// they are different sites to the browser, as Hookwall and Fourthwall are.
package e2e

import (
	"testing"

	"hookwall/e2e/browser"
)

func TestMain(m *testing.M) { browser.Main(m) }
