//! `cargo xtask test`: every layer, each of which must really have run.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use tokio::process::Command;

mod count;

use count::{Count, Reader};

use crate::build::{self, BuildArguments};
use crate::dev::{self, DevArguments};
use crate::process::Group;
use crate::runtime::Runtime;
use crate::setup;
use crate::workspace::{cargo, command, root, tools_bin};

/// A layer of tests, from the quickest to the slowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Layer {
    /// Rules and orchestration, compiled for this machine.
    Native,
    /// The shared crates under Wasm, and the pages' own scripts under Node.
    Wasm,
    /// The built Workers under the real runtime, over HTTP and sockets.
    Integration,
    /// Console and widget in Chromium.
    Browser,
}

/// Which layers.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// The layers to run; all of them by default.
    pub layers: Vec<Layer>,
    /// Pass only tests whose name contains this. Not for the browser layer.
    #[arg(long)]
    pub filter: Option<String>,
    /// Take the first outcome of every test. By default the few tests of the running stack that fail are run again, alone,
    /// and named at the end when they pass then.
    #[arg(long)]
    pub once: bool,
    /// Run the layers of the running stack over Workers that are optimised as for a deployment.
    #[arg(long)]
    pub release: bool,
}

/// Failures that are tried again. Where more fail, something is broken.
const MAX_AGAIN: usize = 3;

/// Most lines of the Workers' log that are shown of a layer that failed.
const MAX_COMPLAINTS: usize = 30;

/// `cargo xtask test`.
pub async fn run(arguments: TestArguments) -> Result<()> {
    let mut layers = arguments.layers.clone();
    if layers.is_empty() {
        layers.extend(Layer::value_variants());
    }
    layers.sort();
    layers.dedup();
    // Before anything is built: cargo may put another in the place of this program, which then has no path any more.
    let xtask = std::env::current_exe()?;
    setup::tools().await?;
    let mut total = Count::default();
    let mut broken = Vec::new();
    for layer in layers {
        say!("\n── {layer:?} ──");
        let mut count = Count::default();
        let outcome = match layer {
            Layer::Native => native(&arguments, &mut count).await,
            Layer::Wasm => wasm(&arguments, &mut count).await,
            Layer::Integration => integration(&arguments, &xtask, &mut count).await,
            Layer::Browser => browser(&arguments, &mut count).await,
        };
        if let Err(error) = outcome {
            say!("{layer:?}: {error:#}");
            broken.push(format!("{layer:?}"));
        } else if count.passed == 0 && arguments.filter.is_none() {
            say!("{layer:?}: not one test ran");
            broken.push(format!("{layer:?}"));
        }
        total.add(count);
    }
    // A layer that could not run counts as one failure, so that the closing line never looks better than it was.
    if total.failed == 0 {
        total.failed = broken.len() as u64;
    }
    for name in &total.unsteady {
        say!("unsteady, passed at the second try only: {name}");
    }
    say!("\n{} passed, {} failed", total.passed, total.failed);
    if !broken.is_empty() {
        bail!("not all is well in: {}", broken.join(", "));
    }
    Ok(())
}

async fn native(arguments: &TestArguments, count: &mut Count) -> Result<()> {
    let mut test = cargo();
    test.args(["test", "--no-fail-fast"])
        .args(build::NATIVE_PACKAGES);
    filtered(&mut test, arguments);
    shown(test, count).await
}

async fn wasm(arguments: &TestArguments, count: &mut Count) -> Result<()> {
    let mut test = cargo();
    // In release, as the inference Worker is built, so that tract is compiled for Wasm once.
    test.args(["test", "--package", "edgedesk-wasm-tests", "--no-fail-fast"])
        .args(["--release", "--target", "wasm32-unknown-unknown"])
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            tools_bin().join("wasm-bindgen-test-runner"),
        );
    filtered(&mut test, arguments);
    shown(test, count).await?;
    let mut scripts = command("npm");
    scripts.args(["run", "--silent", "test:web"]);
    if arguments.filter.is_none() {
        shown(scripts, count).await?;
    }
    Ok(())
}

async fn integration(arguments: &TestArguments, xtask: &Path, count: &mut Count) -> Result<()> {
    // Compiled before the stack starts, so that the compiler does not compete with it.
    let mut compile = cargo();
    compile.args(["test", "--package", "edgedesk-integration", "--no-run"]);
    shown(compile, count).await?;
    let mut stack = TestStack::start("integration", arguments.release).await?;
    let mut test = cargo();
    test.args([
        "test",
        "--package",
        "edgedesk-integration",
        "--no-fail-fast",
    ])
    .env("EDGEDESK_DEV_JSON", &stack.dev_json)
    .env("EDGEDESK_XTASK", xtask);
    filtered(&mut test, arguments);
    let tests = async {
        let outcome = read(test).await?;
        let failed = outcome.reader.failed;
        count.add(outcome.reader.count);
        let may_try = !arguments.once && !failed.is_empty() && failed.len() <= MAX_AGAIN;
        if outcome.status.success() || !may_try {
            return checked(outcome.status);
        }
        for test in failed {
            say!("\nagain, alone: {} of {}", test.name, test.program);
            let mut again = cargo();
            again
                .args(["test", "--package", "edgedesk-integration", "--test"])
                .args([&test.program, "--", "--exact", &test.name])
                .env("EDGEDESK_DEV_JSON", &stack.dev_json)
                .env("EDGEDESK_XTASK", xtask);
            checked(read(again).await?.status)?;
            count.passed_again(format!("{} of {}", test.name, test.program));
        }
        Ok(())
    };
    let outcome = stack.runtime.during(tests).await;
    stack.end(outcome)
}

