package fourthwall_test

import (
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

// reply is a response of an API. The default status is 200.
type reply struct {
	status int
	body   string
}

// replying returns a client of an API that sends one reply after the other, and then always the last. It also returns
// the queries of the requests.
func replying(t *testing.T, replies ...reply) (*fourthwall.Client, *[]string) {
	t.Helper()
	var asked []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		replies[min(len(asked), len(replies))-1].send(w)
	})
	return c, &asked
}

// paged returns a client of an API with one reply for each page from the first on, whose number is first. The last is
// also that for all pages after it. It also returns the queries of the requests: those after the first in order, since
// pages may be requested side by side.
func paged(t *testing.T, first int, replies ...reply) (*fourthwall.Client, *[]string) {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.RawQuery)
		slices.Sort(asked[1:])
		page, err := strconv.Atoi(r.URL.Query().Get("page"))
		if err != nil {
			page = first
		}
		replies[min(page-first, len(replies)-1)].send(w)
	})
	return c, &asked
}

func (r reply) send(w http.ResponseWriter) {
	w.WriteHeader(max(r.status, 200))
	_, _ = io.WriteString(w, r.body)
}

func bodies(texts ...string) []reply {
	var replies []reply
	for _, text := range texts {
		replies = append(replies, reply{body: text})
	}
	return replies
}

// listed is the result of a list call.
type listed struct {
	IDs        string
	Total      int
	Incomplete bool
	Err        string // after "list webhooks: 200: "
}

func listedBy(t *testing.T, c *fourthwall.Client) listed {
	t.Helper()
	list, err := c.WebhookList(t.Context(), token)
	got := listed{Total: list.Total, Incomplete: list.Incomplete}
	for _, w := range list.Webhooks {
		got.IDs += w.ID
	}
	if err != nil {
		got.Err = strings.TrimPrefix(err.Error(), "list webhooks: 200: ")
	}
	if (err == nil) != (list.Webhooks != nil) {
		t.Errorf("webhooks %v beside error %v", list.Webhooks, err)
	}
	return got
}

type listRow struct {
	name    string
	replies []reply
	want    listed
	asked   []string
}

