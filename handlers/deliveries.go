package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/views"
)

const (
	eventsPage = 50
	healthTime = time.Second // for reading deliveries beside the list
)

// handleEvents is the delivery log: a page of the API, filtered by event type
// there, and by webhook here.
func (s *server) handleEvents(w http.ResponseWriter, r *http.Request) error {
	conn, q := stateOf(r).conn, r.URL.Query()
	page := views.EventsPage{Action: eventsPath(conn.ShopID), Type: bounded(q.Get("type"), 100), Webhook: bounded(q.Get("webhook"), 200), TypeChoices: catalogueBadges()}
	number, err := strconv.Atoi(q.Get("page"))
	if err != nil || number < 1 || number > 1_000_000 {
		number = 1
	}
	found, err := withCredential(r.Context(), s, conn, func(ctx context.Context, c fourthwall.Credential) (fourthwall.EventPage, error) {
		return s.API.Events(ctx, c, fourthwall.EventQuery{Type: fourthwall.EventType(page.Type), Page: number - 1, Size: eventsPage})
	})
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

func fillEvents(page *views.EventsPage, shopID string, found fourthwall.EventPage, hooks fourthwall.WebhookList) {
	m := newMatcher(hooks)
	for _, hook := range hooks.Webhooks {
		page.WebhookChoices = append(page.WebhookChoices, views.Choice{Value: hook.ID, Text: hook.URL})
	}
	page.OnPage = len(found.Events)
	for _, e := range found.Events {
		row := deliveryRow(shopID, e, m)
		if page.Webhook == "" || row.WebhookID == page.Webhook || row.Ambiguous && slices.Contains(m.byURL[normalURL(e.URL)], page.Webhook) {
			page.Rows = append(page.Rows, row)
		}
	}
}

func deliveryRow(shopID string, e fourthwall.Event, m matcher) views.DeliveryRow {
	row := views.DeliveryRow{
		ID: e.ID, Href: eventPath(shopID, e.ID), Type: badge(e.Type), At: e.CreatedAt, State: e.State,
		Failed: e.HasError, Error: e.Error, Test: e.TestMode, URL: e.URL,
	}
	row.WebhookID, row.Ambiguous = m.match(e)
	row.WebhooksUnknown = m.blind
	if _, there := m.byID[row.WebhookID]; there || m.blind && row.WebhookID != "" {
		row.WebhookHref = webhookPath(shopID, row.WebhookID)
	}
	return row
}
