package views

import (
	"strings"
	"testing"
)

// TestConnectImplicit checks what the script needs, and that the page loads it
// before anything else.
func TestConnectImplicit(t *testing.T) {
	d := render(t, ConnectImplicit(ConnectImplicitPage{Action: "/oauth/implicit", ConnectHref: "/connect"}))
	loads := d.tags("script", "link")
	if loads[0].Data != "script" || !strings.Contains(attr(loads[0], "src"), "/implicit.") || has(loads[0], "defer") ||
		has(loads[0], "async") {
		t.Error("the script is not the first thing, or does not run immediately")
	}
	form := d.byID("implicit")
	for _, name := range []string{"access_token", "state", "expires_in", "scope", "token_type", "error"} {
		if values := posted(form)[name]; len(values) != 1 || values[0] != "" {
			t.Errorf("field %s: %q", name, values)
		}
	}
	status, way := d.byID("implicit-status"), d.byID("implicit-way")
	if attr(status, "data-wait") == "" || attr(status, "data-nothing") == "" || attr(way, "data-href") != "/connect" {
		t.Error("the script's two messages are not there")
	}
}
