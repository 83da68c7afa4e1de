package handlers

import (
	"errors"
	"net/http"
	"strings"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views"
)

// handleHome leads to the place where the person goes on: the only shop, the
// list of shops, or connecting the first one.
func (s *server) handleHome(w http.ResponseWriter, r *http.Request) error {
	owner := stateOf(r).owner
	if owner == "" {
		return redirect(w, r, "/connect")
	}
	all, err := s.Store.Connections(r.Context(), owner)
	if err != nil {
		return err
	}
	switch len(all) {
	case 0:
		return redirect(w, r, "/connect")
	case 1:
		return redirect(w, r, webhooksPath(all[0].ShopID))
	}
	return redirect(w, r, "/shops")
}

// handleShop leads from a shop's bare address to its webhooks.
func (s *server) handleShop(w http.ResponseWriter, r *http.Request) error {
	return redirect(w, r, webhooksPath(r.PathValue("shop")))
}

// handleShops lists the connected shops.
func (s *server) handleShops(w http.ResponseWriter, r *http.Request) error {
	owner := stateOf(r).owner
	if owner == "" {
		return redirect(w, r, "/connect")
	}
	frame, err := s.frame(r, "Shops")
	if err != nil {
		return err
	}
	all, err := s.Store.Connections(r.Context(), owner)
	if err != nil {
		return err
	}
	page := views.ShopsPage{Frame: frame, ConnectHref: "/connect", SignOutAction: "/sign-out"}
	for _, c := range all {
		page.Connected = append(page.Connected, connectedShop(c))
	}
	return s.render(w, r, http.StatusOK, views.Shops(page))
}

func connectedShop(c store.Connection) views.ConnectedShop {
	row := views.ConnectedShop{
		ShopLink: shopLink(c), Way: shops.Way(c), Scopes: strings.Fields(c.Scopes), ConnectedAt: c.CreatedAt,
		DisconnectAction: shopPath(c.ShopID) + "/disconnect",
	}
	if c.Expired {
		row.ReconnectHref = connectLink("", c.ShopID).Href
	}
	return row
}

// handleDisconnect forgets a shop and its credential. It also works for a
// connection that has run out, so it is not behind the guard.
func (s *server) handleDisconnect(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	if v.owner == "" {
		return redirect(w, r, "/connect")
	}
	conn, err := s.Store.Connection(r.Context(), v.owner, r.PathValue("shop"))
	if errors.Is(err, store.ErrNotFound) {
		return &httpError{Status: http.StatusNotFound, Public: "This shop is not connected here. It may have been disconnected in another tab.", Links: []views.Link{{Href: "/shops", Text: "See the connected shops"}}}
	}
	if err != nil && !errors.Is(err, store.ErrWrongKey) {
		return err
	}
	v.conn = conn
	if err := s.Shops.Disconnect(r.Context(), s.actor(r), conn); err != nil {
		return err
	}
	v.log.Info("shop disconnected", "shop", clip(conn.ShopID, 80))
	n := views.Notice{
		Kind: views.Success, Title: shopLink(conn).Name + " is disconnected",
		Text: "Hookwall deleted its access to this shop. The shop’s webhooks live on at Fourthwall and keep being called.",
	}
	if err := s.flash(r, v.owner, "/shops", n); err != nil {
		return err
	}
	return redirect(w, r, "/shops")
}

// handleSignOut ends the session everywhere and deletes what it owned.
func (s *server) handleSignOut(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	if v.owner != "" {
		if err := s.Shops.DisconnectAll(r.Context(), s.actor(r)); err != nil {
			return err
		}
		v.log.Info("signed out")
	}
	v.session.Options.MaxAge = -1
	if err := s.sessions.Save(r, w, v.session); err != nil {
		return err
	}
	http.SetCookie(w, s.browserCookie("", -1))
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return redirect(w, r, "/connect?outcome=signed_out")
}
