//! `cargo xtask eval`: how good the models are on labelled data, as one JSON object a task.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use edgedesk_learn::LearnError;
use edgedesk_learn::metrics::LabelScores;
use serde_json::{Map, Value, json};

use crate::reader::{Reader, apart};

mod deflection;
mod drafts;
mod duplicates;
mod emotion;
mod faq;
mod floors;
mod gaps;
mod groups;
mod intent;
mod language;
mod library;
#[cfg(test)]
mod quality;
mod report;
mod search;
mod sentiment;
pub mod table;
#[cfg(test)]
mod tests;

use floors::Floor;
use table::{BadInput, bad_input};

/// Options of `cargo xtask eval`.
#[derive(Debug, Args)]
pub struct EvalArguments {
    /// What to measure; `all` runs every task on the validation data and writes docs/evaluation.md.
    #[arg(value_enum)]
    pub task: Task,
    /// The labelled rows: TSV or JSON lines, gzip if the name ends in `.gz`; for `all`, the folder of data sets.
    #[arg(long, value_name = "PATH", required_if_eq_any([
        ("task", "sentiment"), ("task", "emotion"), ("task", "intent"), ("task", "language"), ("task", "faq"),
        ("task", "search"), ("task", "drafts"), ("task", "deflection"), ("task", "duplicates"), ("task", "gaps"),
    ]))]
    pub data: Option<PathBuf>,
    /// Rows to fit a linear head on, over the frozen encoder.
    #[arg(long, value_name = "FILE")]
    pub train: Option<PathBuf>,
    /// The threads of `faq`, `search`, `deflection` and `duplicates`; `corpus.jsonl` beside the data when absent.
    #[arg(long, value_name = "FILE")]
    pub corpus: Option<PathBuf>,
    /// Writes so many drafts of `drafts`, or answers of `deflection`, to stderr, to be read by somebody.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub show: usize,
    /// Group emotions into Ekman's six and neutral, also when each row has one label.
    #[arg(long)]
    pub ekman: bool,
    /// Through the inference Worker in workerd, as deployed.
    #[arg(long)]
    pub wasm: bool,
    /// Fail unless a measure of the outcome reaches a value: `macro_f1=0.7`, `by_kind.sentences=0.98`. May be repeated.
    #[arg(long, value_name = "MEASURE=VALUE")]
    pub at_least: Vec<Floor>,
}

impl EvalArguments {
    /// An option that the task has no use for was meant for something: silence would be a wrong answer.
    fn check(&self) -> Result<()> {
        let fits_heads = matches!(self.task, Task::Emotion | Task::Intent);
        let finds_threads = matches!(
            self.task,
            Task::Faq | Task::Search | Task::Deflection | Task::Duplicates
        );
        let shows = matches!(self.task, Task::Drafts | Task::Deflection);
        for (option, is_given, is_used) in [
            ("--train", self.train.is_some(), fits_heads),
            ("--corpus", self.corpus.is_some(), finds_threads),
            ("--show", self.show > 0, shows),
            ("--ekman", self.ekman, self.task == Task::Emotion),
            (
                "--at-least",
                !self.at_least.is_empty(),
                self.task != Task::All,
            ),
        ] {
            if is_given && !is_used {
                bad_input!("`eval {}` has no use for {option}", self.task.name());
            }
        }
        Ok(())
    }
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Negative, neutral, positive.
    Sentiment,
    /// One emotion a row, or several.
    Emotion,
    /// One intent a row, or out of scope.
    Intent,
    /// Which language.
    Language,
    /// Finding the thread that answers a question, by meaning alone.
    Faq,
    /// The same by words, by meaning, and by both.
    Search,
    /// Macros and drafts for messages, against a help centre of our own (`tests/corpora/support`).
    Drafts,
    /// What the assistant answers by itself, and how much of it is wrong.
    Deflection,
    /// Telling questions that ask the same from others.
    Duplicates,
    /// Putting questions that ask alike into groups.
    Gaps,
    /// All of these.
    All,
}

