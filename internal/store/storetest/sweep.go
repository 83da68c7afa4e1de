package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"hookwall/internal/store"
)

var background = context.Background()

// rows are the kinds of rows that an owner may have for a shop.
type rows struct{ Connection, Secret, Operation, Flash bool }

var (
	nothing    = rows{}
	everything = rows{Connection: true, Secret: true, Operation: true, Flash: true}
)

// fill makes one row of each kind for an owner and a shop.
func fill(t tb, s *store.Store, owner store.Owner, shop string) {
	t.Helper()
	put(t, s, connection(owner, shop))
	must(t, s.PutSecret(background, owner, shop, "wcon_1", "secret", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)))
	finished(t, s, owner, shop)
	flash(t, s, owner, page(shop), "flash")
}

// finished makes an operation that no lease keeps.
func finished(t tb, s *store.Store, owner store.Owner, shop string) {
	t.Helper()
	op := create(owner, "key of "+shop, string(owner))
	op.Shop, op.Resource = shop, store.URLResource(string(owner))
	started(t, s, op)
	must(t, finish(s, op, store.StateUnconfirmed, "", ""))
}

func page(shop string) string { return "/shops/" + shop + "/webhooks" }

// has returns which rows of fill are there. It adds the flash again, since reading deletes it.
func has(t tb, s *store.Store, owner store.Owner, shop string) rows {
	t.Helper()
	_, connErr := s.Connection(background, owner, shop)
	_, _, secretErr := s.Secret(background, owner, shop, "wcon_1")
	_, opErr := s.Operation(background, owner, "key of "+shop)
	flashes := take(t, s, owner, page(shop))
	for _, text := range flashes {
		flash(t, s, owner, page(shop), text)
	}
	return rows{
		Connection: found(t, connErr), Secret: found(t, secretErr),
		Operation: found(t, opErr), Flash: len(flashes) > 0,
	}
}

func found(t tb, err error) bool {
	t.Helper()
	if errors.Is(err, store.ErrNotFound) {
		return false
	}
	must(t, err)
	return true
}

// sweepAt sweeps after d and sets the clock back, so that only what was deleted is missing.
func (f *fixture) sweepAt(t *testing.T, d time.Duration) {
	t.Helper()
	f.clock.move(d)
	must(t, f.one.Sweep(t.Context()))
	f.clock.move(-d)
}

