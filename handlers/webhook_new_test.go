package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

const good = "https://hooks.example.com/fourthwall"

const apiWebhooks = "/open-api/v1.0/webhooks"

// kept compares a redrawn form with what was sent.
func (pg *page) kept(address string, types ...string) {
	pg.p.t.Helper()
	f := pg.form(pg.p.action())
	if f.values.Get("url") != address {
		pg.p.t.Errorf("the form holds the URL %q, %q was typed", f.values.Get("url"), address)
	}
	got, want := slices.Sorted(slices.Values(f.values["allowedTypes"])), slices.Sorted(slices.Values(types))
	if diff := cmp.Diff(want, got); diff != "" {
		pg.p.t.Errorf("ticks: %s", diff)
	}
}

// action is where the create form of the first demo shop is sent.
func (p *person) action() string { return webhooksPath(p.box.Shops()[0].ID) }

// focused returns the ID of the element with autofocus.
func (pg *page) focused() (id string) {
	walk(pg.doc, func(n *html.Node) {
		if n.Type == html.ElementNode && has(n, "autofocus") {
			id = attr(n, "id")
		}
	})
	return id
}

// described returns the text that describes the element with this ID.
func (pg *page) described(id string) string {
	n := pg.node(id)
	if n == nil {
		return ""
	}
	var texts []string
	for _, ref := range strings.Fields(attr(n, "aria-describedby")) {
		texts = append(texts, pg.byID(ref))
	}
	return strings.Join(texts, " ")
}

func (g *rig) urls(n int) []string {
	var out []string
	for _, hook := range g.box.Webhooks(g.box.Shops()[n].ID) {
		out = append(out, hook.URL)
	}
	return out
}

func TestCreate(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	pg := p.newForm(shop.ID, "  "+good+" ", "DONATION", "ORDER_PLACED").submit().want(http.StatusOK, good, "ORDER_PLACED",
		"Order placed", "DONATION", "V1")
	hooks := g.box.Webhooks(shop.ID)
	if len(hooks) != 1 || hooks[0].URL != good ||
		!slices.Equal(hooks[0].AllowedTypes, []string{"DONATION", "ORDER_PLACED"}) {
		t.Fatalf("the sandbox has %+v", hooks)
	}
	if want := webhookPath(shop.ID, hooks[0].ID); pg.url.Path != want || !strings.Contains(pg.text(), hooks[0].ID) {
		t.Errorf("at %s, want %s", pg.url.Path, want)
	}
	p.get(webhooksPath(shop.ID)).want(http.StatusOK).row(hooks[0].ID)
}

