package views

import "slices"

// ConnectInstalledPage is where the browser arrives after an app was installed
// from Fourthwall's dashboard.
type ConnectInstalledPage struct {
	Frame
	CodeHref         string // starts the authorization code flow; "" if not offered
	ConnectHref      string // the page with the other ways
	ForDevelopersURL string // where the shop's owner creates an Open API user
}

// connected returns the shops whose connection works.
func (p ConnectInstalledPage) connected() []ShopLink {
	return slices.DeleteFunc(slices.Clone(p.Shops), func(l ShopLink) bool { return l.Expired })
}
