-- A shard: the read model of its accounts. Conversation logs are the truth; every row here except `parked_messages` can be
-- dropped and projected again. Each primary key and each index begins with account_id.
-- Times are Unix milliseconds, UTC. `state` and `data` are JSON as `edgedesk-domain` writes it.

-- What is true of a conversation after `seq` events. The larger `seq` wins.
CREATE TABLE conversations (
    account_id      TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    inbox_id        TEXT    NOT NULL,
    external_id     TEXT,
    customer_id     TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    assignee_id     TEXT,
    escalation_risk REAL    NOT NULL,
    ticket_number   INTEGER,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    PRIMARY KEY (account_id, id)
) STRICT;

-- The list: newest activity first within a status. The columns after `id` let the remaining filters be decided on the
-- index, without fetching the row and its state.
CREATE INDEX conversations_by_activity
    ON conversations (account_id, status, updated_at, id, escalation_risk, inbox_id, assignee_id);
CREATE INDEX conversations_by_external_id
    ON conversations (account_id, external_id, updated_at, id) WHERE external_id IS NOT NULL;
CREATE INDEX conversations_by_customer ON conversations (account_id, customer_id);
CREATE INDEX conversations_by_ticket
    ON conversations (account_id, status, ticket_number) WHERE ticket_number IS NOT NULL;

-- One row per `message.created`.
CREATE TABLE messages (
    account_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    id              TEXT    NOT NULL,
    direction       TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    data            TEXT    NOT NULL,
    PRIMARY KEY (account_id, conversation_id, seq)
) STRICT;

-- One row per `message.analyzed`; `seq` is that event's own.
CREATE TABLE analyses (
    account_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    message_seq     INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    message_id      TEXT    NOT NULL,
    polarity        TEXT    NOT NULL,
    score           REAL    NOT NULL,
    escalation_risk REAL    NOT NULL,
    model_id        TEXT    NOT NULL,
    model_version   TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    data            TEXT    NOT NULL,
    PRIMARY KEY (account_id, conversation_id, message_seq, seq)
) STRICT;

-- One row per `ticket.opened`. Where a ticket stands is its conversation's row.
CREATE TABLE tickets (
    account_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    number          INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (account_id, conversation_id),
    UNIQUE (account_id, number),
    UNIQUE (account_id, id)
) STRICT;

-- A customer over all their conversations. Each fact comes with a rank, `{updated_at}:{conversation_id}:{seq}` of the state
-- that said it; the larger rank wins, whatever the order of arrival. An empty rank says that the fact is not known.
CREATE TABLE customers (
    account_id    TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    name          TEXT,
    name_rank     TEXT    NOT NULL,
    email         TEXT,
    email_rank    TEXT    NOT NULL,
    first_seen_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, id)
) STRICT;

-- Queue messages that could not be handled, until a person retries or discards them. Not part of the read model.
CREATE TABLE parked_messages (
    account_id TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    queue      TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    n_attempts INTEGER NOT NULL,
    parked_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, id)
) STRICT;

CREATE INDEX parked_messages_by_time ON parked_messages (account_id, parked_at, id);
