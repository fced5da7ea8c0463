//! From a customer's keyboard to an agent's eyes: a message over sockets, and its analysis.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use edgedesk_client::{Edgedesk, Socket};
use edgedesk_wire::api::WidgetSessionResponse;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::report::Row;
use super::{Bench, RATE, schedule};
use crate::progress::Step;
use crate::stats::Samples;
use crate::texts;

/// Visitors who write by turns: at 50/s each writes about once a second.
const VISITORS: usize = 40;
/// Drafts that are timed: with the greetings before them fewer than an account has in a minute for messages of normal priority.
const DRAFTS: usize = 19;
/// How long the last analyses may take to come in.
const LAST_WITHIN: Duration = Duration::from_mins(1);

/// When each message was due, by the visitor's id for it.
type Due = Arc<Mutex<HashMap<String, Instant>>>;

/// What an agent's socket has seen, and when.
enum Seen {
    Message(Duration),
    Analysis(Duration),
    Draft(Duration),
}

/// Messages at a fixed rate, each seen on an agent's socket to the same conversation.
pub async fn messages(bench: &Bench) -> Result<Vec<Row>> {
    let mut step = Step::begin(format!("widget messages at {RATE}/s"));
    let agent = bench.public.login(&bench.stack.agent).await?;
    let texts = texts()?;
    let due_times = Due::default();
    let (seen, mut sightings) = mpsc::unbounded_channel();
    let (mut writers, mut readers) = (Vec::new(), JoinSet::new());
    for n in 0..VISITORS {
        let session = bench
            .public
            .widget_session(&bench.stack.widget.inbox_key)
            .await?;
        let (writer, room) = open(bench, &agent, &session).await?;
        readers.spawn(watch(room, Arc::clone(&due_times), seen.clone()));
        let (sender, outgoing) = mpsc::unbounded_channel();
        readers.spawn(write(writer, outgoing));
        writers.push(sender);
        step.note(&format!("{} visitors", n + 1));
    }

    let mut n_sent = 0;
    for (turn, due) in schedule(bench.plan.open_secs).enumerate() {
        tokio::time::sleep_until(due).await;
        let client_id = format!("bench-{turn}");
        due_times
            .lock()
            .expect("no holder panics")
            .insert(client_id.clone(), due);
        let text = texts[turn % texts.len()].clone();
        writers[turn % VISITORS]
            .send((client_id, text))
            .ok()
            .context("a visitor's socket ended")?;
        n_sent += 1;
    }
    let (mut messages, mut analyses) = (Samples::default(), Samples::default());
    let all = async {
        while messages.len() < n_sent || analyses.len() < n_sent {
            match sightings.recv().await {
                Some(Seen::Message(took)) => messages.add(took),
                Some(Seen::Analysis(took)) => analyses.add(took),
                Some(Seen::Draft(_)) => {}
                None => bail!("all sockets ended"),
            }
            step.note(&format!(
                "{} seen, {} analysed",
                messages.len(),
                analyses.len()
            ));
        }
        Ok(())
    };
    tokio::time::timeout(LAST_WITHIN, all)
        .await
        .context("messages or analyses did not arrive")??;
    step.end(&format!("{n_sent} seen and analysed"));
    let at = |share: f64, samples: &mut Samples| samples.percentile(share).unwrap_or(f64::NAN);
    Ok(vec![
        Row::plain(
            format!("message to agent's socket at {RATE}/s, p50"),
            at(0.5, &mut messages),
            "ms",
        ),
        Row::at_most(
            format!("message to agent's socket at {RATE}/s, p95"),
            at(0.95, &mut messages),
            "ms",
            4.0,
        ),
        Row::plain(
            format!("message to its analysis at {RATE}/s, p50"),
            at(0.5, &mut analyses),
            "ms",
        ),
        Row::at_most(
            format!("message to its analysis at {RATE}/s, p95"),
            at(0.95, &mut analyses),
            "ms",
            20.0,
        ),
        Row::plain(
            format!("message to its analysis at {RATE}/s, p99"),
            at(0.99, &mut analyses),
            "ms",
        ),
    ])
}

