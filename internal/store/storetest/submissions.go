package storetest

import (
	"testing"
	"time"

	"hookwall/internal/store"
)

func begin(t tb, s *store.Store, owner store.Owner, id string) store.Submission {
	t.Helper()
	started, sub, err := s.BeginSubmission(background, store.Submission{ID: id, Owner: owner, Shop: "sh_1", Hash: "hash", Holder: "me"})
	must(t, err)
	if !started {
		t.Fatalf("submission %s was there already", id)
	}
	return sub
}

func submission(t tb, s *store.Store, owner store.Owner, id string) store.Submission {
	t.Helper()
	sub, err := s.Submission(background, owner, id)
	must(t, err)
	return sub
}

// settle does it as who is at work on it.
func settle(t tb, s *store.Store, owner store.Owner, id, state, webhook string) {
	t.Helper()
	sub := submission(t, s, owner, id)
	sub.State, sub.WebhookID, sub.Result = state, webhook, []byte(`{"id":"`+webhook+`"}`)
	must(t, s.SettleSubmission(background, sub))
}

var submissionTests = map[string]func(*testing.T, *fixture){
	"begun once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		want := store.Submission{ID: "f1", Owner: owner, Shop: "sh_1", Hash: "hash", State: "pending", UpdatedAt: f.start, Holder: "me"}
		same(t, "begun", begin(t, f.one, owner, "f1"), want)
		f.clock.move(time.Second)
		twin := store.Submission{ID: "f1", Owner: owner, Shop: "sh_2", Hash: "other", State: "created", Holder: "you"}
		started, existing, err := f.other.BeginSubmission(t.Context(), twin)
		must(t, err)
		same(t, "twin started", started, false)
		same(t, "existing", existing, want)
	},

	"begun by one of many at once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		won := f.race(32, func(_ int, s *store.Store) bool {
			started, existing, err := s.BeginSubmission(t.Context(), store.Submission{ID: "f1", Owner: owner, Hash: "hash"})
			if err != nil || existing.Hash != "hash" {
				t.Errorf("existing %+v, error %v", existing, err)
			}
			return started
		})
		same(t, "started", won, 1)
	},

	"an ID is its owner's": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		begin(t, f.one, owner, "f1")
		_, err := f.one.Submission(t.Context(), other, "f1")
		is(t, "another's", err, store.ErrNotFound)
		begin(t, f.one, other, "f1")
		settle(t, f.one, other, "f1", store.StateCreated, "wcon_1")
		same(t, "state of the first", submission(t, f.one, owner, "f1").State, "pending")
	},

	"not begun for an owner who is gone": func(t *testing.T, f *fixture) {
		_, _, err := f.one.BeginSubmission(t.Context(), store.Submission{ID: "f1", Owner: "nobody"})
		is(t, "begin", err, store.ErrNotFound)
	},

	"the webhooks before": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for name, before := range map[string][]string{"none": {}, "nil": nil, "two": {"wcon_1", `wcon"2`}} {
			first := begin(t, f.one, owner, name)
			same(t, "known at first", first.BeforeKnown, false)
			must(t, f.other.SetSubmissionBefore(t.Context(), owner, name, "me", before))
			got := submission(t, f.one, owner, name)
			want := first
			want.Before, want.BeforeKnown, want.UpdatedAt = append([]string{}, before...), true, got.UpdatedAt
			same(t, name, got, want)
			if !got.UpdatedAt.After(first.UpdatedAt) {
				t.Fatal("the time stood still")
			}
		}
		is(t, "unknown", f.one.SetSubmissionBefore(t.Context(), owner, "f9", "me", nil), store.ErrLeaseLost)
		is(t, "another holder", f.one.SetSubmissionBefore(t.Context(), owner, "two", "you", nil), store.ErrLeaseLost)
		settle(t, f.one, owner, "two", store.StateCreated, "wcon_3")
		is(t, "settled", f.one.SetSubmissionBefore(t.Context(), owner, "two", "me", nil), store.ErrLeaseLost)
	},

	"settled with every field": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		begin(t, f.one, owner, "f1")
		must(t, f.one.SetSubmissionBefore(t.Context(), owner, "f1", "me", []string{"wcon_0"}))
		f.clock.move(time.Second)
		must(t, f.one.SettleSubmission(t.Context(), store.Submission{Owner: owner, ID: "f1", Holder: "me", State: store.StateCreated, WebhookID: "wcon_1", Result: []byte(`{"a":1}`)}))
		same(t, "settled", submission(t, f.other, owner, "f1"), store.Submission{
			ID: "f1", Owner: owner, Shop: "sh_1", Hash: "hash", State: "created", Before: []string{"wcon_0"}, BeforeKnown: true,
			Result: []byte(`{"a":1}`), WebhookID: "wcon_1", UpdatedAt: f.start.Add(time.Second),
		})
	},

	"settled from each state": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, c := range []struct {
			from, to string
			want     error
		}{
			{"pending", "created", nil},
			{"pending", "refused", nil},
			{"pending", "unconfirmed", nil},
			{"unconfirmed", "created", nil},
			{"unconfirmed", "refused", nil},
			{"unconfirmed", "unconfirmed", nil},
			{"created", "created", nil},
			{"created", "refused", store.ErrFinished},
			{"created", "unconfirmed", store.ErrFinished},
			{"refused", "refused", nil},
			{"refused", "created", store.ErrFinished},
			{"refused", "unconfirmed", store.ErrFinished},
		} {
			id := c.from + " to " + c.to
			begin(t, f.one, owner, id)
			if c.from != "pending" {
				settle(t, f.one, owner, id, c.from, "wcon_1")
			}
			err := f.one.SettleSubmission(t.Context(), store.Submission{Owner: owner, ID: id, Holder: "me", State: c.to, WebhookID: "wcon_1", Result: []byte("new")})
			is(t, id, err, c.want)
			got, end, result := submission(t, f.one, owner, id), c.to, "new"
			if c.want != nil {
				end, result = c.from, `{"id":"wcon_1"}`
			}
			same(t, id+": state", got.State, end)
			same(t, id+": result", string(got.Result), result)
		}
		err := f.one.SettleSubmission(t.Context(), store.Submission{Owner: owner, ID: "created to created", Holder: "me", State: "created", WebhookID: "wcon_2"})
		is(t, "another webhook", err, store.ErrFinished)
		is(t, "unknown", f.one.SettleSubmission(t.Context(), store.Submission{Owner: owner, ID: "f9", Holder: "me", State: "created", WebhookID: "wcon_1"}), store.ErrNotFound)
		begin(t, f.one, owner, "f1")
		if err := f.one.SettleSubmission(t.Context(), store.Submission{Owner: owner, ID: "f1", Holder: "me", State: "pending"}); err == nil {
			t.Fatal("pending is not an outcome")
		}
	},

	"settled while another is at work on it": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, c := range []struct {
			holder, by, to string
			want           error
		}{
			{"you", "me", "refused", store.ErrLeaseLost},
			{"you", "me", "unconfirmed", store.ErrLeaseLost},
			{"you", "", "refused", store.ErrLeaseLost},
			{"you", "me", "created", nil},
			{"you", "you", "refused", nil},
			{"you", "you", "unconfirmed", nil},
			{"", "me", "refused", nil},
			{"", "me", "unconfirmed", nil},
		} {
			id := c.holder + " held it, " + c.to + " by " + c.by
			ok, err := f.one.RestartSubmission(t.Context(), begin(t, f.one, owner, id), "hash", c.holder)
			must(t, err)
			same(t, id+": restarted", ok, true)
			is(t, id, f.other.SettleSubmission(t.Context(), store.Submission{Owner: owner, ID: id, Holder: c.by, State: c.to}), c.want)
			got, state, holder := submission(t, f.one, owner, id), c.to, ""
			if c.want != nil {
				state, holder = "pending", c.holder
			}
			same(t, id+": state", got.State, state)
			same(t, id+": holder", got.Holder, holder)
		}
	},

	"restarted": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		begin(t, f.one, owner, "f1")
		must(t, f.one.SetSubmissionBefore(t.Context(), owner, "f1", "me", []string{"wcon_0"}))
		settle(t, f.one, owner, "f1", store.StateRefused, "")
		seen := submission(t, f.one, owner, "f1")
		restart := func(from string, at time.Time) bool {
			ok, err := f.other.RestartSubmission(t.Context(), store.Submission{Owner: owner, ID: "f1", State: from, UpdatedAt: at}, "hash2", "you")
			must(t, err)
			return ok
		}
		same(t, "from another state", restart("unconfirmed", seen.UpdatedAt), false)
		same(t, "from another time", restart("refused", seen.UpdatedAt.Add(-time.Millisecond)), false)
		same(t, "as seen", restart("refused", seen.UpdatedAt), true)
		got := submission(t, f.one, owner, "f1")
		same(t, "restarted", got, store.Submission{
			ID: "f1", Owner: owner, Shop: "sh_1", Hash: "hash2", State: "pending", UpdatedAt: got.UpdatedAt, Holder: "you",
		})
		settle(t, f.one, owner, "f1", store.StateCreated, "wcon_1")
		same(t, "a created one", restart("created", submission(t, f.one, owner, "f1").UpdatedAt), false)
	},

	"restarted by one of many at once, from any state": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, state := range []string{"pending", "refused", "unconfirmed"} {
			seen := begin(t, f.one, owner, state)
			if state != "pending" {
				settle(t, f.one, owner, state, state, "")
				seen = submission(t, f.one, owner, state)
			}
			won := f.race(16, func(_ int, s *store.Store) bool {
				ok, err := s.RestartSubmission(t.Context(), seen, "hash2", "you")
				return ok && err == nil
			})
			same(t, "restarted from "+state, won, 1)
		}
	},

	"held by one": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		begun := begin(t, f.one, owner, "f1")
		must(t, f.other.HoldSubmission(t.Context(), owner, "f1", "me", false))
		held := submission(t, f.one, owner, "f1")
		if !held.UpdatedAt.After(begun.UpdatedAt) || held.Calling {
			t.Fatalf("held: %+v", held)
		}
		must(t, f.one.HoldSubmission(t.Context(), owner, "f1", "me", true))
		must(t, f.one.HoldSubmission(t.Context(), owner, "f1", "me", false))
		same(t, "calling", submission(t, f.other, owner, "f1").Calling, true)
		is(t, "somebody else", f.one.HoldSubmission(t.Context(), owner, "f1", "you", true), store.ErrLeaseLost)
		is(t, "unknown", f.one.HoldSubmission(t.Context(), owner, "f9", "me", true), store.ErrLeaseLost)
		restarted, err := f.other.RestartSubmission(t.Context(), submission(t, f.one, owner, "f1"), "hash", "you")
		must(t, err)
		same(t, "restarted", restarted, true)
		is(t, "after it was restarted", f.one.HoldSubmission(t.Context(), owner, "f1", "me", true), store.ErrLeaseLost)
		same(t, "calling after it was restarted", submission(t, f.one, owner, "f1").Calling, false)
		settle(t, f.one, owner, "f1", store.StateUnconfirmed, "")
		same(t, "holder of a settled one", submission(t, f.one, owner, "f1").Holder, "")
		is(t, "after it was settled", f.one.HoldSubmission(t.Context(), owner, "f1", "you", false), store.ErrLeaseLost)
	},

	"held or restarted, never both": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for i := range 20 {
			id := "f" + string(rune('a'+i))
			seen := begin(t, f.one, owner, id)
			won := f.race(8, func(i int, s *store.Store) bool {
				if i == 0 {
					return s.HoldSubmission(t.Context(), owner, id, "me", true) == nil
				}
				ok, err := s.RestartSubmission(t.Context(), seen, "hash", "you")
				return ok && err == nil
			})
			same(t, "won", won, 1)
		}
	},

	"found by the webhook it created": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		for _, id := range []string{"f1", "f2"} {
			begin(t, f.one, owner, id)
			settle(t, f.one, owner, id, store.StateCreated, "wcon_1")
			f.clock.move(time.Second)
		}
		begin(t, f.one, owner, "f3")
		settle(t, f.one, owner, "f3", store.StateUnconfirmed, "wcon_1")
		got, err := f.other.CreatedSubmission(t.Context(), owner, "sh_1", "wcon_1")
		must(t, err)
		same(t, "newest", got, submission(t, f.one, owner, "f2"))
		for name, ask := range map[string]struct {
			owner         store.Owner
			shop, webhook string
		}{
			"another owner":   {other, "sh_1", "wcon_1"},
			"another shop":    {owner, "sh_2", "wcon_1"},
			"another webhook": {owner, "sh_1", "wcon_2"},
		} {
			_, err := f.one.CreatedSubmission(t.Context(), ask.owner, ask.shop, ask.webhook)
			is(t, name, err, store.ErrNotFound)
		}
		f.clock.move(got.UpdatedAt.Add(time.Hour - time.Millisecond).Sub(f.clock.Now()))
		_, err = f.one.CreatedSubmission(t.Context(), owner, "sh_1", "wcon_1")
		must(t, err)
		f.clock.move(time.Millisecond)
		_, err = f.one.CreatedSubmission(t.Context(), owner, "sh_1", "wcon_1")
		is(t, "after an hour", err, store.ErrNotFound)
	},
}
