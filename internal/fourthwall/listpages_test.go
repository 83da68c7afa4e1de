package fourthwall_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// hookList is an API with a number of webhooks. By default its pages have 20 or, if asked, up to 100.
type hookList struct {
	webhooks int
	atMost   int                            // most webhooks of a page; 0 = 100
	ignores  bool                           // the size that is asked for
	refuses  int                            // status for a request with a size
	one      bool                           // the number of the first page is 1
	bare     bool                           // responds with an array of all webhooks
	counts   func(page, size, n int) string // in the page object; nil = all of them
	fails    func(page int) int             // status of a page; 0 = 200
	change   func(l *hookList, page int)    // is called after a page was read
	pad      string                         // in each webhook

	mu      sync.Mutex
	ids     []int
	calls   int
	now     int
	atOnce  int
	started bool
}

func (l *hookList) RoundTrip(r *http.Request) (*http.Response, error) {
	l.enter()
	time.Sleep(50 * time.Millisecond) //nolint:forbidigo // virtual time
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now--
	status, body := l.answer(r)
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (l *hookList) enter() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		l.started = true
		for i := range l.webhooks {
			l.ids = append(l.ids, i)
		}
	}
	l.calls++
	l.now++
	l.atOnce = max(l.atOnce, l.now)
}

func (l *hookList) answer(r *http.Request) (status int, body string) {
	q := r.URL.Query()
	size, first := 20, 0
	if n, err := strconv.Atoi(q.Get("size")); err == nil && !l.ignores {
		size = min(n, 100)
	}
	if l.atMost > 0 {
		size = min(size, l.atMost)
	}
	if l.one {
		first = 1
	}
	number, err := strconv.Atoi(q.Get("page"))
	if err != nil {
		number = first
	}
	if q.Has("size") && l.refuses > 0 {
		return l.refuses, `{"code":"OPEN_API_BAD"}`
	}
	if l.fails != nil {
		if status := l.fails(number); status > 0 {
			return status, `{"code":"OPEN_API_BAD"}`
		}
	}
	from, to := (number-first)*size, (number-first+1)*size
	if l.bare {
		from, to = 0, len(l.ids)
	}
	var results []string
	for _, id := range l.ids[min(from, len(l.ids)):min(to, len(l.ids))] {
		results = append(results, fmt.Sprintf(`{"id":"w%d","url":%q}`, id, l.pad))
	}
	body = "[" + strings.Join(results, ",") + "]"
	if !l.bare {
		counts := allCounts
		if l.counts != nil {
			counts = l.counts
		}
		body = `{"results":` + body + counts(number, size, len(l.ids)) + `}`
	}
	if l.change != nil {
		l.change(l, number)
	}
	return 200, body
}

func allCounts(page, size, n int) string {
	return fmt.Sprintf(`,"total":%d,"page":%d,"size":%d,"totalPages":%d`, n, page, size, (n+size-1)/size)
}

func noCounts(_, _, _ int) string { return "" }

func onlyPages(_, size, n int) string { return fmt.Sprintf(`,"totalPages":%d`, (n+size-1)/size) }

// read is what a client reads of a hookList.
type read struct {
	Webhooks            int
	Total               int
	Incomplete          bool
	Cut, Changed, Fails bool
	Calls               int
}

func (l *hookList) read(t *testing.T) (got read, list fourthwall.WebhookList) {
	t.Helper()
	c := newClient(t, "http://api.example", fourthwall.Options{Transport: l})
	list, err := c.WebhookList(t.Context(), token)
	if err != nil {
		t.Error(err)
	}
	if l.atOnce > 6 {
		t.Errorf("%d calls at once", l.atOnce)
	}
	return read{
		len(list.Webhooks), list.Total, list.Incomplete, list.Cut, list.Changed, list.Err != nil, l.calls,
	}, list
}

