-- Many API keys that a person sent at once, and how each of them ended.

-- +goose Up
CREATE TABLE key_imports (
    environment TEXT   NOT NULL,
    owner       TEXT   NOT NULL, -- of the connections
    id          TEXT   NOT NULL,
    session     TEXT   NOT NULL, -- that sent the keys, and alone sees what became of them
    sender      BYTEA  NOT NULL,
    state       TEXT   NOT NULL DEFAULT 'running',
    reason      TEXT   NOT NULL DEFAULT '', -- why it was stopped
    started_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, owner, id),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
CREATE INDEX key_imports_running ON key_imports (environment, started_at) WHERE state = 'running';

CREATE TABLE key_import_rows (
    environment TEXT   NOT NULL,
    owner       TEXT   NOT NULL,
    import      TEXT   NOT NULL,
    line        BIGINT NOT NULL, -- in the file
    name        TEXT   NOT NULL, -- that the file has for the shop
    credential  BYTEA,           -- NULL when it is no longer needed
    result      TEXT   NOT NULL, -- '' until the key was tried
    same_line   BIGINT NOT NULL, -- with the same key; 0 if there is none
    shop_name   TEXT   NOT NULL DEFAULT '',
    code        TEXT   NOT NULL DEFAULT '', -- of the API
    request_id  TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (environment, owner, import, line),
    FOREIGN KEY (environment, owner, import) REFERENCES key_imports (environment, owner, id) ON DELETE CASCADE
);
