package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views"
)

const (
	eventsPage = 50
	healthTime = time.Second // for reading deliveries beside the list
)

func eventsPath(shopID string) string { return shopPath(shopID) + "/events" }

func eventPath(shopID, id string) string { return eventsPath(shopID) + "/" + url.PathEscape(id) }

// handleEvents is the delivery log: a page of the API, filtered by event type
// there, and by webhook here.
func (s *server) handleEvents(w http.ResponseWriter, r *http.Request) error {
	conn, q := stateOf(r).conn, r.URL.Query()
	page := views.EventsPage{Action: eventsPath(conn.ShopID), Type: bounded(q.Get("type"), 100), Webhook: bounded(q.Get("webhook"), 200), TypeChoices: catalogueBadges()}
	number, err := strconv.Atoi(q.Get("page"))
	if err != nil || number < 1 || number > 1_000_000 {
		number = 1
	}
	found, err := s.client(r).Events(r.Context(), fourthwall.EventQuery{Type: fourthwall.EventType(page.Type), Page: number - 1, Size: eventsPage})
	status := http.StatusOK
	var api *fourthwall.Error
	switch {
	case errors.As(err, &api) && api.Status == http.StatusBadRequest && page.Type != "":
		page.Unreadable, status = refusedType(api, stateOf(r)), http.StatusUnprocessableEntity
	case errors.As(err, &api):
		page.Unreadable, status = s.unreadable(w, r, api, "deliveries", eventsPath(conn.ShopID))
	case err != nil:
		return err
	}
	hooks, err := s.webhooksFor(r)
	if err != nil {
		return err
	}
	if page.Frame, err = s.frame(r, "Deliveries"); err != nil {
		return err
	}
	fillEvents(&page, conn.ShopID, found, hooks)
	page.Page, page.Pages = number, max(found.TotalPages, 0)
	if number > 1 {
		page.PrevHref = eventsHref(conn.ShopID, page.Type, page.Webhook, number-1)
	}
	if found.More {
		page.NextHref = eventsHref(conn.ShopID, page.Type, page.Webhook, number+1)
	}
	return s.render(w, r, status, views.Events(page))
}

// refusedType says that the API does not look for a type, which can only have
// been written into the address.
func refusedType(api *fourthwall.Error, v *requestState) *views.Notice {
	return &views.Notice{
		Kind: views.Warning, Title: "Fourthwall refuses this choice", Code: api.Code, RequestID: requestID(api, v),
		Text: "It does not look for deliveries of the event type in this address.",
		Link: &views.Link{Href: eventsPath(v.conn.ShopID), Text: "Show all deliveries"},
	}
}

func eventsHref(shopID, eventType, webhook string, page int) string {
	q := filled(map[string]string{"type": eventType, "webhook": webhook})
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return withQuery(eventsPath(shopID), q.Encode())
}

// webhooksFor reads the list beside something else: without it, deliveries
// are shown by their URL alone. It is incomplete when it could not be read.
func (s *server) webhooksFor(r *http.Request) (fourthwall.WebhookList, error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Webhooks.Timing().List)
	defer cancel()
	list, err := s.client(r).Webhooks(ctx)
	if errors.Is(err, oauth.ErrReconnect) {
		return list, err
	}
	if err != nil {
		stateOf(r).log.Warn("webhooks could not be listed beside deliveries", "error", err)
		return fourthwall.WebhookList{Incomplete: true}, nil
	}
	return list, nil
}

func fillEvents(page *views.EventsPage, shopID string, found fourthwall.EventPage, hooks fourthwall.WebhookList) {
	m := webhooks.NewMatcher(hooks)
	for _, hook := range hooks.Webhooks {
		page.WebhookChoices = append(page.WebhookChoices, views.Choice{Value: hook.ID, Text: hook.URL})
	}
	page.OnPage = len(found.Events)
	for _, e := range found.Events {
		row := deliveryRow(shopID, e, m)
		if page.Webhook == "" || row.WebhookID == page.Webhook || row.Ambiguous && slices.Contains(m.Candidates(e), page.Webhook) {
			page.Rows = append(page.Rows, row)
		}
	}
}

