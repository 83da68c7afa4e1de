package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
)

// handleDuplicate asks before a second webhook is created.
func (s *server) handleDuplicate(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	id := r.URL.Query().Get("draft")
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), id)
	if draftGone(err) || (err == nil && draft.Shop != conn.ShopID) {
		return redirect(w, r, newWebhookPath(conn.ShopID)+"?draft="+url.QueryEscape(id))
	}
	if err != nil {
		return err
	}
	f := readWebhookForm(conn.ShopID, draft.Form)
	result, err := s.Webhooks.Find(r.Context(), s.client(r), f.key)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case result.State == webhooks.Created: // it was agreed to, and this is Back
		return s.conclude(w, r, createdOutcome(f, result.Webhook))
	case len(result.Duplicates) == 0:
		return redirect(w, r, newWebhookPath(conn.ShopID)+"?draft="+url.QueryEscape(id))
	}
	frame, err := s.frame(r, "Already there")
	if err != nil {
		return err
	}
	page := views.DuplicatePage{
		Frame: frame, Action: webhooksPath(conn.ShopID),
		EditHref: newWebhookPath(conn.ShopID) + "?draft=" + url.QueryEscape(id),
		ListHref: webhooksPath(conn.ShopID),
		Key:      f.key, URL: f.address(), Types: badges(f.wanted().AllowedTypes),
		Duplicates: duplicateViews(f, result.Duplicates),
	}
	return s.render(w, r, http.StatusOK, views.Duplicate(page))
}
