package storetest

import (
	"testing"
	"time"

	"hookwall/internal/store"
)

// ended returns the end of a connection, as it is in the list, with its shop and by its ID. They must agree.
func ended(t tb, s *store.Store, c store.Connection) (bool, store.End) {
	t.Helper()
	listed := connections(t, s, c.Owner)
	recent, _, err := s.RecentConnections(background, c.Owner, nil)
	must(t, err)
	byID, _ := s.ConnectionByID(background, c.ID)
	byShop, _ := s.Connection(background, c.Owner, c.ShopID)
	for what, other := range map[string]store.Connection{"recent": recent[0], "by its shop": byShop, "by its ID": byID} {
		same(t, what, other.Expired, listed[0].Expired)
		same(t, what, other.End, listed[0].End)
	}
	return byID.Expired, byID.End
}

func wantEnd(t tb, s *store.Store, c store.Connection, isEnded bool, want store.End) {
	t.Helper()
	got, end := ended(t, s, c)
	same(t, "ended", got, isEnded)
	same(t, "end", end, want)
}

var endedTests = map[string]func(*testing.T, *fixture){
	"each reason, with its time and code, recorded once": func(t *testing.T, f *fixture) {
		for _, why := range []store.EndReason{
			store.EndUnknown, store.EndNotRenewed, store.EndRejected, store.EndKeyRejected, store.EndTimeUp,
			store.EndDisconnected,
		} {
			owner, _ := signIn(t, f.one)
			c := put(t, f.one, connection(owner, "sh_1"))
			wantEnd(t, f.other, c, false, store.End{})
			f.clock.move(time.Hour)
			end := store.End{At: f.start, Why: why, Code: "invalid_grant"}
			shop := "of " + string(why) + string(owner)
			must(t, f.one.ExpireConnection(t.Context(), c.ID, c.Version, end, activity(owner, shop), activity(owner, shop)))
			at := f.clock.Now()
			f.clock.move(time.Hour)
			again := store.End{Why: store.EndRejected}
			must(t, f.other.ExpireConnection(t.Context(), c.ID, c.Version, again, activity(owner, shop)))
			wantEnd(t, f.other, c, true, store.End{At: at, Why: why, Code: "invalid_grant"})
			rows := activities(t, f.one, store.ActivityQuery{Shop: shop}).Rows
			same(t, "recorded", len(rows), 2)
			same(t, "recorded", []string{rows[0].Outcome, rows[1].Outcome}, []string{"done", "done"})
			same(t, "recorded at", rows[0].StartedAt, at)
		}
	},

	"by another version nothing ends or is recorded": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		end := store.End{Why: store.EndRejected}
		must(t, f.one.ExpireConnection(t.Context(), c.ID, c.Version+1, end, activity(owner, "sh_1")))
		wantEnd(t, f.other, c, false, store.End{})
		same(t, "recorded", activities(t, f.one, store.ActivityQuery{Shop: "sh_1"}).Total, 0)
	},

	"connected again, and ended again": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		must(t, f.one.ExpireConnection(t.Context(), c.ID, c.Version, store.End{Why: store.EndNotRenewed, Code: "a"}))
		f.clock.move(time.Hour)
		c = put(t, f.one, connection(owner, "sh_1"))
		same(t, "kept", c.End, store.End{})
		wantEnd(t, f.one, c, false, store.End{})
		must(t, f.one.ExpireConnection(t.Context(), c.ID, c.Version, store.End{Why: store.EndRejected}))
		wantEnd(t, f.one, c, true, store.End{At: f.clock.Now(), Why: store.EndRejected})
	},

	"renewed although it was marked": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		same(t, "lease", lease(t, f.one, c, "a"), true)
		must(t, f.other.ExpireConnection(t.Context(), c.ID, c.Version, store.End{Why: store.EndRejected}))
		must(t, f.one.FinishRefresh(t.Context(), c.ID, c.Version, "a", []byte("new"), f.start, "scopes"))
		wantEnd(t, f.one, c, false, store.End{})
	},

	"unreadable without its key alone": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		without := f.rekeyed()
		_, err := without.ConnectionByID(t.Context(), c.ID)
		is(t, "read", err, store.ErrWrongKey)
		wantEnd(t, without, c, true, store.End{Why: store.EndUnreadable})
		wantEnd(t, f.one, c, false, store.End{})
		f.clock.move(time.Hour)
		at, end := f.clock.Now(), store.End{Why: store.EndUnreadable}
		for range 2 {
			must(t, without.ExpireConnection(t.Context(), c.ID, c.Version, end, activity(owner, "sh_1")))
			f.clock.move(time.Hour)
		}
		wantEnd(t, without, c, true, store.End{At: at, Why: store.EndUnreadable})
		wantEnd(t, f.one, c, false, store.End{})
		same(t, "recorded", activities(t, f.one, store.ActivityQuery{Shop: "sh_1"}).Total, 1)
		must(t, f.one.ExpireConnection(t.Context(), c.ID, c.Version, store.End{Why: store.EndRejected}))
		wantEnd(t, without, c, true, store.End{At: f.clock.Now(), Why: store.EndRejected})
	},

	"each event is asked about once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		other := put(t, f.one, connection(owner, "sh_2"))
		asks := func(s *store.Store, c store.Connection, minutes int) bool {
			t.Helper()
			is, err := s.AskAboutEvent(t.Context(), c.ID, f.start.Add(time.Duration(minutes)*time.Minute))
			must(t, err)
			return is
		}
		same(t, "first", asks(f.one, c, 10), true)
		same(t, "the same", asks(f.other, c, 10), false)
		same(t, "an older one", asks(f.other, c, 9), false)
		same(t, "another shop's", asks(f.other, other, 9), true)
		same(t, "a newer one", asks(f.other, c, 11), true)
		must(t, f.one.AskAgain(t.Context(), c.ID, f.start.Add(10*time.Minute)))
		same(t, "after another was given back", asks(f.other, c, 11), false)
		must(t, f.one.AskAgain(t.Context(), c.ID, f.start.Add(11*time.Minute)))
		same(t, "after it was given back", asks(f.other, c, 11), true)
		same(t, "without a connection", asks(f.one, store.Connection{ID: "nothing"}, 1), false)
		same(t, "of another environment", asks(f.open(sandbox), c, 99), false)
	},

	"the team has it": func(t *testing.T, f *fixture) {
		team, err := f.one.Team(t.Context())
		must(t, err)
		owner, _ := signIn(t, f.one)
		same(t, "the team", team.IsTeam(), true)
		same(t, "a session", owner.IsTeam(), false)
	},
}
