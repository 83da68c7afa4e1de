-- People who have signed in to the team. They stay when they are removed, since activity names them.

-- +goose Up
CREATE TABLE people (
    environment    TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    issuer         TEXT    NOT NULL,
    subject        TEXT    NOT NULL, -- with the issuer, who the person is
    name           TEXT    NOT NULL,
    email          TEXT    NOT NULL,
    email_verified BOOLEAN NOT NULL,
    group_name     TEXT    NOT NULL, -- that gave a role at the last sign-in
    role           TEXT    NOT NULL DEFAULT '', -- given by an admin
    role_by        TEXT    NOT NULL DEFAULT '', -- name of that admin
    role_at        BIGINT  NOT NULL DEFAULT 0,
    created_at     BIGINT  NOT NULL,
    seen_at        BIGINT  NOT NULL,
    removed_at     BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (environment, id),
    UNIQUE (environment, issuer, subject)
);
ALTER TABLE sessions ADD COLUMN person TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_person ON sessions (environment, person) WHERE person <> '';
