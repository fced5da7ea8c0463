//! What a run has shown: for the terminal, for a page of the documentation, for programs.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use edgedesk_client::api;
use edgedesk_domain::time::Timestamp;
use serde::Serialize;

use crate::latency::{Latency, Summary};
use crate::ledger::Losses;
use crate::machine::Machine;

/// Blocks of the longest bar.
const BAR_WIDTH: u64 = 40;

/// All that a run has shown.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What ran; the same for every run of a scenario, whose section it names.
    pub title: &'static str,
    /// With which numbers.
    pub what: String,
    /// The command that repeats it.
    pub command: String,
    /// When it began.
    pub at: Timestamp,
    /// On what.
    pub machine: Machine,
    /// Numbers, in the order in which they are told.
    pub facts: Vec<Fact>,
    /// Durations, likewise.
    pub latencies: Vec<Timing>,
    /// Numbers over something, such as minutes or routes.
    pub tables: Vec<Table>,
    /// What became of the messages.
    pub losses: Vec<Found>,
    /// What else went wrong, in words. Any of it fails the run.
    pub failures: Vec<String>,
}

/// A number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// What.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
}

/// Durations of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// Of what.
    pub name: String,
    /// In milliseconds.
    #[serde(flatten)]
    pub summary: Summary,
}

/// Numbers over something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What it is of.
    pub title: String,
    /// The names of the columns.
    pub head: Vec<String>,
    /// The cells.
    pub rows: Vec<Vec<String>>,
}

/// What became of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Where they were looked for.
    pub place: String,
    /// What was found.
    #[serde(flatten)]
    pub losses: Losses,
}

