//! `eval language`: which language a text is in.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use edgedesk_learn::metrics::mean;
use serde_json::{Map, Value, json};

use super::table::{Column, bad_input, optional, read_table, required};
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
    let rows = read_table(&inputs.data, &COLUMNS, |_| true)?;
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
    let mut counts: BTreeMap<(&str, &str), Count> = BTreeMap::new();
    for (row, guess) in rows.iter().zip(&guesses) {
        let count = counts.entry((row.value(1), row.value(0))).or_default();
        count.n += 1;
        count.n_right += u64::from(guess.as_deref() == Some(row.value(0)));
    }
    let mut fields = scores(&counts);
    fields.insert("n".into(), json!(rows.len()));
    fields.insert("left_out".into(), json!(left_out.len()));
    Ok(fields)
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
