-- +goose Up
-- An activity belongs to its shop and outlives its owner, so no key leads to the owner.
CREATE TABLE activities (
    id             TEXT    NOT NULL PRIMARY KEY,
    environment    TEXT    NOT NULL,
    shop           TEXT    NOT NULL,
    owner          TEXT    NOT NULL,
    action         TEXT    NOT NULL,
    actor          TEXT    NOT NULL,
    session        TEXT    NOT NULL,
    webhook_id     TEXT    NOT NULL,
    detail         BYTEA   NOT NULL,
    outcome        TEXT    NOT NULL,
    status         INTEGER NOT NULL DEFAULT 0,
    code           TEXT    NOT NULL DEFAULT '',
    request_id     TEXT    NOT NULL,
    api_request_id TEXT    NOT NULL DEFAULT '',
    started_at     BIGINT  NOT NULL,
    seq            BIGINT  NOT NULL, -- tells activities of one millisecond in their order
    settled_at     BIGINT  NOT NULL DEFAULT 0,
    UNIQUE (started_at, seq)
);
CREATE INDEX activities_shop ON activities (environment, shop, started_at, seq);
CREATE INDEX activities_pending ON activities (environment, started_at, seq) WHERE outcome = 'pending';

CREATE TABLE webhook_locks (
    environment TEXT   NOT NULL,
    shop        TEXT   NOT NULL,
    webhook_id  TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, shop, webhook_id)
);

-- Finds a connection to a shop whoever its owner is.
CREATE INDEX connections_shop ON connections (environment, shop_id);
