package storetest

import (
	"testing"
	"time"

	"hookwall/internal/store"
)

func immutable(t tb, s *store.Store, shop string) []string {
	t.Helper()
	ids, err := s.ImmutableWebhooks(background, shop)
	must(t, err)
	return ids
}

var immutableTests = map[string]func(*testing.T, *fixture){
	"kept until its time": func(t *testing.T, f *fixture) {
		must(t, f.one.MarkImmutable(t.Context(), "sh_1", "wcon_2", f.start.Add(time.Hour)))
		must(t, f.one.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start.Add(2*time.Hour)))
		same(t, "immutable", immutable(t, f.other, "sh_1"), []string{"wcon_1", "wcon_2"})
		f.clock.move(time.Hour - time.Millisecond)
		same(t, "a moment before", immutable(t, f.other, "sh_1"), []string{"wcon_1", "wcon_2"})
		f.clock.move(time.Millisecond)
		same(t, "at its time", immutable(t, f.other, "sh_1"), []string{"wcon_1"})
	},

	"marked again, for longer and for less": func(t *testing.T, f *fixture) {
		must(t, f.one.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start))
		same(t, "over from the beginning", immutable(t, f.one, "sh_1"), nil)
		must(t, f.other.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start.Add(time.Hour)))
		same(t, "longer", immutable(t, f.one, "sh_1"), []string{"wcon_1"})
		must(t, f.other.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start.Add(time.Minute)))
		f.clock.move(time.Minute)
		same(t, "less", immutable(t, f.one, "sh_1"), nil)
	},

	"of all shops of an owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		put(t, f.one, connection(owner, "sh_2"))
		put(t, f.one, connection(owner, "sh_3"))
		for _, webhook := range []string{"wcon_2", "wcon_1"} {
			must(t, f.one.MarkImmutable(t.Context(), "sh_1", webhook, f.start.Add(time.Hour)))
		}
		must(t, f.one.MarkImmutable(t.Context(), "sh_2", "wcon_3", f.start.Add(2*time.Hour)))
		must(t, f.one.MarkImmutable(t.Context(), "sh_4", "wcon_4", f.start.Add(2*time.Hour)))
		all, err := f.other.ImmutableOf(t.Context(), owner)
		must(t, err)
		same(t, "immutable", all, map[string][]string{"sh_1": {"wcon_1", "wcon_2"}, "sh_2": {"wcon_3"}})
		f.clock.move(time.Hour)
		all, err = f.other.ImmutableOf(t.Context(), owner)
		must(t, err)
		same(t, "an hour later", all, map[string][]string{"sh_2": {"wcon_3"}})
	},

	"of its shop, not of an owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		must(t, f.one.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start.Add(time.Hour)))
		same(t, "another shop", immutable(t, f.one, "sh_2"), nil)
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "its shop", immutable(t, f.one, "sh_1"), []string{"wcon_1"})
	},
}
