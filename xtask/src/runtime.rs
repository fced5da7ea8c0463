//! The three Workers running on this machine: under `wrangler dev`, or directly under workerd.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use edgedesk_client::Edgedesk;
use edgedesk_client::ports::free_port;
use serde::Serialize;
use serde_json::json;
use tokio::process::Command;

use crate::build::{self, PREBUILT, Part};
use crate::process::{Group, Tail};
use crate::progress::Step;
use crate::workspace::{command, node_bin, root, wrangler};

/// How long all three Workers may take to be ready. A first start unpacks nothing, but two busy cores are slow.
const READY_WITHIN: Duration = Duration::from_mins(2);

/// How long the gateway may take to say whether it is ready. It answers within milliseconds or not at all.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Where and how to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port of the gateway.
    pub port: u16,
    /// Where local data lives.
    pub state: PathBuf,
    /// Leave the inference Worker out, as when it is down.
    pub without_inference: bool,
    /// Under workerd itself instead of `wrangler dev`.
    pub direct: Option<Direct>,
}

/// What can be chosen when workerd runs without `wrangler dev`.
#[derive(Debug, Clone, Default)]
pub struct Direct {
    /// The port of the inference Worker; any when absent.
    pub inference_port: Option<u16>,
    /// The port of the jobs Worker; any when absent.
    pub jobs_port: Option<u16>,
    /// The port of a JavaScript Worker that answers a constant; none when absent.
    pub raw_port: Option<u16>,
    /// Where the inference Worker's model files are; `models/files` when absent.
    pub models: Option<PathBuf>,
    /// Variables of the gateway beside those of its configuration, as `NAME=VALUE`.
    pub vars: Vec<String>,
    /// Variables of the jobs Worker, likewise.
    pub jobs_vars: Vec<String>,
    /// Use the builds kept for release, and let the inference Worker answer `/bench`.
    pub bench: bool,
    /// Give the inference Worker a process of its own.
    pub apart: bool,
}

/// One Worker, for `tests/bench/serve.mjs`.
#[derive(Debug, Serialize)]
struct Served {
    name: &'static str,
    build: Option<PathBuf>,
    port: u16,
    vars: serde_json::Value,
    /// The folder of its static assets, when it is not that of the configuration.
    assets: Option<PathBuf>,
}

/// A running stack. Dropping it ends it.
#[derive(Debug)]
pub struct Runtime {
    group: Group,
    log: File,
    url: String,
}

impl Runtime {
    /// Starts the Workers and waits until the gateway says that it is ready.
    pub async fn start(options: &Options) -> Result<Self> {
        check_port(options.port)?;
        let mut step = Step::begin("starting the Workers");
        let log_path = options.state.join("wrangler.log");
        let command = match &options.direct {
            None => wrangler_dev(options),
            Some(direct) => workerd(options, direct)?,
        };
        let mut runtime = Self {
            group: Group::start(command)?,
            log: File::create(&log_path)
                .with_context(|| format!("cannot write {}", log_path.display()))?,
            url: format!("http://127.0.0.1:{}", options.port),
        };
        std::fs::write(
            options.state.join("runtime.pgid"),
            runtime.group.id().to_string(),
        )?;
        runtime.wait_until_ready(&mut step, &log_path).await?;
        step.end("ready");
        Ok(runtime)
    }

    /// Where the gateway listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Writes what the Workers say to the log, and what matters to the terminal, until the runtime ends by itself.
    pub async fn follow(&mut self) -> Result<()> {
        let mut tail = Tail::default();
        while let Some(line) = self.group.line().await {
            self.log(&line);
            if matters(&line) {
                say!("{line}");
            }
            tail.push(line);
        }
        let status = self.group.wait().await?;
        bail!("the runtime ended ({status}):\n{}", tail.text())
    }

