package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"hookwall/internal/fourthwall"
	"hookwall/oauth"
	"hookwall/views"
)

// matcher says which webhook a delivery belongs to.
type matcher struct {
	byID  map[string]fourthwall.Webhook
	byURL map[string][]string // ids
	blind bool                // the webhooks could not all be read
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

// match gives the webhook's id: the one in the delivered envelope or, failing
// that, the only one with this URL. ambiguous says that several have it.
func (m matcher) match(e fourthwall.Event) (id string, ambiguous bool) {
	if envelope, ok := e.Envelope(); ok && envelope.WebhookID != "" {
		return envelope.WebhookID, false
	}
	ids := m.byURL[normalURL(e.URL)]
	if len(ids) == 1 {
		return ids[0], false
	}
	return "", len(ids) > 1
}

// webhooksFor reads the list beside something else: without it, deliveries
// are shown by their URL alone. It is incomplete when it could not be read.
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

// health is what the shop's last deliveries say of each webhook, or why
// nothing is known.
func (s *server) health(r *http.Request) (fourthwall.EventPage, string) {
	v := stateOf(r)
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	found, err := withCredential(ctx, s, v.conn, func(ctx context.Context, c fourthwall.Credential) (fourthwall.EventPage, error) {
		return s.API.Events(ctx, c, fourthwall.EventQuery{Size: eventsPage})
	})
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
			for _, shared := range m.byURL[normalURL(e.URL)] {
				out[shared].Ambiguous = true
			}
		}
		h := out[id]
		if h == nil {
			continue
		}
		h.Deliveries++
		if e.HasError {
			h.Failed++
			if e.CreatedAt.After(h.LastFailed) {
				h.LastFailed = e.CreatedAt
			}
		}
		countState(h, e.State)
	}
	return out
}

func countState(h *views.Health, state string) {
	i := slices.IndexFunc(h.States, func(c views.StateCount) bool { return c.State == state })
	if i < 0 {
		h.States = append(h.States, views.StateCount{State: state})
		i = len(h.States) - 1
	}
	h.States[i].Count++
}
