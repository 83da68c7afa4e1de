package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// MemberLife is how long after the sign-in a person's session ends at the latest.
const MemberLife = 12 * time.Hour

// Person has signed in to the team. Issuer and Subject say who it is; the rest may change.
type Person struct {
	ID            string // made by SignInPerson
	Issuer        string
	Subject       string
	Name          string
	Email         string
	EmailVerified bool
	Group         string // that gave a role at the last sign-in; "" for none

	// Role was given by an admin, whose name is RoleBy, at RoleAt; "" if none was.
	Role   string
	RoleBy string
	RoleAt time.Time

	CreatedAt time.Time
	SeenAt    time.Time // precise to 5 minutes
	RemovedAt time.Time // zero unless the person was removed

	// Set by People alone.
	Sessions int    // that have not ended
	Browser  string // of the session that was used last
}

// MemberSession is a session of a person.
type MemberSession struct {
	ID        string // gives no access
	Mark      string // see SessionStore.Mark
	Browser   string // as it was named at the sign-in; "" if it wasn't
	CreatedAt time.Time
	SeenAt    time.Time
}

const (
	personColumns = `id, issuer, subject, name, email, email_verified, group_name, role, role_by, role_at,
		created_at, seen_at, removed_at`

	selectPeople = `SELECT ` + personColumns + ` FROM people WHERE environment = $1`
	selectPerson = selectPeople + ` AND id = $2`

	upsertPerson = `
		INSERT INTO people (environment, id, issuer, subject, name, email, email_verified, group_name, created_at, seen_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
		ON CONFLICT (environment, issuer, subject) DO UPDATE SET
			name = excluded.name, email = excluded.email, email_verified = excluded.email_verified,
			group_name = excluded.group_name, seen_at = excluded.seen_at
		RETURNING ` + personColumns

	selectMemberSessions = `SELECT person, token_hash, browser, created_at, seen_at FROM sessions
		WHERE environment = $1 AND person <> '' AND ($2 = '' OR person = $2) AND seen_at > $3 AND created_at > $4`
)

// SignInPerson records that a person has signed in, with the name, e-mail and group of now, and returns the person as
// stored. Of the argument, the ID, the role and the times do not count.
func (s *Store) SignInPerson(ctx context.Context, p Person) (stored Person, err error) {
	err = s.again(ctx, func(ctx context.Context) (err error) {
		stored, err = scanPerson(s.engine.write.QueryRowContext(ctx, upsertPerson, s.env, rand.Text(), p.Issuer, p.Subject,
			p.Name, p.Email, p.EmailVerified, p.Group, millis(s.now())))
		return err
	})
	return stored, failed("sign a person in", err)
}

// Person returns a person, including one who was removed, or ErrNotFound.
func (s *Store) Person(ctx context.Context, id string) (Person, error) {
	p, err := scanPerson(s.engine.read.QueryRowContext(ctx, selectPerson, s.env, id))
	return p, failed("read person", err)
}

// People returns all people, including those who were removed, by name, and how many sessions each has.
func (s *Store) People(ctx context.Context) ([]Person, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectPeople, s.env)
	if err != nil {
		return nil, failed("list people", err)
	}
	all, err := scanPeople(rows)
	if err != nil {
		return nil, failed("list people", err)
	}
	sessions, err := s.memberSessions(ctx, "")
	for i := range all {
		own := sessions[all[i].ID]
		all[i].Sessions = len(own)
		if len(own) > 0 {
			bySeen := func(a, b MemberSession) int { return a.SeenAt.Compare(b.SeenAt) }
			all[i].Browser = slices.MaxFunc(own, bySeen).Browser
		}
	}
	// Sorted here, since databases differ in how they order text.
	slices.SortFunc(all, func(a, b Person) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Email, b.Email),
			cmp.Compare(a.ID, b.ID))
	})
	return all, failed("list sessions of people", err)
}

