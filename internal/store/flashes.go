package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"time"
)

const flashLife = time.Hour

// AddFlash stores data, sealed, until the owner next opens the page of that path. ErrNotFound means that
// the owner is gone.
func (s *Store) AddFlash(ctx context.Context, owner Owner, page string, data []byte) error {
	return s.addFlash(ctx, owner, page, data, "")
}

// addFlash adds a flash under a condition, whose arguments begin with $7.
func (s *Store) addFlash(
	ctx context.Context, owner Owner, page string, data []byte, condition string, more ...any,
) error {
	id := rand.Text()
	sealed := s.keys.seal(data, s.flashContext(owner, page, id))
	// Two that are added at the same moment may get one number: neither is the first.
	n, err := s.exec(ctx, `
		INSERT INTO flashes (id, environment, owner, page, seq, data, created_at)
		SELECT $3, environment, id, $4,
			(SELECT COALESCE(MAX(seq), 0) + 1 FROM flashes WHERE environment = $1 AND owner = $2 AND page = $4), $5, $6
		FROM owners WHERE environment = $1 AND id = $2`+condition,
		append([]any{s.env, owner, id, page, sealed, millis(s.now())}, more...)...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return failed("add flash", err)
}

// ShopPage is a page of a connected shop, which a flash is for.
type ShopPage struct {
	Owner  Owner // of the connection
	Shop   string
	Secret string // ID of a webhook whose secret the page shows; "" for none
}

// AddShopFlash is AddFlash if the page can be opened, since the shop is connected, and has the secret to show.
// Otherwise the error is ErrNotFound.
func (s *Store) AddShopFlash(ctx context.Context, owner Owner, page string, data []byte, p ShopPage) error {
	return s.addFlash(ctx, owner, page, data, `
		AND EXISTS (SELECT 1 FROM connections AS c
			WHERE c.environment = $1 AND c.owner = $7 AND c.shop_id = $8 AND NOT c.expired)
		AND ($9 = '' OR EXISTS (SELECT 1 FROM webhook_secrets AS w
			WHERE w.environment = $1 AND w.owner = $7 AND w.shop = $8 AND w.webhook_id = $9 AND w.expires_at > $6))`,
		p.Owner, p.Shop, p.Secret)
}

// flash is a row of the table.
type flash struct {
	id             string
	seq, createdAt int64
	data           []byte
}

// TakeFlashes returns what was added for a page, in order, and deletes it. Flashes older than an hour,
// and those that do not open, are deleted and not returned.
func (s *Store) TakeFlashes(ctx context.Context, owner Owner, page string) ([][]byte, error) {
	// Reading first keeps pages without a flash from waiting for the right to write.
	var some bool
	err := s.engine.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM flashes WHERE environment = $1 AND owner = $2 AND page = $3)`,
		s.env, owner, page).Scan(&some)
	if err != nil || !some {
		return nil, failed("take flashes", err)
	}
	var flashes []flash
	err = s.again(ctx, func(ctx context.Context) (err error) {
		flashes, err = s.deleteFlashes(ctx, owner, page)
		return err
	})
	if err != nil {
		return nil, failed("take flashes", err)
	}
	oldest := millis(s.now().Add(-flashLife))
	var all [][]byte
	for _, f := range flashes {
		if f.createdAt <= oldest {
			continue
		}
		data, err := s.keys.open(f.data, s.flashContext(owner, page, f.id))
		if err != nil {
			s.log.WarnContext(ctx, "a sealed value does not open", "op", "take flashes", "err", err)
			continue
		}
		all = append(all, data)
	}
	return all, nil
}

func (s *Store) deleteFlashes(ctx context.Context, owner Owner, page string) ([]flash, error) {
	rows, err := s.engine.write.QueryContext(ctx, `
		DELETE FROM flashes WHERE environment = $1 AND owner = $2 AND page = $3 RETURNING id, seq, created_at, data`,
		s.env, owner, page)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []flash
	for rows.Next() {
		var f flash
		if err := rows.Scan(&f.id, &f.seq, &f.createdAt, &f.data); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b flash) int { return cmp.Compare(a.seq, b.seq) })
	return all, rows.Err()
}

func (s *Store) flashContext(owner Owner, page, id string) rowContext {
	return rowContext{"flashes", "data", []string{s.env, string(owner), page, id}}
}
