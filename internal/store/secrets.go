package store

import (
	"context"
	"time"
)

// PutSecret stores the secret that came with a new webhook, sealed, until it is deleted or the given
// time. ErrNotFound means that the owner is gone.
func (s *Store) PutSecret(ctx context.Context, owner Owner, shop, webhookID, secret string, until time.Time) error {
	n, err := s.exec(ctx, `
		INSERT INTO webhook_secrets (environment, owner, shop, webhook_id, secret, expires_at)
		SELECT environment, id, $3, $4, $5, $6 FROM owners WHERE environment = $1 AND id = $2
		ON CONFLICT (environment, owner, shop, webhook_id) DO UPDATE SET
			secret = excluded.secret, expires_at = excluded.expires_at`,
		s.env, owner, shop, webhookID, s.keys.seal([]byte(secret), s.secretContext(owner, shop, webhookID)), millis(until))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return failed("put secret", err)
}

// Secret returns the secret of a webhook and the time until which it is kept, or ErrNotFound.
func (s *Store) Secret(ctx context.Context, owner Owner, shop, webhookID string) (string, time.Time, error) {
	var sealed []byte
	var until int64
	err := s.engine.read.QueryRowContext(ctx, `
		SELECT secret, expires_at FROM webhook_secrets
		WHERE environment = $1 AND owner = $2 AND shop = $3 AND webhook_id = $4 AND expires_at > $5`,
		s.env, owner, shop, webhookID, millis(s.now())).Scan(&sealed, &until)
	if err != nil {
		return "", time.Time{}, failed("read secret", err)
	}
	secret, err := s.keys.open(sealed, s.secretContext(owner, shop, webhookID))
	if err != nil {
		return "", time.Time{}, s.gone(ctx, "read secret", err)
	}
	return string(secret), timeAt(until), nil
}

// DeleteSecret deletes the secret of a webhook. It is no error if there is none.
func (s *Store) DeleteSecret(ctx context.Context, owner Owner, shop, webhookID string) error {
	_, err := s.exec(ctx, `
		DELETE FROM webhook_secrets WHERE environment = $1 AND owner = $2 AND shop = $3 AND webhook_id = $4`,
		s.env, owner, shop, webhookID)
	return failed("delete secret", err)
}

func (s *Store) secretContext(owner Owner, shop, webhookID string) rowContext {
	return rowContext{"webhook_secrets", "secret", []string{s.env, string(owner), shop, webhookID}}
}
