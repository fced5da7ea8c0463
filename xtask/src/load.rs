//! `cargo xtask load`: many messages, many sockets, many rows, on this machine; then whether anything was lost, and how long it all
//! took. What is run is in `edgedesk-load`; here a stack is found or started for it, and the report is put where it is wanted.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use edgedesk_client::Stack;
use edgedesk_client::ports::free_port;
use edgedesk_load::scenarios::{conversations, hooks, idle, reads, soak};
use edgedesk_load::{Report, Target, fill, machine, report};
use edgedesk_store::seed::AURORA;

use crate::build::{self, BuildArguments};
use crate::progress::Step;
use crate::runtime::{Direct, Options, Runtime};
use crate::workspace::root;
use crate::{migrate, seed, setup, texts};

/// Options of `cargo xtask load`.
#[derive(Debug, Args)]
pub struct LoadArguments {
    #[command(subcommand)]
    scenario: Scenario,
    /// The `dev.json` of a running stack, instead of starting one. Its rows are not counted: others may use it.
    #[arg(long, value_name = "FILE", global = true, conflicts_with_all = ["state", "no_build"])]
    dev_json: Option<PathBuf>,
    /// Keep the data of the stack that is started in this folder; a folder of its own is deleted afterwards.
    #[arg(long, value_name = "DIR", global = true)]
    state: Option<PathBuf>,
    /// Use the builds that are there, of whatever profile, instead of optimised ones.
    #[arg(long, global = true)]
    no_build: bool,
    /// Put the report into this page, in the place of the section of the same title.
    #[arg(long, value_name = "FILE", global = true)]
    report: Option<PathBuf>,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE", global = true)]
    json: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Signed webhooks, at a rate or as fast as they are taken.
    Hooks(hooks::HooksPlan),
    /// Customers and an agent over sockets, at a rate.
    Conversations(conversations::ConversationsPlan),
    /// Thousands of sockets on which nothing happens.
    Idle(idle::IdlePlan),
    /// Webhooks and sockets together, for minutes: a million events an hour.
    Soak(soak::SoakPlan),
    /// Every read of the API, over a read model of a size.
    Reads(reads::ReadsPlan),
}

impl Scenario {
    fn name(&self) -> &'static str {
        match self {
            Self::Hooks(_) => "hooks",
            Self::Conversations(_) => "conversations",
            Self::Idle(_) => "idle",
            Self::Soak(_) => "soak",
            Self::Reads(_) => "reads",
        }
    }

    /// Files that the stack has open. It takes its limit from us, so ours is raised before it starts.
    fn n_files(&self) -> u64 {
        match self {
            Self::Hooks(plan) => plan.n_files(),
            Self::Conversations(plan) => plan.n_files(),
            Self::Idle(plan) => plan.n_files(),
            Self::Soak(plan) => plan.n_files(),
            Self::Reads(plan) => plan.n_files(),
        }
    }

    async fn run(&self, target: &Target) -> Result<Report> {
        let mut step = Step::begin(self.name());
        let mut note = |line: &str| step.note(line);
        let report = match self {
            Self::Hooks(plan) => hooks::run(target, plan, &mut note).await,
            Self::Conversations(plan) => conversations::run(target, plan, &mut note).await,
            Self::Idle(plan) => idle::run(target, plan, &mut note).await,
            Self::Soak(plan) => soak::run(target, plan, &mut note).await,
            Self::Reads(plan) => reads::run(target, plan, &mut note).await,
        }?;
        step.end(if report.verdict().is_ok() {
            "whole"
        } else {
            "NOT WHOLE"
        });
        Ok(report)
    }
}

/// `cargo xtask load`.
pub async fn run(arguments: LoadArguments) -> Result<()> {
    machine::allow_open_files(arguments.scenario.n_files())?;
    let mut report = match &arguments.dev_json {
        Some(file) => on_running(&arguments.scenario, &root().join(file)).await?,
        None => on_own(&arguments).await?,
    };
    report.command = command(std::env::args().skip(1));
    say!("\n{}", report.text());
    if let Some(file) = &arguments.report {
        let file = root().join(file);
        let page = std::fs::read_to_string(&file).unwrap_or_default();
        write(&file, &report::with_section(&page, &report))?;
    }
    if let Some(file) = &arguments.json {
        write(&root().join(file), &(report.json()? + "\n"))?;
    }
    report.verdict()
}

async fn on_running(scenario: &Scenario, file: &Path) -> Result<Report> {
    if matches!(scenario, Scenario::Reads(_)) {
        bail!("`reads` fills the databases before the stack starts: leave out `--dev-json`");
    }
    let stack = Stack::read(file)
        .with_context(|| "no running stack; start one with `cargo xtask dev`".to_owned())?;
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    scenario.run(&target(stack, folder)?).await
}

