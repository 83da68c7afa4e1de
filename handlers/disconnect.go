package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	maxCreations = 10_000           // that are looked at for webhooks that were created here
	deletingTime = 40 * time.Second // from the first of several deletions; then no further one begins
)

// handleDisconnectForm asks before a shop is disconnected. It works for an ended
// connection too, so it is not behind the guard.
func (s *server) handleDisconnectForm(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return redirect(w, r, connectPath)
	}
	if err := s.findToDisconnect(r); err != nil {
		return err
	}
	return s.drawDisconnect(w, r, http.StatusOK, disconnectForm{})
}

// findToDisconnect finds the connection to the shop in the path.
func (s *server) findToDisconnect(r *http.Request) error {
	v := stateOf(r)
	conn, err := s.Store.Connection(r.Context(), v.owner, r.PathValue("shop"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &httpError{
			Status: http.StatusNotFound, Public: unconnectedText,
			Links: []ui.Link{{Href: shopsPath, Text: "See the connected shops"}},
		}
	case errors.Is(err, store.ErrWrongKey):
		s.noteUnreadable(r, &conn)
	case err != nil:
		return err
	}
	v.conn = conn
	return nil
}

// disconnectForm is the question as it is drawn again.
type disconnectForm struct {
	chosen   []string // IDs of webhooks
	attempts []views.DeleteAttempt
	notice   *ui.Notice
}

// drawDisconnect draws the question, with the webhooks that were created here as
// far as they can be read.
func (s *server) drawDisconnect(w http.ResponseWriter, r *http.Request, status int, f disconnectForm) error {
	shop := shopLink(stateOf(r).conn)
	page := views.DisconnectPage{
		Name: shop.Name, KeepHref: shopsPath, Action: disconnectPath(shop.ID), Attempts: f.attempts, Notice: f.notice,
	}
	if err := s.fillToDelete(r, &page, f.chosen); err != nil {
		return err
	}
	frame, err := s.frame(r, "Disconnect")
	if err != nil {
		return err
	}
	page.Frame = frame
	return s.render(w, r, status, views.Disconnect(page))
}

// fillToDelete adds the webhooks that can be deleted, or says why there are none.
func (s *server) fillToDelete(r *http.Request, page *views.DisconnectPage, chosen []string) error {
	v := stateOf(r)
	list, err := s.listToDelete(r)
	switch {
	case errors.Is(err, oauth.ErrReconnect):
		if err := s.findToDisconnect(r); err != nil { // why it has ended
			return err
		}
		n := endedNotice(shopLink(v.conn).EndText)
		n.Link = v.reconnectLink(disconnectPath(v.conn.ShopID), v.conn.ShopID)
		page.Ended, page.Notice = true, &n
		return nil
	case err != nil:
		n := unlistedToDeleteNotice()
		n.RequestID, page.Notice = v.requestID, &n
		return nil //nolint:nilerr // the page says so, and listToDelete has logged it
	}
	page.ListKnown = !list.Incomplete
	if list.Incomplete && page.Notice == nil {
		n := someUnlistedNotice()
		page.Notice = &n
	}
	if page.Webhooks, err = s.createdHere(r, list, chosen); err != nil {
		return err
	}
	for _, row := range page.Webhooks {
		if !row.Locked {
			page.Action = disconnectWebhooksPath(v.conn.ShopID)
		}
		if row.Chosen && len(page.Attempts) > 0 {
			page.AnywayAction = disconnectPath(v.conn.ShopID)
		}
	}
	return nil
}

// listToDelete returns the shop's webhooks, or an error if none can be read.
func (s *server) listToDelete(r *http.Request) (fourthwall.WebhookList, error) {
	if stateOf(r).conn.Expired {
		return fourthwall.WebhookList{}, oauth.ErrReconnect
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Webhooks.Timing().List)
	defer cancel()
	list, err := s.client(r).Webhooks(ctx)
	if err != nil {
		stateOf(r).log.Warn("webhooks could not be listed before a disconnect", "error", err)
	}
	return list, err
}

// createdHere returns those of the shop's webhooks that were created here.
func (s *server) createdHere(
	r *http.Request, list fourthwall.WebhookList, chosen []string,
) ([]views.DisconnectRow, error) {
	shopID := stateOf(r).conn.ShopID
	created, err := s.creations(r)
	if err != nil {
		return nil, err
	}
	locked, err := s.Store.ImmutableWebhooks(r.Context(), shopID)
	if err != nil {
		return nil, err
	}
	called, err := s.names(r)
	if err != nil {
		logFailure(r, "the labels of a shop could not be read", err)
	}
	var rows []views.DisconnectRow
	for _, hook := range list.Webhooks {
		made, isOurs := created[hook.ID]
		if !isOurs {
			continue
		}
		isLocked := slices.Contains(locked, hook.ID)
		rows = append(rows, views.DisconnectRow{
			ID: hook.ID, Name: called.of(hook.ID, hook.URL), URL: hook.URL, TypeCount: len(hook.AllowedTypes),
			Who: cmp.Or(made.Person.Name, made.Actor), CreatedAt: made.StartedAt,
			Locked: isLocked, Chosen: !isLocked && slices.Contains(chosen, hook.ID),
		})
	}
	return rows, nil
}

// creations returns the activities that created webhooks of the shop here, by
// the webhook's ID.
func (s *server) creations(r *http.Request) (map[string]store.Activity, error) {
	found, err := s.Store.Activities(r.Context(), store.ActivityQuery{
		Shop: stateOf(r).conn.ShopID, Action: activity.CreateWebhook, Outcome: store.OutcomeDone, Limit: maxCreations,
	})
	created := map[string]store.Activity{}
	for _, a := range found.Rows {
		created[a.WebhookID] = a
	}
	return created, err
}

// handleDisconnectDelete deletes the chosen webhooks, one after the other. If all
// are deleted, it disconnects the shop. Otherwise it asks again. It asks first if
// others are chosen than the button said.
func (s *server) handleDisconnectDelete(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	v := stateOf(r)
	chosen := slices.Compact(slices.Sorted(slices.Values(r.PostForm["webhook"])))
	if said, _ := strconv.Atoi(r.PostForm.Get("count")); said != len(chosen) {
		n := chosenNotice(len(chosen))
		return s.drawDisconnect(w, r, http.StatusOK, disconnectForm{chosen: chosen, notice: &n})
	}
	created, err := s.creations(r)
	if err != nil {
		return err
	}
	for _, id := range chosen {
		if _, isOurs := created[id]; !isOurs {
			return &httpError{Status: http.StatusBadRequest, Public: notCreatedHereText}
		}
	}
	f, status, err := s.deleteChosen(r, chosen)
	switch {
	case err != nil:
		return err
	case status != 0:
		n := notDisconnectedNotice(shopLink(v.conn).Name)
		f.notice = &n
		return s.drawDisconnect(w, r, status, f)
	}
	if _, err := s.Store.Connection(r.Context(), v.owner, v.conn.ShopID); errors.Is(err, store.ErrNotFound) {
		return redirect(w, r, shopsPath) // the first of two clicks has disconnected it, and says so
	}
	return s.disconnect(w, r, len(chosen))
}

// deleteChosen deletes webhooks. It returns the status of the first that was not
// deleted, or 0 if all were. After an ended connection, it tries no others.
func (s *server) deleteChosen(r *http.Request, chosen []string) (f disconnectForm, status int, err error) {
	v, began := stateOf(r), time.Now()
	for _, id := range chosen {
		one, bad := views.DeleteAttempt{State: ui.NotKnown, Outcome: notTriedOutcome}, http.StatusServiceUnavailable
		name := s.nameOf(r, id, "")
		if !v.conn.Expired && time.Since(began) < deletingTime {
			one, bad, err = s.deleteOne(r, id, &name)
		}
		if errors.Is(err, oauth.ErrReconnect) {
			v.conn.Expired = true
			one, bad, err = views.DeleteAttempt{State: ui.Failing, Outcome: notDeletedOutcome}, http.StatusConflict, nil
		}
		if err != nil {
			return f, 0, err
		}
		one.Name = name
		f.attempts = append(f.attempts, one)
		if bad != 0 {
			f.chosen, status = append(f.chosen, id), cmp.Or(status, bad)
		}
	}
	return f, status, nil
}

// deleteOne deletes a webhook as its own page does. It returns a status if that
// failed. The name is replaced by one from the webhook's URL if it has no label.
func (s *server) deleteOne(r *http.Request, id string, name *string) (views.DeleteAttempt, int, error) {
	v, one := stateOf(r), views.DeleteAttempt{State: ui.Failing, Outcome: notDeletedOutcome}
	result, _, err := s.await(r, func(sameKey bool) (webhooks.Result, error) {
		return s.Webhooks.Delete(r.Context(), s.request(r, deleteKey(v.conn.ShopID, id), sameKey), id)
	})
	var api *fourthwall.Error
	if errors.As(err, &api) {
		v.log.Warn("a webhook could not be read before it is deleted", "error", api)
		one.Text, one.Code = faultText(api)+notDeletedText(inText(api.RetryAfter)), api.Code
		return one, apiError(api).Status, nil
	}
	if err != nil {
		return one, 0, err
	}
	if *name == id {
		*name = names{}.of(id, result.Webhook.URL)
	}
	switch result.State {
	case webhooks.Deleted:
		return views.DeleteAttempt{State: ui.OK, Outcome: deletedOutcome}, 0, nil
	case webhooks.InProgress:
		one.State, one.Text = ui.NotKnown, stillAtWorkText
		return one, http.StatusServiceUnavailable, nil
	case webhooks.Unconfirmed:
		one.State, one.Outcome, one.Text = ui.NotKnown, unconfirmedOutcome, unconfirmedDeleteNotice().Text
		return one, http.StatusBadGateway, nil
	}
	if result.Rejection == nil {
		return one, http.StatusConflict, nil
	}
	status, n := refusalNotice(*result.Rejection, activity.DeleteWebhook)
	one.Text, one.Code = n.Text, result.Rejection.Code
	if one.Code == webhooks.CodeImmutable {
		one.Text, one.Code = lockedText, ""
	}
	return one, status, nil
}

// handleDisconnect deletes a shop's connection and its credential, and no
// webhook.
func (s *server) handleDisconnect(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return redirect(w, r, connectPath)
	}
	if err := s.findToDisconnect(r); err != nil {
		return err
	}
	return s.disconnect(w, r, 0)
}

// disconnect deletes the connection, after so many webhooks were deleted.
func (s *server) disconnect(w http.ResponseWriter, r *http.Request, deleted int) error {
	v := stateOf(r)
	if err := s.Shops.Disconnect(r.Context(), s.actor(r), v.conn); err != nil {
		return err
	}
	v.log.Info("shop disconnected", "shop", clip(v.conn.ShopID, maxLoggedShop), "deleted", deleted)
	if err := s.flash(r, shopsPath, disconnectedNotice(shopLink(v.conn).Name, deleted)); err != nil {
		return err
	}
	return redirect(w, r, shopsPath)
}
