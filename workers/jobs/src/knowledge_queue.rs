//! The consumer of `knowledge`: articles that changed are indexed, and questions without an article are looked for.

use edgedesk_domain::time::Clock as _;
use edgedesk_gaps::finder::{EVERY_MILLIS, Finder, WINDOW_MILLIS};
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::queue::send_json;
use edgedesk_platform::time::SystemClock;
use edgedesk_retrieval::indexer::{Indexer, Verdict};
use edgedesk_retrieval::recrawl::Crawler;
use edgedesk_store::projector::{Chance as _, delay_secs};
use edgedesk_wire::knowledge::{KnowledgeMessage, QUEUE, QUEUE_BINDING};
use serde::Serialize;
use worker::Env;

use crate::binding::QueueMessage;
use crate::databases;
use crate::drafts_queue::System;
use crate::events_queue::Random;
use crate::inference::Inference;
use crate::metrics;
use crate::objects::Objects;
use crate::pages::web;

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
    let finder = Finder {
        shards: &shards,
        embedder: &Inference { env },
        index: &Objects { env },
        host: &System,
    };
    let web = web(env);
    let crawler = Crawler {
        shards: &shards,
        pages: &web,
        clock: &System,
        indexer: Indexer {
            shards: &shards,
            embedder: &Inference { env },
            index: &Objects { env },
        },
    };
    for message in messages {
        let body = message.text().unwrap_or_default();
        let verdict = match serde_json::from_str::<KnowledgeMessage>(&body) {
            Ok(KnowledgeMessage::ArticlesChanged {
                account_id,
                article_ids,
            }) => indexer.run(account_id, Some(&article_ids)).await,
            Ok(KnowledgeMessage::LookForPending { account_id }) => {
                indexer.run(account_id, None).await
            }
            Ok(KnowledgeMessage::ReadSources { account_id }) => crawler.run(account_id).await,
            Ok(KnowledgeMessage::FindGaps { account_id }) => finder.run(account_id).await,
            Err(error) => Verdict::Dropped(error.to_string()),
        };
        log_verdict(message, &verdict);
        match verdict {
            Verdict::Done | Verdict::Dropped(_) => message.acknowledge()?,
            Verdict::Retry(_) => {
                metrics::count_retry(QUEUE);
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
            if let Verdict::Retry(cause) = indexer.run(account_id, None).await {
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

/// Asks that pages be read again which are due: a message an account, once an hour until none is due. How many accounts there were.
pub async fn ask_to_read_sources(env: &Env) -> Result<u64, String> {
    let shards = databases::shards(env).map_err(|error| error.to_string())?;
    let now = SystemClock.now();
    let mut n_accounts = 0;
    let mut failed = None;
    for shard in 0..shards.n_shards() {
        let accounts = shards
            .accounts_with_due_sources(shard, now)
            .await
            .map_err(|error| error.to_string())?;
        for account_id in accounts {
            let message = KnowledgeMessage::ReadSources { account_id };
            match send_json(env, QUEUE_BINDING, &message, None).await {
                Ok(()) => n_accounts += 1,
                Err(error) => failed = Some(error.to_string()),
            }
        }
    }
    failed.map_or(Ok(n_accounts), Err)
}

/// Asks that gaps be looked for in each account for which nobody has for a day: a message an account, so that one that fails keeps no
/// other from it. How many accounts there were.
pub async fn ask_for_gaps(env: &Env) -> Result<u64, String> {
    let shards = databases::shards(env).map_err(|error| error.to_string())?;
    let now = SystemClock.now();
    let since = now.plus_millis(-WINDOW_MILLIS);
    let before = now.plus_millis(-EVERY_MILLIS);
    let mut n_accounts = 0;
    let mut failed = None;
    for shard in 0..shards.n_shards() {
        let accounts = shards
            .accounts_to_look_for_gaps(shard, since, before)
            .await
            .map_err(|error| error.to_string())?;
        for account_id in accounts {
            let store = shards
                .for_account(account_id, shard)
                .map_err(|error| error.to_string())?;
            // Noted last: a message that was not sent is sent by the next run, and one that is sent twice does no harm.
            let message = KnowledgeMessage::FindGaps { account_id };
            match send_json(env, QUEUE_BINDING, &message, None).await {
                Ok(()) => n_accounts += 1,
                Err(error) => {
                    failed = Some(error.to_string());
                    continue;
                }
            }
            if let Err(error) = store.ask_for_gaps(now).await {
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
        Verdict::Dropped(why) => ("a message about knowledge was dropped", why),
        Verdict::Retry(cause) => ("what concerns articles is tried again later", cause),
    };
    let line = Line {
        message: text,
        message_id: message.message_id(),
        n_attempts: message.n_attempts(),
        detail,
    };
    log(Level::Warn, &line);
}
