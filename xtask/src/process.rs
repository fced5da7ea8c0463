//! Child processes in groups of their own: whatever one starts ends with it, and all end with us.

use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::progress::Step;

/// Lines of output that a failure shows.
const TAIL_LINES: usize = 60;

/// How long a group may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// A process and its descendants. Dropping it ends them all.
#[derive(Debug)]
pub struct Group {
    child: Child,
    id: Pid,
    /// Kills the group when we die without dropping: it reads a pipe that closes with us.
    guard: Option<std::process::Child>,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Group {
    /// Starts a command in a group of its own, its output caught line by line.
    pub fn start(mut command: Command) -> Result<Self> {
        let name = command.as_std().get_program().display().to_string();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let id = child.id().context("the process ended at once")?;
        let group = Pid::from_raw(i32::try_from(id)?);
        let (sender, lines) = mpsc::unbounded_channel();
        if let Some(stdout) = child.stdout.take() {
            forward(stdout, sender.clone());
        }
        if let Some(stderr) = child.stderr.take() {
            forward(stderr, sender);
        }
        Ok(Self {
            child,
            id: group,
            guard: guard(group).ok(),
            lines,
        })
    }

    /// The id of the group, for those who want to kill it.
    pub fn id(&self) -> i32 {
        self.id.as_raw()
    }

    /// The next line of output; none when all of it has been read.
    pub async fn line(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// How the first process of the group ended.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    fn signal(&self, signal: Signal) {
        // The group may be gone already, which is what is wanted.
        let _ = killpg(self.id, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGTERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.signal(Signal::SIGKILL);
        if let Some(guard) = &mut self.guard {
            let _ = guard.kill();
            let _ = guard.wait();
        }
    }
}

/// Runs a command to its end, shown as `step`; its output is shown only when it fails.
pub async fn run(step: &mut Step, command: Command) -> Result<()> {
    let shown = describe(&command);
    let mut group = Group::start(command)?;
    let mut tail = Tail::default();
    while let Some(line) = group.line().await {
        step.note(&line);
        tail.push(line);
    }
    let status = group.wait().await?;
    if !status.success() {
        bail!("`{shown}` failed ({status}):\n{}", tail.text());
    }
    Ok(())
}

/// Runs a command and gives what it printed; `None` when it cannot be started or fails.
pub async fn output(mut command: Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The last lines of an output.
#[derive(Debug, Default)]
pub struct Tail {
    lines: std::collections::VecDeque<String>,
}

impl Tail {
    /// Takes a line, and forgets the oldest when there are many.
    pub fn push(&mut self, line: String) {
        if self.lines.len() == TAIL_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The lines, indented.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| format!("    {line}"))
            .collect();
        lines.join("\n")
    }
}

fn describe(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words
        .map(|word| {
            let word = word.to_string_lossy();
            word.rsplit('/').next().unwrap_or_default().to_owned()
        })
        .collect();
    words.join(" ")
}

fn forward(stream: impl AsyncRead + Unpin + Send + 'static, sender: mpsc::UnboundedSender<String>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}

/// A shell that waits for its input to end, which is when we do, and then kills the group. Only `kill -9` of ourselves
/// gets that far; in every other case `Drop` was first.
fn guard(group: Pid) -> std::io::Result<std::process::Child> {
    use std::os::unix::process::CommandExt;
    std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("read -r _; kill -KILL -{group} 2>/dev/null"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        command
    }

    #[tokio::test]
    async fn a_failure_shows_the_end_of_the_output() {
        let mut step = Step::begin("test");
        let error = run(&mut step, shell("echo one; echo two >&2; exit 3"))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.contains("one") && error.contains("two"), "{error}");
        step.end("failed as it should");
    }

    #[tokio::test]
    async fn grandchildren_end_with_the_group() {
        let mut group = Group::start(shell("sleep 600 & echo $!; wait")).unwrap();
        let grandchild = Pid::from_raw(group.line().await.unwrap().parse().unwrap());
        drop(group);
        // The signal has been sent; the kernel and whoever inherits the orphan need a moment.
        let deadline = Instant::now() + Duration::from_secs(5);
        while is_running(grandchild) && Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        assert!(!is_running(grandchild), "grandchild {grandchild} lives on");
    }

    /// Zombies do not run: in a container nobody may reap them.
    fn is_running(process: Pid) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let state = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        state.is_some_and(|state| state != 'Z')
    }
}
