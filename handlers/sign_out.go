package handlers

import (
	"context"
	"net/http"

	"hookwall/internal/store"
)

// handleSignOut ends the session everywhere and deletes what it owned.
func (s *server) handleSignOut(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	if v.owner != "" {
		if err := s.disconnectAll(r.Context(), v); err != nil {
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
	return redirect(w, r, signedOutHref)
}

// disconnectAll deletes everything that the owner has, and records it for each
// shop.
func (s *server) disconnectAll(ctx context.Context, v *requestState) error {
	all, err := s.Store.Connections(ctx, v.owner)
	if err != nil {
		return err
	}
	var begun []store.Activity
	for _, conn := range all {
		of := *v
		of.conn = conn
		act, err := s.begin(ctx, &of, store.Activity{Action: actionDisconnect}, detail{Shop: conn.ShopName})
		if err != nil {
			return err
		}
		begun = append(begun, act)
	}
	err = s.Store.DeleteOwner(ctx, v.owner)
	for _, act := range begun {
		_ = s.settle(ctx, v, act, err) // which returns err
	}
	return err
}
