package views

import "time"

// ShopsPage lists the connected shops.
type ShopsPage struct {
	Frame
	Connected     []ConnectedShop
	ConnectHref   string
	SignOutAction string
}

// ConnectedShop is one connection.
type ConnectedShop struct {
	ShopLink
	Way              string // "Fourthwall sign-in", "Older sign-in (implicit)", "API key ending …x9f2"
	Scopes           []string
	ConnectedAt      time.Time
	DisconnectAction string
	ReconnectHref    string // set if Expired
}
