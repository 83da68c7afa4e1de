package views

import (
	"slices"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"hookwall/views/ui"
)

// frame returns the frame of a page with two shops connected, in the sandbox.
func frame() Frame {
	shop := ShopLink{ID: "sh_1", Name: "Studio Nine", Domain: "studio-nine.example", Href: "/shops/sh_1/webhooks"}
	other := ShopLink{
		ID: "sh_2", Name: "Paper Lantern", Domain: "paper.example", Href: "/shops/sh_2/webhooks", Expired: true,
	}
	return Frame{
		Title: "Webhooks", Path: shop.Href, Shop: &shop, Shops: []ShopLink{shop, other}, SignedIn: true,
		ShopCount: 2, SandboxURL: "http://127.0.0.1:8081/", Return: shop.Href,
	}
}

// shopFrame returns frame with the other pages of a shop.
func shopFrame(path string) Frame {
	f := frame()
	f.Path, f.EventsHref, f.ActivityHref = path, "/shops/sh_1/events", "/shops/sh_1/activity"
	return f
}

// toolFrame returns shopFrame with the tools.
func toolFrame(path string) Frame {
	f := shopFrame(path)
	f.ToolsHref = "/tools/signature"
	return f
}

func TestTopBar(t *testing.T) {
	d := render(t, WebhookList(WebhookListPage{Frame: frame(), CreateHref: "/new"}))
	switcher := d.all(func(n *html.Node) bool { return hasClass(n, "switcher") })[0]
	summary := within(switcher, func(n *html.Node) bool { return n.Data == "summary" })[0]
	if got := text(summary); got != "Shop: Studio Nine" {
		t.Errorf("switcher says %q", got)
	}
	for _, want := range []string{"/shops/sh_1/webhooks", "/shops/sh_2/webhooks", "/shops", "/connect"} {
		if len(within(switcher, func(n *html.Node) bool { return attr(n, "href") == want })) != 1 {
			t.Errorf("switcher has no link to %s", want)
		}
	}
	for _, nav := range d.all(func(n *html.Node) bool { return n.Data == "nav" && attr(n, "aria-label") == "Main" }) {
		current := within(nav, func(n *html.Node) bool { return attr(n, "aria-current") == "page" })
		if len(current) != 1 || text(current[0]) != "Webhooks" {
			t.Errorf("%d current links", len(current))
		}
	}
	const signOut = "/sign-out?return=%2Fshops%2Fsh_1%2Fwebhooks"
	if out := d.all(func(n *html.Node) bool { return attr(n, "href") == signOut }); len(out) != 1 {
		t.Errorf("%d ways to sign out", len(out))
	}

	anonymous := render(t, Connect(ConnectPage{Frame: Frame{Title: "Connect"}, KeyAction: "/k"}))
	if n := len(anonymous.tags("nav")); n != 0 {
		t.Errorf("%d navigations without a connection", n)
	}
}

func TestNavigationOfShop(t *testing.T) {
	rows := []struct{ path, current, kind string }{
		{"/shops/sh_1/webhooks", "Webhooks", "page"},
		{"/shops/sh_1/webhooks/w/edit", "Webhooks", "true"},
		{"/shops/sh_1/checks/new", "Webhooks", "true"},
		{"/shops/sh_1/events", "Deliveries", "page"},
		{"/shops/sh_1/events/e", "Deliveries", "true"},
		{"/shops/sh_1/activity", "Activity", "page"},
		{"/shops", "Shops", "page"},
	}
	for _, row := range rows {
		d := render(t, Error(ErrorPage{Frame: shopFrame(row.path)}))
		for _, nav := range d.all(func(n *html.Node) bool { return n.Data == "nav" && attr(n, "aria-label") == "Main" }) {
			links := within(nav, func(n *html.Node) bool { return n.Data == "a" })
			var names []string
			for _, a := range links {
				names = append(names, text(a))
				current := attr(a, "aria-current")
				if (text(a) == row.current) != (current != "") || current != "" && current != row.kind {
					t.Errorf("%s: link %q has aria-current %q", row.path, text(a), current)
				}
			}
			if want := []string{"Webhooks", "Deliveries", "Activity", "Shops"}; !slices.Equal(names, want) {
				t.Errorf("%s: links %q, want %q", row.path, names, want)
			}
		}
	}
}

