package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// partOf is an API that promises more webhooks than it lists.
func partOf(list string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != apiWebhooks {
			w.WriteHeader(http.StatusNotFound) // the sandbox answers
			return
		}
		_, _ = fmt.Fprintf(w, `{"results":[%s],"total":63,"page":0,"size":20,"totalPages":4}`, list)
	})
}

// pagesOf is an API whose list has this many webhooks, at most so many on a
// page. For each page, answer returns a status other than 200, or 0 and the
// number of all webhooks. The sandbox answers other calls.
func pagesOf(webhooks, atMost int, answer func(page int) (status, total int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != apiWebhooks {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		status, total := answer(page)
		if status != 0 {
			w.WriteHeader(status)
			return
		}
		var results []string
		for i := page * atMost; i < min(webhooks, (page+1)*atMost); i++ {
			results = append(results,
				fmt.Sprintf(`{"id":"wcon_%d","url":"https://a.example/%d","allowedTypes":["DONATION"]}`, i, i))
		}
		_, _ = fmt.Fprintf(w, `{"results":[%s],"total":%d,"page":%d,"size":%d}`,
			strings.Join(results, ","), total, page, atMost)
	})
}

// TestListsOfManyPages: the page and the file say why webhooks are missing. An
// endless list is neither read nor drawn without a limit.
func TestListsOfManyPages(t *testing.T) {
	t.Parallel()
	all := func(n int) func(int) (int, int) { return func(int) (int, int) { return 0, n } }
	for _, test := range []struct {
		name  string
		list  http.Handler
		rows  int
		calls int // at most
		says  string
	}{
		{"a thousand", pagesOf(1000, 100, all(1000)), 1000, 10, "1 of 29 event types covered"},
		{"a thousand, at most 20 on a page", pagesOf(1000, 20, all(1000)), 1000, 50, "1 of 29 event types covered"},
		{"without end", pagesOf(1e6, 100, all(1e6)), 2000, 20, "Showing the first 2,000 of 1,000,000 webhooks"},
		{"without end, on small pages", pagesOf(1e6, 10, all(1e6)), 800, 80, "Showing the first 800 of 1,000,000 webhooks"},
		{"without end or counts", pagesOf(1e6, 100, all(-1)), 2000, 20, "Showing the first 2,000 webhooks"},
		{"without end, with long URLs", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != apiWebhooks {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			results := make([]string, 100)
			for i := range results {
				results[i] = fmt.Sprintf(`{"id":"wcon_%s_%d","url":"https://a.example/%s"}`,
					r.URL.Query().Get("page"), i, strings.Repeat("\u200b", 8000))
			}
			_, _ = fmt.Fprintf(w, `{"results":[%s],"total":1000000}`, strings.Join(results, ","))
		}), 200, 2, "Showing the first 200 of 1,000,000 webhooks"},
		{"a page is busy", pagesOf(1000, 20, func(page int) (int, int) {
			if page == 43 {
				return http.StatusTooManyRequests, 0
			}
			return 0, 1000
		}), 860, 54, "Showing 860 of 1,000 webhooks. Fourthwall didn’t return the rest. Reload the list"},
		{
			"one is deleted meanwhile", pagesOf(39, 20, func(page int) (int, int) { return 0, 40 - page }), 39, 3,
			"Webhooks were deleted while we read the list, so some may be missing",
		},
		{"none of those that are promised", pagesOf(0, 20, all(9)), 0, 1, "Showing 0 of 9 webhooks. Fourthwall didn’t return the rest."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{direct: true})
			p := g.person()
			shop := p.connectKey(0)
			g.calls.set(nil, test.list)
			g.calls.forget()
			pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK, test.says)
			lists := slices.DeleteFunc(g.calls.of(http.MethodGet), func(c apiCall) bool { return c.path != apiWebhooks })
			if len(pg.rows()) != min(test.rows, listPageSize) || len(lists) > test.calls {
				t.Errorf("%d rows, %d calls", len(pg.rows()), len(lists))
			}
			if strings.Contains(pg.text(), "No webhooks yet") || len(pg.body) > 4<<20 {
				t.Errorf("%d bytes: %.500s", len(pg.body), pg.text())
			}
			records := p.get(webhooksPath(shop.ID) + ".csv").records()
			if last := records[len(records)-1][0]; strings.Contains(last, test.says) == strings.Contains(test.says, "covered") {
				t.Errorf("the file ends with %q", last)
			}
		})
	}
}

