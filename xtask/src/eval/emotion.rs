//! `eval emotion`: one emotion of several, or any number of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use edgedesk_learn::metrics::{Confusion, LabelScores, macro_mean, multi_label};
use edgedesk_learn::thresholds::ThresholdHead;
use edgedesk_learn::{FitOptions, Lexical, LinearHead, Row};
use serde_json::{Map, Value, json};

use super::groups::{Grouping, NEUTRAL, ekman};
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
    path: PathBuf,
    /// Of the file, from 1.
    lines: Vec<usize>,
    texts: Vec<String>,
    /// One or more a text.
    labels: Vec<Vec<String>>,
}

impl Labelled {
    fn read(path: &Path) -> Result<Self> {
        let rows = read_table(path, &COLUMNS)?;
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
        Ok(Self {
            path: path.to_owned(),
            lines: rows.iter().map(|row| row.number).collect(),
            texts,
            labels,
        })
    }

    fn is_multi_label(&self) -> bool {
        self.labels.iter().any(|labels| labels.len() > 1)
    }

    fn names(&self) -> BTreeSet<&str> {
        self.labels.iter().flatten().map(String::as_str).collect()
    }

    /// The labels by their groups; of several, those of no group are dropped.
    fn grouped(self, grouping: Grouping) -> Result<Self> {
        let mut grouped = Vec::with_capacity(self.labels.len());
        for (line, labels) in self.lines.iter().zip(&self.labels) {
            let groups: BTreeSet<&str> = labels
                .iter()
                .filter_map(|label| grouping.of(label))
                .collect();
            if groups.is_empty() {
                bad_input!(
                    "{}: line {line}: `{}` is in none of the groups",
                    self.path.display(),
                    labels.join(",")
                );
            }
            grouped.push(groups.into_iter().map(str::to_owned).collect());
        }
        Ok(Self {
            labels: grouped,
            ..self
        })
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
        data = data.grouped(ekman())?;
        train = train.map(|train| train.grouped(ekman())).transpose()?;
    }
    let is_multi_label =
        data.is_multi_label() || train.as_ref().is_some_and(Labelled::is_multi_label);
    let n_train = train.as_ref().map(|train| train.texts.len());
    let mut head_grouping = None;
    let given = if let Some(train) = train {
        fitted(reader, train, &data, is_multi_label).await?
    } else {
        let readings = reader.read("reading", data.texts.clone()).await?;
        let (grouping, given) = shipped(&readings, &data, is_multi_label)?;
        head_grouping = Some(grouping.name());
        given
    };
    let mut fields = scores(&data, &given, is_multi_label);
    if let Some(n_train) = n_train {
        fields.insert("train_rows".into(), json!(n_train));
    }
    if let Some(name) = head_grouping {
        fields.insert("head_grouping".into(), json!(name));
    }
    fields.insert("multi_label".into(), json!(is_multi_label));
    fields.insert(
        "grouping".into(),
        if group { json!("ekman") } else { Value::Null },
    );
    Ok(fields)
}

