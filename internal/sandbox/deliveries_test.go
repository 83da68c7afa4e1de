package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Tests that let time pass run in bubbles of testing/synctest: there it does so only while everything
// waits for it, and each pause and each limit takes exactly what it should.

// passing is a configuration whose clock is that of the bubble.
func passing(c *Config) { c.Now = nil }

// endpoint is a transport that acts as a server. It keeps what it is sent.
type endpoint struct {
	answer func(*http.Request) (*http.Response, error)

	mu  sync.Mutex
	got []sent
}

// sent is a request with its body read.
type sent struct {
	at           time.Time
	method, url  string
	header       http.Header
	body         string
	bytesClaimed int64
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.got = append(e.got, sent{time.Now(), r.Method, r.URL.String(), r.Header, string(body), r.ContentLength})
	e.mu.Unlock()
	return e.answer(r)
}

func (e *endpoint) requests() []sent {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}

func status(code int) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return response(code, http.NoBody), nil }
}

func response(code int, body io.ReadCloser) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: body}
}

// after responds like another endpoint, but later, unless the sender has given up.
func after(d time.Duration, answer func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response,
	error) {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return answer(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// stream is a body that comes as fast as a function lets it.
type stream struct {
	read   func([]byte) (int, error)
	closed bool
}

func (s *stream) Read(b []byte) (int, error) { return s.read(b) }

func (s *stream) Close() error {
	s.closed = true
	return nil
}

// over waits until nothing more will be tried, and returns a shop's deliveries, the newest first.
func (r *rig) over(shopID string) []Delivery {
	r.t.Helper()
	for {
		r.awaitDeliveries()
		all := r.Deliveries(shopID)
		i := slices.IndexFunc(all, func(d Delivery) bool { return !d.NextAt.IsZero() })
		if i < 0 {
			return all
		}
		time.Sleep(all[i].NextAt.Sub(r.now())) //nolint:forbidigo // in a bubble of testing/synctest
	}
}

// story is what becomes of one delivery.
type story struct {
	state, error string
	attempts     int
	status       int
	took         time.Duration // the last attempt
	lasted       time.Duration // from the event to the end, in whole seconds
}

func (d Delivery) story() story {
	return story{d.State, d.Error, d.Attempts, d.Status, d.Took, d.UpdatedAt.Sub(d.CreatedAt).Truncate(time.Second)}
}

func TestReceiver(t *testing.T) {
	t.Parallel()
	const late = "Returned 200, but after 3.0 s. More than 2 s counts as a failure."
	for _, c := range []struct {
		path  string
		want  story
		seen  []int // statuses that the receiver returned, the oldest first
		where string
	}{
		{"/ok", story{StateDelivered, "", 1, 200, 0, 0}, []int{200}, "/ok"},
		{"", story{StateDelivered, "", 1, 200, 0, 0}, []int{200}, ""},
		{"/any/thing?token=7", story{StateDelivered, "", 1, 200, 0, 0}, []int{200}, "/any/thing"},
		{
			"/fail",
			story{StateFailed, "Returned 500. Only 200 counts.", 5, 500, 0, 15 * time.Second},
			[]int{500, 500, 500, 500, 500},
			"/fail",
		},
		{
			"/fail?x#y",
			story{StateFailed, "Returned 500. Only 200 counts.", 5, 500, 0, 15 * time.Second},
			[]int{500, 500, 500, 500, 500},
			"/fail",
		},
		{
			"/created",
			story{StateFailed, "Returned 201. Only 200 counts.", 5, 201, 0, 15 * time.Second},
			[]int{201, 201, 201, 201, 201},
			"/created",
		},
		{
			"/redirect",
			story{StateFailed, "Returned 302. Only 200 counts.", 5, 302, 0, 15 * time.Second},
			[]int{302, 302, 302, 302, 302},
			"/redirect",
		},
		{"/flaky", story{StateDelivered, "", 3, 200, 0, 3 * time.Second}, []int{503, 503, 200}, "/flaky"},
		{"/verify", story{StateDelivered, "", 1, 200, 0, 0}, []int{200}, "/verify"},
		{
			"/slow",
			story{StateFailed, late, 5, 200, 3 * time.Second, 30 * time.Second},
			[]int{200, 200, 200, 200, 200},
			"/slow",
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, passing)
			w := r.hook(shopOne, c.path)
			id := r.fire(shopOne, "ORDER_PLACED")[0]
			all := r.over(shopOne)
			if diff := cmp.Diff(c.want, all[0].story(), cmp.AllowUnexported(story{})); diff != "" || all[0].URL != w.URL {
				t.Errorf("%s:\n%s", c.path, diff)
			}
			var seen []int
			for _, got := range slices.Backward(r.Receipts()) {
				seen = append(seen, got.Status)
				want := Receipt{
					At: got.At, Path: c.where, ShopID: shopOne, EventID: id, Type: "ORDER_PLACED", Verified: true,
					Status: got.Status, Body: r.body(shopOne, id),
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s received:\n%s", c.path, diff)
				}
			}
			if !slices.Equal(seen, c.seen) {
				t.Errorf("%s answered %v", c.path, seen)
			}
		})
	}
}

