package handlers

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views/ui"
)

const apiEvents = "/open-api/v1.0/webhook-events"

// deliveries returns the text of each row of the log.
func (pg *page) deliveries() (out []string) {
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom == atom.Tr && n.Parent.DataAtom == atom.Tbody && attr(n.Parent.Parent, "class") == "deliveries" {
			out = append(out, textOf(n))
		}
	})
	return out
}

// fired triggers one event at one webhook and returns its ID.
func (g *rig) fired(shop sandbox.DemoShop, kind string, test bool) string {
	g.t.Helper()
	ids, err := g.box.Fire(shop.ID, kind, test)
	g.must(err)
	g.must(g.box.AwaitDeliveries(g.t.Context()))
	return ids[0]
}

// TestDeliveryLog shows what Fourthwall lists, newest first, by page and type.
func TestDeliveryLog(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	p.get(eventsPath(shop.ID)).want(http.StatusOK, "No deliveries yet")
	hook := g.add(shop, receives, "DONATION", "ORDER_PLACED")
	for i := range 120 {
		kind := "DONATION"
		if i%4 == 0 {
			kind = "ORDER_PLACED"
		}
		_, err := g.box.Fire(shop.ID, kind, false)
		g.must(err)
	}
	g.must(g.box.AwaitDeliveries(t.Context()))
	tests := []struct {
		query string
		rows  int
		texts []string
		prev  string
		next  string
		api   string // query of the first call
	}{
		{"", 50, []string{"1–50 of 120", "120 accepted"}, "", "?page=2", "page=0&size=100"},
		{"?page=2", 50, []string{"51–100 of 120"}, "?", "?page=3", "page=0&size=100"},
		{"?page=3", 20, []string{"101–120 of 120"}, "?page=2", "", "page=1&size=100"},
		{"?page=4", 0, []string{"This page is empty"}, "?page=3", "", "page=1&size=100"},
		{"?page=9", 0, []string{"This page is empty"}, "?page=8", "", "page=4&size=100"},
		{"?page=0", 50, []string{"1–50 of 120"}, "", "?page=2", "page=0&size=100"},
		{"?page=-1", 50, nil, "", "?page=2", "page=0&size=100"},
		{"?page=99999999999999999999", 50, nil, "", "?page=2", "page=0&size=100"},
		{"?page=x", 50, nil, "", "?page=2", "page=0&size=100"},
		{"?type=ORDER_PLACED", 30, []string{"30 accepted"}, "", "", "page=0&size=100&type=ORDER_PLACED"},
		{"?type=DONATION", 50, nil, "", "?page=2&type=DONATION", "page=0&size=100&type=DONATION"},
		{"?type=GIFT_PURCHASE", 0, []string{"No deliveries match these filters"}, "", "", "page=0&size=100&type=GIFT_PURCHASE"},
		{"?webhook=" + hook.ID, 50, []string{"50 of the last 50 deliveries match."}, "", "?page=2&webhook=" + hook.ID, "page=0&size=100"},
		{"?page=3&webhook=" + hook.ID, 20, []string{"20 of deliveries 101–120 match."}, "?webhook=" + hook.ID, "", "page=1&size=100"},
		{"?webhook=receiver", 50, []string{"50 of the last 50 deliveries match."}, "", "?page=2&webhook=receiver", "page=0&size=100"},
		{"?webhook=wcon_other", 0, []string{"0 of 120 deliveries match.", "No deliveries match these filters"}, "", "", "page=0&size=100"},
		{"?failed=1", 0, []string{"0 of 120 deliveries match."}, "", "", "page=0&size=100"},
		{"?from=2001-01-01T00:00&to=2001-01-02T00:00", 0, []string{"0 of 120 deliveries match."}, "", "", "page=0&size=100"},
		{"?from=2001-01-01T00:00", 50, []string{"50 of the last 50"}, "", "?from=2001-01-01T00%3A00&page=2", "page=0&size=100"},
		{"?q=" + hook.ID, 50, []string{"50 of the last 50"}, "", "?page=2&q=" + hook.ID, "page=0&size=100"},
		{"?q=weve_none", 0, []string{"0 of 120"}, "", "", "page=0&size=100"},
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			g.move(time.Minute)
			before := len(slices.DeleteFunc(g.calls.of(http.MethodGet), func(c apiCall) bool { return c.path != apiEvents }))
			pg := p.get(eventsPath(shop.ID)+test.query).want(http.StatusOK, test.texts...)
			if rows := pg.deliveries(); len(rows) != test.rows {
				t.Errorf("%d rows, want %d", len(rows), test.rows)
			}
			links := map[string]string{"prev": "", "next": ""}
			walk(pg.doc, func(n *html.Node) {
				if rel := attr(n, "rel"); rel == "prev" || rel == "next" {
					links[rel] = strings.TrimPrefix(attr(n, "href"), eventsPath(shop.ID)) // "" is the first page
					if links[rel] == "" {
						links[rel] = "?"
					}
				}
			})
			if diff := cmp.Diff(map[string]string{"prev": test.prev, "next": test.next}, links); diff != "" {
				t.Error(diff)
			}
			asked := slices.DeleteFunc(g.calls.of(http.MethodGet), func(c apiCall) bool { return c.path != apiEvents })
			if got := asked[before].query; got != test.api {
				t.Errorf("asked for %s, want %s", got, test.api)
			}
		})
	}
}

