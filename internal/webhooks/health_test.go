package webhooks_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

func TestHealthState(t *testing.T) {
	rate := func(accepted, failed int) store.Rate { return store.Rate{Accepted: accepted, Failed: failed} }
	then, now := newest.Add(-time.Hour), newest
	for name, row := range map[string]struct {
		h    webhooks.Health
		want webhooks.HealthState
	}{
		"nothing":                     {webhooks.Health{}, webhooks.HealthUnknown},
		"only tests":                  {webhooks.Health{Tests: 3}, webhooks.HealthUnknown},
		"accepted":                    {webhooks.Health{All: rate(2, 0), LastAccepted: now}, webhooks.Healthy},
		"accepted, late visits":       {webhooks.Health{All: rate(2, 0), LastAccepted: now, Stale: true}, webhooks.HealthUnknown},
		"accepted, shared URL":        {webhooks.Health{All: rate(2, 0), Ambiguous: true}, webhooks.HealthUnknown},
		"accepted, on its way":        {webhooks.Health{All: store.Rate{Accepted: 1, Pending: 1}}, webhooks.Healthy},
		"accepted, in other words":    {webhooks.Health{All: store.Rate{Accepted: 1, Unknown: 1}}, webhooks.HealthUnknown},
		"on its way":                  {webhooks.Health{All: store.Rate{Pending: 1}}, webhooks.HealthUnknown},
		"3 of 3, a month ago":         {webhooks.Health{All: rate(0, 3), LastFailed: then}, webhooks.Failing},
		"3 of 3, late visits":         {webhooks.Health{All: rate(0, 3), LastFailed: then, Stale: true}, webhooks.Failing},
		"then one on its way":         {webhooks.Health{Day: store.Rate{Pending: 1}, All: rate(0, 3), LastFailed: then}, webhooks.Failing},
		"failed, then accepted":       {webhooks.Health{Day: rate(1, 3), LastFailed: then, LastAccepted: now}, webhooks.SomeFailed},
		"one failed, then accepted":   {webhooks.Health{Day: rate(1, 1), LastFailed: then, LastAccepted: now}, webhooks.Healthy},
		"failed yesterday":            {webhooks.Health{Day: rate(1, 0), Week: rate(1, 3), LastFailed: then, LastAccepted: now}, webhooks.Healthy},
		"failed in a quiet week":      {webhooks.Health{Week: rate(1, 3), LastFailed: then, LastAccepted: now}, webhooks.SomeFailed},
		"a tenth, the last one":       {webhooks.Health{Day: rate(9, 1), LastFailed: now, LastAccepted: then}, webhooks.Failing},
		"one of 11, the last one":     {webhooks.Health{Day: rate(10, 1), LastFailed: now, LastAccepted: then}, webhooks.SomeFailed},
		"failed and accepted at once": {webhooks.Health{Day: rate(1, 1), LastFailed: now, LastAccepted: now}, webhooks.Failing},
	} {
		if got := row.h.State(); got != row.want {
			t.Errorf("%s: %d, want %d", name, got, row.want)
		}
	}
}

