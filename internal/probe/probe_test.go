package probe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/probe"
	"hookwall/internal/sandbox"
)

// verdicts are what is found of assumptions, where that isn't that they hold.
type verdicts map[string]probe.Verdict

// with returns verdicts with more of them.
func (v verdicts) with(more verdicts) verdicts {
	all := verdicts{}
	for _, some := range []verdicts{v, more} {
		for id, verdict := range some {
			all[id] = verdict
		}
	}
	return all
}

// withKey is what an API key can't find out, and with one key alone.
var withKey = verdicts{"A05": probe.NotKnown, "A09": probe.NotKnown}

// answer is a response of the sandbox that a test can change.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// refuse replaces the response by an error.
func (a *answer) refuse(status int, code string) {
	a.status, a.body = status, []byte(`{"code":"`+code+`"}`)
}

// without removes a field from the object.
func (a *answer) without(fields ...string) {
	var object map[string]any
	if json.Unmarshal(a.body, &object) != nil {
		return
	}
	for _, f := range fields {
		delete(object, f)
	}
	a.body, _ = json.Marshal(object)
}

// between passes requests to the sandbox, and lets a test change the responses.
type between struct {
	box    *sandbox.Server
	change func(r *http.Request, a *answer)
	before func(r *http.Request) error
}

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.before != nil {
		if err := b.before(r); err != nil {
			return nil, err
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	server := r.Clone(r.Context())
	server.RequestURI, server.RemoteAddr, server.GetBody = r.URL.RequestURI(), "192.0.2.1:1234", nil
	if server.Body == nil {
		server.Body = http.NoBody
	}
	b.box.ServeHTTP(w, server)
	a := &answer{w.Code, w.Header(), w.Body.Bytes()}
	if b.change != nil {
		b.change(r, a)
	}
	return &http.Response{
		StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r,
	}, nil
}

func isCall(r *http.Request, method, path string) bool {
	return r.Method == method && strings.HasPrefix(r.URL.Path, "/open-api/v1.0"+path)
}

// newBox returns a sandbox whose first shop has webhooks and deliveries, and a configuration for it.
func newBox(t *testing.T) (*sandbox.Server, *between, probe.Config) {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{AnyHost: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	shop := box.Shops()[0]
	if _, err := box.AddWebhook(shop.ID, "https://receiver.sandbox.example/ok", []string{"DONATION"}); err != nil {
		t.Fatal(err)
	}
	if _, err := box.Fire(shop.ID, "DONATION", false); err != nil {
		t.Fatal(err)
	}
	if err := box.AwaitDeliveries(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := &between{box: box}
	return box, b, probe.Config{
		BaseURL:    "http://box.example",
		Credential: fourthwall.APIKey{Username: shop.APIUser, Password: fourthwall.Secret(shop.APIPassword)},
		Transport:  b, UserAgent: "hookwall/test", URL: "https://hooks.example.com/probe", Cleanup: time.Minute,
	}
}

// found returns what was found, without what holds.
func found(all []probe.Finding) verdicts {
	v := verdicts{}
	for _, f := range all {
		if f.Verdict != probe.Holds {
			v[f.ID] = f.Verdict
		}
	}
	return v
}

// report returns the report, in which no secret and nothing of the shop may be.
func report(t *testing.T, box *sandbox.Server, all []probe.Finding) string {
	t.Helper()
	var b strings.Builder
	if err := probe.WriteReport(&b, "test", all); err != nil {
		t.Fatal(err)
	}
	shop := box.Shops()[0]
	for _, secret := range []string{
		shop.APIUser, shop.APIPassword, shop.WebhookSecret, shop.ID, shop.Name, shop.Domain, "@", "wcon_", "weve_",
	} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("the report has something of the shop: %s", b.String())
		}
	}
	return b.String()
}

// TestRun compares the verdicts about the sandbox as it is, with each switch turned, and about servers that differ.
func TestRun(t *testing.T) {
	t.Parallel()
	differs := func(ids ...string) verdicts {
		v := verdicts{}
		for _, id := range ids {
			v[id] = probe.Differs
		}
		return v
	}
	tests := []struct {
		name     string
		switches *sandbox.Switches
		scopes   []string
		change   func(*http.Request, *answer)
		want     verdicts // beside withKey
	}{
		{name: "the sandbox"},
		{name: "no secret", switches: &sandbox.Switches{}, want: differs("A03")},
		{
			name: "lists as arrays", switches: &sandbox.Switches{SecretInCreate: true, BareList: true},
			want: differs("A06", "A07", "A21").with(verdicts{"A08": probe.NotKnown}),
		},
		{name: "size refused", switches: &sandbox.Switches{SecretInCreate: true, RefuseSize: true}, want: differs("A08")},
		{name: "size ignored", switches: &sandbox.Switches{SecretInCreate: true, IgnoreSize: true}, want: differs("A08")},
		{name: "types accepted", switches: &sandbox.Switches{SecretInCreate: true, Lenient: true}, want: differs("A12")},
		{name: "write only", scopes: []string{"webhook_write"}, change: func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhooks") && !isCall(r, "GET", "/webhooks/") {
				a.refuse(403, "FORBIDDEN")
			}
		}, want: verdicts{
			"A05": probe.Holds, "A06": probe.NotKnown, "A07": probe.NotKnown, "A08": probe.NotKnown,
		}},
		{name: "write reads", scopes: []string{"webhook_write"}, want: differs("A05")},
		{name: "no domain", change: func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/shops/current") {
				a.without("domain")
			}
		}, want: differs("A01")},
		{name: "no version", change: func(r *http.Request, a *answer) {
			if isCall(r, "POST", "/webhooks") {
				a.without("apiVersion")
			}
		}, want: differs("A02")},
		{name: "not read back", change: func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhooks/") && a.status == 200 {
				a.without("url")
			}
		}, want: differs("A04", "A10")},
		{name: "no totals", change: func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhooks") && !isCall(r, "GET", "/webhooks/") {
				a.without("total", "totalPages")
			}
		}, want: differs("A07")},
		{name: "all types are too many", change: func(r *http.Request, a *answer) {
			if isCall(r, "PUT", "/webhooks/") && bytes.Count(a.body, []byte(",")) > 9 {
				a.refuse(400, "TOO_MANY_TYPES")
			}
		}, want: differs("A11")},
		{name: "IP addresses accepted", change: accepts("WEBHOOK_URI_IP_NOT_ALLOWED"), want: differs("A13")},
		{name: "ports accepted", change: accepts("WEBHOOK_URI_PORT_NOT_ALLOWED"), want: differs("A14")},
		{name: "domains accepted", change: accepts("WEBHOOK_URI_UNALLOWED_DOMAIN"), want: differs("A15")},
		{name: "errors as text", change: func(_ *http.Request, a *answer) {
			if a.status == 400 {
				a.body = []byte("no")
			}
		}, want: differs("A13", "A14", "A15", "A16")},
		{name: "another code for what is unknown", change: func(_ *http.Request, a *answer) {
			if a.status == 404 {
				a.refuse(404, "NOT_HERE")
			}
		}, want: differs("A17")},
		{name: "duplicates refused", change: func(r *http.Request, a *answer) {
			if isCall(r, "POST", "/webhooks") && strings.Contains(string(a.body), "GIFT_DRAW_STARTED") {
				a.refuse(409, "DUPLICATE")
			}
		}, want: differs("A18")},
		{name: "a delete with a body", change: func(r *http.Request, a *answer) {
			if r.Method == "DELETE" && a.status == 200 {
				a.body = []byte(`{}`)
			}
		}, want: differs("A19")},
		{name: "deleted twice", change: func(r *http.Request, a *answer) {
			if r.Method == "DELETE" && a.status == 404 {
				a.status, a.body = 200, nil
			}
		}, want: differs("A20")},
		{name: "another state", change: func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhook-events") {
				a.body = bytes.ReplaceAll(a.body, []byte(`"state":"`), []byte(`"state":"X`))
			}
		}, want: differs("A22")},
		{name: "bodies without a webhook", change: func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhook-events") {
				a.body = bytes.ReplaceAll(a.body, []byte("webhookId"), []byte("hook"))
			}
		}, want: differs("A23")},
		{name: "rate limit in headers", change: func(_ *http.Request, a *answer) {
			a.header.Set("X-RateLimit-Remaining", "9")
		}, want: differs("A24")},
		{name: "rate limit in a header with more hyphens", change: func(_ *http.Request, a *answer) {
			a.header.Set("X-Rate-Limit-Remaining", "9")
		}, want: differs("A24")},
		{name: "size is unprocessable", change: func(r *http.Request, a *answer) {
			if r.URL.Query().Get("size") == "100" {
				a.refuse(422, "INVALID")
			}
		}, want: differs("A08")},
		{name: "no deliveries to read", change: func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhook-events") {
				a.refuse(404, "NOT_FOUND")
			}
		}, want: differs("A21").with(verdicts{"A22": probe.NotKnown, "A23": probe.NotKnown})},
		{name: "deliveries fail", change: func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhook-events") {
				a.refuse(500, "FAILED")
			}
		}, want: verdicts{"A21": probe.NotKnown, "A22": probe.NotKnown, "A23": probe.NotKnown}},
		{name: "at the rate limit, then not", change: limited(1)},
		{name: "always at the rate limit", change: limited(1000), want: verdicts{"A17": probe.NotKnown}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			box, b, c := newBox(t)
			shop := box.Shops()[0].ID
			if tt.switches != nil {
				if err := box.Configure(shop, *tt.switches); err != nil {
					t.Fatal(err)
				}
			}
			b.change, c.Scopes = tt.change, tt.scopes
			before := box.Webhooks(shop)
			all, err := probe.Run(t.Context(), c)
			if err != nil {
				t.Error(err)
			}
			want := withKey.with(tt.want)
			for id, verdict := range want {
				if verdict == probe.Holds {
					delete(want, id)
				}
			}
			text := report(t, box, all)
			if diff := cmp.Diff(want, found(all)); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s\n%s", diff, text)
			}
			if diff := cmp.Diff(before, box.Webhooks(shop)); diff != "" {
				t.Errorf("webhooks of the shop (-before +after):\n%s", diff)
			}
		})
	}
}

