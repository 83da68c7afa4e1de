package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// MaxShopLabels is how many labels a shop can have.
const MaxShopLabels = 10

const selectShopLabels = `SELECT shop_id, label FROM shop_labels WHERE environment = $1 AND owner = $2`

// Labeled is what AddShopLabels did in one shop.
type Labeled struct {
	Shop  string
	Added []string // the labels that it lacked before
	Full  bool     // it has MaxShopLabels labels, and got none of those that it lacked
}

// ShopLabels returns the labels of an owner's shops by the shop's ID, sorted without regard to case. A shop that is no
// longer connected keeps its labels.
func (s *Store) ShopLabels(ctx context.Context, owner Owner) (map[string][]string, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectShopLabels, s.env, owner)
	if err != nil {
		return nil, failed("list labels of shops", err)
	}
	defer rows.Close()
	all, err := scanShopLabels(rows)
	return all, failed("list labels of shops", err)
}

func (s *Store) shopLabelsIn(ctx context.Context, tx *sql.Tx, owner Owner) (map[string][]string, error) {
	rows, err := tx.QueryContext(ctx, selectShopLabels, s.env, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all, err := scanShopLabels(rows)
	return all, cmp.Or(err, rows.Err())
}

func scanShopLabels(rows interface {
	scanner
	Next() bool
	Err() error
},
) (map[string][]string, error) {
	all := map[string][]string{}
	for rows.Next() {
		var shop, label string
		if err := rows.Scan(&shop, &label); err != nil {
			return nil, err
		}
		all[shop] = append(all[shop], label)
	}
	for _, labels := range all {
		slices.SortFunc(labels, func(a, b string) int { return cmp.Compare(ShopLabelKey(a), ShopLabelKey(b)) })
	}
	return all, rows.Err()
}

// ShopLabelKey returns what labels that differ only in case, or in how their characters are composed, have in common.
func ShopLabelKey(label string) string {
	// Letters such as the two small sigmas have one capital letter.
	return norm.NFC.String(strings.ToLower(strings.ToUpper(norm.NFC.String(label))))
}

// AddShopLabels adds labels to shops of an owner, in one transaction, and returns what it did in each, in their order.
// A label that the owner has on another shop is written as it is there. A shop gets all of the labels that it lacks, or
// none if it would then have more than MaxShopLabels. In the same transaction it records what record returns, as done,
// for each shop that got a label. ErrNotFound means that the owner is gone.
func (s *Store) AddShopLabels(
	ctx context.Context, owner Owner, shops, labels []string, record func(Labeled) (Activity, error),
) (out []Labeled, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockPresentOwner(ctx, tx, owner); err != nil {
			return err
		}
		had, err := s.shopLabelsIn(ctx, tx, owner)
		if err != nil {
			return err
		}
		wanted := asWritten(had, labels)
		out = nil
		for _, shop := range shops {
			one := missing(shop, had[shop], wanted)
			if err := s.insertShopLabels(ctx, tx, owner, one, record); err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, failed("add labels to shops", err)
}

// asWritten returns each label once, spelled as one of the shops has it.
func asWritten(had map[string][]string, labels []string) (out []string) {
	spelled := map[string]string{}
	for _, all := range had {
		for _, label := range all {
			spelled[ShopLabelKey(label)] = label
		}
	}
	for _, label := range labels {
		label = cmp.Or(spelled[ShopLabelKey(label)], label)
		if !hasLabel(out, label) {
			out = append(out, label)
		}
	}
	return out
}

func hasLabel(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return ShopLabelKey(l) == ShopLabelKey(label) })
}

// missing returns what a shop that has labels gets of those wanted.
func missing(shop string, has, wanted []string) Labeled {
	one := Labeled{Shop: shop}
	for _, label := range wanted {
		if !hasLabel(has, label) {
			one.Added = append(one.Added, label)
		}
	}
	if len(has)+len(one.Added) > MaxShopLabels {
		one.Added, one.Full = nil, true
	}
	return one
}

func (s *Store) insertShopLabels(
	ctx context.Context, tx *sql.Tx, owner Owner, one Labeled, record func(Labeled) (Activity, error),
) error {
	if len(one.Added) == 0 {
		return nil
	}
	for _, label := range one.Added {
		if err := s.insertShopLabel(ctx, tx, owner, one.Shop, label); err != nil {
			return err
		}
	}
	done, err := record(one)
	if err != nil {
		return err
	}
	return s.addDone(ctx, tx, []Activity{done})
}

func (s *Store) insertShopLabel(ctx context.Context, tx *sql.Tx, owner Owner, shop, label string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO shop_labels (environment, owner, shop_id, label, label_key) VALUES ($1, $2, $3, $4, $5)`,
		s.env, owner, shop, label, ShopLabelKey(label))
	return err
}

// DeleteShopLabel deletes a label of an owner's shop, however it is spelled, and reports whether there was one. If so,
// it records activities, as done, in the same transaction.
func (s *Store) DeleteShopLabel(
	ctx context.Context, owner Owner, shop, label string, done ...Activity,
) (deleted bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			DELETE FROM shop_labels WHERE environment = $1 AND owner = $2 AND shop_id = $3 AND label_key = $4`,
			s.env, owner, shop, ShopLabelKey(label)))
		deleted = n > 0
		if err != nil || !deleted {
			return err
		}
		return s.addDone(ctx, tx, done)
	})
	return deleted, failed("delete a label of a shop", err)
}
