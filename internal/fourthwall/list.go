package fourthwall

import (
	"context"
	"fmt"
	"net/http"
	"sync"
)

// Limits of a list. A shop has some hundreds of webhooks at most, and 100 requests in 10 seconds for everything.
const (
	maxWebhooks  = 2_000
	maxListBytes = 4 << 20 // of responses; then no further page is requested
	maxRequests  = 80      // for pages
	maxAtOnce    = 6       // requests for pages side by side
)

// WebhookList is the list of a shop's webhooks, as far as it could be read.
type WebhookList struct {
	Webhooks   []Webhook // in the API's order, each once, without those that have no ID
	Total      int       // how many there are by the largest of the API's counts; -1 if unknown
	Incomplete bool      // some are or may be missing; the fields below say why, unless the API's counts promise more
	Cut        bool      // there are more than are read
	Changed    bool      // some were deleted while the pages were read, which may have moved others past a page
	Err        error     // why a page couldn't be read
}

// Webhooks returns the webhooks of WebhookList. They may be incomplete.
func (c *Client) Webhooks(ctx context.Context, cred Credential) ([]Webhook, error) {
	list, err := c.WebhookList(ctx, cred)
	return list.Webhooks, err
}

// WebhookList returns the webhooks of the shop from all pages, which share the budget of one call. It returns an error
// only if the first page fails. If a later one does, the list is incomplete.
func (c *Client) WebhookList(ctx context.Context, cred Credential) (WebhookList, error) {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	l, err := c.firstPage(ctx, cred)
	if err != nil {
		return WebhookList{}, err
	}
	// The second page is requested alone, since an API that has no pages repeats the first.
	most := maxAtOnce
	if isInBackground(ctx) {
		most = 1
	}
	for atOnce := 1; l.more && !l.isFull() && l.requested < maxRequests; atOnce = min(2*atOnce, most) {
		l.addAll(c.pages(ctx, cred, l.nextQueries(atOnce)))
	}
	return l.end(), nil
}

// firstPage requests the first page, as large as the API allows. If the API rejects that, it requests pages of the
// API's own size.
func (c *Client) firstPage(ctx context.Context, cred Credential) (*listing, error) {
	first, err := c.page(ctx, cred, fmt.Sprintf("?size=%d", maxPageSize))
	if err == nil {
		return newListing(first, true), nil
	}
	if status := AsError(err).Status; status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
		return nil, err
	}
	if first, err = c.page(ctx, cred, ""); err != nil {
		return nil, err
	}
	return newListing(first, false), nil
}

// fetched is a page, or why it couldn't be read.
type fetched struct {
	page page
	err  error
}

// pages requests pages side by side and returns them in the same order.
func (c *Client) pages(ctx context.Context, cred Credential, queries []string) []fetched {
	out := make([]fetched, len(queries))
	var all sync.WaitGroup
	for i, query := range queries {
		all.Go(func() { out[i].page, out[i].err = c.page(ctx, cred, query) })
	}
	all.Wait()
	return out
}

// page requests one page of the list.
func (c *Client) page(ctx context.Context, cred Credential, query string) (page, error) {
	k, err := c.send(ctx, cred, opList, webhooksPath+query, nil)
	if err != nil {
		return page{}, err
	}
	defer k.done()
	p, err := decodePage(k.last.body)
	if err != nil {
		return page{}, k.fail(err)
	}
	return p, nil
}

// listing collects the pages of a list.
type listing struct {
	webhooks   []Webhook
	seen       map[string]bool
	number     int  // of the first page: the API counts from 0 or 1
	size       int  // results of the first page
	sized      bool // the API accepts a size
	requested  int  // pages
	bytes      int  // of them
	pages      int  // the first page, and the others with a new webhook
	total      int  // largest count, or unknown
	totalPages int  // largest count, or unknown
	more       bool // another page should be requested
	cut        bool // a webhook was left out
	shrunk     bool // a page counted fewer than one before
	unnamed    bool // a webhook has no ID
	doubtful   bool // a page that may have webhooks failed
	err        error
}

