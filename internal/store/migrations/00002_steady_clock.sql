-- The same times by another clock, see clock.go; 0 where the previous version wrote.

-- +goose Up
ALTER TABLE operations ADD COLUMN steady_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN steady_started_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN steady_updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN steady_started_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN steady_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN steady_until BIGINT NOT NULL DEFAULT 0;
