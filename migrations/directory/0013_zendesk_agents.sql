-- Agents who come from a company's Zendesk.

CREATE TABLE zendesk_links (
    account_id      TEXT    NOT NULL PRIMARY KEY,
    -- One account for each Zendesk: a token says which Zendesk it is of, and nothing of accounts.
    subdomain       TEXT    NOT NULL UNIQUE,
    -- Numbers of Zendesk, which may have 64 bits.
    app_id          TEXT    NOT NULL,
    installation_id TEXT    NOT NULL,
    -- Whose API token it is.
    email           TEXT    NOT NULL,
    -- Sealed under the account's data key.
    api_token       TEXT    NOT NULL,
    linked_by       TEXT    NOT NULL,
    linked_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tokens that have been used, while they could be used again. Hashes.
CREATE TABLE zendesk_tokens (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX zendesk_tokens_by_end ON zendesk_tokens (expires_at);

-- Of a session that a Zendesk vouched for: for whom, the most that they may be, and when it last said so.
ALTER TABLE sessions ADD COLUMN zendesk_user_id TEXT;
ALTER TABLE sessions ADD COLUMN max_role TEXT;
ALTER TABLE sessions ADD COLUMN zendesk_checked_at INTEGER;

-- The same of a login that still lacks a code, and the account that it is for. All four or none.
ALTER TABLE login_challenges ADD COLUMN account_id TEXT;
ALTER TABLE login_challenges ADD COLUMN zendesk_user_id TEXT;
ALTER TABLE login_challenges ADD COLUMN max_role TEXT;
ALTER TABLE login_challenges ADD COLUMN zendesk_checked_at INTEGER;