// accepts hides that a URL was rejected with a code.
func accepts(code string) func(*http.Request, *answer) {
	return func(_ *http.Request, a *answer) {
		if strings.Contains(string(a.body), code) {
			a.refuse(422, "SOMETHING_ELSE")
		}
	}
}

// limited puts the call for an unknown webhook at the rate limit, so many times.
func limited(times int) func(*http.Request, *answer) {
	return func(r *http.Request, a *answer) {
		// The one with the mark of the run, and no webhook, has 20 characters behind the prefix.
		if _, id, found := strings.Cut(r.URL.Path, "/webhooks/wcon_"); !found || len(id) != 20 || a.status != 404 {
			return
		}
		if times--; times >= 0 {
			a.refuse(429, "TOO_MANY_REQUESTS")
			a.header.Set("Retry-After", "0")
		}
	}
}

// TestOtherKey compares what another key says of the list.
func TestOtherKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(r *http.Request, a *answer) // of the other key's responses
		want   probe.Verdict
		seen   string
	}{
		{"lists all", func(*http.Request, *answer) {}, probe.Holds, "is listed with the other"},
		{"lists its own", func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhooks") {
				a.body = []byte(`{"results":[],"total":0,"page":0,"size":100,"totalPages":0}`)
			}
		}, probe.Differs, "isn't listed with the other"},
		{"can't list", func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/webhooks") {
				a.refuse(403, "FORBIDDEN")
			}
		}, probe.NotKnown, "can't read the list"},
		{"of another shop", func(r *http.Request, a *answer) {
			if isCall(r, "GET", "/shops/current") {
				a.body = []byte(`{"id":"sh_other"}`)
			}
		}, probe.NotKnown, "belongs to another shop"},
		{"wrong", func(_ *http.Request, a *answer) { a.refuse(401, "UNAUTHORIZED") }, probe.NotKnown, "401 UNAUTHORIZED"},
		{"without a response", func(_ *http.Request, a *answer) { a.refuse(503, "DOWN") }, probe.NotKnown, "503 DOWN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			box, b, c := newBox(t)
			before := box.Webhooks(box.Shops()[0].ID)
			own, _ := c.Credential.(fourthwall.APIKey)
			c.Other = fourthwall.APIKey{Username: "other", Password: "x"}
			others := 0
			isOther := false
			b.before = func(r *http.Request) error {
				user, _, _ := r.BasicAuth()
				if isOther = user == "other"; isOther {
					others++
					r.SetBasicAuth(own.Username, string(own.Password))
				}
				return nil
			}
			b.change = func(r *http.Request, a *answer) {
				if isOther {
					tt.change(r, a)
				}
			}
			all, err := probe.Run(t.Context(), c)
			if err != nil {
				t.Error(err)
			}
			text := report(t, box, all)
			for _, f := range all {
				if f.ID == "A09" && (f.Verdict != tt.want || !strings.Contains(f.Seen, tt.seen)) {
					t.Errorf("it %s: %s", f.Verdict, f.Seen)
				}
			}
			if want := (verdicts{"A05": probe.NotKnown}); tt.want == probe.Holds {
				if diff := cmp.Diff(want, found(all)); diff != "" {
					t.Errorf("verdicts (-want +got):\n%s\n%s", diff, text)
				}
			}
			if diff := cmp.Diff(before, box.Webhooks(box.Shops()[0].ID)); diff != "" || others == 0 {
				t.Errorf("%d calls with the other key; webhooks of the shop (-before +after):\n%s", others, diff)
			}
		})
	}
}

