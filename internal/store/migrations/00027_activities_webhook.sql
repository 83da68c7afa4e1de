-- Finds the activities of a webhook, newest first.

-- +goose Up
CREATE INDEX activities_webhook ON activities (environment, shop, webhook_id, started_at, seq);