// body is what an event sends, as the API reports it.
func (r *rig) body(shopID, id string) string {
	r.t.Helper()
	return r.call(r.basic(shopID), "GET", eventsPath+"/"+id, "").text(r.t, "body")
}

// The receiver responds to either scheme, at any port and however its name is written, and never
// leaves the process.
func TestReceiverNames(t *testing.T) {
	t.Parallel()
	for address, inside := range map[string]bool{
		"http://receiver.sandbox.example/ok":         true,
		"https://receiver.sandbox.example:8443/ok":   true,
		"https://Receiver.SANDBOX.example./ok":       true,
		"https://receiver.sandbox.example":           true,
		"https://x.receiver.sandbox.example/ok":      false,
		"https://receiver.sandbox.example.evil.org/": false,
		"https://receiver.sandbox.example@evil.org/": false,
	} {
		out := &endpoint{answer: status(200)}
		r := newRig(t, func(c *Config) { c.Transport = out })
		if _, err := r.AddWebhook(shopOne, address, eventTypes); err != nil {
			t.Fatal(err)
		}
		r.fire(shopOne, "DONATION")
		r.awaitDeliveries()
		if got := len(r.Receipts()) == 1; got != inside || len(out.requests()) == 1 == inside {
			t.Errorf("%s: %d inside, %d outside", address, len(r.Receipts()), len(out.requests()))
		}
	}
}

