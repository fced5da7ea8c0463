//! How often agents agree with the decisions, counted by SQL.

use std::collections::BTreeMap;

use edgedesk_domain::feedback::{AnalysisField, Verdict};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::ai::{Accuracy, Confusion, FieldAccuracy, LabelAccuracy};

use super::AccountStore;
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Most confusions of a field that are listed.
const MAX_CONFUSIONS: usize = 10;

const COUNT_SENTIMENTS: &str = "
    SELECT account_id, polarity AS label, count(*) AS n FROM analyses
    WHERE account_id = ?1 AND created_at >= ?2 AND created_at < ?3 GROUP BY account_id, polarity";
const COUNT_INTENTS: &str = "
    SELECT account_id, intent AS label, count(*) AS n FROM analyses
    WHERE account_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND intent IS NOT NULL GROUP BY account_id, intent";
const COUNT_CATEGORIES: &str = "
    SELECT account_id, category AS label, count(*) AS n FROM analyses
    WHERE account_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND category IS NOT NULL GROUP BY account_id, category";
const COUNT_PRIORITIES: &str = "
    SELECT account_id, priority AS label, count(*) AS n FROM analyses
    WHERE account_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND priority IS NOT NULL GROUP BY account_id, priority";
const COUNT_LANGUAGES: &str = "
    SELECT account_id, language AS label, count(*) AS n FROM analyses
    WHERE account_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND language IS NOT NULL GROUP BY account_id, language";
const COUNT_OWN_INTENTS: &str = "
    SELECT account_id, own_intent AS label, count(*) AS n FROM analyses
    WHERE account_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND own_intent IS NOT NULL GROUP BY account_id, own_intent";
const COUNT_FEEDBACK: &str = "
    SELECT account_id, decided, value, count(*) AS n FROM feedback
    WHERE account_id = ?1 AND field = ?4 AND decided_at >= ?2 AND decided_at < ?3 AND value IS NOT NULL
    GROUP BY account_id, decided, value";

#[cfg(test)]
pub(crate) const READS: [&str; 7] = [
    COUNT_SENTIMENTS,
    COUNT_INTENTS,
    COUNT_CATEGORIES,
    COUNT_PRIORITIES,
    COUNT_LANGUAGES,
    COUNT_OWN_INTENTS,
    COUNT_FEEDBACK,
];

impl<D: Database> AccountStore<'_, D> {
    /// The accuracy of `fields` over the decisions made from `from` to before `to`, in one transaction.
    pub async fn accuracy(
        &self,
        fields: &[AnalysisField],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<FieldAccuracy>, StoreError> {
        let mut statements = Vec::with_capacity(2 * fields.len());
        for field in fields {
            let span = vec![self.account(), Value::time(from), Value::time(to)];
            let mut of_field = span.clone();
            of_field.push(Value::text(field.as_str()));
            statements.push(Statement::new(count_of(*field), span));
            statements.push(Statement::new(COUNT_FEEDBACK, of_field));
        }
        let answers = self.database.batch(statements).await?;
        fields
            .iter()
            .zip(answers.chunks(2))
            .map(|(field, answers)| match answers {
                [decisions, feedback] => field_accuracy(*field, decisions, feedback),
                _ => Ok(FieldAccuracy {
                    field: *field,
                    total: Accuracy::default(),
                    labels: Vec::new(),
                    confusions: Vec::new(),
                }),
            })
            .collect()
    }
}

const fn count_of(field: AnalysisField) -> &'static str {
    match field {
        AnalysisField::Sentiment => COUNT_SENTIMENTS,
        AnalysisField::Intent => COUNT_INTENTS,
        AnalysisField::Category => COUNT_CATEGORIES,
        AnalysisField::Priority => COUNT_PRIORITIES,
        AnalysisField::Language => COUNT_LANGUAGES,
        AnalysisField::OwnIntent => COUNT_OWN_INTENTS,
    }
}

/// From counts by label, and counts by what was decided and what agents say.
fn field_accuracy(
    field: AnalysisField,
    decisions: &[Row],
    feedback: &[Row],
) -> Result<FieldAccuracy, StoreError> {
    let mut labels: BTreeMap<String, Accuracy> = BTreeMap::new();
    let mut total = Accuracy::default();
    let mut confusions = Vec::new();
    for row in decisions {
        let n = row.uint("n")?;
        labels
            .entry(row.text("label")?.to_owned())
            .or_default()
            .n_decisions = n;
        total.n_decisions += n;
    }
    for row in feedback {
        let (decided, value, n) = (
            row.optional_text("decided")?,
            row.text("value")?,
            row.uint("n")?,
        );
        let is_confirmed = Verdict::of(decided, value) == Verdict::Confirmed;
        let of_label = decided.map(|label| labels.entry(label.to_owned()).or_default());
        for counts in of_label.into_iter().chain([&mut total]) {
            counts.n_reviewed += n;
            if is_confirmed {
                counts.n_confirmed += n;
            } else {
                counts.n_corrected += n;
            }
        }
        if !is_confirmed {
            confusions.push(Confusion {
                decided: decided.map(str::to_owned),
                value: value.to_owned(),
                n,
            });
        }
    }
    confusions.sort_by(|a, b| (b.n, &a.decided, &a.value).cmp(&(a.n, &b.decided, &b.value)));
    confusions.truncate(MAX_CONFUSIONS);
    let mut labels: Vec<_> = labels
        .into_iter()
        .map(|(label, counts)| LabelAccuracy {
            label,
            counts: with_share(counts),
        })
        .collect();
    // Stable, so labels of as many decisions stay in their order.
    labels.sort_by_key(|label| std::cmp::Reverse(label.counts.n_decisions));
    Ok(FieldAccuracy {
        field,
        total: with_share(total),
        labels,
        confusions,
    })
}

fn with_share(counts: Accuracy) -> Accuracy {
    Accuracy {
        accuracy: (counts.n_reviewed > 0)
            .then(|| counts.n_confirmed as f64 / counts.n_reviewed as f64),
        ..counts
    }
}