async fn browser(arguments: &TestArguments, count: &mut Count) -> Result<()> {
    let chromium = setup::chromium().await?;
    let mut stack = TestStack::start("browser", arguments.release).await?;
    let mut test = command("npx");
    let retries = if arguments.once {
        "--retries=0"
    } else {
        "--retries=1"
    };
    test.args(["playwright", "test", "--reporter=list", retries])
        .env("EDGEDESK_DEV_JSON", &stack.dev_json)
        .env("CHROMIUM", chromium);
    let outcome = stack.runtime.during(shown(test, count)).await;
    stack.end(outcome)
}

/// A stack of its own for one layer, with a state folder that is new.
struct TestStack {
    runtime: Runtime,
    state: PathBuf,
    dev_json: PathBuf,
}

impl TestStack {
    async fn start(name: &str, release: bool) -> Result<Self> {
        let state = root()
            .join("target/test-state")
            .join(format!("{name}-{}", std::process::id()));
        build::run(BuildArguments::everything(release)).await?;
        let (runtime, stack) = dev::start(&DevArguments {
            port: 0,
            state: state.clone(),
            release,
            no_seed: false,
            without_inference: false,
            direct: false,
            raw_port: None,
            models: None,
            vars: Vec::new(),
            jobs_vars: Vec::new(),
            no_build: true,
        })
        .await?;
        let stack = stack.context("the stack has no demo account")?;
        say!("  stack at {}, state in {}", stack.url, state.display());
        Ok(Self {
            runtime,
            dev_json: state.join("dev.json"),
            state,
        })
    }

    /// Ends the stack. What it stored is kept for a look when something failed; a panic in a Worker is a failure even
    /// when no test noticed.
    fn end(self, outcome: Result<()>) -> Result<()> {
        drop(self.runtime);
        let log = std::fs::read_to_string(self.state.join("wrangler.log"))?;
        if outcome.is_err() {
            let complaints: Vec<_> = log.lines().filter(|line| is_complaint(line)).collect();
            say!(
                "the Workers complained of {} things, at last:",
                complaints.len()
            );
            for line in complaints.iter().rev().take(MAX_COMPLAINTS).rev() {
                say!("  {line}");
            }
        }
        outcome?;
        if let Some(line) = log.lines().find(|line| is_panic(line)) {
            bail!(
                "a Worker panicked (log in {}): {line}",
                self.state.display()
            );
        }
        // Left-overs are in `target`, where nobody minds them.
        let _ = std::fs::remove_dir_all(&self.state);
        Ok(())
    }
}

/// What a Worker logs of what it could not do. Tests break things on purpose, so it is shown only where one failed.
fn is_complaint(line: &str) -> bool {
    [r#""level":"error""#, r#""level":"warn""#]
        .iter()
        .any(|mark| line.contains(mark))
}

/// The words of Rust's panic handler, of what a panic becomes in Wasm, and of the SDK after one. An import that threw is
/// none by itself: debug builds report those that are caught as well.
fn is_panic(line: &str) -> bool {
    ["panicked at", "Critical error", "RuntimeError: unreachable"]
        .iter()
        .any(|words| line.contains(words))
}

fn filtered(test: &mut Command, arguments: &TestArguments) {
    if let Some(filter) = &arguments.filter {
        test.arg(filter);
    }
}

/// How a test program ended, and what it said.
struct Outcome {
    status: ExitStatus,
    reader: Reader,
}

/// Runs a test program with its output shown, and reads what it says of its tests.
async fn read(test: Command) -> Result<Outcome> {
    let mut group = Group::start(test)?;
    let mut reader = Reader::default();
    while let Some(line) = group.line().await {
        say!("{line}");
        reader.read(&line);
    }
    let status = group.wait().await?;
    Ok(Outcome { status, reader })
}

/// As [`read`], where the first outcome counts.
async fn shown(test: Command, count: &mut Count) -> Result<()> {
    let outcome = read(test).await?;
    count.add(outcome.reader.count);
    checked(outcome.status)
}

fn checked(status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("failed ({status})");
    }
    Ok(())
}