// /verify accepts a signature by the shop's secret and no other.
func TestReceiverVerifies(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.hook(shopOne, "/verify")
	id := r.fire(shopOne, "DONATION")[0]
	r.awaitDeliveries()
	body := r.body(shopOne, id)
	secret := r.Shops()[0].WebhookSecret
	for name, c := range map[string]struct {
		body, signature string
		status          int
	}{
		"good":           {body, sign(secret, body), 200},
		"other shop":     {body, sign(r.Shops()[1].WebhookSecret, body), 401},
		"app's key":      {body, sign(r.appKey, body), 401},
		"none":           {body, "", 401},
		"body changed":   {strings.Replace(body, "DONATION", "donation", 1), sign(secret, body), 401},
		"no such shop":   {strings.ReplaceAll(body, shopOne, "sh_none"), sign(secret, body), 401},
		"not JSON":       {"hello", sign(secret, "hello"), 400},
		"nothing at all": {"", "", 400},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(shopSignatureHeader, c.signature)
		res, err := r.receive(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != c.status {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
		res.Body.Close()
	}
}

// told is an error of a transport that has a sentence for people.
type told struct{ sentence string }

func (told) Error() string { return "dial 10.1.2.3:443: cause with john.doe@example.com" }

func (e told) Public() string { return e.sentence }

func failing(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// How responses and failures of a server are judged.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	const timeout = "No complete response within 5 s."
	never := time.Hour
	slowly := func(code int, d time.Duration) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			return response(code, &stream{read: func([]byte) (int, error) {
				select {
				case <-time.After(d):
					return 0, io.EOF
				case <-r.Context().Done():
					return 0, r.Context().Err()
				}
			}}), nil
		}
	}
	for _, c := range []struct {
		name, url string
		answer    func(*http.Request) (*http.Response, error)
		want      story // of the first attempt; state and attempts are worked out
	}{
		{"200", "", status(200), story{}},
		{"200 after 2 s", "", after(2*time.Second, status(200)), story{took: 2 * time.Second}},
		{
			"200 after 2.1 s", "", after(2100*time.Millisecond, status(200)),
			story{
				error: "Returned 200, but after 2.1 s. More than 2 s counts as a failure.", status: 200,
				took: 2100 * time.Millisecond,
			},
		},
		{
			"500 after 3 s", "", after(3*time.Second, status(500)),
			story{error: "Returned 500. Only 200 counts.", status: 500, took: 3 * time.Second},
		},
		{"no answer", "", after(never, status(200)), story{error: timeout, took: 5 * time.Second}},
		{"an answer that does not end", "", slowly(200, never), story{error: timeout, took: 5 * time.Second}},
		{
			"an answer that ends late", "", slowly(200, 3*time.Second),
			story{
				error: "Returned 200, but after 3.0 s. More than 2 s counts as a failure.", status: 200,
				took: 3 * time.Second,
			},
		},
		{"201", "", status(201), story{error: "Returned 201. Only 200 counts.", status: 201}},
		{"202", "", status(202), story{error: "Returned 202. Only 200 counts.", status: 202}},
		{"204", "", status(204), story{error: "Returned 204. Only 200 counts.", status: 204}},
		{"301", "", status(301), story{error: "Returned 301. Only 200 counts.", status: 301}},
		{"308", "", status(308), story{error: "Returned 308. Only 200 counts.", status: 308}},
		{"410", "", status(410), story{error: "Returned 410. Only 200 counts.", status: 410}},
		{
			"no connection", "", failing(errors.New("dial 10.1.2.3:443: refused")),
			story{error: "We couldn’t reach this URL."},
		},
		{"a sentence", "", failing(told{"The name is not known."}), story{error: "The name is not known."}},
		{
			"a sentence inside", "", failing(errors.Join(io.EOF, told{"The name is not known."})),
			story{error: "The name is not known."},
		},
		{"an empty sentence", "", failing(told{}), story{error: "We couldn’t reach this URL."}},
		{"a sentence with a line break", "", failing(told{"One\nlevel=ERROR"}), story{error: "One?level=ERROR"}},
		{"an endless sentence", "", failing(told{strings.Repeat("x", 400)}), story{error: strings.Repeat("x", 300) + "…"}},
		{"no address", "not a url", nil, story{error: "This URL can’t receive events."}},
		{"no URL", "https://a b.example/", nil, story{error: "This URL can’t receive events."}},
		{"another scheme", "ftp://hooks.example.com/", nil, story{error: "This URL can’t receive events."}},
		{"no host", "https:///x", nil, story{error: "This URL can’t receive events."}},
	} {
		synctest.Test(t, func(t *testing.T) {
			out := &endpoint{answer: c.answer}
			r := newRig(t, passing, func(cfg *Config) { cfg.Transport = out })
			address := c.url
			if address == "" {
				address = "https://hooks.example.com/x?token=7"
			}
			if _, err := r.AddWebhook(shopOne, address, eventTypes); err != nil {
				t.Fatal(err)
			}
			r.fire(shopOne, "DONATION")
			r.awaitDeliveries()
			got := r.Deliveries(shopOne)[0].story()
			want := c.want
			want.attempts, want.state, want.lasted = 1, StateRetrying, want.took.Truncate(time.Second)
			if want.error == "" {
				want.state, want.status = StateDelivered, 200
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(story{})); diff != "" {
				t.Errorf("%s:\n%s", c.name, diff)
			}
			if c.answer != nil && len(out.requests()) != 1 {
				t.Errorf("%s: %d requests", c.name, len(out.requests()))
			}
			for _, leak := range []string{"10.1.2.3", "john.doe", "token=7"} {
				if strings.Contains(r.log.String(), leak) {
					t.Errorf("%s: the log holds %q", c.name, leak)
				}
			}
		})
	}
}

