//! Requests to identity providers and to Zendesk.

use std::time::Duration;

use edgedesk_oidc::client::{Answer, Http};
use edgedesk_platform::time::sleep;
use futures::future::{Either, select};
use wasm_bindgen::JsValue;
use worker::{Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

/// How long a provider may take. Somebody waits for it.
const LIMIT: Duration = Duration::from_secs(8);
/// Largest answer that is read, in bytes. Metadata and key sets have some 5 kB.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Over the platform's `fetch`.
#[derive(Debug)]
pub struct Fetched;

impl Http for Fetched {
    async fn get(&self, url: &str, authorization: Option<String>) -> Result<Answer, String> {
        let headers = Headers::new();
        if let Some(value) = authorization {
            headers.set("authorization", &value).map_err(text)?;
        }
        let mut init = RequestInit::new();
        init.with_headers(headers);
        limited(send(url, init)).await
    }

    async fn post_form(
        &self,
        url: &str,
        form: String,
        authorization: Option<String>,
    ) -> Result<Answer, String> {
        let headers = Headers::new();
        headers
            .set("content-type", "application/x-www-form-urlencoded")
            .map_err(text)?;
        if let Some(value) = authorization {
            headers.set("authorization", &value).map_err(text)?;
        }
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_body(Some(JsValue::from_str(&form)));
        limited(send(url, init)).await
    }
}

async fn limited(call: impl Future<Output = Result<Answer, String>>) -> Result<Answer, String> {
    match select(std::pin::pin!(call), std::pin::pin!(sleep(LIMIT))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(format!("none within {} s", LIMIT.as_secs())),
    }
}

async fn send(url: &str, mut init: RequestInit) -> Result<Answer, String> {
    init.with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(url, &init).map_err(text)?;
    request
        .headers()
        .set("accept", "application/json")
        .map_err(text)?;
    let mut response = Fetch::Request(request).send().await.map_err(text)?;
    let status = response.status_code();
    let body = response.bytes().await.map_err(text)?;
    if body.len() > MAX_ANSWER_BYTES {
        return Err("the answer is too long".to_owned());
    }
    Ok(Answer { status, body })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
