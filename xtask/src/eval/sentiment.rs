//! `eval sentiment`: three classes, in one or several languages.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use edgedesk_learn::calibration::expected_calibration_error;
use edgedesk_learn::metrics::{Confusion, mean};
use serde_json::{Map, Value, json};

use super::table::{Column, bad_input, optional, read_table, required};
use super::{Inputs, per_label, rounded};
use crate::reader::{Reader, Reading};

const LABELS: [&str; 3] = ["negative", "neutral", "positive"];
const NEUTRAL: usize = 1;
const COLUMNS: [Column; 3] = [
    optional(&["lang"]),
    required(&["label"]),
    required(&["text"]),
];
const HEAD: &str = "sentiment";
/// What is predicted of a row that could not be read: a class that is never true.
const UNREAD: usize = LABELS.len();

struct Judged {
    language: String,
    truth: usize,
    predicted: usize,
    confidence: f64,
}

/// Scores of the shipped sentiment head. Data without neutral rows has two poles: there the stronger pole counts.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let rows = read_table(&inputs.data, &COLUMNS)?;
    let mut truth = Vec::with_capacity(rows.len());
    for row in &rows {
        match LABELS.iter().position(|label| *label == row.value(1)) {
            Some(label) => truth.push(label),
            None => bad_input!(
                "{}: line {}: the label `{}` is none of {}",
                inputs.data.display(),
                row.number,
                row.value(1),
                LABELS.join(", ")
            ),
        }
    }
    let has_neutral = truth.contains(&NEUTRAL);
    let texts: Vec<String> = rows.iter().map(|row| row.value(2).to_owned()).collect();
    let readings = reader.read("reading", texts).await?;
    let judged = rows
        .iter()
        .zip(truth)
        .zip(&readings)
        .map(|((row, truth), reading)| {
            let (predicted, confidence) = mood(reading.as_ref(), has_neutral)?;
            Ok(Judged {
                language: row.value(0).to_owned(),
                truth,
                predicted,
                confidence,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(scores(&judged))
}

fn mood(reading: Option<&Reading>, has_neutral: bool) -> Result<(usize, f64)> {
    let Some(reading) = reading else {
        return Ok((UNREAD, 0.0));
    };
    let Some(scores) = reading.heads.get(HEAD) else {
        bail!("the model has no sentiment head");
    };
    let mut best = (NEUTRAL, f32::NEG_INFINITY);
    for (label, score) in scores {
        let Some(place) = LABELS.iter().position(|known| known == label) else {
            bail!("the sentiment head has a label `{label}`");
        };
        if (has_neutral || place != NEUTRAL) && *score > best.1 {
            best = (place, *score);
        }
    }
    Ok((best.0, f64::from(best.1)))
}

fn scores(judged: &[Judged]) -> Map<String, Value> {
    let all = confusion(judged.iter());
    let confidences: Vec<(f64, bool)> = judged
        .iter()
        .map(|row| (row.confidence, row.truth == row.predicted))
        .collect();
    let mut fields = Map::new();
    fields.insert("n".into(), json!(judged.len()));
    fields.insert("accuracy".into(), rounded(all.accuracy()));
    fields.insert("macro_recall".into(), rounded(all.macro_recall()));
    fields.insert("macro_f1".into(), rounded(all.macro_f1()));
    fields.insert(
        "expected_calibration_error".into(),
        rounded(expected_calibration_error(&confidences)),
    );
    fields.insert("per_label".into(), per_label(&LABELS, &all.per_label()));
    fields.insert("confusion".into(), json!(all));
    let languages: BTreeSet<&str> = judged.iter().map(|row| row.language.as_str()).collect();
    if languages.iter().any(|language| !language.is_empty()) {
        let by_language: BTreeMap<&str, Confusion> = languages
            .into_iter()
            .map(|language| {
                (
                    language,
                    confusion(judged.iter().filter(|row| row.language == language)),
                )
            })
            .collect();
        fields.insert(
            "mean_macro_f1".into(),
            rounded(mean(by_language.values().map(Confusion::macro_f1))),
        );
        let by_language: Map<String, Value> = by_language
            .into_iter()
            .map(|(language, confusion)| {
                let scores = json!({
                    "n": confusion.n(),
                    "accuracy": rounded(confusion.accuracy()),
                    "macro_recall": rounded(confusion.macro_recall()),
                    "macro_f1": rounded(confusion.macro_f1()),
                });
                (language.to_owned(), scores)
            })
            .collect();
        fields.insert("by_language".into(), by_language.into());
    }
    fields
}

/// With a further row and column only if there are rows that could not be read.
fn confusion<'a>(judged: impl Iterator<Item = &'a Judged> + Clone) -> Confusion {
    let is_unread = |row: &Judged| row.predicted == UNREAD;
    let n_classes = LABELS.len() + usize::from(judged.clone().any(is_unread));
    Confusion::of(n_classes, judged.map(|row| (row.truth, row.predicted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_could_not_be_read_counts_as_wrong() {
        let judged = [(0, 0), (0, UNREAD), (2, 2), (1, 1)].map(|(truth, predicted)| Judged {
            language: String::new(),
            truth,
            predicted,
            confidence: 0.5,
        });
        let fields = scores(&judged);
        assert_eq!(fields["n"], 4);
        assert_eq!(fields["accuracy"], 0.75);
        assert_eq!(fields["macro_recall"], rounded(2.5 / 3.0));
        assert_eq!(fields["per_label"]["negative"]["recall"], 0.5);
        let labels = fields["per_label"].as_object().expect("scores per label");
        assert!(labels.keys().eq(LABELS));
        assert_eq!(mood(None, true).ok(), Some((UNREAD, 0.0)));
    }
}
