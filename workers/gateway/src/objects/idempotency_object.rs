//! `IdempotencyObject`: a part of one account's keys of changes that happen once. The logic is `edgedesk_objects::idempotency`.

use std::rc::Rc;

use edgedesk_domain::ids::AccountId;
use edgedesk_objects::idempotency::Idempotency;
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_wire::idempotency::{
    BEGIN_PATH, BeginRequest, END_PATH, EndRequest, FORGET_PATH, N_SLICES, object_name,
};
use worker::{DurableObject, Env, Error, Method, Request, Response, Result, State, durable_object};

use super::host::ObjectHost;
use super::http::{Failure, answer, body, json, name_of, not_found, request_id};

/// A part of one account's keys, named `{account_id}:idempotency-{slice}`.
#[durable_object(alarm)]
pub struct IdempotencyObject {
    state: Rc<State>,
    keys: Idempotency<DurableSql, ObjectHost>,
}

impl DurableObject for IdempotencyObject {
    fn new(state: State, env: Env) -> Self {
        let state = Rc::new(state);
        let sql = DurableSql::new(state.storage().sql());
        let host = ObjectHost::new(Rc::clone(&state), env);
        Self {
            state,
            keys: Idempotency::new(sql, host),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        answer(request_id, "idempotency", result)
    }

    async fn alarm(&self) -> Result<Response> {
        self.keys
            .alarm()
            .await
            .map_err(|error| Error::RustError(error.to_string()))?;
        Response::empty()
    }
}

impl IdempotencyObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        let account_id = account(&name_of(&request, &self.state)?)?;
        match (request.method(), request.path().as_str()) {
            (Method::Post, BEGIN_PATH) => {
                let begin: BeginRequest = body(&mut request).await?;
                json(&self.keys.begin(account_id, &begin).await?)
            }
            (Method::Post, END_PATH) => {
                let end: EndRequest = body(&mut request).await?;
                json(&self.keys.end(account_id, &end)?)
            }
            (Method::Post, FORGET_PATH) => json(&self.keys.forget(account_id)?),
            _ => Err(not_found()),
        }
    }
}

/// The account in the object's name.
fn account(name: &str) -> std::result::Result<AccountId, Failure> {
    name.split_once(':')
        .and_then(|(account, _)| account.parse::<AccountId>().ok())
        .filter(|account| (0..N_SLICES).any(|slice| object_name(*account, slice) == name))
        .ok_or_else(not_found)
}
