//! What became of messages, read back through the API: from each conversation's own log, and from the read model.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use edgedesk_client::Edgedesk;
use edgedesk_client::zendesk::Ticket;
use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::ConversationId;
use edgedesk_wire::api::{MessageList, MessageView};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{Note, Target};

/// Conversations that are read at once.
const AT_ONCE: usize = 8;
/// How often a conversation is looked at that is not settled yet.
const AGAIN: Duration = Duration::from_millis(400);

/// When everything had arrived.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    /// From the question until the last conversation was in the read model with all that its log has.
    pub took: Duration,
    /// Events in the logs of all of them.
    pub n_events: u64,
    /// Messages in them.
    pub n_messages: u64,
}

/// The conversations of tickets, once the read model names each.
///
/// # Errors
/// When one is not there in time.
pub async fn conversations_of(
    target: &Target,
    tickets: &[Ticket],
    within: Duration,
    note: Note<'_>,
) -> Result<Vec<ConversationId>> {
    let deadline = Instant::now() + within;
    let inbox = target.stack.zendesk.inbox_id;
    let mut found = stream::iter(tickets)
        .map(|ticket| async move {
            until(deadline, async || {
                let admin = target.admin().await?;
                Ok(admin.by_external_id(inbox, &ticket.id).await?)
            })
            .await
            .with_context(|| format!("ticket {} is in no list", ticket.id))
        })
        .buffered(AT_ONCE);
    let mut ids = Vec::with_capacity(tickets.len());
    while let Some(state) = found.try_next().await? {
        ids.push(state.conversation_id);
        note(&format!(
            "{} of {} conversations listed",
            ids.len(),
            tickets.len()
        ));
    }
    Ok(ids)
}

/// Waits until every message of the conversations is analysed, and the read model has all that their logs have.
///
/// # Errors
/// When that is not so in time: something is lost, or the backlog does not drain.
pub async fn settle(
    target: &Target,
    ids: &[ConversationId],
    within: Duration,
    note: Note<'_>,
) -> Result<Settled> {
    let begin = Instant::now();
    let deadline = begin + within;
    let mut waiting = stream::iter(ids)
        .map(|&id| async move {
            until(deadline, async || settled(&target.admin().await?, id).await)
                .await
                .with_context(|| format!("conversation {id} is not in the read model"))
        })
        .buffer_unordered(AT_ONCE);
    let mut settled = Settled {
        took: Duration::ZERO,
        n_events: 0,
        n_messages: 0,
    };
    let mut n_settled = 0_usize;
    while let Some(state) = waiting.try_next().await? {
        settled.n_events += state.seq;
        settled.n_messages += state.n_messages;
        n_settled += 1;
        note(&format!(
            "{n_settled} of {} conversations have drained",
            ids.len()
        ));
    }
    settled.took = begin.elapsed();
    Ok(settled)
}

/// The state in the read model, when it is that of the log and nothing waits for its analysis.
async fn settled(admin: &Edgedesk, id: ConversationId) -> Result<Option<ConversationState>> {
    let fresh = admin.conversation(id).await?;
    if !fresh.unanalyzed.is_empty() {
        return Ok(None);
    }
    let query = format!("customer_id={}&limit=200", fresh.customer_id);
    let listed = admin.conversations(&query).await?.conversations;
    let listed = listed.into_iter().find(|state| state.conversation_id == id);
    Ok(listed.filter(|listed| listed.seq >= fresh.seq))
}

/// Asks again and again until there is an answer.
async fn until<T>(deadline: Instant, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let mut again = interval(AGAIN);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        again.tick().await;
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("not in time");
        }
    }
}

/// The numbers of a run's messages in each conversation, in the order of its log. `number` is of a message that the run has sent.
///
/// # Errors
/// When a conversation cannot be read.
pub async fn numbers_in(
    target: &Target,
    ids: &[ConversationId],
    number: impl Fn(&MessageView) -> Option<u64>,
    note: Note<'_>,
) -> Result<Vec<Vec<u64>>> {
    let mut reading = stream::iter(ids)
        .map(|&id| async move { messages(&target.admin().await?, id).await })
        .buffered(AT_ONCE);
    let mut numbers = Vec::with_capacity(ids.len());
    while let Some(messages) = reading.try_next().await? {
        numbers.push(messages.iter().filter_map(&number).collect());
        note(&format!(
            "{} of {} conversations read back",
            numbers.len(),
            ids.len()
        ));
    }
    Ok(numbers)
}

/// Every message of a conversation, in pages of the largest size.
async fn messages(admin: &Edgedesk, id: ConversationId) -> Result<Vec<MessageView>> {
    let (mut messages, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/v1/conversations/{id}/messages?limit=200&after_seq={after}");
        let page: MessageList = admin.get(&path).await?.expect(200)?.json()?;
        messages.extend(page.messages);
        match page.next_after_seq {
            Some(next) => after = next,
            None => return Ok(messages),
        }
    }
}

/// Rows of the account in the read model, counted. It reads all of them: not while something is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// Messages.
    pub messages: u64,
    /// Analyses.
    pub analyses: u64,
}

/// Counts them.
///
/// # Errors
/// When they cannot be counted.
pub async fn rows(admin: &Edgedesk) -> Result<Rows> {
    let answer = admin.get("/api/v1/admin/checksum").await?;
    let answer: Value = answer.expect(200)?.json()?;
    let of = |table: &str| {
        answer["n_rows"][table]
            .as_u64()
            .with_context(|| format!("no {table} in {answer}"))
    };
    Ok(Rows {
        messages: of("messages")?,
        analyses: of("analyses")?,
    })
}

/// Waits until so many messages are in D1 with their analyses: nothing is lost, and the backlog drains.
///
/// # Errors
/// When they are not in time.
pub async fn drain(
    admin: &Edgedesk,
    n_messages: u64,
    within: Duration,
    note: Note<'_>,
) -> Result<()> {
    let deadline = Instant::now() + within;
    // Counting reads every row of the account: asking often would measure the asking.
    let mut again = interval(Duration::from_secs(2));
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        again.tick().await;
        let rows = rows(admin).await?;
        let n_there = rows.analyses.min(rows.messages);
        note(&format!("{n_there} of {n_messages} analysed and in D1"));
        if n_there >= n_messages {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("after {within:?} D1 has {rows:?} of {n_messages} messages");
        }
    }
}

/// How many queue messages of the account could not be handled, of the first page at least.
///
/// # Errors
/// When they cannot be listed.
pub async fn n_parked(admin: &Edgedesk) -> Result<usize> {
    let answer = admin.get("/api/v1/admin/parked").await?;
    let answer: Value = answer.expect(200)?.json()?;
    let parked = answer["parked"].as_array();
    Ok(parked.map_or(0, Vec::len))
}