/// The labels of each row of `data` by a head fitted on `train`; none of a row that could not be read.
async fn fitted(
    reader: &mut Reader,
    train: Labelled,
    data: &Labelled,
    is_multi_label: bool,
) -> Result<Vec<Vec<String>>> {
    let readings = with_judgements(
        reader
            .read("reading the training rows", train.texts.clone())
            .await?,
    );
    // Each label counts the same in a macro measure, however rare it is. Words count half and weights cost more than in other
    // heads: beside what the shipped heads say, that was best in five folds of the tweets' training rows.
    let large = FitOptions::large();
    let options = FitOptions {
        balance: 0.5,
        l2: 0.05,
        lexical: large.lexical.map(|lexical| Lexical {
            weight: 0.5,
            ..lexical
        }),
        ..large
    };
    let head = super::fitting(move || {
        let rows: Vec<(Row<'_>, &[String])> = rows(&train, &readings)
            .zip(&train.labels)
            .filter_map(|(row, labels)| Some((row?, labels.as_slice())))
            .collect();
        let (rows, labels): (Vec<Row<'_>>, Vec<&[String]>) = rows.into_iter().unzip();
        let labels = labels
            .into_iter()
            .map(|labels| labels.iter().map(String::as_str).collect());
        let labels: Vec<Vec<&str>> = labels.collect();
        if is_multi_label {
            ThresholdHead::fit(&rows, &labels, &options).map(Fitted::Several)
        } else {
            LinearHead::fit(&rows, &labels.concat(), &options).map(Fitted::One)
        }
    })
    .await?;
    let readings = with_judgements(reader.read("reading", data.texts.clone()).await?);
    let given = rows(data, &readings).map(|row| match (row, &head) {
        (None, _) => Ok(Vec::new()),
        (Some(row), Fitted::Several(head)) => Ok(head.predict(&row)?),
        (Some(row), Fitted::One(head)) => {
            let best = head.predict(&row)?.into_iter().next();
            Ok(best.map(|best| best.label).into_iter().collect())
        }
    });
    given.collect()
}

/// Readings whose features go on with what the shipped heads say, as log-odds: a few thousand rows cannot teach a head what
/// those were taught by many more.
fn with_judgements(mut readings: Vec<Option<Reading>>) -> Vec<Option<Reading>> {
    /// Beyond these a probability says no more than that the head is sure.
    const SURE: f32 = 1e-4;
    for reading in readings.iter_mut().flatten() {
        let said = reading.heads.values().flatten();
        reading.features.extend(said.map(|(_, probability)| {
            let probability = probability.clamp(SURE, 1.0 - SURE);
            (probability / (1.0 - probability)).ln()
        }));
    }
    readings
}

/// A head for any number of labels a row, or for one.
enum Fitted {
    Several(ThresholdHead),
    One(LinearHead),
}

/// What heads read of each text; none of one that could not be read.
fn rows<'a>(
    labelled: &'a Labelled,
    readings: &'a [Option<Reading>],
) -> impl Iterator<Item = Option<Row<'a>>> {
    let texts = labelled.texts.iter().zip(readings);
    texts.map(|(text, reading)| {
        reading.as_ref().map(|reading| Row {
            features: &reading.features,
            text,
        })
    })
}

