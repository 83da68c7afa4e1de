-- Finds a shop's activities with an outcome, newest first.

-- +goose Up
CREATE INDEX activities_outcome ON activities (environment, shop, outcome, started_at, seq);
