//! `LedgerObject`: what one account decided about text generators, and what they cost it. The logic is `edgedesk_objects::ledger`.

use std::cell::OnceCell;

use edgedesk_domain::ids::AccountId;
use edgedesk_objects::ledger::Ledger;
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_platform::time::SystemClock;
use edgedesk_wire::generators::{
    CallRecord, GeneratorSettings, HOLD_PATH, HoldRequest, RECORD_PATH, SETTINGS_PATH,
    STANDING_PATH, USAGE_PATH, object_name,
};
use worker::{DurableObject, Env, Method, Request, Response, Result, State, durable_object};

use super::http::{Failure, answer, body, json, name_of, not_found, request_id};

/// The books of one account, named `{account_id}:ledger`.
#[durable_object(fetch)]
pub struct LedgerObject {
    state: State,
    /// Made with the first request, which names the account.
    ledger: OnceCell<Ledger<DurableSql, SystemClock>>,
}

impl DurableObject for LedgerObject {
    fn new(state: State, _env: Env) -> Self {
        Self {
            state,
            ledger: OnceCell::new(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        answer(request_id, "ledger", result)
    }
}

impl LedgerObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        let account_id = account(&name_of(&request, &self.state)?)?;
        let ledger = self.ledger.get_or_init(|| {
            let sql = DurableSql::new(self.state.storage().sql());
            Ledger::new(account_id, sql, SystemClock)
        });
        match (request.method(), request.path().as_str()) {
            (Method::Get, STANDING_PATH) => json(&ledger.standing()?),
            (Method::Get, USAGE_PATH) => json(&ledger.usage()?),
            (Method::Post, SETTINGS_PATH) => {
                let settings: GeneratorSettings = body(&mut request).await?;
                json(&ledger.decide(&settings)?)
            }
            (Method::Post, HOLD_PATH) => {
                let hold: HoldRequest = body(&mut request).await?;
                json(&ledger.hold(&hold)?)
            }
            (Method::Post, RECORD_PATH) => {
                let call: CallRecord = body(&mut request).await?;
                json(&ledger.record(&call)?)
            }
            _ => Err(not_found()),
        }
    }
}

/// The account in the object's name.
fn account(name: &str) -> std::result::Result<AccountId, Failure> {
    name.split_once(':')
        .and_then(|(account, _)| account.parse::<AccountId>().ok())
        .filter(|account| object_name(*account) == name)
        .ok_or_else(not_found)
}
