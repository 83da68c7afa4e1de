package fourthwall_test

import (
	stdcmp "cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// checkFailure expects an error with this text after "OP: 200: ", without the body, or no error for "".
func checkFailure(t *testing.T, op string, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("error: %v", err)
		}
		return
	}
	var e *fourthwall.Error
	if !errors.As(err, &e) {
		t.Fatalf("error: %v, want %q", err, want)
	}
	text := op + ": 200: " + want
	if e.TooLarge != (want == tooLarge) {
		t.Errorf("too large: %v", e.TooLarge)
	}
	if e.Op != op || e.Status != 200 || e.Code != "" || e.NotSent || e.Uncertain() || e.Error() != text {
		t.Errorf("got %#v, text %q, want %q", e, e, text)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary) {
		t.Error("the error tells the body")
	}
}

func TestEvent(t *testing.T) {
	created := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	full := fourthwall.Event{
		ID: "weve_1", Type: "ORDER_PLACED", APIVersion: "V1",
		CreatedAt: created, UpdatedAt: created.Add(2500 * time.Millisecond),
		Body:      `{"webhookId":"wcon_1","data":{"email":"` + canary + `"}}`,
		WebhookID: "wcon_1", TestMode: true, State: "DELIVERED", URL: "https://a.example/h",
	}
	only := fourthwall.Event{ID: "e"}
	with := func(change func(*fourthwall.Event)) fourthwall.Event {
		e := only
		change(&e)
		return e
	}
	body := func(text fourthwall.BuyerData) fourthwall.Event {
		return with(func(e *fourthwall.Event) { e.Body = text })
	}
	state := func(text string) fourthwall.Event {
		return with(func(e *fourthwall.Event) { e.State = text })
	}
	failed := func(text string) fourthwall.Event {
		return with(func(e *fourthwall.Event) { e.Error, e.HasError = text, true })
	}
	at := func(moment time.Time) fourthwall.Event {
		return with(func(e *fourthwall.Event) { e.CreatedAt = moment })
	}
	rows := []struct {
		name   string
		answer string
		want   fourthwall.Event
		err    string
	}{
		{"as described", eventBody, full, ""},
		{"line break at the end", eventBody + "\r\n", full, ""},
		{"only an id", `{"id":"e"}`, only, ""},
		{"unknown fields", `{"id":"e","attempts":[1],"webhookId":"w"}`, only, ""},
		{
			"nulls",
			`{"id":"e","type":null,"apiVersion":null,"createdAt":null,"updatedAt":null,"body":null,"testMode":null,` +
				`"state":null,"error":null,"url":null}`,
			only,
			"",
		},
		{
			"other kinds",
			`{"id":"e","type":1,"apiVersion":2,"createdAt":1767225600,"updatedAt":{},"testMode":"true","url":[]}`,
			only,
			"",
		},
		{"type of the future", `{"id":"e","type":"new.1 "}`, with(func(e *fourthwall.Event) { e.Type = "new.1 " }), ""},
		{"state of the future", `{"id":"e","state":"Waiting_for retry"}`, state("Waiting_for retry"), ""},
		{"state of another kind", `{"id":"e","state":{"a": 1}}`, state(`{"a": 1}`), ""},
		{"not a test", `{"id":"e","testMode":false}`, only, ""},
		{"a test", `{"id":"e","testMode":true}`, with(func(e *fourthwall.Event) { e.TestMode = true }), ""},
		{"error", `{"id":"e","error":"500 \u00e9"}`, failed("500 é"), ""},
		{"empty error", `{"id":"e","error":""}`, failed(""), ""},
		{"error of another kind", `{"id":"e","error":{"code": "TIMEOUT"}}`, failed(`{"code": "TIMEOUT"}`), ""},
		{"false error", `{"id":"e","error":false}`, failed("false"), ""},
		{"body with spaces", `{"id":"e","body":" {\"a\": 1}\n"}`, body(" {\"a\": 1}\n"), ""},
		{"body that is not JSON", `{"id":"e","body":"a=1&b=2"}`, body("a=1&b=2"), ""},
		{"body that is no text", `{"id":"e","body":{"a": [1]}}`, body(`{"a": [1]}`), ""},
		{"empty body", `{"id":"e","body":""}`, only, ""},
		{"time in a zone", `{"id":"e","createdAt":"2026-03-01T12:00:00+02:00"}`, at(created), ""},
		{"time with a fraction", `{"id":"e","createdAt":"2026-03-01T10:00:00.123456789Z"}`, at(created.Add(123456789)), ""},
		{"time without a zone", `{"id":"e","createdAt":"2026-03-01T10:00:00"}`, only, ""},
		{"date", `{"id":"e","createdAt":"2026-03-01"}`, only, ""},
		{"no date", `{"id":"e","createdAt":"2026-02-30T10:00:00Z"}`, only, ""},
		{"year before the first", `{"id":"e","createdAt":"0000-01-01T00:00:00+01:00"}`, only, ""},
		{"year after the last", `{"id":"e","updatedAt":"9999-12-31T23:59:59-01:00"}`, only, ""},
		{"no id", `{"type":"DONATION","body":"` + canary + `"}`, fourthwall.Event{}, noID},
		{"empty id", `{"id":""}`, fourthwall.Event{}, noID},
		{"null", `null`, fourthwall.Event{}, noID},
		{"id of another kind", `{"id":7}`, fourthwall.Event{}, notJSON},
		{"array", `[` + eventBody + `]`, fourthwall.Event{}, notJSON},
		{"empty", ``, fourthwall.Event{}, notJSON},
		{"HTML", `<html>` + canary, fourthwall.Event{}, notJSON},
		{"cut short", eventBody[:len(eventBody)-1], fourthwall.Event{}, notJSON},
		{"followed by garbage", eventBody + canary, fourthwall.Event{}, notJSON},
		{"15 MB", `{"id":"e","body":"` + strings.Repeat("z", 15<<20) + `"}`, body(fourthwall.BuyerData(strings.Repeat("z", 15<<20))), ""},
		{"17 MB", `{"id":"e","body":"` + strings.Repeat("z", 17<<20) + `"}`, fourthwall.Event{}, tooLarge},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := answering(t, 200, row.answer).Event(t.Context(), token, stdcmp.Or(row.want.ID, "weve_1"))
			if diff := cmp.Diff(plain(row.want), plain(got)); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			checkFailure(t, "read event", err, row.err)
		})
	}
}

