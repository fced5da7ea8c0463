//! `PrivacyObject`: the requests of one account's customers about their data. The logic is `edgedesk_objects::privacy`.

use std::rc::Rc;

use edgedesk_domain::ids::AccountId;
use edgedesk_objects::privacy::Privacy;
use edgedesk_platform::object_sql::DurableSql;
use edgedesk_wire::privacy::{CANCEL_PATH, CREATE_PATH, FIND_PATH, LIST_PATH, object_name};
use worker::{DurableObject, Env, Error, Method, Request, Response, Result, State, durable_object};

use super::host::ObjectHost;
use super::http::{
    Failure, answer, body, json, name_of, not_found, query_id, query_number, request_id,
};
use super::privacy_outside::PrivacyBindings;

/// The object of one account's requests, named `{account_id}:privacy`.
#[durable_object(alarm)]
pub struct PrivacyObject {
    state: Rc<State>,
    privacy: Rc<Privacy<DurableSql, ObjectHost>>,
    outside: Rc<PrivacyBindings>,
}

impl DurableObject for PrivacyObject {
    fn new(state: State, env: Env) -> Self {
        let state = Rc::new(state);
        let sql = DurableSql::new(state.storage().sql());
        let host = ObjectHost::new(Rc::clone(&state), env.clone());
        Self {
            state,
            privacy: Rc::new(Privacy::new(sql, host)),
            outside: Rc::new(PrivacyBindings::new(env)),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request_id = request_id(&request);
        let result = self.route(request).await;
        self.start_work();
        answer(request_id, "privacy", result)
    }

    async fn alarm(&self) -> Result<Response> {
        self.privacy
            .alarm(&*self.outside)
            .await
            .map_err(|error| Error::RustError(error.to_string()))?;
        Response::empty()
    }
}

impl PrivacyObject {
    async fn route(&self, mut request: Request) -> std::result::Result<Response, Failure> {
        let account_id = account(&name_of(&request, &self.state)?)?;
        match (request.method(), request.path().as_str()) {
            (Method::Post, CREATE_PATH) => {
                let body = body(&mut request).await?;
                json(&self.privacy.create(account_id, body).await?)
            }
            (Method::Post, CANCEL_PATH) => {
                let body = body(&mut request).await?;
                json(&self.privacy.cancel(account_id, body).await?)
            }
            (Method::Get, FIND_PATH) => {
                let id = query_id(&request, "id")?;
                json(&self.privacy.find(account_id, id)?)
            }
            (Method::Get, LIST_PATH) => {
                let before = query_number(&request, "before")?;
                let limit = query_number(&request, "limit")?;
                json(&self.privacy.list(account_id, before, limit)?)
            }
            _ => Err(not_found()),
        }
    }

    /// Lets the work happen without anybody waiting for it.
    fn start_work(&self) {
        if self.privacy.has_work() {
            let privacy = Rc::clone(&self.privacy);
            let outside = Rc::clone(&self.outside);
            self.state
                .wait_until(async move { privacy.work(&*outside).await });
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
