-- Whether a shop's owner ended the access, rather than the team.

-- +goose Up
ALTER TABLE invitations ADD COLUMN ended_by_owner BOOLEAN NOT NULL DEFAULT FALSE;
