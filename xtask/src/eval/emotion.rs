//! `eval emotion`: one emotion of several, or any number of them.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use edgedesk_learn::metrics::{Confusion, LabelScores, macro_mean, multi_label};
use edgedesk_learn::thresholds::ThresholdHead;
use edgedesk_learn::{FitOptions, LinearHead, Row};
use serde_json::{Map, Value, json};

use super::groups::{Grouping, NEUTRAL, ekman, tweet};
use super::table::{Column, bad_input, read_table, required};
use super::{Inputs, per_label, rounded};
use crate::reader::{Reader, Reading};

const COLUMNS: [Column; 2] = [
    required(&["label", "labels", "emotion"]),
    required(&["text"]),
];
const HEAD: &str = "emotions";

/// Texts with their labels.
struct Labelled {
    texts: Vec<String>,
    /// One or more a text.
    labels: Vec<Vec<String>>,
}

impl Labelled {
    fn read(path: &Path) -> Result<Self> {
        let rows = read_table(path, &COLUMNS, |_| false)?;
        let mut labels = Vec::with_capacity(rows.len());
        for row in &rows {
            let of_row: Vec<String> = row
                .value(0)
                .split(',')
                .map(|label| label.trim().to_owned())
                .filter(|label| !label.is_empty())
                .collect();
            if of_row.is_empty() {
                bad_input!("{}: line {}: no label", path.display(), row.number);
            }
            labels.push(of_row);
        }
        let texts = rows.iter().map(|row| row.value(1).to_owned()).collect();
        Ok(Self { texts, labels })
    }

    fn is_multi_label(&self) -> bool {
        self.labels.iter().any(|labels| labels.len() > 1)
    }

    fn names(&self) -> BTreeSet<&str> {
        self.labels.iter().flatten().map(String::as_str).collect()
    }

    /// The labels by their groups; those of no group are dropped.
    fn grouped(self, grouping: Grouping) -> Self {
        let labels = self.labels.iter().map(|labels| {
            let groups: BTreeSet<&str> = labels
                .iter()
                .filter_map(|label| grouping.of(label))
                .collect();
            groups.into_iter().map(str::to_owned).collect()
        });
        Self {
            labels: labels.collect(),
            texts: self.texts,
        }
    }
}

/// Scores of a head fitted on `--train`, or of the shipped head with its labels grouped as the data's. Fine-grained labels
/// with several a row are judged by Ekman's six emotions and neutral.
pub async fn run(reader: &mut Reader, inputs: &Inputs) -> Result<Map<String, Value>> {
    let mut data = Labelled::read(&inputs.data)?;
    let mut train = inputs.train.as_deref().map(Labelled::read).transpose()?;
    let is_fine = ekman().has_finer(data.names());
    let group = inputs.ekman || (is_fine && data.is_multi_label());
    if group {
        data = data.grouped(ekman());
        train = train.map(|train| train.grouped(ekman()));
    }
    let is_multi_label =
        data.is_multi_label() || train.as_ref().is_some_and(Labelled::is_multi_label);
    let given = match &train {
        Some(train) => fitted(reader, train, &data, is_multi_label).await?,
        None => shipped(reader, &data, inputs, is_multi_label).await?,
    };
    let mut fields = scores(&data, &given, is_multi_label);
    if let Some(train) = &train {
        fields.insert("train_rows".into(), json!(train.texts.len()));
    }
    fields.insert("multi_label".into(), json!(is_multi_label));
    fields.insert(
        "grouping".into(),
        if group { json!("ekman") } else { Value::Null },
    );
    Ok(fields)
}

/// The labels of each row of `data` by a head fitted on `train`.
async fn fitted(
    reader: &mut Reader,
    train: &Labelled,
    data: &Labelled,
    is_multi_label: bool,
) -> Result<Vec<Vec<String>>> {
    let readings = reader
        .read("reading the training rows", train.texts.clone())
        .await?;
    let rows = rows(train, &readings);
    // Each label counts the same in a macro measure, however rare it is.
    let options = FitOptions {
        balance: 0.5,
        ..FitOptions::large()
    };
    if is_multi_label {
        let labels: Vec<Vec<&str>> = train
            .labels
            .iter()
            .map(|labels| labels.iter().map(String::as_str).collect())
            .collect();
        let head = super::fitting(|| ThresholdHead::fit(&rows, &labels, &options))?;
        let readings = reader.read("reading", data.texts.clone()).await?;
        let predicted = self::rows(data, &readings);
        let predicted = predicted.iter().map(|row| Ok(head.predict(row)?));
        return predicted.collect();
    }
    let labels: Vec<&str> = train.labels.iter().flatten().map(String::as_str).collect();
    let head = super::fitting(|| LinearHead::fit(&rows, &labels, &options))?;
    let readings = reader.read("reading", data.texts.clone()).await?;
    let predicted = self::rows(data, &readings);
    let predicted = predicted.iter().map(|row| {
        let best = head.predict(row)?.into_iter().next();
        Ok(best.map(|best| best.label).into_iter().collect())
    });
    predicted.collect()
}

