package storetest

import (
	"fmt"
	"testing"
	"time"

	"hookwall/internal/store"
)

func acquire(t tb, s *store.Store, name, holder string) bool {
	t.Helper()
	got, err := s.AcquireLease(background, name, holder, leaseTime)
	must(t, err)
	return got
}

var leaseTests = map[string]func(*testing.T, *fixture){
	"acquired by one of many at once": func(t *testing.T, f *fixture) {
		for range rounds {
			won := f.race(16, func(i int, s *store.Store) bool { return acquire(t, s, "work", fmt.Sprint(i)) })
			same(t, "acquired", won, 1)
			f.clock.move(leaseTime)
		}
	},

	"not for another holder until its time": func(t *testing.T, f *fixture) {
		same(t, "first", acquire(t, f.one, "work", "me"), true)
		f.clock.move(leaseTime - time.Millisecond)
		same(t, "before its end", acquire(t, f.other, "work", "you"), false)
		f.clock.move(time.Millisecond)
		same(t, "at its end", acquire(t, f.other, "work", "you"), true)
		is(t, "renewed by the first", f.one.RenewLease(t.Context(), "work", "me", leaseTime), store.ErrLeaseLost)
		must(t, f.one.ReleaseLease(t.Context(), "work", "me"))
		same(t, "after the first released it", acquire(t, f.one, "work", "me"), false)
	},

	"acquired again by its holder": func(t *testing.T, f *fixture) {
		acquire(t, f.one, "work", "me")
		f.clock.move(leaseTime - time.Millisecond)
		same(t, "again", acquire(t, f.one, "work", "me"), true)
		f.clock.move(leaseTime - time.Millisecond)
		same(t, "another", acquire(t, f.other, "work", "you"), false)
	},

	"renewed, also late": func(t *testing.T, f *fixture) {
		is(t, "without one", f.one.RenewLease(t.Context(), "work", "me", leaseTime), store.ErrLeaseLost)
		acquire(t, f.one, "work", "me")
		for range 3 {
			f.clock.move(2 * leaseTime)
			must(t, f.one.RenewLease(t.Context(), "work", "me", leaseTime))
			f.clock.move(leaseTime - time.Millisecond)
			same(t, "another", acquire(t, f.other, "work", "you"), false)
		}
		is(t, "by another", f.other.RenewLease(t.Context(), "work", "you", leaseTime), store.ErrLeaseLost)
	},

	"renewed late or acquired, never both": func(t *testing.T, f *fixture) {
		for round := range rounds {
			holder := fmt.Sprint("holder ", round)
			same(t, "acquired", acquire(t, f.one, "work", holder), true)
			f.clock.move(leaseTime)
			won := f.race(8, func(i int, s *store.Store) bool {
				if i == 0 {
					return s.RenewLease(t.Context(), "work", holder, leaseTime) == nil
				}
				return acquire(t, s, "work", fmt.Sprint(i))
			})
			same(t, "won", won, 1)
			f.clock.move(leaseTime)
		}
	},

	"released": func(t *testing.T, f *fixture) {
		acquire(t, f.one, "work", "me")
		must(t, f.other.ReleaseLease(t.Context(), "work", "you"))
		same(t, "by another", acquire(t, f.other, "work", "you"), false)
		must(t, f.one.ReleaseLease(t.Context(), "work", "me"))
		must(t, f.one.ReleaseLease(t.Context(), "work", "me"))
		is(t, "renewed", f.one.RenewLease(t.Context(), "work", "me", leaseTime), store.ErrLeaseLost)
		same(t, "by its holder", acquire(t, f.other, "work", "you"), true)
	},

	"of its name and environment": func(t *testing.T, f *fixture) {
		elsewhere := f.open(sandbox)
		acquire(t, f.one, "work", "me")
		same(t, "other name", acquire(t, f.one, "other work", "you"), true)
		same(t, "other environment", acquire(t, elsewhere, "work", "you"), true)
		must(t, elsewhere.ReleaseLease(t.Context(), "work", "you"))
		is(t, "renewed elsewhere", elsewhere.RenewLease(t.Context(), "work", "me", leaseTime), store.ErrLeaseLost)
		must(t, f.one.RenewLease(t.Context(), "work", "me", leaseTime))
	},

	"for nobody, for nothing and for no time": func(t *testing.T, f *fixture) {
		for _, c := range []struct {
			name, holder string
			lease        time.Duration
		}{{"", "me", leaseTime}, {"work", "", leaseTime}, {"work", "me", 0}, {"work", "me", -leaseTime}} {
			if got, err := f.one.AcquireLease(t.Context(), c.name, c.holder, c.lease); got || err == nil {
				t.Errorf("%+v: acquired %v, error %v", c, got, err)
			}
		}
	},
}

