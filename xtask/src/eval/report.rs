//! `eval all`: every task on the validation data, and `docs/evaluation.md` from what was found.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::table::bad_input;
use super::{Inputs, Task, measure};
use crate::reader::Reader;
use crate::workspace::root;

/// Where the data lies unless said otherwise: beside the checkout.
const DATA: &str = "../shared/data";
const PAGE: &str = "docs/evaluation.md";

/// What is measured, and what it should reach on the official test set.
struct Measurement {
    name: &'static str,
    task: Task,
    data: &'static str,
    train: Option<&'static str>,
    /// Where in the outcome, under which name, and at least how much.
    figures: &'static [(&'static str, &'static str, Option<f64>)],
}

const MEASUREMENTS: [Measurement; 18] = [
    Measurement {
        name: "sentiment, English tweets",
        task: Task::Sentiment,
        data: "tweeteval-sentiment/val.tsv",
        train: None,
        figures: &[
            ("/macro_recall", "macro recall", Some(0.715)),
            ("/accuracy", "accuracy", None),
            (
                "/expected_calibration_error",
                "expected calibration error",
                None,
            ),
        ],
    },
    Measurement {
        name: "sentiment, English tweets of 2016",
        task: Task::Sentiment,
        data: "tweeteval-sentiment/devtest2016.tsv",
        train: None,
        figures: &[
            ("/macro_recall", "macro recall", None),
            ("/accuracy", "accuracy", None),
        ],
    },
    Measurement {
        name: "sentiment, customers of airlines (never trained on)",
        task: Task::Sentiment,
        data: "airline-tweets-NC/val.tsv",
        train: None,
        figures: &[
            ("/macro_recall", "macro recall", None),
            ("/accuracy", "accuracy", None),
        ],
    },
    Measurement {
        name: "sentiment, eight languages",
        task: Task::Sentiment,
        data: "umsab-multilingual-sentiment/val.tsv",
        train: None,
        figures: &[("/mean_macro_f1", "mean macro F1", Some(0.60))],
    },
    Measurement {
        name: "emotions of tweets",
        task: Task::Emotion,
        data: "tweeteval-emotion/val.tsv",
        train: Some("tweeteval-emotion/train.tsv"),
        figures: &[
            ("/macro_f1", "macro F1", Some(0.74)),
            ("/accuracy", "accuracy", None),
        ],
    },
    Measurement {
        name: "emotions of Reddit (GoEmotions, Ekman and neutral)",
        task: Task::Emotion,
        data: "goemotions/val.tsv",
        train: Some("goemotions/train.tsv.gz"),
        figures: &[
            ("/macro_f1", "macro F1", Some(0.58)),
            ("/accuracy", "all labels right", None),
        ],
    },
    Measurement {
        name: "emotions of Reddit, by the head that is shipped",
        task: Task::Emotion,
        data: "goemotions/val.tsv",
        train: None,
        figures: &[
            ("/macro_f1", "macro F1", None),
            ("/accuracy", "all labels right", None),
        ],
    },
    Measurement {
        name: "77 banking intents",
        task: Task::Intent,
        data: "banking77/val.tsv",
        train: Some("banking77/train.tsv"),
        figures: &[("/accuracy", "accuracy", Some(0.925))],
    },
    Measurement {
        name: "150 intents and out of scope",
        task: Task::Intent,
        data: "clinc150/val.tsv",
        train: Some("clinc150/train.tsv"),
        figures: &[
            ("/in_scope_accuracy", "in-scope accuracy", Some(0.95)),
            ("/oos_recall", "out-of-scope recall", Some(0.55)),
        ],
    },
    Measurement {
        name: "finding an answered question",
        task: Task::Faq,
        data: "stackfaq/queries.train.jsonl",
        train: None,
        figures: &[
            ("/title/recall_at_1", "recall at 1, titles", Some(0.93)),
            ("/title/recall_at_3", "recall at 3, titles", None),
            ("/answers/recall_at_1", "recall at 1, answers", None),
        ],
    },
    Measurement {
        name: "which of 12 languages",
        task: Task::Language,
        data: "langid/val.tsv",
        train: None,
        figures: &[
            ("/by_kind/sentences", "sentences", Some(0.985)),
            ("/by_kind/single-words", "single words", Some(0.67)),
            ("/by_kind/word-pairs", "word pairs", None),
        ],
    },
    Measurement {
        name: "finding it by words and by meaning",
        task: Task::Search,
        data: "stackfaq/queries.train.jsonl",
        train: None,
        figures: &[
            ("/recall_at_1", "recall at 1, both", None),
            ("/ndcg_at_10", "nDCG at 10, both", None),
            ("/by_meaning/recall_at_1", "recall at 1, meaning", None),
            ("/by_meaning/ndcg_at_10", "nDCG at 10, meaning", None),
            ("/by_words/recall_at_1", "recall at 1, words", None),
            ("/by_words/ndcg_at_10", "nDCG at 10, words", None),
        ],
    },
    Measurement {
        name: "macros and drafts for 27 intents (intents of our model were trained on this set)",
        task: Task::Drafts,
        data: "bitext-customer-service/val.tsv",
        train: None,
        figures: &[
            ("/macro_in_top_3", "right macro in the first three", None),
            (
                "/macro_without_model/in_top_3",
                "the same without intent and category",
                None,
            ),
            (
                "/right_among_suggestions",
                "a right answer among the suggestions",
                None,
            ),
            (
                "/article_first_of_sourced",
                "drafts with articles: the right one first",
                None,
            ),
            (
                "/citation_precision",
                "citations of the right article",
                None,
            ),
            ("/fallback", "drafts without an article", None),
            (
                "/unsupported",
                "drafts with anything that has no source",
                None,
            ),
            (
                "/feedback/before/right_first",
                "right macro first, before feedback",
                None,
            ),
            (
                "/feedback/after/right_first",
                "right macro first, after feedback",
                None,
            ),
        ],
    },
    Measurement {
        name: "the assistant, customers' messages in 27 intents",
        task: Task::Deflection,
        data: "bitext-customer-service/val.tsv",
        train: None,
        figures: &[
            ("/deflection", "answered by the assistant", Some(0.4)),
            ("/wrong_of_all", "answered wrongly, of all", None),
            ("/wrong_answer_rate", "wrong among the answers", None),
            (
                "/unanswerable_answered",
                "answered though no article does",
                None,
            ),
        ],
    },
    Measurement {
        name: "the assistant, questions of threads that no threshold was chosen on",
        task: Task::Deflection,
        data: "stackfaq/queries.train.jsonl",
        train: None,
        figures: &[
            ("/deflection", "answered by the assistant", None),
            ("/wrong_of_all", "answered wrongly, of all", None),
            ("/wrong_answer_rate", "wrong among the answers", None),
            (
                "/unanswerable_answered",
                "answered though no article does",
                None,
            ),
        ],
    },
    Measurement {
        name: "questions that ask the same",
        task: Task::Duplicates,
        data: "stackfaq/queries.train.jsonl",
        train: None,
        figures: &[
            ("/precision", "precision", Some(0.9)),
            ("/recall", "recall", None),
            ("/top_5/recall", "recall in a list of five", None),
        ],
    },
    Measurement {
        name: "groups of questions, 150 intents",
        task: Task::Gaps,
        data: "clinc150/val.tsv",
        train: None,
        figures: &[
            ("/found", "groups found", None),
            ("/purity", "purity", None),
        ],
    },
    Measurement {
        name: "groups of questions, 77 banking intents",
        task: Task::Gaps,
        data: "banking77/val.tsv",
        train: None,
        figures: &[
            ("/found", "groups found", None),
            ("/purity", "purity", None),
        ],
    },
];

