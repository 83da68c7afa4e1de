package views

import (
	"cmp"
	"slices"
	"time"

	"hookwall/views/ui"
)

// WebhookLog has the deliveries of one webhook, as far as they were read.
type WebhookLog struct {
	Now  time.Time
	Rows []ui.DeliveryRow // the newest first
	// Known is set if all deliveries since Since were read, or all ever if that is
	// zero.
	Known bool
	Since time.Time
	// Ambiguous is set if another webhook has the same URL, so that some deliveries
	// can't be told apart.
	Ambiguous  bool
	Series     ui.Series // the last 24 hours
	FailedHref string    // lists those that failed
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

// state returns how the webhook is doing. One whose last delivery failed is
// failing.
func (l WebhookLog) state() ui.State {
	switch {
	case len(l.Rows) == 0 || l.Rows[0].Mark == ui.NotKnown:
		return ui.NotKnown
	case l.Rows[0].Mark == ui.Failing:
		return ui.Failing
	case l.failedRows() > 0:
		return ui.Look
	}
	return ui.OK
}

func (l WebhookLog) isFailing() bool { return l.state() == ui.Failing }

func (l WebhookLog) failedRows() int {
	n := 0
	for _, r := range l.Rows {
		if r.Mark == ui.Failing {
			n++
		}
	}
	return n
}

// failures returns the deliveries that failed without one that didn't after them,
// the newest first.
func (l WebhookLog) failures() []ui.DeliveryRow {
	for i, r := range l.Rows {
		if r.Mark != ui.Failing {
			return l.Rows[:i]
		}
	}
	return l.Rows
}

// before returns how many deliveries in a row were accepted before the failures.
func (l WebhookLog) before() int {
	n := 0
	for _, r := range l.Rows[len(l.failures()):] {
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

// perType counts the deliveries of the last 24 hours by event type, the most
// frequent first. rest are the webhook's event types without deliveries.
func (l WebhookLog) perType(types []ui.EventBadge) (counts []TypeCount, rest []ui.EventBadge) {
	n := map[string]int{}
	badges := map[string]ui.EventBadge{}
	for _, r := range l.Rows {
		if len(l.Series) > 0 && !r.At.Before(l.Series[0].Start) {
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
