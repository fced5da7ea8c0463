//! `cargo xtask dev`: from a clone to a running stack.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use edgedesk_client::Stack;
use edgedesk_client::ports::free_port;

use crate::build::{self, BuildArguments};
use crate::runtime::{Direct, Options, Runtime};
use crate::workspace::root;
use crate::{migrate, runtime, seed, setup};

/// Starts with ports of our choice, before the failure is told.
const MAX_STARTS: u32 = 3;

/// Options of `cargo xtask dev`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct DevArguments {
    /// The port to listen on; 0 for any free one.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// Where local data lives; kept between runs.
    #[arg(long, value_name = "DIR", default_value = ".edgedesk")]
    pub state: PathBuf,
    /// Optimise all Workers, as for a deployment.
    #[arg(long)]
    pub release: bool,
    /// Make no demo account.
    #[arg(long)]
    pub no_seed: bool,
    /// Run without the inference Worker, as when it is down. For tests.
    #[arg(long, hide = true)]
    pub without_inference: bool,
    /// Run under workerd itself, without `wrangler dev`. For tests, which start many stacks.
    #[arg(long, hide = true)]
    pub direct: bool,
    /// With `--direct`: the port of a Worker that puts what is posted to it on the `events` queue. For tests.
    #[arg(long, hide = true, requires = "direct")]
    pub raw_port: Option<u16>,
    /// With `--direct`: a folder to take the model files from, instead of `models/files`. For tests that break some.
    #[arg(long, hide = true, requires = "direct", value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// With `--direct`: a variable of the gateway, as `NAME=VALUE`. For tests that bring an identity provider.
    #[arg(
        long = "var",
        hide = true,
        requires = "direct",
        value_name = "NAME=VALUE"
    )]
    pub vars: Vec<String>,
    /// With `--direct`: a variable of the jobs Worker, as `NAME=VALUE`. For tests that bring text generators.
    #[arg(
        long = "jobs-var",
        hide = true,
        requires = "direct",
        value_name = "NAME=VALUE"
    )]
    pub jobs_vars: Vec<String>,
    /// Use the builds that are there. For tests, which start many stacks.
    #[arg(long, hide = true)]
    pub no_build: bool,
}

/// `cargo xtask dev`.
pub async fn run(arguments: DevArguments) -> Result<()> {
    let (mut runtime, stack) = start(&arguments).await?;
    say!(
        "\n{}\n",
        describe(runtime.url(), stack.as_ref(), &arguments)
    );
    say!("ready {}", runtime.url());
    runtime.follow().await
}

/// Sets up, builds, migrates, seeds and starts a stack, and writes its `dev.json`.
pub async fn start(arguments: &DevArguments) -> Result<(Runtime, Option<Stack>)> {
    if arguments.port != 0 {
        runtime::check_port(arguments.port)?;
    }
    let state = root().join(&arguments.state);
    std::fs::create_dir_all(&state).with_context(|| format!("cannot make {}", state.display()))?;
    let file = state.join("dev.json");
    // Whoever waits for this file must not find the last run's.
    let _ = std::fs::remove_file(&file);
    if !arguments.no_build {
        setup::tools().await?;
        build::run(BuildArguments::everything(arguments.release)).await?;
    }
    migrate::apply(&state).await?;
    let demo = if arguments.no_seed {
        seed::kept(&state)?
    } else {
        Some(seed::apply(&state).await?)
    };
    let running = start_runtime(arguments, &state).await?;
    let Some(demo) = demo else {
        return Ok((running, None));
    };
    let stack = demo.at(running.url())?;
    write(
        &state.join("dev.other.json"),
        &demo.other_at(running.url())?,
    )?;
    write(&file, &stack)?;
    Ok((running, Some(stack)))
}

/// Starts the Workers. Ports that were left to us are chosen anew when the start fails: somebody else may have been
/// quicker to listen on one.
async fn start_runtime(arguments: &DevArguments, state: &Path) -> Result<Runtime> {
    let mut options = Options {
        port: arguments.port,
        state: state.to_owned(),
        without_inference: arguments.without_inference,
        direct: arguments.direct.then(|| Direct {
            raw_port: arguments.raw_port,
            models: arguments.models.clone(),
            vars: arguments.vars.clone(),
            jobs_vars: arguments.jobs_vars.clone(),
            ..Direct::default()
        }),
    };
    if arguments.port != 0 {
        return Runtime::start(&options).await;
    }
    for attempt in 1..MAX_STARTS {
        options.port = free_port()?;
        match Runtime::start(&options).await {
            Ok(running) => return Ok(running),
            Err(error) => {
                say!("start {attempt} of {MAX_STARTS} failed, next with other ports: {error:#}");
            }
        }
    }
    options.port = free_port()?;
    Runtime::start(&options).await
}

/// Writes the file in one step, so that a reader never sees half of it.
fn write(file: &Path, stack: &Stack) -> Result<()> {
    let part = file.with_extension("json.part");
    std::fs::write(&part, serde_json::to_string_pretty(stack)? + "\n")?;
    std::fs::rename(&part, file).with_context(|| format!("cannot write {}", file.display()))
}

fn describe(url: &str, stack: Option<&Stack>, arguments: &DevArguments) -> String {
    let mut rows = vec![
        ("console", format!("{url}/console")),
        ("API reference", format!("{url}/docs")),
    ];
    if let Some(stack) = stack {
        rows.insert(1, ("widget demo", stack.widget.demo_url.clone()));
        rows.extend([
            (
                "admin",
                format!("{} / {}", stack.admin.email, stack.admin.password),
            ),
            (
                "agent",
                format!("{} / {}", stack.agent.email, stack.agent.password),
            ),
            ("Zendesk hook", stack.zendesk.hook_url.clone()),
            ("Zendesk secret", stack.zendesk.secret.clone()),
        ]);
    } else {
        rows.push(("account", "none (--no-seed)".to_owned()));
    }
    rows.push(("data and logs", arguments.state.display().to_string()));
    let mut lines = vec![
        "Edgedesk is running. Ctrl-C stops it.".to_owned(),
        String::new(),
    ];
    lines.extend(
        rows.iter()
            .map(|(name, value)| format!("  {name:<15} {value}")),
    );
    if stack.is_some() {
        lines.push(String::new());
        lines.push("  see it alive:   cargo xtask simulate --conversations 20 --rate 2".to_owned());
        lines.push(
            "  as Zendesk:     cargo xtask zendesk send --text \"Where is my refund?\"".to_owned(),
        );
    }
    lines.join("\n")
}
