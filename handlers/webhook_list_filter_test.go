package handlers

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hookwall/internal/fourthwall"
)

// FuzzFilters opens lists with arbitrary URLs. Each is a page, and its file has
// the same rows. Checklist 40.
func FuzzFilters(f *testing.F) {
	z := newFuzzed(f)
	z.add(z.shop, good, "DONATION")
	z.add(z.shop, "https://other.example/%22%3E", "ORDER_PLACED", "FUTURE_TYPE")
	lists := []string{
		webhooksPath(z.shop.ID), activityPath(z.shop.ID), eventsPath(z.shop.ID), webhooksPath(z.shop.ID) + "/new", "/connect",
		"/samples/DONATION",
	}
	for i := range lists {
		for _, query := range []string{
			"", "q=other&type=DONATION&sort=url", "q=%22%3E%3Cscript%3E&q=b&sort=%27%20OR%201%3D1", "type=%00&page=-1", "page=99999999999999999999&webhook=%ff&type=ORDER_PLACED",
			"action=webhook.create&outcome=done&webhook=x", "before=AAAA&after=%2B%2F&outcome=%25", "preset=everything&types=DONATION,%20x&draft=y", "%zz=1;2&&=", "return=//e&shop=%22&outcome=refused&request=A",
		} {
			f.Add(uint8(i), query)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		z.begin(t)
		target := lists[int(which)%len(lists)]
		pg := z.answered(t, z.send(http.MethodGet, target+"?"+query, "", ""))
		if pg.status == http.StatusSeeOther { // to the address without empty fields
			pg = z.answered(t, z.send(http.MethodGet, pg.header.Get("Location"), "", ""))
		}
		if pg.status != http.StatusOK {
			t.Errorf("status %d", pg.status)
		}
		if int(which)%len(lists) > 1 {
			return
		}
		resp := z.send(http.MethodGet, target+".csv?"+query, "", "")
		body, err := io.ReadAll(resp.Body)
		z.must(err)
		rows, err := readCSV(string(body))
		if err != nil || resp.StatusCode != http.StatusOK || len(rows) == 0 {
			t.Errorf("status %d: %q, %v", resp.StatusCode, body, err)
		}
	})
}

// TestListFilterProperties compares the list with a simple search, for any
// webhooks and any filter.
func TestListFilterProperties(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{
		"", "a", "B", "é", "É", "DONATION", "Donation", "%", "future", "https://A.example/b",
	})
	hook := rapid.Custom(func(r *rapid.T) listedWebhook {
		types := rapid.SliceOfN(rapid.SampledFrom([]fourthwall.EventType{"DONATION", "ORDER_PLACED", "FUTURE_TYPE", "", "é"}),
			0, 4).Draw(r, "types")
		return listedWebhook{
			hook: fourthwall.Webhook{
				ID:  word.Draw(r, "id") + rapid.StringMatching(`[a-c]{0,2}`).Draw(r, "more"),
				URL: "https://" + word.Draw(r, "host") + "/" + word.Draw(r, "path"), AllowedTypes: types,
			},
			label: word.Draw(r, "label"), state: rapid.SampledFrom(trouble).Draw(r, "state"),
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.SliceOfN(hook, 0, 8).Draw(r, "list")
		q := url.Values{
			"q":    {word.Draw(r, "q")},
			"type": {rapid.SampledFrom([]string{"", "none", "DONATION", "FUTURE_TYPE", "é", "x"}).Draw(r, "type")},
			"sort": {rapid.SampledFrom([]string{"", "url", "types", "listed", "x; DROP"}).Draw(r, "sort")},
		}
		f := readListFilter(q)
		if again := readListFilter(f.values()); again != f {
			r.Fatalf("%+v is read again as %+v", f, again)
		}
		got := f.apply(list)
		want := slices.DeleteFunc(slices.Clone(list), func(w listedWebhook) bool { return !looksLike(w, q) })
		if diff := cmp.Diff(keysOf(want, true), keysOf(got, true)); diff != "" {
			r.Fatalf("%v chooses otherwise: %s", q, diff)
		}
		if ok := inOrder(got, want, q.Get("sort")); !ok {
			r.Fatalf("%v has the order %q of %q", q, keysOf(got, false), keysOf(want, false))
		}
	})
}

// looksLike is a simple implementation of the filter.
func looksLike(w listedWebhook, q url.Values) bool {
	texts := []string{w.hook.ID, w.hook.URL, w.label}
	hasType := q.Get("type") == "" || q.Get("type") == "none" && len(w.hook.AllowedTypes) == 0
	for _, e := range badges(w.hook.AllowedTypes) {
		texts = append(texts, e.Code, e.Title)
		hasType = hasType || e.Code == q.Get("type")
	}
	return hasType && strings.Contains(strings.ToLower(strings.Join(texts, "\n")), strings.ToLower(q.Get("q")))
}

func keysOf(list []listedWebhook, ordered bool) (keys []string) {
	for _, w := range list {
		keys = append(keys, w.hook.ID+" "+w.hook.URL+" "+w.label)
	}
	if ordered {
		slices.Sort(keys)
	}
	return keys
}

// inOrder reports whether neighbors are in the order that was asked for, or in
// the original one.
func inOrder(got, was []listedWebhook, by string) bool {
	rank := func(w listedWebhook) (text string, n int) {
		switch by {
		case "listed":
			return "", 0
		case "url":
			return strings.ToLower(w.name()), 0
		case "types":
			return "", -len(w.hook.AllowedTypes)
		}
		return strings.ToLower(w.name()), slices.Index(trouble, w.state)
	}
	for i := 1; i < len(got); i++ {
		aText, aN := rank(got[i-1])
		bText, bN := rank(got[i])
		if aN > bN || aN == bN && aText > bText {
			return false
		}
	}
	return by != "listed" || slices.Equal(keysOf(got, false), keysOf(was, false))
}
