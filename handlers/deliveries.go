package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	eventsPage = 50          // deliveries that a page of the log looks at, at least
	logPages   = 6           // of 100 deliveries
	logTime    = time.Second // for the pages after the first

	deliveryPrefix = "weve_" // of the ID of a delivery
)

// handleEvents shows the log of deliveries. It reads a few hundred, filters them,
// and says how many they were.
func (s *server) handleEvents(w http.ResponseWriter, r *http.Request) error {
	shopID := stateOf(r).conn.ShopID
	if query, had := withoutEmpty(r); had {
		return redirect(w, r, withQuery(eventsPath(shopID), query))
	}
	filter, start, end, wrong := readDeliveryFilter(r.URL.Query()).span()
	page, status := deliveriesPage(shopID, filter), http.StatusOK
	page.Start, page.End = start, end
	var found webhooks.Deliveries
	var hooks fourthwall.WebhookList
	called, err := s.names(r)
	if err != nil { // hosts and paths will do
		logFailure(r, "the labels of a shop could not be read", err)
		err = nil
	}
	var hooksErr error
	if wrong != "" {
		page.SpanError, status = wrong, http.StatusUnprocessableEntity
	} else {
		var beside sync.WaitGroup
		beside.Go(func() { hooks, hooksErr = s.webhooksFor(r) })
		found, err = s.readLog(r, filter, webhooks.Reading{Pages: logPages, Within: logTime})
		beside.Wait()
		err = cmp.Or(err, s.askIfDisconnected(r, found.Events...))
	}
	if api := (*fourthwall.Error)(nil); errors.As(err, &api) {
		page.Unreadable, status = s.unreadableEvents(w, r, api, page.Type)
	} else if err != nil || hooksErr != nil {
		return errors.Join(err, hooksErr)
	}
	if page.Frame, err = s.frame(r, "Deliveries"); err != nil {
		return err
	}
	if found.LeftOut > 0 {
		page.Notices = append(page.Notices, tooManyNotice(found))
	}
	if wrong == "" && page.Unreadable == nil {
		c := filter.chooser(start, end, hooks, called)
		s.fillLog(&page, shopID, found, c, hooks)
		if err := s.fillHealth(r, &page, found, c, hooks); err != nil {
			return err
		}
	}
	return s.render(w, r, status, views.Deliveries(page))
}

// readLog reads the deliveries for a filter. One that is looked for by its ID is
// read alone.
func (s *server) readLog(r *http.Request, f deliveryFilter, want webhooks.Reading) (webhooks.Deliveries, error) {
	if strings.HasPrefix(f.query, deliveryPrefix) && f.page == 1 {
		e, err := s.client(r).Event(r.Context(), f.query)
		if err == nil && (f.eventType == "" || string(e.Type) == f.eventType) {
			return webhooks.Deliveries{Events: []fourthwall.Event{e}, Total: 1, Complete: true}, nil
		}
	}
	want.Type, want.Skip = fourthwall.EventType(f.eventType), (f.page-1)*eventsPage
	return webhooks.ReadDeliveries(r.Context(), s.client(r), want)
}

// unreadableEvents says why no deliveries are shown. An event type that the API
// doesn't know can only come from the URL.
func (s *server) unreadableEvents(
	w http.ResponseWriter, r *http.Request, api *fourthwall.Error, eventType string,
) (*ui.Notice, int) {
	v := stateOf(r)
	if api.Status != http.StatusBadRequest || !api.Rejected() || eventType == "" {
		return s.unreadable(w, r, api, "deliveries", eventsPath(v.conn.ShopID))
	}
	n := refusedTypeNotice(v.conn.ShopID)
	n.Code, n.RequestID = api.Code, requestID(api, v)
	return &n, http.StatusUnprocessableEntity
}

func deliveriesPage(shopID string, f deliveryFilter) views.DeliveriesPage {
	return views.DeliveriesPage{
		Action: eventsPath(shopID), CSVHref: f.onPage(1).href(eventsCSVPath(shopID)), TypeChoices: catalogBadges(),
		Type: f.eventType, Webhook: f.webhook, Query: f.query, Failed: f.failed, From: f.from, To: f.to, Page: f.page,
		Month: f.month,
	}
}

// fillLog adds what was read.
func (s *server) fillLog(
	page *views.DeliveriesPage, shopID string, found webhooks.Deliveries, c chooser, hooks fourthwall.WebhookList,
) {
	events, looked := c.choose(found)
	for i, e := range events {
		row := deliveryRow(shopID, e, c.m)
		row.Name, row.Labeled = c.called.of(row.WebhookID, e.URL), c.called[row.WebhookID] != ""
		row.Again = i > 0 && isSameEvent(events[i-1], e)
		page.Rows = append(page.Rows, row)
	}
	page.Looked = views.Looked{
		From: found.Skipped + 1, To: found.Skipped + looked, Total: found.Total, Chosen: c.isSet(),
	}
	page.Chart = s.logChart(found, c, shopID)
	page.WebhookChoices = webhookChoices(hooks, c.called)
	if c.page > 1 {
		page.PrevHref = c.onPage(1).href(page.Action)
		if !c.isSet() {
			page.PrevHref = c.onPage(c.page - 1).href(page.Action)
		}
	}
	if looked < len(found.Events) || !found.Complete {
		page.NextHref = c.onPage(c.page + max(1, looked/eventsPage)).href(page.Action)
	}
	if c.page == 1 && c.end.IsZero() {
		page.Newest, page.NewestHref = fingerprint(found.Events), newestHref(shopID, c.eventType)
	}
}

