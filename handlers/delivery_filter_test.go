package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hookwall/internal/sandbox"
	"hookwall/views/ui"
)

// logAPI responds with four deliveries, and to a request for one of them.
func logAPI(hook sandbox.Webhook) http.Handler {
	body := func(data string) string {
		return fmt.Sprintf(`{"type":"ORDER_PLACED","webhookId":%q,"id":"weve_env","data":%s}`, hook.ID, data)
	}
	at := func(e, when string) string { return strings.ReplaceAll(e, "2026-11-01T10:00:00Z", when) }
	all := []string{
		at(event("weve_4", "ORDER_PLACED", "DELIVERED", body(`{"friendlyId":"FW-77"}`), good, ""), "2026-11-01T13:00:00Z"),
		at(event("weve_3", "ORDER_PLACED", "RETRYING", body(`{"email":"ada@example.org"}`), good, `,"error":"=1+1"`),
			"2026-11-01T12:00:00Z"),
		at(event("weve_2", "DONATION", "FAILED", "{}", "https://gone.example/x", ""), "2026-11-01T11:00:00Z"),
		at(event("weve_1", "DONATION", "ODD", "{}", good+"/two", ""), "2026-11-01T10:00:00Z"),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiEvents, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"results":[%s],"total":4,"page":0,"size":100,"totalPages":1}`, strings.Join(all, ","))
	})
	mux.HandleFunc("GET "+apiEvents+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "weve_old" {
			http.Error(w, `{"code":"WEBHOOK_EVENT_NOT_FOUND"}`, http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(event("weve_old", "DONATION", "OLD", "{}", good, "")))
	})
	return mux
}

// TestDeliveryFilter: the page and the file have the deliveries that a filter
// chooses.
func TestDeliveryFilter(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "ORDER_PLACED")
	g.calls.set(nil, logAPI(hook))
	tests := []struct {
		query string
		want  string // IDs
	}{
		{"", "4 3 2 1"},
		{"?failed=1", "3 2"},
		{"?webhook=" + hook.ID, "4 3"},
		{"?webhook=HOOKS.example.com/four", "4 3 1"},
		{"?webhook=gone", "2"},
		{"?webhook=nothing", ""},
		{"?q=fw-77", "4"},
		{"?q=weve_env", "4 3"},
		{"?q=weve_2", "2"},
		{"?q=weve_old", "old"},
		{"?q=weve_old&failed=1", ""},
		{"?q=gone.example", "2"},
		{"?q=ada", ""},
		{"?from=2026-11-01T11:00", "4 3 2"},
		{"?to=2026-11-01T12:00", "2 1"},
		{"?from=2026-11-01+11:00&to=2026-11-01T12:00:00Z", "2"},
		{"?from=2026-11-01T11:00&failed=1&q=x", "3 2"},
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			pg := p.get(eventsPath(shop.ID) + test.query).want(http.StatusOK)
			var onPage []string
			for _, id := range []string{"old", "4", "3", "2", "1"} {
				if strings.Contains(pg.body, `href="`+eventPath(shop.ID, "weve_"+id)+`"`) {
					onPage = append(onPage, id)
				}
			}
			var inFile []string
			for _, record := range p.get(eventsCSVPath(shop.ID) + test.query).records()[1:] {
				inFile = append(inFile, strings.TrimPrefix(record[1], "weve_"))
			}
			if got := strings.Join(onPage, " "); got != test.want {
				t.Errorf("the page has %q, want %q", got, test.want)
			}
			if got := strings.Join(inFile, " "); got != test.want {
				t.Errorf("the file has %q, want %q", got, test.want)
			}
		})
	}
	record := p.get(eventsCSVPath(shop.ID) + "?q=weve_env&failed=1").records()[1]
	want := "2026-11-01T12:00:00Z weve_3 weve_env ORDER_PLACED RETRYING '=1+1  " + hook.ID + " " +
		good + " 2026-11-01T10:00:05Z"
	if got := strings.Join(record, " "); got != want {
		t.Errorf("the file says %q, want %q", got, want)
	}
}

// TestEmptyFilter: a form sends its empty fields too. The address has none.
func TestEmptyFilter(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	for query, want := range map[string]string{
		"?type=&webhook=&q=&from=&to=": "",
		"?type=DONATION&q=&failed=1":   "?failed=1&type=DONATION",
	} {
		sent := p.noRedirects().get(eventsPath(shop.ID) + query).want(http.StatusSeeOther)
		if to := sent.header.Get("Location"); to != eventsPath(shop.ID)+want {
			t.Errorf("%s leads to %s", query, to)
		}
	}
}

// TestDeliveryRange: a time range that is none is said to be so, and is kept.
func TestDeliveryRange(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	for query, text := range map[string]string{
		"?from=noon":           "“noon” is not a time. Write it like 2026-11-27 18:30.",
		"?to=2026-13-01T00:00": "“2026-13-01T00:00” is not a time.",
		"?from=2026-11-02T00:00&to=2026-11-01T00:00":  "The end must be after the start.",
		"?from=2026-11-02T00:00&to=2026-11-02T00:00":  "The end must be after the start.",
		"?from=2026-11-02T00:00&to=%3Cb%3E&q=kept+it": "“<b>” is not a time.",
	} {
		pg := p.get(eventsPath(shop.ID)+query).want(http.StatusUnprocessableEntity, text)
		if strings.Contains(query, "kept") && (!strings.Contains(pg.body, `value="kept it"`) ||
			!strings.Contains(pg.body, `value="2026-11-02T00:00"`) || !strings.Contains(pg.body, `value="&lt;b&gt;"`)) {
			t.Errorf("%s: not kept", query)
		}
		p.get(eventsCSVPath(shop.ID)+query).want(http.StatusUnprocessableEntity, text)
	}
}

// TestEmptyFieldsOfALog: they don't stay in the address.
func TestEmptyFieldsOfALog(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	pg := p.get(eventsPath(shop.ID) + "?type=&webhook=&from=&to=&q=a&failed=1").want(http.StatusOK)
	if got := pg.url.RequestURI(); got != eventsPath(shop.ID)+"?failed=1&q=a" {
		t.Errorf("at %s", got)
	}
}

// TestNewestDelivery: what a page asks for while it follows the log is that of
// the page, until there is a delivery or a state that it hasn't.
func TestNewestDelivery(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.add(shop, "https://receiver.sandbox.example/flaky", "DONATION")
	g.add(shop, receives, "ORDER_PLACED")
	ask := func(eventType string) string { return p.get(newestHref(shop.ID, eventType)).want(http.StatusOK).body }
	onPage := func() bool {
		return strings.Contains(p.get(eventsPath(shop.ID)).body, `data-newest="`+ask("")+`"`)
	}
	none := ask("")
	if !onPage() {
		t.Error("the page has another one")
	}
	g.fired(shop, "DONATION", false)
	first := ask("")
	if first == none || first == ask("ORDER_PLACED") || first != ask("DONATION") || !onPage() {
		t.Error("a new delivery changes nothing, or that of another type does")
	}
	g.box.Advance(10e9)
	g.must(g.box.AwaitDeliveries(t.Context()))
	g.box.Advance(60e9)
	g.must(g.box.AwaitDeliveries(t.Context()))
	if ask("") == first {
		t.Error("another state changes nothing")
	}
}

// TestLogNamesWebhooks: the log calls a webhook what the list calls it, and is
// filtered by that name.
func TestLogNamesWebhooks(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	tips, plain := g.add(shop, receives+"?tips", "DONATION"), g.add(shop, receives+"?plain", "DONATION")
	g.must(g.store.PutLabel(t.Context(), shop.ID, tips.ID, "Tips ledger"))
	g.fire(shop, false, "DONATION")
	labeled, unlabeled := "Tips ledger", ui.HostAndPath(plain.URL)
	for query, want := range map[string][]string{
		"":                    {labeled, unlabeled},
		"?webhook=ledger":     {labeled},
		"?webhook=plain":      {unlabeled},
		"?webhook=" + tips.ID: {labeled},
	} {
		pg := p.get(eventsPath(shop.ID) + query).want(http.StatusOK)
		rows := pg.deliveries()
		if !strings.Contains(pg.body, `<option value="Tips ledger">`) {
			t.Errorf("%q doesn't suggest the label", query)
		}
		for _, name := range []string{labeled, unlabeled} {
			is := slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, name) })
			if is != slices.Contains(want, name) {
				t.Errorf("%q shows %q, want %q", query, rows, want)
			}
		}
	}
	if records := p.get(eventsCSVPath(shop.ID) + "?webhook=ledger").records(); len(records) != 2 {
		t.Errorf("the file has %d records", len(records))
	}
}
