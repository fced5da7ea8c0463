//! What customers agreed to: rows that are added and never changed. The last one of a purpose is in force.

use edgedesk_domain::account::Principal;
use edgedesk_domain::consent::{ConsentPurpose, ConsentSource, ConsentState};
use edgedesk_domain::ids::CustomerId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::customers::{ConsentList, ConsentRequest, ConsentView, Recorder};

use super::AccountStore;
use crate::database::{Database, Row, StoreError, Value};

/// Most records of a customer: one a week for nineteen years.
pub const MAX_CONSENTS: u32 = 1_000;

const LIST: &str = "
    SELECT account_id, number, purpose, state, source, wording, note, recorded_by, recorded_by_name, at
    FROM customer_consents WHERE account_id = ?1 AND customer_id = ?2 ORDER BY number DESC";
// The database has one writer, so no two get the same number.
const INSERT: &str = "
    INSERT INTO customer_consents (account_id, customer_id, number, purpose, state, source, wording, note, recorded_by,
      recorded_by_name, at)
    SELECT ?1, ?2, 1 + coalesce((SELECT max(number) FROM customer_consents WHERE account_id = ?1 AND customer_id = ?2), 0),
      ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
    WHERE EXISTS (SELECT 1 FROM customers WHERE account_id = ?1 AND id = ?2)
      AND (SELECT count(*) FROM customer_consents WHERE account_id = ?1 AND customer_id = ?2) < ?11
    RETURNING account_id, number, purpose, state, source, wording, note, recorded_by, recorded_by_name, at";
// Once: a browser sends its signal with every session. A visitor is a customer only when they have written.
const INSERT_SIGNAL: &str = "
    INSERT INTO customer_consents (account_id, customer_id, number, purpose, state, source, wording, note, recorded_by,
      recorded_by_name, at)
    SELECT ?1, ?2, 1 + coalesce((SELECT max(number) FROM customer_consents WHERE account_id = ?1 AND customer_id = ?2), 0),
      ?3, ?4, ?5, NULL, NULL, NULL, NULL, ?6
    WHERE NOT EXISTS (
      SELECT 1 FROM customer_consents WHERE account_id = ?1 AND customer_id = ?2 AND purpose = ?3 AND source = ?5)
    RETURNING account_id, number";

const FORGET: &str = "DELETE FROM customer_consents WHERE account_id = ?1 AND customer_id = ?2";
const FORGET_WORDS: &str = "UPDATE customer_consents SET wording = NULL, note = NULL WHERE account_id = ?1 AND customer_id = ?2";

#[cfg(test)]
pub(crate) const READS: [&str; 5] = [LIST, INSERT, INSERT_SIGNAL, FORGET, FORGET_WORDS];

impl<D: Database> AccountStore<'_, D> {
    /// All that a customer said; empty for one who said nothing, or is not there.
    pub async fn list_consents(&self, customer_id: CustomerId) -> Result<ConsentList, StoreError> {
        let parameters = [self.account(), Value::text(customer_id)];
        let rows = self.database.query(LIST, &parameters).await?;
        let consents = rows.iter().map(view).collect::<Result<Vec<_>, _>>()?;
        Ok(ConsentList {
            in_force: in_force(&consents),
            consents,
        })
    }

    /// Forgets all of a customer who is erased. Safe to repeat.
    pub async fn forget_consents(&self, customer_id: CustomerId) -> Result<(), StoreError> {
        self.change_of_customer(FORGET, customer_id).await
    }

    /// Forgets what was written beside the consents of a customer who is made anonymous. Safe to repeat.
    pub async fn forget_words_of_consents(
        &self,
        customer_id: CustomerId,
    ) -> Result<(), StoreError> {
        self.change_of_customer(FORGET_WORDS, customer_id).await
    }

    /// Adds a record, which has been checked, and gives it with its number. Nothing when there is no such customer, or when
    /// they have [`MAX_CONSENTS`].
    pub async fn add_consent(
        &self,
        customer_id: CustomerId,
        request: &ConsentRequest,
        by: &Principal,
        now: Timestamp,
    ) -> Result<Option<ConsentView>, StoreError> {
        let parameters = [
            self.account(),
            Value::text(customer_id),
            Value::Text(crate::word(request.purpose)),
            Value::Text(crate::word(request.state)),
            Value::Text(crate::word(request.source)),
            Value::text_or_null(request.wording.as_deref()),
            Value::text_or_null(request.note.as_deref()),
            Value::text(by.user_id),
            Value::text(&by.name),
            Value::time(now),
            Value::Int(MAX_CONSENTS.into()),
        ];
        let rows = self.database.query(INSERT, &parameters).await?;
        rows.first().map(view).transpose()
    }

    /// Records that a customer's browser says Global Privacy Control, unless it was recorded before. Says whether it was
    /// recorded now.
    pub async fn add_privacy_signal(
        &self,
        customer_id: CustomerId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [
            self.account(),
            Value::text(customer_id),
            Value::Text(crate::word(ConsentPurpose::SaleOrSharing)),
            Value::Text(crate::word(ConsentState::Withdrawn)),
            Value::Text(crate::word(ConsentSource::GlobalPrivacyControl)),
            Value::time(now),
        ];
        let rows = self.database.query(INSERT_SIGNAL, &parameters).await?;
        Ok(!rows.is_empty())
    }
}

/// The last of each purpose, by purpose. `consents` are newest first.
fn in_force(consents: &[ConsentView]) -> Vec<ConsentView> {
    ConsentPurpose::ALL
        .iter()
        .filter_map(|purpose| consents.iter().find(|consent| consent.purpose == *purpose))
        .cloned()
        .collect()
}

fn view(row: &Row) -> Result<ConsentView, StoreError> {
    let recorded_by = match row.optional_parsed("recorded_by")? {
        None => None,
        Some(id) => Some(Recorder {
            id,
            name: row.text("recorded_by_name")?.to_owned(),
        }),
    };
    Ok(ConsentView {
        number: row.uint("number")?,
        purpose: row.word("purpose")?,
        state: row.word("state")?,
        source: row.word("source")?,
        wording: row.optional_text("wording")?.map(str::to_owned),
        note: row.optional_text("note")?.map(str::to_owned),
        recorded_by,
        at: row.time("at")?,
    })
}
