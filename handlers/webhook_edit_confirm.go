package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleEditConfirm shows what a save would change in the current webhook. If
// the webhook changed since the form was opened, it shows both versions.
func (s *server) handleEditConfirm(w http.ResponseWriter, r *http.Request) error {
	v, id := stateOf(r), r.PathValue("id")
	if reason, err := s.immutableReason(r.Context(), v.conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(immutableError(v.conn.ShopID, id, reason)))
	}
	f, theirs, err := s.confirmed(w, r, r.URL.Query().Get("draft"))
	switch {
	case err != nil || f == nil:
		return err
	case webhooks.IsSaved(theirs, f.base, f.wanted()):
		return redirect(w, r, webhookPath(f.shop, f.editing))
	case !theirs.Equal(f.base):
		return s.drawConflict(w, r, f, theirs)
	}
	return s.drawConfirm(w, r, f)
}

// confirmed reads the kept edit that draft names, and the current webhook. If
// that fails, it responds itself and f is nil.
func (s *server) confirmed(
	w http.ResponseWriter, r *http.Request, draft string,
) (f *webhookForm, theirs fourthwall.Content, err error) {
	conn, id := stateOf(r).conn, r.PathValue("id")
	f, _, err = s.draftOfEdit(r, draft)
	if err != nil {
		return nil, theirs, err
	}
	if f == nil {
		return nil, theirs, editGone(conn.ShopID, id)
	}
	hook, err := s.fetchWebhook(r.Context(), conn, id)
	if err != nil {
		return nil, theirs, s.drawUnread(w, r, f, err)
	}
	theirs = hook.Content()
	f.restore(theirs)
	return f, theirs, nil
}

func (s *server) drawConfirm(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	frame, err := s.frame(r, "Review changes")
	if err != nil {
		return err
	}
	at, want := editPath(f.shop, f.editing), f.wanted()
	page := views.WebhookEditConfirmPage{
		Frame: frame, Name: s.nameOf(r, f.editing, f.base.URL), WebhookHref: webhookPath(f.shop, f.editing),
		Action: at + "/confirm",
		Draft:  f.draft, EditHref: at + "?draft=" + url.QueryEscape(f.draft), OldURL: f.base.URL, NewURL: want.URL,
	}
	page.Added, page.Removed, page.Kept = difference(f.base.AllowedTypes, want.AllowedTypes)
	if page.Duplicates, page.DuplicatesUnknown, err = s.duplicatesOf(r, f); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.WebhookEditConfirm(page))
}

func difference(before, after []fourthwall.EventType) (added, removed, kept []ui.EventBadge) {
	for _, code := range after {
		if slices.Contains(before, code) {
			kept = append(kept, badge(code))
		} else {
			added = append(added, badge(code))
		}
	}
	for _, code := range before {
		if !slices.Contains(after, code) {
			removed = append(removed, badge(code))
		}
	}
	return added, removed, kept
}

// handleEditSave saves what the confirmation showed, or the version that the
// person chose. A webhook that is already as it should be was saved by the
// first of two clicks.
func (s *server) handleEditSave(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	v, id := stateOf(r), r.PathValue("id")
	if reason, err := s.immutableReason(r.Context(), v.conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(immutableError(v.conn.ShopID, id, reason)))
	}
	f, err := s.editToSave(r)
	if err != nil {
		return err
	}
	seen := bounded(r.PostForm.Get("seen"), 100)
	result, _, err := s.await(r, func(sameKey bool) (webhooks.Result, error) {
		return s.Webhooks.Update(r.Context(), s.request(r, "edit "+f.draft+" "+seen, sameKey), id,
			webhooks.Change{Base: f.base, Want: f.chosen(), Seen: seen})
	})
	if err != nil {
		return s.drawUnread(w, r, f, err)
	}
	return s.answerEdit(w, r, f, result)
}

// editToSave reads the kept edit that the form names.
func (s *server) editToSave(r *http.Request) (*webhookForm, error) {
	f, _, err := s.draftOfEdit(r, bounded(r.PostForm.Get("draft"), 100))
	if err == nil && f == nil {
		err = editGone(stateOf(r).conn.ShopID, r.PathValue("id"))
	}
	return f, err
}

func editGone(shopID, id string) *httpError {
	return &httpError{
		Status: http.StatusGone, Public: editGoneText,
		Links: []ui.Link{
			{Href: webhookPath(shopID, id), Text: "See the webhook"},
			{Href: editPath(shopID, id), Text: "Edit it again"},
		},
	}
}

// answerEdit shows the result of an edit. If it was not saved, everything typed
// is kept. The draft stays for a second click.
func (s *server) answerEdit(w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result) error {
	switch result.State {
	case webhooks.Updated:
		f.restore(result.Webhook.Content())
		return s.conclude(w, r, outcome{
			action: activity.UpdateWebhook, hook: result.Webhook, before: f.base, asked: f.wanted(),
			to: webhookPath(f.shop, f.editing), notice: savedNotice(),
		})
	case webhooks.Conflicting:
		f.restore(*result.Conflict)
		return s.drawConflict(w, r, f, *result.Conflict)
	case webhooks.Unconfirmed:
		return s.drawUnconfirmedEdit(w, r, f, *result.Rejection)
	case webhooks.Rejected:
		return s.refuseEdit(w, r, f, *result.Rejection)
	}
	return stillAtWork(f.shop)
}

// refuseEdit shows the API's rejection at the field that it is about.
func (s *server) refuseEdit(
	w http.ResponseWriter, r *http.Request, f *webhookForm, rejection webhooks.Rejection,
) error {
	switch {
	case rejection.Error().NotFound(), rejection.Error().ShopGone():
		return s.drawUnread(w, r, f, rejection.Error())
	case rejection.Code == webhooks.CodeImmutable:
		return s.redirectImmutable(w, r, f.editing)
	}
	return s.drawRefusal(w, r, f, rejection)
}

func (s *server) drawUnconfirmedEdit(
	w http.ResponseWriter, r *http.Request, f *webhookForm, rejection webhooks.Rejection,
) error {
	setRetryAfter(w, rejection.RetryAfter)
	n := unconfirmedChangeNotice()
	n.Code, n.RequestID = rejection.Code, cmp.Or(rejection.RequestID, stateOf(r).requestID)
	f.banner = &n
	return s.drawWebhookForm(w, r, http.StatusBadGateway, f)
}