impl Report {
    /// Of a run that begins now.
    #[must_use]
    pub fn begin(title: &'static str, what: impl Into<String>) -> Self {
        Self {
            title,
            what: what.into(),
            command: String::new(),
            at: api::now(),
            machine: Machine::now(),
            facts: Vec::new(),
            latencies: Vec::new(),
            tables: Vec::new(),
            losses: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Adds a number.
    pub fn fact(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.facts.push(Fact {
            name: name.into(),
            value,
            unit,
        });
    }

    /// Adds durations, unless there are none.
    pub fn latency(&mut self, name: impl Into<String>, latency: &Latency) {
        if !latency.is_empty() {
            self.latencies.push(Timing {
                name: name.into(),
                summary: latency.summary(),
            });
        }
    }

    /// Adds what became of messages.
    pub fn found(&mut self, place: impl Into<String>, losses: Losses) {
        self.losses.push(Found {
            place: place.into(),
            losses,
        });
    }

    /// The run has ended.
    #[must_use]
    pub fn end(mut self) -> Self {
        self.machine.end();
        self
    }

    /// Whether all is as it should be.
    ///
    /// # Errors
    /// When something was lost, repeated or swapped, or failed otherwise; the error says all of it.
    pub fn verdict(&self) -> Result<()> {
        let losses = self.losses.iter().filter(|found| !found.losses.is_whole());
        let mut wrong: Vec<String> = losses
            .map(|found| format!("{}: {}", found.place, describe(&found.losses)))
            .collect();
        wrong.extend(self.failures.iter().cloned());
        if wrong.is_empty() {
            return Ok(());
        }
        bail!("{}", wrong.join("\n"))
    }

    /// For a person at a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let names = self.facts.iter().map(|fact| fact.name.as_str());
        let places = self.losses.iter().map(|found| found.place.as_str());
        let width = names.chain(places).map(|name| name.chars().count()).max();
        let width = width.unwrap_or_default();
        let mut lines = vec![format!("{}: {}", self.title, self.what)];
        for fact in &self.facts {
            let value = number(fact.value);
            let line = format!("  {:<width$}  {value:>9} {}", fact.name, fact.unit);
            lines.push(line.trim_end().to_owned());
        }
        for found in &self.losses {
            let words = describe(&found.losses);
            lines.push(format!("  {:<width$}  {words}", found.place));
        }
        for table in std::iter::once(self.timings()).chain(self.tables.clone()) {
            if !table.rows.is_empty() {
                lines.push(String::new());
                lines.push(columns(&table));
            }
        }
        lines.push(format!("\n  {}", self.place()));
        lines.extend(self.failures.iter().map(|failure| format!("  {failure}")));
        lines.join("\n")
    }

    /// A section of a page, with histograms.
    #[must_use]
    pub fn markdown(&self) -> String {
        let day: String = self.at.to_string().chars().take(10).collect();
        let mut page = format!("### {}\n\n", self.title);
        // A `String` takes any text.
        let _ = writeln!(
            page,
            "{}: `{}`, {day}. {}\n",
            self.what,
            self.command,
            self.place()
        );
        if !(self.facts.is_empty() && self.losses.is_empty()) {
            page.push_str("| what | |\n| --- | --- |\n");
        }
        for fact in &self.facts {
            let value = number(fact.value);
            let _ = writeln!(
                page,
                "| {} | {} |",
                fact.name,
                format!("{value} {}", fact.unit).trim_end()
            );
        }
        for found in &self.losses {
            let _ = writeln!(page, "| {} | {} |", found.place, describe(&found.losses));
        }
        for table in std::iter::once(self.timings()).chain(self.tables.clone()) {
            if !table.rows.is_empty() {
                let _ = write!(page, "\n{}", cells(&table));
            }
        }
        for timing in &self.latencies {
            let _ = write!(
                page,
                "\n{}:\n\n```text\n{}```\n",
                timing.name,
                bars(&timing.summary)
            );
        }
        for failure in &self.failures {
            let _ = write!(page, "\n**{failure}**\n");
        }
        page
    }

    /// For programs.
    ///
    /// # Errors
    /// Never in practice: all keys are texts.
    pub fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    fn timings(&self) -> Table {
        let head = ["in ms", "n", "mean", "p50", "p95", "p99", "p99.9", "max"];
        let rows = self.latencies.iter().map(|timing| {
            let summary = &timing.summary;
            let numbers = [
                summary.mean,
                summary.p50,
                summary.p95,
                summary.p99,
                summary.p999,
                summary.max,
            ];
            let words = [timing.name.clone(), summary.n.to_string()];
            words.into_iter().chain(numbers.map(number)).collect()
        });
        Table {
            title: String::new(),
            head: head.map(str::to_owned).into(),
            rows: rows.collect(),
        }
    }

    fn place(&self) -> String {
        let Machine {
            cores,
            processor,
            load_before,
            load_after,
        } = &self.machine;
        let of = if processor.is_empty() { "" } else { " of " };
        format!(
            "{cores} cores{of}{processor}; load average before {load_before}, after {load_after}."
        )
    }
}

/// A page with the report's section: in the place of the one of the same title, or at the end.
#[must_use]
pub fn with_section(page: &str, report: &Report) -> String {
    let (head, section) = (format!("### {}", report.title), report.markdown());
    let begin = page.match_indices(&head).map(|(at, _)| at).find(|&at| {
        let is_whole = page[at + head.len()..].starts_with('\n');
        is_whole && (at == 0 || page[..at].ends_with('\n'))
    });
    let Some(begin) = begin else {
        let gap = if page.is_empty() { "" } else { "\n" };
        return format!("{page}{gap}{section}");
    };
    let rest = &page[begin + head.len()..];
    let next = ["\n## ", "\n### "]
        .iter()
        .filter_map(|mark| rest.find(mark));
    match next.min() {
        Some(next) => format!("{}{section}{}", &page[..begin], &rest[next..]),
        None => format!("{}{section}", &page[..begin]),
    }
}

fn describe(losses: &Losses) -> String {
    let mut words = format!("{} acknowledged", losses.n_acknowledged);
    if losses.is_whole() {
        words.push_str(", each there once");
    }
    for (n, what) in [
        (losses.n_lost, "LOST"),
        (losses.n_repeated, "REPEATED"),
        (losses.n_out_of_order, "OUT OF ORDER"),
        (losses.n_unknown, "UNKNOWN"),
    ] {
        if n > 0 {
            let _ = write!(words, ", {n} {what}");
        }
    }
    if losses.n_unanswered > 0 {
        let _ = write!(
            words,
            "; {} unanswered, of which {} are there",
            losses.n_unanswered, losses.n_unanswered_found
        );
    }
    if !losses.examples.is_empty() {
        let _ = write!(words, " ({})", losses.examples.join(", "));
    }
    words
}

/// A table in columns: the first to the left, the others to the right.
fn columns(table: &Table) -> String {
    let lines: Vec<&Vec<String>> = std::iter::once(&table.head).chain(&table.rows).collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..table.head.len()).map(width).collect();
    let mut text: Vec<String> = Vec::with_capacity(lines.len() + 1);
    if !table.title.is_empty() {
        text.push(format!("  {}", table.title));
    }
    for line in lines {
        let mut row = String::from(" ");
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ = if column == 0 {
                write!(row, " {cell:<width$}")
            } else {
                write!(row, "  {cell:>width$}")
            };
        }
        text.push(row.trim_end().to_owned());
    }
    text.join("\n")
}

fn cells(table: &Table) -> String {
    let mut text = String::new();
    if !table.title.is_empty() {
        let _ = writeln!(text, "{}:\n", table.title);
    }
    let _ = writeln!(text, "| {} |", table.head.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(table.head.len()));
    for row in &table.rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// A histogram of text. What is there at all has a block, or a rare pause could not be seen.
fn bars(summary: &Summary) -> String {
    let most = summary
        .bars
        .iter()
        .map(|bar| bar.n)
        .max()
        .unwrap_or(1)
        .max(1);
    let mut text = String::new();
    for bar in &summary.bars {
        let n_blocks = (bar.n * BAR_WIDTH).div_ceil(most);
        let blocks = "█".repeat(usize::try_from(n_blocks).unwrap_or_default());
        let line = format!("≤ {:>6} ms  {:>8}  {blocks}", bar.at_most_ms, bar.n);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 || value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests;
