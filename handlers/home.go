package handlers

import "net/http"

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
