//! Figures of teams, counted from the rows of their conversations.

use edgedesk_domain::analysis::RISK_ALERT;
use edgedesk_domain::ids::TeamId;

use super::AccountStore;
use crate::database::{Database, StoreError, Value};

// Reads the index of teams alone. Open are all that are neither resolved nor closed.
const COUNT: &str = "
    SELECT account_id, team_id,
      SUM(status NOT IN ('resolved', 'closed')) AS open,
      SUM(status NOT IN ('resolved', 'closed') AND assignee_id IS NULL) AS unassigned,
      SUM(status NOT IN ('resolved', 'closed') AND escalation_risk > ?2) AS at_risk,
      SUM(status IN ('resolved', 'closed')) AS resolved
    FROM conversations
    WHERE account_id = ?1 AND team_id IS NOT NULL AND status <> 'hidden'
    GROUP BY account_id, team_id";

#[cfg(test)]
pub(crate) const READS: [&str; 1] = [COUNT];

/// How a team stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TeamFigures {
    /// The team; it may have been deleted.
    pub team_id: TeamId,
    /// Its open conversations.
    pub open: u64,
    /// Of these, those without an assignee.
    pub unassigned: u64,
    /// Of the open ones, those whose risk is above 0.7.
    pub at_risk: u64,
    /// Its conversations that are resolved or closed.
    pub resolved: u64,
}

impl<D: Database> AccountStore<'_, D> {
    /// The figures of every team that has a conversation.
    pub async fn count_by_team(&self) -> Result<Vec<TeamFigures>, StoreError> {
        let parameters = [self.account(), Value::Real(RISK_ALERT)];
        let rows = self.database.query(COUNT, &parameters).await?;
        rows.iter()
            .map(|row| {
                Ok(TeamFigures {
                    team_id: row.parsed("team_id")?,
                    open: row.uint("open")?,
                    unassigned: row.uint("unassigned")?,
                    at_risk: row.uint("at_risk")?,
                    resolved: row.uint("resolved")?,
                })
            })
            .collect()
    }
}
