-- What visits of shops saw. It belongs to a connection: an owner sees what was read with the owner's own credential.
-- It ends with the connection.

-- +goose Up
-- When a shop is visited next, and by whom it's being visited now. It belongs to the shop, as its limit of calls does.
CREATE TABLE visits (
    environment  TEXT   NOT NULL,
    shop         TEXT   NOT NULL,
    due_at       BIGINT NOT NULL,           -- when it's enqueued next
    asked_at     BIGINT NOT NULL DEFAULT 0, -- when a person last asked for it
    not_before   BIGINT NOT NULL DEFAULT 0, -- the API's limit allows no call until then
    started_at   BIGINT NOT NULL DEFAULT 0,
    holder       TEXT   NOT NULL DEFAULT '',
    lease_until  BIGINT NOT NULL DEFAULT 0,
    steady_until BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (environment, shop)
);
CREATE INDEX visits_due ON visits (environment, due_at);

-- Shops that gave no answer since the last answer of any.
CREATE TABLE silent_shops (
    environment TEXT NOT NULL,
    shop        TEXT NOT NULL,
    PRIMARY KEY (environment, shop)
);

-- Until when no shop is visited.
CREATE TABLE visit_pauses (
    environment TEXT   NOT NULL PRIMARY KEY,
    paused_until BIGINT NOT NULL
);

CREATE TABLE observations (
    connection    TEXT    NOT NULL PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
    tried_at      BIGINT  NOT NULL,            -- the last visit
    problem       TEXT    NOT NULL,            -- of the last visit; '' if it read everything
    code          TEXT    NOT NULL,            -- the API's
    seen_at       BIGINT  NOT NULL DEFAULT 0,  -- when the webhooks were last read; 0: never
    hash          TEXT    NOT NULL DEFAULT '', -- of the webhooks
    webhooks      BYTEA,
    webhook_count INTEGER NOT NULL DEFAULT 0,
    cut           BOOLEAN NOT NULL DEFAULT FALSE, -- the shop has more webhooks than were read
    types         BIGINT  NOT NULL DEFAULT 0,  -- mask of the event types that webhooks have
    type_counts   TEXT    NOT NULL DEFAULT '', -- how many webhooks have each event type
    unknown_types TEXT    NOT NULL DEFAULT '', -- separated by spaces
    deliveries_at BIGINT  NOT NULL DEFAULT 0,  -- when the newest deliveries were last read; 0: never
    total_24h     INTEGER NOT NULL DEFAULT 0,  -- deliveries of the 24 hours before that
    failed_24h    INTEGER NOT NULL DEFAULT 0,
    failing_webhooks INTEGER NOT NULL DEFAULT 0, -- webhooks whose last delivery of that time failed
    backlog_page  INTEGER NOT NULL DEFAULT 0,  -- the next page of older deliveries that weren't read yet; 0: none
    backlog_until BIGINT  NOT NULL DEFAULT 0   -- those before are known
);

CREATE TABLE observation_changes (
    connection TEXT   NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    changed_at BIGINT NOT NULL, -- when it was seen
    hash       TEXT   NOT NULL, -- of the webhooks after the change
    detail     BYTEA  NOT NULL,
    PRIMARY KEY (connection, changed_at)
);
CREATE INDEX observation_changes_age ON observation_changes (changed_at);

-- One row for each event and webhook, however often it was read. No body, no URL and nothing of a buyer.
CREATE TABLE delivery_facts (
    connection TEXT    NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    event      TEXT    NOT NULL,
    webhook    TEXT    NOT NULL, -- its ID, or a keyed hash of its URL if nothing tells the ID
    type       TEXT    NOT NULL,
    state      TEXT    NOT NULL, -- the API's word
    outcome    INTEGER NOT NULL, -- 0: unknown, 1: accepted, 2: failed, 3: pending
    test       BOOLEAN NOT NULL,
    error      BYTEA,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (connection, event, webhook)
);
CREATE INDEX delivery_facts_time ON delivery_facts (connection, created_at, outcome);
CREATE INDEX delivery_facts_age ON delivery_facts (created_at);
