package storetest

import (
	"errors"
	"testing"
	"time"

	"hookwall/internal/store"
)

// member signs a person in and returns the person and the token of the session.
func member(t tb, s *store.Store, subject string) (store.Person, string) {
	t.Helper()
	p, err := s.SignInPerson(background, store.Person{
		Issuer: "https://id.example", Subject: subject, Name: "Name of " + subject, Email: subject + "@agency.example",
		EmailVerified: true, Group: "group of " + subject,
	})
	must(t, err)
	v := arrive(t, s, "")
	v.session.Values["person"], v.session.Values["browser"] = p.ID, "browser of "+subject
	must(t, v.session.Save(v.request, v.answer))
	return p, v.answer.Result().Cookies()[0].Value
}

// personOf returns the person of the session of a token, "" if there is no such session.
func personOf(t tb, s *store.Store, token string) string {
	t.Helper()
	return store.PersonOf(arrive(t, s, token).session)
}

// readPerson returns a person as stored.
func readPerson(t tb, s *store.Store, id string) store.Person {
	t.Helper()
	p, err := s.Person(background, id)
	must(t, err)
	return p
}

// give sets the role of a person, unless nobody would be an admin.
func give(s *store.Store, id, role string) error {
	return s.ChangePerson(background, id,
		func(p *store.Person) (store.Activity, error) {
			p.Role, p.RoleBy, p.RoleAt = role, "an admin", s.Now()
			return store.Activity{Shop: "people", Action: "role", Detail: []byte(role)}, nil
		},
		func(all []store.Person) error {
			for _, p := range all {
				if p.Role == "admin" && p.RemovedAt.IsZero() {
					return nil
				}
			}
			return errLastAdmin
		})
}

func remove(s *store.Store, id string) error {
	return s.ChangePerson(background, id,
		func(p *store.Person) (store.Activity, error) {
			p.RemovedAt = s.Now()
			return store.Activity{Shop: "people", Action: "remove"}, nil
		},
		func([]store.Person) error { return nil })
}

var errLastAdmin = errors.New("the last admin")

