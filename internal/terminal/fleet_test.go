package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token  = "hw_ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	digest = "7f3c91ab00112233445566778899aabbccddeeff00112233445566778899aabb"
)

// fake is a server whose responses a test has written.
type fake struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string                               // method, path and body of each request
	head []http.Header                          // of each request
	say  map[string][]func(http.ResponseWriter) // by method and path; the last one repeats
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{say: map[string][]func(http.ResponseWriter){}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	what := r.Method + " " + r.URL.Path
	f.seen, f.head = append(f.seen, what+" "+string(body)), append(f.head, r.Header.Clone())
	all := f.say[what]
	if len(all) > 1 {
		f.say[what] = all[1:]
	}
	f.mu.Unlock()
	if len(all) == 0 {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	all[0](w)
}

// on adds responses to a request. The last one repeats.
func (f *fake) on(what string, all ...func(http.ResponseWriter)) *fake {
	f.say[what] = append(f.say[what], all...)
	return f
}

// requests returns what was received so far.
func (f *fake) requests() (seen []string, head []http.Header) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen), slices.Clone(f.head)
}

func (f *fake) count(what string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.seen {
		if strings.HasPrefix(one, what) {
			n++
		}
	}
	return n
}

func says(status int, kind, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", kind)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func fails(status int, slug, detail string) func(http.ResponseWriter) {
	return says(status, "application/problem+json", fmt.Sprintf(
		`{"type":"urn:hookwall:problem:%s","title":"T","status":%d,"detail":%q,"requestId":"R"}`, slug, status, detail))
}

func breaks(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// runIs is how a run stands: its state, and how many of 2 changes are done, and
// how many failed.
func runIs(state string, done, failed int) func(http.ResponseWriter) {
	items := ""
	if failed > 0 {
		items = `{"shop":{"id":"sh_1","name":"Shop\u001b[31m 1"},"webhookUrl":"https://a.example/","state":"rejected",
			"text":"Not allowed."}`
	}
	return says(http.StatusOK, "application/json", fmt.Sprintf(
		`{"number":12,"url":"https://h.example/plans/12","digest":%q,"state":%q,"text":"The first shop is done.","total":2,`+
			`"counts":{"done":%d,"rejected":%d,"pending":%d},"items":[%s]}`,
		digest, state, done, failed, 2-done-failed, items))
}

const (
	readsRun = "GET /api/v1/plans/12/run"
	applies  = "POST /api/v1/plans/12/apply"
	resumes  = "POST /api/v1/plans/12/resume"
	makes    = "POST /api/v1/plans"
)

// output is what a command printed, and how it ended.
type output struct {
	out, err string
	end      error
}

func (o output) status() int {
	var exit ExitError
	switch {
	case o.end == nil:
		return 0
	case errors.As(o.end, &exit):
		return int(exit)
	}
	return 1
}

type runner interface {
	Run(ctx context.Context, c *Client, s Streams) error
}

// does runs a command against the server.
func (f *fake) does(ctx context.Context, t *testing.T, do runner, in string) (o output) {
	t.Helper()
	c, err := NewClient(f.URL, token, "hookwall/test", false)
	if err != nil {
		t.Fatal(err)
	}
	c.pause = time.Millisecond
	c.http.Transport = &http.Transport{DisableKeepAlives: true}
	var out, errs bytes.Buffer
	o.end = do.Run(ctx, c, Streams{strings.NewReader(in), &out, &errs})
	o.out, o.err = out.String(), errs.String()
	said := o.out + o.err
	if o.end != nil {
		said += o.end.Error()
	}
	if strings.Contains(said, token) || strings.Contains(said, "\x1b") {
		t.Errorf("it prints %q", said)
	}
	return o
}

// TestServerAndToken: a token is sent to https alone, or to this machine, unless
// a flag allows more. Mistakes are named without the token. Checklist 58.
func TestServerAndToken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server, token string
		insecure      bool
		want          error
	}{
		{"https://hooks.example.com", token, false, nil},
		{"https://hooks.example.com:8443/", token, false, nil},
		{"http://127.0.0.1:8080", token, false, nil},
		{"http://[::1]:8080", token, false, nil},
		{"http://localhost:8080", token, false, nil},
		{"http://hooks.example.com", token, false, errPlainServer},
		{"http://localhost.example.com", token, false, errPlainServer},
		{"http://10.0.0.1", token, false, errPlainServer},
		{"http://hooks.example.com", token, true, nil},
		{"", token, false, errNoServer},
		{"hooks.example.com", token, false, errBadServer},
		{"ftp://hooks.example.com", token, false, errBadServer},
		{"https://", token, false, errBadServer},
		{"https://hooks.example.com/plans", token, false, errServerPath},
		{"https://ada:secret@hooks.example.com", token, false, errServerPath},
		{"https://hooks.example.com?x", token, false, errServerPath},
		{"https://hooks.example.com", "", false, errNoToken},
		{"https://hooks.example.com", "secret", false, errBadToken},
		{"https://hooks.example.com", token + "\nX-Evil: 1", false, errBadToken},
	} {
		if _, err := NewClient(test.server, test.token, "", test.insecure); !errors.Is(err, test.want) {
			t.Errorf("%q: %v, want %v", test.server, err, test.want)
		}
	}
}

