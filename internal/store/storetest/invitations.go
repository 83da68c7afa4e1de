package storetest

import (
	"fmt"
	"testing"
	"time"

	"hookwall/internal/store"
)

// invitation is one for any shop, for a week.
func invitation(f *fixture, id string) store.Invitation {
	now := f.clock.Now()
	return store.Invitation{
		ID: id, Domain: id + ".example", ByPerson: "person", By: "Ann", CreatedAt: now,
		ExpiresAt: now.Add(7 * 24 * time.Hour),
	}
}

// invite stores an invitation, whose token is "token of " and its ID.
func invite(t *testing.T, f *fixture, id string) store.Invitation {
	t.Helper()
	_, err := f.one.Team(t.Context())
	must(t, err)
	in := invitation(f, id)
	must(t, f.one.PutInvitation(t.Context(), in, "token of "+id, store.Activity{Shop: "people", Action: "invite"}))
	return in
}

// accept spends an invitation for a shop. The receipt's token is "receipt of " and the invitation's ID.
func accept(s *store.Store, id, shop string) (store.Connection, error) {
	return s.AcceptInvitation(background, store.Acceptance{Token: "token of " + id, Receipt: "receipt of " + id},
		connection("team", shop), store.Activity{Shop: shop, Action: "accept"})
}

// theInvitation returns the invitation a.
func theInvitation(t *testing.T, s *store.Store) store.Invitation {
	t.Helper()
	in, err := s.Invitation(t.Context(), "token of a")
	must(t, err)
	return in
}

func theReceipt(t *testing.T, s *store.Store, id string) store.Invitation {
	t.Helper()
	in, err := s.InvitationByReceipt(t.Context(), "receipt of "+id)
	must(t, err)
	return in
}

// recorded returns how many activities a shop has with an action, "" for any.
func recorded(t *testing.T, s *store.Store, shop, action string) int {
	t.Helper()
	return activities(t, s, store.ActivityQuery{Shop: shop, Action: action}).Total
}

