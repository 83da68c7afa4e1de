package views

import (
	"strings"

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
	Shop          *ShopLink // the shop this page is about; nil if there is none
	Shops         []ShopLink
	SandboxURL    string // the sandbox's front page; "" if Fourthwall is real
	// PlainHTTPWarning is set if the page is served over plain http on a host
	// that isn't loopback, so that cookies could be read on the way.
	PlainHTTPWarning bool
	SignedIn         bool   // at least one shop is connected
	Version          string // of Hookwall; "" if it isn't shown
	Notices          []ui.Notice
	// focused is set if the content takes the focus.
	focused bool
}

// ShopLink names a connected shop and where its webhooks are.
type ShopLink struct {
	ID      string
	Name    string
	Domain  string
	Href    string // its webhook list
	Expired bool   // must be connected again
}

// Paths in the top bar of every page.
const (
	shopsPath   = "/shops"
	connectPath = "/connect"
	signOutPath = "/sign-out"
)

// focusing returns the frame of a page whose content takes the focus if taken
// is true. Otherwise the first notice takes it, so that screen readers read it.
func (f Frame) focusing(taken bool) Frame {
	f.focused = taken
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
	if f.Shop != nil {
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

// within reports whether the page belongs to the part of the navigation that
// href leads to. Endpoint checks belong to the webhooks.
func (f Frame) within(href string) bool {
	if href == shopsPath {
		return false
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