// TestDeliveryMarks: what each row says of a delivery, and of its webhook.
func TestDeliveryMarks(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	one, two := g.add(shop, good, "DONATION"), g.add(shop, good+"/two", "DONATION")
	g.add(shop, good+"/shared", "DONATION")
	g.add(shop, "https://HOOKS.example.com/fourthwall/shared", "DONATION")
	body := func(id string) string { return fmt.Sprintf(`{"type":"DONATION","webhookId":%q}`, id) }
	tests := []struct {
		name  string
		event string
		texts []string
		not   []string
		leads string // to the webhook with this id
	}{
		{"by its body", event("weve_1", "DONATION", "DELIVERED", body(two.ID), good, ""), []string{"OK", "Donation", "hooks.example.com/fourthwall", "Accepted"}, []string{"What to do", "Test", "shared URL"}, two.ID},
		{"by its URL", event("weve_2", "DONATION", "DELIVERED", "{}", good, ""), nil, []string{"shared URL"}, one.ID},
		{"by its URL, in another form", event("weve_3", "DONATION", "DELIVERED", "x", "HTTPS://hooks.EXAMPLE.com:443/fourthwall", ""), nil, []string{"shared URL"}, one.ID},
		{"by neither", event("weve_4", "DONATION", "DELIVERED", "", good+"/shared", ""), []string{"shared URL"}, nil, ""},
		{"of a webhook that is gone", event("weve_5", "DONATION", "DELIVERED", body("wcon_gone"), good, ""), []string{"deleted"}, nil, ""},
		{"of an address that is gone", event("weve_6", "DONATION", "DELIVERED", "", good+"/gone", ""), []string{"no current webhook"}, nil, ""},
		{"an error", event("weve_7", "DONATION", "whatever", body(one.ID), good, `,"error":"Answered 500."`), []string{"Failing", "Answered 500.", "What to do"}, []string{"whatever"}, one.ID},
		{"an empty error", event("weve_8", "DONATION", "whatever", body(one.ID), good, `,"error":""`), []string{"Failing", "Failed, no details", "What to do"}, nil, one.ID},
		{"a word that is not known", event("weve_13", "DONATION", "whatever", body(one.ID), good, ""), []string{"Not known", "whatever"}, []string{"What to do", "OK", "Accepted"}, one.ID},
		{"not sent yet", event("weve_14", "DONATION", "PENDING", body(one.ID), good, ""), []string{"Not known", "PENDING"}, []string{"What to do", "OK", "Accepted"}, one.ID},
		{"no error", event("weve_9", "DONATION", "FAILED", body(one.ID), good, `,"error":null`), []string{"Failing", "Failed, no details", "What to do"}, nil, one.ID},
		{"a test", strings.Replace(event("weve_10", "DONATION", "DELIVERED", body(one.ID), good, ""), `"testMode":false`, `"testMode":true`, 1), []string{"Test"}, []string{"What to do"}, one.ID},
		{"a type that is not known", event("weve_11", "livestream <b>", "DELIVERED", body(one.ID), good, ""), []string{"livestream <b>"}, nil, one.ID},
		{"little is known", `{"id":"weve_12"}`, []string{"no time given", "No state given", "Not known"}, []string{"What to do", "Test"}, ""},
	}
	for _, test := range tests {
		for _, bare := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, bare %v", test.name, bare), func(t *testing.T) {
				g.move(time.Minute)
				answer := `{"results":[` + test.event + `]}`
				if bare {
					answer = "[" + test.event + "]"
				}
				g.calls.set(nil, eventsAPI(answer))
				pg := p.get(eventsPath(shop.ID)).want(http.StatusOK)
				rows := pg.deliveries()
				if len(rows) != 1 {
					t.Fatalf("%d rows", len(rows))
				}
				for _, text := range test.texts {
					if !strings.Contains(rows[0], text) {
						t.Errorf("lacks %q: %s", text, rows[0])
					}
				}
				for _, text := range test.not {
					if strings.Contains(rows[0], text) {
						t.Errorf("has %q: %s", text, rows[0])
					}
				}
				var leads []string
				walk(pg.node("log"), func(n *html.Node) {
					if id, ok := strings.CutPrefix(attr(n, "href"), webhooksPath(shop.ID)+"/wcon_"); ok {
						leads = append(leads, "wcon_"+id)
					}
				})
				if got := strings.Join(leads, " "); got != test.leads {
					t.Errorf("leads to %q, want %q", got, test.leads)
				}
			})
		}
	}
}

