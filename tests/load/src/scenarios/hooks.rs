//! Signed webhooks: as fast as they are taken, or at a rate; then whether each is in its conversation once, and how long the
//! read model takes to have all.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use edgedesk_domain::ids::ConversationId;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::lag::LagWatch;
use crate::ledger::{Ledger, Losses, Order};
use crate::read_back::{self, Rows};
use crate::report::Report;
use crate::schedule::Schedule;
use crate::webhooks::{Pace, Sent, Webhooks};
use crate::{MAX_RATE, MAX_SECS, MAX_SENDERS, Note, Target, machine};

/// How long the opening messages may take to be listed.
const LISTED_WITHIN: Duration = Duration::from_mins(2);

/// Options of `cargo xtask load hooks`.
#[derive(Debug, Clone, Args)]
pub struct HooksPlan {
    /// Whether a message waits for the answer to the one before it.
    #[arg(long = "loop", value_enum, default_value_t = Loop::Open)]
    pub kind: Loop,
    /// Messages a second, in an open loop.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_RATE)))]
    pub rate: u32,
    /// For how long.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=MAX_SECS))]
    pub seconds: u64,
    /// Connections. In an open loop, more than are ever busy: a message waits for a free one.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SENDERS)))]
    pub connections: u32,
    /// Conversations that the messages go to, by turns.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub conversations: u32,
    /// How long the backlog may take to drain.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=MAX_SECS))]
    pub drain_seconds: u64,
}

impl HooksPlan {
    /// Files that a stack has open meanwhile.
    #[must_use]
    pub const fn n_files(&self) -> u64 {
        machine::files_for(self.connections as u64, self.conversations as u64)
    }
}

/// Who waits for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Loop {
    /// Each connection sends as soon as it is answered: how much is taken.
    Closed,
    /// Messages are sent when they are due: how long it takes whoever sends them.
    Open,
}

/// Runs it.
///
/// # Errors
/// When the stack cannot be used, or what was sent does not drain. What is lost is in the report.
pub async fn run(target: &Target, plan: &HooksPlan, note: Note<'_>) -> Result<Report> {
    let (title, what) = match plan.kind {
        Loop::Open => ("Webhooks at a rate", format!("{} a second", plan.rate)),
        Loop::Closed => (
            "Webhooks as fast as they are taken",
            format!("{} connections", plan.connections),
        ),
    };
    let what = format!(
        "{what} for {} s, {} conversations",
        plan.seconds, plan.conversations
    );
    let mut report = Report::begin(title, what);
    let opened = Opened::open(target, plan.conversations, plan.connections, note).await?;
    let begin = Instant::now();
    let pace = match plan.kind {
        Loop::Open => Pace::Open(Schedule::new(begin, f64::from(plan.rate), plan.seconds)?),
        Loop::Closed => Pace::Closed(begin + Duration::from_secs(plan.seconds)),
    };
    let lag = LagWatch::begin(&target.public);
    let hooks = Arc::clone(&opened.hooks);
    let sending = hooks.drive(plan.connections, pace, opened.ledger.clone());
    let sent = watched(sending, || hooks.n_acknowledged(), &lag, note).await?;
    let took = begin.elapsed();
    tell_sent(&mut report, &sent, took);
    let within = Duration::from_secs(plan.drain_seconds);
    opened
        .read_back(target, &sent, within, &mut report, note)
        .await?;
    let longest = lag.seen().iter().map(|seen| seen.lag_ms).max();
    if let Some(longest) = longest {
        report.fact("longest lag of the read model", longest as f64, "ms");
    }
    Ok(report.end())
}

/// Tickets with their first message, and what the account had before.
pub(super) struct Opened {
    pub hooks: Arc<Webhooks>,
    pub ledger: Ledger,
    ids: Vec<ConversationId>,
    before: Option<Rows>,
}

