-- Groups of customers' questions that no article answers, and when they were looked for. Of what customers wrote there are ids alone:
-- what is erased is erased everywhere. `revision` counts the changes of a row. Not part of the read model.

CREATE TABLE article_gaps (
    account_id   TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    revision     INTEGER NOT NULL,
    -- The draft that was made of it. It may be deleted by now.
    article_id   TEXT    NOT NULL,
    -- The conversation of the question in the middle when it was found: two looks at once make no two drafts of one group.
    medoid       TEXT    NOT NULL,
    -- JSON: an array of conversation and `seq` of each question at the last look, that in the middle first.
    questions    TEXT    NOT NULL,
    -- The mean of their embeddings: its direction as an 8-bit row in Base64, its length, and the model.
    centroid     TEXT    NOT NULL,
    length       REAL    NOT NULL,
    model        TEXT    NOT NULL,
    found_at     INTEGER NOT NULL,
    -- The last look that found it again.
    seen_at      INTEGER NOT NULL,
    dismissed_at INTEGER,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, medoid)
) STRICT;

-- The list, and what is remembered: what was seen last first.
CREATE INDEX article_gaps_by_seen ON article_gaps (account_id, seen_at, id);
CREATE INDEX article_gaps_by_article ON article_gaps (account_id, article_id);

-- What is done once a day for an account, a row for each task.
CREATE TABLE daily_runs (
    account_id TEXT    NOT NULL,
    task       TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    asked_at   INTEGER NOT NULL,
    -- Of the last run that came to its end.
    ended_at   INTEGER,
    -- JSON: what that run found.
    report     TEXT,
    -- Why the last attempt failed, for a person; null when it did not.
    problem    TEXT,
    PRIMARY KEY (account_id, task)
) STRICT;

-- The conversations of a month, by when they began.
CREATE INDEX conversations_by_creation ON conversations (account_id, created_at, id);
