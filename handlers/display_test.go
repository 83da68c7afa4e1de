package handlers

import (
	"net/http"
	"net/url"
	"testing"

	"golang.org/x/net/html"
)

// TestDisplay: the choices are kept in a cookie, one by one, and lead back to
// where the person came from.
func TestDisplay(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	webhooks := webhooksPath(shop.ID)
	for _, test := range []struct {
		name               string
		sent               url.Values
		to                 string
		theme, times, keys string
	}{
		{"nothing", url.Values{}, "/", "", "", ""},
		{"dark", url.Values{"theme": {"dark"}, "return": {"/tools"}}, "/tools", "dark", "", ""},
		{"and UTC", url.Values{"times": {"utc"}, "return": {webhooks + "?q=a"}}, webhooks + "?q=a", "dark", "utc", ""},
		{"and no shortcuts", url.Values{"keys": {"off"}, "return": {"/help"}}, "/help", "dark", "utc", "off"},
		{"unknown ones", url.Values{"theme": {"pink"}, "times": {`"><b>`}, "other": {"x"}}, "/", "", "", "off"},
		{"another host", url.Values{"theme": {"light"}, "return": {"//evil.example"}}, "/", "light", "", "off"},
		{
			"all",
			url.Values{"theme": {"system"}, "times": {"local"}, "keys": {"on"}, "return": {"/connect?return=/shops"}},
			"/connect?return=%2Fshops", "", "", "",
		},
	} {
		sent := p.noRedirects().post(displayPath, test.sent).want(http.StatusSeeOther)
		var root *html.Node
		walk(p.get(webhooks).doc, func(n *html.Node) {
			if n.Data == "html" {
				root = n
			}
		})
		got := [4]string{
			sent.header.Get("Location"), attr(root, "data-theme"), attr(root, "data-times"), attr(root, "data-keys"),
		}
		if want := [4]string{test.to, test.theme, test.times, test.keys}; got != want {
			t.Errorf("%s: %q, want %q", test.name, got, want)
		}
	}
	form := p.get(webhooks).link("Display").want(http.StatusOK, "System", "UTC").form(displayPath)
	back := form.set("theme", "dark").submit().want(http.StatusOK)
	if back.url.Path != webhooks {
		t.Errorf("the form leads to %s", back.url)
	}
	g.person().get(connectPath).link("Display").want(http.StatusOK)
}