impl Opened {
    pub async fn open(
        target: &Target,
        n_conversations: u32,
        n_connections: u32,
        note: Note<'_>,
    ) -> Result<Self> {
        let n_tickets = usize::try_from(n_conversations)?;
        let before = if target.is_ours {
            Some(read_back::rows(&target.admin().await?).await?)
        } else {
            None
        };
        let hooks = Arc::new(Webhooks::new(&target.stack, &target.texts, n_tickets)?);
        let mut ledger = Ledger::new(n_tickets);
        note("opening the conversations");
        hooks.open(n_connections.min(8), &mut ledger).await?;
        let ids = read_back::conversations_of(target, hooks.tickets(), LISTED_WITHIN, note).await?;
        // What is measured begins with nothing left over.
        read_back::settle(target, &ids, LISTED_WITHIN, note).await?;
        Ok(Self {
            hooks,
            ledger,
            ids,
            before,
        })
    }

    /// Waits until all has drained, and compares what is there with what was acknowledged.
    pub async fn read_back(
        &self,
        target: &Target,
        sent: &Sent,
        within: Duration,
        report: &mut Report,
        note: Note<'_>,
    ) -> Result<()> {
        match read_back::settle(target, &self.ids, within, note).await {
            Ok(settled) => {
                report.fact(
                    "backlog after it, until analysed and in the read model",
                    settled.took.as_secs_f64(),
                    "s",
                );
                report.fact("events in the logs", settled.n_events as f64, "");
            }
            Err(error) => report
                .failures
                .push(format!("the backlog does not drain: {error:#}")),
        }
        let number = |view: &edgedesk_wire::api::MessageView| {
            self.hooks.number_of(view.message.external_id.as_deref()?)
        };
        let found = read_back::numbers_in(target, &self.ids, number, note).await?;
        let mut losses = Losses::default();
        for (index, numbers) in found.iter().enumerate() {
            losses.merge(sent.ledger.check(index, numbers, Order::Free));
        }
        let n_sent = losses.n_acknowledged;
        report.found("webhooks in the logs", losses);
        self.count_rows(target, n_sent, report, note).await
    }

    /// Where nobody else writes, the rows of the read model are counted too.
    async fn count_rows(
        &self,
        target: &Target,
        n_sent: u64,
        report: &mut Report,
        note: Note<'_>,
    ) -> Result<()> {
        let admin = target.admin().await?;
        if let Some(before) = self.before {
            note("counting the rows of the read model");
            let after = read_back::rows(&admin).await?;
            let n_rows = after.messages.saturating_sub(before.messages);
            report.fact("rows of messages in the read model", n_rows as f64, "");
            if n_rows < n_sent {
                report.failures.push(format!(
                    "the read model has {n_rows} of {n_sent} acknowledged messages"
                ));
            }
            let n_parked = read_back::n_parked(&admin).await?;
            if n_parked > 0 {
                report
                    .failures
                    .push(format!("{n_parked} queue messages are parked"));
            }
        }
        Ok(())
    }
}

/// What sending alone has shown.
pub(super) fn tell_sent(report: &mut Report, sent: &Sent, took: Duration) {
    let n_taken = sent.service.len();
    report.fact("webhooks acknowledged", n_taken as f64, "");
    report.fact(
        "webhooks a second",
        n_taken as f64 / took.as_secs_f64(),
        "/s",
    );
    if sent.n_failed > 0 {
        let first = sent.first_failure.as_deref().unwrap_or_default();
        report.fact(
            "webhooks that were not acknowledged",
            sent.n_failed as f64,
            "",
        );
        report.failures.push(format!(
            "{} webhooks were not acknowledged; the first: {first}",
            sent.n_failed
        ));
    }
    if sent.n_unsent > 0 {
        report.fact(
            "webhooks that were due and never sent",
            sent.n_unsent as f64,
            "",
        );
        report.failures.push(format!(
            "the rate was not reached: {} webhooks were never sent",
            sent.n_unsent
        ));
    }
    report.latency(
        "webhook, from when it was due to its answer (response)",
        &sent.response,
    );
    report.latency(
        "webhook, from when it was sent to its answer (service)",
        &sent.service,
    );
}

/// Says how far it is while something is sent.
pub(super) async fn watched<T>(
    work: impl Future<Output = Result<T>>,
    n_done: impl Fn() -> u64,
    lag: &LagWatch,
    note: Note<'_>,
) -> Result<T> {
    tokio::pin!(work);
    let mut again = interval(Duration::from_millis(500));
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            _ = again.tick() => {
                let lag = lag.last_ms().map_or_else(String::new, |lag| format!(", read model {lag} ms behind"));
                note(&format!("{} acknowledged{lag}", n_done()));
            }
        }
    }
}
