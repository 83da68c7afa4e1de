package store

import (
	"context"
)

// sweepLabels deletes the labels of shops that nobody has connected and nobody has changed for as long as activities
// are kept.
const sweepLabels = `DELETE FROM webhook_labels WHERE written_at <= $1
	AND NOT EXISTS (SELECT 1 FROM connections AS c
		WHERE c.environment = webhook_labels.environment AND c.shop_id = webhook_labels.shop)
	AND NOT EXISTS (SELECT 1 FROM activities AS a
		WHERE a.environment = webhook_labels.environment AND a.shop = webhook_labels.shop AND a.started_at > $1)`

// PutLabel stores the name that a person gave a webhook, sealed. It replaces an earlier one. A label belongs to the
// shop and outlives the owner who wrote it.
func (s *Store) PutLabel(ctx context.Context, shop, webhookID, label string) error {
	_, err := s.exec(ctx, `
		INSERT INTO webhook_labels (environment, shop, webhook_id, label, written_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (environment, shop, webhook_id) DO UPDATE SET
			label = excluded.label, written_at = excluded.written_at`,
		s.env, shop, webhookID, s.keys.seal([]byte(label), s.labelContext(shop, webhookID)), millis(s.now()))
	return failed("put label", err)
}

// Labels returns the labels of a shop's webhooks by the webhook's ID. One that its key can't open is missing.
func (s *Store) Labels(ctx context.Context, shop string) (map[string]string, error) {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT webhook_id, label FROM webhook_labels WHERE environment = $1 AND shop = $2`, s.env, shop)
	if err != nil {
		return nil, failed("list labels", err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var id string
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			return nil, failed("list labels", err)
		}
		label, err := s.keys.open(sealed, s.labelContext(shop, id))
		if err != nil {
			s.log.WarnContext(ctx, "a label does not open", "err", err)
			continue
		}
		all[id] = string(label)
	}
	return all, failed("list labels", rows.Err())
}

// LabelsOf returns the labels of the webhooks of an owner's shops, by shop and the webhook's ID. One that its key can't
// open is missing.
func (s *Store) LabelsOf(ctx context.Context, owner Owner) (map[string]map[string]string, error) {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT shop, webhook_id, label FROM webhook_labels
		JOIN connections ON connections.environment = webhook_labels.environment AND shop_id = shop
		WHERE webhook_labels.environment = $1 AND owner = $2`, s.env, owner)
	if err != nil {
		return nil, failed("list labels of an owner", err)
	}
	defer rows.Close()
	all := map[string]map[string]string{}
	for rows.Next() {
		var shop, id string
		var sealed []byte
		if err := rows.Scan(&shop, &id, &sealed); err != nil {
			return nil, failed("list labels of an owner", err)
		}
		label, err := s.keys.open(sealed, s.labelContext(shop, id))
		if err != nil {
			s.log.WarnContext(ctx, "a label does not open", "err", err)
			continue
		}
		if all[shop] == nil {
			all[shop] = map[string]string{}
		}
		all[shop][id] = string(label)
	}
	return all, failed("list labels of an owner", rows.Err())
}

// DeleteLabel deletes the label of a webhook. It is no error if there is none.
func (s *Store) DeleteLabel(ctx context.Context, shop, webhookID string) error {
	_, err := s.exec(ctx, `DELETE FROM webhook_labels WHERE environment = $1 AND shop = $2 AND webhook_id = $3`,
		s.env, shop, webhookID)
	return failed("delete label", err)
}

func (s *Store) labelContext(shop, webhookID string) rowContext {
	return rowContext{"webhook_labels", "label", []string{s.env, shop, webhookID}}
}
