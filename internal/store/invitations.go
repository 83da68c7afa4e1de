package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// Invitation is a link with which a shop's owner connects the shop to the team, once. The database has a hash of its
// token alone.
type Invitation struct {
	ID         string // chosen by the caller, so that one form makes one invitation
	Domain     string // of the only shop that it is for; "" for any
	ByPerson   string
	By         string // name of that person
	CreatedAt  time.Time
	ExpiresAt  time.Time
	RevokedAt  time.Time // zero unless it was revoked
	AcceptedAt time.Time // zero until a shop is connected; the rest is set from then on
	ShopID     string
	ShopName   string
	EndedAt    time.Time // when the connection was deleted; zero while there is one
}

// IsOpen reports whether a shop can be connected with the invitation at a time.
func (in Invitation) IsOpen(now time.Time) bool {
	return in.AcceptedAt.IsZero() && in.RevokedAt.IsZero() && now.Before(in.ExpiresAt)
}

// Acceptance spends an invitation. Its tokens are given in clear.
type Acceptance struct {
	Token   string // of the invitation
	Receipt string // by which the owner finds the connection again
}

const (
	// invitationLife is how long an invitation that was not accepted is kept after its end, so that its page can say
	// what happened.
	invitationLife = 30 * 24 * time.Hour

	invitationColumns = `id, domain, by_person, by_name, created_at, expires_at, revoked_at, accepted_at, shop, shop_name,
		ended_at`

	selectInvitations = `SELECT ` + invitationColumns + ` FROM invitations WHERE environment = $1`

	isOpenInvitation = ` AND accepted_at = 0 AND revoked_at = 0 AND expires_at > `

	insertInvitation = `
		INSERT INTO invitations (environment, id, token_hash, domain, by_person, by_name, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (environment, id) DO NOTHING`

	acceptInvitation = `
		UPDATE invitations SET accepted_at = $1, receipt_hash = $2, shop = $3, shop_name = $4
		WHERE environment = $5 AND token_hash = $6` + isOpenInvitation + `$1`

	selectEndedByOwner = `
		SELECT shop, MAX(CASE WHEN ended_by_owner THEN ended_at ELSE 0 END)
		FROM invitations WHERE environment = $1 AND shop <> ''
		GROUP BY shop HAVING MAX(CASE WHEN ended_by_owner THEN ended_at ELSE 0 END) >= MAX(accepted_at)`

	sweepInvitations = `DELETE FROM invitations
		WHERE accepted_at = 0 AND expires_at <= $1 OR ended_at > 0 AND ended_at <= $2`
)

// PutInvitation stores a new invitation with its token, and records activities, as done. It returns ErrFinished, and
// stores nothing, if there is an invitation with this ID.
func (s *Store) PutInvitation(ctx context.Context, in Invitation, token string, done ...Activity) error {
	return failed("put invitation", s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, insertInvitation, s.env, in.ID, hashOf(token), in.Domain, in.ByPerson, in.By,
			millis(in.CreatedAt), millis(in.ExpiresAt)))
		if err == nil && n == 0 {
			err = ErrFinished
		}
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// Invitations returns all invitations, the newest first.
func (s *Store) Invitations(ctx context.Context) ([]Invitation, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectInvitations+` ORDER BY created_at DESC, id`, s.env)
	if err != nil {
		return nil, failed("list invitations", err)
	}
	defer rows.Close()
	var all []Invitation
	for rows.Next() {
		in, err := scanInvitation(rows)
		if err != nil {
			return nil, failed("list invitations", err)
		}
		all = append(all, in)
	}
	return all, failed("list invitations", rows.Err())
}

// Invitation returns the invitation of a token, open or not, or ErrNotFound.
func (s *Store) Invitation(ctx context.Context, token string) (Invitation, error) {
	in, err := scanInvitation(s.engine.read.QueryRowContext(ctx, selectInvitations+` AND token_hash = $2`,
		s.env, hashOf(token)))
	return in, failed("read invitation", err)
}

