package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"hookwall/internal/store"
)

const visitLease = 20 * time.Second

// lasting returns the team, whose connections outlast every session.
func lasting(t tb, f *fixture) store.Owner {
	t.Helper()
	owner, err := f.one.Team(background)
	must(t, err)
	return owner
}

// beginVisit begins a visit that must be possible.
func beginVisit(t tb, s *store.Store, shop string) store.Visit {
	t.Helper()
	v, wait, err := s.BeginVisit(background, shop, visitLease, time.Time{})
	must(t, err)
	if wait > 0 {
		t.Fatalf("visit of %s: wait %v", shop, wait)
	}
	return v
}

// waits returns how long a visit of a shop must wait.
func waits(t tb, s *store.Store, shop string) time.Duration {
	t.Helper()
	v, wait, err := s.BeginVisit(background, shop, visitLease, time.Time{})
	must(t, err)
	if wait == 0 {
		t.Fatalf("visit of %s began: %+v", shop, v)
	}
	return wait
}

// endVisit ends a visit, and returns when the next one is due.
func endVisit(t tb, s *store.Store, v store.Visit, e store.VisitEnd) (next time.Time) {
	t.Helper()
	must(t, s.EndVisit(background, v, e, func(_ context.Context, _ *sql.Tx, at time.Time) error {
		next = at
		return nil
	}))
	return next
}

// see stores what was seen through the only connection to a shop, now.
func (f *fixture) see(t tb, shop string, o store.Observed) {
	t.Helper()
	f.clock.move(time.Millisecond)
	v := beginVisit(t, f.one, shop)
	o.ConnectionID, o.Owner, o.At = v.Connections[0].ID, v.Connections[0].Owner, f.clock.Now()
	endVisit(t, f.one, v, store.VisitEnd{Seen: []store.Observed{o}, Due: f.clock.Now().Add(time.Hour), Answered: true})
}

// dueShops returns the shops that are taken as due.
func dueShops(t tb, s *store.Store) (shops []string) {
	t.Helper()
	all, err := s.TakeDueVisits(background, 100, func(_ context.Context, _ *sql.Tx, due []string) error {
		shops = due
		return nil
	})
	must(t, err)
	same(t, "returned", all, shops)
	slices.Sort(shops)
	return shops
}

func askVisits(t tb, s *store.Store, owner store.Owner, shops ...string) []string {
	t.Helper()
	asked, err := s.AskVisits(background, owner, shops, func(context.Context, *sql.Tx, []string) error { return nil })
	must(t, err)
	slices.Sort(asked)
	return asked
}

func nextVisit(t tb, s *store.Store) time.Time {
	t.Helper()
	due, _, err := s.NextDue(background)
	must(t, err)
	return due
}