// TestTokenStaysAtTheServer: the token is in one header of each request, and no
// redirect takes it elsewhere. Checklist 58.
func TestTokenStaysAtTheServer(t *testing.T) {
	t.Parallel()
	other := newFake(t)
	f := newFake(t)
	f.on("GET /api/v1/fleet", says(http.StatusTemporaryRedirect, "text/html", "", "Location", other.URL+"/api/v1/fleet"))
	got := f.does(t.Context(), t, Export{Format: "yaml"}, "")
	if got.status() != 1 || !strings.Contains(got.end.Error(), "redirects to "+other.URL) || len(other.seen) != 0 {
		t.Errorf("%+v; the other server saw %v", got, other.seen)
	}
	_, head := f.requests()
	h := head[0]
	if h.Get("Authorization") != "Bearer "+token || h.Get("User-Agent") != "hookwall/test" || h.Get("Cookie") != "" {
		t.Errorf("the request has %v", h)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	f := newFake(t).on("GET /api/v1/fleet", says(http.StatusOK, "application/yaml", "version: 1\n"))
	if got := f.does(t.Context(), t, Export{Format: "yaml"}, ""); got.out != "version: 1\n" || got.end != nil {
		t.Errorf("printed: %+v", got)
	}
	file := filepath.Join(t.TempDir(), "fleet.yaml")
	if got := f.does(t.Context(), t, Export{Format: "yaml", File: file}, ""); got.out != "" || got.end != nil {
		t.Errorf("written: %+v", got)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "version: 1\n" {
		t.Errorf("the file has %q: %v", text, err)
	}
	if got := f.does(t.Context(), t, Export{Format: "yaml", File: "json"}, ""); !errors.Is(got.end, errFormatName) {
		t.Errorf("a format as the file: %v", got.end)
	}
}

// TestPlanExits: each outcome of a plan has its status, and a request without a
// response is sent again with the same key.
func TestPlanExits(t *testing.T) {
	t.Parallel()
	plan := says(http.StatusCreated, "application/json", `{
		"number":12,"url":"https://h.example/plans/12","digest":"`+digest+`","shops":3,"creates":2,"updates":1,"deletes":1,"needsApproval":true,"items":[
		{"action":"create","shop":{"id":"sh_1","name":"One"},"after":{"url":"https://a.example/","allowedTypes":["DONATION"]}},
		{"action":"create","shop":{"id":"sh_2","name":"Two"},"after":{"url":"https://a.example/","allowedTypes":["DONATION"]}},
		{"action":"update","shop":{"id":"sh_3","name":""},"before":{"url":"https://a.example/","allowedTypes":["DONATION"]},
			"after":{"url":"https://b.example/","allowedTypes":["ORDER_PLACED"]}},
		{"action":"delete","shop":{"id":"sh_3","name":""},"before":{"url":"https://c.example/","allowedTypes":[]}}],
		"leftOut":[{"shop":{"id":"sh_4","name":"Four"},"text":"Reconnect.","fix":"Do it."}],"same":1}`)
	printed := "Plan 12: 4 changes in 3 shops (2 new, 1 edited, 1 deleted).\n\n" +
		"+ https://a.example/  DONATION\n  2 shops: One, Two\n\n" +
		"~ https://a.example/ → https://b.example/  +ORDER_PLACED  -DONATION\n  1 shop: sh_3\n\n" +
		"- https://c.example/\n  1 shop: sh_3\n\nLeft out:\n  1 shop: Four: Reconnect. Do it.\n\n" +
		"Digest: " + digest + "\nReview it at https://h.example/plans/12\nAnother person has to approve it there first.\n" +
		"Apply it with: hookwall fleet apply 12 --digest 7f3c91ab00112233 --deletes 1 --wait\n"
	nothing := says(http.StatusOK, "application/json", `{"same":40,"leftOut":[]}`)
	faults := says(http.StatusUnprocessableEntity, "application/problem+json", `{"type":"urn:hookwall:problem:fleet-file",
		"title":"T","status":422,"detail":"Fix 2 problems.","requestId":"R","errors":[
		{"line":3,"column":5,"detail":"Write a list."},{"line":4,"detail":"Unknown."},{"detail":"Too long."}]}`)
	for name, test := range map[string]struct {
		responses []func(http.ResponseWriter)
		requests  int
		status    int
		out, err  string
	}{
		"changes":                {[]func(http.ResponseWriter){plan}, 1, ExitChanges, printed, ""},
		"nothing to change":      {[]func(http.ResponseWriter){nothing}, 1, 0, "Nothing to change. 40 shops are as the file says.\n", ""},
		"a response is lost":     {[]func(http.ResponseWriter){breaks, fails(503, "x", "Busy."), nothing}, 3, 0, "Nothing to change. 40 shops are as the file says.\n", ""},
		"no response comes":      {[]func(http.ResponseWriter){breaks}, 3, 1, "", ""},
		"problems with the file": {[]func(http.ResponseWriter){faults}, 1, 1, "", "standard input:3:5: Write a list.\nstandard input:4: Unknown.\nstandard input: Too long.\nhookwall: Fix 2 problems.\n"},
		"no right":               {[]func(http.ResponseWriter){fails(403, "role", "Viewers can’t.")}, 1, 1, "", ""},
		"no Hookwall":            {[]func(http.ResponseWriter){says(404, "text/html", "<h1>")}, 1, 1, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t).on(makes, test.responses...)
			got := f.does(t.Context(), t, Plan{File: "-"}, "version: 1\n")
			seen, head := f.requests()
			if got.status() != test.status || got.out != test.out || got.err != test.err || len(seen) != test.requests {
				t.Errorf("%d requests, status %d, out %q, err %q", len(seen), got.status(), got.out, got.err)
			}
			for _, h := range head {
				if h.Get("Idempotency-Key") == "" || h.Get("Idempotency-Key") != head[0].Get("Idempotency-Key") ||
					h.Get("Content-Type") != "application/yaml" {
					t.Errorf("the request has %v", h)
				}
			}
		})
	}
}