/// Measures everything and writes the page. The last line on stdout is one JSON object of all outcomes.
pub async fn run(data: Option<PathBuf>, in_wasm: bool) -> Result<()> {
    let folder = data.unwrap_or_else(|| root().join(DATA));
    if !folder.is_dir() {
        bad_input!(
            "{}: there is no such folder; name it with --data",
            folder.display()
        );
    }
    let mut reader = Reader::start(in_wasm).await?;
    let mut outcomes = Vec::new();
    for measurement in &MEASUREMENTS {
        eprintln!("{}", measurement.name);
        let outcome = measure(&mut reader, measurement.task, &measurement.inputs(&folder)).await?;
        outcomes.push((measurement, outcome));
    }
    let page = page(&reader.model(), reader.runs_in(), &today()?, &outcomes);
    let path = root().join(PAGE);
    std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("written to {PAGE}");
    let all = outcomes
        .into_iter()
        .map(|(measurement, outcome)| (measurement.name.to_owned(), outcome.into()));
    say!("{}", Value::Object(all.collect()));
    Ok(())
}

impl Measurement {
    fn inputs(&self, folder: &Path) -> Inputs {
        Inputs {
            data: folder.join(self.data),
            train: self.train.map(|train| folder.join(train)),
            ..Inputs::default()
        }
    }
}

