package fourthwall_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// eventList is an API with a number of events with the IDs e0, e1 and so on. shape encodes its responses.
type eventList struct {
	events int
	shape  func(ids []string, page, size, total int) string
	cap    int  // most events of a page; 0 = as asked for
	whole  bool // the page that is asked for is ignored, and its size
	fixed  bool // the page that is asked for is ignored: it is always the first
	last   bool // a page after the last is answered with the last
	asked  []string
}

func (l *eventList) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.asked = append(l.asked, r.URL.RawQuery)
	var page, size int
	if _, err := fmt.Sscanf(r.URL.RawQuery, "page=%d&size=%d", &page, &size); err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	if l.cap > 0 {
		size = min(size, l.cap)
	}
	if l.last && l.events > 0 {
		page = min(page, (l.events-1)/size)
	}
	from, to := page*size, (page+1)*size
	switch {
	case l.whole:
		from, to = 0, l.events
	case l.fixed:
		from, to = 0, size
	}
	var ids []string
	for i := min(from, l.events); i < min(to, l.events); i++ {
		ids = append(ids, fmt.Sprintf(`{"id":"e%d"}`, i))
	}
	_, _ = io.WriteString(w, l.shape(ids, page, size, l.events))
}

func results(ids []string) string { return `"results":[` + strings.Join(ids, ",") + `]` }

func bareShape(ids []string, _, _, _ int) string { return "[" + strings.Join(ids, ",") + "]" }

func silentShape(ids []string, _, _, _ int) string { return "{" + results(ids) + "}" }

func totalShape(ids []string, _, _, total int) string {
	return fmt.Sprintf(`{%s,"total":%d}`, results(ids), total)
}

func fullShape(ids []string, page, size, total int) string {
	return fmt.Sprintf(`{%s,"total":%d,"page":%d,"size":%d,"totalPages":%d}`, results(ids), total, page, size,
		(total+size-1)/size)
}

// echoShape always has a size of 50.
func echoShape(ids []string, page, _, total int) string {
	return fmt.Sprintf(`{%s,"total":%d,"page":%d,"size":50}`, results(ids), total, page)
}

// eventsOf is a page with the IDs of its events.
type eventsOf struct {
	IDs                     string
	Page, Size, Total, Last int // Last is TotalPages
	More                    bool
}

func eventsAt(t *testing.T, c *fourthwall.Client, page, size int) eventsOf {
	t.Helper()
	return eventsFor(t, c, fourthwall.EventQuery{Page: page, Size: size})
}

func eventsFor(t *testing.T, c *fourthwall.Client, q fourthwall.EventQuery) eventsOf {
	t.Helper()
	p, err := c.Events(t.Context(), token, q)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range p.Events {
		ids = append(ids, e.ID)
	}
	return eventsOf{strings.Join(ids, " "), p.Page, p.Size, p.Total, p.TotalPages, p.More}
}

