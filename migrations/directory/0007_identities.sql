-- Signing in with an identity provider.

-- Who a user is at a provider. The subject is given to nobody else there; an address may be.
CREATE TABLE identities (
    issuer    TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    user_id   TEXT    NOT NULL,
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

-- One per user and issuer: a second person who is given the same address is not let in as the first.
CREATE UNIQUE INDEX identities_by_user ON identities (user_id, issuer);

-- Attempts that are under way. Of what a browser and a provider must bring back, only hashes.
CREATE TABLE oidc_attempts (
    state_hash   TEXT    NOT NULL PRIMARY KEY,
    browser_hash TEXT    NOT NULL,
    provider     TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX oidc_attempts_by_end ON oidc_attempts (expires_at);
