//! `cargo xtask fuzz`: the parsers of what strangers send, under libFuzzer. The targets are in `tests/fuzz`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, value_parser};
use tokio::process::Command;

use crate::process::{Group, Tail, output, run as run_to_end};
use crate::progress::Step;
use crate::workspace::{cargo, command, root};

/// A target and the longest input that it is given, in bytes. Longer ones find little more and are slower; where a bound of the parser
/// lies higher, its own tests hold it.
const TARGETS: [(&str, u32); 20] = [
    ("answers", 4_096),
    ("attachments", 1_024),
    ("cursors", 256),
    ("fields", 2_048),
    ("frames", 2_048),
    ("generators", 4_096),
    ("hooks", 4_096),
    ("idempotency_keys", 600),
    ("ids", 256),
    ("imports", 4_096),
    ("languages", 2_048),
    ("markdown", 4_096),
    ("masks", 1_024),
    ("pages", 4_096),
    ("passwords", 512),
    ("signatures", 512),
    ("sse", 2_048),
    ("tokeniser", 2_048),
    ("tokens", 1_024),
    ("vouchers", 4_096),
];

/// Inputs that `--smoke` makes up for each target.
const SMOKE_RUNS: usize = 2_000;
/// Seconds for one input, on a machine that has other things to do. A target takes milliseconds.
const INPUT_SECS: u32 = 25;
/// MiB of a target's memory. Most is the table of what was reached; an isolate has 128.
const MEMORY_MIB: u32 = 1_024;
/// Seconds that a failing input is made smaller.
const SHRINK_SECS: u64 = 20;
/// Most lines of what an input is blamed for.
const CRASH_LINES: usize = 12;

/// What makes rustc count what was reached, as `cargo fuzz` has it, but for the sanitizer: none of our crates has `unsafe` code. All of it is
/// known to the stable compiler.
const RUST_FLAGS: [&str; 8] = [
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cforce-frame-pointers",
];

/// Which targets, and for how long.
#[derive(Debug, Args)]
pub struct FuzzArguments {
    /// The target; all of them by default.
    pub target: Option<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60, value_parser = value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,
    /// Run each target over its seeds and two thousand inputs made of them, the same for each run of one build.
    #[arg(long, conflicts_with = "seconds")]
    pub smoke: bool,
    /// Run the target over this one file, such as an input that failed before.
    #[arg(long, value_name = "FILE", requires = "target", conflicts_with_all = ["seconds", "smoke"])]
    pub input: Option<PathBuf>,
}

/// `cargo xtask fuzz`.
pub async fn run(arguments: FuzzArguments) -> Result<()> {
    let targets = chosen(arguments.target.as_deref())?;
    let program = build().await?;
    if let Some(input) = &arguments.input {
        return reproduce(&program, targets[0].0, input).await;
    }
    let mut failed = Vec::new();
    for (name, max_bytes) in targets {
        let plan = Plan::new(&program, name, max_bytes, &arguments)?;
        if !plan.run().await? {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("inputs that fail: {}", failed.join(", "))
    }
}

fn chosen(name: Option<&str>) -> Result<Vec<(&'static str, u32)>> {
    let Some(name) = name else {
        return Ok(TARGETS.to_vec());
    };
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    let names = || TARGETS.map(|(known, _)| known).join(", ");
    let found =
        found.with_context(|| format!("there is no target `{name}`; there are {}", names()))?;
    Ok(vec![*found])
}

fn folder() -> PathBuf {
    root().join("tests/fuzz")
}

/// Compiles the targets; gives the program that has all of them.
async fn build() -> Result<PathBuf> {
    let mut step = Step::begin("compile the targets");
    let mut rustc = command("rustc");
    rustc.arg("-vV");
    let version = output(rustc)
        .await
        .context("cannot ask rustc for its version")?;
    let mut lines = version.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say what it compiles for")?;
    let mut build = cargo();
    build
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(folder().join("Cargo.toml"))
        // Named, so that the flags are not for what runs while it compiles.
        .args(["--target", host])
        .arg("--target-dir")
        .arg(folder().join("target"))
        .env("CARGO_ENCODED_RUSTFLAGS", RUST_FLAGS.join("\x1f"));
    run_to_end(&mut step, build).await?;
    step.end("done");
    let folder = folder().join("target").join(host).join("release");
    Ok(folder.join("edgedesk-fuzz"))
}

/// Runs a target over one input, and shows what it says.
async fn reproduce(program: &Path, name: &str, input: &Path) -> Result<()> {
    let mut run = target(program, name);
    run.arg(format!("-timeout={INPUT_SECS}"))
        .arg(root().join(input))
        .env("RUST_BACKTRACE", "1");
    let status = run.kill_on_drop(true).status().await?;
    if !status.success() {
        bail!("{name} fails over {}", input.display());
    }
    say!("{name} is content with {}", input.display());
    Ok(())
}

/// The program, about to run one of its targets.
fn target(program: &Path, name: &str) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder())
        .env("EDGEDESK_FUZZ_TARGET", name);
    command
}

