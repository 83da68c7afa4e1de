package fourthwall_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"hookwall/internal/fourthwall"
)

// odd is an API that always returns the same response, without a network.
type odd struct {
	status int
	header http.Header
	body   []byte
	cut    bool // the body ends in the middle

	requests int
}

func (o *odd) RoundTrip(r *http.Request) (*http.Response, error) {
	o.requests++
	if r.Header.Get("Authorization") != "Bearer "+canary {
		return nil, errors.New("no credential")
	}
	body := io.Reader(bytes.NewReader(o.body))
	if o.cut {
		body = io.MultiReader(body, errorReader{})
	}
	return &http.Response{StatusCode: o.status, Header: o.header, Body: io.NopCloser(body), Request: r}, nil
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// FuzzCalls returns any response to every call. The call must end in time, with few requests, and with a result or an
// *Error. Of the response the error may only have the code and the request ID, and nothing of the credential.
func FuzzCalls(f *testing.F) {
	for i, op := range operations {
		f.Add(uint8(i), 200, "X-Request-Id: r1", []byte(op.good), false)
		f.Add(uint8(i), 400, "Retry-After: 5", []byte(`{"code":"WEBHOOK_URI_IP_NOT_ALLOWED"}`), false)
	}
	f.Add(uint8(1), 200, "", []byte(`{"results":[{"id":"a"}],"total":99999,"page":0,"size":1,"totalPages":99999}`), false)
	f.Add(uint8(1), 200, "", []byte(`[{"id":"a","secret":"s"},{"id":""},null,{}]`), false)
	f.Add(uint8(6), 200, "", []byte(`{"results":[{"id":"a","body":7}],"total":9223372036854775807,"size":0,"page":-1}`),
		false)
	f.Add(uint8(3), 429, "Retry-After: 1", []byte(`{"code":"OPEN_API_TOO_MANY_REQUESTS"}`), false)
	f.Add(uint8(3), 503, "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\nCf-Ray: \x1b[31m", []byte(`<html>`), false)
	f.Add(uint8(2), 302, "Location: //evil.example", []byte(canary), false)
	f.Add(uint8(5), 204, "", []byte(" \n"), false)
	f.Add(uint8(4), 200, "Content-Encoding: gzip\nContent-Type: text/html", []byte(`{"id":"wcon_2"}`), false)
	f.Add(uint8(0), 200, "", []byte(`{"id":`), true)
	f.Add(uint8(7), 101, "Upgrade: x", []byte(""), false)
	f.Fuzz(func(t *testing.T, which uint8, status int, headers string, body []byte, cut bool) {
		op := operations[int(which)%len(operations)]
		api := &odd{status: 100 + int(uint(status)%900), header: headersOf(headers), body: body, cut: cut}
		logs := &lockedBuffer{}
		var err error
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, "http://api.example", fourthwall.Options{
				Transport: api, Logger: slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			start := time.Now()
			err = op.call(t.Context(), c)
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("%s took %v", op.name, took)
			}
		})
		if api.requests < 1 || api.requests > 100 || op.kind == "write" && api.requests > 4 {
			t.Errorf("%s made %d requests", op.name, api.requests)
		}
		if strings.Contains(logs.String(), canary) {
			t.Errorf("the log has the credential: %s", logs)
		}
		checkError(t, op, api, err)
	})
}

func headersOf(lines string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(lines, "\n") {
		if name, value, found := strings.Cut(line, ": "); found {
			h.Add(name, value)
		}
	}
	return h
}

// causes has all texts of causes after a response.
var causes = []string{
	notJSON, noID, tooLarge, "the answer has another id than was asked for",
	"connection closed before the end of the answer", "no answer in time",
}

func checkError(t *testing.T, op operation, api *odd, err error) {
	t.Helper()
	good := api.status >= 200 && api.status < 300
	if err == nil {
		if !good {
			t.Errorf("%s took %d for a success", op.name, api.status)
		}
		return
	}
	var e *fourthwall.Error
	if !errors.As(err, &e) || e.Op != op.name || e.Status != api.status || e.NotSent {
		t.Fatalf("%s: %#v", op.name, err)
	}
	if e.Uncertain() && op.kind != "write" || op.kind == "write" && good && !e.Uncertain() {
		t.Errorf("%s: uncertain %v after %d", op.name, e.Uncertain(), e.Status)
	}
	if e.Fault != "" && (e.Status < 400 || e.Code != "" && e.Fault == fourthwall.InFront || e.Rejected() || e.NotFound() ||
		e.DidNothing()) {
		t.Errorf("%s: %#v", op.name, e)
	}
	if e.RetryAfter < 0 || e.RetryAfter > 24*time.Hour {
		t.Errorf("wait %v", e.RetryAfter)
	}
	if e.Err != nil && !slices.Contains(causes, e.Err.Error()) {
		t.Errorf("cause %q", e.Err)
	}
	for _, text := range []string{e.Code, e.RequestID} {
		unfit := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
		if len(text) > 100 || strings.ContainsFunc(text, unfit) {
			t.Errorf("%q of %d bytes", text, len(text))
		}
	}
	same := fourthwall.Error{Op: e.Op, Status: e.Status, Code: e.Code, RequestID: e.RequestID, Fault: e.Fault, Err: e.Err}
	if e.Error() != same.Error() {
		t.Errorf("it says %q", e)
	}
}
