package fourthwall_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// outcome is what the caller and the API see of a call.
type outcome struct {
	Dials, Requests int
	Done            bool
	Status          int
	Code            string
	RequestID       string
	RetryAfter      time.Duration
	NotSent         bool
	Uncertain       bool
	Text            string // OP stands for the operation's name
}

func (s *stage) outcome(t *testing.T, op operation, err error) outcome {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	got := outcome{Dials: s.dials, Requests: s.requests, Done: err == nil}
	if err == nil {
		return got
	}
	e := asError(t, err)
	if e.Op != op.name {
		t.Errorf("Op = %q, want %q", e.Op, op.name)
	}
	got.Status, got.Code, got.RequestID, got.RetryAfter = e.Status, e.Code, e.RequestID, e.RetryAfter
	got.NotSent, got.Uncertain = e.NotSent, e.Uncertain()
	got.Text = strings.Replace(e.Error(), op.name+":", "OP:", 1)
	return got
}

// Waits between tries: 200, 400 and 800 ms, each up to 100 ms more or less.
const (
	shortestOne, longestOne     = 100 * time.Millisecond, 300 * time.Millisecond
	shortestThree, longestThree = 1100 * time.Millisecond, 1700 * time.Millisecond
)

type retryRow struct {
	name     string
	script   []step
	read     outcome
	write    outcome
	min, max time.Duration // of a call that is tried again; one that is not takes no time
}

func status(code int) step { return step{status: code, body: `{"code":"OPEN_API_CODE"}`} }

// sum returns an outcome with these fields.
func sum(tries, requests, status int, uncertain, notSent bool, text string) outcome {
	o := outcome{Dials: tries, Requests: requests, Status: status, Uncertain: uncertain, NotSent: notSent, Text: text}
	if strings.Contains(text, "OPEN_API_CODE") {
		o.Code = "OPEN_API_CODE"
	}
	if strings.Contains(text, "req-cut") {
		o.RequestID = "req-cut"
	}
	return o
}

func ok(tries, requests int) outcome { return outcome{Dials: tries, Requests: requests, Done: true} }

// once returns a row of a single try. open reports whether the outcome of a write is uncertain.
func once(name string, s step, status int, text string, open bool) retryRow {
	row := retryRow{name: name, script: []step{s}}
	row.read = sum(1, 1, status, false, false, text)
	row.write = sum(1, 1, status, open, false, text)
	return row
}

// inFront returns a row of a 4xx that isn't the API's. A read is tried twice.
func inFront(name string, s step, status int, text string) retryRow {
	row := once(name, s, status, text, false)
	row.read.Dials, row.read.Requests = 2, 2
	row.min, row.max = shortestOne, longestOne
	return row
}

const (
	broken  = "connection broken, or an answer that is not HTTP"
	closed  = "connection closed before the end of the answer"
	refused = "dial tcp: connection refused"
)

