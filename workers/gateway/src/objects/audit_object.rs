//! `AuditObject`: the audit log of one account. The logic is `edgedesk_objects::audit`.

use edgedesk_audit::day::Day;
use edgedesk_domain::ids::AccountId;
use edgedesk_objects::audit::Audit;
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_platform::time::SystemClock;
use edgedesk_wire::audit::{
    APPEND_PATH, CONSISTENCY_PATH, INCLUSION_PATH, LIST_PATH, ROOTS_PATH, object_name,
};
use worker::{DurableObject, Env, Method, Request, Response, Result, State, durable_object};

use super::http::{Failure, answer, body, json, name_of, not_found, query_number, request_id};

/// The object of one account's audit log, named `{account_id}:audit`.
#[durable_object(fetch)]
pub struct AuditObject {
    state: State,
    audit: Audit<DurableSql, SystemClock>,
}

impl DurableObject for AuditObject {
    fn new(state: State, _env: Env) -> Self {
        let sql = DurableSql::new(state.storage().sql());
        Self {
            audit: Audit::new(sql, SystemClock),
            state,
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        answer(request_id, "audit", result)
    }
}

impl AuditObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        let account_id = account(&name_of(&request, &self.state)?)?;
        let path = request.path();
        match (request.method(), path.as_str()) {
            (Method::Post, APPEND_PATH) => {
                let body = body(&mut request).await?;
                json(&self.audit.append(account_id, body)?)
            }
            (Method::Post, LIST_PATH) => {
                let filter = body(&mut request).await?;
                json(&self.audit.list(account_id, &filter)?)
            }
            (Method::Get, ROOTS_PATH) => {
                let before = query_number(&request, "before")?.map(day);
                let limit = query_number(&request, "limit")?;
                json(&self.audit.roots(account_id, before, limit)?)
            }
            (Method::Get, INCLUSION_PATH) => {
                let seq = query_number(&request, "seq")?.unwrap_or_default();
                json(&self.audit.prove_inclusion(account_id, seq)?)
            }
            (Method::Get, CONSISTENCY_PATH) => {
                let day = query_number(&request, "day")?.map_or(day(0), day);
                let from = query_number(&request, "from")?.unwrap_or_default();
                let to = query_number(&request, "to")?;
                json(&self.audit.prove_consistency(account_id, day, from, to)?)
            }
            _ => Err(not_found()),
        }
    }
}

fn day(number: u64) -> Day {
    Day::from_number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The account in an audit log's name.
fn account(name: &str) -> std::result::Result<AccountId, Failure> {
    name.split_once(':')
        .and_then(|(account, _)| account.parse::<AccountId>().ok())
        .filter(|account| object_name(*account) == name)
        .ok_or_else(not_found)
}
