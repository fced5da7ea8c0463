//! How long a Worker takes from nothing to its first answer.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::Plan;
use super::report::Row;
use crate::build::{Part, Profile, folder, kept};
use crate::process::output;
use crate::progress::Step;
use crate::workspace::{command, node_bin, root};

#[derive(Debug, Deserialize)]
struct Starts {
    name: String,
    /// Milliseconds to the first answer, less those of an empty Worker in its place.
    cold_ms: f64,
}

/// Starts workerd with one Worker at a time, and with none, and compares.
pub async fn cold(plan: Plan) -> Result<Vec<Row>> {
    let mut step = Step::begin("cold starts");
    step.note("starting workerd again and again");
    let state = root().join(format!("target/bench-start/{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&state);
    std::fs::create_dir_all(&state)?;
    let workers: Vec<_> = [Part::Gateway, Part::Inference, Part::Jobs]
        .iter()
        .map(|worker| json!({"name": folder(*worker), "build": kept(*worker, Profile::Release)}))
        .collect();
    let argument = json!({"state": state, "starts": plan.starts, "workers": workers});
    let mut node = command(node_bin().join("node"));
    node.arg("--no-warnings")
        .arg(root().join("tests/bench/cold-start.mjs"))
        .arg(argument.to_string());
    let text = output(node).await.context("cold-start.mjs failed")?;
    // The Workers' own log lines come before.
    let starts: Vec<Starts> = serde_json::from_str(text.lines().last().unwrap_or_default())?;
    step.end("measured");
    let remark = "to its first answer, less an empty Worker's";
    Ok(starts
        .into_iter()
        .map(|start| {
            Row::plain(format!("cold start, {}", start.name), start.cold_ms, "ms").note(remark)
        })
        .collect())
}
