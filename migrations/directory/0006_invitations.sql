-- Invitations to an account, and mail that waits for whoever sends it.

CREATE TABLE invitations (
    account_id  TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    -- As the inviter wrote it, and in the form of `users.email_key`.
    email       TEXT    NOT NULL,
    email_key   TEXT    NOT NULL,
    role        TEXT    NOT NULL,
    -- SHA-256: the token itself is in the mail alone.
    token_hash  TEXT    NOT NULL UNIQUE,
    invited_by  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    -- When the last link was made.
    sent_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    accepted_at INTEGER,
    accepted_by TEXT,
    revoked_at  INTEGER,
    PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

-- One open invitation per account and address.
CREATE UNIQUE INDEX invitations_open ON invitations (account_id, email_key)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- A row goes when it was sent, or is of no use any more: the text of an invitation holds its token.
CREATE TABLE mail_outbox (
    account_id TEXT    NOT NULL,
    -- What it is about, such as an invitation's id.
    about      TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    recipient  TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, about, id)
) STRICT, WITHOUT ROWID;