// TestEditWithIncompleteList: before a save, the page says that there may be
// duplicates.
func TestEditWithIncompleteList(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	f := p.get(webhookPath(shop.ID, hook.ID)+"/edit").form("/edit").set("url", good+"/2")
	const says = "can’t tell whether another webhook gets the same events"
	if pg := f.press("do=review").want(http.StatusOK, "What changes"); strings.Contains(pg.text(), says) {
		t.Error("the list was read in full")
	}
	g.calls.set(nil, pagesOf(20, 20, func(int) (int, int) { return 0, 21 }))
	f.press("do=review").want(http.StatusOK, "What changes", says).form("/confirm").submit().
		want(http.StatusOK, "The webhook is saved")
}

// TestIncompleteList says that the list is incomplete, and claims nothing about
// missing webhooks.
func TestIncompleteList(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	g.calls.set(nil, partOf(fmt.Sprintf(`{"id":%q,"url":%q,"allowedTypes":["DONATION"]}`, hook.ID, good)))
	const says = "Showing 1 of 63 webhooks. Fourthwall didn’t return the rest."
	pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK, "Some webhooks are missing", says,
		"hooks.example.com/fourthwall")
	if strings.Contains(pg.text(), "not covered") {
		t.Error("event types of webhooks that are missing are said not to be covered")
	}
	records := p.get(webhooksPath(shop.ID) + ".csv").records()
	if last := records[len(records)-1]; !strings.Contains(last[0], says) {
		t.Errorf("the file lacks that it has gaps: %q", records)
	}
	p.get(webhookPath(shop.ID, hook.ID)+"/delete").want(http.StatusOK, "couldn’t find out")
}

// TestIncompleteListConfirmsNothing: a webhook that is not listed may still
// exist.
func TestIncompleteListConfirmsNothing(t *testing.T) {
	for _, test := range []struct{ name, method, want string }{
		{"a create", http.MethodPost, store.OutcomeUnclear},
		{"a delete", http.MethodDelete, store.OutcomeUnclear},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{budget: 300 * time.Millisecond})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, good, "DONATION")
			g.box.FailNext(sandbox.Failure{Method: test.method, Path: apiWebhooks + "*", Status: 500, Times: 9})
			if test.method == http.MethodPost {
				p.newForm(shop.ID, good+"/2", "DONATION").submit().want(http.StatusBadGateway)
			} else {
				p.get(webhookPath(shop.ID, hook.ID) + "/delete").form("/delete").submit().want(http.StatusBadGateway)
			}
			g.calls.set(nil, partOf(`{"id":"wcon_another","url":"https://a.example/","allowedTypes":["DONATION"]}`))
			g.move(g.timing.Certain + time.Second)
			g.must(g.hooks.Reconcile(t.Context(), 1000))
			got, err := g.store.Activities(t.Context(), store.ActivityQuery{Shop: shop.ID, Limit: 1})
			g.must(err)
			if got.Rows[0].Outcome != test.want {
				t.Errorf("%s is %s, want %s", got.Rows[0].Action, got.Rows[0].Outcome, test.want)
			}
		})
	}
}

// TestNoCreateWithIncompleteListBefore: an unlisted webhook may have been
// created, so sending the same form again creates nothing, however late.
func TestNoCreateWithIncompleteListBefore(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
	f.submit().want(http.StatusBadGateway, "Unconfirmed")
	g.calls.set(nil, partOf(`{"id":"wcon_another","url":"https://a.example/","allowedTypes":["DONATION"]}`))
	g.move(g.timing.Certain + time.Second)
	f.submit().want(http.StatusBadGateway, "Unconfirmed")
	if n := g.creates(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestTooManyDeliveries: an API that returns all deliveries at once doesn't make
// an endless page.
func TestTooManyDeliveries(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/open-api/v1.0/webhook-events" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		results := make([]string, 20_000)
		for i := range results {
			results[i] = fmt.Sprintf(`{"id":"weve_%d","type":"DONATION","state":"DELIVERED"}`, i)
		}
		_, _ = fmt.Fprintf(w, `{"results":[%s]}`, strings.Join(results, ","))
	}))
	pg := p.get(eventsPath(shop.ID)).want(http.StatusOK, "returned 20,000 deliveries on one page. Showing the first 500")
	if len(pg.body) > 1<<20 {
		t.Errorf("%d bytes", len(pg.body))
	}
}

// TestTooLarge says why, and blames nobody.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/open-api/v1.0/webhook-events") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		chunk := []byte(strings.Repeat("x", 1<<20))
		_, _ = w.Write([]byte(`{"id":"weve_1","body":"`))
		for range 40 {
			_, _ = w.Write(chunk)
		}
	}))
	p.get(eventPath(shop.ID, "weve_1")).want(http.StatusBadGateway, "larger than Hookwall reads")
	p.get(eventsPath(shop.ID)).want(http.StatusBadGateway, "too large")
}
