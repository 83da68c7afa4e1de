package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// rotateBatch is how many rows RotateKey reads, and how many values it seals at most, in one transaction.
const rotateBatch = 500

// Rotation is what RotateKey did.
type Rotation struct {
	Sealed   int // values that the first key seals now
	Unopened int // values that no given key opens
	Uses     []KeyUse
}

// RotateKey seals each value that another key sealed with the first key, in all environments. It works in batches, and
// calls progress after each. If a value is changed at the same time, the change stays. After an error or a kill,
// another call continues.
//
// Processes that have all keys can use the database at the same time. Uses shows what they seal with an older key.
func (s *Store) RotateKey(ctx context.Context, progress func(sealed int)) (r Rotation, err error) {
	first := s.keys.list[0]
	if slices.ContainsFunc(s.keys.list[1:], func(k key) bool { return k.id == first.id }) {
		return r, errors.New("the first key has the same ID as another, as one key in 256 has: make another first key")
	}
	keys := s.keys
	keys.older = nil // nobody wonders here that older keys are used
	for _, column := range sealedColumns {
		if err := s.rotateColumn(ctx, keys, column, &r, progress); err != nil {
			return r, failed("rotate "+column.table+"."+column.column, err)
		}
	}
	r.Uses, err = keyUses(ctx, s.engine.read.DB, keys)
	return r, failed("count keys", err)
}

// rotateColumn seals the values of a column again, and adds to r.
func (s *Store) rotateColumn(
	ctx context.Context, keys Keys, column sealedColumn, r *Rotation, progress func(sealed int),
) error {
	db, id := s.engine.read.DB, []byte{keys.list[0].id}
	for after, more := []any(nil), true; more; {
		to, err := column.keyBehind(ctx, db, after, rotateBatch)
		if err != nil {
			return err
		}
		batch, err := column.values(ctx, db, "substr(?, 1, 1) <> $1", id, after, to)
		if err != nil {
			return err
		}
		after, more = to, to != nil
		if len(batch) == 0 {
			continue
		}
		sealed, unopened, err := s.resealBatch(ctx, keys, column, batch)
		if err != nil {
			return err
		}
		r.Sealed += sealed
		r.Unopened += unopened
		progress(r.Sealed)
	}
	return nil
}

// resealBatch seals values with the first key, in one transaction. It returns how many, and how many don't open.
func (s *Store) resealBatch(
	ctx context.Context, keys Keys, column sealedColumn, batch []sealedValue,
) (sealed, unopened int, err error) {
	update := fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %[2]s = $2 AND (%s) = (%s)`, column.table, column.column,
		column.key, parameters(3, len(batch[0].key)))
	err = s.tx(ctx, func(tx *sql.Tx) error {
		sealed, unopened = 0, 0
		for _, v := range batch {
			plain, err := keys.open(v.sealed, v.row)
			if err != nil {
				unopened++
				continue
			}
			again := keys.seal(plain, v.row)
			n, err := affected(tx.ExecContext(ctx, update, slices.Concat([]any{again, v.sealed}, v.key)...))
			if err != nil {
				return err
			}
			sealed += int(n)
		}
		return nil
	})
	return sealed, unopened, err
}
