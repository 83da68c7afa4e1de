package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

const maxPageNumber = 1_000_000

// handleEvents lists deliveries. The API returns a page, filtered by event
// type. Hookwall filters it by webhook.
func (s *server) handleEvents(w http.ResponseWriter, r *http.Request) error {
	v, q := stateOf(r), r.URL.Query()
	page := views.DeliveriesPage{
		Action: eventsPath(v.conn.ShopID), TypeChoices: catalogBadges(), Page: pageNumber(q),
		Type: bounded(q.Get("type"), 100), Webhook: bounded(q.Get("webhook"), 200),
	}
	found, err := s.events(r.Context(), v, fourthwall.EventQuery{
		Type: fourthwall.EventType(page.Type), Page: page.Page - 1,
	})
	status := http.StatusOK
	if api := (*fourthwall.Error)(nil); errors.As(err, &api) {
		page.Unreadable, status = s.unreadableEvents(w, r, api, page.Type)
	} else if err != nil {
		return err
	}
	hooks, err := s.webhooksFor(r)
	if err != nil {
		return err
	}
	if page.Frame, err = s.frame(r, "Deliveries"); err != nil {
		return err
	}
	if found.LeftOut > 0 {
		page.Notices = append(page.Notices, tooManyNotice(found))
	}
	fillEvents(&page, v.conn.ShopID, found, hooks)
	return s.render(w, r, status, views.Deliveries(page))
}

// pageNumber returns the number of the page, from 1.
func pageNumber(q url.Values) int {
	number, err := strconv.Atoi(q.Get("page"))
	if err != nil || number < 1 || number > maxPageNumber {
		return 1
	}
	return number
}

// unreadableEvents says why no deliveries are shown. An event type that the API
// doesn't know can only come from the URL.
func (s *server) unreadableEvents(
	w http.ResponseWriter, r *http.Request, api *fourthwall.Error, eventType string,
) (*ui.Notice, int) {
	v := stateOf(r)
	if api.Status != http.StatusBadRequest || !api.Rejected() || eventType == "" {
		return s.unreadable(w, r, api, "deliveries", eventsPath(v.conn.ShopID))
	}
	n := refusedTypeNotice(v.conn.ShopID)
	n.Code, n.RequestID = api.Code, requestID(api, v)
	return &n, http.StatusUnprocessableEntity
}

func fillEvents(page *views.DeliveriesPage, shopID string, found fourthwall.EventPage, hooks fourthwall.WebhookList) {
	m := webhooks.NewMatcher(hooks)
	for _, hook := range hooks.Webhooks {
		page.WebhookChoices = append(page.WebhookChoices, ui.Choice{Value: hook.ID, Text: hook.URL})
	}
	page.OnPage = len(found.Events)
	for _, e := range found.Events {
		row := deliveryRow(shopID, e, m)
		isShared := row.Ambiguous && slices.Contains(m.Candidates(e), page.Webhook)
		if page.Webhook == "" || row.WebhookID == page.Webhook || isShared {
			page.Rows = append(page.Rows, row)
		}
	}
	page.Pages = max(found.TotalPages, 0)
	if page.Page > 1 {
		page.PrevHref = eventsHref(shopID, page.Type, page.Webhook, page.Page-1)
	}
	if found.More {
		page.NextHref = eventsHref(shopID, page.Type, page.Webhook, page.Page+1)
	}
}
