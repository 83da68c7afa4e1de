package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookwall/internal/store"
)

// activity returns one with every field set that BeginActivity stores.
func activity(owner store.Owner, shop string) store.Activity {
	return store.Activity{
		Shop: shop, Owner: owner, Action: "webhook.update", Actor: "API key …1234", Session: "0123abcd",
		WebhookID: "wcon_1",
		Detail:    []byte(`{"before":{"url":"https://a.example/ü"}}`), RequestID: "req-1",
	}
}

func beginActivity(t tb, s *store.Store, a store.Activity) store.Activity {
	t.Helper()
	kept, err := s.BeginActivity(background, a)
	must(t, err)
	return kept
}

func recordOutcome(t tb, s *store.Store, id, outcome string) {
	t.Helper()
	must(t, s.RecordOutcome(background, id, store.Ending{Outcome: outcome, Status: 200}))
}

func activities(t tb, s *store.Store, q store.ActivityQuery) store.ActivityList {
	t.Helper()
	list, err := s.Activities(background, q)
	must(t, err)
	return list
}

// theActivity returns the only one of a shop.
func theActivity(t tb, s *store.Store, shop string) store.Activity {
	t.Helper()
	list := activities(t, s, store.ActivityQuery{Shop: shop})
	if len(list.Rows) != 1 {
		t.Fatalf("%s has %d activities, want one", shop, len(list.Rows))
	}
	return list.Rows[0]
}

// pageOf is a summary of an ActivityList, with the Actor of each activity as its name.
type pageOf struct {
	Names        []string
	Total        int
	Newer, Older bool
}

func summary(list store.ActivityList) pageOf {
	return pageOf{names(list.Rows), list.Total, list.Newer != "", list.Older != ""}
}

func names(rows []store.Activity) (all []string) {
	for _, a := range rows {
		all = append(all, a.Actor)
	}
	return all
}

// beginAll begins activities of those names in a shop, in that order.
func beginAll(t tb, s *store.Store, shop string, names ...string) (all []store.Activity) {
	t.Helper()
	for _, name := range names {
		all = append(all, beginActivity(t, s, store.Activity{Shop: shop, Actor: name}))
	}
	return all
}

