//! Conversations and their messages.

use std::collections::BTreeMap;

use edgedesk_domain::access::Viewer;
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::ids::{ConversationId, CustomerId, InboxId, TeamId, UserId};
use edgedesk_wire::api::MessageView;

use super::{AccountStore, cursor};
use crate::database::{Database, StoreError, Value};
use crate::keys::{ANALYSIS_DATA, CONVERSATION_STATE, MESSAGE_DATA, json_of};

/// Most rows of a page.
pub const MAX_LIMIT: u32 = 200;

// One term per status, each walked in the order of the index and merged: no sort, and no row that is not wanted. A status
// that is not asked for is bound as null, which equals nothing. SQLite's limit in D1 is five terms, and there are five
// statuses.
const LIST: &str = concat!(
    "SELECT account_id, id, updated_at, state FROM (SELECT account_id, id, updated_at, state FROM conversations
      WHERE account_id = ?1 AND status = ?4 AND (updated_at, id) < (?2, ?3) AND escalation_risk >= ?9
        AND (?10 IS NULL OR inbox_id = ?10) AND (?11 IS NULL OR assignee_id = ?11)
        AND (?13 IS NULL OR team_id IS NULL OR assignee_id = ?13 OR instr(?14, team_id) > 0)
    UNION ALL SELECT account_id, id, updated_at, state FROM conversations
      WHERE account_id = ?1 AND status = ?5 AND (updated_at, id) < (?2, ?3) AND escalation_risk >= ?9
        AND (?10 IS NULL OR inbox_id = ?10) AND (?11 IS NULL OR assignee_id = ?11)
        AND (?13 IS NULL OR team_id IS NULL OR assignee_id = ?13 OR instr(?14, team_id) > 0)
    UNION ALL SELECT account_id, id, updated_at, state FROM conversations
      WHERE account_id = ?1 AND status = ?6 AND (updated_at, id) < (?2, ?3) AND escalation_risk >= ?9
        AND (?10 IS NULL OR inbox_id = ?10) AND (?11 IS NULL OR assignee_id = ?11)
        AND (?13 IS NULL OR team_id IS NULL OR assignee_id = ?13 OR instr(?14, team_id) > 0)
    UNION ALL SELECT account_id, id, updated_at, state FROM conversations
      WHERE account_id = ?1 AND status = ?7 AND (updated_at, id) < (?2, ?3) AND escalation_risk >= ?9
        AND (?10 IS NULL OR inbox_id = ?10) AND (?11 IS NULL OR assignee_id = ?11)
        AND (?13 IS NULL OR team_id IS NULL OR assignee_id = ?13 OR instr(?14, team_id) > 0)
    UNION ALL SELECT account_id, id, updated_at, state FROM conversations
      WHERE account_id = ?1 AND status = ?8 AND (updated_at, id) < (?2, ?3) AND escalation_risk >= ?9
        AND (?10 IS NULL OR inbox_id = ?10) AND (?11 IS NULL OR assignee_id = ?11)
        AND (?13 IS NULL OR team_id IS NULL OR assignee_id = ?13 OR instr(?14, team_id) > 0)
    )",
    " ORDER BY updated_at DESC, id DESC LIMIT ?12"
);
const LIST_BY_EXTERNAL_ID: &str = "
    SELECT account_id, id, updated_at, state FROM conversations
    WHERE account_id = ?1 AND external_id = ?15 AND (updated_at, id) < (?2, ?3)
      AND status IN (?4, ?5, ?6, ?7, ?8) AND escalation_risk >= ?9
      AND (?10 IS NULL OR inbox_id = ?10) AND (?11 IS NULL OR assignee_id = ?11)
        AND (?13 IS NULL OR team_id IS NULL OR assignee_id = ?13 OR instr(?14, team_id) > 0)
    ORDER BY updated_at DESC, id DESC LIMIT ?12";
const LIST_BY_CUSTOMER: &str = "
    SELECT account_id, id, updated_at, state FROM conversations
    WHERE account_id = ?1 AND customer_id = ?15 AND (updated_at, id) < (?2, ?3)
      AND status IN (?4, ?5, ?6, ?7, ?8) AND escalation_risk >= ?9
      AND (?10 IS NULL OR inbox_id = ?10) AND (?11 IS NULL OR assignee_id = ?11)
        AND (?13 IS NULL OR team_id IS NULL OR assignee_id = ?13 OR instr(?14, team_id) > 0)
        AND (?16 IS NULL OR external_id = ?16)
    ORDER BY updated_at DESC, id DESC LIMIT ?12";
