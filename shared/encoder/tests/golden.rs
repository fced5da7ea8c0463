//! The Rust code against the reference: token ids of `tokenizers`, features and probabilities of the same files by numpy.
//! Both golden files are written by `models/train/golden.py`.

mod support;

use std::collections::BTreeMap;

use edgedesk_encoder::Manifest;
use edgedesk_encoder::normalise::Normaliser;
use edgedesk_encoder::tokenizer::Tokenizer;
use serde::Deserialize;

/// Of features at length 1.
const TOLERANCE: f32 = 1e-4;
/// Of probabilities: a head multiplies what the features are off by with weights of up to about 5.
const PROBABILITY_TOLERANCE: f32 = 5e-4;
/// As in `golden.py`: every so many-th value is in the file.
const FEATURE_STEP: usize = 37;

#[derive(Deserialize)]
struct GoldenTokens {
    text: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct GoldenReading {
    text: String,
    normalised: String,
    n_tokens: usize,
    features: Vec<f32>,
    embedding: Vec<f32>,
    heads: BTreeMap<String, Vec<f32>>,
}

fn rows<T: for<'a> Deserialize<'a>>(jsonl: &str) -> Vec<T> {
    jsonl
        .lines()
        .map(|line| serde_json::from_str(line).expect("the golden file is JSON lines"))
        .collect()
}

fn text_file(name: &str) -> String {
    String::from_utf8(support::read(name)).expect("the file is UTF-8")
}

#[test]
fn tokens_of_many_scripts_equal_the_reference() {
    let manifest = Manifest::shipped().expect("a manifest");
    let tokenizer =
        Tokenizer::parse(&text_file(&manifest.files.vocabulary.name)).expect("a vocabulary");
    let rows = rows::<GoldenTokens>(include_str!("golden/tokens.jsonl"));
    assert!(rows.len() > 1_000);
    let differing: Vec<_> = rows
        .iter()
        .filter(|row| tokenizer.pieces(&row.text) != row.ids)
        .map(|row| &row.text)
        .collect();
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn texts_are_normalised_as_in_training() {
    let manifest = Manifest::shipped().expect("a manifest");
    let normaliser =
        Normaliser::parse(&text_file(&manifest.files.emoji.name)).expect("an emoji table");
    for row in rows::<GoldenReading>(include_str!("golden/readings.jsonl")) {
        assert_eq!(normaliser.apply(&row.text), row.normalised);
    }
}

/// Every so many-th of the found values, the vector taken as long as 1.
fn check(text: &str, found: &[f32], wanted: &[f32]) {
    assert_eq!(found.len().div_ceil(FEATURE_STEP), wanted.len());
    let length = found.iter().map(|value| value * value).sum::<f32>().sqrt();
    for (found, wanted) in found.iter().step_by(FEATURE_STEP).zip(wanted) {
        let difference = (found - wanted).abs() / length;
        assert!(difference < TOLERANCE, "{text:?}: {found} for {wanted}");
    }
}

#[test]
fn features_embeddings_and_probabilities_equal_the_reference() {
    for row in rows::<GoldenReading>(include_str!("golden/readings.jsonl")) {
        let reading = support::MODEL
            .run(&row.text)
            .expect("every text has a reading");
        assert_eq!(reading.n_tokens, row.n_tokens, "{:?}", row.text);
        check(&row.text, &reading.features, &row.features);
        check(&row.text, &support::embedding(&reading), &row.embedding);
        assert_eq!(
            reading.heads.keys().collect::<Vec<_>>(),
            row.heads.keys().collect::<Vec<_>>()
        );
        for (name, expected) in &row.heads {
            for ((label, found), wanted) in reading.heads[name].iter().zip(expected) {
                let difference = (found - wanted).abs();
                assert!(
                    difference < PROBABILITY_TOLERANCE,
                    "{:?}: {label} {found} for {wanted}",
                    row.text
                );
            }
        }
    }
}
