package fourthwall

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The types here are what encoding/json finds in a response. It fails only where a response is wrong.
type (
	loosePage    struct{ Results, Total, Page, Size, TotalPages json.RawMessage }
	looseWebhook struct {
		ID, URL            *string
		AllowedTypes       []*EventType
		APIVersion, Secret json.RawMessage
	}
	looseEvent struct {
		ID                                                                        *string
		Type, APIVersion, CreatedAt, UpdatedAt, Body, TestMode, State, Error, URL json.RawMessage
	}
	looseEnvelope struct {
		TestMode, ID, WebhookID, ShopID, Type, APIVersion, CreatedAt, Data json.RawMessage
	}
)

// loosely decodes an optional value.
func loosely[T any](data json.RawMessage) (value T) {
	var none T
	if json.Unmarshal(data, &value) != nil {
		return none
	}
	return value
}

func looseCount(data json.RawMessage) int {
	if n := loosely[*int](data); n != nil && *n >= 0 {
		return *n
	}
	return unknown
}

func looseTime(data json.RawMessage) time.Time {
	t := loosely[time.Time](data).UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

func looseJSON(data json.RawMessage) string {
	if string(data) == "null" {
		return ""
	}
	return string(data)
}

func looseAnything(data json.RawMessage) string {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return loosely[string](data)
	}
	return looseJSON(data)
}

func (j looseWebhook) webhook() Webhook {
	w := Webhook{AllowedTypes: []EventType{}, APIVersion: loosely[string](j.APIVersion), Secret: loosely[Secret](j.Secret)}
	if j.ID != nil {
		w.ID = *j.ID
	}
	if j.URL != nil {
		w.URL = *j.URL
	}
	for _, code := range j.AllowedTypes {
		if code != nil {
			w.AllowedTypes = append(w.AllowedTypes, *code)
		}
	}
	return w
}

func (j looseEvent) event() Event {
	e := Event{
		Type: loosely[EventType](j.Type), APIVersion: loosely[string](j.APIVersion), CreatedAt: looseTime(j.CreatedAt),
		UpdatedAt: looseTime(j.UpdatedAt), Body: BuyerData(looseAnything(j.Body)), TestMode: loosely[bool](j.TestMode),
		State: looseAnything(j.State), Error: looseAnything(j.Error), HasError: looseJSON(j.Error) != "", URL: loosely[string](j.URL),
	}
	if j.ID != nil {
		e.ID = *j.ID
	}
	e.WebhookID = loosely[string](loosely[looseEnvelope](json.RawMessage(e.Body.Reveal())).WebhookID)
	return e
}

func (j looseEnvelope) envelope() (n Envelope, ok bool) {
	n = Envelope{
		TestMode: loosely[bool](j.TestMode), ID: loosely[string](j.ID), WebhookID: loosely[string](j.WebhookID),
		ShopID: loosely[string](j.ShopID), Type: loosely[EventType](j.Type), APIVersion: loosely[string](j.APIVersion),
		CreatedAt: looseTime(j.CreatedAt), Data: BuyerData(looseJSON(j.Data)),
	}
	if n.Type == "" && n.WebhookID == "" && n.Data == "" {
		return Envelope{}, false
	}
	return n, true
}

// expectedResults decodes a response to a list call with encoding/json.
func expectedResults[J, T any](body []byte, convert func(J) T) (pageObject, []T, error) {
	j := loosePage{Results: body}
	bare := bytes.HasPrefix(bytes.TrimSpace(body), []byte("["))
	if !bare {
		j = loosely[loosePage](body)
	}
	p := pageObject{bare, looseCount(j.Total), looseCount(j.Page), looseCount(j.Size), looseCount(j.TotalPages)}
	var found []J
	if json.Unmarshal(j.Results, &found) != nil || found == nil && p.total != 0 {
		return pageObject{}, nil, errNotJSON
	}
	all := []T{}
	for _, one := range found {
		all = append(all, convert(one))
	}
	return p, all, nil
}

