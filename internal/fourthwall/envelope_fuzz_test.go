package fourthwall_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// FuzzEnvelope parses any text as an envelope, and envelopes that are made of its parts. Every field must be returned
// unchanged, whatever the others have.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"testMode":true,"id":"weve_1","webhookId":"wcon_1","shopId":"sh_1",`+
		`"type":"ORDER_PLACED","apiVersion":"V1","createdAt":"2026-03-01T10:00:00Z","data":{"id":1}}`), "weve_1", "ORDER_PLACED", int64(0), true)
	f.Add([]byte(`{"type":7,"data":null,"webhookId":[]}`), "", "", int64(-1), false)
	f.Add([]byte(`{"type":"X","type":"Y","TYPE":"Z"}`), "\xff", "\u2028<script>", int64(1<<40), true)
	f.Add([]byte("\ufeff{}"), "\x00", "a\"b", int64(253402300799), false)
	f.Add([]byte("{\"type\":\"X\",\"data\":{\"a\":\"\xf7\"}}"), "a", "b", int64(2), true)
	f.Add([]byte(`[{"type":"X"}]`), "1e9", "new.type", int64(1), false)
	f.Fuzz(func(t *testing.T, body []byte, id, kind string, at int64, test bool) {
		read, ok := fourthwall.Event{Body: fourthwall.BuyerData(body)}.Envelope()
		if ok && !json.Valid(body) || !ok && read != (fourthwall.Envelope{}) {
			t.Errorf("%q is read as %+v", body, read)
		}
		data := json.RawMessage(body)
		if !json.Valid(body) {
			data = json.RawMessage(`{}`)
		}
		checkMade(t, data, id, kind, time.Unix(int64(uint64(at)%253402300800), 0).UTC(), test)
	})
}

// checkMade encodes an envelope and parses it.
func checkMade(t *testing.T, data json.RawMessage, id, kind string, at time.Time, test bool) {
	t.Helper()
	made := map[string]any{
		"id": id, "webhookId": id + "w", "shopId": kind, "type": kind, "apiVersion": id, "createdAt": at.Format(time.RFC3339), "data": data, "testMode": test, "more": id,
	}
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	// JSON is UTF-8: invalid bytes become U+FFFD.
	var utf8 struct{ ID, Type, WebhookID string }
	var raw struct{ Data json.RawMessage }
	if json.Unmarshal(text, &utf8) != nil || json.Unmarshal(text, &raw) != nil {
		t.Fatalf("%s", text)
	}
	want := fourthwall.Envelope{
		TestMode: test, ID: utf8.ID, WebhookID: utf8.WebhookID, ShopID: utf8.Type, Type: fourthwall.EventType(utf8.Type), APIVersion: utf8.ID,
		CreatedAt: at, Data: fourthwall.BuyerData(strings.ToValidUTF8(string(raw.Data), "\ufffd")),
	}
	if string(raw.Data) == "null" {
		want.Data = ""
	}
	got, ok := fourthwall.Event{Body: fourthwall.BuyerData(text)}.Envelope()
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("%v, %s is read otherwise:\n%s", ok, text, diff)
	}
}
