package views

import (
	"time"

	"github.com/a-h/templ"

	"hookwall/views/ui"
)

// DeliveriesPage is the log of a shop's deliveries.
type DeliveriesPage struct {
	Frame
	Action         string // GET target of the filter; fields type, webhook, q, failed, from and to
	Type           string
	TypeChoices    []ui.EventBadge
	Webhook        string   // as typed, or an ID
	WebhookChoices []string // suggestions
	Query          string
	Failed         bool
	From, To       string    // as ui.FieldTime, or as typed if SpanError says what is wrong
	Start, End     time.Time // the same, zero if they aren't set
	SpanError      string
	Rows           []ui.DeliveryRow
	Looked         Looked
	Chart          DeliveryChart
	Month          bool // Chart is of 30 days
	Now            time.Time
	Health         *Health // of the webhooks that the filter chooses; nil if it chooses anything else
	Failing        []FailingWebhook
	MoreFailing    int    // failing webhooks that aren't in Failing
	ListHref       string // lists the webhooks
	Page           int    // from 1
	PrevHref       string
	NextHref       string
	CSVHref        string
	Newest         string     // changes when there is something new; "" on a page that isn't followed
	NewestHref     string     // where to ask for it
	Unreadable     *ui.Notice // why the log can't be shown; nil if it can
}

// FailingWebhook is a webhook that is failing.
type FailingWebhook struct {
	Name    string
	Labeled bool // Name is what a person called it
	Href    string
	Health  Health
}

// drawnName draws what the webhook is called.
func (f FailingWebhook) drawnName() templ.Component {
	if f.Labeled {
		return ui.Named(f.Name)
	}
	return ui.Exact(f.Name)
}

// Looked says among which deliveries the rows were chosen, counted from the
// newest.
type Looked struct {
	From, To int
	Total    int  // -1 if unknown
	Chosen   bool // Hookwall filtered them
}

// DeliveryChart counts the deliveries that were read, by how they went.
type DeliveryChart struct {
	Series ui.Series // of the last 24 hours or 30 days; nil on a page that isn't about them
	// SwitchHref leads to the chart of the other span; "" if there is none.
	SwitchHref string
	All        bool      // the shop has no others
	Since      time.Time // all since then were read; zero if that isn't known
	Sum        ui.Hour   // of those that were read, if there is no Series
}

// sum returns the counts of the span that the chart is about.
func (c DeliveryChart) sum() ui.Hour {
	if c.Series != nil {
		return c.Series.Total()
	}
	return c.Sum
}

// total returns the number of deliveries that were read.
func (c DeliveryChart) total() int { return c.Sum.Accepted + c.Sum.Failed + c.Sum.Other }

// filtered reports whether the log is filtered.
func (p DeliveriesPage) filtered() bool { return p.Type != "" || p.Looked.Chosen || p.SpanError != "" }

// clearHref returns a link to the whole log, or "" if that is what is shown.
func (p DeliveriesPage) clearHref() string {
	if !p.filtered() {
		return ""
	}
	return p.Action
}

// isEmpty reports whether there is nothing to filter.
func (p DeliveriesPage) isEmpty() bool {
	return p.Looked.To < p.Looked.From && p.Page == 1 && !p.filtered()
}

// tally says how many deliveries the filter chose, and among which.
func (p DeliveriesPage) tally() string {
	l := p.Looked
	switch {
	case !l.Chosen || l.To < l.From:
		return ""
	case l.From == 1 && l.To == l.Total:
		return matchOfAll(len(p.Rows), l.Total)
	case l.From == 1:
		return matchOfLast(len(p.Rows), l.To)
	}
	return matchOfRange(len(p.Rows), l.From, l.To)
}

// where says which deliveries the page has.
func (p DeliveriesPage) where() string {
	l := p.Looked
	if l.To < l.From {
		return ""
	}
	where := ui.Number(l.From) + "–" + ui.Number(l.To)
	if l.Total >= l.To {
		where += " of " + ui.Number(l.Total)
	}
	return where
}