// Without a transport, no server is called.
func TestNoTransport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, passing)
		if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", eventTypes); err != nil {
			t.Fatal(err)
		}
		r.fire(shopOne, "DONATION")
		want := story{StateFailed, "This sandbox sends to no other URLs.", 5, 0, 0, 15 * time.Second}
		if diff := cmp.Diff(want, r.over(shopOne)[0].story(), cmp.AllowUnexported(story{})); diff != "" {
			t.Error(diff)
		}
	})
}

// Each attempt is the same request, signed over its bytes with both keys, 1, 2, 4 and 8 s after the
// one before. Redirects are not followed.
func TestAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &endpoint{answer: status(307)}
		r := newRig(t, passing, func(c *Config) { c.Transport = out })
		w, err := r.AddWebhook(shopTwo, "https://hooks.example.com:443/in?token=7", []string{"DONATION"})
		if err != nil {
			t.Fatal(err)
		}
		fired := time.Now()
		r.fire(shopTwo, "DONATION")
		d := r.over(shopTwo)[0]
		if d.WebhookID != w.ID || d.State != StateFailed || d.Attempts != 5 {
			t.Fatalf("%+v", d)
		}
		body, secret := r.body(shopTwo, d.ID), r.Shops()[1].WebhookSecret
		if !strings.Contains(body, `"id":"`+d.ID+`"`) || !strings.Contains(body, `"webhookId":"`+w.ID+`"`) {
			t.Errorf("body %s", body)
		}
		want := sent{
			method: "POST", url: w.URL, body: body, bytesClaimed: int64(len(body)),
			header: http.Header{
				"Content-Type": {"application/json"}, "User-Agent": {"Hookwall-Sandbox"},
				http.CanonicalHeaderKey(shopSignatureHeader): {sign(secret, body)},
				http.CanonicalHeaderKey(appSignatureHeader):  {sign(r.appKey, body)},
			},
		}
		var pauses []time.Duration
		for _, got := range out.requests() {
			pauses = append(pauses, got.at.Sub(fired))
			got.at = time.Time{}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(sent{})); diff != "" {
				t.Error(diff)
			}
		}
		if due := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}; !closely(pauses, due) {
			t.Errorf("attempts after %v", pauses)
		}
		if r.appKey == "" || r.appKey == secret {
			t.Error("the app's key is no key of its own")
		}
	})
}

// closely reports whether each time is what it should be, or a little later.
func closely(got, want []time.Duration) bool {
	return slices.EqualFunc(got, want, func(g, w time.Duration) bool { return g >= w && g <= w+glance })
}

// The signature is the one that everybody computes.
// Checklist 34.
func TestSignature(t *testing.T) {
	t.Parallel()
	// echo -n '{"id":"weve_1"}' | openssl dgst -sha256 -hmac key -binary | base64
	if got := sign("key", `{"id":"weve_1"}`); got != "uDu+IeWbnDCFOCNi8ezSUzg8CTQjWU+rmJEcyExw9IU=" {
		t.Errorf("%s", got)
	}
}

