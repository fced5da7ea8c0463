//! Signed webhooks: how long until the acknowledgement, and how many a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use edgedesk_client::Edgedesk;
use edgedesk_load::connection::{Connection, Pool};
use edgedesk_load::read_back;
use edgedesk_load::webhooks::Webhooks;
use hyper::Method;
use tokio::task::JoinSet;

use super::report::Row;
use super::{Bench, RATE, schedule};
use crate::progress::Step;
use crate::stats::Samples;
use crate::texts;

/// Conversations that the messages go to.
const CONVERSATIONS: usize = 200;
/// Connections at a fixed rate: more than are ever busy, or waiting for one would be measured.
const POOL: usize = 32;
/// Connections that each send as soon as they are answered.
const LOOPS: usize = 32;
/// How long a backlog may take to drain.
const DRAIN_WITHIN: Duration = Duration::from_mins(5);

/// Webhooks at a fixed rate, whether or not earlier ones are answered. A wait counts from when the message was due.
pub async fn at_a_rate(bench: &Bench) -> Result<Vec<Row>> {
    let sender = Arc::new(Webhooks::new(&bench.stack, &texts()?, CONVERSATIONS)?);
    let pool = Arc::new(Pool::open(&bench.stack.url, POOL).await?);
    let admin = bench.public.login(&bench.stack.admin).await?;
    let before = read_back::rows(&admin).await?.messages;
    let mut step = Step::begin(format!("webhooks at {RATE}/s"));
    // Each conversation's first message makes its object; what is measured is the day, not the opening.
    for n in 0..CONVERSATIONS {
        sender.send_next(&mut *pool.take(n).await).await?;
    }
    drain(&admin, before + sender.n_sent(), &mut step).await?;

    let mut tasks = JoinSet::new();
    for (turn, due) in schedule(bench.plan.open_secs).enumerate() {
        tokio::time::sleep_until(due).await;
        let (sender, pool) = (Arc::clone(&sender), Arc::clone(&pool));
        tasks.spawn(async move {
            sender.send_next(&mut *pool.take(turn).await).await?;
            Ok::<_, anyhow::Error>(due.elapsed())
        });
        if turn % 50 == 0 {
            step.note(&format!("{turn} sent"));
        }
    }
    let mut samples = Samples::default();
    while let Some(outcome) = tasks.join_next().await {
        samples.add(outcome??);
    }
    drain(&admin, before + sender.n_sent(), &mut step).await?;
    step.end(&format!("{} acknowledged", samples.len()));
    let at = |share: f64, samples: &mut Samples| samples.percentile(share).unwrap_or(f64::NAN);
    let name = |which: &str| format!("webhook to ack at {RATE}/s, {which}");
    Ok(vec![
        Row::plain(name("p50"), at(0.5, &mut samples), "ms"),
        Row::at_most(name("p95"), at(0.95, &mut samples), "ms", 4.5),
        Row::plain(name("p99"), at(0.99, &mut samples), "ms"),
    ])
}

/// Webhooks as fast as they are taken, everything on; then how long the analyses and the read model lag.
pub async fn as_fast_as_taken(bench: &Bench) -> Result<Vec<Row>> {
    let sender = Arc::new(Webhooks::new(&bench.stack, &texts()?, CONVERSATIONS)?);
    let admin = bench.public.login(&bench.stack.admin).await?;
    let before = read_back::rows(&admin).await?;
    let mut step = Step::begin("webhooks as fast as they are taken");
    let mut warm = Connection::open(&bench.stack.url).await?;
    for _ in 0..CONVERSATIONS {
        sender.send_next(&mut warm).await?;
    }
    let begin = Instant::now();
    let end = begin + Duration::from_secs(bench.plan.closed_secs);
    let mut loops = JoinSet::new();
    for _ in 0..LOOPS {
        let sender = Arc::clone(&sender);
        let mut connection = Connection::open(&bench.stack.url).await?;
        loops.spawn(async move {
            let mut samples = Samples::default();
            while Instant::now() < end {
                let sent = Instant::now();
                sender.send_next(&mut connection).await?;
                samples.add(sent.elapsed());
            }
            Ok::<_, anyhow::Error>(samples)
        });
    }
    let mut samples = Samples::default();
    while let Some(outcome) = loops.join_next().await {
        samples.merge(outcome??);
    }
    let elapsed = begin.elapsed();
    let rate = samples.len() as f64 / elapsed.as_secs_f64();
    let lag_begin = Instant::now();
    let lost = drain(&admin, before.messages + sender.n_sent(), &mut step).await;
    let lag = lag_begin.elapsed();
    step.end(&format!("{} acknowledged", samples.len()));
    lost?;
    let sustained = samples.len() as f64 / (elapsed + lag).as_secs_f64();
    Ok(vec![
        Row::at_least("webhooks a second, closed loop", rate, "/s", 1300.0).note(format!(
            "{LOOPS} connections, {CONVERSATIONS} conversations"
        )),
        Row::plain(
            "webhook to ack, closed loop, p95",
            samples.percentile(0.95).unwrap_or(f64::NAN),
            "ms",
        ),
        Row::plain(
            "backlog after it, until analysed and in D1",
            lag.as_secs_f64(),
            "s",
        ),
        Row::plain("messages a second, analysed and in D1", sustained, "/s"),
    ])
}

/// The gateway's own cost: a `GET` that asks nobody, as a share of a JavaScript Worker that answers a constant.
pub async fn get_share(bench: &Bench) -> Result<Vec<Row>> {
    let mut step = Step::begin("GET against a raw Worker");
    let (mut gateway, mut raw) = (0.0, 0.0);
    // By turns, so that both see the same machine.
    for _ in 0..2 {
        raw += gets_a_second(&bench.raw_url, "/", bench.plan.get_secs).await?;
        gateway += gets_a_second(&bench.stack.url, "/health/live", bench.plan.get_secs).await?;
        step.note(&format!("{gateway:.0} against {raw:.0}"));
    }
    step.end("measured");
    let note = format!("{:.0}/s against {:.0}/s", gateway / 2.0, raw / 2.0);
    Ok(vec![
        Row::at_least("gateway GET, share of a raw Worker", gateway / raw, "", 0.7).note(note),
    ])
}

async fn gets_a_second(url: &str, path: &'static str, secs: u64) -> Result<f64> {
    let begin = Instant::now();
    let end = begin + Duration::from_secs(secs);
    let mut loops = JoinSet::new();
    for _ in 0..LOOPS {
        let mut connection = Connection::open(url).await?;
        loops.spawn(async move {
            let mut n = 0_u64;
            while Instant::now() < end {
                let (status, _) = connection
                    .send(Method::GET, path, &[], Bytes::new())
                    .await?;
                if status != 200 {
                    bail!("GET {path} answered {status}");
                }
                n += 1;
            }
            Ok(n)
        });
    }
    let mut total = 0;
    while let Some(outcome) = loops.join_next().await {
        total += outcome??;
    }
    Ok(total as f64 / begin.elapsed().as_secs_f64())
}

/// Waits until `n_messages` are in D1 with their analyses: nothing is lost, and the backlog drains.
async fn drain(admin: &Edgedesk, n_messages: u64, step: &mut Step) -> Result<()> {
    let mut note = |line: &str| step.note(line);
    read_back::drain(admin, n_messages, DRAIN_WITHIN, &mut note).await
}
