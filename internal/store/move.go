package store

import (
	"context"
	"database/sql"
	"errors"
)

// How a connection's move ended.
const (
	MoveDone    = "moved"
	MoveKept    = "kept"    // to has the shop, and from still has it too
	MoveDropped = "dropped" // to has the shop, and from's connection was deleted
	MoveLocked  = "locked"  // its credential does not open, so it can't be sealed again
	MoveGone    = "gone"    // from has no such shop
)

// Move is what becomes of one shop of an owner's.
type Move struct {
	Shop string
	Drop bool // delete the connection if the other owner has the shop
}

// Moved is how one Move ended. The connection is as it was before, without its credential.
type Moved struct {
	Connection

	End string // MoveDone and so on
}

const (
	// Returns the newest state of a row that no other transaction changes until this one ends.
	lockConnection = `UPDATE connections SET version = version
		WHERE environment = $1 AND owner = $2 AND shop_id = $3 RETURNING ` + connectionColumns + `, credential`

	// The ID, the version and the lease stay, so that a refresh that still runs ends as usual.
	moveConnection = `UPDATE connections SET owner = $1, credential = $2 WHERE environment = $3 AND id = $4`

	movePresets = `UPDATE presets SET owner = $1 WHERE environment = $2 AND owner = $3 AND id IN (
		SELECT id FROM presets AS own WHERE environment = $2 AND owner = $3 AND NOT EXISTS (
			SELECT 1 FROM presets AS other
			WHERE other.environment = $2 AND other.owner = $1 AND other.name_key = own.name_key)
		ORDER BY created_at, id LIMIT $4)`
)

// MoveConnections moves connections of one owner to another, in one transaction: their credentials and the secrets of
// new webhooks are sealed for the new owner, and labels come along. A shop that the new owner has is left
// alone, see Move. If any shop is moved, so are presets and templates, those that the new owner has no name or room for
// left out.
// In the same transaction it records what record returns for each Move, as done. A refresh that holds its
// lease can still finish. ErrNotFound means that one of the owners is gone.
func (s *Store) MoveConnections(
	ctx context.Context, from, to Owner, moves []Move, record func(Moved) ([]Activity, error),
) (out []Moved, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		out = nil
		if err := errors.Join(s.lockPresentOwner(ctx, tx, to), s.lockPresentOwner(ctx, tx, from)); err != nil {
			return err
		}
		for _, m := range moves {
			one, err := s.move(ctx, tx, from, to, m)
			if err != nil {
				return err
			}
			done, err := record(one)
			if err != nil {
				return err
			}
			if err := s.addDone(ctx, tx, done); err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, failed("move connections", err)
}

func (s *Store) move(ctx context.Context, tx *sql.Tx, from, to Owner, m Move) (Moved, error) {
	c, err := s.openConnection(tx.QueryRowContext(ctx, lockConnection, s.env, from, m.Shop))
	locked := errors.Is(err, ErrWrongKey)
	if errors.Is(err, ErrNotFound) {
		return Moved{Connection{ShopID: m.Shop}, MoveGone}, nil
	}
	if err != nil && !locked {
		return Moved{}, err
	}
	credential := c.Credential
	c.Credential = nil
	var taken bool
	err = tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM connections WHERE environment = $1 AND owner = $2 AND shop_id = $3)`,
		s.env, to, m.Shop).Scan(&taken)
	switch {
	case err != nil:
		return Moved{}, err
	case taken && !m.Drop:
		return Moved{c, MoveKept}, nil
	case taken:
		_, err := s.deleteConnection(ctx, tx, from, m.Shop)
		return Moved{c, MoveDropped}, err
	case locked:
		return Moved{c, MoveLocked}, nil
	}
	sealed := s.keys.seal(credential, s.credentialContext(to, m.Shop))
	if _, err := tx.ExecContext(ctx, moveConnection, to, sealed, s.env, c.ID); err != nil {
		return Moved{}, err
	}
	// What visits saw is sealed for the old owner, so the shop is read again.
	if err := s.makeDue(ctx, tx, m.Shop); err != nil {
		return Moved{}, err
	}
	return Moved{c, MoveDone}, s.moveRest(ctx, tx, from, to, m.Shop)
}

// moveRest moves what belongs to a shop whose connection has moved, and deletes what can't be.
func (s *Store) moveRest(ctx context.Context, tx *sql.Tx, from, to Owner, shop string) error {
	if err := s.moveSecrets(ctx, tx, from, to, shop); err != nil {
		return err
	}
	if err := s.moveShopLabels(ctx, tx, from, to, shop); err != nil {
		return err
	}
	if err := s.movePresets(ctx, tx, from, to); err != nil {
		return err
	}
	if err := s.moveTemplates(ctx, tx, from, to); err != nil {
		return err
	}
	_, err := s.deleteConnection(ctx, tx, from, shop)
	return err
}

// moveSecrets seals the kept secrets of a shop's webhooks for another owner. One that does not open stays.
func (s *Store) moveSecrets(ctx context.Context, tx *sql.Tx, from, to Owner, shop string) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT webhook_id, secret FROM webhook_secrets WHERE environment = $1 AND owner = $2 AND shop = $3`,
		s.env, from, shop)
	if err != nil {
		return err
	}
	defer rows.Close()
	sealed := map[string][]byte{}
	for rows.Next() {
		var id string
		var secret []byte
		if err := rows.Scan(&id, &secret); err != nil {
			return err
		}
		plain, err := s.keys.open(secret, s.secretContext(from, shop, id))
		if err != nil {
			s.log.WarnContext(ctx, "a secret does not open", "err", err)
			continue
		}
		sealed[id] = s.keys.seal(plain, s.secretContext(to, shop, id))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id, secret := range sealed {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO webhook_secrets (environment, owner, shop, webhook_id, secret, expires_at)
			SELECT environment, $1, shop, webhook_id, $2, expires_at FROM webhook_secrets
			WHERE environment = $3 AND owner = $4 AND shop = $5 AND webhook_id = $6
			ON CONFLICT (environment, owner, shop, webhook_id) DO NOTHING`, to, secret, s.env, from, shop, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// moveShopLabels adds the labels of a shop to those that the other owner gave it before, as many as fit.
func (s *Store) moveShopLabels(ctx context.Context, tx *sql.Tx, from, to Owner, shop string) error {
	own, err := s.shopLabelsIn(ctx, tx, from)
	if err != nil {
		return err
	}
	had, err := s.shopLabelsIn(ctx, tx, to)
	if err != nil {
		return err
	}
	for _, label := range asWritten(had, own[shop]) {
		if hasLabel(had[shop], label) || len(had[shop]) == MaxShopLabels {
			continue
		}
		had[shop] = append(had[shop], label)
		if err := s.insertShopLabel(ctx, tx, to, shop, label); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM shop_labels WHERE environment = $1 AND owner = $2 AND shop_id = $3`,
		s.env, from, shop)
	return err
}

// movePresets moves the presets of an owner, those that the other has no name or room for left out.
func (s *Store) movePresets(ctx context.Context, tx *sql.Tx, from, to Owner) error {
	var has int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM presets WHERE environment = $1 AND owner = $2`, s.env, to).
		Scan(&has)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, movePresets, to, s.env, from, max(0, MaxPresets-has))
	return err
}
