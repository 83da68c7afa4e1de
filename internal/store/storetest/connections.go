package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hookwall/internal/store"
)

// connection returns one with every field set that PutConnection stores.
func connection(owner store.Owner, shop string) store.Connection {
	return store.Connection{
		Owner: owner, ShopID: shop, ShopName: "Shop " + shop, ShopDomain: shop + ".example", Way: "code",
		Credential: []byte("credential of " + string(owner) + " for " + shop), Hint: "…1234",
		Scopes: "webhook_write webhook_read", ExpiresAt: time.Date(2026, 11, 23, 8, 5, 0, 0, time.UTC),
	}
}

func put(t tb, s *store.Store, c store.Connection) store.Connection {
	t.Helper()
	kept, err := s.PutConnection(background, c)
	must(t, err)
	return kept
}

func connections(t tb, s *store.Store, owner store.Owner) []store.Connection {
	t.Helper()
	list, err := s.Connections(background, owner)
	must(t, err)
	return list
}

// is fails unless err is want.
func is(t tb, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error %v, want %v", what, err, want)
	}
}

var connectionTests = map[string]func(*testing.T, *fixture){
	"the recent ones, then the newest others": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(other, "sh_1"))
		for _, id := range []string{"sh_1", "sh_2", "sh_3", "sh_4", "sh_5", "sh_6", "sh_7"} {
			put(t, f.one, connection(owner, id))
			f.clock.move(time.Second)
		}
		for _, row := range []struct {
			owner  store.Owner
			recent []string
			want   []string
			total  int
		}{
			{owner, nil, []string{"sh_7", "sh_6", "sh_5", "sh_4", "sh_3"}, 7},
			{owner, []string{"sh_2", "sh_6"}, []string{"sh_2", "sh_6", "sh_7", "sh_5", "sh_4"}, 7},
			{owner, []string{"gone", "sh_1", "' OR 1=1"}, []string{"sh_1", "sh_7", "sh_6", "sh_5", "sh_4"}, 7},
			{
				owner,
				[]string{"sh_1", "sh_2", "sh_3", "sh_4", "sh_5", "sh_6"},
				[]string{"sh_1", "sh_2", "sh_3", "sh_4", "sh_5"},
				7,
			},
			{other, []string{"sh_2"}, []string{"sh_1"}, 1},
			{"nobody", []string{"sh_2"}, nil, 0},
		} {
			list, total, err := f.other.RecentConnections(t.Context(), row.owner, row.recent)
			must(t, err)
			var got []string
			for _, c := range list {
				got = append(got, c.ShopID)
			}
			same(t, "recent", got, row.want)
			same(t, "total", total, row.total)
		}
	},

	"kept with every field": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		given := connection(owner, "sh_1")
		kept := put(t, f.one, given)
		want := given
		want.ID, want.Version, want.CreatedAt = kept.ID, 1, f.start
		same(t, "kept", kept, want)
		if kept.ID == "" {
			t.Fatal("no ID was made")
		}
		got, err := f.other.Connection(t.Context(), owner, "sh_1")
		must(t, err)
		same(t, "by shop", got, want)
		got, err = f.other.ConnectionByID(t.Context(), kept.ID)
		must(t, err)
		same(t, "by ID", got, want)
		want.Credential = nil
		same(t, "listed", connections(t, f.other, owner), []store.Connection{want})
	},

	"without an end, and with a credential of real size": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := connection(owner, "sh_1")
		c.ExpiresAt, c.Credential = time.Time{}, []byte(strings.Repeat("0123456789abcdef", 4096))
		put(t, f.one, c)
		got, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)
		same(t, "end", got.ExpiresAt, time.Time{})
		same(t, "credential", string(got.Credential), string(c.Credential))
	},

	"listed by name": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for shop, name := range map[string]string{"sh_1": "beta", "sh_2": "Alpha", "sh_3": "Gamma", "sh_0": "gamma"} {
			c := connection(owner, shop)
			c.ShopName = name
			put(t, f.one, c)
		}
		var names []string
		for _, c := range connections(t, f.one, owner) {
			names = append(names, c.ShopName)
		}
		same(t, "names", names, []string{"Alpha", "beta", "gamma", "Gamma"})
	},

	"an owner without shops": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		same(t, "connections", len(connections(t, f.one, owner)), 0)
	},

	"connected again": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		first := put(t, f.one, connection(owner, "sh_1"))
		must(t, f.one.ExpireConnection(t.Context(), first.ID, first.Version, store.End{}))
		f.clock.move(time.Minute)
		c := store.Connection{
			Owner: owner, ShopID: "sh_1", ShopName: "New name", ShopDomain: "new.example", Way: "apikey",
			Credential: []byte("another"), Hint: "…9", Scopes: "all",
		}
		kept := put(t, f.one, c)
		want := c
		want.ID, want.Version, want.CreatedAt = first.ID, 2, f.start
		same(t, "kept", kept, want)
		got, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)
		same(t, "read", got, want)
	},

	"recorded with what is done": func(t *testing.T, f *fixture) {
		for name, do := range map[string]func(owner store.Owner, done ...store.Activity) error{
			"connected": func(owner store.Owner, done ...store.Activity) error {
				_, err := f.one.PutConnection(t.Context(), connection(owner, "sh_1"), done...)
				return err
			},
			"disconnected": func(owner store.Owner, done ...store.Activity) error {
				return f.one.DeleteConnection(t.Context(), owner, "sh_1", done...)
			},
			"signed out": func(owner store.Owner, done ...store.Activity) error {
				return f.one.DeleteOwner(t.Context(), owner, done...)
			},
		} {
			owner, _ := signIn(t, f.one)
			first, second := activity(owner, name), activity(owner, name)
			first.Status, first.EndedAt, first.Outcome, first.Code = 200, f.start.Add(time.Hour), "unclear", "CODE"
			must(t, do(owner, first, second))
			rows := activities(t, f.other, store.ActivityQuery{Shop: name}).Rows
			for i, status := range []int{0, 200} {
				want := activity(owner, name)
				want.ID, want.Outcome, want.Status, want.StartedAt, want.EndedAt = rows[i].ID, "done", status, f.start, f.start
				same(t, name, rows[i], want)
			}
			same(t, name+": number", len(rows), 2)
		}
		same(t, "due", due(t, f.one, 0), nil)
		_, err := f.one.PutConnection(t.Context(), connection("nobody", "sh_1"), activity("nobody", "nothing"))
		is(t, "deleted owner", err, store.ErrNotFound)
		same(t, "recorded for a deleted owner", activities(t, f.one, store.ActivityQuery{Shop: "nothing"}).Total, 0)
	},

	"not found": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		stranger, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		_, err := f.one.Connection(t.Context(), owner, "sh_2")
		is(t, "another shop", err, store.ErrNotFound)
		_, err = f.one.Connection(t.Context(), stranger, "sh_1")
		is(t, "another owner", err, store.ErrNotFound)
		_, err = f.one.ConnectionByID(t.Context(), "nothing")
		is(t, "another ID", err, store.ErrNotFound)
	},

	"nothing is stored for a deleted owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		must(t, f.one.DeleteOwner(t.Context(), owner))
		_, err := f.one.PutConnection(t.Context(), connection(owner, "sh_1"))
		is(t, "put", err, store.ErrNotFound)
		same(t, "connections", len(connections(t, f.one, owner)), 0)
	},

	"deleted with all that belongs to the shop": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		for _, o := range []store.Owner{owner, other} {
			fill(t, f.one, o, "sh_1")
			fill(t, f.one, o, "sh_12") // begins like the shop
			fill(t, f.one, o, "shx1")  // sh_1 is a pattern that matches it
		}
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		same(t, "the shop", has(t, f.one, owner, "sh_1"), nothing)
		same(t, "a shop of a longer name", has(t, f.one, owner, "sh_12"), everything)
		same(t, "a shop of a similar name", has(t, f.one, owner, "shx1"), everything)
		same(t, "the shop for another owner", has(t, f.one, other, "sh_1"), everything)
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
	},

	"deleted and connected again is another connection": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		first := put(t, f.one, connection(owner, "sh_1"))
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		if second := put(t, f.one, connection(owner, "sh_1")); second.ID == first.ID {
			t.Fatal("the same ID")
		}
	},

	"expired": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		other := put(t, f.one, connection(owner, "sh_2"))
		must(t, f.one.ExpireConnection(t.Context(), c.ID, c.Version+1, store.End{}))
		same(t, "by another version", expired(t, f.one, c.ID), false)
		must(t, f.one.ExpireConnection(t.Context(), c.ID, c.Version, store.End{}))
		same(t, "by its version", expired(t, f.other, c.ID), true)
		same(t, "another shop", expired(t, f.other, other.ID), false)
		must(t, f.one.ExpireConnection(t.Context(), "nothing", 1, store.End{}))
	},
}

