package fourthwall

import (
	"context"
	"slices"
)

// eventsAnswer is one answer to a query, with what else of it tells whether there is a next page.
type eventsAnswer struct {
	EventPage
	bare    bool // an array, and no page object
	sized   bool // the answer says how many events a full page has
	results int  // those without an id too
}

// Events returns one page of the shop's events. An answer that leaves open what page it is, or whether there is a next
// one, costs one or two further requests. All of them share the budget of one call; only the first one can fail it.
func (c *Client) Events(ctx context.Context, cred Credential, q EventQuery) (EventPage, error) {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	q = q.inRange()
	a, err := c.events(ctx, cred, q)
	if err != nil {
		return EventPage{}, err
	}
	if a.bare && (len(a.Events) > q.Size || c.ignoresPage(ctx, cred, q, a)) {
		return a.cut(q), nil
	}
	more, sure := a.more()
	if !sure {
		more = c.hasNext(ctx, cred, q, a, more)
	}
	a.More = more
	return a.EventPage, nil
}

func (c *Client) events(ctx context.Context, cred Credential, q EventQuery) (eventsAnswer, error) {
	k, err := c.send(ctx, cred, opEvents, eventsPath+"?"+q.encode(), nil)
	if err != nil {
		return eventsAnswer{}, err
	}
	a, err := decodeEvents(k.last.body, q)
	if err != nil {
		return eventsAnswer{}, k.fail(err)
	}
	return a, nil
}

// ignoresPage reports whether an array that came for a later page is what comes for the first one too. New events may
// have pushed its own first one down meanwhile, so that is looked for anywhere.
func (c *Client) ignoresPage(ctx context.Context, cred Credential, q EventQuery, a eventsAnswer) bool {
	if q.Page == 0 || len(a.Events) == 0 {
		return false
	}
	q.Page = 0
	first, err := c.events(ctx, cred, q)
	return err == nil && slices.ContainsFunc(first.Events, func(e Event) bool { return e.ID == a.Events[0].ID })
}

// hasNext asks for the next page and reports whether it brings an event that this one has not. If it cannot be had, the
// counts of this one are all there is to go by.
func (c *Client) hasNext(ctx context.Context, cred Credential, q EventQuery, a eventsAnswer, counted bool) bool {
	q.Page++
	next, err := c.events(ctx, cred, q)
	if err != nil {
		return counted
	}
	known := make(map[string]bool, len(a.Events))
	for _, e := range a.Events {
		known[e.ID] = true
	}
	return slices.ContainsFunc(next.Events, func(e Event) bool { return !known[e.ID] })
}

// decodeEvents reads the answer to a query, which says of the page what the answer leaves open.
func decodeEvents(body []byte, q EventQuery) (eventsAnswer, error) {
	var results []eventJSON
	j, err := decodeResults(body, &results)
	if err != nil {
		return eventsAnswer{}, err
	}
	a := eventsAnswer{bare: j.bare, sized: j.Size > 0, results: len(results)}
	a.EventPage = EventPage{
		Events: make([]Event, 0, len(results)), Page: int(j.Page), Size: int(j.Size),
		Total: int(j.Total), TotalPages: int(j.TotalPages),
	}
	if a.Page == unsaid {
		a.Page = q.Page
	}
	if !a.sized {
		a.Size = q.Size
	}
	if !a.bare {
		a.Size = max(a.Size, a.results)
	}
	for _, r := range results {
		if r.ID != "" {
			a.Events = append(a.Events, r.event())
		}
	}
	return a, nil
}

// more works out from the counts whether there is a next page, and whether that is sure. It divides, since a product
// could be too large.
func (a eventsAnswer) more() (more, sure bool) {
	switch {
	case a.results == 0:
		return false, true
	case a.Total == unsaid && a.TotalPages == unsaid:
		return false, false
	}
	return a.Page < a.TotalPages-1 || a.Page < (a.Total-1)/a.Size, a.fits()
}

// fits reports whether the answer brought as many events as its own counts say. It did not when the API has a page size
// that it does not tell; one that happens to fit is believed only if something else speaks for it.
func (a eventsAnswer) fits() bool {
	switch {
	case a.Total == unsaid:
		return true
	case a.Page > a.Total/a.Size || a.results != min(a.Total-a.Page*a.Size, a.Size):
		return false
	}
	return a.sized || a.TotalPages != unsaid || a.Page == 0 || a.results == a.Size
}

// cut takes the page that was asked for out of an array of all events.
func (a eventsAnswer) cut(q EventQuery) EventPage {
	n := len(a.Events)
	from, to := n, n
	if q.Page <= n/q.Size {
		from = q.Page * q.Size
		to = min(n, from+q.Size)
	}
	return EventPage{
		Events: a.Events[from:to:to], Page: q.Page, Size: q.Size,
		Total: n, TotalPages: (n + q.Size - 1) / q.Size, More: to < n,
	}
}