// TestPlanReadsBoundedFiles: a file that is too large or isn't there is named,
// and nothing is sent.
func TestPlanReadsBoundedFiles(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	if got := f.does(t.Context(), t, Plan{File: "-"}, strings.Repeat("#", maxFile+1)); !errors.Is(got.end, errTooLarge) {
		t.Errorf("a large file: %v", got.end)
	}
	none := filepath.Join(t.TempDir(), "none")
	if got := f.does(t.Context(), t, Plan{File: none}, ""); !errors.Is(got.end, os.ErrNotExist) {
		t.Errorf("no file: %v", got.end)
	}
	if seen, _ := f.requests(); len(seen) != 0 {
		t.Errorf("it sent %v", seen)
	}
}

// TestApplyExits: each state of a plan and each outcome of a run has its status.
// Nothing is applied twice.
func TestApplyExits(t *testing.T) {
	t.Parallel()
	draft, done := runIs("draft", 0, 0), runIs("done", 2, 0)
	accepted := says(http.StatusAccepted, "application/json", "{}")
	const see = "See https://h.example/plans/12\n"
	const first = "The first shop is done. To continue, run the same command with --resume.\n"
	for name, test := range map[string]struct {
		do       Apply
		run      []func(http.ResponseWriter)
		apply    func(http.ResponseWriter) // nil: it isn't sent
		resume   func(http.ResponseWriter)
		status   int
		out, err string // err is a part of what is printed there, or of the error
	}{
		"a draft, without waiting": {
			Apply{},
			[]func(http.ResponseWriter){draft, runIs("running", 0, 0)},
			accepted, nil, 0,
			"Plan 12: 0 of 2 changes done.\nThe run continues. To follow it, run the same command with --wait.\n" + see, "",
		},
		"a draft, to its end": {
			Apply{Wait: true},
			[]func(http.ResponseWriter){draft, runIs("running", 0, 0), runIs("running", 1, 0), done},
			accepted, nil, 0, "Plan 12: 2 of 2 changes done.\n" + see, "0 of 2 changes done\n1 of 2 changes done\n",
		},
		"some fail": {
			Apply{Wait: true},
			[]func(http.ResponseWriter){draft, runIs("done", 1, 1)},
			accepted, nil, ExitFailed,
			"Plan 12: 1 of 2 changes done, 1 rejected.\n  Shop�[31m 1, https://a.example/: rejected. Not allowed.\n" + see, "",
		},
		"it pauses": {
			Apply{Wait: true},
			[]func(http.ResponseWriter){draft, runIs("running", 0, 0), runIs("paused", 1, 0)},
			accepted, nil,
			ExitWaits, "Plan 12: 1 of 2 changes done.\n" + first + see, "",
		},
		"it is paused": {
			Apply{Wait: true},
			[]func(http.ResponseWriter){runIs("paused", 1, 0)},
			nil, nil, ExitWaits,
			"Plan 12: 1 of 2 changes done.\n" + first + see, "",
		},
		"it is paused and continued": {
			Apply{Wait: true, Resume: true},
			[]func(http.ResponseWriter){runIs("paused", 1, 0), done},
			nil, accepted, 0,
			"Plan 12: 2 of 2 changes done.\n" + see, "",
		},
		"it runs already": {
			Apply{Wait: true},
			[]func(http.ResponseWriter){runIs("running", 1, 0), done},
			nil, nil, 0,
			"Plan 12: 2 of 2 changes done.\n" + see, "1 of 2",
		},
		"it was done before": {Apply{}, []func(http.ResponseWriter){done}, nil, nil, 0, "Plan 12: 2 of 2 changes done.\n" + see, ""},
		"it needs approval": {
			Apply{},
			[]func(http.ResponseWriter){draft},
			fails(409, "needs-approval", "Ask."), nil, ExitWaits, "",
			"hookwall: Ask. See https://h.example/plans/12\n",
		},
		"deletes aren't confirmed": {
			Apply{},
			[]func(http.ResponseWriter){draft},
			fails(422, "confirm-deletes", "Send 3."), nil, 1, "",
			"Send 3. Here that is --deletes",
		},
		"the response to apply is lost": {
			Apply{}, []func(http.ResponseWriter){draft}, breaks, nil, 1, "", "Run the same command again to see",
		},
		"connections break while waiting": {
			Apply{Wait: true}, []func(http.ResponseWriter){
				runIs("running", 0, 0), breaks, fails(503, "x", "Busy."), says(502, "text/html", ""), runIs("running", 1, 0), done,
			}, nil, nil, 0, "Plan 12: 2 of 2 changes done.\n" + see, "Trying again\n1 of 2 changes done\n",
		},
		"the token is revoked while waiting": {
			Apply{Wait: true},
			[]func(http.ResponseWriter){runIs("running", 0, 0), fails(401, "token", "Revoked.")},
			nil, nil, 1,
			"", "Revoked.",
		},
		"another digest": {Apply{Digest: "00000000"}, []func(http.ResponseWriter){draft}, nil, nil, 1, "", "another digest"},
		"a short digest": {Apply{Digest: "7f3c91a"}, nil, nil, nil, 1, "", "first 8 characters"},
		"no digest":      {Apply{Digest: "zzzzzzzzzz"}, nil, nil, nil, 1, "", "first 8 characters"},
		"no number":      {Apply{Number: "fleet.yaml"}, nil, nil, nil, 1, "", "number of a plan"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t).on(readsRun, test.run...)
			if test.apply != nil {
				f.on(applies, test.apply)
			}
			if test.resume != nil {
				f.on(resumes, test.resume)
			}
			do := test.do
			if do.Number == "" {
				do.Number = "12"
			}
			if do.Digest == "" {
				do.Digest = "7F3C 91ab"
			}
			got := f.does(t.Context(), t, do, "")
			if got.end != nil {
				got.err += got.end.Error()
			}
			if got.status() != test.status || got.out != test.out || !strings.Contains(got.err, test.err) {
				t.Errorf("status %d, out %q, err %q", got.status(), got.out, got.err)
			}
			if (test.apply == nil) == (f.count(applies) == 1) || f.count(applies) > 1 ||
				(test.resume == nil) == (f.count(resumes) == 1) {
				t.Errorf("it sent %q", f.seen)
			}
			if test.apply != nil && f.count(applies+` {"digest":"`+digest+`"}`) != 1 {
				t.Errorf("the whole digest isn't sent: %q", f.seen)
			}
		})
	}
}