// A list of several pages is complete or says that it isn't, within a bounded number of calls.
func TestPagesOfAList(t *testing.T) {
	at := func(page, status int) func(int) int {
		return func(n int) int {
			if n == page {
				return status
			}
			return 0
		}
	}
	from := func(page, status int) func(int) int {
		return func(n int) int {
			if n >= page {
				return status
			}
			return 0
		}
	}
	after := func(page int, change func(ids []int) []int) func(*hookList, int) {
		return func(l *hookList, number int) {
			if number == page {
				l.ids = change(l.ids)
			}
		}
	}
	firstGone := func(ids []int) []int { return ids[1:] }
	lastGone := func(ids []int) []int { return ids[:len(ids)-1] }
	oneMore := func(ids []int) []int { return append(ids, -1) }
	oneBefore := func(ids []int) []int { return append([]int{-1}, ids...) }
	complete := func(n, calls int) read { return read{Webhooks: n, Total: n, Calls: calls} }
	rows := []struct {
		name string
		api  *hookList
		want read
	}{
		{"one page", &hookList{webhooks: 7}, complete(7, 1)},
		{"a full page", &hookList{webhooks: 100}, complete(100, 1)},
		{"two pages", &hookList{webhooks: 101}, complete(101, 2)},
		{"a thousand", &hookList{webhooks: 1000}, complete(1000, 10)},
		{"a thousand, at most 20 on a page", &hookList{webhooks: 1000, atMost: 20}, complete(1000, 50)},
		{"a thousand, whatever is asked for", &hookList{webhooks: 1000, ignores: true}, complete(1000, 50)},
		{"a thousand, and no size may be asked for", &hookList{webhooks: 1000, refuses: 400}, complete(1000, 51)},
		{"the same with status 422", &hookList{webhooks: 30, refuses: 422}, complete(30, 3)},
		{"pages from 1", &hookList{webhooks: 250, one: true}, complete(250, 3)},
		{"only the number of pages", &hookList{webhooks: 250, counts: onlyPages}, read{Webhooks: 250, Total: -1, Calls: 3}},
		{"no counts", &hookList{webhooks: 250, counts: noCounts}, read{Webhooks: 250, Total: -1, Calls: 4}},
		{"no counts, at most 20", &hookList{webhooks: 1000, atMost: 20, counts: noCounts}, read{Webhooks: 1000, Total: -1, Calls: 56}},
		{"a bare array", &hookList{webhooks: 250, bare: true}, read{Webhooks: 250, Total: -1, Calls: 1}},

		{"a page is busy", &hookList{webhooks: 1000, fails: at(5, 429)}, read{700, 1000, true, false, false, true, 11}},
		{"busy from a page on", &hookList{webhooks: 1000, atMost: 20, fails: from(43, 429)}, read{860, 1000, true, false, false, true, 47}},
		{"the second page is busy", &hookList{webhooks: 250, fails: at(1, 429)}, read{100, 250, true, false, false, true, 5}},
		{"busy, and no counts", &hookList{webhooks: 250, counts: noCounts, fails: at(1, 429)}, read{100, -1, true, false, false, true, 5}},
		{"a later page may not be read", &hookList{webhooks: 250, fails: at(2, 403)}, read{200, 250, true, false, false, true, 3}},
		{"a later page is gone", &hookList{webhooks: 250, fails: at(2, 404)}, read{200, 250, true, false, false, true, 3}},

		{"one on the first page is deleted", &hookList{webhooks: 250, change: after(0, firstGone)}, read{249, 250, true, false, true, false, 4}},
		{"one on a later page is deleted", &hookList{webhooks: 450, atMost: 50, change: after(1, firstGone)}, read{449, 450, true, false, true, false, 10}},
		{"the last is deleted before its page is read", &hookList{webhooks: 250, change: after(0, lastGone)}, read{249, 250, true, false, true, false, 4}},
		{"one is created at the end", &hookList{webhooks: 250, change: after(0, oneMore)}, complete(251, 3)},
		{"one is created at the end, on a page of its own", &hookList{webhooks: 200, change: after(0, oneMore)}, complete(201, 3)},
		{"one is created at the start", &hookList{webhooks: 250, change: after(0, oneBefore)}, read{250, 251, true, false, false, false, 4}},

		{"too many", &hookList{webhooks: 5000}, read{2000, 5000, true, true, false, false, 20}},
		{"as many as are read", &hookList{webhooks: 2000}, complete(2000, 20)},
		{"too many in a bare array", &hookList{webhooks: 5000, bare: true}, read{2000, -1, true, true, false, false, 1}},
		{"too many, and no counts", &hookList{webhooks: 5000, counts: noCounts}, read{2000, -1, true, true, false, false, 20}},
		{"tiny pages", &hookList{webhooks: 1000, atMost: 7}, read{560, 1000, true, true, false, false, 80}},
		{"tiny pages, and no counts", &hookList{webhooks: 1000, atMost: 7, counts: noCounts}, read{560, -1, true, true, false, false, 80}},
		{"large webhooks", &hookList{webhooks: 1000, pad: strings.Repeat("x", 15_000)}, read{300, 1000, true, true, false, false, 4}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, list := row.api.read(t)
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				ids := map[string]bool{}
				for _, w := range list.Webhooks {
					ids[w.ID] = true
				}
				if len(ids) != len(list.Webhooks) {
					t.Errorf("%d IDs of %d webhooks", len(ids), len(list.Webhooks))
				}
				inOrder := slices.IsSortedFunc(list.Webhooks, func(a, b fourthwall.Webhook) int {
					return numberOf(a.ID) - numberOf(b.ID)
				})
				if row.api.change == nil && !inOrder {
					t.Error("the webhooks are not in the API's order")
				}
			})
		})
	}
}

func numberOf(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "w"))
	return n
}

// Fifty pages take a few round trips.
func TestPagesAreReadSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &hookList{webhooks: 1000, atMost: 20}
		start := time.Now()
		got, _ := api.read(t)
		if took := time.Since(start); got.Incomplete || took > 12*50*time.Millisecond {
			t.Errorf("took %v: %+v", took, got)
		}
	})
}

// The number of calls is limited, even if the API always returns new webhooks.
func TestEndlessList(t *testing.T) {
	for name, counts := range map[string]func(page, size, n int) string{
		"promised": func(int, int, int) string { return `,"total":1000000` }, "silent": noCounts,
		"more and more": func(page, _, n int) string { return fmt.Sprintf(`,"total":%d`, n+page) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &hookList{webhooks: 100_000, atMost: 1, counts: counts}
				got, _ := api.read(t)
				if got.Calls > 80 || got.Webhooks != got.Calls || !got.Incomplete || !got.Cut {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}
