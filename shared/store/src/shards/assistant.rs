//! What came of the assistant.

use edgedesk_domain::assistant::HandOffReason;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::assistant::{AssistantFigures, HandOffFigure};

use super::AccountStore;
use crate::database::{Database, StoreError, Value};

// A conversation counts once, and by the last hand-off of it. Reads the index alone.
const COUNT: &str = "
    WITH counted AS (
      SELECT account_id, max(step = 'answered') AS is_answered, max(step = 'solved') AS is_solved,
        max(iif(step = 'handed_off', printf('%013d', created_at) || reason, NULL)) AS last_reason
      FROM assistant_steps WHERE account_id = ?1 AND created_at >= ?2 GROUP BY conversation_id)
    SELECT max(account_id) AS account_id, substr(last_reason, 14) AS reason, count(*) AS n, sum(is_answered) AS n_answered,
      sum(is_solved) AS n_solved
    FROM counted GROUP BY reason";

#[cfg(test)]
pub(crate) const READS: [&str; 1] = [COUNT];

impl<D: Database> AccountStore<'_, D> {
    /// The figures since a time.
    pub async fn assistant_figures(
        &self,
        since: Timestamp,
    ) -> Result<AssistantFigures, StoreError> {
        let parameters = [self.account(), Value::time(since)];
        let rows = self.database.query(COUNT, &parameters).await?;
        let mut figures = AssistantFigures {
            since,
            ..AssistantFigures::default()
        };
        for row in &rows {
            let n = row.uint("n")?;
            let n_answered = row.uint("n_answered")?;
            figures.n_conversations += n;
            figures.n_answered += n_answered;
            match row.optional_text("reason")? {
                None => {
                    figures.n_deflected += n_answered;
                    figures.n_solved += row.uint("n_solved")?;
                }
                Some(word) => {
                    let reason = HandOffReason::ALL
                        .into_iter()
                        .find(|reason| reason.as_str() == word);
                    figures.hand_offs.extend(reason.map(|reason| HandOffFigure {
                        reason,
                        n_conversations: n,
                    }));
                }
            }
        }
        figures.hand_offs.sort_by_key(|figure| figure.reason);
        let n = figures.n_conversations;
        figures.deflection = (n > 0).then(|| figures.n_deflected as f64 / n as f64);
        Ok(figures)
    }
}