// TestDecoderCorners has what encoding/json reads in another way, and what is next to it. The API has no such response.
func TestDecoderCorners(t *testing.T) {
	for _, c := range []struct{ name, data, read, encodingJSON string }{
		{"a character of two escapes", `"secret":"\ud83d\ude00"`, "\U0001F600", "\U0001F600"},
		{"half of one", `"secret":"\ud83d"`, "\ufffd", "\ufffd"},
		{"half of one before a character", `"secret":"\ud83dx"`, "\ufffdx", "\ufffdx"},
		{"half of one before another escape", `"secret":"\ud83d\u0041"`, "\ufffd", "\ufffdA"},
		{"two bytes that aren't UTF-8", "\"secret\":\"\xff\xff\"", "\ufffd", "\ufffd\ufffd"},
		{"a name with a long s", "\"\u017fecret\":\"a\"", "", "a"},
		{"a name in capital letters", `"SECRET":"a"`, "a", "a"},
		{"two members of a name", `"secret":"a","secret":7`, "", ""},
	} {
		data := "{" + c.data + "}"
		w, ok := decode(data, (*decoder).webhook)
		var j looseWebhook
		if err := json.Unmarshal([]byte(data), &j); err != nil {
			t.Fatal(c.name, err)
		}
		read, other := w.Secret.Reveal(), j.webhook().Secret.Reveal()
		if !ok || read != c.read || other != c.encodingJSON {
			t.Errorf("%s: %q, %v, want %q; encoding/json %q, want %q", c.name, read, ok, c.read, other, c.encodingJSON)
		}
	}
}

// TestDecoderDepth has values in so many others that a function that calls itself would need gigabytes.
func TestDecoderDepth(t *testing.T) {
	for _, open := range []string{"[", `{"id":`, `{"results":[`} {
		data := strings.Repeat(open, 10<<20/len(open))
		if _, err := decodePage([]byte(data)); !errors.Is(err, errNotJSON) {
			t.Errorf("%s: error %v", open, err)
		}
		if _, ok := (Event{Body: BuyerData(data)}).Envelope(); ok {
			t.Errorf("%s is an envelope", open)
		}
	}
}

// corner is in texts that may be read in another way than encoding/json does.
var corner = regexp.MustCompile(`\\u(?i:d[89a-f]|005c|017f|212a)|[\x{17f}\x{212a}]`)

// FuzzDecoder compares what is read of any text with what encoding/json reads of it. Encoding/json gets valid UTF-8,
// since it replaces each byte of what isn't.
func FuzzDecoder(f *testing.F) {
	for _, data := range decoded() {
		f.Add(data)
	}
	f.Fuzz(checkDecoder)
}

func checkDecoder(t *testing.T, data string) {
	if corner.MatchString(data) {
		t.Skip("both are right, but they differ")
	}
	body, valid := []byte(data), []byte(strings.ToValidUTF8(data, "\ufffd"))
	if isJSON(data) != json.Valid(body) {
		t.Errorf("%q is JSON: %v", data, isJSON(data))
	}
	page, hooks, err := decodeResults(body, (*decoder).webhook)
	wantPage, wantHooks, wantErr := expectedResults(valid, looseWebhook.webhook)
	checkResults(t, data, page, wantPage, hooks, wantHooks, err, wantErr)
	page, events, err := decodeResults(body, (*decoder).event)
	wantPage, wantEvents, wantErr := expectedResults(valid, looseEvent.event)
	checkResults(t, data, page, wantPage, events, wantEvents, err, wantErr)
	for i, e := range events {
		if want := wantEvents[i].Body.Reveal(); e.Body.Reveal() != want {
			t.Errorf("%q: body %q, want %q", data, e.Body.Reveal(), want)
		}
	}
	envelope, ok := Event{Body: BuyerData(data)}.Envelope()
	if want, wantOK := loosely[looseEnvelope](valid).envelope(); envelope != want || ok != wantOK {
		t.Errorf("%q is the envelope %+v, %v, want %+v, %v", data, envelope, ok, want, wantOK)
	}
}

func checkResults[T any](t *testing.T, data string, page, wantPage pageObject, all, want []T, err, wantErr error) {
	t.Helper()
	if diff := cmp.Diff(want, all); diff != "" || page != wantPage || !errors.Is(err, wantErr) {
		t.Errorf("%q: %+v, error %v, want %+v, error %v\n%s", data, page, err, wantPage, wantErr, diff)
	}
}

