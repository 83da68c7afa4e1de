package handlers

import (
	"context"
	"errors"
	"net/http"

	"hookwall/handlers/middleware"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
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
		EditHref: at + "/edit", DeleteHref: at + "/delete", EventsHref: eventsHref(conn.ShopID, "", id, 1),
		CheckHref: checkStartHref(conn.ShopID, "webhook", id), TestHref: testPath(conn.ShopID, id),
	}
	if page.Locked, err = s.immutableReason(r.Context(), conn.ShopID, id); err != nil {
		return err
	}
	notices, marks := takeMarks(frame.Notices)
	page.Notices, page.Created = notices, marks[createdMark]
	hook, reason, err := s.readWebhook(r.Context(), conn, id, page.Created)
	if err != nil {
		return err
	}
	page.ID, page.URL, page.APIVersion, page.FromCreate = hook.ID, hook.URL, hook.APIVersion, reason
	page.Types, page.TypeCount = eventGroups(hook.AllowedTypes), len(hook.AllowedTypes)
	if page.Secret, err = s.keptSecret(r, hook.ID, marks[revealMark]); err != nil {
		return err
	}
	if marks[revealMark] {
		middleware.NoCompression(w.Header())
	}
	return s.render(w, r, http.StatusOK, views.WebhookShow(page))
}

// readWebhook reads a webhook. If one that was just created here can't be read,
// it returns the API's response to the create, and the error.
func (s *server) readWebhook(
	ctx context.Context, conn store.Connection, id string, justCreated bool,
) (hook fourthwall.Webhook, reason string, err error) {
	hook, err = s.fetchWebhook(ctx, conn, id)
	var api *fourthwall.Error
	if !errors.As(err, &api) || api.Status == http.StatusNotFound && api.Fault == "" && !justCreated {
		return hook, "", err
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
