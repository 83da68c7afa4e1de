package storetest

import (
	"testing"
	"time"

	"hookwall/internal/store"
)

// team returns the team, with a shop that is connected.
func team(t *testing.T, s *store.Store) (store.Owner, store.Connection) {
	t.Helper()
	owner, err := s.Team(t.Context())
	must(t, err)
	return owner, put(t, s, connection(owner, "sh_1"))
}

// unused returns the IDs of the connections that were not used since a time.
func unused(t *testing.T, s *store.Store, before time.Time) []string {
	t.Helper()
	ids, err := s.UnusedConnections(t.Context(), before)
	must(t, err)
	return ids
}

var ownerTests = map[string]func(*testing.T, *fixture){
	"there is one team, whoever asks": func(t *testing.T, f *fixture) {
		owner, _ := team(t, f.one)
		n := f.race(16, func(_ int, s *store.Store) bool {
			again, err := s.Team(t.Context())
			return err == nil && again == owner
		})
		same(t, "askers who got it", n, 16)
	},

	"each environment has its own team": func(t *testing.T, f *fixture) {
		owner, _ := team(t, f.one)
		elsewhere := f.open(sandbox)
		other, err := elsewhere.Team(t.Context())
		must(t, err)
		same(t, "connections elsewhere", len(connections(t, elsewhere, other)), 0)
		same(t, "connections here", len(connections(t, f.other, owner)), 1)
	},

	"a team's connections last without a session": func(t *testing.T, f *fixture) {
		owner, want := team(t, f.one)
		for range 400 {
			f.clock.move(24 * time.Hour)
			must(t, f.other.Sweep(t.Context()))
		}
		got, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)
		same(t, "connection after 400 days", got, want)
		same(t, "owner for background work", liveOwner(t, f.one, "sh_1", ""), owner)
	},

	"no sign-out ends a team": func(t *testing.T, f *fixture) {
		owner, _ := team(t, f.one)
		if err := f.one.DeleteOwner(t.Context(), owner); err == nil {
			t.Fatal("no error")
		}
		v := arrive(t, f.one, "")
		v.session.Values["owner"] = owner
		token := v.save(t)
		end(t, f.one, token)
		must(t, f.one.Sweep(t.Context()))
		same(t, "connections", len(connections(t, f.one, owner)), 1)
	},

	"connections that nobody uses": func(t *testing.T, f *fixture) {
		owner, err := f.one.Team(t.Context())
		must(t, err)
		session, _ := signIn(t, f.one)
		ids := map[string]string{}
		for _, c := range []struct {
			name, shop, way string
			owner           store.Owner
			expires         time.Time
		}{
			{"long unused", "sh_1", "code", owner, f.start.Add(-2 * time.Hour)},
			{"unused", "sh_2", "code", owner, f.start.Add(-time.Hour)},
			{"used just now", "sh_3", "code", owner, f.start.Add(time.Millisecond)},
			{"a key", "sh_4", "apikey", owner, time.Time{}},
			{"not to be renewed", "sh_5", "implicit", owner, f.start.Add(-time.Hour)},
			{"of a session", "sh_6", "code", session, f.start.Add(-time.Hour)},
			{"expired", "sh_7", "code", owner, f.start.Add(-time.Hour)},
		} {
			conn := connection(c.owner, c.shop)
			conn.Way, conn.ExpiresAt = c.way, c.expires
			kept := put(t, f.one, conn)
			ids[c.name] = kept.ID
			if c.name == "expired" {
				must(t, f.one.ExpireConnection(t.Context(), kept.ID, kept.Version, store.End{}))
			}
		}
		same(t, "unused now", unused(t, f.other, f.start), []string{ids["long unused"], ids["unused"]})
		same(t, "unused before", unused(t, f.other, f.start.Add(-3*time.Hour)), nil)
		same(t, "elsewhere", unused(t, f.open(sandbox), f.start), nil)
	},
}

var sessionTimeTests = map[string]func(*testing.T, *fixture){
	"sessions end when the settings say so": func(t *testing.T, f *fixture) {
		s := f.lasting(30*time.Hour, 60*time.Hour)
		idle, life := s.SessionTimes()
		same(t, "idle", idle, 30*time.Hour)
		same(t, "life", life, 60*time.Hour)
		r := arrive(t, s, "")
		must(t, r.session.Save(r.request, r.answer))
		cookie := r.answer.Result().Cookies()[0]
		same(t, "life of the cookie in seconds", cookie.MaxAge, 60*60*60)
		owner := store.OwnerOf(r.session)
		put(t, s, connection(owner, "sh_1"))
		for _, step := range []struct {
			at    time.Duration
			alive bool
		}{
			{29 * time.Hour, true}, {58 * time.Hour, true}, {60*time.Hour - time.Millisecond, true}, {60 * time.Hour, false},
		} {
			f.clock.move(f.start.Add(step.at).Sub(f.clock.Now()))
			must(t, s.Sweep(t.Context()))
			same(t, "alive after "+step.at.String(), ownerOf(t, s, cookie.Value) == owner, step.alive)
			same(t, "connections after "+step.at.String(), len(connections(t, s, owner)) == 1, step.alive)
		}
		_, token := signIn(t, f.one)
		f.clock.move(30*time.Hour - time.Millisecond)
		same(t, "ended by idling, a moment before", ownerOf(t, s, token) != "", true)
		f.clock.move(30 * time.Hour)
		same(t, "ended by idling", ownerOf(t, s, token), "")
	},
}
