package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hookwall/internal/store"
)

const rounds = 12 // of a race that few meet

// goneOrNil fails unless err is what a call may return if its owner is deleted during it.
func goneOrNil(t tb, what string, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("%s: unexpected error: %v", what, err)
	}
}

// renew prepares a second session for the owner of one, as a second tab does that signs in.
func renew(t tb, s *store.Store, token string) *browserRequest {
	t.Helper()
	v := arrive(t, s, token)
	v.session.ID = ""
	return v
}

// end signs a session out.
func end(t tb, s *store.Store, token string) {
	t.Helper()
	v := arrive(t, s, token)
	v.session.Options.MaxAge = -1
	v.save(t)
}

var raceTests = map[string]func(*testing.T, *fixture){
	"the last sessions of an owner end at once": func(t *testing.T, f *fixture) {
		for range rounds {
			owner, token := signIn(t, f.one)
			requests := []*browserRequest{renew(t, f.one, token), renew(t, f.other, token)}
			tokens := []string{requests[0].save(t), requests[1].save(t)}
			fill(t, f.one, owner, "sh_1")
			f.race(2, func(i int, s *store.Store) bool {
				end(t, s, tokens[i])
				return true
			})
			same(t, "rows", has(t, f.one, owner, "sh_1"), nothing)
		}
	},

	"a session that is renewed at its end survives the sweep": func(t *testing.T, f *fixture) {
		for range rounds {
			owner, token := signIn(t, f.one)
			v := renew(t, f.one, token)
			f.clock.move(store.SessionIdle)
			var kept string
			f.race(4, func(i int, s *store.Store) bool {
				if i == 0 {
					kept = v.save(t)
				} else {
					must(t, s.Sweep(t.Context()))
				}
				return true
			})
			same(t, "owner", ownerOf(t, f.other, kept), owner)
			put(t, f.one, connection(owner, "sh_1"))
		}
	},

	"nothing is added to an owner during deletion": func(t *testing.T, f *fixture) {
		for range rounds {
			owner, _ := signIn(t, f.one)
			fill(t, f.one, owner, "sh_1")
			f.race(16, func(i int, s *store.Store) bool {
				var err error
				switch i % 8 {
				case 0:
					must(t, s.DeleteOwner(t.Context(), owner))
				case 1:
					_, err = s.PutConnection(t.Context(), connection(owner, "sh_1"))
				case 2:
					err = s.PutSecret(t.Context(), owner, "sh_1", "wcon_1", "secret", f.start.Add(time.Hour))
				case 3:
					err = s.AddFlash(t.Context(), owner, page("sh_1"), []byte("f"))
				case 5:
					_, err = s.BeginCheck(t.Context(), store.Check{Owner: owner, Shop: "sh_1"}, 100)
				case 6:
					must(t, s.DeleteConnection(t.Context(), owner, "sh_1"))
				case 4, 7:
					_, err = s.BeginOperation(t.Context(), create(owner, fmt.Sprint(i), "me"), operationLease)
				}
				goneOrNil(t, fmt.Sprint("call ", i), err)
				return true
			})
			f.clock.move(24 * time.Hour) // which ends the leases of operations
			must(t, f.one.Sweep(t.Context()))
			for _, key := range []string{"4", "7", "12", "15"} {
				_, err := f.one.Operation(t.Context(), owner, key)
				is(t, "operation "+key, err, store.ErrNotFound)
			}
			same(t, "rows", has(t, f.one, owner, "sh_1"), nothing)
		}
	},

	"connected and recorded at once, by many": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		f.race(24, func(i int, s *store.Store) bool {
			a := store.Activity{Shop: "sh_1"}
			if i%3 == 0 {
				must(t, s.DeleteConnection(t.Context(), owner, "sh_1", a, a))
				return true
			}
			_, err := s.PutConnection(t.Context(), connection(owner, "sh_1"), a)
			must(t, err)
			return true
		})
		same(t, "recorded", activities(t, f.one, store.ActivityQuery{Shop: "sh_1"}).Total, 16+2*8)
	},

	"everything of a shop at once": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		for range rounds {
			fill(t, f.one, owner, "sh_1")
			f.race(12, func(i int, s *store.Store) bool {
				switch i % 6 {
				case 0:
					must(t, s.DeleteConnection(t.Context(), owner, "sh_1"))
				case 1:
					put(t, s, connection(owner, "sh_1"))
				case 2:
					_, err := s.TakeFlashes(t.Context(), owner, page("sh_1"))
					must(t, err)
				case 3:
					flash(t, s, owner, page("sh_1"), "flash")
				case 4:
					must(t, s.Sweep(t.Context()))
				case 5:
					beginActivity(t, s, activity(owner, "sh_1"))
				}
				return true
			})
		}
		same(t, "owner", ownerOf(t, f.one, token), owner)
		same(t, "activities", activities(t, f.one, store.ActivityQuery{Shop: "sh_1"}).Total, 2*rounds)
	},

	"each flash is shown once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for range rounds {
			f.race(8, func(i int, s *store.Store) bool {
				flash(t, s, owner, "/", fmt.Sprint(i))
				return true
			})
			shown := make([][]string, 8)
			f.race(8, func(i int, s *store.Store) bool {
				shown[i] = take(t, s, owner, "/")
				return true
			})
			seen := map[string]int{}
			for _, texts := range shown {
				for _, text := range texts {
					seen[text]++
				}
			}
			same(t, "seen", seen, map[string]int{"0": 1, "1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1, "7": 1})
		}
	},
}

