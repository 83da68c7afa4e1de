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
