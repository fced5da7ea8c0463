//! Thousands of sockets on which nothing happens: what they cost, whether they still answer, and whether a message still comes.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use edgedesk_client::{Edgedesk, Socket};
use edgedesk_domain::ids::ConversationId;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::machine::{self, Usage};
use crate::report::{Report, Table};
use crate::{Latency, Note, Target};

/// Sockets or sessions that are opened at once.
const AT_ONCE: usize = 32;
/// How long anything may take.
const WITHIN: Duration = Duration::from_secs(30);
/// What a client sends to see whether anybody is there, and what it is answered without anybody being woken.
const PING: &str = "ping";
const PONG: &str = "pong";

/// Options of `cargo xtask load idle`.
#[derive(Debug, Clone, Args)]
pub struct IdlePlan {
    /// Sockets.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub sockets: u32,
    /// Conversations, and so objects, that they belong to.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub objects: u32,
    /// How long to leave them alone before memory is read. An object is put to sleep after ten seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub hold_seconds: u64,
    /// Conversations that get a message at the end.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub sample: u32,
}

impl IdlePlan {
    /// Files that a stack has open meanwhile.
    #[must_use]
    pub const fn n_files(&self) -> u64 {
        machine::files_for(self.sockets as u64, self.objects as u64)
    }
}

/// A conversation and the sockets to it.
struct Room {
    id: ConversationId,
    sockets: Vec<Socket>,
}

/// Runs it.
///
/// # Errors
/// When the system does not allow so many open files, or a socket cannot be opened.
pub async fn run(target: &Target, plan: &IdlePlan, note: Note<'_>) -> Result<Report> {
    if plan.objects > plan.sockets {
        bail!(
            "{} objects need as many sockets at least, not {}",
            plan.objects,
            plan.sockets
        );
    }
    machine::allow_open_files(plan.n_files())?;
    if let Some(group) = target.group {
        machine::check_open_files_of(group, plan.n_files())?;
    }
    let what = format!(
        "{} sockets over {} conversations",
        plan.sockets, plan.objects
    );
    let mut report = Report::begin("Idle sockets", what);
    let hold = Duration::from_secs(plan.hold_seconds);
    let mut memory = Memory::of(target);

    let tokens = begin_conversations(target, plan.objects, note).await?;
    rest(hold, "before any socket", note).await;
    memory.read("conversations begun, no socket")?;
    let began = Instant::now();
    let mut rooms = open_sockets(target, plan, &tokens, note).await?;
    report.fact(
        "sockets opened a second",
        f64::from(plan.sockets) / began.elapsed().as_secs_f64(),
        "/s",
    );
    memory.read("all sockets just opened")?;
    let busy = memory.cpu_secs();
    rest(hold, "sockets idle", note).await;
    memory.read("all sockets idle")?;
    if let (Some(before), Some(after)) = (busy, memory.cpu_secs()) {
        let share = (after - before) / hold.as_secs_f64() * 100.0;
        report.fact("of a core, while nothing happens", share, "%");
    }

    let answered = ping_all(&mut rooms, note).await?;
    report.latency("ping to pong, all sockets by turns", &answered);
    memory.read("after a ping on each")?;
    let seen = wake_some(&target.agent().await?, &mut rooms, plan.sample, note).await?;
    report.latency(
        "an agent's message to each socket of a conversation that slept",
        &seen,
    );
    memory.read("after messages to some")?;
    let n_sockets: usize = rooms.iter().map(|room| room.sockets.len()).sum();
    report.fact("sockets alive at the end", n_sockets as f64, "");
    close_all(rooms, note).await;
    rest(hold, "sockets closed", note).await;
    memory.read("all sockets closed")?;

    if let Some(bytes) = memory.per_socket(plan.sockets) {
        report.fact("memory of workerd a socket, idle", bytes / 1024.0, "kB");
    }
    report.tables.push(memory.table());
    Ok(report.end())
}

/// Conversations that have a message each, by their visitors' tokens.
async fn begin_conversations(
    target: &Target,
    n_objects: u32,
    note: Note<'_>,
) -> Result<Vec<(ConversationId, String)>> {
    let mut beginning = stream::iter(0..n_objects)
        .map(|n| async move {
            let key = &target.stack.widget.inbox_key;
            let session = target.public.widget_session(key).await?;
            let mut socket = target.public.widget_socket(&session.token).await?;
            socket.write("first", target.text(u64::from(n))).await?;
            socket.wait_for_type(WITHIN, "ack").await?;
            socket.close().await;
            Ok::<_, anyhow::Error>((session.conversation_id, session.token))
        })
        .buffer_unordered(AT_ONCE);
    let mut tokens = Vec::new();
    while let Some(token) = beginning.try_next().await? {
        tokens.push(token);
        note(&format!("{} of {n_objects} conversations", tokens.len()));
    }
    Ok(tokens)
}