// due returns the names of the activities that are due.
func due(t tb, s *store.Store, limit int) []string {
	t.Helper()
	all, err := s.DueActivities(background, limit)
	must(t, err)
	return names(all)
}

func nextRecheck(t tb, s *store.Store) time.Time {
	t.Helper()
	_, next, err := s.NextDue(background)
	must(t, err)
	return next
}

// recheckable begins an activity of that name whose recheck is due after a gap.
func recheckable(t tb, s *store.Store, shop, name string, gap time.Duration) store.Activity {
	t.Helper()
	return beginActivity(t, s, store.Activity{Shop: shop, Actor: name, RecheckGap: gap})
}

var recheckTests = map[string]func(*testing.T, *fixture){
	"due after its gap": func(t *testing.T, f *fixture) {
		kept := recheckable(t, f.one, "sh_1", "a", 5*time.Second)
		same(t, "gap", kept.RecheckGap, 5*time.Second)
		same(t, "next", nextRecheck(t, f.other), f.start.Add(5*time.Second))
		same(t, "next elsewhere", nextRecheck(t, f.open(sandbox)), time.Time{})
		f.clock.move(5*time.Second - time.Millisecond)
		same(t, "before", due(t, f.other, 0), nil)
		f.clock.move(time.Millisecond)
		all, err := f.other.DueActivities(t.Context(), 0)
		must(t, err)
		same(t, "due", all, []store.Activity{kept})
		same(t, "elsewhere", due(t, f.open(sandbox), 0), nil)
	},

	"due at once without a gap": func(t *testing.T, f *fixture) {
		recheckable(t, f.one, "sh_1", "a", 0)
		same(t, "due", due(t, f.other, 0), []string{"a"})
	},

	"scheduled": func(t *testing.T, f *fixture) {
		a := recheckable(t, f.one, "sh_1", "a", 0)
		recheckable(t, f.one, "sh_1", "b", 0)
		must(t, f.other.ScheduleRecheck(t.Context(), a.ID, time.Minute, 10*time.Second))
		same(t, "gap", activities(t, f.one, store.ActivityQuery{Shop: "sh_1"}).Rows[1].RecheckGap, 10*time.Second)
		f.clock.move(time.Minute - time.Millisecond)
		same(t, "before its time", due(t, f.one, 0), []string{"b"})
		f.clock.move(time.Millisecond)
		same(t, "at its time", due(t, f.one, 0), []string{"a", "b"})
		must(t, f.open(sandbox).ScheduleRecheck(t.Context(), a.ID, time.Minute, time.Minute))
		must(t, f.one.ScheduleRecheck(t.Context(), "unknown", time.Minute, time.Minute))
		same(t, "scheduled elsewhere", due(t, f.one, 0), []string{"a", "b"})
	},

	"by outcome": func(t *testing.T, f *fixture) {
		for outcome, want := range map[string][]string{
			"": {"a"}, "unclear": {"a"}, "done": nil, "refused": nil, "failed": nil,
		} {
			a := recheckable(t, f.one, "sh_1", "a", 0)
			if outcome != "" {
				recordOutcome(t, f.other, a.ID, outcome)
			}
			same(t, "due when "+outcome, due(t, f.one, 0), want)
			must(t, f.one.ScheduleRecheck(t.Context(), a.ID, 0, 0))
			same(t, "due when scheduled again when "+outcome, due(t, f.one, 0), want)
			must(t, f.open(sandbox).EndRechecks(t.Context(), a.ID))
			same(t, "due when ended elsewhere when "+outcome, due(t, f.one, 0), want)
			must(t, f.other.EndRechecks(t.Context(), a.ID))
			same(t, "due when ended when "+outcome, due(t, f.one, 0), nil)
			same(t, "next when ended when "+outcome, nextRecheck(t, f.one), time.Time{})
		}
	},

	"shop by shop, the longest overdue first where there are too many": func(t *testing.T, f *fixture) {
		for _, name := range []string{"2a", "1a", "2b", "1b"} {
			recheckable(t, f.one, "sh_"+name[:1], name, 0)
			f.clock.move(time.Second)
		}
		late := recheckable(t, f.one, "sh_1", "1c", 0)
		must(t, f.one.ScheduleRecheck(t.Context(), late.ID, -time.Hour, 0))
		same(t, "all", due(t, f.other, 0), []string{"1a", "1b", "1c", "2a", "2b"})
		same(t, "some", due(t, f.other, 3), []string{"1a", "1c", "2a"})
	},
}
