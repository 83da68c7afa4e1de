-- By what a person recognizes a session: browser and system, such as Firefox on Linux. '' without a person.

-- +goose Up
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
