package fourthwall

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecode holds every reading of an answer to what callers rely on: no panic, JSON or nothing, webhooks and shops
// that have an id, event types kept as they came, codes fit to be shown.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"results":[{"id":"a","url":"https://a.example/","allowedTypes":["NEW_1"],"apiVersion":"V1"}],"total":1}`))
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
	for _, code := range w.AllowedTypes {
		if code == "" {
			t.Errorf("webhook with an empty event type: %+v", w)
		}
	}
}

func checkPage(t *testing.T, p page) {
	t.Helper()
	if p.total < 0 || p.number < 0 || p.size < 0 || p.totalPages < 0 {
		t.Errorf("page counts %+v", p)
	}
	for _, w := range p.webhooks {
		checkWebhook(t, w)
	}
	var l listing
	l.add(p)
	if l.add(p) {
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

func checkCode(t *testing.T, code string) {
	t.Helper()
	unfit := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if len(code) > 100 || !utf8.ValidString(code) || strings.ContainsFunc(code, unfit) {
		t.Errorf("code %q of %d bytes", code, len(code))
	}
}
