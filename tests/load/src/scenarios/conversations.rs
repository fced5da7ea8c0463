//! Customers and an agent over sockets, at a fixed rate: from when a message was due until the agent sees it.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use edgedesk_wire::api::MessageView;
use tokio::time::Instant;

use crate::chats::{Chats, Chatted};
use crate::ledger::{Losses, Order};
use crate::report::Report;
use crate::schedule::Schedule;
use crate::{MAX_RATE, MAX_SECS, MAX_SENDERS, Note, Target, machine, read_back};

/// Options of `cargo xtask load conversations`.
#[derive(Debug, Clone, Args)]
pub struct ConversationsPlan {
    /// Customers, each in a conversation with an agent's socket.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SENDERS)))]
    pub customers: u32,
    /// Messages a second, of all customers together.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_RATE)))]
    pub rate: u32,
    /// For how long.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=MAX_SECS))]
    pub seconds: u64,
    /// How long the backlog may take to drain.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=MAX_SECS))]
    pub drain_seconds: u64,
}

impl ConversationsPlan {
    /// Files that a stack has open meanwhile.
    #[must_use]
    pub const fn n_files(&self) -> u64 {
        let n_customers = self.customers as u64;
        machine::files_for(n_customers * 2, n_customers)
    }
}

/// Runs it.
///
/// # Errors
/// When the stack cannot be used. What is lost is in the report.
pub async fn run(target: &Target, plan: &ConversationsPlan, note: Note<'_>) -> Result<Report> {
    machine::allow_open_files(plan.n_files())?;
    let what = format!(
        "{} customers, {} messages a second for {} s",
        plan.customers, plan.rate, plan.seconds
    );
    let mut report = Report::begin("Customers and an agent over sockets", what);
    let chats = Chats::open(target, plan.customers, note).await?;
    let number = chats.name_of();
    let schedule = Schedule::new(Instant::now(), f64::from(plan.rate), plan.seconds)?;
    let chatted = chats.drive(target, schedule, note).await?;
    tell_chatted(&mut report, &chatted);
    let within = Duration::from_secs(plan.drain_seconds);
    read_back(target, &chatted, number, within, &mut report, note).await?;
    Ok(report.end())
}

/// What the sockets alone have shown.
pub(super) fn tell_chatted(report: &mut Report, chatted: &Chatted) {
    report.fact(
        "messages of customers acknowledged",
        chatted.ledger.n_acknowledged() as f64,
        "",
    );
    report.latency(
        "message, from when it was due to the agent's socket (response)",
        &chatted.to_agent,
    );
    report.latency(
        "message, from when it was sent to its acknowledgement (service)",
        &chatted.to_ack,
    );
    report.found("messages at the agent's sockets", chatted.seen.clone());
    if chatted.n_unsent > 0 {
        report
            .failures
            .push(format!("{} messages were never sent", chatted.n_unsent));
    }
    if let Some(first) = chatted.broken.first() {
        let n = chatted.broken.len();
        report
            .failures
            .push(format!("{n} sockets failed; the first: {first}"));
    }
}

/// Compares the logs with what was acknowledged, in order, once all has drained.
pub(super) async fn read_back(
    target: &Target,
    chatted: &Chatted,
    number: impl Fn(&MessageView) -> Option<u64>,
    within: Duration,
    report: &mut Report,
    note: Note<'_>,
) -> Result<()> {
    if chatted.ids.is_empty() {
        bail!("there were no conversations");
    }
    match read_back::settle(target, &chatted.ids, within, note).await {
        Ok(settled) => report.fact(
            "chats drained into the read model after",
            settled.took.as_secs_f64(),
            "s",
        ),
        Err(error) => report
            .failures
            .push(format!("the backlog does not drain: {error:#}")),
    }
    let found = read_back::numbers_in(target, &chatted.ids, number, note).await?;
    let mut losses = Losses::default();
    for (index, numbers) in found.iter().enumerate() {
        losses.merge(chatted.ledger.check(index, numbers, Order::Kept));
    }
    report.found("messages in the logs", losses);
    Ok(())
}
