package handlers

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// webhookLogReader waits for the deliveries of a webhook, or returns why they are
// unknown.
type webhookLogReader func(fourthwall.Webhook) (log *views.WebhookLog, unknown string, err error)

func noWebhookLog(fourthwall.Webhook) (*views.WebhookLog, string, error) { return nil, "", nil }

// rowsOfPast is how many of the deliveries that visits saw are listed.
const rowsOfPast = 50

// readWebhookLog starts to read the deliveries of a webhook. stop ends that.
func (s *server) readWebhookLog(r *http.Request, id string) (read webhookLogReader, stop func()) {
	var (
		found   webhooks.Deliveries
		unread  error
		isLate  bool
		list    fourthwall.WebhookList
		listErr error
		beside  sync.WaitGroup
	)
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	beside.Go(func() {
		found, unread = s.readDeliveries(ctx, r)
		isLate = ctx.Err() != nil
	})
	beside.Go(func() { list, listErr = s.webhooksFor(r) })
	stop = func() {
		cancel()
		beside.Wait()
	}
	return func(hook fourthwall.Webhook) (*views.WebhookLog, string, error) {
		beside.Wait()
		if listErr != nil {
			return nil, "", listErr
		}
		if err := s.askIfDisconnected(r, found.Events...); err != nil {
			return nil, "", err
		}
		if !webhooks.NewMatcher(list).Has(id) {
			list.Webhooks = append(list.Webhooks, hook)
		}
		seen, err := s.seen(r, found, unread != nil, list,
			fleet.PastQuery{Hook: id, URL: hook.URL, Days: chartDays})
		if err != nil {
			return nil, "", err
		}
		why := ""
		if unread != nil {
			why = healthUnknownText(unread, isLate, seen.Past.Until)
		}
		switch {
		case !seen.Past.Until.IsZero():
		case why != "":
			return nil, why, nil
		default:
			seen.Found.AddTypes(ctx, s.client(r), fourthwall.WebhookList{Webhooks: []fourthwall.Webhook{hook}})
		}
		log, err := s.webhookLog(r, hook, seen)
		if err == nil {
			log.Unread = why
		}
		return log, "", err
	}, stop
}

// webhookLog chooses the deliveries of one webhook. Where not all webhooks of the
// shop are known, a URL alone doesn't tell that a delivery is this one's.
func (s *server) webhookLog(r *http.Request, hook fourthwall.Webhook, seen webhooks.Seen) (*views.WebhookLog, error) {
	conn, isThis := stateOf(r).conn, func(id string) bool { return id == hook.ID }
	if seen.List.Incomplete {
		isUnnamed := func(e fourthwall.Event) bool { return e.WebhookID == "" }
		seen.Found.Events = slices.DeleteFunc(slices.Clone(seen.Found.Events), isUnnamed)
	}
	failed := deliveryFilter{webhook: hook.ID, failed: true, page: 1}
	log := &views.WebhookLog{
		Now: seen.Now, Health: viewHealth(*seen.Health()[hook.ID], seen), FailedHref: failed.href(eventsPath(conn.ShopID)),
		Month: daysOf(seen, hook.AllowedTypes, isThis),
	}
	log.Health.Hours = hoursOf(seen, hook.AllowedTypes, isThis)
	if log.Health.Ambiguous || seen.List.Incomplete {
		notKnown(log.Health.Hours)
		notKnown(log.Month)
	}
	m, has := webhooks.NewMatcher(seen.List), map[string]bool{}
	for _, e := range seen.Found.Events {
		if id, _ := m.Match(e); id == hook.ID {
			has[e.ID] = true
			log.Rows = append(log.Rows, deliveryRow(conn.ShopID, e, m))
		}
	}
	if seen.Past.Key == nil {
		return log, nil
	}
	want := store.DeliveryQuery{Webhooks: []string{hook.ID}, Limit: rowsOfPast}
	if !log.Health.Ambiguous {
		want.Webhooks = append(want.Webhooks, seen.Past.Key(hook.URL))
	}
	past, err := s.Store.Deliveries(r.Context(), conn.Owner, conn.ShopID, want)
	for _, d := range past {
		if !has[d.Event] {
			log.Rows = append(log.Rows, factRow(conn.ShopID, d))
		}
	}
	slices.SortStableFunc(log.Rows, func(a, b ui.DeliveryRow) int { return b.At.Compare(a.At) })
	return log, err
}

// notKnown marks a series as one that isn't wholly known.
func notKnown(series ui.Series) {
	for i := range series {
		series[i].Known = false
	}
}
