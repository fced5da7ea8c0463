-- The knowledge base, macros, and what became of suggestions. Articles, categories, votes and macros are written here first: they are
-- no read model, and a rebuild leaves them alone. `suggestions` is projected from the logs as everything else.
-- `revision` counts the changes of a row: of two versions of it the one with the larger number is the newer.

CREATE TABLE article_categories (
    account_id TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    -- The name without case, by which it is taken.
    name_key   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, name_key)
) STRICT;

CREATE TABLE articles (
    account_id        TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    revision          INTEGER NOT NULL,
    title             TEXT    NOT NULL,
    language          TEXT    NOT NULL,
    category_id       TEXT,
    translation_of    TEXT,
    state             TEXT    NOT NULL,
    -- The last version, and the one that everybody sees.
    version           INTEGER NOT NULL,
    published_version INTEGER,
    -- The revision that search should know, and the one that it knows.
    search_revision   INTEGER NOT NULL,
    indexed_revision  INTEGER NOT NULL,
    -- Where it was imported from, and a hash of what came from there.
    source            TEXT,
    fingerprint       TEXT,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    deleted_at        INTEGER,
    PRIMARY KEY (account_id, id)
) STRICT;

-- The list: what changed last first.
CREATE INDEX articles_by_change ON articles (account_id, updated_at, id, state, language, category_id, deleted_at);
-- Two imports at once do not make two articles of one file.
CREATE UNIQUE INDEX articles_by_source ON articles (account_id, source) WHERE source IS NOT NULL;
CREATE INDEX articles_to_index ON articles (account_id, id) WHERE indexed_revision < search_revision;
CREATE INDEX articles_deleted ON articles (account_id, deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE article_versions (
    account_id    TEXT    NOT NULL,
    article_id    TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    title         TEXT    NOT NULL,
    language      TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    saved_by      TEXT,
    saved_by_name TEXT,
    saved_at      INTEGER NOT NULL,
    PRIMARY KEY (account_id, article_id, version)
) STRICT;

-- One vote of each visitor; the last one counts.
CREATE TABLE article_votes (
    account_id TEXT    NOT NULL,
    article_id TEXT    NOT NULL,
    voter      TEXT    NOT NULL,
    is_helpful INTEGER NOT NULL,
    voted_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, article_id, voter)
) STRICT;
-- A customer's votes go with them.
CREATE INDEX article_votes_by_voter ON article_votes (account_id, voter);

CREATE TABLE macros (
    account_id TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    -- Title without case and language, by which it is taken.
    title_key  TEXT    NOT NULL,
    -- JSON: text, language, channels, intents, categories.
    content    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- The embedding of title and text, an 8-bit row in Base64, and the model that made it; null until somebody has made it.
    vector     TEXT,
    model      TEXT,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, title_key)
) STRICT;

-- What was offered to agents, one row for each suggestion of `draft.created`, with the last `suggestion.decided` about it.
CREATE TABLE suggestions (
    account_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    -- Of the last event that said something of it.
    seq             INTEGER NOT NULL,
    source          TEXT    NOT NULL,
    macro_id        TEXT,
    offered_at      INTEGER,
    verdict         TEXT,
    PRIMARY KEY (account_id, conversation_id, id)
) STRICT;
-- Figures read this index alone.
CREATE INDEX suggestions_by_source ON suggestions (account_id, source, macro_id, verdict, offered_at);
