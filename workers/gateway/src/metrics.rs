//! What this Worker counts, and `GET /metrics`.
//!
//! Each isolate gathers by itself and hands over to the `Metrics` object some seconds later, after an answer is out
//! ([decision 51](../../../docs/decisions/0051-metrics-and-alerts.md)). Nothing here slows a request or fails one.

use std::rc::Rc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use edgedesk_crypto::digest::is_same_secret;
use edgedesk_domain::ids::IdSource as _;
use edgedesk_domain::time::{Clock as _, Timestamp};
use edgedesk_metrics::alerts::LOW;
use edgedesk_metrics::catalogue::{
    ASSET_ROUTE, HTTP_REQUEST_DURATION, HTTP_REQUESTS, LOGINS_REFUSED, NO_ROUTE, RATE_LIMITS_HIT,
    SECURITY_EVENTS, WEBHOOKS_ACCEPTED, WEBHOOKS_REFUSED, known, method_label,
};
use edgedesk_metrics::exposition::CONTENT_TYPE as TEXT_TYPE;
use edgedesk_metrics::registry::Registry;
use edgedesk_metrics::reporter::{FLUSH_MILLIS, Reporter, Sink};
use edgedesk_metrics::wire::{
    ADD_PATH, ALERTS_PATH, AlertsResponse, BINDING, NAME, Piece, TEXT_PATH,
};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::{SystemClock, sleep};
use edgedesk_wire::object::NAME_HEADER;
use futures::future::{Either, select};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit};

use crate::audit::security::measured;
use crate::config::{Config, MetricsReader};
use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::bearer_token;
use crate::health::Alert;
use crate::objects::Timer;

/// How long the object may take.
const LIMIT_MILLIS: u64 = 3_000;

/// The route of webhooks, in the table of routes.
const HOOK_ROUTE: &str = "/hooks/{channel}/{inbox_id}";
/// Routes that let somebody in.
const LOGIN_ROUTES: [&str; 4] = [
    "/api/v1/auth/login",
    "/api/v1/auth/second-factor",
    "/api/v1/auth/providers/finish",
    "/api/v1/auth/zendesk",
];
/// Codes of refused webhooks that have a label of their own.
const HOOK_REASONS: [&str; 9] = [
    "invalid_body",
    "invalid_signature",
    "malformed_json",
    "payload_too_large",
    "text_too_long",
    "too_large",
    "unavailable",
    "unknown_inbox",
    "unsupported_media_type",
];
/// Codes of refused logins that have one.
const LOGIN_REASONS: [&str; 6] = [
    "invalid_challenge",
    "invalid_code",
    "invalid_credentials",
    "no_account",
    "rate_limited",
    "too_many_attempts",
];

/// A failed login that locks its address, as the audit log names it, and its severity: whoever mistypes ten times does the same.
const LOCKED: [&str; 2] = ["login.locked", LOW];

thread_local! {
    /// Lives as long as the isolate.
    static REPORTER: Rc<Reporter> = Rc::default();
}

/// Lets numbers be gathered.
pub fn gather(gather: impl FnOnce(&mut Registry)) {
    REPORTER.with(|reporter| reporter.gather(gather));
}

/// `GET /metrics`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/metrics", tag = "health",
    responses(
        (status = 200, content_type = "text/plain", body = String, description = "Prometheus text format 0.0.4"),
        (status = 401, body = crate::openapi::Problem, description = "Not the deployment's `METRICS_TOKEN`"),
        (status = 404, body = crate::openapi::Problem, description = "The deployment has no such token"),
        (status = 503, body = crate::openapi::Problem, description = "Try again after `Retry-After`"),
    ),
))]
#[worker::send]
pub async fn get_metrics(app: App, headers: HeaderMap) -> Result<Response, AppError> {
    check_reader(app.config(), &headers)?;
    let unavailable = |error: String| AppError::unavailable(RETRY_SECS, error);
    let object = ToMetrics { env: app.env() };
    // What this isolate has seen is in the answer. Of the others it is some seconds old.
    flush(app.env()).await;
    let text = object
        .ask(Method::Get, TEXT_PATH, None)
        .await
        .map_err(unavailable)?;
    Ok((StatusCode::OK, [(CONTENT_TYPE, TEXT_TYPE)], text).into_response())
}

/// Alerts that are open; `None` where nobody can say.
pub async fn open_alerts(env: &Env) -> Option<Vec<Alert>> {
    let object = ToMetrics { env };
    let text = object.ask(Method::Get, ALERTS_PATH, None).await.ok()?;
    let response: AlertsResponse = serde_json::from_str(&text).ok()?;
    let alerts = response.alerts.into_iter().map(|alert| Alert {
        name: alert.name,
        since: alert.since,
        value: alert.value,
        threshold: alert.threshold,
    });
    Some(alerts.collect())
}

fn check_reader(config: &Config, headers: &HeaderMap) -> Result<(), AppError> {
    match config.metrics_reader() {
        MetricsReader::Anybody => Ok(()),
        MetricsReader::Nobody => Err(AppError::not_found()),
        MetricsReader::Token(token) => {
            let shown = bearer_token(headers).unwrap_or_default();
            if is_same_secret(shown, token.expose()) {
                Ok(())
            } else {
                Err(AppError::unauthorized(
                    "invalid_token",
                    "send the token of the metrics as `Authorization: Bearer …`",
                ))
            }
        }
    }
}

