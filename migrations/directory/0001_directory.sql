-- The directory: who may log in, where messages arrive, and which shard holds an account's rows. It holds no customer's
-- words, except messages that belong to no account we know (`unclaimed_messages`).
-- Times are Unix milliseconds, UTC.

CREATE TABLE accounts (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    plan       TEXT    NOT NULL,
    shard      INTEGER NOT NULL,
    settings   TEXT    NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL
) STRICT;

-- A user may be a member of several accounts, so this table has no account_id; `memberships` ties them.
CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    -- As the user wrote it.
    email         TEXT    NOT NULL,
    -- Trimmed and in lower case by our code: SQLite's lower() knows ASCII only.
    email_key     TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    account_id TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    -- Most open conversations the member takes at once.
    max_load   INTEGER NOT NULL DEFAULT 10,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;

-- Login starts from the user, before an account is known.
CREATE INDEX memberships_by_user ON memberships (user_id, account_id);

CREATE TABLE teams (
    account_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE team_members (
    account_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    team_id    TEXT NOT NULL,
    PRIMARY KEY (account_id, user_id, team_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE inboxes (
    id         TEXT    NOT NULL PRIMARY KEY,
    account_id TEXT    NOT NULL,
    channel    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    -- The public key of a widget's script tag; null for other channels.
    key        TEXT    UNIQUE,
    secret     TEXT    NOT NULL,
    settings   TEXT    NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX inboxes_by_account ON inboxes (account_id, id);

CREATE TABLE refresh_tokens (
    -- A hash: the token itself is known to its owner alone.
    token_hash TEXT    NOT NULL PRIMARY KEY,
    account_id TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    -- All tokens that descend from one login.
    family_id  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (account_id, family_id);

-- Queue messages that could not be handled and name no account of ours. Those of an account are parked in its shard.
CREATE TABLE unclaimed_messages (
    id         TEXT    NOT NULL PRIMARY KEY,
    queue      TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    n_attempts INTEGER NOT NULL,
    parked_at  INTEGER NOT NULL
) STRICT;
