//! `LimiterObject`: the counter of one account's calls, of its visitors', or of those without an account. The logic is `edgedesk_objects::limiter`.

use edgedesk_domain::ids::AccountId;
use edgedesk_objects::limiter::Limiter;
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_platform::time::SystemClock;
use edgedesk_wire::limits::{COUNT_PATH, is_sign_ins_name, object_name, visitors_name};
use worker::{DurableObject, Env, Method, Request, Response, Result, State, durable_object};

use super::http::{Failure, answer, body, json, name_of, not_found, request_id};

/// The counter of one account's calls, named `{account_id}:limits` or, of its visitors, `{account_id}:visits`; and of calls without
/// an account from a 256th of all networks.
#[durable_object(fetch)]
pub struct LimiterObject {
    state: State,
    limiter: Limiter<DurableSql, SystemClock>,
}

impl DurableObject for LimiterObject {
    fn new(state: State, _env: Env) -> Self {
        let sql = DurableSql::new(state.storage().sql());
        Self {
            limiter: Limiter::new(sql, SystemClock),
            state,
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        answer(request_id, "limiter", result)
    }
}

impl LimiterObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        let account_id = account(&name_of(&request, &self.state)?)?;
        match (request.method(), request.path().as_str()) {
            (Method::Post, COUNT_PATH) => {
                let body = body(&mut request).await?;
                json(&self.limiter.count(account_id, body)?)
            }
            _ => Err(not_found()),
        }
    }
}

/// The account in a counter's name.
fn account(name: &str) -> std::result::Result<AccountId, Failure> {
    name.split_once(':')
        .and_then(|(account, _)| account.parse::<AccountId>().ok())
        .filter(|account| {
            object_name(*account) == name
                || visitors_name(*account) == name
                || is_sign_ins_name(name)
        })
        .ok_or_else(not_found)
}
