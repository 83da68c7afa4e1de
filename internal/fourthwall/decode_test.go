package fourthwall

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecode checks what callers rely on: no panic, an error for anything but JSON, IDs of webhooks and shops,
// unchanged event types, codes that may be shown, and redacted customers' data.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(
		`{"results":[{"id":"a","url":"https://a.example/","allowedTypes":["NEW_1"],"apiVersion":"V1"}],"total":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if w, err := decodeWebhook(body); err == nil {
			checkWebhook(t, w)
			again, err := decodeWebhook(encodeWebhook(t, w))
			if diff := cmp.Diff(w, again); diff != "" || err != nil || !json.Valid(body) {
				t.Errorf("error %v, or a webhook that differs from itself:\n%s", err, diff)
			}
		}
		if s, err := decodeShop(body); err == nil && (s.ID == "" || !json.Valid(body)) {
			t.Errorf("shop %+v", s)
		}
		if p, err := decodePage(body); err == nil {
			checkPage(t, p)
			if !json.Valid(body) {
				t.Error("a page that is not JSON")
			}
		}
		if e, err := decodeEvent(body); err == nil {
			checkEvent(t, e)
			again, err := decodeEvent(encodeEvent(t, e))
			if diff := cmp.Diff(e, again); diff != "" || err != nil || !json.Valid(body) {
				t.Errorf("error %v, or an event that differs from itself:\n%s", err, diff)
			}
		}
		query := EventQuery{Page: 3, Size: 2}.inRange()
		if a, err := decodeEvents(body, query); err == nil {
			checkEvents(t, a, query)
			if !json.Valid(body) {
				t.Error("a page of events that is not JSON")
			}
		}
		checkEnvelope(t, Event{Body: BuyerData(body)})
		checkCode(t, decodeCode(body))
		checkCode(t, token(string(body)))
	})
}

func encodeWebhook(t *testing.T, w Webhook) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"id": w.ID, "url": w.URL, "allowedTypes": w.AllowedTypes, "apiVersion": w.APIVersion, "secret": w.Secret.Reveal(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func checkWebhook(t *testing.T, w Webhook) {
	t.Helper()
	if w.ID == "" || w.AllowedTypes == nil {
		t.Errorf("webhook %+v", w)
	}
}

func checkPage(t *testing.T, p page) {
	t.Helper()
	if p.total < unknown || p.number < unknown || p.size < len(p.webhooks) || p.totalPages < unknown {
		t.Errorf("page counts %+v", p)
	}
	for _, w := range p.webhooks {
		checkWebhook(t, w)
	}
	l := newListing(p, true)
	if l.add(p); l.more {
		t.Error("the same page twice asks for a third")
	}
	for _, w := range l.webhooks {
		if w.Secret != "" {
			t.Errorf("a listed webhook has a secret: %q", w.ID)
		}
	}
	if len(l.seen) != len(l.webhooks) {
		t.Errorf("%d ids for %d webhooks", len(l.seen), len(l.webhooks))
	}
}

func encodeEvent(t *testing.T, e Event) []byte {
	t.Helper()
	fields := map[string]any{
		"id": e.ID, "type": e.Type, "apiVersion": e.APIVersion, "createdAt": e.CreatedAt.Format(time.RFC3339Nano),
		"updatedAt": e.UpdatedAt.Format(time.RFC3339Nano), "body": e.Body.Reveal(), "testMode": e.TestMode,
		"state": e.State, "url": e.URL,
	}
	if e.HasError {
		fields["error"] = e.Error
	}
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func checkEvent(t *testing.T, e Event) {
	t.Helper()
	if e.ID == "" || e.Error != "" && !e.HasError {
		t.Errorf("event %+v", e)
	}
	other := e
	other.Body += "more"
	if a, b := fmt.Sprintf("%v %+v %#v", e, e, e), fmt.Sprintf("%v %+v %#v", other, other, other); a != b {
		t.Errorf("the body shows:\n%s\n%s", a, b)
	}
	checkEnvelope(t, e)
}

func checkEvents(t *testing.T, a eventsResponse, q EventQuery) {
	t.Helper()
	if a.Events == nil || a.Page < 0 || a.Size < 1 || a.Total < unknown || a.TotalPages < unknown ||
		a.results < len(a.Events) {
		t.Errorf("page of events %+v", a)
	}
	more, sure := a.more()
	if more && a.Total != unknown && a.TotalPages != unknown && a.Page >= a.TotalPages-1 && a.Page >= a.Total {
		t.Errorf("more than there is: %+v", a)
	}
	if more && sure && a.results == 0 {
		t.Errorf("more after nothing: %+v", a)
	}
	part := a.cut(q)
	if rest := max(0, len(a.Events)-q.Page*q.Size); len(part.Events) != min(rest, q.Size) || part.More != (rest > q.Size) {
		t.Errorf("%d of %d events, more: %v", len(part.Events), len(a.Events), part.More)
	}
	for _, e := range a.Events {
		checkEvent(t, e)
	}
}

func checkEnvelope(t *testing.T, e Event) {
	t.Helper()
	n, ok := e.Envelope()
	switch data := n.Data.Reveal(); {
	case !ok && n != (Envelope{}):
		t.Errorf("no envelope, and yet %+v", n)
	case ok && !json.Valid([]byte(e.Body.Reveal())):
		t.Errorf("envelope %+v of what is not JSON", n)
	case data != "" && !json.Valid([]byte(data)), data == "null":
		t.Errorf("data %q", data)
	}
}

func checkCode(t *testing.T, code string) {
	t.Helper()
	unfit := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if len(code) > 100 || !utf8.ValidString(code) || strings.ContainsFunc(code, unfit) {
		t.Errorf("code %q of %d bytes", code, len(code))
	}
}
