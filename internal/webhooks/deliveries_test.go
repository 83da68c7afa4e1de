package webhooks_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

func TestStateOf(t *testing.T) {
	tests := []struct {
		state    string
		hasError bool
		want     webhooks.DeliveryState
	}{
		{"DELIVERED", false, webhooks.Accepted},
		{"delivered", false, webhooks.Accepted},
		{"DELIVERED", true, webhooks.Failed},
		{"FAILED", false, webhooks.Failed},
		{"RETRYING", false, webhooks.Failed},
		{"PENDING", false, webhooks.Pending},
		{"ON_ITS_WAY", false, webhooks.UnknownState},
		{"ON_ITS_WAY", true, webhooks.Failed},
		{"", false, webhooks.UnknownState},
	}
	for _, test := range tests {
		if got := webhooks.StateOf(fourthwall.Event{State: test.state, HasError: test.hasError}); got != test.want {
			t.Errorf("%q, error %v: %s, want %s", test.state, test.hasError, got, test.want)
		}
	}
}

func TestMentions(t *testing.T) {
	e := fourthwall.Event{
		ID: "weve_One", URL: "https://Hooks.example.com/fw",
		Body: `{"id":"weve_env","webhookId":"wcon_1","type":"ORDER_UPDATED","data":{"order":{"id":"8f3a","friendlyId":"FW-1234567",` +
			`"email":"ada@example.org"}}}`,
	}
	for text, want := range map[string]bool{
		"weve_one": true, "one": true, "hooks.example": true, "weve_env": true, "wcon_1": true, "8f3a": true,
		"fw-123": true, "ada": false, "example.org": false, "order_updated": false,
	} {
		if got := webhooks.Mentions(e, text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// eventLog is an API with n deliveries, one a minute, the newest first. Those of one
// type are rare.
type eventLog struct {
	n     int
	fails int  // page that fails; 0 for none
	mixed bool // the newest deliveries aren't first
	mu    sync.Mutex
	asked []string
}

var newest = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func (l *eventLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.asked = append(l.asked, r.URL.RawQuery)
	l.mu.Unlock()
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	if l.fails > 0 && page == l.fails {
		http.Error(w, `{"code":"BROKEN"}`, http.StatusInternalServerError)
		return
	}
	var rows []string
	for i := range l.n {
		kind := "ORDER_PLACED"
		if i%250 == 249 {
			kind = "DONATION"
		}
		if want := r.URL.Query().Get("type"); want == "" || want == kind {
			rows = append(rows, fmt.Sprintf(`{"id":"e%d","type":%q,"createdAt":%q,"url":"https://%s.example"}`,
				i, kind, newest.Add(-time.Duration(i)*time.Minute).Format(time.RFC3339), strings.ToLower(kind[:5])))
		}
	}
	if l.mixed {
		slices.Reverse(rows)
	}
	total := len(rows)
	rows = rows[min(total, page*100):min(total, page*100+100)]
	_, _ = fmt.Fprintf(w, `{"results":[%s],"total":%d,"page":%d,"size":100,"totalPages":%d}`,
		strings.Join(rows, ","), total, page, (total+99)/100)
}

// RoundTrip calls the API as if it were remote.
func (l *eventLog) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	l.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// clientOf returns a client for a shop whose deliveries are those of l.
func (g *rig) clientOf(l *eventLog) *shops.Client {
	g.t.Helper()
	p := g.process()
	api, err := fourthwall.New(boxURL, fourthwall.Options{Transport: l})
	g.must(err)
	service := shops.NewService(g.store, api, oauth.New(oauth.Config{TokenURL: boxURL + "/token", Transport: p}), nil)
	return service.Client(g.person(p).conn)
}

func TestReadDeliveries(t *testing.T) {
	type result struct {
		Events, Skipped, Total int
		First                  string
		Complete               bool
		Since                  int // minutes before the newest; -1 if not known
		Calls                  int
	}
	tests := []struct {
		name string
		api  eventLog
		want webhooks.Reading
		got  result
	}{
		{"none", eventLog{}, webhooks.Reading{Pages: 6, Within: time.Minute}, result{0, 0, 0, "", true, -1, 1}},
		{"one page", eventLog{n: 60}, webhooks.Reading{Pages: 6, Within: time.Minute}, result{60, 0, 60, "e0", true, -1, 1}},
		{"all pages", eventLog{n: 340}, webhooks.Reading{Pages: 6, Within: time.Minute}, result{340, 0, 340, "e0", true, -1, 4}},
		{"too many pages", eventLog{n: 5000}, webhooks.Reading{Pages: 6, Within: time.Minute}, result{600, 0, 5000, "e0", false, 599, 6}},
		{"no time for more", eventLog{n: 5000}, webhooks.Reading{Pages: 6}, result{100, 0, 5000, "e0", false, 99, 1}},
		{
			"in another order",
			eventLog{n: 5000, mixed: true},
			webhooks.Reading{Pages: 1},
			result{100, 0, 5000, "e4999", false, -1, 1},
		},
		{"one fails", eventLog{n: 5000, fails: 2}, webhooks.Reading{Pages: 6, Within: time.Minute}, result{200, 0, 5000, "e0", false, 199, 5}},
		{"later ones", eventLog{n: 340}, webhooks.Reading{Skip: 250, Pages: 6, Within: time.Minute}, result{90, 250, 340, "e250", true, -1, 2}},
		{"after the last", eventLog{n: 340}, webhooks.Reading{Skip: 900, Pages: 6, Within: time.Minute}, result{0, 900, 340, "", true, -1, 1}},
		{"one type", eventLog{n: 1000}, webhooks.Reading{Type: "DONATION", Pages: 6, Within: time.Minute}, result{4, 0, 4, "e249", true, -1, 1}},
	}
	for i := range tests {
		test := &tests[i]
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t)
			c := g.clientOf(&test.api)
			d, err := webhooks.ReadDeliveries(t.Context(), c, test.want)
			g.must(err)
			got := result{len(d.Events), d.Skipped, d.Total, "", d.Complete, -1, len(test.api.asked)}
			if len(d.Events) > 0 {
				got.First = d.Events[0].ID
			}
			if !d.Since.IsZero() {
				got.Since = int(newest.Sub(d.Since) / time.Minute)
			}
			if diff := cmp.Diff(test.got, got); diff != "" {
				t.Errorf("(-want +got)\n%s\n%v", diff, test.api.asked)
			}
		})
	}
}

