//! [`VectorizeBinding`] on the runtime's own binding, for which `worker` 0.8 has no type.

use std::future::Future;
use std::time::Duration;

use edgedesk_objects::host::HostError;
use edgedesk_objects::knowledge::vectorize::BINDING;
use edgedesk_objects::knowledge::vectorize::binding::{
    Described, Match, NewVector, QueryOptions, StoredVector, VectorizeBinding, described_of,
    matches_of, mutation_of,
};
use futures::future::{Either, select};
use js_sys::{Array, JSON, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use worker::Env;

use crate::time::sleep;

/// How long one call may take: an article of 1,000 parts is one of them, with 1.5 MB. Whoever searches gets words alone after it.
const LIMIT: Duration = Duration::from_secs(5);

#[wasm_bindgen]
extern "C" {
    /// `Vectorize` of the runtime.
    #[derive(Debug, Clone)]
    type Index;

    #[wasm_bindgen(method, catch)]
    fn upsert(this: &Index, vectors: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = deleteByIds)]
    fn delete_by_ids(this: &Index, ids: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn query(this: &Index, vector: &JsValue, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getByIds)]
    fn get_by_ids(this: &Index, ids: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn describe(this: &Index) -> Result<Promise, JsValue>;
}

/// The index of this deployment.
#[derive(Debug, Clone)]
pub struct VectorizeIndex(Index);

impl VectorizeIndex {
    /// The binding; `None` in a deployment that has none.
    #[must_use]
    pub fn of(env: &Env) -> Option<Self> {
        let binding = Reflect::get(env, &BINDING.into()).ok()?;
        binding.is_object().then(|| Self(binding.unchecked_into()))
    }
}

impl VectorizeBinding for VectorizeIndex {
    async fn upsert(&self, vectors: &[NewVector]) -> Result<String, HostError> {
        let vectors = plain(&vectors)?;
        mutation_of(&text(&answer(self.0.upsert(&vectors)).await?)?)
    }

    async fn delete_by_ids(&self, ids: &[String]) -> Result<String, HostError> {
        let ids = plain(&ids)?;
        mutation_of(&text(&answer(self.0.delete_by_ids(&ids)).await?)?)
    }

    async fn query(&self, vector: &[f32], options: &QueryOptions) -> Result<Vec<Match>, HostError> {
        let (vector, options) = (plain(&vector)?, plain(options)?);
        matches_of(&text(&answer(self.0.query(&vector, &options)).await?)?)
    }

    async fn get_by_ids(&self, ids: &[String]) -> Result<Vec<StoredVector>, HostError> {
        let ids = plain(&ids)?;
        let found = answer(self.0.get_by_ids(&ids)).await?;
        Array::from(&found)
            .iter()
            .map(|vector| stored(&vector))
            .collect()
    }

    async fn describe(&self) -> Result<Described, HostError> {
        described_of(&text(&answer(self.0.describe()).await?)?)
    }
}

/// What a call answers within [`LIMIT`]. One that comes later is heard by nobody: what was asked may have been done, and is asked again.
async fn answer(call: Result<Promise, JsValue>) -> Result<JsValue, HostError> {
    let call = JsFuture::from(call.map_err(|error| failed(&error))?);
    within(call, sleep(LIMIT))
        .await?
        .map_err(|error| failed(&error))
}

async fn within<T>(
    call: impl Future<Output = T>,
    limit: impl Future<Output = ()>,
) -> Result<T, HostError> {
    match select(std::pin::pin!(call), std::pin::pin!(limit)).await {
        Either::Left((outcome, _)) => Ok(outcome),
        Either::Right(_) => Err(HostError("Vectorize did not answer in time".to_owned())),
    }
}

/// A plain object or list: what the binding takes.
fn plain(value: &impl Serialize) -> Result<JsValue, HostError> {
    let json = serde_json::to_string(value).map_err(|error| HostError(error.to_string()))?;
    JSON::parse(&json).map_err(|error| failed(&error))
}

fn text(value: &JsValue) -> Result<String, HostError> {
    let text = JSON::stringify(value).map_err(|error| failed(&error))?;
    text.as_string().ok_or_else(|| unexpected("text"))
}

/// A vector as it is given back. Its values may be a list or one of numbers alone, which JSON would not make a list of.
fn stored(vector: &JsValue) -> Result<StoredVector, HostError> {
    let field = |name: &str| Reflect::get(vector, &name.into()).map_err(|error| failed(&error));
    let listed = Array::from(&field("values")?);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "they were 32 bits wide when they were sent"
    )]
    let values = listed.iter().map(|value| Some(value.as_f64()? as f32));
    let values: Option<Vec<f32>> = values.collect();
    Ok(StoredVector {
        id: field("id")?.as_string().ok_or_else(|| unexpected("id"))?,
        values: values.ok_or_else(|| unexpected("value"))?,
    })
}

fn unexpected(what: &str) -> HostError {
    HostError(format!("Vectorize answered something else: no {what}"))
}

fn failed(error: &JsValue) -> HostError {
    let message = error.dyn_ref::<js_sys::Error>().map_or_else(
        || "an error".to_owned(),
        |error| String::from(error.message()),
    );
    HostError(format!("Vectorize: {message}"))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures::executor::block_on;

    use super::*;

    #[test]
    fn a_call_that_does_not_answer_in_time_is_an_error() {
        assert_eq!(block_on(within(ready(7), pending())), Ok(7));
        let late = block_on(within(pending::<()>(), ready(())));
        assert!(late.is_err_and(|error| error.0.contains("in time")));
    }
}