func newListing(first page, sized bool) *listing {
	// The count may be wrong, but if it isn't, there is room for all.
	n := min(max(len(first.webhooks), first.total), maxWebhooks)
	l := &listing{
		webhooks: make([]Webhook, 0, n), seen: make(map[string]bool, n),
		number: max(0, first.number), size: first.size, sized: sized, requested: 1, total: unknown, totalPages: unknown,
	}
	l.take(first)
	l.pages = 1
	l.more = len(l.webhooks) > 0 && (l.hasMore() || l.hasNoCounts() && !first.bare)
	return l
}

// nextQueries returns the queries for the next pages, at most n, with the numbering of the first one. The size is what
// the first page really had: with a larger size than that of the pages, webhooks would be skipped.
func (l *listing) nextQueries(n int) []string {
	if !l.hasNoCounts() {
		n = min(n, max(1, (l.total-len(l.webhooks)+l.size-1)/l.size, l.totalPages-l.pages))
	}
	out := make([]string, min(n, maxRequests-l.requested))
	for i := range out {
		out[i] = fmt.Sprintf("?page=%d", l.number+l.requested)
		if l.sized {
			out[i] += fmt.Sprintf("&size=%d", l.size)
		}
		l.requested++
	}
	return out
}

// addAll adds later pages. After one that failed, no other is requested.
func (l *listing) addAll(all []fetched) {
	onlyFirst := l.pages == 1
	for _, f := range all {
		if f.err == nil {
			l.add(f.page)
		} else if l.err = f.err; !mayBeNoPage(f.err, onlyFirst) {
			l.doubtful = true
		}
	}
	l.more = l.more && l.err == nil
}

// add adds a later page. A page without a new webhook is the last: it is after the end, or it repeats an earlier one,
// as an API without pages does.
func (l *listing) add(p page) {
	before := len(l.webhooks)
	l.take(p)
	if l.more = len(l.webhooks) > before; l.more {
		l.pages++
		l.more = l.hasMore() || l.hasNoCounts()
	}
}

// take adds the new webhooks of a page and updates the counts.
func (l *listing) take(p page) {
	for _, w := range p.webhooks {
		switch {
		case l.seen[w.ID]:
		case l.isFull():
			l.cut = true
		default:
			l.seen[w.ID] = true
			w.Secret = ""
			l.webhooks = append(l.webhooks, w)
		}
	}
	l.bytes += p.bytes
	l.unnamed = l.unnamed || p.size > len(p.webhooks)
	// An empty page may count 0.
	l.shrunk = l.shrunk || p.total < l.total && p.total >= len(l.webhooks)
	l.total, l.totalPages = max(l.total, p.total), max(l.totalPages, p.totalPages)
}

// isFull reports whether the list may not become longer.
func (l *listing) isFull() bool { return len(l.webhooks) >= maxWebhooks || l.bytes >= maxListBytes }

// hasMore reports whether there is more than was read by the API's counts. If a webhook was deleted during the reading,
// the counts don't tell whether it was one of those that were read, so the largest counts.
func (l *listing) hasMore() bool { return l.total > len(l.webhooks) || l.totalPages > l.pages }

// hasNoCounts reports whether the API returned no counts. Only a further request shows whether there
// is more.
func (l *listing) hasNoCounts() bool { return l.total == unknown && l.totalPages == unknown }

// end returns the list.
func (l *listing) end() WebhookList {
	out := WebhookList{Webhooks: l.webhooks, Total: l.total, Cut: l.cut || l.more}
	out.Incomplete = out.Cut || l.hasMore() || l.hasNoCounts() && (l.doubtful || l.unnamed)
	out.Changed = out.Incomplete && l.shrunk
	if out.Incomplete {
		out.Err = l.err
	}
	return out
}

// mayBeNoPage reports whether a page that failed may not exist: the API may have no pages at all, if only the first
// was read, or reject those after the last.
func mayBeNoPage(err error, onlyFirst bool) bool {
	e := AsError(err)
	return e.Rejected() && rejectsRequest(e.Status) ||
		onlyFirst && (e.Status == http.StatusOK || e.Status == http.StatusInternalServerError)
}

// rejectsRequest reports whether the status rejects the request itself, unlike that of a busy server or for an expired
// token.
func rejectsRequest(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}
