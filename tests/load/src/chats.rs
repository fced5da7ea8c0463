//! Customers who write in the widget, and an agent who watches each of them: from a message's due time to the agent's eyes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use edgedesk_client::{Edgedesk, Socket, api};
use edgedesk_domain::ids::ConversationId;
use edgedesk_wire::api::MessageView;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};

use crate::ledger::{Ledger, Losses, Order};
use crate::schedule::Schedule;
use crate::{Latency, Note, Target};

/// Sockets that are opened at once.
const AT_ONCE: usize = 16;
/// How long the first answers may take.
const OPEN_WITHIN: Duration = Duration::from_secs(30);
/// How long the last messages may take to be seen once nothing more is sent.
const LAST_WITHIN: Duration = Duration::from_mins(2);
/// Longer than any run.
const LONG: Duration = Duration::from_hours(2);

/// Open sockets of customers and of an agent, two a conversation.
#[derive(Debug)]
pub struct Chats {
    run: String,
    chats: Vec<Chat>,
}

#[derive(Debug)]
struct Chat {
    id: ConversationId,
    writer: Socket,
    room: Socket,
}

/// What the sockets have shown.
#[derive(Debug)]
pub struct Chatted {
    /// From when each message was due until the agent saw it.
    pub to_agent: Latency,
    /// From when each was sent to its acknowledgement.
    pub to_ack: Latency,
    /// What was acknowledged, by conversation.
    pub ledger: Ledger,
    /// What the agent's sockets were shown, compared with it.
    pub seen: Losses,
    /// The conversations.
    pub ids: Vec<ConversationId>,
    /// Sockets that ended meanwhile, in words.
    pub broken: Vec<String>,
    /// Messages that were due and never sent.
    pub n_unsent: u64,
}

/// What the sockets of a run note while it lasts.
#[derive(Debug, Default)]
struct Notes {
    to_agent: Latency,
    to_ack: Latency,
    ledger: Ledger,
    seen: Vec<Vec<u64>>,
    n_sent: u64,
    n_acknowledged: u64,
    n_seen: u64,
    broken: Vec<String>,
}

type Shared = Arc<Mutex<Notes>>;

impl Chats {
    /// Opens both sockets of so many new conversations; each begins with a greeting, which makes its object.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub async fn open(target: &Target, n_customers: u32, note: Note<'_>) -> Result<Self> {
        let agent = target.agent().await?;
        let agent = &agent;
        let mut opening = stream::iter(0..n_customers)
            .map(|_| open(target, agent))
            .buffer_unordered(AT_ONCE);
        let mut chats = Vec::new();
        while let Some(chat) = opening.try_next().await? {
            chats.push(chat);
            note(&format!("{} of {n_customers} customers", chats.len()));
        }
        drop(opening);
        Ok(Self {
            run: api::now().millis().to_string(),
            chats,
        })
    }

    /// What a run's messages are called on their socket.
    pub fn name_of(&self) -> impl Fn(&MessageView) -> Option<u64> + use<> {
        let run = self.run.clone();
        move |view| number_of(&run, view.message.client_id.as_deref()?)
    }

    /// Has the customers write by turns, when each message is due, and waits until the agent has seen all of it.
    ///
    /// # Errors
    /// Never for what the stack does: that is in what is given back.
    pub async fn drive(
        self,
        target: &Target,
        schedule: Schedule,
        note: Note<'_>,
    ) -> Result<Chatted> {
        let n_chats = self.chats.len();
        let schedule = Arc::new(schedule);
        let notes: Shared = Arc::new(Mutex::new(Notes {
            ledger: Ledger::new(n_chats),
            seen: vec![Vec::new(); n_chats],
            ..Notes::default()
        }));
        let (mut tasks, mut writers, mut ids) = (JoinSet::new(), Vec::new(), Vec::new());
        for (index, chat) in self.chats.into_iter().enumerate() {
            let (sender, outgoing) = mpsc::unbounded_channel();
            writers.push(sender);
            ids.push(chat.id);
            let customer = Customer {
                index,
                run: self.run.clone(),
                notes: Arc::clone(&notes),
            };
            let watcher = customer.clone();
            let schedule = Arc::clone(&schedule);
            tasks.spawn(async move { customer.write(chat.writer, outgoing).await });
            tasks.spawn(async move { watcher.watch(chat.room, &schedule).await });
        }
        let mut n_given = 0;
        while let Some(due) = schedule.next() {
            sleep_until(due.at).await;
            if Instant::now() > schedule.last_call() {
                break;
            }
            let index = usize::try_from(due.n)? % n_chats;
            let text = target.text(due.n).to_owned();
            // A socket that has ended is told of by its task; its messages are not sent.
            if writers[index].send((due.n, text)).is_ok() {
                n_given += 1;
            }
            if due.n % 20 == 0 {
                note(&lock(&notes).words());
            }
        }
        wait_for_the_last(&notes, n_given, note).await;
        tasks.shutdown().await;
        let notes = std::mem::take(&mut *lock(&notes));
        let mut seen = Losses::default();
        for (index, numbers) in notes.seen.iter().enumerate() {
            seen.merge(notes.ledger.check(index, numbers, Order::Kept));
        }
        Ok(Chatted {
            to_agent: notes.to_agent,
            to_ack: notes.to_ack,
            ledger: notes.ledger,
            seen,
            ids,
            broken: notes.broken,
            n_unsent: schedule.n_messages() - notes.n_sent,
        })
    }
}

