-- Selections of event types that an owner named.

-- +goose Up
CREATE TABLE presets (
    environment TEXT   NOT NULL,
    owner       TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL, -- the name without regard to case
    types       TEXT   NOT NULL, -- codes, divided by spaces
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, owner, id),
    UNIQUE (environment, owner, name_key),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
