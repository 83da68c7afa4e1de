package handlers

import (
	"net/http"

	"hookwall/internal/store"
	"hookwall/oauth"
)

// handleStart begins a sign-in. It is a link and not a form, because our policy
// allows forms only to our own origin.
func (s *server) handleStart(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead {
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	q := r.URL.Query()
	back := s.returnPath(q.Get("return"))
	way := q.Get("way")
	if way == oauth.WayAPIKey || !s.OAuth.Offers(way) {
		return s.backToConnect(w, r, "way_not_offered", back)
	}
	attempt, to, err := s.OAuth.Begin(way, s.ensureBrowser(w, r))
	if err != nil {
		return err
	}
	attempt.Return = back
	attempt.Shop = bounded(q.Get("shop"), 200)
	if err := s.Store.PutSignIn(r.Context(), store.SignIn(attempt)); err != nil {
		return err
	}
	return redirect(w, r, to)
}
