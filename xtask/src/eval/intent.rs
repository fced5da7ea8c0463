//! `eval intent`: one intent of many, or none of them.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use edgedesk_learn::metrics::{Confusion, mean};
use edgedesk_learn::scope::{OUT_OF_SCOPE, ScopedHead};
use edgedesk_learn::{FitOptions, Row};
use serde_json::{Map, Value, json};

use super::table::{Column, Line, bad_input, optional, read_table, required};
use super::{Inputs, rounded};
use crate::reader::{Reader, Reading};

const COLUMNS: [Column; 3] = [
    optional(&["domain"]),
    required(&["intent", "label"]),
    required(&["text"]),
];
const INTENT: usize = 1;
const TEXT: usize = 2;
/// What is predicted of a row that could not be read.
const UNREAD: &str = "";
const HEAD: &str = "intent";

/// Scores of a head fitted on `--train`, or of the shipped intent head. Rows labelled `oos` are out of scope: of the others
/// the accuracy is measured, of these the recall.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let rows = read_table(&inputs.data, &COLUMNS)?;
    let (predicted, fields) = match &inputs.train {
        Some(train) => fitted(reader, &rows, train).await?,
        None => shipped(reader, &rows, &inputs.data).await?,
    };
    let mut fields = fields;
    fields.extend(scores(&rows, &predicted));
    Ok(fields)
}

async fn fitted(
    reader: &mut Reader,
    rows: &[Line],
    train: &Path,
) -> Result<(Vec<String>, Map<String, Value>)> {
    let known = read_table(train, &COLUMNS)?;
    let n_known = known.len();
    let readings = reader
        .read("reading the training rows", texts(&known))
        .await?;
    let head = super::fitting(move || {
        let learned: Vec<(Row<'_>, &str)> = known
            .iter()
            .zip(&readings)
            .filter_map(|(line, reading)| Some((row(line, reading.as_ref())?, line.value(INTENT))))
            .collect();
        let (learned, labels): (Vec<Row<'_>>, Vec<&str>) = learned.into_iter().unzip();
        ScopedHead::fit(&learned, &labels, &FitOptions::large())
    })
    .await?;

    let readings = reader.read("reading", texts(rows)).await?;
    let predicted = rows
        .iter()
        .zip(&readings)
        .map(|(line, reading)| match row(line, reading.as_ref()) {
            Some(row) => Ok(head.predict(&row)?.to_owned()),
            None => Ok(UNREAD.to_owned()),
        })
        .collect::<Result<Vec<_>>>()?;
    let mut fields = Map::new();
    fields.insert("train_rows".into(), json!(n_known));
    Ok((predicted, fields))
}

fn texts(rows: &[Line]) -> Vec<String> {
    rows.iter().map(|row| row.value(TEXT).to_owned()).collect()
}

/// What heads read of a row, if it could be read.
fn row<'a>(line: &'a Line, reading: Option<&'a Reading>) -> Option<Row<'a>> {
    reading.map(|reading| Row {
        features: &reading.features,
        text: line.value(TEXT),
    })
}

async fn shipped(
    reader: &mut Reader,
    rows: &[Line],
    path: &Path,
) -> Result<(Vec<String>, Map<String, Value>)> {
    let readings = reader.read("reading", texts(rows)).await?;
    let mut predicted = Vec::with_capacity(rows.len());
    for (row, reading) in rows.iter().zip(&readings) {
        let Some(reading) = reading else {
            predicted.push(UNREAD.to_owned());
            continue;
        };
        let Some(scores) = reading.heads.get(HEAD) else {
            bad_input!(
                "the shipped model has no intent head: give rows to learn from with --train"
            );
        };
        if !scores.iter().any(|(label, _)| label == row.value(INTENT)) {
            bad_input!(
                "{}: line {}: the shipped head has no intent `{}`: give rows to learn from with --train",
                path.display(),
                row.number,
                row.value(INTENT)
            );
        }
        let best = scores.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        predicted.push(best.map(|(label, _)| label.clone()).unwrap_or_default());
    }
    Ok((predicted, Map::new()))
}

fn scores(rows: &[Line], predicted: &[String]) -> Map<String, Value> {
    let labels: BTreeSet<&str> = rows
        .iter()
        .map(|row| row.value(INTENT))
        .chain(predicted.iter().map(String::as_str))
        .collect();
    let labels: Vec<&str> = labels.into_iter().collect();
    let place = |label: &str| labels.binary_search(&label).unwrap_or(labels.len());
    let confusion = Confusion::of(
        labels.len(),
        rows.iter()
            .zip(predicted)
            .map(|(row, predicted)| (place(row.value(INTENT)), place(predicted))),
    );
    let mut fields = Map::new();
    fields.insert("n".into(), json!(rows.len()));
    let n_labels = labels.iter().filter(|label| **label != UNREAD).count();
    fields.insert("labels".into(), json!(n_labels));
    fields.insert("accuracy".into(), rounded(confusion.accuracy()));
    fields.insert("macro_f1".into(), rounded(confusion.macro_f1()));
    let right = |is_oos: bool| {
        let of_kind = rows.iter().zip(predicted);
        let of_kind = of_kind.filter(|(row, _)| (row.value(INTENT) == OUT_OF_SCOPE) == is_oos);
        mean(of_kind.map(|(row, predicted)| f64::from(u8::from(row.value(INTENT) == predicted))))
    };
    if rows.iter().any(|row| row.value(INTENT) == OUT_OF_SCOPE) {
        fields.insert("in_scope_accuracy".into(), rounded(right(false)));
        fields.insert("oos_recall".into(), rounded(right(true)));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_could_not_be_read_counts_as_wrong() {
        let rows = ["refund", "tracking", OUT_OF_SCOPE].map(|label| Line {
            number: 1,
            values: vec![None, Some(label.into()), Some("a text".into())],
        });
        let predicted = ["refund", UNREAD, UNREAD].map(str::to_owned);
        let fields = scores(&rows, &predicted);
        assert_eq!(fields["n"], 3);
        assert_eq!(fields["labels"], 3);
        assert_eq!(fields["accuracy"], rounded(1.0 / 3.0));
        assert_eq!(fields["in_scope_accuracy"], 0.5);
        assert_eq!(fields["oos_recall"], 0.0);
    }
}