async fn on_own(arguments: &LoadArguments) -> Result<Report> {
    if !arguments.no_build {
        setup::tools().await?;
        build::run(BuildArguments::everything(true)).await?;
    }
    // One folder a run, unless one is asked for: two at once would delete each other's.
    let own = root().join(format!("target/load-state/{}", std::process::id()));
    let state = arguments
        .state
        .as_ref()
        .map_or(own, |state| root().join(state));
    std::fs::create_dir_all(&state).with_context(|| format!("cannot make {}", state.display()))?;
    migrate::apply(&state).await?;
    let demo = seed::apply(&state).await?;
    if let Scenario::Reads(plan) = &arguments.scenario {
        fill(&state, plan.conversations).await?;
    }
    let options = Options {
        port: free_port()?,
        state: state.clone(),
        without_inference: false,
        direct: Some(Direct {
            apart: true,
            bench: !arguments.no_build,
            ..Direct::default()
        }),
    };
    let mut runtime = Runtime::start(&options).await?;
    let mut target = target(demo.at(runtime.url())?, &state)?;
    target.is_ours = true;
    let outcome = runtime.during(arguments.scenario.run(&target)).await;
    drop(runtime);
    if outcome.is_ok() && arguments.state.is_none() {
        // Left-overs are in `target`, where nobody minds them.
        let _ = std::fs::remove_dir_all(&state);
    }
    outcome
}

fn target(stack: Stack, folder: &Path) -> Result<Target> {
    let mut target = Target::new(stack, texts()?)?;
    let group = std::fs::read_to_string(folder.join("runtime.pgid"));
    target.group = group.ok().and_then(|group| group.trim().parse().ok());
    Ok(target)
}

/// Fills the read model of a new state folder. One that is kept was filled when it was new.
async fn fill(state: &Path, n_conversations: u32) -> Result<()> {
    let mark = state.join("filled");
    let filled = std::fs::read_to_string(&mark).unwrap_or_default();
    if filled.trim() == n_conversations.to_string() {
        return Ok(());
    }
    let mut step = Step::begin("filling the read model");
    let configuration = root().join("wrangler.toml");
    let texts = texts()?;
    let mut note = |line: &str| step.note(line);
    fill::conversations(
        state,
        &configuration,
        &AURORA,
        n_conversations,
        &texts,
        &mut note,
    )
    .await?;
    write(&mark, &n_conversations.to_string())?;
    step.end(&format!("{n_conversations} conversations"));
    Ok(())
}

/// The command that repeats a run, without the names of files, which are its caller's own.
fn command(arguments: impl Iterator<Item = String>) -> String {
    let mut words = vec!["cargo xtask".to_owned()];
    let mut is_file = false;
    for word in arguments {
        let names_file = ["--dev-json", "--state", "--report", "--json"]
            .iter()
            .any(|option| word == *option || word.starts_with(&format!("{option}=")));
        if !names_file && !is_file {
            words.push(word.clone());
        }
        is_file = names_file && !word.contains('=');
    }
    words.join(" ")
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Whole {
        #[command(flatten)]
        load: LoadArguments,
    }

    fn parsed(line: &str) -> Result<LoadArguments, clap::Error> {
        let words = std::iter::once("load").chain(line.split_whitespace());
        Whole::try_parse_from(words).map(|whole| whole.load)
    }

    #[test]
    fn every_rate_time_and_count_has_a_bound() {
        for fine in [
            "hooks",
            "hooks --loop closed --connections 64 --seconds 10",
            "hooks --loop open --rate 5000 --report page.md",
            "conversations --customers 2000 --rate 1",
            "idle --sockets 10000 --objects 1",
            "soak --rate 278 --minutes 10",
            "reads --conversations 100000 --no-build",
        ] {
            assert!(parsed(fine).is_ok(), "{fine}: {:?}", parsed(fine).err());
        }
        for wrong in [
            "",
            "hooks --rate 0",
            "hooks --rate 5001",
            "hooks --rate -1",
            "hooks --seconds 3601",
            "hooks --connections 2001",
            "hooks --loop ajar",
            "conversations --customers 0",
            "idle --sockets 20001",
            "soak --minutes 61",
            "soak --chats-percent 100",
            "reads --connections 1001",
            "reads --conversations 1000001",
            "hooks --dev-json a.json --state b",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_report_names_no_file_of_whoever_made_it() {
        let line = "load hooks --rate 50 --report docs/page.md --json=x.json --no-build";
        let words = line.split(' ').map(str::to_owned);
        assert_eq!(
            command(words),
            "cargo xtask load hooks --rate 50 --no-build"
        );
    }
}