var invitationTests = map[string]func(*testing.T, *fixture){
	"is found by its token alone": func(t *testing.T, f *fixture) {
		want := invite(t, f, "a")
		same(t, "invitation", theInvitation(t, f.other), want)
		same(t, "recorded", recorded(t, f.one, "people", "invite"), 1)
		for _, token := range []string{"", "a", "token of b", "TOKEN OF a", "token of a ", "' OR 1=1 --"} {
			_, err := f.one.Invitation(t.Context(), token)
			is(t, token, err, store.ErrNotFound)
			_, err = f.one.InvitationByReceipt(t.Context(), token)
			is(t, "receipt "+token, err, store.ErrNotFound)
		}
		_, err := f.open(sandbox).Invitation(t.Context(), "token of a")
		is(t, "elsewhere", err, store.ErrNotFound)
	},

	"one form makes one": func(t *testing.T, f *fixture) {
		want := invite(t, f, "a")
		n := f.race(8, func(i int, s *store.Store) bool {
			return s.PutInvitation(background, invitation(f, "b"), fmt.Sprint(i)) == nil
		})
		same(t, "that were stored", n, 1)
		is(t, "again", f.other.PutInvitation(t.Context(), invitation(f, "a"), "another",
			store.Activity{Shop: "people", Action: "invite"}), store.ErrFinished)
		same(t, "invitation", theInvitation(t, f.one), want)
		same(t, "recorded", recorded(t, f.one, "people", "invite"), 1)
		_, err := f.one.Invitation(t.Context(), "another")
		is(t, "the second token", err, store.ErrNotFound)
	},

	"the list has the newest first": func(t *testing.T, f *fixture) {
		old := invite(t, f, "a")
		f.clock.move(time.Hour)
		recent := invite(t, f, "b")
		all, err := f.other.Invitations(t.Context())
		must(t, err)
		same(t, "list", all, []store.Invitation{recent, old})
		all, err = f.open(sandbox).Invitations(t.Context())
		must(t, err)
		same(t, "elsewhere", len(all), 0)
	},

	"is accepted once": func(t *testing.T, f *fixture) {
		want := invite(t, f, "a")
		f.clock.move(time.Hour)
		n := f.race(8, func(i int, s *store.Store) bool {
			_, err := accept(s, "a", fmt.Sprint("sh_", i))
			return err == nil
		})
		same(t, "acceptances", n, 1)
		all := connections(t, f.one, "team")
		same(t, "connections", len(all), 1)
		shop := all[0].ShopID
		same(t, "recorded", recorded(t, f.one, shop, "accept"), 1)
		same(t, "recorded for all shops", recorded(t, f.one, "", "accept"), 1)
		want.AcceptedAt, want.ShopID, want.ShopName = f.clock.Now(), shop, "Shop "+shop
		same(t, "invitation", theInvitation(t, f.one), want)
		same(t, "receipt", theReceipt(t, f.other, "a"), want)
		_, err := f.one.InvitationByReceipt(t.Context(), "token of a")
		is(t, "the invitation's token as a receipt", err, store.ErrNotFound)
	},

	"replaces the team's connection": func(t *testing.T, f *fixture) {
		_, before := team(t, f.one)
		invite(t, f, "a")
		f.clock.move(time.Hour)
		kept, err := accept(f.one, "a", "sh_1")
		must(t, err)
		before.Version = 2
		same(t, "connection", kept, before)
	},

	"is accepted only while it is open": func(t *testing.T, f *fixture) {
		for _, c := range []struct {
			name string
			end  func(id string)
		}{
			{"unknown", func(string) { must(t, f.one.Sweep(t.Context())) }},
			{"revoked", func(id string) { must(t, f.other.RevokeInvitation(t.Context(), id)) }},
			{"expired", func(string) { f.clock.move(7 * 24 * time.Hour) }},
		} {
			if c.name != "unknown" {
				invite(t, f, c.name)
			}
			c.end(c.name)
			_, err := accept(f.one, c.name, "sh_1")
			is(t, c.name, err, store.ErrNotFound)
			same(t, "connections, "+c.name, len(connections(t, f.one, "team")), 0)
			same(t, "recorded, "+c.name, recorded(t, f.one, "sh_1", "accept"), 0)
		}
		invite(t, f, "last moment")
		f.clock.move(7*24*time.Hour - time.Millisecond)
		_, err := accept(f.one, "last moment", "sh_1")
		must(t, err)
	},

	"is revoked once, and only while it is open": func(t *testing.T, f *fixture) {
		want := invite(t, f, "a")
		f.clock.move(time.Hour)
		revoked := store.Activity{Shop: "people", Action: "revoke"}
		n := f.race(8, func(_ int, s *store.Store) bool { return s.RevokeInvitation(background, "a", revoked) == nil })
		same(t, "revocations", n, 1)
		same(t, "recorded", recorded(t, f.one, "people", "revoke"), 1)
		want.RevokedAt = f.clock.Now()
		same(t, "invitation", theInvitation(t, f.one), want)
		invite(t, f, "used")
		_, err := accept(f.one, "used", "sh_1")
		must(t, err)
		is(t, "used", f.one.RevokeInvitation(t.Context(), "used", revoked), store.ErrNotFound)
		is(t, "unknown", f.one.RevokeInvitation(t.Context(), "unknown", revoked), store.ErrNotFound)
		is(t, "elsewhere", f.open(sandbox).RevokeInvitation(t.Context(), "a", revoked), store.ErrNotFound)
	},

	"a disconnection ends the access": func(t *testing.T, f *fixture) {
		invite(t, f, "a")
		invite(t, f, "b")
		for id, shop := range map[string]string{"a": "sh_1", "b": "sh_2"} {
			_, err := accept(f.one, id, shop)
			must(t, err)
		}
		browser, _ := signIn(t, f.one)
		put(t, f.one, connection(browser, "sh_1"))
		must(t, f.one.DeleteConnection(t.Context(), browser, "sh_1"))
		same(t, "after a browser's", theReceipt(t, f.one, "a").EndedAt, time.Time{})
		f.clock.move(time.Hour)
		must(t, f.other.DeleteConnection(t.Context(), "team", "sh_1"))
		same(t, "after the team's", theReceipt(t, f.one, "a").EndedAt, f.clock.Now())
		same(t, "of another shop", theReceipt(t, f.one, "b").EndedAt, time.Time{})
	},

	"the receipt ends the access once": func(t *testing.T, f *fixture) {
		owner, _ := team(t, f.one)
		invite(t, f, "a")
		_, err := accept(f.one, "a", "sh_1")
		must(t, err)
		fill(t, f.one, owner, "sh_1")
		f.clock.move(time.Hour)
		done := store.Activity{Shop: "sh_1", Action: "cut off"}
		is(t, "by the invitation's token", f.one.EndAccess(t.Context(), "token of a", done), store.ErrNotFound)
		is(t, "elsewhere", f.open(sandbox).EndAccess(t.Context(), "receipt of a", done), store.ErrNotFound)
		n := f.race(8, func(_ int, s *store.Store) bool { return s.EndAccess(background, "receipt of a", done) == nil })
		same(t, "ends", n, 1)
		same(t, "recorded", recorded(t, f.one, "sh_1", "cut off"), 1)
		same(t, "rows of the shop", has(t, f.one, owner, "sh_1"), nothing)
		same(t, "end", theReceipt(t, f.other, "a").EndedAt, f.clock.Now())
		put(t, f.one, connection(owner, "sh_1"))
		is(t, "after the team connected again", f.one.EndAccess(t.Context(), "receipt of a", done), store.ErrNotFound)
		same(t, "connections", len(connections(t, f.one, owner)), 1)
	},

	"remembers the shops whose owners ended the access": func(t *testing.T, f *fixture) {
		ended := func(s *store.Store) map[string]time.Time {
			shops, err := s.EndedByOwner(t.Context())
			must(t, err)
			return shops
		}
		owner := teamOwner(t, f.one)
		for _, shop := range []string{"sh_1", "sh_2", "sh_3"} {
			invite(t, f, shop)
			_, err := accept(f.one, shop, shop)
			must(t, err)
		}
		invite(t, f, "open")
		f.clock.move(time.Hour)
		first := f.clock.Now()
		must(t, f.one.EndAccess(t.Context(), "receipt of sh_1"))
		must(t, f.one.EndAccess(t.Context(), "receipt of sh_2"))
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_3"))
		same(t, "ended", ended(f.other), map[string]time.Time{"sh_1": first, "sh_2": first})
		same(t, "elsewhere", ended(f.open(sandbox)), map[string]time.Time{})
		f.clock.move(time.Hour)
		put(t, f.one, connection(owner, "sh_1"))
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_1"))
		invite(t, f, "again")
		_, err := accept(f.one, "again", "sh_2")
		must(t, err)
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_2"))
		same(t, "after the owner accepted again", ended(f.one), map[string]time.Time{"sh_1": first})
	},

	// The receipt shows what was recorded until its end.
	"its end is not before what records it": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		ways := map[string]func(shop string, done store.Activity) error{
			"owner": func(shop string, done store.Activity) error {
				return f.one.EndAccess(t.Context(), "receipt of "+shop, done)
			},
			"team": func(shop string, done store.Activity) error {
				return f.one.DeleteConnection(t.Context(), owner, shop, done)
			},
			"channel": func(shop string, _ store.Activity) error {
				c := putChannel(t, f.one, channel(owner, "channel.a"))
				conn := connection(owner, shop)
				conn.Channel = c.ID
				put(t, f.one, conn)
				_, err := f.one.DeleteChannel(t.Context(), owner, c.ID, recordAs("end"))
				return err
			},
		}
		for shop, end := range ways {
			invite(t, f, shop)
			_, err := accept(f.one, shop, shop)
			must(t, err)
			f.clock.tick = time.Millisecond
			must(t, end(shop, store.Activity{Shop: shop, Action: "end"}))
			f.clock.tick = 0
			until := theReceipt(t, f.one, shop).EndedAt
			got := activities(t, f.one, store.ActivityQuery{Shop: shop, Action: "end", Until: until})
			same(t, "recorded until the end by the "+shop, got.Total, 1)
		}
	},

	"the activity of a time": func(t *testing.T, f *fixture) {
		_, err := f.one.Team(t.Context())
		must(t, err)
		for _, action := range []string{"before", "webhook.create", "endpoint.check", "webhook.refused", "after"} {
			id := beginActivity(t, f.one, store.Activity{Shop: "sh_1", Action: action, Actor: action}).ID
			if action == "webhook.refused" {
				recordOutcome(t, f.one, id, store.OutcomeRefused)
			}
			f.clock.move(time.Minute)
		}
		since, until := f.start.Add(time.Minute), f.start.Add(3*time.Minute)
		for _, c := range []struct {
			q    store.ActivityQuery
			want []string
		}{
			{store.ActivityQuery{}, []string{"after", "webhook.refused", "endpoint.check", "webhook.create", "before"}},
			{
				store.ActivityQuery{Since: since, Until: until},
				[]string{"webhook.refused", "endpoint.check", "webhook.create"},
			},
			{store.ActivityQuery{Since: until}, []string{"after", "webhook.refused"}},
			{store.ActivityQuery{Until: f.start}, []string{"before"}},
			{store.ActivityQuery{Changes: true}, []string{"after", "endpoint.check", "webhook.create", "before"}},
			{
				store.ActivityQuery{Without: []string{"webhook.create", "endpoint.check"}},
				[]string{"after", "webhook.refused", "before"},
			},
			{
				store.ActivityQuery{Without: []string{"webhook"}},
				[]string{"after", "webhook.refused", "endpoint.check", "webhook.create", "before"},
			},
			{
				store.ActivityQuery{Since: since, Until: until, Changes: true, Without: []string{"endpoint.check"}},
				[]string{"webhook.create"},
			},
		} {
			c.q.Shop, c.q.Limit = "sh_1", 2
			same(t, "chosen", chosen(t, f.other, c.q), c.want)
			same(t, "total", activities(t, f.other, c.q).Total, len(c.want))
		}
	},
}
