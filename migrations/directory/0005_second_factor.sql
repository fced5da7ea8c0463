-- The second factor of a user: one-time codes from an app, and recovery codes for when that is lost. It is the user's, in
-- whatever account.

CREATE TABLE second_factors (
    user_id      TEXT    NOT NULL PRIMARY KEY,
    -- What the app knows, sealed for this row.
    secret       TEXT    NOT NULL,
    begun_at     INTEGER NOT NULL,
    -- Null until a first code has shown that the app knows it: before that it is not asked for.
    confirmed_at INTEGER,
    -- The 30 seconds of the last code that was taken, counted from 1970: no code of then or before is taken again.
    last_step    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    user_id   TEXT    NOT NULL,
    -- SHA-256: the code itself is known to the user alone.
    code_hash TEXT    NOT NULL,
    used_at   INTEGER,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Between the password and the code: whoever has the text behind the hash has shown the password.
CREATE TABLE login_challenges (
    challenge_hash TEXT    NOT NULL PRIMARY KEY,
    user_id        TEXT    NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_challenges_by_end ON login_challenges (expires_at);
