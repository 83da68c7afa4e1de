package fleet

import (
	"context"
	"errors"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

// PastQuery says what to tell of a shop's deliveries.
type PastQuery struct {
	Before    time.Time // from the hour of this time on, each delivery is told; zero for now
	Hook, URL string    // count only those of this webhook; "" for all
	Days      int       // that are counted, beside the last 24 hours; 0: none
}

const (
	recentAtMost = 5000 // are told one by one; there are about as many as a page reads from the API
	day          = 24 * time.Hour
)

// Past returns what visits saw of the deliveries to a shop. That of one that was never visited is zero.
func (s *Service) Past(ctx context.Context, owner store.Owner, shop string, want PastQuery) (webhooks.Past, error) {
	o, err := s.store.Observation(ctx, owner, shop)
	if err != nil && !errors.Is(err, store.ErrWrongKey) || o.DeliveriesAt.IsZero() {
		return webhooks.Past{}, err
	}
	now := s.store.Now()
	past := webhooks.Past{
		Since: later(o.DeliveriesSince, now.Add(-s.keep)), Until: o.DeliveriesAt, Stale: s.IsStale(o),
		Before: want.Before.UTC().Truncate(time.Hour), Key: func(url string) string { return s.URLKey(owner, o.ID, url) },
	}
	if o.Backlog.Page > 0 {
		past.Until = o.Backlog.Until
	}
	if want.Before.IsZero() {
		past.Before = now.UTC().Truncate(time.Hour).Add(time.Hour)
	}
	spans := store.SpansAt(now)
	spans.Before = past.Before
	if past.Health, err = s.store.Health(ctx, owner, shop, spans); err != nil {
		return past, err
	}
	hours := store.Buckets{
		Shops: []string{shop}, ByWebhook: true, Since: spans.Day, Before: past.Before, Width: time.Hour,
	}
	if want.Hook != "" {
		hours.Webhooks = []string{want.Hook, past.Key(want.URL)}
	}
	if past.Hours, err = s.store.DeliveryBuckets(ctx, owner, hours); err != nil {
		return past, err
	}
	if want.Days > 0 {
		days := hours
		days.Since, days.Width = now.UTC().Truncate(day).AddDate(0, 0, 1-want.Days), day
		if past.Days, err = s.store.DeliveryBuckets(ctx, owner, days); err != nil {
			return past, err
		}
	}
	past.Recent, err = s.store.Deliveries(ctx, owner, shop, store.DeliveryQuery{Since: past.Before, Limit: recentAtMost})
	return past, err
}

// Judge returns a function that says how the webhooks of a list are at a time. key is that of a Past. If deliveries may
// be for several webhooks and fail, it isn't known which of them fails, so those count as one to look at.
func Judge(
	at time.Time, list fourthwall.WebhookList, key func(url string) string,
) func([]store.WebhookHealth) store.Judgment {
	return func(health []store.WebhookHealth) (j store.Judgment) {
		seen := webhooks.Seen{Past: webhooks.Past{Health: health, Key: key}, List: list, Now: at}
		count := func(h webhooks.Health, failing *int) {
			h.Ambiguous = false // of the shop, it doesn't matter for which webhook a delivery was
			switch h.State() {
			case webhooks.Failing:
				*failing++
			case webhooks.SomeFailed:
				j.Look++
			case webhooks.HealthUnknown:
				if h.Recent().Total() > 0 {
					j.Problem = string(Unclear)
				}
			}
		}
		for _, h := range seen.Health() {
			count(*h, &j.Failing)
		}
		for _, h := range seen.Shared() {
			count(*h, &j.Look)
		}
		return j
	}
}
