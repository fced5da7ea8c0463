//! Lines that say what is being done and how long it took.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a step without a terminal says that it still works.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A piece of work that is shown while it lasts.
#[derive(Debug)]
pub struct Step {
    name: String,
    started: Instant,
    last_shown: Instant,
    is_terminal: bool,
    is_done: bool,
}

impl Step {
    /// Shows that `name` begins.
    pub fn begin(name: impl Into<String>) -> Self {
        let step = Self {
            name: name.into(),
            started: Instant::now(),
            last_shown: Instant::now(),
            is_terminal: if is_on_stderr() {
                std::io::stderr().is_terminal()
            } else {
                std::io::stdout().is_terminal()
            },
            is_done: false,
        };
        if step.is_terminal {
            write_now(format_args!("  … {}", step.name));
        }
        step
    }

    /// Shows the newest word of the work itself: at once on a terminal, now and then elsewhere.
    pub fn note(&mut self, line: &str) {
        let line: String = line.trim().chars().take(70).collect();
        if line.is_empty() {
            return;
        }
        let secs = self.started.elapsed().as_secs();
        if self.is_terminal {
            write_now(format_args!("\r\x1b[K  … {} {secs} s  {line}", self.name));
        } else if self.last_shown.elapsed() >= HEARTBEAT {
            say(format_args!("  … {} {secs} s  {line}", self.name));
            self.last_shown = Instant::now();
        }
    }

    /// The work is done; `outcome` is a word such as `done` or `unchanged`.
    pub fn end(mut self, outcome: &str) {
        self.is_done = true;
        self.finish('✓', outcome);
    }

    fn finish(&self, sign: char, outcome: &str) {
        if self.is_terminal {
            write_now(format_args!("\r\x1b[K"));
        }
        let secs = self.started.elapsed().as_secs_f64();
        say(format_args!(
            "  {sign} {:<34} {outcome} ({secs:.1} s)",
            self.name
        ));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.is_done {
            self.finish('✗', "not finished");
        }
    }
}

/// Prints a line. A reader that has gone away (`| head`) is no reason to stop, as it is to `println!`.
pub fn say(line: impl std::fmt::Display) {
    write_now(format_args!("{line}\n"));
}

/// From now on, steps and lines go to stderr: stdout belongs to what the command makes.
pub fn use_stderr() {
    ON_STDERR.store(true, Ordering::Relaxed);
}

static ON_STDERR: AtomicBool = AtomicBool::new(false);

fn is_on_stderr() -> bool {
    ON_STDERR.load(Ordering::Relaxed)
}

fn write_now(text: std::fmt::Arguments<'_>) {
    let mut out: Box<dyn Write> = if is_on_stderr() {
        Box::new(std::io::stderr())
    } else {
        Box::new(std::io::stdout())
    };
    let _ = out.write_fmt(text).and_then(|()| out.flush());
}