var retryRows = []retryRow{
	{name: "200", script: []step{{status: 200, body: "good"}}, read: ok(1, 1), write: ok(1, 1)},
	{name: "201", script: []step{{status: 201, body: "good"}}, read: ok(1, 1), write: ok(1, 1)},
	once("400", status(400), 400, "OP: 400 OPEN_API_CODE", false),
	once("401", status(401), 401, "OP: 401 OPEN_API_CODE", false),
	once("403", status(403), 403, "OP: 403 OPEN_API_CODE", false),
	once("404", status(404), 404, "OP: 404 OPEN_API_CODE", false),
	once("409", status(409), 409, "OP: 409 OPEN_API_CODE", false),
	once("422", status(422), 422, "OP: 422 OPEN_API_CODE", false),
	once("500", status(500), 500, "OP: 500 OPEN_API_CODE", true),
	once("501", status(501), 501, "OP: 501 OPEN_API_CODE", true),
	once("520", status(520), 520, "OP: 520 OPEN_API_CODE", true),
	once("101, and the connection is no longer HTTP", step{
		raw: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n", open: true,
	}, 101, "OP: 101", true),
	once("301 with a place to go", step{status: 301, header: map[string]string{"Location": "http://elsewhere.example/"}},
		301, "OP: 301", true),
	once("302 to nonsense", step{status: 302, header: map[string]string{"Location": "http://%zz"}}, 302, "OP: 302", true),
	once("307 with a place to go", step{status: 307, header: map[string]string{"Location": "/other"}}, 307, "OP: 307",
		true),
	inFront("400 with a body cut off", step{status: 400, cut: "body"}, 400, "OP: 400 not from the API (request req-cut)"),
	inFront("403 with a page", step{status: 403, body: "<html>" + canary}, 403, "OP: 403 not from the API"),
	inFront("401 with nothing", step{status: 401}, 401, "OP: 401 not from the API"),
	{
		name: "403 with a page once", script: []step{{status: 403, body: "<html>"}, {status: 200, body: "good"}},
		min: shortestOne, max: longestOne,
		read: ok(2, 2), write: sum(1, 1, 403, false, false, "OP: 403 not from the API"),
	},
	{
		name: "429 all the time", script: []step{status(429)}, min: shortestThree, max: longestThree,
		read:  sum(4, 4, 429, false, false, "OP: 429 OPEN_API_CODE"),
		write: sum(4, 4, 429, false, false, "OP: 429 OPEN_API_CODE"),
	},
	{
		name: "429 once", script: []step{status(429), {status: 200, body: "good"}}, min: shortestOne, max: longestOne,
		read: ok(2, 2), write: ok(2, 2),
	},
	{
		name: "502 all the time", script: []step{status(502)}, min: shortestThree, max: longestThree,
		read:  sum(4, 4, 502, false, false, "OP: 502 OPEN_API_CODE"),
		write: sum(1, 1, 502, true, false, "OP: 502 OPEN_API_CODE"),
	},
	{
		name: "503 all the time", script: []step{status(503)}, min: shortestThree, max: longestThree,
		read:  sum(4, 4, 503, false, false, "OP: 503 OPEN_API_CODE"),
		write: sum(1, 1, 503, false, false, "OP: 503 OPEN_API_CODE"),
	},
	{
		name: "504 all the time", script: []step{status(504)}, min: shortestThree, max: longestThree,
		read:  sum(4, 4, 504, false, false, "OP: 504 OPEN_API_CODE"),
		write: sum(1, 1, 504, true, false, "OP: 504 OPEN_API_CODE"),
	},
	{
		name: "503 once", script: []step{status(503), {status: 200, body: "good"}}, min: shortestOne, max: longestOne,
		read: ok(2, 2), write: sum(1, 1, 503, false, false, "OP: 503 OPEN_API_CODE"),
	},
	{
		name: "connection refused all the time", script: []step{{refuse: true}}, min: shortestThree, max: longestThree,
		read:  sum(4, 0, 0, false, true, "OP: "+refused),
		write: sum(4, 0, 0, false, true, "OP: "+refused),
	},
	{
		name: "connection refused once", script: []step{{refuse: true}, {status: 200, body: "good"}}, min: shortestOne, max: longestOne,
		read: ok(2, 1), write: ok(2, 1),
	},
	{
		name: "cut before an answer", script: []step{{cut: "before"}}, min: shortestThree, max: longestThree,
		read:  sum(4, 4, 0, false, false, "OP: "+closed),
		write: sum(1, 1, 0, true, false, "OP: "+closed),
	},
	{
		name: "cut in the header", script: []step{{cut: "header"}}, min: shortestThree, max: longestThree,
		read:  sum(4, 4, 0, false, false, "OP: "+closed),
		write: sum(1, 1, 0, true, false, "OP: "+closed),
	},
	{
		name: "not HTTP", script: []step{{raw: "SSH-2.0 " + canary + "\r\n"}}, min: shortestThree, max: longestThree,
		read:  sum(4, 4, 0, false, false, "OP: "+broken),
		write: sum(1, 1, 0, true, false, "OP: "+broken),
	},
	{
		name: "cut once", script: []step{{cut: "before"}, {status: 200, body: "good"}}, min: shortestOne, max: longestOne,
		read: ok(2, 2), write: sum(1, 1, 0, true, false, "OP: "+closed),
	},
	{
		name:   "cut, then refused",
		script: []step{{cut: "before"}, {refuse: true}}, min: shortestThree, max: longestThree,
		read:  sum(4, 1, 0, false, true, "OP: "+refused),
		write: sum(1, 1, 0, true, false, "OP: "+closed),
	},
	{
		name:   "cut, then busy",
		script: []step{{cut: "before"}, status(503)}, min: shortestThree, max: longestThree,
		read:  sum(4, 4, 503, false, false, "OP: 503 OPEN_API_CODE"),
		write: sum(1, 1, 0, true, false, "OP: "+closed),
	},
	{
		name:   "bad gateway, then signed out",
		script: []step{status(502), status(401)}, min: shortestOne, max: longestOne,
		read:  sum(2, 2, 401, false, false, "OP: 401 OPEN_API_CODE"),
		write: sum(1, 1, 502, true, false, "OP: 502 OPEN_API_CODE"),
	},
	{
		name:   "busy, then refused: nothing can have counted",
		script: []step{status(429), {refuse: true}}, min: shortestThree, max: longestThree,
		read:  sum(4, 1, 0, false, true, "OP: "+refused),
		write: sum(4, 1, 0, false, true, "OP: "+refused),
	},
	{
		name:   "busy, then cut",
		script: []step{status(429), {cut: "before"}, status(400)}, min: shortestOne, max: longestOne + 500*time.Millisecond,
		read:  sum(3, 3, 400, false, false, "OP: 400 OPEN_API_CODE"),
		write: sum(2, 2, 0, true, false, "OP: "+closed),
	},
	{
		name: "no answer within the budget", script: []step{{hang: true}}, min: 8 * time.Second, max: 8 * time.Second,
		read:  sum(1, 1, 0, false, false, "OP: no answer in time"),
		write: sum(1, 1, 0, true, false, "OP: no answer in time"),
	},
	{
		name:   "busy, then no answer within the budget",
		script: []step{status(429), {hang: true}}, min: 8 * time.Second, max: 8 * time.Second,
		read:  sum(2, 2, 0, false, false, "OP: no answer in time"),
		write: sum(2, 2, 0, true, false, "OP: no answer in time"),
	},
	{
		name:   "so slow that the budget leaves no room for another try",
		script: []step{{status: 429, delay: 7900 * time.Millisecond}}, min: 7900 * time.Millisecond, max: 7900 * time.Millisecond,
		read:  sum(1, 1, 429, false, false, "OP: 429"),
		write: sum(1, 1, 429, false, false, "OP: 429"),
	},
}

