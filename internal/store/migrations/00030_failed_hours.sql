-- Finds the hours in which deliveries failed. They are few. Without it, Postgres reads the hours of all shops for the
-- failures of some, since it can't tell how few shops have any.

-- +goose Up
CREATE INDEX delivery_hours_failed ON delivery_hours (connection, hour) WHERE failed > 0;
