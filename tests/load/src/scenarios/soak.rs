//! An hour's million in ten minutes' steps: webhooks and chats together at a rate, for as long as it takes to see a leak.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tokio::time::Instant;

use super::conversations::{self, tell_chatted};
use super::hooks::{Opened, tell_sent};
use crate::chats::Chats;
use crate::lag::{LagWatch, longest_by};
use crate::report::{Report, Table};
use crate::schedule::Schedule;
use crate::webhooks::Pace;
use crate::{MAX_RATE, MAX_SECS, MAX_SENDERS, Note, Target, machine};

/// Options of `cargo xtask load soak`.
#[derive(Debug, Clone, Args)]
pub struct SoakPlan {
    /// Messages a second: 278 are a million an hour.
    #[arg(long, default_value_t = 278, value_parser = clap::value_parser!(u32).range(2..=i64::from(MAX_RATE)))]
    pub rate: u32,
    /// For how long.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=MAX_SECS / 60))]
    pub minutes: u64,
    /// Of a hundred messages, so many come over sockets and the others by webhook.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub chats_percent: u32,
    /// Customers with a socket.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SENDERS)))]
    pub customers: u32,
    /// Conversations that the webhooks go to.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub conversations: u32,
    /// Connections that the webhooks come over.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SENDERS)))]
    pub connections: u32,
    /// How long the backlog may take to drain.
    #[arg(long, default_value_t = 1_800, value_parser = clap::value_parser!(u64).range(1..=MAX_SECS))]
    pub drain_seconds: u64,
}

impl SoakPlan {
    /// Files that a stack has open meanwhile.
    #[must_use]
    pub const fn n_files(&self) -> u64 {
        let n_sockets = self.customers as u64 * 2 + self.connections as u64;
        machine::files_for(n_sockets, self.customers as u64 + self.conversations as u64)
    }

    /// Messages a second by webhook, and over sockets.
    fn rates(&self) -> (f64, f64) {
        let chats = f64::from(self.rate) * f64::from(self.chats_percent) / 100.0;
        (f64::from(self.rate) - chats, chats)
    }
}

/// Runs it.
///
/// # Errors
/// When the stack cannot be used. What is lost is in the report.
pub async fn run(target: &Target, plan: &SoakPlan, note: Note<'_>) -> Result<Report> {
    machine::allow_open_files(plan.n_files())?;
    let what = format!(
        "{} messages a second for {} minutes, {} % of them over sockets",
        plan.rate, plan.minutes, plan.chats_percent
    );
    let mut report = Report::begin("Soak", what);
    let opened = Opened::open(target, plan.conversations, plan.connections, note).await?;
    let chats = Chats::open(target, plan.customers, note).await?;
    let number = chats.name_of();
    let before = target.group.and_then(|group| machine::usage(group).ok());
    let (hook_rate, chat_rate) = plan.rates();
    let (begin, secs) = (Instant::now(), plan.minutes * 60);
    let lag = LagWatch::begin(&target.public);
    let hooks = Arc::clone(&opened.hooks);
    let pace = Pace::Open(Schedule::new(begin, hook_rate, secs)?);
    let sending = hooks.drive(plan.connections, pace, opened.ledger.clone());
    let mut tell = |words: &str| {
        let lag = lag.last_ms().unwrap_or_default();
        note(&format!(
            "{} webhooks; {words}; lag {lag} ms",
            hooks.n_acknowledged()
        ));
    };
    let chatting = chats.drive(target, Schedule::new(begin, chat_rate, secs)?, &mut tell);
    let (sent, chatted) = futures::try_join!(sending, chatting)?;
    tell_sent(&mut report, &sent, begin.elapsed());
    tell_chatted(&mut report, &chatted);
    let within = Duration::from_secs(plan.drain_seconds);
    opened
        .read_back(target, &sent, within, &mut report, note)
        .await?;
    conversations::read_back(target, &chatted, number, within, &mut report, note).await?;
    report.tables.push(by_minute(&lag, begin));
    if let (Some(before), Some(group)) = (before, target.group) {
        let after = machine::usage(group)?;
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        report.fact(
            "memory of workerd before",
            megabytes(before.workerd_bytes),
            "MB",
        );
        report.fact(
            "memory of workerd after",
            megabytes(after.workerd_bytes),
            "MB",
        );
    }
    Ok(report.end())
}

fn by_minute(lag: &LagWatch, begin: Instant) -> Table {
    let longest = longest_by(&lag.seen(), begin, Duration::from_mins(1));
    let rows = longest.iter().enumerate().map(|(minute, lag)| {
        let lag = lag.map_or_else(|| "–".to_owned(), |lag| lag.to_string());
        vec![(minute + 1).to_string(), lag]
    });
    Table {
        title: "How far the read model was behind, by minute from the beginning, draining included"
            .into(),
        head: vec!["minute".into(), "longest lag in ms".into()],
        rows: rows.collect(),
    }
}
