package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookwall/internal/store"
)

// draftPlan adds a plan for n shops, sh_00 and so on, with one item each.
func draftPlan(t tb, s *store.Store, owner store.Owner, form string, n int) (store.Plan, []string) {
	t.Helper()
	var shops []string
	for i := range n {
		shops = append(shops, fmt.Sprintf("sh_%02d", i))
	}
	p, err := s.AddPlan(background, store.Plan{
		Owner: owner, Form: form, Kind: "add_types", Document: []byte(`{"form":"` + form + `"}`),
		Shops: n, Creates: 1, Updates: n - 1, Deletes: 2, Made: store.PlanPerson{ID: "p_1", Name: "Ada"},
	}, func(p store.Plan) ([]store.Activity, error) {
		return []store.Activity{{Shop: "team", Action: fmt.Sprint("plan ", p.Number)}}, nil
	})
	must(t, err)
	return p, shops
}

// runPlan applies a draft for n shops, and returns it with the shops that are to be visited.
func runPlan(t tb, s *store.Store, owner store.Owner, n int) (store.Plan, []string) {
	t.Helper()
	p, shops := draftPlan(t, s, owner, "a", n)
	var visits []string
	must(t, s.ApplyPlan(background, owner, p.Number, p.Digest, store.PlanPerson{ID: "p_2", Name: "Bo"}, []byte("actor"),
		shops, into(&visits), store.Activity{Shop: "team", Action: "apply"}))
	return thePlan(t, s, owner, p.Number), visits
}

func into(list *[]string) func(context.Context, *sql.Tx, []string) error {
	return func(_ context.Context, _ *sql.Tx, shops []string) error {
		*list = append(*list, shops...)
		return nil
	}
}

func thePlan(t tb, s *store.Store, owner store.Owner, number int64) store.Plan {
	t.Helper()
	p, err := s.Plan(background, owner, number)
	must(t, err)
	return p
}

func itemsOf(t tb, s *store.Store, shop string) []store.RunItem {
	t.Helper()
	items, err := s.ItemsOfShop(background, shop)
	must(t, err)
	return items
}

// endItem applies the first item of a shop, which ends in a state, and returns the shops to visit next.
func endItem(t tb, s *store.Store, shop, state string) (visits []string) {
	t.Helper()
	items := itemsOf(t, s, shop)
	if len(items) == 0 {
		t.Fatalf("nothing is to do in %s", shop)
	}
	i, err := s.BeginItem(background, items[0])
	must(t, err)
	i.State, i.Code, i.RequestID, i.Webhook = state, "CODE", "request", "wcon_"+shop
	must(t, s.EndItem(background, i, into(&visits)))
	return visits
}

// standing writes the state of the first plan and of its items, one letter each.
func standing(t tb, s *store.Store, owner store.Owner) string {
	t.Helper()
	p := thePlan(t, s, owner, 1)
	items, err := s.PlanItems(background, owner, 1)
	must(t, err)
	text := strings.TrimSpace(fmt.Sprintf("%s %d %s", p.State, p.Wave, p.Why))
	for _, i := range items {
		if i.Item == 0 || i.Wave != items[i.Item-1].Wave {
			text += " "
		}
		text += i.State[:1]
	}
	return text
}

