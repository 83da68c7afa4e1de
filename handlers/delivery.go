package handlers

import (
	"context"
	"errors"
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/views"
)

// handleEvent shows one delivery. Its body holds buyers' data: it is drawn
// only when it is asked for, and kept nowhere.
func (s *server) handleEvent(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	e, err := withCredential(r.Context(), s, conn, func(ctx context.Context, c fourthwall.Credential) (fourthwall.Event, error) {
		return s.API.Event(ctx, c, id)
	})
	var api *fourthwall.Error
	switch {
	case errors.As(err, &api) && api.Status == http.StatusForbidden:
		return &httpError{
			Status: http.StatusForbidden, Code: api.Code, Err: err, Links: []views.Link{connectLink(eventPath(conn.ShopID, id), conn.ShopID)},
			Public: "This connection may not read deliveries: it lacks the permission webhook_read. Connect the shop again and allow it.",
		}
	case isNotFound(err):
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
		Frame: frame, ListHref: eventsPath(conn.ShopID), Row: deliveryRow(conn.ShopID, e, newMatcher(hooks)), UpdatedAt: e.UpdatedAt, APIVersion: e.APIVersion,
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
