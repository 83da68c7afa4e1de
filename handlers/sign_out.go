package handlers

import (
	"net/http"
)

// handleSignOut ends the session everywhere and deletes all that the owner has.
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
	http.SetCookie(w, s.cookie("shop", "", -1))
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return redirect(w, r, signedOutHref)
}
