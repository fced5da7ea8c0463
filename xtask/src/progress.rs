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

/// How far a long piece of work is, on stderr: stdout belongs to the results.
#[derive(Debug)]
pub struct Progress {
    what: String,
    /// How much work there is, where that is known.
    total: Option<usize>,
    last_shown: Instant,
    is_terminal: bool,
}

impl Progress {
    /// Of `total` pieces of work.
    pub fn begin(what: &str, total: usize) -> Self {
        Self::new(what, Some(total))
    }

    /// Of work whose end is not known.
    pub fn counting(what: &str) -> Self {
        Self::new(what, None)
    }

    fn new(what: &str, total: Option<usize>) -> Self {
        Self {
            what: what.to_owned(),
            total,
            last_shown: Instant::now(),
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// `n_done` of them are done. Shown each second on a terminal, now and then elsewhere.
    pub fn at(&mut self, n_done: usize) {
        let every = if self.is_terminal {
            Duration::from_secs(1)
        } else {
            HEARTBEAT
        };
        if self.last_shown.elapsed() < every {
            return;
        }
        self.last_shown = Instant::now();
        let mut stderr = std::io::stderr();
        let (start, end) = if self.is_terminal {
            ("\r\x1b[K", "")
        } else {
            ("", "\n")
        };
        // Nobody may be listening.
        let _ = write!(stderr, "{start}  … {}{end}", self.line(n_done));
        let _ = stderr.flush();
    }

    fn line(&self, n_done: usize) -> String {
        let done = grouped(n_done);
        match self.total {
            Some(total) => format!("{} {done} of {}", self.what, grouped(total)),
            None => format!("{} {done}", self.what),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// A number with its thousands apart: `1,234`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_how_much_is_done_and_of_how_much_if_that_is_known() {
        assert_eq!(
            Progress::counting("analysing").line(1_234),
            "analysing 1,234"
        );
        assert_eq!(
            Progress::begin("reading", 5_426).line(128),
            "reading 128 of 5,426"
        );
    }

    #[test]
    fn thousands_stand_apart() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (99_999, "99,999"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(n), text);
        }
    }
}
