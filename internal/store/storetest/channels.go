package storetest

import (
	"errors"
	"testing"
	"time"

	"hookwall/internal/store"
)

// channel returns one with every field set that PutChannel stores.
func channel(owner store.Owner, client string) store.Channel {
	return store.Channel{
		Owner: owner, ChannelID: "ch_" + client, ClientID: client, Name: "Agency " + client,
		Credential: []byte("secret of " + client), ExpiresAt: time.Date(2026, 11, 23, 8, 5, 0, 0, time.UTC),
	}
}

func putChannel(t tb, s *store.Store, c store.Channel) store.Channel {
	t.Helper()
	kept, err := s.PutChannel(background, c)
	must(t, err)
	return kept
}

// ofChannel returns connections to shops, as AddConnections stores them.
func ofChannel(shops ...string) (list []store.Connection) {
	for _, id := range shops {
		list = append(list, store.Connection{
			ShopID: id, ShopName: "Shop " + id, Way: "channel", Credential: []byte("{}"), Hint: "Agency",
		})
	}
	return list
}

// add stores connections of a channel, with an activity for each, and returns their shops.
func add(t tb, s *store.Store, c store.Channel, shops ...string) (added []string) {
	t.Helper()
	list, err := s.AddConnections(background, c, ofChannel(shops...), recordAs("connected"))
	must(t, err)
	for _, conn := range list {
		added = append(added, conn.ShopID)
	}
	return added
}

func recordAs(action string) func(store.Connection) ([]store.Activity, error) {
	return func(c store.Connection) ([]store.Activity, error) {
		a := activity(c.Owner, c.ShopID)
		a.Action = action
		return []store.Activity{a}, nil
	}
}

// channelEnd is why a channel and its connections end.
var channelEnd = store.End{Why: store.EndChannelRejected, Code: "invalid_client"}

func leaseChannel(t tb, s *store.Store, c store.Channel, holder string) bool {
	t.Helper()
	ok, err := s.LeaseChannel(background, c.ID, c.Version, holder, 10*time.Second)
	must(t, err)
	return ok
}

func teamOwner(t *testing.T, s *store.Store) store.Owner {
	t.Helper()
	owner, err := s.Team(t.Context())
	must(t, err)
	return owner
}

