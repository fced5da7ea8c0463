//! Requests to the Durable Objects: JSON in, JSON out; their problems become ours, their silence becomes 503.

use std::fmt::Write as _;

use edgedesk_domain::account::Principal;
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_domain::limits::NOBODY;
use edgedesk_wire::of_account::OfAccount;
use edgedesk_wire::problem::Problem;
use edgedesk_wire::{audit, desk, generators, idempotency, knowledge, limits, object, privacy};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::{Headers, Method, RequestInit, Response};

use crate::context::App;
use crate::error::{AppError, RETRY_SECS};

/// Host of the URLs that objects are asked by; they look at the path only.
const BASE: &str = "http://object";

/// One object.
pub struct Object<'a> {
    app: &'a App,
    account_id: AccountId,
    binding: &'static str,
    name: String,
    /// The header that says who asks, where somebody does.
    principal: Option<String>,
}

impl<'a> Object<'a> {
    /// A conversation that a member or a key asks for: its object refuses what they may not see, whatever is asked. That of
    /// another account has another name, and so is another, empty object.
    pub fn conversation(
        app: &'a App,
        principal: &Principal,
        conversation_id: ConversationId,
    ) -> Result<Self, AppError> {
        Ok(Self {
            principal: Some(ascii_json(&json(principal)?)),
            ..Self::conversation_unseen(app, principal.account_id, conversation_id)
        })
    }

    /// A conversation that nobody looks at: a channel or a visitor writes in it, or the request names who is behind it by
    /// other means, as an upgrade to a socket does.
    #[must_use]
    pub fn conversation_unseen(
        app: &'a App,
        account_id: AccountId,
        conversation_id: ConversationId,
    ) -> Self {
        Self {
            principal: None,
            app,
            account_id,
            binding: object::BINDING,
            name: object::object_name(account_id, conversation_id),
        }
    }

    /// The desk of an account.
    #[must_use]
    pub fn desk(app: &'a App, account_id: AccountId) -> Self {
        Self {
            principal: None,
            app,
            account_id,
            binding: desk::BINDING,
            name: desk::object_name(account_id),
        }
    }

    /// The audit log of an account.
    #[must_use]
    pub fn audit(app: &'a App, account_id: AccountId) -> Self {
        Self {
            principal: None,
            app,
            account_id,
            binding: audit::BINDING,
            name: audit::object_name(account_id),
        }
    }

    /// The requests of an account's customers about their data.
    #[must_use]
    pub fn privacy(app: &'a App, account_id: AccountId) -> Self {
        Self {
            principal: None,
            app,
            account_id,
            binding: privacy::BINDING,
            name: privacy::object_name(account_id),
        }
    }

    /// A part of an account's keys of changes that happen once.
    #[must_use]
    pub fn idempotency(app: &'a App, account_id: AccountId, slice: u8) -> Self {
        Self {
            principal: None,
            app,
            account_id,
            binding: idempotency::BINDING,
            name: idempotency::object_name(account_id, slice),
        }
    }

    /// What an account's articles say.
    #[must_use]
    pub fn knowledge(app: &'a App, account_id: AccountId) -> Self {
        Self {
            principal: None,
            app,
            account_id,
            binding: knowledge::BINDING,
            name: knowledge::object_name(account_id),
        }
    }

    /// What an account's text generators cost.
    #[must_use]
    pub fn ledger(app: &'a App, account_id: AccountId) -> Self {
        Self {
            principal: None,
            app,
            account_id,
            binding: generators::BINDING,
            name: generators::object_name(account_id),
        }
    }

    /// What counts the calls of an account.
    #[must_use]
    pub fn limiter(app: &'a App, account_id: AccountId) -> Self {
        Self {
            principal: None,
            app,
            account_id,
            binding: limits::BINDING,
            name: limits::object_name(account_id),
        }
    }

    /// What counts the calls of an account's visitors.
    #[must_use]
    pub fn visit_limiter(app: &'a App, account_id: AccountId) -> Self {
        Self {
            name: limits::visitors_name(account_id),
            ..Self::limiter(app, account_id)
        }
    }

    /// What counts the calls of a network that have no account yet.
    #[must_use]
    pub fn sign_in_limiter(app: &'a App, network: &str) -> Self {
        Self {
            name: limits::sign_ins_name(network),
            ..Self::limiter(app, NOBODY)
        }
    }

    /// Reads. Tried twice: reading again does no harm.
    pub async fn get<T: DeserializeOwned + OfAccount>(
        &self,
        path_and_query: &str,
    ) -> Result<T, AppError> {
        match self.call(Method::Get, path_and_query, None).await {
            Err(error) if is_transient(&error) => {
                self.call(Method::Get, path_and_query, None).await
            }
            outcome => outcome,
        }
    }

    /// Changes something. Tried once.
    pub async fn post<T: DeserializeOwned + OfAccount>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, AppError> {
        self.call(Method::Post, path, Some(&json(body)?)).await
    }

    /// Changes something that the object does only once however often it is asked. Tried twice, with a fresh stub: an
    /// object that was moved or restarted drops the requests on their way to it.
    pub async fn post_idempotent<T: DeserializeOwned + OfAccount>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, AppError> {
        let body = json(body)?;
        match self.call(Method::Post, path, Some(&body)).await {
            Err(error) if is_transient(&error) => self.call(Method::Post, path, Some(&body)).await,
            outcome => outcome,
        }
    }