// decoded returns texts of which each is read in another way than the others.
func decoded() []string {
	all := []string{
		"", " ", "{", "{}", " { } ", "[]", "[ ]", "[,]", "[1,]", "[1 2]", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a" 1}`, `{1:2}`,
		"null", "nul", "nulll", "true", "false", "tru", "1", "01", "-", "-0", "-01", "1.", ".5", "1.5", "1e", "1e+", "1e-5", "1E5", "+1",
		"\x00", "{}\x00", "\ufeff{}", "[[[]]]", "[[[]]", "[]]", `"\x"`, `"\u12"`, `"\u12g4"`, "\"a\nb\"", "\"\x7f\"", `"`, `"\`, `"\"`,
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
		`{"results":null}`, `{"results":null,"total":0}`, `{"results":null,"total":1}`, `{"total":0}`, `{"results":{}}`, `{"results":7}`,
		`{"results":[{"id":"a"}],"results":[{"url":"b"}]}`, `{"results":[{"id":"a"}],"results":null,"total":0}`, `{"RESULTS":[]}`,
		`{"results":null,"results":[{"id":"a"}]}`, `[{"id":"a"},null,{}]`, `[{"id":"a"},7]`, `[{"id":"a"},[]]`, `[{"id":7}]`, `[{"id":null}]`,
		`[{"url":["x"]}]`, `[{"id":"a","ID":"b"}]`, `[{"id":"a","id":null}]`, `[{"\u0069d":"a"}]`, "[{\"id\xff\":\"a\"}]",
		`[{"allowedTypes":["ORDER_PLACED","NEW_1",null,""]}]`, `[{"allowedTypes":[7]}]`, `[{"allowedTypes":{}}]`, `[{"allowedTypes":"X"}]`,
		`[{"allowedTypes":["A"],"allowedTypes":["B","C"]}]`, `[{"allowedTypes":["A"],"allowedTypes":null}]`, `[{"apiVersion":7,"secret":[]}]`,
		`[{"createdAt":"2026-03-01T10:00:00.123456+00:00","updatedAt":"2026-03-01T10:00:00+01:00"}]`, `[{"createdAt":"2026-03-01"}]`,
		`[{"createdAt":"0000-01-01T00:00:00+12:00"}]`, `[{"createdAt":"2026-03-01T10:00:00Z","createdAt":null}]`, `[{"createdAt":17}]`,
		`[{"createdAt":"2026-03-01T10:00:00\u005a"}]`, `[{"testMode":true,"testMode":0}]`, `[{"testMode":"true"}]`, `[{"state":7,"error":""}]`,
		`[{"error":null}]`, `[{"error":"x","error":null}]`, `[{"error":{"a" : [1, 2]}}]`, "[{\"error\":[\"\xff\"]}]", "[{\"state\":\"\xff\xc3\"}]",
		`{"total":7,"total":"x","page":-1,"size":1.5,"totalPages":1e3,"results":[]}`, `{"total":99999999999999999999,"results":[]}`,
		`{"total":-0,"results":[]}`, `{"total":9223372036854775807,"page":9223372036854775808,"results":[]}`, `{"total":null,"results":[]}`,
		`[{"body":{"webhookId" : "w"}}]`, `[{"body":["webhookId"]}]`, `[{"body":null}]`, `[{"body":"x","body":null}]`, `[{"body":7}]`,
	}
	for _, text := range []string{
		`"a"`, `"\"\\\/\b\f\n\r\t"`, `"\u00e9\u20ac"`, `"\uD83D\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ud83d\n"`, `"\ude00\ud83d"`,
		"\"\xff\xc3\"", "\"é\u2028\xe2\x80\"", `"0123456\"89012345\\"`, `"0123456é"`, "\"0123456\x1f\"", "\"01234567890\x01\"",
	} {
		all = append(all, text, `[{"url":`+text+`}]`, `{"type":`+text+`}`, `[{"more":`+text+`}]`)
		all = append(all, `[{"state":`+text+`,"error":`+text+`}]`)
	}
	for _, body := range []string{
		`{}`, `{"webhookId":"w"}`, ` {"a":{"webhookId":"x"},"b":["webhookId"],"webhookId" : "w\u00e9" , "c":1.5e3} `, `{"WebhookID":"w"}`,
		`{"webhook\u0049d":"w"}`, `{"webhookId":"a","webhookId":"b"}`, `{"webhookId":"a","webhookId":7}`, `{"webhookId":true}`,
		`{"a":"}","webhookId":"\\"}`, `{"webhookId":"a"`, `[{"webhookId":"a"}]`, `{"webhooKId":"w"}`, `{"type":"X","type":"Y","TYPE":"Z"}`,
		`{"testMode":true,"id":"e","shopId":"s","type":"T","apiVersion":"V1","createdAt":"2026-03-01T10:00:00Z","data":{"id": 1}}`,
		`{"data":null}`, `{"data":"x"}`, `{"data":"x","data":null}`, "{\"data\":\"\xff\"}", `null`, `7`, `"x"`, `{"type":7,"webhookId":[]}`,
	} {
		all = append(all, body, fmt.Sprintf(`{"results":[{"id":"a","body":%s},{"body":%q}],"total":2}`, body, body))
	}
	return all
}
