package storetest

import (
	"errors"
	"fmt"
	"testing"

	"hookwall/internal/store"
)

func shopLabels(t tb, s *store.Store, owner store.Owner) map[string][]string {
	t.Helper()
	all, err := s.ShopLabels(background, owner)
	must(t, err)
	return all
}

// labelShops adds labels to shops, and records each shop that got one.
func labelShops(t tb, s *store.Store, owner store.Owner, shops []string, labels ...string) []store.Labeled {
	t.Helper()
	done, err := s.AddShopLabels(background, owner, shops, labels, labelActivity)
	must(t, err)
	return done
}

func labelActivity(one store.Labeled) (store.Activity, error) {
	return store.Activity{Shop: one.Shop, Action: "shop.label", Detail: fmt.Appendf(nil, "%q", one.Added)}, nil
}

// details returns the details of a shop's activities, newest first.
func details(t tb, s *store.Store, shop string) (out []string) {
	t.Helper()
	for _, a := range activities(t, s, store.ActivityQuery{Shop: shop}).Rows {
		out = append(out, a.Action+" "+a.Outcome+" "+string(a.Detail))
	}
	return out
}

var shopLabelTests = map[string]func(*testing.T, *fixture){
	"added, sorted and deleted": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		same(t, "before", shopLabels(t, f.one, owner), map[string][]string{})
		same(t, "added", labelShops(t, f.one, owner, []string{"sh_1", "sh_2"}, "production", "Client <1> 🦄"),
			[]store.Labeled{
				{Shop: "sh_1", Added: []string{"production", "Client <1> 🦄"}},
				{Shop: "sh_2", Added: []string{"production", "Client <1> 🦄"}},
			})
		labelShops(t, f.other, owner, []string{"sh_2"}, "archive")
		same(t, "labels", shopLabels(t, f.other, owner), map[string][]string{
			"sh_1": {"Client <1> 🦄", "production"}, "sh_2": {"archive", "Client <1> 🦄", "production"},
		})
		for _, want := range []bool{true, false} {
			deleted, err := f.other.DeleteShopLabel(t.Context(), owner, "sh_2", "PRODUCTION",
				store.Activity{Shop: "sh_2", Action: "shop.label", Detail: []byte("deleted")})
			must(t, err)
			same(t, "deleted", deleted, want)
		}
		same(t, "labels", shopLabels(t, f.one, owner), map[string][]string{
			"sh_1": {"Client <1> 🦄", "production"}, "sh_2": {"archive", "Client <1> 🦄"},
		})
		same(t, "recorded", details(t, f.one, "sh_2"), []string{
			"shop.label done deleted", `shop.label done ["archive"]`, `shop.label done ["production" "Client <1> 🦄"]`,
		})
	},

	"one of each spelling": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		labelShops(t, f.one, owner, []string{"sh_1"}, "Größe", "ΣΊΣΥΦΟΣ")
		for _, label := range []string{"Größe", "größe", "GRÖßE", "Gro\u0308ße", "σίσυφος"} {
			same(t, label, labelShops(t, f.other, owner, []string{"sh_1"}, label), []store.Labeled{{Shop: "sh_1"}})
		}
		same(t, "as the other shop has it", labelShops(t, f.other, owner, []string{"sh_2"}, "größe", "new", "NEW"),
			[]store.Labeled{{Shop: "sh_2", Added: []string{"Größe", "new"}}})
		same(t, "labels", shopLabels(t, f.one, owner),
			map[string][]string{"sh_1": {"Größe", "ΣΊΣΥΦΟΣ"}, "sh_2": {"Größe", "new"}})
		same(t, "recorded", len(details(t, f.one, "sh_1")), 1)
	},

	"10 for a shop, however many are added at the same time": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for i := range store.MaxShopLabels - 1 {
			labelShops(t, f.one, owner, []string{"sh_1"}, fmt.Sprint(i))
		}
		won := f.race(8, func(i int, s *store.Store) bool {
			done, err := s.AddShopLabels(t.Context(), owner, []string{"sh_1"}, []string{fmt.Sprint("racer ", i)}, labelActivity)
			if err != nil {
				t.Errorf("unexpected error: %v", err)
			}
			return !done[0].Full
		})
		same(t, "added", won, 1)
		same(t, "labels", len(shopLabels(t, f.one, owner)["sh_1"]), store.MaxShopLabels)
		same(t, "full, and another that isn't", labelShops(t, f.one, owner, []string{"sh_1", "sh_2"}, "0", "more"),
			[]store.Labeled{{Shop: "sh_1", Full: true}, {Shop: "sh_2", Added: []string{"0", "more"}}})
		same(t, "that it has", labelShops(t, f.one, owner, []string{"sh_1"}, "0"), []store.Labeled{{Shop: "sh_1"}})
	},

	"all or nothing": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		broken := errors.New("broken")
		_, err := f.one.AddShopLabels(t.Context(), owner, []string{"sh_1", "sh_2"}, []string{"a"},
			func(one store.Labeled) (store.Activity, error) {
				if one.Shop == "sh_2" {
					return store.Activity{}, broken
				}
				return labelActivity(one)
			})
		is(t, "error", err, broken)
		same(t, "labels", shopLabels(t, f.one, owner), map[string][]string{})
		same(t, "recorded", details(t, f.one, "sh_1"), nil)
	},

	"of one owner, past a new connection and a disconnect, until the owner ends": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		labelShops(t, f.one, owner, []string{"sh_1"}, "client")
		same(t, "another owner", shopLabels(t, f.one, other), map[string][]string{})
		same(t, "another environment", shopLabels(t, f.open(sandbox), owner), map[string][]string{})
		put(t, f.one, connection(owner, "sh_1"))
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		put(t, f.one, connection(owner, "sh_1"))
		same(t, "labels", shopLabels(t, f.one, owner), map[string][]string{"sh_1": {"client"}})
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "afterwards", shopLabels(t, f.one, owner), map[string][]string{})
		_, err := f.one.AddShopLabels(t.Context(), owner, []string{"sh_1"}, []string{"a"}, labelActivity)
		is(t, "of an owner who is gone", err, store.ErrNotFound)
	},
}
