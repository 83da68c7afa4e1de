-- A run can be ended, an item can wait until a time, and a plan can be rehearsed before.

-- +goose Up
ALTER TABLE plan_items ADD COLUMN wait_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plans ADD COLUMN rehearsal BYTEA; -- JSON by the caller, sealed
ALTER TABLE plans ADD COLUMN rehearsed_at BIGINT NOT NULL DEFAULT 0;