// TestDeliveriesOfOneWebhook: a delivery that may belong to another webhook is
// shown, and marked as such.
func TestDeliveriesOfOneWebhook(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	one, two := g.add(shop, good, "DONATION"), g.add(shop, good, "ORDER_PLACED")
	g.calls.set(nil, eventsAPI("["+strings.Join([]string{
		event("weve_1", "DONATION", "S1", fmt.Sprintf(`{"webhookId":%q}`, one.ID), good, ""),
		event("weve_2", "DONATION", "S2", fmt.Sprintf(`{"webhookId":%q}`, two.ID), good, ""),
		event("weve_3", "DONATION", "S3", "{}", good, ""),
		event("weve_4", "DONATION", "S4", "{}", good+"/other", ""),
	}, ",")+"]"))
	for _, test := range []struct{ webhook, want string }{
		{one.ID, "S1 S3"}, {two.ID, "S2 S3"}, {"", "S1 S2 S3 S4"}, {"wcon_none", ""},
	} {
		var got []string
		for _, row := range p.get(eventsHref(shop.ID, test.webhook)).want(http.StatusOK).deliveries() {
			for _, state := range []string{"S1", "S2", "S3", "S4"} {
				if strings.Contains(row, state) {
					got = append(got, state)
				}
			}
			if strings.Contains(row, "S3") != strings.Contains(row, "shared URL") {
				t.Errorf("%s", row)
			}
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", test.webhook, diff)
		}
	}
}