/// Counts an answer that is about to go out.
pub fn note_answer(app: &App, method: &str, response: &Response, started: Timestamp) {
    let trail = app.trail();
    let answer = Answer {
        method,
        route: trail.route.as_deref(),
        status: response.status(),
        error: response.extensions().get(),
        is_lock: trail.is_lock,
        millis: SystemClock.now().millis_since(started),
    };
    gather(|registry| answer.count(registry));
}

/// An answer, as far as it is counted.
struct Answer<'a> {
    method: &'a str,
    route: Option<&'a str>,
    status: StatusCode,
    error: Option<&'a AppError>,
    is_lock: bool,
    millis: i64,
}

impl Answer<'_> {
    fn count(&self, registry: &mut Registry) {
        let status = self.status.as_u16().to_string();
        let labels = [method_label(self.method), self.route(), &status];
        registry.count(&HTTP_REQUESTS, &labels);
        let secs = self.millis.max(0) as f64 / 1_000.0;
        registry.observe(&HTTP_REQUEST_DURATION, &labels, secs);

        let code = self.error.map(|error| error.code.as_str());
        if code == Some("rate_limited") {
            registry.count(&RATE_LIMITS_HIT, &[]);
        }
        if self.route == Some(HOOK_ROUTE) {
            if self.status.is_success() {
                registry.count(&WEBHOOKS_ACCEPTED, &[]);
            } else {
                let reason = known(code.unwrap_or_default(), &HOOK_REASONS);
                registry.count(&WEBHOOKS_REFUSED, &[reason]);
            }
        }
        if self.is_refused_login() {
            let reason = known(code.unwrap_or_default(), &LOGIN_REASONS);
            registry.count(&LOGINS_REFUSED, &[reason]);
        }
        if self.is_lock {
            registry.count(&SECURITY_EVENTS, &LOCKED);
        }
        if let Some(event) = self.error.and_then(|error| error.security.as_deref()) {
            registry.count(&SECURITY_EVENTS, &measured(event));
        }
    }

    fn route(&self) -> &str {
        match self.route {
            Some(route) => route,
            None if self.status.is_client_error() => NO_ROUTE,
            None => ASSET_ROUTE,
        }
    }

    /// Whoever could not log in; a body that says nothing is no attempt.
    fn is_refused_login(&self) -> bool {
        let is_refusal = matches!(
            self.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        );
        is_refusal
            && self
                .route
                .is_some_and(|route| LOGIN_ROUTES.contains(&route))
    }
}

/// What [`flush`] does, some seconds from now, unless somebody else of this isolate is about to.
pub fn flush_soon(env: &Env, now: Timestamp) -> Option<impl Future<Output = ()> + use<>> {
    if !REPORTER.with(|reporter| reporter.claim(now)) {
        return None;
    }
    let env = env.clone();
    Some(async move {
        sleep(Duration::from_millis(FLUSH_MILLIS)).await;
        flush(&env).await;
    })
}

/// Hands over what this isolate has gathered. What is not taken is kept for the next time.
async fn flush(env: &Env) {
    let reporter = REPORTER.with(Rc::clone);
    if let Err(error) = reporter.flush(&ToMetrics { env }).await {
        #[derive(Serialize)]
        struct Line<'a> {
            message: &'a str,
            #[serde(rename = "error.internal")]
            error_internal: String,
        }
        let line = Line {
            message: "metrics were not handed over, and are kept for the next time",
            error_internal: error,
        };
        log(Level::Warn, &line);
    }
}

/// The object that adds up.
struct ToMetrics<'a> {
    env: &'a Env,
}

impl ToMetrics<'_> {
    /// The body of its answer.
    async fn ask(&self, method: Method, path: &str, body: Option<&str>) -> Result<String, String> {
        let asking = std::pin::pin!(self.try_ask(method, path, body));
        match select(asking, Timer::start(LIMIT_MILLIS)).await {
            Either::Left((Ok((200..=299, text)), _)) => Ok(text),
            Either::Left((Ok((status, _)), _)) => Err(format!("{NAME}{path}: answered {status}")),
            Either::Left((Err(error), _)) => Err(format!("{NAME}{path}: {error}")),
            Either::Right(_) => Err(format!("{NAME}{path}: no answer in time")),
        }
    }

    async fn try_ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
    ) -> worker::Result<(u16, String)> {
        let headers = Headers::new();
        headers.set(NAME_HEADER, NAME)?;
        let mut init = RequestInit::new();
        init.with_method(method)
            .with_headers(headers)
            .with_body(body.map(JsValue::from_str));
        let request = Request::new_with_init(&format!("http://object{path}"), &init)?;
        let stub = self.env.durable_object(BINDING)?.get_by_name(NAME)?;
        let mut response = stub.fetch_with_request(request).await?;
        Ok((response.status_code(), response.text().await?))
    }
}

impl Sink for ToMetrics<'_> {
    fn new_id(&self) -> String {
        SystemIds.next_ulid().to_string()
    }

    async fn send(&self, piece: &Piece) -> Result<(), String> {
        let body = serde_json::to_string(piece).map_err(|error| error.to_string())?;
        let answer = self.ask(Method::Post, ADD_PATH, Some(&body)).await;
        answer.map(|_| ())
    }
}

#[cfg(test)]
mod tests;
