package fourthwall

import (
	"context"
	"slices"
)

// eventsResponse is one response to a query, with what is needed to find out whether there is a next page.
type eventsResponse struct {
	EventPage
	bare    bool // the response is an array without a page object
	sized   bool // the response has the size of a full page
	results int  // events, with those that have no ID
}

// Events returns a page of the shop's events. If the response doesn't tell which page it is, or whether there is a next
// one, it makes one or two more requests. All requests share the budget of one call. Only the first can make it fail.
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
	if a.LeftOut = max(0, len(a.Events)-maxEvents); a.LeftOut > 0 {
		a.Events = a.Events[:maxEvents:maxEvents]
	}
	return a.EventPage, nil
}

// events makes one request for a page.
func (c *Client) events(ctx context.Context, cred Credential, q EventQuery) (eventsResponse, error) {
	k, err := c.send(ctx, cred, opEvents, eventsPath+"?"+q.encode(), nil)
	if err != nil {
		return eventsResponse{}, err
	}
	defer k.done()
	a, err := decodeEvents(k.last.body, q)
	if err != nil {
		return eventsResponse{}, k.fail(err)
	}
	return a, nil
}

// ignoresPage reports whether the API returned the same array for a later page as for the first one. New events may
// have moved the array's first event down since, so ignoresPage searches for it in the whole first page.
func (c *Client) ignoresPage(ctx context.Context, cred Credential, q EventQuery, a eventsResponse) bool {
	if q.Page == 0 || len(a.Events) == 0 {
		return false
	}
	q.Page = 0
	first, err := c.events(ctx, cred, q)
	return err == nil && slices.ContainsFunc(first.Events, func(e Event) bool { return e.ID == a.Events[0].ID })
}

// hasNext requests the next page and reports whether it has an event that this one doesn't. If that request fails, it
// returns counted, which is what the counts of this page say.
func (c *Client) hasNext(ctx context.Context, cred Credential, q EventQuery, a eventsResponse, counted bool) bool {
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

// decodeEvents decodes the response to a query. What the response doesn't have is taken from the query.
func decodeEvents(body []byte, q EventQuery) (eventsResponse, error) {
	p, all, err := decodeResults(body, (*decoder).event)
	if err != nil {
		return eventsResponse{}, err
	}
	a := eventsResponse{bare: p.bare, sized: p.size > 0, results: len(all)}
	a.EventPage = EventPage{Page: p.page, Size: p.size, Total: p.total, TotalPages: p.totalPages}
	if a.Page == unknown {
		a.Page = q.Page
	}
	if !a.sized {
		a.Size = q.Size
	}
	if !a.bare {
		a.Size = max(a.Size, a.results)
	}
	a.Events = slices.DeleteFunc(all, func(e Event) bool { return e.ID == "" })
	return a, nil
}

// more returns whether there is a next page by the counts, and whether that is certain. It divides, since a product
// could overflow.
func (a eventsResponse) more() (more, sure bool) {
	switch {
	case a.results == 0:
		return false, true
	case a.Total == unknown && a.TotalPages == unknown:
		return false, false
	}
	return a.Page < a.TotalPages-1 || a.Page < (a.Total-1)/a.Size, a.fits()
}

// fits reports whether the response has as many events as its own counts say. It doesn't if the API uses another page
// size without telling. If the number fits by chance, it is trusted only with further evidence.
func (a eventsResponse) fits() bool {
	switch {
	case a.Total == unknown:
		return true
	case a.Page > a.Total/a.Size || a.results != min(a.Total-a.Page*a.Size, a.Size):
		return false
	}
	return a.sized || a.TotalPages != unknown || a.Page == 0 || a.results == a.Size
}

// cut returns the requested page of an array of all events.
func (a eventsResponse) cut(q EventQuery) EventPage {
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
