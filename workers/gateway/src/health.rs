//! Is it alive, is it ready, and what is slow.
//!
//! Ready means that messages can be taken: the directory and an object answer. Inference may be down: messages are taken
//! and analysed later, so that is `degraded`, with 200.

use std::pin::pin;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_platform::time::{SystemClock, sleep};
use edgedesk_wire::problem::{CONTENT_TYPE as PROBLEM_CONTENT_TYPE, Problem};
use edgedesk_wire::{desk, inference, jobs};
use futures::future::{Either, select};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use ulid::Ulid;

use crate::context::App;
use crate::error::AppError;
use crate::metrics;
use crate::object_client::Object;
use crate::service_client;

/// How long a check may take before it counts as failed.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Where a part, or the whole, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Works.
    Ok,
    /// Works without a part that it can do without for a while.
    Degraded,
    /// Does not work.
    Failed,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// `directory`, `objects`, `inference` or `jobs`.
    pub name: &'static str,
    /// `ok` or `failed`; `degraded` when it lacks something that it can do without.
    pub status: HealthStatus,
    /// Whether messages cannot be taken without it.
    pub required: bool,
    /// Milliseconds it took to answer, or until it was given up.
    pub latency_ms: i64,
    /// What is wrong, where the part itself can say: the model files that are missing or damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a check has found out about a part that answers.
struct Found {
    status: HealthStatus,
    detail: Option<String>,
}

impl Found {
    const WELL: Self = Self {
        status: HealthStatus::Ok,
        detail: None,
    };
}

/// The whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthResponse {
    /// The worst that matters.
    pub status: HealthStatus,
    /// Its parts; none for a liveness check.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// The version of the gateway; detailed only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'static str>,
    /// Which deployment this is; detailed only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Milliseconds that the read model was behind the logs when the last batch of events was written; detailed only,
    /// and absent before any batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projection_lag_ms: Option<i64>,
    /// Alerts that are open; detailed only, and absent where the object that keeps them does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Vec<Alert>>,
    /// Now; detailed only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// An alert of the deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    /// `error_rate`, `slow_responses` or `security_incident`.
    pub name: String,
    /// When it opened.
    pub since: Timestamp,
    /// What was measured then: a share of answers, seconds, or a number of events.
    pub value: f64,
    /// What is allowed.
    pub threshold: f64,
}

/// The whole, when it does not work: a problem with the parts beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotReady {
    /// Its `code` is `not_ready`.
    #[serde(flatten)]
    pub problem: Problem,
    /// The parts.
    pub checks: Vec<Check>,
}

/// `GET /health/live`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/health/live", tag = "health",
    responses((status = 200, body = HealthResponse, description = "The Worker runs")),
))]
pub async fn get_live() -> axum::Json<HealthResponse> {
    axum::Json(summary(Vec::new()))
}

/// `GET /health/ready`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/health/ready", tag = "health",
    responses((status = 200, body = HealthResponse, description = "Messages can be taken"), (status = 503, body = NotReady, description = "They cannot")),
))]
#[worker::send]
pub async fn get_ready(app: App) -> Response {
    answer(summary(run_checks(&app).await), app.request_id())
}

/// `GET /health`: the same as ready.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/health", tag = "health",
    responses((status = 200, body = HealthResponse), (status = 503, body = NotReady)),
))]
#[worker::send]
pub async fn get_health(app: App) -> Response {
    answer(summary(run_checks(&app).await), app.request_id())
}

/// `GET /health/detailed`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/health/detailed", tag = "health",
    responses((status = 200, body = HealthResponse), (status = 503, body = NotReady)),
))]
#[worker::send]
pub async fn get_detailed(app: App) -> Response {
    let (checks, alerts) = futures::join!(run_checks(&app), metrics::open_alerts(app.env()));
    let mut health = summary(checks);
    health.alerts = alerts;
    health.version = Some(env!("CARGO_PKG_VERSION"));
    health.environment = Some(app.config().environment().to_owned());
    health.projection_lag_ms =
        service_client::get::<jobs::HealthResponse>(&app, jobs::BINDING, jobs::HEALTH_PATH)
            .await
            .ok()
            .and_then(|jobs| jobs.projection_lag_ms);
    health.at = Some(app.now());
    answer(health, app.request_id())
}

async fn run_checks(app: &App) -> Vec<Check> {
    let (directory, objects, inference, jobs) = futures::join!(
        check("directory", true, check_directory(app)),
        check("objects", true, check_objects(app)),
        check("inference", false, check_inference(app)),
        check("jobs", false, check_jobs(app)),
    );
    vec![directory, objects, inference, jobs]
}

