-- Names that people gave webhooks. A label belongs to its shop and outlives the owner who wrote it.

-- +goose Up
CREATE TABLE webhook_labels (
    environment TEXT   NOT NULL,
    shop        TEXT   NOT NULL,
    webhook_id  TEXT   NOT NULL,
    label       BYTEA  NOT NULL,
    written_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, shop, webhook_id)
);
