//! How often suggestions were of use.

use std::collections::BTreeMap;

use edgedesk_domain::ids::MacroId;
use edgedesk_domain::macros::SuggestionOutcomes;
use edgedesk_domain::suggestion::SuggestionSource;
use edgedesk_wire::suggestions::SourceFigures;

use super::AccountStore;
use crate::database::{Database, Row, StoreError};

// Read the index alone.
const COUNT: &str = "
    SELECT account_id, source, count(offered_at) AS n_offered, coalesce(sum(verdict = 'accepted'), 0) AS n_accepted,
      coalesce(sum(verdict = 'edited'), 0) AS n_edited, coalesce(sum(verdict = 'rejected'), 0) AS n_rejected
    FROM suggestions WHERE account_id = ?1 GROUP BY account_id, source";
const COUNT_BY_MACRO: &str = "
    SELECT account_id, macro_id, coalesce(sum(verdict = 'accepted'), 0) AS n_accepted,
      coalesce(sum(verdict = 'edited'), 0) AS n_edited, coalesce(sum(verdict = 'rejected'), 0) AS n_rejected
    FROM suggestions WHERE account_id = ?1 AND source IN ('macro', 'template') AND macro_id IS NOT NULL
    GROUP BY account_id, macro_id";

#[cfg(test)]
pub(crate) const READS: [&str; 2] = [COUNT, COUNT_BY_MACRO];

impl<D: Database> AccountStore<'_, D> {
    /// The figures of each source, those without any included.
    pub async fn count_suggestions(&self) -> Result<Vec<SourceFigures>, StoreError> {
        let rows = self.database.query(COUNT, &[self.account()]).await?;
        SuggestionSource::ALL
            .into_iter()
            .map(|source| {
                let row = rows
                    .iter()
                    .find(|row| row.text("source").is_ok_and(|word| word == source.as_str()));
                figures(source, row)
            })
            .collect()
    }

    /// What became of each macro and template that was offered and decided about.
    pub async fn macro_outcomes(
        &self,
    ) -> Result<BTreeMap<MacroId, SuggestionOutcomes>, StoreError> {
        let rows = self
            .database
            .query(COUNT_BY_MACRO, &[self.account()])
            .await?;
        rows.iter()
            .map(|row| Ok((row.parsed("macro_id")?, outcomes(row)?)))
            .collect()
    }
}

fn outcomes(row: &Row) -> Result<SuggestionOutcomes, StoreError> {
    let count = |column| {
        row.uint(column)
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    Ok(SuggestionOutcomes {
        n_accepted: count("n_accepted")?,
        n_edited: count("n_edited")?,
        n_rejected: count("n_rejected")?,
    })
}

fn figures(source: SuggestionSource, row: Option<&Row>) -> Result<SourceFigures, StoreError> {
    let count = |column| row.map_or(Ok(0), |row| row.uint(column));
    let (n_accepted, n_edited) = (count("n_accepted")?, count("n_edited")?);
    let n_rejected = count("n_rejected")?;
    let (n_sent, n_decided) = (n_accepted + n_edited, n_accepted + n_edited + n_rejected);
    Ok(SourceFigures {
        source,
        n_offered: count("n_offered")?,
        n_accepted,
        n_edited,
        n_rejected,
        acceptance_rate: (n_decided > 0).then(|| n_sent as f64 / n_decided as f64),
    })
}