func (r retryRow) want(op operation) outcome {
	if op.kind != "read" {
		return r.write
	}
	want := r.read
	if op.name == "list webhooks" && (want.Status == 400 || want.Status == 422) {
		again := 1 // without a size, which may be what was rejected
		if strings.Contains(want.Text, "not from the API") {
			again = 2
		}
		want.Dials += again
		want.Requests += again
	}
	return want
}

func TestTries(t *testing.T) {
	for _, row := range retryRows {
		for _, op := range operations {
			t.Run(row.name+"/"+op.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &stage{script: row.script, good: op.good}
					c := s.client(t, fourthwall.Options{})
					start := time.Now()
					err := op.call(t.Context(), c)
					took := time.Since(start)
					want := row.want(op)
					if diff := cmp.Diff(want, s.outcome(t, op, err)); diff != "" {
						t.Errorf("outcome (-want +got):\n%s", diff)
					}
					checkTook(t, row, want, took)
				})
			})
		}
	}
}

// checkTook expects the row's duration for a call that was tried again or hung, and 0 for any other.
func checkTook(t *testing.T, row retryRow, want outcome, took time.Duration) {
	t.Helper()
	lo, hi := row.min, row.max
	if first := row.script[0]; (want.Dials == 1 || row.read.Dials == 1) && !first.hang && first.delay == 0 {
		lo, hi = 0, 0
	}
	if want.Dials > row.read.Dials { // a list without a size
		hi *= 2
	}
	if took < lo || took > hi {
		t.Errorf("took %v, want %v to %v", took, lo, hi)
	}
}

