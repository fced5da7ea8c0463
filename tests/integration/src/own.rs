//! A stack of one's own, which may be killed and started again on what it has stored.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use edgedesk_client::Stack;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::{Live, eventually_within, unique};

/// How long a start may take: databases are made and seeded by programs that themselves take seconds to start.
const START_PATIENCE: Duration = Duration::from_mins(5);

/// What the program that starts a stack says, in the stack's folder.
const LOG: &str = "xtask.log";

/// A running stack and its folder. Dropping it ends the stack and deletes the folder.
#[derive(Debug)]
pub struct OwnStack {
    child: Child,
    state: PathBuf,
    /// The stack as it is now: another port after every start.
    pub live: Live,
}

impl OwnStack {
    /// Starts a stack on a new folder. `options` are those of `cargo xtask dev`.
    pub async fn start(options: &[&str]) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let state = root.join("target/test-state").join(unique("own-"));
        std::fs::create_dir_all(&state).expect("a folder");
        let mut child = spawn(&state, options);
        let live = until_ready(&state, &mut child).await;
        Self { child, state, live }
    }

    /// The folder with everything that it keeps.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Kills every process of the runtime as `kill -9` does, in the middle of whatever it is doing.
    pub fn kill_runtime(&mut self) {
        let id =
            std::fs::read_to_string(self.state.join("runtime.pgid")).expect("a running runtime");
        let group = Pid::from_raw(id.trim().parse().expect("a process group"));
        killpg(group, Signal::SIGKILL).expect("a runtime to kill");
        // Its parent has nothing left to do.
        self.child.wait().expect("an end");
    }

    /// Runs a statement on one of the databases, past everything that a gateway would check.
    pub fn execute(&self, database: &str, sql: &str) {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let output = Command::new(root.join("node_modules/.bin/node"))
            .arg(root.join("node_modules/wrangler/bin/wrangler.js"))
            .args(["d1", "execute", database, "--local", "--yes", "--command"])
            .arg(sql)
            .arg("--persist-to")
            .arg(self.state.canonicalize().expect("the folder is there"))
            .env("CI", "true")
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .current_dir(&root)
            .stdin(Stdio::null())
            .output()
            .expect("wrangler");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {errors}");
    }

    /// Starts again on the same folder.
    pub async fn restart(&mut self, options: &[&str]) {
        self.stop();
        self.child = spawn(&self.state, options);
        self.live = until_ready(&self.state, &mut self.child).await;
    }

    fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let id = i32::try_from(self.child.id()).expect("a process id");
            // It may have ended between the two lines.
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
            self.child.wait().expect("an end");
        }
    }
}

impl Drop for OwnStack {
    fn drop(&mut self) {
        self.stop();
        // Kept after a failure, for a look.
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.state);
        }
    }
}

fn spawn(state: &Path, options: &[&str]) -> Child {
    let _ = std::fs::remove_file(state.join("dev.json"));
    let mut command = if let Some(xtask) = std::env::var_os("EDGEDESK_XTASK") {
        Command::new(xtask)
    } else {
        let mut cargo = Command::new("cargo");
        cargo.args(["run", "--quiet", "--package", "xtask", "--"]);
        cargo
    };
    let log = File::options()
        .create(true)
        .append(true)
        .open(state.join(LOG))
        .expect("a log file");
    command
        .args(["dev", "--no-build", "--port", "0", "--state"])
        .arg(state)
        .args(options)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file"))
        .stderr(log)
        .spawn()
        .expect("xtask")
}

/// Waits until the stack has written where it is. Fails at once, with what its starter said, when that has ended.
async fn until_ready(state: &Path, child: &mut Child) -> Live {
    let file = state.join("dev.json");
    let outcome = eventually_within(
        START_PATIENCE,
        "a stack of our own is ready",
        async || match (Stack::read(&file), child.try_wait()) {
            (Ok(stack), _) => Some(Ok(stack)),
            (Err(_), Ok(Some(status))) => Some(Err(status)),
            (Err(_), _) => None,
        },
    )
    .await;
    let stack = outcome.unwrap_or_else(|status| {
        let log = std::fs::read_to_string(state.join(LOG)).unwrap_or_default();
        panic!("the stack's starter ended ({status}):\n{log}")
    });
    Live::of(stack, &file)
}
