-- Pages that articles were imported from, by their addresses: read again once a day. `revision` counts the changes of a row. Not part of
-- the read model.

CREATE TABLE article_sources (
    account_id      TEXT    NOT NULL,
    article_id      TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    url             TEXT    NOT NULL,
    -- A hash of what the page said when it was last read.
    fingerprint     TEXT    NOT NULL,
    -- The version of the article that was made of the page; null when nobody knows. A larger one of the article is a person's.
    version         INTEGER,
    -- The version of the article when the page was found to say something else than a person's text.
    noticed_version INTEGER,
    -- What tells the page's next answer from this one.
    etag            TEXT,
    last_modified   TEXT,
    digest          TEXT,
    outcome         TEXT    NOT NULL,
    problem         TEXT,
    -- Failures in a row.
    n_failures      INTEGER NOT NULL,
    crawled_at      INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    PRIMARY KEY (account_id, article_id)
) STRICT;

CREATE INDEX article_sources_due ON article_sources (account_id, due_at, article_id);

-- What was imported before: of an article with several versions nobody knows which are a person's.
INSERT INTO article_sources (account_id, article_id, revision, url, fingerprint, version, outcome, n_failures, crawled_at, due_at)
SELECT account_id, id, 1, source, fingerprint, iif(version = 1, 1, NULL), 'changed', 0, updated_at, updated_at
FROM articles WHERE (source LIKE 'https://%' OR source LIKE 'http://%') AND fingerprint IS NOT NULL AND deleted_at IS NULL;
