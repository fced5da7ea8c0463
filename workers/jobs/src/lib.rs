//! Queue consumers and cron: the projector, dead letters, retries, rebuilds.
//!
//! Reached by its queues, by cron, and over service bindings of our own Workers; never by the public. What becomes of a
//! message is decided in `edgedesk_store::projector`; here are the bindings around it.

mod binding;
mod databases;
mod events_queue;
mod objects;
mod routes;

use edgedesk_domain::time::Clock as _;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::SystemClock;
use serde::Serialize;
use worker::{Context, Env, Request, Response, ScheduleContext, ScheduledEvent, event};

/// Service-binding requests: [`edgedesk_wire::jobs`].
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    routes::answer(request, &env).await
}

/// Cron, once an hour: what is over is deleted. Outboxes and retries wake by alarms and queue delays of their own.
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        cron: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        n_deleted: Option<u64>,
        #[serde(rename = "error.internal", skip_serializing_if = "Option::is_none")]
        error_internal: Option<String>,
    }
    let cron = event.cron();
    let (level, line) = match delete_what_is_over(&env).await {
        Ok(n_deleted) => (
            Level::Info,
            Line {
                message: "cron: what is over was deleted",
                cron: &cron,
                n_deleted: Some(n_deleted),
                error_internal: None,
            },
        ),
        // The next run makes it good.
        Err(error) => (
            Level::Error,
            Line {
                message: "cron: what is over could not be deleted",
                cron: &cron,
                n_deleted: None,
                error_internal: Some(error),
            },
        ),
    };
    log(level, &line);
}

async fn delete_what_is_over(env: &Env) -> Result<u64, String> {
    databases::directory(env)
        .map_err(|error| error.to_string())?
        .delete_what_is_over(SystemClock.now())
        .await
        .map_err(|error| error.to_string())
}
