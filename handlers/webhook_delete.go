package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// lockTime is how long Hookwall remembers that Fourthwall would not change a
// webhook. The API cannot be asked, so after that it may be tried again.
const lockTime = 24 * time.Hour

// lockedReason says why a webhook is not to be edited or deleted; "" when it
// is not known to be locked.
func (s *server) lockedReason(ctx context.Context, shopID, id string) (string, error) {
	locked, err := s.Store.ImmutableWebhooks(ctx, shopID)
	if err != nil || !slices.Contains(locked, id) {
		return "", err
	}
	return "Fourthwall does not allow this webhook to be changed or deleted (" + codeLocked + "). It was made by something other than you, such as an app you installed: change it there.", nil
}

// answerLocked remembers that Fourthwall would not change a webhook, and says
// so on the webhook's page.
func (s *server) answerLocked(w http.ResponseWriter, r *http.Request, id string) error {
	conn := stateOf(r).conn
	if err := s.Store.MarkImmutable(r.Context(), conn.ShopID, id, s.Now().Add(lockTime)); err != nil {
		return err
	}
	to := webhookPath(conn.ShopID, id)
	n := views.Notice{Kind: views.Failure, Title: "This webhook is locked", Text: "Fourthwall refused, so nothing was changed.", Code: codeLocked}
	if err := s.flash(r, conn.Owner, to, n); err != nil {
		return err
	}
	return redirect(w, r, to)
}

// handleDeleteForm asks before a webhook is deleted.
func (s *server) handleDeleteForm(w http.ResponseWriter, r *http.Request) error {
	hook, err := s.fetchWebhook(r.Context(), stateOf(r).conn, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.drawDelete(w, r, http.StatusOK, hook, nil)
}

func (s *server) drawDelete(w http.ResponseWriter, r *http.Request, status int, hook fourthwall.Webhook, n *views.Notice) error {
	conn := stateOf(r).conn
	frame, err := s.frame(r, "Delete webhook")
	if err != nil {
		return err
	}
	page := views.DeletePage{
		Frame: frame, ID: hook.ID, URL: hook.URL, Action: webhookPath(conn.ShopID, hook.ID) + "/delete", WebhookHref: webhookPath(conn.ShopID, hook.ID),
		Types: eventGroups(hook.AllowedTypes), TypeCount: len(hook.AllowedTypes), Notice: n,
	}
	if page.Locked, err = s.lockedReason(r.Context(), conn.ShopID, hook.ID); err != nil {
		return err
	}
	page.Stops, page.StopsKnown = s.whatStops(r, hook)
	return s.render(w, r, status, views.Delete(page))
}

// whatStops are the event types that no other webhook of the shop receives.
func (s *server) whatStops(r *http.Request, hook fourthwall.Webhook) ([]views.EventBadge, bool) {
	ctx, cancel := context.WithTimeout(r.Context(), listTime)
	defer cancel()
	list, err := withCredential(ctx, s, stateOf(r).conn, s.API.WebhookList)
	if err != nil {
		stateOf(r).log.Warn("webhooks could not be listed beside the one that is to be deleted", "error", err)
	}
	if err != nil || list.Incomplete {
		return nil, false
	}
	var out []views.EventBadge
	for _, t := range hook.AllowedTypes {
		elsewhere := slices.ContainsFunc(list.Webhooks, func(other fourthwall.Webhook) bool {
			return other.ID != hook.ID && slices.Contains(other.AllowedTypes, t)
		})
		if !elsewhere {
			out = append(out, badge(t))
		}
	}
	return out, true
}

// handleDelete deletes a webhook. One that is gone already counts as done.
func (s *server) handleDelete(w http.ResponseWriter, r *http.Request) error {
	v, id := stateOf(r), r.PathValue("id")
	if reason, err := s.lockedReason(r.Context(), v.conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(locked(v.conn.ShopID, id, reason)))
	}
	turn, err := s.takeTurn(r.Context(), v, "delete "+bounded(id, 200))
	if err != nil {
		return err
	}
	answer, err := s.deleteInTurn(w, r, id, turn)
	s.endTurn(r.Context(), v, turn, err)
	if answer == nil {
		return err
	}
	return answer()
}

// deleteInTurn deletes, unless the press before this one did, or could not.
// It gives what to answer, and what the API said.
func (s *server) deleteInTurn(w http.ResponseWriter, r *http.Request, id string, turn turn) (answer func() error, err error) {
	v := stateOf(r)
	hook, err := s.fetchWebhook(r.Context(), v.conn, id)
	switch {
	case isNotFound(err) && turn.waited:
		return func() error { return redirect(w, r, webhooksPath(v.conn.ShopID)) }, nil
	case isNotFound(err):
		said := err // which the return below forgets
		return func() error { return s.goneAlready(w, r, id, said) }, nil
	case err != nil:
		return func() error { return s.unreadDelete(id, v, err) }, err
	case turn.first != nil:
		return func() error { return s.refuseDelete(w, r, hook, turn.first) }, turn.first
	}
	// What it was is kept first, so that it can be created again.
	f := editForm(v.conn.ShopID, hook)
	f.renew()
	again, err := s.putDraft(w, r, f)
	if err != nil {
		return nil, err
	}
	if err := s.remove(context.WithoutCancel(r.Context()), v, hook); err != nil {
		return func() error { return s.refuseDelete(w, r, hook, err) }, err
	}
	return func() error { return s.deleted(w, r, hook, again) }, nil
}