async fn open_sockets(
    target: &Target,
    plan: &IdlePlan,
    tokens: &[(ConversationId, String)],
    note: Note<'_>,
) -> Result<Vec<Room>> {
    let mut rooms: Vec<Room> = tokens
        .iter()
        .map(|(id, _)| Room {
            id: *id,
            sockets: Vec::new(),
        })
        .collect();
    let mut opening = stream::iter(0..usize::try_from(plan.sockets)?)
        .map(|n| n % tokens.len())
        .map(|index| async move {
            let socket = target.public.widget_socket(&tokens[index].1).await?;
            Ok::<_, anyhow::Error>((index, socket))
        })
        .buffer_unordered(AT_ONCE);
    let mut n_open = 0_u32;
    while let Some((index, socket)) = opening
        .try_next()
        .await
        .with_context(|| format!("only {n_open} sockets could be opened"))?
    {
        rooms[index].sockets.push(socket);
        n_open += 1;
        note(&format!("{n_open} of {} sockets", plan.sockets));
    }
    Ok(rooms)
}

/// A ping on every socket. What answers it is the runtime: no object is woken.
async fn ping_all(rooms: &mut [Room], note: Note<'_>) -> Result<Latency> {
    let mut latency = Latency::default();
    for (index, room) in rooms.iter_mut().enumerate() {
        for socket in &mut room.sockets {
            let sent = Instant::now();
            socket.send_text(PING).await?;
            while socket.next_text(WITHIN).await? != PONG {}
            latency.add(sent.elapsed());
        }
        if index % 50 == 0 {
            note(&format!("{} sockets have answered a ping", latency.len()));
        }
    }
    Ok(latency)
}

/// An agent writes into some of the conversations, each of which has slept; every socket of it sees it.
async fn wake_some(
    agent: &Edgedesk,
    rooms: &mut [Room],
    n_rooms: u32,
    note: Note<'_>,
) -> Result<Latency> {
    let mut latency = Latency::default();
    let step = (rooms.len() / usize::try_from(n_rooms)?).max(1);
    for room in rooms.iter_mut().step_by(step) {
        let path = format!("/api/v1/conversations/{}/messages", room.id);
        let sent = Instant::now();
        let body = json!({"text": "Are you still there?"});
        agent.post(&path, &body).await?.expect_success()?;
        for socket in &mut room.sockets {
            socket
                .wait_for_type(WITHIN, "message.created")
                .await
                .with_context(|| format!("conversation {} is not awake", room.id))?;
            latency.add(sent.elapsed());
        }
        note(&format!("{} sockets have seen a message", latency.len()));
    }
    Ok(latency)
}

async fn close_all(rooms: Vec<Room>, note: Note<'_>) {
    note("closing all sockets");
    let sockets = rooms.into_iter().flat_map(|room| room.sockets);
    stream::iter(sockets)
        .for_each_concurrent(AT_ONCE, Socket::close)
        .await;
}

/// Time is what is measured here: how the stack is after so long a rest.
async fn rest(length: Duration, what: &str, note: Note<'_>) {
    note(&format!("{what}: resting {} s", length.as_secs()));
    sleep(length).await;
}

/// What the stack takes at each stage, where its processes are known.
struct Memory {
    group: Option<i32>,
    stages: Vec<(&'static str, Usage)>,
}

impl Memory {
    fn of(target: &Target) -> Self {
        Self {
            group: target.group,
            stages: Vec::new(),
        }
    }

    fn read(&mut self, stage: &'static str) -> Result<()> {
        if let Some(group) = self.group {
            self.stages.push((stage, machine::usage(group)?));
        }
        Ok(())
    }

    fn cpu_secs(&self) -> Option<f64> {
        self.stages.last().map(|(_, usage)| usage.cpu_secs)
    }

    /// Between the first stage and the third: without sockets, and with all of them asleep.
    fn per_socket(&self, n_sockets: u32) -> Option<f64> {
        let (_, without) = self.stages.first()?;
        let (_, with) = self.stages.get(2)?;
        let more = with.workerd_bytes as f64 - without.workerd_bytes as f64;
        Some(more / f64::from(n_sockets))
    }

    fn table(&self) -> Table {
        let megabytes = |bytes: u64| format!("{:.0}", bytes as f64 / 1e6);
        let rows = self.stages.iter().map(|(stage, usage)| {
            let cells = [usage.workerd_bytes, usage.resident_bytes].map(megabytes);
            std::iter::once((*stage).to_owned()).chain(cells).collect()
        });
        Table {
            title: "Resident memory".into(),
            head: ["in MB", "workerd", "all processes of the stack"]
                .map(str::to_owned)
                .into(),
            rows: rows.collect(),
        }
    }
}
