//! The consumer of `knowledge`: articles that changed are indexed.

use edgedesk_domain::time::Clock as _;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::SystemClock;
use edgedesk_retrieval::indexer::{Indexer, Verdict};
use edgedesk_store::projector::{Chance as _, delay_secs};
use edgedesk_wire::knowledge::KnowledgeMessage;
use serde::Serialize;
use worker::Env;

use crate::binding::QueueMessage;
use crate::databases;
use crate::events_queue::Random;
use crate::inference::Inference;
use crate::objects::Objects;

/// Longest wait before another attempt, in seconds.
const MAX_DELAY_SECS: u32 = 600;

/// Handles a batch: every message is acknowledged or retried by itself.
pub async fn consume(messages: &[QueueMessage], env: &Env) -> worker::Result<()> {
    let shards = databases::shards(env)?;
    let indexer = Indexer {
        shards: &shards,
        embedder: &Inference { env },
        index: &Objects { env },
    };
    for message in messages {
        let body = message.text().unwrap_or_default();
        let verdict = match serde_json::from_str::<KnowledgeMessage>(&body) {
            Ok(asked) => indexer.run(&asked).await,
            Err(error) => Verdict::Dropped(error.to_string()),
        };
        log_verdict(message, &verdict);
        match verdict {
            Verdict::Done | Verdict::Dropped(_) => message.acknowledge()?,
            Verdict::Retry(_) => {
                let n_attempts = message.n_attempts();
                message.retry_after(delay_secs(n_attempts, MAX_DELAY_SECS, Random.fraction()))?;
            }
        }
    }
    Ok(())
}

/// Looks for articles that no message told of, or whose message was lost, and forgets those that were deleted long ago. How many
/// accounts had any.
pub async fn tend(env: &Env) -> Result<u64, String> {
    let shards = databases::shards(env).map_err(|error| error.to_string())?;
    let indexer = Indexer {
        shards: &shards,
        embedder: &Inference { env },
        index: &Objects { env },
    };
    let now = SystemClock.now();
    let mut n_accounts = 0;
    let mut failed = None;
    for shard in 0..shards.n_shards() {
        let accounts = shards
            .accounts_to_tend(shard, now)
            .await
            .map_err(|error| error.to_string())?;
        for account_id in accounts {
            n_accounts += 1;
            let message = KnowledgeMessage::LookForPending { account_id };
            if let Verdict::Retry(cause) = indexer.run(&message).await {
                failed = Some(cause);
            }
            let store = shards
                .for_account(account_id, shard)
                .map_err(|error| error.to_string())?;
            if let Err(error) = store.purge_articles(now).await {
                failed = Some(error.to_string());
            }
        }
    }
    failed.map_or(Ok(n_accounts), Err)
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
        detail: &'a str,
    }
    let (text, detail) = match verdict {
        Verdict::Done => return,
        Verdict::Dropped(why) => ("a message about articles was dropped", why),
        Verdict::Retry(cause) => ("articles are indexed again later", cause),
    };
    let line = Line {
        message: text,
        message_id: message.message_id(),
        n_attempts: message.n_attempts(),
        detail,
    };
    log(Level::Warn, &line);
}
