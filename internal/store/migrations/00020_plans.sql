-- Plans are proposed changes to many shops of an owner. Once one is applied, its items are rows, whose states are what
-- happened.

-- +goose Up
CREATE TABLE plans (
    environment     TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    number          BIGINT  NOT NULL,
    form            TEXT    NOT NULL,            -- one-time ID of the form, so that one form makes one plan
    kind            TEXT    NOT NULL,            -- of the edit
    digest          TEXT    NOT NULL,            -- of the document
    document        BYTEA   NOT NULL,            -- JSON by the caller, sealed
    shops           INTEGER NOT NULL,
    creates         INTEGER NOT NULL,
    updates         INTEGER NOT NULL,
    deletes         INTEGER NOT NULL,
    made_by         TEXT    NOT NULL,            -- ID of the person; '' without a team
    made_name       TEXT    NOT NULL,
    made_at         BIGINT  NOT NULL,
    approved_digest TEXT    NOT NULL DEFAULT '',
    approved_by     TEXT    NOT NULL DEFAULT '',
    approved_name   TEXT    NOT NULL DEFAULT '',
    approved_at     BIGINT  NOT NULL DEFAULT 0,
    applied_by      TEXT    NOT NULL DEFAULT '',
    applied_name    TEXT    NOT NULL DEFAULT '',
    applied_at      BIGINT  NOT NULL DEFAULT 0,
    actor           BYTEA,                       -- JSON by the caller: who acts in the run
    state           TEXT    NOT NULL,
    why             TEXT    NOT NULL DEFAULT '', -- of a paused run
    wave            INTEGER NOT NULL DEFAULT 0,  -- the items of later waves wait
    state_at        BIGINT  NOT NULL,            -- since when the state
    PRIMARY KEY (environment, owner, number),
    UNIQUE (environment, owner, form),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
CREATE INDEX plans_state ON plans (environment, state);

CREATE TABLE plan_items (
    environment TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    number      BIGINT  NOT NULL,
    item        INTEGER NOT NULL,            -- position in the document
    shop        TEXT    NOT NULL,
    wave        INTEGER NOT NULL,
    state       TEXT    NOT NULL,
    code        TEXT    NOT NULL DEFAULT '', -- the API's, or a word for what went wrong
    request_id  TEXT    NOT NULL DEFAULT '', -- the API's
    webhook     TEXT    NOT NULL DEFAULT '', -- that was created
    attempts    INTEGER NOT NULL DEFAULT 0,  -- that said nothing about the item
    retries     INTEGER NOT NULL DEFAULT 0,  -- that a person asked for
    started_at  BIGINT  NOT NULL DEFAULT 0,
    ended_at    BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (environment, owner, number, item),
    FOREIGN KEY (environment, owner, number) REFERENCES plans (environment, owner, number) ON DELETE CASCADE
);
CREATE INDEX plan_items_shop ON plan_items (environment, shop, state);
