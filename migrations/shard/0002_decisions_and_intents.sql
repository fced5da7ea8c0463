-- Decisions, what agents say of them, and the intents that an account teaches. Rows of before this migration have no labels
-- until the read model is rebuilt.

-- What a decision says of the fields that agents judge; null where it says nothing. `polarity` was there before.
ALTER TABLE analyses ADD COLUMN intent TEXT;
ALTER TABLE analyses ADD COLUMN category TEXT;
ALTER TABLE analyses ADD COLUMN priority TEXT;
ALTER TABLE analyses ADD COLUMN language TEXT;
ALTER TABLE analyses ADD COLUMN own_intent TEXT;

-- Counting decisions by label reads this index alone.
CREATE INDEX analyses_by_time
    ON analyses (account_id, created_at, polarity, intent, category, priority, language, own_intent);

-- What agents say of one field of a decision: one row for all `analysis.corrected` and `analysis.correction_withdrawn` of it,
-- of which the larger `seq` wins. A null `value` says that it was taken back. Part of the read model. The text of a message
-- that was corrected to an own intent stays where it is: training reads it from `messages`.
CREATE TABLE feedback (
    account_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    message_seq     INTEGER NOT NULL,
    field           TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    message_id      TEXT    NOT NULL,
    decided         TEXT,
    value           TEXT,
    decided_at      INTEGER NOT NULL,
    given_at        INTEGER NOT NULL,
    PRIMARY KEY (account_id, conversation_id, message_seq, field)
) STRICT;

CREATE INDEX feedback_by_decision ON feedback (account_id, field, decided_at, decided, value);
CREATE INDEX feedback_by_value ON feedback (account_id, field, value, given_at) WHERE value IS NOT NULL;

-- The account's own intents. Not part of the read model, like all that follows. `name_key` is the name in lower case.
CREATE TABLE own_intents (
    account_id TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    name_key   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, name_key)
) STRICT;

CREATE TABLE own_intent_examples (
    account_id TEXT    NOT NULL,
    intent_id  TEXT    NOT NULL,
    place      INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    PRIMARY KEY (account_id, intent_id, place)
) STRICT;

-- Trained versions; a row never changes. `head` is what the inference Worker made, `row_keys` a JSON array of digests of what
-- it learned from, `report` JSON of how good it is.
CREATE TABLE own_intent_models (
    account_id      TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    user_id         TEXT    NOT NULL,
    user_name       TEXT    NOT NULL,
    encoder_id      TEXT    NOT NULL,
    encoder_version TEXT    NOT NULL,
    n_rows          INTEGER NOT NULL,
    n_corrections   INTEGER NOT NULL,
    n_left_out      INTEGER NOT NULL,
    promoted        INTEGER NOT NULL,
    reason          TEXT    NOT NULL,
    reason_text     TEXT    NOT NULL,
    report          TEXT    NOT NULL,
    row_keys        TEXT    NOT NULL,
    head            TEXT    NOT NULL,
    PRIMARY KEY (account_id, version)
) STRICT;

-- Which version was in use when, and who decided so. The largest `number` is in use: one insert switches it.
CREATE TABLE own_intent_promotions (
    account_id       TEXT    NOT NULL,
    number           INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    previous_version INTEGER,
    action           TEXT    NOT NULL,
    user_id          TEXT    NOT NULL,
    user_name        TEXT    NOT NULL,
    at               INTEGER NOT NULL,
    PRIMARY KEY (account_id, number)
) STRICT;