// With a stopped clock, Advance alone makes attempts due, and lets them run out of time.
func TestDeliveriesByTheSandboxClock(t *testing.T) {
	t.Parallel()
	began := make(chan struct{}, 1)
	out := &endpoint{answer: func(r *http.Request) (*http.Response, error) {
		began <- struct{}{}
		<-r.Context().Done()
		return nil, r.Context().Err()
	}}
	r := newRig(t, func(c *Config) { c.Transport = out })
	if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", eventTypes); err != nil {
		t.Fatal(err)
	}
	r.fire(shopOne, "DONATION")
	var got []story
	for pause := time.Duration(0); pause <= 8*time.Second; pause = max(2*pause, time.Second) {
		r.Advance(pause)
		<-began
		r.Advance(5 * time.Second)
		r.awaitDeliveries()
		got = append(got, r.Deliveries(shopOne)[0].story())
	}
	var want []story
	for i, lasted := range []string{"5s", "11s", "18s", "27s", "40s"} {
		d, err := time.ParseDuration(lasted)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, story{StateRetrying, "No complete response within 5 s.", i + 1, 0, 5 * time.Second, d})
	}
	want[4].state = StateFailed
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(story{})); diff != "" {
		t.Error(diff)
	}
	r.Advance(time.Hour)
	r.awaitDeliveries()
	if n := len(out.requests()); n != 5 {
		t.Errorf("%d attempts", n)
	}
}

// A response that came just before the clock was moved past the limit is still too late.
func TestTheClockOvertakesAnAnswer(t *testing.T) {
	t.Parallel()
	var r *rig
	out := &endpoint{answer: func(q *http.Request) (*http.Response, error) {
		r.Advance(5 * time.Second)
		return status(200)(q)
	}}
	r = newRig(t, func(c *Config) { c.Transport = out })
	if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", eventTypes); err != nil {
		t.Fatal(err)
	}
	r.fire(shopOne, "DONATION")
	r.awaitDeliveries()
	want := story{StateRetrying, "No complete response within 5 s.", 1, 0, 5 * time.Second, 5 * time.Second}
	if diff := cmp.Diff(want, r.Deliveries(shopOne)[0].story(), cmp.AllowUnexported(story{})); diff != "" {
		t.Error(diff)
	}
}

// A clock that moves without a word is soon noticed.
func TestAClockThatMovesByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.hook(shopOne, "/flaky")
		r.fire(shopOne, "DONATION")
		r.awaitDeliveries()
		synctest.Wait() // until the sandbox waits for the next attempt
		moved, again := time.Now(), r.changed()
		r.clock.move(time.Second)
		<-again
		r.awaitDeliveries()
		if d := r.Deliveries(shopOne)[0]; d.Attempts != 2 || time.Since(moved) > glance {
			t.Errorf("after %v: %+v", time.Since(moved), d)
		}
	})
}

// changed closes when there is something new.
func (r *rig) changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stirred
}

// A webhook that is deleted or changed while deliveries are due.
func TestWebhookChangesMeanwhile(t *testing.T) {
	t.Parallel()
	const path = webhooksPath + "/"
	for _, c := range []struct {
		name   string
		change func(r *rig, id string) answer
		want   story
	}{
		{
			"deleted", func(r *rig, id string) answer { return r.call(r.basic(shopOne), "DELETE", path+id, "") },
			story{StateFailed, "The webhook was deleted.", 1, 500, 0, time.Second},
		},
		{
			"moved", func(r *rig, id string) answer {
				return r.call(r.basic(shopOne), "PUT", path+id,
					`{"url":"https://receiver.sandbox.example/ok","allowedTypes":["DONATION"]}`)
			},
			story{StateRetrying, "Returned 500. Only 200 counts.", 2, 500, 0, time.Second},
		},
		{
			"type taken away", func(r *rig, id string) answer {
				return r.call(r.basic(shopOne), "PUT", path+id,
					`{"url":"https://receiver.sandbox.example/fail","allowedTypes":["ORDER_PLACED"]}`)
			},
			story{StateRetrying, "Returned 500. Only 200 counts.", 2, 500, 0, time.Second},
		},
	} {
		r := newRig(t)
		w := r.hook(shopOne, "/fail")
		r.fire(shopOne, "DONATION")
		r.awaitDeliveries()
		if a := c.change(r, w.ID); a.StatusCode != 200 {
			t.Fatalf("%s: %d %s", c.name, a.StatusCode, a.body)
		}
		r.Advance(time.Second)
		r.awaitDeliveries()
		if diff := cmp.Diff(c.want, r.Deliveries(shopOne)[0].story(), cmp.AllowUnexported(story{})); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

// hanging is a server that never responds. It reports when a request begins and when its client
// gives up.
func hanging() (out *endpoint, began, ended chan struct{}) {
	began, ended = make(chan struct{}, 100), make(chan struct{}, 100)
	return &endpoint{answer: func(r *http.Request) (*http.Response, error) {
		began <- struct{}{}
		<-r.Context().Done()
		ended <- struct{}{}
		return nil, r.Context().Err()
	}}, began, ended
}

// One shop's slow server holds up neither the others nor more than a few attempts of its own.
func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	out, began, _ := hanging()
	r := newRig(t, func(c *Config) { c.Transport = out })
	if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", eventTypes); err != nil {
		t.Fatal(err)
	}
	for range maxSending + 3 {
		r.fire(shopOne, "DONATION")
	}
	for range maxSending {
		<-began
	}
	r.fire(shopMany, "PRODUCT_CREATED")
	for r.Deliveries(shopMany)[0].State != StateDelivered {
		<-r.changed()
	}
	if n := len(out.requests()); n != maxSending {
		t.Errorf("%d attempts at once", n)
	}
	r.Advance(5 * time.Second)
	for range 3 {
		<-began
	}
	if n := len(out.requests()); n != maxSending+3 {
		t.Errorf("%d attempts", n)
	}
}

