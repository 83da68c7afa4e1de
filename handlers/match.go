package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/oauth"
	"hookwall/views"
)

const (
	eventsPage = 50          // deliveries that are read at once
	healthTime = time.Second // for reading deliveries beside a list of webhooks
)

// matcher says which webhook a delivery belongs to.
type matcher struct {
	byID         map[string]fourthwall.Webhook
	byURL        map[string][]string // IDs, by normalized URL
	isIncomplete bool                // not all webhooks could be read
}

func newMatcher(list fourthwall.WebhookList) matcher {
	m := matcher{map[string]fourthwall.Webhook{}, map[string][]string{}, list.Incomplete}
	for _, hook := range list.Webhooks {
		m.byID[hook.ID] = hook
		address := normalURL(hook.URL)
		m.byURL[address] = append(m.byURL[address], hook.ID)
	}
	return m
}

// match returns the webhook's ID: the one in the delivered envelope or, without
// that, the only one with this URL. ambiguous says that several have it.
func (m matcher) match(e fourthwall.Event) (id string, ambiguous bool) {
	if envelope, ok := e.Envelope(); ok && envelope.WebhookID != "" {
		return envelope.WebhookID, false
	}
	ids := m.sharing(e)
	if len(ids) == 1 {
		return ids[0], false
	}
	return "", len(ids) > 1
}

// sharing returns the IDs of the webhooks with a delivery's URL.
func (m matcher) sharing(e fourthwall.Event) []string { return m.byURL[normalURL(e.URL)] }

// webhooksFor reads the list beside deliveries. They are shown by their URL
// alone if it can't be read: then it is incomplete.
func (s *server) webhooksFor(r *http.Request) (fourthwall.WebhookList, error) {
	ctx, cancel := context.WithTimeout(r.Context(), listTime)
	defer cancel()
	list, err := withCredential(ctx, s, stateOf(r).conn, s.API.WebhookList)
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
	read := func(ctx context.Context, c fourthwall.Credential) (fourthwall.EventPage, error) {
		return s.API.Events(ctx, c, q)
	}
	return withCredential(ctx, s, v.conn, read)
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

// healthOf counts per webhook. A delivery that could belong to several is
// counted for none of them.
func healthOf(shopID string, found fourthwall.EventPage, hooks fourthwall.WebhookList) map[string]*views.Health {
	m := newMatcher(hooks)
	out := map[string]*views.Health{}
	for _, hook := range hooks.Webhooks {
		out[hook.ID] = &views.Health{Href: eventsHref(shopID, "", hook.ID, 1)}
	}
	for _, e := range found.Events {
		id, ambiguous := m.match(e)
		if ambiguous {
			for _, shared := range m.sharing(e) {
				out[shared].Ambiguous = true
			}
		}
		if h := out[id]; h != nil {
			countDelivery(h, e)
		}
	}
	return out
}

func countDelivery(h *views.Health, e fourthwall.Event) {
	h.Deliveries++
	if e.HasError {
		h.Failed++
		if e.CreatedAt.After(h.LastFailed) {
			h.LastFailed = e.CreatedAt
		}
	}
	i := slices.IndexFunc(h.States, func(c views.StateCount) bool { return c.State == e.State })
	if i < 0 {
		h.States = append(h.States, views.StateCount{State: e.State})
		i = len(h.States) - 1
	}
	h.States[i].Count++
}

func deliveryRow(shopID string, e fourthwall.Event, m matcher) views.DeliveryRow {
	row := views.DeliveryRow{
		ID: e.ID, Href: eventPath(shopID, e.ID), Type: badge(e.Type), At: e.CreatedAt, State: e.State,
		Failed: e.HasError, Error: e.Error, Test: e.TestMode, URL: e.URL,
	}
	row.WebhookID, row.Ambiguous = m.match(e)
	row.WebhooksUnknown = m.isIncomplete
	if _, exists := m.byID[row.WebhookID]; exists || m.isIncomplete && row.WebhookID != "" {
		row.WebhookHref = webhookPath(shopID, row.WebhookID)
	}
	return row
}
