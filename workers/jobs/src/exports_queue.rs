//! The consumer of `exports`: an archive a message.

use edgedesk_domain::time::Clock as _;
use edgedesk_export::{Exporter, MAX_ARCHIVE_BYTES, Verdict};
use edgedesk_platform::files::R2;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::SystemClock;
use edgedesk_wire::queue::EXPORTS_QUEUE;
use serde::Serialize;
use worker::Env;

use crate::binding::QueueMessage;
use crate::databases;
use crate::metrics;
use crate::objects::Objects;

/// Handles a batch: every message is acknowledged or retried by itself.
pub async fn consume(messages: &[QueueMessage], env: &Env) -> worker::Result<()> {
    let shards = databases::shards(env)?;
    let files = R2::of(env)?;
    let exporter = Exporter {
        shards: &shards,
        logs: &Objects { env },
        files: &files,
        now: SystemClock.now(),
        max_bytes: MAX_ARCHIVE_BYTES,
    };
    for message in messages {
        let body = message.text();
        let verdict = exporter.run(body.as_deref(), message.n_attempts()).await;
        log_verdict(message, &verdict);
        match verdict {
            Verdict::Done | Verdict::Dropped(_) => message.acknowledge()?,
            Verdict::Retry { delay_secs, .. } => {
                metrics::count_retry(EXPORTS_QUEUE);
                message.retry_after(delay_secs)?;
            }
        }
    }
    Ok(())
}

/// What went as it should is not worth a line.
fn log_verdict(message: &QueueMessage, verdict: &Verdict) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        #[serde(rename = "message.id")]
        message_id: String,
        #[serde(rename = "message.attempts")]
        n_attempts: u32,
        detail: String,
    }
    let (text, detail) = match verdict {
        Verdict::Done => return,
        Verdict::Dropped(why) => ("a message that asks for an export was dropped", why.clone()),
        Verdict::Retry { delay_secs, cause } => (
            "an export is tried again",
            format!("in {delay_secs} s: {cause}"),
        ),
    };
    let line = Line {
        message: text,
        message_id: message.message_id(),
        n_attempts: message.n_attempts(),
        detail,
    };
    log(Level::Warn, &line);
}