// A body that was cut off is an error, for a delete too: it may not be the API's.
func TestCutInBody(t *testing.T) {
	text := "OP: 200: " + closed + " (request req-cut)"
	row := retryRow{
		script: []step{{status: 200, cut: "body"}},
		read:   sum(4, 4, 200, false, false, text),
		write:  sum(1, 1, 200, true, false, text),
	}
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &stage{script: row.script}
				err := op.call(t.Context(), s.client(t, fourthwall.Options{}))
				if diff := cmp.Diff(row.want(op), s.outcome(t, op, err)); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when a bubble's clock begins
	rows := []struct {
		name     string
		value    string
		want     time.Duration
		requests int
		min, max time.Duration
	}{
		{"none", "", 0, 2, shortestOne, longestOne},
		{"seconds", "3", 3 * time.Second, 2, 3 * time.Second, 3200 * time.Millisecond},
		{"seconds with spaces", " 3 ", 3 * time.Second, 2, 3 * time.Second, 3200 * time.Millisecond},
		{"date", start.Add(3 * time.Second).Format(http.TimeFormat), 3 * time.Second, 2, 3 * time.Second, 3200 * time.Millisecond},
		{"date of the older kind", start.Add(3 * time.Second).Format(time.RFC850), 3 * time.Second, 2, 3 * time.Second, 3200 * time.Millisecond},
		{"date in the past", start.Add(-time.Hour).Format(http.TimeFormat), 0, 2, shortestOne, longestOne},
		{"zero", "0", 0, 2, shortestOne, longestOne},
		{"negative", "-5", 0, 2, shortestOne, longestOne},
		{"fraction", "1.5", 0, 2, shortestOne, longestOne},
		{"garbage", "soon", 0, 2, shortestOne, longestOne},
		{"just within the budget", "7", 7 * time.Second, 2, 7 * time.Second, 7200 * time.Millisecond},
		{"the whole budget", "8", 8 * time.Second, 1, 0, 0},
		{"beyond the budget", "60", time.Minute, 1, 0, 0},
		{"date beyond the budget", start.Add(time.Minute).Format(http.TimeFormat), time.Minute, 1, 0, 0},
		{"huge", "99999999", 24 * time.Hour, 1, 0, 0},
		{"more than a number holds", "99999999999999999999999", 24 * time.Hour, 1, 0, 0},
		{"date in another age", "Fri, 31 Dec 9999 23:59:59 GMT", 24 * time.Hour, 1, 0, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				op := operationNamed(t, "create webhook")
				busy := step{status: 429, header: map[string]string{"Retry-After": row.value}}
				s := &stage{script: []step{busy, status(400)}}
				began := time.Now()
				err := op.call(t.Context(), s.client(t, fourthwall.Options{}))
				took := time.Since(began)
				want := sum(2, 2, 400, false, false, "OP: 400 OPEN_API_CODE")
				if row.requests == 1 {
					want = sum(1, 1, 429, false, false, "OP: 429")
					want.RetryAfter = row.want
				}
				if diff := cmp.Diff(want, s.outcome(t, op, err)); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}
				if took < row.min || took > row.max {
					t.Errorf("took %v, want %v to %v", took, row.min, row.max)
				}
			})
		})
		t.Run(row.name+"/told", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refused := status(403)
				refused.header = map[string]string{"Retry-After": row.value}
				s := &stage{script: []step{refused}}
				_, err := s.client(t, fourthwall.Options{}).CurrentShop(t.Context(), token)
				var e *fourthwall.Error
				if !errors.As(err, &e) || e.RetryAfter != row.want {
					t.Errorf("got %#v, want to be told %v", err, row.want)
				}
			})
		})
	}
}

// TestRetryAfterByServersClock: a date is by the server's clock, so the wait is the time since the response's own date.
func TestRetryAfterByServersClock(t *testing.T) {
	for _, skew := range []time.Duration{5 * time.Minute, 0, -5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			theirs := time.Now().Add(skew)
			s := &stage{script: []step{{status: 403, body: `{"code":"OPEN_API_X"}`, header: map[string]string{
				"Date": theirs.UTC().Format(http.TimeFormat), "Retry-After": theirs.Add(20 * time.Second).UTC().Format(http.TimeFormat),
			}}}}
			_, err := s.client(t, fourthwall.Options{}).CurrentShop(t.Context(), token)
			var e *fourthwall.Error
			if !errors.As(err, &e) || e.RetryAfter != 20*time.Second {
				t.Errorf("clocks %v apart: got %#v", skew, err)
			}
		})
	}
}

// Clients that failed at the same time don't retry at the same time.
func TestWaitsDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := map[time.Duration]bool{}
		s := &stage{script: []step{status(503)}}
		c := s.client(t, fourthwall.Options{})
		for range 5 {
			start := time.Now()
			_, err := c.CurrentShop(t.Context(), token)
			asError(t, err)
			took[time.Since(start)] = true
		}
		if len(took) < 2 {
			t.Errorf("five calls took the same time: %v", took)
		}
	})
}

