package store

import (
	"context"
	"slices"
	"time"
)

// LockWebhook remembers until the given time that the API would not change a webhook. It takes the
// place of what was remembered before. The mark is the shop's: it outlives who made it.
func (s *Store) LockWebhook(ctx context.Context, shopID, webhookID string, until time.Time) error {
	_, err := s.exec(ctx, `
		INSERT INTO webhook_locks (environment, shop, webhook_id, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (environment, shop, webhook_id) DO UPDATE SET expires_at = excluded.expires_at`,
		s.env, shopID, webhookID, millis(until))
	return failed("lock webhook", err)
}

// UnlockWebhook forgets that a webhook was locked. One that was not is no error.
func (s *Store) UnlockWebhook(ctx context.Context, shopID, webhookID string) error {
	_, err := s.exec(ctx, `DELETE FROM webhook_locks WHERE environment = $1 AND shop = $2 AND webhook_id = $3`,
		s.env, shopID, webhookID)
	return failed("unlock webhook", err)
}

// LockedWebhooks returns the IDs of a shop's locked webhooks whose time is not over, sorted.
func (s *Store) LockedWebhooks(ctx context.Context, shopID string) ([]string, error) {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT webhook_id FROM webhook_locks WHERE environment = $1 AND shop = $2 AND expires_at > $3`,
		s.env, shopID, millis(s.now()))
	if err != nil {
		return nil, failed("list locked webhooks", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, failed("list locked webhooks", err)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, failed("list locked webhooks", rows.Err())
}