func expired(t tb, s *store.Store, id string) bool {
	t.Helper()
	c, err := s.ConnectionByID(background, id)
	must(t, err)
	return c.Expired
}

// lease asks for a lease of 15 seconds and fails on an error.
func lease(t tb, s *store.Store, c store.Connection, holder string) bool {
	t.Helper()
	ok, err := s.LeaseRefresh(background, c.ID, c.Version, holder, leaseTime)
	must(t, err)
	return ok
}

const leaseTime = 15 * time.Second

var refreshTests = map[string]func(*testing.T, *fixture){
	"one of many gets the lease": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		won := f.race(50, func(i int, s *store.Store) bool { return lease(t, s, c, strings.Repeat("x", i+1)) })
		same(t, "leases", won, 1)
	},

	"a lease ends with its time": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		same(t, "first", lease(t, f.one, c, "a"), true)
		same(t, "again by the holder", lease(t, f.one, c, "a"), false)
		f.clock.move(leaseTime - time.Millisecond)
		same(t, "before its end", lease(t, f.other, c, "b"), false)
		f.clock.move(time.Millisecond)
		same(t, "at its end", lease(t, f.other, c, "b"), true)
	},

	"no lease for what is not current": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		for name, asked := range map[string]store.Connection{
			"an older version": {ID: c.ID, Version: c.Version - 1},
			"a later version":  {ID: c.ID, Version: c.Version + 1},
			"another ID":       {ID: "nothing", Version: c.Version},
		} {
			same(t, name, lease(t, f.one, asked, "a"), false)
		}
		must(t, f.one.ExpireConnection(t.Context(), c.ID, c.Version, store.End{}))
		same(t, "an expired connection", lease(t, f.one, c, "a"), false)
		_, err := f.one.LeaseRefresh(t.Context(), c.ID, c.Version, "", leaseTime)
		if err == nil {
			t.Fatal("a lease for nobody")
		}
	},

	"finished": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		lease(t, f.one, c, "a")
		end := f.start.Add(time.Hour)
		must(t, f.one.FinishRefresh(t.Context(), c.ID, c.Version, "a", []byte("fresh"), end, "webhook_read"))
		want := c
		want.Credential, want.ExpiresAt, want.Scopes, want.Version = []byte("fresh"), end, "webhook_read", c.Version+1
		got, err := f.other.ConnectionByID(t.Context(), c.ID)
		must(t, err)
		same(t, "refreshed", got, want)
		same(t, "a late waiter's lease", lease(t, f.other, c, "b"), false)
		same(t, "the next lease", lease(t, f.other, got, "b"), true)
	},

	"not finished without the lease": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		finish := func(id string, version int64, holder string) error {
			return f.other.FinishRefresh(t.Context(), id, version, holder, []byte("fresh"), time.Time{}, "")
		}
		is(t, "without any lease", finish(c.ID, c.Version, "a"), store.ErrLeaseLost)
		is(t, "nobody, without any lease", finish(c.ID, c.Version, ""), store.ErrLeaseLost)
		lease(t, f.one, c, "a")
		is(t, "another holder", finish(c.ID, c.Version, "b"), store.ErrLeaseLost)
		is(t, "another version", finish(c.ID, c.Version+1, "a"), store.ErrLeaseLost)
		is(t, "another ID", finish("nothing", c.Version, "a"), store.ErrLeaseLost)
		got, err := f.one.ConnectionByID(t.Context(), c.ID)
		must(t, err)
		same(t, "connection", got, c)
	},

	"finished late, when nobody else took the lease": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		lease(t, f.one, c, "a")
		f.clock.move(time.Hour)
		must(t, f.one.FinishRefresh(t.Context(), c.ID, c.Version, "a", []byte("fresh"), time.Time{}, ""))
	},

	"not finished after another took the lease": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		lease(t, f.one, c, "a")
		f.clock.move(leaseTime)
		lease(t, f.other, c, "b")
		err := f.one.FinishRefresh(t.Context(), c.ID, c.Version, "a", []byte("fresh"), time.Time{}, "")
		is(t, "finish", err, store.ErrLeaseLost)
		must(t, f.other.FinishRefresh(t.Context(), c.ID, c.Version, "b", []byte("fresh"), time.Time{}, ""))
	},

	"not finished over a new sign-in": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		lease(t, f.one, c, "a")
		again := put(t, f.one, connection(owner, "sh_1"))
		err := f.one.FinishRefresh(t.Context(), c.ID, c.Version, "a", []byte("stale"), time.Time{}, "")
		is(t, "finish", err, store.ErrLeaseLost)
		same(t, "lease of the new version", lease(t, f.one, again, "b"), true)
	},

	"finished although the connection was marked as expired": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		lease(t, f.one, c, "a")
		must(t, f.other.ExpireConnection(t.Context(), c.ID, c.Version, store.End{}))
		must(t, f.one.FinishRefresh(t.Context(), c.ID, c.Version, "a", []byte("fresh"), time.Time{}, ""))
		same(t, "expired", expired(t, f.one, c.ID), false)
	},

	"released": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		lease(t, f.one, c, "a")
		must(t, f.other.ReleaseRefresh(t.Context(), c.ID, "b"))
		same(t, "after another's release", lease(t, f.one, c, "c"), false)
		must(t, f.other.ReleaseRefresh(t.Context(), c.ID, "a"))
		got, err := f.one.ConnectionByID(t.Context(), c.ID)
		must(t, err)
		same(t, "connection", got, c)
		same(t, "after the holder's release", lease(t, f.one, c, "c"), true)
	},

	"fifty waiters, one refresh": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		c := put(t, f.one, connection(owner, "sh_1"))
		refreshes := f.race(50, func(i int, s *store.Store) bool {
			holder := strings.Repeat("x", i+1)
			if !lease(t, s, c, holder) {
				return false
			}
			must(t, s.FinishRefresh(t.Context(), c.ID, c.Version, holder, []byte("fresh"), time.Time{}, ""))
			return true
		})
		same(t, "refreshes", refreshes, 1)
		got, err := f.one.ConnectionByID(t.Context(), c.ID)
		must(t, err)
		same(t, "version", got.Version, c.Version+1)
	},
}