/// The labels of each row of `data` by the shipped head, and how its own were grouped; none of a row that could not be read.
fn shipped(
    readings: &[Option<Reading>],
    data: &Labelled,
    is_multi_label: bool,
) -> Result<(Grouping, Vec<Vec<String>>)> {
    /// Calibrated probabilities over this are more likely true than not; lower finds more, which F1 rewards.
    const THRESHOLD: f32 = 0.35;
    let heads = |reading: &Option<Reading>| reading.as_ref()?.heads.get(HEAD).cloned();
    let Some(labels) = readings.iter().find_map(heads) else {
        bad_input!("the shipped model has no emotion head: give rows to learn from with --train");
    };
    let own: BTreeSet<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
    let wanted = data.names();
    let Some(grouping) = Grouping::from_to(&own, &wanted) else {
        bad_input!(
            "{}: the shipped head cannot be mapped to the labels {}: give rows to learn from with --train",
            data.path.display(),
            wanted.into_iter().collect::<Vec<_>>().join(", ")
        );
    };
    let given = readings.iter().map(|reading| {
        let Some(scores) = heads(reading) else {
            return Vec::new();
        };
        let groups = grouping.scores(&scores, &wanted);
        let best = groups
            .iter()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(group, _)| *group);
        let is_given = |(group, score): &(&str, f32)| {
            let is_best = Some(*group) == best;
            is_best || (is_multi_label && *score >= THRESHOLD)
        };
        groups
            .iter()
            .filter(|group| is_given(group))
            .map(|(group, _)| (*group).to_owned())
            .collect()
    });
    Ok((grouping, given.collect()))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// What a head of 28 labels would say of a row, the rest of them near nothing.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "a reading as the others have it, some of which failed"
    )]
    fn reading(scores: &[(&str, f32)]) -> Option<Reading> {
        let own = [
            "anger",
            "annoyance",
            "joy",
            "gratitude",
            "love",
            "optimism",
            "caring",
            "sadness",
            "grief",
            "neutral",
            "disgust",
            "fear",
            "surprise",
        ];
        let score = |label: &str| {
            let found = scores.iter().find(|(name, _)| *name == label);
            found.map_or(0.01, |(_, score)| *score)
        };
        let head = own.map(|label| (label.to_owned(), score(label))).to_vec();
        Some(Reading {
            features: Vec::new(),
            heads: BTreeMap::from([(HEAD.to_owned(), head)]),
        })
    }

    fn data(labels: &[&[&str]]) -> Labelled {
        let owned = |labels: &&[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        Labelled {
            path: "rows.tsv".into(),
            lines: (1..=labels.len()).collect(),
            texts: vec!["a text".into(); labels.len()],
            labels: labels.iter().map(owned).collect(),
        }
    }

    fn check(
        readings: &[Option<Reading>],
        labels: &[&[&str]],
        grouping: &str,
        expected: &[&[&str]],
    ) {
        let data = data(labels);
        let (found, given) =
            shipped(readings, &data, data.is_multi_label()).expect("the labels can be mapped");
        assert_eq!(found.name(), grouping);
        assert_eq!(given, expected);
    }

    #[test]
    fn the_shipped_heads_labels_are_grouped_as_the_datas() {
        // Of Ekman's emotions, joy holds gratitude: `joy` alone would lose to anger here.
        check(
            &[
                reading(&[("gratitude", 0.8), ("anger", 0.3)]),
                reading(&[("annoyance", 0.6), ("gratitude", 0.5), ("neutral", 0.1)]),
                reading(&[("neutral", 0.9)]),
            ],
            &[&["joy"], &["anger", "joy"], &["neutral"]],
            "ekman",
            &[&["joy"], &["anger", "joy"], &["neutral"]],
        );
        // TweetEval keeps optimism apart, and has sadness hold fear.
        check(
            &[
                reading(&[("love", 0.7), ("anger", 0.2)]),
                reading(&[("caring", 0.5), ("joy", 0.4)]),
                reading(&[("fear", 0.4), ("anger", 0.3)]),
                reading(&[("disgust", 0.4), ("joy", 0.3)]),
            ],
            &[&["joy"], &["optimism"], &["sadness"], &["anger"]],
            "tweet",
            &[&["joy"], &["optimism"], &["sadness"], &["anger"]],
        );
        // Fine labels stay fine.
        check(
            &[reading(&[("gratitude", 0.8)]), reading(&[("joy", 0.8)])],
            &[&["gratitude"], &["joy"]],
            "same",
            &[&["gratitude"], &["joy"]],
        );
    }

    #[test]
    fn a_row_that_could_not_be_read_is_given_nothing_and_counts_as_wrong() {
        let labels: &[&[&str]] = &[&["joy"], &["anger"]];
        check(
            &[None, reading(&[("anger", 0.9)])],
            labels,
            "ekman",
            &[&[], &["anger"]],
        );
        let given = [Vec::new(), vec!["anger".to_owned()]];
        let fields = scores(&data(labels), &given, false);
        assert_eq!(fields["n"], 2);
        assert_eq!(fields["accuracy"], 0.5);
    }

    #[test]
    fn labels_that_no_group_holds_are_named_with_their_line() {
        let error = data(&[&["joy"], &["trust"]]).grouped(ekman());
        let error = error.err().expect("trust is none of Ekman's").to_string();
        assert!(error.contains("line 2: `trust`"), "{error}");
        let kept = data(&[&["joy", "trust"]])
            .grouped(ekman())
            .expect("joy is left");
        assert_eq!(kept.labels, [["joy"]]);
    }
}
