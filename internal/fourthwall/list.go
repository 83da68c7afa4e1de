package fourthwall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// maxPages of a list are read at most. Time runs out sooner, unless the API is fast and its pages are tiny.
const maxPages = 1000

// WebhookList is what could be had of the list of a shop's webhooks.
type WebhookList struct {
	Webhooks   []Webhook // in the API's order, each once; those without an id are left out
	Total      int       // how many there are, as the API says; -1 when it does not
	Incomplete bool      // there are more: the API promises more than could be had, or a later page could not be read
}

// Webhooks returns the webhooks of WebhookList, which alone can tell whether they are all.
func (c *Client) Webhooks(ctx context.Context, cred Credential) ([]Webhook, error) {
	list, err := c.WebhookList(ctx, cred)
	return list.Webhooks, err
}

// WebhookList returns the webhooks of the shop, of every page. All pages together share the budget of one call. Only
// a first page that cannot be had is an error; what was read before a later one failed is an incomplete list.
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
			return list.end(list.promises() || !list.mayEndWith(err)), nil
		}
		list.add(p)
	}
	return list.end(list.promises() || list.more), nil
}

// page reads one page of the list.
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

// listing gathers the pages of a list.
type listing struct {
	webhooks   []Webhook
	seen       map[string]bool
	pages      int  // those that brought something new; the first one always counts
	number     int  // of the first page, as the API counts
	size       int  // of the first page, as it came
	total      int  // as said last, or unsaid
	totalPages int  // as said last, or unsaid
	more       bool // another page should be asked for
}

func newListing(first page) *listing {
	l := &listing{
		webhooks: make([]Webhook, 0, len(first.webhooks)), seen: make(map[string]bool),
		number: max(0, first.number), size: first.size, total: unsaid, totalPages: unsaid,
	}
	l.take(first)
	l.pages = 1
	l.more = len(l.webhooks) > 0 && (l.promises() || l.silent() && !first.bare)
	return l
}

// add takes a further page in. One without anything new is the last: after all others, or a repetition, which is what
// an API that knows no pages answers.
func (l *listing) add(p page) {
	before := len(l.webhooks)
	l.take(p)
	if l.more = len(l.webhooks) > before; !l.more {
		return
	}
	l.pages++
	l.more = l.promises() || l.silent()
}

func (l *listing) take(p page) {
	for _, w := range p.webhooks {
		if !l.seen[w.ID] {
			l.seen[w.ID] = true
			w.Secret = ""
			l.webhooks = append(l.webhooks, w)
		}
	}
	l.total = saidAgain(l.total, p.total, len(l.webhooks))
	l.totalPages = saidAgain(l.totalPages, p.totalPages, l.pages)
}

// saidAgain is a count as a further page says it, unless that is less than what was had: an answer of nothing may well
// say that there is nothing.
func saidAgain(before, now, had int) int {
	if before == unsaid || now >= had {
		return now
	}
	return before
}

// promises reports whether the API says that there is more than was had.
func (l *listing) promises() bool { return l.total > len(l.webhooks) || l.totalPages > l.pages }

// silent reports whether the API says nothing of how much there is, so that only asking tells.
func (l *listing) silent() bool { return l.total == unsaid && l.totalPages == unsaid }

// mayEndWith reports whether a silent list can be whole although the next page failed: the API may know no pages at
// all, or refuse those after the last.
func (l *listing) mayEndWith(err error) bool {
	var e *Error
	return l.pages == 1 || errors.As(err, &e) && judges(e.Status)
}

// judges reports whether the status is a verdict on the request itself; a busy server or a token that has just
// expired gives none.
func judges(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

// nextQuery names the page after those taken in, counting as the first one did. It asks for as many as that one
// brought, whatever it says of itself: of pages larger than they are, some would be skipped.
func (l *listing) nextQuery() string {
	return fmt.Sprintf("?page=%d&size=%d", l.number+l.pages, l.size)
}

func (l *listing) end(incomplete bool) WebhookList {
	return WebhookList{Webhooks: l.webhooks, Total: l.total, Incomplete: incomplete}
}
