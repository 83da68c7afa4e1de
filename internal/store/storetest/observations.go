package storetest

import (
	"strings"
	"testing"
	"time"

	"hookwall/internal/store"
)

// observation returns what an owner has seen of sh_1.
func observation(t tb, s *store.Store, owner store.Owner) store.Observation {
	t.Helper()
	o, err := s.Observation(background, owner, "sh_1")
	must(t, err)
	return o
}

// health returns the health of the webhooks of sh_1.
func health(t tb, s *store.Store, owner store.Owner) []store.WebhookHealth {
	t.Helper()
	all, err := s.Health(background, owner, "sh_1", store.SpansAt(s.Now()))
	must(t, err)
	return all
}

// delivery returns one with every field set.
func delivery(event string, at time.Time) store.Delivery {
	return store.Delivery{
		Event: event, Webhook: "wcon_1", Type: "DONATION", State: "FAILED", Outcome: store.DeliveryFailed,
		Error: "error of " + event, CreatedAt: at, UpdatedAt: at.Add(time.Second),
	}
}

// accepted returns a delivery that was accepted.
func accepted(event, webhook string, at time.Time) store.Delivery {
	d := delivery(event, at)
	d.Webhook, d.State, d.Outcome, d.Error = webhook, "DELIVERED", store.DeliveryAccepted, ""
	return d
}

