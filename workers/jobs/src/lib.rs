//! Queue consumers and cron: the projector, dead letters, retries, rebuilds.
//!
//! Reached by its queues, by cron, and over service bindings of our own Workers; never by the public. What becomes of a
//! message is decided in `edgedesk_store::projector`; here are the bindings around it.

mod binding;
mod databases;
mod drafts_queue;
mod events_queue;
mod exports_queue;
mod generators;
mod inference;
mod knowledge_queue;
mod metrics;
mod objects;
mod pages;
mod questions;
mod routes;
mod transport;

use edgedesk_domain::time::Clock as _;
use edgedesk_platform::files::R2;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::SystemClock;
use edgedesk_store::files::delete_old_exports;
use edgedesk_store::keys::Rewrapped;
use serde::Serialize;
use worker::{Context, Env, Request, Response, ScheduleContext, ScheduledEvent, event};

/// The trigger that looks after alerts, as `wrangler.toml` has it.
const EVERY_MINUTE: &str = "* * * * *";

/// Service-binding requests: [`edgedesk_wire::jobs`].
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    routes::answer(request, &env).await
}

/// Cron. Once a minute: whether an alert opens or closes. Once an hour: what is over is deleted, and what is sealed under the root before is sealed anew. Outboxes and retries wake
/// by alarms and queue delays of their own.
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let cron = event.cron();
    if cron == EVERY_MINUTE {
        metrics::watch(&env).await;
    } else {
        tend(&cron, &env).await;
    }
    metrics::flush(&env).await;
}

/// What is done once an hour.
async fn tend(cron: &str, env: &Env) {
    match delete_what_is_over(env).await {
        Ok(n_deleted) => Line::of(cron, "cron: what is over was deleted", Some(n_deleted)).log(),
        // The next run makes it good.
        Err(error) => Line::failed(cron, "cron: what is over could not be deleted", error).log(),
    }
    match delete_old_archives(env).await {
        Ok(0) => {}
        Ok(n) => Line::of(cron, "cron: old archives were deleted", Some(n)).log(),
        Err(error) => Line::failed(cron, "cron: old archives could not be deleted", error).log(),
    }
    match knowledge_queue::tend(env).await {
        Ok(0) => {}
        Ok(n) => Line::of(cron, "cron: accounts had articles to tend", Some(n)).log(),
        Err(error) => Line::failed(cron, "cron: not all articles could be indexed", error).log(),
    }
    match knowledge_queue::ask_to_read_sources(env).await {
        Ok(0) => {}
        Ok(n) => Line::of(cron, "cron: pages of accounts are read again", Some(n)).log(),
        Err(error) => Line::failed(cron, "cron: not all pages are read again", error).log(),
    }
    match knowledge_queue::ask_for_gaps(env).await {
        Ok(0) => {}
        Ok(n) => Line::of(cron, "cron: gaps are looked for in accounts", Some(n)).log(),
        Err(error) => Line::failed(cron, "cron: not all accounts are asked for gaps", error).log(),
    }
    match rewrap(env).await {
        Ok(Rewrapped {
            n_rewrapped: 0,
            n_unopened: 0,
            ..
        }) => {}
        Ok(done) if done.n_unopened > 0 => {
            let error = format!("{} values open with neither root", done.n_unopened);
            Line::failed(cron, "cron: not all could be sealed anew", error).log();
        }
        Ok(done) => {
            let message = "cron: what was under the root before was sealed anew";
            Line::of(cron, message, Some(done.n_rewrapped)).log();
        }
        Err(error) => Line::failed(cron, "cron: nothing was sealed anew", error).log(),
    }
    if let Err(error) = metrics::measure_accuracy(env).await {
        Line::failed(cron, "cron: not all accounts' accuracy was counted", error).log();
    }
}

/// What is said of a run.
#[derive(Serialize)]
struct Line<'a> {
    message: &'a str,
    cron: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    n_rows: Option<u64>,
    #[serde(rename = "error.internal", skip_serializing_if = "Option::is_none")]
    error_internal: Option<String>,
}

impl<'a> Line<'a> {
    const fn of(cron: &'a str, message: &'a str, n_rows: Option<u64>) -> Self {
        Self {
            message,
            cron,
            n_rows,
            error_internal: None,
        }
    }

    const fn failed(cron: &'a str, message: &'a str, error: String) -> Self {
        Self {
            message,
            cron,
            n_rows: None,
            error_internal: Some(error),
        }
    }

    fn log(&self) {
        let level = match self.error_internal {
            None => Level::Info,
            Some(_) => Level::Error,
        };
        log(level, self);
    }
}

async fn delete_what_is_over(env: &Env) -> Result<u64, String> {
    databases::directory(env)
        .map_err(|error| error.to_string())?
        .delete_what_is_over(SystemClock.now())
        .await
        .map_err(|error| error.to_string())
}

async fn delete_old_archives(env: &Env) -> Result<u64, String> {
    let files = R2::of(env).map_err(|error| error.to_string())?;
    delete_old_exports(&files, SystemClock.now())
        .await
        .map_err(|error| error.to_string())
}

async fn rewrap(env: &Env) -> Result<Rewrapped, String> {
    let keys = databases::data_keys(env).map_err(|error| error.to_string())?;
    databases::directory(env)
        .map_err(|error| error.to_string())?
        .rewrap(&keys)
        .await
        .map_err(|error| error.to_string())
}