    /// As [`Self::follow`], with nothing for the terminal, while `work` is done.
    pub async fn during<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => return outcome,
                line = self.group.line() => match line {
                    Some(line) => self.log(&line),
                    None => bail!("the runtime ended meanwhile"),
                },
            }
        }
    }

    async fn wait_until_ready(&mut self, step: &mut Step, log_path: &Path) -> Result<()> {
        let client = Edgedesk::anonymous(&self.url);
        let mut tail = Tail::default();
        let mut poll = tokio::time::interval(Duration::from_millis(100));
        let deadline = tokio::time::Instant::now() + READY_WITHIN;
        loop {
            tokio::select! {
                line = self.group.line() => {
                    let Some(line) = line else {
                        let status = self.group.wait().await?;
                        bail!("the runtime ended before it was ready ({status}):\n{}", tail.text());
                    };
                    self.log(&line);
                    step.note(&line);
                    tail.push(line);
                }
                _ = poll.tick() => {
                    let last_answer = match tokio::time::timeout(ANSWER_WITHIN, client.get("/health/ready")).await {
                        Ok(Ok(answer)) if answer.status == 200 => return Ok(()),
                        Ok(Ok(answer)) => format!("{} {}", answer.status, answer.text()),
                        Ok(Err(error)) => error.to_string(),
                        Err(_) => format!("nothing within {} s", ANSWER_WITHIN.as_secs()),
                    };
                    if tokio::time::Instant::now() > deadline {
                        bail!(
                            "not ready after {} s: /health/ready gave {last_answer}; see {}\n{}",
                            READY_WITHIN.as_secs(),
                            log_path.display(),
                            tail.text()
                        );
                    }
                }
            }
        }
    }

    fn log(&mut self, line: &str) {
        // A full disk must not end the stack.
        let _ = writeln!(self.log, "{line}");
    }
}

fn wrangler_dev(options: &Options) -> Command {
    let mut command = wrangler();
    command.arg("dev").args(["-c", "wrangler.toml"]);
    if !options.without_inference {
        command.args(["-c", "workers/inference/wrangler.toml"]);
    }
    command
        .args(["-c", "workers/jobs/wrangler.toml"])
        .args(["--ip", "127.0.0.1", "--inspector-port", "0"])
        .args(["--port", &options.port.to_string()])
        .args(["--show-interactive-dev-session", "false", "--persist-to"])
        .arg(&options.state)
        .env(PREBUILT, "1")
        // Else a service binding that is missing here is found in another stack on this machine.
        .env("WRANGLER_REGISTRY_PATH", options.state.join("registry"))
        .env("WRANGLER_LOG_PATH", options.state.join("logs"));
    command
}

fn workerd(options: &Options, direct: &Direct) -> Result<Command> {
    let build_of = |worker: Part| {
        if direct.bench {
            build::kept(worker, build::Profile::Release)
        } else {
            build::current(worker)
        }
    };
    let port_of = |port: Option<u16>| port.map_or_else(free_port, Ok);
    let inference_vars = if direct.bench {
        json!({"EDGEDESK_BENCH": "1"})
    } else {
        json!({})
    };
    let workers = [
        Served {
            name: "gateway",
            build: Some(build_of(Part::Gateway)),
            port: options.port,
            vars: variables(&direct.vars),
            assets: None,
        },
        Served {
            name: "inference",
            build: (!options.without_inference).then(|| build_of(Part::Inference)),
            port: port_of(direct.inference_port)?,
            vars: inference_vars,
            assets: direct.models.clone(),
        },
        Served {
            name: "jobs",
            build: Some(build_of(Part::Jobs)),
            port: port_of(direct.jobs_port)?,
            vars: variables(&direct.jobs_vars),
            assets: None,
        },
    ];
    let argument = json!({
        "state": options.state,
        "raw_port": direct.raw_port,
        "inference_alone": direct.apart,
        "workers": workers,
    });
    let mut command = command(node_bin().join("node"));
    command
        .arg("--no-warnings")
        .arg(root().join("tests/bench/serve.mjs"))
        .arg(argument.to_string());
    Ok(command)
}

/// `NAME=VALUE` as JSON; without a `=` the value is empty.
fn variables(pairs: &[String]) -> serde_json::Value {
    let pairs = pairs.iter().map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), json!(value))
    });
    serde_json::Value::Object(pairs.collect())
}

/// Says so when a port is in use, before any work is done in vain.
pub fn check_port(port: u16) -> Result<()> {
    if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
        bail!(
            "port {port} is in use: end what uses it, or choose another with `--port {}`",
            port.saturating_add(1)
        );
    }
    Ok(())
}

/// Requests that went well are in the log file; the terminal shows the rest.
fn matters(line: &str) -> bool {
    let is_routine = ["[wrangler:info]", r#""level":"info""#, r#""level":"debug""#]
        .iter()
        .any(|mark| line.contains(mark));
    !line.trim().is_empty() && !is_routine
}
