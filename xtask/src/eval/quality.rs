//! Floors under the heads that are shipped: a model or a head that is broken, swapped or fitted on something else does not
//! pass. How good the models are is another question, which `docs/evaluation.md` answers.
//!
//! Intent, act and categories are judged on the messages of `models/train/labels/own.tsv` that `models/train/heads.py` holds
//! out (`split` is `val`), sentiment on `tests/corpora/moods.tsv`. To measure anew after a change of the models:
//! `cargo test -p xtask quality -- --nocapture`, which prints every figure beside its floor. A floor stands a few points
//! under what is measured, so that only a loss that would be noticed fails.

use std::collections::BTreeSet;

use edgedesk_learn::metrics::{LabelScores, macro_mean, multi_label};

use super::table::{Column, Line, read_table, required};
use super::*;
use crate::reader::Reading;
use crate::workspace::root;

/// The share of 200 messages, 20 of each intent and of none.
const MIN_INTENT_ACCURACY: f64 = 0.80;
/// The share of the same messages.
const MIN_ACT_ACCURACY: f64 = 0.80;
/// The mean over the nine categories, the rarest of which two messages have.
const MIN_CATEGORY_MACRO_F1: f64 = 0.65;
/// The share of 60 sentences.
const MIN_SENTIMENT_ACCURACY: f64 = 0.75;

/// From this probability on `edgedesk_analysis` gives a category.
const MIN_CATEGORY_SCORE: f32 = 0.5;

const COLUMNS: [Column; 5] = [
    required(&["split"]),
    required(&["intent"]),
    required(&["act"]),
    required(&["categories"]),
    required(&["text"]),
];
const INTENT: usize = 1;
const ACT: usize = 2;
const CATEGORIES: usize = 3;
const TEXT: usize = 4;

#[track_caller]
fn check(what: &str, found: f64, floor: f64) {
    println!("{what}: {found:.3}, at least {floor:.3}");
    assert!(found >= floor, "{what} is {found:.3}, under {floor:.3}");
}

#[tokio::test(flavor = "multi_thread")]
async fn intent_act_and_categories_of_our_own_messages_are_told() {
    let path = root().join("models/train/labels/own.tsv");
    let rows = read_table(&path, &COLUMNS).expect("the labelled messages");
    let rows: Vec<Line> = rows
        .into_iter()
        .filter(|row| row.value(0) == "val")
        .collect();
    assert_eq!(rows.len(), 200, "messages are held out");
    let texts = rows.iter().map(|row| row.value(TEXT).to_owned()).collect();
    let mut reader = Reader::native().await.expect("the model files");
    let readings = reader.read("reading", texts).await.expect("the models");
    let readings: Vec<Reading> = readings.into_iter().flatten().collect();
    assert_eq!(readings.len(), rows.len(), "every message can be read");

    let intents = accuracy(&rows, &readings, INTENT, "intent");
    check("intent accuracy", intents, MIN_INTENT_ACCURACY);
    let acts = accuracy(&rows, &readings, ACT, "act");
    check("act accuracy", acts, MIN_ACT_ACCURACY);
    let categories = category_macro_f1(&rows, &readings);
    check("category macro F1", categories, MIN_CATEGORY_MACRO_F1);
}

fn accuracy(rows: &[Line], readings: &[Reading], column: usize, head: &str) -> f64 {
    let is_right = |(row, reading): &(&Line, &Reading)| {
        let best = reading.heads[head]
            .iter()
            .max_by(|a, b| a.1.total_cmp(&b.1));
        best.is_some_and(|(label, _)| label == row.value(column))
    };
    let n_right = rows.iter().zip(readings).filter(is_right).count();
    n_right as f64 / rows.len() as f64
}

fn category_macro_f1(rows: &[Line], readings: &[Reading]) -> f64 {
    let of_row = |row: &Line| -> BTreeSet<String> {
        let names = row.value(CATEGORIES).split(',').filter(|name| *name != "-");
        names.map(str::to_owned).collect()
    };
    let truth: Vec<BTreeSet<String>> = rows.iter().map(of_row).collect();
    let names: BTreeSet<&String> = truth.iter().flatten().collect();
    let truth: Vec<Vec<bool>> = truth
        .iter()
        .map(|row| names.iter().map(|name| row.contains(*name)).collect())
        .collect();
    let given = |reading: &Reading| -> Vec<bool> {
        let is_given = |name: &&String| {
            let mut scores = reading.heads["category"].iter();
            scores.any(|(label, score)| label == *name && *score >= MIN_CATEGORY_SCORE)
        };
        names.iter().map(is_given).collect()
    };
    let given: Vec<Vec<bool>> = readings.iter().map(given).collect();
    let scores: Vec<LabelScores> = multi_label(names.len(), &truth, &given);
    macro_mean(&scores, |scores| scores.f1)
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_moods_are_told() {
    let mut reader = Reader::native().await.expect("the model files");
    let inputs = Inputs {
        data: root().join("tests/corpora/moods.tsv"),
        ..Inputs::default()
    };
    let outcome = measure(&mut reader, Task::Sentiment, &inputs)
        .await
        .expect("the labelled sentences");
    assert_eq!(outcome["n"], 60);
    let accuracy = outcome["accuracy"].as_f64().expect("a number");
    check("sentiment accuracy", accuracy, MIN_SENTIMENT_ACCURACY);
}
