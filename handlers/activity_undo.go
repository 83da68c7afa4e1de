package handlers

import (
	"errors"
	"net/http"
	"slices"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// changeActions are the actions that change a webhook.
var changeActions = []string{activity.CreateWebhook, activity.UpdateWebhook, activity.DeleteWebhook}

// lastChanges returns the ID of the last change of each webhook in a list.
func (s *server) lastChanges(r *http.Request, all []store.Activity) (map[string]string, error) {
	var ids []string
	for _, a := range all {
		if a.WebhookID != "" && !slices.Contains(ids, a.WebhookID) {
			ids = append(ids, a.WebhookID)
		}
	}
	return s.Store.LastDone(r.Context(), stateOf(r).conn.ShopID, changeActions, ids)
}

// canUndo reports whether what a change needs to be undone is on record.
func canUndo(a store.Activity, d activity.Detail) bool {
	switch a.Action {
	case activity.CreateWebhook:
		return true
	case activity.UpdateWebhook:
		return d.Before != nil && d.After != nil
	case activity.DeleteWebhook:
		return d.Before != nil
	}
	return false
}

// handleUndo leads to the page that reviews the opposite of a webhook's last
// change: an edit, a deletion, or the form that creates it again.
func (s *server) handleUndo(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	a, d, err := s.undoable(r)
	switch {
	case err != nil:
		return err
	case a.Action == activity.CreateWebhook:
		return redirect(w, r, webhookPath(conn.ShopID, a.WebhookID)+"/delete")
	}
	f := newWebhookForm(conn.ShopID)
	f.url, f.types = d.Before.URL, codesOf(d.Before.AllowedTypes)
	if a.Action == activity.UpdateWebhook {
		// If the webhook is no longer as the change left it, the review shows both.
		f.editing, f.base = a.WebhookID, *d.After
	}
	draft, err := s.putDraft(w, r, f)
	switch {
	case err != nil:
		return err
	case f.editing != "":
		return redirect(w, r, confirmPath(conn.ShopID, f.editing, draft))
	}
	return redirect(w, r, withDraft(newWebhookPath(conn.ShopID), draft))
}

// undoable returns the change that the path names, if it can be undone.
func (s *server) undoable(r *http.Request) (store.Activity, activity.Detail, error) {
	shopID := stateOf(r).conn.ShopID
	links := []ui.Link{{Href: activityPath(shopID), Text: "See the activity"}}
	a, err := s.Store.Activity(r.Context(), shopID, r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		err = &httpError{Status: http.StatusNotFound, Public: activityGoneText, Links: links}
	}
	if err != nil {
		return a, activity.Detail{}, err
	}
	last, err := s.lastChanges(r, []store.Activity{a})
	if err != nil {
		return a, activity.Detail{}, err
	}
	d, readable := activity.ReadDetail(a)
	if last[a.WebhookID] != a.ID || !readable || !canUndo(a, d) {
		return a, d, &httpError{Status: http.StatusConflict, Public: undoLateText, Links: links}
	}
	return a, d, nil
}
