//! Customers: found by the beginning of a name or an address, and listed by when they came.

use edgedesk_domain::ids::{ConversationId, CustomerId};
use edgedesk_wire::customers::CustomerView;

use super::conversations::{MAX_LIMIT, Page, SeenBy};
use super::{AccountStore, cursor};
use crate::database::{Database, Row, StoreError, Value};

// Who is being erased, or was, has no conversation that is shown, and is no customer any more.
// `?4` and `?5` are the member who looks and their teams, as in lists of conversations; nulls for one who sees all. Whoever
// does not see all sees customers of whom they see a conversation.
const LIST: &str = "
    SELECT account_id, id, name, email, first_seen_at,
      (SELECT count(*) FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?4 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?4 OR instr(?5, v.team_id) > 0)) AS n_conversations,
      (SELECT max(v.updated_at) FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?4 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?4 OR instr(?5, v.team_id) > 0)) AS last_active_at
    FROM customers c
    WHERE account_id = ?1 AND (first_seen_at, id) < (?2, ?3)
      AND EXISTS (SELECT 1 FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?4 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?4 OR instr(?5, v.team_id) > 0))
    ORDER BY first_seen_at DESC, id DESC LIMIT ?6";
// Two ranges of indexes, and then what they found in the order of the list: as much work as there are matches.
const SEARCH: &str = "
    SELECT account_id, id, name, email, first_seen_at,
      (SELECT count(*) FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?4 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?4 OR instr(?5, v.team_id) > 0)) AS n_conversations,
      (SELECT max(v.updated_at) FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?4 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?4 OR instr(?5, v.team_id) > 0)) AS last_active_at
    FROM customers c
    WHERE account_id = ?1
      AND id IN (
        SELECT n.id FROM customers n WHERE n.account_id = ?1 AND lower(n.name) >= ?7 AND lower(n.name) < ?8
        UNION SELECT e.id FROM customers e WHERE e.account_id = ?1 AND lower(e.email) >= ?7 AND lower(e.email) < ?8)
      AND (first_seen_at, id) < (?2, ?3)
      AND EXISTS (SELECT 1 FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?4 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?4 OR instr(?5, v.team_id) > 0))
    ORDER BY first_seen_at DESC, id DESC LIMIT ?6";
const FIND: &str = "
    SELECT account_id, id, name, email, first_seen_at,
      (SELECT count(*) FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?3 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?3 OR instr(?4, v.team_id) > 0)) AS n_conversations,
      (SELECT max(v.updated_at) FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?3 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?3 OR instr(?4, v.team_id) > 0)) AS last_active_at
    FROM customers c
    WHERE account_id = ?1 AND id = ?2
      AND EXISTS (SELECT 1 FROM conversations v WHERE v.account_id = ?1 AND v.customer_id = c.id AND v.status <> 'hidden'
        AND (?3 IS NULL OR v.team_id IS NULL OR v.assignee_id = ?3 OR instr(?4, v.team_id) > 0))";
const LIST_CONVERSATIONS: &str = "
    SELECT account_id, id FROM conversations WHERE account_id = ?1 AND customer_id = ?2 AND status <> 'hidden'
    ORDER BY updated_at DESC, id DESC LIMIT ?3";

#[cfg(test)]
pub(crate) const READS: [&str; 4] = [LIST, SEARCH, FIND, LIST_CONVERSATIONS];

impl<D: Database> AccountStore<'_, D> {
    /// Customers that `seen_by` may see, those who came last first, `limit` (1 to [`MAX_LIMIT`]) a page. With a `prefix`
    /// only those whose name or e-mail address begins with it, whatever the case of ASCII letters.
    pub async fn list_customers(
        &self,
        prefix: Option<&str>,
        seen_by: Option<&SeenBy>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<CustomerView>, StoreError> {
        let (before, before_id) = cursor::read(cursor)?;
        let limit = limit.clamp(1, MAX_LIMIT);
        let mut parameters = vec![self.account(), Value::Int(before), Value::text(before_id)];
        parameters.extend(SeenBy::parameters(seen_by));
        // One more than asked for says whether there is a next page.
        parameters.push(Value::Int(i64::from(limit) + 1));
        let sql = match prefix {
            None => LIST,
            Some(prefix) => {
                // As SQLite's `lower` does. No text that begins with the prefix sorts behind the largest character.
                let prefix = prefix.to_ascii_lowercase();
                let end = format!("{prefix}{}", char::MAX);
                parameters.extend([Value::Text(prefix), Value::Text(end)]);
                SEARCH
            }
        };
        let mut rows = self.database.query(sql, &parameters).await?;
        let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > n_wanted;
        rows.truncate(n_wanted);
        let next_cursor = match rows.last() {
            Some(last) if has_more => {
                Some(cursor::write(last.int("first_seen_at")?, last.text("id")?))
            }
            _ => None,
        };
        let items = rows.iter().map(view).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor })
    }

    /// A change to what is kept of a customer beside the read model.
    pub(super) async fn change_of_customer(
        &self,
        sql: &'static str,
        customer_id: CustomerId,
    ) -> Result<(), StoreError> {
        let parameters = [self.account(), Value::text(customer_id)];
        self.database.query(sql, &parameters).await?;
        Ok(())
    }

    /// One customer, if `seen_by` may see them.
    pub async fn find_customer(
        &self,
        id: CustomerId,
        seen_by: Option<&SeenBy>,
    ) -> Result<Option<CustomerView>, StoreError> {
        let mut parameters = vec![self.account(), Value::text(id)];
        parameters.extend(SeenBy::parameters(seen_by));
        let rows = self.database.query(FIND, &parameters).await?;
        rows.first().map(view).transpose()
    }

    /// The ids of a customer's conversations, at most `limit`, latest activity first.
    pub async fn list_conversations_of_customer(
        &self,
        id: CustomerId,
        limit: u32,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let parameters = [self.account(), Value::text(id), Value::Int(limit.into())];
        let rows = self.database.query(LIST_CONVERSATIONS, &parameters).await?;
        rows.iter().map(|row| row.parsed("id")).collect()
    }
}

fn view(row: &Row) -> Result<CustomerView, StoreError> {
    let last_active_at = match row.optional_int("last_active_at")? {
        None => None,
        Some(_) => Some(row.time("last_active_at")?),
    };
    Ok(CustomerView {
        id: row.parsed("id")?,
        name: row.optional_text("name")?.map(str::to_owned),
        email: row.optional_text("email")?.map(str::to_owned),
        first_seen_at: row.time("first_seen_at")?,
        n_conversations: row.uint("n_conversations")?,
        last_active_at,
    })
}
