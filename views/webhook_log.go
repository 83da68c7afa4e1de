package views

import (
	"cmp"
	"slices"
	"time"

	"hookwall/views/ui"
)

// WebhookLog has the deliveries of one webhook, as far as they are known.
type WebhookLog struct {
	Now        time.Time
	Health     Health
	Rows       []ui.DeliveryRow // the newest first; with tests
	Month      ui.Series        // the last 30 days
	FailedHref string           // lists those that failed
	Unread     string           // why none could be read now; "" if they were
}

const (
	rowsOnPage    = 10
	squaresOnPage = 50
)

// rows returns the last ten deliveries.
func (l WebhookLog) rows() []ui.DeliveryRow { return l.Rows[:min(len(l.Rows), rowsOnPage)] }

// squares returns the last 50 deliveries, the oldest first.
func (l WebhookLog) squares() []ui.Square {
	var all []ui.Square
	for _, r := range l.Rows[:min(len(l.Rows), squaresOnPage)] {
		all = append(all, r.Square())
	}
	slices.Reverse(all)
	return all
}

// isFailing reports whether the webhook is failing. One whose last delivery
// failed, among many, is not.
func (l WebhookLog) isFailing() bool { return l.Health.State == ui.Failing }

// isKnown reports whether there is something to draw.
func (l WebhookLog) isKnown() bool {
	return len(l.Rows) > 0 || !l.Health.Last.IsZero()
}

// real returns the deliveries that weren't tests.
func (l WebhookLog) real() []ui.DeliveryRow {
	return slices.DeleteFunc(slices.Clone(l.Rows), func(r ui.DeliveryRow) bool { return r.Test })
}

// failures returns the deliveries that failed without one that didn't after them,
// the newest first.
func (l WebhookLog) failures() []ui.DeliveryRow {
	all := l.real()
	for i, r := range all {
		if r.Mark != ui.Failing {
			return all[:i]
		}
	}
	return all
}

// before returns how many deliveries in a row were accepted before the failures.
func (l WebhookLog) before() int {
	n := 0
	for _, r := range l.real()[len(l.failures()):] {
		if r.Mark != ui.OK {
			break
		}
		n++
	}
	return n
}

// isSame reports whether the failures all have the same reason.
func (l WebhookLog) isSame() bool {
	all := l.failures()
	return !slices.ContainsFunc(all, func(r ui.DeliveryRow) bool { return r.Error != all[0].Error })
}

// TypeCount is how many deliveries of an event type there were.
type TypeCount struct {
	Type  ui.EventBadge
	Count int
}

// figure is a fact about how deliveries went.
type figure struct {
	name, text string
	at         time.Time // in place of text
}

// figures are the last ones and the rates.
func (l WebhookLog) figures() []figure {
	h := l.Health
	return []figure{
		h.last(lastAcceptedName, h.LastAccepted), h.last(lastFailedName, h.LastFailed),
		{name: lastDayName, text: h.rate(h.Day, h.DayKnown)},
		{name: lastWeekName, text: h.rate(h.Week, h.WeekKnown)},
	}
}

func (h Health) last(name string, at time.Time) figure {
	f := figure{name: name, at: at}
	switch {
	case !at.IsZero():
	case !h.Known || h.Ambiguous:
		f.text = lastNotKnown
	case h.Since.IsZero():
		f.text = neverLast
	default:
		f.text = noneSince(h.Since)
	}
	return f
}

// rate says how many deliveries failed, as far as is known.
func (h Health) rate(r Rate, isKnown bool) string {
	switch {
	case isKnown && !h.Ambiguous:
		return rateText(r)
	case r.Total == 0:
		return lastNotKnown
	}
	return rateText(r) + asFarAsRead
}

// perType counts the deliveries of the last 24 hours by event type, the most
// frequent first. rest are the webhook's event types without deliveries.
func (l WebhookLog) perType(types []ui.EventBadge) (counts []TypeCount, rest []ui.EventBadge) {
	n := map[string]int{}
	badges := map[string]ui.EventBadge{}
	for _, r := range l.Rows {
		if hours := l.Health.Hours; !r.Test && len(hours) > 0 && !r.At.Before(hours[0].Start) {
			n[r.Type.Code]++
			badges[r.Type.Code] = r.Type
		}
	}
	for code, count := range n {
		counts = append(counts, TypeCount{badges[code], count})
	}
	slices.SortFunc(counts, func(a, b TypeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Type.Code, b.Type.Code))
	})
	for _, t := range types {
		if n[t.Code] == 0 {
			rest = append(rest, t)
		}
	}
	return counts, rest
}