var observationTests = map[string]func(*testing.T, *fixture){
	"webhooks of many shops": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		for _, shop := range []string{"sh_1", "sh_2", "sh_3"} {
			put(t, f.one, connection(owner, shop))
		}
		put(t, f.one, connection(other, "sh_4"))
		for _, shop := range []string{"sh_1", "sh_2", "sh_4"} {
			f.see(t, shop, store.Observed{Listed: &store.Listed{Hash: "hash", Webhooks: []byte("of " + shop)}})
		}
		for name, row := range map[string]struct {
			shops []string
			want  map[string][]byte
		}{
			"all":   {nil, map[string][]byte{"sh_1": []byte("of sh_1"), "sh_2": []byte("of sh_2")}},
			"some":  {[]string{"sh_2", "sh_3", "sh_4"}, map[string][]byte{"sh_2": []byte("of sh_2")}},
			"none":  {[]string{}, map[string][]byte{}},
			"other": {[]string{"sh_4"}, map[string][]byte{}},
		} {
			got, err := f.other.ObservedWebhooks(t.Context(), owner, row.shops)
			must(t, err)
			same(t, name, got, row.want)
		}
	},

	"newest visits of each owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		put(t, f.one, connection(owner, "sh_2"))
		put(t, f.one, connection(other, "sh_3"))
		want := map[store.Owner]time.Time{}
		for _, visit := range []struct {
			owner store.Owner
			shop  string
		}{{owner, "sh_1"}, {owner, "sh_2"}, {other, "sh_3"}, {owner, "sh_1"}} {
			f.clock.move(time.Hour)
			f.see(t, visit.shop, store.Observed{})
			want[visit.owner] = f.clock.Now()
			got, err := f.other.NewestVisits(t.Context())
			must(t, err)
			same(t, "after "+visit.shop, got, want)
		}
		got, err := f.open(sandbox).NewestVisits(t.Context())
		must(t, err)
		same(t, "elsewhere", got, map[store.Owner]time.Time{})
	},

	"failures by webhook": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, shop := range []string{"sh_1", "sh_2", "sh_3", "sh_4"} {
			put(t, f.one, connection(owner, shop))
		}
		at := func(minutes int) time.Time { return f.start.Add(time.Duration(minutes) * time.Minute) }
		second := delivery("weve_4", at(4))
		second.Webhook, second.Error = "wcon_2", ""
		f.clock.move(time.Hour)
		judge := func([]store.WebhookHealth) store.Judgment { return store.Judgment{Failing: 1} }
		f.see(t, "sh_1", store.Observed{Read: true, Judge: judge, Deliveries: []store.Delivery{
			delivery("weve_0", at(0)), delivery("weve_1", at(1)), delivery("weve_2", at(2)), delivery("weve_3", at(3)), second,
			accepted("weve_5", "wcon_1", at(5)),
		}})
		f.see(t, "sh_2", store.Observed{Read: true, Deliveries: []store.Delivery{accepted("weve_6", "wcon_3", at(6))}})
		f.see(t, "sh_3", store.Observed{Read: true, Deliveries: []store.Delivery{
			delivery("weve_7", at(7)), accepted("weve_8", "wcon_1", at(8)), accepted("weve_9", "wcon_2", at(9)),
		}})
		f.see(t, "sh_4", store.Observed{Read: true, Judge: judge, Deliveries: []store.Delivery{
			delivery("weve_7", at(7)), accepted("weve_8", "wcon_2", at(8)),
		}})
		seen, err := f.one.Observations(t.Context(), owner)
		must(t, err)
		for i, want := range []int{1, 0, 0, 1} {
			same(t, "failing webhooks of "+seen[i].ShopID, seen[i].FailingWebhooks, want)
		}
		conn, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)
		last, err := f.one.Connection(t.Context(), owner, "sh_4")
		must(t, err)
		got, err := f.other.Failures(t.Context(), owner, at(0))
		must(t, err)
		for i := range got {
			got[i].First = got[i].First.UTC()
		}
		same(t, "failures", got, []store.Failure{
			{
				Shop: "sh_1", Connection: conn.ID, Webhook: "wcon_1", Count: 4, First: at(0).UTC(), LastError: "error of weve_3",
			},
			{Shop: "sh_1", Connection: conn.ID, Webhook: "wcon_2", Count: 1, First: at(4).UTC()},
			{
				Shop: "sh_4", Connection: last.ID, Webhook: "wcon_1", Count: 1, First: at(7).UTC(), LastError: "error of weve_7",
			},
		})
		other, _ := signIn(t, f.one)
		got, err = f.one.Failures(t.Context(), other, at(0))
		must(t, err)
		same(t, "of another", len(got), 0)
	},

	"kept with every field, and a problem keeps them": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		conn := put(t, f.one, connection(owner, "sh_1"))
		conn.Credential = nil
		same(t, "before", observation(t, f.one, owner), store.Observation{Connection: conn})
		listed := store.Listed{
			Hash: "hash", Webhooks: []byte(`[{"id":"wcon_1"}]`), Count: 3, Cut: true, Types: 1<<40 | 5, TypeCounts: "102",
			UnknownTypes: []string{"A", "B"},
		}
		f.see(t, "sh_1", store.Observed{Listed: &listed, Read: true, Backlog: store.Backlog{Page: 7, Until: f.start}})
		at := f.clock.Now()
		want := store.Observation{
			Connection: conn, TriedAt: at, SeenAt: at, Hash: "hash", Webhooks: listed.Webhooks, WebhookCount: 3, Cut: true,
			Types: listed.Types, TypeCounts: "102", UnknownTypes: listed.UnknownTypes, DeliveriesAt: at,
			Backlog: store.Backlog{Page: 7, Until: f.start},
		}
		same(t, "seen", observation(t, f.other, owner), want)

		f.clock.move(time.Hour)
		f.see(t, "sh_1", store.Observed{Problem: "busy", Code: "TOO_MANY"})
		want.TriedAt, want.Problem, want.Code = f.clock.Now(), "busy", "TOO_MANY"
		same(t, "with a problem", observation(t, f.other, owner), want)

		f.clock.move(time.Hour)
		f.see(t, "sh_1", store.Observed{Listed: &store.Listed{Hash: "hash"}})
		want.TriedAt, want.SeenAt, want.Problem, want.Code = f.clock.Now(), f.clock.Now(), "", ""
		same(t, "unchanged", observation(t, f.other, owner), want)

		put(t, f.one, connection(owner, "sh_1"))
		want.Version++
		same(t, "connected again", observation(t, f.other, owner), want)

		want.Webhooks = nil
		all, err := f.one.Observations(t.Context(), owner)
		must(t, err)
		same(t, "listed", all, []store.Observation{want})
	},

	"known by the next visit": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		ago := func(d time.Duration) time.Time { return f.start.Add(-d) }
		f.see(t, "sh_1", store.Observed{
			Listed: &store.Listed{Hash: "hash", Webhooks: []byte("[]")}, Read: true, Problem: "busy",
			Backlog: store.Backlog{Page: 7, Until: ago(time.Hour)},
			Deliveries: []store.Delivery{
				accepted("weve_1", "wcon_1", ago(time.Minute)), delivery("weve_2", ago(2*time.Minute)),
				delivery("weve_3", ago(time.Hour)), accepted("weve_4", "wcon_1", ago(3*time.Minute)),
			},
		})
		seen := f.clock.Now()
		f.clock.move(time.Minute)
		v, _, err := f.one.BeginVisit(t.Context(), "sh_1", visitLease, ago(time.Hour))
		must(t, err)
		got := v.Connections[0]
		got.Connection = store.Connection{}
		same(t, "known", got, store.Visited{
			TriedAt: seen, SeenAt: seen, Hash: "hash", Problem: "busy", Backlog: store.Backlog{Page: 7, Until: ago(time.Hour)},
			Newest: ago(time.Minute), Open: ago(2 * time.Minute),
		})
	},

	"changes, newest first": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		var want []store.ObservationChange
		for _, text := range []string{"one", "two", "three"} {
			f.see(t, "sh_1", store.Observed{Listed: &store.Listed{Hash: text, Webhooks: []byte("[]"), Change: []byte(text)}})
			want = append([]store.ObservationChange{{At: f.clock.Now(), Hash: text, Detail: []byte(text)}}, want...)
		}
		got, err := f.other.ObservationChanges(t.Context(), owner, "sh_1", 2)
		must(t, err)
		same(t, "changes", got, want[:2])
		got, err = f.other.ObservationChanges(t.Context(), other, "sh_1", 2)
		must(t, err)
		same(t, "of somebody else", got, nil)
	},

	"of its owner, and gone with the connection": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		listed := store.Listed{Hash: "hash", Webhooks: []byte("[]"), Change: []byte("[]")}
		f.see(t, "sh_1", store.Observed{
			Listed: &listed, Read: true, Deliveries: []store.Delivery{delivery("weve_1", f.start)},
		})
		put(t, f.one, connection(other, "sh_1"))
		same(t, "of another owner", observation(t, f.one, other).SeenAt, time.Time{})
		same(t, "health of another owner", health(t, f.one, other), nil)
		_, err := f.open(sandbox).Observation(t.Context(), owner, "sh_1")
		is(t, "elsewhere", err, store.ErrNotFound)
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		_, err = f.one.Observation(t.Context(), owner, "sh_1")
		is(t, "disconnected", err, store.ErrNotFound)
		put(t, f.one, connection(owner, "sh_1"))
		same(t, "connected again", observation(t, f.one, owner).SeenAt, time.Time{})
		same(t, "health", health(t, f.one, owner), nil)
	},

	"of a connection that was deleted during the visit": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		f.clock.move(time.Second)
		v := beginVisit(t, f.one, "sh_1")
		must(t, f.other.DeleteConnection(t.Context(), owner, "sh_1"))
		endVisit(t, f.one, v, store.VisitEnd{Due: f.start, Seen: []store.Observed{{
			ConnectionID: v.Connections[0].ID, Owner: owner, At: f.start, Read: true,
			Listed:     &store.Listed{Webhooks: []byte("[]"), Change: []byte("[]")},
			Deliveries: []store.Delivery{delivery("weve_1", f.start)},
		}}})
	},
}