// TestCreateResponses checks what the person gets for each response of the API.
func TestCreateResponses(t *testing.T) {
	t.Parallel()
	id := http.Header{"X-Request-Id": {"req-777"}}
	after := http.Header{"Retry-After": {"60"}, "X-Request-Id": {"req-777"}}
	tests := []struct {
		name    string
		url     string // "" for the good one
		failure sandbox.Failure
		status  int
		texts   []string
		focus   string
		atURL   string // beside the URL field
		made    int    // webhooks there are afterwards
		retry   string
		noForm  bool // another page than the form
	}{
		{
			name: "an IP number", url: "https://203.0.113.7/fw", status: 422, focus: "url", atURL: "WEBHOOK_URI_IP_NOT_ALLOWED",
			texts: []string{"Webhook not created", "The URL has 1 problem. Your 2 event types are kept."},
		},
		{
			name: "an IP number and a port", url: "https://203.0.113.7:8443/fw", status: 422, focus: "url",
			atURL: "WEBHOOK_URI_IP_NOT_ALLOWED",
			texts: []string{"The URL has 2 problems.", "Fourthwall probably rejects port 8443.", "Found by Hookwall."},
		},
		{name: "a port", url: "https://hooks.example.com:8443/fw", status: 422, focus: "url", atURL: "WEBHOOK_URI_PORT_NOT_ALLOWED"},
		{name: "a domain", url: "https://shop.fourthwall.com/fw", status: 422, focus: "url", atURL: "WEBHOOK_URI_UNALLOWED_DOMAIN"},
		{
			name: "an unknown code", failure: sandbox.Failure{Status: 400, Code: "SOMETHING_ELSE", Header: id},
			status: 422, texts: []string{"SOMETHING_ELSE", "req-777", "Nothing was created"}, focus: "banner",
		},
		{name: "no code", failure: sandbox.Failure{Status: 400, Body: "{}", Header: id}, status: 422, texts: []string{"req-777", "gave no reason"}, focus: "banner"},
		{name: "a code of the URL with another status", failure: sandbox.Failure{Status: 409, Code: "WEBHOOK_URI_IP_NOT_ALLOWED"}, status: 422, focus: "url", atURL: "WEBHOOK_URI_IP_NOT_ALLOWED"},
		{name: "a code of the URL with that of a permission", failure: sandbox.Failure{Status: 403, Code: "WEBHOOK_URI_UNALLOWED_DOMAIN"}, status: 422, focus: "url", atURL: "WEBHOOK_URI_UNALLOWED_DOMAIN"},
		{name: "a code of the URL, and busy", failure: sandbox.Failure{Status: 429, Code: "WEBHOOK_URI_PORT_NOT_ALLOWED", Header: after}, status: 503, texts: []string{"WEBHOOK_URI_PORT_NOT_ALLOWED", "Fourthwall is busy"}, focus: "banner", retry: "60"},
		{name: "no permission", failure: sandbox.Failure{Status: 403, Code: "FORBIDDEN"}, status: 403, texts: []string{"webhook_write", "Connect the shop again"}, focus: "banner"},
		{name: "not found", failure: sandbox.Failure{Status: 404, Code: "OPEN_API_GONE"}, status: 404, texts: []string{"OPEN_API_GONE"}, focus: "banner"},
		{name: "too many requests", failure: sandbox.Failure{Status: 429, Header: after}, status: 503, texts: []string{"busy", "60 seconds"}, focus: "banner", retry: "60"},
		{name: "busy", failure: sandbox.Failure{Status: 503, Header: after}, status: 503, texts: []string{"busy", "Nothing was created"}, focus: "banner", retry: "60"},
		{name: "a fault, without effect", failure: sandbox.Failure{Status: 500, Header: id}, status: 502, texts: []string{"Unconfirmed", "req-777"}, focus: "banner", noForm: true},
		{name: "a fault, with effect", failure: sandbox.Failure{Status: 500, Effect: true}, status: 200, texts: []string{good}, made: 1, focus: "flash-0", noForm: true},
		{name: "bad gateway, with effect", failure: sandbox.Failure{Status: 502, Effect: true}, status: 200, texts: []string{good}, made: 1, focus: "flash-0", noForm: true},
		{name: "cut before", failure: sandbox.Failure{Cut: sandbox.CutBefore}, status: 502, texts: []string{"Unconfirmed"}, focus: "banner", noForm: true},
		{name: "cut after", failure: sandbox.Failure{Cut: sandbox.CutAfter}, status: 200, texts: []string{good}, made: 1, focus: "flash-0", noForm: true},
		{name: "cut in the answer", failure: sandbox.Failure{Cut: sandbox.CutBody}, status: 200, texts: []string{good}, made: 1, focus: "flash-0", noForm: true},
		{name: "an unreadable yes, with effect", failure: sandbox.Failure{Status: 200, Body: "<html>ok", Effect: true}, status: 200, texts: []string{good}, made: 1, focus: "flash-0", noForm: true},
		{name: "an unreadable yes, without effect", failure: sandbox.Failure{Status: 200, Body: "{}"}, status: 502, texts: []string{"Unconfirmed"}, focus: "banner", noForm: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			address := test.url
			if address == "" {
				address = good
				test.failure.Method, test.failure.Path = http.MethodPost, apiWebhooks
				g.box.FailNext(test.failure)
			}
			f := p.newForm(shop.ID, address, "DONATION", "ORDER_PLACED")
			pg := f.submit().want(test.status, test.texts...)
			if pg.header.Get("Retry-After") != test.retry {
				t.Errorf("Retry-After %q, want %q", pg.header.Get("Retry-After"), test.retry)
			}
			if made := len(g.urls(0)); made != test.made {
				t.Errorf("%d webhooks were made, want %d", made, test.made)
			}
			if pg.focused() != test.focus {
				t.Errorf("focus on %q, want %q", pg.focused(), test.focus)
			}
			if got := pg.described("url"); !strings.Contains(got, test.atURL) ||
				strings.Contains(got, "NOT_ALLOWED") != (test.atURL != "" && test.atURL != "WEBHOOK_URI_UNALLOWED_DOMAIN") {
				t.Errorf("beside the URL: %q, want %q", got, test.atURL)
			}
			if test.noForm {
				return
			}
			pg.kept(address, "DONATION", "ORDER_PLACED")
			if again := pg.form(p.action()).values.Get("submission"); again == f.values.Get("submission") || again == "" {
				t.Error("the redrawn form has the same one-time id")
			}
			if cc := pg.header.Get("Cache-Control"); cc != "private, no-cache" {
				t.Errorf("Cache-Control %q", cc)
			}
		})
	}
}

// TestCreateRejectedImmediately: input that cannot be a webhook is rejected
// without calling the API.
func TestCreateRejectedImmediately(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	one := []string{"DONATION"}
	tests := []struct {
		name    string
		url     string
		types   []string
		focus   string
		atURL   string
		atTypes string
	}{
		{"nothing", "", nil, "summary", "Enter the URL", "Select at least one"},
		{"no URL", "", one, "url", "Enter the URL", ""},
		{"blanks only", "  ", one, "url", "Enter the URL", ""},
		{"another scheme", "ftp://hooks.example.com/fw", one, "url", "the URL of a file server", ""},
		{"script", "javascript:alert(1)", one, "url", "only works inside a browser", ""},
		{"a backslash", `https://hooks.example.com\fw`, nil, "summary", "has a backslash", "Select at least one"},
		{"no host", "https:///fw", one, "url", "no host name", ""},
		{"a port that doesn’t exist", "https://h.example:99999/", one, "url", "doesn’t exist", ""},
		{"a blank inside", "https://hooks.example.com/a b", one, "url", "has a space inside", ""},
		{"unparsable", "https://[::1/fw", one, "url", "not a valid URL", ""},
		{"no types", good, nil, "types", "", "Select at least one"},
		{"an unknown type", good, []string{"DONATION", "MADE_UP"}, "types", "", "doesn’t know some of the selected event types"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(g.box.Requests())
			pg := p.newForm(shop.ID, test.url, test.types...).submit().want(http.StatusUnprocessableEntity)
			if calls := len(g.box.Requests()) - before; calls != 0 {
				t.Errorf("the API was asked %d times", calls)
			}
			pg.kept(test.url, test.types...)
			if pg.focused() != test.focus {
				t.Errorf("focus on %q, want %q", pg.focused(), test.focus)
			}
			for id, want := range map[string]string{"url": test.atURL, "types": test.atTypes} {
				got := pg.described(id)
				if want != "" && !strings.Contains(got, want) || (want == "") == (attrOf(pg, id, "aria-invalid") == "true") {
					t.Errorf("at %s: %q, want %q", id, got, want)
				}
			}
		})
	}
}

