package handlers

import "net/http"

// handleHome redirects to the only shop, to the list of shops, or to the
// connect page if there is none.
func (s *server) handleHome(w http.ResponseWriter, r *http.Request) error {
	owner := stateOf(r).owner
	if owner == "" {
		return redirect(w, r, connectPath)
	}
	all, err := s.Store.Connections(r.Context(), owner)
	if err != nil {
		return err
	}
	switch len(all) {
	case 0:
		if !stateOf(r).may(admin) {
			return redirect(w, r, shopsPath)
		}
		return redirect(w, r, connectPath)
	case 1:
		return redirect(w, r, webhooksPath(all[0].ShopID))
	}
	return redirect(w, r, shopsPath)
}

// handleShop redirects from a shop's bare URL to its webhooks.
func (*server) handleShop(w http.ResponseWriter, r *http.Request) error {
	return redirect(w, r, webhooksPath(r.PathValue("shop")))
}