var activityTests = map[string]func(*testing.T, *fixture){
	"begun with every field": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		given := activity(owner, "sh_1")
		given.ID, given.Outcome, given.StartedAt, given.EndedAt = "mine", "done", f.start.Add(-time.Hour), f.start
		given.Status, given.Code, given.APIRequestID = 200, "CODE", "api-1"
		kept := beginActivity(t, f.one, given)
		want := activity(owner, "sh_1")
		want.ID, want.Outcome, want.StartedAt = kept.ID, "pending", f.start
		same(t, "kept", kept, want)
		if kept.ID == "mine" || kept.ID == "" {
			t.Fatalf("ID %q", kept.ID)
		}
		same(t, "listed", activities(t, f.other, store.ActivityQuery{Shop: "sh_1"}), store.ActivityList{
			Rows: []store.Activity{want}, Total: 1,
		})
	},

	"begun with a shop only": func(t *testing.T, f *fixture) {
		kept := beginActivity(t, f.one, store.Activity{Shop: "sh_1"})
		same(t, "listed", theActivity(t, f.other, "sh_1"), kept)
		same(t, "kept", kept, store.Activity{ID: kept.ID, Shop: "sh_1", Outcome: "pending", StartedAt: f.start})
	},

	"begun for a deleted owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		must(t, f.one.DeleteOwner(t.Context(), owner))
		kept := beginActivity(t, f.one, activity(owner, "sh_1"))
		same(t, "listed", theActivity(t, f.one, "sh_1"), kept)
	},

	"outlives connection, session and owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		kept := beginActivity(t, f.one, activity(owner, "sh_1"))
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		same(t, "without the connection", theActivity(t, f.one, "sh_1"), kept)
		f.sweepAt(t, store.SessionIdle)
		same(t, "without the session", theActivity(t, f.one, "sh_1"), kept)
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "without the owner", theActivity(t, f.one, "sh_1"), kept)
	},

	"outcome with every field": func(t *testing.T, f *fixture) {
		want := beginActivity(t, f.one, activity("o", "sh_1"))
		other := beginActivity(t, f.one, activity("o", "sh_2"))
		f.clock.move(time.Second)
		must(t, f.other.RecordOutcome(t.Context(), want.ID, store.Ending{
			Outcome: "unclear", WebhookID: "wcon_2", Status: 502, Code: "CODE", APIRequestID: "api-1",
		}))
		want.Outcome, want.WebhookID, want.Status, want.Code, want.APIRequestID = "unclear", "wcon_2", 502, "CODE", "api-1"
		want.EndedAt = f.start.Add(time.Second)
		same(t, "recorded", theActivity(t, f.one, "sh_1"), want)
		same(t, "another", theActivity(t, f.one, "sh_2"), other)

		f.clock.move(time.Second)
		must(t, f.other.RecordOutcome(t.Context(), want.ID,
			store.Ending{Outcome: "done", Status: 200, APIRequestID: "api-2"}))
		want.Outcome, want.Status, want.Code, want.APIRequestID = "done", 200, "", "api-2"
		want.EndedAt = f.start.Add(2 * time.Second)
		same(t, "recorded again, with the webhook that is known", theActivity(t, f.one, "sh_1"), want)

		f.clock.move(time.Second)
		must(t, f.one.RecordOutcome(t.Context(), want.ID, store.Ending{Outcome: "done", WebhookID: "wcon_3", Status: 204}))
		same(t, "recorded as it was", theActivity(t, f.one, "sh_1"), want)
	},

	"another detail": func(t *testing.T, f *fixture) {
		want := beginActivity(t, f.one, activity("o", "sh_1"))
		other := beginActivity(t, f.one, activity("o", "sh_2"))
		recordOutcome(t, f.one, want.ID, "done")
		want = theActivity(t, f.one, "sh_1")
		want.Detail = []byte(`{"found":{"url":"https://a.example/ö"}}`)
		must(t, f.other.ReplaceDetail(t.Context(), store.Activity{ID: want.ID, Shop: "sh_1", Detail: want.Detail}))
		same(t, "replaced", theActivity(t, f.one, "sh_1"), want)
		same(t, "another", theActivity(t, f.one, "sh_2"), other)
		for _, unknown := range []store.Activity{{ID: want.ID, Shop: "sh_2"}, {ID: "nothing", Shop: "sh_1"}} {
			is(t, unknown.ID+" of "+unknown.Shop, f.one.ReplaceDetail(t.Context(), unknown), store.ErrNotFound)
		}
	},

	"outcome from each state": func(t *testing.T, f *fixture) {
		final := []string{"done", "refused", "failed"}
		for _, from := range append([]string{"pending", "unclear"}, final...) {
			for _, to := range append([]string{"unclear"}, final...) {
				shop := from + " to " + to
				a := beginActivity(t, f.one, activity("o", shop))
				if from != "pending" {
					recordOutcome(t, f.one, a.ID, from)
				}
				want, end := error(nil), to
				if slices.Contains(final, from) && from != to {
					want, end = store.ErrFinished, from
				}
				is(t, shop, f.one.RecordOutcome(t.Context(), a.ID, store.Ending{Outcome: to}), want)
				same(t, shop, theActivity(t, f.one, shop).Outcome, end)
			}
		}
	},

	"no outcome": func(t *testing.T, f *fixture) {
		is(t, "unknown", f.one.RecordOutcome(t.Context(), "nothing", store.Ending{Outcome: "done"}), store.ErrNotFound)
		a := beginActivity(t, f.one, activity("o", "sh_1"))
		for _, outcome := range []string{"pending", "", "Done"} {
			if err := f.one.RecordOutcome(t.Context(), a.ID, store.Ending{Outcome: outcome}); err == nil {
				t.Errorf("%q is no outcome", outcome)
			}
		}
		same(t, "activity", theActivity(t, f.one, "sh_1"), a)
	},

	"one outcome of many that differ": func(t *testing.T, f *fixture) {
		a := beginActivity(t, f.one, activity("o", "sh_1"))
		outcomes := []string{"done", "refused", "failed"}
		var won [3]atomic.Bool
		f.race(30, func(i int, s *store.Store) bool {
			err := s.RecordOutcome(t.Context(), a.ID, store.Ending{Outcome: outcomes[i%3]})
			if err != nil && !errors.Is(err, store.ErrFinished) {
				t.Errorf("unexpected error: %v", err)
			}
			if err == nil {
				won[i%3].Store(true)
			}
			return err == nil
		})
		kept := theActivity(t, f.one, "sh_1").Outcome
		for i, outcome := range outcomes {
			same(t, outcome+" was accepted", won[i].Load(), outcome == kept)
		}
	},

	"found by action": func(t *testing.T, f *fixture) {
		outcomes := []string{"", "unclear", "done", "failed", "refused"}
		for at := range 3 {
			for _, action := range []string{"create", "delete"} {
				for _, shop := range []string{"sh_1", "sh_2"} {
					for i, outcome := range outcomes {
						kept := beginActivity(t, f.one, store.Activity{
							Shop: shop, Action: action, WebhookID: fmt.Sprint("wcon_", at%2),
							Actor: fmt.Sprint(at, " ", action, " ", shop, " ", outcome),
						})
						if i > 0 {
							recordOutcome(t, f.one, kept.ID, outcome)
						}
					}
				}
			}
			f.clock.move(time.Minute)
		}
		at := func(n int) time.Time { return f.start.Add(time.Duration(n) * time.Minute) }
		open := []string{"2 create sh_1 unclear", "2 create sh_1 ", "1 create sh_1 unclear", "1 create sh_1 "}
		oldest := []string{"0 create sh_1 unclear", "0 create sh_1 "}
		var recent []string
		for _, outcome := range slices.Backward(outcomes) {
			recent = append(recent, "2 create sh_1 "+outcome)
		}
		for name, c := range map[string]struct {
			find func() ([]store.Activity, error)
			want []string
		}{
			"open": {func() ([]store.Activity, error) {
				return f.other.OpenActivities(t.Context(), "sh_1", "create", at(0))
			}, slices.Concat(open, oldest)},
			"open ones since a time": {func() ([]store.Activity, error) {
				return f.other.OpenActivities(t.Context(), "sh_1", "create", at(0).Add(time.Millisecond))
			}, open},
			"open ones of another shop": {func() ([]store.Activity, error) {
				return f.other.OpenActivities(t.Context(), "sh_3", "create", at(0))
			}, nil},
			"open ones of another environment": {func() ([]store.Activity, error) {
				return f.open(sandbox).OpenActivities(t.Context(), "sh_1", "create", at(0))
			}, nil},
			"done to a webhook": {func() ([]store.Activity, error) {
				return f.other.DoneActivities(t.Context(), "sh_1", "create", "wcon_0")
			}, []string{"2 create sh_1 done", "0 create sh_1 done"}},
			"done to another webhook": {func() ([]store.Activity, error) {
				return f.other.DoneActivities(t.Context(), "sh_1", "create", "wcon_")
			}, nil},
			"done in another environment": {func() ([]store.Activity, error) {
				return f.open(sandbox).DoneActivities(t.Context(), "sh_1", "create", "wcon_0")
			}, nil},
			"recent": {func() ([]store.Activity, error) {
				return f.other.RecentActivities(t.Context(), "sh_1", "create", at(2), 0)
			}, recent},
			"as many recent ones as asked for": {func() ([]store.Activity, error) {
				return f.other.RecentActivities(t.Context(), "sh_1", "create", at(0), 2)
			}, recent[:2]},
			"recent in another environment": {func() ([]store.Activity, error) {
				return f.open(sandbox).RecentActivities(t.Context(), "sh_1", "create", at(0), 2)
			}, nil},
		} {
			all, err := c.find()
			must(t, err)
			same(t, name, names(all), c.want)
		}
		all, err := f.other.OpenActivities(t.Context(), "sh_2", "delete", at(2))
		must(t, err)
		same(t, "every field", all[0], activities(t, f.one, store.ActivityQuery{Shop: "sh_2", Outcome: "unclear"}).Rows[0])
	},

	"last done to each webhook": func(t *testing.T, f *fixture) {
		byID := map[string]string{}
		for i, a := range []struct{ shop, action, webhook, outcome string }{
			{"sh_1", "create", "wcon_1", "done"},
			{"sh_1", "create", "wcon_2", "done"},
			{"sh_1", "update", "wcon_1", "done"},
			{"sh_1", "update", "wcon_1", "refused"},
			{"sh_1", "look", "wcon_2", "done"},
			{"sh_1", "delete", "wcon_2", "pending"},
			{"sh_2", "delete", "wcon_1", "done"},
			{"sh_1", "create", "wcon_3", "unclear"},
			{"sh_1", "create", "wcon_4", "done"},
		} {
			name := fmt.Sprint(i, " ", a.action, " ", a.webhook)
			kept := beginActivity(t, f.one, store.Activity{Shop: a.shop, Action: a.action, WebhookID: a.webhook, Actor: name})
			byID[kept.ID] = name
			if a.outcome != "pending" {
				recordOutcome(t, f.one, kept.ID, a.outcome)
			}
			found, err := f.other.Activity(t.Context(), a.shop, kept.ID)
			must(t, err)
			same(t, "found again", found.Actor, name)
			_, err = f.other.Activity(t.Context(), "sh_3", kept.ID)
			same(t, "found in another shop", errors.Is(err, store.ErrNotFound), true)
		}
		actions, webhooks := []string{"create", "update", "delete"}, []string{"wcon_1", "wcon_2", "wcon_3", "wcon_5"}
		for name, c := range map[string]struct {
			shop              string
			actions, webhooks []string
			want              map[string]string
		}{
			"in a shop": {"sh_1", actions, webhooks, map[string]string{
				"wcon_1": "2 update wcon_1", "wcon_2": "1 create wcon_2",
			}},
			"in another shop": {"sh_2", actions, webhooks, map[string]string{"wcon_1": "6 delete wcon_1"}},
			"of one action":   {"sh_1", actions[:1], webhooks[:1], map[string]string{"wcon_1": "0 create wcon_1"}},
			"of no action":    {"sh_1", nil, webhooks, map[string]string{}},
			"of no webhook":   {"sh_1", actions, nil, map[string]string{}},
		} {
			last, err := f.other.LastDone(t.Context(), c.shop, c.actions, c.webhooks)
			must(t, err)
			got := map[string]string{}
			for webhook, id := range last {
				got[webhook] = byID[id]
			}
			same(t, name, got, c.want)
		}
		actors, err := f.other.Actors(t.Context(), "sh_2")
		must(t, err)
		same(t, "actors", actors, []store.Who{{Key: "6 delete wcon_1", Name: "6 delete wcon_1"}})
		actors, err = f.open(sandbox).Actors(t.Context(), "sh_2")
		must(t, err)
		same(t, "actors of another environment", actors, nil)
	},

	"of what has ended": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, outcome := range []string{"", store.OutcomeFailed, store.OutcomeUnclear} {
			a := activity(owner, "ended"+outcome)
			a.Outcome, a.Status = outcome, 503
			must(t, f.one.AddActivity(t.Context(), a))
			rows := activities(t, f.other, store.ActivityQuery{Shop: a.Shop}).Rows
			a.ID, a.StartedAt, a.EndedAt = rows[0].ID, f.start, f.start
			if outcome == "" {
				a.Outcome = store.OutcomeDone
			}
			same(t, "ended "+outcome, rows, []store.Activity{a})
		}
		same(t, "due", due(t, f.one, 0), nil)
	},

	"of people with the same name": func(t *testing.T, f *fixture) {
		begin := func(id, name, role string) string {
			a := activity("o", "sh_1")
			a.Person = store.ActivityPerson{ID: id, Name: name, Email: id + "@agency.example", Role: role}
			f.clock.move(time.Second)
			return beginActivity(t, f.one, a).ID
		}
		first, other := begin("p1", "Ann", "operator"), begin("p2", "Ann", "viewer")
		renamed := begin("p1", "Ann B", "admin")
		connection := beginActivity(t, f.one, activity("o", "sh_1")).ID
		who, err := f.other.Actors(t.Context(), "sh_1")
		must(t, err)
		same(t, "who", who, []store.Who{
			{Key: "API key …1234", Name: "API key …1234"}, {Key: "p2", Name: "Ann"}, {Key: "p1", Name: "Ann B"},
		})
		for key, want := range map[string][]string{
			"": {connection, renamed, other, first}, "p1": {renamed, first}, "p2": {other}, "API key …1234": {connection},
			"Ann": nil,
		} {
			var got []string
			for _, a := range activities(t, f.other, store.ActivityQuery{Shop: "sh_1", Who: key}).Rows {
				got = append(got, a.ID)
			}
			same(t, "of "+key, got, want)
		}
		got, err := f.other.Activity(t.Context(), "sh_1", first)
		must(t, err)
		same(t, "person", got.Person,
			store.ActivityPerson{ID: "p1", Name: "Ann", Email: "p1@agency.example", Role: "operator"})
	},

	"filtered": func(t *testing.T, f *fixture) {
		for _, a := range []struct{ shop, action, webhook, outcome string }{
			{"sh_1", "create", "wcon_1", "done"},
			{"sh_1", "create", "wcon_2", "refused"},
			{"sh_1", "delete", "wcon_1", "done"},
			{"sh_2", "create", "wcon_1", "done"},
			{"sh_1", "delete", "", ""},
		} {
			kept := beginActivity(t, f.one, store.Activity{
				Shop: a.shop, Action: a.action, WebhookID: a.webhook, Actor: a.shop + " " + a.action + " " + a.webhook,
			})
			if a.outcome != "" {
				recordOutcome(t, f.one, kept.ID, a.outcome)
			}
		}
		const create1, create2, delete1, elsewhere, open = "sh_1 create wcon_1", "sh_1 create wcon_2",
			"sh_1 delete wcon_1", "sh_2 create wcon_1", "sh_1 delete "
		for name, c := range map[string]struct {
			q    store.ActivityQuery
			want []string
		}{
			"by shop":         {store.ActivityQuery{Shop: "sh_1"}, []string{open, delete1, create2, create1}},
			"by another shop": {store.ActivityQuery{Shop: "sh_2"}, []string{elsewhere}},
			"by no shop":      {store.ActivityQuery{}, []string{open, elsewhere, delete1, create2, create1}},
			"by action":       {store.ActivityQuery{Shop: "sh_1", Action: "create"}, []string{create2, create1}},
			"by outcome":      {store.ActivityQuery{Shop: "sh_1", Outcome: "done"}, []string{delete1, create1}},
			"by pending":      {store.ActivityQuery{Shop: "sh_1", Outcome: "pending"}, []string{open}},
			"by webhook":      {store.ActivityQuery{Shop: "sh_1", WebhookID: "wcon_1"}, []string{delete1, create1}},
			"by actor":        {store.ActivityQuery{Shop: "sh_1", Who: create2}, []string{create2}},
			"by nobody":       {store.ActivityQuery{Shop: "sh_1", Who: elsewhere}, nil},
			"by all": {store.ActivityQuery{
				Shop: "sh_1", Action: "create", Outcome: "done", WebhookID: "wcon_1",
			}, []string{create1}},
			"by all but the shop": {store.ActivityQuery{
				Action: "create", Outcome: "done", WebhookID: "wcon_1",
			}, []string{elsewhere, create1}},
			"an unknown shop":    {store.ActivityQuery{Shop: "sh_"}, nil},
			"a pattern":          {store.ActivityQuery{Shop: "sh%", Action: "%"}, nil},
			"an unknown action":  {store.ActivityQuery{Shop: "sh_1", Action: "Create"}, nil},
			"an unknown webhook": {store.ActivityQuery{Shop: "sh_1", WebhookID: "wcon"}, nil},
			"quotes":             {store.ActivityQuery{Shop: `' OR 1=1 --`, Action: `"`, Outcome: `\`, WebhookID: "'"}, nil},
		} {
			same(t, name, summary(activities(t, f.one, c.q)), pageOf{Names: c.want, Total: len(c.want)})
		}
	},

	"counted up to a limit": func(t *testing.T, f *fixture) {
		type count struct {
			Total     int
			Uncounted bool
		}
		for want, more := range map[count]int{
			{store.CountedActivities - 1, false}: store.CountedActivities - 1,
			{store.CountedActivities, false}:     store.CountedActivities,
			{store.CountedActivities, true}:      store.CountedActivities + 1,
		} {
			shop := fmt.Sprint("sh_", more)
			beginAll(t, f.one, shop, make([]string, more)...)
			list := activities(t, f.other, store.ActivityQuery{Shop: shop, Limit: 2})
			same(t, shop, count{list.Total, list.Uncounted}, want)
		}
	},

	"pages, also within one millisecond": func(t *testing.T, f *fixture) {
		beginAll(t, f.one, "sh_1", "1", "2")
		f.clock.move(time.Millisecond)
		beginAll(t, f.one, "sh_1", "3", "4", "5")
		beginAll(t, f.one, "sh_2", "elsewhere")
		q := store.ActivityQuery{Shop: "sh_1", Limit: 2}
		first := activities(t, f.one, q)
		same(t, "first", summary(first), pageOf{[]string{"5", "4"}, 5, false, true})

		// New activities move nothing.
		beginAll(t, f.one, "sh_1", "6")
		q.Before = first.Older
		second := activities(t, f.other, q)
		same(t, "second", summary(second), pageOf{[]string{"3", "2"}, 6, true, true})
		q.Before = second.Older
		third := activities(t, f.one, q)
		same(t, "third", summary(third), pageOf{[]string{"1"}, 6, true, false})

		q.Before, q.After = "", third.Newer
		back := activities(t, f.one, q)
		same(t, "back to the second", summary(back), summary(second))
		q.After = back.Newer
		back = activities(t, f.one, q)
		same(t, "back to the first", summary(back), pageOf{[]string{"5", "4"}, 6, true, true})
		q.After = back.Newer
		newest := activities(t, f.one, q)
		same(t, "what was added", summary(newest), pageOf{[]string{"6"}, 6, false, true})
		q.After, q.Before = third.Newer, first.Older
		same(t, "by both cursors", summary(activities(t, f.one, q)), summary(second))
	},

	"a page that emptied has a way back": func(t *testing.T, f *fixture) {
		beginAll(t, f.one, "sh_1", "old")
		f.clock.move(time.Hour)
		kept := beginAll(t, f.one, "sh_1", "a", "b", "c")
		q := store.ActivityQuery{Shop: "sh_1", Limit: 3}
		q.Before = activities(t, f.one, q).Older
		f.sweepAt(t, 400*24*time.Hour-time.Hour)
		empty := activities(t, f.one, q)
		same(t, "swept", summary(empty), pageOf{nil, 3, true, false})
		back := activities(t, f.one, store.ActivityQuery{Shop: "sh_1", Limit: 3, After: empty.Newer})
		same(t, "back", summary(back), pageOf{[]string{"c", "b", "a"}, 3, false, false})

		q = store.ActivityQuery{Shop: "sh_1", Limit: 1, Outcome: "pending"}
		q.Before = activities(t, f.one, q).Older
		q.Before, q.After = "", activities(t, f.one, q).Newer
		recordOutcome(t, f.one, kept[2].ID, "done")
		empty = activities(t, f.one, q)
		same(t, "with another outcome", summary(empty), pageOf{nil, 2, false, true})
		q.Before, q.After = empty.Older, ""
		same(t, "back", summary(activities(t, f.one, q)), pageOf{[]string{"b"}, 2, false, true})
	},

	"a malformed cursor counts as absent": func(t *testing.T, f *fixture) {
		beginAll(t, f.one, "sh_1", "1", "2", "3")
		first := activities(t, f.one, store.ActivityQuery{Shop: "sh_1", Limit: 1})
		for _, cursor := range []string{
			"x", "===", "-1", first.Older + "A", first.Older[1:], first.Older + " ", "' OR 1=1 --", "AAAA\x00",
		} {
			q := store.ActivityQuery{Shop: "sh_1", Limit: 1, Before: cursor}
			same(t, "before "+strconv.Quote(cursor), activities(t, f.one, q), first)
			q.Before, q.After = "", cursor
			same(t, "after "+strconv.Quote(cursor), activities(t, f.one, q), first)
			q.Before = first.Older
			q.Before, q.After = cursor, activities(t, f.one, q).Older
			same(t, "beside a good one", names(activities(t, f.one, q).Rows), []string{"3"})
		}
	},

	"fifty rows, when no number is given": func(t *testing.T, f *fixture) {
		for i := range 51 {
			beginAll(t, f.one, "sh_1", strconv.Itoa(i))
		}
		for limit, want := range map[int]int{0: 50, -1: 50, 51: 51, 20_000: 51} {
			list := activities(t, f.one, store.ActivityQuery{Shop: "sh_1", Limit: limit})
			same(t, fmt.Sprintf("rows for %d", limit), len(list.Rows), want)
			same(t, fmt.Sprintf("due for %d", limit), len(due(t, f.one, limit)), want)
		}
	},

	"begun by many at once, each once in the list": func(t *testing.T, f *fixture) {
		n := f.race(40, func(i int, s *store.Store) bool {
			_, err := s.BeginActivity(t.Context(), store.Activity{Shop: "sh_1", Actor: strconv.Itoa(i)})
			if err != nil {
				t.Error(err)
			}
			return err == nil
		})
		same(t, "begun", n, 40)
		seen := map[string]bool{}
		q := store.ActivityQuery{Shop: "sh_1", Limit: 7}
		for more := true; more; more = q.Before != "" {
			list := activities(t, f.other, q)
			for _, name := range names(list.Rows) {
				same(t, name+" seen before", seen[name], false)
				seen[name] = true
			}
			q.Before = list.Older
		}
		same(t, "seen", len(seen), 40)
	},

	"walked through in pages of any size": func(t *testing.T, f *fixture) {
		shop := 0
		rapid.Check(t, func(rt *rapid.T) {
			shop++
			walk(rt, f, fmt.Sprint("sh_", shop))
		})
	},

	"chosen by any filter": anyFilter,
}

// walk fills a shop's list and pages through it, there and back, while it grows.
func walk(t *rapid.T, f *fixture, shop string) {
	var all []string // newest first
	add := func() {
		f.clock.move(time.Duration(rapid.IntRange(0, 1).Draw(t, "later")) * time.Millisecond)
		name := strconv.Itoa(len(all))
		beginAll(t, f.one, shop, name)
		all = append([]string{name}, all...)
	}
	for range rapid.IntRange(0, 8).Draw(t, "rows") {
		add()
	}
	q := store.ActivityQuery{Shop: shop, Limit: rapid.IntRange(1, 4).Draw(t, "limit")}
	list := activities(t, f.one, q)
	got, want := names(list.Rows), all
	for list.Older != "" {
		if rapid.Bool().Draw(t, "grow") {
			add()
		}
		q.Before = list.Older
		list = activities(t, f.other, q)
		got = append(got, names(list.Rows)...)
	}
	same(t, "there", got, want)

	q.Before, got = "", names(list.Rows)
	for list.Newer != "" {
		q.After = list.Newer
		list = activities(t, f.other, q)
		got = append(names(list.Rows), got...)
	}
	same(t, "and back", got, all)
	same(t, "total", list.Total, len(all))
}
