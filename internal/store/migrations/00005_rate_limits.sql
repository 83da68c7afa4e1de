-- +goose Up
CREATE TABLE rate_limits (
    environment TEXT   NOT NULL,
    bucket      TEXT   NOT NULL, -- keyed hash of the limit's name and of whom it counts
    full_at     BIGINT NOT NULL, -- when the whole burst is there again
    PRIMARY KEY (environment, bucket)
);
