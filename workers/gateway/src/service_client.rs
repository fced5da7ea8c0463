//! Requests to our other Workers over service bindings.

use edgedesk_wire::problem::Problem;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::{Headers, Method, RequestInit};

use crate::context::App;
use crate::error::{AppError, RETRY_SECS};

/// Largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// `GET`.
pub async fn get<T: DeserializeOwned>(
    app: &App,
    binding: &str,
    path_and_query: &str,
) -> Result<T, AppError> {
    call(app, binding, Method::Get, path_and_query, None).await
}

/// `POST`.
pub async fn post<T: DeserializeOwned>(
    app: &App,
    binding: &str,
    path: &str,
    body: &impl Serialize,
) -> Result<T, AppError> {
    let body =
        serde_json::to_string(body).map_err(|error| AppError::internal(error.to_string()))?;
    call(app, binding, Method::Post, path, Some(&body)).await
}

/// The status that a service answers a `GET` with.
pub async fn status(app: &App, binding: &str, path: &str) -> Result<StatusCode, AppError> {
    let service = app.env().service(binding)?;
    let response = service
        .fetch(url(path), None)
        .await
        .map_err(|error| silent(binding, &error))?;
    Ok(response.status())
}

/// Status and body of a `GET` whose body means something whatever the status.
pub async fn answer<T: DeserializeOwned>(
    app: &App,
    binding: &str,
    path: &str,
) -> Result<(StatusCode, T), AppError> {
    let service = app.env().service(binding)?;
    let response = service
        .fetch(url(path), None)
        .await
        .map_err(|error| silent(binding, &error))?;
    let status = response.status();
    let body = axum::body::Body::new(response.into_body());
    let bytes = axum::body::to_bytes(body, MAX_ANSWER_BYTES)
        .await
        .map_err(|error| AppError::unavailable(RETRY_SECS, format!("{binding}: {error}")))?;
    let value = serde_json::from_slice(&bytes)
        .map_err(|error| AppError::internal(format!("{binding} {path}: {error}")))?;
    Ok((status, value))
}

async fn call<T: DeserializeOwned>(
    app: &App,
    binding: &str,
    method: Method,
    path_and_query: &str,
    body: Option<&str>,
) -> Result<T, AppError> {
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    headers.set("x-request-id", app.request_id())?;
    let mut init = RequestInit::new();
    init.with_method(method)
        .with_headers(headers)
        .with_body(body.map(JsValue::from_str));
    let service = app.env().service(binding)?;
    let response = service
        .fetch(url(path_and_query), Some(init))
        .await
        .map_err(|error| silent(binding, &error))?;
    let status = response.status();
    let body = axum::body::Body::new(response.into_body());
    let bytes = axum::body::to_bytes(body, MAX_ANSWER_BYTES)
        .await
        .map_err(|error| AppError::unavailable(RETRY_SECS, format!("{binding}: {error}")))?;
    if status.is_success() {
        return serde_json::from_slice(&bytes)
            .map_err(|error| AppError::internal(format!("{binding} {path_and_query}: {error}")));
    }
    match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) if status.is_client_error() => Err(AppError {
            errors: problem.errors,
            ..AppError::new(status, problem.code, problem.detail.unwrap_or_default())
        }),
        _ => Err(AppError::unavailable(
            RETRY_SECS,
            format!("{binding} {path_and_query}: answered {status}"),
        )),
    }
}

fn url(path_and_query: &str) -> String {
    format!("http://service{path_and_query}")
}

fn silent(binding: &str, error: &worker::Error) -> AppError {
    AppError::unavailable(RETRY_SECS, format!("{binding}: {error}"))
}
