package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"hookwall/handlers/middleware"
	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleWebhook shows one webhook, with its secret in clear if that was
// requested.
func (s *server) handleWebhook(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	frame, err := s.frame(r, "Webhook")
	if err != nil {
		return err
	}
	at := webhookPath(conn.ShopID, id)
	page := views.WebhookShowPage{
		Frame: frame, ListHref: webhooksPath(conn.ShopID),
		ForDevelopersURL: s.forDevelopers(), Snippets: snippetViews(),
		EditHref: at + "/edit", DeleteHref: at + "/delete", EventsHref: eventsHref(conn.ShopID, id),
		CheckHref: checkStartHref(conn.ShopID, "webhook", id), TestHref: testPath(conn.ShopID, id),
	}
	if frame.ReadOnly {
		page.EditHref, page.DeleteHref, page.CheckHref, page.TestHref = "", "", "", ""
	}
	if page.Locked, err = s.immutableReason(r.Context(), conn.ShopID, id); err != nil {
		return err
	}
	notices, marks := takeMarks(frame.Notices)
	page.Notices, page.Created = notices, marks[createdMark]
	hook, reason, err := s.readWebhook(r, id, page.Created)
	if err != nil {
		s.returnFlashes(r)
		return err
	}
	page.Notices = s.compareClaims(r, notices, hook)
	page.ID, page.URL, page.APIVersion, page.FromResponse = hook.ID, hook.URL, hook.APIVersion, reason
	page.Types, page.TypeCount = eventGroups(hook.AllowedTypes), len(hook.AllowedTypes)
	if page.Secret, err = s.keptSecret(r, hook.ID, marks[revealMark]); err != nil {
		return err
	}
	if marks[revealMark] {
		middleware.NoCompression(w.Header())
	}
	return s.render(w, r, http.StatusOK, views.WebhookShow(page))
}

// compareClaims replaces the notices that say something else of a webhook than
// what was read, and records that.
func (s *server) compareClaims(r *http.Request, notices []ui.Notice, hook fourthwall.Webhook) []ui.Notice {
	v := stateOf(r)
	for _, action := range []string{activity.CreateWebhook, activity.UpdateWebhook} {
		did := v.claimOf(action, hook.ID)
		if did == nil {
			continue
		}
		if now := hook.Content(); !webhooks.AsAsked(now, did.Before, did.Asked) {
			saved := savedNotice()
			notices = slices.DeleteFunc(notices, func(n ui.Notice) bool { return n == saved })
			notices = append(notices, *otherContentNotice(action, did.Asked, now))
		}
		if !hook.Content().Equal(did.Has) {
			s.Webhooks.RecordFound(context.WithoutCancel(r.Context()), v.conn.ShopID, action, hook)
		}
	}
	return notices
}

// readWebhook reads a webhook. If one that was created or changed here a moment
// ago can't be read, it returns the API's response to that, and the reason.
func (s *server) readWebhook(
	r *http.Request, id string, justCreated bool,
) (hook fourthwall.Webhook, reason string, err error) {
	ctx, conn := r.Context(), stateOf(r).conn
	hook, err = s.fetchWebhook(ctx, conn, id)
	var api *fourthwall.Error
	if !errors.As(err, &api) || api.Status == http.StatusNotFound && api.Fault == "" && !justCreated {
		return hook, "", err
	}
	if did := stateOf(r).claimOf(activity.UpdateWebhook, id); did != nil {
		return fourthwall.Webhook{ID: id, URL: did.Has.URL, AllowedTypes: did.Has.AllowedTypes}, fromUpdateText(api), nil
	}
	known, storeErr := s.Webhooks.CreatedBy(ctx, s.Shops.Client(conn), id)
	if errors.Is(storeErr, store.ErrNotFound) {
		return hook, "", err
	}
	if storeErr != nil {
		return hook, "", storeErr
	}
	return known, fromCreateText(api), nil
}

// keptSecret returns the secret that came with the webhook, with its value only
// if it is to be revealed. It returns nil if the secret is no longer kept.
func (s *server) keptSecret(r *http.Request, id string, reveal bool) (*views.WebhookSecret, error) {
	conn := stateOf(r).conn
	if !stateOf(r).may(operator) {
		return nil, nil
	}
	secret, until, err := s.Store.Secret(r.Context(), conn.Owner, conn.ShopID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !reveal {
		secret = ""
	}
	return &views.WebhookSecret{
		Value: secret, Until: until,
		RevealAction: secretPath(conn.ShopID, id), StoredAction: secretStoredPath(conn.ShopID, id),
	}, nil
}
