//! The consumers of `events` and of its dead-letter queue.

use std::cell::Cell;

use edgedesk_domain::time::Clock;
use edgedesk_drafting::questions::forget_what_is_over;
use edgedesk_metrics::catalogue::{
    DEAD_LETTERS, EVENTS_PROJECTED, PROJECTION_LAG, QUEUE_RETRIES, known,
};
use edgedesk_platform::chance::random_bytes;
use edgedesk_platform::d1::D1;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::SystemClock;
use edgedesk_store::Shards;
use edgedesk_store::projector::{Chance, Delivery, KnownShards, Projector, Verdict};
use edgedesk_wire::queue::{EVENTS_DEAD_QUEUE, EVENTS_QUEUE};
use serde::Serialize;
use worker::Env;

use crate::binding::QueueMessage;
use crate::databases;
use crate::metrics;
use crate::objects::Objects;

thread_local! {
    /// Lives as long as the isolate.
    static KNOWN_SHARDS: KnownShards = KnownShards::default();
    /// How far the read model was behind the logs when the last batch was written.
    static LAG_MS: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Milliseconds from the logging of the oldest event of the last batch to its rows in D1; absent before any batch.
pub fn projection_lag_ms() -> Option<i64> {
    LAG_MS.with(Cell::get)
}

/// Handles a batch: every message is acknowledged or retried by itself.
pub async fn consume(queue: &str, messages: &[QueueMessage], env: &Env) -> worker::Result<()> {
    let deliveries: Vec<_> = messages
        .iter()
        .map(|message| Delivery {
            id: message.message_id(),
            body: message.text(),
            n_attempts: message.n_attempts(),
        })
        .collect();
    let shards = databases::shards(env)?;
    let objects = Objects { env };
    let known_shards = KNOWN_SHARDS.with(KnownShards::clone);
    let projector = projector(&shards, &objects, &known_shards);
    let mut verdicts = match queue {
        EVENTS_QUEUE => projector.project(&deliveries).await,
        EVENTS_DEAD_QUEUE => projector.bury(&deliveries).await,
        _ => return Err(format!("no consumer for the queue {queue}").into()),
    };
    let now = SystemClock.now();
    let oldest_at = verdicts.iter().filter_map(|verdict| match verdict {
        Verdict::Projected { logged_at } => Some(*logged_at),
        Verdict::Parked(_) | Verdict::Retry { .. } => None,
    });
    if let Some(oldest_at) = oldest_at.min() {
        let lag_ms = now.millis_since(oldest_at);
        LAG_MS.with(|lag| lag.set(Some(lag_ms)));
        metrics::gather(|registry| {
            registry.set(&PROJECTION_LAG, &[], lag_ms.max(0) as f64 / 1_000.0);
        });
    }
    forget_what_is_over(&objects, &deliveries, &mut verdicts, &Random).await;
    for ((message, delivery), verdict) in messages.iter().zip(&deliveries).zip(&verdicts) {
        log_verdict(queue, delivery, verdict);
        count_verdict(queue, verdict);
        match verdict {
            Verdict::Projected { .. } | Verdict::Parked(_) => message.acknowledge()?,
            Verdict::Retry { delay_secs, .. } => message.retry_after(*delay_secs)?,
        }
    }
    Ok(())
}

/// The projector on this runtime.
pub fn projector<'a>(
    shards: &'a Shards<D1>,
    objects: &'a Objects<'a>,
    known_shards: &'a KnownShards,
) -> Projector<'a, D1, Objects<'a>, Random> {
    Projector {
        shards,
        logs: objects,
        chance: &Random,
        known_shards,
        now: SystemClock.now(),
    }
}

/// Jitter from the host's random source.
#[derive(Debug, Clone, Copy)]
pub struct Random;

impl Chance for Random {
    fn fraction(&self) -> f64 {
        f64::from(u32::from_be_bytes(random_bytes())) / (f64::from(u32::MAX) + 1.0)
    }
}

fn count_verdict(queue: &str, verdict: &Verdict) {
    let queue = known(queue, &[EVENTS_QUEUE, EVENTS_DEAD_QUEUE]);
    metrics::gather(|registry| match verdict {
        Verdict::Projected { .. } => registry.count(&EVENTS_PROJECTED, &[]),
        Verdict::Parked(_) => registry.count(&DEAD_LETTERS, &[queue]),
        Verdict::Retry { .. } => registry.count(&QUEUE_RETRIES, &[queue]),
    });
}

/// What went as it should is not worth a line a message.
fn log_verdict(queue: &str, delivery: &Delivery, verdict: &Verdict) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        queue: &'a str,
        #[serde(rename = "message.id")]
        message_id: &'a str,
        #[serde(rename = "message.attempts")]
        n_attempts: u32,
        detail: String,
    }
    let (message, detail) = match verdict {
        Verdict::Projected { .. } => return,
        Verdict::Parked(reason) => ("a queue message was parked", format!("{reason:?}")),
        Verdict::Retry { delay_secs, cause } => (
            "a queue message is retried",
            format!("in {delay_secs} s: {cause}"),
        ),
    };
    let line = Line {
        message,
        queue,
        message_id: &delivery.id,
        n_attempts: delivery.n_attempts,
        detail,
    };
    log(Level::Warn, &line);
}