func (row listRow) test(t *testing.T) {
	first := 0
	if strings.Contains(row.replies[0].body, `"page":1`) {
		first = 1
	}
	c, asked := paged(t, first, row.replies...)
	if diff := cmp.Diff(row.want, listedBy(t, c)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(row.asked, *asked); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

const hookA, hookB, hookC, hookD = `{"id":"a"}`, `{"id":"b"}`, `{"id":"c"}`, `{"id":"d"}`

func asking(queries ...string) []string { return append([]string{"size=100"}, queries...) }

func TestListOfOnePage(t *testing.T) {
	unreadable := func(text string) listed { return listed{Err: text} }
	rows := []listRow{
		{"page object", bodies(`{"results":[` + hookA + `,` + hookB + `],"total":2,"page":0,"size":50,"totalPages":1}`), listed{"ab", 2, false, ""}, asking()},
		{"only the number of pages", bodies(`{"results":[` + hookA + `],"totalPages":1}`), listed{"a", -1, false, ""}, asking()},
		{"bare array", bodies(`[` + hookA + `,` + hookB + `]`), listed{"ab", -1, false, ""}, asking()},
		{"bare array after a space", bodies("\r\n\t [" + hookA + "]\n"), listed{"a", -1, false, ""}, asking()},
		{"empty page object", bodies(`{"results":[],"total":0,"totalPages":0}`), listed{"", 0, false, ""}, asking()},
		{"empty page object without counts", bodies(`{"results":[]}`), listed{"", -1, false, ""}, asking()},
		{"empty array", bodies(`[]`), listed{"", -1, false, ""}, asking()},
		{"null results", bodies(`{"results":null}`), unreadable(notJSON), asking()},
		{"null results, counted", bodies(`{"results":null,"total":0}`), listed{"", 0, false, ""}, asking()},
		{"nameless results only", bodies(`{"results":[null,{},{"id":null}]}`), listed{"", -1, true, ""}, asking()},
		{"a total of nothing beside webhooks", bodies(`{"results":[` + hookA + `],"total":0}`), listed{"a", 0, false, ""}, asking()},
		{"nothing, though a total is promised", bodies(`{"results":[],"total":9}`), listed{"", 9, true, ""}, asking()},
		{"nothing, though pages are promised", bodies(`{"results":[],"totalPages":2}`), listed{"", -1, true, ""}, asking()},
		{"no results", bodies(`{"total":1}`), unreadable(notJSON), asking()},
		{"null", bodies(`null`), unreadable(notJSON), asking()},
		{"HTML", bodies(`<html>`), unreadable(notJSON), asking()},
		{"empty body", bodies(``), unreadable(notJSON), asking()},
		{"cut short", bodies(listBody[:60]), unreadable(notJSON), asking()},
		{"array cut short", bodies(`[` + hookA + `,`), unreadable(notJSON), asking()},
		{"array followed by garbage", bodies(`[` + hookA + `]]`), unreadable(notJSON), asking()},
		{"page object followed by garbage", bodies(listBody + `x`), unreadable(notJSON), asking()},
		{"results of another kind", bodies(`{"results":{"a":1}}`), unreadable(notJSON), asking()},
		{"10 MB", bodies(`[` + strings.Repeat(" ", 10<<20) + `]`), unreadable(tooLarge), asking()},
	}
	for _, row := range rows {
		t.Run(row.name, row.test)
	}
}

// All pages by the API's counts are requested. If one fails, the list is incomplete.
func TestListWithCounts(t *testing.T) {
	two := `{"results":[` + hookA + `,` + hookB + `],"total":4,"page":0,"size":2}`
	rows := []listRow{
		{
			"three pages by total",
			bodies(two, `{"results":[`+hookC+`],"total":4,"page":1,"size":2}`,
				`{"results":[`+hookD+`],"total":4,"page":2,"size":2}`),
			listed{"abcd", 4, false, ""},
			asking("page=1&size=2", "page=2&size=2"),
		},
		{
			"two pages by totalPages, without a size",
			bodies(`{"results":[`+hookA+`],"totalPages":2}`, `{"results":[`+hookB+`],"totalPages":2}`),
			listed{"ab", -1, false, ""},
			asking("page=1&size=1"),
		},
		{
			"pages counted from one",
			bodies(`{"results":[`+hookA+`],"total":2,"page":1,"size":1}`, `{"results":[`+hookB+`],"total":2,"page":2,"size":1}`),
			listed{"ab", 2, false, ""},
			asking("page=2&size=1"),
		},
		{
			"a page smaller than it says",
			bodies(`{"results":[`+hookA+`],"total":2,"page":0,"size":50}`,
				`{"results":[`+hookB+`],"total":2,"page":1,"size":1}`),
			listed{"ab", 2, false, ""},
			asking("page=1&size=1"),
		},
		{
			"the second page is a bare array",
			bodies(`{"results":[`+hookA+`],"total":2,"size":1}`, `[`+hookB+`]`),
			listed{"ab", 2, false, ""},
			asking("page=1&size=1"),
		},
		{
			"a webhook was created meanwhile",
			bodies(`{"results":[`+hookA+`],"total":2}`, `{"results":[`+hookB+`],"total":3}`,
				`{"results":[`+hookC+`],"total":3}`),
			listed{"abc", 3, false, ""},
			asking("page=1&size=1", "page=2&size=1"),
		},
		{
			"a webhook was deleted meanwhile",
			bodies(`{"results":[`+hookA+`,`+hookB+`],"total":3,"totalPages":2}`, `{"results":[],"total":2,"totalPages":1}`),
			listed{"ab", 3, true, ""}, // c is gone, or it moved to the first page since
			asking("page=1&size=2"),
		},
		{
			"an API that ignores the page asked for",
			bodies(two),
			listed{"ab", 4, true, ""},
			asking("page=1&size=2"),
		},
		{
			"an API that ignores the page asked for, and promises by totalPages",
			bodies(`{"results":[` + hookA + `],"totalPages":2}`),
			listed{"a", -1, true, ""},
			asking("page=1&size=1"),
		},
		{
			"pages that overlap",
			bodies(`{"results":[`+hookA+`,`+hookB+`],"total":3}`, `{"results":[`+hookB+`,`+hookC+`],"total":3}`),
			listed{"abc", 3, false, ""},
			asking("page=1&size=2"),
		},
		{
			"nothing on the second page, and no total there",
			bodies(two, `{"results":[],"total":0,"totalPages":0}`),
			listed{"ab", 4, true, ""},
			asking("page=1&size=2"),
		},
		{
			"a nameless webhook among those promised",
			bodies(`{"results":[`+hookA+`,{}],"total":2}`, `{"results":[],"total":2}`),
			listed{"a", 2, true, ""},
			asking("page=1&size=2"),
		},
		{
			"the second page is unreadable",
			bodies(two, `<html>`),
			listed{"ab", 4, true, ""},
			asking("page=1&size=2"),
		},
		{
			"the third page is refused",
			[]reply{{body: two}, {body: `[` + hookC + `]`}, {status: 404, body: `{"code":"OPEN_API_X"}`}},
			listed{"abc", 4, true, ""},
			asking("page=1&size=2", "page=2&size=2"),
		},
	}
	for _, row := range rows {
		t.Run(row.name, row.test)
	}
}

// If the API returns no counts, further pages are requested until one has nothing new.
func TestListWithoutCounts(t *testing.T) {
	page := func(hooks string) string { return `{"results":[` + hooks + `]}` }
	rows := []listRow{
		{"an empty page after it", bodies(page(hookA+`,`+hookB), page("")), listed{"ab", -1, false, ""}, asking("page=1&size=2")},
		{"a repetition", bodies(page(hookA + `,` + hookB)), listed{"ab", -1, false, ""}, asking("page=1&size=2")},
		{"a repetition as a bare array", bodies(page(hookA), `[`+hookA+`]`), listed{"a", -1, false, ""}, asking("page=1&size=1")},
		{"pages are refused", []reply{{body: page(hookA)}, {status: 400, body: `{"code":"OPEN_API_X"}`}}, listed{"a", -1, false, ""}, asking("page=1&size=1")},
		{"pages break the API", []reply{{body: page(hookA)}, {status: 500}}, listed{"a", -1, false, ""}, asking("page=1&size=1")},
		{"pages are unreadable", bodies(page(hookA), "<html>"), listed{"a", -1, false, ""}, asking("page=1&size=1")},
		{
			"counts of other kinds",
			bodies(`{"results":[`+hookA+`],"total":"9","page":null,"size":1.5,"totalPages":{}}`, page("")),
			listed{"a", -1, false, ""},
			asking("page=1&size=1"),
		},
		{
			"negative counts",
			bodies(`{"results":[`+hookA+`],"total":-9,"page":-1,"size":-1,"totalPages":-1}`, page("")),
			listed{"a", -1, false, ""},
			asking("page=1&size=1"),
		},
		{
			"null and nameless among the results",
			bodies(page(`null,`+hookA+`,{},{"id":null}`), page("")),
			listed{"a", -1, true, ""},
			asking("page=1&size=4"),
		},
		{
			"three pages",
			bodies(page(hookA+`,`+hookB), page(hookC+`,`+hookD), page(`{"id":"e"}`), page("")),
			listed{"abcde", -1, false, ""},
			asking("page=1&size=2", "page=2&size=2", "page=3&size=2"),
		},
		{
			"the second page says how many there are",
			bodies(page(hookA), `{"results":[`+hookB+`],"total":2}`),
			listed{"ab", 2, false, ""},
			asking("page=1&size=1"),
		},
		{
			"the page after the last is refused",
			[]reply{{body: page(hookA)}, {body: page(hookB)}, {status: 404, body: `{"code":"OPEN_API_X"}`}},
			listed{"ab", -1, false, ""},
			asking("page=1&size=1", "page=2&size=1", "page=3&size=1"),
		},
		{
			"the third page breaks the API",
			[]reply{{body: page(hookA)}, {body: page(hookB)}, {status: 500}},
			listed{"ab", -1, true, ""},
			asking("page=1&size=1", "page=2&size=1", "page=3&size=1"),
		},
		{
			"signed out before the third page",
			[]reply{{body: page(hookA)}, {body: page(hookB)}, {status: 401, body: `{"code":"OPEN_API_X"}`}},
			listed{"ab", -1, true, ""},
			asking("page=1&size=1", "page=2&size=1", "page=3&size=1"),
		},
	}
	for _, row := range rows {
		t.Run(row.name, row.test)
	}
}

// Webhooks returns the same webhooks as WebhookList, and the same error.
func TestWebhooks(t *testing.T) {
	c, _ := replying(t, bodies(`{"results":[`+hookA+`],"total":9}`)...)
	hooks, err := c.Webhooks(t.Context(), token)
	if err != nil || len(hooks) != 1 || hooks[0].ID != "a" {
		t.Errorf("got %v, error %v", hooks, err)
	}
	hooks, err = answering(t, 500, "").Webhooks(t.Context(), token)
	if e := asError(t, err); hooks != nil || e.Status != 500 {
		t.Errorf("got %v, error %v", hooks, err)
	}
}

// A page that fails is tried again before the list is returned as incomplete.
func TestListTriesAgain(t *testing.T) {
	first := step{status: 200, body: `{"results":[` + hookA + `],"total":2}`}
	rows := []struct {
		name     string
		script   []step
		want     listed
		requests int
	}{
		{"once", []step{first, status(503), {status: 200, body: `[` + hookB + `]`}}, listed{"ab", 2, false, ""}, 3},
		{"cut all the time", []step{first, {cut: "body", status: 200}}, listed{"a", 2, true, ""}, 5},
		{"busy for longer than the budget", []step{first, {status: 429, header: map[string]string{"Retry-After": "60"}}}, listed{"a", 2, true, ""}, 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &stage{script: row.script}
				got := listedBy(t, s.client(t, fourthwall.Options{}))
				if diff := cmp.Diff(row.want, got); diff != "" || s.requests != row.requests {
					t.Errorf("after %d requests, list (-want +got):\n%s", s.requests, diff)
				}
			})
		})
	}
}

// All pages of a list share one budget. When it ends, the list has what was read.
func TestBudgetOfAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := func(id string) step {
			body := `{"results":[{"id":"` + id + `"}],"total":9,"size":1}`
			return step{status: 200, body: body, delay: 3 * time.Second}
		}
		s := &stage{script: []step{page("a"), page("b"), page("c"), page("d")}}
		start := time.Now()
		got := listedBy(t, s.client(t, fourthwall.Options{}))
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("took %v, want 8 s", took)
		}
		if diff := cmp.Diff(listed{"ab", 9, true, ""}, got); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
	})
}

// A list of realistic webhooks may have 3 MB, more than a single webhook may.
func TestLongList(t *testing.T) {
	many := strings.Repeat(","+webhookBody, 30_000)
	hooks, err := answering(t, 200, "["+many[1:]+"]").Webhooks(t.Context(), token)
	if err != nil || len(hooks) != 1 {
		t.Errorf("%d webhooks, error %v; want the same one only once", len(hooks), err)
	}
}
