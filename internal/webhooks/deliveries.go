package webhooks

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
)

const (
	deliveriesPage = 100     // deliveries of a page of the API
	pagesAtOnce    = 4       // requests side by side: a shop has 100 in 10 seconds, for everything
	maxTypesRead   = 12      // requests for single event types
	maxBodies      = 8 << 20 // bytes of bodies; then no further page is requested

	// disorder is how much newer than one before it a delivery may be in a list that counts as sorted.
	disorder = time.Minute
)

// Reading says which of a shop's deliveries to read.
type Reading struct {
	Type   fourthwall.EventType // only this one; "" for all
	Skip   int                  // of the newest deliveries
	Pages  int                  // of 100 deliveries, at most
	Within time.Duration        // from the start; then no further page is awaited. The first always is.
}

// Deliveries are a shop's deliveries as far as they were read, the newest first.
type Deliveries struct {
	Events   []fourthwall.Event // each once for a webhook
	Skipped  int                // newer ones that weren't read
	Total    int                // with those that weren't read; -1 if unknown
	LeftOut  int                // of the first page, because there are too many
	Complete bool               // there are none before these
	Since    time.Time          // all since then were read, except for the skipped ones; zero if that isn't known

	size  int // of the API's pages
	seen  map[deliveryKey]bool
	types map[fourthwall.EventType]Deliveries // that were read for themselves
}

// ReadDeliveries reads deliveries. It returns an error only if the first page can't be read. If a later one can't be
// read in time, there are fewer.
func ReadDeliveries(ctx context.Context, c *shops.Client, want Reading) (Deliveries, error) {
	start := time.Now()
	first, err := firstDeliveries(ctx, c, want)
	if err != nil {
		return Deliveries{}, err
	}
	d := Deliveries{
		Skipped: first.Page * first.Size, Total: first.Total, LeftOut: first.LeftOut, size: first.Size,
		seen: map[deliveryKey]bool{},
	}
	more := d.add(first)
	ctx, cancel := context.WithDeadline(ctx, start.Add(want.Within))
	defer cancel()
	next, end := first.Page+1, first.Page+want.Pages
	for more && ctx.Err() == nil {
		n := min(d.roomFor(pagesAtOnce), end-next)
		if n <= 0 {
			break
		}
		for _, page := range eventPages(ctx, c, want.Type, next, n) {
			more = page != nil && d.add(*page)
			if !more {
				break
			}
		}
		next += n
	}
	d.finish(want.Skip)
	return d, nil
}

// firstDeliveries requests the page with the first delivery that isn't skipped. An API whose pages are smaller than
// requested has it on another page.
func firstDeliveries(ctx context.Context, c *shops.Client, want Reading) (fourthwall.EventPage, error) {
	q := fourthwall.EventQuery{Type: want.Type, Page: want.Skip / deliveriesPage, Size: deliveriesPage}
	first, err := c.Events(ctx, q)
	if err != nil || first.Size == 0 || first.Page*first.Size == q.Page*q.Size {
		return first, err
	}
	q.Page = want.Skip / first.Size
	return c.Events(ctx, q)
}

// eventPages requests n pages side by side. Those that can't be read are nil.
func eventPages(
	ctx context.Context, c *shops.Client, t fourthwall.EventType, first, n int,
) []*fourthwall.EventPage {
	out := make([]*fourthwall.EventPage, n)
	var all sync.WaitGroup
	for i := range out {
		all.Go(func() {
			q := fourthwall.EventQuery{Type: t, Page: first + i, Size: deliveriesPage}
			if page, err := c.Events(ctx, q); err == nil {
				out[i] = &page
			}
		})
	}
	all.Wait()
	return out
}

// deliveryKey is what differs between deliveries.
type deliveryKey struct{ event, webhook string }

// add adds a page and reports whether there is another one.
func (d *Deliveries) add(page fourthwall.EventPage) (more bool) {
	d.Events = slices.Grow(d.Events, len(page.Events))
	for _, e := range page.Events {
		if key := (deliveryKey{e.ID, e.WebhookID}); !d.seen[key] {
			d.seen[key] = true
			d.Events = append(d.Events, e)
		}
	}
	d.Complete = !page.More && page.LeftOut == 0
	return page.More
}

