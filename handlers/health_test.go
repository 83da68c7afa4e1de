package handlers

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/sandbox"
)

// visit visits a shop in the background, and lets the clock move so that it may.
func (p *person) visit(shop sandbox.DemoShop) {
	p.t.Helper()
	p.move(20 * time.Second)
	next := func(context.Context, *sql.Tx, time.Time) error { return nil }
	wait, err := p.server.Fleet.Visit(p.t.Context(), shop.ID, next)
	p.must(err)
	if wait > 0 {
		p.t.Fatalf("the visit has to wait %v", wait)
	}
}

// settle lets the sandbox try all deliveries as often as it does.
func (g *rig) settle() {
	g.t.Helper()
	for range 5 {
		g.must(g.box.AwaitDeliveries(g.t.Context()))
		g.move(20 * time.Second)
		g.box.Advance(0) // looks at the clock again
	}
}

// repeat returns n times a text.
func repeat(text string, n int) (all []string) {
	for range n {
		all = append(all, text)
	}
	return all
}

// saidOfHealth is what the pages say of a webhook, and what the pages say of a webhook.
type saidOfHealth struct{ list, hook, log string }

func (p *person) healthOf(shop sandbox.DemoShop, hook sandbox.Webhook) saidOfHealth {
	p.t.Helper()
	return saidOfHealth{
		list: p.get(webhooksPath(shop.ID)).want(http.StatusOK).row(hook.ID),
		hook: textOf(p.get(webhookPath(shop.ID, hook.ID)).want(http.StatusOK).node("main")),
		log:  textOf(p.get(eventsPath(shop.ID)).want(http.StatusOK).node("main")),
	}
}

func (h saidOfHealth) check(t *testing.T, want saidOfHealth) {
	t.Helper()
	for _, page := range []struct{ name, got, want string }{
		{"list", h.list, want.list}, {"webhook", h.hook, want.hook}, {"deliveries", h.log, want.log},
	} {
		for text := range strings.SplitSeq(page.want, "|") {
			not, isNot := strings.CutPrefix(text, "!")
			if strings.Contains(page.got, not) == isNot {
				t.Errorf("%s: %q is there: %v\n%s", page.name, not, isNot, page.got)
			}
		}
	}
}

// TestFailedStaysFailed: a webhook that failed 3 of 3 stays red after many events
// of others, on each page, until one delivery is accepted.
func TestFailedStaysFailed(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true})
	shop := g.box.Shops()[0]
	ill := g.add(shop, refuses, "DONATION")
	g.add(shop, receives, "ORDER_PLACED")
	g.fire(shop, false, repeat("DONATION", 3)...)
	g.settle()
	p := g.person()
	p.connect(0)
	p.connect(1)
	p.visit(shop)
	failing := saidOfHealth{
		list: "Failing|3 of 3 failed|Only 200 counts|failed |!accepted",
		hook: "Failing since|The last 3 deliveries failed.|What happened|Last accepted never|3 of 3 failed|Last 3 deliveries",
		log:  "receiver.sandbox.example/fail is failing: 3 of 3 failed|Only 200 counts",
	}
	p.healthOf(shop, ill).check(t, failing)

	g.fire(shop, false, repeat("ORDER_PLACED", 55)...)
	p.visit(shop)
	p.healthOf(shop, ill).check(t, failing)
	p.get(shopsPath).want(http.StatusOK, "1 failing", "3 of 58 failed")

	// Now they aren't among those that a page reads.
	g.move(time.Hour)
	g.fire(shop, false, repeat("ORDER_PLACED", 410)...)
	p.visit(shop)
	failing.hook = strings.Replace(failing.hook, "accepted never", "accepted none since", 1)
	p.healthOf(shop, ill).check(t, failing)
	p.get(shopsPath).want(http.StatusOK, "1 failing", "3 of 468 failed")

	// Nor is it forgotten if Fourthwall returns nothing.
	g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiEvents, Status: 500, Times: 9})
	p.get(webhooksPath(shop.ID)).want(http.StatusOK, "Health is as of", "3 of 3 failed", "465 accepted")
	p.get(webhookPath(shop.ID, ill.ID)).want(http.StatusOK, "Health is as of", "The last 3 deliveries failed.")
	g.box.ForgetFailures()

	// It is mended.
	review := p.editForm(shop.ID, ill.ID).set("url", receives+"?mended").submit()
	review.form("/edit/confirm").submit().want(http.StatusOK)
	g.fire(shop, false, "DONATION")
	p.healthOf(shop, ill).check(t, saidOfHealth{
		list: "Look|3 of 4 failed|accepted |!Failing", hook: "was accepted.|!What happened", log: "!is failing",
	})
	p.visit(shop)
	p.get(shopsPath).want(http.StatusOK, "1 to check")
}