func bucket(shop, webhook string, start time.Time, rate store.Rate) store.Bucket {
	return store.Bucket{Shop: shop, Webhook: webhook, Start: start, Rate: rate}
}

var deliveryTests = map[string]func(*testing.T, *fixture){
	"found by event": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		for _, shop := range []string{"sh_1", "sh_2"} {
			put(t, f.one, connection(owner, shop))
		}
		put(t, f.one, connection(other, "sh_3"))
		failing, fine := delivery("weve_1", f.start), accepted("weve_1", "wcon_2", f.start)
		another := delivery("weve_10", f.start)
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{failing, another, fine}})
		f.see(t, "sh_2", store.Observed{Read: true, Deliveries: []store.Delivery{accepted("weve_2", "wcon_3", f.start)}})
		f.see(t, "sh_3", store.Observed{Read: true, Deliveries: []store.Delivery{accepted("weve_3", "wcon_4", f.start)}})
		failing.Error = ""
		for event, want := range map[string][]store.FoundDelivery{
			"weve_1": {{Shop: "sh_1", Delivery: failing}, {Shop: "sh_1", Delivery: fine}},
			"weve_2": {{Shop: "sh_2", Delivery: accepted("weve_2", "wcon_3", f.start)}},
			"weve_3": nil, "weve_": nil, "weve_%": nil, "weve__": nil, "WEVE_1": nil, "": nil, "weve_1\x00": nil,
		} {
			got, err := f.other.FindDelivery(t.Context(), owner, event)
			must(t, err)
			same(t, event, got, want)
		}
	},

	"counted once however often they are read": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		retried, twice := delivery("weve_1", f.start), accepted("weve_1", "wcon_1", f.start)
		retried.State = "RETRYING"
		twice.UpdatedAt = twice.UpdatedAt.Add(time.Minute)
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{retried, retried}})
		failed := store.Rate{Failed: 1}
		same(t, "failed", health(t, f.one, owner), []store.WebhookHealth{{
			Webhook: "wcon_1", LastFailed: f.start, LastError: "error of weve_1", Day: failed, Week: failed, All: failed,
		}})
		f.clock.move(time.Minute)
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{
			retried, twice, accepted("weve_1", "wcon_2", f.start),
		}})
		one := store.Rate{Accepted: 1}
		same(t, "accepted since", health(t, f.one, owner), []store.WebhookHealth{
			{Webhook: "wcon_1", LastAccepted: f.start, Day: one, Week: one, All: one},
			{Webhook: "wcon_2", LastAccepted: f.start, Day: one, Week: one, All: one},
		})
		o := observation(t, f.one, owner)
		same(t, "of a day", []int{o.Total24h, o.Failed24h}, []int{2, 0})
	},

	"a webhook that failed stays so after others": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		var all []store.Delivery
		for i := range 3 {
			all = append(all, delivery("failed "+string(rune('a'+i)), f.start.Add(-time.Hour)))
		}
		for i := range 2055 {
			all = append(all, accepted("weve_"+strings.Repeat("x", i), "wcon_2", f.start))
		}
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: all})
		f.clock.move(25 * time.Hour)
		got := health(t, f.one, owner)
		same(t, "day", got[0].Day, store.Rate{})
		same(t, "week", got[0].Week, store.Rate{Failed: 3})
		same(t, "all", got[0].All, store.Rate{Failed: 3})
		same(t, "last success", got[0].LastAccepted, time.Time{})
		same(t, "the other", got[1].Week, store.Rate{Accepted: 2055})
	},

	"by hour and by day, of shops and of webhooks": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		put(t, f.one, connection(owner, "sh_2"))
		put(t, f.one, connection(other, "sh_3"))
		at := f.start.Add
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{
			delivery("1", at(0)), accepted("2", "wcon_2", at(59*time.Minute)), accepted("3", "wcon_1", at(time.Hour)),
			accepted("4", "wcon_1", at(-30*time.Hour)),
		}})
		f.see(t, "sh_2", store.Observed{Read: true, Deliveries: []store.Delivery{delivery("1", at(0))}})
		f.see(t, "sh_3", store.Observed{Read: true, Deliveries: []store.Delivery{delivery("1", at(0))}})
		today := at(0).Truncate(24 * time.Hour)
		for _, row := range []struct {
			name string
			want store.Buckets
			all  []store.Bucket
		}{
			{"hours of all", store.Buckets{Since: at(0), Width: time.Hour}, []store.Bucket{
				bucket("sh_1", "", at(0), store.Rate{Accepted: 1, Failed: 1}),
				bucket("sh_1", "", at(time.Hour), store.Rate{Accepted: 1}),
				bucket("sh_2", "", at(0), store.Rate{Failed: 1}),
			}},
			{"hours of one", store.Buckets{Since: at(0), Width: time.Hour, Shops: []string{"sh_2", "sh_3"}}, []store.Bucket{
				bucket("sh_2", "", at(0), store.Rate{Failed: 1}),
			}},
			{"hours of none", store.Buckets{Width: time.Hour, Shops: []string{}}, nil},
			{"days of webhooks", store.Buckets{Width: 24 * time.Hour, Shops: []string{"sh_1"}, ByWebhook: true}, []store.Bucket{
				bucket("sh_1", "wcon_1", today.Add(-24*time.Hour), store.Rate{Accepted: 1}),
				bucket("sh_1", "wcon_1", today, store.Rate{Accepted: 1, Failed: 1}),
				bucket("sh_1", "wcon_2", today, store.Rate{Accepted: 1}),
			}},
		} {
			row.want.Before = f.start.Add(24 * time.Hour)
			got, err := f.other.DeliveryBuckets(t.Context(), owner, row.want)
			must(t, err)
			same(t, row.name, got, row.all)
		}
	},

	"tests are counted apart": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		test := delivery("weve_1", f.start)
		test.Test = true
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{
			test, accepted("weve_2", "wcon_1", f.start.Add(-time.Hour)),
		}})
		one := store.Rate{Accepted: 1}
		same(t, "health", health(t, f.other, owner), []store.WebhookHealth{{
			Webhook: "wcon_1", LastAccepted: f.start.Add(-time.Hour), Day: one, Week: one, All: one, Tests: 1,
		}})
		o := observation(t, f.one, owner)
		same(t, "of a day", []int{o.Total24h, o.Failed24h}, []int{1, 0})
		got, err := f.one.Failures(t.Context(), owner, f.start.Add(-time.Hour))
		must(t, err)
		same(t, "failures", len(got), 0)
	},

	"in a day and a week of whole hours": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		f.clock.move(20 * time.Minute)
		day, week := f.start.Add(-23*time.Hour), f.start.Add(-167*time.Hour)
		odd, pending := delivery("5", day), delivery("6", day)
		odd.Outcome, pending.Outcome = store.DeliveryUnknown, store.DeliveryPending
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{
			delivery("1", day), delivery("2", day.Add(-time.Millisecond)), delivery("3", week),
			delivery("4", week.Add(-time.Millisecond)), odd, pending,
		}})
		rate := func(failed int) store.Rate { return store.Rate{Failed: failed, Pending: 1, Unknown: 1} }
		same(t, "health", health(t, f.other, owner), []store.WebhookHealth{{
			Webhook: "wcon_1", LastFailed: day, LastError: "error of 1", Day: rate(1), Week: rate(3), All: rate(4),
		}})
		before, err := f.other.Health(t.Context(), owner, "sh_1", store.Spans{Before: day})
		must(t, err)
		same(t, "before", before, []store.WebhookHealth{{
			Webhook: "wcon_1", LastFailed: day.Add(-time.Millisecond), LastError: "error of 2",
			Day: store.Rate{Failed: 3}, Week: store.Rate{Failed: 3}, All: store.Rate{Failed: 3},
		}})
		f.clock.move(40 * time.Minute)
		same(t, "an hour later", health(t, f.other, owner)[0].Day, store.Rate{})
	},

	"once it's known for which webhook they were": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{accepted("1", store.URLKey+"x", f.start)}})
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{accepted("1", "wcon_1", f.start)}})
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{accepted("1", store.URLKey+"x", f.start)}})
		got := health(t, f.one, owner)
		same(t, "webhooks", []any{len(got), got[0].Webhook, got[0].All}, []any{1, "wcon_1", store.Rate{Accepted: 1}})
	},

	"one by one": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		one, two := delivery("1", f.start), delivery("2", f.start.Add(time.Minute))
		three := accepted("3", "wcon_2", f.start.Add(2*time.Minute))
		three.Test = true
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{one, three, two}})
		for name, row := range map[string]struct {
			owner store.Owner
			want  store.DeliveryQuery
			all   []store.Delivery
		}{
			"all":    {owner, store.DeliveryQuery{Limit: 9}, []store.Delivery{three, two, one}},
			"newest": {owner, store.DeliveryQuery{Limit: 2}, []store.Delivery{three, two}},
			"since":  {owner, store.DeliveryQuery{Limit: 9, Since: two.CreatedAt}, []store.Delivery{three, two}},
			"of a webhook": {
				owner, store.DeliveryQuery{Limit: 9, Webhooks: []string{"wcon_1", "x"}}, []store.Delivery{two, one},
			},
			"of no webhook":    {owner, store.DeliveryQuery{Limit: 9, Webhooks: []string{}}, nil},
			"of another owner": {other, store.DeliveryQuery{Limit: 9}, nil},
		} {
			got, err := f.other.Deliveries(t.Context(), row.owner, "sh_1", row.want)
			must(t, err)
			same(t, name, got, row.all)
		}
	},

	"judged with the visit, and since when": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		var judged []store.WebhookHealth
		judge := func(all []store.WebhookHealth) store.Judgment {
			judged = all
			return store.Judgment{Failing: 3, Look: 2, Problem: "unclear"}
		}
		since := f.start.Add(-30 * 24 * time.Hour)
		f.see(t, "sh_1", store.Observed{
			Read: true, Deliveries: []store.Delivery{delivery("1", f.start)}, Judge: judge, Since: since,
		})
		same(t, "judged", judged[0].Week, store.Rate{Failed: 1})
		f.clock.move(time.Hour)
		f.see(t, "sh_1", store.Observed{Read: true, Judge: judge, Since: f.clock.Now()})
		o := observation(t, f.other, owner)
		same(t, "seen", []any{o.FailingWebhooks, o.LookWebhooks, o.DeliveriesSince, o.Problem}, []any{3, 2, since, "unclear"})
		f.see(t, "sh_1", store.Observed{Read: true, Judge: judge, Problem: "busy"})
		same(t, "a problem of the visit", observation(t, f.other, owner).Problem, "busy")
	},

	"swept after a month, with their counts": func(t *testing.T, f *fixture) {
		owner := lasting(t, f)
		put(t, f.one, connection(owner, "sh_1"))
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{
			delivery("1", f.start), accepted("2", "wcon_2", f.start.Add(24*time.Hour)),
		}})
		f.clock.move(store.KeepDeliveries + 61*time.Minute)
		must(t, f.one.Sweep(t.Context()))
		left := health(t, f.other, owner)
		same(t, "left", []any{len(left), left[0].Webhook}, []any{1, "wcon_2"})
	},

	"with any text": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		d := delivery("weve\x00\xff", f.start)
		d.Webhook, d.State, d.Error = "'\x00", "\xff", "\x00 ☕"
		f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{d}, Code: "\x00"})
		same(t, "error", health(t, f.one, owner)[0].LastError, d.Error)
	},
}