/// Messages of visitors of their own, one after the other, each until an agent sees what is offered for it. Below the fifty a minute
/// of an account: what waits for its turn says nothing of how fast a draft is written.
pub async fn drafts(bench: &Bench) -> Result<Vec<Row>> {
    let mut step = Step::begin("messages until their suggestions are shown");
    let agent = bench.public.login(&bench.stack.agent).await?;
    let texts = texts()?;
    let mut took = Samples::default();
    for n in 0..DRAFTS {
        let session = bench
            .public
            .widget_session(&bench.stack.widget.inbox_key)
            .await?;
        let within = Duration::from_secs(20);
        let mut writer = bench.public.widget_socket(&session.token).await?;
        // A room can be looked into once somebody has written.
        writer.write("first", "Hello").await?;
        writer.wait_for_type(within, "ack").await?;
        let room = agent.conversation_socket(session.conversation_id).await?;
        let (due_times, (seen, mut sightings)) = (Due::default(), mpsc::unbounded_channel());
        let watching = tokio::spawn(watch(room, Arc::clone(&due_times), seen));
        let client_id = format!("draft-{n}");
        let due = Instant::now();
        due_times
            .lock()
            .expect("no holder panics")
            .insert(client_id.clone(), due);
        writer.write(&client_id, &texts[n % texts.len()]).await?;
        let shown = async {
            loop {
                match sightings.recv().await {
                    Some(Seen::Draft(took)) => return Ok(took),
                    Some(Seen::Message(_) | Seen::Analysis(_)) => {}
                    None => bail!("the agent's socket ended"),
                }
            }
        };
        took.add(
            tokio::time::timeout(LAST_WITHIN, shown)
                .await
                .context("no suggestions came")??,
        );
        watching.abort();
        step.note(&format!("{} of {DRAFTS}", n + 1));
    }
    step.end("shown");
    let at = |share: f64, samples: &mut Samples| samples.percentile(share).unwrap_or(f64::NAN);
    Ok(vec![
        Row::plain(
            "message to its suggestions shown, p50",
            at(0.5, &mut took),
            "ms",
        ),
        Row::at_most(
            "message to its suggestions shown, p95",
            at(0.95, &mut took),
            "ms",
            400.0,
        )
        .note("the embedded composer, one message at a time"),
    ])
}

/// The visitor's socket after a first message, and an agent's to the same conversation.
async fn open(
    bench: &Bench,
    agent: &Edgedesk,
    session: &WidgetSessionResponse,
) -> Result<(Socket, Socket)> {
    let within = Duration::from_secs(20);
    let mut writer = bench.public.widget_socket(&session.token).await?;
    writer.write("first", "Hello").await?;
    writer.wait_for_type(within, "ack").await?;
    let mut room = agent.conversation_socket(session.conversation_id).await?;
    room.send(&serde_json::json!({"type": "resume", "seq": 0}))
        .await?;
    room.wait_for_type(within, "message.analyzed").await?;
    Ok((writer, room))
}

/// Sends what it is given. The visitor's own frames are read and dropped, as a page would read them.
async fn write(
    mut socket: Socket,
    mut outgoing: mpsc::UnboundedReceiver<(String, String)>,
) -> Result<()> {
    let long = Duration::from_hours(1);
    loop {
        tokio::select! {
            next = outgoing.recv() => match next {
                Some((client_id, text)) => socket.write(&client_id, &text).await?,
                None => return Ok(()),
            },
            frame = socket.next_text(long) => { frame?; }
        }
    }
}

/// Reports every message and every analysis that an agent sees, with the time since the message was due.
async fn watch(mut room: Socket, due_times: Due, seen: mpsc::UnboundedSender<Seen>) -> Result<()> {
    // Analyses name the message's `seq`, messages name the visitor's id for it.
    let mut due_by_seq: HashMap<u64, Instant> = HashMap::new();
    let mut draft_by_seq: HashMap<u64, Instant> = HashMap::new();
    loop {
        let frame: Value = room.next(Duration::from_hours(1)).await?;
        let now = Instant::now();
        let sighting = match frame["type"].as_str() {
            Some("message.created") => {
                let client_id = frame["data"]["client_id"].as_str().unwrap_or_default();
                let due = due_times
                    .lock()
                    .expect("no holder panics")
                    .remove(client_id);
                let (Some(due), Some(seq)) = (due, frame["seq"].as_u64()) else {
                    continue;
                };
                due_by_seq.insert(seq, due);
                draft_by_seq.insert(seq, due);
                Seen::Message(now - due)
            }
            Some("draft.created") => {
                let seq = frame["data"]["message_seq"].as_u64();
                let Some(due) = seq.and_then(|seq| draft_by_seq.remove(&seq)) else {
                    continue;
                };
                Seen::Draft(now - due)
            }
            Some("message.analyzed") => {
                let seq = frame["data"]["message_seq"].as_u64();
                let Some(due) = seq.and_then(|seq| due_by_seq.remove(&seq)) else {
                    continue;
                };
                Seen::Analysis(now - due)
            }
            _ => continue,
        };
        if seen.send(sighting).is_err() {
            return Ok(());
        }
    }
}
