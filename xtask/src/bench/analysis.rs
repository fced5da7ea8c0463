//! How long models and whole analyses take, by length: in the inference Worker, and the model natively.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

use super::Bench;
use super::report::Row;
use crate::process::{self, output};
use crate::progress::Step;
use crate::workspace::{cargo, root};
use edgedesk_client::Edgedesk;

/// Tokens, and the most milliseconds that their whole analysis may take in Wasm.
const LENGTHS: [(u32, f64); 4] = [(16, 5.0), (32, 8.0), (64, 16.0), (128, 32.0)];

/// Rows of an index, and the most milliseconds that a search over all of them may take in Wasm.
const INDEX_SIZES: [(u32, Option<f64>); 3] = [(1_000, None), (10_000, Some(3.0)), (50_000, None)];

/// Rounds per length in Wasm; the median round counts, so that one disturbance does not.
const ROUNDS: u32 = 7;

/// Most memory that the inference isolate may take, in MB.
const MEMORY_BUDGET_MB: f64 = 110.0;

#[derive(Debug, Deserialize)]
struct WasmTimes {
    mean_ms: f64,
    memory_bytes: f64,
}

#[derive(Debug, Deserialize)]
struct NativeTimes {
    median_ms: BTreeMap<String, f64>,
}

/// Builds the program that measures natively.
pub async fn build_native() -> Result<PathBuf> {
    let mut step = Step::begin("building the native model");
    let mut build = cargo();
    build.args(["build", "--release", "--package", "edgedesk-encoder"]);
    build.args(["--example", "time_by_length"]);
    process::run(&mut step, build).await?;
    step.end("built");
    Ok(root().join("target/release/examples/time_by_length"))
}

/// Times of the native build.
pub async fn native(program: &PathBuf) -> Result<Vec<Row>> {
    let text = output(Command::new(program))
        .await
        .context("time_by_length failed")?;
    let times: NativeTimes = serde_json::from_str(&text)?;
    LENGTHS
        .iter()
        .map(|(tokens, _)| {
            let millis = times.median_ms.get(&tokens.to_string());
            let millis = millis.with_context(|| format!("no time for {tokens} tokens"))?;
            Ok(Row::plain(
                format!("model, {tokens} tokens, native"),
                *millis,
                "ms",
            ))
        })
        .collect()
}

/// Times in the inference Worker. Its clock stands still while it computes, so many runs are timed together.
pub async fn wasm(bench: &Bench) -> Result<Vec<Row>> {
    let inference = Edgedesk::anonymous(&bench.inference_url);
    let mut step = Step::begin("timing the models in Wasm");
    let mut rows = Vec::new();
    let mut memory = 0.0_f64;
    // Embeddings last: an isolate that only analyses does not hold their part of the network.
    for what in ["model", "analysis", "embedding"] {
        for (tokens, budget) in LENGTHS {
            step.note(&format!("{what}, {tokens} tokens"));
            let asked = format!("what={what}&tokens={tokens}");
            let (median, bytes) = median_ms(bench, &inference, &asked).await?;
            let name = format!("{what}, {tokens} tokens, Wasm");
            if what == "analysis" {
                rows.push(Row::at_most(format!("whole {name}"), median, "ms", budget));
            } else {
                rows.push(Row::plain(name, median, "ms"));
            }
            if what != "embedding" {
                memory = memory.max(bytes);
            }
        }
    }
    rows.push(
        Row::at_most(
            "inference memory",
            memory / 1_000_000.0,
            "MB",
            MEMORY_BUDGET_MB,
        )
        .note("the Wasm's linear memory after its largest run"),
    );
    for (n_rows, budget) in INDEX_SIZES {
        step.note(&format!("search, {n_rows} rows"));
        let asked = format!("what=search&rows={n_rows}");
        let (median, _) = median_ms(bench, &inference, &asked).await?;
        let name = format!("exact search over {n_rows} x 384, Wasm");
        let row = match budget {
            Some(budget) => Row::at_most(name, median, "ms", budget),
            None => Row::plain(name, median, "ms"),
        };
        rows.push(row.note("the median of rounds of many searches, 200 hits each"));
    }
    step.end("timed");
    Ok(rows)
}

/// The median round's milliseconds a run, and the Wasm's memory after it.
async fn median_ms(bench: &Bench, inference: &Edgedesk, asked: &str) -> Result<(f64, f64)> {
    let runs = (bench.plan.model_runs / ROUNDS).max(3);
    let mut means = Vec::new();
    let mut memory = 0.0_f64;
    for _ in 0..ROUNDS {
        let path = format!("/bench?{asked}&runs={runs}");
        let answer = inference.get(&path).await?;
        if answer.status != 200 {
            bail!("/bench answered {}: {}", answer.status, answer.text());
        }
        let times: WasmTimes = answer.json()?;
        means.push(times.mean_ms);
        memory = memory.max(times.memory_bytes);
    }
    means.sort_by(f64::total_cmp);
    Ok((means[means.len() / 2], memory))
}
