//! `cargo xtask bench`: how fast and how small, against the budgets of the design. Everything runs on this machine: the
//! Workers under workerd itself, the load from this process, over the loopback interface only.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use edgedesk_client::ports::free_port;
use edgedesk_client::{Edgedesk, Stack};

use crate::build::{self, BuildArguments};
use crate::runtime::{Direct, Options, Runtime};
use crate::workspace::root;
use crate::{migrate, seed, setup};

mod access;
mod analysis;
mod hooks;
mod report;
mod sizes;
mod start;
mod training;
mod widget;

use report::{Report, Row};

/// Options of `cargo xtask bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// Shorter runs: enough to see that everything works, too few to trust a percentile.
    #[arg(long)]
    pub quick: bool,
    /// Where the JSON goes.
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    pub json: PathBuf,
}

/// How long each part runs.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Seconds of messages at a fixed rate.
    pub open_secs: u64,
    /// Seconds of messages as fast as they are taken.
    pub closed_secs: u64,
    /// Seconds of `GET` against each Worker, twice.
    pub get_secs: u64,
    /// Runs of the model per length.
    pub model_runs: u32,
    /// Starts per Worker.
    pub starts: u32,
}

/// The running Workers and where to reach each.
pub struct Bench {
    plan: Plan,
    stack: Stack,
    public: Edgedesk,
    inference_url: String,
    raw_url: String,
}

/// `cargo xtask bench`.
pub async fn run(arguments: BenchArguments) -> Result<()> {
    let plan = if arguments.quick {
        Plan {
            open_secs: 6,
            closed_secs: 4,
            get_secs: 2,
            model_runs: 20,
            starts: 1,
        }
    } else {
        Plan {
            open_secs: 40,
            closed_secs: 15,
            get_secs: 5,
            model_runs: 200,
            starts: 5,
        }
    };
    setup::tools().await?;
    build::run(BuildArguments::everything(true)).await?;
    let native = analysis::build_native().await?;

    let mut report = Report::begin(arguments.quick);
    report.add(sizes::workers()?);
    report.add(sizes::pages()?);
    report.add(start::cold(plan).await?);
    report.add(analysis::native(&native).await?);
    report.add(under_load(plan).await?);

    say!("\n{}", report.table());
    let file = root().join(&arguments.json);
    std::fs::write(&file, report.json()? + "\n")
        .with_context(|| format!("cannot write {}", file.display()))?;
    say!("written to {}", arguments.json.display());
    Ok(())
}

/// Everything that needs the three Workers running.
async fn under_load(plan: Plan) -> Result<Vec<Row>> {
    // One folder a run: two at once would delete each other's.
    let state = root().join(format!("target/bench-state/{}", std::process::id()));
    std::fs::create_dir_all(&state)?;
    migrate::apply(&state).await?;
    let demo = seed::apply(&state).await?;
    let (port, inference_port, raw_port) = (free_port()?, free_port()?, free_port()?);
    let mut runtime = Runtime::start(&Options {
        port,
        state: state.clone(),
        without_inference: false,
        direct: Some(Direct {
            inference_port: Some(inference_port),
            jobs_port: None,
            raw_port: Some(raw_port),
            bench: true,
            apart: true,
            models: None,
            vars: Vec::new(),
            jobs_vars: Vec::new(),
        }),
    })
    .await?;
    let stack = demo.at(runtime.url())?;
    let bench = Bench {
        plan,
        public: Edgedesk::anonymous(&stack.url),
        stack,
        inference_url: format!("http://127.0.0.1:{inference_port}"),
        raw_url: format!("http://127.0.0.1:{raw_port}"),
    };
    let rows = runtime
        .during(async {
            let mut rows = analysis::wasm(&bench).await?;
            rows.extend(training::rows(&bench).await?);
            rows.extend(hooks::get_share(&bench).await?);
            rows.extend(access::rows(&bench).await?);
            // Before the others: an account has so many drafts a minute.
            rows.extend(widget::drafts(&bench).await?);
            rows.extend(widget::messages(&bench).await?);
            rows.extend(hooks::at_a_rate(&bench).await?);
            rows.extend(hooks::as_fast_as_taken(&bench).await?);
            Ok(rows)
        })
        .await;
    drop(runtime);
    if rows.is_ok() {
        // Left-overs are in `target`, where nobody minds them.
        let _ = std::fs::remove_dir_all(&state);
    }
    rows
}

/// Messages per second of the measurements at a fixed rate.
const RATE: u64 = 50;

/// The moments at which messages of a fixed rate are due, from now on.
fn schedule(secs: u64) -> impl Iterator<Item = tokio::time::Instant> {
    let begin = tokio::time::Instant::now() + Duration::from_millis(100);
    (0..secs * RATE).map(move |n| begin + Duration::from_micros(n * 1_000_000 / RATE))
}