impl Notes {
    fn words(&self) -> String {
        format!(
            "{} sent, {} acknowledged, {} seen",
            self.n_sent, self.n_acknowledged, self.n_seen
        )
    }
}

async fn open(target: &Target, agent: &Edgedesk) -> Result<Chat> {
    let key = &target.stack.widget.inbox_key;
    let session = target.public.widget_session(key).await?;
    let mut writer = target.public.widget_socket(&session.token).await?;
    // An agent can look into a room once somebody has written.
    writer.write("first", "Hello").await?;
    writer.wait_for_type(OPEN_WITHIN, "ack").await?;
    let id = session.conversation_id;
    let room = agent.conversation_socket(id).await?;
    Ok(Chat { id, writer, room })
}

/// Waits until everything that was given to a socket is acknowledged and seen, or its time is over.
async fn wait_for_the_last(notes: &Shared, n_given: u64, note: Note<'_>) {
    let deadline = Instant::now() + LAST_WITHIN;
    let mut again = interval(Duration::from_millis(50));
    while Instant::now() < deadline {
        again.tick().await;
        let notes = lock(notes);
        note(&notes.words());
        let is_over = notes.n_acknowledged >= n_given && notes.n_seen >= n_given;
        if is_over || !notes.broken.is_empty() {
            return;
        }
    }
}

/// One conversation's two ends.
#[derive(Clone)]
struct Customer {
    index: usize,
    run: String,
    notes: Shared,
}

impl Customer {
    /// Sends what it is given, and notes the acknowledgements. Other frames are dropped, as a page would read them.
    async fn write(self, socket: Socket, outgoing: mpsc::UnboundedReceiver<(u64, String)>) {
        if let Err(error) = self.write_all(socket, outgoing).await {
            self.tell("customer", &error);
        }
    }

    async fn write_all(
        &self,
        mut socket: Socket,
        mut outgoing: mpsc::UnboundedReceiver<(u64, String)>,
    ) -> Result<()> {
        let mut sent_at = HashMap::new();
        loop {
            let frame = tokio::select! {
                next = outgoing.recv() => {
                    // The end of the run.
                    let Some((n, text)) = next else { return Ok(()) };
                    {
                        let mut notes = lock(&self.notes);
                        notes.n_sent += 1;
                        notes.ledger.leave_open(self.index, n);
                    }
                    sent_at.insert(n, Instant::now());
                    socket.write(&format!("load-{}-{n}", self.run), &text).await?;
                    continue;
                }
                frame = socket.next(LONG) => frame?,
            };
            let named = frame["client_id"].as_str();
            let Some(n) = named.and_then(|name| number_of(&self.run, name)) else {
                continue;
            };
            if frame["type"] == "ack"
                && let Some(sent_at) = sent_at.remove(&n)
            {
                let mut notes = lock(&self.notes);
                notes.to_ack.add(sent_at.elapsed());
                notes.n_acknowledged += 1;
                notes.ledger.acknowledge(self.index, n);
            } else if frame["type"] == "error" {
                lock(&self.notes)
                    .broken
                    .push(format!("a message was refused: {frame}"));
            }
        }
    }

    /// Notes every message that the agent sees, with the time since it was due.
    async fn watch(self, room: Socket, schedule: &Schedule) {
        if let Err(error) = self.watch_all(room, schedule).await {
            self.tell("agent", &error);
        }
    }

    async fn watch_all(&self, mut room: Socket, schedule: &Schedule) -> Result<()> {
        loop {
            let frame: Value = room.next(LONG).await.context("the room")?;
            let now = Instant::now();
            let named = frame["data"]["client_id"].as_str();
            let Some(n) = named.and_then(|name| number_of(&self.run, name)) else {
                continue;
            };
            if frame["type"] == "message.created" {
                let mut notes = lock(&self.notes);
                notes
                    .to_agent
                    .add(now.saturating_duration_since(schedule.due(n)));
                notes.n_seen += 1;
                notes.seen[self.index].push(n);
            }
        }
    }

    fn tell(&self, whose: &str, error: &anyhow::Error) {
        let words = format!(
            "the {whose}'s socket of conversation {}: {error:#}",
            self.index
        );
        lock(&self.notes).broken.push(words);
    }
}

fn number_of(run: &str, name: &str) -> Option<u64> {
    name.strip_prefix("load-")?
        .strip_prefix(run)?
        .strip_prefix('-')?
        .parse()
        .ok()
}

/// Nobody panics while they hold it; if somebody does, their numbers are as good as they were.
fn lock(notes: &Shared) -> MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_runs_own_messages_have_a_number() {
        assert_eq!(number_of("17", "load-17-42"), Some(42));
        for other in ["load-18-42", "load-17-", "load-1742", "first", "load-17-4x"] {
            assert_eq!(number_of("17", other), None, "{other}");
        }
    }
}