var sweepTests = map[string]func(*testing.T, *fixture){
	"each kind at its time and not before": func(t *testing.T, f *fixture) {
		for _, c := range []struct {
			name  string
			after time.Duration
			put   func(t *testing.T) (there func() bool)
		}{
			{"idle session", store.SessionIdle, func(t *testing.T) func() bool {
				_, token := signIn(t, f.one)
				return func() bool { return ownerOf(t, f.one, token) != "" }
			}},
			{"sign-in", 10 * time.Minute, func(t *testing.T) func() bool {
				must(t, f.one.PutSignIn(t.Context(), signInAttempt(f)))
				again := signInAttempt(f)
				return func() bool {
					_, err := f.one.TakeSignIn(t.Context(), again.State, again.Browser)
					if err == nil {
						must(t, f.one.PutSignIn(t.Context(), again))
					}
					return found(t, err)
				}
			}},
			{"draft", time.Hour, func(t *testing.T) func() bool {
				d, err := f.one.PutDraft(t.Context(), draft())
				must(t, err)
				return func() bool {
					_, err := f.one.Draft(t.Context(), d.Browser, d.ID)
					return found(t, err)
				}
			}},
			{"flash", time.Hour, func(t *testing.T) func() bool {
				owner, _ := signIn(t, f.one)
				flash(t, f.one, owner, page("sh_1"), "flash")
				return func() bool { return has(t, f.one, owner, "sh_1").Flash }
			}},
			{"secret", 15 * time.Minute, func(t *testing.T) func() bool {
				owner, _ := signIn(t, f.one)
				must(t, f.one.PutSecret(t.Context(), owner, "sh_1", "wcon_1", "secret", f.start.Add(15*time.Minute)))
				return func() bool { return has(t, f.one, owner, "sh_1").Secret }
			}},
			{"check", time.Hour, func(t *testing.T) func() bool {
				owner, _ := signIn(t, f.one)
				kept := beginCheck(t, f.one, owner, "sh_1", "report")
				return func() bool {
					_, err := f.one.Check(t.Context(), owner, "sh_1", kept.ID)
					return found(t, err)
				}
			}},
			{"activity", 400 * 24 * time.Hour, func(t *testing.T) func() bool {
				recordOutcome(t, f.one, beginActivity(t, f.one, activity("o", "sh_1")).ID, "done")
				return func() bool { return activities(t, f.one, store.ActivityQuery{Shop: "sh_1"}).Total > 0 }
			}},
			{"pending activity", 400 * 24 * time.Hour, func(t *testing.T) func() bool {
				beginActivity(t, f.one, activity("o", "sh_1"))
				return func() bool { return activities(t, f.one, store.ActivityQuery{Shop: "sh_1"}).Total > 0 }
			}},
			{"invitation that was not accepted", 37 * 24 * time.Hour, func(t *testing.T) func() bool {
				invite(t, f, "a")
				return func() bool {
					_, err := f.one.Invitation(t.Context(), "token of a")
					return found(t, err)
				}
			}},
			{"receipt of access that has ended", 400 * 24 * time.Hour, func(t *testing.T) func() bool {
				invite(t, f, "b")
				_, err := accept(f.one, "b", "sh_1")
				must(t, err)
				must(t, f.one.EndAccess(t.Context(), "receipt of b"))
				return func() bool {
					_, err := f.one.InvitationByReceipt(t.Context(), "receipt of b")
					return found(t, err)
				}
			}},
			{"mark of an immutable webhook", time.Hour, func(t *testing.T) func() bool {
				must(t, f.one.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start.Add(time.Hour)))
				return func() bool { return len(immutable(t, f.one, "sh_1")) > 0 }
			}},
			{"delivery", store.KeepDeliveries, func(t *testing.T) func() bool {
				owner := lasting(t, f)
				put(t, f.one, connection(owner, "sh_1"))
				d := delivery("weve_1", f.clock.Now().Add(time.Millisecond))
				f.see(t, "sh_1", store.Observed{Read: true, Deliveries: []store.Delivery{d}})
				return func() bool { return len(health(t, f.one, owner)) > 0 }
			}},
			{"change of webhooks", store.KeepChanges, func(t *testing.T) func() bool {
				owner := lasting(t, f)
				put(t, f.one, connection(owner, "sh_1"))
				f.see(t, "sh_1", store.Observed{Listed: &store.Listed{Webhooks: []byte("[]"), Change: []byte("[]")}})
				return func() bool {
					all, err := f.one.ObservationChanges(t.Context(), owner, "sh_1", 9)
					must(t, err)
					return len(all) > 0
				}
			}},
			{"lease", leaseTime, func(t *testing.T) func() bool {
				acquire(t, f.one, "work", "me")
				// Renewing is possible until somebody else acquires it, or it is swept.
				return func() bool { return f.one.RenewLease(t.Context(), "work", "me", leaseTime) == nil }
			}},
			{"count under a limit", 30 * time.Second, func(t *testing.T) func() bool {
				empty(t, f.one, three)
				return func() bool { return wait(t, f.one, three) > 0 }
			}},
		} {
			t.Run(c.name, func(t *testing.T) {
				there := c.put(t)
				f.sweepAt(t, c.after-time.Millisecond)
				same(t, "there before its time", there(), true)
				f.sweepAt(t, c.after)
				same(t, "there after its time", there(), false)
			})
		}
	},

	"an operation 24 hours after its last change": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		started(t, f.one, create(owner, "k", "me"))
		f.clock.move(time.Hour)
		must(t, f.one.RenewOperation(t.Context(), owner, "k", "me", operationLease, false))
		for range 2 { // the session lives on, since the owner's end is another reason
			f.clock.move(11 * time.Hour)
			ownerOf(t, f.one, token)
		}
		f.sweepAt(t, 2*time.Hour-time.Millisecond)
		operationOf(t, f.one, owner, "k")
		f.sweepAt(t, 2*time.Hour)
		_, err := f.one.Operation(t.Context(), owner, "k")
		is(t, "after 24 hours", err, store.ErrNotFound)
	},

	"an operation of a deleted owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		op := started(t, f.one, create(owner, "k", "me"))
		must(t, f.one.DeleteOwner(t.Context(), owner))
		f.sweepAt(t, 24*time.Hour-time.Millisecond)
		must(t, finish(f.one, op, store.StateUnconfirmed, "", ""))
		f.sweepAt(t, 0)
		_, err := f.one.Operation(t.Context(), owner, "k")
		is(t, "when its lease has ended", err, store.ErrNotFound)
	},

	"a busy session after 7 days": func(t *testing.T, f *fixture) {
		_, token := signIn(t, f.one)
		for range 14 {
			f.clock.move(store.SessionIdle - time.Minute)
			ownerOf(t, f.one, token)
		}
		f.sweepAt(t, 14*time.Minute)
		same(t, "owner", ownerOf(t, f.one, token), "")
	},

	"an owner's rows when the last session ends": func(t *testing.T, f *fixture) {
		idle, _ := signIn(t, f.one)
		busy, token := signIn(t, f.one)
		fill(t, f.one, idle, "sh_1")
		fill(t, f.one, busy, "sh_1")
		f.clock.move(time.Hour - time.Millisecond) // as long as flashes live
		ownerOf(t, f.one, token)
		f.sweepAt(t, 0)
		same(t, "idle owner before", has(t, f.one, idle, "sh_1"), everything)
		f.sweepAt(t, store.SessionIdle-time.Hour+time.Millisecond)
		same(t, "idle owner", has(t, f.one, idle, "sh_1"), nothing)
		same(t, "busy owner", has(t, f.one, busy, "sh_1").Connection, true)
	},

	"another environment's too": func(t *testing.T, f *fixture) {
		elsewhere := f.open(sandbox)
		owner, _ := signIn(t, elsewhere)
		put(t, elsewhere, connection(owner, "sh_1"))
		beginActivity(t, elsewhere, activity(owner, "sh_1"))
		must(t, elsewhere.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start.Add(time.Hour)))
		f.sweepAt(t, 400*24*time.Hour)
		same(t, "connections", len(connections(t, elsewhere, owner)), 0)
		same(t, "activities", activities(t, elsewhere, store.ActivityQuery{}).Total, 0)
		same(t, "immutable", len(immutable(t, elsewhere, "sh_1")), 0)
	},

	"of an empty database": func(t *testing.T, f *fixture) {
		must(t, f.one.Sweep(t.Context()))
	},
}

var storeTests = map[string]func(*testing.T, *fixture){
	"can be read": func(t *testing.T, f *fixture) { must(t, f.one.Ping(t.Context())) },

	"a call whose context has ended fails with that": func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		is(t, "ping", f.one.Ping(ctx), context.Canceled)
		is(t, "sweep", f.one.Sweep(ctx), context.Canceled)
	},

	"deletes an owner with all rows": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		other, otherToken := signIn(t, f.one)
		fill(t, f.one, owner, "sh_1")
		fill(t, f.one, other, "sh_1")
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "rows", has(t, f.one, owner, "sh_1"), nothing)
		same(t, "session", ownerOf(t, f.one, token), "")
		same(t, "another's rows", has(t, f.one, other, "sh_1"), everything)
		same(t, "another's session", ownerOf(t, f.one, otherToken), other)
	},
}
