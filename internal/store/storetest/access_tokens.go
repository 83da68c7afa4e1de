package storetest

import (
	"fmt"
	"testing"
	"time"

	"hookwall/internal/store"
)

// accessToken is one of a person, for 30 days.
func accessToken(f *fixture, person, id string) store.AccessToken {
	now := f.clock.Now()
	return store.AccessToken{
		ID: id, Person: person, Name: "name of " + id, Scope: "plan", CreatedAt: now, ExpiresAt: now.Add(30 * 24 * time.Hour),
	}
}

func anyone(store.Person) error { return nil }

// tokenFor makes an access token of a person, whose text is "token of " and its ID.
func tokenFor(t *testing.T, f *fixture, person, id string) store.AccessToken {
	t.Helper()
	made := accessToken(f, person, id)
	must(t, f.one.PutAccessToken(t.Context(), made, "token of "+id, anyone,
		store.Activity{Shop: "people", Action: "make"}))
	return made
}

// newMember returns the ID of a person of the team.
func newMember(t *testing.T, f *fixture, subject string) string {
	t.Helper()
	_, err := f.one.Team(t.Context())
	must(t, err)
	p, _ := member(t, f.one, subject)
	return p.ID
}

func revoked(token store.AccessToken) ([]store.Activity, error) {
	return []store.Activity{{Shop: "people", Action: "revoke", Detail: []byte(token.Name)}}, nil
}

func accessTokens(t *testing.T, s *store.Store, person string) []store.AccessToken {
	t.Helper()
	all, err := s.AccessTokens(t.Context(), person)
	must(t, err)
	return all
}

