-- Logins that failed lately, by e-mail address and by network. A row lives a quarter of an hour after its last failure.

CREATE TABLE login_failures (
    -- A hash: the table names no address, whether of a user or of anybody else.
    key        TEXT    NOT NULL PRIMARY KEY,
    n_failures INTEGER NOT NULL,
    -- From then on they do not count any more, and a lock is over.
    forget_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_failures_by_end ON login_failures (forget_at);
