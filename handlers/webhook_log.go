package handlers

import (
	"context"
	"net/http"
	"sync"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// webhookLogReader waits for the deliveries of a webhook, or returns why they are
// unknown.
type webhookLogReader func(fourthwall.Webhook) (log *views.WebhookLog, unknown string, err error)

func noWebhookLog(fourthwall.Webhook) (*views.WebhookLog, string, error) { return nil, "", nil }

// readWebhookLog starts to read the deliveries of a webhook. stop ends that.
func (s *server) readWebhookLog(r *http.Request, id string) (read webhookLogReader, stop func()) {
	var (
		found   webhooks.Deliveries
		unknown string
		list    fourthwall.WebhookList
		listErr error
		beside  sync.WaitGroup
	)
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	beside.Go(func() { found, unknown = s.health(ctx, r) })
	beside.Go(func() { list, listErr = s.webhooksFor(r) })
	stop = func() {
		cancel()
		beside.Wait()
	}
	return func(hook fourthwall.Webhook) (*views.WebhookLog, string, error) {
		beside.Wait()
		if unknown != "" || listErr != nil {
			return nil, unknown, listErr
		}
		if err := s.askIfDisconnected(r, found.Events...); err != nil {
			return nil, "", err
		}
		if !webhooks.NewMatcher(list).Has(id) {
			list.Webhooks = append(list.Webhooks, hook)
		}
		only := fourthwall.WebhookList{Webhooks: []fourthwall.Webhook{hook}}
		found.AddTypes(ctx, s.client(r), only)
		return s.webhookLog(stateOf(r).conn.ShopID, hook, found, list), "", nil
	}, stop
}

// webhookLog chooses the deliveries of one webhook. Where not all webhooks of the
// shop are known, a URL alone doesn't tell that a delivery is this one's.
func (s *server) webhookLog(
	shopID string, hook fourthwall.Webhook, found webhooks.Deliveries, list fourthwall.WebhookList,
) *views.WebhookLog {
	m, h := webhooks.NewMatcher(list), webhooks.HealthOf(found, list)[hook.ID]
	failed := deliveryFilter{webhook: hook.ID, failed: true, page: 1}
	log := &views.WebhookLog{
		Now: s.Now(), Known: h.Known, Since: h.Since, Ambiguous: h.Ambiguous,
		FailedHref: failed.href(eventsPath(shopID)),
	}
	since := h.Since
	if !h.Known || h.Ambiguous || list.Incomplete {
		since = log.Now.Add(time.Hour)
	}
	log.Series = ui.Last24Hours(log.Now, since)
	for _, e := range found.Events {
		if id, _ := m.Match(e); id != hook.ID || list.Incomplete && !isNamed(e) {
			continue
		}
		row := deliveryRow(shopID, e, m)
		log.Rows = append(log.Rows, row)
		log.Series.Count(e.CreatedAt, row.Mark)
	}
	return log
}

// isNamed reports whether a delivery names its webhook.
func isNamed(e fourthwall.Event) bool {
	envelope, ok := e.Envelope()
	return ok && envelope.WebhookID != ""
}
