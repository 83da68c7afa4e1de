package fleet_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// TestRehearsal: what a rehearsal predicts is what the run does, and no call leaves before the run.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	copies := func(url string) fleet.Edit {
		return fleet.Edit{Kind: fleet.CopyHook, Content: &fourthwall.Content{
			URL: url, AllowedTypes: []fourthwall.EventType{"DONATION"},
		}}
	}
	tests := map[string]struct {
		edit fleet.Edit
		want []string
	}{
		"a copy":        {copies(newHook), []string{"done", "done", "done"}},
		"an IP address": {copies("https://192.0.2.1/x"), slices.Repeat([]string{"rejected WEBHOOK_URI_IP_NOT_ALLOWED"}, 3)},
		"another port": {
			copies("https://hooks.example.com:8443/x"), slices.Repeat([]string{"rejected WEBHOOK_URI_PORT_NOT_ALLOWED"}, 3),
		},
		"more types": {
			fleet.Edit{Kind: fleet.AddTypes, Types: []fourthwall.EventType{"GIFT_DRAW_STARTED"}},
			[]string{"rejected WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE", "done", "done", "done"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			var shops []string
			for _, n := range []int{studio, lantern, tidewater} {
				shops = append(shops, g.connect(g.owner, n))
				g.visit(shops[n])
			}
			p := g.plans(test.edit, shops...)
			g.sent("")
			_, doc, err := g.ReadPlan(t.Context(), g.owner, p.Number)
			g.must(err)
			for _, hook := range g.box.Webhooks(shops[lantern]) { // somebody tried to change it meanwhile
				if hook.Locked {
					g.must(g.store.MarkImmutable(t.Context(), shops[lantern], hook.ID, g.store.Now().Add(day)))
				}
			}
			predicted, err := g.Rehearse(t.Context(), g.owner, doc)
			g.must(err)
			if n := g.sent("/"); n > 0 {
				t.Errorf("the rehearsal made %d calls", n)
			}
			g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
			for range 4 {
				g.works()
				now, _, err := g.ReadPlan(t.Context(), g.owner, p.Number)
				g.must(err)
				if now.State == store.PlanPaused {
					g.must(g.ResumePlan(t.Context(), g.actor("bo"), p, p.Digest, false))
				}
			}
			items, err := g.store.PlanItems(t.Context(), g.owner, p.Number)
			g.must(err)
			var said, did []string
			for i, one := range predicted {
				said = append(said, one.State+space(one.Code))
				did = append(did, items[i].State+space(items[i].Code))
			}
			slices.Sort(said)
			slices.Sort(did)
			slices.Sort(test.want)
			if !slices.Equal(did, test.want) {
				t.Errorf("the run did %q, want %q", did, test.want)
			}
			if !slices.Equal(said, did) {
				t.Errorf("predicted\n%q, the run did\n%q", said, did)
			}
		})
	}
}

