package handlers

import (
	"errors"
	"net/http"

	"hookwall/internal/store"
	"hookwall/views/ui"
)

// handleSecretReveal redirects to the webhook's page with the secret in clear.
// The secret is shown once after a POST, so that it is in no URL, cache or
// history. It is shown after a redirect, so that Back and reload find a page
// that the browser can show again.
func (s *server) handleSecretReveal(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	_, _, err := s.Store.Secret(r.Context(), conn.Owner, conn.ShopID, id)
	n := ui.Notice{Kind: revealMark}
	switch {
	case errors.Is(err, store.ErrNotFound):
		n = secretGoneNotice()
	case err != nil:
		return err
	}
	if err := s.flash(r, webhookPath(conn.ShopID, id), n); err != nil {
		return err
	}
	return redirect(w, r, webhookPath(conn.ShopID, id))
}

// handleSecretStored deletes the secret.
func (s *server) handleSecretStored(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	if err := s.Store.DeleteSecret(r.Context(), conn.Owner, conn.ShopID, id); err != nil {
		return err
	}
	if err := s.flash(r, webhookPath(conn.ShopID, id), secretDeletedNotice()); err != nil {
		return err
	}
	return redirect(w, r, webhookPath(conn.ShopID, id))
}