func attrOf(pg *page, id, key string) string {
	if n := pg.node(id); n != nil {
		if v := attr(n, key); v != "" {
			return v
		}
		if key == "aria-invalid" && strings.Contains(attr(n, "class"), "invalid") {
			return "true"
		}
	}
	return ""
}

// TestHintsNeverBlock: the redrawn form warns of what Fourthwall may reject. It
// can still be sent.
func TestHintsNeverBlock(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	tests := []struct{ url, hint string }{
		{"https://hooks.example.com/fw", ""},
		{"http://hooks.example.com/fw", "isn’t encrypted"},
		{"https://203.0.113.7/fw", "probably rejects IP addresses"},
		{"https://[2001:db8::1]/fw", "probably rejects IP addresses"},
		{"https://hooks.example.com:8443/fw", "probably rejects port 8443"},
		{"https://localhost/fw", "only works on your own computer"},
		{"https://intranet/fw", "only works on your own network"},
		{"https://me:pw@hooks.example.com/fw", "username or password"},
		{"https://my-shop.fourthwall.com/fw", "my-shop.fourthwall.com is Fourthwall’s own domain"},
		{"https://MY-SHOP.Fourthwall.COM./fw", "Fourthwall’s own domain"},
		{"https://fourthwall.com", "Fourthwall’s own domain"},
		{"https://hooks.example.com/fw#part", "is never sent"},
		{"https://hooks.example.com/fw?a=1&amp;b=2", "how HTML writes “&”"},
		{"https://hooks.example.com/fw?a=1&#38;b=2", "how HTML writes “&”"},
		{"https://hooks.example.com/{id}", "“{id}” looks like a placeholder"},
		{"https://hooks.example.com/{{token}}", "“{{token}}” looks like a placeholder"},
		{"https://hooks.example.com/${TOKEN}", "“${TOKEN}” looks like a placeholder"},
		{"https://hooks.example.com/<id>", "“<id>” looks like a placeholder"},
		{"https://hooks.example.com/%7Bid%7D", "“%7Bid%7D” looks like a placeholder"},
		{"https://hooks.example.com/[YOUR-ID]", "“[YOUR-ID]” looks like a placeholder"},
		{"https://hooks.example.com/YOUR_TOKEN", "“YOUR_TOKEN” looks like a placeholder"},
		{"https://{host}/fw", "“{host}” looks like a placeholder"},
		{"https://<your-domain>/fw", "“<your-domain>” looks like a placeholder"},
		{"https://hooks.example.com/fw.", "ends with “.”"},
		{"https://hooks.example.com/fw)", "ends with “)”"},
		{"https://hooks.example.com/a%E2%80%8Bb", "U+200B (zero-width space)"},
	}
	for _, test := range tests {
		t.Run(test.url, func(t *testing.T) {
			pg := p.newForm(shop.ID, test.url).press("do=preset:fulfillment").want(http.StatusOK)
			got := pg.byID("url-warnings")
			if (got == "") != (test.hint == "") || !strings.Contains(got, test.hint) {
				t.Errorf("warned %q, want %q", got, test.hint)
			}
			before := len(g.box.Requests())
			pg.form(p.action()).submit()
			if len(g.box.Requests()) == before {
				t.Error("the API was not asked")
			}
		})
	}
}

// TestCreateButtonsKeepInput clicks the buttons that change the ticks without
// script.
func TestCreateButtonsKeepInput(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	tests := []struct {
		button string
		before []string
		want   []string
	}{
		{"preset:fulfillment", []string{"DONATION"}, []string{"DONATION", "ORDER_PLACED", "ORDER_UPDATED"}},
		{"preset-off:fulfillment", []string{"DONATION", "ORDER_PLACED", "ORDER_UPDATED"}, []string{"DONATION"}},
		{"preset-off:fulfillment", []string{"DONATION"}, []string{"DONATION", "ORDER_PLACED", "ORDER_UPDATED"}},
		{"preset:marketing", nil, []string{"CART_ABANDONED_1H", "CART_ABANDONED_24H", "CART_ABANDONED_72H", "NEWSLETTER_SUBSCRIBED", "THANK_YOU_SENT"}},
		{"group:orders:all", []string{"COLLECTION_UPDATED"}, []string{"COLLECTION_UPDATED", "DONATION", "ORDER_PLACED", "ORDER_UPDATED"}},
		{"group:orders:off", []string{"DONATION", "ORDER_PLACED", "ORDER_UPDATED", "COLLECTION_UPDATED"}, []string{"COLLECTION_UPDATED"}},
		{"group:orders:off", []string{"DONATION", "COLLECTION_UPDATED"}, []string{"COLLECTION_UPDATED", "DONATION", "ORDER_PLACED", "ORDER_UPDATED"}},
		{"off", allTypes(), nil},
		{"off", []string{"DONATION"}, slices.Sorted(slices.Values(allTypes()))},
		{"group:orders:none", []string{"DONATION", "ORDER_PLACED", "COLLECTION_UPDATED"}, []string{"COLLECTION_UPDATED"}},
		{"all", []string{"DONATION"}, slices.Sorted(slices.Values(allTypes()))},
		{"none", []string{"DONATION", "ORDER_PLACED"}, nil},
	}
	for _, test := range tests {
		t.Run(test.button, func(t *testing.T) {
			f := p.newForm(shop.ID, "not yet a URL", test.before...)
			pg := f.send("do=" + test.button).want(http.StatusOK)
			pg.kept("not yet a URL", test.want...)
			if id := pg.form(p.action()).values.Get("submission"); id != f.values.Get("submission") {
				t.Error("a redraw changed the one-time id")
			}
			pg.form(p.action()).press("do=undo").want(http.StatusOK).kept("not yet a URL", test.before...)
		})
	}
}

