//! `cargo xtask drill`: a stack is lost under load and restored from a backup that was made meanwhile.
//!
//! Webhooks with known numbers go to a stack. A backup is made while they go on, the stack is killed, the backup is restored into a new
//! folder and a stack started on it. Then every message that was acknowledged before the backup began must be there once and in order, the
//! read model must equal a rebuild, and the audit log must verify. The numbers that it prints are the recovery time and the recovery point
//! of docs/operations.md.

mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use edgedesk_client::Edgedesk;
use edgedesk_client::ports::free_port;
use edgedesk_load::ledger::{Ledger, Losses, Order};
use edgedesk_load::read_back;
use edgedesk_load::schedule::Schedule;
use edgedesk_load::webhooks::{Pace, Webhooks};
use edgedesk_load::{Target, machine};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use self::report::Report;
use crate::build::{self, BuildArguments};
use crate::progress::Step;
use crate::runtime::{Direct, Options, Runtime};
use crate::workspace::root;
use crate::{audit, backup, migrate, rebuild, seed, setup, texts};

/// How long a stack goes on after a backup of it before it is lost.
const GOES_ON: Duration = Duration::from_secs(1);
/// Seconds that messages go on for while a backup is made. It takes one or two of them.
const MAX_BACKUP_SECS: u64 = 60;
/// Seconds of messages to the restored stack.
const AFTER_SECS: u64 = 2;
/// How long the restored stack may take until everything is in the read model.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);
/// How often the read model is rebuilt and compared: an event may come in between.
const MAX_COMPARISONS: u32 = 5;

/// Options of `cargo xtask drill`.
#[derive(Debug, Args)]
pub struct DrillArguments {
    /// Messages a second.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// Seconds of messages before the backup.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Conversations that the messages go to, by turns.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    conversations: u32,
    /// Write the result as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Optimise the Workers, as for a deployment.
    #[arg(long)]
    release: bool,
    /// Use the builds that are there.
    #[arg(long, conflicts_with = "release")]
    no_build: bool,
    /// Keep the folders of the stack, the backup and the restored stack.
    #[arg(long)]
    keep: bool,
}

/// The stack before and after, on the same port: senders find the restored one where the lost one was.
struct Drill {
    options: Options,
    target: Target,
    hooks: Arc<Webhooks>,
    /// What must be there, what may be, and nothing else.
    ledger: Ledger,
    rate: f64,
    report: Report,
}

