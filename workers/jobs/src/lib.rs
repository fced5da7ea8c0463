//! Queue consumers and cron: the projector, dead letters, retries, rebuilds.
//!
//! Reached by its queues, by cron, and over service bindings of our own Workers; never by the public. What becomes of a
//! message is decided in `edgedesk_store::projector`; here are the bindings around it.

mod binding;
mod databases;
mod events_queue;
mod objects;
mod routes;

use edgedesk_platform::log::{Level, log};
use serde::Serialize;
use worker::{Context, Env, Request, Response, ScheduleContext, ScheduledEvent, event};

/// Service-binding requests: [`edgedesk_wire::jobs`].
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    routes::answer(request, &env).await
}

/// Cron. Nothing is due by the clock yet: outboxes and retries wake by alarms and queue delays of their own.
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, _env: Env, _context: ScheduleContext) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        cron: &'a str,
    }
    log(
        Level::Info,
        &Line {
            message: "cron fired",
            cron: &event.cron(),
        },
    );
}