func TestEnterCreates(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	if f := p.newForm(shop.ID, good, "DONATION"); f.buttons[0] != "do=create" {
		t.Errorf("Enter presses %s", f.buttons[0])
	}
}

func TestDeepLinks(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	tests := []struct {
		query string
		want  []string
	}{
		{"?preset=fulfillment", []string{"ORDER_PLACED", "ORDER_UPDATED"}},
		{"?types=DONATION,ORDER_PLACED,MADE_UP", []string{"DONATION", "ORDER_PLACED"}},
		{"?preset=nothing", nil},
		{"", nil},
	}
	for _, test := range tests {
		p.get(newWebhookPath(shop.ID)+test.query).want(http.StatusOK).kept("", test.want...)
	}
}

// TestSameFormSentAtOnce sends one form many times concurrently.
func TestSameFormSentAtOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		failure sandbox.Failure
		status  int
		made    int
		sent    int
	}{
		{"created", sandbox.Failure{Delay: 300 * time.Millisecond}, 200, 1, 1},
		{"refused", sandbox.Failure{Status: 400, Code: "WEBHOOK_URI_IP_NOT_ALLOWED", Delay: 300 * time.Millisecond}, 422, 0, 1},
		{"not confirmed", sandbox.Failure{Status: 500, Delay: 300 * time.Millisecond}, 502, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			test.failure.Method, test.failure.Path = http.MethodPost, apiWebhooks
			g.box.FailNext(test.failure)
			f := p.newForm(shop.ID, good, "DONATION")
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() { f.submit().want(test.status) })
			}
			wg.Wait()
			if made := len(g.urls(0)); made != test.made || g.creates() != test.sent {
				t.Errorf("%d webhooks were made by %d calls, want %d by %d", made, g.creates(), test.made, test.sent)
			}
		})
	}
}

func (g *rig) creates() (n int) {
	for _, r := range g.box.Requests() {
		if r.Method == http.MethodPost && r.Path == apiWebhooks {
			n++
		}
	}
	return n
}

// TestSentAgain sends a form a second time, as Back and a click do.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	refuse := sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 400, Code: "WEBHOOK_URI_IP_NOT_ALLOWED"}
	unclear := sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500}
	usual := webhooks.DefaultTiming()
	tests := []struct {
		name   string
		fail   *sandbox.Failure // of the first
		later  time.Duration
		url    string // of the second
		status int
		texts  []string
		made   int
	}{
		{"after it was created", nil, 0, good, 200, []string{good}, 1},
		{"after it was created, changed", nil, 0, good + "/2", 422, []string{"already sent", "wcon_", good, "Nothing new was created"}, 1},
		{"after it was refused", &refuse, 0, good, 200, []string{good}, 1},
		{"after it was refused, changed", &refuse, 0, good + "/2", 200, []string{good + "/2"}, 1},
		{"while not confirmed", &unclear, 0, good, 502, []string{"Unconfirmed"}, 0},
		{"while not confirmed, changed", &unclear, 0, good + "/2", 422, []string{"already sent", "couldn’t confirm"}, 0},
		{"long after it was not confirmed", &unclear, usual.Certain + time.Second, good, 502, []string{"There is no such webhook", "as good as certain that it wasn’t created", "Fourthwall could still create it"}, 0},
		{"long after it was not confirmed, changed", &unclear, usual.Certain + time.Second, good + "/2", 422, []string{"already sent", "couldn’t confirm"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			if test.fail != nil {
				g.box.FailNext(*test.fail)
			}
			f := p.newForm(shop.ID, good, "DONATION")
			f.submit()
			g.move(test.later)
			pg := f.set("url", test.url).submit().want(test.status, test.texts...)
			if made := len(g.urls(0)); made != test.made {
				t.Errorf("%d webhooks were made, want %d", made, test.made)
			}
			if test.status == http.StatusUnprocessableEntity {
				pg.kept(test.url, "DONATION")
				pg.form(p.action()).submit().want(http.StatusOK, test.url)
			}
		})
	}
}

