package team

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/store"
)

var (
	// ErrRemoved means that an admin removed the person.
	ErrRemoved = errors.New("the person was removed")

	// ErrLastAdmin means that nobody would be left who manages people.
	ErrLastAdmin = errors.New("the last admin stays")

	// ErrElsewhere means that the configuration or a group decides the person's role.
	ErrElsewhere = errors.New("the role is decided elsewhere")

	// ErrUnchanged means that the person has been changed so already, perhaps by another admin.
	ErrUnchanged = errors.New("the person is like that already")

	// ErrNotFound means that there is no such person.
	ErrNotFound = store.ErrNotFound
)

// Source says where a role comes from.
type Source string

// Where a role comes from. Where several give one, the first counts.
const (
	Configured Source = "configuration" // the person is among Config.Admins
	ByGroup    Source = "group"
	ByAdmin    Source = "admin"
	ByDomain   Source = "domain" // everyone with an e-mail there
	Nowhere    Source = ""
)

// Person is somebody who has signed in, and what they may do now.
type Person struct {
	store.Person

	Role   Role // NoRole if the person was removed
	Source Source
}

// IsRemoved reports whether an admin removed the person.
func (p Person) IsRemoved() bool { return !p.RemovedAt.IsZero() }

// IsDecidedHere reports whether an admin may change the role. Otherwise the configuration or a group decides.
func (p Person) IsDecidedHere() bool { return p.MayBeRemoved() && p.Source != ByGroup }

// MayBeRemoved reports whether an admin may remove the person. It doesn't need the person's group: taking somebody out
// of a group counts only at the next sign-in.
func (p Person) MayBeRemoved() bool { return p.Source != Configured }

// Called returns what to call a person who may have no name.
func (p Person) Called() string {
	for _, name := range []string{p.Name, p.Email} {
		if strings.TrimSpace(name) != "" {
			return name
		}
	}
	return p.Subject
}

// Domain returns the domain of the person's e-mail, in lower case.
func (p Person) Domain() string { return domainOf(p.Email) }

// Config says who may do what.
type Config struct {
	Store   *store.Store
	Name    string   // of the team, for shops' owners
	Admins  []string // e-mail addresses and subjects
	Groups  GroupRoles
	Domains []string // in which everyone with a verified e-mail is a viewer
}

// Team is the people who share this Hookwall.
type Team struct {
	config Config
	owner  store.Owner
}

// New returns the team of the database.
func New(ctx context.Context, c Config) (*Team, error) {
	owner, err := c.Store.Team(ctx)
	return &Team{config: c, owner: owner}, err
}

// Name returns what to call the team before somebody who isn't in it.
func (t *Team) Name() string { return t.config.Name }

// Owner returns the owner of the team's connections.
func (t *Team) Owner() store.Owner { return t.owner }

// SignIn records that a person has signed in, and returns the person with the rights of now, which may be none. It
// returns ErrRemoved, and the person, if an admin removed the person.
func (t *Team) SignIn(ctx context.Context, id Identity) (Person, error) {
	stored, err := t.config.Store.SignInPerson(ctx, store.Person{
		Issuer: id.Issuer, Subject: id.Subject, Name: id.Name, Email: id.Email,
		EmailVerified: id.EmailVerified, Group: t.config.Groups.deciding(id.Groups),
	})
	if err != nil {
		return Person{}, err
	}
	p := t.withRole(stored)
	if p.IsRemoved() {
		return p, ErrRemoved
	}
	return p, nil
}

// Person returns a person with the rights of now, or ErrNotFound.
func (t *Team) Person(ctx context.Context, id string) (Person, error) {
	stored, err := t.config.Store.Person(ctx, id)
	return t.withRole(stored), err
}

// People returns everyone who has signed in, by name, including those who were removed.
func (t *Team) People(ctx context.Context) ([]Person, error) {
	stored, err := t.config.Store.People(ctx)
	return t.withRoles(stored), err
}

// Admins returns the people who can give roles, by name.
func (t *Team) Admins(ctx context.Context) ([]Person, error) {
	all, err := t.People(ctx)
	return slices.DeleteFunc(all, func(p Person) bool { return p.Role != Admin }), err
}

// Actor returns the person as activity names them, with the role of now. It has no session.
func (p Person) Actor() activity.Actor {
	if p.ID == "" {
		return activity.Actor{}
	}
	return activity.Actor{
		Person: store.ActivityPerson{ID: p.ID, Name: p.Called(), Email: p.Email, Role: string(p.Role)},
	}
}

// SetRole sets the role of a person. It returns ErrRemoved if the person must be readmitted first, ErrElsewhere if it
// would have no effect, ErrUnchanged if the person has the role, and ErrLastAdmin if nobody would be left who sets one.
// Like all changes of people, it is recorded.
func (t *Team) SetRole(ctx context.Context, by activity.Actor, id string, role Role) error {
	return t.change(ctx, by, activity.ChangeRole, id, func(p *store.Person, before Person) error {
		switch {
		case before.IsRemoved():
			return ErrRemoved
		case !before.IsDecidedHere():
			return ErrElsewhere
		case p.Role == string(role):
			return ErrUnchanged
		}
		p.Role, p.RoleBy, p.RoleAt = string(role), by.Person.Name, t.config.Store.Now()
		return nil
	})
}