    /// Hands a WebSocket upgrade on, with who is behind it.
    pub async fn upgrade(
        &self,
        path: &str,
        identity: &object::SocketIdentity,
    ) -> Result<Response, AppError> {
        let headers = self.headers()?;
        headers.set("upgrade", "websocket")?;
        headers.set(object::IDENTITY_HEADER, &ascii_json(&json(identity)?))?;
        let mut init = RequestInit::new();
        init.with_method(Method::Get).with_headers(headers);
        let response = self.fetch(path, &init).await?;
        if response.status_code() == StatusCode::SWITCHING_PROTOCOLS.as_u16() {
            Ok(response)
        } else {
            Err(self.problem(response).await)
        }
    }

    async fn call<T: DeserializeOwned + OfAccount>(
        &self,
        method: Method,
        path_and_query: &str,
        body: Option<&str>,
    ) -> Result<T, AppError> {
        let headers = self.headers()?;
        if body.is_some() {
            headers.set("content-type", "application/json")?;
        }
        let mut init = RequestInit::new();
        init.with_method(method)
            .with_headers(headers)
            .with_body(body.map(JsValue::from_str));
        let mut response = self.fetch(path_and_query, &init).await?;
        if !(200..300).contains(&response.status_code()) {
            return Err(self.problem(response).await);
        }
        let text = response.text().await.map_err(|error| self.silent(&error))?;
        read_answer(&self.name, self.account_id, path_and_query, &text)
    }

    async fn fetch(&self, path_and_query: &str, init: &RequestInit) -> Result<Response, AppError> {
        let request = worker::Request::new_with_init(&format!("{BASE}{path_and_query}"), init)?;
        let namespace = self.app.env().durable_object(self.binding)?;
        let stub = namespace.get_by_name(&self.name)?;
        // A stub fails when its object is overloaded, was reset, or threw.
        stub.fetch_with_request(request)
            .await
            .map_err(|error| self.silent(&error))
    }

    fn headers(&self) -> Result<Headers, AppError> {
        let headers = Headers::new();
        headers.set(object::NAME_HEADER, &self.name)?;
        headers.set("x-request-id", self.app.request_id())?;
        if let Some(principal) = &self.principal {
            headers.set(object::PRINCIPAL_HEADER, principal)?;
        }
        Ok(headers)
    }

    /// What an object refuses is the caller's to know; what it broke on is not.
    async fn problem(&self, mut response: Response) -> AppError {
        let status = StatusCode::from_u16(response.status_code())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = response.text().await.unwrap_or_default();
        of_object(&self.name, status, &text)
    }

    fn silent(&self, error: &worker::Error) -> AppError {
        AppError::unavailable(RETRY_SECS, format!("{}: {error}", self.name))
    }
}

/// The typed answer, if all of it is of the account.
fn read_answer<T: DeserializeOwned + OfAccount>(
    name: &str,
    account_id: AccountId,
    path_and_query: &str,
    text: &str,
) -> Result<T, AppError> {
    // An answer without a body, such as 204, says nothing: `null`.
    let text = if text.is_empty() { "null" } else { text };
    let answer: T = serde_json::from_str(text)
        .map_err(|error| AppError::internal(format!("{name} {path_and_query}: {error}")))?;
    if answer.is_of(account_id) {
        Ok(answer)
    } else {
        Err(AppError::foreign_row())
    }
}

fn of_object(name: &str, status: StatusCode, body: &str) -> AppError {
    match serde_json::from_str::<Problem>(body) {
        Ok(problem) if status.is_client_error() => AppError {
            status,
            code: problem.code,
            detail: problem.detail,
            errors: problem.errors,
            retry_after_secs: None,
            internal: None,
            security: None,
        },
        _ => AppError::unavailable(RETRY_SECS, format!("{name}: answered {status}")),
    }
}

fn is_transient(error: &AppError) -> bool {
    error.status == StatusCode::SERVICE_UNAVAILABLE
}

fn json(body: &impl Serialize) -> Result<String, AppError> {
    serde_json::to_string(body).map_err(|error| AppError::internal(error.to_string()))
}

/// JSON in ASCII: a header holds Latin-1 at most, a name may be in any script.
fn ascii_json(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            // Outside ASCII, characters stand in JSON only inside texts, where an escape means the same.
            for unit in character.encode_utf16(&mut [0; 2]) {
                // A `String` takes any text.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod foreign_rows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_script_survives_a_header() {
        let json = serde_json::to_string("Zoë 李 🙂 \"q\" \\").unwrap();
        let ascii = ascii_json(&json);
        assert!(ascii.is_ascii(), "{ascii}");
        assert_eq!(
            serde_json::from_str::<String>(&ascii).unwrap(),
            "Zoë 李 🙂 \"q\" \\"
        );
    }

    #[test]
    fn what_an_object_refuses_is_passed_on_and_what_it_broke_on_is_not() {
        let problem = r#"{"type":"about:blank","title":"Conflict","status":409,"code":"agent_at_max_load","detail":"full","request_id":"x"}"#;
        let refused = of_object("a:b", StatusCode::CONFLICT, problem);
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (StatusCode::CONFLICT, "agent_at_max_load")
        );
        for (status, body) in [
            (StatusCode::INTERNAL_SERVER_ERROR, problem),
            (StatusCode::INTERNAL_SERVER_ERROR, "at line 5 of secret.rs"),
            (StatusCode::BAD_REQUEST, "not a problem"),
        ] {
            let broken = of_object("a:b", status, body);
            assert_eq!(broken.status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
            assert!(!broken.detail.unwrap_or_default().contains("secret"));
        }
    }
}
