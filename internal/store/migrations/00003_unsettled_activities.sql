-- +goose Up
-- Unclear outcomes are looked into again, so the index finds them as well.
DROP INDEX activities_pending;
CREATE INDEX activities_unsettled ON activities (environment, started_at, seq) WHERE outcome IN ('pending', 'unclear');