func TestBudgetEndsTheCall(t *testing.T) {
	rows := []struct {
		name     string
		budget   time.Duration
		timeout  time.Duration // of the caller; 0 = none
		script   []step
		requests int
		status   int
		took     [2]time.Duration
	}{
		{"a budget of one's own", 2 * time.Second, 0, []step{{hang: true}}, 1, 0, [2]time.Duration{2 * time.Second, 2 * time.Second}},
		{"the caller's deadline is nearer", 0, time.Second, []step{{hang: true}}, 1, 0, [2]time.Duration{time.Second, time.Second}},
		{"the caller's deadline is farther", 0, time.Minute, []step{{hang: true}}, 1, 0, [2]time.Duration{8 * time.Second, 8 * time.Second}},
		{"no room for a wait", 250 * time.Millisecond, 0, []step{status(503)}, 1, 503, [2]time.Duration{}},
		{"the caller's deadline leaves no room for a wait", 0, 250 * time.Millisecond, []step{status(503)}, 1, 503, [2]time.Duration{}},
		{"room for one wait", 400 * time.Millisecond, 0, []step{status(503)}, 2, 503, [2]time.Duration{shortestOne, longestOne}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				op := operationNamed(t, "read shop")
				ctx := t.Context()
				if row.timeout > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, row.timeout)
					defer cancel()
				}
				s := &stage{script: row.script}
				start := time.Now()
				err := op.call(ctx, s.client(t, fourthwall.Options{Budget: row.budget}))
				took := time.Since(start)
				got := s.outcome(t, op, err)
				if got.Requests != row.requests || got.Status != row.status {
					t.Errorf("%d requests, status %d; want %d, %d", got.Requests, got.Status, row.requests, row.status)
				}
				if row.status == 0 && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v is not a deadline's", err)
				}
				if took < row.took[0] || took > row.took[1] {
					t.Errorf("took %v, want %v", took, row.took)
				}
			})
		})
	}
}

func TestCancel(t *testing.T) {
	rows := []struct {
		name   string
		script []step
		after  time.Duration
		want   outcome // of a create call
	}{
		{
			"before the call",
			[]step{{hang: true}},
			0,
			sum(0, 0, 0, false, true, "OP: cancelled"),
		},
		{
			"while the API works",
			[]step{{hang: true}},
			time.Second,
			sum(1, 1, 0, true, false, "OP: cancelled"),
		},
		{
			"while waiting after 429",
			[]step{{status: 429, header: map[string]string{"Retry-After": "5"}}},
			time.Second,
			outcome{Dials: 1, Requests: 1, Status: 429, RetryAfter: 5 * time.Second, Text: "OP: 429: cancelled"},
		},
		{
			"while waiting after a refused connection",
			[]step{{refuse: true}},
			50 * time.Millisecond,
			sum(1, 0, 0, false, true, "OP: cancelled"),
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				op := operationNamed(t, "create webhook")
				ctx, cancel := context.WithCancel(t.Context())
				if row.after == 0 {
					cancel()
				}
				defer time.AfterFunc(row.after, cancel).Stop()
				s := &stage{script: row.script}
				start := time.Now()
				err := op.call(ctx, s.client(t, fourthwall.Options{}))
				if took := time.Since(start); took != row.after {
					t.Errorf("took %v, want %v", took, row.after)
				}
				if diff := cmp.Diff(row.want, s.outcome(t, op, err)); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}
				if !errors.Is(err, context.Canceled) {
					t.Errorf("error %v is not a cancellation's", err)
				}
			})
		})
	}
}

// A transport that doesn't report its connections may have sent something.
func TestTransportWithoutReports(t *testing.T) {
	calls := 0
	c := newClient(t, "http://api.example",
		fourthwall.Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			calls++
			return nil, syscall.ECONNREFUSED
		})})
	_, err := c.CreateWebhook(t.Context(), token, input)
	var e *fourthwall.Error
	if !errors.As(err, &e) || e.NotSent || !e.Uncertain() || calls != 1 {
		t.Errorf("after %d calls: %#v", calls, err)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v does not match its cause", err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
