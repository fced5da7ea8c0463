//! One request, from the platform and back to it.

use axum::Router;
use axum::response::{IntoResponse, Response};
use edgedesk_audit::ip::truncate_ip;
use edgedesk_domain::ids::{AccountId, IdSource, UserId};
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::SystemClock;
use http::StatusCode;
use serde::Serialize;
use tower_service::Service;
use worker::{Context, Env, web_sys};

use crate::audit::recording::{record, record_of};
use crate::audit::security::record_of_event;
use crate::config::Config;
use crate::context::App;
use crate::error::AppError;
use crate::finish::{Kind, finish};
use crate::guard::withhold_foreign_rows;
use crate::http_glue::{origin_of, read_request, write_response};
use crate::limits::settle;
use crate::manners::{Asked, idempotency, polish};
use crate::metrics;
use crate::routes::router;
use crate::sockets::look_at_sockets;

thread_local! {
    static ROUTER: Router = router();
}

/// The header in which the platform says who is at the other end. From outside it cannot be set.
pub const ADDRESS_HEADER: &str = "cf-connecting-ip";

/// Answers a request. It does not fail: what goes wrong is an answer too.
pub async fn handle(
    raw: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let started = SystemClock.now();
    let request_id = format!("req_{}", SystemIds.next_ulid());
    let (url, method) = (raw.url(), raw.method());
    let address = raw.headers().get(ADDRESS_HEADER).ok().flatten();
    let config = Config::from_env(&env);
    let app = App::new(env, config, request_id, origin_of(&url).to_owned(), || {
        SystemClock.now()
    });
    let mut asked = Asked::default();
    let mut until_over = None;
    let response = match read_request(raw) {
        Ok(mut request) => {
            asked = Asked::of(&request);
            if let Some((over, is_over)) = idempotency::outlive_caller(request.headers()) {
                until_over = Some(over);
                context.wait_until(is_over);
            }
            request.extensions_mut().insert(app.clone());
            let mut router = ROUTER.with(Clone::clone);
            match router.call(request).await {
                Ok(response) => idempotency::repeated(&app, response),
                Err(never) => match never {},
            }
        }
        Err(error) => error.into_response(),
    };
    // A call that reads was counted meanwhile.
    let (response, counted) = settle(&app, response).await;
    let response = withhold_foreign_rows(response, app.trail().account_id).await;
    let response = polish(&asked, response).await;
    let kind = response.extensions().get().copied().unwrap_or(Kind::Data);
    let is_https = url.starts_with("https://");
    let response = finish(response, kind, app.request_id(), is_https);
    let mut response = idempotency::end(&app, response).await;
    drop(until_over);
    if let Some(counted) = counted {
        counted.write_headers(response.headers_mut(), app.now());
    }
    write_log(&app, &method, &response, started);
    metrics::note_answer(&app, &method, &response, started);
    let status = response.status();
    let error = response.extensions().get::<AppError>();
    let event = error.and_then(|error| error.security.clone());
    let written = write_response(response).await;
    // Nobody waits for it: the answer is on its way.
    if let Some(flush) = metrics::flush_soon(app.env(), app.now()) {
        context.wait_until(flush);
    }
    let network = address.as_deref().and_then(truncate_ip);
    let (trail, id) = (app.trail(), app.request_id());
    for account_id in trail.desks_to_tell() {
        context.wait_until(look_at_sockets(app.clone(), account_id));
    }
    let of_event = event.and_then(|event| record_of_event(&trail, &event, id, network.clone()));
    let of_request = record_of(&trail, status, id, network);
    let of_others = of_request.iter().flat_map(|(_, entry)| {
        let others = trail.other_accounts.iter();
        others.map(|account_id| (*account_id, entry.clone()))
    });
    let of_others: Vec<_> = of_others.collect();
    for (account_id, entry) in of_event.into_iter().chain(of_request).chain(of_others) {
        context.wait_until(record(app.clone(), account_id, entry));
    }
    written
}

/// The line that each request leaves. No path, which may hold an id of a provider or a token: the route says enough.
#[derive(Serialize)]
struct RequestLine<'a> {
    message: &'a str,
    #[serde(rename = "request.id")]
    request_id: &'a str,
    #[serde(rename = "http.method")]
    method: &'a str,
    #[serde(rename = "http.route")]
    route: &'a str,
    #[serde(rename = "http.status")]
    status: u16,
    duration_ms: i64,
    #[serde(rename = "account.id", skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    #[serde(rename = "user.id", skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(rename = "error.code", skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(rename = "error.internal", skip_serializing_if = "Option::is_none")]
    error_internal: Option<&'a str>,
}

fn write_log(app: &App, method: &str, response: &Response, started: Timestamp) {
    let trail = app.trail();
    let status = response.status();
    let error = response.extensions().get::<AppError>();
    let route = trail.route.as_deref().unwrap_or("(asset)");
    let line = RequestLine {
        message: &format!("{method} {route} {}", status.as_u16()),
        request_id: app.request_id(),
        method,
        route,
        status: status.as_u16(),
        duration_ms: SystemClock.now().millis_since(started),
        account_id: trail.account_id,
        user_id: trail.user_id,
        error_code: error.map(|error| error.code.as_str()),
        error_internal: error.and_then(|error| error.internal.as_deref()),
    };
    log(level_of(status, error), &line);
}

fn level_of(status: StatusCode, error: Option<&AppError>) -> Level {
    if status.is_server_error() {
        Level::Error
    } else if error.is_some_and(|error| error.internal.is_some()) {
        Level::Warn
    } else {
        Level::Info
    }
}
