//! Tickets: the row says which number and when, the conversation's row where it stands.

use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::ids::TicketId;
use edgedesk_wire::api::TicketView;

use super::conversations::status_parameters;
use super::{AccountStore, MAX_LIMIT, Page, SeenBy};
use crate::database::{Database, MAX_SAFE_INT, Row, StoreError, Value};
use crate::keys::{CONVERSATION_STATE, json_of};

// One term per status, as in the list of conversations. Looked up, not joined: a join would have SQLite sort the whole
// account.
const LIST: &str = "
    SELECT c.account_id, c.id AS conversation_id, ticket_number AS number, state,
      (SELECT t.id FROM tickets t WHERE t.account_id = ?1 AND t.conversation_id = c.id) AS id,
      (SELECT t.created_at FROM tickets t WHERE t.account_id = ?1 AND t.conversation_id = c.id) AS created_at
    FROM (SELECT account_id, id, ticket_number, state FROM conversations
        WHERE account_id = ?1 AND status = ?3 AND ticket_number < ?2 AND (?9 IS NULL OR team_id IS NULL OR assignee_id = ?9 OR instr(?10, team_id) > 0)
      UNION ALL SELECT account_id, id, ticket_number, state FROM conversations
        WHERE account_id = ?1 AND status = ?4 AND ticket_number < ?2 AND (?9 IS NULL OR team_id IS NULL OR assignee_id = ?9 OR instr(?10, team_id) > 0)
      UNION ALL SELECT account_id, id, ticket_number, state FROM conversations
        WHERE account_id = ?1 AND status = ?5 AND ticket_number < ?2 AND (?9 IS NULL OR team_id IS NULL OR assignee_id = ?9 OR instr(?10, team_id) > 0)
      UNION ALL SELECT account_id, id, ticket_number, state FROM conversations
        WHERE account_id = ?1 AND status = ?6 AND ticket_number < ?2 AND (?9 IS NULL OR team_id IS NULL OR assignee_id = ?9 OR instr(?10, team_id) > 0)
      UNION ALL SELECT account_id, id, ticket_number, state FROM conversations
        WHERE account_id = ?1 AND status = ?7 AND ticket_number < ?2 AND (?9 IS NULL OR team_id IS NULL OR assignee_id = ?9 OR instr(?10, team_id) > 0)) c
    ORDER BY ticket_number DESC LIMIT ?8";
const FIND_BY_ID: &str = "
    SELECT t.account_id, t.id, t.number, t.created_at, c.id AS conversation_id, c.state
    FROM tickets t JOIN conversations c ON c.account_id = t.account_id AND c.id = t.conversation_id
    WHERE t.account_id = ?1 AND t.id = ?2 AND c.status <> 'hidden'";
const FIND_BY_NUMBER: &str = "
    SELECT t.account_id, t.id, t.number, t.created_at, c.id AS conversation_id, c.state
    FROM tickets t JOIN conversations c ON c.account_id = t.account_id AND c.id = t.conversation_id
    WHERE t.account_id = ?1 AND t.number = ?2 AND c.status <> 'hidden'";

#[cfg(test)]
pub(crate) const READS: [&str; 3] = [LIST, FIND_BY_ID, FIND_BY_NUMBER];

/// How a ticket is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketKey {
    /// By its id.
    Id(TicketId),
    /// By its number in the account.
    Number(u64),
}

/// A text that names no ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither an id of a ticket nor a number of one or more")]
pub struct InvalidTicketKey;

impl std::str::FromStr for TicketKey {
    type Err = InvalidTicketKey;

    /// Reads `tkt_…` or a number of one or more.
    fn from_str(text: &str) -> Result<Self, InvalidTicketKey> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        match text.parse::<u64>() {
            Ok(number) if number > 0 => Ok(Self::Number(number)),
            _ => Err(InvalidTicketKey),
        }
    }
}

impl<D: Database> AccountStore<'_, D> {
    /// Tickets, highest number first, of any of these statuses (all, when none is given), `limit` (1 to [`MAX_LIMIT`]) a
    /// page. Only those that `seen_by` may see, if it is given.
    pub async fn list_tickets(
        &self,
        statuses: &[ConversationStatus],
        seen_by: Option<&SeenBy>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<TicketView>, StoreError> {
        let before = match cursor {
            None => MAX_SAFE_INT,
            Some(cursor) => cursor
                .parse()
                .ok()
                .filter(|number| (1..=MAX_SAFE_INT).contains(number))
                .ok_or(StoreError::InvalidCursor)?,
        };
        let limit = limit.clamp(1, MAX_LIMIT);
        let mut parameters = vec![self.account(), Value::Int(before)];
        parameters.extend(status_parameters(statuses));
        parameters.push(Value::Int(i64::from(limit) + 1));
        parameters.extend(SeenBy::parameters(seen_by));
        let mut rows = self.database.query(LIST, &parameters).await?;
        let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > n_wanted;
        rows.truncate(n_wanted);
        let next_cursor = match rows.last() {
            Some(last) if has_more => Some(last.uint("number")?.to_string()),
            _ => None,
        };
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            // The state may land before the row of its ticket; both are there a moment later.
            if row.optional_text("id")?.is_some() {
                items.push(self.ticket(row).await?);
            }
        }
        Ok(Page { items, next_cursor })
    }

    /// One ticket.
    pub async fn find_ticket(&self, key: TicketKey) -> Result<Option<TicketView>, StoreError> {
        let (sql, key) = match key {
            TicketKey::Id(id) => (FIND_BY_ID, Value::text(id)),
            TicketKey::Number(number) => (FIND_BY_NUMBER, Value::uint(number)?),
        };
        let rows = self.database.query(sql, &[self.account(), key]).await?;
        match rows.first() {
            Some(row) => self.ticket(row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn ticket(&self, row: &Row) -> Result<TicketView, StoreError> {
        let key = row.text("conversation_id")?;
        let text = row.text("state")?;
        let text = self.vault.open_text(&CONVERSATION_STATE, key, text).await?;
        let state: ConversationState = json_of(&CONVERSATION_STATE, &text)?;
        Ok(TicketView {
            id: row.parsed("id")?,
            number: row.uint("number")?,
            conversation_id: state.conversation_id,
            subject: state.subject,
            status: state.status,
            priority: state.priority,
            assignee_id: state.assignee_id,
            team_id: state.team_id,
            created_at: row.time("created_at")?,
            updated_at: state.updated_at,
        })
    }
}