func deliveryRow(shopID string, e fourthwall.Event, m webhooks.Matcher) views.DeliveryRow {
	row := views.DeliveryRow{
		ID: e.ID, Href: eventPath(shopID, e.ID), Type: badge(e.Type), At: e.CreatedAt, State: e.State,
		Failed: e.HasError, Error: e.Error, Test: e.TestMode, URL: e.URL,
	}
	row.WebhookID, row.Ambiguous = m.Match(e)
	row.WebhooksUnknown = m.Incomplete
	if m.Has(row.WebhookID) || m.Incomplete && row.WebhookID != "" {
		row.WebhookHref = webhookPath(shopID, row.WebhookID)
	}
	return row
}

func catalogueBadges() []views.EventBadge {
	var out []views.EventBadge
	for _, info := range fourthwall.EventTypes() {
		out = append(out, badge(info.Code))
	}
	return out
}

// handleEvent shows one delivery. Its body holds buyers' data: it is drawn
// only when it is asked for, and kept nowhere.
func (s *server) handleEvent(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	e, err := s.client(r).Event(r.Context(), id)
	var api *fourthwall.Error
	switch {
	case errors.As(err, &api) && api.Status == http.StatusForbidden:
		return &httpError{
			Status: http.StatusForbidden, Code: api.Code, Err: err, Links: []views.Link{connectLink(eventPath(conn.ShopID, id), conn.ShopID)},
			Public: "This connection may not read deliveries: it lacks the permission webhook_read. Connect the shop again and allow it.",
		}
	case api.NotFound():
		return &httpError{Status: http.StatusNotFound, Public: "Fourthwall does not know this delivery. It may be too old.", Code: api.Code, Err: err, Links: []views.Link{{Href: eventsPath(conn.ShopID), Text: "See the deliveries"}}}
	case err != nil:
		return err
	}
	hooks, err := s.webhooksFor(r)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Delivery")
	if err != nil {
		return err
	}
	body := e.Body.Reveal()
	page := views.DeliveryPage{
		Frame: frame, ListHref: eventsPath(conn.ShopID), Row: deliveryRow(conn.ShopID, e, webhooks.NewMatcher(hooks)), UpdatedAt: e.UpdatedAt, APIVersion: e.APIVersion,
		BodyBytes: len(body), ShowHref: eventPath(conn.ShopID, id) + "?show=body", HideHref: eventPath(conn.ShopID, id),
	}
	if envelope, ok := e.Envelope(); ok {
		page.EventID, page.WebhookID, page.ShopID = envelope.ID, envelope.WebhookID, envelope.ShopID
	}
	if r.URL.Query().Get("show") == "body" {
		page.Body, page.Pretty = pretty(body)
	}
	return s.render(w, r, http.StatusOK, views.Delivery(page))
}

// pretty indents JSON without changing a value in it; what is no JSON stays
// as it came.
func pretty(body string) (string, bool) {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(body), "", "  "); err != nil {
		return body, false
	}
	return out.String(), true
}

// health is what the shop's last deliveries say of each webhook, or why
// nothing is known.
func (s *server) health(r *http.Request) (fourthwall.EventPage, string) {
	v := stateOf(r)
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	found, err := s.client(r).Events(ctx, fourthwall.EventQuery{Size: eventsPage})
	if err == nil {
		return found, ""
	}
	v.log.Warn("deliveries could not be listed beside webhooks", "error", err)
	var api *fourthwall.Error
	if errors.As(err, &api) && api.Status == http.StatusForbidden {
		return found, "Deliveries are not shown: this connection lacks the permission webhook_read."
	}
	if ctx.Err() != nil {
		return found, "Deliveries are not shown: Fourthwall did not list them within a second."
	}
	return found, "Deliveries are not shown: Fourthwall could not list them."
}

// healthOf is the health of each webhook, as the list shows it.
func healthOf(shopID string, found fourthwall.EventPage, hooks fourthwall.WebhookList) map[string]*views.Health {
	out := map[string]*views.Health{}
	for id, h := range webhooks.HealthOf(found, hooks) {
		out[id] = &views.Health{
			Href: eventsHref(shopID, "", id, 1), Deliveries: h.Deliveries, Failed: h.Failed, LastFailed: h.LastFailed, Ambiguous: h.Ambiguous,
		}
		for _, c := range h.States {
			out[id].States = append(out[id].States, views.StateCount(c))
		}
	}
	return out
}