// TestHealthBeyondTheLastPages: a webhook that is called rarely has its health
// from its own event type. What can't be read in time is not known.
func TestHealthBeyondTheLastPages(t *testing.T) {
	list := fourthwall.WebhookList{Webhooks: []fourthwall.Webhook{
		{ID: "often", URL: "https://order.example", AllowedTypes: []fourthwall.EventType{"ORDER_PLACED"}},
		{ID: "rarely", URL: "https://donat.example", AllowedTypes: []fourthwall.EventType{"DONATION"}},
		{ID: "never", URL: "https://never.example", AllowedTypes: []fourthwall.EventType{"GIFT_PURCHASE"}},
		{ID: "typeless", URL: "https://typeless.example"},
	}}
	type health struct {
		Deliveries int
		Known      bool
		Since      int // minutes before the newest; -1 if all are read
	}
	tests := []struct {
		name  string
		types bool
		want  map[string]health
	}{
		{"with types", true, map[string]health{"often": {100, true, 99}, "rarely": {20, true, -1}, "never": {0, true, -1}, "typeless": {0, true, 99}}},
		{"without", false, map[string]health{"often": {100, true, 99}, "rarely": {0, true, 99}, "never": {0, true, 99}, "typeless": {0, true, 99}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t)
			api := &eventLog{n: 5000}
			c := g.clientOf(api)
			d, err := webhooks.ReadDeliveries(t.Context(), c, webhooks.Reading{Pages: 1})
			g.must(err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if !test.types {
				cancel()
			}
			d.AddTypes(ctx, c, list)
			got := map[string]health{}
			for id, h := range (webhooks.Seen{Found: d, List: list, Now: newest}).Health() {
				got[id] = health{h.All.Total(), h.Known, -1}
				if !h.Since.IsZero() {
					got[id] = health{h.All.Total(), h.Known, int(newest.Sub(h.Since) / time.Minute)}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if slices.ContainsFunc(api.asked, func(q string) bool { return strings.Contains(q, "ORDER_PLACED") }) {
				t.Error("a type was asked for that has deliveries")
			}
		})
	}
}