var planTests = map[string]func(*testing.T, *fixture){
	"kept with every field": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := draftPlan(t, f.one, owner, "a", 3)
		want := store.Plan{
			Owner: owner, Number: 1, Form: "a", Kind: "add_types", Document: []byte(`{"form":"a"}`), Digest: p.Digest,
			Shops: 3, Creates: 1, Updates: 2, Deletes: 2, State: store.PlanDraft, Since: f.start,
			Made: store.PlanPerson{ID: "p_1", Name: "Ada", At: f.start},
		}
		same(t, "plan", thePlan(t, f.other, owner, 1), want)
		same(t, "length of the digest", len(p.Digest), 64)
		same(t, "recorded", recorded(t, f.one, "team", "plan 1"), 1)
		again, _ := draftPlan(t, f.other, owner, "a", 3)
		same(t, "the same form", again.Number, int64(1))
		same(t, "recorded again", recorded(t, f.one, "team", "plan 1"), 1)
		second, _ := draftPlan(t, f.one, owner, "b", 1)
		all, err := f.one.Plans(t.Context(), owner, 0, 1)
		must(t, err)
		second.Document = nil
		same(t, "newest", all, []store.Plan{second})
		all, err = f.one.Plans(t.Context(), owner, 1, 5)
		must(t, err)
		want.Document = nil
		same(t, "after that", all, []store.Plan{want})
		_, err = f.open(sandbox).Plan(t.Context(), owner, 1)
		is(t, "elsewhere", err, store.ErrNotFound)
		_, err = f.one.Plan(t.Context(), "another", 1)
		is(t, "of another owner", err, store.ErrNotFound)
		_, err = f.one.AddPlan(t.Context(), store.Plan{Owner: "gone", Form: "c"}, nil)
		is(t, "without an owner", err, store.ErrNotFound)
	},

	"is found by the form that made it": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := draftPlan(t, f.one, owner, "a", 1)
		number, err := f.other.PlanOfForm(t.Context(), owner, "a")
		must(t, err)
		same(t, "number", number, p.Number)
		_, err = f.one.PlanOfForm(t.Context(), owner, "b")
		is(t, "another form", err, store.ErrNotFound)
		_, err = f.one.PlanOfForm(t.Context(), "somebody", "a")
		is(t, "another owner", err, store.ErrNotFound)
		_, err = f.open(sandbox).PlanOfForm(t.Context(), owner, "a")
		is(t, "elsewhere", err, store.ErrNotFound)
	},

	"one form makes one plan": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		f.race(8, func(i int, s *store.Store) bool {
			p, err := s.AddPlan(background, store.Plan{Owner: owner, Form: fmt.Sprint(i % 2), Document: []byte("x")},
				func(store.Plan) ([]store.Activity, error) { return nil, nil })
			return err == nil && p.Number > 0
		})
		all, err := f.one.Plans(t.Context(), owner, 0, 10)
		must(t, err)
		same(t, "plans", len(all), 2)
	},

	"approved once, by its digest": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := draftPlan(t, f.one, owner, "a", 3)
		f.clock.move(time.Minute)
		by, done := store.PlanPerson{ID: "p_2", Name: "Bo"}, store.Activity{Shop: "team", Action: "approve"}
		is(t, "another digest", f.one.ApprovePlan(t.Context(), owner, 1, p.Digest[1:]+"0", by, done), store.ErrPlanAltered)
		n := f.race(8, func(_ int, s *store.Store) bool {
			return s.ApprovePlan(background, owner, 1, p.Digest, by, done) == nil
		})
		same(t, "approvals", n, 1)
		same(t, "recorded", recorded(t, f.one, "team", "approve"), 1)
		by.At = f.clock.Now()
		same(t, "approved", thePlan(t, f.one, owner, 1).Approved, by)
	},

	"applied once": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, shops := draftPlan(t, f.one, owner, "a", 3)
		f.clock.move(time.Minute)
		apply := func(s *store.Store, digest string) error {
			return s.ApplyPlan(background, owner, 1, digest, store.PlanPerson{ID: "p_2", Name: "Bo"}, nil, shops, nil,
				store.Activity{Shop: "team", Action: "apply"})
		}
		is(t, "another digest", apply(f.one, p.Digest[1:]+"0"), store.ErrPlanAltered)
		n := f.race(8, func(_ int, s *store.Store) bool { return apply(s, p.Digest) == nil })
		same(t, "runs", n, 1)
		same(t, "recorded", recorded(t, f.one, "team", "apply"), 1)
		same(t, "standing", standing(t, f.one, owner), "running 1 p pp")
		same(t, "applied", thePlan(t, f.one, owner, 1).Applied, store.PlanPerson{ID: "p_2", Name: "Bo", At: f.clock.Now()})
		is(t, "approval", f.one.ApprovePlan(t.Context(), owner, 1, p.Digest, store.PlanPerson{}), store.ErrPlanState)
	},

	"a shop has one run": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		runPlan(t, f.one, owner, 2)
		busy, err := f.one.BusyShops(t.Context())
		must(t, err)
		first := store.BusyPlan{Owner: owner, Number: 1}
		same(t, "busy", busy, map[string]store.BusyPlan{"sh_00": first, "sh_01": first})
		p, shops := draftPlan(t, f.one, owner, "b", 3)
		apply := func() error {
			return f.one.ApplyPlan(background, owner, p.Number, p.Digest, store.PlanPerson{}, nil, shops, nil)
		}
		is(t, "while the first runs", apply(), store.ErrShopsBusy)
		busyErr, ok := errors.AsType[*store.ShopsBusyError](apply())
		if !ok || busyErr.Shops != 2 || busyErr.Number != 1 || busyErr.Owner != owner {
			t.Errorf("it's %+v", busyErr)
		}
		endItem(t, f.one, "sh_00", store.ItemDone)
		endItem(t, f.one, "sh_01", store.ItemDone)
		must(t, apply())
	},

	"a retry waits for another run in its shops": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := runPlan(t, f.one, owner, 2)
		endItem(t, f.one, "sh_00", store.ItemFailed)
		endItem(t, f.one, "sh_01", store.ItemDone)
		second, shops := draftPlan(t, f.one, owner, "b", 1)
		must(t, f.one.ApplyPlan(t.Context(), owner, second.Number, second.Digest, store.PlanPerson{}, nil, shops, nil))
		retry := func() error { return f.one.ResumePlan(background, owner, 1, p.Digest, true, nil) }
		is(t, "while the second runs", retry(), store.ErrShopsBusy)
		busyErr, ok := errors.AsType[*store.ShopsBusyError](retry())
		if !ok || busyErr.Shops != 1 || busyErr.Number != second.Number {
			t.Errorf("it's %+v", busyErr)
		}
		same(t, "standing", standing(t, f.one, owner), "done 2 f d")
		endItem(t, f.one, "sh_00", store.ItemDone)
		must(t, retry())
		same(t, "one item", len(itemsOf(t, f.one, "sh_00")), 1)
	},

	"goes on in waves, and looks after the first": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, visits := runPlan(t, f.one, owner, 25)
		same(t, "first", visits, []string{"sh_00"})
		same(t, "of a later wave", len(itemsOf(t, f.one, "sh_05")), 0)
		same(t, "next", len(endItem(t, f.one, "sh_00", store.ItemDone)), 0)
		same(t, "after the first", standing(t, f.one, owner)[:23], "paused 2 first_wave d p")
		same(t, "while it waits", len(itemsOf(t, f.one, "sh_05")), 0)
		visits = nil
		must(t, f.one.ResumePlan(t.Context(), owner, 1, p.Digest, false, into(&visits),
			store.Activity{Shop: "team", Action: "on"}))
		same(t, "second wave", len(visits), 10)
		same(t, "recorded", recorded(t, f.one, "team", "on"), 1)
		for _, shop := range visits {
			visits = endItem(t, f.one, shop, store.ItemDone)
		}
		same(t, "third wave", len(visits), 14)
		for _, shop := range visits {
			endItem(t, f.one, shop, store.ItemDone)
		}
		same(t, "standing", standing(t, f.one, owner), "done 3 d dddddddddd dddddddddddddd")
	},

	"stops when a tenth failed": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := runPlan(t, f.one, owner, 20)
		f.clock.move(time.Second)
		endItem(t, f.one, "sh_00", store.ItemFailed)
		same(t, "one of 20", standing(t, f.one, owner), "running 2 f pppppppppp ppppppppp")
		endItem(t, f.one, "sh_01", store.ItemChanged)
		endItem(t, f.one, "sh_02", store.ItemRejected)
		same(t, "two of 20", standing(t, f.one, owner), "paused 2 failures f crpppppppp ppppppppp")
		f.clock.move(time.Second)
		must(t, f.one.ResumePlan(t.Context(), owner, 1, p.Digest, false, nil))
		f.clock.move(time.Second)
		endItem(t, f.one, "sh_03", store.ItemUnconfirmed)
		same(t, "one after going on", standing(t, f.one, owner), "running 2 f cruppppppp ppppppppp")
	},

	"stops after five failures in a row": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := runPlan(t, f.one, owner, 60)
		endItem(t, f.one, "sh_00", store.ItemDone)
		must(t, f.one.ResumePlan(t.Context(), owner, 1, p.Digest, false, nil))
		for i := range 5 {
			same(t, "state", thePlan(t, f.one, owner, 1).State, store.PlanRunning)
			f.clock.move(time.Second)
			endItem(t, f.one, fmt.Sprintf("sh_%02d", i+1), store.ItemFailed)
		}
		same(t, "why", thePlan(t, f.one, owner, 1).Why, store.PausedFailures)
	},

	"paused and continued": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := runPlan(t, f.one, owner, 2)
		held := itemsOf(t, f.one, "sh_00")[0]
		must(t, f.one.PausePlan(t.Context(), owner, 1, store.PausedByPerson, store.Activity{Shop: "team", Action: "stop"}))
		same(t, "recorded", recorded(t, f.one, "team", "stop"), 1)
		_, err := f.other.BeginItem(t.Context(), held)
		is(t, "an item", err, store.ErrPlanState)
		same(t, "standing", standing(t, f.one, owner), "paused 1 person p p")
		is(t, "twice", f.one.PausePlan(t.Context(), owner, 1, store.PausedByPerson), store.ErrPlanState)
		is(t, "by another digest", f.one.ResumePlan(t.Context(), owner, 1, "x", false, nil), store.ErrPlanAltered)
		must(t, f.one.ResumePlan(t.Context(), owner, 1, p.Digest, false, nil))
		begun, err := f.one.BeginItem(t.Context(), held)
		must(t, err)
		same(t, "actor", string(begun.Actor), "actor")
		same(t, "document", string(begun.Plan.Document), `{"form":"a"}`)
		// What was begun when the run stops is finished.
		must(t, f.one.PausePlan(t.Context(), owner, 1, store.PausedByPerson))
		left := itemsOf(t, f.other, "sh_00")
		same(t, "left", len(left), 1)
		again, err := f.other.BeginItem(t.Context(), left[0])
		must(t, err)
		same(t, "key", again.Key(), "plan/1/0")
		again.State = store.ItemDone
		must(t, f.other.EndItem(t.Context(), again, nil))
		again.State = store.ItemFailed
		must(t, f.one.EndItem(t.Context(), again, nil))
		same(t, "the first end counts", standing(t, f.one, owner), "paused 1 person d p")
	},

	"only what failed is tried again": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := runPlan(t, f.one, owner, 4)
		for i, state := range []string{store.ItemFailed, store.ItemDone, store.ItemRejected, store.ItemChanged} {
			if thePlan(t, f.one, owner, 1).State == store.PlanPaused {
				must(t, f.one.ResumePlan(t.Context(), owner, 1, p.Digest, false, nil))
			}
			f.clock.move(time.Second)
			endItem(t, f.one, fmt.Sprintf("sh_%02d", i), state)
		}
		same(t, "standing", standing(t, f.one, owner), "done 2 f drc")
		is(t, "without retry", f.one.ResumePlan(t.Context(), owner, 1, p.Digest, false, nil), store.ErrPlanState)
		var visits []string
		must(t, f.one.ResumePlan(t.Context(), owner, 1, p.Digest, true, into(&visits)))
		same(t, "visits", visits, []string{"sh_00", "sh_02"})
		same(t, "standing", standing(t, f.one, owner), "running 2 p dpc")
		same(t, "key", itemsOf(t, f.one, "sh_02")[0].Key(), "plan/1/2/1")
		endItem(t, f.one, "sh_00", store.ItemDone)
		endItem(t, f.one, "sh_02", store.ItemDone)
		same(t, "at the end", standing(t, f.one, owner), "done 2 d ddc")
	},

	"an attempt that says nothing is made again": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		runPlan(t, f.one, owner, 1)
		i, err := f.one.BeginItem(t.Context(), itemsOf(t, f.one, "sh_00")[0])
		must(t, err)
		i.Code, i.WaitUntil = "limit", f.clock.Now().Add(time.Minute)
		must(t, f.one.PutBackItem(t.Context(), i))
		again := itemsOf(t, f.one, "sh_00")[0]
		same(t, "attempts", again.Attempts, 1)
		same(t, "state", again.State, store.ItemPending)
		same(t, "why", again.Code, "limit")
		same(t, "until", again.WaitUntil, i.WaitUntil)
		_, err = f.one.BeginItem(t.Context(), again)
		must(t, err)
		begun := itemsOf(t, f.one, "sh_00")[0]
		same(t, "why it's called", begun.Code, "")
		same(t, "until", begun.WaitUntil, time.Time{})
	},

	"ended by a person": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := runPlan(t, f.one, owner, 13)
		is(t, "while it runs", f.one.EndPlan(t.Context(), owner, 1), store.ErrPlanState)
		endItem(t, f.one, "sh_00", store.ItemDone)
		called, err := f.one.BeginItem(t.Context(), itemsOf(t, f.one, "sh_01")[0])
		must(t, err)
		back, err := f.one.BeginItem(t.Context(), itemsOf(t, f.one, "sh_02")[0])
		must(t, err)
		must(t, f.one.PausePlan(t.Context(), owner, 1, store.PausedByPerson))
		f.clock.move(time.Minute)
		n := f.race(8, func(_ int, s *store.Store) bool {
			return s.EndPlan(background, owner, 1, store.Activity{Shop: "team", Action: "end"}) == nil
		})
		same(t, "ends", n, 1)
		same(t, "recorded", recorded(t, f.one, "team", "end"), 1)
		same(t, "standing", standing(t, f.one, owner), "done 2 ended d ccssssssss ss")
		busy, err := f.one.BusyShops(t.Context())
		must(t, err)
		same(t, "busy with calls that are under way", len(busy), 2)
		must(t, f.one.PutBackItem(t.Context(), back))
		called.State = store.ItemFailed
		must(t, f.other.EndItem(t.Context(), called, nil))
		same(t, "standing", standing(t, f.one, owner), "done 2 ended d fsssssssss ss")
		busy, err = f.one.BusyShops(t.Context())
		must(t, err)
		same(t, "busy", len(busy), 0)
		must(t, f.one.ResumePlan(t.Context(), owner, 1, p.Digest, true, nil))
		endItem(t, f.one, "sh_01", store.ItemDone)
		same(t, "what failed is tried again", standing(t, f.one, owner), "done 2 d dsssssssss ss")
	},

	"ended although it was altered": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		runPlan(t, f.one, owner, 2)
		must(t, f.one.PausePlan(t.Context(), owner, 1, store.PausedAltered))
		must(t, f.one.EndPlan(t.Context(), owner, 1))
		same(t, "standing", standing(t, f.one, owner), "done 1 ended s s")
	},

	"rehearsed": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		p, _ := draftPlan(t, f.one, owner, "a", 2)
		text, at, err := f.one.Rehearsal(t.Context(), p)
		must(t, err)
		if text != nil || !at.IsZero() {
			t.Errorf("before: %s, %v", text, at)
		}
		must(t, f.one.PutRehearsal(t.Context(), p, []byte("first")))
		f.clock.move(time.Minute)
		must(t, f.one.PutRehearsal(t.Context(), p, []byte("second")))
		text, at, err = f.other.Rehearsal(t.Context(), p)
		must(t, err)
		same(t, "predicted", string(text), "second")
		same(t, "at", at, f.clock.Now())
		p.Number = 7
		is(t, "of no plan", f.one.PutRehearsal(t.Context(), p, nil), store.ErrNotFound)
	},

	"the secrets of a run": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		runPlan(t, f.one, owner, 3)
		until := f.clock.Now().Add(time.Minute)
		put := func(shop, webhook string, until time.Time) {
			must(t, f.one.PutSecret(t.Context(), owner, shop, webhook, "secret of "+webhook, until))
		}
		put("sh_00", "wcon_sh_00", until)
		put("sh_01", "wcon_sh_01", until.Add(time.Minute))
		put("sh_02", "wcon_other", until)
		endItem(t, f.one, "sh_00", store.ItemDone)
		endItem(t, f.one, "sh_01", store.ItemDone)
		endItem(t, f.one, "sh_02", store.ItemDone)
		all, err := f.other.RunSecrets(t.Context(), owner, 1)
		must(t, err)
		same(t, "secrets", all, []store.RunSecret{
			{Item: 0, Shop: "sh_00", Webhook: "wcon_sh_00", Secret: "secret of wcon_sh_00", Until: until},
			{Item: 1, Shop: "sh_01", Webhook: "wcon_sh_01", Secret: "secret of wcon_sh_01", Until: until.Add(time.Minute)},
		})
		f.clock.move(time.Minute)
		all, err = f.other.RunSecrets(t.Context(), owner, 1)
		must(t, err)
		same(t, "a minute later", len(all), 1)
		must(t, f.one.DeleteRunSecrets(t.Context(), owner, 1))
		all, err = f.other.RunSecrets(t.Context(), owner, 1)
		must(t, err)
		same(t, "deleted", len(all), 0)
		put("sh_02", "wcon_other", f.clock.Now().Add(time.Minute))
		must(t, f.one.DeleteRunSecrets(t.Context(), owner, 1))
		_, _, err = f.one.Secret(t.Context(), owner, "sh_02", "wcon_other")
		must(t, err)
	},

	"a shop that was disconnected is visited while a run has to do with it": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		runPlan(t, f.one, owner, 1)
		must(t, f.one.Sweep(t.Context()))
		v, _, err := f.one.BeginVisit(t.Context(), "sh_00", time.Minute, f.start)
		must(t, err)
		same(t, "connections", len(v.Connections), 0)
		endItem(t, f.one, "sh_00", store.ItemFailed)
		must(t, f.one.EndVisit(t.Context(), v, store.VisitEnd{}, nil))
		must(t, f.one.Sweep(t.Context()))
		_, _, err = f.one.BeginVisit(t.Context(), "sh_00", time.Minute, f.start)
		is(t, "afterwards", err, store.ErrNotFound)
	},

	"end with their owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		runPlan(t, f.one, owner, 2)
		f.clock.move(365 * 24 * time.Hour)
		must(t, f.one.Sweep(t.Context()))
		_, err := f.one.Plan(t.Context(), owner, 1)
		is(t, "plan", err, store.ErrNotFound)
		same(t, "items", len(itemsOf(t, f.one, "sh_00")), 0)
	},
}