/// `cargo xtask drill`.
pub async fn run(arguments: DrillArguments) -> Result<()> {
    machine::allow_open_files(machine::files_for(1, u64::from(arguments.conversations)))?;
    if !arguments.no_build {
        setup::tools().await?;
        build::run(BuildArguments::everything(arguments.release)).await?;
    }
    let folder = root().join(format!("target/drill/{}", std::process::id()));
    let outcome = drill(&arguments, &folder).await;
    if arguments.keep || outcome.is_err() {
        say!("  the folders are in {}", folder.display());
    } else {
        // Left-overs are in `target`, where nobody minds them.
        let _ = std::fs::remove_dir_all(&folder);
    }
    let report = outcome?;
    say!("\n{}", report.text());
    if let Some(file) = &arguments.json {
        let file = root().join(file);
        std::fs::write(&file, serde_json::to_string_pretty(&report)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    report.verdict()
}

async fn drill(arguments: &DrillArguments, folder: &Path) -> Result<Report> {
    let (state, copy) = (folder.join("lost"), folder.join("backup"));
    std::fs::create_dir_all(&state).with_context(|| format!("cannot make {}", state.display()))?;
    migrate::apply(&state).await?;
    let demo = seed::apply(&state).await?;
    let options = Options {
        port: free_port()?,
        state: state.clone(),
        without_inference: false,
        direct: Some(Direct::default()),
    };
    let mut runtime = Runtime::start(&options).await?;
    let stack = demo.at(runtime.url())?;
    let n_tickets = usize::try_from(arguments.conversations)?;
    let texts = texts()?;
    let mut drill = Drill {
        hooks: Arc::new(Webhooks::new(&stack, &texts, n_tickets)?),
        target: Target::new(stack, texts)?,
        options,
        ledger: Ledger::new(n_tickets),
        rate: f64::from(arguments.rate),
        report: Report::default(),
    };
    let before = drill.until_loss(arguments.seconds, &state, &copy);
    runtime.during(before).await?;
    let lost_at = kill(&state)?;
    drop(runtime);

    let restored = folder.join("restored");
    drill.options.state.clone_from(&restored);
    let from = copy.clone();
    let into = restored.clone();
    tokio::task::spawn_blocking(move || backup::restore(&from, &into, false)).await??;
    drill.report.restore_secs = lost_at.elapsed().as_secs_f64();
    let mut runtime = Runtime::start(&drill.options).await?;
    let outcome = runtime.during(drill.after_loss(lost_at)).await;
    drop(runtime);
    outcome?;
    Ok(drill.report)
}

impl Drill {
    /// Messages, then a backup while more come, then a second more of them.
    async fn until_loss(&mut self, seconds: u64, state: &Path, copy: &Path) -> Result<()> {
        let step = Step::begin("sending messages");
        // A session and entries of the audit log that the loss is not to take.
        self.target.admin().await?;
        self.hooks.open(1, &mut self.ledger).await?;
        self.send(seconds).await?;
        self.report.n_before = self.ledger.n_acknowledged();
        self.report.n_conversations = self.hooks.tickets().len();
        step.end(&format!("{} acknowledged", self.report.n_before));

        // One connection, which waits for each answer: the messages of a conversation have an order.
        let n_before_backup = self.hooks.n_sent();
        let n_acknowledged_before = self.hooks.n_acknowledged();
        let pace = Pace::Open(Schedule::new(Instant::now(), self.rate, MAX_BACKUP_SECS)?);
        let (hooks, ledger) = (
            Arc::clone(&self.hooks),
            Ledger::new(self.hooks.tickets().len()),
        );
        let sending = tokio::spawn(async move { hooks.drive(1, pace, ledger).await });
        let began = Instant::now();
        let (from, to) = (state.to_owned(), copy.to_owned());
        let made = tokio::task::spawn_blocking(move || backup::create(&from, &to)).await?;
        let manifest = match made {
            Ok(manifest) => manifest,
            Err(error) => {
                sending.abort();
                return Err(error);
            }
        };
        self.report.backup_secs = began.elapsed().as_secs_f64();
        self.report.n_files = manifest.files.len();
        self.report.n_bytes = manifest.files.values().map(|file| file.bytes).sum();
        sleep(GOES_ON).await;
        self.report.recovery_point_secs = began.elapsed().as_secs_f64();
        // What came since the backup began may be in it or not, and is there once at most.
        self.report.n_meanwhile = self.hooks.n_acknowledged() - n_acknowledged_before;
        sending.abort();
        let _ = sending.await;
        let n_tickets = self.hooks.tickets().len() as u64;
        for n in n_before_backup..self.hooks.n_sent() {
            self.ledger.leave_open(usize::try_from(n % n_tickets)?, n);
        }
        if self.report.n_meanwhile == 0 {
            bail!("no message came while the backup was made: it shows nothing");
        }
        Ok(())
    }

    /// Messages at the rate, each acknowledged.
    async fn send(&mut self, seconds: u64) -> Result<()> {
        let pace = Pace::Open(Schedule::new(Instant::now(), self.rate, seconds)?);
        let sent = self.hooks.drive(1, pace, self.ledger.clone()).await?;
        if let Some(failure) = sent.first_failure {
            bail!("a message was not taken: {failure}");
        }
        self.ledger = sent.ledger;
        Ok(())
    }

    /// What is looked at on the restored stack.
    async fn after_loss(&mut self, lost_at: Instant) -> Result<()> {
        let mut step = Step::begin("looking for every message");
        let mut note = |line: &str| step.note(line);
        let admin = self.target.admin().await?;
        admin.conversations("limit=1").await?;
        self.report.first_answer_secs = lost_at.elapsed().as_secs_f64();
        // The queue is gone, and the read model is older than the logs.
        rebuild::rebuild(&admin, &mut note).await?;
        let tickets = self.hooks.tickets();
        let ids =
            read_back::conversations_of(&self.target, tickets, SETTLED_WITHIN, &mut note).await?;
        self.report.rebuilt_secs = lost_at.elapsed().as_secs_f64();

        // The conversations go on where they were.
        let n_restored = self.ledger.n_acknowledged();
        self.send(AFTER_SECS).await?;
        self.report.n_after = self.ledger.n_acknowledged() - n_restored;
        read_back::settle(&self.target, &ids, SETTLED_WITHIN, &mut note).await?;
        let hooks = Arc::clone(&self.hooks);
        let number = |message: &edgedesk_wire::api::MessageView| {
            hooks.number_of(message.message.external_id.as_deref()?)
        };
        let numbers = read_back::numbers_in(&self.target, &ids, number, &mut note).await?;
        let mut losses = Losses::default();
        for (thread, found) in numbers.iter().enumerate() {
            losses.merge(self.ledger.check(thread, found, Order::Kept));
        }
        self.report.losses = losses;
        self.report.equals_rebuild = equals_rebuild(&admin, &mut note).await?;
        self.report.n_audit_entries = audit::verify_running(&admin).await?;
        self.report.n_parked = read_back::n_parked(&admin).await?;
        self.report.whole_secs = lost_at.elapsed().as_secs_f64();
        step.end(if self.report.verdict().is_ok() {
            "whole"
        } else {
            "NOT WHOLE"
        });
        Ok(())
    }
}

/// Whether the read model is what the logs say.
async fn equals_rebuild(admin: &Edgedesk, note: &mut dyn FnMut(&str)) -> Result<bool> {
    for _ in 0..MAX_COMPARISONS {
        let before = rebuild::checksum(admin).await?;
        rebuild::rebuild(admin, note).await?;
        if rebuild::checksum(admin).await? == before {
            return Ok(true);
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(false)
}

/// Ends all processes of a stack at once, as a machine ends that loses its power.
fn kill(state: &Path) -> Result<Instant> {
    let group = std::fs::read_to_string(state.join("runtime.pgid"))?;
    let group = Pid::from_raw(group.trim().parse()?);
    killpg(group, Signal::SIGKILL).context("the stack ended before it was killed")?;
    say!("  ✗ the stack is lost");
    Ok(Instant::now())
}
