package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// duplicatesOf looks for them while an edit is confirmed. The page is drawn
// without, when the list cannot be read.
func (s *server) duplicatesOf(r *http.Request, f *webhookForm) ([]ui.Duplicate, error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Webhooks.Timing().List)
	defer cancel()
	list, err := s.client(r).Webhooks(ctx)
	var api *fourthwall.Error
	if errors.As(err, &api) {
		stateOf(r).log.Warn("duplicates could not be looked for", "error", api)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return duplicateViews(f, webhooks.Duplicates(list.Webhooks, f.wanted(), f.editing)), nil
}

// duplicateViews offers, for each, to add what it does not receive yet.
func duplicateViews(f *webhookForm, all []webhooks.Duplicate) []ui.Duplicate {
	var out []ui.Duplicate
	for _, d := range all {
		row := ui.Duplicate{ID: d.ID, URL: d.Has.URL, Href: webhookPath(f.shop, d.ID), Shared: badges(d.Shared)}
		missing := slices.DeleteFunc(slices.Clone(f.types), func(code string) bool {
			return slices.Contains(d.Has.AllowedTypes, fourthwall.EventType(code)) || !isKnownType(code)
		})
		if row.Missing = len(missing); row.Missing > 0 {
			row.ExtendHref = withQuery(editPath(f.shop, d.ID), url.Values{"add": {strings.Join(missing, ",")}}.Encode())
		}
		out = append(out, row)
	}
	return out
}

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
		return s.redirectToCreated(w, r, result.Webhook.ID)
	case len(result.Duplicates) == 0:
		return redirect(w, r, newWebhookPath(conn.ShopID)+"?draft="+url.QueryEscape(id))
	}
	frame, err := s.frame(r, "Already there")
	if err != nil {
		return err
	}
	page := views.DuplicatePage{
		Frame: frame, Action: webhooksPath(conn.ShopID),
		EditHref:   newWebhookPath(conn.ShopID) + "?draft=" + url.QueryEscape(id),
		ListHref:   webhooksPath(conn.ShopID),
		Submission: f.key, URL: f.address(), Types: badges(f.wanted().AllowedTypes),
		Duplicates: duplicateViews(f, result.Duplicates),
	}
	return s.render(w, r, http.StatusOK, views.Duplicate(page))
}
