package handlers

import (
	"errors"
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleEvent shows one delivery. Its body may contain buyers' data, so it is
// drawn only on request, and never stored.
func (s *server) handleEvent(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	e, err := s.client(r).Event(r.Context(), id)
	if err != nil {
		return deliveryError(stateOf(r), id, err)
	}
	if err := s.askIfDisconnected(r, e); err != nil {
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
		Frame: frame, ListHref: eventsPath(conn.ShopID), Row: deliveryRow(conn.ShopID, e, webhooks.NewMatcher(hooks)),
		UpdatedAt: e.UpdatedAt, APIVersion: e.APIVersion,
		BodyBytes: len(body), ShowHref: eventBodyHref(conn.ShopID, id), HideHref: eventPath(conn.ShopID, id),
	}
	if envelope, ok := e.Envelope(); ok {
		page.EventID, page.WebhookID, page.ShopID = envelope.ID, envelope.WebhookID, envelope.ShopID
	}
	for _, hook := range hooks.Webhooks {
		if hook.ID == page.Row.WebhookID {
			page.Row.Name = s.nameOf(r, hook.ID, hook.URL)
		}
	}
	if page.Row.WebhookHref != "" && !frame.ReadOnly {
		page.CheckHref = checkStartHref(conn.ShopID, "webhook", page.Row.WebhookID)
	}
	if r.URL.Query().Get("show") == "body" && !frame.ReadOnly {
		page.Body, page.Pretty = pretty(body)
	}
	return s.render(w, r, http.StatusOK, views.Delivery(page))
}

// deliveryError returns the page for a delivery that can't be read.
func deliveryError(v *requestState, id string, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) {
		return err
	}
	answer := &httpError{Status: api.Status, Code: api.Code, Err: err}
	switch {
	case api.Forbidden():
		answer.Public = mayNotReadDeliveries
		if link := v.reconnectLink(eventPath(v.conn.ShopID, id), v.conn.ShopID); link != nil {
			answer.Links = []ui.Link{*link}
		}
	case api.Status == http.StatusNotFound && api.Rejected() && !api.ShopGone():
		answer.Public = deliveryUnknownText
		answer.Links = []ui.Link{{Href: eventsPath(v.conn.ShopID), Text: "See the deliveries"}}
	default:
		return err
	}
	return answer
}
