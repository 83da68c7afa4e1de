-- Times are Unix milliseconds in UTC; 0 means never or not yet.
-- Columns of type BYTEA hold sealed values only.
-- The type names are those of Postgres. SQLite derives an affinity from them; a blob stays a blob.

-- +goose Up
CREATE TABLE owners (
    environment TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, id)
);

CREATE TABLE sessions (
    token_hash  TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL,
    owner       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
CREATE INDEX sessions_owner ON sessions (environment, owner);

CREATE TABLE connections (
    id           TEXT    NOT NULL PRIMARY KEY,
    environment  TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    shop_id      TEXT    NOT NULL,
    shop_name    TEXT    NOT NULL,
    shop_domain  TEXT    NOT NULL,
    way          TEXT    NOT NULL,
    credential   BYTEA   NOT NULL,
    hint         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    expires_at   BIGINT  NOT NULL,
    expired      BOOLEAN NOT NULL DEFAULT FALSE,
    version      BIGINT  NOT NULL DEFAULT 1,
    lease_holder TEXT    NOT NULL DEFAULT '',
    lease_until  BIGINT  NOT NULL DEFAULT 0,
    created_at   BIGINT  NOT NULL,
    UNIQUE (environment, owner, shop_id),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
-- Finds a connection to a shop of any owner.
CREATE INDEX connections_shop ON connections (environment, shop_id);

CREATE TABLE sign_ins (
    state_hash   TEXT   NOT NULL PRIMARY KEY,
    environment  TEXT   NOT NULL,
    browser_hash TEXT   NOT NULL,
    way          TEXT   NOT NULL,
    verifier     BYTEA  NOT NULL,
    return_path  TEXT   NOT NULL,
    shop         TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

CREATE TABLE drafts (
    environment  TEXT   NOT NULL,
    browser_hash TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    page         TEXT   NOT NULL,
    shop         TEXT   NOT NULL,
    form         BYTEA  NOT NULL,
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (environment, browser_hash, id)
);
CREATE INDEX drafts_expiry ON drafts (expires_at);

CREATE TABLE flashes (
    id          TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL,
    owner       TEXT   NOT NULL,
    page        TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    data        BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
CREATE INDEX flashes_page ON flashes (environment, owner, page, seq);

-- An operation whose lease is held outlives its owner, so there is no foreign key.
CREATE TABLE operations (
    environment     TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    shop            TEXT    NOT NULL,
    resource        TEXT    NOT NULL, -- hash of what the lease is for
    hash            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    webhooks_before TEXT,
    webhook_id      TEXT    NOT NULL DEFAULT '',
    result          BYTEA,
    holder          TEXT    NOT NULL,
    lease_until     BIGINT  NOT NULL,
    calling         BOOLEAN NOT NULL DEFAULT FALSE,
    started_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (environment, owner, key)
);
-- Of all operations on a resource, one holds the lease.
CREATE UNIQUE INDEX operations_lease ON operations (environment, shop, resource) WHERE holder <> '';
CREATE INDEX operations_webhook ON operations (environment, owner, shop, webhook_id);

CREATE TABLE webhook_secrets (
    environment TEXT   NOT NULL,
    owner       TEXT   NOT NULL,
    shop        TEXT   NOT NULL,
    webhook_id  TEXT   NOT NULL,
    secret      BYTEA  NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, owner, shop, webhook_id),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);

-- An activity belongs to its shop and outlives its owner, so there is no foreign key.
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
    seq            BIGINT  NOT NULL, -- orders the activities of one millisecond
    ended_at     BIGINT  NOT NULL DEFAULT 0,
    recheck_at     BIGINT  NOT NULL, -- when its outcome is looked for; 0 if it is known
    recheck_gap    BIGINT  NOT NULL, -- milliseconds
    UNIQUE (started_at, seq)
);
CREATE INDEX activities_shop ON activities (environment, shop, started_at, seq);
CREATE INDEX activities_open ON activities (environment, shop, action, started_at, seq)
    WHERE outcome IN ('pending', 'unclear');
CREATE INDEX activities_done ON activities (environment, shop, action, webhook_id, started_at, seq)
    WHERE outcome = 'done';
CREATE INDEX activities_due ON activities (environment, recheck_at, started_at, seq) WHERE recheck_at > 0;

CREATE TABLE immutable_webhooks (
    environment TEXT   NOT NULL,
    shop        TEXT   NOT NULL,
    webhook_id  TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (environment, shop, webhook_id)
);

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

CREATE TABLE leases (
    environment TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    holder      TEXT   NOT NULL,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (environment, name)
);

CREATE TABLE rate_limits (
    environment TEXT   NOT NULL,
    bucket      TEXT   NOT NULL, -- keyed hash of the limit's name and of what it counts
    full_at     BIGINT NOT NULL, -- when the whole burst is available again
    PRIMARY KEY (environment, bucket)
);