// plainEvent is an event whose body go-cmp doesn't redact, and whose times are text in UTC.
type plainEvent struct {
	fourthwall.Event
	Body, Created, Updated string
}

func plain(e fourthwall.Event) plainEvent {
	return plainEvent{Event: e, Body: e.Body.Reveal(), Created: e.CreatedAt.String(), Updated: e.UpdatedAt.String()}
}

// TestEventPage calls an API that returns the same response for every page.
func TestEventPage(t *testing.T) {
	const a, b = `{"id":"a"}`, `{"id":"b"}`
	two := `"results":[` + a + `,` + b + `]`
	rows := []struct {
		name       string
		page, size int // asked for
		answer     string
		ids        string
		want       fourthwall.EventPage // without its events
		err        string
	}{
		{"the only page", 0, 2, `{` + two + `,"total":2,"page":0,"size":2,"totalPages":1}`, "ab", fourthwall.EventPage{Size: 2, Total: 2, TotalPages: 1}, ""},
		{"the first page", 0, 2, `{` + two + `,"total":3,"page":0,"size":2,"totalPages":2}`, "ab", fourthwall.EventPage{Size: 2, Total: 3, TotalPages: 2, More: true}, ""},
		{"the last page", 1, 2, `{"results":[` + a + `],"total":3,"page":1,"size":2,"totalPages":2}`, "a", fourthwall.EventPage{Page: 1, Size: 2, Total: 3, TotalPages: 2}, ""},
		{"a page after the last", 9, 2, `{"results":[],"total":3,"page":9,"size":2,"totalPages":2}`, "", fourthwall.EventPage{Page: 9, Size: 2, Total: 3, TotalPages: 2}, ""},
		{"no events", 0, 2, `{"results":[],"total":0,"page":0,"size":2,"totalPages":0}`, "", fourthwall.EventPage{Size: 2}, ""},
		{"nothing, though more is promised", 0, 2, `{"results":[],"total":9,"totalPages":5}`, "", fourthwall.EventPage{Size: 2, Total: 9, TotalPages: 5}, ""},
		{"more by the total alone", 1, 2, `{` + two + `,"total":5}`, "ab", fourthwall.EventPage{Page: 1, Size: 2, Total: 5, TotalPages: -1, More: true}, ""},
		{"no more by the total alone", 1, 2, `{` + two + `,"total":4}`, "ab", fourthwall.EventPage{Page: 1, Size: 2, Total: 4, TotalPages: -1}, ""},
		{"a total of nothing beside events", 0, 1, `{` + two + `,"total":0}`, "ab", fourthwall.EventPage{Size: 2, TotalPages: -1}, ""},
		{"more by the number of pages alone", 1, 2, `{` + two + `,"totalPages":3}`, "ab", fourthwall.EventPage{Page: 1, Size: 2, Total: -1, TotalPages: 3, More: true}, ""},
		{"no more by the number of pages alone", 1, 2, `{` + two + `,"totalPages":2}`, "ab", fourthwall.EventPage{Page: 1, Size: 2, Total: -1, TotalPages: 2}, ""},
		{"smaller pages than asked for", 0, 100, `{` + two + `,"total":4,"size":2}`, "ab", fourthwall.EventPage{Size: 2, Total: 4, TotalPages: -1, More: true}, ""},
		{"another page than asked for", 7, 2, `{` + two + `,"total":4,"page":1}`, "ab", fourthwall.EventPage{Page: 1, Size: 2, Total: 4, TotalPages: -1}, ""},
		{"the first page, whichever was asked for", 7, 2, `{` + two + `,"total":4,"page":0}`, "ab", fourthwall.EventPage{Size: 2, Total: 4, TotalPages: -1, More: true}, ""},
		{"nothing said, full page", 3, 2, `{` + two + `}`, "ab", fourthwall.EventPage{Page: 3, Size: 2, Total: -1, TotalPages: -1}, ""},
		{"nothing said, page not full", 3, 0, `{` + two + `}`, "ab", fourthwall.EventPage{Page: 3, Size: 50, Total: -1, TotalPages: -1}, ""},
		{"nothing said, nothing there", 3, 2, `{"results":[]}`, "", fourthwall.EventPage{Page: 3, Size: 2, Total: -1, TotalPages: -1}, ""},
		{"null", 3, 2, `{"results":null}`, "", fourthwall.EventPage{}, notJSON},
		{"bare array, full page", 0, 2, `[` + a + `,` + b + `]`, "ab", fourthwall.EventPage{Size: 2, Total: -1, TotalPages: -1}, ""},
		{"bare array, page not full", 0, 500, "\r\n [" + a + `,` + b + `]`, "ab", fourthwall.EventPage{Size: 100, Total: -1, TotalPages: -1}, ""},
		{"empty array", 0, 2, `[]`, "", fourthwall.EventPage{Size: 2, Total: -1, TotalPages: -1}, ""},
		{"null and nameless among the results", 0, 4, `[null,` + a + `,{},{"id":null}]`, "a", fourthwall.EventPage{Size: 4, Total: -1, TotalPages: -1}, ""},
		{"counts of other kinds", 1, 3, `{` + two + `,"total":"9","page":null,"size":1.5,"totalPages":{}}`, "ab", fourthwall.EventPage{Page: 1, Size: 3, Total: -1, TotalPages: -1}, ""},
		{"negative counts", -5, -5, `{` + two + `,"total":-9,"page":-1,"size":-1,"totalPages":-2}`, "ab", fourthwall.EventPage{Size: 50, Total: -1, TotalPages: -1}, ""},
		{"pages without a size", 0, 2, `{` + two + `,"total":3,"size":0}`, "ab", fourthwall.EventPage{Size: 2, Total: 3, TotalPages: -1, More: true}, ""},
		{
			"counts as large as can be", 0, 2,
			`{` + two + `,"total":9223372036854775807,"page":9223372036854775807,"size":9223372036854775807,"totalPages":9223372036854775807}`,
			"ab",
			fourthwall.EventPage{Page: 1<<63 - 1, Size: 1<<63 - 1, Total: 1<<63 - 1, TotalPages: 1<<63 - 1},
			"",
		},
		{"no results", 0, 2, `{"total":1}`, "", fourthwall.EventPage{}, notJSON},
		{"null", 0, 2, `null`, "", fourthwall.EventPage{}, notJSON},
		{"HTML", 0, 2, `<html>` + canary, "", fourthwall.EventPage{}, notJSON},
		{"empty body", 0, 2, ``, "", fourthwall.EventPage{}, notJSON},
		{"cut short", 0, 2, eventsBody[:len(eventsBody)-1], "", fourthwall.EventPage{}, notJSON},
		{"followed by garbage", 0, 2, eventsBody + canary, "", fourthwall.EventPage{}, notJSON},
		{"results of another kind", 0, 2, `{"results":{"a":"` + canary + `"}}`, "", fourthwall.EventPage{}, notJSON},
		{"events of another kind", 0, 2, `["` + canary + `"]`, "", fourthwall.EventPage{}, notJSON},
		{"33 MB", 0, 2, `[` + strings.Repeat(" ", 33<<20) + `]`, "", fourthwall.EventPage{}, tooLarge},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			query := fourthwall.EventQuery{Page: row.page, Size: row.size}
			got, err := answering(t, 200, row.answer).Events(t.Context(), token, query)
			checkFailure(t, "list events", err, row.err)
			ids := ""
			for _, e := range got.Events {
				ids += e.ID
			}
			if ids != row.ids || (got.Events == nil) != (err != nil) {
				t.Errorf("events %q (none at all: %v), want %q", ids, got.Events == nil, row.ids)
			}
			got.Events = nil
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
		})
	}
}

