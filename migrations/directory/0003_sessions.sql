-- A session is what one login began: all refresh tokens of a family. Its access tokens end with it.

CREATE TABLE sessions (
    account_id   TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    -- The family of its refresh tokens.
    id           TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    -- When its tokens were last made new.
    last_used_at INTEGER NOT NULL,
    -- When its last refresh token ends.
    expires_at   INTEGER NOT NULL,
    -- In short, such as "Firefox on Windows"; never the whole header.
    user_agent   TEXT,
    -- The network it was last used from, such as "203.0.113.0"; never the whole address.
    network      TEXT,
    ended_at     INTEGER,
    PRIMARY KEY (account_id, user_id, id)
) STRICT, WITHOUT ROWID;

-- Logins from before go on.
UPDATE refresh_tokens SET family_id = 'ses_' || family_id;
INSERT INTO sessions (account_id, user_id, id, created_at, last_used_at, expires_at)
SELECT account_id, user_id, family_id, MIN(created_at), MAX(created_at), MAX(expires_at)
FROM refresh_tokens
GROUP BY account_id, user_id, family_id
HAVING COUNT(revoked_at) = 0;
