package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/klauspost/compress/gzhttp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// What a flash carries to a webhook's page.
const (
	createdMark = "webhook-created" // it was created just now
	revealMark  = "secret-revealed" // its secret is to be shown, this once
)

// handleWebhook shows one webhook, with its secret in clear when that was
// asked for.
func (s *server) handleWebhook(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	frame, err := s.frame(r, "Webhook")
	if err != nil {
		return err
	}
	at := webhookPath(conn.ShopID, id)
	page := views.WebhookPage{
		Frame: frame, ListHref: webhooksPath(conn.ShopID), ForDevelopersURL: s.forDevelopers(), Snippets: snippetViews(),
		EditHref: at + "/edit", DeleteHref: at + "/delete", EventsHref: eventsHref(conn.ShopID, "", id, 1),
		CheckHref: checkStartHref(conn.ShopID, "webhook", id), TestHref: testPath(conn.ShopID, id),
	}
	if page.Locked, err = s.lockedReason(r.Context(), conn.ShopID, id); err != nil {
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
		w.Header().Set(gzhttp.HeaderNoCompression, "1")
	}
	return s.render(w, r, http.StatusOK, views.Webhook(page))
}

// takeMarks parts the marks from the notices that are shown.
func takeMarks(all []views.Notice) (rest []views.Notice, marks map[string]bool) {
	marks = map[string]bool{}
	for _, n := range all {
		if n.Kind == createdMark || n.Kind == revealMark {
			marks[n.Kind] = true
			continue
		}
		rest = append(rest, n)
	}
	return rest, marks
}

// readWebhook reads a webhook. One that was just created here is known from
// the answer that created it, for when it cannot be read; reason says so.
func (s *server) readWebhook(ctx context.Context, conn store.Connection, id string, justCreated bool) (hook fourthwall.Webhook, reason string, err error) {
	hook, err = withCredential(ctx, s, conn, func(ctx context.Context, c fourthwall.Credential) (fourthwall.Webhook, error) {
		return s.API.Webhook(ctx, c, id)
	})
	var api *fourthwall.Error
	if !errors.As(err, &api) {
		return hook, "", err
	}
	if api.Status == http.StatusNotFound && !justCreated {
		return hook, "", err
	}
	sub, storeErr := s.Store.CreatedSubmission(ctx, conn.Owner, conn.ShopID, id)
	if errors.Is(storeErr, store.ErrNotFound) {
		return hook, "", err
	}
	if storeErr != nil {
		return hook, "", storeErr
	}
	var known outcome
	if storeErr := json.Unmarshal(sub.Result, &known); storeErr != nil {
		return hook, "", storeErr
	}
	return known.webhook(), whyFromCreate(api), nil
}

func whyFromCreate(api *fourthwall.Error) string {
	switch api.Status {
	case http.StatusForbidden:
		return "This is what Fourthwall answered when the webhook was created. It cannot be read again, because this connection lacks the permission webhook_read."
	case http.StatusNotFound:
		return "This is what Fourthwall answered when the webhook was created. It cannot be read yet; look again in a moment."
	}
	return "This is what Fourthwall answered when the webhook was created. It cannot be read right now; look again in a moment."
}
