//! Signed Zendesk webhooks: made, sent at a pace, and noted in a ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, anyhow, bail};
use bytes::Bytes;
use edgedesk_client::zendesk::{Ticket, sign};
use edgedesk_client::{Stack, api};
use hyper::Method;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::connection::Connection;
use crate::ledger::Ledger;
use crate::schedule::Schedule;
use crate::{Latency, MAX_MESSAGES};

/// Makes deliveries, each with a number of its own, to the tickets by turns.
#[derive(Debug)]
pub struct Webhooks {
    url: String,
    path: String,
    secret: String,
    tickets: Vec<Ticket>,
    texts: Vec<String>,
    run: String,
    next: AtomicU64,
    n_acknowledged: AtomicU64,
}

/// How fast to send.
#[derive(Debug)]
pub enum Pace {
    /// At moments that were set beforehand, however long answers take.
    Open(Schedule),
    /// The next as soon as the last is answered, until then.
    Closed(Instant),
}

/// What sending has shown.
#[derive(Debug, Default)]
pub struct Sent {
    /// From when each message was due to its answer. In a closed loop, the same as `service`.
    pub response: Latency,
    /// From when each was sent to its answer.
    pub service: Latency,
    /// What was acknowledged, by ticket.
    pub ledger: Ledger,
    /// Messages that were answered otherwise, or not at all.
    pub n_failed: u64,
    /// The first of those answers, in words.
    pub first_failure: Option<String>,
    /// Messages that were due and never sent: the stack fell too far behind.
    pub n_unsent: u64,
}

/// What one connection has sent.
#[derive(Default)]
struct Part {
    response: Latency,
    service: Latency,
    acknowledged: Vec<u64>,
    open: Vec<u64>,
    first_failure: Option<String>,
}

impl Webhooks {
    /// To `n_tickets` new tickets of the stack's Zendesk inbox, with these texts in turns.
    ///
    /// # Errors
    /// When there are no texts or no tickets.
    pub fn new(stack: &Stack, texts: &[String], n_tickets: usize) -> Result<Self> {
        if texts.is_empty() || n_tickets == 0 {
            bail!("a message needs a text and a ticket");
        }
        let run = api::now().millis().to_string();
        let tail = &run[run.len().saturating_sub(9)..];
        Ok(Self {
            url: stack.url.clone(),
            path: format!("/hooks/zendesk/{}", stack.zendesk.inbox_id),
            secret: stack.zendesk.secret.clone(),
            tickets: (0..n_tickets)
                .map(|n| Ticket::new(format!("{tail}{n:05}"), api::now().to_string()))
                .collect(),
            texts: texts.to_vec(),
            run,
            next: AtomicU64::new(0),
            n_acknowledged: AtomicU64::new(0),
        })
    }

    /// The tickets. The `n`th message goes to the one at `n` modulo their number.
    #[must_use]
    pub fn tickets(&self) -> &[Ticket] {
        &self.tickets
    }

    /// How many messages have been handed out so far.
    #[must_use]
    pub fn n_sent(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// How many were acknowledged so far.
    #[must_use]
    pub fn n_acknowledged(&self) -> u64 {
        self.n_acknowledged.load(Ordering::Relaxed)
    }

    /// The number of one of our messages, by the provider's id of it.
    #[must_use]
    pub fn number_of(&self, external_id: &str) -> Option<u64> {
        let number = external_id.strip_prefix(&format!("c-load-{}-", self.run))?;
        number.parse().ok()
    }

    /// Signs and posts the next message.
    ///
    /// # Errors
    /// Unless it is acknowledged.
    pub async fn send_next(&self, connection: &mut Connection) -> Result<()> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        self.send(n, connection).await
    }

    /// Gives each ticket its first message, which makes its object: what is measured afterwards is the day, not the opening.
    ///
    /// # Errors
    /// When one is not acknowledged.
    pub async fn open(self: &Arc<Self>, n_connections: u32, ledger: &mut Ledger) -> Result<()> {
        let mut tasks = JoinSet::new();
        let last = self.n_sent() + self.tickets.len() as u64;
        for _ in 0..n_connections {
            let hooks = Arc::clone(self);
            let mut connection = Connection::open(&self.url).await?;
            tasks.spawn(async move {
                let mut sent = Vec::new();
                loop {
                    let n = hooks.next.fetch_add(1, Ordering::Relaxed);
                    if n >= last {
                        return Ok::<_, anyhow::Error>(sent);
                    }
                    hooks.send(n, &mut connection).await?;
                    sent.push(n);
                }
            });
        }
        while let Some(sent) = tasks.join_next().await {
            for n in sent?? {
                ledger.acknowledge(self.ticket_of(n), n);
            }
        }
        // Each connection has asked for one number too many.
        self.next.store(last, Ordering::Relaxed);
        Ok(())
    }

