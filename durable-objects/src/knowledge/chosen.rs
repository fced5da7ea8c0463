//! Rows where the deployment keeps them: in the object, or in Vectorize.

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Clock;
use edgedesk_search::index::{Hit, RowId};
use edgedesk_search::row::Row;

use super::vectorize::Vectorize;
use super::vectorize::binding::VectorizeBinding;
use super::vectors::{Asked, ExactRows, Models, VectorIndex};
use crate::error::ObjectError;
use crate::sql::ObjectSql;

/// One of the two. What the other one stores is left as it is.
#[derive(Debug)]
pub enum ChosenRows<B, S, C> {
    /// In the object.
    Exact(ExactRows<S>),
    /// In Vectorize.
    Vectorize(Vectorize<B, S, C>),
}

impl<B: VectorizeBinding, S: ObjectSql + Clone, C: Clock> ChosenRows<B, S, C> {
    /// Rows in Vectorize where there is a binding, and else in the object.
    pub fn of(account_id: AccountId, binding: Option<B>, sql: S, clock: C) -> Self {
        match binding {
            Some(binding) => Self::Vectorize(Vectorize::new(account_id, binding, sql, clock)),
            None => Self::Exact(ExactRows::new(sql)),
        }
    }
}

/// The same call of whichever it is.
macro_rules! chosen {
    ($self:ident, $index:ident => $call:expr) => {
        match $self {
            Self::Exact($index) => $call.await,
            Self::Vectorize($index) => $call.await,
        }
    };
}

impl<B: VectorizeBinding, S: ObjectSql, C: Clock> VectorIndex for ChosenRows<B, S, C> {
    async fn open(&self) -> Result<(), ObjectError> {
        chosen!(self, index => index.open())
    }

    async fn put(
        &self,
        model: &ModelRef,
        number: u64,
        rows: &[(RowId, Row)],
    ) -> Result<(), ObjectError> {
        chosen!(self, index => index.put(model, number, rows))
    }

    async fn remove(&self, numbers: &[u64]) -> Result<(), ObjectError> {
        chosen!(self, index => index.remove(numbers))
    }

    async fn models(&self) -> Result<Models, ObjectError> {
        chosen!(self, index => index.models())
    }

    async fn drop_older_models(&self, n_articles: u32) -> Result<(), ObjectError> {
        chosen!(self, index => index.drop_older_models(n_articles))
    }

    async fn n_arriving(&self) -> Result<u32, ObjectError> {
        chosen!(self, index => index.n_arriving())
    }

    async fn search(
        &self,
        asked: &Asked<'_>,
        question: &Row,
        n: usize,
        is_wanted: &dyn Fn(RowId) -> bool,
    ) -> Result<Vec<Hit>, ObjectError> {
        chosen!(self, index => index.search(asked, question, n, is_wanted))
    }

    async fn similarities(
        &self,
        asked: &Asked<'_>,
        question: &Row,
        ids: &[RowId],
    ) -> Result<Vec<Option<f32>>, ObjectError> {
        chosen!(self, index => index.similarities(asked, question, ids))
    }
}