// TestCheckAgain confirms an unconfirmed create under the same key.
func TestCheckAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		appears int             // webhooks like it that appear before the check
		fail    sandbox.Failure // of the list that is looked at
		status  int
		texts   []string
	}{
		{"it was created after all", 1, sandbox.Failure{}, 200, []string{good, "wcon_"}},
		{"it was not", 0, sandbox.Failure{}, 502, []string{"Unconfirmed", "found no new webhook", "After two minutes, it’s as good as certain"}},
		{"nobody can say which it is", 2, sandbox.Failure{}, 502, []string{"Unconfirmed", "Still unconfirmed", "we can’t tell whether it came from this form"}},
		{"the list fails", 1, sandbox.Failure{Status: 500}, 502, []string{"Unconfirmed", "Still unconfirmed", "We couldn’t check"}},
		{"the list is forbidden", 1, sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}, 502, []string{"Unconfirmed", "Still unconfirmed", "We couldn’t check"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
			pg := p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusBadGateway, "Unconfirmed")
			for range test.appears {
				if _, err := g.box.AddWebhook(shop.ID, good, []string{"DONATION"}); err != nil {
					t.Fatal(err)
				}
			}
			if test.fail.Status != 0 {
				test.fail.Method, test.fail.Path = http.MethodGet, apiWebhooks
				g.box.FailNext(test.fail)
			}
			pg = pg.form(p.action()).press("do=check").want(test.status, test.texts...)
			if strings.Contains(pg.text(), "found no new webhook") != (test.name == "it was not") {
				t.Errorf("what was seen: %s", pg.text())
			}
			if g.creates() != 1 {
				t.Errorf("%d calls", g.creates())
			}
		})
	}
}

// A list that fails once is read again. Otherwise the new webhook couldn't be
// identified if the response to the create is lost too.
func TestListBeforeFailsOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	form := p.newForm(shop.ID, good, "DONATION")
	g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 500})
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500, Effect: true})
	form.submit().want(http.StatusOK, good, "wcon_")
	if g.creates() != 1 {
		t.Errorf("%d calls", g.creates())
	}
}

// If the list cannot be read at all, the list of the shop's last create is used
// instead, for a while.
func TestRecentListReplacesFailedOne(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before bool // another create before
		later  time.Duration
		old    bool // there was a webhook like it before
		status int
		texts  []string
	}{
		{"seen just now", true, 0, false, 200, []string{"Webhook created", good}},
		{"seen too long ago", true, webhooks.DefaultTiming().RecentList, false, 502, []string{"Unconfirmed"}},
		{"never seen", false, 0, false, 502, []string{"Unconfirmed"}},
		{"seen with one like it, which is not the new one", true, 0, true, 502, []string{"Unconfirmed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{still: true})
			p := g.person()
			shop := p.connect(0)
			if test.old {
				g.add(shop, good, "DONATION")
			}
			if test.before {
				p.newForm(shop.ID, good+"/before", "DONATION").submit().want(http.StatusOK, "Webhook created")
			}
			g.move(test.later)
			f := p.newForm(shop.ID, good, "DONATION")
			g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 500, Times: 4})
			g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500, Effect: !test.old})
			f.submit().form(p.action()).press("do=anyway").want(test.status, test.texts...)
		})
	}
}

func TestOldWebhookIsNotTheNewOne(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	if _, err := g.box.AddWebhook(shop.ID, good, []string{"DONATION"}); err != nil {
		t.Fatal(err)
	}
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Cut: sandbox.CutBefore})
	p.newForm(shop.ID, good, "DONATION").set("duplicate", "accepted").submit().want(http.StatusBadGateway, "Unconfirmed")
}

func TestUnreachable(t *testing.T) {
	g := newRig(t, options{budget: 300 * time.Millisecond})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.boxSrv.Close()
	pg := f.submit().want(http.StatusBadGateway, "couldn’t reach Fourthwall", "Nothing was created")
	pg.kept(good, "DONATION")
	p.get(webhooksPath(shop.ID)).want(http.StatusBadGateway, "couldn’t reach Fourthwall")
}

func TestSecret(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	if err := g.box.Configure(shop.ID, sandbox.Switches{SecretInCreate: true}); err != nil {
		t.Fatal(err)
	}
	pg := p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusOK)
	secret := shop.WebhookSecret
	at := pg.url.Path
	if secret == "" || strings.Contains(pg.body, secret) {
		t.Fatal("the secret is shown before it was asked for, or there is none")
	}
	shown := pg.form("/secret").submit().want(http.StatusOK)
	if !strings.Contains(shown.body, secret) || shown.header.Get("Cache-Control") != "no-store" ||
		shown.header.Get("Content-Encoding") != "" {
		t.Errorf("the secret is not shown, or may be cached or compressed: %v", shown.header)
	}
	t.Run("kept until it is stored", func(t *testing.T) {
		q := p.get(at)
		q.form("/secret/stored").submit().want(http.StatusOK, "deleted from Hookwall")
		if after := p.get(at); strings.Contains(after.body, "/secret") {
			t.Error("the secret is still offered")
		}
	})
	t.Run("kept for 15 minutes", func(*testing.T) {
		q := p.newForm(shop.ID, good+"/2", "DONATION").submit().want(http.StatusOK)
		f := q.form("/secret")
		g.move(15*time.Minute + time.Second)
		f.submit().want(http.StatusOK, "no longer have this secret")
	})
}

// TestReadForbidden: with a token that may only write, a create works, and the
// page shows the created webhook.
func TestReadForbidden(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := g.box.Shops()[0]
	consent := p.get("/oauth/start?way=code")
	consent.form(consent.url.Path).set("shop", shop.ID).set("grant", "webhook_write").press("decision=allow").
		want(http.StatusOK, "webhook_read", "connect the shop again")
	pg := p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusOK, good, "webhook_read", "DONATION")
	if !strings.HasPrefix(pg.url.Path, webhooksPath(shop.ID)+"/wcon_") {
		t.Errorf("at %s", pg.url.Path)
	}
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
	p.newForm(shop.ID, good+"/2", "DONATION").submit().want(http.StatusBadGateway, "Unconfirmed")
}

