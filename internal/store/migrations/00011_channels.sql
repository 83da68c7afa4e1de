-- Channels, and which connections use one. The client secret and the access token of a channel are in its credential.

-- +goose Up
CREATE TABLE channels (
    id           TEXT    NOT NULL PRIMARY KEY,
    environment  TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    channel_id   TEXT    NOT NULL, -- Fourthwall's
    client_id    TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    credential   BYTEA   NOT NULL,
    expires_at   BIGINT  NOT NULL, -- of the access token
    expired      BOOLEAN NOT NULL DEFAULT FALSE,
    version      BIGINT  NOT NULL DEFAULT 1,
    lease_holder TEXT    NOT NULL DEFAULT '',
    lease_until  BIGINT  NOT NULL DEFAULT 0,
    steady_until BIGINT  NOT NULL DEFAULT 0,
    created_at   BIGINT  NOT NULL,
    UNIQUE (environment, owner, client_id),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
ALTER TABLE connections ADD COLUMN channel TEXT NOT NULL DEFAULT '';
CREATE INDEX connections_channel ON connections (environment, channel) WHERE channel <> '';