// roomFor returns how many of n pages to request next, by the size of those so far and the number of deliveries.
func (d *Deliveries) roomFor(n int) int {
	read := 0
	for _, e := range d.Events {
		read += len(e.Body.Reveal())
	}
	if d.Total > 0 && d.size > 0 {
		n = min(n, max(1, (d.Total-d.Skipped-len(d.Events)+d.size-1)/d.size))
	}
	perPage := max(1, read/max(1, len(d.Events))*d.size)
	return min(n, max(0, maxBodies-read)/perPage)
}

// finish leaves out the deliveries that are skipped, and says since when all were read.
func (d *Deliveries) finish(skip int) {
	if !d.Complete && isSorted(d.Events) {
		d.Since = d.Events[len(d.Events)-1].CreatedAt
	}
	if d.Complete && d.Total < 0 {
		d.Total = d.Skipped + len(d.Events)
	}
	n := min(max(0, skip-d.Skipped), len(d.Events))
	d.Events, d.Skipped = d.Events[n:], d.Skipped+n
}

// isSorted reports whether the newest deliveries are first. The API doesn't document that.
func isSorted(events []fourthwall.Event) bool {
	if len(events) == 0 {
		return false
	}
	oldest := events[0].CreatedAt
	for _, e := range events {
		if e.CreatedAt.IsZero() || e.CreatedAt.After(oldest.Add(disorder)) {
			return false
		}
		if e.CreatedAt.Before(oldest) {
			oldest = e.CreatedAt
		}
	}
	return true
}

// AddTypes reads deliveries of the event types of webhooks that have none among those that were read. The context
// bounds it. What can't be read stays unknown.
func (d *Deliveries) AddTypes(ctx context.Context, c *shops.Client, list fourthwall.WebhookList) {
	if d.Complete || len(d.Events) == 0 {
		return
	}
	types := d.typesToRead(list)
	read := make([]*Deliveries, len(types))
	var all errgroup.Group
	all.SetLimit(pagesAtOnce)
	for i, t := range types {
		all.Go(func() error {
			if found, err := ReadDeliveries(ctx, c, Reading{Type: t, Pages: 1}); err == nil {
				read[i] = &found
			}
			return nil
		})
	}
	_ = all.Wait() // none fails
	d.types = map[fourthwall.EventType]Deliveries{}
	for i, found := range read {
		if found != nil {
			d.types[types[i]] = *found
			d.add(fourthwall.EventPage{Events: found.Events, More: true})
		}
	}
	slices.SortStableFunc(d.Events, func(a, b fourthwall.Event) int { return b.CreatedAt.Compare(a.CreatedAt) })
}

// typesToRead returns the event types of the webhooks without deliveries, those of most webhooks first.
func (d *Deliveries) typesToRead(list fourthwall.WebhookList) []fourthwall.EventType {
	has, count := map[string]bool{}, map[fourthwall.EventType]int{}
	Seen{Found: *d, List: list}.each(func(one delivery) {
		if len(one.ids) == 1 {
			has[one.ids[0]] = true
		}
	})
	for _, hook := range list.Webhooks {
		for _, t := range hook.AllowedTypes {
			if _, known := fourthwall.LookupEventType(t); known && !has[hook.ID] {
				count[t]++
			}
		}
	}
	types := slices.Sorted(maps.Keys(count))
	slices.SortStableFunc(types, func(a, b fourthwall.EventType) int { return cmp.Compare(count[b], count[a]) })
	return types[:min(len(types), maxTypesRead)]
}

// reach returns since when all deliveries of some event types were read. It returns the zero time and true if all ever
// were, and the zero time and false if that isn't known.
func (d *Deliveries) reach(types []fourthwall.EventType) (since time.Time, known bool) {
	if d.Complete || d.Skipped > 0 {
		return time.Time{}, d.Complete && d.Skipped == 0
	}
	if len(types) == 0 {
		return d.Since, !d.Since.IsZero()
	}
	for _, t := range types {
		found, ok := d.types[t]
		switch {
		case ok && found.Complete:
			continue
		case !ok || found.Since.IsZero() || !d.Since.IsZero() && d.Since.Before(found.Since):
			found.Since = d.Since
		}
		if found.Since.IsZero() {
			return time.Time{}, false
		}
		if found.Since.After(since) {
			since = found.Since
		}
	}
	return since, true
}