// failingShown is how many failing webhooks have a line.
const failingShown = 2

// fillHealth adds how the deliveries of the webhooks went that the filter chooses,
// as far as is known. If it chooses anything else, only those that were read are
// counted.
func (s *server) fillHealth(
	r *http.Request, page *views.DeliveriesPage, found webhooks.Deliveries, c chooser, hooks fourthwall.WebhookList,
) error {
	if !c.isOfWebhooks() || c.page > 1 {
		return nil
	}
	shopID, want := stateOf(r).conn.ShopID, fleet.PastQuery{}
	if c.month {
		want.Days = chartDays
	}
	seen, err := s.seen(r, found, false, hooks, want)
	if err != nil {
		return err
	}
	page.Now = seen.Now
	health := viewHealth(seen.Sum(c.fits), seen)
	page.Health = &health
	byWebhook := seen.Health()
	for _, hook := range hooks.Webhooks {
		one := byWebhook[hook.ID]
		if healthMarks[one.State()] != ui.Failing || !c.fits(hook.ID) {
			continue
		}
		if len(page.Failing) == failingShown {
			page.MoreFailing++
			continue
		}
		page.Failing = append(page.Failing, views.FailingWebhook{
			Name: c.called.of(hook.ID, hook.URL), Labeled: c.called[hook.ID] != "", Href: webhookPath(shopID, hook.ID),
			Health: viewHealth(*one, seen),
		})
	}
	page.ListHref = webhooksPath(shopID)
	if page.Chart.Series == nil && !c.month {
		return nil
	}
	page.Chart.Series = hoursOf(seen, nil, c.fits)
	width := time.Hour
	if c.month {
		page.Chart.Series, width = daysOf(seen, nil, c.fits), chartHours*time.Hour
	}
	linkBars(page.Chart.Series, width, c, shopID)
	page.Chart.SwitchHref = c.onPage(1).inMonth(!c.month).href(eventsPath(shopID))
	return nil
}

// linkBars makes each bar of a chart a filter.
func linkBars(series ui.Series, width time.Duration, c chooser, shopID string) {
	for i := range series {
		part := c.onPage(1)
		part.from, part.to = fieldTime(series[i].Start), fieldTime(series[i].Start.Add(width))
		series[i].Href = part.href(eventsPath(shopID))
	}
}

// isSameEvent reports whether two deliveries are of one event. Each webhook gets
// it under an ID of its own, at the same time.
func isSameEvent(a, b fourthwall.Event) bool {
	return a.Type == b.Type && !a.CreatedAt.IsZero() &&
		a.CreatedAt.Truncate(time.Second).Equal(b.CreatedAt.Truncate(time.Second))
}

// logChart counts the deliveries that were read by how they went. On the first
// page it does so by the hour. An hour of the chart is a filter.
func (s *server) logChart(found webhooks.Deliveries, c chooser, shopID string) views.DeliveryChart {
	chart := views.DeliveryChart{Since: found.Since, All: found.Complete && found.Skipped == 0}
	now := s.Now()
	isRecent := c.page == 1 && (c.end.IsZero() || c.end.After(now.Add(-24*time.Hour)))
	if isRecent && (found.Complete || !found.Since.IsZero()) {
		chart.Series = ui.Last24Hours(now, found.Since)
		linkBars(chart.Series, time.Hour, c, shopID)
	}
	for _, e := range found.Events {
		if c.charts(e) && !e.TestMode {
			mark := stateMark(webhooks.StateOf(e))
			chart.Series.Count(e.CreatedAt, mark)
			countDelivery(&chart.Sum, mark)
		}
	}
	return chart
}

func countDelivery(sum *ui.Hour, mark ui.State) {
	switch mark {
	case ui.OK:
		sum.Accepted++
	case ui.Failing:
		sum.Failed++
	default:
		sum.Other++
	}
}

// maxWebhookChoices are suggested for the webhook filter. The others are found
// by a part of their names.
const maxWebhookChoices = 100

func webhookChoices(list fourthwall.WebhookList, called names) []string {
	var all []string
	for _, hook := range list.Webhooks {
		if name := called.of(hook.ID, hook.URL); !slices.Contains(all, name) && len(all) < maxWebhookChoices {
			all = append(all, name)
		}
	}
	return all
}

// handleEventsNewest sends what changes when there is a new delivery, or another
// state of one. A page that follows the log asks for it.
func (s *server) handleEventsNewest(w http.ResponseWriter, r *http.Request) error {
	filter := deliveryFilter{eventType: bounded(r.URL.Query().Get("type"), 100), page: 1}
	found, err := s.readLog(r, filter, webhooks.Reading{Pages: 1})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, fingerprint(found.Events)) // fails if the client has left
	return nil
}

// fingerprint returns a text that differs if the newest deliveries do.
func fingerprint(events []fourthwall.Event) string {
	sum := fnv.New64a()
	for _, e := range events[:min(len(events), eventsPage)] {
		_, _ = fmt.Fprintf(sum, "%q %q %q\n", e.ID, e.State, e.Error) // never fails
	}
	return strconv.FormatUint(sum.Sum64(), 36)
}