// goneAlready records an attempt that had nothing left to do, and what the API
// said of it.
func (s *server) goneAlready(w http.ResponseWriter, r *http.Request, id string, said error) error {
	v := stateOf(r)
	act, err := s.begin(r.Context(), v, store.Activity{Action: actionDelete, WebhookID: bounded(id, 200)}, detail{})
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), v, act, said); err != nil {
		return err
	}
	return s.deleted(w, r, fourthwall.Webhook{ID: id}, "")
}

func isNotFound(err error) bool {
	var api *fourthwall.Error
	return errors.As(err, &api) && api.Status == http.StatusNotFound && !isShopGone(api)
}

// unreadDelete says that nothing was deleted, since it could not be read what
// there is.
func (s *server) unreadDelete(id string, v *requestState, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) || isShopGone(api) || api.Status == http.StatusForbidden {
		return err
	}
	answer := apiError(api)
	answer.Public = "Nothing was deleted: Fourthwall could not be asked about this webhook. Try again " + inText(*failureOf(api)) + "."
	answer.Links = []views.Link{{Href: webhookPath(v.conn.ShopID, id) + "/delete", Text: "Try again"}}
	return answer
}

// refuseDelete asks again, with what was read before the API failed.
func (s *server) refuseDelete(w http.ResponseWriter, r *http.Request, hook fourthwall.Webhook, err error) error {
	v := stateOf(r)
	var api *fourthwall.Error
	if !errors.As(err, &api) {
		return err
	}
	if api.Code == codeLocked {
		return s.answerLocked(w, r, hook.ID)
	}
	v.log.Warn("delete was not accepted", "error", api)
	status, n := refusalNotice(*failureOf(api), deleting)
	switch {
	case isUncertain(err):
		status = http.StatusBadGateway
		n = views.Notice{Kind: views.Warning, Title: "It is not confirmed whether the webhook was deleted", Text: "Fourthwall gave no clear answer. Deleting again does no harm."}
	case status == http.StatusForbidden:
		link := connectLink(webhookPath(v.conn.ShopID, hook.ID)+"/delete", v.conn.ShopID)
		n.Link = &link
	}
	n.Code, n.RequestID = api.Code, requestID(api, v)
	setRetryAfter(w, api.RetryAfter)
	return s.drawDelete(w, r, status, hook, &n)
}

// remove deletes, and looks when the answer is unclear.
func (s *server) remove(ctx context.Context, v *requestState, hook fourthwall.Webhook) error {
	act, err := s.begin(ctx, v, store.Activity{Action: actionDelete, WebhookID: hook.ID}, detail{Before: content(versionOf(hook))})
	if err != nil {
		return err
	}
	_, err = withCredential(ctx, s, v.conn, func(ctx context.Context, c fourthwall.Credential) (struct{}, error) {
		return struct{}{}, s.API.DeleteWebhook(ctx, c, hook.ID)
	})
	var api *fourthwall.Error
	if mayHaveWorked(err) && errors.As(err, &api) {
		_, readErr := s.fetchWebhook(ctx, v.conn, hook.ID)
		switch {
		case isNotFound(readErr):
			err = nil
		case readErr != nil:
			err = &unverified{api}
		}
	}
	return s.settle(ctx, v, act, err)
}

// deleted leads to the list and says what is gone. again is the draft that
// opens the create form filled in; "" when it is not known what it was.
func (s *server) deleted(w http.ResponseWriter, r *http.Request, hook fourthwall.Webhook, again string) error {
	conn := stateOf(r).conn
	n := views.Notice{Kind: views.Success, Title: "The webhook " + hook.ID + " is deleted", Text: "It was gone already."}
	if again != "" {
		n.Text = "Fourthwall no longer sends " + views.Count(len(hook.AllowedTypes), "event type", "event types") + " to " + hook.URL + ". Created again, it gets a new id, and perhaps a new secret."
		n.Link = &views.Link{Href: newWebhookPath(conn.ShopID) + "?draft=" + url.QueryEscape(again), Text: "Create again"}
	}
	if err := s.tell(r, conn.Owner, webhooksPath(conn.ShopID), n); err != nil {
		return err
	}
	return redirect(w, r, webhooksPath(conn.ShopID))
}
