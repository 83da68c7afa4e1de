package fleet_test

import (
	"slices"
	"testing"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// TestRehearsal: what a rehearsal predicts is what the run does, and no call leaves before the run.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	copies := func(url string) fleet.Edit {
		return fleet.Edit{Kind: fleet.CopyHook, Content: &fourthwall.Content{
			URL: url, AllowedTypes: []fourthwall.EventType{"DONATION"},
		}}
	}
	tests := map[string]struct {
		edit fleet.Edit
		want []string
	}{
		"a copy":        {copies(newHook), []string{"done", "done", "done"}},
		"an IP address": {copies("https://192.0.2.1/x"), slices.Repeat([]string{"rejected WEBHOOK_URI_IP_NOT_ALLOWED"}, 3)},
		"another port": {
			copies("https://hooks.example.com:8443/x"), slices.Repeat([]string{"rejected WEBHOOK_URI_PORT_NOT_ALLOWED"}, 3),
		},
		"more types": {
			fleet.Edit{Kind: fleet.AddTypes, Types: []fourthwall.EventType{"GIFT_DRAW_STARTED"}},
			[]string{"rejected WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE", "done", "done", "done"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			var shops []string
			for _, n := range []int{studio, lantern, tidewater} {
				shops = append(shops, g.connect(g.owner, n))
				g.visit(shops[n])
			}
			p := g.plans(test.edit, shops...)
			g.sent("")
			_, doc, err := g.ReadPlan(t.Context(), g.owner, p.Number)
			g.must(err)
			for _, hook := range g.box.Webhooks(shops[lantern]) { // somebody tried to change it meanwhile
				if hook.Locked {
					g.must(g.store.MarkImmutable(t.Context(), shops[lantern], hook.ID, g.store.Now().Add(day)))
				}
			}
			predicted, err := g.Rehearse(t.Context(), g.owner, doc)
			g.must(err)
			if n := g.sent("/"); n > 0 {
				t.Errorf("the rehearsal made %d calls", n)
			}
			g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
			for range 4 {
				g.works()
				now, _, err := g.ReadPlan(t.Context(), g.owner, p.Number)
				g.must(err)
				if now.State == store.PlanPaused {
					g.must(g.ResumePlan(t.Context(), g.actor("bo"), p, p.Digest, false))
				}
			}
			items, err := g.store.PlanItems(t.Context(), g.owner, p.Number)
			g.must(err)
			var said, did []string
			for i, one := range predicted {
				said = append(said, one.State+space(one.Code))
				did = append(did, items[i].State+space(items[i].Code))
			}
			slices.Sort(said)
			slices.Sort(did)
			slices.Sort(test.want)
			if !slices.Equal(did, test.want) {
				t.Errorf("the run did %q, want %q", did, test.want)
			}
			if !slices.Equal(said, did) {
				t.Errorf("predicted\n%q, the run did\n%q", said, did)
			}
		})
	}
}

func space(code string) string {
	if code == "" {
		return ""
	}
	return " " + code
}