/// The page as Markdown; nothing in it is written by hand.
fn page(
    model: &str,
    runs_in: &str,
    date: &str,
    outcomes: &[(&Measurement, Map<String, Value>)],
) -> String {
    let mut page = format!(
        "# How good the models are\n\n\
         Generated by `cargo xtask eval all --data {DATA}` on {date} with {model}, {runs_in}; change the generator, not this page.\n\n\
         Everything here is measured on *validation* data, which training and the choice of its settings have seen scores of:\n\
         on tweets above all it runs high. The column \"reach\" is what the official test sets should give, which are kept\n\
         apart; a figure here that meets it is a hope, one that misses it is a miss.\n\n\
         | what | rows | measure | found | reach | |\n| --- | ---: | --- | ---: | ---: | --- |\n"
    );
    let mut misses = Vec::new();
    for (measurement, outcome) in outcomes {
        let outcome = Value::Object(outcome.clone());
        for (index, (pointer, name, reach)) in measurement.figures.iter().enumerate() {
            let found = outcome.pointer(pointer).and_then(Value::as_f64);
            let shown = found.map_or("none".into(), |found| format!("{found:.3}"));
            let (reach, verdict) = match (found, reach) {
                (_, None) => (String::new(), ""),
                (Some(found), Some(reach)) if found >= *reach => (format!("{reach:.3}"), "met"),
                (_, Some(reach)) => {
                    misses.push(format!(
                        "- {}: {name} is {shown}, {reach:.3} was to be reached",
                        measurement.name
                    ));
                    (format!("{reach:.3}"), "**missed**")
                }
            };
            let (what, n) = if index == 0 {
                (measurement.name, outcome["n"].to_string())
            } else {
                ("", String::new())
            };
            let _ = writeln!(
                page,
                "| {what} | {n} | {name} | {shown} | {reach} | {verdict} |"
            );
        }
    }
    page.push_str("\n## Misses\n\n");
    if misses.is_empty() {
        misses.push("None on validation data.".into());
    }
    page.push_str(&misses.join("\n"));
    page.push_str("\n\n## Details\n");
    for (measurement, outcome) in outcomes {
        let _ = write!(
            page,
            "\n### {}\n\n```sh\ncargo xtask eval {}",
            measurement.name,
            measurement.task.name()
        );
        let _ = write!(page, " --data {DATA}/{}", measurement.data);
        if let Some(train) = measurement.train {
            let _ = write!(page, " --train {DATA}/{train}");
        }
        page.push_str("\n```\n\n");
        details(&mut page, outcome);
    }
    page
}

/// A list of the plain figures, then a table per group of them.
fn details(page: &mut String, outcome: &Map<String, Value>) {
    let hidden = ["task", "model", "runs_in", "confusion"];
    let shown = outcome
        .iter()
        .filter(|(name, _)| !hidden.contains(&name.as_str()));
    let plain = shown
        .clone()
        .filter(|(_, value)| value.is_number() || value.is_string() || value.is_boolean());
    let plain: Vec<String> = plain
        .map(|(name, value)| format!("`{name}` {value}"))
        .collect();
    let _ = writeln!(page, "{}", plain.join(", "));
    for (name, value) in shown {
        let Some(group) = value.as_object() else {
            continue;
        };
        let columns: Vec<&String> = group
            .values()
            .find_map(Value::as_object)
            .map(|row| row.keys().collect())
            .unwrap_or_default();
        let _ = write!(page, "\n| {name} |");
        if columns.is_empty() {
            page.push_str(" value |\n| --- | ---: |\n");
        } else {
            for column in &columns {
                let _ = write!(page, " {column} |");
            }
            let _ = write!(page, "\n| --- |{}\n", " ---: |".repeat(columns.len()));
        }
        for (label, value) in group {
            let _ = write!(page, "| {label} |");
            match value.as_object() {
                None => {
                    let _ = write!(page, " {value} |");
                }
                Some(row) => {
                    for column in &columns {
                        let _ = write!(page, " {} |", row.get(*column).unwrap_or(&Value::Null));
                    }
                }
            }
            page.push('\n');
        }
    }
}

fn today() -> Result<String> {
    let now = edgedesk_client::api::now_text();
    let date = now.get(..10).context("a time begins with a date")?;
    Ok(date.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_says_what_was_missed() {
        let outcome = |value: Value| value.as_object().cloned().unwrap_or_default();
        let outcomes = [
            (
                &MEASUREMENTS[0],
                outcome(
                    json!({"task": "sentiment", "n": 3, "macro_recall": 0.7, "accuracy": 0.66,
                    "expected_calibration_error": 0.02, "confusion": [[1]],
                    "per_label": {"negative": {"n": 1, "f1": 0.5}, "positive": {"n": 2, "f1": 0.75}}}),
                ),
            ),
            (
                &MEASUREMENTS[10],
                outcome(json!({"task": "language", "n": 4, "accuracy": 0.9,
                    "by_kind": {"sentences": 0.99, "single-words": 0.7, "word-pairs": 0.8}})),
            ),
        ];
        let page = page("edgedesk-mood 9.9.9", "native", "2026-01-02", &outcomes);
        insta::assert_snapshot!("page", page);
    }
}