/// One target, about to be run.
struct Plan {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<OsString>,
    artifacts: PathBuf,
}

impl Plan {
    fn new(
        program: &Path,
        name: &'static str,
        max_bytes: u32,
        arguments: &FuzzArguments,
    ) -> Result<Self> {
        let artifacts = folder().join("artifacts").join(name);
        let seeds = folder().join("seeds").join(name);
        let n_seeds = fs::read_dir(&seeds)
            .with_context(|| format!("cannot list {}", seeds.display()))?
            .count();
        // What is found goes into the first folder. A smoke run begins with an empty one, so that it is the same everywhere.
        let corpus = if arguments.smoke {
            let corpus = folder().join("target/smoke").join(name);
            if corpus.exists() {
                fs::remove_dir_all(&corpus)?;
            }
            corpus
        } else {
            folder().join("corpus").join(name)
        };
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&artifacts)?;
        let mut plan = vec![
            format!("-max_len={max_bytes}").into(),
            format!("-timeout={INPUT_SECS}").into(),
            format!("-rss_limit_mb={MEMORY_MIB}").into(),
            format!("-artifact_prefix={}/", artifacts.display()).into(),
            "-print_final_stats=1".into(),
        ];
        if arguments.smoke {
            plan.push(format!("-runs={}", n_seeds + SMOKE_RUNS).into());
            plan.push("-seed=1".into());
        } else {
            plan.push(format!("-max_total_time={}", arguments.seconds).into());
        }
        plan.extend([corpus.into_os_string(), seeds.into_os_string()]);
        Ok(Self {
            name,
            program: program.to_owned(),
            arguments: plan,
            artifacts,
        })
    }

    /// Whether no input failed.
    async fn run(&self) -> Result<bool> {
        let mut step = Step::begin(self.name);
        let mut run = target(&self.program, self.name);
        run.args(&self.arguments);
        let mut group = Group::start(run)?;
        let mut seen = Seen::default();
        while let Some(line) = group.line().await {
            if let Some(status) = seen.read(&line) {
                step.note(status);
            }
        }
        if group.wait().await?.success() {
            step.end(&seen.summary());
            return Ok(true);
        }
        drop(step);
        let Some(input) = &seen.artifact else {
            bail!(
                "{} ended without an input to blame:\n{}",
                self.name,
                seen.tail.text()
            );
        };
        for line in &seen.complaint {
            say!("      {line}");
        }
        let input = self.shrunk(Path::new(input)).await;
        let shown = input.strip_prefix(root()).unwrap_or(&input).display();
        say!("    input      {shown}");
        say!(
            "    again      cargo xtask fuzz {} --input {shown}",
            self.name
        );
        Ok(false)
    }

    /// A smaller input that fails, if one is found in a moment.
    async fn shrunk(&self, input: &Path) -> PathBuf {
        let smallest = self.artifacts.join(format!(
            "smallest-{}",
            input.file_name().unwrap_or_default().to_string_lossy()
        ));
        let mut shrink = target(&self.program, self.name);
        shrink
            .arg("-minimize_crash=1")
            .arg(format!("-max_total_time={}", SHRINK_SECS / 4))
            .arg(format!("-exact_artifact_path={}", smallest.display()))
            .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
            .arg(format!("-timeout={INPUT_SECS}"))
            .arg(input);
        // It fails, as the input does, and tries again as long as what it finds is smaller. What counts is what it leaves.
        if let Ok(mut group) = Group::start(shrink) {
            let over = async { while group.line().await.is_some() {} };
            let _ = tokio::time::timeout(Duration::from_secs(SHRINK_SECS), over).await;
        }
        if smallest.exists() {
            smallest
        } else {
            input.to_owned()
        }
    }
}