// Remove takes the role from a person, ends the person's sessions, and keeps the person from signing in, whatever the
// person's groups say. Its errors are ErrElsewhere, ErrUnchanged and ErrLastAdmin, as those of SetRole.
func (t *Team) Remove(ctx context.Context, by activity.Actor, id string) error {
	return t.change(ctx, by, activity.RemovePerson, id, func(p *store.Person, before Person) error {
		switch {
		case !before.MayBeRemoved():
			return ErrElsewhere
		case before.IsRemoved():
			return ErrUnchanged
		}
		now := t.config.Store.Now()
		p.Role, p.RoleBy, p.RoleAt, p.RemovedAt = string(NoRole), by.Person.Name, now, now
		return nil
	})
}

// Readmit lets a person who was removed sign in again. It returns ErrUnchanged if the person may.
func (t *Team) Readmit(ctx context.Context, by activity.Actor, id string) error {
	return t.change(ctx, by, activity.ReadmitPerson, id, func(p *store.Person, before Person) error {
		if !before.IsRemoved() {
			return ErrUnchanged
		}
		p.RemovedAt = time.Time{}
		return nil
	})
}

// event returns the activity that records the change of a person.
func event(by activity.Actor, action string, before, after Person) (store.Activity, error) {
	return activity.New(by, store.Activity{Shop: activity.OfTeam, Action: action}, activity.Detail{
		Member: before.Called(), RoleBefore: string(before.Role), RoleAfter: string(after.Role),
	})
}

// change changes a person, unless change returns an error or no admin would be left.
func (t *Team) change(
	ctx context.Context, by activity.Actor, action, id string, change func(p *store.Person, before Person) error,
) error {
	return t.config.Store.ChangePerson(ctx, id,
		func(p *store.Person) (store.Activity, error) {
			before := t.withRole(*p)
			if err := change(p, before); err != nil {
				return store.Activity{}, err
			}
			return event(by, action, before, t.withRole(*p))
		},
		func(all []store.Person) error {
			if !slices.ContainsFunc(t.withRoles(all), func(p Person) bool { return p.Role == Admin }) {
				return ErrLastAdmin
			}
			return nil
		})
}

// Sessions returns the sessions of a person that have not ended, the newest first.
func (t *Team) Sessions(ctx context.Context, person string) ([]store.MemberSession, error) {
	return t.config.Store.MemberSessions(ctx, person)
}

// EndSession ends a session of a person, on every instance. It is no error if there is none.
func (t *Team) EndSession(ctx context.Context, by activity.Actor, person, session string) error {
	p, err := t.Person(ctx, person)
	if err != nil {
		return err
	}
	done, err := activity.New(by, store.Activity{Shop: activity.OfTeam, Action: activity.EndSession},
		activity.Detail{Member: p.Called(), Ended: store.MarkOf(session)})
	if err != nil {
		return err
	}
	return t.config.Store.EndMemberSession(ctx, person, session, done)
}

// Record records what a person did to no shop and to no other person, such as a sign-in.
func (t *Team) Record(ctx context.Context, by activity.Actor, action string) error {
	done, err := activity.New(by, store.Activity{Shop: activity.OfTeam, Action: action}, activity.Detail{})
	if err != nil {
		return err
	}
	return t.config.Store.AddActivity(ctx, done)
}

func (t *Team) withRoles(stored []store.Person) (all []Person) {
	for _, p := range stored {
		all = append(all, t.withRole(p))
	}
	return all
}

// withRole adds what a person may do. The configuration of now decides, so that a person who is no longer in it loses
// the role though the session goes on.
func (t *Team) withRole(stored store.Person) Person {
	p := Person{Person: stored}
	switch given := Role(stored.Role); {
	case t.isConfigured(stored):
		p.Role, p.Source = Admin, Configured
	case t.config.Groups[stored.Group] != NoRole:
		p.Role, p.Source = t.config.Groups[stored.Group], ByGroup
	case given != NoRole && slices.Contains(roles, given):
		p.Role, p.Source = given, ByAdmin
	case stored.EmailVerified && slices.Contains(t.config.Domains, p.Domain()):
		p.Role, p.Source = Viewer, ByDomain
	}
	switch {
	case p.Source == Configured:
		p.RemovedAt = time.Time{} // whoever runs Hookwall can always get in
	case p.IsRemoved():
		p.Role = NoRole
	}
	return p
}

// isConfigured reports whether a person is among the admins of the configuration, by an e-mail that the issuer vouches
// for, or by AdminName. A subject that looks like an e-mail isn't one: some providers let people choose theirs.
func (t *Team) isConfigured(p store.Person) bool {
	return slices.ContainsFunc(t.config.Admins, func(admin string) bool {
		return admin != "" && admin == adminName(p) || p.EmailVerified && p.Email != "" && strings.EqualFold(admin, p.Email)
	})
}

// AdminName returns what names the person in Config.Admins, whatever the e-mail: the subject, or "" if that looks like
// an e-mail.
func (p Person) AdminName() string { return adminName(p.Person) }

func adminName(p store.Person) string {
	if p.Issuer != HeaderIssuer && strings.Contains(p.Subject, "@") {
		return ""
	}
	return p.Subject
}

// deciding returns the group by which a person in groups has the highest role, or "".
func (g GroupRoles) deciding(groups []string) (group string) {
	for _, one := range groups {
		if !g[group].Includes(g[one]) {
			group = one
		}
	}
	return group
}
