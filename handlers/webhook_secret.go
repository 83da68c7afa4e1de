package handlers

import (
	"errors"
	"net/http"

	"hookwall/internal/store"
	"hookwall/views"
)

// keptSecret is the secret that came with the webhook, while it is kept, with
// its value only when it is to be revealed.
func (s *server) keptSecret(r *http.Request, id string, reveal bool) (*views.WebhookSecret, error) {
	conn := stateOf(r).conn
	secret, until, err := s.Store.Secret(r.Context(), conn.Owner, conn.ShopID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at := webhookPath(conn.ShopID, id) + "/secret"
	if !reveal {
		secret = ""
	}
	return &views.WebhookSecret{Value: secret, Until: until, RevealAction: at, StoredAction: at + "/stored"}, nil
}

// handleSecretReveal leads to the webhook's page with the secret in clear. It
// is shown once after a POST, so that it is in no address, cache or history,
// and by way of a redirect, so that Back and reload meet no page that the
// browser cannot show again.
func (s *server) handleSecretReveal(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	_, _, err := s.Store.Secret(r.Context(), conn.Owner, conn.ShopID, id)
	n := views.Notice{Kind: revealMark}
	switch {
	case errors.Is(err, store.ErrNotFound):
		n = views.Notice{Kind: views.Info, Title: "The secret is no longer kept here", Text: "It was kept for 15 minutes, or until you said that you have stored it. The shop’s owner finds it in the shop’s settings, under For developers."}
	case err != nil:
		return err
	}
	if err := s.flash(r, conn.Owner, webhookPath(conn.ShopID, id), n); err != nil {
		return err
	}
	return redirect(w, r, webhookPath(conn.ShopID, id))
}

// handleSecretStored forgets the secret.
func (s *server) handleSecretStored(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	if err := s.Store.DeleteSecret(r.Context(), conn.Owner, conn.ShopID, id); err != nil {
		return err
	}
	n := views.Notice{Kind: views.Success, Title: "The secret was deleted here"}
	if err := s.flash(r, conn.Owner, webhookPath(conn.ShopID, id), n); err != nil {
		return err
	}
	return redirect(w, r, webhookPath(conn.ShopID, id))
}
