package doctor

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"
)

// FuzzExamine examines an endpoint that sends any response. The examination must end with a result for every step, pass
// only a status of 200, and never show the signing secret, even if the endpoint sends it.
func FuzzExamine(f *testing.F) {
	for _, text := range []string{
		ok, refused, broken, "", "HTTP/1.1 200 OK\r\n\r\n{secret}",
		"HTTP/1.1 201 Created\r\nX-Secret: {secret}\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/?{secret}\r\n\r\n",
		"HTTP/1.1 200 \x1b[31m{secret}\r\n\r\n\xff\x00\u202e", "HTTP/1.0 200\r\nTransfer-Encoding: chunked\r\n\r\nzz", "\x15\x03\x01\x00\x02\x02\x46", "HTTP/1.1 100 Continue\r\n\r\n" + ok, "HTTP/1.1 999 \r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", "HTTP/1.1 401 No\r\nWWW-Authenticate: <script>\r\n\r\n", "HTTP/1.1 429 No\r\nRetry-After: \u2066\r\n\r\n",
	} {
		f.Add(text, ok, true)
		f.Add(ok, text, false)
	}
	var first, again, known atomic.Value
	e := listen(f, func(e *endpoint, conn net.Conn) {
		_, n := e.receive(conn)
		text := again.Load()
		if n%3 == 1 {
			text = first.Load()
		}
		if n > 0 {
			_, _ = io.WriteString(conn, strings.ReplaceAll(text.(string), "{secret}", known.Load().(string)))
		}
	})
	d := newDoctor(f, e.options())
	f.Fuzz(func(t *testing.T, one, other string, withSecret bool) {
		first.Store(one)
		again.Store(other)
		e.mu.Lock()
		e.posts = nil
		e.mu.Unlock()
		r := Request{URL: plain, Body: []byte(envelope)}
		known.Store("no secret")
		if withSecret {
			r.Secret = secret
			known.Store(string(secret))
		}
		checkReport(t, d.Examine(t.Context(), r, func(r Report) { checkTexts(t, r) }), one)
	})
}

func checkReport(t *testing.T, r Report, first string) {
	t.Helper()
	if !r.Done || r.Summary == "" || r.Result == Running || r.Result == Waiting {
		t.Errorf("it didn't end: %+v", r)
	}
	for _, s := range r.Steps {
		if !slices.Contains([]Result{Passed, Warned, Failed, Skipped}, s.Result) {
			t.Errorf("step %s is %s", s.ID, s.Result)
		}
		if s.ID == StepResponse && s.Result == Passed && !strings.Contains(first, " 200") {
			t.Errorf("%q passes", first)
		}
	}
	checkTexts(t, r)
}

func checkTexts(t *testing.T, r Report) {
	t.Helper()
	texts := []string{r.Summary}
	for _, s := range r.Steps {
		texts = append(append(texts, s.Do), s.Seen...)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.Contains(text, string(secret)) || len(text) > 4000 {
			t.Errorf("text %q", text)
		}
	}
}
