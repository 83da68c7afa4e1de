package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFailureStatuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name         string
		f            Failure
		status       int
		body, header string
		effect       bool
	}{
		{
			"status and code",
			Failure{Status: 503, Code: "BUSY", Header: http.Header{"Retry-After": {"7"}}},
			503,
			`{"code":"BUSY"}` + "\n", "application/json", false,
		},
		{"status alone", Failure{Status: 500}, 500, "", "", false},
		{
			"text",
			Failure{Status: 502, Body: "<h1>Bad gateway</h1>"},
			502, "<h1>Bad gateway</h1>", "text/plain; charset=utf-8",
			false,
		},
		{
			"HTML",
			Failure{Status: 502, Body: "<h1>", Header: http.Header{"content-type": {"text/html"}}},
			502, "<h1>",
			"text/html", false,
		},
		{"JSON", Failure{Status: 200, Body: `{"id":""}`}, 200, `{"id":""}`, "application/json", false},
		{"redirect", Failure{Status: 302, Header: http.Header{"Location": {"/elsewhere"}}}, 302, "", "", false},
		{
			"after the effect",
			Failure{Status: 500, Code: "LOST", Effect: true},
			500, `{"code":"LOST"}` + "\n",
			"application/json", true,
		},
		{"unreadable success", Failure{Status: 200, Body: "ok", Effect: true}, 200, "ok", "text/plain; charset=utf-8", true},
	}
	for _, c := range cases {
		r := newRig(t)
		c.f.Method, c.f.Path = "POST", webhooksPath
		r.FailNext(c.f)
		a := r.call(r.basic(shopOne), "POST", webhooksPath, goodInput)
		if a.StatusCode != c.status || a.body != c.body || a.Header.Get("Content-Type") != c.header {
			t.Errorf("%s: %d %q %q", c.name, a.StatusCode, a.body, a.Header.Get("Content-Type"))
		}
		for name := range c.f.Header {
			if a.Header.Get(name) != c.f.Header[name][0] {
				t.Errorf("%s: header %s is %q", c.name, name, a.Header.Get(name))
			}
		}
		if a.Header.Get("X-Request-Id") == "" || a.Header.Get("X-Content-Type-Options") == "" {
			t.Errorf("%s: usual headers are missing", c.name)
		}
		if got := len(r.Webhooks(shopOne)) == 1; got != c.effect {
			t.Errorf("%s: took effect %v, want %v", c.name, got, c.effect)
		}
		if a := r.call(r.basic(shopOne), "POST", webhooksPath, goodInput); a.StatusCode != 200 || a.text(t, "id") == "" {
			t.Errorf("%s: the next one: %d", c.name, a.StatusCode)
		}
	}
}

func TestHeaderOnTheUsualAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.FailNext(Failure{Header: http.Header{"X-Odd": {"1"}}})
	if a := r.call(r.basic(shopOne), "GET", shopPath, ""); a.StatusCode != 200 || a.Header.Get("X-Odd") != "1" ||
		a.text(t, "id") != shopOne {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
}

func TestFailureMatching(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.FailNext(Failure{Method: "put", Path: webhooksPath + "/*", Status: 501})
	r.FailNext(Failure{Path: "/open-api/*", Status: 502, Times: 2})
	r.FailNext(Failure{Status: 503, Times: 2})
	auth := r.basic(shopOne)
	for i, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 200},
		{"GET", "/_sandbox/state", 200},
		{"GET", webhooksPath, 502},
		{"PUT", webhooksPath + "/wcon_x", 501},
		{"PUT", webhooksPath + "/wcon_x", 502},
		{"GET", connectLink(), 503},
		{"GET", shopPath, 503},
		{"GET", shopPath, 200},
	} {
		if a := r.call(auth, c.method, c.path, ""); a.StatusCode != c.want {
			t.Errorf("request %d: %d, want %d", i, a.StatusCode, c.want)
		}
	}
	if left := r.Failures(); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestFailuresCanBeForgotten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.FailNext(Failure{Method: "GET", Status: 500})
	if diff := cmp.Diff([]Failure{{Method: "GET", Status: 500, Times: 1}}, r.Failures()); diff != "" {
		t.Error(diff)
	}
	r.ForgetFailures()
	if a := r.call(r.basic(shopOne), "GET", shopPath, ""); a.StatusCode != 200 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestFailNextRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, f := range []Failure{
		{},
		{Cut: "sometimes"},
		{Status: 99},
		{Status: 600},
		{Status: 101},
		{Status: 500, Times: -1},
		{Delay: -1, Status: 500},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was queued", f)
				}
			}()
			r.FailNext(f)
		}()
	}
}