// seen is a shop of which visits saw deliveries until an hour ago, and of which the newest were read just now.
func seen(change func(*webhooks.Seen)) webhooks.Seen {
	s := webhooks.Seen{
		Now: newest,
		List: fourthwall.WebhookList{Webhooks: []fourthwall.Webhook{
			{ID: "one", URL: "https://one.example"}, {ID: "two", URL: "https://two.example"},
		}},
		Found: webhooks.Deliveries{Since: newest.Add(-90 * time.Minute), Events: []fourthwall.Event{
			{ID: "e3", State: "DELIVERED", URL: "https://one.example", CreatedAt: newest.Add(-10 * time.Minute)},
			{ID: "e2", State: "DELIVERED", URL: "https://one.example", CreatedAt: newest.Add(-70 * time.Minute)},
			{ID: "e1", State: "FAILED", URL: "https://two.example", CreatedAt: newest.Add(-90 * time.Minute), TestMode: true},
		}},
		Past: webhooks.Past{
			Since: newest.Add(-30 * 24 * time.Hour), Until: newest.Add(-time.Hour), Before: newest.Add(-2 * time.Hour),
			Key: func(url string) string { return store.URLKey + url },
			Health: []store.WebhookHealth{
				{Webhook: "one", Day: store.Rate{Accepted: 4}, Week: store.Rate{Accepted: 5}, All: store.Rate{Accepted: 6}},
				{
					Webhook: store.URLKey + "https://two.example", LastFailed: newest.Add(-5 * time.Hour), LastError: "Gone",
					Day: store.Rate{Failed: 1}, Week: store.Rate{Failed: 1}, All: store.Rate{Failed: 1}, Tests: 2,
				},
				{Webhook: "deleted", Day: store.Rate{Failed: 7}, Week: store.Rate{Failed: 7}, All: store.Rate{Failed: 7}},
			},
			Hours: []store.Bucket{
				{Webhook: "one", Start: newest.Add(-3 * time.Hour), Rate: store.Rate{Accepted: 4}},
				{Webhook: store.URLKey + "https://two.example", Start: newest.Add(-5 * time.Hour), Rate: store.Rate{Failed: 1}},
				{Webhook: "deleted", Start: newest.Add(-5 * time.Hour), Rate: store.Rate{Failed: 7}},
			},
			Recent: []store.Delivery{
				// A visit saw it while it was retried.
				{Event: "e2", Webhook: "one", Outcome: store.DeliveryFailed, CreatedAt: newest.Add(-70 * time.Minute)},
				// It's older than those that were read just now.
				{Event: "e0", Webhook: "one", Outcome: store.DeliveryFailed, CreatedAt: newest.Add(-110 * time.Minute)},
			},
		},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// TestSeenMerges: a delivery that was read just now and by a visit counts once, as it is now.
func TestSeenMerges(t *testing.T) {
	s := seen(nil)
	got := s.Health()
	for id := range got {
		got[id].States = nil
	}
	month := newest.Add(-30 * 24 * time.Hour)
	want := map[string]*webhooks.Health{
		"one": {
			Day: store.Rate{Accepted: 6, Failed: 1}, Week: store.Rate{Accepted: 7, Failed: 1}, All: store.Rate{Accepted: 8, Failed: 1},
			Last: newest.Add(-10 * time.Minute), LastAccepted: newest.Add(-10 * time.Minute),
			LastFailed: newest.Add(-110 * time.Minute), Known: true, Since: month,
		},
		"two": {
			Day: store.Rate{Failed: 1}, Week: store.Rate{Failed: 1}, All: store.Rate{Failed: 1}, Tests: 3,
			Last: newest.Add(-5 * time.Hour), LastFailed: newest.Add(-5 * time.Hour), Reason: "Gone", Known: true, Since: month,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	all := s.Sum(func(string) bool { return true })
	if day := (store.Rate{Accepted: 6, Failed: 9}); all.Day != day || all.Tests != 3 {
		t.Errorf("in all %+v, %d tests", all.Day, all.Tests)
	}
}

// TestSeenBuckets: sums of hours are those of the health, and an hour that nobody read isn't known.
func TestSeenBuckets(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*webhooks.Seen)
		fits   string // "" for all
		want   string // of the last 7 hours, as accepted/failed, with ? for those that aren't known
	}{
		"all":        {nil, "", "0/0 0/8 0/0 4/0 1/1 1/0 0/0"},
		"one":        {nil, "one", "0/0 0/0 0/0 4/0 1/1 1/0 0/0"},
		"never seen": {func(s *webhooks.Seen) { s.Past = webhooks.Past{} }, "one", "?0/0 ?0/0 ?0/0 ?0/0 ?1/0 1/0 0/0"},
		"not read":   {func(s *webhooks.Seen) { s.Unread, s.Found = true, webhooks.Deliveries{} }, "one", "0/0 0/0 0/0 4/0 0/2 ?0/0 ?0/0"},
		"with a gap": {func(s *webhooks.Seen) { s.Past.Until = newest.Add(-150 * time.Minute) }, "two", "0/0 0/1 0/0 ?0/0 ?0/0 0/0 0/0"},
		"forgotten": {
			func(s *webhooks.Seen) { s.Found.Complete, s.Past.Since = true, newest.Add(-4*time.Hour) },
			"two", "?0/0 ?0/1 0/0 0/0 0/0 0/0 0/0",
		},
		"since hours": {func(s *webhooks.Seen) { s.Past.Since = newest.Add(-260 * time.Minute) }, "two", "?0/0 ?0/1 0/0 0/0 0/0 0/0 0/0"},
	} {
		s := seen(row.change)
		got := ""
		for _, b := range s.Buckets(time.Hour, 7, nil, func(id string) bool { return row.fits == "" || id == row.fits }) {
			if got += " "; !b.Known {
				got += "?"
			}
			got += string(rune('0'+b.Rate.Accepted)) + "/" + string(rune('0'+b.Rate.Failed))
		}
		if got[1:] != row.want {
			t.Errorf("%s: %s, want %s", name, got[1:], row.want)
		}
	}
}

// TestSeenOfSharedURL: what visits can't match to one of two webhooks counts for neither.
func TestSeenOfSharedURL(t *testing.T) {
	s := seen(func(s *webhooks.Seen) { s.List.Webhooks[0].URL = "https://two.example" })
	for id, h := range s.Health() {
		if !h.Ambiguous || id == "two" && h.All.Total() != 0 {
			t.Errorf("%s: %+v", id, h)
		}
	}
}

// TestSeenOfOneEvent: an event that two webhooks got counts for each, once, whoever has read it.
func TestSeenOfOneEvent(t *testing.T) {
	s := seen(func(s *webhooks.Seen) {
		read := func(hook string) fourthwall.Event {
			return fourthwall.Event{ID: "e1", State: "DELIVERED", WebhookID: hook, CreatedAt: newest}
		}
		s.Found.Events = []fourthwall.Event{read("one"), read("two")}
		s.Past.Health, s.Past.Recent = nil, nil
		for _, hook := range []string{"one", "two", "three", store.URLKey + "https://one.example"} {
			s.Past.Recent = append(s.Past.Recent, store.Delivery{
				Event: "e1", Webhook: hook, Outcome: store.DeliveryFailed, CreatedAt: newest,
			})
		}
		s.List.Webhooks = append(s.List.Webhooks, fourthwall.Webhook{ID: "three", URL: "https://three.example"})
	})
	for id, want := range map[string]store.Rate{"one": {Accepted: 1}, "two": {Accepted: 1}, "three": {Failed: 1}} {
		if got := s.Health()[id].All; got != want {
			t.Errorf("%s: %+v, want %+v", id, got, want)
		}
	}
}