var channelTests = map[string]func(*testing.T, *fixture){
	"kept with every field, and replaced": func(t *testing.T, f *fixture) {
		given := channel(teamOwner(t, f.one), "channel.a")
		kept := putChannel(t, f.one, given)
		want := given
		want.ID, want.Version, want.CreatedAt = kept.ID, 1, f.start
		same(t, "kept", kept, want)
		got, err := f.other.Channel(t.Context(), given.Owner, kept.ID)
		must(t, err)
		same(t, "read", got, want)
		must(t, f.one.ExpireChannel(t.Context(), kept.ID, 1, channelEnd, recordAs("ended")))
		f.clock.move(time.Minute)
		again := given
		again.Name, again.Credential, again.ExpiresAt = "Renamed", []byte("new secret"), time.Time{}
		want = again
		want.ID, want.Version, want.CreatedAt = kept.ID, 2, f.start
		same(t, "replaced", putChannel(t, f.other, again), want)
		got, err = f.one.ChannelByID(t.Context(), kept.ID)
		must(t, err)
		same(t, "by ID", got, want)
		putChannel(t, f.one, channel(given.Owner, "channel.b"))
		list, err := f.one.Channels(t.Context(), given.Owner)
		must(t, err)
		want.Credential = nil
		same(t, "first of the list", list[0], want)
		same(t, "list", len(list), 2)
	},

	"not found": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		kept := putChannel(t, f.one, channel(owner, "channel.a"))
		other, _ := signIn(t, f.one)
		_, err := f.one.Channel(t.Context(), other, kept.ID)
		is(t, "of another owner", err, store.ErrNotFound)
		_, err = f.open(sandbox).ChannelByID(t.Context(), kept.ID)
		is(t, "in another environment", err, store.ErrNotFound)
		_, err = f.one.ChannelByID(t.Context(), "")
		is(t, "without an ID", err, store.ErrNotFound)
		_, err = f.one.PutChannel(t.Context(), channel("nobody", "channel.a"))
		is(t, "for nobody", err, store.ErrNotFound)
		_, err = f.one.AddConnections(t.Context(), store.Channel{ID: "gone", Owner: owner}, ofChannel("sh_1"), recordAs("x"))
		is(t, "shops of a channel that is gone", err, store.ErrNotFound)
		same(t, "connections", len(connections(t, f.one, owner)), 0)
	},

	"its shops, but those that the owner has": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		c := putChannel(t, f.one, channel(owner, "channel.a"))
		own := put(t, f.one, connection(owner, "sh_1"))
		ended := put(t, f.one, connection(owner, "sh_2"))
		must(t, f.one.ExpireConnection(t.Context(), ended.ID, ended.Version, store.End{}))
		same(t, "added", add(t, f.one, c, "sh_1", "sh_2", "sh_3"), []string{"sh_2", "sh_3"})
		same(t, "added again", add(t, f.other, c, "sh_1", "sh_2", "sh_3"), []string(nil))
		for shop, n := range map[string]int{"sh_1": 0, "sh_2": 1, "sh_3": 1} {
			same(t, "recorded for "+shop, recorded(t, f.one, shop, ""), n)
		}
		got, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)
		same(t, "the owner's", got, own)
		got, err = f.one.Connection(t.Context(), owner, "sh_2")
		must(t, err)
		want := ofChannel("sh_2")[0]
		want.ID, want.Owner, want.Channel, want.Version, want.CreatedAt = ended.ID, owner, c.ID, 2, f.start
		same(t, "the ended one", got, want)
		// Another way takes a shop out of the channel.
		put(t, f.one, connection(owner, "sh_3"))
		deleted, err := f.one.DeleteChannel(t.Context(), owner, c.ID, recordAs("gone"), activity(owner, "(team)"))
		must(t, err)
		same(t, "deleted", len(deleted), 1)
		same(t, "left", len(connections(t, f.one, owner)), 2)
	},

	"each shop is added once": func(t *testing.T, f *fixture) {
		for range rounds {
			owner := teamOwner(t, f.one)
			c := putChannel(t, f.one, channel(owner, "channel.a"))
			added := f.race(8, func(_ int, s *store.Store) bool { return len(add(t, s, c, "sh_1", "sh_2")) > 0 })
			same(t, "added by", added, 1)
			_, err := f.one.DeleteChannel(t.Context(), owner, c.ID, recordAs("gone"))
			must(t, err)
		}
		same(t, "recorded", recorded(t, f.one, "sh_1", ""), 2*rounds)
	},

	// A shop that is added while the channel ends is not left usable, nor without a reason.
	"added while it ends": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		for range rounds {
			c := putChannel(t, f.one, channel(owner, "channel.a"))
			f.race(4, func(i int, s *store.Store) bool {
				if i == 0 {
					must(t, s.ExpireChannel(background, c.ID, c.Version, channelEnd, recordAs("ended")))
					return true
				}
				_, err := s.AddConnections(background, c, ofChannel("sh_1", "sh_2", "sh_3"), recordAs("connected"))
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					must(t, err)
				}
				return err == nil
			})
			for _, conn := range connections(t, f.one, owner) {
				same(t, "ended because of", conn.End.Why, store.EndChannelRejected)
			}
			_, err := f.one.DeleteChannel(t.Context(), owner, c.ID, recordAs("gone"))
			must(t, err)
		}
	},

	"deleted with all of its shops": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		c, other := putChannel(t, f.one, channel(owner, "channel.a")), putChannel(t, f.one, channel(owner, "channel.b"))
		add(t, f.one, c, "sh_1", "sh_2")
		add(t, f.one, other, "sh_3")
		fill(t, f.one, owner, "sh_4") // which no channel has
		for range 2 {
			_, err := f.other.DeleteChannel(t.Context(), owner, c.ID, recordAs("gone"), activity(owner, "(team)"))
			must(t, err)
		}
		var left []string
		for _, conn := range connections(t, f.one, owner) {
			left = append(left, conn.ShopID)
		}
		same(t, "left", left, []string{"sh_3", "sh_4"})
		same(t, "recorded", []int{recorded(t, f.one, "sh_1", ""), recorded(t, f.one, "(team)", "")}, []int{2, 1})
		_, err := f.one.AddConnections(t.Context(), c, ofChannel("sh_1"), recordAs("x"))
		is(t, "a shop afterwards", err, store.ErrNotFound)
		_, err = f.one.DeleteChannel(t.Context(), owner, "", recordAs("gone"))
		must(t, err)
		same(t, "left by none", len(connections(t, f.one, owner)), 2)
	},

	"ends with all of its shops": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		c, other := putChannel(t, f.one, channel(owner, "channel.a")), putChannel(t, f.one, channel(owner, "channel.b"))
		add(t, f.one, c, "sh_1", "sh_2")
		add(t, f.one, other, "sh_3")
		put(t, f.one, connection(owner, "sh_4"))
		must(t, f.one.ExpireChannel(t.Context(), c.ID, c.Version+1, channelEnd, recordAs("ended")))
		must(t, f.open(sandbox).ExpireChannel(t.Context(), c.ID, c.Version, channelEnd, recordAs("ended")))
		ended := func() (list []string) {
			for _, conn := range connections(t, f.one, owner) {
				if conn.Expired {
					list = append(list, conn.ShopID)
				}
			}
			return list
		}
		same(t, "ended by another version or environment", ended(), []string(nil))
		must(t, f.other.ExpireChannel(t.Context(), c.ID, c.Version, channelEnd, recordAs("ended")))
		same(t, "ended", ended(), []string{"sh_1", "sh_2"})
		for _, conn := range connections(t, f.one, owner)[:2] {
			same(t, "why "+conn.ShopID, conn.End, store.End{At: f.clock.Now(), Why: channelEnd.Why, Code: channelEnd.Code})
			same(t, "recorded for "+conn.ShopID, recorded(t, f.one, conn.ShopID, "ended"), 1)
		}
		same(t, "lease", leaseChannel(t, f.one, c, "a"), false)
		_, err := f.one.AddConnections(t.Context(), c, ofChannel("sh_5"), recordAs("x"))
		is(t, "a shop afterwards", err, store.ErrNotFound)
	},

	"one of many renews": func(t *testing.T, f *fixture) {
		c := putChannel(t, f.one, channel(teamOwner(t, f.one), "channel.a"))
		won := f.race(16, func(i int, s *store.Store) bool { return leaseChannel(t, s, c, string(rune('a'+i))) })
		same(t, "leases", won, 1)
		f.clock.move(time.Hour)
		same(t, "after its end", leaseChannel(t, f.other, c, "next"), true)
		expires := f.clock.Now().Add(5 * time.Minute)
		err := f.one.FinishChannel(t.Context(), c.ID, c.Version, "late", []byte("x"), expires)
		is(t, "by another", err, store.ErrLeaseLost)
		must(t, f.one.FinishChannel(t.Context(), c.ID, c.Version, "next", []byte("renewed"), expires))
		got, err := f.other.ChannelByID(t.Context(), c.ID)
		must(t, err)
		want := c
		want.Credential, want.ExpiresAt, want.Version = []byte("renewed"), expires, 2
		same(t, "renewed", got, want)
		same(t, "the old version", leaseChannel(t, f.one, c, "a"), false)
		same(t, "the new version", leaseChannel(t, f.one, got, "a"), true)
		must(t, f.one.ReleaseChannel(t.Context(), c.ID, "b"))
		same(t, "released by another", leaseChannel(t, f.other, got, "b"), false)
		must(t, f.one.ReleaseChannel(t.Context(), c.ID, "a"))
		same(t, "released", leaseChannel(t, f.other, got, "b"), true)
		putChannel(t, f.one, channel(c.Owner, c.ClientID))
		err = f.other.FinishChannel(t.Context(), c.ID, 2, "b", []byte("x"), expires)
		is(t, "connected again meanwhile", err, store.ErrLeaseLost)
		err = f.other.FinishChannel(t.Context(), "gone", 2, "b", []byte("x"), expires)
		is(t, "gone", err, store.ErrLeaseLost)
		_, err = f.one.LeaseChannel(t.Context(), c.ID, 3, "", time.Second)
		if err == nil {
			t.Fatal("a lease without a holder")
		}
	},
}
