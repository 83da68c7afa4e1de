-- An owner of the kind 'session' ends with its last session. One of the kind 'team' lasts.

-- +goose Up
ALTER TABLE owners ADD COLUMN kind TEXT NOT NULL DEFAULT 'session';