    /// Sends at a pace over so many connections, and waits for the answers.
    ///
    /// # Errors
    /// When a connection cannot be opened.
    pub async fn drive(
        self: &Arc<Self>,
        n_connections: u32,
        pace: Pace,
        ledger: Ledger,
    ) -> Result<Sent> {
        let pace = Arc::new(pace);
        let first = self.n_sent();
        let mut tasks = JoinSet::new();
        for _ in 0..n_connections {
            let connection = Connection::open(&self.url).await?;
            let (hooks, pace) = (Arc::clone(self), Arc::clone(&pace));
            tasks.spawn(async move { hooks.work(first, connection, &pace).await });
        }
        let mut sent = Sent {
            ledger,
            ..Sent::default()
        };
        while let Some(part) = tasks.join_next().await {
            let part = part.map_err(|error| anyhow!("a sender has ended: {error}"))?;
            sent.response.merge(&part.response);
            sent.service.merge(&part.service);
            for n in part.acknowledged {
                sent.ledger.acknowledge(self.ticket_of(n), n);
            }
            sent.n_failed += part.open.len() as u64;
            for n in part.open {
                sent.ledger.leave_open(self.ticket_of(n), n);
            }
            sent.first_failure = sent.first_failure.or(part.first_failure);
        }
        if let Pace::Open(schedule) = &*pace {
            let n_tried = sent.service.len() + sent.n_failed;
            sent.n_unsent = schedule.n_messages().saturating_sub(n_tried);
        }
        Ok(sent)
    }

    async fn work(&self, first: u64, mut connection: Connection, pace: &Pace) -> Part {
        let mut part = Part::default();
        while let Some((n, due)) = self.next_turn(first, pace).await {
            let began = Instant::now();
            match self.send(n, &mut connection).await {
                Ok(()) => {
                    part.service.add(began.elapsed());
                    part.response.add(due.unwrap_or(began).elapsed());
                    part.acknowledged.push(n);
                    self.n_acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    part.open.push(n);
                    part.first_failure
                        .get_or_insert_with(|| format!("{error:#}"));
                }
            }
        }
        part
    }

    /// Waits for the next turn; none when there is no more.
    async fn next_turn(&self, first: u64, pace: &Pace) -> Option<(u64, Option<Instant>)> {
        match pace {
            Pace::Open(schedule) => {
                let due = schedule.next()?;
                sleep_until(due.at).await;
                self.next.fetch_max(first + due.n + 1, Ordering::Relaxed);
                (Instant::now() < schedule.last_call()).then_some((first + due.n, Some(due.at)))
            }
            Pace::Closed(until) => {
                if Instant::now() >= *until || self.n_sent() >= MAX_MESSAGES {
                    return None;
                }
                Some((self.next.fetch_add(1, Ordering::Relaxed), None))
            }
        }
    }

    async fn send(&self, n: u64, connection: &mut Connection) -> Result<()> {
        let event_id = format!("load-{}-{n}", self.run);
        let ticket = &self.tickets[self.ticket_of(n)];
        let text = &self.texts[usize::try_from(n)? % self.texts.len()];
        let body = ticket.comment(&event_id, text, false, true).to_string();
        let timestamp = api::now_text();
        let signature = sign(&self.secret, &timestamp, body.as_bytes());
        let headers = [
            ("content-type", "application/json"),
            ("x-zendesk-webhook-signature", signature.as_str()),
            ("x-zendesk-webhook-signature-timestamp", timestamp.as_str()),
            ("x-zendesk-webhook-invocation-id", event_id.as_str()),
        ];
        let (status, answer) = connection
            .send(Method::POST, &self.path, &headers, Bytes::from(body))
            .await?;
        if status != 200 {
            bail!(
                "a webhook was answered {status}: {}",
                String::from_utf8_lossy(&answer)
            );
        }
        Ok(())
    }

    fn ticket_of(&self, n: u64) -> usize {
        let index = n % self.tickets.len() as u64;
        usize::try_from(index).unwrap_or_default()
    }
}
