package fourthwall

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzUnquote compares what is read of JSON with what encoding/json reads.
func FuzzUnquote(f *testing.F) {
	for _, data := range []string{
		`""`, `"a"`, `"\"\\\/\b\f\n\r\t"`, `"\u00e9\u20ac"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`,
		`"\ude00\ud83d"`, "\"\xff\xc3\"", "\"é\u2028\xe2\x80\"", `1`, `null`, `[]`, `{"webhookId":"a"}`, `{}`, `{ }`, ` {"a":1}`,
		`{"a":{"webhookId":"x"},"b":["webhookId"],"webhookId" : "w\u00e9" , "c":1.5e3}`, `{"WebhookID":"w"}`, `{"webhook\u0049d":"w"}`,
		`{"webhookId":"a","webhookId":"b"}`, `{"webhookId":"a","webhookId":7}`, `{"webhookId":"a","webhookId":null}`, `{"webhookId":true}`,
		`{"a":"}","webhookId":"\\"}`, `{"a":[{"b":"]"},2],"webhookId":"w"}`, `{"webhooKId":"w"}`, `{"webhookId":"a"`, `[{"webhookId":"a"}]`,
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if !json.Valid([]byte(data)) {
			if got := member(data, "webhookId"); got != "" {
				t.Errorf("%q isn't JSON, and has %q", data, got)
			}
			return
		}
		var want string
		err := json.Unmarshal([]byte(data), &want)
		got, ok := unquote([]byte(strings.TrimSpace(data)))
		if isText := err == nil && strings.Contains(data, `"`); ok != isText || got != want {
			t.Errorf("%s is %q, %v, want %q, %v", data, got, ok, want, isText)
		}
		var j struct {
			WebhookID text `json:"webhookId"`
		}
		_ = json.Unmarshal([]byte(data), &j)
		if got := member(data, "webhookId"); got != string(j.WebhookID) {
			t.Errorf("%s has %q, want %q", data, got, j.WebhookID)
		}
	})
}