var accessTokenTests = map[string]func(*testing.T, *fixture){
	"is found by its text alone": func(t *testing.T, f *fixture) {
		want := tokenFor(t, f, newMember(t, f, "ann"), "a")
		got, err := f.other.UseAccessToken(t.Context(), "token of a")
		must(t, err)
		same(t, "token", got, want)
		same(t, "recorded", recorded(t, f.one, "people", "make"), 1)
		for _, text := range []string{"", "a", "token of b", "TOKEN OF a", "token of a ", "' OR 1=1 --"} {
			_, err := f.one.UseAccessToken(t.Context(), text)
			is(t, text, err, store.ErrNotFound)
		}
		_, err = f.open(sandbox).UseAccessToken(t.Context(), "token of a")
		is(t, "elsewhere", err, store.ErrNotFound)
	},

	"one form makes one": func(t *testing.T, f *fixture) {
		ann := newMember(t, f, "ann")
		n := f.race(8, func(i int, s *store.Store) bool {
			return s.PutAccessToken(background, accessToken(f, ann, "a"), fmt.Sprint(i), anyone) == nil
		})
		same(t, "that were stored", n, 1)
		is(t, "again", f.other.PutAccessToken(t.Context(), accessToken(f, ann, "a"), "another", anyone,
			store.Activity{Shop: "people", Action: "make"}), store.ErrFinished)
		same(t, "recorded", recorded(t, f.one, "people", "make"), 0)
		_, err := f.one.UseAccessToken(t.Context(), "another")
		is(t, "the second text", err, store.ErrNotFound)
	},

	"nobody makes one without a person or a right": func(t *testing.T, f *fixture) {
		ann := newMember(t, f, "ann")
		err := f.one.PutAccessToken(t.Context(), accessToken(f, "nobody", "a"), "text", anyone)
		is(t, "of nobody", err, store.ErrNotFound)
		err = f.one.PutAccessToken(t.Context(), accessToken(f, ann, "a"), "text",
			func(p store.Person) error {
				same(t, "asked about", p.ID, ann)
				return errLastAdmin
			}, store.Activity{Shop: "people", Action: "make"})
		is(t, "without a right", err, errLastAdmin)
		same(t, "tokens", len(accessTokens(t, f.one, ann)), 0)
		same(t, "recorded", recorded(t, f.one, "people", "make"), 0)
	},

	"a person has a bounded number": func(t *testing.T, f *fixture) {
		ann, bob := newMember(t, f, "ann"), newMember(t, f, "bob")
		for i := range 30 {
			tokenFor(t, f, ann, fmt.Sprint(i))
		}
		is(t, "one more", f.one.PutAccessToken(t.Context(), accessToken(f, ann, "more"), "more", anyone), store.ErrTooMany)
		is(t, "the same form", f.one.PutAccessToken(t.Context(), accessToken(f, ann, "3"), "text", anyone), store.ErrFinished)
		tokenFor(t, f, bob, "of bob")
	},

	"the list has a person's own, the newest first": func(t *testing.T, f *fixture) {
		ann, bob := newMember(t, f, "ann"), newMember(t, f, "bob")
		old := tokenFor(t, f, ann, "a")
		tokenFor(t, f, bob, "b")
		f.clock.move(time.Hour)
		recent := tokenFor(t, f, ann, "c")
		same(t, "tokens", accessTokens(t, f.other, ann), []store.AccessToken{recent, old})
		same(t, "elsewhere", len(accessTokens(t, f.open(sandbox), ann)), 0)
	},

	"the last use is coarse": func(t *testing.T, f *fixture) {
		ann := newMember(t, f, "ann")
		made := tokenFor(t, f, ann, "a")
		f.clock.move(time.Hour)
		first := f.clock.Now()
		for _, move := range []time.Duration{0, time.Minute, 3 * time.Minute} {
			f.clock.move(move)
			_, err := f.one.UseAccessToken(t.Context(), "token of a")
			must(t, err)
			same(t, "used", accessTokens(t, f.other, ann)[0].UsedAt, first)
		}
		f.clock.move(time.Minute)
		_, err := f.one.UseAccessToken(t.Context(), "token of a")
		must(t, err)
		used := f.clock.Now()
		same(t, "used", accessTokens(t, f.other, ann)[0].UsedAt, used)
		f.clock.move(made.ExpiresAt.Sub(used))
		got, err := f.one.UseAccessToken(t.Context(), "token of a")
		must(t, err)
		same(t, "used after its end", got.UsedAt, used)
		same(t, "used after its end", accessTokens(t, f.other, ann)[0].UsedAt, used)
	},

	"revoked by its person alone": func(t *testing.T, f *fixture) {
		ann, bob := newMember(t, f, "ann"), newMember(t, f, "bob")
		tokenFor(t, f, ann, "a")
		is(t, "by another", f.one.DeleteAccessToken(t.Context(), bob, "a", revoked), store.ErrNotFound)
		is(t, "elsewhere", f.open(sandbox).DeleteAccessToken(t.Context(), ann, "a", revoked), store.ErrNotFound)
		same(t, "recorded", recorded(t, f.one, "people", "revoke"), 0)
		n := f.race(8, func(_ int, s *store.Store) bool { return s.DeleteAccessToken(background, ann, "a", revoked) == nil })
		same(t, "that revoked it", n, 1)
		same(t, "recorded", recorded(t, f.one, "people", "revoke"), 1)
		_, err := f.other.UseAccessToken(t.Context(), "token of a")
		is(t, "used", err, store.ErrNotFound)
	},

	"gone with the person, also if that person comes back": func(t *testing.T, f *fixture) {
		ann, bob := newMember(t, f, "ann"), newMember(t, f, "bob")
		tokenFor(t, f, ann, "a")
		kept := tokenFor(t, f, bob, "b")
		must(t, give(f.one, bob, "admin"))
		must(t, give(f.one, ann, "operator"))
		same(t, "after a new role", len(accessTokens(t, f.one, ann)), 1)
		must(t, remove(f.other, ann))
		same(t, "of ann", len(accessTokens(t, f.one, ann)), 0)
		same(t, "of bob", accessTokens(t, f.one, bob), []store.AccessToken{kept})
		_, err := f.one.UseAccessToken(t.Context(), "token of a")
		is(t, "used", err, store.ErrNotFound)
	},

	"swept 30 days after its end": func(t *testing.T, f *fixture) {
		ann := newMember(t, f, "ann")
		tokenFor(t, f, ann, "a")
		f.sweepAt(t, 60*24*time.Hour-time.Minute)
		same(t, "before", len(accessTokens(t, f.one, ann)), 1)
		f.sweepAt(t, 60*24*time.Hour)
		same(t, "after", len(accessTokens(t, f.one, ann)), 0)
	},
}