// InvitationByReceipt returns the accepted invitation of a receipt's token, or ErrNotFound.
func (s *Store) InvitationByReceipt(ctx context.Context, token string) (Invitation, error) {
	in, err := scanInvitation(s.engine.read.QueryRowContext(ctx, selectInvitations+` AND receipt_hash = $2`,
		s.env, hashOf(token)))
	return in, failed("read receipt", err)
}

// RevokeInvitation ends an open invitation, and records activities, as done. It returns ErrNotFound if it isn't open.
func (s *Store) RevokeInvitation(ctx context.Context, id string, done ...Activity) error {
	return failed("revoke invitation", s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE invitations SET revoked_at = $1 WHERE environment = $2 AND id = $3`+isOpenInvitation+`$1`,
			millis(s.now()), s.env, id))
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// AcceptInvitation spends an open invitation for a connection, which it stores as PutConnection does. It returns
// ErrNotFound, and stores nothing, if the invitation isn't open: of several callers, one succeeds.
func (s *Store) AcceptInvitation(
	ctx context.Context, a Acceptance, c Connection, done ...Activity,
) (kept Connection, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, acceptInvitation, millis(s.now()), hashOf(a.Receipt), c.ShopID, c.ShopName,
			s.env, hashOf(a.Token)))
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		kept, err = s.upsert(ctx, tx, upsertConnection+returningConnection, c)
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	})
	if err != nil {
		return Connection{}, failed("accept invitation", err)
	}
	kept.Credential = slices.Clone(c.Credential)
	return kept, nil
}

// EndAccess deletes the connection of a receipt's token, as DeleteConnection does. It returns ErrNotFound, and changes
// nothing, if the access has ended before, even if the team has connected the shop again since.
func (s *Store) EndAccess(ctx context.Context, receipt string, done ...Activity) error {
	return failed("end access", s.tx(ctx, func(tx *sql.Tx) error {
		var shopID string
		err := tx.QueryRowContext(ctx,
			`SELECT shop FROM invitations WHERE environment = $1 AND receipt_hash = $2 AND ended_at = 0`,
			s.env, hashOf(receipt)).Scan(&shopID)
		if err != nil {
			return err
		}
		was, err := s.deleteConnection(ctx, tx, teamOwner, shopID, done...)
		if err == nil && !was {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx,
			`UPDATE invitations SET ended_by_owner = TRUE WHERE environment = $1 AND receipt_hash = $2`,
			s.env, hashOf(receipt))
		return err
	}))
}

// EndedByOwner returns when the owner of each shop ended the team's access, unless an invitation was accepted for the
// shop since.
func (s *Store) EndedByOwner(ctx context.Context) (map[string]time.Time, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectEndedByOwner, s.env)
	if err != nil {
		return nil, failed("list ended access", err)
	}
	defer rows.Close()
	ended := map[string]time.Time{}
	for rows.Next() {
		var shopID string
		var at int64
		if err := rows.Scan(&shopID, &at); err != nil {
			return nil, failed("list ended access", err)
		}
		ended[shopID] = timeAt(at)
	}
	return ended, failed("list ended access", rows.Err())
}

// endWith records that a connection was deleted, and then notes it for the shop's receipts, which show what was
// recorded until their end.
func (s *Store) endWith(ctx context.Context, tx *sql.Tx, owner Owner, shopID string, done []Activity) error {
	if err := s.addDone(ctx, tx, done); err != nil || owner != teamOwner {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE invitations SET ended_at = $1 WHERE environment = $2 AND shop = $3 AND shop <> '' AND ended_at = 0`,
		millis(s.now()), s.env, shopID)
	return err
}

// scanInvitation reads invitationColumns.
func scanInvitation(row scanner) (in Invitation, err error) {
	var created, expires, revoked, accepted, ended int64
	err = row.Scan(&in.ID, &in.Domain, &in.ByPerson, &in.By, &created, &expires, &revoked, &accepted, &in.ShopID,
		&in.ShopName, &ended)
	in.CreatedAt, in.ExpiresAt, in.RevokedAt = timeAt(created), timeAt(expires), timeAt(revoked)
	in.AcceptedAt, in.EndedAt = timeAt(accepted), timeAt(ended)
	return in, err
}
