package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

const maxPageNumber = 1_000_000

// deliveryFilter is the filter of the log. It is in the URL, so it can be
// bookmarked. Fourthwall filters by event type, and Hookwall by everything else.
type deliveryFilter struct {
	eventType string
	webhook   string // its ID, or a part of its URL or name
	query     string // part of an ID or a URL
	failed    bool
	from, to  string // as typed
	month     bool   // the chart is of 30 days; it leaves nothing out
	page      int    // from 1; each is for eventsPage deliveries of the API
}

func readDeliveryFilter(q url.Values) deliveryFilter {
	text := func(name string, limit int) string { return strings.TrimSpace(bounded(q.Get(name), limit)) }
	f := deliveryFilter{
		eventType: text("type", 100), webhook: text("webhook", 500), query: text("q", 500), failed: q.Get("failed") != "",
		from: text("from", 50), to: text("to", 50), page: 1, month: q.Get("chart") == monthChart,
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 && n <= maxPageNumber {
		f.page = n
	}
	return f
}

func (f deliveryFilter) values() url.Values {
	v := filled(map[string]string{
		"type": f.eventType, "webhook": f.webhook, "q": f.query, "from": f.from, "to": f.to,
	})
	if f.failed {
		v.Set("failed", "1")
	}
	if f.month {
		v.Set("chart", monthChart)
	}
	if f.page > 1 {
		v.Set("page", strconv.Itoa(f.page))
	}
	return v
}

// monthChart is the value of the field chart for a chart of 30 days.
const monthChart = "30d"

// inMonth returns the filter with a chart of 30 days, or of 24 hours.
func (f deliveryFilter) inMonth(isMonth bool) deliveryFilter {
	f.month = isMonth
	return f
}

// href returns the path p with this filter.
func (f deliveryFilter) href(p string) string { return withQuery(p, f.values().Encode()) }

// onPage returns the filter of another page.
func (f deliveryFilter) onPage(page int) deliveryFilter {
	f.page = page
	return f
}

// isSet reports whether the filter leaves out deliveries that the API returned.
func (f deliveryFilter) isSet() bool {
	return f.webhook != "" || f.query != "" || f.failed || f.from != "" || f.to != ""
}

// momentLayouts are how a time may be typed. All but the last are in UTC.
var momentLayouts = []string{
	ui.FieldTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05", time.DateOnly, time.RFC3339,
}

func readMoment(text string) (time.Time, bool) {
	for _, layout := range momentLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, text == ""
}

// span returns the time range, of which each end may be zero, and what is wrong
// with it. It also returns the filter with the times that it understands as the
// form's fields have them.
func (f deliveryFilter) span() (as deliveryFilter, from, to time.Time, wrong string) {
	from, isFrom := readMoment(f.from)
	to, isTo := readMoment(f.to)
	switch {
	case !isFrom:
		wrong = notATimeText(f.from)
	case !isTo:
		wrong = notATimeText(f.to)
	case !from.IsZero() && !to.IsZero() && !from.Before(to):
		wrong = emptySpanText
	}
	if isFrom {
		f.from = fieldTime(from)
	}
	if isTo {
		f.to = fieldTime(to)
	}
	return f, from, to, wrong
}

func fieldTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(ui.FieldTime)
}

// chooser decides which deliveries the filter shows.
type chooser struct {
	deliveryFilter
	start, end time.Time
	m          webhooks.Matcher
	hooks      map[string]bool // that the filter's text means
	called     names
}

func (f deliveryFilter) chooser(start, end time.Time, list fourthwall.WebhookList, called names) chooser {
	c := chooser{f, start, end, webhooks.NewMatcher(list), map[string]bool{f.webhook: true}, called}
	text := strings.ToLower(f.webhook)
	for _, hook := range list.Webhooks {
		if !c.m.Has(f.webhook) && hasAny(text, hook.URL, called.of(hook.ID, hook.URL)) {
			c.hooks[hook.ID] = true
		}
	}
	return c
}

// hasAny reports whether a text in lower case is in one of the others.
func hasAny(text string, others ...string) bool {
	return slices.ContainsFunc(others, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
}

// isOfWebhooks reports whether the filter's words choose nothing but webhooks, of
// which it's known how their deliveries went.
func (c chooser) isOfWebhooks() bool { return c.eventType == "" && c.query == "" }

// fits reports whether the filter's words choose a webhook. An empty ID is that of
// one that isn't known.
func (c chooser) fits(id string) bool { return c.webhook == "" || c.hooks[id] }

// charts reports whether the filter's words choose a delivery, whenever it was
// and however it went.
func (c chooser) charts(e fourthwall.Event) bool {
	if c.query != "" && !webhooks.Mentions(e, strings.ToLower(c.query)) {
		return false
	}
	if c.webhook == "" {
		return true
	}
	id, shared := c.m.Match(e)
	isTheirs := func(id string) bool { return c.hooks[id] }
	return isTheirs(id) || shared && slices.ContainsFunc(c.m.Candidates(e), isTheirs) ||
		!c.m.Has(id) && hasAny(strings.ToLower(c.webhook), e.URL)
}

// shows reports whether the filter chooses a delivery.
func (c chooser) shows(e fourthwall.Event) bool {
	if c.failed && webhooks.StateOf(e) != webhooks.Failed {
		return false
	}
	if !c.start.IsZero() && e.CreatedAt.Before(c.start) || !c.end.IsZero() && !e.CreatedAt.Before(c.end) {
		return false
	}
	return c.charts(e)
}

// choose returns the deliveries of the filter's page, and how many were looked
// at for it.
func (c chooser) choose(d webhooks.Deliveries) (rows []fourthwall.Event, looked int) {
	for block := range slices.Chunk(d.Events, eventsPage) {
		for _, e := range block {
			if c.shows(e) {
				rows = append(rows, e)
			}
		}
		looked += len(block)
		if len(rows) >= eventsPage {
			break
		}
	}
	return rows, looked
}
