-- Customers as people look for them, what they agreed to, and archives of what is known of them.

-- The list, the search by the beginning of a name or an address, and the conversations of one.
CREATE INDEX customers_by_first_seen ON customers (account_id, first_seen_at, id);
CREATE INDEX customers_by_name ON customers (account_id, lower(name));
CREATE INDEX customers_by_email ON customers (account_id, lower(email));
DROP INDEX conversations_by_customer;
CREATE INDEX conversations_by_customer ON conversations (account_id, customer_id, updated_at, id);

-- What a customer said of a purpose, and when: only added to. The last of a purpose is in force. Not part of the read model.
CREATE TABLE customer_consents (
    account_id       TEXT    NOT NULL,
    customer_id      TEXT    NOT NULL,
    number           INTEGER NOT NULL,
    purpose          TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    source           TEXT    NOT NULL,
    wording          TEXT,
    note             TEXT,
    -- Both null: by Edgedesk itself.
    recorded_by      TEXT,
    recorded_by_name TEXT,
    at               INTEGER NOT NULL,
    PRIMARY KEY (account_id, customer_id, number)
) STRICT;

-- Archives that somebody asked for. The file is elsewhere, under a name made of these ids. `revision` grows with each change:
-- the larger wins. Not part of the read model.
CREATE TABLE customer_exports (
    account_id        TEXT    NOT NULL,
    customer_id       TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    revision          INTEGER NOT NULL,
    state             TEXT    NOT NULL,
    include_notes     INTEGER NOT NULL,
    requested_by      TEXT    NOT NULL,
    requested_by_name TEXT    NOT NULL,
    requested_at      INTEGER NOT NULL,
    finished_at       INTEGER,
    expires_at        INTEGER,
    size_bytes        INTEGER,
    reason            TEXT,
    PRIMARY KEY (account_id, customer_id, id)
) STRICT;