impl Task {
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// What a task reads.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    pub data: PathBuf,
    pub train: Option<PathBuf>,
    pub corpus: Option<PathBuf>,
    pub ekman: bool,
    pub show: usize,
}

/// `cargo xtask eval`: the last line on stdout is the JSON object.
pub async fn run(arguments: EvalArguments) -> Result<()> {
    arguments.check()?;
    if arguments.task == Task::All {
        return report::run(arguments.data, arguments.wasm).await;
    }
    let inputs = Inputs {
        data: arguments.data.unwrap_or_default(),
        train: arguments.train,
        corpus: arguments.corpus,
        ekman: arguments.ekman,
        show: arguments.show,
    };
    let mut reader = Reader::start(arguments.wasm).await?;
    let outcome = measure(&mut reader, arguments.task, &inputs).await?;
    let outcome = Value::from(outcome);
    say!("{outcome}");
    let misses = floors::misses(&outcome, &arguments.at_least)?;
    if !misses.is_empty() {
        bail!("{}", misses.join("; "));
    }
    Ok(())
}

/// The fields of a task, among them `task`, `model`, `n` and `seconds`, which is the time from the first row read to the
/// last judged; and `failed`, if there were texts that could not be read: each counts as told wrong.
async fn measure(reader: &mut Reader, task: Task, inputs: &Inputs) -> Result<Map<String, Value>> {
    let started = Instant::now();
    let n_failed_before = reader.n_failed();
    let fields = match task {
        Task::Sentiment => sentiment::run(reader, inputs).await?,
        Task::Emotion => emotion::run(reader, inputs).await?,
        Task::Intent => intent::run(reader, inputs).await?,
        Task::Language => language::run(reader, inputs).await?,
        Task::Faq => faq::run(reader, inputs).await?,
        Task::Search => search::run(reader, inputs).await?,
        Task::Drafts => drafts::run(reader, inputs).await?,
        Task::Deflection => deflection::run(reader, inputs).await?,
        Task::Duplicates => duplicates::run(reader, inputs).await?,
        Task::Gaps => gaps::run(reader, inputs).await?,
        Task::All => bad_input!("`all` is no single task"),
    };
    let mut outcome = Map::new();
    outcome.insert("task".into(), json!(task.name()));
    outcome.insert("model".into(), json!(reader.model()));
    outcome.insert("runs_in".into(), json!(reader.runs_in()));
    outcome.extend(fields);
    let n_failed = reader.n_failed() - n_failed_before;
    if n_failed > 0 {
        outcome.insert("failed".into(), json!(n_failed));
    }
    outcome.insert(
        "seconds".into(),
        json!((started.elapsed().as_secs_f64() * 10.0).round() / 10.0),
    );
    Ok(outcome)
}

/// Fits, says so meanwhile, and blames the rows when it does not work. Minutes may pass, in which a signal is heard.
async fn fitting<T: Send + 'static>(
    fit: impl FnOnce() -> Result<T, LearnError> + Send + 'static,
) -> Result<T> {
    eprintln!("  … fitting a head");
    let fitted = apart(fit).await?;
    fitted.map_err(|error| BadInput(format!("the training rows: {error}")).into())
}

/// Four digits are more than a few thousand rows can tell.
fn rounded(value: f64) -> Value {
    json!((value * 10_000.0).round() / 10_000.0)
}

fn per_label(names: &[&str], scores: &[LabelScores]) -> Value {
    let scores = names.iter().zip(scores).map(|(name, scores)| {
        let scores = json!({
            "n": scores.n,
            "precision": rounded(scores.precision),
            "recall": rounded(scores.recall),
            "f1": rounded(scores.f1),
        });
        ((*name).to_owned(), scores)
    });
    Value::Object(scores.collect())
}