var visitTests = map[string]func(*testing.T, *fixture){
	"due when a shop is connected, and taken once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		same(t, "without shops", nextVisit(t, f.one), time.Time{})
		same(t, "without shops", dueShops(t, f.one), nil)
		put(t, f.one, connection(owner, "sh_1"))
		put(t, f.one, connection(owner, "sh_2"))
		same(t, "next", nextVisit(t, f.other), f.start)
		same(t, "due", dueShops(t, f.one), []string{"sh_1", "sh_2"})
		same(t, "again", dueShops(t, f.other), nil)
		f.clock.move(time.Minute)
		next := endVisit(t, f.one, beginVisit(t, f.one, "sh_1"), store.VisitEnd{Due: f.clock.Now().Add(time.Hour)})
		same(t, "next", next, f.clock.Now().Add(time.Hour))
		f.clock.move(4 * time.Minute)
		same(t, "a job that got lost", dueShops(t, f.one), []string{"sh_2"})
		f.clock.move(56 * time.Minute)
		same(t, "after an hour", dueShops(t, f.one), []string{"sh_1", "sh_2"})
	},

	"taken by one of many": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for i := range 20 {
			put(t, f.one, connection(owner, fmt.Sprint("sh_", i)))
		}
		taken := make(chan string, 1000)
		f.race(8, func(_ int, s *store.Store) bool {
			for {
				all, err := s.TakeDueVisits(t.Context(), 3, func(context.Context, *sql.Tx, []string) error { return nil })
				if err != nil || len(all) == 0 {
					return err == nil
				}
				for _, shop := range all {
					taken <- shop
				}
			}
		})
		if len(taken) != 20 {
			t.Errorf("%d taken, want 20", len(taken))
		}
	},

	"one at a time": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		won := f.race(8, func(_ int, s *store.Store) bool {
			_, wait, err := s.BeginVisit(t.Context(), "sh_1", visitLease, time.Time{})
			return err == nil && wait == 0
		})
		same(t, "won", won, 1)
		same(t, "wait", waits(t, f.other, "sh_1"), visitLease)
		f.clock.move(visitLease)
		v := beginVisit(t, f.other, "sh_1")
		f.clock.move(visitLease)
		again := beginVisit(t, f.one, "sh_1")
		err := f.other.EndVisit(t.Context(), v, store.VisitEnd{Due: f.start}, nil)
		is(t, "the end of one that died", err, store.ErrLeaseLost)
		endVisit(t, f.one, again, store.VisitEnd{Due: f.start})
		beginVisit(t, f.other, "sh_1")
	},

	"not of an unknown shop": func(t *testing.T, f *fixture) {
		_, _, err := f.one.BeginVisit(t.Context(), "sh_1", visitLease, time.Time{})
		is(t, "unknown", err, store.ErrNotFound)
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		_, _, err = f.open(sandbox).BeginVisit(t.Context(), "sh_1", visitLease, time.Time{})
		is(t, "in another environment", err, store.ErrNotFound)
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		same(t, "connections", len(beginVisit(t, f.one, "sh_1").Connections), 0)
		must(t, f.one.Sweep(t.Context()))
		_, _, err = f.one.BeginVisit(t.Context(), "sh_1", visitLease, time.Time{})
		is(t, "swept", err, store.ErrNotFound)
	},

	"through those connections that can be used": func(t *testing.T, f *fixture) {
		team := lasting(t, f)
		owner, _ := signIn(t, f.one)
		ended, _ := signIn(t, f.one)
		put(t, f.one, connection(team, "sh_1"))
		f.clock.move(time.Second)
		put(t, f.one, connection(owner, "sh_1"))
		gone := put(t, f.one, connection(ended, "sh_1"))
		must(t, f.one.ExpireConnection(t.Context(), gone.ID, gone.Version, store.End{Why: store.EndNotRenewed}))
		owners := func() (all []store.Owner) {
			v := beginVisit(t, f.one, "sh_1")
			for _, c := range v.Connections {
				same(t, "credential", string(c.Credential), string(connection(c.Owner, "sh_1").Credential))
				all = append(all, c.Owner)
			}
			endVisit(t, f.one, v, store.VisitEnd{Due: f.start})
			return all
		}
		same(t, "with a session", owners(), []store.Owner{team, owner})
		f.clock.move(store.SessionIdle)
		same(t, "without a session", owners(), []store.Owner{team})
	},

	"moved to another owner": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f)
		put(t, f.one, connection(owner, "sh_1"))
		endVisit(t, f.one, beginVisit(t, f.one, "sh_1"), store.VisitEnd{Due: f.start.Add(time.Hour)})
		f.clock.move(time.Second)
		moveAll(t, f.other, owner, team, store.Move{Shop: "sh_1"})
		same(t, "due", nextVisit(t, f.one), f.start.Add(time.Second))
	},

	"asked for, and again while one runs": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		put(t, f.one, connection(owner, "sh_2"))
		put(t, f.one, connection(other, "sh_3"))
		f.clock.move(time.Minute)
		hour := f.clock.Now().Add(time.Hour)
		endVisit(t, f.one, beginVisit(t, f.one, "sh_1"), store.VisitEnd{Due: hour})
		same(t, "all", askVisits(t, f.one, owner), []string{"sh_1", "sh_2"})
		same(t, "some", askVisits(t, f.one, owner, "sh_1", "sh_3", "gone"), []string{"sh_1"})
		same(t, "nobody's", askVisits(t, f.one, "nobody"), nil)
		f.clock.move(time.Second)
		v := beginVisit(t, f.one, "sh_1")
		f.clock.move(time.Second)
		same(t, "while it runs", askVisits(t, f.other, owner, "sh_1"), []string{"sh_1"})
		same(t, "next", endVisit(t, f.one, v, store.VisitEnd{Due: hour}), f.clock.Now())
		f.clock.move(time.Second)
		same(t, "next after that", endVisit(t, f.one, beginVisit(t, f.one, "sh_1"), store.VisitEnd{Due: hour}), hour)
	},

	"not before the API's limit allows": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		put(t, f.one, connection(owner, "sh_2"))
		f.clock.move(time.Second)
		until := f.clock.Now().Add(37 * time.Second)
		endVisit(t, f.one, beginVisit(t, f.one, "sh_1"), store.VisitEnd{NotBefore: until, Due: until})
		same(t, "wait", waits(t, f.other, "sh_1"), 37*time.Second)
		beginVisit(t, f.other, "sh_2")
		f.clock.move(37 * time.Second)
		beginVisit(t, f.other, "sh_1")
	},

	"paused after ten shops in a row without an answer": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "good"))
		paused := func() time.Time {
			until, err := f.other.VisitsPaused(t.Context())
			must(t, err)
			return until
		}
		silent := func(from, to int) {
			for i := from; i < to; i++ {
				shop := fmt.Sprint("sh_", i)
				put(t, f.one, connection(owner, shop))
				f.clock.move(time.Millisecond)
				for range 2 {
					endVisit(t, f.one, beginVisit(t, f.one, shop), store.VisitEnd{Silent: true, Due: f.clock.Now()})
				}
			}
		}
		silent(0, 9)
		same(t, "after nine", paused(), time.Time{})
		f.clock.move(time.Millisecond)
		endVisit(t, f.one, beginVisit(t, f.one, "good"), store.VisitEnd{Answered: true, Due: f.clock.Now()})
		silent(0, 9)
		same(t, "after an answer and nine", paused(), time.Time{})
		put(t, f.one, connection(owner, "sh_9"))
		f.clock.move(time.Millisecond)
		endVisit(t, f.one, beginVisit(t, f.one, "sh_9"), store.VisitEnd{Silent: true, Due: f.clock.Now()})
		same(t, "after ten", paused(), f.clock.Now().Add(30*time.Second))
		same(t, "wait", waits(t, f.other, "good"), 30*time.Second)
		elsewhere := f.open(sandbox)
		until, err := elsewhere.VisitsPaused(t.Context())
		must(t, err)
		same(t, "elsewhere", until, time.Time{})
		f.clock.move(30 * time.Second)
		same(t, "after 30 s", paused(), time.Time{})
		beginVisit(t, f.other, "good")
	},
}
