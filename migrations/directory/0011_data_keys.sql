-- Data keys: what seals fields of an account's rows, in the shards and here.

CREATE TABLE data_keys (
    account_id TEXT    NOT NULL,
    -- From 1. The largest seals; all of them open.
    number     INTEGER NOT NULL,
    -- The key, sealed under the deployment's root for this account and number.
    wrapped    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    -- Set to have the next use make a new key.
    retired_at INTEGER,
    PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;

-- The first twelve characters say which root sealed a value: those under an earlier one are found, and sealed anew.
CREATE INDEX data_keys_by_root ON data_keys (substr(wrapped, 1, 12));
CREATE INDEX second_factors_by_root ON second_factors (substr(secret, 1, 12));
