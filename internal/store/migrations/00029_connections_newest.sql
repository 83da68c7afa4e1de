-- Finds the shops that an owner connected last.

-- +goose Up
CREATE INDEX connections_newest ON connections (environment, owner, created_at DESC, shop_id);
