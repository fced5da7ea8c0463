//! Parked queue messages of an account.

use edgedesk_domain::ids::ConversationId;

use super::{AccountStore, MAX_LIMIT, Page, cursor};
use crate::database::{Database, Row, StoreError, Value};
use crate::keys::PARKED_BODY;
use crate::parked::Parked;

const PARK: &str = "
    INSERT INTO parked_messages (account_id, id, queue, reason, detail, body, n_attempts, parked_at)
    VALUES (?8, ?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (account_id, id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
      n_attempts = max(n_attempts, excluded.n_attempts)";
const LIST: &str = "
    SELECT account_id, id, queue, reason, detail, body, n_attempts, parked_at FROM parked_messages
    WHERE account_id = ?1 AND (parked_at, id) < (?2, ?3)
    ORDER BY parked_at DESC, id DESC LIMIT ?4";
const FIND: &str = "
    SELECT account_id, id, queue, reason, detail, body, n_attempts, parked_at FROM parked_messages
    WHERE account_id = ?1 AND id = ?2";
const DISCARD: &str =
    "DELETE FROM parked_messages WHERE account_id = ?1 AND id = ?2 RETURNING account_id, id";

#[cfg(test)]
pub(crate) const READS: [&str; 3] = [LIST, FIND, DISCARD];

impl<D: Database> AccountStore<'_, D> {
    /// Puts a message aside. Parking it again keeps the first time and the larger number of attempts.
    pub async fn park(&self, parked: &Parked) -> Result<(), StoreError> {
        let sealer = self.vault.sealer().await?;
        let body = sealer.seal(&PARKED_BODY, &parked.id, parked.kept_body())?;
        let mut parameters = Vec::from(parked.parameters(&body)?);
        parameters.push(self.account());
        self.database.query(PARK, &parameters).await?;
        Ok(())
    }

    /// Parked messages, newest first, `limit` (1 to [`MAX_LIMIT`]) a page.
    pub async fn list_parked(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Parked>, StoreError> {
        let (before, before_id) = cursor::read(cursor)?;
        let limit = limit.clamp(1, MAX_LIMIT);
        let parameters = [
            self.account(),
            Value::Int(before),
            Value::text(before_id),
            Value::Int(i64::from(limit) + 1),
        ];
        let rows = self.database.query(LIST, &parameters).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            items.push(self.parked(row).await?);
        }
        let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = items.len() > n_wanted;
        items.truncate(n_wanted);
        let next_cursor = items
            .last()
            .filter(|_| has_more)
            .map(|last| cursor::write(last.parked_at.millis(), &last.id));
        Ok(Page { items, next_cursor })
    }

    /// One parked message.
    pub async fn find_parked(&self, id: &str) -> Result<Option<Parked>, StoreError> {
        let rows = self
            .database
            .query(FIND, &[self.account(), Value::text(id)])
            .await?;
        match rows.first() {
            Some(row) => self.parked(row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn parked(&self, row: &Row) -> Result<Parked, StoreError> {
        Parked::from_row(row, self.vault.open(&PARKED_BODY, row).await?)
    }

    /// Forgets the parked messages of conversations: their logs are projected again. Says how many there were.
    pub async fn discard_parked_of(
        &self,
        conversation_ids: &[ConversationId],
    ) -> Result<usize, StoreError> {
        let names: Vec<String> = conversation_ids.iter().map(ToString::to_string).collect();
        let (mut n_discarded, mut cursor) = (0, None);
        loop {
            let page = self.list_parked(cursor.as_deref(), MAX_LIMIT).await?;
            for parked in &page.items {
                // What they are is not asked: they are parked because it may not be readable.
                let is_of = |name: &String| parked.id.contains(name) || parked.body.contains(name);
                if names.iter().any(is_of) {
                    n_discarded += usize::from(self.discard_parked(&parked.id).await?);
                }
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(n_discarded);
            }
        }
    }

    /// Forgets a parked message. Says whether there was one.
    pub async fn discard_parked(&self, id: &str) -> Result<bool, StoreError> {
        let rows = self
            .database
            .query(DISCARD, &[self.account(), Value::text(id)])
            .await?;
        Ok(!rows.is_empty())
    }
}
