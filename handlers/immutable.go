package handlers

import (
	"context"
	"net/http"
	"slices"

	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

func immutableError(shopID, id, reason string) *httpError {
	return &httpError{
		Status: http.StatusConflict, Public: reason, Code: webhooks.CodeImmutable,
		Links: []ui.Link{{Href: webhookPath(shopID, id), Text: "Back to the webhook"}},
	}
}

// immutableReason says why a webhook can't be edited or deleted, or returns ""
// if it is not known to be locked.
func (s *server) immutableReason(ctx context.Context, shopID, id string) (string, error) {
	locked, err := s.Store.ImmutableWebhooks(ctx, shopID)
	if err != nil || !slices.Contains(locked, id) {
		return "", err
	}
	return immutableText(), nil
}

// redirectImmutable redirects to the webhook's page, which then says that
// Fourthwall would not change it.
func (s *server) redirectImmutable(w http.ResponseWriter, r *http.Request, id string) error {
	conn := stateOf(r).conn
	to := webhookPath(conn.ShopID, id)
	if err := s.flash(r, to, immutableNotice()); err != nil {
		return err
	}
	return redirect(w, r, to)
}
