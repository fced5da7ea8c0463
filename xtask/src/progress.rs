//! Lines that say what is being done and how long it took.

use std::io::{IsTerminal, Write};
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
            is_terminal: std::io::stdout().is_terminal(),
            is_done: false,
        };
        if step.is_terminal {
            print!("  … {}", step.name);
            flush();
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
            print!("\r\x1b[K  … {} {secs} s  {line}", self.name);
            flush();
        } else if self.last_shown.elapsed() >= HEARTBEAT {
            println!("  … {} {secs} s  {line}", self.name);
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
            print!("\r\x1b[K");
        }
        let secs = self.started.elapsed().as_secs_f64();
        println!("  {sign} {:<34} {outcome} ({secs:.1} s)", self.name);
        flush();
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.is_done {
            self.finish('✗', "not finished");
        }
    }
}

fn flush() {
    // A closed terminal is no reason to stop.
    let _ = std::io::stdout().flush();
}
