package fleet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
)

// fileOf returns what a file says of shops, sorted, without the IDs of webhooks.
func fileOf(f fleet.File) (all []string) {
	for _, shop := range f.Shops {
		all = append(all, shop.Shop)
		for _, hook := range shop.Webhooks {
			all = append(all, fmt.Sprint(shop.Shop, " ", hook.URL, " ", fourthwall.TypeSet(hook.AllowedTypes)))
		}
	}
	slices.Sort(all)
	return all
}

// written writes a file that deletes what it doesn't name.
func written(t *testing.T, f fleet.File) []byte {
	t.Helper()
	shops := []map[string]any{}
	for _, shop := range f.Shops {
		hooks := []map[string]any{}
		for _, hook := range shop.Webhooks {
			one := map[string]any{"url": hook.URL, "types": hook.AllowedTypes}
			if hook.ID != "" {
				one["id"] = hook.ID
			}
			hooks = append(hooks, one)
		}
		shops = append(shops, map[string]any{"shop": shop.Shop, "prune": true, "webhooks": hooks})
	}
	text, err := json.Marshal(map[string]any{"version": 1, "shops": shops})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestFileBecomesTrue: whatever a person changes in a file, after its plan the sandbox's shops are as the file says.
func TestFileBecomesTrue(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	shops := []string{g.connect(g.owner, studio), g.connect(g.owner, tidewater)}
	visit := func() {
		for _, shop := range shops {
			g.move(time.Minute)
			g.visit(shop)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	plans := 0
	for round := range 40 {
		visit()
		format := []fleet.FileFormat{fleet.YAML, fleet.JSON}[round%2]
		text, err := g.ExportFile(t.Context(), g.owner, nil, format)
		g.must(err)
		if _, _, err := g.PlanFile(t.Context(), g.actor("ada"), "same", text); !errors.Is(err, fleet.ErrNothingToChange) {
			t.Fatalf("%s\nmakes a plan, or %v", text, err)
		}
		f, problems := fleet.ParseFile(text)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		change(random, &f)
		p, _, err := g.PlanFile(t.Context(), g.actor("ada"), fmt.Sprint("form ", round), written(t, f))
		var wrong *fleet.FileError
		if errors.Is(err, fleet.ErrNothingToChange) || errors.As(err, &wrong) {
			continue
		}
		g.must(err)
		g.move(time.Millisecond)
		g.applies(p)
		visit()
		text, err = g.ExportFile(t.Context(), g.owner, nil, format)
		g.must(err)
		plans++
		if got, _ := fleet.ParseFile(text); !slices.Equal(fileOf(got), fileOf(f)) {
			t.Fatalf("after %s the shops have\n%q, want\n%q", g.standing(p), fileOf(got), fileOf(f))
		}
	}
	if plans < 20 {
		t.Errorf("only %d plans", plans)
	}
}

// change changes a file at random.
func change(random *rand.Rand, f *fleet.File) {
	content := func() fourthwall.Content {
		c := fourthwall.Content{URL: fmt.Sprint("https://hooks.example.com/", random.IntN(6))}
		for _, t := range []fourthwall.EventType{"ORDER_PLACED", "DONATION", "ORDER_UPDATED"} {
			if random.IntN(2) == 0 || len(c.AllowedTypes) == 0 {
				c.AllowedTypes = append(c.AllowedTypes, t)
			}
		}
		return c
	}
	for i := range f.Shops {
		shop := &f.Shops[i]
		for range 1 + random.IntN(3) {
			n := len(shop.Webhooks)
			switch what := random.IntN(5); {
			case n == 0 || n < 5 && what == 0:
				shop.Webhooks = append(shop.Webhooks, fleet.FileWebhook{Content: content()})
			case what == 1:
				at := random.IntN(n)
				shop.Webhooks = slices.Delete(shop.Webhooks, at, at+1)
			case what == 2:
				shop.Webhooks[random.IntN(n)].ID = ""
			default:
				shop.Webhooks[random.IntN(n)].Content = content()
			}
		}
	}
}
