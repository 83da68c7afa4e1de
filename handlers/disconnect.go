package handlers

import (
	"errors"
	"net/http"

	"hookwall/internal/store"
	"hookwall/views/ui"
)

// handleDisconnect deletes a shop's connection and its credential. It works for
// an expired connection too, so it is not behind the guard.
func (s *server) handleDisconnect(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	if v.owner == "" {
		return redirect(w, r, connectPath)
	}
	conn, err := s.Store.Connection(r.Context(), v.owner, r.PathValue("shop"))
	if errors.Is(err, store.ErrNotFound) {
		return &httpError{
			Status: http.StatusNotFound, Public: unconnectedText,
			Links: []ui.Link{{Href: shopsPath, Text: "See the connected shops"}},
		}
	}
	if err != nil && !errors.Is(err, store.ErrWrongKey) {
		return err
	}
	v.conn = conn
	if err := s.Shops.Disconnect(r.Context(), s.actor(r), conn); err != nil {
		return err
	}
	v.log.Info("shop disconnected", "shop", clip(conn.ShopID, maxLoggedShop))
	if err := s.flash(r, shopsPath, disconnectedNotice(shopLink(conn).Name)); err != nil {
		return err
	}
	return redirect(w, r, shopsPath)
}
