//! The model under Wasm against the same golden files that pin it natively.
#![cfg(target_arch = "wasm32")]

use std::collections::BTreeMap;

use edgedesk_encoder::tokenizer::Tokenizer;
use edgedesk_encoder::{Embedder, Manifest, Model, ModelFiles};
use getrandom as _;
use serde::Deserialize;
use wasm_bindgen_test::wasm_bindgen_test;

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
    n_tokens: usize,
    features: Vec<f32>,
    embedding: Vec<f32>,
    heads: BTreeMap<String, Vec<f32>>,
}

fn files() -> ModelFiles {
    include!(concat!(env!("OUT_DIR"), "/model_files.rs"))
}

fn embedder() -> Vec<u8> {
    include!(concat!(env!("OUT_DIR"), "/embedder_file.rs"))
}

fn rows<T: for<'a> Deserialize<'a>>(jsonl: &str) -> Vec<T> {
    jsonl
        .lines()
        .map(|line| serde_json::from_str(line).expect("the golden file is JSON lines"))
        .collect()
}

#[wasm_bindgen_test]
fn tokens_equal_the_reference_under_wasm() {
    let vocabulary = String::from_utf8(files().vocabulary).expect("the vocabulary is UTF-8");
    let tokenizer = Tokenizer::parse(&vocabulary).expect("a vocabulary");
    let rows: Vec<GoldenTokens> = rows(include_str!(
        "../../../shared/encoder/tests/golden/tokens.jsonl"
    ));
    assert!(rows.len() > 1_000);
    for row in rows {
        assert_eq!(tokenizer.pieces(&row.text), row.ids, "{:?}", row.text);
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

#[wasm_bindgen_test]
fn features_embeddings_and_probabilities_under_wasm_equal_the_reference() {
    let manifest = Manifest::shipped().expect("a manifest");
    let model = Model::load(&manifest, files()).expect("the shipped files are a model");
    let embedder = Embedder::parse(&embedder(), model.width()).expect("an embedder");
    let rows: Vec<GoldenReading> = rows(include_str!(
        "../../../shared/encoder/tests/golden/readings.jsonl"
    ));
    assert!(!rows.is_empty());
    for row in rows {
        let reading = model.run(&row.text).expect("every text has a reading");
        assert_eq!(reading.n_tokens, row.n_tokens, "{:?}", row.text);
        check(&row.text, &reading.features, &row.features);
        let embedding = embedder
            .embed(&reading)
            .expect("a reading has an embedding");
        check(&row.text, &embedding, &row.embedding);
        assert_eq!(reading.heads.len(), row.heads.len());
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