// TestHealthOfADayAndAWeek: the rates of 24 hours and of 7 days begin with whole
// hours, the state follows them, and nothing is called fine for want of knowledge.
func TestHealthOfADayAndAWeek(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true})
	shop := g.box.Shops()[0]
	hook := g.add(shop, refuses, "DONATION")
	well := g.add(shop, receives, "ORDER_PLACED")
	g.move(time.Hour + time.Minute - g.server.Now().Sub(g.server.Now().Truncate(time.Hour)))
	g.fire(shop, false, "DONATION", "ORDER_PLACED")
	g.settle()
	for _, row := range []struct {
		name string
		move time.Duration
		want saidOfHealth
		well string
	}{
		{"23 hours later", 23 * time.Hour, saidOfHealth{
			list: "Failing|1 of 1 failed|!in 7 days", hook: "Last 24 hours 1 of 1 failed|Last 7 days 1 of 1 failed",
			log: "Last 24 hours 30 days 1 accepted Failing 1 failed 7 days: 1 of 2 failed",
		}, "1 accepted"},
		{"an hour later", time.Hour, saidOfHealth{
			list: "Failing|1 of 1 failed in 7 days", hook: "Last 24 hours no deliveries|Last 7 days 1 of 1 failed",
			log: "0 accepted Failing 0 failed 7 days: 1 of 2 failed|is failing: 1 of 1 failed in 7 days",
		}, "1 accepted in 7 days"},
		{"6 days later", 6*24*time.Hour - time.Hour, saidOfHealth{list: "Failing|1 of 1 failed in 7 days"}, "1 accepted in 7 days"},
		{"a week later", time.Hour, saidOfHealth{
			list: "Failing|1 of 1 failed since", hook: "Last 24 hours no deliveries|Last 7 days no deliveries",
			log: "7 days: no deliveries|is failing: 1 of 1 failed since",
		}, "1 accepted since"},
	} {
		g.move(row.move)
		p := g.person() // a session doesn't last that long
		p.connect(0)
		p.visit(shop)
		p.healthOf(shop, hook).check(t, row.want)
		text := p.get(webhooksPath(shop.ID)).row(well.ID)
		if !strings.Contains(text, "OK") || !strings.Contains(text, row.well) {
			t.Errorf("%s: %s", row.name, text)
		}
	}
}

// TestHealthOfOddDeliveries: before and after a visit, pages say the same of
// deliveries that are unlike those of the sandbox.
func TestHealthOfOddDeliveries(t *testing.T) {
	t.Parallel()
	type sent struct {
		id, state string
		to        int // 0 or 1; 2 is a URL without a webhook's ID
		ago       time.Duration
	}
	several := func(n int, s sent) (all []sent) {
		for i := range n {
			all = append(all, sent{fmt.Sprint(s.id, i), s.state, s.to, s.ago + time.Duration(i)*time.Minute})
		}
		return all
	}
	const month = 30 * 24 * time.Hour
	for name, row := range map[string]struct {
		url  string // of the second webhook
		sent []sent
		want [2]saidOfHealth
	}{
		"one event for two webhooks": {
			receives + "?2",
			[]sent{{"weve_1", "DELIVERED", 0, time.Minute}, {"weve_1", "FAILED", 1, time.Minute}},
			[2]saidOfHealth{
				{list: "OK|1 accepted", hook: "was accepted. 1 in the last 24 hours, none failed.", log: "1 accepted|1 failed"},
				{list: "Failing|1 of 1 failed", hook: "Failing since|The last delivery failed.|Last delivery", log: "is failing: 1 of 1"},
			},
		},
		"the last of many failed": {
			receives + "?2", append([]sent{{"weve_x", "FAILED", 0, time.Second}}, several(19, sent{"weve_", "DELIVERED", 0, time.Minute})...),
			[2]saidOfHealth{
				{list: "Look|1 of 20 failed", hook: " failed. 20 in the last 24 hours, 1 failed.|!was failed"},
				{list: "Not known|No deliveries yet", hook: "The first delivery appears here."},
			},
		},
		"failed before deliveries are kept": {
			receives + "?2", several(3, sent{"weve_", "FAILED", 0, month + 24*time.Hour}),
			[2]saidOfHealth{{list: "Failing|3 of 3 failed, as far as read|!since", hook: "The last 3 deliveries failed."}, {}},
		},
		"of two webhooks with one URL": {
			receives, several(2, sent{"weve_", "FAILED", 2, 0}),
			[2]saidOfHealth{
				{
					list: "Not known|Deliveries not known|Shares its URL", log: "2 failed",
					hook: "those that we can’t match to a webhook|!The first delivery appears here",
				},
				{list: "Not known|Deliveries not known|Shares its URL"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{fleet: true})
			shop := g.box.Shops()[0]
			hooks := []sandbox.Webhook{g.add(shop, receives, "DONATION"), g.add(shop, row.url, "DONATION")}
			now := g.server.Now()
			g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/webhook-events") {
					http.NotFound(w, r)
					return
				}
				var all []map[string]any
				for _, s := range row.sent {
					e := map[string]any{
						"id": s.id, "type": "DONATION", "state": s.state, "url": receives,
						"createdAt": now.Add(-s.ago).Format(time.RFC3339),
					}
					if s.to < len(hooks) {
						e["body"] = fmt.Sprintf(`{"webhookId":%q}`, hooks[s.to].ID)
					}
					all = append(all, e)
				}
				w.Header().Set("Content-Type", "application/json")
				g.must(json.NewEncoder(w).Encode(map[string]any{"results": all, "total": len(all)}))
			}))
			p := g.person()
			p.connect(0)
			for _, visited := range []bool{false, true} {
				if visited {
					p.visit(shop)
				}
				for i, hook := range hooks {
					p.healthOf(shop, hook).check(t, row.want[i])
				}
			}
		})
	}
}
