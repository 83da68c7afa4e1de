package handlers

import (
	"cmp"
	"maps"
	"slices"

	"hookwall/internal/store"
)

// maxKnownLabels is how many labels a page offers, so that it doesn't grow with
// the number of shops.
const maxKnownLabels = 100

// knownLabels returns the labels of an owner's shops, for the field to offer.
func knownLabels(of map[string][]string) []string {
	counts := map[string]int{}
	for _, labels := range of {
		for _, label := range labels {
			counts[label]++
		}
	}
	return mostUsed(counts)
}

// mostUsed returns the labels with the largest counts, sorted by name.
func mostUsed(counts map[string]int) []string {
	all := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(store.ShopLabelKey(a), store.ShopLabelKey(b)))
	})
	all = all[:min(maxKnownLabels, len(all))]
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(store.ShopLabelKey(a), store.ShopLabelKey(b)) })
	return all
}
