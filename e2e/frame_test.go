package e2e

import (
	"testing"

	"hookwall/e2e/browser"
)

// frameScenes are the pages that the frame leads to.
var frameScenes = []scene{
	{name: "help", show: func(v *visitor) int { v.connectKey(2); return v.Open("/help") }, status: 200, heading: "Help"},
	{
		name: "display", show: func(v *visitor) int { v.connectKey(2); return v.Open("/display") }, status: 200,
		heading: "Display",
	},
	{
		name: "sign out", show: func(v *visitor) int { v.connectKey(2); return v.Open("/sign-out") }, status: 200,
		heading: "Sign out and disconnect 1 shop?",
	},
}

// TestTheme: a theme that was chosen is there without script, whatever the
// system's is, and so is UTC.
func TestTheme(t *testing.T) {
	t.Parallel()
	for name, noScript := range map[string]bool{"script": false, "no script": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{NoJavaScript: noScript, Scheme: browser.Light})
			v.Open("/help")
			v.Submit(v.Role("contentinfo", "").GetByRole("link", named("Display")))
			v.Check(v.CSS("#theme-dark"))
			v.Check(v.CSS("#times-utc"))
			v.Submit(v.Role("button", "Save"))
			v.at("/help")
			v.Must(v.Expect(v.CSS("html")).ToHaveCSS("background-color", "rgb(20, 19, 17)"))
			v.connectKey(2)
			v.Open("/shops")
			v.Must(v.Expect(v.CSS("main time").First()).ToContainText("UTC"))
		})
	}
}

// TestShortcuts: keys lead to pages and to the search, but not while someone
// types or after they were turned off.
func TestShortcuts(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	list := listPath(shop)
	v.Open("/help")
	for _, step := range []struct{ keys, to string }{
		{"gw", list}, {"gd", "/shops/" + shop.ID + "/events"}, {"gs", "/shops"}, {"gh", "/help"},
	} {
		v.Navigate(func() { v.Press(step.keys[:1], step.keys[1:]) })
		v.at(step.to)
	}
	help, err := v.PW.ExpectPopup(func() error { return v.PW.Keyboard().Press("?") })
	v.Must(err)
	v.Must(help.WaitForURL(v.app.url + "/help#keys"))
	v.Open(newPath(shop))
	v.Press("g", "s")
	v.at(newPath(shop)) // the field has the focus
	v.Open("/display")
	v.Check(v.CSS("#keys-off"))
	v.Submit(v.Role("button", "Save"))
	v.Open("/help")
	v.Press("g", "s")
	v.at("/help")
}