func TestWriteForbidden(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := g.box.Shops()[0]
	consent := p.get("/oauth/start?way=code")
	consent.form(consent.url.Path).set("shop", shop.ID).set("grant",
		"webhook_read").press("decision=allow").want(http.StatusOK)
	pg := p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusForbidden, "webhook_write")
	pg.kept(good, "DONATION")
	// Reconnecting with the permission returns to the filled-in form.
	connect := pg.link("Connect the shop again").want(http.StatusOK, shop.Name+" must be connected again",
		"To continue, you need a new connection")
	if strings.Contains(connect.text(), "no longer accepts") {
		t.Error("the connection is said to be at its end, and only lacks a permission")
	}
	p.consent(connect.link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK, "as you typed it").kept(good,
		"DONATION")
}

func TestListShowsEverything(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	p.get(webhooksPath(shop.ID)).want(http.StatusOK, "Stream alerts")
	for i := range 250 {
		if _, err := g.box.AddWebhook(shop.ID, good+"/"+url.PathEscape(strings.Repeat("x", i)),
			[]string{"DONATION", "LIVESTREAM_STARTED"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.box.Configure(shop.ID, sandbox.Switches{PageSize: 100, FutureTypes: true}); err != nil {
		t.Fatal(err)
	}
	pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK, "250 webhooks", "1 of 29")
	seen := pg.hooks()
	for range 4 {
		pg = pg.link("Next")
		seen = append(seen, pg.hooks()...)
	}
	if slices.Sort(seen); len(slices.Compact(seen)) != 250 || strings.Contains(pg.text(), "Next") {
		t.Errorf("%d rows on five pages", len(seen))
	}
}

// TestBackToTheForm leaves a page that stays unconfirmed.
func TestBackToTheForm(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
	f := p.newForm(shop.ID, good, "DONATION")
	pg := f.submit().want(http.StatusBadGateway).form(p.action()).press("do=edit").want(http.StatusOK)
	pg.kept(good, "DONATION")
	if pg.form(p.action()).values.Get("submission") == f.values.Get("submission") {
		t.Error("the one-time id is the old one")
	}
	g.move(g.timing.Late)
	pg = pg.form(p.action()).submit().want(http.StatusBadGateway, "There is no such webhook", "It probably wasn’t created",
		"Fourthwall could still create it")
	pg.form(p.action()).press("do=repeat").want(http.StatusOK, good, "wcon_")
}

// TestEarlierAttempt: a create got no response and is not in the list. Another
// request for the same content could create a second webhook. Soon after, it
// waits; later, the person decides.
func TestEarlierAttempt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		later  time.Duration
		blind  bool // the list cannot be read
		url    string
		types  []string
		set    string // what else the form says
		status int
		wait   string
		made   int
	}{
		{name: "at once", url: good, types: []string{"DONATION"}, status: 503, wait: "30"},
		{name: "written in another way, with another type", later: time.Second, url: "https://HOOKS.example.com:443/fourthwall", types: []string{"ORDER_PLACED", "DONATION"}, status: 503, wait: "29"},
		{name: "later", later: webhooks.DefaultTiming().Late, url: good, types: []string{"DONATION"}, status: 502},
		{name: "later, with another type", later: webhooks.DefaultTiming().Late, url: good, types: []string{"ORDER_PLACED", "DONATION"}, status: 502},
		{name: "an hour later", later: webhooks.DefaultTiming().Blind, url: good, types: []string{"DONATION"}, status: 200, made: 1},
		{name: "later, blind", later: webhooks.DefaultTiming().Late, blind: true, url: good, types: []string{"DONATION"}, status: 503, wait: "30"},
		{name: "much later, blind", later: webhooks.DefaultTiming().Blind, blind: true, url: good, types: []string{"DONATION"}, status: 200, made: 1},
		{name: "other event types", url: good, types: []string{"ORDER_PLACED"}, status: 200, made: 1},
		{name: "another address, blind", blind: true, url: good + "/2", types: []string{"DONATION"}, status: 200, made: 1},
		{name: "a second one is wanted", url: good, types: []string{"DONATION"}, set: "accepted", status: 200, made: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{still: true})
			p := g.person()
			shop := p.connect(0)
			g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
			p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusBadGateway, "Unconfirmed")
			g.move(test.later)
			f := p.newForm(shop.ID, test.url, test.types...).set("duplicate", test.set)
			if test.blind {
				g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 403, Code: "OPEN_API_FORBIDDEN"})
			}
			pg := f.submit().want(test.status)
			if got := pg.header.Get("Retry-After"); got != test.wait {
				t.Errorf("Retry-After %q, want %q", got, test.wait)
			}
			switch test.status {
			case http.StatusBadGateway:
				pg.want(test.status, "There is no such webhook")
			case http.StatusServiceUnavailable:
				pg.want(test.status, "An earlier attempt may still succeed", "we sent nothing now").kept(test.url,
					test.types...)
			}
			if made := len(g.box.Webhooks(shop.ID)); made != test.made {
				t.Errorf("%d webhooks, want %d", made, test.made)
			}
		})
	}
}

// TestCutOff: the process ended between the call and its record. Sending the
// form again leads to the webhook, and no second one is created.
func TestCutOff(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.dies(p, readWebhookForm(shop.ID, f.values), http.MethodPost)
	g.add(shop, good, "DONATION")
	g.move(g.timing.Confirm + time.Second)
	f.submit().want(http.StatusOK, good, "wcon_")
	if made := len(g.urls(0)); made != 1 || g.creates() != 0 {
		t.Errorf("%d webhooks, %d calls", made, g.creates())
	}
}

