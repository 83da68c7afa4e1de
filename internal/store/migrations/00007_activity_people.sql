-- Who of the team attempted something, as the person was called and with the role of then. '' without a team.

-- +goose Up
ALTER TABLE activities ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN person_name TEXT NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN person_email TEXT NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN role TEXT NOT NULL DEFAULT '';