// TestDeliveriesUnread: the log and one delivery, when the API does not
// respond.
func TestDeliveriesUnread(t *testing.T) {
	t.Parallel()
	after := http.Header{"Retry-After": {"60"}}
	tests := []struct {
		name   string
		fail   sandbox.Failure
		list   int
		detail int
		texts  []string
		retry  string
	}{
		{"not allowed", sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}, 200, 403, []string{"webhook_read", "Connect the shop again"}, ""},
		{"busy", sandbox.Failure{Status: 429, Header: after}, 503, 503, []string{"busy"}, "60"},
		{"a fault", sandbox.Failure{Status: 500}, 502, 502, []string{"didn’t respond as expected"}, ""},
		{"nonsense", sandbox.Failure{Status: 200, Body: "<html>"}, 502, 502, []string{"didn’t respond as expected"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			for path, status := range map[string]int{eventsPath(shop.ID): test.list, eventPath(shop.ID, "weve_x"): test.detail} {
				test.fail.Path, test.fail.Times = apiEvents+"*", 1
				g.box.FailNext(test.fail)
				pg := p.get(path).want(status, test.texts...)
				if got := pg.header.Get("Retry-After"); got != test.retry {
					t.Errorf("Retry-After %q", got)
				}
				if test.detail != http.StatusForbidden {
					continue
				}
				back := p.consent(pg.link("Connect the shop again").link("Connect with Fourthwall"), shop.ID, "allow")
				if back.url.Path != path {
					t.Errorf("back at %s, want %s", back.url, path)
				}
			}
		})
	}
	t.Run("a type that is not taken", func(t *testing.T) {
		g := newRig(t, options{})
		p := g.person()
		shop := p.connect(0)
		pg := p.get(eventsPath(shop.ID)+"?type=MADE_UP").want(http.StatusUnprocessableEntity, "rejected this filter",
			"OPEN_API_BAD_REQUEST")
		pg.link("Show all deliveries").want(http.StatusOK, "No deliveries yet")
	})
	t.Run("a delivery that is not known", func(t *testing.T) {
		g := newRig(t, options{})
		p := g.person()
		shop := p.connect(0)
		for _, id := range []string{"a/b", "ä", "?show=body"} {
			p.get(eventPath(shop.ID, id)).want(http.StatusNotFound, "doesn’t know this delivery")
		}
		p.get(eventPath(shop.ID, "weve_x")).want(http.StatusNotFound, "doesn’t know this delivery",
			"WEBHOOK_EVENT_NOT_FOUND", "See the deliveries")
	})
	t.Run("the webhooks", func(t *testing.T) {
		g := newRig(t, options{})
		p := g.person()
		shop := p.connect(0)
		hook := g.add(shop, receives, "DONATION")
		id := g.fired(shop, "DONATION", false)
		g.box.FailNext(sandbox.Failure{Path: apiWebhooks, Status: 500, Times: 2})
		for _, path := range []string{eventsPath(shop.ID), eventPath(shop.ID, id)} {
			pg := p.get(path).want(http.StatusOK)
			link := webhookPath(shop.ID, hook.ID)
			if strings.Contains(pg.body, "webhook has been deleted") || !strings.Contains(pg.body, link) {
				t.Errorf("says of the webhook: %s", pg.text())
			}
		}
	})
}

// TestDeliveryOfAnUnknownWebhook: the page claims nothing about webhooks that
// could not be read.
func TestDeliveryOfAnUnknownWebhook(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		m    webhooks.Matcher
		want ui.DeliveryRow
	}{
		{"there is none", webhooks.NewMatcher(fourthwall.WebhookList{}), ui.DeliveryRow{}},
		{"they could not all be read", webhooks.NewMatcher(fourthwall.WebhookList{Incomplete: true}), ui.DeliveryRow{WebhooksUnknown: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := deliveryRow("sh_1", fourthwall.Event{URL: good}, test.m)
			test.want.Href, test.want.Type, test.want.Mark = eventPath("sh_1", ""), badge(""), ui.NotKnown
			test.want.URL, test.want.Name = good, "hooks.example.com/fourthwall"
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDelivery shows one, with its body only when it is asked for.
func TestDelivery(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, refuses, "ORDER_PLACED")
	id := g.fired(shop, "ORDER_PLACED", true)
	pg := p.get(eventsPath(shop.ID)).link("What to do").want(http.StatusOK, "RETRYING", "Test",
		"Fourthwall reports an error", "Returned 500", id, hook.ID, shop.ID, "V1", "Show the body")
	if pg.url.Path != eventPath(shop.ID, id) || strings.Contains(pg.body, "@example") || pg.section("body") == "" {
		t.Errorf("at %s: %s", pg.url, pg.section("body"))
	}
	shown := pg.link("Show the body").want(http.StatusOK, `"webhookId": "`+hook.ID+`"`, "Hide the body",
		`"type": "ORDER_PLACED"`)
	if cc := shown.header.Get("Cache-Control"); cc != "no-store" {
		t.Errorf("Cache-Control %q", cc)
	}
	var pre string
	walk(shown.doc, func(n *html.Node) {
		if n.DataAtom == atom.Pre && pre == "" {
			pre = textOf(n)
		}
	})
	if !strings.HasPrefix(pre, `{ "testMode": true,`) {
		t.Errorf("the body is %s", pre)
	}
	hidden := shown.link("Hide the body").want(http.StatusOK, "Show the body")
	if strings.Contains(hidden.text(), `"webhookId"`) {
		t.Error("the body is still shown")
	}
}

// TestDeliveryBody: every body is shown unchanged.
func TestDeliveryBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		body   string
		want   string // that the shown text contains
		pretty bool
		none   bool
	}{
		{"JSON", `{"b":1.10,"a":[1,2],"big":12345678901234567890}`, `{ "b": 1.10, "a": [ 1, 2 ], "big": 12345678901234567890 }`, true, false},
		{"no JSON", "name=Ada&x=<1>", "name=Ada&x=<1>", false, false},
		{"hostile", `{"a":"</code></pre><script>alert(1)</script><img src=x onerror=alert(1)>"}`, `"</code></pre><script>alert(1)</script>`, true, false},
		{"hostile, no JSON", `"><img src=x onerror=alert(1)>`, `"><img src=x onerror=alert(1)>`, false, false},
		{"half of it", `{"a":`, `{"a":`, false, false},
		{"nothing", "", "returned no body", false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			mux := http.NewServeMux()
			mux.HandleFunc("GET "+apiEvents+"/{id}", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(event("weve_1", "DONATION", "S", test.body, good, "")))
			})
			g.calls.set(nil, mux)
			at := eventPath(shop.ID, "weve_1")
			if pg := p.get(at).want(http.StatusOK); !test.none && strings.Contains(pg.section("body"), test.want) {
				t.Error("the body is shown before it was asked for")
			}
			pg := p.get(at + "?show=body").want(http.StatusOK)
			shown := pg.section("body")
			if !strings.Contains(shown, test.want) || strings.Contains(shown, "isn’t JSON") == (test.pretty || test.none) {
				t.Errorf("shows %s", shown)
			}
			walk(pg.doc, func(n *html.Node) { hostile(t, n) })
		})
	}
}

