-- Since when and why the credential of a version is unusable: whether it is, is still connections.expired. Without
-- ended_version = version, nothing of it is known. asked_until is the time of the newest event that made Hookwall ask
-- whether the connection has ended.

-- +goose Up
ALTER TABLE connections ADD COLUMN ended_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN ended_why TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN ended_code TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN asked_until BIGINT NOT NULL DEFAULT 0;