// TestUnusable tries servers that say nothing of the API.
func TestUnusable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*http.Request, *answer)
		want   string // in the error
	}{
		{"a wrong key", func(_ *http.Request, a *answer) { a.refuse(401, "UNAUTHORIZED") }, "401 UNAUTHORIZED. Check the API key"},
		{"HTML", func(_ *http.Request, a *answer) { a.status, a.body = 200, []byte("<html>") }, "200, not JSON. Check"},
		{"an outage", func(_ *http.Request, a *answer) { a.refuse(503, "DOWN") }, "503 DOWN. Check FOURTHWALL_API_URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, b, c := newBox(t)
			b.change = tt.change
			creates := 0
			b.before = func(r *http.Request) error {
				if r.Method == http.MethodPost {
					creates++
				}
				return nil
			}
			all, err := probe.Run(t.Context(), c)
			if !errors.Is(err, probe.ErrUnusable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if creates != 0 {
				t.Errorf("%d creates were sent", creates)
			}
			for _, f := range all {
				if f.Verdict != probe.NotKnown {
					t.Errorf("%s %s: %s", f.ID, f.Verdict, f.Seen)
				}
			}
		})
	}
}

// TestSaysWhatMayBeLeft loses the response to the first create where the list doesn't show what it made.
func TestSaysWhatMayBeLeft(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		list string // all that is listed
	}{
		{"a list in another form", `{"webhooks":[]}`},
		{"a create that takes effect later", `{"results":[],"total":0,"page":0,"size":100,"totalPages":0}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, b, c := newBox(t)
			lost := false
			b.change = func(r *http.Request, a *answer) {
				switch {
				case isCall(r, "POST", "/webhooks") && !lost:
					lost = true
					a.refuse(502, "BAD_GATEWAY")
				case isCall(r, "GET", "/webhooks") && !isCall(r, "GET", "/webhooks/"):
					a.body = []byte(tt.list)
				}
			}
			if _, err := probe.Run(t.Context(), c); !errors.Is(err, probe.ErrLeft) {
				t.Errorf("error %v, want ErrLeft", err)
			}
		})
	}
}

// TestInterruptedCreate interrupts the probe while each create is on its way. The call ends first, or nobody would know
// what it did.
func TestInterruptedCreate(t *testing.T) {
	t.Parallel()
	box, b, c := newBox(t)
	shop := box.Shops()[0].ID
	before := box.Webhooks(shop)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.before = func(r *http.Request) error {
		if r.Method == http.MethodPost {
			cancel()
			return r.Context().Err()
		}
		return nil
	}
	all, err := probe.Run(ctx, c)
	if !errors.Is(err, context.Canceled) || errors.Is(err, probe.ErrLeft) {
		t.Errorf("error %v, want only that of the context", err)
	}
	if v := found(all)["A02"]; v != "" {
		t.Errorf("A02 is %s, want that it holds", v)
	}
	if diff := cmp.Diff(before, box.Webhooks(shop)); diff != "" {
		t.Errorf("webhooks of the shop (-before +after):\n%s", diff)
	}
}

// TestCleansUp interrupts the probe before each of its calls in turn, and loses the response to each. Nothing that it
// made is left.
func TestCleansUp(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"interrupted", "response lost"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at++ {
				box, b, c := newBox(t)
				shop := box.Shops()[0].ID
				before := box.Webhooks(shop)
				ctx, cancel := context.WithCancel(t.Context())
				calls, reached := 0, false
				b.before = func(*http.Request) error {
					if calls++; calls == at {
						reached = true
						if how == "interrupted" {
							cancel()
							return context.Canceled
						}
					}
					return nil
				}
				b.change = func(_ *http.Request, a *answer) {
					if how == "response lost" && calls == at {
						a.status, a.body = 502, []byte("lost")
					}
				}
				_, err := probe.Run(ctx, c)
				cancel()
				if how == "interrupted" && reached && err == nil {
					t.Errorf("interrupted before call %d: no error", at)
				}
				after := box.Webhooks(shop)
				if !slices.EqualFunc(before, after, func(a, b sandbox.Webhook) bool { return a.ID == b.ID }) &&
					!errors.Is(err, probe.ErrLeft) {
					t.Errorf("%s at call %d: %d webhooks before, %d after, error %v", how, at, len(before), len(after), err)
				}
				if !reached {
					return
				}
			}
		})
	}
}
