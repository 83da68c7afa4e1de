package handlers

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	healthTime  = time.Second // for reading deliveries beside a list of webhooks
	healthPages = 4           // of 100 deliveries, before single event types are read
	chartHours  = 24
	chartDays   = 30
)

// readDeliveries reads the shop's last deliveries for its health, or returns why
// they are unknown. The context bounds it.
func (s *server) readDeliveries(ctx context.Context, r *http.Request) (found webhooks.Deliveries, why error) {
	found, err := webhooks.ReadDeliveries(ctx, s.client(r), webhooks.Reading{Pages: healthPages, Within: healthTime})
	if err != nil {
		stateOf(r).log.Warn("deliveries could not be listed beside webhooks", "error", err)
	}
	return found, err
}

// seen returns what is known of the shop's deliveries: those that were read just
// now, and what visits saw. It's the source of everything that a page says about
// how deliveries went.
func (s *server) seen(
	r *http.Request, found webhooks.Deliveries, isUnread bool, list fourthwall.WebhookList, want fleet.PastQuery,
) (webhooks.Seen, error) {
	seen := webhooks.Seen{Found: found, Unread: isUnread, List: list, Now: s.Now()}
	if s.Fleet == nil {
		return seen, nil
	}
	for _, e := range found.Events {
		if !e.CreatedAt.IsZero() && (want.Before.IsZero() || e.CreatedAt.Before(want.Before)) {
			want.Before = e.CreatedAt
		}
	}
	var err error
	seen.Past, err = s.Fleet.Past(r.Context(), stateOf(r).conn.Owner, stateOf(r).conn.ShopID, want)
	return seen, err
}

// healthMarks are how the states of webhooks are drawn.
var healthMarks = map[webhooks.HealthState]ui.State{
	webhooks.HealthUnknown: ui.NotKnown, webhooks.Healthy: ui.OK, webhooks.SomeFailed: ui.Look,
	webhooks.Failing: ui.Failing,
}

// viewHealth returns the health of one webhook, or of several, as pages show it.
func viewHealth(h webhooks.Health, seen webhooks.Seen) views.Health {
	spans := store.SpansAt(seen.Now)
	isKnown := func(start time.Time) bool { return h.Known && h.Until.IsZero() && !h.Since.After(start) }
	out := views.Health{
		State: healthMarks[h.State()], Recent: viewRate(h.Recent()), Span: spanText(h, seen),
		Day: viewRate(h.Day), Week: viewRate(h.Week), DayKnown: isKnown(spans.Day), WeekKnown: isKnown(spans.Week),
		Tests: h.Tests, Last: h.Last, LastAccepted: h.LastAccepted, LastFailed: h.LastFailed, Reason: h.Reason,
		Ambiguous: h.Ambiguous, Known: h.Known, Since: h.Since, Until: h.Until,
	}
	for _, c := range h.States {
		out.States = append(out.States, views.StateCount(c))
	}
	return out
}

func viewRate(r store.Rate) views.Rate {
	return views.Rate{Total: r.Total(), Accepted: r.Accepted, Failed: r.Failed}
}

// spanText says which span h.Recent is about.
func spanText(h webhooks.Health, seen webhooks.Seen) string {
	since := seen.Past.Since
	isOlder := func(e fourthwall.Event) bool { return e.CreatedAt.Before(since) }
	switch recent := h.Recent(); {
	case recent == h.Day:
		return ""
	case recent == h.Week:
		return inSevenDays
	case !since.IsZero() && !slices.ContainsFunc(seen.Found.Events, isOlder):
		return " since " + since.UTC().Format("Jan 2")
	}
	return asFarAsRead
}

// hoursOf returns the last 24 hours of the webhooks that fit, and daysOf the last
// 30 days.
func hoursOf(seen webhooks.Seen, types []fourthwall.EventType, fits func(string) bool) ui.Series {
	return fill(ui.Last24Hours(seen.Now, time.Time{}), seen.Buckets(time.Hour, chartHours, types, fits))
}

func daysOf(seen webhooks.Seen, types []fourthwall.EventType, fits func(string) bool) ui.Series {
	return fill(ui.LastDays(seen.Now, chartDays), seen.Buckets(chartHours*time.Hour, chartDays, types, fits))
}

// hoursByWebhook returns the last 24 hours of some webhooks, whose health is given.
func hoursByWebhook(
	seen webhooks.Seen, of []fourthwall.Webhook, health map[string]*webhooks.Health,
) map[string]ui.Series {
	out := map[string]ui.Series{}
	counts := seen.HoursByWebhook(of)
	for _, hook := range of {
		series := fill(ui.Last24Hours(seen.Now, time.Time{}), counts[hook.ID])
		if health[hook.ID].Ambiguous {
			notKnown(series)
		}
		out[hook.ID] = series
	}
	return out
}

// notableSince returns since when deliveries are known, if that is less than the
// last 7 days, or the zero time.
func notableSince(seen webhooks.Seen) time.Time {
	since, known := seen.Reach()
	if !known || !since.After(store.SpansAt(seen.Now).Week) {
		return time.Time{}
	}
	return since
}

func fill(series ui.Series, counts []webhooks.Bucket) ui.Series {
	for i, c := range counts {
		series[i].Accepted, series[i].Failed = c.Rate.Accepted, c.Rate.Failed
		series[i].Other, series[i].Known = c.Rate.Pending+c.Rate.Unknown, c.Known
	}
	return series
}

// factRow returns the row of a delivery that a visit saw.
func factRow(shopID string, d store.Delivery) ui.DeliveryRow {
	row := ui.DeliveryRow{
		ID: d.Event, Href: eventPath(shopID, d.Event), Type: badge(fourthwall.EventType(d.Type)), At: d.CreatedAt,
		State: d.State, Error: d.Error, Failed: d.Outcome == store.DeliveryFailed, Test: d.Test, Mark: ui.NotKnown,
	}
	switch d.Outcome {
	case store.DeliveryAccepted:
		row.Mark = ui.OK
	case store.DeliveryFailed:
		row.Mark, row.AdviceHref = ui.Failing, row.Href+"#what-to-do"
	}
	return row
}