func TestPageOfEvents(t *testing.T) {
	rows := []struct {
		name       string
		api        eventList
		page, size int
		want       eventsOf
		asked      []string // pages after the first request
	}{
		{"whole array, first page", eventList{events: 5, shape: bareShape, whole: true}, 0, 2, eventsOf{"e0 e1", 0, 2, 5, 3, true}, nil},
		{"whole array, second page", eventList{events: 5, shape: bareShape, whole: true}, 1, 2, eventsOf{"e2 e3", 1, 2, 5, 3, true}, nil},
		{"whole array, last page", eventList{events: 5, shape: bareShape, whole: true}, 2, 2, eventsOf{"e4", 2, 2, 5, 3, false}, nil},
		{"whole array, last page full", eventList{events: 4, shape: bareShape, whole: true}, 1, 2, eventsOf{"e2 e3", 1, 2, 4, 2, false}, nil},
		{"whole array, page after the last", eventList{events: 5, shape: bareShape, whole: true}, 3, 2, eventsOf{"", 3, 2, 5, 3, false}, nil},
		{"whole array, page far away", eventList{events: 5, shape: bareShape, whole: true}, 1<<63 - 1, 2, eventsOf{"", 1<<63 - 2, 2, 5, 3, false}, nil},
		{"whole array of one page", eventList{events: 2, shape: bareShape, whole: true}, 0, 2, eventsOf{"e0 e1", 0, 2, -1, -1, false}, []string{"1"}},
		{"whole array of one page, second page", eventList{events: 2, shape: bareShape, whole: true}, 1, 2, eventsOf{"", 1, 2, 2, 1, false}, []string{"0"}},
		{"whole array of less than a page, second page", eventList{events: 1, shape: bareShape, whole: true}, 1, 2, eventsOf{"", 1, 2, 1, 1, false}, []string{"0"}},
		{"empty array, second page", eventList{shape: bareShape, whole: true}, 1, 2, eventsOf{"", 1, 2, -1, -1, false}, nil},
		{"arrays by page, first page", eventList{events: 5, shape: bareShape}, 0, 2, eventsOf{"e0 e1", 0, 2, -1, -1, true}, []string{"1"}},
		{"arrays by page, second page", eventList{events: 5, shape: bareShape}, 1, 2, eventsOf{"e2 e3", 1, 2, -1, -1, true}, []string{"0", "2"}},
		{"arrays by page, last page", eventList{events: 5, shape: bareShape}, 2, 2, eventsOf{"e4", 2, 2, -1, -1, false}, []string{"0", "3"}},
		{"arrays by page, last page full", eventList{events: 4, shape: bareShape}, 1, 2, eventsOf{"e2 e3", 1, 2, -1, -1, false}, []string{"0", "2"}},
		{"arrays by page, and the last one for all after it", eventList{events: 5, shape: bareShape, last: true}, 2, 2, eventsOf{"e4", 2, 2, -1, -1, false}, []string{"0", "3"}},
		{"arrays by smaller pages", eventList{events: 5, shape: bareShape, cap: 2}, 1, 3, eventsOf{"e2 e3", 1, 3, -1, -1, true}, []string{"0", "2"}},
		{"objects without counts, first page", eventList{events: 3, shape: silentShape}, 0, 2, eventsOf{"e0 e1", 0, 2, -1, -1, true}, []string{"1"}},
		{"objects without counts, last page", eventList{events: 3, shape: silentShape}, 1, 2, eventsOf{"e2", 1, 2, -1, -1, false}, []string{"2"}},
		{"objects without counts, last page full", eventList{events: 4, shape: silentShape}, 1, 2, eventsOf{"e2 e3", 1, 2, -1, -1, false}, []string{"2"}},
		{"objects without counts, nothing there", eventList{shape: silentShape}, 0, 2, eventsOf{"", 0, 2, -1, -1, false}, nil},
		{"objects without counts, always the first", eventList{events: 9, shape: silentShape, fixed: true}, 0, 2, eventsOf{"e0 e1", 0, 2, -1, -1, false}, []string{"1"}},
		{"objects without counts, all at once", eventList{events: 3, shape: silentShape, whole: true}, 0, 2, eventsOf{"e0 e1 e2", 0, 3, -1, -1, false}, []string{"1"}},
		{"objects without counts, smaller pages", eventList{events: 5, shape: silentShape, cap: 2}, 1, 50, eventsOf{"e2 e3", 1, 50, -1, -1, true}, []string{"2"}},
		{"all counts, first page", eventList{events: 3, shape: fullShape}, 0, 2, eventsOf{"e0 e1", 0, 2, 3, 2, true}, nil},
		{"all counts, last page", eventList{events: 3, shape: fullShape}, 1, 2, eventsOf{"e2", 1, 2, 3, 2, false}, nil},
		{"all counts, smaller pages", eventList{events: 5, shape: fullShape, cap: 2}, 1, 50, eventsOf{"e2 e3", 1, 2, 5, 3, true}, nil},
		{"total, all at once", eventList{events: 3, shape: totalShape, whole: true}, 0, 2, eventsOf{"e0 e1 e2", 0, 3, 3, -1, false}, nil},
		{"total, first page", eventList{events: 3, shape: totalShape}, 0, 2, eventsOf{"e0 e1", 0, 2, 3, -1, true}, nil},
		{"total, last page", eventList{events: 3, shape: totalShape}, 1, 2, eventsOf{"e2", 1, 2, 3, -1, false}, []string{"2"}},
		{"total, the only page", eventList{events: 2, shape: totalShape}, 0, 50, eventsOf{"e0 e1", 0, 50, 2, -1, false}, nil},
		{"total, smaller pages that seem to end", eventList{events: 70, shape: totalShape, cap: 20}, 1, 50, eventsOf{span(20, 40), 1, 50, 70, -1, true}, []string{"2"}},
		{"total, smaller pages that seem to be over", eventList{events: 100, shape: totalShape, cap: 20}, 3, 50, eventsOf{span(60, 80), 3, 50, 100, -1, true}, []string{"4"}},
		{"total, last of smaller pages", eventList{events: 100, shape: totalShape, cap: 20}, 4, 50, eventsOf{span(80, 100), 4, 50, 100, -1, false}, []string{"5"}},
		{"a size that is not kept", eventList{events: 100, shape: echoShape, cap: 20}, 2, 50, eventsOf{span(40, 60), 2, 50, 100, -1, true}, []string{"3"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := eventsAt(t, serve(t, row.api.ServeHTTP), row.page, row.size)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
			want := []string{fmt.Sprintf("page=%d&size=%d", row.want.Page, row.size)}
			for _, page := range row.asked {
				want = append(want, fmt.Sprintf("page=%s&size=%d", page, row.size))
			}
			if diff := cmp.Diff(want, row.api.asked); diff != "" {
				t.Errorf("queries (-want +got):\n%s", diff)
			}
		})
	}
}

