-- Labels that people gave shops, such as the name of a client. They outlive a connection, and end with their owner.

-- +goose Up
CREATE TABLE shop_labels (
    environment TEXT NOT NULL,
    owner       TEXT NOT NULL,
    shop_id     TEXT NOT NULL,
    label       TEXT NOT NULL,
    label_key   TEXT NOT NULL, -- the label without regard to case
    PRIMARY KEY (environment, owner, shop_id, label_key),
    FOREIGN KEY (environment, owner) REFERENCES owners (environment, id) ON DELETE CASCADE
);
