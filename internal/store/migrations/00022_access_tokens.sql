-- Tokens with which a person's programs use the API. The database has hashes alone.

-- +goose Up
CREATE TABLE access_tokens (
    environment TEXT   NOT NULL,
    id          TEXT   NOT NULL,           -- one-time ID of the form, so that one form makes one token
    token_hash  TEXT   NOT NULL,
    person      TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    scope       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT NOT NULL DEFAULT 0, -- precise to 5 minutes
    PRIMARY KEY (environment, id),
    UNIQUE (environment, token_hash),
    FOREIGN KEY (environment, person) REFERENCES people (environment, id) ON DELETE CASCADE
);
CREATE INDEX access_tokens_person ON access_tokens (environment, person);
