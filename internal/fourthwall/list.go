package fourthwall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// maxPages limits the pages of a list that are read. The budget ends sooner, unless the API is fast and its pages are
// tiny.
const maxPages = 1000

// WebhookList is the list of a shop's webhooks, as far as it could be read.
type WebhookList struct {
	Webhooks   []Webhook // in the API's order, each once, without those that have no ID
	Total      int       // how many there are by the API's count; -1 if unknown
	Incomplete bool      // there are more by the API's counts, or a later page couldn't be read
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
	first, err := c.page(ctx, cred, webhooksPath)
	if err != nil {
		return WebhookList{}, err
	}
	list := newListing(first)
	for list.more && list.pages < maxPages {
		p, err := c.page(ctx, cred, webhooksPath+list.nextQuery())
		if err != nil {
			return list.end(list.hasMore() || !list.mayBeComplete(err)), nil
		}
		list.add(p)
	}
	return list.end(list.hasMore() || list.more), nil
}

// page requests one page of the list.
func (c *Client) page(ctx context.Context, cred Credential, path string) (page, error) {
	k, err := c.send(ctx, cred, opList, path, nil)
	if err != nil {
		return page{}, err
	}
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
	pages      int  // the first page, and the others with a new webhook
	number     int  // number of the first page: the API counts from 0 or 1
	size       int  // results of the first page
	total      int  // latest count, or unknown
	totalPages int  // latest count, or unknown
	more       bool // another page should be requested
}

func newListing(first page) *listing {
	l := &listing{
		webhooks: make([]Webhook, 0, len(first.webhooks)), seen: make(map[string]bool),
		number: max(0, first.number), size: first.size, total: unknown, totalPages: unknown,
	}
	l.take(first)
	l.pages = 1
	l.more = len(l.webhooks) > 0 && (l.hasMore() || l.hasNoCounts() && !first.bare)
	return l
}

// add adds a later page. A page without a new webhook is the last: it is after the end, or it repeats an earlier one,
// as an API without pages does.
func (l *listing) add(p page) {
	before := len(l.webhooks)
	l.take(p)
	if l.more = len(l.webhooks) > before; !l.more {
		return
	}
	l.pages++
	l.more = l.hasMore() || l.hasNoCounts()
}

// take adds the new webhooks of a page and updates the counts.
func (l *listing) take(p page) {
	for _, w := range p.webhooks {
		if !l.seen[w.ID] {
			l.seen[w.ID] = true
			w.Secret = ""
			l.webhooks = append(l.webhooks, w)
		}
	}
	l.total = laterCount(l.total, p.total, len(l.webhooks))
	l.totalPages = laterCount(l.totalPages, p.totalPages, l.pages)
}

// laterCount returns the count of a later page, unless that is less than what was read: an empty page may count 0.
func laterCount(before, now, read int) int {
	if before == unknown || now >= read {
		return now
	}
	return before
}

// hasMore reports whether there is more than was read by the API's counts.
func (l *listing) hasMore() bool { return l.total > len(l.webhooks) || l.totalPages > l.pages }

// hasNoCounts reports whether the API returned no counts. Only a further request shows whether there
// is more.
func (l *listing) hasNoCounts() bool { return l.total == unknown && l.totalPages == unknown }

// mayBeComplete reports whether a list without counts may be complete though the next page failed: the API may have no
// pages at all, or reject those after the last.
func (l *listing) mayBeComplete(err error) bool {
	var e *Error
	return l.pages == 1 || errors.As(err, &e) && e.Rejected() && rejectsRequest(e.Status)
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

// nextQuery returns the query for the next page, with the numbering of the first one. The size is what the first page
// really had: with a larger size than that of the pages, webhooks would be skipped.
func (l *listing) nextQuery() string {
	return fmt.Sprintf("?page=%d&size=%d", l.number+l.pages, l.size)
}

// end returns the list.
func (l *listing) end(incomplete bool) WebhookList {
	return WebhookList{Webhooks: l.webhooks, Total: l.total, Incomplete: incomplete}
}