const FIND: &str = "
    SELECT account_id, id, state FROM conversations WHERE account_id = ?1 AND id = ?2 AND status <> 'hidden'";
const LIST_MESSAGES: &str = "
    SELECT m.account_id, m.conversation_id, m.seq, m.created_at, m.data,
      (SELECT a.data FROM analyses a
       WHERE a.account_id = m.account_id AND a.conversation_id = m.conversation_id AND a.message_seq = m.seq
       ORDER BY a.seq DESC LIMIT 1) AS analysis,
      (SELECT max(a.seq) FROM analyses a
       WHERE a.account_id = m.account_id AND a.conversation_id = m.conversation_id AND a.message_seq = m.seq)
        AS analysis_seq
    FROM messages m
    WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.seq > ?3
    ORDER BY m.seq LIMIT ?4";

const LIST_OF_CUSTOMER: &str = "
    SELECT account_id, id, status FROM conversations
    WHERE account_id = ?1 AND customer_id = ?2 AND id > ?3 ORDER BY id LIMIT 500";
// Statuses of open conversations; hidden ones have a status of their own.
const LIST_OPEN: &str = "
    SELECT account_id, id, state FROM conversations
    WHERE account_id = ?1 AND id IN (SELECT value FROM json_each(?2) AS asked) AND status IN ('active', 'pending', 'escalated')
      AND (?3 IS NULL OR team_id IS NULL OR assignee_id = ?3 OR instr(?4, team_id) > 0)";

#[cfg(test)]
pub(crate) const READS: [&str; 7] = [
    LIST,
    LIST_BY_EXTERNAL_ID,
    LIST_BY_CUSTOMER,
    FIND,
    LIST_MESSAGES,
    LIST_OF_CUSTOMER,
    LIST_OPEN,
];

/// What a list of conversations is narrowed to; the default is all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConversationFilter {
    /// Any of these; empty for any at all.
    pub statuses: Vec<ConversationStatus>,
    /// An escalation risk of at least this, 0 to 1.
    pub min_risk: Option<f64>,
    /// The inbox it came in by.
    pub inbox_id: Option<InboxId>,
    /// The provider's name of the thread.
    pub external_id: Option<String>,
    /// The agent it is assigned to.
    pub assignee_id: Option<UserId>,
    /// Who wrote in.
    pub customer_id: Option<CustomerId>,
    /// What this member may see; absent for all.
    pub seen_by: Option<SeenBy>,
}

/// A member who sees their own conversations, those of their teams and those of none: [`Viewer::sees`] in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenBy {
    /// The member.
    pub user_id: UserId,
    /// Their teams.
    pub teams: Vec<TeamId>,
}

impl SeenBy {
    /// What narrows a list for `viewer`; nothing for one who sees all.
    #[must_use]
    pub fn of(viewer: Viewer<'_>) -> Option<Self> {
        (viewer.role < Viewer::SEES_ALL).then(|| Self {
            user_id: viewer.user_id,
            teams: viewer.teams.to_vec(),
        })
    }

    /// The two parameters of a list: the member, and their teams in one text, in which an id is looked for; nulls for all.
    pub(super) fn parameters(seen_by: Option<&Self>) -> [Value; 2] {
        match seen_by {
            None => [Value::Null, Value::Null],
            Some(seen_by) => [
                Value::text(seen_by.user_id),
                Value::Text(crate::json(&seen_by.teams)),
            ],
        }
    }
}

/// A run of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where to go on; absent at the end.
    pub next_cursor: Option<String>,
}

