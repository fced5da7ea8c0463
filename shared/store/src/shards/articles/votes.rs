//! Whether readers found an article helpful: one vote of each visitor, the last one counts.

use edgedesk_domain::ids::{ArticleId, CustomerId};
use edgedesk_domain::time::Timestamp;
use serde::Serialize;

use super::super::AccountStore;
use crate::database::{Database, StoreError, Value};

// Only of what they can see.
const VOTE: &str = "
    INSERT INTO article_votes (account_id, article_id, voter, is_helpful, voted_at)
    SELECT ?1, ?2, ?3, ?4, ?5
    WHERE EXISTS (SELECT 1 FROM articles a WHERE a.account_id = ?1 AND a.id = ?2 AND a.state = 'published' AND a.deleted_at IS NULL)
    ON CONFLICT (account_id, article_id, voter) DO UPDATE SET is_helpful = excluded.is_helpful, voted_at = excluded.voted_at
    RETURNING account_id, article_id";
const WITHDRAW: &str = "
    DELETE FROM article_votes WHERE account_id = ?1 AND article_id = ?2 AND voter = ?3 RETURNING account_id, article_id";
const LIST: &str = "
    SELECT account_id, article_id, is_helpful, voted_at FROM article_votes WHERE account_id = ?1 AND voter = ?2
    ORDER BY article_id";
const FORGET: &str = "DELETE FROM article_votes WHERE account_id = ?1 AND voter = ?2";

#[cfg(test)]
pub(crate) const READS: [&str; 4] = [VOTE, WITHDRAW, LIST, FORGET];

/// A vote, as its customer gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct VoteOfCustomer {
    /// The article.
    pub article_id: ArticleId,
    /// What they said.
    pub is_helpful: bool,
    /// When.
    pub voted_at: Timestamp,
}

impl<D: Database> AccountStore<'_, D> {
    /// Notes a customer's vote on a published article, in the place of their last one. Whether there is such an article.
    pub async fn vote_on_article(
        &self,
        id: ArticleId,
        customer_id: CustomerId,
        is_helpful: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [
            self.account(),
            Value::text(id),
            Value::text(customer_id),
            Value::Int(is_helpful.into()),
            Value::time(now),
        ];
        let rows = self.database.query(VOTE, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Takes a customer's vote back. Whether there was one.
    pub async fn withdraw_vote(
        &self,
        id: ArticleId,
        customer_id: CustomerId,
    ) -> Result<bool, StoreError> {
        let parameters = [self.account(), Value::text(id), Value::text(customer_id)];
        let rows = self.database.query(WITHDRAW, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// All votes of a customer.
    pub async fn list_votes_of_customer(
        &self,
        customer_id: CustomerId,
    ) -> Result<Vec<VoteOfCustomer>, StoreError> {
        let parameters = [self.account(), Value::text(customer_id)];
        let rows = self.database.query(LIST, &parameters).await?;
        rows.iter()
            .map(|row| {
                Ok(VoteOfCustomer {
                    article_id: row.parsed("article_id")?,
                    is_helpful: row.int("is_helpful")? != 0,
                    voted_at: row.time("voted_at")?,
                })
            })
            .collect()
    }

    /// Forgets the votes of a customer who is erased or made anonymous. Safe to repeat.
    pub async fn forget_votes(&self, customer_id: CustomerId) -> Result<(), StoreError> {
        self.change_of_customer(FORGET, customer_id).await
    }
}
