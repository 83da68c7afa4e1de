package handlers

import (
	"context"
	"errors"
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views/ui"
)

// webhooksFor returns the shop's webhooks, to show beside deliveries. If they
// can't be read, the list is incomplete, and deliveries show only their URL.
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

func deliveryRow(shopID string, e fourthwall.Event, m webhooks.Matcher) ui.DeliveryRow {
	row := ui.DeliveryRow{
		ID: e.ID, Href: eventPath(shopID, e.ID), Type: badge(e.Type), At: e.CreatedAt, State: e.State,
		Mark: stateMark(webhooks.StateOf(e)), Failed: e.HasError, Error: e.Error, Test: e.TestMode, URL: e.URL,
		Name: ui.HostAndPath(e.URL),
	}
	if row.Mark == ui.Failing {
		row.AdviceHref = row.Href + "#what-to-do"
	}
	row.WebhookID, row.Ambiguous = m.Match(e)
	row.WebhooksUnknown = m.Incomplete
	if m.Has(row.WebhookID) || m.Incomplete && row.WebhookID != "" {
		row.WebhookHref = webhookPath(shopID, row.WebhookID)
	}
	return row
}

// stateMark returns how a state of a delivery is drawn. One that isn't known is
// never drawn as fine.
func stateMark(state webhooks.DeliveryState) ui.State {
	switch state {
	case webhooks.Accepted:
		return ui.OK
	case webhooks.Failed:
		return ui.Failing
	}
	return ui.NotKnown
}
