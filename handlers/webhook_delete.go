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
)

// lockedReason says why a webhook is not to be edited or deleted; "" when it
// is not known to be locked.
func (s *server) lockedReason(ctx context.Context, shopID, id string) (string, error) {
	locked, err := s.Store.ImmutableWebhooks(ctx, shopID)
	if err != nil || !slices.Contains(locked, id) {
		return "", err
	}
	return "Fourthwall does not allow this webhook to be changed or deleted (" + webhooks.CodeImmutable + "). It was made by something other than you, such as an app you installed: change it there.", nil
}

// answerLocked says that Fourthwall would not change a webhook, on the webhook's page.
func (s *server) answerLocked(w http.ResponseWriter, r *http.Request, id string) error {
	conn := stateOf(r).conn
	to := webhookPath(conn.ShopID, id)
	n := views.Notice{Kind: views.Failure, Title: "This webhook is locked", Text: "Fourthwall refused, so nothing was changed.", Code: webhooks.CodeImmutable}
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
	ctx, cancel := context.WithTimeout(r.Context(), s.Webhooks.Timing().List)
	defer cancel()
	list, err := s.client(r).Webhooks(ctx)
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
	result, waited, err := s.await(r, func(first bool) (webhooks.Result, error) {
		return s.Webhooks.Delete(r.Context(), s.request(r, "delete "+bounded(id, 200), first), id)
	})
	switch {
	case err != nil:
		return s.unreadDelete(id, v, err)
	case result.State == webhooks.InProgress:
		return stillAtWork(v.conn.ShopID)
	case result.State != webhooks.Deleted:
		return s.refuseDelete(w, r, result)
	case waited && result.Webhook.URL != "":
		return redirect(w, r, webhooksPath(v.conn.ShopID)) // the first press says it
	}
	return s.deleted(w, r, result.Webhook)
}

// unreadDelete says that nothing was deleted, since it could not be read what
// there is.
func (s *server) unreadDelete(id string, v *requestState, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) || api.ShopGone() || api.Status == http.StatusForbidden {
		return err
	}
	answer := apiError(api)
	answer.Public = "Nothing was deleted: Fourthwall could not be asked about this webhook. Try again " + inText(api.RetryAfter) + "."
	answer.Links = []views.Link{{Href: webhookPath(v.conn.ShopID, id) + "/delete", Text: "Try again"}}
	return answer
}

// refuseDelete asks again, with what was read before the API failed.
func (s *server) refuseDelete(w http.ResponseWriter, r *http.Request, result webhooks.Result) error {
	v, hook, rejection := stateOf(r), result.Webhook, *result.Rejection
	if rejection.Code == webhooks.CodeImmutable {
		return s.answerLocked(w, r, hook.ID)
	}
	status, n := refusalNotice(rejection, activity.DeleteWebhook)
	switch {
	case result.State == webhooks.Unconfirmed:
		status = http.StatusBadGateway
		n = views.Notice{Kind: views.Warning, Title: "It is not confirmed whether the webhook was deleted", Text: "Fourthwall gave no clear answer. Deleting again does no harm."}
	case status == http.StatusForbidden:
		link := connectLink(webhookPath(v.conn.ShopID, hook.ID)+"/delete", v.conn.ShopID)
		n.Link = &link
	}
	n.Code, n.RequestID = rejection.Code, cmp.Or(rejection.RequestID, v.requestID)
	setRetryAfter(w, rejection.RetryAfter)
	return s.drawDelete(w, r, status, hook, &n)
}

// deleted leads to the list and says what is gone, with a link to the create
// form, filled in, where it is known what it was.
func (s *server) deleted(w http.ResponseWriter, r *http.Request, hook fourthwall.Webhook) error {
	conn := stateOf(r).conn
	n := views.Notice{Kind: views.Success, Title: "The webhook " + hook.ID + " is deleted", Text: "It was gone already."}
	if hook.URL != "" || len(hook.AllowedTypes) > 0 {
		n.Text = "Fourthwall no longer sends " + views.Count(len(hook.AllowedTypes), "event type", "event types") + " to " + hook.URL + ". Created again, it gets a new id, and perhaps a new secret."
		f := editForm(conn.ShopID, hook)
		f.renew()
		again, err := s.putDraft(w, r, f)
		if err == nil {
			n.Link = &views.Link{Href: newWebhookPath(conn.ShopID) + "?draft=" + url.QueryEscape(again), Text: "Create again"}
		} else {
			stateOf(r).log.Error("what was deleted could not be kept for a new form", "error", err)
		}
	}
	if err := s.tell(r, conn.Owner, webhooksPath(conn.ShopID), n); err != nil {
		return err
	}
	return redirect(w, r, webhooksPath(conn.ShopID))
}