/// What a run has said so far.
#[derive(Debug, Default)]
struct Seen {
    /// The last line that says how far it is.
    status: String,
    n_runs: String,
    /// The panic, as Rust tells it.
    complaint: Vec<String>,
    is_complaining: bool,
    /// Where the input that failed is.
    artifact: Option<String>,
    tail: Tail,
}

impl Seen {
    /// Takes a line; gives it back if it says how far the run is.
    fn read<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        self.tail.push(line.to_owned());
        if let Some((_, path)) = line.split_once("Test unit written to ") {
            self.artifact = Some(path.trim().to_owned());
        }
        if let Some(n_runs) = line.strip_prefix("stat::number_of_executed_units:") {
            n_runs.trim().clone_into(&mut self.n_runs);
        }
        if line.contains("panicked at") || line.starts_with("==") && line.contains("ERROR") {
            self.is_complaining = true;
        }
        // Frames are shown by `--input`.
        let ends = ["    #", "note:", "stack backtrace:"];
        if ends.iter().any(|end| line.starts_with(end)) {
            self.is_complaining = false;
        }
        if self.is_complaining && self.complaint.len() < CRASH_LINES && !line.is_empty() {
            self.complaint.push(line.chars().take(300).collect());
        }
        let is_status = line.starts_with('#') && line.contains("cov:");
        if is_status {
            line.clone_into(&mut self.status);
        }
        is_status.then_some(line)
    }

    /// Runs, and what they reached: `cov` counts places in the code, `corp` inputs that were worth keeping.
    fn summary(&self) -> String {
        let words: Vec<&str> = self.status.split_whitespace().collect();
        let after = |name: &str| {
            let place = words.iter().position(|word| *word == name)?;
            words.get(place + 1).copied()
        };
        let reached = after("cov:").unwrap_or("0");
        let kept = after("corp:").and_then(|kept| kept.split('/').next());
        let kept = kept.unwrap_or("0");
        format!("{} runs, {reached} places, {kept} inputs", self.n_runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_in_both_tables_and_the_readme_and_has_seeds() {
        let main = fs::read_to_string(folder().join("fuzz_targets/main.rs")).unwrap();
        let readme = fs::read_to_string(folder().join("README.md")).unwrap();
        let mut files: Vec<String> = fs::read_dir(folder().join("fuzz_targets"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        files.retain(|file| file != "main.rs");
        assert_eq!(files, TARGETS.map(|(name, _)| format!("{name}.rs")));
        for (name, max_bytes) in TARGETS {
            assert!(
                main.contains(&format!("(\"{name}\", {name}::run)")),
                "{name}"
            );
            assert!(readme.contains(&format!("| `{name}` |")), "{name}");
            let seeds = fs::read_dir(folder().join("seeds").join(name)).unwrap();
            let lengths: Vec<u64> = seeds
                .map(|seed| seed.unwrap().metadata().unwrap().len())
                .collect();
            assert!(!lengths.is_empty(), "{name}");
            assert!(
                lengths.iter().all(|length| *length <= u64::from(max_bytes)),
                "{name}: {lengths:?}"
            );
        }
    }

    #[test]
    fn what_libfuzzer_says_is_understood() {
        let mut seen = Seen::default();
        for line in [
            "INFO: Seed: 1",
            "#2048\tDONE   cov: 532 ft: 1200 corp: 300/12Kb lim: 4096 exec/s: 349 rss: 60Mb",
            "thread '<unnamed>' (1) panicked at fuzz_targets/ids.rs:7:1:",
            "an id has one spelling",
            "note: run with `RUST_BACKTRACE=1`",
            "==7== ERROR: libFuzzer: deadly signal",
            "    #0 0x55",
            "artifact_prefix='a/'; Test unit written to a/crash-12",
            "stat::number_of_executed_units: 2048",
        ] {
            let is_status = line.starts_with('#');
            assert_eq!(seen.read(line).is_some(), is_status, "{line}");
        }
        assert_eq!(seen.summary(), "2048 runs, 532 places, 300 inputs");
        assert_eq!(seen.artifact.as_deref(), Some("a/crash-12"));
        assert_eq!(seen.complaint[1], "an id has one spelling");
        assert_eq!(seen.complaint.len(), 3);
    }

    #[test]
    fn a_name_of_no_target_is_told_which_there_are() {
        let error = chosen(Some("nothing")).unwrap_err().to_string();
        assert!(error.contains("answers, attachments"), "{error}");
        assert_eq!(chosen(None).unwrap().len(), TARGETS.len());
    }
}