async fn check(
    name: &'static str,
    required: bool,
    work: impl Future<Output = Result<Found, AppError>>,
) -> Check {
    let started = SystemClock.now();
    let (work, timeout) = (pin!(work), pin!(sleep(TIMEOUT)));
    let found = match select(work, timeout).await {
        Either::Left((Ok(found), _)) => found,
        Either::Left((Err(_), _)) | Either::Right(_) => Found {
            status: HealthStatus::Failed,
            detail: None,
        },
    };
    Check {
        name,
        status: found.status,
        required,
        latency_ms: SystemClock.now().millis_since(started),
        detail: found.detail,
    }
}

/// An account that nobody has: it costs one look into an index.
const NOBODY: AccountId = AccountId::new(Ulid(0));

async fn check_directory(app: &App) -> Result<Found, AppError> {
    app.directory()?.find_account(NOBODY).await?;
    Ok(Found::WELL)
}

async fn check_objects(app: &App) -> Result<Found, AppError> {
    Object::desk(app, NOBODY)
        .get::<desk::DeskState>(desk::STATE_PATH)
        .await?;
    Ok(Found::WELL)
}

/// Also loads the model, so that the first message after a start does not wait for it.
async fn check_inference(app: &App) -> Result<Found, AppError> {
    let path = inference::READY_PATH;
    let (status, ready) =
        service_client::answer::<inference::Readiness>(app, inference::BINDING, path).await?;
    let files: Vec<String> = ready
        .broken
        .iter()
        .map(|broken| format!("{}: {}", broken.file, broken.reason))
        .collect();
    Ok(Found {
        status: match (status.is_success(), files.is_empty()) {
            (true, true) => HealthStatus::Ok,
            (true, false) => HealthStatus::Degraded,
            (false, _) => HealthStatus::Failed,
        },
        detail: (!files.is_empty()).then(|| files.join("; ")),
    })
}

async fn check_jobs(app: &App) -> Result<Found, AppError> {
    // Any answer but a failure shows that the Worker runs.
    let status = service_client::status(app, jobs::BINDING, jobs::HEALTH_PATH).await?;
    if status.is_server_error() {
        let reason = format!("{}: {status}", jobs::BINDING);
        Err(AppError::unavailable(1, reason))
    } else {
        Ok(Found::WELL)
    }
}

fn summary(checks: Vec<Check>) -> HealthResponse {
    let is_failed = |check: &Check| check.required && check.status == HealthStatus::Failed;
    let status = if checks.iter().any(is_failed) {
        HealthStatus::Failed
    } else if checks.iter().any(|check| check.status != HealthStatus::Ok) {
        HealthStatus::Degraded
    } else {
        HealthStatus::Ok
    };
    HealthResponse {
        status,
        checks,
        version: None,
        environment: None,
        projection_lag_ms: None,
        alerts: None,
        at: None,
    }
}

fn answer(health: HealthResponse, request_id: &str) -> Response {
    if health.status != HealthStatus::Failed {
        return axum::Json(health).into_response();
    }
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let body = NotReady {
        problem: Problem {
            kind: "about:blank".to_owned(),
            title: "Service Unavailable".to_owned(),
            status: status.as_u16(),
            code: "not_ready".to_owned(),
            detail: Some("messages cannot be taken now".to_owned()),
            request_id: request_id.to_owned(),
            errors: Vec::new(),
        },
        checks: health.checks,
    };
    let mut response = (status, axum::Json(body)).into_response();
    let value = HeaderValue::from_static(PROBLEM_CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_to_take_messages_makes_it_unready() {
        use HealthStatus::{Degraded, Failed, Ok};
        let part = |required, status| Check {
            name: "part",
            status,
            required,
            latency_ms: 1,
            detail: None,
        };
        for (checks, expected, http) in [
            (vec![], Ok, 200),
            (vec![part(true, Ok), part(false, Ok)], Ok, 200),
            (vec![part(true, Ok), part(false, Failed)], Degraded, 200),
            (vec![part(true, Ok), part(false, Degraded)], Degraded, 200),
            (vec![part(true, Failed), part(false, Ok)], Failed, 503),
            (vec![part(true, Failed), part(false, Failed)], Failed, 503),
        ] {
            let health = summary(checks);
            assert_eq!(health.status, expected);
            assert_eq!(answer(health, "req_1").status().as_u16(), http);
        }
    }
}