// span returns the IDs of the events from one to before another.
func span(from, to int) string {
	var ids []string
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprintf("e%d", i))
	}
	return strings.Join(ids, " ")
}

// Reading pages while More is set returns every event once, and no empty page unless it is the only one.
func TestAllPagesOfEvents(t *testing.T) {
	shapes := map[string]eventList{
		"whole array":                     {shape: bareShape, whole: true},
		"arrays":                          {shape: bareShape},
		"arrays of 7":                     {shape: bareShape, cap: 7},
		"arrays, the last again":          {shape: bareShape, last: true},
		"objects without counts":          {shape: silentShape},
		"objects without counts of 7":     {shape: silentShape, cap: 7},
		"objects without counts at once":  {shape: silentShape, whole: true},
		"objects with a total":            {shape: totalShape},
		"objects with a total of 7":       {shape: totalShape, cap: 7},
		"objects with a total at once":    {shape: totalShape, whole: true},
		"objects with all counts":         {shape: fullShape},
		"objects with all counts of 7":    {shape: fullShape, cap: 7},
		"objects with another size, of 7": {shape: echoShape, cap: 7},
	}
	for name, api := range shapes {
		for _, events := range []int{0, 1, 6, 7, 8, 10, 11, 14, 17, 20, 21, 30, 37} {
			t.Run(fmt.Sprintf("%s/%d", name, events), func(t *testing.T) {
				api.events = events
				c := serve(t, api.ServeHTTP)
				got, page := eventsAt(t, c, 0, 10), 0
				ids := got.IDs
				for got.More && page < 50 {
					page++
					if got = eventsAt(t, c, page, 10); got.IDs == "" {
						t.Errorf("page %d is empty", page)
					}
					ids += " " + got.IDs
				}
				if want := span(0, events); ids != want {
					t.Errorf("after page %d: %s, want %s", page, ids, want)
				}
			})
		}
	}
}

