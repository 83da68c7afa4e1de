-- Deliveries counted by the hour, so that a page needn't count those of 30 days. They are counted from delivery_facts.

-- +goose Up
CREATE TABLE delivery_hours (
    connection    TEXT    NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    hour          BIGINT  NOT NULL, -- its start
    webhook       TEXT    NOT NULL, -- as in delivery_facts
    accepted      INTEGER NOT NULL, -- without tests, as the next three
    failed        INTEGER NOT NULL,
    pending       INTEGER NOT NULL,
    unknown       INTEGER NOT NULL,
    tests         INTEGER NOT NULL,
    last_accepted BIGINT  NOT NULL, -- 0: none
    last_failed   BIGINT  NOT NULL,
    PRIMARY KEY (connection, webhook, hour)
);
CREATE INDEX delivery_hours_time ON delivery_hours (connection, hour);
CREATE INDEX delivery_hours_age ON delivery_hours (hour);
CREATE INDEX delivery_facts_webhook ON delivery_facts (connection, webhook, created_at);

ALTER TABLE observations ADD COLUMN deliveries_since BIGINT NOT NULL DEFAULT 0;  -- all since then were read; 0: none
ALTER TABLE observations ADD COLUMN look_webhooks INTEGER NOT NULL DEFAULT 0; -- some of their deliveries failed