// liveOwner returns the owner of the connection that LiveConnection finds, "" if there is none.
func liveOwner(t tb, s *store.Store, shop string, prefer store.Owner) store.Owner {
	t.Helper()
	c, err := s.LiveConnection(background, shop, prefer)
	if !found(t, err) {
		same(t, "connection beside the error", c, store.Connection{})
	}
	return c.Owner
}

var liveConnectionTests = map[string]func(*testing.T, *fixture){
	"found with every field": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		want := put(t, f.one, connection(owner, "sh_1"))
		for _, prefer := range []store.Owner{owner, "nobody", ""} {
			got, err := f.other.LiveConnection(t.Context(), "sh_1", prefer)
			must(t, err)
			same(t, "connection", got, want)
		}
		same(t, "another shop's", liveOwner(t, f.one, "sh_2", owner), "")
	},

	"the preferred owner's, otherwise the newest": func(t *testing.T, f *fixture) {
		var owners []store.Owner
		var kept []store.Connection
		for range 3 {
			owner, _ := signIn(t, f.one)
			owners = append(owners, owner)
			kept = append(kept, put(t, f.one, connection(owner, "sh_1")))
			f.clock.move(time.Minute)
		}
		for _, owner := range owners {
			same(t, "preferred", liveOwner(t, f.one, "sh_1", owner), owner)
		}
		same(t, "newest", liveOwner(t, f.one, "sh_1", ""), owners[2])
		must(t, f.one.ExpireConnection(t.Context(), kept[0].ID, kept[0].Version, store.End{}))
		same(t, "when the preferred is expired", liveOwner(t, f.one, "sh_1", owners[0]), owners[2])
		must(t, f.one.DeleteConnection(t.Context(), owners[2], "sh_1"))
		same(t, "when the newest is gone", liveOwner(t, f.one, "sh_1", owners[0]), owners[1])
		must(t, f.one.ExpireConnection(t.Context(), kept[1].ID, kept[1].Version, store.End{}))
		same(t, "when all are expired", liveOwner(t, f.one, "sh_1", owners[0]), "")
	},

	"while a session of its owner lives": func(t *testing.T, f *fixture) {
		idle, _ := signIn(t, f.one)
		put(t, f.one, connection(idle, "sh_1"))
		f.clock.move(time.Hour)
		busy, token := signIn(t, f.one)
		put(t, f.one, connection(busy, "sh_1"))
		f.clock.move(store.SessionIdle - time.Hour - time.Millisecond)
		same(t, "before the session's end", liveOwner(t, f.one, "sh_1", idle), idle)
		f.clock.move(time.Millisecond)
		same(t, "after it, not swept yet", liveOwner(t, f.one, "sh_1", idle), busy)
		ownerOf(t, f.one, token)
		for f.clock.Now().Before(f.start.Add(time.Hour + store.SessionLife - 6*time.Hour)) {
			f.clock.move(6 * time.Hour)
			ownerOf(t, f.one, token)
		}
		f.clock.move(f.start.Add(time.Hour + store.SessionLife - time.Millisecond).Sub(f.clock.Now()))
		same(t, "before 7 days", liveOwner(t, f.one, "sh_1", ""), busy)
		f.clock.move(time.Millisecond)
		same(t, "after 7 days", liveOwner(t, f.one, "sh_1", ""), "")
	},
}
