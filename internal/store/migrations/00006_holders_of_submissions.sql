-- +goose Up
-- Who is at work on a submission, and whether the API may have been asked already. Rows of versions
-- that do not know these columns have no holder.
ALTER TABLE submissions ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN calling BOOLEAN NOT NULL DEFAULT FALSE;