// TestRehearsalOfOddFleet: in a fleet of 200 shops with oddities, what a rehearsal predicts happens in at least 99 % of
// the changes.
func TestRehearsalOfOddFleet(t *testing.T) {
	t.Parallel()
	g := newRigOf(t, 200)
	all := g.box.Shops()
	shops := g.connectFleet()
	again := func(n int) { // a visit sees what happened since
		g.move(time.Minute)
		g.visit(shops[n])
	}
	add := func(n int, url string, types ...string) {
		_, err := g.box.AddWebhook(shops[n], url, types)
		g.must(err)
		again(n)
	}
	for n := range 3 {
		if len(g.box.Webhooks(shops[n])) == 0 {
			add(n, "https://own.example.com/"+shops[n], "DONATION")
		}
	}
	add(10, newHook, "DONATION")                                       // as the copy
	add(11, newHook, "ORDER_PLACED")                                   // another one with its URL
	add(12, "https://HOOKS.example.com:443/new", "DONATION", "FUTURE") // the same in other words
	add(13, newHook, "DONATION", "ORDER_PLACED")
	add(13, newHook, "DONATION", "ORDER_PLACED") // twice
	for _, shop := range shops {                 // people have tried to change those that are locked
		for _, hook := range g.box.Webhooks(shop) {
			if hook.Locked && shop != shops[lantern] {
				g.must(g.store.MarkImmutable(t.Context(), shop, hook.ID, g.store.Now().Add(40*day)))
			}
		}
	}
	right, total := 0, 0
	compare := func(name string, e fleet.Edit, chosen []string, after func(doc fleet.Document)) {
		t.Helper()
		if total > 0 { // much time has passed
			for _, shop := range chosen {
				g.move(2 * time.Second)
				g.visit(shop)
			}
		}
		p := g.plans(e, chosen...)
		_, doc, err := g.ReadPlan(t.Context(), g.owner, p.Number)
		g.must(err)
		if after != nil {
			after(doc)
		}
		g.sent("")
		g.must(g.RehearsePlan(t.Context(), p, doc))
		predicted, _, err := g.Rehearsal(t.Context(), p)
		g.must(err)
		if n := g.sent("/"); n > 0 {
			t.Errorf("%s: the rehearsal made %d calls", name, n)
		}
		limited := shops[30] // for a while
		calls := 0
		g.answerWith(func(r *http.Request) (*http.Response, error) {
			user, _, _ := r.BasicAuth()
			if user != all[30].APIUser || calls > 20 {
				return nil, nil
			}
			calls++
			return jsonAnswer(r, http.StatusTooManyRequests, `{"code":"OPEN_API_TOO_MANY_REQUESTS","status":429}`), nil
		})
		g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
		g.finishes(p)
		g.answerWith(nil)
		items, err := g.store.PlanItems(t.Context(), g.owner, p.Number)
		g.must(err)
		counts := map[string]int{}
		for i, one := range predicted {
			did := items[i].State + space(items[i].Code)
			counts[did]++
			if said := one.State + space(one.Code); said != did {
				t.Logf("%s: predicted %q for %s, and it was %q", name, said, items[i].Shop, did)
				continue
			}
			right++
		}
		total += len(items)
		t.Logf("%s: %v, limited %s", name, counts, limited)
	}
	compare("a copy", copyOf("DONATION"), shops, func(fleet.Document) { add(50, newHook, "DONATION") })
	compare("more types", fleet.Edit{Kind: fleet.AddTypes, Types: []fourthwall.EventType{"CART_ABANDONED_1H"}}, shops[:50],
		func(doc fleet.Document) {
			hook := func(n int) string {
				i := slices.IndexFunc(doc.Items, func(item fleet.Item) bool { return item.Shop == shops[n] })
				return doc.Items[i].Webhook
			}
			g.must(g.client(shops[40]).DeleteWebhook(t.Context(), hook(40)))
			again(40)
			_, err := g.client(shops[41]).UpdateWebhook(t.Context(), hook(41), fourthwall.Content{
				URL: newHook, AllowedTypes: []fourthwall.EventType{"DONATION"},
			})
			g.must(err)
			again(41)
			g.must(g.box.Configure(shops[42], sandbox.Switches{RefuseAccess: true}))
			again(42)
			g.must(g.client(shops[43]).DeleteWebhook(t.Context(), hook(43))) // which nobody has seen yet
		})
	for _, url := range []string{
		"https://192.0.2.1/x", "https://hooks.example.com:8443/x", "https://shop.fourthwall.com/x",
	} {
		e := fleet.Edit{Kind: fleet.CopyHook, Content: &fourthwall.Content{URL: url, AllowedTypes: letter}}
		compare(url, e, shops[60:66], nil)
	}
	compare("a delete", fleet.Edit{Kind: fleet.DeleteHooks}, shops[100:110], nil)
	t.Logf("%d of %d predicted", right, total)
	if total < 400 || right*100 < total*99 {
		t.Errorf("%d of %d predicted", right, total)
	}
}

var letter = []fourthwall.EventType{"DONATION"}

// BenchmarkRehearsal reports how long the rehearsal of a plan for 1,000 shops takes, and as a part of the 5 seconds
// that it may.
func BenchmarkRehearsal(b *testing.B) {
	g := newRigOf(b, 3)
	var shops []string
	for i := range 1000 {
		shop := fleettest.Shop{ID: fmt.Sprintf("sh_%04d", i), Name: fmt.Sprint("Shop ", i)}
		for n := range 3 {
			shop.Webhooks = append(shop.Webhooks, fleettest.Hook(fmt.Sprintf("wcon_%d_%d", i, n),
				fmt.Sprintf("https://hooks.example.com/%d", n), "DONATION", "ORDER_PLACED"))
		}
		fleettest.Put(b, g.store, g.owner, shop)
		shops = append(shops, shop.ID)
	}
	g.move(time.Millisecond)
	p := g.plans(fleet.Edit{Kind: fleet.AddTypes, Types: []fourthwall.EventType{"GIFT_PURCHASE"}}, shops...)
	_, doc, err := g.ReadPlan(b.Context(), g.owner, p.Number)
	g.must(err)
	for b.Loop() {
		start := time.Now()
		g.must(g.RehearsePlan(b.Context(), p, doc))
		predicted, _, err := g.Rehearsal(b.Context(), p)
		g.must(err)
		for _, one := range predicted {
			if one.State != store.ItemDone {
				b.Fatalf("predicted %+v", one)
			}
		}
		b.ReportMetric(time.Since(start).Seconds(), "s")
		b.ReportMetric(time.Since(start).Seconds()/5, "of-limit")
		b.ReportMetric(float64(len(doc.Items)), "changes")
	}
}

func space(code string) string {
	if code == "" {
		return ""
	}
	return " " + code
}
