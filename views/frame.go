package views

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hookwall/views/ui"
)

// Frame has what every page needs for the parts around its content.
type Frame struct {
	Title string // document title, without the product's name
	Path  string // path of the page, for aria-current
	// EventsHref and ActivityHref are those of Shop; "" if that is nil.
	EventsHref   string
	ActivityHref string
	ToolsHref    string // pages that need no shop; "" if there are none
	// SignatureHref is the tool that explains signatures; "" if there is none.
	SignatureHref string
	Shop          *ShopLink  // the shop in the bar; nil if there is none
	Shops         []ShopLink // that were open last, at most five
	ShopCount     int        // of all connected shops
	SandboxURL    string     // the sandbox's front page; "" if Fourthwall is real
	// PlainHTTPWarning is set if the page is served over plain http on a host
	// that isn't loopback, so that cookies could be read on the way.
	PlainHTTPWarning bool
	NoBackground     bool   // nothing is done in the background
	SignedIn         bool   // at least one shop is connected, or a member can open the list of shops
	Searched         string // what is in the field that finds anything
	Member           string // what the person is called who signed in to the team; "" without one
	MemberRole       string // in words; "" without a team
	// ReadOnly is set if the person may not change a shop, and NoConnect if the
	// person may not connect one. What would be refused isn't shown.
	ReadOnly, NoConnect bool
	// Guest is set on the pages of a shop's owner, who has no account and sees
	// nothing of the team.
	Guest   bool
	Version string // of Hookwall; "" if it isn't shown
	// Theme, Times and Keys are how the browser shows pages; "" for the default.
	Theme, Times, Keys string
	Return             string // this page, where Display and Sign out lead back to; "" for the start
	Notices            []ui.Notice
	// focused is set if the content takes the focus.
	focused bool
	// form is set if the page is the create or edit form, which loads form.css and
	// form.js alone.
	form bool
}

// ShopLink names a connected shop and where its webhooks are.
type ShopLink struct {
	ID      string
	Name    string
	Domain  string
	Href    string // its webhook list
	Expired bool   // must be connected again

	// Since when and why, if Expired.
	EndedAt  time.Time // when it was noticed; zero if that isn't known
	WhyEnded string    // in a few words
	EndText  string    // in sentences, with the time
}

// Paths in the top bar of every page.
const (
	shopsPath    = "/shops"
	coveragePath = "/shops/coverage"
	connectPath  = "/connect"
	signOutPath  = "/sign-out"
	findPath     = "/switcher" // finds shops while someone types
	searchPath   = "/search"
	foundPath    = "/search/found" // finds anything while someone types
	displayPath  = "/display"
	helpPath     = "/help"
	peoplePath   = "/people"
	youPath      = "/you"
	docsURL      = "https://docs.fourthwall.com"
)

// The fields of the form that says how to show pages, and their values.
const (
	ThemeField  = "theme"
	ThemeSystem = "system"
	ThemeLight  = "light"
	ThemeDark   = "dark"

	TimesField = "times"
	TimesLocal = "local"
	TimesUTC   = "utc"

	KeysField = "keys"
	KeysOn    = "on"
	KeysOff   = "off"
)

// shown are the attributes by which the style sheet and the script know how to
// show the page.
func (f Frame) shown() templ.Attributes {
	all := templ.Attributes{}
	if f.colorScheme() == f.Theme {
		all["data-theme"] = f.Theme
	}
	if f.Times == TimesUTC {
		all["data-times"] = f.Times
	}
	if f.Keys == KeysOff {
		all["data-keys"] = f.Keys
	}
	return all
}

// colorScheme returns the schemes that the browser may draw the page in.
func (f Frame) colorScheme() string {
	if f.Theme == ThemeLight || f.Theme == ThemeDark {
		return f.Theme
	}
	return "light dark"
}

// ownsShop reports whether the page is about the shop in the bar.
func (f Frame) ownsShop() bool {
	return f.Shop != nil && strings.HasPrefix(f.Path+"/", strings.TrimSuffix(f.Shop.Href, "webhooks"))
}

// asking returns the URL of a page with a question, from which one returns to
// this page.
func (f Frame) asking(page string) string {
	if f.Return == "" {
		return page
	}
	return page + "?return=" + url.QueryEscape(f.Return)
}

// focusing returns the frame of a page whose content takes the focus if taken
// is true. Otherwise the first notice takes it, so that screen readers read it.
func (f Frame) focusing(taken bool) Frame {
	f.focused = taken
	return f
}

// findable names what there is to find.
func (f Frame) findable() string {
	if f.ShopCount > 1 {
		return "Shop, URL or ID"
	}
	return "URL or ID"
}

// script returns the script that the page loads.
func (f Frame) script() string {
	if f.form {
		return "form.js"
	}
	return "app.js"
}

// ofForm returns the frame of the create or edit form.
func (f Frame) ofForm() Frame {
	f.form = true
	return f
}

// toolCrumbs returns the breadcrumb of a tool.
func (f Frame) toolCrumbs(name string) []ui.Link {
	if f.ToolsHref == "" {
		return []ui.Link{{Text: name}}
	}
	return []ui.Link{{Href: f.ToolsHref, Text: "Tools"}, {Text: name}}
}

// documentTitle returns the title of the browser's tab.
func documentTitle(f Frame, failed bool) string {
	title := ui.Plain(f.Title)
	if f.ownsShop() {
		title += " · " + ui.Plain(f.Shop.Name)
	}
	if failed {
		title = "Error: " + title
	}
	return title + " · Hookwall"
}

// failedNotice reports whether a notice above the content is about a failure.
func failedNotice(f Frame) bool {
	for _, n := range f.Notices {
		if n.Kind == ui.Failure {
			return true
		}
	}
	return false
}

// isFailure reports whether there is a notice and it is about a failure.
func isFailure(n *ui.Notice) bool { return n != nil && n.Kind == ui.Failure }

// current returns the aria-current of a link in the navigation.
func (f Frame) current(href string) string {
	switch {
	case f.Path == href:
		return "page"
	case f.within(href):
		return "true"
	}
	return ""
}

// within reports whether the page belongs to the part of the navigation that
// href leads to. Endpoint checks belong to the webhooks, and coverage and plans
// to the shops.
func (f Frame) within(href string) bool {
	if href == shopsPath {
		return f.Path == coveragePath || isBelow(f.Path, plansPath) || isBelow(f.Path, templatesPath)
	}
	shop, isList := strings.CutSuffix(href, "/webhooks")
	return strings.HasPrefix(f.Path, href+"/") || isList && strings.HasPrefix(f.Path, shop+"/checks/")
}

// trail returns a breadcrumb that begins with the shop's list of webhooks.
func trail(f Frame, steps ...ui.Link) []ui.Link {
	if f.Shop == nil {
		return steps
	}
	return append([]ui.Link{{Href: f.Shop.Href, Text: "Webhooks"}}, steps...)
}

// isBelow reports whether a path is another one, or below it.
func isBelow(path, of string) bool { return path == of || strings.HasPrefix(path, of+"/") }
