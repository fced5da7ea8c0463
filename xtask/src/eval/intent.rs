//! `eval intent`: one intent of many, or none of them.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use edgedesk_learn::metrics::{Confusion, mean};
use edgedesk_learn::scope::{OUT_OF_SCOPE, ScopedHead};
use edgedesk_learn::{FitOptions, Row};
use serde_json::{Map, Value, json};

use super::table::{Column, Line, bad_input, read_table, required};
use super::{Inputs, rounded};
use crate::reader::Reader;

const COLUMNS: [Column; 2] = [required(&["intent", "label"]), required(&["text"])];
const HEAD: &str = "intent";

/// Scores of a head fitted on `--train`, or of the shipped intent head. Rows labelled `oos` are out of scope: of the others
/// the accuracy is measured, of these the recall.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let rows = read_table(&inputs.data, &COLUMNS, |_| false)?;
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
    let known = read_table(train, &COLUMNS, |_| false)?;
    let texts: Vec<String> = known.iter().map(|row| row.value(1).to_owned()).collect();
    let readings = reader.read("reading the training rows", texts).await?;
    let learned: Vec<Row<'_>> = known
        .iter()
        .zip(&readings)
        .map(|(line, reading)| Row {
            features: &reading.features,
            text: line.value(1),
        })
        .collect();
    let labels: Vec<&str> = known.iter().map(|row| row.value(0)).collect();
    let head = super::fitting(|| ScopedHead::fit(&learned, &labels, &FitOptions::large()))?;

    let texts: Vec<String> = rows.iter().map(|row| row.value(1).to_owned()).collect();
    let readings = reader.read("reading", texts).await?;
    let predicted = rows
        .iter()
        .zip(&readings)
        .map(|(line, reading)| {
            let row = Row {
                features: &reading.features,
                text: line.value(1),
            };
            Ok(head.predict(&row)?.to_owned())
        })
        .collect::<Result<Vec<_>>>()?;
    let mut fields = Map::new();
    fields.insert("train_rows".into(), json!(known.len()));
    Ok((predicted, fields))
}

async fn shipped(
    reader: &mut Reader,
    rows: &[Line],
    path: &Path,
) -> Result<(Vec<String>, Map<String, Value>)> {
    let texts: Vec<String> = rows.iter().map(|row| row.value(1).to_owned()).collect();
    let readings = reader.read("reading", texts).await?;
    let mut predicted = Vec::with_capacity(rows.len());
    for (row, reading) in rows.iter().zip(&readings) {
        let Some(scores) = reading.heads.get(HEAD) else {
            bad_input!(
                "the shipped model has no intent head: give rows to learn from with --train"
            );
        };
        if !scores.iter().any(|(label, _)| label == row.value(0)) {
            bad_input!(
                "{}: line {}: the shipped head has no intent `{}`: give rows to learn from with --train",
                path.display(),
                row.number,
                row.value(0)
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
        .map(|row| row.value(0))
        .chain(predicted.iter().map(String::as_str))
        .collect();
    let labels: Vec<&str> = labels.into_iter().collect();
    let place = |label: &str| labels.binary_search(&label).unwrap_or(labels.len());
    let confusion = Confusion::of(
        labels.len(),
        rows.iter()
            .zip(predicted)
            .map(|(row, predicted)| (place(row.value(0)), place(predicted))),
    );
    let mut fields = Map::new();
    fields.insert("n".into(), json!(rows.len()));
    fields.insert("labels".into(), json!(labels.len()));
    fields.insert("accuracy".into(), rounded(confusion.accuracy()));
    fields.insert("macro_f1".into(), rounded(confusion.macro_f1()));
    let right = |is_oos: bool| {
        let of_kind = rows.iter().zip(predicted);
        let of_kind = of_kind.filter(|(row, _)| (row.value(0) == OUT_OF_SCOPE) == is_oos);
        mean(of_kind.map(|(row, predicted)| f64::from(u8::from(row.value(0) == predicted))))
    };
    if rows.iter().any(|row| row.value(0) == OUT_OF_SCOPE) {
        fields.insert("in_scope_accuracy".into(), rounded(right(false)));
        fields.insert("oos_recall".into(), rounded(right(true)));
    }
    fields
}
