package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookwall/internal/store"
)

const operationLease = 8 * time.Second

// create returns an operation that creates a webhook with a URL of its own.
func create(owner store.Owner, key, holder string) store.Operation {
	return store.Operation{
		Key: key, Owner: owner, Kind: store.KindCreate, Shop: "sh_1", Hash: "hash", Holder: holder,
		Resource: store.URLResource("https://a.example/" + key),
	}
}

// change returns an operation on the webhook wcon_1.
func change(owner store.Owner, key, holder string) store.Operation {
	op := create(owner, key, holder)
	op.Kind, op.Resource = store.KindUpdate, store.WebhookResource("wcon_1")
	return op
}

func start(t tb, s *store.Store, op store.Operation) store.Start {
	t.Helper()
	got, err := s.BeginOperation(background, op, operationLease)
	must(t, err)
	return got
}

// started begins an operation and fails unless it is started.
func started(t tb, s *store.Store, op store.Operation) store.Operation {
	t.Helper()
	got := start(t, s, op)
	if !got.Started {
		t.Fatalf("%s was not started: %+v", op.Key, got)
	}
	return got.Operation
}

func restart(t tb, s *store.Store, seen, next store.Operation) store.Start {
	t.Helper()
	got, err := s.RestartOperation(background, seen, next, operationLease)
	must(t, err)
	return got
}

func operationOf(t tb, s *store.Store, owner store.Owner, key string) store.Operation {
	t.Helper()
	op, err := s.Operation(background, owner, key)
	must(t, err)
	return op
}

func finish(s *store.Store, op store.Operation, state, webhook, result string) error {
	op.State, op.WebhookID, op.Result = state, webhook, []byte(result)
	return s.FinishOperation(background, op)
}

func prove(s *store.Store, op store.Operation) error {
	return s.RenewOperation(background, op.Owner, op.Key, op.Holder, operationLease, true)
}

// call records that an operation calls the API, with an activity in a shop of its own.
func call(s *store.Store, op store.Operation, before []string) error {
	op.Before, op.BeforeKnown = before, true
	_, err := s.CallOperation(background, op, operationLease, store.Activity{Shop: "of " + op.Key, Actor: "call"})
	return err
}

// loses fails unless the lease of an operation is lost for its holder.
func loses(t tb, s *store.Store, op store.Operation) {
	t.Helper()
	is(t, "heartbeat",
		s.RenewOperation(background, op.Owner, op.Key, op.Holder, operationLease, false), store.ErrLeaseLost)
	is(t, "proof", prove(s, op), store.ErrLeaseLost)
	is(t, "call", call(s, op, nil), store.ErrLeaseLost)
	for _, state := range []string{store.StateRejected, store.StateUnconfirmed} {
		is(t, "finish as "+state, finish(s, op, state, "", ""), store.ErrLeaseLost)
	}
}