func TestToolsInTopBar(t *testing.T) {
	rows := []struct {
		name  string
		frame Frame
		navs  int
		links []string
	}{
		{"shop", toolFrame("/shops/sh_1/webhooks"), 2, []string{"Webhooks", "Deliveries", "Activity", "Tools", "Shops"}},
		{"no connection", Frame{ToolsHref: "/tools/signature", Path: "/connect"}, 1, []string{"Tools"}},
		{"no tools", Frame{Path: "/connect"}, 0, nil},
		{"on the page", Frame{ToolsHref: "/tools/signature", Path: "/tools/signature"}, 1, []string{"Tools"}},
	}
	for _, row := range rows {
		d := render(t, Error(ErrorPage{Frame: row.frame}))
		navs := d.all(func(n *html.Node) bool { return n.Data == "nav" && attr(n, "aria-label") == "Main" })
		if len(navs) != row.navs {
			t.Errorf("%s: %d navigations, want %d", row.name, len(navs), row.navs)
		}
		for _, nav := range navs {
			var names []string
			for _, a := range within(nav, func(n *html.Node) bool { return n.Data == "a" }) {
				names = append(names, text(a))
				if want := row.frame.Path == attr(a, "href"); want != (attr(a, "aria-current") == "page") {
					t.Errorf("%s: link %q has aria-current %q", row.name, text(a), attr(a, "aria-current"))
				}
			}
			if !slices.Equal(names, row.links) {
				t.Errorf("%s: links %q, want %q", row.name, names, row.links)
			}
		}
	}
}

// TestFlashesAreAnnounced: each notice of what was just done is a status region,
// and the first takes the focus unless the content does.
func TestFlashesAreAnnounced(t *testing.T) {
	told := frame()
	told.Notices = []ui.Notice{
		{Kind: ui.Success, Title: "Studio Nine is connected"}, {Kind: ui.Info, Title: "And another thing"},
	}
	form := formPage()
	form.Frame = told
	for name, row := range map[string]struct {
		page templ.Component
		want string // id of what gets the focus
	}{
		"list": {WebhookList(WebhookListPage{Frame: told}), "flash-0"},
		"form": {WebhookForm(form), "url"},
	} {
		d := render(t, row.page)
		d.check()
		for _, id := range []string{"flash-0", "flash-1"} {
			if n := d.byID(id); attr(n, "role") != "status" || attr(n, "tabindex") != "-1" {
				t.Errorf("%s: %s is no region that can take the focus", name, id)
			}
		}
		focused := d.all(func(n *html.Node) bool { return has(n, "autofocus") })
		if len(focused) != 1 || attr(focused[0], "id") != row.want {
			t.Errorf("%s: the focus does not go to %s", name, row.want)
		}
	}
}

// TestFooter: the footer has the version, if there is one to show, and the way to
// what the menu has for those who are signed in.
func TestFooter(t *testing.T) {
	rows := []struct {
		version  string
		signedIn bool
		want     string
	}{
		{"", true, "Help Fourthwall docs"},
		{"1.2.3\u202e", true, "Hookwall 1.2.3U+202E Help Fourthwall docs"},
		{"", false, "Help DisplayFourthwall docs"},
	}
	for _, row := range rows {
		f := frame()
		f.Version, f.SignedIn = row.version, row.signedIn
		d := render(t, Tools(ToolsPage{Frame: f}))
		d.check()
		got := ""
		for _, foot := range d.tags("footer") {
			got += text(foot)
		}
		if got != row.want {
			t.Errorf("%+v: the footer says %q", row, got)
		}
	}
}

// TestDisplayIsInThePage: the style sheet and the script read how to show the page
// from the root, so that it never flashes in another theme.
func TestDisplayIsInThePage(t *testing.T) {
	rows := []struct {
		theme, times, keys, scheme string
		attributes                 [3]string
	}{
		{"", "", "", "light dark", [3]string{}},
		{ThemeSystem, TimesLocal, KeysOn, "light dark", [3]string{}},
		{ThemeLight, TimesLocal, KeysOn, "light", [3]string{"light"}},
		{ThemeDark, TimesUTC, KeysOff, "dark", [3]string{"dark", "utc", "off"}},
	}
	for _, row := range rows {
		f := frame()
		f.Theme, f.Times, f.Keys = row.theme, row.times, row.keys
		d := render(t, Tools(ToolsPage{Frame: f}))
		root := d.tags("html")[0]
		got := [3]string{attr(root, "data-theme"), attr(root, "data-times"), attr(root, "data-keys")}
		scheme := ""
		for _, meta := range d.tags("meta") {
			if attr(meta, "name") == "color-scheme" {
				scheme = attr(meta, "content")
			}
		}
		if got != row.attributes || scheme != row.scheme {
			t.Errorf("%+v: the root has %q, the scheme is %q", row, got, scheme)
		}
	}
}

// TestSwitcherSearches: the switcher is a search if it doesn't list all shops.
func TestSwitcherSearches(t *testing.T) {
	for count, want := range map[int]int{2: 0, 3: 1, 1000: 1} {
		f := frame()
		f.ShopCount = count
		d := render(t, Tools(ToolsPage{Frame: f}))
		d.check()
		found := d.all(func(n *html.Node) bool { return hasClass(n, "find") && attr(n, "action") == "/shops" })
		if len(found) != want {
			t.Errorf("%d shops: %d searches", count, len(found))
		}
	}
}