// TestNoBuyersDataIsKept searches all that is written for the body of a
// delivery and for the credentials.
func TestNoBuyersDataIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	g := newRig(t, options{file: filepath.Join(dir, "h.db")})
	p := g.person()
	shop := p.connect(0)
	key := p.connectKey(1)
	hook := g.add(shop, good, "DONATION")
	const canary = "canary-buyer"
	body := fmt.Sprintf(`{"webhookId":%q,"type":"DONATION","data":{"email":"%s@example.com"}}`, hook.ID, canary)
	one := event("weve_1", "DONATION", "S", body, good, "")
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiEvents, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("[" + one + "]"))
	})
	mux.HandleFunc("GET "+apiEvents+"/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(one)) })
	g.calls.set(nil, mux)
	for _, path := range []string{
		webhooksPath(shop.ID), eventsPath(shop.ID), eventsHref(shop.ID, hook.ID), eventPath(shop.ID, "weve_1"),
		activityPath(shop.ID),
	} {
		if pg := p.get(path).want(http.StatusOK); strings.Contains(pg.body, canary) {
			t.Errorf("%s shows it", path)
		}
	}
	p.get(eventPath(shop.ID, "weve_1")+"?show=body").want(http.StatusOK, canary)
	// A POST that the guard stops is kept, encrypted.
	f := p.editForm(shop.ID, hook.ID).set("url", good+"/canary-draft")
	p.deleteForm(shop.ID, hook.ID).submit().want(http.StatusOK, "is deleted")
	f.submit().want(http.StatusNotFound)
	secrets := []string{
		canary, "canary-draft", shop.WebhookSecret, shop.APIPassword, key.APIPassword,
		p.cookie(g.server.cookieName("session")), p.cookie(g.server.cookieName("browser")),
	}
	all, err := g.store.Connections(t.Context(), owner(p))
	g.must(err)
	for _, listed := range all {
		conn, err := g.store.Connection(t.Context(), listed.Owner, listed.ShopID)
		g.must(err)
		held, err := oauth.Decode(conn.Credential)
		g.must(err)
		secrets = append(secrets, held.AccessToken.Reveal(), held.RefreshToken.Reveal(), held.Password.Reveal())
	}
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return s == "" })
	if len(secrets) < 9 {
		t.Fatalf("only %d secrets to look for", len(secrets))
	}
	written := map[string]string{"the log": g.logs.String()}
	files, err := os.ReadDir(dir)
	g.must(err)
	for _, file := range files {
		raw, err := os.ReadFile(filepath.Join(dir, file.Name()))
		g.must(err)
		written[file.Name()] = string(raw)
	}
	if len(written) < 2 || !strings.Contains(strings.Join([]string{written["h.db"], written["h.db-wal"]}, ""), shop.ID) {
		t.Fatalf("the database is not among the %d files", len(written))
	}
	for where, text := range written {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds a secret that begins with %.8q", where, secret)
			}
		}
	}
}