impl<D: Database> AccountStore<'_, D> {
    /// Conversations by latest activity, `limit` (1 to [`MAX_LIMIT`]) a page. A walk over all pages meets each conversation
    /// at most once while others are added or change; one that changes during the walk moves to the front, behind it.
    pub async fn list_conversations(
        &self,
        filter: &ConversationFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ConversationState>, StoreError> {
        let (before, before_id) = cursor::read(cursor)?;
        let limit = limit.clamp(1, MAX_LIMIT);
        let mut parameters = vec![self.account(), Value::Int(before), Value::text(before_id)];
        parameters.extend(status_parameters(&filter.statuses));
        parameters.extend([
            Value::Real(filter.min_risk.unwrap_or(0.0)),
            Value::text_or_null(filter.inbox_id),
            Value::text_or_null(filter.assignee_id),
            // One more than asked for says whether there is a next page.
            Value::Int(i64::from(limit) + 1),
        ]);
        parameters.extend(SeenBy::parameters(filter.seen_by.as_ref()));
        let sql = if let Some(customer_id) = filter.customer_id {
            parameters.push(Value::text(customer_id));
            parameters.push(Value::text_or_null(filter.external_id.as_deref()));
            LIST_BY_CUSTOMER
        } else if let Some(external_id) = &filter.external_id {
            parameters.push(Value::text(external_id));
            LIST_BY_EXTERNAL_ID
        } else {
            LIST
        };
        let mut rows = self.database.query(sql, &parameters).await?;
        let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > n_wanted;
        rows.truncate(n_wanted);
        let next_cursor = match rows.last() {
            Some(last) if has_more => {
                Some(cursor::write(last.int("updated_at")?, last.text("id")?))
            }
            _ => None,
        };
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            items.push(self.vault.open_json(&CONVERSATION_STATE, row).await?);
        }
        Ok(Page { items, next_cursor })
    }

    /// All conversations of a customer by id, each with whether anybody is shown it.
    pub async fn conversations_of_customer(
        &self,
        customer_id: CustomerId,
    ) -> Result<Vec<(ConversationId, bool)>, StoreError> {
        let mut all = Vec::new();
        loop {
            let after = all
                .last()
                .map(|(id, _): &(ConversationId, bool)| id.to_string());
            let parameters = [
                self.account(),
                Value::text(customer_id),
                Value::text(after.unwrap_or_default()),
            ];
            let rows = self.database.query(LIST_OF_CUSTOMER, &parameters).await?;
            if rows.is_empty() {
                return Ok(all);
            }
            for row in &rows {
                let is_shown = row.text("status")? != crate::projection::HIDDEN;
                all.push((row.parsed("id")?, is_shown));
            }
        }
    }

    /// Those of these conversations that are open and that `seen_by` may see (all, without one), in the order of `ids`; at most `limit`.
    pub async fn find_open_conversations(
        &self,
        ids: &[ConversationId],
        seen_by: Option<&SeenBy>,
        limit: usize,
    ) -> Result<Vec<ConversationState>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut parameters = vec![self.account(), Value::Text(crate::json(&ids))];
        parameters.extend(SeenBy::parameters(seen_by));
        let rows = self.database.query(LIST_OPEN, &parameters).await?;
        let mut by_id = BTreeMap::new();
        for row in &rows {
            by_id.insert(row.parsed::<ConversationId>("id")?, row);
        }
        let mut states = Vec::new();
        for row in ids.iter().filter_map(|id| by_id.remove(id)).take(limit) {
            states.push(self.vault.open_json(&CONVERSATION_STATE, row).await?);
        }
        Ok(states)
    }

    /// One conversation.
    pub async fn find_conversation(
        &self,
        conversation_id: ConversationId,
    ) -> Result<Option<ConversationState>, StoreError> {
        let parameters = [self.account(), Value::text(conversation_id)];
        let rows = self.database.query(FIND, &parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let state = self.vault.open_json(&CONVERSATION_STATE, row).await?;
        Ok(Some(state))
    }

    /// Messages of a conversation by `seq`, from the one after `after_seq`, each with its latest analysis. At most
    /// `limit`, 1 to [`MAX_LIMIT`].
    pub async fn list_messages(
        &self,
        conversation_id: ConversationId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<MessageView>, StoreError> {
        let parameters = [
            self.account(),
            Value::text(conversation_id),
            Value::uint(after_seq)?,
            Value::Int(limit.clamp(1, MAX_LIMIT).into()),
        ];
        let rows = self.database.query(LIST_MESSAGES, &parameters).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in &rows {
            let seq = row.uint("seq")?;
            let analysis = match row.optional_text("analysis")? {
                None => None,
                Some(text) => {
                    let key = format!("{conversation_id}:{seq}:{}", row.uint("analysis_seq")?);
                    let text = self.vault.open_text(&ANALYSIS_DATA, &key, text).await?;
                    Some(json_of(&ANALYSIS_DATA, &text)?)
                }
            };
            views.push(MessageView {
                conversation_id,
                seq,
                at: row.time("created_at")?,
                message: self.vault.open_json(&MESSAGE_DATA, row).await?,
                analysis,
            });
        }
        Ok(views)
    }
}

/// The five parameters of a set of statuses: those asked for (all, when none is), then nulls.
pub(super) fn status_parameters(statuses: &[ConversationStatus]) -> [Value; 5] {
    use ConversationStatus::{Active, Closed, Escalated, Pending, Resolved};
    [Active, Pending, Escalated, Resolved, Closed].map(|status| {
        if statuses.is_empty() || statuses.contains(&status) {
            Value::text(status.as_str())
        } else {
            Value::Null
        }
    })
}
