package replicas

import (
	"context"
	"database/sql"
	"flag"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/process"
	"hookwall/internal/activity"
	plans "hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

var planShops = flag.Int("planned", 25,
	"in how many shops a plan is applied while a dashboard is killed again and again")

const (
	runURL       = "https://hooks.example.com/run"
	webhooksPath = "/open-api/v1.0/webhooks"

	killEvery  = 3 * time.Second
	mostLate   = 20 * time.Second // an effect after its caller gave up
	suspended  = 12 * time.Second // longer than any lease
	lostCreate = 7                // of so many creates, one loses its response
	lateCreate = 11               // of so many, one takes effect after its caller gave up
)

// planned is a plan that creates a webhook in each shop of a fleet.
type planned struct {
	*fleet

	number int64
}

// noQueue enqueues nothing: dashboards find what is due.
type noQueue struct{}

func (noQueue) EnqueueVisits(context.Context, *sql.Tx, []string) error { return nil }

// with does something to the plan in the database, which no dashboard may use meanwhile if it's a SQLite file.
func (r *planned) with(do func(st *store.Store, svc *plans.Service, by activity.Actor)) {
	r.t.Helper()
	st := r.open()
	defer st.Close()
	team, err := st.Team(r.t.Context())
	check(r.t, err)
	svc := plans.NewService(plans.Config{
		Store: st, Queue: noQueue{}, Logger: slog.New(slog.DiscardHandler), Intervals: plans.DefaultIntervals(),
	})
	do(st, svc, activity.Actor{Owner: team, Person: store.ActivityPerson{ID: "p_1", Name: "Ada"}})
}

// applies makes the plan and begins its run. All shops were visited.
func (r *planned) applies() {
	r.t.Helper()
	var shops []string
	for _, shop := range r.box.Shops() {
		shops = append(shops, shop.ID)
	}
	r.with(func(_ *store.Store, svc *plans.Service, by activity.Actor) {
		p, _, err := svc.MakePlan(r.t.Context(), by, "form", plans.Edit{Kind: plans.CopyHook, Content: &fourthwall.Content{
			URL: runURL, AllowedTypes: []fourthwall.EventType{"DONATION", "ORDER_PLACED"},
		}}, shops)
		check(r.t, err)
		check(r.t, svc.ApplyPlan(r.t.Context(), by, p, p.Digest, 1))
		r.number = p.Number
	})
}

// isOver reports whether the run is over, and returns its items. One that has paused continues.
func (r *planned) isOver() (over bool, items []store.PlanItem) {
	r.t.Helper()
	r.with(func(st *store.Store, svc *plans.Service, by activity.Actor) {
		p, err := st.Plan(r.t.Context(), by.Owner, r.number)
		check(r.t, err)
		if p.State == store.PlanPaused {
			check(r.t, svc.ResumePlan(r.t.Context(), by, p, p.Digest, false))
		}
		over = p.State == store.PlanDone
		items, err = st.PlanItems(r.t.Context(), by.Owner, r.number)
		check(r.t, err)
	})
	return over, items
}

// made returns how many webhooks a shop has that the run created.
func (r *planned) made(shop string) (n int) {
	for _, hook := range r.box.Webhooks(shop) {
		if hook.URL == runURL {
			n++
		}
	}
	return n
}

// allMade returns how many shops have the webhook.
func (r *planned) allMade() (n int) {
	for _, shop := range r.box.Shops() {
		n += min(r.made(shop.ID), 1)
	}
	return n
}

// BenchmarkRunOfFleet applies a plan to a fleet whose calls take 150 ms. It reports the time after the first shop as a
// multiple of the time that the calls take if all workers are always busy.
func BenchmarkRunOfFleet(b *testing.B) {
	for engine, fresh := range engines {
		b.Run(engine, func(b *testing.B) {
			for range b.N {
				r := &planned{fleet: newFleet(b, *fleetShops, fresh(b))}
				wall := r.dashboard()
				longer(b, "visiting every shop", func() bool { return len(r.unvisited()) == 0 })
				wall.Stop()
				r.applies()
				wall.Restart()
				longer(b, "the first shop", func() bool { return r.allMade() == 1 })
				wall.Stop()
				r.isOver() // it continues
				r.setLatency(fleetLatency)
				before, start := r.called(), time.Now()
				wall.Restart()
				shops := len(r.box.Shops())
				longer(b, "the run", func() bool { return r.allMade() == shops })
				took, calls := time.Since(start), r.called()-before
				eventually(b, "the last visits", func() bool {
					now := r.called()
					<-time.After(time.Second)
					return r.called() == now
				})
				wall.Stop()
				if over, _ := r.isOver(); !over {
					b.Error("the run is not over")
				}
				for _, shop := range r.box.Shops() {
					if n := r.made(shop.ID); n != 1 {
						b.Errorf("a shop has %d of the webhook", n)
					}
				}
				ideal := float64(calls) * fleetLatency.Seconds() / fleetWorkers
				b.Logf("%d shops, %d calls in %v", shops, calls, took.Round(time.Millisecond))
				b.ReportMetric(took.Seconds()/ideal, "times-ideal")
				b.ReportMetric(took.Seconds(), "s")
			}
		})
	}
}

// TestRunOfKilledReplicas: a plan is applied while a dashboard is killed or suspended again and again, responses of
// creates are lost, effects come after the caller gave up, one shop is limited for a while, and another one's access
// ends. No webhook is created twice, and each that isn't there is named.
func TestRunOfKilledReplicas(t *testing.T) {
	t.Parallel()
	r := &planned{fleet: newFleet(t, *planShops, process.Database(t))}
	walls := []*process.Process{r.dashboard()}
	eventually(t, "visiting every shop", func() bool { return len(r.unvisited()) == 0 })
	walls[0].Kill()
	r.applies()
	all := r.box.Shops()
	limited, ends := all[len(all)/3].ID, all[len(all)/2].ID
	r.breaks(ends)
	check(t, r.box.Configure(limited, sandbox.Switches{LimitRate: true}))
	walls[0].Restart()
	if process.OnPostgres() {
		walls = append(walls, r.dashboard())
	}
	kills, begun := 0, time.Now()
	var items []store.PlanItem
	for over := false; !over; kills++ {
		if time.Since(begun) > 30*time.Minute {
			t.Fatalf("the run is not over: %+v", items)
		}
		<-time.After(killEvery)
		switch {
		case kills == 3:
			check(t, r.box.Configure(limited, sandbox.Switches{}))
		case kills%5 == 4 && len(walls) > 1:
			walls[0].Pause()
			<-time.After(suspended)
			walls[0].Continue()
			continue
		}
		walls[0].Kill()
		over, items = r.isOver()
		if !over {
			walls[0].Restart()
		}
	}
	took := time.Since(begun)
	<-time.After(r.untilEffects())
	states := map[string]int{}
	for _, i := range items {
		n := r.made(i.Shop)
		states[i.State]++
		switch {
		case n > 1:
			t.Errorf("%s has the webhook %d times", i.Shop, n)
		case i.State == store.ItemDone && n == 0:
			t.Errorf("%s has no webhook although the item is done", i.Shop)
		case i.State != store.ItemDone && i.Shop != ends:
			t.Errorf("%s is %s %s, and has %d webhooks", i.Shop, i.State, i.Code, n)
		case i.Shop == ends && i.State == store.ItemDone:
			t.Error("the shop whose access has ended is done")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Logf("%d shops in %v: %v; %d kills, %d creates, %d lost their response, %d came late", len(items),
		took.Round(time.Second), states, kills, r.creates, r.lostCreates, r.lateCreates)
	if kills == 0 || r.lostCreates == 0 || r.lateCreates == 0 {
		t.Error("nothing went wrong")
	}
}

// longer is eventually for what takes minutes, with many shops and waits until nothing can appear any more.
func longer(t testing.TB, what string, yes func() bool) {
	t.Helper()
	tick, limit := time.NewTicker(200*time.Millisecond), time.NewTimer(30*time.Minute)
	defer tick.Stop()
	defer limit.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("%s did not happen", what)
		}
	}
}

// isCreate reports whether a call creates a webhook.
func isCreate(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, webhooksPath)
}
