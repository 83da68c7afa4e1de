-- Which shops a plan is at work in is asked whenever one is made or begins, however many items there were before.

-- +goose Up
CREATE INDEX plan_items_calling ON plan_items (environment) WHERE state = 'calling';
