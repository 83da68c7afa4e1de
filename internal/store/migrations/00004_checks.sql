-- +goose Up
CREATE TABLE checks (
    environment TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    shop        TEXT    NOT NULL,
    report      BYTEA   NOT NULL,
    done        BOOLEAN NOT NULL DEFAULT FALSE,
    started_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    PRIMARY KEY (environment, owner, id),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
