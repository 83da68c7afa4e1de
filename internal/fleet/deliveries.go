package fleet

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

const (
	deliveriesPage = 100 // deliveries of a page of the API

	// openFor is how long after an event a delivery that wasn't accepted may get another state. Fourthwall tries 5 times;
	// when is not documented.
	openFor = time.Hour

	// disorder is how much newer than one before it a delivery may be in the API's list, whose order isn't documented.
	disorder = time.Minute
)

// Limits of what is kept of a delivery, in bytes. The texts are the API's own.
const (
	maxWord  = 100
	maxError = 300
)

// reading reads what is new of a shop's deliveries, page by page.
type reading struct {
	client *shops.Client
	match  webhooks.Matcher
	key    func(url string) string // for a delivery whose webhook isn't known
	now    time.Time
	found  []store.Delivery
}

// read reads the deliveries since the newest known one, and then those that an earlier visit had no time for. It
// returns from where to go on if it was stopped. What it has found until an error counts.
func (r *reading) read(ctx context.Context, known store.Visited, oldest time.Time) (store.Backlog, error) {
	until := oldest
	for _, t := range []time.Time{known.Newest, known.Open} {
		// The oldest open one is before the newest, and both are only known if anything is.
		if !t.IsZero() && t.After(oldest) {
			until = t
		}
	}
	backlog := known.Backlog
	if backlog.Page > 0 {
		until = later(known.Newest, oldest)
	}
	stopped, err := r.pages(ctx, 0, until)
	switch {
	case stopped == 0 && err != nil:
		return backlog, err
	case stopped > 0 && backlog.Page > 0:
		// What is between is read again.
		return store.Backlog{Page: stopped, Until: backlog.Until}, err
	case stopped > 0:
		return store.Backlog{Page: stopped, Until: until}, err
	case backlog.Page == 0:
		return store.Backlog{}, nil
	}
	// New deliveries have moved the older ones to later pages, so this reads some again and misses none.
	if stopped, err = r.pages(ctx, backlog.Page, later(backlog.Until, oldest)); stopped > 0 {
		return store.Backlog{Page: stopped, Until: backlog.Until}, err
	}
	return store.Backlog{}, err
}

// pages reads pages until one ends before a time. It returns the page that it could not read, or 0 if it has read all,
// or not even the first.
func (r *reading) pages(ctx context.Context, page int, until time.Time) (stopped int, err error) {
	for ; ; page++ {
		q := fourthwall.EventQuery{Page: page, Size: deliveriesPage}
		p, err := r.client.Events(ctx, q)
		if err != nil {
			return page, err
		}
		for _, e := range p.Events {
			r.found = append(r.found, r.fact(e))
		}
		if !p.More || endsBefore(p.Events, until) {
			return 0, nil
		}
	}
}

// endsBefore reports whether a page that has the newest deliveries first ends before a time.
func endsBefore(events []fourthwall.Event, t time.Time) bool {
	if len(events) == 0 {
		return true
	}
	last := events[len(events)-1].CreatedAt
	return !last.IsZero() && last.Before(t.Add(-disorder))
}

// fact returns what is kept of a delivery: nothing of its body but the ID of the webhook, and no URL.
func (r *reading) fact(e fourthwall.Event) store.Delivery {
	d := store.Delivery{
		Event: clip(e.ID, maxWord), Type: clip(string(e.Type), maxWord), State: clip(e.State, maxWord),
		Outcome: webhooks.Outcome(e), Test: e.TestMode, Error: clip(e.Error, maxError),
		CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
	if d.CreatedAt.IsZero() || d.CreatedAt.Sub(r.now) > openFor { // no clock is that wrong
		d.CreatedAt = r.now
	}
	if d.UpdatedAt.IsZero() {
		d.UpdatedAt = d.CreatedAt
	}
	id, _ := r.match.Match(e)
	if d.Webhook = clip(id, maxWord); id == "" {
		d.Webhook = r.key(e.URL)
	}
	return d
}

// URLKey returns by what the deliveries of an observation's shop are counted whose webhook isn't known, since they have
// no webhook's ID and several or no webhooks have their URL.
func (s *Service) URLKey(owner store.Owner, connection, url string) string {
	return store.URLKey + s.store.Fingerprint(owner, connection, []byte(webhooks.NormalURL(url)))
}

// clip returns at most n bytes of a text.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return strings.Clone(text[:n])
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
