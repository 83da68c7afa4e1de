package storetest

import (
	"testing"
	"time"

	"hookwall/internal/store"
)

// jumps are how far the clock of the database was moved for one process, while another one still has its former time.
var jumps = []time.Duration{10 * time.Minute, 2 * time.Hour, -10 * time.Minute, -2 * time.Hour}

var clockTests = map[string]func(*testing.T, *fixture){
	"leases last as long after a jump of the clock": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, jump := range jumps {
			jumped := f.ahead(jump)
			name := jump.String()
			conn := put(t, f.one, store.Connection{Owner: owner, ShopID: name})
			old := started(t, f.one, change(owner, name, "me"))
			seen := operationOf(t, jumped, owner, name)
			same(t, "left after "+name, seen.LeaseLeft(), operationLease)
			acquire(t, f.one, name, "me")
			same(t, "refresh", lease(t, f.one, conn, "me"), true)
			must(t, jumped.Sweep(t.Context()))

			f.clock.move(operationLease - time.Millisecond)
			same(t, "other operation after "+name, start(t, jumped, change(owner, name+" other", "you")),
				store.Start{RetryAfter: time.Millisecond})
			same(t, "restarted after "+name, restart(t, jumped, seen, old).RetryAfter, time.Millisecond)
			f.clock.move(leaseTime - operationLease)
			same(t, "lease after "+name, acquire(t, jumped, name, "you"), false)
			same(t, "refresh after "+name, lease(t, jumped, conn, "you"), false)

			f.clock.move(time.Millisecond)
			other := start(t, jumped, change(owner, name+" other", "you"))
			same(t, "other operation at the end after "+name, other.Started, true)
			same(t, "lease at the end after "+name, acquire(t, jumped, name, "you"), true)
			same(t, "refresh at the end after "+name, lease(t, jumped, conn, "you"), true)
			f.clock.move(time.Hour)
		}
	},

	"ages are right after a jump of the clock": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for _, jump := range jumps {
			name := jump.String()
			jumped := f.ahead(jump)
			started(t, f.one, create(owner, name, "me"))
			beginActivity(t, f.one, store.Activity{Shop: name, Action: "create"})
			f.clock.move(5 * time.Second)
			op := operationOf(t, jumped, owner, name)
			same(t, "since the start after "+name, op.SinceStart(), 5*time.Second)
			same(t, "since the change after "+name, op.SinceChange(), 5*time.Second)
			open, err := jumped.OpenActivities(t.Context(), name, "create", jumped.Now().Add(-6*time.Second))
			must(t, err)
			if len(open) != 1 || open[0].Age() != 5*time.Second {
				t.Fatalf("after %s: %+v", name, open)
			}
		}
	},
}