// New events move the others to later pages between two requests.
func TestArrayThatGrows(t *testing.T) {
	c, _ := replying(t, bodies(`[`+hookA+`,`+hookB+`]`, `[`+hookC+`,`+hookA+`,`+hookB+`]`)...)
	got := eventsAt(t, c, 1, 2)
	if diff := cmp.Diff(eventsOf{"", 1, 2, 2, 1, false}, got); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

// Further requests have the same type. If they fail, the page is returned all the same.
func TestFurtherRequestsForEvents(t *testing.T) {
	first := reply{body: `[` + hookA + `,` + hookB + `]`}
	silent := reply{body: `{"results":[` + hookA + `]}`}
	short := reply{body: `{"results":[` + hookA + `],"total":9}`}
	ask := func(pages ...string) []string {
		var queries []string
		for _, page := range pages {
			queries = append(queries, "page="+page+"&size=2&type=DONATION")
		}
		return queries
	}
	rows := []struct {
		name    string
		page    int
		replies []reply
		want    eventsOf
		asked   []string
	}{
		{"neither can be had", 1, []reply{first, {status: 500}}, eventsOf{"a b", 1, 2, -1, -1, false}, ask("1", "0", "2")},
		{"the first page cannot be had", 1, []reply{first, {body: "<html>"}, {body: `[` + hookC + `]`}}, eventsOf{"a b", 1, 2, -1, -1, true}, ask("1", "0", "2")},
		{"the next page cannot be had", 0, []reply{silent, {status: 404, body: `{"code":"OPEN_API_X"}`}}, eventsOf{"a", 0, 2, -1, -1, false}, ask("0", "1")},
		{"the next page is unreadable", 0, []reply{silent, {body: "<html>"}}, eventsOf{"a", 0, 2, -1, -1, false}, ask("0", "1")},
		{"the next page has one new event", 0, []reply{silent, {body: `[` + hookA + `,` + hookB + `]`}}, eventsOf{"a", 0, 2, -1, -1, true}, ask("0", "1")},
		{"the next page cannot be had, though there is one by the total", 0, []reply{short, {status: 404, body: `{"code":"OPEN_API_X"}`}}, eventsOf{"a", 0, 2, 9, -1, true}, ask("0", "1")},
		{"the next page brings nothing, though there is one by the total", 0, []reply{short, {body: `[]`}}, eventsOf{"a", 0, 2, 9, -1, false}, ask("0", "1")},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, asked := replying(t, row.replies...)
			got := eventsFor(t, c, fourthwall.EventQuery{Type: "DONATION", Page: row.page, Size: 2})
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.asked, *asked); diff != "" {
				t.Errorf("queries (-want +got):\n%s", diff)
			}
		})
	}
}

// If the request for the next page hangs, the budget ends it, and the page is returned all the same.
func TestBudgetOfEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{script: []step{{status: 200, body: `{"results":[` + hookA + `]}`}, {hang: true}}}
		start := time.Now()
		got := eventsAt(t, s.client(t, fourthwall.Options{}), 0, 2)
		if took := time.Since(start); took != 8*time.Second || got.IDs != "a" || got.More {
			t.Errorf("after %v: %+v", took, got)
		}
	})
}

// An API may return all events at once, however many it was asked for.
func TestTooManyEvents(t *testing.T) {
	for name, shape := range map[string]func([]string, int, int, int) string{"silent": silentShape, "bare": bareShape} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, (&eventList{events: 5000, whole: true, shape: shape}).ServeHTTP)
			page, err := c.Events(t.Context(), token, fourthwall.EventQuery{})
			want, leftOut := 500, 4500
			if name == "bare" {
				want, leftOut = 50, 0 // the other pages are cut from it
			}
			if err != nil || len(page.Events) != want || page.LeftOut != leftOut {
				t.Errorf("%d events, %d left out, error %v", len(page.Events), page.LeftOut, err)
			}
		})
	}
}
