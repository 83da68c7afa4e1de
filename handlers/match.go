package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	eventsPage = 50          // deliveries that are read at once
	healthTime = time.Second // for reading deliveries beside a list of webhooks
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

// events reads a page of the shop's deliveries.
func (s *server) events(ctx context.Context, v *requestState, q fourthwall.EventQuery) (fourthwall.EventPage, error) {
	q.Size = eventsPage
	return s.Shops.Client(v.conn).Events(ctx, q)
}

// health returns the shop's last deliveries for healthOf, or why they are
// unknown.
func (s *server) health(r *http.Request) (found fourthwall.EventPage, unknown string) {
	v := stateOf(r)
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	found, err := s.events(ctx, v, fourthwall.EventQuery{})
	if err != nil {
		v.log.Warn("deliveries could not be listed beside webhooks", "error", err)
		unknown = healthUnknownText(err, ctx.Err() != nil)
	}
	return found, unknown
}

// healthOf returns the health of each webhook, as the list shows it.
func healthOf(shopID string, found fourthwall.EventPage, hooks fourthwall.WebhookList) map[string]*views.Health {
	out := map[string]*views.Health{}
	for id, h := range webhooks.HealthOf(found, hooks) {
		out[id] = &views.Health{
			Href: eventsHref(shopID, "", id, 1), Deliveries: h.Deliveries, Failed: h.Failed, LastFailed: h.LastFailed,
			Ambiguous: h.Ambiguous,
		}
		for _, c := range h.States {
			out[id].States = append(out[id].States, views.StateCount(c))
		}
	}
	return out
}

func deliveryRow(shopID string, e fourthwall.Event, m webhooks.Matcher) ui.DeliveryRow {
	row := ui.DeliveryRow{
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