fn rows<'a>(labelled: &'a Labelled, readings: &'a [Reading]) -> Vec<Row<'a>> {
    let texts = labelled.texts.iter().zip(readings);
    texts
        .map(|(text, reading)| Row {
            features: &reading.features,
            text,
        })
        .collect()
}

/// The labels of each row of `data` by the shipped head.
async fn shipped(
    reader: &mut Reader,
    data: &Labelled,
    inputs: &Inputs,
    is_multi_label: bool,
) -> Result<Vec<Vec<String>>> {
    /// Calibrated probabilities over this are more likely true than not; lower finds more, which F1 rewards.
    const THRESHOLD: f32 = 0.35;
    let readings = reader.read("reading", data.texts.clone()).await?;
    let Some(labels) = readings.first().and_then(|reading| reading.heads.get(HEAD)) else {
        bad_input!("the shipped model has no emotion head: give rows to learn from with --train");
    };
    let own: BTreeSet<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
    let wanted = data.names();
    let groupings = [Grouping::same(), ekman(), tweet()];
    let fits = |grouping: &&Grouping| {
        let groups: BTreeSet<&str> = own.iter().filter_map(|label| grouping.of(label)).collect();
        wanted.is_subset(&groups)
    };
    let Some(grouping) = groupings.iter().find(fits) else {
        bad_input!(
            "{}: the shipped head cannot be mapped to the labels {}: give rows to learn from with --train",
            inputs.data.display(),
            wanted.into_iter().collect::<Vec<_>>().join(", ")
        );
    };
    let given = readings.iter().map(|reading| {
        let scores = reading
            .heads
            .get(HEAD)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let groups = grouping.scores(scores, &wanted);
        let best = groups
            .iter()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(group, _)| *group);
        let is_given = |(group, score): &(&str, f32)| {
            if is_multi_label {
                *score >= THRESHOLD || Some(*group) == best
            } else {
                Some(*group) == best
            }
        };
        groups
            .iter()
            .filter(|group| is_given(group))
            .map(|(group, _)| (*group).to_owned())
            .collect()
    });
    Ok(given.collect())
}

/// With one label a row, accuracy is the share of right rows; with several, of rows whose labels are all right.
fn scores(data: &Labelled, given: &[Vec<String>], is_multi_label: bool) -> Map<String, Value> {
    let names: BTreeSet<&str> = data
        .names()
        .into_iter()
        .chain(given.iter().flatten().map(String::as_str))
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let flags = |labels: &[Vec<String>]| -> Vec<Vec<bool>> {
        let has = |row: &[String], name: &str| row.iter().any(|label| label == name);
        labels
            .iter()
            .map(|row| names.iter().map(|name| has(row, name)).collect())
            .collect()
    };
    let (truth, given) = (flags(&data.labels), flags(given));
    let per_name: Vec<LabelScores> = multi_label(names.len(), &truth, &given);
    let n_right = truth
        .iter()
        .zip(&given)
        .filter(|(truth, given)| truth == given)
        .count();
    let mut fields = Map::new();
    fields.insert("n".into(), json!(truth.len()));
    fields.insert(
        "accuracy".into(),
        rounded(n_right as f64 / truth.len().max(1) as f64),
    );
    fields.insert(
        "macro_f1".into(),
        rounded(macro_mean(&per_name, |scores| scores.f1)),
    );
    fields.insert(
        "macro_recall".into(),
        rounded(macro_mean(&per_name, |scores| scores.recall)),
    );
    if names.contains(&NEUTRAL) && names.len() > 2 {
        let emotions = names
            .iter()
            .zip(&per_name)
            .filter(|(name, _)| **name != NEUTRAL);
        let emotions: Vec<LabelScores> = emotions.map(|(_, scores)| *scores).collect();
        let without = macro_mean(&emotions, |scores| scores.f1);
        fields.insert("macro_f1_without_neutral".into(), rounded(without));
    }
    fields.insert("per_label".into(), per_label(&names, &per_name));
    if !is_multi_label {
        let place = |flags: &Vec<bool>| flags.iter().position(|flag| *flag).unwrap_or(names.len());
        let pairs = truth.iter().map(place).zip(given.iter().map(place));
        fields.insert("confusion".into(), json!(Confusion::of(names.len(), pairs)));
    }
    fields
}
