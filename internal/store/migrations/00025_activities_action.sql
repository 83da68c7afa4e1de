-- Finds a shop's activities with an action, newest first. Each index has a migration of its own, so that
-- changes wait for one index at a time.

-- +goose Up
CREATE INDEX activities_action ON activities (environment, shop, action, started_at, seq);