// TestCreateOfADeadProcess: the process ended before the call, or during it and
// the API never received it. The same form still creates one webhook.
func TestCreateOfADeadProcess(t *testing.T) {
	t.Parallel()
	usual := webhooks.DefaultTiming()
	for _, test := range []struct {
		name   string
		method string // of the request that it dies before
		after  time.Duration
		press  string
		status int
		text   string
		made   int
	}{
		{"before the call", http.MethodGet, usual.Lease + time.Second, "do=create", 200, good, 1},
		{"before the call, and looked for", http.MethodGet, usual.Lease + time.Second, "do=check", 502, "The webhook was not created", 0},
		{"in the call", http.MethodPost, usual.Late, "do=create", 502, "Unconfirmed", 0},
		{"in the call, long ago", http.MethodPost, usual.Certain + time.Second, "do=create", 502, "as good as certain", 0},
		{"in the call, long ago, and decided", http.MethodPost, usual.Certain + time.Second, "do=repeat", 200, good, 1},
		{"in the call, and looked for", http.MethodPost, usual.Late, "do=check", 502, "Unconfirmed", 0},
		{"in the call, and looked for long after", http.MethodPost, usual.Certain + time.Second, "do=check", 502, "as good as certain", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			f := p.newForm(shop.ID, good, "DONATION")
			sent := readWebhookForm(shop.ID, f.values)
			g.dies(p, sent, test.method)
			g.move(test.after)
			pg := f.send(test.press).want(test.status, test.text)
			if made := len(g.urls(0)); made != test.made || g.creates() != test.made {
				t.Errorf("%d webhooks by %d calls, want %d", made, g.creates(), test.made)
			}
			if !strings.Contains(test.text, "was not created") {
				return
			}
			pg.kept(good, "DONATION")
			pg.form(p.action()).submit().want(http.StatusOK, good)
			if made := len(g.urls(0)); made != 1 {
				t.Errorf("%d webhooks in the end", made)
			}
		})
	}
}

// dies leaves the state of a process that ended during a create, right before
// it sends a request with this method.
func (g *rig) dies(p *person, sent *webhookForm, method string) {
	g.t.Helper()
	api, err := fourthwall.New(g.boxURL, fourthwall.Options{Transport: deadly(method)})
	g.must(err)
	recorder := activity.NewRecorder(g.store, g.timing.FirstRecheck, g.server.Logger)
	connected := shops.NewService(g.store, api, g.server.OAuth, nil)
	dying := webhooks.NewService(webhooks.Config{
		Store: g.store, Shops: connected, Activity: recorder, Logger: g.server.Logger, Timing: g.timing,
	})
	conn, err := g.store.Connection(g.t.Context(), owner(p), sent.shop)
	g.must(err)
	var process sync.WaitGroup
	process.Go(func() {
		request := webhooks.Request{
			Shop: connected.Client(conn), Actor: activity.Actor{Owner: conn.Owner}, Key: sent.key, Again: true,
		}
		_, err := dying.Create(g.t.Context(), request, sent.wanted(), webhooks.CreateOptions{})
		g.t.Errorf("it lived on: %v", err)
	})
	process.Wait()
}

// deadly ends the goroutine that sends a request with this method. To others
// it returns an empty list.
type deadly string

func (d deadly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == string(d) {
		runtime.Goexit()
	}
	answer := httptest.NewRecorder()
	_, err := answer.WriteString(`{"results":[]}`)
	return answer.Result(), err
}

// TestEarlierAttemptsAreClosed: a form was sent again after the end of a
// process. One attempt is recorded as done and the other as unclear.
func TestEarlierAttemptsAreClosed(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.dies(p, readWebhookForm(shop.ID, f.values), http.MethodPost)
	g.move(g.timing.Certain + time.Second)
	f.submit().form(p.action()).press("do=repeat").want(http.StatusOK, good)
	g.must(g.hooks.Reconcile(t.Context(), 1000))
	for outcome, want := range map[string]int{store.OutcomeDone: 1, store.OutcomeUnclear: 1, store.OutcomePending: 0} {
		if n := strings.Count(p.get(activityPath(shop.ID)+".csv?action=webhook.create&outcome="+outcome).body,
			activity.CreateWebhook); n != want {
			t.Errorf("%d attempts are %s, want %d", n, outcome, want)
		}
	}
}

// TestFoundAndRecorded: after a process died, sending the form again leads to
// the webhook that it created. The attempt is immediately recorded as done.
func TestFoundAndRecorded(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.dies(p, readWebhookForm(shop.ID, f.values), http.MethodPost)
	hook := g.add(shop, good, "DONATION")
	g.move(g.timing.Confirm + time.Second)
	f.submit().want(http.StatusOK, hook.ID)
	csv := p.get(activityPath(shop.ID) + ".csv?action=webhook.create").body
	if strings.Count(csv, activity.CreateWebhook) != 1 || strings.Count(csv, store.OutcomeDone) != 1 ||
		strings.Count(csv, hook.ID) != 1 {
		t.Errorf("the activity:\n%s", csv)
	}
}

