package team

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

const issuer = "https://id.example"

// newTeam returns a team with a database of its own, and opens more of it with other configurations.
func newTeam(t *testing.T, c Config) (team *Team, again func(Config) *Team) {
	t.Helper()
	keys, err := store.ParseKeys(store.NewKey())
	must(t, err)
	file := filepath.Join(t.TempDir(), "h.db")
	if os.Getenv("HOOKWALL_TEST_POSTGRES") != "" {
		file = storetest.Postgres(t)
	}
	st, err := store.Open(t.Context(), file, store.Options{Keys: keys, Environment: "test"})
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	again = func(c Config) *Team {
		c.Store = st
		team, err := New(t.Context(), c)
		must(t, err)
		return team
	}
	return again(c), again
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ann signs in as a person of the provider, changed by some.
func ann(t *testing.T, team *Team, change ...func(*Identity)) Person {
	t.Helper()
	id := Identity{Issuer: issuer, Subject: "ann", Name: "Ann", Email: "ann@agency.example", EmailVerified: true}
	for _, f := range change {
		f(&id)
	}
	p, err := team.SignIn(t.Context(), id)
	must(t, err)
	return p
}

func groups(names ...string) func(*Identity) { return func(id *Identity) { id.Groups = names } }

func subject(name string) func(*Identity) {
	return func(id *Identity) { id.Subject, id.Name, id.Email = name, name, name+"@agency.example" }
}

// TestRoleOfPerson: who may do what follows from the identity and the configuration alone.
// Checklist 43.
func TestRoleOfPerson(t *testing.T) {
	config := Config{
		Admins: []string{"Boss@Agency.example", "subject-1"}, Domains: []string{"agency.example"},
		Groups: GroupRoles{"all": Viewer, "ops": Operator, "it": Admin},
	}
	tests := []struct {
		name   string
		id     Identity
		role   Role
		source Source
	}{
		{"e-mail of an admin", Identity{Email: "boss@agency.EXAMPLE", EmailVerified: true}, Admin, Configured},
		{"e-mail of an admin, not verified", Identity{Email: "boss@agency.example"}, NoRole, Nowhere},
		{"e-mail of an admin with a tag", Identity{Email: "boss+1@agency.example", EmailVerified: true}, Viewer, ByDomain},
		{"e-mail of an admin as a name", Identity{Name: "boss@agency.example", EmailVerified: true}, NoRole, Nowhere},
		{"subject of an admin", Identity{Subject: "subject-1"}, Admin, Configured},
		{"subject of an admin, in capitals", Identity{Subject: "SUBJECT-1"}, NoRole, Nowhere},
		{"subject that is an e-mail of an admin", Identity{Subject: "boss@agency.example"}, NoRole, Nowhere},
		{"subject that is an e-mail of an admin, letter by letter", Identity{Subject: "Boss@Agency.example"}, NoRole, Nowhere},
		{"the highest of several groups", Identity{Groups: []string{"all", "it", "ops", "x"}}, Admin, ByGroup},
		{"one group", Identity{Groups: []string{"x", "ops"}}, Operator, ByGroup},
		{"a group before the domain", Identity{Groups: []string{"ops"}, Email: "a@agency.example", EmailVerified: true}, Operator, ByGroup},
		{"unknown groups", Identity{Groups: []string{"x", ""}}, NoRole, Nowhere},
		{"a domain", Identity{Email: "a@Agency.Example", EmailVerified: true}, Viewer, ByDomain},
		{"a domain, not verified", Identity{Email: "a@agency.example"}, NoRole, Nowhere},
		{"a domain that ends alike", Identity{Email: "a@evil-agency.example", EmailVerified: true}, NoRole, Nowhere},
		{"a domain below it", Identity{Email: "a@x.agency.example", EmailVerified: true}, NoRole, Nowhere},
		{"two signs", Identity{Email: "a@agency.example@evil.example", EmailVerified: true}, NoRole, Nowhere},
		{"two signs, the last one ours", Identity{Email: "a@evil.example@agency.example", EmailVerified: true}, Viewer, ByDomain},
		{"nothing", Identity{}, NoRole, Nowhere},
	}
	team, _ := newTeam(t, config)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.id.Issuer = issuer
			if test.id.Subject == "" {
				test.id.Subject = test.name
			}
			p, err := team.SignIn(t.Context(), test.id)
			must(t, err)
			if p.Role != test.role || p.Source != test.source {
				t.Errorf("%q from %q, want %q from %q", p.Role, p.Source, test.role, test.source)
			}
			again, err := team.Person(t.Context(), p.ID)
			must(t, err)
			if again.Role != test.role || again.Source != test.source {
				t.Errorf("at the next request: %q from %q", again.Role, again.Source)
			}
		})
	}
}

