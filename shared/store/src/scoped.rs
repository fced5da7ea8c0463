//! The database as the repositories of one account see it: a row of another account never gets through.
//!
//! Every statement names the account in its `WHERE`. This is the second look, at what came back: each row holds its
//! `account_id`, and one that is of another account fails the whole answer. A row without the column fails it too, so
//! that a new statement cannot leave it out.

use edgedesk_domain::ids::AccountId;

use crate::database::{Database, Row, Statement, StoreError, Value};

/// The column that says whose a row is.
pub(crate) const ACCOUNT_COLUMN: &str = "account_id";

/// A database, of which only rows of one account come back.
#[derive(Debug)]
pub(crate) struct Scoped<'a, D> {
    account_id: AccountId,
    database: &'a D,
}

// By hand: a derive would ask that the database can be copied, and it is only borrowed.
impl<D> Clone for Scoped<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Scoped<'_, D> {}

impl<'a, D: Database> Scoped<'a, D> {
    /// The rows of `account_id` in `database`.
    pub(crate) const fn new(account_id: AccountId, database: &'a D) -> Self {
        Self {
            account_id,
            database,
        }
    }

    /// See [`Database::query`]; [`StoreError::ForeignRow`] when a row is another account's.
    pub(crate) async fn query(
        &self,
        sql: &'static str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = self.database.query(sql, parameters).await?;
        self.check(&rows)?;
        Ok(rows)
    }

    /// See [`Database::batch`]; [`StoreError::ForeignRow`] when a row is another account's. What the statements have
    /// written stays written.
    pub(crate) async fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let answers = self.database.batch(statements).await?;
        for rows in &answers {
            self.check(rows)?;
        }
        Ok(answers)
    }

    fn check(&self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows {
            if row.parsed::<AccountId>(ACCOUNT_COLUMN)? != self.account_id {
                return Err(StoreError::ForeignRow);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
