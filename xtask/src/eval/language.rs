//! `eval language`: which language a text is in.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use edgedesk_learn::metrics::mean;
use serde_json::{Map, Value, json};

use super::table::{Column, Line, bad_input, optional, read_table, required};
use super::{Inputs, rounded};
use crate::reader::Reader;

const COLUMNS: [Column; 3] = [
    required(&["lang"]),
    optional(&["kind", "source"]),
    required(&["text"]),
];

/// Right rows of all rows.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    n_right: u64,
    n: u64,
}

impl Count {
    fn accuracy(self) -> f64 {
        self.n_right as f64 / self.n.max(1) as f64
    }
}

/// Scores of the language identifier over the languages that it knows. Accuracy is the share of rows; by kind it is the mean
/// over languages, as the data's README asks.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let rows = read_table(&inputs.data, &COLUMNS)?;
    let known: BTreeSet<String> = reader.languages()?.into_iter().collect();
    let (rows, left_out): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| known.contains(row.value(0)));
    if rows.is_empty() {
        bad_input!(
            "{}: no row is in a language that the product knows ({})",
            inputs.data.display(),
            known.into_iter().collect::<Vec<_>>().join(", ")
        );
    }
    let texts: Vec<String> = rows.iter().map(|row| row.value(2).to_owned()).collect();
    let guesses = reader.identify(texts).await?;
    let mut fields = judged(&rows, &guesses);
    fields.insert("left_out".into(), json!(left_out.len()));
    Ok(fields)
}

fn judged(rows: &[&Line], guesses: &[Option<String>]) -> Map<String, Value> {
    let mut counts: BTreeMap<(&str, &str), Count> = BTreeMap::new();
    for (row, guess) in rows.iter().zip(guesses) {
        let count = counts.entry((row.value(1), row.value(0))).or_default();
        count.n += 1;
        count.n_right += u64::from(guess.as_deref() == Some(row.value(0)));
    }
    let mut fields = scores(&counts);
    fields.insert("n".into(), json!(rows.len()));
    fields
}

fn scores(counts: &BTreeMap<(&str, &str), Count>) -> Map<String, Value> {
    let total = |keep: &dyn Fn(&str, &str) -> bool| {
        counts
            .iter()
            .filter(|((kind, language), _)| keep(kind, language))
            .fold(Count::default(), |sum, (_, count)| Count {
                n_right: sum.n_right + count.n_right,
                n: sum.n + count.n,
            })
    };
    let kinds: BTreeSet<&str> = counts.keys().map(|(kind, _)| *kind).collect();
    let languages: BTreeSet<&str> = counts.keys().map(|(_, language)| *language).collect();
    let by_language: Map<String, Value> = languages
        .iter()
        .map(|language| {
            let accuracy = total(&|_, other| other == *language).accuracy();
            ((*language).to_owned(), rounded(accuracy))
        })
        .collect();
    let mut fields = Map::new();
    fields.insert("accuracy".into(), rounded(total(&|_, _| true).accuracy()));
    fields.insert("by_language".into(), by_language.into());
    if kinds.iter().any(|kind| !kind.is_empty()) {
        let by_kind: Map<String, Value> = kinds
            .iter()
            .map(|kind| {
                let of_kind = counts.iter().filter(|((other, _), _)| other == kind);
                let accuracy = mean(of_kind.map(|(_, count)| count.accuracy()));
                ((*kind).to_owned(), rounded(accuracy))
            })
            .collect();
        fields.insert("by_kind".into(), by_kind.into());
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[(&str, &str, Option<&str>)], expected: &Value) {
        let lines: Vec<Line> = rows
            .iter()
            .map(|(language, kind, _)| Line {
                number: 1,
                values: vec![
                    Some((*language).into()),
                    (!kind.is_empty()).then(|| (*kind).into()),
                    Some("a text".into()),
                ],
            })
            .collect();
        let guesses: Vec<Option<String>> = rows
            .iter()
            .map(|(_, _, guess)| guess.map(str::to_owned))
            .collect();
        let found = judged(&lines.iter().collect::<Vec<_>>(), &guesses);
        assert_eq!(Value::from(found), *expected);
    }

    #[test]
    fn accuracy_is_by_rows_and_by_kind_the_mean_over_languages() {
        check(
            &[
                ("de", "sentences", Some("de")),
                ("de", "sentences", Some("de")),
                ("de", "sentences", Some("nl")),
                ("en", "sentences", Some("en")),
                ("en", "single-words", None),
            ],
            &json!({
                "n": 5, "accuracy": 0.6,
                "by_language": {"de": 0.6667, "en": 0.5},
                "by_kind": {"sentences": 0.8333, "single-words": 0.0},
            }),
        );
    }

    #[test]
    fn rows_without_a_kind_are_of_none() {
        check(
            &[("fi", "", Some("fi")), ("sv", "", Some("nb"))],
            &json!({"n": 2, "accuracy": 0.5, "by_language": {"fi": 1.0, "sv": 0.0}}),
        );
    }
}
