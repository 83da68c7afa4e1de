package webhooks

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

// TestRecentList: only a complete, recent list of the same shop replaces one that can't be read.
func TestRecentList(t *testing.T) {
	usual := DefaultTiming().RecentList
	type attempt struct {
		shop  string
		later time.Duration // after the attempt before
		known []string
		all   bool
	}
	one := []attempt{{"sh", 0, []string{"a", "b"}, true}}
	tests := []struct {
		name     string
		attempts []attempt // oldest first
		later    time.Duration
		want     webhooksBefore
	}{
		{"none", nil, 0, webhooksBefore{[]string{"part"}, false}},
		{"one", one, 0, webhooksBefore{[]string{"part", "a", "b"}, true}},
		{
			"the newest of two",
			[]attempt{{"sh", 0, []string{"a"}, true}, {"sh", time.Second, []string{"b"}, true}},
			0,
			webhooksBefore{[]string{"part", "b"}, true},
		},
		{"one that could not read", []attempt{{"sh", 0, []string{"a"}, false}}, 0, webhooksBefore{[]string{"part"}, false}},
		{
			"one before that could not read",
			[]attempt{{"sh", 0, []string{"a"}, true}, {"sh", time.Second, []string{"b"}, false}},
			0,
			webhooksBefore{[]string{"part", "a"}, true},
		},
		{"almost too long ago", one, usual - time.Second, webhooksBefore{[]string{"part", "a", "b"}, true}},
		{"too long ago", one, usual, webhooksBefore{[]string{"part"}, false}},
		{"another shop's", []attempt{{"other", 0, []string{"a"}, true}}, 0, webhooksBefore{[]string{"part"}, false}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
			st := openStore(t, func() time.Time { return now })
			for _, a := range test.attempts {
				now = now.Add(a.later)
				encoded, err := json.Marshal(activity.Detail{Known: a.known, KnownAll: a.all})
				if err != nil {
					t.Fatal(err)
				}
				_, err = st.BeginActivity(t.Context(), store.Activity{
					Shop: a.shop, Action: activity.CreateWebhook, Detail: encoded,
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			now = now.Add(test.later)
			recorder := activity.NewRecorder(st, time.Second, slog.New(slog.DiscardHandler))
			connected := shops.NewService(st, nil, nil, nil)
			s := NewService(Config{Store: st, Shops: connected, Activity: recorder, Timing: DefaultTiming()})
			c := creation{operation: operation{Service: s, req: Request{Shop: connected.Client(store.Connection{ShopID: "sh"})}}}
			got, err := c.recentList(t.Context(), webhooksBefore{ids: []string{"part"}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(webhooksBefore{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func openStore(t *testing.T, now func() time.Time) *store.Store {
	t.Helper()
	keys, err := store.ParseKeys(store.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"), store.Options{
		Keys: keys, Environment: "test", Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}
