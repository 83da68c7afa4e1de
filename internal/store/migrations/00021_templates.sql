-- Templates say which webhooks shops of an owner should have. A change adds a version, and the older ones stay.

-- +goose Up
CREATE TABLE templates (
    environment TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    name_key    TEXT    NOT NULL, -- the newest version's name without regard to case
    version     INTEGER NOT NULL, -- the newest
    PRIMARY KEY (environment, owner, id),
    UNIQUE (environment, owner, name_key),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);

CREATE TABLE template_versions (
    environment TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    document    BYTEA   NOT NULL, -- JSON by the caller, sealed
    made_by     TEXT    NOT NULL, -- ID of the person; '' without a team
    made_name   TEXT    NOT NULL,
    made_at     BIGINT  NOT NULL,
    PRIMARY KEY (environment, owner, id, version),
    FOREIGN KEY (environment, owner, id) REFERENCES templates (environment, owner, id) ON DELETE CASCADE
);