// Cuts need a real connection.
func TestCuts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cut    string
		status int // 0: no response
		effect bool
	}{
		{CutBefore, 0, false},
		{CutAfter, 0, true},
		{CutBody, 200, true},
	} {
		r := newRig(t, func(c *Config) { c.PublicURL = "" })
		server := httptest.NewServer(r)
		r.FailNext(Failure{Path: webhooksPath, Cut: c.cut})
		req, _ := http.NewRequest("POST", server.URL+webhooksPath, strings.NewReader(goodInput))
		req.Header.Set("Authorization", r.basic(shopOne))
		req.Header.Set("Content-Type", "application/json")
		res, err := server.Client().Do(req)
		if got := err == nil; got != (c.status != 0) {
			t.Fatalf("%s: error %v", c.cut, err)
		}
		if err == nil {
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 || int64(len(body)) >= res.ContentLength {
				t.Errorf("%s: read %d of %d bytes, error %v", c.cut, len(body), res.ContentLength, err)
			}
		}
		server.Close()
		if got := len(r.Webhooks(shopOne)) == 1; got != c.effect {
			t.Errorf("%s: took effect %v, want %v", c.cut, got, c.effect)
		}
		if rec := r.Requests(); len(rec) != 1 || rec[0].Status != c.status {
			t.Errorf("%s: recorded %+v", c.cut, rec)
		}
	}
}

func TestCutInAnEmptyBody(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.PublicURL = "" })
	w, err := r.AddWebhook(shopOne, "https://a.example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	defer server.Close()
	r.FailNext(Failure{Cut: CutBody})
	req, _ := http.NewRequest("DELETE", server.URL+webhooksPath+"/"+w.ID, nil)
	req.Header.Set("Authorization", r.basic(shopOne))
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
}

// The delay comes after the effect and before the response, and ends when the client goes away.
func TestDelay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		f              Failure
		leaves, closes time.Duration
		took           time.Duration
		aborted        bool
		effect         bool
	}{
		{"answer", Failure{Delay: time.Minute}, 0, 0, time.Minute, false, true},
		{"failure", Failure{Delay: time.Minute, Status: 500}, 0, 0, time.Minute, false, false},
		{"client leaves", Failure{Delay: time.Minute}, 8 * time.Second, 0, 8 * time.Second, true, true},
		{
			"client leaves, no effect",
			Failure{Delay: time.Minute, Cut: CutBefore},
			8 * time.Second, 0, 8 * time.Second, true,
			false,
		},
		{"sandbox closes", Failure{Delay: time.Minute}, 0, 3 * time.Second, 3 * time.Second, true, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.FailNext(c.f)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.leaves > 0 {
				time.AfterFunc(c.leaves, cancel)
			}
			if c.closes > 0 {
				time.AfterFunc(c.closes, func() { r.Close() })
			}
			started := time.Now()
			aborted := serveAborts(ctx, r)
			if took := time.Since(started); took != c.took || aborted != c.aborted {
				t.Errorf("%s: took %v, aborted %v", c.name, took, aborted)
			}
			if got := len(r.Webhooks(shopOne)) == 1; got != c.effect {
				t.Errorf("%s: took effect %v, want %v", c.name, got, c.effect)
			}
		})
	}
}

// Over a real connection the server notices a client that leaves although nobody wanted its body.
func TestDelayEndsWhenTheConnectionDoes(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.PublicURL = "" })
	started, ended := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer close(ended)
		close(started)
		r.ServeHTTP(w, req)
	}))
	defer server.Close()
	r.FailNext(Failure{Cut: CutBefore, Delay: time.Hour})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-started
		leave()
	}()
	req, err := http.NewRequestWithContext(ctx, "POST", server.URL+webhooksPath, strings.NewReader(goodInput))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client().Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the request still waits")
		r.Close()
	}
}

// serveAborts creates a webhook and reports whether the connection would have been closed.
func serveAborts(ctx context.Context, r *rig) (aborted bool) {
	defer func() {
		err, _ := recover().(error)
		aborted = errors.Is(err, http.ErrAbortHandler)
	}()
	req := httptest.NewRequestWithContext(ctx, "POST", webhooksPath, strings.NewReader(goodInput))
	req.Host = publicHost
	req.Header.Set("Authorization", r.basic(shopOne))
	req.Header.Set("Content-Type", "application/json")
	r.ServeHTTP(httptest.NewRecorder(), req)
	return false
}

// TestFailureMatchesMethods: no method and an asterisk match all.
func TestFailureMatchesMethods(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method string
		hits   string // methods that fail
	}{
		{"", "GET POST PUT DELETE"}, {"*", "GET POST PUT DELETE"}, {"POST", "POST"}, {"put", "PUT"}, {"P*", ""},
	} {
		r := newRig(t)
		a := r.control("POST", "failures", `{"method":"`+test.method+`","path":"*","status":503,"times":9}`)
		if a.StatusCode != 200 {
			t.Fatalf("%q: %d %s", test.method, a.StatusCode, a.body)
		}
		var hits []string
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			if r.call(r.basic(shopOne), method, webhooksPath, "").StatusCode == 503 {
				hits = append(hits, method)
			}
		}
		if got := strings.Join(hits, " "); got != test.hits {
			t.Errorf("%q: fails %q, want %q", test.method, got, test.hits)
		}
		if page := r.get("/").body; strings.Contains(page, "any method") != (test.method == "" || test.method == "*") {
			t.Errorf("%q: the front page says otherwise", test.method)
		}
	}
}
