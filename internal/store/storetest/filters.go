package storetest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hookwall/internal/store"
)

// odd are texts with a special meaning in SQL, patterns or encodings.
var odd = []string{
	"wcon_1", "wcon_2", "WCON_1", "", "%", "_con_1", "' OR '1'='1", `"; DROP TABLE activities; --`,
	"a\x00", "b\xff", "$1", "é", "e\u0301", strings.Repeat("x", 200),
}

// anyFilter compares what filters select, over all pages, with what a comparison in Go selects.
func anyFilter(t *testing.T, f *fixture) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		shops := []string{"sh_a" + strconv.Itoa(run), "sh_b%" + strconv.Itoa(run)}
		word, outcome := rapid.SampledFrom(odd),
			rapid.SampledFrom([]string{"pending", "done", "refused", "failed", "unclear"})
		var all []store.Activity
		for i := range rapid.IntRange(0, 10).Draw(rt, "rows") {
			a := store.Activity{
				Shop: rapid.SampledFrom(shops).Draw(rt, "shop"), Actor: strconv.Itoa(i),
				Action: word.Draw(rt, "action"), WebhookID: word.Draw(rt, "webhook"), Outcome: outcome.Draw(rt, "outcome"),
			}
			id := beginActivity(rt, f.one, a).ID
			if a.Outcome != store.OutcomePending {
				recordOutcome(rt, f.one, id, a.Outcome)
			}
			all = append([]store.Activity{a}, all...)
		}
		q := store.ActivityQuery{
			Shop: rapid.SampledFrom(shops).Draw(rt, "of shop"), Action: word.Draw(rt, "of action"),
			WebhookID: word.Draw(rt, "of webhook"),
			Outcome:   rapid.SampledFrom([]string{"", "", "done", "pending", "' OR 1=1 --"}).Draw(rt, "of outcome"),
			Limit:     rapid.IntRange(1, 4).Draw(rt, "limit"),
		}
		want := names(slices.DeleteFunc(slices.Clone(all), func(a store.Activity) bool { return !chooses(q, a) }))
		same(rt, "chosen", chosen(rt, f.other, q), want)
		same(rt, "total", activities(rt, f.other, q).Total, len(want))
	})
}

func chooses(q store.ActivityQuery, a store.Activity) bool {
	fits := func(filter, value string) bool { return filter == "" || filter == value }
	return q.Shop == a.Shop && fits(q.Action, a.Action) && fits(q.WebhookID, a.WebhookID) && fits(q.Outcome, a.Outcome)
}

// chosen returns the names of all pages.
func chosen(t tb, s *store.Store, q store.ActivityQuery) (all []string) {
	for {
		list := activities(t, s, q)
		all = append(all, names(list.Rows)...)
		if list.Older == "" {
			return all
		}
		q.Before = list.Older
	}
}
