-- What the assistant did, one row for each event that says so: figures are counted here.

CREATE TABLE assistant_steps (
    account_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    -- 'engaged', 'answered', 'handed_off' or 'solved'.
    step            TEXT    NOT NULL,
    -- Of a hand-off, why.
    reason          TEXT,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (account_id, conversation_id, seq)
) STRICT;
-- Figures read this index alone.
CREATE INDEX assistant_steps_by_time ON assistant_steps (account_id, created_at, conversation_id, step, reason);