// TestSameEmailOfAnotherIssuer: who has an e-mail in common with a person isn't that person.
// Checklist 43.
func TestSameEmailOfAnotherIssuer(t *testing.T) {
	team, _ := newTeam(t, Config{Admins: []string{"boss"}})
	boss := ann(t, team, subject("boss"))
	p := ann(t, team)
	must(t, team.SetRole(t.Context(), boss.Actor(), p.ID, Operator))
	other := ann(t, team, func(id *Identity) { id.Issuer = "https://other.example" })
	if other.ID == p.ID || other.Role != NoRole {
		t.Errorf("%+v has what %+v has", other, p)
	}
}

// TestChangeOutsideIsRead: what changes at the provider counts from the next sign-in, and what changes in the
// configuration from the next request.
// Checklist 47.
func TestChangeOutsideIsRead(t *testing.T) {
	before := Config{Admins: []string{"ann@agency.example"}, Groups: GroupRoles{"ops": Operator}}
	tests := []struct {
		name   string
		config Config
		signIn func(*Identity) // again; nil if only the next request comes
		role   Role
		from   Source
	}{
		{"nothing", before, nil, Admin, Configured},
		{"no longer in the configuration", Config{Groups: before.Groups}, nil, Operator, ByGroup},
		{"in neither", Config{}, nil, NoRole, Nowhere},
		{"another e-mail", before, func(id *Identity) { id.Email = "ann@other.example" }, NoRole, Nowhere},
		{
			"another e-mail and a group", before, func(id *Identity) { id.Email, id.Groups = "x", []string{"ops"} },
			Operator, ByGroup,
		},
		{"an e-mail that is no longer verified", before, func(id *Identity) { id.EmailVerified = false }, NoRole, Nowhere},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			team, again := newTeam(t, before)
			p := ann(t, team, groups("ops"))
			team = again(test.config)
			if test.signIn != nil {
				ann(t, team, test.signIn)
			}
			got, err := team.Person(t.Context(), p.ID)
			must(t, err)
			if got.Role != test.role || got.Source != test.from {
				t.Errorf("%q from %q, want %q from %q", got.Role, got.Source, test.role, test.from)
			}
		})
	}
}

// TestGivenRole: an admin sets roles where nothing else decides them.
func TestGivenRole(t *testing.T) {
	team, _ := newTeam(t, Config{
		Admins: []string{"boss"}, Groups: GroupRoles{"ops": Operator}, Domains: []string{"agency.example"},
	})
	boss := ann(t, team, subject("boss"))
	byGroup := ann(t, team, subject("in-ops"), groups("ops"))
	p := ann(t, team)
	steps := []struct {
		name string
		id   string
		do   func(id string) error
		err  error
		role Role
		from Source
	}{
		{"by domain", p.ID, func(string) error { return nil }, nil, Viewer, ByDomain},
		{"made an operator", p.ID, func(id string) error { return team.SetRole(t.Context(), boss.Actor(), id, Operator) }, nil, Operator, ByAdmin},
		{"made an admin", p.ID, func(id string) error { return team.SetRole(t.Context(), boss.Actor(), id, Admin) }, nil, Admin, ByAdmin},
		{"taken", p.ID, func(id string) error { return team.SetRole(t.Context(), boss.Actor(), id, NoRole) }, nil, Viewer, ByDomain},
		{"made an operator again", p.ID, func(id string) error { return team.SetRole(t.Context(), boss.Actor(), id, Operator) }, nil, Operator, ByAdmin},
		{"removed", p.ID, func(id string) error { return team.Remove(t.Context(), boss.Actor(), id) }, nil, NoRole, ByDomain},
		{"readmitted", p.ID, func(id string) error { return team.Readmit(t.Context(), boss.Actor(), id) }, nil, Viewer, ByDomain},
		{"of a group", byGroup.ID, func(id string) error { return team.SetRole(t.Context(), boss.Actor(), id, Viewer) }, ErrElsewhere, Operator, ByGroup},
		{"removed, though in a group", byGroup.ID, func(id string) error { return team.Remove(t.Context(), boss.Actor(), id) }, nil, NoRole, ByGroup},
		{"removed twice", byGroup.ID, func(id string) error { return team.Remove(t.Context(), boss.Actor(), id) }, ErrUnchanged, NoRole, ByGroup},
		{"readmitted to a group", byGroup.ID, func(id string) error { return team.Readmit(t.Context(), boss.Actor(), id) }, nil, Operator, ByGroup},
		{"readmitted twice", byGroup.ID, func(id string) error { return team.Readmit(t.Context(), boss.Actor(), id) }, ErrUnchanged, Operator, ByGroup},
		{"a role again", p.ID, func(id string) error {
			return errors.Join(
				team.SetRole(t.Context(), boss.Actor(), id, Operator), team.SetRole(t.Context(), boss.Actor(), id, Operator))
		}, ErrUnchanged, Operator, ByAdmin},
		{"a role once removed", p.ID, func(id string) error {
			return errors.Join(team.Remove(t.Context(), boss.Actor(), id), team.SetRole(t.Context(), boss.Actor(), id, Admin))
		}, ErrRemoved, NoRole, ByDomain},
		{"configured", boss.ID, func(id string) error { return team.SetRole(t.Context(), boss.Actor(), id, Viewer) }, ErrElsewhere, Admin, Configured},
		{"removed from the configuration", boss.ID, func(id string) error { return team.Remove(t.Context(), boss.Actor(), id) }, ErrElsewhere, Admin, Configured},
	}
	for _, step := range steps {
		if err := step.do(step.id); !errors.Is(err, step.err) || (err == nil) != (step.err == nil) {
			t.Fatalf("%s: %v, want %v", step.name, err, step.err)
		}
		got, err := team.Person(t.Context(), step.id)
		must(t, err)
		if got.Role != step.role || got.Source != step.from {
			t.Errorf("%s: %q from %q, want %q from %q", step.name, got.Role, got.Source, step.role, step.from)
		}
	}
	if err := team.SetRole(t.Context(), boss.Actor(), "nobody", Viewer); !errors.Is(err, ErrNotFound) {
		t.Errorf("a role for nobody: %v", err)
	}
}

