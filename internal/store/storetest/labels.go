package storetest

import (
	"maps"
	"testing"
	"time"

	"hookwall/internal/store"
)

func labels(t tb, s *store.Store, shop string) map[string]string {
	t.Helper()
	all, err := s.Labels(background, shop)
	must(t, err)
	return all
}

// labelLife is how long a label is kept in a shop that nobody uses.
const labelLife = 400 * 24 * time.Hour

var labelTests = map[string]func(*testing.T, *fixture){
	"written, replaced and deleted": func(t *testing.T, f *fixture) {
		same(t, "before", labels(t, f.one, "sh_1"), map[string]string{})
		must(t, f.one.PutLabel(t.Context(), "sh_1", "wcon_1", "Tips ledger"))
		must(t, f.one.PutLabel(t.Context(), "sh_1", "wcon_2", "☕ & <b>"))
		same(t, "written", labels(t, f.other, "sh_1"), map[string]string{"wcon_1": "Tips ledger", "wcon_2": "☕ & <b>"})
		must(t, f.other.PutLabel(t.Context(), "sh_1", "wcon_1", "Tips"))
		same(t, "replaced", labels(t, f.one, "sh_1"), map[string]string{"wcon_1": "Tips", "wcon_2": "☕ & <b>"})
		must(t, f.one.DeleteLabel(t.Context(), "sh_1", "wcon_1"))
		must(t, f.one.DeleteLabel(t.Context(), "sh_1", "wcon_1"))
		same(t, "deleted", labels(t, f.other, "sh_1"), map[string]string{"wcon_2": "☕ & <b>"})
	},

	"of its shop, not of an owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		must(t, f.one.PutLabel(t.Context(), "sh_1", "wcon_1", "Tips"))
		must(t, f.one.DeleteLabel(t.Context(), "sh_2", "wcon_1"))
		same(t, "another shop", labels(t, f.one, "sh_2"), map[string]string{})
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "its shop", labels(t, f.one, "sh_1"), map[string]string{"wcon_1": "Tips"})
	},

	"of its environment": func(t *testing.T, f *fixture) {
		elsewhere := f.open(sandbox)
		must(t, f.one.PutLabel(t.Context(), "sh_1", "wcon_1", "Tips"))
		same(t, "elsewhere", labels(t, elsewhere, "sh_1"), map[string]string{})
		must(t, elsewhere.PutLabel(t.Context(), "sh_1", "wcon_1", "Test"))
		must(t, elsewhere.DeleteLabel(t.Context(), "sh_1", "wcon_1"))
		same(t, "at home", labels(t, f.one, "sh_1"), map[string]string{"wcon_1": "Tips"})
	},

	"of all shops of an owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		for _, shop := range []string{"sh_1", "sh_2", "sh_3"} {
			put(t, f.one, connection(owner, shop))
		}
		put(t, f.one, connection(other, "sh_4"))
		put(t, f.one, connection(other, "sh_1"))
		for _, shop := range []string{"sh_1", "sh_3", "sh_4", "sh_5"} {
			must(t, f.one.PutLabel(t.Context(), shop, "wcon_1", "Tips of "+shop))
		}
		must(t, f.one.PutLabel(t.Context(), "sh_3", "wcon_2", "Orders"))
		got, err := f.other.LabelsOf(t.Context(), owner)
		must(t, err)
		same(t, "labels", got, map[string]map[string]string{
			"sh_1": {"wcon_1": "Tips of sh_1"}, "sh_3": {"wcon_1": "Tips of sh_3", "wcon_2": "Orders"},
		})
	},

	"swept in a shop that nobody uses": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "connected"))
		for _, shop := range []string{"connected", "changed", "unused", "renamed"} {
			must(t, f.one.PutLabel(t.Context(), shop, "wcon_1", "Tips"))
		}
		f.sweepAt(t, labelLife-time.Millisecond)
		same(t, "a moment before", shopsWithLabels(t, f), map[string]bool{
			"connected": true, "changed": true, "unused": true, "renamed": true,
		})

		owner, token := signIn(t, f.one)
		put(t, f.one, connection(owner, "connected"))
		f.clock.move(time.Hour)
		ownerOf(t, f.one, token)
		beginActivity(t, f.one, activity(owner, "changed"))
		must(t, f.one.PutLabel(t.Context(), "renamed", "wcon_1", "Tips"))
		f.clock.move(labelLife - time.Hour)
		_, err := f.other.PutConnection(t.Context(), connection(owner, "connected"))
		must(t, err)
		must(t, f.one.Sweep(t.Context()))
		same(t, "after its time", shopsWithLabels(t, f), map[string]bool{
			"connected": true, "changed": true, "renamed": true,
		})
		f.clock.move(labelLife)
		must(t, f.one.Sweep(t.Context()))
		must(t, f.one.Sweep(t.Context()))
		same(t, "when nobody has been there since", shopsWithLabels(t, f), map[string]bool{})
	},
}

func shopsWithLabels(t tb, f *fixture) map[string]bool {
	t.Helper()
	with := map[string]bool{"connected": false, "changed": false, "unused": false, "renamed": false}
	for shop := range with {
		with[shop] = len(labels(t, f.one, shop)) > 0
	}
	maps.DeleteFunc(with, func(_ string, has bool) bool { return !has })
	return with
}