var peopleTests = map[string]func(*testing.T, *fixture){
	"a person is an issuer and a subject": func(t *testing.T, f *fixture) {
		first, err := f.one.SignInPerson(t.Context(),
			store.Person{Issuer: "a", Subject: "1", Name: "Ann", Email: "ann@a.example"})
		must(t, err)
		same(t, "person", first, store.Person{
			ID: first.ID, Issuer: "a", Subject: "1", Name: "Ann", Email: "ann@a.example", CreatedAt: f.start, SeenAt: f.start,
		})
		f.clock.move(time.Hour)
		again, err := f.other.SignInPerson(t.Context(), store.Person{
			ID: "ignored", Issuer: "a", Subject: "1", Name: "Ann B", Email: "b@a.example", EmailVerified: true, Group: "g",
			Role: "admin", RemovedAt: f.start,
		})
		must(t, err)
		same(t, "the same with another name", again, store.Person{
			ID: first.ID, Issuer: "a", Subject: "1", Name: "Ann B", Email: "b@a.example", EmailVerified: true, Group: "g",
			CreatedAt: f.start, SeenAt: f.start.Add(time.Hour),
		})
		for _, other := range []store.Person{
			{Issuer: "a", Subject: "2", Email: "b@a.example"}, {Issuer: "b", Subject: "1", Email: "b@a.example"},
		} {
			got, err := f.one.SignInPerson(t.Context(), other)
			must(t, err)
			if got.ID == first.ID {
				t.Fatalf("%+v is taken for %+v", other, first)
			}
		}
	},

	"two first sign-ins of a person at once": func(t *testing.T, f *fixture) {
		ids := make([]string, 16)
		f.race(len(ids), func(i int, s *store.Store) bool {
			p, err := s.SignInPerson(background, store.Person{Issuer: "a", Subject: "1"})
			ids[i] = p.ID
			return err == nil
		})
		for _, id := range ids {
			same(t, "ID", id, ids[0])
		}
	},

	"each environment has its own people": func(t *testing.T, f *fixture) {
		p, _ := member(t, f.one, "ann")
		elsewhere := f.open(sandbox)
		_, err := elsewhere.Person(t.Context(), p.ID)
		is(t, "elsewhere", err, store.ErrNotFound)
		all, err := elsewhere.People(t.Context())
		must(t, err)
		same(t, "people elsewhere", len(all), 0)
	},

	"a session knows its person, on every replica": func(t *testing.T, f *fixture) {
		p, token := member(t, f.one, "ann")
		same(t, "person", personOf(t, f.other, token), p.ID)
		v := arrive(t, f.one, token)
		v.session.ID = ""
		must(t, v.session.Save(v.request, v.answer))
		renewed := v.answer.Result().Cookies()[0].Value
		same(t, "person, renewed", personOf(t, f.other, renewed), p.ID)
		same(t, "person by the old token", personOf(t, f.other, token), "")
		_, anonymous := signIn(t, f.one)
		same(t, "person of a session of nobody", personOf(t, f.one, anonymous), "")
	},

	"a person's session ends after 12 hours, however busy": func(t *testing.T, f *fixture) {
		s := f.lasting(30*24*time.Hour, 90*24*time.Hour)
		p, token := member(t, s, "ann")
		for range 11 {
			f.clock.move(time.Hour)
			same(t, "person", personOf(t, s, token), p.ID)
		}
		f.clock.move(time.Hour - time.Millisecond)
		must(t, s.Sweep(t.Context()))
		same(t, "person, a moment before", personOf(t, s, token), p.ID)
		f.clock.move(time.Millisecond)
		same(t, "person, not swept yet", personOf(t, s, token), "")
		list, err := s.MemberSessions(t.Context(), p.ID)
		must(t, err)
		same(t, "sessions", len(list), 0)
		must(t, s.Sweep(t.Context()))
		f.clock.move(-time.Millisecond)
		same(t, "person, swept", personOf(t, s, token), "")
	},

	"a person's session is no longer than others": func(t *testing.T, f *fixture) {
		s := f.lasting(time.Hour, 2*time.Hour)
		_, token := member(t, s, "ann")
		f.clock.move(2*time.Hour - time.Millisecond)
		same(t, "idle", personOf(t, s, token), "")
	},

	"the cookie of a person's session lasts 12 hours": func(t *testing.T, f *fixture) {
		v := arrive(t, f.one, "")
		v.session.Values["person"] = "x"
		must(t, v.session.Save(v.request, v.answer))
		same(t, "seconds", v.answer.Result().Cookies()[0].MaxAge, 12*60*60)
	},

	"when a person was last seen": func(t *testing.T, f *fixture) {
		p, token := member(t, f.one, "ann")
		f.clock.move(4 * time.Minute)
		personOf(t, f.one, token)
		same(t, "too soon to be noted", readPerson(t, f.one, p.ID).SeenAt, f.start)
		f.clock.move(time.Minute)
		personOf(t, f.one, token)
		same(t, "seen", readPerson(t, f.other, p.ID).SeenAt, f.start.Add(5*time.Minute))
	},

	"people by name, with their sessions": func(t *testing.T, f *fixture) {
		zoe, _ := member(t, f.one, "zoe")
		ann, _ := member(t, f.one, "ann")
		f.clock.move(time.Hour)
		member(t, f.one, "ann")
		all, err := f.other.People(t.Context())
		must(t, err)
		ann.SeenAt, ann.Sessions, zoe.Sessions = f.start.Add(time.Hour), 2, 1
		ann.Browser, zoe.Browser = "browser of ann", "browser of zoe"
		same(t, "people", all, []store.Person{ann, zoe})
	},

	"the sessions of a person, and their ends": func(t *testing.T, f *fixture) {
		ann, first := member(t, f.one, "ann")
		zoe, zoes := member(t, f.one, "zoe")
		f.clock.move(time.Hour)
		_, second := member(t, f.one, "ann")
		list, err := f.other.MemberSessions(t.Context(), ann.ID)
		must(t, err)
		same(t, "sessions", list, []store.MemberSession{
			{
				ID: list[0].ID, Mark: markOf(t, f.one, second), Browser: "browser of ann",
				CreatedAt: f.start.Add(time.Hour), SeenAt: f.start.Add(time.Hour),
			},
			{ID: list[1].ID, Mark: markOf(t, f.one, first), Browser: "browser of ann", CreatedAt: f.start, SeenAt: f.start},
		})
		must(t, f.one.EndMemberSession(t.Context(), zoe.ID, list[1].ID, store.Activity{Shop: "people", Action: "end"}))
		same(t, "by another person", personOf(t, f.one, first), ann.ID)
		must(t, f.one.EndMemberSession(t.Context(), ann.ID, list[1].ID, store.Activity{Shop: "people", Action: "end"}))
		same(t, "the ended one, on the other replica", personOf(t, f.other, first), "")
		same(t, "the other one", personOf(t, f.other, second), ann.ID)
		same(t, "another person's", personOf(t, f.other, zoes), zoe.ID)
		same(t, "recorded", actionsOf(t, f.one, "people"), []string{"end"})
		none, err := f.one.MemberSessions(t.Context(), "")
		must(t, err)
		same(t, "sessions of nobody", none, nil)
	},

	"a role is given, and read by every replica": func(t *testing.T, f *fixture) {
		_, err := f.one.Team(t.Context())
		must(t, err)
		p, token := member(t, f.one, "ann")
		must(t, give(f.one, p.ID, "admin"))
		p.Role, p.RoleBy, p.RoleAt = "admin", "an admin", f.start
		same(t, "person", readPerson(t, f.other, p.ID), p)
		again, _ := member(t, f.one, "ann")
		same(t, "after another sign-in", again, p)
		same(t, "session", personOf(t, f.one, token), p.ID)
		is(t, "nobody", give(f.one, "nobody", "admin"), store.ErrNotFound)
		is(t, "not allowed", give(f.one, p.ID, "viewer"), errLastAdmin)
		same(t, "unchanged", readPerson(t, f.other, p.ID), p)
		same(t, "recorded", actionsOf(t, f.one, "people"), []string{"role"})
	},

	"a removed person has no session": func(t *testing.T, f *fixture) {
		_, err := f.one.Team(t.Context())
		must(t, err)
		p, token := member(t, f.one, "ann")
		zoe, zoes := member(t, f.one, "zoe")
		must(t, remove(f.one, p.ID))
		same(t, "session", personOf(t, f.other, token), "")
		same(t, "another's", personOf(t, f.other, zoes), zoe.ID)
		same(t, "removed", readPerson(t, f.other, p.ID).RemovedAt, f.start)
		again, _ := member(t, f.one, "ann")
		same(t, "still, after a sign-in", again.RemovedAt, f.start)
	},

	"one of two admins who demote each other stays": func(t *testing.T, f *fixture) {
		_, err := f.one.Team(t.Context())
		must(t, err)
		for range rounds {
			a, _ := member(t, f.one, "ann")
			b, _ := member(t, f.one, "zoe")
			must(t, give(f.one, a.ID, "admin"))
			must(t, give(f.one, b.ID, "admin"))
			n := f.race(2, func(i int, s *store.Store) bool {
				return give(s, []string{a.ID, b.ID}[i], "viewer") == nil
			})
			same(t, "demoted", n, 1)
		}
	},
}

// actionsOf returns the actions that are recorded in a shop, newest first.
func actionsOf(t tb, s *store.Store, shop string) (all []string) {
	t.Helper()
	list, err := s.Activities(background, store.ActivityQuery{Shop: shop})
	must(t, err)
	for _, a := range list.Rows {
		all = append(all, a.Action)
	}
	return all
}

func markOf(t tb, s *store.Store, token string) string {
	t.Helper()
	v := arrive(t, s, token)
	return v.sessions.Mark(v.session)
}