// TestRemovedPersonSignsIn: a removed person is known and gets in only when readmitted.
func TestRemovedPersonSignsIn(t *testing.T) {
	team, again := newTeam(t, Config{Admins: []string{"boss"}})
	boss, p := ann(t, team, subject("boss")), ann(t, team)
	must(t, team.Remove(t.Context(), boss.Actor(), p.ID))
	got, err := team.SignIn(t.Context(), Identity{Issuer: issuer, Subject: "ann"})
	if !errors.Is(err, ErrRemoved) || got.ID != p.ID || got.Role != NoRole {
		t.Errorf("%+v, %v", got, err)
	}
	// Whoever runs Hookwall can always get in.
	got, err = again(Config{Admins: []string{"ann"}}).SignIn(t.Context(), Identity{Issuer: issuer, Subject: "ann"})
	if err != nil || got.IsRemoved() || got.Role != Admin {
		t.Errorf("named in the configuration later: %+v, %v", got, err)
	}
	must(t, team.Readmit(t.Context(), boss.Actor(), p.ID))
	ann(t, team)
}

// TestLastAdmin: somebody always manages people.
// Checklist 49.
func TestLastAdmin(t *testing.T) {
	config := Config{Admins: []string{"boss"}}
	team, again := newTeam(t, config)
	boss, p := ann(t, team, subject("boss")), ann(t, team)
	must(t, team.SetRole(t.Context(), boss.Actor(), p.ID, Admin))
	must(t, team.SetRole(t.Context(), boss.Actor(), p.ID, Viewer)) // the boss is left
	must(t, team.SetRole(t.Context(), boss.Actor(), p.ID, Admin))
	team = again(Config{}) // the boss is no longer configured
	for name, do := range map[string]func() error{
		"demoted": func() error { return team.SetRole(t.Context(), p.Actor(), p.ID, Operator) },
		"removed": func() error { return team.Remove(t.Context(), p.Actor(), p.ID) },
	} {
		if err := do(); !errors.Is(err, ErrLastAdmin) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, team.SetRole(t.Context(), p.Actor(), boss.ID, Admin))
	done := make(chan error, 2)
	go func() { done <- team.Remove(t.Context(), boss.Actor(), p.ID) }()
	go func() { done <- again(Config{}).Remove(t.Context(), p.Actor(), boss.ID) }()
	one, two := <-done, <-done
	if (one == nil) == (two == nil) || !errors.Is(errors.Join(one, two), ErrLastAdmin) {
		t.Errorf("two who remove each other: %v, %v", one, two)
	}
	admins, err := team.Admins(t.Context())
	must(t, err)
	if len(admins) != 1 {
		t.Errorf("%d admins are left", len(admins))
	}
}

// TestCalled: everyone is called something.
func TestCalled(t *testing.T) {
	for _, c := range []struct{ name, email, want string }{
		{"Ann", "a@b", "Ann"}, {" ", "a@b", "a@b"}, {"", "", "s"},
	} {
		if got := (Person{Person: store.Person{Name: c.name, Email: c.email, Subject: "s"}}).Called(); got != c.want {
			t.Errorf("called %q, want %q", got, c.want)
		}
	}
}