// TestStopWaiting: who stops waiting doesn't stop the run, and reads so.
func TestStopWaiting(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	n := 0
	f := newFake(t).on(readsRun, func(w http.ResponseWriter) {
		if n++; n == 3 {
			stop()
		}
		runIs("running", 1, 0)(w)
	})
	got := f.does(ctx, t, Apply{Number: "12", Digest: digest, Wait: true}, "")
	const said = "You stopped waiting. The run continues. Stop it or follow it at https://h.example/plans/12\n"
	if got.status() != ExitWaits || got.out != "" || !strings.HasSuffix(got.err, said) {
		t.Errorf("status %d, out %q, err %q", got.status(), got.out, got.err)
	}
	if f.count("POST") != 0 {
		t.Errorf("it sent %q", f.seen)
	}
}

// TestJSONOutput: for programs, the server's words come unchanged.
func TestJSONOutput(t *testing.T) {
	t.Parallel()
	const nothing = `{"same":1,"leftOut":[]}`
	f := newFake(t).on(makes, says(http.StatusOK, "application/json", nothing)).on(readsRun, runIs("done", 2, 0))
	if got := f.does(t.Context(), t, Plan{File: "-", JSON: true}, "{}"); got.out != nothing || got.end != nil {
		t.Errorf("plan: %+v", got)
	}
	_, head := f.requests()
	if kind := head[0].Get("Content-Type"); kind != "application/json" {
		t.Errorf("a file in JSON is sent as %s", kind)
	}
	got := f.does(t.Context(), t, Apply{Number: "#12", Digest: digest, JSON: true}, "")
	if got.end != nil || !strings.HasPrefix(got.out, `{"number":12,`) {
		t.Errorf("apply: %+v", got)
	}
}