var operationTests = map[string]func(*testing.T, *fixture){
	"begun once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		given := create(owner, "k", "me")
		want := given
		want.State, want.LeaseUntil = "pending", f.start.Add(operationLease)
		want.StartedAt, want.UpdatedAt = f.start, f.start
		given.State, given.Before, given.BeforeKnown, given.WebhookID = "done", []string{"wcon_1"}, true, "wcon_1"
		given.Result, given.Calling = []byte("result"), true
		same(t, "begun", started(t, f.one, given), want)
		same(t, "read", operationOf(t, f.other, owner, "k"), want)

		f.clock.move(time.Second)
		twin := create(owner, "k", "you")
		twin.Shop, twin.Hash, twin.Kind, twin.Resource = "sh_2", "other", store.KindDelete, store.WebhookResource("wcon_9")
		same(t, "twin", start(t, f.other, twin), store.Start{Operation: want, RetryAfter: operationLease - time.Second})
		f.clock.move(operationLease - time.Second)
		same(t, "twin when the lease is over", start(t, f.other, twin), store.Start{Operation: want})
	},

	"begun by one of many at once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		won := f.race(32, func(i int, s *store.Store) bool {
			got := start(t, s, create(owner, "k", fmt.Sprint(i)))
			same(t, "hash", got.Operation.Hash, "hash")
			return got.Started
		})
		same(t, "started", won, 1)
	},

	"begun on one resource by one of many owners at once": func(t *testing.T, f *fixture) {
		for range rounds {
			owners := make([]store.Owner, 8)
			for i := range owners {
				owners[i], _ = signIn(t, f.one)
			}
			won := f.race(len(owners), func(i int, s *store.Store) bool {
				got := start(t, s, change(owners[i], "k", fmt.Sprint(i)))
				if !got.Started {
					same(t, "other operation", got, store.Start{RetryAfter: operationLease})
				}
				return got.Started
			})
			same(t, "started", won, 1)
			f.clock.move(operationLease)
		}
	},

	"not begun while another holds the lease on its resource": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		elsewhere := f.open(sandbox)
		stranger, _ := signIn(t, elsewhere)
		for name, c := range map[string]struct {
			store *store.Store
			owner store.Owner
			kind  string
			shop  string
			on    store.Resource
			held  bool
		}{
			"same owner":           {f.one, owner, store.KindUpdate, "sh_1", store.WebhookResource("wcon_1"), true},
			"other owner":          {f.other, other, store.KindUpdate, "sh_1", store.WebhookResource("wcon_1"), true},
			"other kind":           {f.other, other, store.KindDelete, "sh_1", store.WebhookResource("wcon_1"), true},
			"other webhook":        {f.one, owner, store.KindUpdate, "sh_1", store.WebhookResource("wcon_2"), false},
			"other shop":           {f.one, owner, store.KindUpdate, "sh_2", store.WebhookResource("wcon_1"), false},
			"URL of that name":     {f.one, owner, store.KindCreate, "sh_1", store.URLResource("wcon_1"), false},
			"other environment":    {elsewhere, stranger, store.KindUpdate, "sh_1", store.WebhookResource("wcon_1"), false},
			"same URL":             {f.other, other, store.KindCreate, "sh_1", store.URLResource("https://a.example"), true},
			"same URL, other shop": {f.other, other, store.KindCreate, "sh_2", store.URLResource("https://a.example"), false},
		} {
			t.Run(name, func(t *testing.T) {
				f.clock.move(time.Hour)
				started(t, f.one, change(owner, name+" webhook", "me"))
				url := create(owner, name+" URL", "me")
				url.Resource = store.URLResource("https://a.example")
				started(t, f.one, url)
				op := store.Operation{Key: name, Owner: c.owner, Kind: c.kind, Shop: c.shop, Resource: c.on, Holder: "you"}
				got := start(t, c.store, op)
				same(t, "started", got.Started, !c.held)
				if c.held {
					same(t, "start", got, store.Start{RetryAfter: operationLease})
					_, err := c.store.Operation(t.Context(), c.owner, name)
					is(t, "kept", err, store.ErrNotFound)
				}
			})
		}
	},

	"resources do not reveal their URL": func(t *testing.T, _ *fixture) {
		for _, name := range []string{"wcon_1", "", "URL wcon_1", "https://a.example/?token=secret"} {
			webhook, url := store.WebhookResource(name), store.URLResource(name)
			if webhook == url || name != "" && strings.Contains(string(webhook+url), name) {
				t.Errorf("%q: %q and %q", name, webhook, url)
			}
		}
	},

	"not begun": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		_, err := f.one.BeginOperation(t.Context(), create("nobody", "k", "me"), operationLease)
		is(t, "deleted owner", err, store.ErrNotFound)
		for name, spoil := range map[string]func(*store.Operation){
			"no key":      func(op *store.Operation) { op.Key = "" },
			"no kind":     func(op *store.Operation) { op.Kind = "" },
			"no resource": func(op *store.Operation) { op.Resource = "" },
			"no holder":   func(op *store.Operation) { op.Holder = "" },
		} {
			op := create(owner, name, "me")
			spoil(&op)
			if _, err := f.one.BeginOperation(t.Context(), op, operationLease); err == nil {
				t.Errorf("begun with %s", name)
			}
		}
		for _, lease := range []time.Duration{-time.Second, 0, time.Millisecond - 1} {
			if _, err := f.one.BeginOperation(t.Context(), create(owner, "k", "me"), lease); err == nil {
				t.Errorf("begun with a lease of %v", lease)
			}
		}
	},

	"an expired lease is taken away": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		old := started(t, f.one, change(owner, "old", "me"))
		f.clock.move(operationLease - time.Millisecond)
		same(t, "before its end", start(t, f.other, change(other, "new", "you")), store.Start{RetryAfter: time.Millisecond})
		f.clock.move(time.Millisecond)
		latest := started(t, f.other, change(other, "new", "you"))
		loses(t, f.one, old)
		got := operationOf(t, f.one, owner, "old")
		want := old
		want.Holder, want.LeaseUntil, want.UpdatedAt = "", time.Time{}, got.UpdatedAt
		same(t, "the one that lost its lease", got, want)
		same(t, "the one that took it", operationOf(t, f.one, other, "new"), latest)
		must(t, prove(f.other, latest))
	},

	"an expired lease is taken by one of many at once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for round := range rounds {
			old := started(t, f.one, change(owner, fmt.Sprint("old ", round), "me"))
			f.clock.move(operationLease)
			won := f.race(8, func(i int, s *store.Store) bool {
				return start(t, s, change(owner, fmt.Sprint(round, " ", i), "you")).Started
			})
			same(t, "started", won, 1)
			loses(t, f.one, old)
			f.clock.move(operationLease)
		}
	},

	"an expired lease is renewed or taken, never both": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for round := range rounds {
			old := started(t, f.one, change(owner, fmt.Sprint("old ", round), "me"))
			f.clock.move(operationLease)
			won := f.race(8, func(i int, s *store.Store) bool {
				switch i {
				case 0:
					return prove(s, old) == nil
				case 1:
					next := old
					next.Holder = "another"
					return restart(t, s, old, next).Started
				}
				return start(t, s, change(owner, fmt.Sprint(round, " ", i), "you")).Started
			})
			same(t, "won", won, 1)
			f.clock.move(operationLease)
		}
	},

	"an expired lease that nobody took": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		op := started(t, f.one, change(owner, "k", "me"))
		f.clock.move(time.Hour)
		must(t, f.one.RenewOperation(t.Context(), owner, "k", "me", operationLease, false))
		same(t, "its end", operationOf(t, f.other, owner, "k").LeaseUntil, f.clock.Now().Add(operationLease))
		same(t, "another", start(t, f.other, change(owner, "k2", "you")), store.Start{RetryAfter: operationLease})
		f.clock.move(time.Hour)
		must(t, call(f.one, op, nil))
		must(t, finish(f.one, op, store.StateRejected, "", ""))
	},

	"renewed by its holder": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		op := started(t, f.one, create(owner, "k", "me"))
		must(t, f.other.RenewOperation(t.Context(), owner, "k", "me", time.Minute, false))
		got := operationOf(t, f.one, owner, "k")
		want := op
		want.LeaseUntil, want.UpdatedAt = f.start.Add(time.Minute), got.UpdatedAt
		same(t, "renewed", got, want)
		if !got.UpdatedAt.After(op.UpdatedAt) {
			t.Fatal("the time of the change did not grow")
		}
		must(t, prove(f.one, op))
		must(t, f.one.RenewOperation(t.Context(), owner, "k", "me", operationLease, false))
		same(t, "calling", operationOf(t, f.other, owner, "k").Calling, true)
		for _, c := range []struct{ key, holder string }{{"k", "you"}, {"k", ""}, {"unknown", "me"}} {
			is(t, c.key+" by "+c.holder, prove(f.one, create(owner, c.key, c.holder)), store.ErrLeaseLost)
		}
		must(t, finish(f.one, op, store.StateUnconfirmed, "", ""))
		is(t, "finished", prove(f.one, op), store.ErrLeaseLost)
		is(t, "finished, by nobody", prove(f.one, create(owner, "k", "")), store.ErrLeaseLost)
	},

	"the lease ends when it finishes": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, state := range []string{store.StateDone, store.StateRejected, store.StateUnconfirmed} {
			op := started(t, f.one, change(owner, state, "me"))
			must(t, prove(f.one, op))
			must(t, finish(f.one, op, state, "wcon_1", "result"))
			got := operationOf(t, f.other, owner, state)
			want := op
			want.State, want.WebhookID, want.Result = state, "wcon_1", []byte("result")
			want.Holder, want.LeaseUntil, want.UpdatedAt = "", time.Time{}, got.UpdatedAt
			same(t, state, got, want)
			same(t, "twin of "+state, start(t, f.one, change(owner, state, "you")), store.Start{Operation: got})
		}
	},

	"called": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for name, before := range map[string][]string{"none": {}, "nil": nil, "two": {"wcon_1", `wcon"2`}} {
			begun := started(t, f.one, create(owner, name, "me"))
			same(t, "known at first", begun.BeforeKnown, false)
			f.clock.move(time.Second)
			must(t, call(f.other, begun, before))
			got := operationOf(t, f.one, owner, name)
			want := begun
			want.Before, want.BeforeKnown, want.UpdatedAt = append([]string{}, before...), true, got.UpdatedAt
			want.Calling, want.LeaseUntil = true, f.clock.Now().Add(operationLease)
			same(t, name, got, want)
			if !got.UpdatedAt.After(begun.UpdatedAt) {
				t.Fatal("the time of the change did not grow")
			}
			same(t, name+": activity", theActivity(t, f.one, "of "+name).Actor, "call")
		}
		for _, c := range []struct{ key, holder string }{{"two", "you"}, {"two", ""}, {"unknown", "me"}} {
			is(t, c.key+" by "+c.holder, call(f.one, create(owner, c.key, c.holder), nil), store.ErrLeaseLost)
		}
		must(t, finish(f.one, create(owner, "two", "me"), store.StateDone, "wcon_3", ""))
		is(t, "finished", call(f.one, create(owner, "two", "me"), nil), store.ErrLeaseLost)
		same(t, "activities of no call", activities(t, f.one, store.ActivityQuery{Shop: "of unknown"}).Total, 0)
		same(t, "activities of two", activities(t, f.one, store.ActivityQuery{Shop: "of two"}).Total, 1)
	},

	"called without knowing the webhooks before": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		op := started(t, f.one, create(owner, "k", "me"))
		_, err := f.one.CallOperation(background, op, operationLease, store.Activity{Shop: "sh_1"})
		must(t, err)
		got := operationOf(t, f.other, owner, "k")
		same(t, "known", got.BeforeKnown, false)
		same(t, "calling", got.Calling, true)
	},

	"settled": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, c := range []struct {
			name    string
			spoil   func(store.Operation)
			want    error
			state   string
			result  string
			outcome string
		}{
			{"by its holder", func(store.Operation) {}, nil, "done", "result", "done"},
			{
				"already unconfirmed", func(op store.Operation) { must(t, finish(f.other, op, "unconfirmed", "", "")) },
				nil, "done", "result", "done",
			},
			{
				"already rejected", func(op store.Operation) { must(t, finish(f.other, op, "rejected", "", "earlier")) },
				store.ErrFinished, "rejected", "earlier", "done",
			},
		} {
			op := started(t, f.one, create(owner, c.name, c.name))
			begun, err := f.one.CallOperation(background, op, operationLease, store.Activity{Shop: c.name})
			must(t, err)
			c.spoil(op)
			op.State, op.WebhookID, op.Result = store.StateDone, "wcon_"+c.name, []byte("result")
			err = f.one.Settle(background, store.Settlement{
				Operation: op, Activity: begun.ID, Ending: store.Ending{Outcome: "done", WebhookID: op.WebhookID},
				Secret: "the secret", SecretUntil: f.clock.Now().Add(time.Hour), Unkept: []byte("with secret"),
			})
			is(t, c.name, err, c.want)
			got := operationOf(t, f.other, owner, c.name)
			same(t, c.name+": state", got.State, c.state)
			same(t, c.name+": result", string(got.Result), c.result)
			same(t, c.name+": outcome", theActivity(t, f.other, c.name).Outcome, c.outcome)
			same(t, c.name+": secret", secret(t, f.other, owner, op.Shop, op.WebhookID), "the secret")
		}
	},

	"settled after the owner signed out": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		op := started(t, f.one, create(owner, "k", "me"))
		must(t, f.other.DeleteOwner(background, owner))
		op.State, op.WebhookID, op.Result = store.StateDone, "wcon_1", []byte("result")
		err := f.one.Settle(background, store.Settlement{
			Operation: op, Secret: "the secret", SecretUntil: f.clock.Now().Add(time.Hour), Unkept: []byte("with secret"),
		})
		must(t, err)
		same(t, "result", string(operationOf(t, f.other, owner, "k").Result), "with secret")
	},

	"settled without its lease": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		op := started(t, f.one, change(owner, "k", "me"))
		begun := beginActivity(t, f.one, activity(owner, "sh_1"))
		f.clock.move(time.Hour)
		started(t, f.other, change(owner, "k2", "you"))
		op.State = store.StateUnconfirmed
		err := f.one.Settle(background, store.Settlement{
			Operation: op, Activity: begun.ID, Ending: store.Ending{Outcome: "unclear"},
		})
		is(t, "settled", err, store.ErrLeaseLost)
		same(t, "state", operationOf(t, f.other, owner, "k").State, store.StatePending)
		same(t, "outcome of its attempt", theActivity(t, f.other, "sh_1").Outcome, "unclear")
	},

	"finished from each state": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, c := range []struct {
			from, to string
			want     error
		}{
			{"pending", "done", nil},
			{"pending", "rejected", nil},
			{"pending", "unconfirmed", nil},
			{"unconfirmed", "done", nil},
			{"unconfirmed", "rejected", store.ErrLeaseLost},
			{"unconfirmed", "unconfirmed", nil},
			{"done", "done", nil},
			{"done", "rejected", store.ErrFinished},
			{"done", "unconfirmed", store.ErrFinished},
			{"rejected", "rejected", nil},
			{"rejected", "done", store.ErrFinished},
			{"rejected", "unconfirmed", store.ErrFinished},
		} {
			op := started(t, f.one, create(owner, c.from+" to "+c.to, "me"))
			if c.from != "pending" {
				must(t, finish(f.one, op, c.from, "wcon_1", "old"))
			}
			is(t, op.Key, finish(f.other, op, c.to, "wcon_1", "new"), c.want)
			got, end, result := operationOf(t, f.one, owner, op.Key), c.to, "new"
			if c.want != nil {
				end, result = c.from, "old"
			}
			same(t, op.Key+": state", got.State, end)
			same(t, op.Key+": result", string(got.Result), result)
		}
		done := create(owner, "done to done", "me")
		is(t, "other webhook", finish(f.one, done, "done", "wcon_2", ""), store.ErrFinished)
		is(t, "unknown", finish(f.one, create(owner, "unknown", "me"), "done", "wcon_1", ""), store.ErrNotFound)
		op := started(t, f.one, create(owner, "k", "me"))
		for _, state := range []string{"pending", "", "Done"} {
			if err := finish(f.one, op, state, "", ""); err == nil {
				t.Errorf("%q is no outcome", state)
			}
		}
	},

	"finished by somebody who does not hold the lease": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, c := range []struct {
			kind, by, to string
			want         error
		}{
			{"create", "you", "rejected", store.ErrLeaseLost},
			{"create", "you", "unconfirmed", store.ErrLeaseLost},
			{"create", "you", "done", nil},
			{"create", "", "rejected", store.ErrLeaseLost},
			{"create", "", "done", nil},
			{"update", "you", "rejected", store.ErrLeaseLost},
			{"update", "you", "unconfirmed", store.ErrLeaseLost},
			{"update", "you", "done", store.ErrLeaseLost},
			{"delete", "you", "done", store.ErrLeaseLost},
			{"delete", "", "done", store.ErrLeaseLost},
		} {
			for _, lost := range []bool{false, true} {
				key := fmt.Sprint(c.kind, " ", c.to, " by ", c.by, " when the lease was lost: ", lost)
				op := create(owner, key, "me")
				op.Kind = c.kind
				begun := started(t, f.one, op)
				if lost {
					f.clock.move(operationLease)
					thief := op
					thief.Key += " again"
					started(t, f.one, thief)
				}
				op.Holder = c.by
				is(t, key, finish(f.other, op, c.to, "wcon_1", ""), c.want)
				got := operationOf(t, f.one, owner, key)
				state := c.to
				if c.want != nil {
					state = begun.State
				}
				same(t, key+": state", got.State, state)
			}
		}
	},

	"restarted as it was seen": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		op := started(t, f.one, create(owner, "k", "me"))
		must(t, call(f.one, op, []string{"wcon_0"}))
		must(t, finish(f.one, op, store.StateRejected, "wcon_1", "result"))
		seen := operationOf(t, f.one, owner, "k")
		next := store.Operation{Hash: "hash2", Holder: "you", Resource: store.URLResource("https://b.example/")}
		f.clock.move(time.Second)

		for name, spoil := range map[string]func(*store.Operation){
			"other state":  func(op *store.Operation) { op.State = store.StateUnconfirmed },
			"earlier time": func(op *store.Operation) { op.UpdatedAt = op.UpdatedAt.Add(-time.Millisecond) },
		} {
			stale := seen
			spoil(&stale)
			same(t, name, restart(t, f.other, stale, next), store.Start{Operation: seen})
		}
		got := restart(t, f.other, seen, next)
		want := create(owner, "k", "you")
		want.Hash, want.Resource, want.State = "hash2", next.Resource, "pending"
		want.LeaseUntil, want.StartedAt = f.clock.Now().Add(operationLease), f.clock.Now()
		want.UpdatedAt = got.Operation.UpdatedAt
		same(t, "as seen", got, store.Start{Started: true, Operation: want})
		same(t, "read", operationOf(t, f.one, owner, "k"), want)
		loses(t, f.one, op)

		must(t, finish(f.one, want, store.StateDone, "wcon_1", ""))
		done := operationOf(t, f.one, owner, "k")
		same(t, "one that is done", restart(t, f.one, done, next), store.Start{Operation: done})
	},

	"restarted by one of many at once, from any state": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, state := range []string{store.StatePending, store.StateRejected, store.StateUnconfirmed} {
			op := started(t, f.one, create(owner, state, "me"))
			if state != store.StatePending {
				must(t, finish(f.one, op, state, "", ""))
			}
			f.clock.move(operationLease)
			seen := operationOf(t, f.one, owner, state)
			won := f.race(16, func(i int, s *store.Store) bool {
				next := op
				next.Holder = fmt.Sprint("you ", i)
				return restart(t, s, seen, next).Started
			})
			same(t, "restarted from "+state, won, 1)
			loses(t, f.one, op)
		}
	},

	"not restarted while its own lease is held": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		op := started(t, f.one, create(owner, "k", "me"))
		next := op
		next.Holder = "you"
		f.clock.move(operationLease - time.Millisecond)
		same(t, "before its end", restart(t, f.other, op, next), store.Start{Operation: op, RetryAfter: time.Millisecond})
		must(t, prove(f.one, op))
		renewed := operationOf(t, f.one, owner, "k")
		same(t, "renewed since", restart(t, f.other, op, next), store.Start{Operation: renewed, RetryAfter: operationLease})
		f.clock.move(operationLease)
		same(t, "changed since", restart(t, f.other, op, next), store.Start{Operation: renewed})
		same(t, "after its end", restart(t, f.other, renewed, next).Started, true)
		loses(t, f.one, op)
	},

	"not restarted while another holds the lease on its resource": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		first := started(t, f.one, change(owner, "first", "me"))
		must(t, finish(f.one, first, store.StateRejected, "", ""))
		second := started(t, f.other, change(other, "second", "you"))
		seen := operationOf(t, f.one, owner, "first")
		same(t, "while it is held", restart(t, f.one, seen, first), store.Start{Operation: seen, RetryAfter: operationLease})

		next := first
		next.Resource = store.WebhookResource("wcon_2")
		same(t, "on another resource", restart(t, f.one, seen, next).Started, true)
		must(t, finish(f.one, next, store.StateRejected, "", ""))
		seen = operationOf(t, f.one, owner, "first")
		f.clock.move(operationLease)
		same(t, "when it is over", restart(t, f.one, seen, first).Started, true)
		loses(t, f.other, second)
	},

	"restarted on one resource by one of many operations at once": func(t *testing.T, f *fixture) {
		for range rounds {
			owner, _ := signIn(t, f.one)
			var all []store.Operation
			for i := range 8 {
				op := started(t, f.one, create(owner, fmt.Sprint(i), "me"))
				must(t, finish(f.one, op, store.StateRejected, "", ""))
				all = append(all, operationOf(t, f.one, owner, op.Key))
			}
			won := f.race(8, func(i int, s *store.Store) bool {
				next := all[i]
				next.Holder, next.Resource = "you", store.WebhookResource("wcon_1")
				got := restart(t, s, all[i], next)
				same(t, "retry after", got.RetryAfter > 0, !got.Started)
				return got.Started
			})
			same(t, "restarted", won, 1)
			f.clock.move(operationLease)
		}
	},

	"not restarted when it is gone, or its owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		unknown := create(owner, "unknown", "me")
		_, err := f.one.RestartOperation(t.Context(), unknown, unknown, operationLease)
		is(t, "unknown", err, store.ErrNotFound)
		op := started(t, f.one, create(owner, "k", "me"))
		must(t, f.one.DeleteOwner(t.Context(), owner))
		f.clock.move(operationLease)
		_, err = f.one.RestartOperation(t.Context(), op, op, operationLease)
		is(t, "owner", err, store.ErrNotFound)
		_, err = f.one.RestartOperation(t.Context(), op, create(owner, "k", ""), operationLease)
		if err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("restarted for nobody: error %v", err)
		}
	},

	"one whose lease is held outlives its owner": func(t *testing.T, f *fixture) {
		for name, leave := range map[string]func(owner store.Owner, token string){
			"signed out":         func(owner store.Owner, _ string) { must(t, f.one.DeleteOwner(t.Context(), owner)) },
			"last session ended": func(_ store.Owner, token string) { end(t, f.one, token) },
			"shop was disconnected": func(owner store.Owner, _ string) {
				must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
			},
		} {
			owner, token := signIn(t, f.one)
			other, _ := signIn(t, f.one)
			finished := started(t, f.one, create(owner, "finished", "me"))
			must(t, finish(f.one, finished, store.StateUnconfirmed, "", ""))
			held := started(t, f.one, change(owner, "held", "me"))
			leave(owner, token)
			_, err := f.one.Operation(t.Context(), owner, "finished")
			is(t, name+": finished", err, store.ErrNotFound)
			same(t, name+": other", start(t, f.other, change(other, "k", "you")), store.Start{RetryAfter: operationLease})
			must(t, f.one.Sweep(t.Context()))
			must(t, prove(f.one, held))
			must(t, finish(f.one, held, store.StateDone, "wcon_1", ""))
			must(t, f.one.Sweep(t.Context()))
			_, err = f.one.Operation(t.Context(), owner, "held")
			same(t, name+": kept when it has finished", found(t, err), name == "shop was disconnected")
		}
	},

	"found by the webhook it created": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		finishAs := func(op store.Operation, state string) {
			started(t, f.one, op)
			must(t, finish(f.one, op, state, "wcon_1", "result"))
			f.clock.move(time.Second)
		}
		finishAs(create(owner, "k1", "me"), store.StateDone)
		finishAs(create(owner, "k2", "me"), store.StateDone)
		finishAs(create(owner, "k3", "me"), store.StateUnconfirmed)
		finishAs(change(owner, "k4", "me"), store.StateDone)
		got, err := f.other.CreatedOperation(t.Context(), owner, "sh_1", "wcon_1")
		must(t, err)
		same(t, "newest", got, operationOf(t, f.one, owner, "k2"))
		for name, ask := range map[string]struct {
			owner         store.Owner
			shop, webhook string
		}{
			"other owner":   {other, "sh_1", "wcon_1"},
			"other shop":    {owner, "sh_2", "wcon_1"},
			"other webhook": {owner, "sh_1", "wcon_2"},
		} {
			_, err := f.one.CreatedOperation(t.Context(), ask.owner, ask.shop, ask.webhook)
			is(t, name, err, store.ErrNotFound)
		}
		f.clock.move(got.UpdatedAt.Add(time.Hour - time.Millisecond).Sub(f.clock.Now()))
		_, err = f.one.CreatedOperation(t.Context(), owner, "sh_1", "wcon_1")
		must(t, err)
		f.clock.move(time.Millisecond)
		_, err = f.one.CreatedOperation(t.Context(), owner, "sh_1", "wcon_1")
		is(t, "after an hour", err, store.ErrNotFound)
	},

	"a key is its owner's": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		started(t, f.one, create(owner, "k", "me"))
		_, err := f.one.Operation(t.Context(), other, "k")
		is(t, "other's", err, store.ErrNotFound)
		op := create(other, "k", "me")
		op.Resource = store.URLResource("https://b.example/")
		started(t, f.one, op)
		must(t, finish(f.one, op, store.StateDone, "wcon_1", ""))
		same(t, "state of the first", operationOf(t, f.one, owner, "k").State, "pending")
	},

	"random operations leave each resource to one holder": func(t *testing.T, f *fixture) {
		rapid.Check(t, func(rt *rapid.T) {
			m := &leaseModel{f: f}
			m.owner, _ = signIn(rt, f.one)
			rt.Repeat(map[string]func(*rapid.T){
				"begin": m.begin, "restart": m.restart, "renew": m.renew, "finish": m.finish, "wait": m.wait,
			})
			m.check(rt)
		})
	},
}