// TestDeliveryGetsThrough: a failing delivery is shown with its error. The
// error is gone once the event has arrived.
func TestDeliveryGetsThrough(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, "https://receiver.sandbox.example/flaky", "DONATION")
	id := g.fired(shop, "DONATION", false)
	p.get(eventPath(shop.ID, id)).want(http.StatusOK, "RETRYING", "Fourthwall reports an error", "Returned 503")
	if row := p.get(webhooksPath(shop.ID)).row(hook.ID); !strings.Contains(row, "1 of 1 failed") {
		t.Errorf("says %s", row)
	}
	for range 4 {
		g.box.Advance(10 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		g.must(g.box.AwaitDeliveries(ctx))
		cancel()
	}
	p.connect(0)
	pg := p.get(eventPath(shop.ID, id)).want(http.StatusOK, "DELIVERED")
	if strings.Contains(pg.text(), "reports an error") {
		t.Error("the error is still there")
	}
	if row := p.get(webhooksPath(shop.ID)).row(hook.ID); strings.Contains(row, "failed") ||
		!strings.Contains(row, "1 accepted") {
		t.Errorf("says %s", row)
	}
}

// TestDeliveriesOfAnotherShop: an ID of another shop opens nothing.
func TestDeliveriesOfAnotherShop(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, q := g.person(), g.person()
	mine, theirs := p.connect(0), q.connect(2)
	g.add(mine, receives, "DONATION")
	id := g.fired(mine, "DONATION", false)
	q.get(eventPath(theirs.ID, id)).want(http.StatusNotFound, "doesn’t know this delivery")
	q.get(eventPath(mine.ID, id)).want(http.StatusNotFound, "not connected here")
	if pg := q.get(eventsPath(theirs.ID) + "?" +
		url.Values{"webhook": {g.box.Webhooks(mine.ID)[0].ID}}.Encode()); len(pg.deliveries()) != 0 {
		t.Error("deliveries of another shop")
	}
}

// TestBothFormsOfDeliveries: the deliveries of a type come in two forms. Each is
// matched to its webhook and shown as it was sent.
func TestBothFormsOfDeliveries(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, receives, "PRODUCT_UPDATED", "SUBSCRIPTION_EXPIRED")
	tests := []struct {
		kind  string
		forms [2][]string // texts of the body
	}{
		{"PRODUCT_UPDATED", [2][]string{{`"results": [`}, {`"product": {`, `"id": "`}}},
		{"SUBSCRIPTION_EXPIRED", [2][]string{{`"type": "NONE"`}, {`"type": "SUSPENDED"`, `+00:00"`}}},
	}
	for _, test := range tests {
		for i, texts := range test.forms {
			id := g.fired(shop, test.kind, false)
			pg := p.get(eventBodyHref(shop.ID, id)).want(http.StatusOK, append(texts, hook.ID, test.kind)...)
			if strings.Contains(pg.body, `&#34;results&#34;`) != (test.kind == "PRODUCT_UPDATED" && i == 0) {
				t.Errorf("%s, form %d: shown otherwise", test.kind, i)
			}
			pg.link(ui.HostAndPath(receives)).want(http.StatusOK, receives)
		}
	}
	if rows := p.get(eventsPath(shop.ID)).want(http.StatusOK).deliveries(); len(rows) != 4 {
		t.Errorf("%d rows", len(rows))
	}
}

// TestDeliveriesWithoutLabels: without the names that people gave the webhooks,
// the deliveries are shown with their hosts and paths.
func TestDeliveriesWithoutLabels(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "h.db")
	g := newRig(t, options{file: file})
	p := g.person()
	shop := p.connectKey(0)
	g.add(shop, receives, "DONATION")
	g.fired(shop, "DONATION", false)
	db, err := sql.Open("sqlite", file)
	g.must(err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `ALTER TABLE webhook_labels RENAME TO away`)
	g.must(err)
	p.get(eventsPath(shop.ID)).want(http.StatusOK, "receiver.sandbox.example", "Donation")
}