// What was on its way when the sandbox stopped continues when it starts again: after its pause, with
// its id, and an attempt that was cut off does not count.
func TestDeliveriesGoOnAfterARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sandbox.db")
	out, began, ended := hanging()
	r := newRig(t, func(c *Config) { c.DataFile, c.Transport = file, out })
	if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", eventTypes); err != nil {
		t.Fatal(err)
	}
	r.hook(shopTwo, "/flaky")
	flaky := r.fire(shopTwo, "DONATION")[0]
	r.awaitDeliveries()
	cut := r.fire(shopOne, "ORDER_PLACED")[0]
	<-began
	body, appKey := r.body(shopOne, cut), r.appKey
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended

	good := &endpoint{answer: status(200)}
	r = newRig(t, func(c *Config) { c.DataFile, c.Transport = file, good })
	r.awaitDeliveries()
	if d := r.Deliveries(shopOne)[0]; d.ID != cut || d.State != StateDelivered || d.Attempts != 1 {
		t.Errorf("cut off: %+v", d)
	}
	if got := good.requests(); len(got) != 1 || got[0].body != body ||
		got[0].header.Get(appSignatureHeader) != sign(appKey, body) {
		t.Errorf("sent again: %+v", got)
	}
	if d := r.Deliveries(shopTwo)[0]; d.ID != flaky || d.State != StateRetrying || d.Attempts != 1 {
		t.Errorf("between attempts: %+v", d)
	}
	r.Advance(time.Second)
	r.awaitDeliveries()
	r.Advance(2 * time.Second)
	r.awaitDeliveries()
	before := r.Deliveries(shopTwo)
	if d := before[0]; d.State != StateDelivered || d.Attempts != 3 {
		t.Errorf("after the pauses: %+v", d)
	}

	r = reopen(t, r, file)
	r.awaitDeliveries()
	if diff := cmp.Diff(before, r.Deliveries(shopTwo)); diff != "" {
		t.Errorf("kept:\n%s", diff)
	}
	if got := r.body(shopOne, cut); got != body {
		t.Errorf("body %s", got)
	}
	later := r.fire(shopTwo, "DONATION")[0]
	if got := r.Deliveries(shopTwo); got[0].ID != later {
		t.Error("an event after a restart is not the newest")
	}
}

// Starting over forgets events, also those that are being sent, and what the receiver got.
func TestResetForgetsDeliveries(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sandbox.db")
	out, began, ended := hanging()
	r := newRig(t, func(c *Config) { c.DataFile, c.Transport = file, out })
	if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", eventTypes); err != nil {
		t.Fatal(err)
	}
	r.fire(shopOne, "ORDER_PLACED")
	<-began
	r.fire(shopMany, "ORDER_PLACED")
	if err := r.Reset(); err != nil {
		t.Fatal(err)
	}
	<-ended
	r.awaitDeliveries()
	r = reopen(t, r, file)
	for _, sh := range r.Shops() {
		if got := r.Deliveries(sh.ID); got != nil {
			t.Errorf("%s: %v", sh.Name, got)
		}
	}
	if r.Receipts() != nil {
		t.Errorf("received %v", r.Receipts())
	}
}

