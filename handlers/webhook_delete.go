package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleDeleteForm asks before a webhook is deleted.
func (s *server) handleDeleteForm(w http.ResponseWriter, r *http.Request) error {
	hook, err := s.fetchWebhook(r.Context(), stateOf(r).conn, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.drawDelete(w, r, http.StatusOK, hook, nil)
}

func (s *server) drawDelete(
	w http.ResponseWriter, r *http.Request, status int, hook fourthwall.Webhook, n *ui.Notice,
) error {
	conn := stateOf(r).conn
	frame, err := s.frame(r, "Delete webhook")
	if err != nil {
		return err
	}
	page := views.WebhookDeletePage{
		Frame: frame, Name: s.nameOf(r, hook.ID, hook.URL), URL: hook.URL, Action: deletePath(conn.ShopID, hook.ID),
		WebhookHref: webhookPath(conn.ShopID, hook.ID),
		Types:       eventGroups(hook.AllowedTypes), TypeCount: len(hook.AllowedTypes), Notice: n,
	}
	if page.Locked, err = s.immutableReason(r.Context(), conn.ShopID, hook.ID); err != nil {
		return err
	}
	page.Stops, page.StopsKnown = s.whatStops(r, hook)
	return s.render(w, r, status, views.WebhookDelete(page))
}

// whatStops returns the event types that no other webhook of the shop receives.
func (s *server) whatStops(r *http.Request, hook fourthwall.Webhook) ([]ui.EventBadge, bool) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Webhooks.Timing().List)
	defer cancel()
	list, err := s.client(r).Webhooks(ctx)
	if err != nil {
		stateOf(r).log.Warn("webhooks could not be listed beside the one that is to be deleted", "error", err)
	}
	if err != nil || list.Incomplete {
		return nil, false
	}
	var out []ui.EventBadge
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

// handleDelete deletes a webhook. One that no longer exists counts as deleted.
func (s *server) handleDelete(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil { // until it is read, nobody notices that the client leaves
		return badForm(err)
	}
	v, id := stateOf(r), r.PathValue("id")
	if reason, err := s.immutableReason(r.Context(), v.conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(immutableError(v.conn.ShopID, id, reason)))
	}
	label := s.nameOf(r, id, "") // which goes with the webhook
	result, sameKey, err := s.await(r, func(sameKey bool) (webhooks.Result, error) {
		return s.Webhooks.Delete(r.Context(), s.request(r, deleteKey(v.conn.ShopID, id), sameKey), id)
	})
	switch {
	case err != nil:
		return s.unreadDelete(id, v, err)
	case result.State == webhooks.InProgress:
		return stillAtWork(v.conn.ShopID)
	case result.State != webhooks.Deleted:
		return s.refuseDelete(w, r, result)
	}
	name := label
	if label == id {
		name = names{}.of(result.Webhook.ID, result.Webhook.URL)
	}
	return s.deleted(w, r, result.Webhook, name, sameKey && result.Webhook.URL != "")
}

// unreadDelete says that nothing was deleted, because the webhook could not be
// read.
func (s *server) unreadDelete(id string, v *requestState, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) || api.ShopGone() || api.Forbidden() {
		return err
	}
	answer := apiError(api)
	answer.Public = faultText(api) + notDeletedText(inText(api.RetryAfter))
	answer.Links = []ui.Link{{Href: webhookPath(v.conn.ShopID, id) + "/delete", Text: "Try again"}}
	return answer
}

// refuseDelete asks again, with what was read before the API failed.
func (s *server) refuseDelete(w http.ResponseWriter, r *http.Request, result webhooks.Result) error {
	v, hook, rejection := stateOf(r), result.Webhook, *result.Rejection
	if rejection.Code == webhooks.CodeImmutable {
		return s.redirectImmutable(w, r, hook.ID)
	}
	status, n := refusalNotice(rejection, activity.DeleteWebhook)
	switch {
	case result.State == webhooks.Unconfirmed:
		status = http.StatusBadGateway
		n = unconfirmedDeleteNotice()
	case status == http.StatusForbidden:
		v.lacksPermission(&n, webhookPath(v.conn.ShopID, hook.ID)+"/delete")
	}
	n.Code, n.RequestID = rejection.Code, cmp.Or(rejection.RequestID, v.requestID)
	setRetryAfter(w, rejection.RetryAfter)
	return s.drawDelete(w, r, status, hook, &n)
}

// deleted redirects to the list, which says what was deleted, unless the first
// of two clicks says it. If the webhook's content is known, there is a link to a
// filled-in create form.
func (s *server) deleted(
	w http.ResponseWriter, r *http.Request, hook fourthwall.Webhook, name string, saidBefore bool,
) error {
	conn := stateOf(r).conn
	o := outcome{action: activity.DeleteWebhook, hook: hook, to: webhooksPath(conn.ShopID)}
	if saidBefore {
		return s.conclude(w, r, o)
	}
	n := deletedNotice(hook, name)
	if hook.URL != "" || len(hook.AllowedTypes) > 0 {
		f := editForm(conn.ShopID, hook)
		f.renew()
		again, err := s.putDraft(w, r, f)
		if err == nil {
			n.Link = &ui.Link{Href: newWebhookPath(conn.ShopID) + "?draft=" + url.QueryEscape(again), Text: "Create again"}
		} else {
			logFailure(r, "what was deleted could not be kept for a new form", err)
		}
	}
	o.notice = n
	return s.conclude(w, r, o)
}
