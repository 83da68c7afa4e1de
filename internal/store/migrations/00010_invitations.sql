-- Links with which a shop's owner, who has no account, connects the shop to the team. Afterwards a second link, the
-- receipt, shows and ends the access. Of both links the database has hashes alone.

-- +goose Up
CREATE TABLE invitations (
    environment  TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    token_hash   TEXT   NOT NULL,
    domain       TEXT   NOT NULL, -- of the only shop that it is for; '' for any
    by_person    TEXT   NOT NULL,
    by_name      TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT NOT NULL DEFAULT 0,
    accepted_at  BIGINT NOT NULL DEFAULT 0, -- the rest is set from then on
    receipt_hash TEXT   NOT NULL DEFAULT '',
    shop         TEXT   NOT NULL DEFAULT '',
    shop_name    TEXT   NOT NULL DEFAULT '',
    ended_at     BIGINT NOT NULL DEFAULT 0, -- when the connection was deleted
    PRIMARY KEY (environment, id),
    UNIQUE (environment, token_hash)
);
CREATE UNIQUE INDEX invitations_receipt ON invitations (environment, receipt_hash) WHERE receipt_hash <> '';
CREATE INDEX invitations_shop ON invitations (environment, shop) WHERE shop <> '';
