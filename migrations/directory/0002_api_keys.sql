-- Keys for machines. What a key opens is its scopes, within what the role of the member who made it allows at the time.

CREATE TABLE api_keys (
    account_id   TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    -- The first characters of the key, by which people recognise it.
    prefix       TEXT    NOT NULL,
    -- SHA-256: the key itself is known to whoever made it alone.
    key_hash     TEXT    NOT NULL UNIQUE,
    -- A JSON list of words such as "conversations:read".
    scopes       TEXT    NOT NULL,
    created_by   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    -- Written at most once a minute.
    last_used_at INTEGER,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