// Waiting ends when the waiter leaves, and when the sandbox closes.
func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	out, began, _ := hanging()
	r := newRig(t, func(c *Config) { c.Transport = out })
	if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", eventTypes); err != nil {
		t.Fatal(err)
	}
	r.fire(shopOne, "DONATION")
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.AwaitDeliveries(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	waited := make(chan error)
	go func() { waited <- r.AwaitDeliveries(t.Context()) }()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil && !errors.Is(err, errClosed) {
		t.Errorf("error %v", err)
	}
}

// What cannot be written is not sent; what was sent is not sent again for that.
func TestDeliveryWriteErrors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sandbox.db")
	r := newRig(t, func(c *Config) { c.DataFile = file })
	r.hook(shopOne, "/fail")
	r.fire(shopOne, "DONATION")
	r.awaitDeliveries()
	if err := r.files.Close(); err != nil {
		t.Fatal(err)
	}
	if ids, err := r.Fire(shopOne, "DONATION", false); err == nil || ids != nil {
		t.Errorf("fired %v", ids)
	}
	if n := len(r.Deliveries(shopOne)); n != 1 {
		t.Errorf("%d deliveries", n)
	}
	r.clock.move(time.Second)
	for r.Deliveries(shopOne)[0].Attempts < 2 {
		<-r.changed()
	}
	r.awaitDeliveries()
	if d := r.Deliveries(shopOne)[0]; d.Attempts != 2 || !strings.Contains(r.log.String(), "delivery not kept") {
		t.Errorf("%+v", d)
	}
}

// Neither the log nor what is told of requests and deliveries holds what an event is about.
// Checklist 42.
func TestNothingOfAnEventIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hook(shopOne, "/flaky?token=canary-7")
	id := r.fire(shopOne, "ORDER_PLACED")[0]
	r.awaitDeliveries()
	body := r.body(shopOne, id)
	told := r.log.String() + r.get("/").body + r.get("/_sandbox/state").body
	var buyers []string
	for _, p := range people {
		buyers = append(buyers, p.Name, p.Email, p.Street, p.Phone)
	}
	if !slices.ContainsFunc(buyers, func(s string) bool { return strings.Contains(body, s) }) {
		t.Fatalf("nobody bought anything: %s", body)
	}
	for _, canary := range append(buyers, "friendlyId", "amounts") {
		if strings.Contains(told, canary) {
			t.Errorf("told: %s", canary)
		}
	}
	if strings.Contains(r.log.String(), "canary-7") || strings.Contains(r.log.String(), r.appKey) {
		t.Error("the log holds the address or the app's key")
	}
	if !strings.Contains(r.log.String(), `"msg":"delivery","event":"`+id+`"`) {
		t.Errorf("the log lacks the delivery:\n%s", r.log)
	}
}

// Large responses are read no further than needed, and their bodies are closed.
// Checklist 42.
func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	read := 0
	endless := &stream{read: func(b []byte) (int, error) {
		read += copy(b, bytes.Repeat([]byte("x"), len(b)))
		return len(b), nil
	}}
	out := &endpoint{answer: func(*http.Request) (*http.Response, error) { return response(200, endless), nil }}
	r := newRig(t, func(c *Config) { c.Transport = out })
	if _, err := r.AddWebhook(shopOne, "https://hooks.example.com/", eventTypes); err != nil {
		t.Fatal(err)
	}
	r.fire(shopOne, "DONATION")
	r.awaitDeliveries()
	if d := r.Deliveries(shopOne)[0]; d.State != StateDelivered || !endless.closed || read > maxAnswer {
		t.Errorf("%+v, closed %v, read %d", d, endless.closed, read)
	}
}