// TestProcessResumesTooLate: a process that paused before its call finds that
// another one holds the lease, and does not call.
func TestProcessResumesTooLate(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{timing: noHeartbeat})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	stands, wakes := make(chan struct{}), make(chan struct{})
	calls, answers := make(chan struct{}, 2), make(chan struct{})
	var stood atomic.Bool
	g.calls.set(func(c apiCall) {
		switch {
		case c.method == http.MethodPost:
			calls <- struct{}{}
			<-answers
		case !stood.Swap(true):
			close(stands)
			<-wakes
		}
	}, nil)
	var both sync.WaitGroup
	both.Go(func() { f.submit().want(http.StatusOK, good) })
	<-stands
	g.move(g.timing.Lease + time.Second)
	both.Go(func() { f.submit().want(http.StatusOK, good) })
	<-calls // by the second, while the first is paused
	close(wakes)
	g.until(func() bool { return g.server.waiting.Load() > 0 || len(calls) > 0 })
	close(answers)
	both.Wait()
	if made := len(g.urls(0)); made != 1 || g.creates() != 1 {
		t.Errorf("%d webhooks by %d calls", made, g.creates())
	}
}

func TestHeadSpendsNothing(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	consent := p.get("/oauth/start?way=code")
	consent.p = p.noRedirects()
	to := p.consent(consent, g.box.Shops()[0].ID, "allow").header.Get("Location")
	if pg := p.do(p.request(http.MethodHead, to, nil)); pg.status != http.StatusMethodNotAllowed || g.tokenCalls() != 0 {
		t.Errorf("HEAD: %d, %d token calls", pg.status, g.tokenCalls())
	}
	p.get(to).want(http.StatusOK, "is connected")
}

func TestInvalidUTF8(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	pg := p.newForm(shop.ID, "\xff\xfe\x00", "\xff").submit().want(http.StatusUnprocessableEntity)
	if !utf8.ValidString(pg.body) {
		t.Error("the page is not UTF-8")
	}
}

// noHeartbeat lets a lease end while its holder is working.
func noHeartbeat(t *webhooks.Timing) { t.Heartbeat = time.Hour }

// TestProcessPausedInTheCall: no create begins while the outcome of an earlier
// call is unknown.
func TestProcessPausedInTheCall(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{timing: noHeartbeat})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	arrived, released := make(chan struct{}), make(chan struct{})
	var stood atomic.Bool
	g.calls.set(func(c apiCall) {
		if c.method == http.MethodPost && !stood.Swap(true) {
			close(arrived)
			<-released
		}
	}, nil)
	var first sync.WaitGroup
	first.Go(func() { f.submit().want(http.StatusOK, good) })
	<-arrived
	g.move(g.timing.Confirm + time.Second)
	f.submit().want(http.StatusBadGateway, "Unconfirmed")
	close(released)
	first.Wait()
	if made := len(g.urls(0)); made != 1 || g.creates() != 1 {
		t.Errorf("%d webhooks by %d calls", made, g.creates())
	}
}

// TestUnconfirmedAttemptIsClosed: if a form is sent again and creates a
// webhook, the earlier attempt stays unclear, with the response that it got.
func TestUnconfirmedAttemptIsClosed(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.box.FailNext(sandbox.Failure{
		Method: http.MethodPost, Path: apiWebhooks, Status: 500, Code: "FAULT",
		Header: http.Header{"X-Request-Id": {"req-777"}},
	})
	f.submit().want(http.StatusBadGateway, "Unconfirmed")
	g.dies(p, &webhookForm{shop: shop.ID, key: "another form", url: good + "/2", types: []string{"DONATION"}},
		http.MethodPost)
	g.move(g.timing.Certain + time.Second)
	f.submit().form(p.action()).press("do=repeat").want(http.StatusOK, good)
	var got []store.Ending
	for _, a := range g.recorded(shop, activity.CreateWebhook) {
		got = append(got,
			store.Ending{
				Outcome: a.Outcome, WebhookID: a.WebhookID, Status: a.Status, Code: a.Code, APIRequestID: a.APIRequestID,
			})
	}
	want := []store.Ending{
		{Outcome: store.OutcomeDone, WebhookID: g.box.Webhooks(shop.ID)[0].ID, Status: 200},
		{Outcome: store.OutcomePending}, // of another form
		{Outcome: store.OutcomeUnclear, Status: 500, Code: "FAULT", APIRequestID: "req-777"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestLongestWait: of several attempts that may still take effect, the one with
// the longest wait counts.
func TestLongestWait(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{still: true})
	p := g.person()
	shop := p.connect(0)
	for range 2 {
		g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
		p.newForm(shop.ID, good, "DONATION").set("duplicate", "accepted").submit().want(http.StatusBadGateway,
			"Unconfirmed")
		g.move(10 * time.Second)
	}
	pg := p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusServiceUnavailable,
		"An earlier attempt may still succeed")
	if got := pg.header.Get("Retry-After"); got != "20" {
		t.Errorf("Retry-After %q", got)
	}
}

// TestNotSeenBefore: if a create didn't list all webhooks beforehand, a
// matching webhook may be older.
func TestNotSeenBefore(t *testing.T) {
	t.Parallel()
	for name, unseen := range map[string]func(g *rig){
		"the list could not be read": func(g *rig) {
			g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 500, Times: 4})
		},
		"the list was incomplete": func(g *rig) {
			g.calls.set(nil, partOf(`{"id":"wcon_another","url":"https://a.example/","allowedTypes":["DONATION"]}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			g.add(shop, good, "DONATION")
			f := p.newForm(shop.ID, good, "DONATION")
			unseen(g)
			g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
			f = f.submit().form(p.action())
			f.press("do=anyway").want(http.StatusBadGateway, "Unconfirmed")
			g.calls.set(nil, nil)
			f.send("do=check").want(http.StatusBadGateway, "Unconfirmed")
		})
	}
}