// Bytes that may be in a path or a form, and that not every database can store as text.
const awkward = "sh\x00\xff\xfe'\"\\%_\u202e\U0001f4a9"

var textTests = map[string]func(*testing.T, *fixture){
	"of any bytes finds nothing": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		_, err := f.one.Connection(t.Context(), owner, awkward)
		is(t, "connection", err, store.ErrNotFound)
		_, err = f.one.ConnectionByID(t.Context(), awkward)
		is(t, "connection by ID", err, store.ErrNotFound)
		_, err = f.one.TakeSignIn(t.Context(), awkward, awkward)
		is(t, "sign-in", err, store.ErrNotFound)
		_, err = f.one.Draft(t.Context(), awkward, awkward)
		is(t, "draft", err, store.ErrNotFound)
		_, err = f.one.Operation(t.Context(), owner, awkward)
		is(t, "operation", err, store.ErrNotFound)
		_, err = f.one.CreatedOperation(t.Context(), owner, awkward, awkward)
		is(t, "operation that created", err, store.ErrNotFound)
		_, _, err = f.one.Secret(t.Context(), owner, awkward, awkward)
		is(t, "secret", err, store.ErrNotFound)
		_, err = f.one.Check(t.Context(), owner, awkward, awkward)
		is(t, "check", err, store.ErrNotFound)
		is(t, "outcome", f.one.RecordOutcome(t.Context(), awkward, store.Ending{Outcome: "done", Code: awkward}),
			store.ErrNotFound)
		same(t, "activities", activities(t, f.one, store.ActivityQuery{Shop: awkward, WebhookID: awkward}),
			store.ActivityList{})
		same(t, "flashes", take(t, f.one, owner, awkward), nil)
		same(t, "immutable", immutable(t, f.one, awkward), nil)
		same(t, "labels", labels(t, f.one, awkward), map[string]string{})
		must(t, f.one.DeleteConnection(t.Context(), owner, awkward))
	},

	"of any bytes is stored as text": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := connection(owner, awkward)
		c.ShopName = awkward
		put(t, f.one, c)
		got, err := f.other.Connection(t.Context(), owner, awkward)
		must(t, err)
		same(t, "credential", string(got.Credential), string(c.Credential))

		d := draft()
		d.ID, d.Page, d.Browser = awkward, "/"+awkward, awkward
		d.Form.Set(awkward, awkward)
		_, err = f.one.PutDraft(t.Context(), d)
		must(t, err)
		kept, err := f.other.Draft(t.Context(), awkward, awkward)
		must(t, err)
		same(t, "form", kept.Form, d.Form)

		op := create(owner, awkward, awkward)
		op.Shop, op.Hash, op.Resource = awkward, awkward, store.URLResource(awkward)
		started(t, f.one, op)
		must(t, call(f.other, op, []string{awkward}))
		must(t, finish(f.one, op, store.StateDone, awkward, awkward))
		op, err = f.other.CreatedOperation(t.Context(), owner, awkward, awkward)
		must(t, err)
		same(t, "result of the operation", string(op.Result), awkward)

		must(t, f.one.PutSecret(t.Context(), owner, awkward, awkward, awkward, f.start.Add(time.Hour)))
		same(t, "secret", secret(t, f.other, owner, awkward, awkward), awkward)
		flash(t, f.one, owner, awkward, awkward)
		same(t, "flash", take(t, f.other, owner, awkward), []string{awkward})
		same(t, "check", string(theCheck(t, f.other, beginCheck(t, f.one, owner, awkward, awkward)).Report), awkward)
		a := activity(owner, awkward)
		a.Actor, a.Detail, a.RequestID = awkward, []byte(awkward), awkward
		beginActivity(t, f.one, a)
		same(t, "detail", string(theActivity(t, f.other, awkward).Detail), awkward)
		must(t, f.one.MarkImmutable(t.Context(), awkward, awkward, f.start.Add(time.Hour)))
		same(t, "immutable", len(immutable(t, f.other, awkward)), 1)
	},

	"of a megabyte is stored": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		long := make([]byte, 1<<20)
		for i := range long {
			long[i] = byte('a' + i*i%26)
		}
		d := draft()
		d.Form.Set("url", string(long))
		kept, err := f.one.PutDraft(t.Context(), d)
		must(t, err)
		got, err := f.other.Draft(t.Context(), d.Browser, kept.ID)
		must(t, err)
		same(t, "form", got.Form, d.Form)
		flash(t, f.one, owner, "/", string(long))
		same(t, "flash", len(take(t, f.other, owner, "/")[0]), len(long))
	},
}