// A listed event has all fields of a single one. A page may be larger than a single event.
func TestListedEvents(t *testing.T) {
	want, err := answering(t, 200, eventBody).Event(t.Context(), token, "weve_1")
	if err != nil {
		t.Fatal(err)
	}
	many := strings.Repeat(","+eventBody, 80_000) // some 22 MB
	page, err := answering(t, 200, `{"results":[`+many[1:]+`],"total":80000}`).Events(t.Context(), token,
		fourthwall.EventQuery{})
	if err != nil || len(page.Events)+page.LeftOut != 80_000 {
		t.Fatalf("%d events and %d, error %v", len(page.Events), page.LeftOut, err)
	}
	if diff := cmp.Diff(plain(want), plain(page.Events[499])); diff != "" {
		t.Errorf("event (read alone, -; listed, +):\n%s", diff)
	}
}

func TestEnvelope(t *testing.T) {
	created := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	full := fourthwall.Envelope{
		TestMode: true, ID: "weve_1", WebhookID: "wcon_1", ShopID: "sh_1", Type: "ORDER_PLACED", APIVersion: "V1",
		CreatedAt: created, Data: `{"email": "` + canary + `"}`,
	}
	const fullBody = `{"testMode":true,"id":"weve_1","webhookId":"wcon_1","shopId":"sh_1","type":"ORDER_PLACED",` +
		`"apiVersion":"V1","createdAt":"2026-03-01T11:00:00+01:00","data":{"email": "` + canary + `"}}`
	none := fourthwall.Envelope{}
	rows := []struct {
		name string
		body fourthwall.BuyerData
		want fourthwall.Envelope
		ok   bool
	}{
		{"as described", fullBody, full, true},
		{"between spaces", "\r\n " + fullBody + "\n", full, true},
		{"unknown fields", `{"webhookId":"w","attempt":{"a":[1]}}`, fourthwall.Envelope{WebhookID: "w"}, true},
		{"type of the future", `{"type":"new.1"}`, fourthwall.Envelope{Type: "new.1"}, true},
		{"only data", `{"data":[1, 2]}`, fourthwall.Envelope{Data: "[1, 2]"}, true},
		{"data that is text", `{"data":"a"}`, fourthwall.Envelope{Data: `"a"`}, true},
		{"data that is empty text", `{"data":""}`, fourthwall.Envelope{Data: `""`}, true},
		{"data that are nothing", `{"data":{}}`, fourthwall.Envelope{Data: `{}`}, true},
		{"null data", `{"webhookId":"w","data":null}`, fourthwall.Envelope{WebhookID: "w"}, true},
		{
			"nulls", `{"testMode":null,"id":null,"webhookId":"w","shopId":null,"type":null,"apiVersion":null,"createdAt":null}`,
			fourthwall.Envelope{WebhookID: "w"},
			true,
		},
		{
			"other kinds", `{"testMode":1,"id":2,"webhookId":{},"shopId":[],"type":"T","apiVersion":3,"createdAt":4,"data":5}`,
			fourthwall.Envelope{Type: "T", Data: "5"},
			true,
		},
		{"what is delivered, without its envelope", `{"id":"ord_1","shopId":"sh_1","createdAt":"2026-03-01T10:00:00Z"}`, none, false},
		{"empty object", `{}`, none, false},
		{"only nulls", `{"webhookId":null,"type":null,"data":null}`, none, false},
		{"array", `[` + fullBody + `]`, none, false},
		{"text", `"` + canary + `"`, none, false},
		{"number", `7`, none, false},
		{"null", `null`, none, false},
		{"empty", ``, none, false},
		{"form", `a=1&b=2`, none, false},
		{"cut short", fourthwall.BuyerData(fullBody[:len(fullBody)-1]), none, false},
		{"followed by garbage", fullBody + "}", none, false},
		{"too deep", fourthwall.BuyerData(`{"webhookId":"w","data":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`), none, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, ok := fourthwall.Event{ID: "weve_1", Body: row.body}.Envelope()
			if ok != row.ok {
				t.Errorf("an envelope: %v, want %v", ok, row.ok)
			}
			// The report of go-cmp redacts the data, so they are compared as text too.
			if data, want := got.Data.Reveal(), row.want.Data.Reveal(); data != want {
				t.Errorf("data %q, want %q", data, want)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("envelope (-want +got):\n%s", diff)
			}
		})
	}
}

