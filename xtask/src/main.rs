//! `cargo xtask`: everything around the Workers. One command sets up, builds, migrates, seeds and runs; another tests.
#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "a tool reads the clock of its machine"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Prints a line, and does not mind a reader who has gone away.
macro_rules! say {
    ($($part:tt)*) => { $crate::progress::say(format_args!($($part)*)) };
}

mod analyze;
mod audit;
mod backup;
mod bench;
mod build;
mod dev;
mod drill;
mod eval;
mod fuzz;
mod keys;
mod load;
mod migrate;
#[cfg(test)]
mod migrations;
mod native;
mod process;
mod progress;
mod reader;
mod rebuild;
mod runtime;
#[cfg(test)]
mod security_map;
mod seed;
mod setup;
mod shard;
mod simulate;
#[cfg(test)]
mod sql_texts;
mod stamp;
mod stats;
mod test;
mod worker;
mod workspace;
mod zendesk;

/// Everything around the Workers: set up, build, run, test, measure.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what the builds need into the checkout: wasm target, worker-build, wasm-bindgen, npm packages.
    Setup,
    /// Build Workers, pages and the API document; what did not change is left alone.
    Build(build::BuildArguments),
    /// Set up, build, migrate, seed and run everything locally, until Ctrl-C.
    Dev(dev::DevArguments),
    /// Run every layer of tests, or those named.
    Test(test::TestArguments),
    /// Measure, and compare with the budgets of the design.
    Bench(bench::BenchArguments),
    /// Put a stack on this machine under load, and see that nothing is lost.
    Load(load::LoadArguments),
    /// Look for inputs that break the parsers of what strangers send.
    Fuzz(fuzz::FuzzArguments),
    /// Analyse messages: JSON lines in, JSON lines out.
    Analyze(analyze::AnalyzeArguments),
    /// Measure the models on labelled data; the last line is one JSON object.
    Eval(eval::EvalArguments),
    /// Play Zendesk.
    Zendesk(zendesk::ZendeskArguments),
    /// Play realistic conversations, so that the console can be seen alive.
    Simulate(simulate::SimulateArguments),
    /// Rebuild the D1 read model from the conversation logs, and compare it with what was there.
    Rebuild(rebuild::RebuildArguments),
    /// Copy a state folder while it is used, verify the copy, and put it back.
    Backup(backup::BackupArguments),
    /// Lose a stack under load, restore it from a backup, and see that nothing is missing.
    Drill(drill::DrillArguments),
    /// Verify or export the audit log of an account.
    Audit(audit::AuditArguments),
    /// Move an account to another shard while it is used.
    Shard(shard::ShardArguments),
    /// Make data keys of accounts new, and see under which root they are sealed.
    Keys(keys::KeysArguments),
}

/// How to find a running stack.
#[derive(Debug, Clone, clap::Args)]
pub struct StackArguments {
    /// The `dev.json` of the stack to talk to.
    #[arg(
        long,
        value_name = "FILE",
        env = "EDGEDESK_DEV_JSON",
        default_value = ".edgedesk/dev.json"
    )]
    pub dev_json: PathBuf,
}

impl StackArguments {
    fn read(&self) -> Result<edgedesk_client::Stack> {
        let path = workspace::root().join(&self.dev_json);
        edgedesk_client::Stack::read(&path).map_err(|error| {
            anyhow::anyhow!("no running stack ({error}); start one with `cargo xtask dev`")
        })
    }
}

/// Texts as customers write them, from the repository's own corpus.
fn texts() -> Result<Vec<String>> {
    let file = workspace::root().join("tests/corpora/questions.txt");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// What a command exits with when its arguments name something that cannot be used; clap exits with the same.
const BAD_INPUT: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return ExitCode::FAILURE;
    };
    // Whatever a command has started is ended by its drop, so leaving by a signal needs no list of processes.
    let result = tokio::select! {
        result = run(arguments.command) => result,
        _ = tokio::signal::ctrl_c() => { say!(""); return ExitCode::from(130) }
        _ = terminated.recv() => return ExitCode::from(143),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            if error.is::<eval::table::BadInput>() {
                ExitCode::from(BAD_INPUT)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Setup => setup::tools().await,
        Command::Build(arguments) => build::run(arguments).await,
        Command::Dev(arguments) => dev::run(arguments).await,
        Command::Test(arguments) => test::run(arguments).await,
        Command::Bench(arguments) => bench::run(arguments).await,
        Command::Load(arguments) => load::run(arguments).await,
        Command::Fuzz(arguments) => fuzz::run(arguments).await,
        Command::Analyze(arguments) => analyze::run(arguments).await,
        Command::Eval(arguments) => eval::run(arguments).await,
        Command::Zendesk(arguments) => zendesk::run(arguments).await,
        Command::Simulate(arguments) => simulate::run(arguments).await,
        Command::Rebuild(arguments) => rebuild::run(arguments).await,
        Command::Backup(arguments) => backup::run(arguments).await,
        Command::Drill(arguments) => drill::run(arguments).await,
        Command::Audit(arguments) => audit::run(arguments).await,
        Command::Shard(arguments) => shard::run(arguments).await,
        Command::Keys(arguments) => keys::run(arguments).await,
    }
}
