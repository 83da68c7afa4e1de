package views

import (
	"strings"

	"hookwall/views/ui"
)

// Frame is what every page needs for the parts around its content.
type Frame struct {
	Title string // document title, without the product's name
	Path  string // path of the page, for aria-current
	// EventsHref and ActivityHref are the current shop's; "" outside a shop.
	EventsHref   string
	ActivityHref string
	ToolsHref    string    // what helps without a shop too; "" when there is nothing
	Shop         *ShopLink // the shop this page is about; nil outside a shop
	Shops        []ShopLink
	SandboxURL   string // address of the sandbox's front page; "" when Fourthwall is real
	// PlainHTTPWarning is set when the dashboard is reached over plain http
	// on a host that is not loopback: cookies could be read on the way.
	PlainHTTPWarning bool
	SignedIn         bool // at least one shop is connected
	Notices          []ui.Notice
	// focused is set when the content itself takes the focus.
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

// Paths that stand in the top bar of every page.
const (
	shopsPath   = "/shops"
	connectPath = "/connect"
	signOutPath = "/sign-out"
)

// focusing is the frame of a page whose content takes the focus when taken is
// true. Else the first message above the content takes it, so that it is heard.
func (f Frame) focusing(taken bool) Frame {
	f.focused = taken
	return f
}

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

// failedNotice says whether a message above the content is about a failure.
func failedNotice(f Frame) bool {
	for _, n := range f.Notices {
		if n.Kind == ui.Failure {
			return true
		}
	}
	return false
}

// within says whether the page belongs to a part of the navigation. What checks
// an endpoint belongs to the webhooks.
func (f Frame) within(href string) bool {
	if href == shopsPath {
		return false
	}
	shop, isList := strings.CutSuffix(href, "/webhooks")
	return strings.HasPrefix(f.Path, href+"/") || isList && strings.HasPrefix(f.Path, shop+"/checks/")
}

// trail is a breadcrumb that begins with the shop's list of webhooks.
func trail(f Frame, steps ...ui.Link) []ui.Link {
	if f.Shop == nil {
		return steps
	}
	return append([]ui.Link{{Href: f.Shop.Href, Text: "Webhooks"}}, steps...)
}
