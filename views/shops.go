package views

import (
	"time"

	"hookwall/views/ui"
)

// ShopsPage lists the connected shops.
type ShopsPage struct {
	Frame
	Connected   []ConnectedShop // of this page
	Query       string          // that all of them match; "" for none
	Found       int             // on all pages
	Expired     int             // of all shops
	WhoCanHelp  string          // connects a shop again; "" if the person may
	Pager       ui.Pager
	ListHref    string
	ConnectHref string
}

// ConnectedShop is one connection.
type ConnectedShop struct {
	ShopLink
	Way            string // "Fourthwall sign-in", "Older sign-in (implicit)", "API key ending …x9f2"
	Permissions    string // "View and manage webhooks"
	ConnectedAt    time.Time
	DisconnectHref string // "" if the person may not
	ReconnectHref  string // set if Expired
}

// FoundShopsPart is what a search in the switcher found.
type FoundShopsPart struct {
	Query        string
	Shops        []ShopLink // the first of them
	Found, Total int
	AllHref      string // to all that were found
}
