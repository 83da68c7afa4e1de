package handlers

import (
	"errors"
	"net/http"

	"hookwall/internal/store"
	"hookwall/views"
)

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
	act, err := s.begin(r.Context(), v, store.Activity{Action: actionDisconnect}, detail{Shop: conn.ShopName})
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), v, act, s.Store.DeleteConnection(r.Context(), v.owner, conn.ShopID)); err != nil {
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
