//! The consumer of `drafts`: a draft a message.

use edgedesk_domain::conversation::Priority;
use edgedesk_domain::ids::{AccountId, ConversationId, IdSource, MessageId};
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_drafting::drafter::{Drafter, Verdict};
use edgedesk_drafting::generated::Generators;
use edgedesk_drafting::{Conversations, DraftingError, Rate, Turn};
use edgedesk_platform::chance::{SystemIds, random_bytes};
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::queue::send_json;
use edgedesk_platform::time::SystemClock;
use edgedesk_retrieval::RetrievalError;
use edgedesk_store::projector::Chance as _;
use edgedesk_wire::drafts::{
    DRAFTS_PER_MINUTE, DraftContext, DraftJob, QUEUE, QUEUE_BINDING, StoreDraft, StoredDraft,
};
use edgedesk_wire::limits::{self, COUNT_PATH, CountRequest, CountResponse, Window};
use edgedesk_wire::object::{self, DRAFT_CONTEXT_PATH, STORE_DRAFT_PATH};
use serde::Serialize;
use ulid::Ulid;
use worker::Env;

use crate::binding::QueueMessage;
use crate::databases;
use crate::events_queue::Random;
use crate::generators::{self, log_report};
use crate::inference::Inference;
use crate::metrics;
use crate::objects::Objects;
use crate::transport::WorkerRuntime;

/// Handles a batch: every message is acknowledged or retried by itself.
pub async fn consume(messages: &[QueueMessage], env: &Env) -> worker::Result<()> {
    let shards = databases::shards(env)?;
    let objects = Objects { env };
    let (providers, memory) = (generators::ready(env), generators::memory());
    let writer = Generators {
        providers: &providers,
        memory: &memory,
        accounts: &objects,
        runtime: &WorkerRuntime,
        random: random_bytes,
        report: &log_report,
    };
    let drafter = Drafter {
        shards: &shards,
        conversations: &objects,
        embedder: &Inference { env },
        index: &objects,
        rate: &objects,
        host: &System,
        writer: &writer,
    };
    for message in messages {
        let body = message.text().unwrap_or_default();
        let job: DraftJob = match serde_json::from_str(&body) {
            Ok(job) => job,
            Err(error) => {
                line(
                    message,
                    None,
                    "a message that asks for a draft was dropped",
                    &error.to_string(),
                );
                message.acknowledge()?;
                continue;
            }
        };
        let verdict = drafter
            .run(&job, message.n_attempts(), Random.fraction())
            .await;
        match verdict {
            Verdict::Done => message.acknowledge()?,
            Verdict::Later { delay_secs } => {
                // A new message, so that waiting for one's turn is no failed attempt.
                let deferred = DraftJob {
                    n_deferrals: job.n_deferrals + 1,
                    ..job
                };
                match send_json(env, QUEUE_BINDING, &deferred, Some(delay_secs)).await {
                    Ok(()) => message.acknowledge()?,
                    Err(_) => message.retry_after(delay_secs)?,
                }
            }
            Verdict::Retry { delay_secs, cause } => {
                line(message, Some(&job), "a draft is tried again", &cause);
                metrics::count_retry(QUEUE);
                message.retry_after(delay_secs)?;
            }
            Verdict::GaveUp(cause) => {
                line(message, Some(&job), "a draft could not be written", &cause);
                message.acknowledge()?;
            }
        }
    }
    Ok(())
}

/// Ids and the time of the platform.
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

impl IdSource for System {
    fn next_ulid(&self) -> Ulid {
        SystemIds.next_ulid()
    }
}

impl Conversations for Objects<'_> {
    async fn context(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        message_id: MessageId,
    ) -> Result<Option<DraftContext>, DraftingError> {
        let name = object::object_name(account_id, conversation_id);
        let path = format!("{DRAFT_CONTEXT_PATH}?message_id={message_id}");
        let found: Option<DraftContext> = self
            .get(object::BINDING, &name, &path)
            .await
            .map_err(|error| DraftingError::Unavailable(error.to_string()))?;
        match found {
            Some(context) if context.account_id != account_id => Err(DraftingError::Refused(
                "the answer is another account's".to_owned(),
            )),
            found => Ok(found),
        }
    }

    async fn store(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        request: &StoreDraft,
    ) -> Result<StoredDraft, DraftingError> {
        let name = object::object_name(account_id, conversation_id);
        self.post(object::BINDING, &name, STORE_DRAFT_PATH, request)
            .await
            .map_err(failed)
    }
}

impl Rate for Objects<'_> {
    async fn take(&self, account_id: AccountId, priority: Priority) -> Result<Turn, DraftingError> {
        let name = limits::object_name(account_id);
        let request = CountRequest {
            caller: None,
            windows: vec![Window {
                name: "drafts".to_owned(),
                quota: quota(priority),
                secs: 60,
            }],
        };
        let counted: CountResponse = self
            .post(limits::BINDING, &name, COUNT_PATH, &request)
            .await
            .map_err(failed)?;
        let Some(window) = counted
            .refused_by
            .and_then(|place| counted.windows.get(place))
        else {
            return Ok(Turn::Now);
        };
        let millis = window.resets_at.millis_since(counted.at).max(0);
        let secs = u32::try_from(millis / 1_000 + 1).unwrap_or(60);
        Ok(Turn::InSeconds(secs + behind(priority)))
    }
}

/// Of the drafts of a minute the last ones are kept for what is urgent, so that a flood of the rest never keeps it waiting.
fn quota(priority: Priority) -> u64 {
    match priority {
        Priority::Urgent => DRAFTS_PER_MINUTE,
        Priority::High => DRAFTS_PER_MINUTE - 5,
        Priority::Normal => DRAFTS_PER_MINUTE - 10,
        Priority::Low => DRAFTS_PER_MINUTE - 20,
    }
}

/// Seconds into the next minute: those that waited come in the order of their priority.
fn behind(priority: Priority) -> u32 {
    match priority {
        Priority::Urgent => 0,
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 4,
    }
}

fn failed(error: RetrievalError) -> DraftingError {
    match error {
        RetrievalError::Unavailable(why) => DraftingError::Unavailable(why),
        RetrievalError::Refused(why) => DraftingError::Refused(why),
    }
}

fn line(message: &QueueMessage, job: Option<&DraftJob>, text: &str, detail: &str) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        #[serde(rename = "message.id")]
        message_id: String,
        #[serde(rename = "message.attempts")]
        n_attempts: u32,
        #[serde(rename = "account.id", skip_serializing_if = "Option::is_none")]
        account_id: Option<AccountId>,
        #[serde(rename = "conversation.id", skip_serializing_if = "Option::is_none")]
        conversation_id: Option<ConversationId>,
        detail: &'a str,
    }
    let line = Line {
        message: text,
        message_id: message.message_id(),
        n_attempts: message.n_attempts(),
        account_id: job.map(|job| job.account_id),
        conversation_id: job.map(|job| job.conversation_id),
        detail,
    };
    log(Level::Warn, &line);
}
