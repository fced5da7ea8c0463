-- Roles that an account defines: a set of permissions within what a built-in role may.

CREATE TABLE roles (
    account_id  TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    -- A JSON list of words such as "conversations:read".
    permissions TEXT    NOT NULL,
    -- The least built-in role that has all of them. A member with the role has it in `memberships.role`, too: rank, and all
    -- that asks for a built-in role, go by it.
    base        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;

-- Null for a built-in role.
ALTER TABLE memberships ADD COLUMN role_id TEXT;

CREATE INDEX team_members_by_team ON team_members (account_id, team_id, user_id);
