package handlers

import (
	"net/http"
	"strings"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views"
)

// handleShops lists the connected shops.
func (s *server) handleShops(w http.ResponseWriter, r *http.Request) error {
	owner := stateOf(r).owner
	if owner == "" {
		return redirect(w, r, connectPath)
	}
	frame, err := s.frame(r, "Shops")
	if err != nil {
		return err
	}
	all, err := s.Store.Connections(r.Context(), owner)
	if err != nil {
		return err
	}
	page := views.ShopsPage{Frame: frame, ConnectHref: connectPath, SignOutAction: signOutPath}
	for _, c := range all {
		page.Connected = append(page.Connected, connectedShop(c))
	}
	return s.render(w, r, http.StatusOK, views.Shops(page))
}

func connectedShop(c store.Connection) views.ConnectedShop {
	row := views.ConnectedShop{
		ShopLink: shopLink(c), Way: shops.Way(c), Scopes: strings.Fields(c.Scopes), ConnectedAt: c.CreatedAt,
		DisconnectAction: disconnectPath(c.ShopID),
	}
	if c.Expired {
		row.ReconnectHref = connectLink("", c.ShopID).Href
	}
	return row
}
