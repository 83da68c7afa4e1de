package handlers

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/sandbox"
	"hookwall/internal/team"
)

// line returns the only log line with this message from the request that pg
// responds to.
func (pg *page) line(message string) map[string]any {
	pg.p.t.Helper()
	id := pg.header.Get("X-Request-Id")
	var found map[string]any
	for text := range strings.Lines(pg.p.logs.String()) {
		var line map[string]any
		pg.p.must(json.Unmarshal([]byte(text), &line))
		if line["request"] != id || line["msg"] != message {
			continue
		}
		if found != nil {
			pg.p.t.Errorf("%q stands in the log twice", message)
		}
		found = line
	}
	if found == nil {
		pg.p.t.Fatalf("the log does not say %q of the request %s:\n%s", message, id, pg.p.logs)
	}
	return found
}

// TestLostKeyIsLogged: data that another key sealed is logged for the operator,
// with the request that found it, even if the store reports it.
func TestLostKeyIsLogged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "h.db")
	const public = "http://hooks.example.com" // the same for both, and so are the names of cookies
	before := newRig(t, options{file: file, publicURL: public})
	p := before.person()
	shop := p.connectKey(0)
	draft := p.newForm(shop.ID, good, "DONATION").values
	draft.Set("do", "examine")
	at, err := url.Parse(p.noRedirects().post(webhooksPath(shop.ID), draft).header.Get("Location"))
	before.must(err)

	after := newRig(t, options{file: file, publicURL: public})
	lost := &person{after, p.client}
	pg := lost.noRedirects().get(webhooksPath(shop.ID)).want(http.StatusSeeOther)
	if line := pg.line("a credential does not open"); line["shop"] != shop.ID || line["level"] != "WARN" {
		t.Errorf("the line is %v", line)
	}
	back := newWebhookPath(shop.ID) + "?draft=" + at.Query().Get("form")
	pg = lost.get("/connect?return=" + url.QueryEscape(back)).want(http.StatusOK)
	if line := pg.line("a sealed value does not open"); line["op"] != "read draft" || line["level"] != "WARN" {
		t.Errorf("the line is %v", line)
	}
}

// TestWhatIsLeftOutIsLogged: a page that is drawn without something says in the
// log why, with its request id.
func TestWhatIsLeftOutIsLogged(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, receives, "DONATION")
	for _, test := range []struct{ at, unread, says string }{
		{webhooksPath(shop.ID), apiEvents, "deliveries could not be listed beside webhooks"},
		{eventsPath(shop.ID), apiWebhooks, "webhooks could not be listed beside deliveries"},
		{eventPath(shop.ID, g.fired(shop, "DONATION", false)), apiWebhooks, "webhooks could not be listed beside deliveries"},
		{webhookPath(shop.ID, hook.ID) + "/delete", apiWebhooks, "webhooks could not be listed beside the one that is to be deleted"},
	} {
		g.box.FailNext(sandbox.Failure{Path: test.unread, Status: 500, Header: http.Header{"X-Request-Id": {"req-777"}}})
		line := p.get(test.at).want(http.StatusOK).line(test.says)
		if why, _ := line["error"].(string); line["level"] != "WARN" || !strings.Contains(why, "500") ||
			!strings.Contains(why, "req-777") {
			t.Errorf("%s: the line is %v", test.at, line)
		}
	}
}

// TestLineOfRequest: the line of a request says whose it was and about which shop, by their IDs. The trace that it
// belongs to is in each of its lines, and is sent on to nobody.
func TestLineOfRequest(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	admin := g.member(team.Admin)
	shop := admin.connectKey(0)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	valid := "00-" + trace + "-00f067aa0ba902b7-01"
	list, id := webhooksPath(shop.ID), admin.id()
	for name, test := range map[string]struct {
		by                         *person
		at, sent                   string
		route, person, shop, trace any // nil: not in the line
	}{
		"a member's, with a trace": {admin, list, valid, "GET /shops/{shop}/webhooks", id, shop.ID, trace},
		"without a trace":          {admin, list, "", "GET /shops/{shop}/webhooks", id, shop.ID, nil},
		"not a trace":              {admin, list, "00-" + trace, "GET /shops/{shop}/webhooks", id, shop.ID, nil},
		"about no shop":            {admin, "/help", valid, "GET /help", id, nil, trace},
		"a stranger's":             {g.person(), list, valid, "GET /shops/{shop}/webhooks", nil, nil, trace},
		"of no page":               {admin, "/no-such-page", valid, "", id, nil, trace},
	} {
		t.Run(name, func(t *testing.T) {
			g.calls.forget()
			r := httptest.NewRequest(http.MethodGet, g.url+test.at, nil)
			if test.sent != "" {
				r.Header.Set("Traceparent", test.sent)
				r.Header.Set("Tracestate", "vendor=secret")
			}
			for _, cookie := range test.by.client.Jar.Cookies(r.URL) {
				r.AddCookie(cookie)
			}
			w := httptest.NewRecorder()
			g.server.handler().ServeHTTP(w, r) // without a network, the line is complete when it returns
			line := (&page{p: test.by, header: w.Header()}).line("request")
			got := []any{line["route"], line["person"], line["shop"], line["trace"]}
			if diff := cmp.Diff([]any{test.route, test.person, test.shop, test.trace}, got); diff != "" {
				t.Error(diff)
			}
			calls := g.calls.of(http.MethodGet)
			for _, call := range calls {
				if call.tracing != "" {
					t.Errorf("%s %s has %q", call.method, call.path, call.tracing)
				}
			}
			if (len(calls) > 0) != (test.shop != nil) {
				t.Errorf("%d calls of the API", len(calls))
			}
		})
	}
	for _, known := range []string{"admin@agency.example", "The admin", shop.Name, "vendor=secret"} {
		if strings.Contains(g.logs.String(), known) {
			t.Errorf("the log has %q", known)
		}
	}
}

// TestEndpointsGetNoTrace: a test delivery and a check send no part of the trace to the endpoint.
func TestEndpointsGetNoTrace(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []http.Header
	g := newRig(t, options{endpoint: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header)
	})})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, accepts, "DONATION")
	for path, form := range map[string]url.Values{
		testPath(shop.ID, hook.ID): {"type": {"DONATION"}, "body": {"{}"}},
		checksPath(shop.ID):        {"url": {accepts}, "type": {"DONATION"}, "types": {"DONATION"}},
	} {
		mu.Lock()
		got = nil
		mu.Unlock()
		r := p.request(http.MethodPost, path, form)
		r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
		r.Header.Set("Tracestate", "vendor=secret")
		p.do(r).want(http.StatusOK)
		mu.Lock()
		if len(got) == 0 {
			t.Errorf("%s sends nothing", path)
		}
		for _, header := range got {
			if header["Traceparent"] != nil || header["Tracestate"] != nil {
				t.Errorf("%s sends %v", path, header)
			}
		}
		mu.Unlock()
	}
}