// The API's response for an unknown event is an *Error like any other.
func TestEventNotFound(t *testing.T) {
	c := answering(t, 404, `{"code":"WEBHOOK_EVENT_NOT_FOUND","webhookEventId":"weve_1","shopId":"sh_1"}`)
	_, err := c.Event(t.Context(), token, "weve_1")
	if e := asError(t, err); e.Status != 404 || e.Code != "WEBHOOK_EVENT_NOT_FOUND" || e.NotSent {
		t.Errorf("got %#v", e)
	}
}

// The log never has the query or what was delivered, whatever the result of a call.
func TestLogOfEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines lockedBuffer
		logger := slog.New(slog.NewJSONHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s := &stage{script: []step{
			{status: 503, body: canary},
			{status: 200, body: eventsBody},
			{status: 200, body: eventBody + canary},
			{status: 403, body: `{"code":"OPEN_API_X","body":` + eventBody + `}`},
		}}
		c := s.client(t, fourthwall.Options{Logger: logger})
		query := fourthwall.EventQuery{Type: canary}
		page, err := c.Events(t.Context(), token, query)
		if err != nil || len(page.Events) != 1 {
			t.Fatalf("page %v, error %v", page, err)
		}
		_, err = c.Event(t.Context(), token, "weve_1")
		checkFailure(t, "read event", err, notJSON)
		_, err = c.Events(t.Context(), token, query)
		checkRedacted(t, "error", fmt.Sprintf("%v %+v %#v", err, err, err))
		logger.Warn("events", "page", page, "event", &page.Events[0], "error", err)
		for _, never := range []string{canary, "Bearer", "page=", "size=", "type="} {
			if strings.Contains(lines.String(), never) {
				t.Errorf("%q in the log:\n%s", never, lines.String())
			}
		}
		if n := strings.Count(lines.String(), "\n"); n != 5 {
			t.Errorf("%d lines, want one for each of 4 tries and one of our own:\n%s", n, lines.String())
		}
	})
}