// leaseModel remembers every start of an operation.
type leaseModel struct {
	f       *fixture
	owner   store.Owner
	starts  []store.Operation
	holders int
}

// pick draws an operation of few keys on few resources, by a new holder.
func (m *leaseModel) pick(t *rapid.T) store.Operation {
	m.holders++
	op := change(m.owner, rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(t, "key"), fmt.Sprint(m.holders))
	op.Resource = rapid.SampledFrom([]store.Resource{
		store.WebhookResource("wcon_1"), store.URLResource("https://a.example/"),
	}).Draw(t, "resource")
	return op
}

func (m *leaseModel) begin(t *rapid.T) {
	if got := start(t, m.f.one, m.pick(t)); got.Started {
		m.starts = append(m.starts, got.Operation)
	}
}

func (m *leaseModel) restart(t *rapid.T) {
	next := m.pick(t)
	seen, err := m.f.one.Operation(background, m.owner, next.Key)
	if !found(t, err) {
		return
	}
	if got := restart(t, m.f.other, seen, next); got.Started {
		m.starts = append(m.starts, got.Operation)
	}
}

func (m *leaseModel) renew(t *rapid.T) {
	if len(m.starts) > 0 {
		_ = prove(m.f.one, rapid.SampledFrom(m.starts).Draw(t, "start"))
	}
}

func (m *leaseModel) finish(t *rapid.T) {
	if len(m.starts) > 0 {
		op := rapid.SampledFrom(m.starts).Draw(t, "start")
		state := rapid.SampledFrom([]string{store.StateDone, store.StateRejected, store.StateUnconfirmed}).Draw(t, "state")
		_ = finish(m.f.other, op, state, "wcon_1", "")
	}
}

func (m *leaseModel) wait(t *rapid.T) {
	m.f.clock.move(time.Duration(rapid.IntRange(1, 9).Draw(t, "seconds")) * time.Second)
}

// check counts the holders of each resource.
func (m *leaseModel) check(t *rapid.T) {
	holders := map[store.Resource]int{}
	for _, op := range m.starts {
		if now := operationOf(t, m.f.one, op.Owner, op.Key); now.State == store.StatePending && now.Holder == op.Holder {
			holders[op.Resource]++
		}
	}
	for resource, n := range holders {
		same(t, "holders of "+string(resource), n, 1)
	}
}
