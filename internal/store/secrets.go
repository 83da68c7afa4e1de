package store

import (
	"context"
	"time"
)

//nolint:gosec // a statement, and no secret
const putSecret = `
	INSERT INTO webhook_secrets (environment, owner, shop, webhook_id, secret, expires_at)
	SELECT environment, id, $3, $4, $5, $6 FROM owners WHERE environment = $1 AND id = $2
	ON CONFLICT (environment, owner, shop, webhook_id) DO UPDATE SET
		secret = excluded.secret, expires_at = excluded.expires_at`

// PutSecret stores the secret that came with a new webhook, sealed, until it is deleted or the given
// time. ErrNotFound means that the owner is gone.
func (s *Store) PutSecret(ctx context.Context, owner Owner, shop, webhookID, secret string, until time.Time) error {
	n, err := s.exec(ctx, putSecret, s.secretRow(owner, shop, webhookID, secret, until)...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return failed("put secret", err)
}

// secretRow returns the arguments of putSecret.
func (s *Store) secretRow(owner Owner, shop, webhookID, secret string, until time.Time) []any {
	sealed := s.keys.seal([]byte(secret), s.secretContext(owner, shop, webhookID))
	return []any{s.env, owner, shop, webhookID, sealed, millis(until)}
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

// RunSecret is the secret of a webhook that a run created.
type RunSecret struct {
	Item    int // position in the document
	Shop    string
	Webhook string
	Secret  string
	Until   time.Time // so long it is kept
}

// RunSecrets returns the secrets of the webhooks that a run created and that are still kept, in the order of the
// document.
func (s *Store) RunSecrets(ctx context.Context, owner Owner, number int64) ([]RunSecret, error) {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT item, i.shop, webhook, secret, expires_at FROM plan_items AS i
		JOIN webhook_secrets AS w ON w.environment = i.environment AND w.owner = i.owner AND w.shop = i.shop
			AND w.webhook_id = i.webhook
		WHERE i.environment = $1 AND i.owner = $2 AND number = $3 AND expires_at > $4 ORDER BY item`,
		s.env, owner, number, millis(s.now()))
	if err != nil {
		return nil, failed("list secrets of a run", err)
	}
	defer rows.Close()
	var all []RunSecret
	for rows.Next() {
		var one RunSecret
		var sealed []byte
		var until int64
		if err := rows.Scan(&one.Item, &one.Shop, &one.Webhook, &sealed, &until); err != nil {
			return nil, failed("list secrets of a run", err)
		}
		plain, err := s.keys.open(sealed, s.secretContext(owner, one.Shop, one.Webhook))
		if err != nil {
			s.log.WarnContext(ctx, "a secret does not open", "err", err)
			continue
		}
		one.Secret, one.Until = string(plain), timeAt(until)
		all = append(all, one)
	}
	return all, failed("list secrets of a run", rows.Err())
}

// DeleteRunSecrets deletes the secrets of the webhooks that a run created.
func (s *Store) DeleteRunSecrets(ctx context.Context, owner Owner, number int64) error {
	_, err := s.exec(ctx, `
		DELETE FROM webhook_secrets WHERE environment = $1 AND owner = $2 AND EXISTS (
			SELECT 1 FROM plan_items AS i WHERE i.environment = webhook_secrets.environment
			AND i.owner = webhook_secrets.owner AND i.number = $3 AND i.shop = webhook_secrets.shop
			AND i.webhook = webhook_secrets.webhook_id)`, s.env, owner, number)
	return failed("delete secrets of a run", err)
}

func (s *Store) secretContext(owner Owner, shop, webhookID string) rowContext {
	return rowContext{"webhook_secrets", "secret", []string{s.env, string(owner), shop, webhookID}}
}
