package handlers

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/sandbox"
)

// TestCreateUnlisted: if not all webhooks could be read before a create, the
// person is told before anything is sent, and decides.
func TestCreateUnlisted(t *testing.T) {
	t.Parallel()
	const (
		title = "Hookwall can’t tell whether this webhook already exists"
		wait  = "Wait a moment, then click Create webhook again"
	)
	answers := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != apiWebhooks {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	for _, test := range []struct {
		name   string
		list   http.Handler
		status int
		texts  []string
	}{
		{
			"the 44th of 50 pages is busy", pagesOf(1000, 20, func(n int) (int, int) {
				if n >= 43 {
					return http.StatusTooManyRequests, 0
				}
				return 0, 1000
			}), 503, []string{"could read only 860 of the shop’s 1,000 webhooks", wait},
		},
		{
			"a page breaks", pagesOf(50, 20, func(n int) (int, int) {
				if n == 2 {
					return http.StatusInternalServerError, 0
				}
				return 0, 50
			}), 502, []string{"could read only 40 of the shop’s 50 webhooks", wait},
		},
		{
			"fewer than are promised", pagesOf(7, 20, func(int) (int, int) { return 0, 9 }), 502,
			[]string{"could read only 7 of the shop’s 9 webhooks", wait},
		},
		{
			"one is deleted meanwhile", pagesOf(49, 20, func(n int) (int, int) { return 0, 50 - min(n, 1) }), 502,
			[]string{"could read only 49 of the shop’s 50 webhooks", wait},
		},
		{
			"without end", pagesOf(100_000, 20, func(int) (int, int) { return 0, 100_000 }), 502,
			[]string{"could read only 1,600 of the shop’s 100,000 webhooks"},
		},
		{"unreadable", answers(http.StatusOK, "<html>"), 502, []string{"didn’t return the shop’s webhooks", wait}},
		{"broken", answers(http.StatusInternalServerError, ""), 502, []string{"didn’t return the shop’s webhooks", wait}},
		{"unavailable", answers(http.StatusServiceUnavailable, ""), 503, []string{"didn’t return the shop’s webhooks", wait}},
		{
			"refused by a firewall", answers(http.StatusForbidden, "<html>"), 503,
			[]string{"Something in front of Fourthwall rejected the request", wait},
		},
		{"no such list", answers(http.StatusBadRequest, `{"code":"BAD"}`), 502, []string{"didn’t return the shop’s webhooks", wait}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{budget: 2 * time.Second})
			p := g.person()
			shop := p.connect(0)
			f := p.newForm(shop.ID, good, "DONATION", "ORDER_PLACED")
			g.calls.set(nil, test.list)
			pg := f.submit().want(test.status, append(test.texts, title, "Nothing was created")...)
			pg.kept(good, "DONATION", "ORDER_PLACED")
			if strings.Contains(pg.text(), wait) != strings.Contains(strings.Join(test.texts, ""), wait) {
				t.Errorf("it says to wait, or doesn't:\n%s", pg.text())
			}
			if n := g.creates(); n != 0 {
				t.Errorf("%d calls before a decision", n)
			}
			pg.form(p.action()).press("do=anyway").want(http.StatusOK, "Webhook created", good)
			if n := g.creates(); n != 1 {
				t.Errorf("%d calls after it", n)
			}
		})
	}
}

// TestCreateUnlistedAsksWhen says how long to wait, if the API does.
func TestCreateUnlistedAsksWhen(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.box.FailNext(sandbox.Failure{
		Method: http.MethodGet, Path: apiWebhooks, Status: 429, Code: "OPEN_API_TOO_MANY_REQUESTS",
		Header: http.Header{"Retry-After": {"30"}},
	})
	pg := f.submit().want(http.StatusServiceUnavailable, "Wait 30 seconds, then click Create webhook again",
		"OPEN_API_TOO_MANY_REQUESTS")
	if got := pg.header.Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After %q", got)
	}
	// The list can be read again, so there is nothing to decide.
	pg.form(p.action()).submit().want(http.StatusOK, "Webhook created")
	if n := g.creates(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestCreateUnlistedFindsDuplicate: creating although the list could not be
// read doesn't agree to a duplicate.
func TestCreateUnlistedFindsDuplicate(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.add(shop, good, "DONATION")
	f := p.newForm(shop.ID, good, "DONATION")
	g.calls.set(nil, pagesOf(20, 20, func(int) (int, int) { return 0, 21 }))
	f = f.submit().want(http.StatusBadGateway).form(p.action())
	g.calls.set(nil, nil)
	pg := f.press("do=anyway").want(http.StatusOK, "This URL already has a webhook")
	if n := g.creates(); n != 0 {
		t.Errorf("%d calls", n)
	}
	// Who agrees to a second one isn't asked again.
	g.calls.set(nil, pagesOf(20, 20, func(int) (int, int) { return 0, 21 }))
	pg.form(p.action()).press("do=create").want(http.StatusOK, "Webhook created")
}
