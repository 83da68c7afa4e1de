package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"hookwall/internal/store"
)

func beginCheck(t tb, s *store.Store, owner store.Owner, shop, report string) store.Check {
	t.Helper()
	c, err := s.BeginCheck(background, store.Check{Owner: owner, Shop: shop, Report: []byte(report)}, 100)
	must(t, err)
	return c
}

func theCheck(t tb, s *store.Store, of store.Check) store.Check {
	t.Helper()
	c, err := s.Check(background, of.Owner, of.Shop, of.ID)
	must(t, err)
	return c
}

var checkTests = map[string]func(*testing.T, *fixture){
	"begun, updated and done": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		given := store.Check{
			ID: "mine", Owner: owner, Shop: "sh_1", Report: []byte("{}"), Done: true, StartedAt: f.start.Add(-time.Hour),
		}
		want, err := f.one.BeginCheck(t.Context(), given, 1)
		must(t, err)
		same(t, "begun", want, store.Check{
			ID: want.ID, Owner: owner, Shop: "sh_1", Report: []byte("{}"), StartedAt: f.start, UpdatedAt: f.start,
		})
		if want.ID == "mine" || want.ID == "" {
			t.Fatalf("ID %q", want.ID)
		}
		same(t, "kept", theCheck(t, f.other, want), want)

		f.clock.move(time.Second)
		must(t, f.other.UpdateCheck(t.Context(), owner, want.ID, []byte("{1}"), false))
		want.Report, want.UpdatedAt = []byte("{1}"), f.start.Add(time.Second)
		same(t, "updated", theCheck(t, f.one, want), want)

		f.clock.move(time.Second)
		must(t, f.other.UpdateCheck(t.Context(), owner, want.ID, []byte("{2}"), true))
		want.Report, want.UpdatedAt, want.Done = []byte("{2}"), f.start.Add(2*time.Second), true
		same(t, "done", theCheck(t, f.one, want), want)

		is(t, "after it was done", f.one.UpdateCheck(t.Context(), owner, want.ID, []byte("{3}"), false), store.ErrNotFound)
		same(t, "stays", theCheck(t, f.one, want), want)
	},

	"found by owner, shop and id, for an hour": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		kept := beginCheck(t, f.one, owner, "sh_1", "r")
		for name, c := range map[string]struct {
			owner    store.Owner
			shop, id string
			after    time.Duration
			want     error
		}{
			"itself":          {owner, "sh_1", kept.ID, 0, nil},
			"another's":       {other, "sh_1", kept.ID, 0, store.ErrNotFound},
			"another shop's":  {owner, "sh_2", kept.ID, 0, store.ErrNotFound},
			"another id":      {owner, "sh_1", "x", 0, store.ErrNotFound},
			"after an hour":   {owner, "sh_1", kept.ID, time.Hour, store.ErrNotFound},
			"before the hour": {owner, "sh_1", kept.ID, time.Hour - time.Millisecond, nil},
		} {
			f.clock.move(c.after)
			_, err := f.other.Check(t.Context(), c.owner, c.shop, c.id)
			is(t, name, err, c.want)
			f.clock.move(-c.after)
		}
		is(t, "another's update", f.one.UpdateCheck(t.Context(), other, kept.ID, nil, true), store.ErrNotFound)
		same(t, "untouched", theCheck(t, f.one, kept), kept)
	},

	"deleted with its connection and with its owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		put(t, f.one, connection(owner, "sh_2"))
		one, two := beginCheck(t, f.one, owner, "sh_1", "r"), beginCheck(t, f.one, owner, "sh_2", "r")
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		_, err := f.one.Check(t.Context(), owner, "sh_1", one.ID)
		is(t, "the connection's", err, store.ErrNotFound)
		same(t, "the other's", theCheck(t, f.one, two), two)
		must(t, f.one.DeleteOwner(t.Context(), owner))
		_, err = f.one.Check(t.Context(), owner, "sh_2", two.ID)
		is(t, "the owner's", err, store.ErrNotFound)
	},

	"a few at once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		ask := func(who store.Owner) error {
			_, err := f.other.BeginCheck(t.Context(), store.Check{Owner: who, Shop: "sh_2"}, 2)
			return err
		}
		first := beginCheck(t, f.one, owner, "sh_1", "r")
		beginCheck(t, f.one, owner, "sh_1", "r")
		is(t, "a third", ask(owner), store.ErrBusy)
		is(t, "another's", ask(other), nil)
		must(t, f.one.UpdateCheck(t.Context(), owner, first.ID, nil, true))
		is(t, "when one is done", ask(owner), nil)
		is(t, "and no more", ask(owner), store.ErrBusy)
		f.clock.move(time.Minute)
		is(t, "when they seem dead", ask(owner), nil)
		is(t, "of nobody", ask("nobody"), store.ErrNotFound)
	},

	"a few at once, even if many ask": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		var begun atomic.Int64
		f.race(20, func(_ int, s *store.Store) bool {
			_, err := s.BeginCheck(t.Context(), store.Check{Owner: owner, Shop: "sh_1"}, 3)
			if err == nil {
				begun.Add(1)
			} else {
				is(t, "refused", err, store.ErrBusy)
			}
			return err == nil
		})
		same(t, "begun", begun.Load(), int64(3))
	},
}
