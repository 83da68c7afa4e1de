package storetest

import (
	"errors"
	"strconv"
	"testing"

	"hookwall/internal/store"
)

func addPreset(t tb, s *store.Store, owner store.Owner, name string, types ...string) store.Preset {
	t.Helper()
	p, err := s.AddPreset(background, owner, store.Preset{Name: name, Types: types})
	must(t, err)
	return p
}

func presets(t tb, s *store.Store, owner store.Owner) []store.Preset {
	t.Helper()
	all, err := s.Presets(background, owner)
	must(t, err)
	return all
}

var presetTests = map[string]func(*testing.T, *fixture){
	"kept by name": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		shop := addPreset(t, f.one, owner, "Shop", "ORDER_PLACED", "DONATION")
		alerts := addPreset(t, f.other, owner, "alerts", "DONATION")
		same(t, "presets", presets(t, f.one, owner), []store.Preset{alerts, shop})
		same(t, "types", shop.Types, []string{"ORDER_PLACED", "DONATION"})
	},

	"one of each name": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		first := addPreset(t, f.one, owner, "Größe", "DONATION")
		for _, name := range []string{"Größe", "größe", "GRÖßE"} {
			_, err := f.other.AddPreset(t.Context(), owner, store.Preset{Name: name, Types: []string{"ORDER_PLACED"}})
			is(t, name, err, store.ErrPresetExists)
		}
		same(t, "presets", presets(t, f.one, owner), []store.Preset{first})
		addPreset(t, f.one, other, "Größe", "ORDER_PLACED")
	},

	"20 for an owner, however many are added at the same time": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for i := range store.MaxPresets - 1 {
			addPreset(t, f.one, owner, strconv.Itoa(i), "DONATION")
		}
		won := f.race(8, func(i int, s *store.Store) bool {
			_, err := s.AddPreset(t.Context(), owner, store.Preset{Name: "racer " + strconv.Itoa(i)})
			if err != nil && !errors.Is(err, store.ErrTooManyPresets) {
				t.Errorf("unexpected error: %v", err)
			}
			return err == nil
		})
		same(t, "added", won, 1)
		same(t, "presets", len(presets(t, f.one, owner)), store.MaxPresets)
		must(t, f.one.DeletePreset(t.Context(), owner, presets(t, f.one, owner)[0].ID))
		addPreset(t, f.one, owner, "one more", "DONATION")
	},

	"of one owner and environment": func(t *testing.T, f *fixture) {
		elsewhere := f.open(sandbox)
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		p := addPreset(t, f.one, owner, "Alerts", "DONATION")
		same(t, "another owner's", len(presets(t, f.one, other)), 0)
		same(t, "elsewhere", len(presets(t, elsewhere, owner)), 0)
		must(t, f.one.DeletePreset(t.Context(), other, p.ID))
		must(t, elsewhere.DeletePreset(t.Context(), owner, p.ID))
		same(t, "presets", presets(t, f.one, owner), []store.Preset{p})
		must(t, f.one.DeletePreset(t.Context(), owner, p.ID))
		must(t, f.one.DeletePreset(t.Context(), owner, p.ID))
		same(t, "deleted", len(presets(t, f.one, owner)), 0)
	},

	"deleted with the owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		addPreset(t, f.one, owner, "Alerts", "DONATION")
		kept := addPreset(t, f.one, other, "Alerts", "DONATION")
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "presets", len(presets(t, f.other, owner)), 0)
		same(t, "another owner's", presets(t, f.one, other), []store.Preset{kept})
		_, err := f.one.AddPreset(t.Context(), owner, store.Preset{Name: "late"})
		is(t, "for an owner who is gone", err, store.ErrNotFound)
	},
}
