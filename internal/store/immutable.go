package store

import (
	"context"
	"slices"
	"time"
)

// MarkImmutable remembers until the given time that the API neither updates nor deletes a webhook.
// It replaces an earlier mark. The mark belongs to the shop and outlives the owner who made it.
func (s *Store) MarkImmutable(ctx context.Context, shopID, webhookID string, until time.Time) error {
	_, err := s.exec(ctx, `
		INSERT INTO immutable_webhooks (environment, shop, webhook_id, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (environment, shop, webhook_id) DO UPDATE SET expires_at = excluded.expires_at`,
		s.env, shopID, webhookID, millis(until))
	return failed("mark immutable webhook", err)
}

// ImmutableWebhooks returns the IDs of a shop's webhooks that are marked, sorted.
func (s *Store) ImmutableWebhooks(ctx context.Context, shopID string) ([]string, error) {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT webhook_id FROM immutable_webhooks WHERE environment = $1 AND shop = $2 AND expires_at > $3`,
		s.env, shopID, millis(s.now()))
	if err != nil {
		return nil, failed("list immutable webhooks", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, failed("list immutable webhooks", err)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, failed("list immutable webhooks", rows.Err())
}

// ImmutableOf returns the IDs of the marked webhooks of all shops that an owner has connected, by shop.
func (s *Store) ImmutableOf(ctx context.Context, owner Owner) (map[string][]string, error) {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT shop, webhook_id FROM immutable_webhooks WHERE environment = $1 AND expires_at > $2 AND shop IN (
			SELECT shop_id FROM connections WHERE environment = $1 AND owner = $3)
		ORDER BY shop, webhook_id`, s.env, millis(s.now()), owner)
	if err != nil {
		return nil, failed("list immutable webhooks of shops", err)
	}
	defer rows.Close()
	all := map[string][]string{}
	for rows.Next() {
		var shop, id string
		if err := rows.Scan(&shop, &id); err != nil {
			return nil, failed("list immutable webhooks of shops", err)
		}
		all[shop] = append(all[shop], id)
	}
	return all, failed("list immutable webhooks of shops", rows.Err())
}
