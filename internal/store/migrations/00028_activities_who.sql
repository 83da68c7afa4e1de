-- Finds what somebody attempted in a shop, newest first, and who did.

-- +goose Up
CREATE INDEX activities_who
    ON activities (environment, shop, (CASE person WHEN '' THEN actor ELSE person END), started_at, seq);