// ChangePerson changes a person's role, or removes a person. In one transaction, in which nobody else is changed,
// change gets the person, and allowed all people as they would be. If one of them returns an error, nothing is changed
// and ChangePerson returns it. Both may be called several times. The activity that change returns is recorded as done.
// Removing a person ends the person's sessions and deletes the person's access tokens.
// ErrNotFound means that there is no such person.
func (s *Store) ChangePerson(
	ctx context.Context, id string, change func(*Person) (Activity, error), allowed func(all []Person) error,
) error {
	return failed("change person", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockPresentOwner(ctx, tx, teamOwner); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, selectPeople, s.env) //nolint:rowserrcheck // scanPeople checks it
		if err != nil {
			return err
		}
		all, err := scanPeople(rows)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(p Person) bool { return p.ID == id })
		if i < 0 {
			return ErrNotFound
		}
		done, err := change(&all[i])
		if err != nil {
			return err
		}
		if err := allowed(all); err != nil {
			return err
		}
		if err := s.updatePerson(ctx, tx, all[i]); err != nil {
			return err
		}
		return s.addDone(ctx, tx, []Activity{done})
	}))
}

func (s *Store) updatePerson(ctx context.Context, tx *sql.Tx, p Person) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE people SET role = $1, role_by = $2, role_at = $3, removed_at = $4 WHERE environment = $5 AND id = $6`,
		p.Role, p.RoleBy, millis(p.RoleAt), millis(p.RemovedAt), s.env, p.ID)
	if err != nil || p.RemovedAt.IsZero() {
		return err
	}
	for _, query := range []string{
		`DELETE FROM sessions WHERE environment = $1 AND person = $2`,
		`DELETE FROM access_tokens WHERE environment = $1 AND person = $2`,
	} {
		if _, err := tx.ExecContext(ctx, query, s.env, p.ID); err != nil {
			return err
		}
	}
	return nil
}

// MemberSessions returns the sessions of a person that have not ended, the newest first.
func (s *Store) MemberSessions(ctx context.Context, person string) ([]MemberSession, error) {
	if person == "" {
		return nil, nil
	}
	all, err := s.memberSessions(ctx, person)
	return all[person], failed("list sessions", err)
}

// memberSessions returns the sessions of a person, or of all people, by their IDs.
func (s *Store) memberSessions(ctx context.Context, person string) (map[string][]MemberSession, error) {
	now := s.now()
	rows, err := s.engine.read.QueryContext(ctx, selectMemberSessions, s.env, person,
		millis(now.Add(-s.sessionIdle)), millis(now.Add(-s.memberLife())))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string][]MemberSession{}
	for rows.Next() {
		var of string
		var one MemberSession
		var created, seen int64
		if err := rows.Scan(&of, &one.ID, &one.Browser, &created, &seen); err != nil {
			return nil, err
		}
		one.Mark, one.CreatedAt, one.SeenAt = MarkOf(one.ID), timeAt(created), timeAt(seen)
		all[of] = append(all[of], one)
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b MemberSession) int {
			return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
		})
	}
	return all, rows.Err()
}

// EndMemberSession ends a session of a person, and records an activity, as done. It is no error if there is no such
// session, and then nothing is recorded.
func (s *Store) EndMemberSession(ctx context.Context, person, id string, done Activity) error {
	return failed("end session", s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx,
			`DELETE FROM sessions WHERE environment = $1 AND person = $2 AND token_hash = $3`, s.env, person, id))
		if err != nil || n == 0 {
			return err
		}
		return s.addDone(ctx, tx, []Activity{done})
	}))
}

func (s *Store) memberLife() time.Duration { return min(MemberLife, s.sessionLife) }

// MarkOf returns the mark of a session by its ID, "" if that is no session's.
func MarkOf(id string) string {
	sum, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(sum) < markBytes {
		return ""
	}
	return hex.EncodeToString(sum[:markBytes])
}

// manyRows are the rows of a query, with or without a budget.
type manyRows interface {
	scanner
	Next() bool
	Err() error
	Close() error
}

func scanPeople(rows manyRows) (all []Person, err error) {
	defer rows.Close()
	for rows.Next() {
		p, err := scanPerson(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// scanPerson reads personColumns.
func scanPerson(row scanner) (p Person, err error) {
	var roleAt, created, seen, removed int64
	err = row.Scan(&p.ID, &p.Issuer, &p.Subject, &p.Name, &p.Email, &p.EmailVerified, &p.Group, &p.Role, &p.RoleBy,
		&roleAt, &created, &seen, &removed)
	p.RoleAt, p.CreatedAt, p.SeenAt, p.RemovedAt = timeAt(roleAt), timeAt(created), timeAt(seen), timeAt(removed)
	return p, err
}
