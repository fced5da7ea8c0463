-- The team of a conversation. Rows of before this migration have none, as their states do.

ALTER TABLE conversations ADD COLUMN team_id TEXT;

-- As before, with the team behind the other columns: what an agent may see is decided on the index too.
DROP INDEX conversations_by_activity;
CREATE INDEX conversations_by_activity
    ON conversations (account_id, status, updated_at, id, escalation_risk, inbox_id, assignee_id, team_id);

-- Figures of teams read this index alone.
CREATE INDEX conversations_by_team
    ON conversations (account_id, team_id, status, assignee_id, escalation_risk) WHERE team_id IS NOT NULL;
